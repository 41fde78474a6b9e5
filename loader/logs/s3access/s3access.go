// Package s3access reads Amazon S3 server access logs: lines of up to 27 fields between spaces, some in quotes,
//
//	79a5… bucket [06/Feb/2019:00:00:38 +0000] 192.0.2.3 79a5… 3E57427F3EXAMPLE REST.GET.OBJECT key "GET /bucket/key HTTP/1.1" 200 - 113 …
//
// and JSON objects with AWS's names.
//
//   - S3 does not escape quotes, so that a client can write what looks like the fields behind its request. A line is cut from both
//     ends: eight fields from the left, those behind the user agent from the right, as each has a strict shape. What is between is cut at
//     the first place where the rest fits; where there are more, ambiguous says how many.
//   - Older lines have 17, 18, 24 or 25 fields: what is not there is NULL. More than is known is kept in extra.
//   - Times carry an offset. "-" is NULL; as requester it is nobody in particular.
//
// The package refuses a line that cannot be cut.
package s3access

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"case53/loader/logs"
	"case53/loader/logs/field"
	"case53/loader/logs/request"
	"case53/loader/source"
)

//go:embed s3access.sql
var schema string

// Type is the log type.
var Type = &logs.Type{
	Schema: logs.Define("s3access.sql", schema),
	Detect: detect,
	Enough: func(sample [][]byte) bool { return detect(sample) == 100 },
	New:    newDecoder,
	Places: []source.Place{{
		// PREFIX YYYY-mm-DD-HH-MM-SS-ID, anywhere: when it was delivered, hours after what it tells of.
		Name: regexp.MustCompile(`(\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d)-[0-9A-F]{16}$`), Stamp: "2006-01-02-15-04-05",
		Before: 5 * time.Minute, After: 48 * time.Hour,
	}},
}

var (
	left = regexp.MustCompile(`^([0-9a-f]{2,64}|-) (\S+) \[([^\]]+)\] (\S+) (\S+) (\S+) ((?:REST|SOAP|WEBSITE|BATCH|S3)\.\S+) (\S+) `)
	// behind a request: status, error, bytes, size, two times
	middle = regexp.MustCompile(`^(\d{3}|-) (-|[A-Za-z0-9]+) (\d+|-) (\d+|-) (\d+|-) (\d+|-) ("|-)`)
	// what an object has of such a log
	names = []string{"bucket_name", "request_uri", "operation"}
)

// tail are the fields behind the user agent, and the shapes that they have.
var tail = []struct {
	name  string
	shape *regexp.Regexp
}{
	{"version_id", regexp.MustCompile(`^[A-Za-z0-9._-]+$`)}, {"host_id", regexp.MustCompile(`^(-|[A-Za-z0-9+/=_-]{8,})$`)},
	{"signature_version", regexp.MustCompile(`^(-|SigV\w+)$`)}, {"cipher_suite", regexp.MustCompile(`^[A-Z0-9_-]+$|^-$`)},
	{"authentication_type", regexp.MustCompile(`^(-|AuthHeader|QueryString|[A-Za-z]+)$`)}, {"host_header", regexp.MustCompile(`^\S+$`)},
	{"tls_version", regexp.MustCompile(`^(?i:-|TLSv[\d.]+)$`)}, {"access_point_arn", regexp.MustCompile(`^\S+$`)},
	{"acl_required", regexp.MustCompile(`^\S+$`)}, {"source_region", regexp.MustCompile(`^\S+$`)},
}

func detect(sample [][]byte) int {
	o := field.NewObjects(nil)
	return field.Share(sample, func(rec []byte) bool {
		if bytes.HasPrefix(bytes.TrimLeft(rec, " \t\r\n"), []byte("{")) {
			have, err := o.Names(rec)
			return err == nil && !slices.ContainsFunc(names, func(name string) bool {
				return !slices.ContainsFunc(have, func(h []byte) bool { return string(h) == name })
			})
		}
		m := left.FindSubmatch(rec)
		if m == nil {
			return false
		}
		_, ok := request.Time(m[3])
		return ok
	})
}

// objectNames are the names of JSON that are not those of the log's fields.
var objectNames = map[string]string{"bucket_name": "bucket", "request_time": "time", "bucket_owner_id": "bucket_owner", "key_name": "key",
	"bytes_sent_size": "bytes_sent", "total_duration": "total_time", "turn_around_duration": "turn_around_time", "remote_ip": "remote"}

// columnNames are the fields that are a column as they are.
var columnNames = []string{"bucket_owner", "bucket", "time", "requester", "request_id", "operation", "key", "request_uri", "http_status", "error_code",
	"bytes_sent", "object_size", "total_time", "turn_around_time", "referer", "user_agent", "version_id", "host_id", "signature_version",
	"cipher_suite", "authentication_type", "host_header", "tls_version", "access_point_arn", "acl_required", "source_region", "remote"}

var ownColumns = field.OwnColumns(schema, "s3_access", func(column string) bool {
	return slices.Contains(columnNames, column) || objectNames[column] != ""
})

type decoder struct {
	opt     logs.Options
	table   *field.Table
	columns *request.Columns
	objects *field.Objects
	at      map[string]int
	used    []string
}

func newDecoder(opt logs.Options) logs.Decoder {
	t := field.NewTable(schema, "s3_access", opt.Capture)
	d := &decoder{opt: opt, table: t, columns: request.NewColumns(t), objects: field.NewObjects(ownColumns), at: map[string]int{}}
	for _, name := range append([]string{"method", "ambiguous", "extra", "host"}, columnNames...) {
		d.at[name] = t.MustColumn(name)
	}
	return d
}

func (d *decoder) Batches() []*logs.Batch { return []*logs.Batch{&d.table.Batch} }

func (d *decoder) Format() string {
	return field.Warned(strings.Join(d.used, " | "), d.objects.Spelling.Warning())
}

func (d *decoder) use(how string) {
	if !slices.Contains(d.used, how) {
		d.used = append(d.used, how)
	}
}

func (d *decoder) Decode(rec []byte, meta logs.Meta) (logs.Outcome, int64, int64, error) {
	d.table.Begin()
	d.columns.Begin()
	var err error
	if bytes.HasPrefix(bytes.TrimLeft(rec, " \t\r\n"), []byte("{")) {
		meta, err = d.object(rec, meta)
	} else {
		err = d.line(bytes.TrimRight(rec, " \r\n"))
	}
	if err != nil {
		return logs.Row, 0, 0, err
	}
	at, ok := d.table.Number(d.at["time"])
	if !ok {
		return logs.Row, 0, 0, errors.New("time is missing")
	}
	d.end()
	return d.opt.Row(at, at, func() error { return d.table.Write(meta, &d.opt) })
}

// set sets a field by its name.
func (d *decoder) set(name string, text []byte) error {
	if name == "time" {
		at, ok := request.Time(text)
		if !ok {
			at, ok = field.Time(text)
		}
		if !ok {
			return fmt.Errorf("time %s is no time with an offset", field.Quoted(text))
		}
		d.table.SetNumber(d.at["time"], at)
		return nil
	}
	return d.table.Set(d.at[name], text)
}

// object reads a record that is an object.
func (d *decoder) object(rec []byte, meta logs.Meta) (logs.Meta, error) {
	extra, escaped, err := d.objects.Read(rec, func(name, text []byte) (bool, error) {
		column := string(name)
		if other := objectNames[column]; other != "" {
			column = other
		}
		if !slices.Contains(columnNames, column) {
			return false, nil
		}
		return true, d.set(column, bytes.Trim(text, `"`))
	})
	if err != nil {
		return meta, err
	}
	if extra != nil {
		d.table.SetText(d.at["extra"], extra)
	}
	if escaped {
		d.table.SetEscaped()
	}
	if group, stream, ok := d.objects.Stream(); ok {
		meta.LogGroup, meta.LogStream = group, stream
	}
	d.use("JSON objects")
	return meta, nil
}

// line reads a line, from both ends.
func (d *decoder) line(rec []byte) error {
	m := left.FindSubmatch(rec)
	if m == nil {
		return errors.New("does not begin with owner, bucket, time, client, requester, request id, operation and key")
	}
	for i, name := range []string{"bucket_owner", "bucket", "time", "remote", "requester", "request_id", "operation", "key"} {
		if err := d.set(name, m[1+i]); err != nil {
			return err
		}
	}
	cuts := cutsOf(rec[len(m[0]):])
	if len(cuts) == 0 {
		return errors.New("no request, status and user agent that fit what stands behind them")
	}
	c := cuts[0]
	if len(cuts) > 1 {
		d.table.SetText(d.at["ambiguous"], []byte(strconv.Itoa(len(cuts))))
	}
	values := []struct {
		name string
		text []byte
	}{{"request_uri", c.request}, {"http_status", c.numbers[0]}, {"error_code", c.numbers[1]}, {"bytes_sent", c.numbers[2]},
		{"object_size", c.numbers[3]}, {"total_time", c.numbers[4]}, {"turn_around_time", c.numbers[5]}, {"referer", c.referer}, {"user_agent", c.agent}}
	for i, text := range c.tail[:min(len(c.tail), len(tail))] {
		values = append(values, struct {
			name string
			text []byte
		}{tail[i].name, text})
	}
	for _, v := range values {
		if err := d.set(v.name, v.text); err != nil {
			return err
		}
	}
	if len(c.tail) > len(tail) {
		d.surplus(c.tail[len(tail):])
	}
	d.use(fmt.Sprintf("%d fields", 17+len(c.tail)))
	return nil
}

// surplus keeps fields that nobody knows.
func (d *decoder) surplus(tokens [][]byte) {
	extra := []byte(`{"surplus":[`)
	for i, token := range tokens {
		if i > 0 {
			extra = append(extra, ',')
		}
		text, escaped := field.ValidText(token)
		if escaped {
			d.table.SetEscaped()
		}
		extra = field.AppendQuoted(extra, text)
	}
	d.table.SetText(d.at["extra"], append(extra, "]}"...))
}

// cut is a way to cut what stands behind the key.
type cut struct {
	request, referer, agent []byte
	numbers                 [6][]byte
	tail                    [][]byte
}

// mostCuts bounds the ways that are told of a line.
const mostCuts = 100

// cutsOf gives every way in which a text can be request, numbers, referer, user agent and tail, the request that ends first first.
func cutsOf(text []byte) (cuts []cut) {
	for at := 0; at < len(text) && len(cuts) < mostCuts; at++ {
		var c cut
		var rest []byte
		switch {
		case at == 0 && bytes.HasPrefix(text, []byte("- ")):
			rest = text[2:]
		case at > 0 && text[0] == '"' && text[at] == '"' && at+1 < len(text) && text[at+1] == ' ':
			c.request, rest = text[1:at], text[at+2:]
		default:
			continue
		}
		m := middle.FindSubmatch(rest)
		if m == nil {
			continue
		}
		copy(c.numbers[:], m[1:7])
		cuts = append(cuts, cutTexts(c, rest[len(m[0])-len(m[7]):], mostCuts-len(cuts))...)
	}
	return cuts
}

// cutTexts cuts referer, user agent and tail: the tail holds no quote, so that the last one ends the user agent.
func cutTexts(c cut, text []byte, most int) (cuts []cut) {
	last := bytes.LastIndexByte(text, '"')
	rest := text
	if last >= 0 {
		rest = text[last+1:]
	}
	if c.tail = bytes.Fields(rest); !fits(c.tail) {
		return nil
	}
	if last < 0 {
		return nil
	}
	if bytes.HasPrefix(text, []byte(`- "`)) && last >= 3 {
		c.agent = text[3:last]
		return []cut{c}
	}
	if text[0] != '"' || last < 2 {
		return nil
	}
	inner := text[1:last]
	for at := 0; at < len(inner) && len(cuts) < most; {
		n := bytes.Index(inner[at:], []byte(`" "`))
		if n < 0 {
			break
		}
		one := c
		one.referer, one.agent = inner[:at+n], inner[at+n+3:]
		cuts = append(cuts, one)
		at += n + 1
	}
	return cuts
}

// fits says whether fields behind the user agent have the shapes of theirs.
func fits(fields [][]byte) bool {
	for i, f := range fields[:min(len(fields), len(tail))] {
		if !tail[i].shape.Match(f) {
			return false
		}
	}
	return true
}

// end settles what is worked out.
func (d *decoder) end() {
	line := request.CutLine(d.table.Text(d.at["request_uri"]))
	if line.Method != nil {
		d.table.SetText(d.at["method"], line.Method)
	}
	u := request.CutURL(line.URL)
	if u.Path == nil && len(line.URL) > 0 {
		d.columns.SearchURL(line.URL)
	}
	d.columns.SetPath(u.Path, u.Query)
	host := u.Host
	if host == nil {
		host, _ = request.CutHost(d.table.Text(d.at["host_header"]))
	}
	d.columns.SetHost(host)
	d.columns.Search(d.table.Text(d.at["user_agent"]), d.table.Text(d.at["referer"]), d.table.Text(d.at["key"]))
	d.columns.End()
}
