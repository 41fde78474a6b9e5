// Package change reads CloudTrail: one JSON object per call, as CloudTrail writes them into its files, sends them to CloudWatch
// Logs, or hands them to EventBridge (as "detail").
//
//   - Only the calls of a list become rows: those that start, stop or change a log, delete what one wrote, open a way in, or run
//     something on a host. All others are readable and not kept: they have a count of their own.
//   - A call that has error_code did not happen; its effect is "failed".
//   - sourceIPAddress may be the name of a service: it is kept as text, and as an address where it is one.
//   - resource is the first of the identifiers that such calls name in requestParameters, however deep it stands.
//   - requestParameters, responseElements and userIdentity are kept whole, as JSON; other members in extra.
//
// The package refuses a call that does not say when it was made, and one whose members have a name twice.
package change

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"case53/loader/logs"
	"case53/loader/logs/field"
	"case53/loader/source"
)

//go:embed change.sql
var schema string

// Type is the log type.
var Type = &logs.Type{
	Schema: logs.Define("change.sql", schema),
	Detect: detect,
	Enough: func(sample [][]byte) bool { return detect(sample) == 100 },
	New:    newDecoder,
	// A file is delivered within about 15 minutes of a call; its stamp is when it was written.
	Places: []source.Place{{Services: []string{"CloudTrail"}, Region: true, Name: regexp.MustCompile(`_CloudTrail_[a-z0-9-]+_(\d{8}T\d{4})Z_`),
		Stamp: "20060102T1504", Before: 5 * time.Minute, After: time.Hour}},
}

// detect gives the share of records that are calls.
func detect(sample [][]byte) int {
	var o, inner field.Members
	return field.Share(sample, func(rec []byte) bool {
		if bytes.IndexByte(rec, '{') < 0 || o.Read(rec) != nil {
			return false
		}
		if m := o.Take("detail"); m != nil && o.Has("detail-type") {
			return inner.ReadIf("detail", m) == nil && isCall(&inner)
		}
		return isCall(&o)
	})
}

// isCall tells a call by the members that CloudTrail writes, and by the service's name: an event of S3 or of a stream has others.
func isCall(o *field.Members) bool {
	from := o.Take("eventSource")
	return from != nil && bytes.Contains(from.Text, []byte(".amazonaws.com")) && o.Has("eventName") && o.Has("eventTime") &&
		(o.Has("userIdentity") || o.Has("eventVersion") || o.Has("eventID"))
}

// The texts of a context, in the order of contextColumns.
var contextNames = [...]string{"eventVersion", "eventType", "eventSource", "eventName", "", "awsRegion", "recipientAccountId", "userAgent", "errorCode",
	"type", "arn", "accountId", "accessKeyId", "userName"}

const (
	cEffect = 4 // worked out
	cUser   = 9 // the first of userIdentity
)

// record is one call.
type record struct {
	call, who    field.Members
	outer, inner field.Members
	context      [len(contextNames)][]byte
	time         int64
	address      []byte
	addr         field.Addr
	id, message  []byte
	resource     []byte
	user         []byte
	parameters   []byte
	response     []byte
	extra        []byte
	escaped      bool
}

// read reads a call; kept says whether it is one of those that become rows.
func (r *record) read(rec []byte) (kept bool, err error) {
	if err := r.open(rec); err != nil {
		return false, err
	}
	for i, name := range contextNames[:cUser] {
		if name != "" {
			if r.context[i], err = r.call.Text(name); err != nil {
				return false, err
			}
		}
	}
	if r.context[3] == nil || r.context[2] == nil {
		return false, errors.New("eventName or eventSource is missing: this is no call")
	}
	effect := effectOf(r.context[3])
	if effect == "" {
		return false, nil
	}
	r.context[cEffect] = []byte(effect)
	return true, r.rest()
}

// open finds the call: the record, or its detail.
func (r *record) open(rec []byte) error {
	if err := r.call.Read(rec); err != nil {
		return err
	}
	if !r.call.Has("detail") || r.call.Has("eventName") {
		return nil
	}
	if err := r.outer.Read(rec); err != nil {
		return err
	}
	return r.call.ReadIf("detail", r.outer.Take("detail"))
}

// rest reads what a row has beside the context.
func (r *record) rest() (err error) {
	at, err := r.call.Text("eventTime")
	if err != nil || at == nil {
		return errors.New("eventTime is missing")
	}
	var ok, zoned bool
	if r.time, zoned, ok = field.TimeText(at); !ok || !zoned {
		return fmt.Errorf("eventTime %s is no time in UTC", field.Quoted(at))
	}
	r.escaped = r.call.Odd
	r.addr = field.Addr{}
	if r.address, err = r.call.Text("sourceIPAddress"); err == nil {
		r.addr, _ = field.ParseAddr(r.address)
		r.id, err = r.call.Text("eventID")
	}
	if err == nil {
		r.message, err = r.call.Text("errorMessage")
	}
	if err != nil {
		return err
	}
	r.context[6] = account(r.context[6])
	identity := r.call.Take("userIdentity")
	r.user = r.call.JSON("userIdentity")
	r.parameters, r.response = r.call.JSON("requestParameters"), r.call.JSON("responseElements")
	r.resource = nil
	if r.parameters != nil && r.parameters[0] == '{' {
		r.resource = r.find(r.parameters)
	}
	if err := r.identity(identity); err != nil {
		return err
	}
	r.extra = r.call.Rest(r.extra[:0])
	return nil
}

func account(text []byte) []byte {
	if text == nil {
		return nil
	}
	return field.Account(text)
}

// identity reads who called. An assumed role has no user name of its own: its session's issuer has.
func (r *record) identity(m *field.Member) (err error) {
	if err := r.who.ReadIf("userIdentity", m); err != nil {
		return err
	}
	for i, name := range contextNames[cUser:] {
		if r.context[cUser+i], err = r.who.Text(name); err != nil {
			return fmt.Errorf("userIdentity: %w", err)
		}
	}
	r.context[cUser+2] = account(r.context[cUser+2])
	if r.context[cUser+4] != nil {
		return nil
	}
	session := r.who.Take("sessionContext")
	if err := r.inner.ReadIf("sessionContext", session); err != nil {
		return err
	}
	if err := r.outer.ReadIf("sessionIssuer", r.inner.Take("sessionIssuer")); err != nil {
		return err
	}
	name, err := r.outer.Text("userName")
	r.context[cUser+4] = bytes.Clone(name)
	return err
}

// contextColumns and rowColumns are the columns of store.change_context and of store.change that a call sets.
var (
	contextColumns = strings.Fields("event_version event_type event_source event_name effect aws_region recipient_account_id user_agent error_code " +
		"user_identity_type user_identity_arn user_identity_account_id user_identity_access_key_id user_identity_user_name")
	rowColumns = strings.Fields("event_id source_ip_address resource error_message user_identity request_parameters response_elements extra")
)

// decoder decodes calls.
type decoder struct {
	opt          logs.Options
	record       record
	rows         *field.Table
	context, row []int
	time, source int
}

func newDecoder(opt logs.Options) logs.Decoder {
	t := field.NewTable(schema, "change", opt.Capture)
	return &decoder{opt: opt, rows: t, context: t.MustColumns(contextColumns...), row: t.MustColumns(rowColumns...),
		time: t.MustColumn("event_time"), source: t.MustColumn("source")}
}

func (d *decoder) Format() string { return "one JSON object per call" }

func (d *decoder) Batches() []*logs.Batch { return []*logs.Batch{&d.rows.Batch} }

func (d *decoder) Decode(rec []byte, meta logs.Meta) (logs.Outcome, int64, int64, error) {
	r := &d.record
	kept, err := r.read(rec)
	if err != nil {
		return logs.Row, 0, 0, err
	}
	if !kept {
		return logs.NotKept, logs.NoTime, logs.NoTime, nil
	}
	return d.opt.Row(r.time, r.time, func() error { return d.write(meta) })
}

// write puts the call into the batch.
func (d *decoder) write(meta logs.Meta) error {
	r, t := &d.record, d.rows
	t.Begin()
	for i, text := range r.context {
		t.SetValid(d.context[i], text)
	}
	t.SetNumber(d.time, r.time)
	t.SetAddr(d.source, r.addr)
	for i, text := range [][]byte{r.id, r.address, r.resource, r.message, r.user, r.parameters, r.response, r.extra} {
		t.SetValid(d.row[i], text)
	}
	if r.escaped {
		t.SetEscaped()
	}
	return t.Write(meta, &d.opt)
}
