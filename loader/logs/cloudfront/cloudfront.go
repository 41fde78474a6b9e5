// Package cloudfront reads the access logs of Amazon CloudFront: standard logs of the first version and of the second (any
// fields in any order, as lines under "#Fields:" or as JSON), and real-time logs, whose fields have no names in the log.
//
//		#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status …
//		2019-12-04<tab>21:02:31<tab>LAX1<tab>392<tab>192.0.2.100<tab>GET<tab>d111111abcdef8.cloudfront.net<tab>/index.html<tab>200<tab>…
//
//	  - Fields are found by their names. A line may have fewer than are named; the rest is NULL. Fields without a column are kept in extra.
//	  - CloudFront encodes what the viewer sent, % too: undone once that is the viewer's own text, which may be encoded itself.
//	  - Real-time logs need --access-format '#Fields: timestamp c-ip …' unless they have all fields. There cs-host and x-host-header
//	    mean the opposite, and cs-uri-stem has the query in it: rows have them as in standard logs.
//	  - A time is date and time, timestamp, or timestamp(ms). A record without any of them: an error.
//
// The package refuses lines of which nothing says what their fields are.
package cloudfront

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
	"case53/loader/logs/request"
	"case53/loader/source"
)

//go:embed cloudfront.sql
var schema string

// Type is the log type.
var Type = &logs.Type{
	Schema:  logs.Define("cloudfront.sql", schema),
	Detect:  detect,
	Enough:  func(sample [][]byte) bool { return detect(sample) == 100 },
	Option:  "access-format",
	Resolve: resolve,
	New:     newDecoder,
	Places: []source.Place{{
		// DISTRIBUTION.YYYY-MM-DD-HH.ID.gz, anywhere: the hour that the records are of. What is late comes under its hour.
		Name: regexp.MustCompile(`^E[A-Z0-9]+\.(\d{4}-\d\d-\d\d-\d\d)\.[0-9A-Za-z]+\.gz$`), Stamp: "2006-01-02-15",
		Before: time.Hour, After: time.Hour, Step: time.Hour,
	}},
}

// standard are the fields of the first version, in their order; later files have more of them.
var standard = strings.Fields("date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) " +
	"cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol " +
	"ssl-cipher x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port time-to-first-byte " +
	"x-edge-detailed-result-type sc-content-type sc-content-len sc-range-start sc-range-end")

// realTime are the fields of a real-time log that has them all.
var realTime = strings.Fields("timestamp c-ip time-to-first-byte sc-status sc-bytes cs-method cs-protocol cs-host cs-uri-stem cs-bytes " +
	"x-edge-location x-edge-request-id x-host-header time-taken cs-protocol-version c-ip-version cs-user-agent cs-referer cs-cookie cs-uri-query " +
	"x-edge-response-result-type x-forwarded-for ssl-protocol ssl-cipher x-edge-result-type fle-encrypted-fields fle-status sc-content-type " +
	"sc-content-len sc-range-start sc-range-end c-port x-edge-detailed-result-type c-country cs-accept-encoding cs-accept " +
	"cache-behavior-path-pattern cs-headers cs-header-names cs-headers-count origin-fbl origin-lbl asn")

// shortRealTime is how many fields those logs had before the origin's were added.
const shortRealTime = 40

var (
	fieldsLine   = regexp.MustCompile(`^#Fields:.*\b(x-edge-location|x-edge-request-id|cs-uri-stem)\b`)
	standardLine = regexp.MustCompile(`^\d{4}-\d\d-\d\d\t\d\d:\d\d:\d\d\t[A-Z]{3}[A-Z0-9-]*\t\d+\t[0-9A-Fa-f:.]+\t[A-Z]+\t`)
	realTimeLine = regexp.MustCompile(`^\d{9,10}(\.\d+)?\t[0-9A-Fa-f:.]+\t`)
	objectNames  = regexp.MustCompile(`"(x-edge-location|x-edge-request-id|cs-uri-stem|x_edge_location|x_edge_request_id|cs_uri_stem)"\s*:`)
)

func detect(sample [][]byte) int {
	var names *field.CSV
	for _, rec := range sample {
		if fieldsLine.Match(rec) {
			return 100
		}
	}
	if names = header(field.First(sample)); names != nil {
		return 100
	}
	return field.Share(sample, func(rec []byte) bool {
		return standardLine.Match(rec) || isObject(rec) && objectNames.Match(rec) || realTimeLine.Match(rec) && allFields(rec)
	})
}

func isObject(rec []byte) bool { return bytes.HasPrefix(bytes.TrimLeft(rec, " \t\r\n"), []byte("{")) }

func allFields(rec []byte) bool {
	n := bytes.Count(rec, []byte{'\t'}) + 1
	return n == shortRealTime || n == len(realTime)
}

// header reads the header of lines of values between commas; nil where the line is none of this log.
func header(line []byte) *field.CSV {
	c, ok := field.ParseCSV(line)
	if !ok || !slices.Contains(c.Names, "x_edge_location") && !slices.Contains(c.Names, "cs_uri_stem") {
		return nil
	}
	return c
}

// resolve takes the field lists that were given.
func resolve(sample [][]byte, given [][]string) ([][]string, error) {
	var lists [][]string
	for _, g := range given {
		if names, ok := strings.CutPrefix(g[0], "#Fields:"); ok {
			lists = append(lists, strings.Fields(names))
		}
	}
	if lists != nil && slices.ContainsFunc(sample, func(rec []byte) bool { return bytes.IndexByte(rec, '\t') > 0 && rec[0] != '#' }) {
		return lists, nil
	}
	if detect(sample) == 0 {
		return nil, errors.New("no record is of CloudFront")
	}
	return nil, nil
}

// decoder decodes the records of a log.
type decoder struct {
	opt     logs.Options
	row     *row
	objects *field.Objects
	csv     *field.CSV
	names   []string // of the fields in force; nil: told from the line
	columns []place  // their places
	extra   []byte
	used    []string
}

func newDecoder(opt logs.Options) logs.Decoder {
	d := &decoder{opt: opt, row: newRow(opt.Capture), objects: field.NewObjects(ownColumns)}
	if len(opt.Formats) > 0 {
		d.setNames(opt.Formats[0])
	}
	return d
}

func (d *decoder) Batches() []*logs.Batch { return []*logs.Batch{&d.row.table.Batch} }

func (d *decoder) Format() string {
	return field.Warned(strings.Join(d.used, " | "), d.objects.Spelling.Warning())
}

func (d *decoder) use(how string) {
	if !slices.Contains(d.used, how) {
		d.used = append(d.used, how)
	}
}

// setNames takes the names of the fields of the lines that follow.
func (d *decoder) setNames(names []string) {
	d.names, d.columns = names, d.columns[:0]
	swapped := slices.Contains(names, "cs-host")
	for _, name := range names {
		d.columns = append(d.columns, d.row.place(name, swapped))
	}
	d.use("fields: " + strings.Join(names, " "))
}

func (d *decoder) Decode(rec []byte, meta logs.Meta) (logs.Outcome, int64, int64, error) {
	if len(rec) > 0 && rec[0] == '#' {
		if names, ok := bytes.CutPrefix(rec, []byte("#Fields:")); ok {
			d.setNames(strings.Fields(string(names)))
		}
		return logs.Header, logs.NoTime, logs.NoTime, nil
	}
	if len(rec) > 0 && rec[0] != '{' && bytes.IndexByte(rec, '\t') < 0 {
		if c := header(rec); c != nil {
			d.csv = c
			return logs.Header, logs.NoTime, logs.NoTime, nil
		}
	}
	d.row.begin()
	var err error
	switch {
	case isObject(rec):
		meta, err = d.object(rec, meta, "JSON objects")
	case d.csv != nil && bytes.IndexByte(rec, '\t') < 0:
		if rec, err = d.csv.Object(rec); err == nil {
			meta, err = d.object(rec, meta, "comma-separated values under a header")
		}
	default:
		err = d.line(rec)
	}
	if err != nil {
		return logs.Row, 0, 0, err
	}
	at, err := d.row.end()
	if err != nil {
		return logs.Row, 0, 0, err
	}
	return d.opt.Row(at, at, func() error { return d.row.table.Write(meta, &d.opt) })
}

// object reads a record that is an object.
func (d *decoder) object(rec []byte, meta logs.Meta, how string) (logs.Meta, error) {
	swapped := bytes.Contains(rec, []byte(`"cs-host"`))
	extra, escaped, err := d.objects.Read(rec, func(name, text []byte) (bool, error) {
		at := d.row.place(string(name), swapped)
		if at.kind == unknown {
			return false, nil
		}
		return true, d.row.set(at, text)
	})
	if err != nil {
		return meta, err
	}
	if extra != nil {
		d.row.table.SetText(d.row.extra, extra)
	}
	if escaped {
		d.row.table.SetEscaped()
	}
	if group, stream, ok := d.objects.Stream(); ok {
		meta.LogGroup, meta.LogStream = group, stream
	}
	d.use(how)
	return meta, nil
}

// line reads a line of fields between tabs.
func (d *decoder) line(rec []byte) error {
	rec = bytes.TrimRight(rec, "\r\n")
	if d.names == nil {
		switch {
		case standardLine.Match(rec):
			d.setNames(standard)
		case realTimeLine.Match(rec) && allFields(rec):
			d.setNames(realTime)
		default:
			return errors.New("nothing says what its fields are" + "\nhint: pass --access-format '#Fields: timestamp c-ip …'")
		}
	}
	d.extra = d.extra[:0]
	n := 0
	for value := range bytes.SplitSeq(rec, []byte{'\t'}) {
		at, name := place{kind: unknown}, ""
		if n < len(d.columns) {
			at, name = d.columns[n], d.names[n]
		} else {
			name = fmt.Sprintf("field %d", n+1)
		}
		n++
		if at.kind == unknown {
			d.keep(name, value)
		} else if err := d.row.set(at, value); err != nil {
			return err
		}
	}
	if n < 3 {
		return fmt.Errorf("%d fields, %d are named", n, len(d.names))
	}
	if len(d.extra) > 0 {
		d.row.table.SetText(d.row.extra, append(d.extra, '}'))
	}
	return nil
}

// keep puts a field that has no column into extra.
func (d *decoder) keep(name string, value []byte) {
	if len(value) == 0 || field.IsDash(value) {
		return
	}
	if len(d.extra) == 0 {
		d.extra = append(d.extra, '{')
	} else {
		d.extra = append(d.extra, ',')
	}
	text, escaped := field.ValidText(value)
	if escaped {
		d.row.table.SetEscaped()
	}
	d.extra = append(field.AppendQuoted(d.extra, []byte(name)), ':')
	d.extra = field.AppendQuoted(d.extra, text)
}

// undo takes CloudFront's own encoding off a text: percent-encoding, once, and \xHH.
func undo(dst, text []byte) []byte {
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '%' && i+2 < len(text) {
			if b, ok := request.HexByte(text[i+1], text[i+2]); ok {
				dst, i = append(dst, b), i+2
				continue
			}
		}
		if c == '\\' && i+3 < len(text) && text[i+1] == 'x' {
			if b, ok := request.HexByte(text[i+2], text[i+3]); ok {
				dst, i = append(dst, b), i+3
				continue
			}
		}
		dst = append(dst, c)
	}
	return dst
}
