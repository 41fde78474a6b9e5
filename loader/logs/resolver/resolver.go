// Package resolver reads Route 53 Resolver query logs: one JSON object per record, compact or over many lines.
//
//   - Keys are AWS's, exactly; they may stand in any order. The keys of an answer may also be in lower case, the
//     Resolver endpoint's keys in srcids have a hyphen or an underscore. A key that is there twice condemns the
//     record: readers disagree on which one counts.
//   - answers and srcids may be the text of their JSON, as a table's column of text holds them.
//   - A record that names a hosted zone or an edge location is a public zone's, and an error here.
//   - A record may also be a line of values between commas under a header of these keys; a row of our own export comes back as
//     field.Export says, with answers_n as it was and no answers.
//   - Other keys are kept in extra with their values as written: {"key": …, "srcids": {…}, "answers": {"2": {…}}}, where
//     2 is the number of the answer that had them.
//   - Text may be a JSON string or a number, which is kept as written. null, "-" (but not as name or rdata) and an absent key are
//     NULL; answers_n is NULL without an array of answers, and 0 for an empty one.
//   - A record without query_timestamp is an error, and one with neither query_name nor query_type. So is a time that
//     is not RFC 3339 or has no zone (a space may stand for the T), a srcaddr that is no address, a srcport that is no port.
//   - An account id that lost its leading zeros on its way through a number gets them back.
//   - Text that is not Unicode, be it bytes or lone surrogates (taken as the three bytes they would be), is escaped.
//   - An rdata is an address (rdata4, rdata6) only in an answer of type A or AAAA, and if it reads as one.
//
// The package refuses a record whose keys or values leave open what was meant.
package resolver

import (
	"bytes"
	_ "embed"
	"regexp"
	"time"

	"case53/loader/logs"
	"case53/loader/logs/field"
	"case53/loader/source"
)

//go:embed dns.sql
var schema string

//go:embed second.sql
var second string

// Type is the log type.
var Type = &logs.Type{
	Schema: logs.Define("dns.sql", schema),
	Second: second,
	Detect: detectResolver,
	Enough: func(sample [][]byte) bool { return detectResolver(sample) == 100 },
	New:    newDecoder,
	// What a stamp means is not documented, nor how late a record may be; stamps some hours after their records' times were met.
	Places: []source.Place{{Services: []string{"vpcdnsquerylogs"}, Name: regexp.MustCompile(`_vpcdnsquerylogs_\d+_(\d{8}T\d{4})Z`),
		Stamp: "20060102T1504", Before: 15 * time.Minute, After: 6 * time.Hour}},
}

// decoder decodes Resolver records.
type decoder struct {
	opt    logs.Options
	prefix field.Context
	record record
	names  field.Names
	name   []byte // scratch
	key    []byte // scratch
	query  *queryColumns
	answer *answerColumns

	kinds    [8]answerKind // types and classes seen last
	nextKind int

	csv                        *field.CSV // the header in force
	objects, values, exporting bool       // the forms that records had
}

// answerKind is the number of a type and class of answers.
type answerKind struct {
	key string
	id  uint32
}

func newDecoder(opt logs.Options) logs.Decoder {
	return &decoder{opt: opt, prefix: field.Context{Capture: opt.Capture}, query: newQueryColumns(), answer: newAnswerColumns(),
		record: record{export: field.Export{Own: ownColumns}}}
}

func (d *decoder) Format() string {
	format := "one JSON object per record"
	switch {
	case d.values && d.objects:
		format += " | comma-separated values under a header"
	case d.values:
		format = "comma-separated values under a header"
	}
	if d.exporting {
		return field.Warned(format, "rows of case53's own export: the answers of the queries are not in it")
	}
	return format
}

func (d *decoder) Batches() []*logs.Batch { return []*logs.Batch{&d.query.Batch, &d.answer.Batch} }

func (d *decoder) Decode(rec []byte, meta logs.Meta) (logs.Outcome, int64, int64, error) {
	r := &d.record
	isValues := false
	if len(rec) > 0 && rec[0] != '{' {
		is, object, err := d.line(rec)
		if is || err != nil {
			return logs.Header, logs.NoTime, logs.NoTime, err
		}
		rec, isValues = object, d.csv != nil
	}
	if err := r.read(rec); err != nil {
		return logs.Row, 0, 0, err
	}
	d.values, d.objects, d.exporting = d.values || isValues, d.objects || !isValues, d.exporting || r.exported
	if d.opt.Admit != nil {
		if o := d.opt.Admit(r.time, r.time); o != logs.Row {
			return o, r.time, r.time, nil
		}
	}
	return logs.Row, r.time, r.time, d.write(meta)
}

// write puts the record into the batches.
func (d *decoder) write(meta logs.Meta) error {
	r := &d.record
	if err := field.MakeRoom(&d.query.Batch, d.opt.Flush); err != nil {
		return err
	}
	if r.exported {
		meta.LogGroup, meta.LogStream = string(r.export.Text("log_group")), string(r.export.Text("log_stream"))
	}
	context := d.context(meta)
	var f field.Facts
	if r.queryName != nil {
		d.name = field.Fold(d.name[:0], r.queryName)
		f = d.names.Facts(d.name)
	}
	d.query.add(meta, context, r, d.name, f)
	for i := range r.answers {
		if err := field.MakeRoom(&d.answer.Batch, d.opt.Flush); err != nil {
			return err
		}
		d.answer.add(meta, context, d.answerContext(&r.answers[i]), r, d.name, i)
	}
	return nil
}

// line reads what is no object: a header, or values under one. Anything else is given back as it is.
func (d *decoder) line(rec []byte) (header bool, object []byte, err error) {
	if c := csvHeader(rec); c != nil {
		d.csv = c
		return true, nil, nil
	}
	if d.csv == nil || bytes.HasPrefix(bytes.TrimLeft(rec, " \t\r\n"), []byte("{")) {
		return false, rec, nil
	}
	object, err = d.csv.Object(rec)
	return false, object, err
}

// context gives the number of what repeats from record to record.
func (d *decoder) context(meta logs.Meta) uint32 {
	d.key = field.AppendValues(append(d.key[:0], d.prefix.Key(meta)...), d.record.context[:])
	return d.opt.Intern("dns_context", d.key)
}

// answerContext gives the number of an answer's type and class, of which there are few.
func (d *decoder) answerContext(a *resolverAnswer) uint32 {
	d.key = field.AppendValues(d.key[:0], a.text[aType:aClass+1])
	for i := range d.kinds {
		if k := &d.kinds[i]; k.key == string(d.key) {
			return k.id
		}
	}
	k := answerKind{string(d.key), d.opt.Intern("dns_answer_context", d.key)}
	d.kinds[d.nextKind] = k
	d.nextKind = (d.nextKind + 1) % len(d.kinds)
	return k.id
}
