package cases

import (
	"context"
	"encoding/json"
	"time"
)

// Slice is a part of a source's window that was read as one, and how completely.
type Slice struct {
	PullID   uint32    `json:"pull_id,omitempty"`
	Source   string    `json:"source"`
	From     time.Time `json:"from,omitzero"`
	To       time.Time `json:"to,omitzero"`
	State    string    `json:"state"` // complete, complete-unverified, partial
	Reason   string    `json:"reason,omitempty"`
	Objects  int64     `json:"objects"`
	Records  int64     `json:"records"` // -1: the source does not say
	Bytes    int64     `json:"bytes"`
	Digest   string    `json:"digest,omitempty"`
	Reads    int       `json:"reads"`
	SettleAt time.Time `json:"settled_at,omitzero"`
}

const sliceQuery = `SELECT pull_id, source, from_time, to_time, state, reason, objects, records, bytes, digest, reads, settled_at
	FROM store.slice WHERE $plan = '' OR pull_id IN (SELECT pull_id FROM store.pull WHERE plan = $plan)
	QUALIFY row_number() OVER (PARTITION BY source, from_time, to_time ORDER BY pull_id DESC, settled_at DESC, reads DESC) = 1
	ORDER BY source, from_time, to_time`

// ReadSlices gives the last word on every span: of all pulls, or those of one plan.
func ReadSlices(ctx context.Context, q Querier, plan string, each func(Slice)) error {
	return q.Each(ctx, sliceQuery, map[string]any{"plan": plan}, func(v []any) error {
		text := func(i int) string { s, _ := v[i].(string); return s }
		when := func(i int) time.Time { t, _ := v[i].(time.Time); return t }
		s := Slice{PullID: uint32(v[0].(int64)), Source: text(1), From: when(2), To: when(3), State: text(4), Reason: text(5), Objects: v[6].(int64),
			Records: -1, Bytes: v[8].(int64), Digest: text(9), Reads: int(v[10].(int64)), SettleAt: when(11)}
		if n, ok := v[7].(int64); ok {
			s.Records = n
		}
		each(s)
		return nil
	})
}

// Slices gives the last word on every span of every remote source.
func (c *Case) Slices(ctx context.Context, each func(Slice)) error {
	return ReadSlices(ctx, c, "", each)
}

// SliceInfo sums up the slices of one source.
type SliceInfo struct {
	Source     string `json:"source"`
	Window     Span   `json:"window"`
	Complete   int64  `json:"complete"`
	Unverified int64  `json:"complete_unverified"`
	Partial    int64  `json:"partial"`
	Objects    int64  `json:"objects"`
	Records    int64  `json:"records"` // as far as the source says
	Bytes      int64  `json:"bytes"`
	// Gaps are the partial slices, the first hundred; the view slice has all.
	Gaps []Slice `json:"gaps"`
}

// PullInfo is a pull that was interrupted.
type PullInfo struct {
	Began time.Time       `json:"began"`
	Plan  json.RawMessage `json:"plan"`
}

// pullInfo reads how completely remote sources were read.
func (c *Case) pullInfo(ctx context.Context, info *Info) error {
	err := c.Slices(ctx, func(s Slice) {
		if n := len(info.Slices); n == 0 || info.Slices[n-1].Source != s.Source {
			info.Slices = append(info.Slices, SliceInfo{Source: s.Source, Gaps: []Slice{}})
		}
		info.Slices[len(info.Slices)-1].add(s)
	})
	if err != nil {
		return err
	}
	return c.Each(ctx, "SELECT began_at, plan FROM store.pull WHERE ended_at IS NULL ORDER BY pull_id", nil, func(v []any) error {
		info.Pulls = append(info.Pulls, PullInfo{v[0].(time.Time), json.RawMessage(v[1].(string))})
		return nil
	})
}

func (i *SliceInfo) add(s Slice) {
	switch s.State {
	case "complete":
		i.Complete++
	case "complete-unverified":
		i.Unverified++
	default:
		i.Partial++
		if len(i.Gaps) < maxProblems {
			i.Gaps = append(i.Gaps, s)
		}
	}
	i.Window = i.Window.and(s.From, s.To)
	i.Objects += s.Objects
	i.Records += max(s.Records, 0)
	i.Bytes += s.Bytes
}
