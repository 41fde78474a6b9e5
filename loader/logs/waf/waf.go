// Package waf reads AWS WAF logs: one JSON object per request, on one line or over many.
//
//   - Keys are AWS's, exactly; those that are not known are kept in extra, of httpRequest too, under "httpRequest".
//   - timestamp is in milliseconds since 1970. A record without it, or without httpRequest, is an error.
//   - REDACTED is a value: somebody chose not to log what was there. A country of "-" is NULL, and so is every null.
//   - Each header is a row of waf_header, its name in lower case; Host, User-Agent, X-Forwarded-For and Referer are columns too,
//     of several of one name all, with commas between.
//   - Each rule that matched is a row of waf_rule: the one that decided, those of rule groups, excluded and rate-based ones,
//     those that only counted. A default action is no rule.
//   - attack is searched for in the path, the arguments and every header.
//
// The package refuses a record whose keys are there twice, and lists that are none.
package waf

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"
	"unicode/utf8"

	"case53/loader/logs"
	"case53/loader/logs/field"
	"case53/loader/logs/request"
	"case53/loader/source"
)

//go:embed waf.sql
var schema string

// Type is the log type.
var Type = &logs.Type{
	Schema: logs.Define("waf.sql", schema),
	Detect: detect,
	Enough: func(sample [][]byte) bool { return detect(sample) == 100 },
	New:    newDecoder,
	// A stamp is when the five minutes of a file begin.
	Places: []source.Place{{Services: []string{"WAFLogs"}, Region: true, Name: regexp.MustCompile(`_waflogs_[\w-]+_(\d{8}T\d{4})Z_`),
		Stamp: "20060102T1504", Before: 15 * time.Minute, After: time.Hour}},
}

// detect gives the share of records that are objects with the keys of one.
func detect(sample [][]byte) int {
	var o field.Members
	return field.Share(sample, func(rec []byte) bool {
		return bytes.IndexByte(rec, '{') >= 0 && o.Read(rec) == nil && o.Has("webaclId") && o.Has("httpRequest")
	})
}

// The keys of a record, and of its httpRequest, that are columns as they stand: text, numbers, and JSON.
var (
	texts = [...][2]string{{"webaclId", "web_acl_id"}, {"action", "action"}, {"terminatingRuleId", "terminating_rule_id"},
		{"terminatingRuleType", "terminating_rule_type"}, {"httpSourceName", "http_source_name"}, {"httpSourceId", "http_source_id"},
		{"formatVersion", "format_version"}, {"responseCodeSent", "response_code_sent"}, {"ja3Fingerprint", "ja3_fingerprint"},
		{"ja4Fingerprint", "ja4_fingerprint"}, {"requestBodySize", "request_body_size"},
		{"requestBodySizeInspectedByWAF", "request_body_size_inspected"}}
	ofRequest = [...][2]string{{"country", "country"}, {"httpVersion", "http_version"}, {"httpMethod", "http_method"}, {"requestId", "request_id"},
		{"scheme", "scheme"}, {"fragment", "fragment"}}
	lists = [...][2]string{{"ruleGroupList", "rule_group_list"}, {"rateBasedRuleList", "rate_based_rule_list"},
		{"nonTerminatingMatchingRules", "non_terminating_matching_rules"}, {"terminatingRuleMatchDetails", "terminating_rule_match_details"},
		{"labels", "labels"}}
)

// decoder decodes WAF records.
type decoder struct {
	opt                  logs.Options
	rows, rules, headers *field.Table
	columns              *request.Columns
	number               map[string]int // of the columns of rows
	ofHeader             headerColumns
	ofRule               ruleColumns

	outer, inner, group, rule field.Members
	time                      int64
	client                    []byte
	matched                   []match
	sent                      []header
	kept                      []byte // the texts of sent
}

// headerColumns and ruleColumns are the numbers of the columns of the child tables.
type (
	headerColumns struct{ no, at, name, value int }
	ruleColumns   struct{ no, at, client, part, group, id, action, overridden, data int }
)

// match is a rule that matched.
type match struct{ part, group, id, action, overridden, data []byte }

// header is one header of the request.
type header struct{ name, value []byte }

func newDecoder(opt logs.Options) logs.Decoder {
	d := &decoder{opt: opt, rows: field.NewTable(schema, "waf", opt.Capture), rules: field.NewTable(schema, "waf_rule", opt.Capture),
		headers: field.NewTable(schema, "waf_header", opt.Capture), number: map[string]int{}}
	d.columns = request.NewColumns(d.rows)
	for _, of := range [][][2]string{texts[:], ofRequest[:], lists[:]} {
		for _, column := range of {
			d.number[column[1]] = d.rows.MustColumn(column[1])
		}
	}
	for _, name := range []string{"timestamp", "client", "headers", "user_agent", "x_forwarded_for", "referer", "extra"} {
		d.number[name] = d.rows.MustColumn(name)
	}
	of := d.headers.MustColumn
	d.ofHeader = headerColumns{of("header_no"), of("timestamp"), of("header"), of("value")}
	of = d.rules.MustColumn
	d.ofRule = ruleColumns{of("rule_no"), of("timestamp"), of("client"), of("part"), of("rule_group_id"), of("rule_id"), of("action"),
		of("overridden_action"), of("matched_data")}
	return d
}

func (d *decoder) Format() string { return "one JSON object per request" }

func (d *decoder) Batches() []*logs.Batch {
	return []*logs.Batch{&d.rows.Batch, &d.rules.Batch, &d.headers.Batch}
}

func (d *decoder) Decode(rec []byte, meta logs.Meta) (logs.Outcome, int64, int64, error) {
	if err := d.read(rec); err != nil {
		return logs.Row, 0, 0, err
	}
	return d.opt.Row(d.time, d.time, func() error { return d.write(meta) })
}

// read reads a record: all of it, so that nothing is written of one that cannot be read.
func (d *decoder) read(rec []byte) error {
	if err := d.outer.Read(rec); err != nil {
		return err
	}
	of := d.outer.Take("httpRequest")
	if of == nil || of.Value[0] != '{' {
		return errors.New("httpRequest is missing: this is no record of WAF")
	}
	if err := d.inner.Read(of.Value); err != nil {
		return err
	}
	d.rows.Begin()
	d.columns.Begin()
	d.matched, d.sent, d.kept = d.matched[:0], d.sent[:0], d.kept[:0]
	if d.outer.Odd {
		d.rows.SetEscaped()
	}
	if err := d.setTime(); err != nil {
		return err
	}
	for _, step := range []func() error{d.plain, d.readHeaders, d.readURL, d.readRules} {
		if err := step(); err != nil {
			return err
		}
	}
	d.columns.End()
	d.setExtra()
	return nil
}

func (d *decoder) setTime() error {
	at, err := d.outer.Text("timestamp")
	if err != nil || at == nil {
		return errors.New("timestamp is missing")
	}
	const latest = 253_402_300_800_000 // the year 10000
	ms, err := strconv.ParseInt(string(at), 10, 64)
	if err != nil || ms < 0 || ms >= latest {
		return fmt.Errorf("timestamp %s is no time in milliseconds", field.Quoted(at))
	}
	d.time = ms * 1000
	d.rows.SetNumber(d.number["timestamp"], d.time)
	return nil
}

// plain sets the columns that are keys as they stand.
func (d *decoder) plain() error {
	for _, key := range texts {
		if err := d.setText(&d.outer, key); err != nil {
			return err
		}
	}
	for _, key := range ofRequest {
		if err := d.setText(&d.inner, key); err != nil {
			return err
		}
	}
	for _, key := range lists {
		if text := d.outer.JSON(key[0]); text != nil {
			if text[0] != '[' {
				return fmt.Errorf("%s is no list", key[0])
			}
			if len(text) > len("[]") {
				d.rows.SetText(d.number[key[1]], text)
			}
		}
	}
	client, err := d.inner.Text("clientIp")
	if err != nil {
		return err
	}
	d.client = client
	if client != nil {
		return d.rows.Set(d.number["client"], client)
	}
	return nil
}

func (d *decoder) setText(of *field.Members, key [2]string) error {
	text, err := of.Text(key[0])
	if err != nil || text == nil {
		return err
	}
	return d.rows.Set(d.number[key[1]], text)
}

// readHeaders reads the list of headers.
func (d *decoder) readHeaders() error {
	m := d.inner.Take("headers")
	if m == nil || m.Value[0] == 'n' {
		return nil
	}
	var one field.Members
	err := field.Elements(m.Value, func(element []byte) error {
		if err := one.Read(element); err != nil {
			return err
		}
		name, err := one.Text("name")
		if err != nil {
			return err
		}
		value := one.Take("value")
		if value == nil {
			return errors.New("it has no value")
		}
		d.sent = append(d.sent, header{d.lower(name), d.keep(value.Text)})
		return nil
	})
	if err != nil {
		return fmt.Errorf("headers: %w", err)
	}
	if len(d.sent) > 0 {
		d.rows.SetText(d.number["headers"], d.inner.JSON("headers"))
	}
	for _, lifted := range [...][2]string{{"user-agent", "user_agent"}, {"x-forwarded-for", "x_forwarded_for"}, {"referer", "referer"}} {
		if value := d.header(lifted[0]); value != nil {
			d.rows.SetText(d.number[lifted[1]], value)
		}
	}
	for _, h := range d.sent {
		d.columns.Search(h.value)
	}
	return nil
}

// keep copies a text that is to last as long as the record.
func (d *decoder) keep(text []byte) []byte {
	if len(text) == 0 {
		return text
	}
	at := len(d.kept)
	d.kept = append(d.kept, text...)
	return d.kept[at:len(d.kept):len(d.kept)]
}

// lower keeps a name as names of headers are compared.
func (d *decoder) lower(name []byte) []byte {
	kept := d.keep(name)
	for i, c := range kept {
		switch {
		case c >= utf8.RuneSelf:
			return d.keep(bytes.ToLower(name))
		case c-'A' < 26:
			kept[i] = c | 0x20
		}
	}
	return kept
}

// header gives the values of a header, nil for none.
func (d *decoder) header(name string) (value []byte) {
	for _, h := range d.sent {
		switch {
		case string(h.name) != name:
		case value == nil:
			value = h.value
			if value == nil {
				value = []byte{}
			}
		default:
			value = append(append(value, ", "...), h.value...)
		}
	}
	return value
}

func (d *decoder) readURL() error {
	host, err := d.inner.Text("host")
	if err != nil {
		return err
	}
	if host == nil {
		host = d.header("host")
	}
	host, _ = request.CutHost(host)
	d.columns.SetHost(host)
	path, err := d.inner.Text("uri")
	if err != nil {
		return err
	}
	query, err := d.inner.Text("args")
	if err != nil {
		return err
	}
	if len(query) == 0 {
		query = nil
	}
	d.columns.SetPath(path, query)
	return nil
}

// setExtra keeps what nobody took.
func (d *decoder) setExtra() {
	extra, more := d.outer.Rest(nil), d.inner.Rest(nil)
	switch {
	case more == nil:
	case extra == nil:
		extra = append(append([]byte(`{"httpRequest":`), more...), '}')
	default:
		extra = append(append(append(extra[:len(extra)-1], `,"httpRequest":`...), more...), '}')
	}
	if extra != nil {
		d.rows.SetText(d.number["extra"], extra)
	}
}

// write puts the record and its children into the batches.
func (d *decoder) write(meta logs.Meta) error {
	if err := d.rows.Write(meta, &d.opt); err != nil {
		return err
	}
	for i, m := range d.matched {
		if err := d.writeRule(meta, i, m); err != nil {
			return err
		}
	}
	t := d.headers
	for i, h := range d.sent {
		t.Begin()
		t.SetNumber(d.ofHeader.no, int64(i+1))
		t.SetNumber(d.ofHeader.at, d.time)
		if h.name != nil {
			t.SetText(d.ofHeader.name, h.name)
		}
		t.SetText(d.ofHeader.value, h.value)
		if err := t.Write(meta, &d.opt); err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) writeRule(meta logs.Meta, i int, m match) error {
	t, of := d.rules, &d.ofRule
	t.Begin()
	t.SetNumber(of.no, int64(i+1))
	t.SetNumber(of.at, d.time)
	if d.client != nil {
		if err := t.Set(of.client, d.client); err != nil {
			return err
		}
	}
	for _, column := range [...]struct {
		number int
		text   []byte
	}{{of.part, m.part}, {of.group, m.group}, {of.id, m.id}, {of.action, m.action}, {of.overridden, m.overridden}, {of.data, m.data}} {
		if column.text != nil {
			t.SetText(column.number, column.text)
		}
	}
	return t.Write(meta, &d.opt)
}
