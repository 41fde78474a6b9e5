// Package finding reads GuardDuty findings: one JSON object each, as GuardDuty exports them to S3, or as EventBridge carries them
// (as "detail").
//
//   - A finding is updated many times: every version is a row, and the view says which is the last.
//   - The other side is the first that the action names: an action may name several, and is kept whole.
//   - The instance's address is the one that the action names; else the first of its first interface.
//   - Members that are not known are kept in extra, of service under "service".
//
// The package refuses a finding without id or updatedAt, and times that are none.
package finding

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"case53/loader/logs"
	"case53/loader/logs/field"
	"case53/loader/source"
)

//go:embed finding.sql
var schema string

// Type is the log type.
var Type = &logs.Type{
	Schema: logs.Define("finding.sql", schema),
	Detect: detect,
	Enough: func(sample [][]byte) bool { return detect(sample) == 100 },
	New:    newDecoder,
	// A file is called by an id. What is updated is exported every six hours at most.
	Places: []source.Place{{Services: []string{"GuardDuty"}, Region: true, After: 6 * time.Hour}},
}

// detect gives the share of records that are findings.
func detect(sample [][]byte) int {
	var o, inner field.Members
	return field.Share(sample, func(rec []byte) bool {
		if bytes.IndexByte(rec, '{') < 0 || o.Read(rec) != nil {
			return false
		}
		if m := o.Take("detail"); m != nil && o.Has("detail-type") {
			return inner.ReadIf("detail", m) == nil && isFinding(&inner)
		}
		return isFinding(&o)
	})
}

func isFinding(o *field.Members) bool {
	return o.Has("schemaVersion") && o.Has("service") && o.Has("resource") && o.Has("type") && o.Has("severity")
}

// decoder decodes findings.
type decoder struct {
	opt                       logs.Options
	rows                      *field.Table
	outer, top, service       field.Members
	resource, instance, iface field.Members
	action, details, side     field.Members
	at                        int64
}

func newDecoder(opt logs.Options) logs.Decoder {
	return &decoder{opt: opt, rows: field.NewTable(schema, "finding", opt.Capture)}
}

func (d *decoder) Format() string { return "one JSON object per finding" }

func (d *decoder) Batches() []*logs.Batch { return []*logs.Batch{&d.rows.Batch} }

func (d *decoder) Decode(rec []byte, meta logs.Meta) (logs.Outcome, int64, int64, error) {
	d.rows.Begin()
	if err := d.read(rec); err != nil {
		return logs.Row, 0, 0, err
	}
	return d.opt.Row(d.at, d.at, func() error { return d.rows.Write(meta, &d.opt) })
}

func (d *decoder) read(rec []byte) error {
	if err := d.top.Read(rec); err != nil {
		return err
	}
	if d.top.Has("detail") && !d.top.Has("schemaVersion") {
		if err := d.outer.Read(rec); err != nil {
			return err
		}
		if err := d.top.ReadIf("detail", d.outer.Take("detail")); err != nil {
			return err
		}
	}
	if !isFinding(&d.top) {
		return errors.New("this is no finding")
	}
	if d.top.Odd {
		d.rows.SetEscaped()
	}
	for _, step := range []func() error{d.readTop, d.readService, d.readResource, d.readAction} {
		if err := step(); err != nil {
			return err
		}
	}
	d.setExtra()
	return nil
}

// set puts members into columns, pairs of their names.
func (d *decoder) set(of *field.Members, pairs ...string) error {
	for i := 0; i < len(pairs); i += 2 {
		text, err := of.Text(pairs[i])
		if err != nil {
			return err
		}
		if text == nil {
			continue
		}
		if err := d.rows.Set(d.rows.MustColumn(pairs[i+1]), text); err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) readTop() error {
	if err := d.set(&d.top, "schemaVersion", "schema_version", "accountId", "account_id", "region", "region", "type", "type", "severity", "severity",
		"id", "finding_id", "title", "title", "description", "description", "updatedAt", "updated_at", "createdAt", "created_at"); err != nil {
		return err
	}
	at, ok := d.rows.Number(d.rows.MustColumn("updated_at"))
	if !ok || d.rows.Text(d.rows.MustColumn("finding_id")) == nil {
		return errors.New("id or updatedAt is missing")
	}
	d.at = at
	return nil
}

func (d *decoder) readService() error {
	if err := d.service.ReadIf("service", d.top.Take("service")); err != nil {
		return err
	}
	return d.set(&d.service, "eventFirstSeen", "event_first_seen", "eventLastSeen", "event_last_seen", "count", "count", "resourceRole", "resource_role",
		"archived", "archived", "detectorId", "detector_id")
}

// readResource reads what was acted upon, or acted.
func (d *decoder) readResource() error {
	m := d.top.Take("resource")
	if err := d.resource.ReadIf("resource", m); err != nil {
		return err
	}
	if text := d.top.JSON("resource"); text != nil {
		d.rows.SetText(d.rows.MustColumn("resource_details"), text)
	}
	if err := d.set(&d.resource, "resourceType", "resource_type"); err != nil {
		return err
	}
	if err := d.instance.ReadIf("instanceDetails", d.resource.Take("instanceDetails")); err != nil {
		return err
	}
	if err := d.set(&d.instance, "instanceId", "instance_id"); err != nil {
		return err
	}
	first, err := firstOf("networkInterfaces", d.instance.Take("networkInterfaces"))
	if err != nil || first == nil {
		return err
	}
	if err := d.iface.Read(first); err != nil {
		return err
	}
	return d.set(&d.iface, "networkInterfaceId", "interface_id", "vpcId", "vpc_id", "privateIpAddress", "private", "publicIp", "public")
}

// firstOf gives the first element of a list of objects; nil for none.
func firstOf(name string, m *field.Member) (first []byte, err error) {
	if m == nil || m.Value[0] == 'n' {
		return nil, nil
	}
	err = field.Elements(m.Value, func(element []byte) error {
		if first == nil && element[0] == '{' {
			first = element
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return first, nil
}

// readAction reads what happened. Each kind of action has an object of its own name; those of probes a list of sides in it.
func (d *decoder) readAction() error {
	m := d.service.Take("action")
	if err := d.action.ReadIf("action", m); err != nil {
		return err
	}
	if text := d.service.JSON("action"); text != nil {
		d.rows.SetText(d.rows.MustColumn("action_details"), text)
	}
	if err := d.set(&d.action, "actionType", "action_type"); err != nil {
		return err
	}
	for _, kind := range [...]string{"networkConnectionAction", "portProbeAction", "dnsRequestAction", "awsApiCallAction", "kubernetesApiCallAction",
		"rdsLoginAttemptAction"} {
		if err := d.details.ReadIf(kind, d.action.Take(kind)); err != nil {
			return err
		}
		if err := d.set(&d.details, "connectionDirection", "direction", "protocol", "transport", "blocked", "blocked", "domain", "domain_name",
			"api", "api"); err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
		probe, err := firstOf("portProbeDetails", d.details.Take("portProbeDetails"))
		if err == nil && probe != nil {
			err = d.details.Read(probe)
		}
		if err == nil {
			err = d.sides()
		}
		if err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
	}
	return nil
}

// sides reads the two sides of an action.
func (d *decoder) sides() error {
	for _, one := range [...]struct{ object, member, column string }{
		{"remoteIpDetails", "ipAddressV4", "remote"}, {"remoteIpDetails", "ipAddressV6", "remote"}, {"remotePortDetails", "port", "remote_port"},
		{"localIpDetails", "ipAddressV4", "private"}, {"localIpDetails", "ipAddressV6", "private"}, {"localPortDetails", "port", "local_port"},
	} {
		if err := d.side.ReadIf(one.object, d.details.Take(one.object)); err != nil {
			return err
		}
		text, err := d.side.Text(one.member)
		if err != nil {
			return err
		}
		if len(text) == 0 {
			continue
		}
		if err := d.rows.Set(d.rows.MustColumn(one.column), text); err != nil {
			return err
		}
	}
	return nil
}

// setExtra keeps what nobody took.
func (d *decoder) setExtra() {
	extra, more := d.top.Rest(nil), d.service.Rest(nil)
	switch {
	case more == nil:
	case extra == nil:
		extra = append(append([]byte(`{"service":`), more...), '}')
	default:
		extra = append(append(append(extra[:len(extra)-1], `,"service":`...), more...), '}')
	}
	if extra != nil {
		d.rows.SetText(d.rows.MustColumn("extra"), extra)
	}
}
