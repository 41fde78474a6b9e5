// Package host reads what hosts write about themselves: the error logs of Apache and nginx, syslog and auth logs in the forms of
// RFC 3164 and RFC 5424, and the execution logs of API Gateway.
//
//   - A time without a year is in the last year in which it is not later than the line is known to have been there: when
//     CloudWatch took it in, or the file was last changed. The row says so: year_assumed.
//   - A time without a zone is in the zone that was given; without one it is taken as UTC, and the row says so: zone_assumed. A
//     local time that was there twice is the earlier one: zone_ambiguous.
//   - A line of an execution log has no time: its event's counts.
//   - A record of several lines, as an agent joins them, is one row: the first line is read, all of them are the message. Where
//     another line could begin a record as well, extra has "holds_records".
//   - A line that begins with a blank goes on from the one before it, in a file, and has its time: continues says from which.
//   - Names of users, paths and referers are what a client sent, mostly not escaped: what a program wrote itself is looked for
//     where it writes it. Where more than one place would fit, extra has "ambiguous".
//
// The package refuses lines that begin in none of these forms, and syslog lines without a year of which nothing says when they
// were taken in.
package host

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"case53/loader/logs"
	"case53/loader/logs/field"
)

//go:embed host.sql
var schema string

// Type is the log type.
var Type = &logs.Type{
	Schema: logs.Define("host.sql", schema),
	Detect: detect,
	Enough: func(sample [][]byte) bool { return detect(sample) == 100 },
	New:    newDecoder,
}

// detect gives the share of records that begin in one of the forms.
func detect(sample [][]byte) int {
	var r record
	return field.Share(sample, func(rec []byte) bool { return r.begins(rec) && !r.untagged() })
}

// record is one line, or several that belong together.
type record struct {
	format, action      string
	local               local
	time                int64
	timed               bool // time is known, with its zone
	flags               flags
	host, program       []byte
	severity            []byte
	pid                 int64 // -1: none
	client              field.Addr
	port                int32 // -1: none
	user, message       []byte
	code, request       []byte
	referer, requestID  []byte
	extra               []byte
	lines               int32
	escaped             bool
	group, stream       string
	instance, streamed  []byte // as group and stream name them
	continues, lastRow  uint32
	lastTime            int64
	lastFlags           flags
	lastFormat          string
	lastHost, lastOwner []byte // host and program of the line before
}

// begins says whether a line begins in one of the forms, and reads it.
func (r *record) begins(rec []byte) bool {
	line := bytes.TrimRight(rec, "\r\n")
	if len(line) == 0 {
		return false
	}
	r.reset()
	switch c := line[0]; {
	case c == '[':
		return r.apache(line)
	case c == '(':
		return r.execution(line)
	case c == '<':
		if r.rfc5424(line) {
			return true
		}
		r.reset()
		return r.syslog(line)
	case c-'0' < 10 && len(line) > 4 && line[4] == '/':
		return r.nginx(line)
	}
	return r.syslog(line)
}

func (r *record) reset() {
	r.format, r.action, r.local, r.time, r.timed, r.flags = "", "", local{}, 0, false, flags{}
	r.host, r.program, r.severity, r.pid, r.client, r.port = nil, nil, nil, -1, field.Addr{}, -1
	r.user, r.message, r.code, r.request, r.referer, r.requestID = nil, nil, nil, nil, nil, nil
	r.extra, r.lines, r.escaped, r.continues = r.extra[:0], 1, false, 0
}

// read reads a record.
func (r *record) read(rec []byte, meta logs.Meta, c clock) error {
	text := bytes.TrimRight(rec, "\r\n")
	head, tail, several := bytes.Cut(text, []byte{'\n'})
	if !r.begins(bytes.TrimSuffix(head, []byte{'\r'})) {
		return r.goesOn(text, meta)
	}
	if err := r.settle(meta, c); err != nil {
		return err
	}
	r.place(meta)
	if several {
		r.lines += int32(bytes.Count(tail, []byte{'\n'})) + 1
		r.message = text[bytes.Index(text, r.message):]
		var other record
		for line := range bytes.SplitSeq(tail, []byte{'\n'}) {
			if other.begins(line) && !other.untagged() && other.format == r.format {
				r.key("holds_records")
				r.extra = append(r.extra, "true"...)
				break
			}
		}
	}
	r.lastRow, r.lastTime, r.lastFlags, r.lastFormat = meta.RowNo, r.time, r.flags, r.format
	r.lastHost, r.lastOwner = append(r.lastHost[:0], r.host...), append(r.lastOwner[:0], r.program...)
	return nil
}

// settle finds the time in UTC.
func (r *record) settle(meta logs.Meta, c clock) (err error) {
	switch {
	case r.timed:
		return nil
	case r.local == local{}:
		if meta.EventTime == 0 {
			return fmt.Errorf("the line has no time, and no event of CloudWatch has one for it")
		}
		r.time = meta.EventTime
		return nil
	}
	r.time, r.flags, err = c.resolve(r.local, meta.Seen)
	return err
}

// place gives the record the host and instance that its log stream names.
func (r *record) place(meta logs.Meta) {
	if r.group != meta.LogGroup || r.stream != meta.LogStream || r.instance == nil && r.streamed == nil {
		r.group, r.stream = meta.LogGroup, meta.LogStream
		r.instance, r.streamed = whose(r.group, r.stream)
	}
	if r.host == nil {
		r.host = r.streamed
	}
}

// goesOn reads a line that begins with a blank: in a file it goes on from the line before.
func (r *record) goesOn(text []byte, meta logs.Meta) error {
	blank := len(text) > 0 && (text[0] == ' ' || text[0] == '\t')
	if !blank || r.lastRow == 0 || r.lastRow+1 != meta.RowNo || r.group != meta.LogGroup || r.stream != meta.LogStream {
		return errors.New("the line begins in none of the forms of a host's log")
	}
	r.reset()
	r.format, r.time, r.flags, r.message = r.lastFormat, r.lastTime, r.lastFlags, text
	r.host, r.program = some(r.lastHost), some(r.lastOwner)
	r.continues, r.lastRow = r.lastRow, meta.RowNo
	return nil
}

func (r *record) setPid(text []byte) {
	if n, err := strconv.ParseInt(string(text), 10, 64); err == nil && n >= 0 {
		r.pid = n
	}
}

// setClient reads an address, with a port behind it or not, an IPv6 address in brackets or not.
func (r *record) setClient(text []byte) {
	if a, ok := field.ParseAddr(text); ok {
		r.client = a
		return
	}
	colon := bytes.LastIndexByte(text, ':')
	if colon < 0 {
		return
	}
	address := bytes.TrimSuffix(bytes.TrimPrefix(bytes.TrimSpace(text[:colon]), []byte{'['}), []byte{']'})
	if a, ok := field.ParseAddr(address); ok {
		r.client = a
		r.setPort(text[colon+1:])
	}
}

func (r *record) setPort(text []byte) {
	if n, err := strconv.ParseUint(string(text), 10, 16); err == nil {
		r.port = int32(n)
	}
}

// put adds a field to extra.
func (r *record) put(name string, text []byte) {
	valid, escaped := field.ValidText(text)
	r.escaped = r.escaped || escaped
	r.key(name)
	r.extra = field.AppendQuoted(r.extra, valid)
}

func (r *record) putNumber(name string, n int) {
	r.key(name)
	r.extra = strconv.AppendInt(r.extra, int64(n), 10)
}

func (r *record) key(name string) {
	if len(r.extra) == 0 {
		r.extra = append(r.extra, '{')
	} else {
		r.extra = append(r.extra, ',')
	}
	r.extra = append(append(append(r.extra, '"'), name...), '"', ':')
}

// text gives what a column holds: valid UTF-8, nil for nothing.
func (r *record) text(text []byte) []byte {
	if text == nil {
		return nil
	}
	valid, escaped := field.ValidText(text)
	r.escaped = r.escaped || escaped
	return valid
}

// decoder decodes host logs.
type decoder struct {
	opt    logs.Options
	clock  clock
	record record
	rows   *field.Table
	text   []int // columns of textColumns
	number []int // of numberColumns
	client int
	forms  []string
	seen   flags
}

// textColumns and numberColumns are the columns of store.host_log_context and of store.host_log that a line sets.
var (
	textColumns = strings.Fields("format host program severity action instance_id year_assumed zone_assumed zone_ambiguous " +
		"user message code request referer request_id extra")
	numberColumns = strings.Fields("time pid client_port lines continues")
)

func newDecoder(opt logs.Options) logs.Decoder {
	t := field.NewTable(schema, "host_log", opt.Capture)
	return &decoder{opt: opt, clock: clock{opt.Zone}, rows: t, text: t.MustColumns(textColumns...), number: t.MustColumns(numberColumns...),
		client: t.MustColumn("client")}
}

// Format says in which forms the lines came, and warns of what was assumed of their times.
func (d *decoder) Format() string {
	var year, zone, ambiguous string
	if d.seen.year {
		year = "the lines have no year: each is in the last in which it is not later than it was taken in, or its file changed"
	}
	if d.seen.zone {
		zone = "the lines have no time zone: they are taken as UTC; --log-timezone says otherwise"
	}
	if d.seen.ambiguous {
		ambiguous = "some local times were there twice or not at all, as clocks were changed: see zone_ambiguous"
	}
	return field.Warned(strings.Join(d.forms, " | "), year, zone, ambiguous)
}

func (d *decoder) Batches() []*logs.Batch { return []*logs.Batch{&d.rows.Batch} }

func (d *decoder) Decode(rec []byte, meta logs.Meta) (logs.Outcome, int64, int64, error) {
	r := &d.record
	if err := r.read(rec, meta, d.clock); err != nil {
		return logs.Row, 0, 0, err
	}
	if !slices.Contains(d.forms, r.format) {
		d.forms = append(d.forms, r.format)
	}
	d.seen = flags{d.seen.year || r.flags.year, d.seen.zone || r.flags.zone, d.seen.ambiguous || r.flags.ambiguous}
	return d.opt.Row(r.time, r.time, func() error { return d.write(meta) })
}

func (d *decoder) write(meta logs.Meta) error {
	r, t := &d.record, d.rows
	var action, extra []byte
	if r.action != "" {
		action = []byte(r.action)
	}
	if len(r.extra) > 0 {
		r.extra = append(r.extra, '}')
		extra = r.extra
	}
	t.Begin()
	for i, text := range [][]byte{[]byte(r.format), r.text(r.host), r.text(r.program), r.text(r.severity), action, r.instance,
		truth(r.flags.year), truth(r.flags.zone), truth(r.flags.ambiguous), r.text(r.user), r.text(r.message), r.text(r.code),
		r.text(r.request), r.text(r.referer), r.text(r.requestID), extra} {
		t.SetValid(d.text[i], text)
	}
	t.SetNumber(d.number[0], r.time)
	t.SetNumber(d.number[3], int64(r.lines))
	if r.pid >= 0 {
		t.SetNumber(d.number[1], r.pid)
	}
	if r.port >= 0 {
		t.SetNumber(d.number[2], int64(r.port))
	}
	if r.continues > 0 {
		t.SetNumber(d.number[4], int64(r.continues))
	}
	t.SetAddr(d.client, r.client)
	if r.escaped {
		t.SetEscaped()
	}
	return t.Write(meta, &d.opt)
}

func truth(b bool) []byte { return strconv.AppendBool(nil, b) }
