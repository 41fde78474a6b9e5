package writer

import (
	"context"
	"fmt"
	"io"
	"time"

	"case53/cases"
)

// Describe keeps the bytes of what describes the account, and the rows made of them; the same bytes are taken once.
func (w *Writer) Describe(ctx context.Context, what string, text io.Reader, flowLogs []cases.FlowLog, assets []cases.Asset) error {
	sha, size, err := w.keep(ctx, text)
	if err != nil {
		return fmt.Errorf("keep the output of %s: %w", what, err)
	}
	unlock, err := w.write(ctx)
	defer unlock()
	if err != nil {
		return err
	}
	row, err := w.conn.QueryRow(ctx, "SELECT (SELECT count(*) FROM store.flow_log WHERE sha256 = $sha) + "+
		"(SELECT count(*) FROM store.asset WHERE sha256 = $sha)", map[string]any{"sha": sha})
	if err != nil {
		return err
	}
	if n, _ := row[0].(int64); n > 0 {
		return nil
	}
	at := w.now()
	err = w.note("describe.import", map[string]any{
		"what":         what,
		"sha256":       sha,
		"size":         size,
		"flow_logs":    len(flowLogs),
		"addresses":    len(assets),
		"described_at": at,
	})
	if err != nil {
		return err
	}
	if err := w.conn.Exec(ctx, "BEGIN"); err != nil {
		return err
	}
	if err := w.insertDescribed(ctx, sha, at, flowLogs, assets); err != nil {
		w.conn.Exec(context.Background(), "ROLLBACK")
		return fmt.Errorf("keep the output of %s: %w", what, err)
	}
	return w.conn.Exec(ctx, "COMMIT")
}

const (
	insertFlowLog = `INSERT INTO store.flow_log VALUES ($at, $id, $resource, $traffic, $type, $group, $destination, $format,
		$seconds, $created, $status, $deliver, $error, $sha)`
	insertAsset = `INSERT INTO store.asset VALUES ($at, $interface, $address, $primary, $public, $private_name, $instance,
		$account, $vpc, $subnet, $az, $type, $mac, $status, $description, $groups, $requester, $attached, $name, $sha)`
)

func (w *Writer) insertDescribed(ctx context.Context, sha string, now time.Time, flowLogs []cases.FlowLog, assets []cases.Asset) error {
	for _, f := range flowLogs {
		err := w.conn.Run(ctx, insertFlowLog, map[string]any{
			"at":          now,
			"id":          f.ID,
			"resource":    optional(f.ResourceID),
			"traffic":     optional(f.TrafficType),
			"type":        optional(f.DestinationType),
			"group":       optional(f.LogGroup),
			"destination": optional(f.Destination),
			"format":      optional(f.Format),
			"seconds":     f.MaxAggregation,
			"created":     optionalTime(f.Created),
			"status":      optional(f.Status),
			"deliver":     optional(f.DeliverStatus),
			"error":       optional(f.DeliverError),
			"sha":         sha,
		})
		if err != nil {
			return err
		}
	}
	for _, a := range assets {
		err := w.conn.Run(ctx, insertAsset, map[string]any{
			"at":           now,
			"interface":    a.InterfaceID,
			"address":      a.Address,
			"primary":      a.Primary,
			"public":       optional(a.PublicAddress),
			"private_name": optional(a.PrivateName),
			"instance":     optional(a.InstanceID),
			"account":      optional(a.AccountID),
			"vpc":          optional(a.VPCID),
			"subnet":       optional(a.SubnetID),
			"az":           optional(a.AZ),
			"type":         optional(a.InterfaceType),
			"mac":          optional(a.MAC),
			"status":       optional(a.Status),
			"description":  optional(a.Description),
			"groups":       optional(a.SecurityGroups),
			"requester":    optional(a.Requester),
			"attached":     optionalTime(a.Attached),
			"name":         optional(a.Name),
			"sha":          sha,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func optional(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func optionalTime(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC()
}
