// Package alb reads the access logs of Application Load Balancers and Classic Load Balancers, and the health check logs of the
// former: lines of fields between single spaces, texts in quotes,
//
//	https 2018-07-02T22:23:00.186641Z app/lb/50dc6c495c0c9188 192.0.2.9:2817 10.0.0.1:80 0.086 0.048 0.037 200 200 0 57 "GET https://…
//	2015-05-13T23:39:43.945958Z my-lb 192.0.2.9:2817 10.0.0.1:80 0.000073 0.001048 0.000057 200 200 0 29 "GET http://… HTTP/1.1" "curl/7" - -
//
// or JSON objects with AWS's names, as CloudWatch Logs, Firehose and Parquet have them, or lines under "#Fields:". A line ends
// after any field from the twelfth on: fields were added over the years. What is beyond the last that is known is kept in extra as
// {"surplus": […]}.
//
//   - The request is kept as logged, with the escapes that the load balancer wrote (\x22). Its URL may hold spaces.
//   - "-" is NULL, and so is -1 of a time that was not measured. Addresses are cut from ports at the last colon: IPv6 has no brackets.
//   - A request without a protocol, a number or a time that is none: errors. What stands in an address's place and is none (logs
//     are masked before they are passed on) is kept in extra, and the address is NULL.
//
// The package refuses a line with fewer than twelve fields, and a quote that is not closed.
package alb

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"case53/loader/logs"
	"case53/loader/logs/field"
	"case53/loader/source"
)

//go:embed alb.sql
var schema string

// Type is the log type.
var Type = &logs.Type{
	Schema: logs.Define("alb.sql", schema),
	Detect: detect,
	Enough: func(sample [][]byte) bool { return detect(sample) == 100 },
	New:    newDecoder,
	Places: []source.Place{{
		Services: []string{"elasticloadbalancing"},
		Region:   true,
		Name:     regexp.MustCompile(`_elasticloadbalancing_[a-z0-9-]+_\S+_(\d{8}T\d{4})Z_`),
		Stamp:    "20060102T1504",
		// A stamp is the end of its interval, of an hour at most; a WebSocket is logged when it is closed.
		Before: 15 * time.Minute, After: 3 * time.Hour, Step: 5 * time.Minute,
	}},
}

// requestFields are the fields of a line of an Application Load Balancer, in their order, by the names of JSON.
var requestFields = []string{"type", "time", "elb", "client_port", "target_port", "request_processing_time", "target_processing_time",
	"response_processing_time", "elb_status_code", "target_status_code", "received_bytes", "sent_bytes", "request_line", "user_agent",
	"ssl_cipher", "ssl_protocol", "target_group_arn", "trace_id", "domain_name", "chosen_cert_arn", "matched_rule_priority",
	"request_creation_time", "actions_executed", "redirect_url", "error_reason", "target_port_list", "target_status_code_list",
	"classification", "classification_reason", "conn_trace_id", "transformed_host", "transformed_uri", "request_transform_status", "ip_address"}

// classicFields are those of a Classic Load Balancer.
var classicFields = []string{"time", "elb", "client_port", "target_port", "request_processing_time", "target_processing_time",
	"response_processing_time", "elb_status_code", "target_status_code", "received_bytes", "sent_bytes", "request_line", "user_agent",
	"ssl_cipher", "ssl_protocol"}

// healthFields are those of a health check.
var healthFields = []string{"type", "time", "latency", "target_addr", "target_group_id", "status", "status_code", "reason_code", "elb", "ip_address"}

// fewest is how many fields a request has at least.
const fewest = 12

const stamp = `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`

var (
	requestLine = regexp.MustCompile(`^(https?|h2|grpcs?|wss?) ` + stamp + ` \S+ \S+:\d+ (-|\S+:\d+) -?[\d.]+ -?[\d.]+ -?[\d.]+ `)
	classicLine = regexp.MustCompile(`^` + stamp + ` \S+ \S+:\d+ (-|\S+:\d+) (-?[\d.]+ ){3}(-|\d{3}) (-|\d{1,3}) \d+ \d+ "`)
	healthLine  = regexp.MustCompile(`^(https?|h2|grpcs?) ` + stamp + ` (-|[\d.]+) \S+ \S+ (PASS|FAIL)\b`)
)

func detect(sample [][]byte) int {
	first := field.First(sample)
	if header(first) != nil || bytes.HasPrefix(first, []byte("#")) && slices.ContainsFunc(sample, func(rec []byte) bool { return w3cFields(rec) != nil }) {
		return 100
	}
	o := field.NewObjects(nil)
	return field.Share(sample, func(rec []byte) bool {
		if bytes.HasPrefix(bytes.TrimLeft(rec, " \t\r\n"), []byte("{")) {
			names, err := o.Names(rec)
			return err == nil && marks(names)
		}
		return requestLine.Match(rec) || classicLine.Match(rec) || healthLine.Match(rec)
	})
}

// marks says whether names are those of a request or a health check of a load balancer.
func marks(names [][]byte) bool {
	has := func(all ...string) bool {
		for _, want := range all {
			if !slices.ContainsFunc(names, func(name []byte) bool { return string(name) == want }) {
				return false
			}
		}
		return true
	}
	return has("elb", "trace_id") && (has("request_line") || has("request_url") || has("request")) || has("target_group_id", "reason_code", "target_addr")
}

// header reads the header of lines of values between commas; nil where the line is none of this log.
func header(line []byte) *field.CSV {
	c, ok := field.ParseCSV(line)
	if !ok {
		return nil
	}
	var names [][]byte
	for _, name := range c.Names {
		names = append(names, []byte(name))
	}
	if !marks(names) {
		return nil
	}
	return c
}

// w3cFields reads the line that names the fields of those behind it; nil where the line is none of this log.
func w3cFields(line []byte) []string {
	rest, ok := bytes.CutPrefix(line, []byte("#Fields:"))
	if !ok {
		return nil
	}
	var out []string
	names := bytes.Fields(rest)
	for _, name := range names {
		out = append(out, strings.ReplaceAll(string(name), ":", "_"))
	}
	if !marks(names) {
		return nil
	}
	return out
}

type decoder struct {
	opt     logs.Options
	request *requests
	health  *checks
	objects *field.Objects
	tokens  [][]byte
	extra   []byte
	csv     *field.CSV // the header in force
	w3c     []string   // likewise
	used    []string   // the forms of the records, in order of first use
	fields  int        // of the last line
}

// ownColumns are the views' columns that are worked out.
var ownColumns = func() map[string]bool {
	isField := func(column string) bool {
		return slices.Contains(requestFields, column) || slices.Contains(viewFields, column)
	}
	return field.OwnColumns(schema, "alb", isField)
}()

// viewFields are the parts that the view has of a field.
var viewFields = []string{"client_ip", "target_ip", "request_verb", "request_url", "request_proto"}

func newDecoder(opt logs.Options) logs.Decoder {
	return &decoder{opt: opt, request: newRequests(opt.Capture), health: newChecks(opt.Capture), objects: field.NewObjects(ownColumns)}
}

func (d *decoder) Batches() []*logs.Batch {
	return []*logs.Batch{&d.request.table.Batch, &d.health.table.Batch}
}

func (d *decoder) Format() string {
	return field.Warned(strings.Join(d.used, " | "), d.objects.Spelling.Warning())
}

func (d *decoder) use(how string) {
	if !slices.Contains(d.used, how) {
		d.used = append(d.used, how)
	}
}

// useLine notes how many fields a line has.
func (d *decoder) useLine(fields int) {
	if fields != d.fields {
		d.fields = fields
		d.use(fmt.Sprintf("%d fields", fields))
	}
}

// row is what both tables of the type do with a record.
type row interface {
	begin()
	set(name string, text []byte) (known bool, err error)
	end() (first, last int64, err error)
	batch() *field.Table
}

func (d *decoder) Decode(rec []byte, meta logs.Meta) (logs.Outcome, int64, int64, error) {
	if len(rec) > 0 && rec[0] == '#' {
		if names := w3cFields(rec); names != nil {
			d.w3c = names
		}
		return logs.Header, logs.NoTime, logs.NoTime, nil
	}
	if len(rec) > 0 && rec[0] != '{' && bytes.IndexByte(rec, ',') >= 0 && bytes.IndexByte(rec, ' ') < 0 {
		if c := header(rec); c != nil {
			d.csv = c
			return logs.Header, logs.NoTime, logs.NoTime, nil
		}
	}
	r, meta, err := d.read(rec, meta)
	if err != nil {
		return logs.Row, 0, 0, err
	}
	first, last, err := r.end()
	if err != nil {
		return logs.Row, 0, 0, err
	}
	return d.opt.Row(first, last, func() error { return r.batch().Write(meta, &d.opt) })
}

// read sets the fields of a record in the row that it is.
func (d *decoder) read(rec []byte, meta logs.Meta) (row, logs.Meta, error) {
	switch {
	case bytes.HasPrefix(bytes.TrimLeft(rec, " \t\r\n"), []byte("{")):
		return d.object(rec, meta, "JSON objects")
	case d.csv != nil:
		rec, err := d.csv.Object(rec)
		if err != nil {
			return nil, meta, err
		}
		return d.object(rec, meta, "comma-separated values under a header")
	}
	r, err := d.line(rec)
	return r, meta, err
}

// line reads a record that is a line of fields.
func (d *decoder) line(rec []byte) (row, error) {
	var err error
	if d.tokens, err = split(d.tokens[:0], rec); err != nil {
		return nil, err
	}
	r, names := row(d.request), requestFields
	isHealth := len(d.tokens) > 5 && (string(d.tokens[5]) == "PASS" || string(d.tokens[5]) == "FAIL")
	isClassic := len(rec) > 0 && rec[0]-'0' < 10
	switch {
	case d.w3c != nil:
		names = d.w3c
		isClassic = false
	case isClassic:
		names = classicFields
	case isHealth:
		r, names = d.health, healthFields
	}
	if len(d.tokens) < fewest && !isHealth {
		return nil, fmt.Errorf("%d fields, want %d or more", len(d.tokens), fewest)
	}
	r.begin()
	if isClassic {
		d.request.table.SetText(d.request.typ, []byte(classic))
	}
	for i, name := range names[:min(len(names), len(d.tokens))] {
		if _, err := r.set(name, d.tokens[i]); err != nil {
			return nil, err
		}
	}
	if len(d.tokens) > len(names) {
		d.surplus(r.batch(), d.tokens[len(names):])
	}
	if d.w3c != nil {
		d.use("fields: " + strings.Join(d.w3c, " "))
	} else {
		d.useLine(len(d.tokens))
	}
	return r, nil
}

// surplus keeps fields that nobody knows.
func (d *decoder) surplus(t *field.Table, tokens [][]byte) {
	d.extra = append(d.extra[:0], `{"surplus":[`...)
	for i, token := range tokens {
		if i > 0 {
			d.extra = append(d.extra, ',')
		}
		text, escaped := field.ValidText(token)
		if escaped {
			t.SetEscaped()
		}
		d.extra = field.AppendQuoted(d.extra, text)
	}
	t.SetText(t.MustColumn("extra"), append(d.extra, "]}"...))
}

// object reads a record that is an object.
func (d *decoder) object(rec []byte, meta logs.Meta, how string) (row, logs.Meta, error) {
	r := row(d.request)
	if bytes.Contains(rec, []byte(`"reason_code"`)) && bytes.Contains(rec, []byte(`"target_group_id"`)) {
		r = d.health
	}
	r.begin()
	extra, escaped, err := d.objects.Read(rec, func(name, text []byte) (bool, error) { return r.set(string(name), text) })
	if err != nil {
		return nil, meta, err
	}
	if extra != nil {
		r.batch().SetText(r.batch().MustColumn("extra"), extra)
	}
	if escaped {
		r.batch().SetEscaped()
	}
	if group, stream, ok := d.objects.Stream(); ok {
		meta.LogGroup, meta.LogStream = group, stream
	}
	d.use(how)
	return r, meta, nil
}

var errQuote = errors.New("a quote is not closed before the end of the line")

// split cuts a line into its fields: texts in quotes, in which a backslash takes the byte after it, and others between spaces. A
// quote that no space follows is a part of its text.
func split(tokens [][]byte, line []byte) ([][]byte, error) {
	line = bytes.TrimRight(line, " \r\n")
	between := byte(' ')
	if bytes.IndexByte(line, '\t') >= 0 && bytes.IndexByte(line, ' ') < 0 {
		between = '\t'
	}
	for len(line) > 0 {
		if line[0] == between {
			line = line[1:]
			continue
		}
		if line[0] != '"' {
			end := bytes.IndexByte(line, between)
			if end < 0 {
				end = len(line)
			}
			tokens, line = append(tokens, line[:end]), line[end:]
			continue
		}
		end := 1
		for ; end < len(line); end++ {
			if line[end] == '\\' {
				end++
			} else if line[end] == '"' && (end+1 == len(line) || line[end+1] == between) {
				break
			}
		}
		if end >= len(line) {
			return tokens, errQuote
		}
		tokens, line = append(tokens, line[1:end]), line[end+1:]
	}
	return tokens, nil
}
