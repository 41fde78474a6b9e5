// Package apigw reads the access logs of Amazon API Gateway, whose format is a stage's own: the four presets (CLF, JSON, XML, CSV),
// and JSON objects with the names that people give the variables of $context.
//
//		192.0.2.9 - - [10/Jun/2023:15:36:28 +0000] "GET /pets/{id} HTTP/1.1" 200 184 48752d0f-… GQIVriFLIAMEMsA=
//		{"requestId":"48752d0f-…","ip":"192.0.2.9","requestTime":"10/Jun/2023:15:36:28 +0000","httpMethod":"GET","resourcePath":"/pets", …}
//
//	  - A name is found whatever its case and what stands between its words: requestId, request_id, $context.requestId. Names that
//	    mean nothing here are kept in extra.
//	  - A time is requestTime, which has an offset, or requestTimeEpoch. Two that differ by more than a second: an error.
//	  - Values are not escaped by the template: a quote in a User-Agent breaks the object, and the record is an error that is kept.
//	  - The presets have the resource and not the path: path is NULL then, not the resource.
//
// The package refuses a line of values between commas of which there are not exactly eleven.
package apigw

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"case53/loader/logs"
	"case53/loader/logs/field"
	"case53/loader/logs/request"
)

//go:embed apigw.sql
var schema string

// Type is the log type.
var Type = &logs.Type{
	Schema: logs.Define("apigw.sql", schema),
	Detect: detect,
	Enough: func(sample [][]byte) bool { return detect(sample) == 100 },
	New:    newDecoder,
}

const (
	id  = `[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`
	ext = `[A-Za-z0-9+/=_-]{10,}`
)

var (
	clfLine = regexp.MustCompile(`^(\S+) (\S+) (\S.*?) \[([^\]]+)\] "(\S+) (.*) (\S+)" (\d{3}|-) (\d+|-) (-|` + id + `) (-|` + ext + `)\s*$`)
	xmlLine = regexp.MustCompile(`^<request id="([^"]*)"> ?<extendedRequestId>`)
	xmlPart = regexp.MustCompile(`<(\w+)>([^<]*)</(\w+)>`)
	csvLine = regexp.MustCompile(`^([0-9A-Fa-f.:]+|-),[^,]*,[^,]*,\d\d/[A-Z][a-z]{2}/\d{4}:[^,]*,[^,]*,[^,]*,[^,]*,(\d{3}|-),(\d+|-),(-|` + id + `),`)
)

// csvFields are the fields of the preset CSV, in order, and clfFields of the preset CLF.
var (
	csvFields = []string{"sourceIp", "caller", "user", "requestTime", "httpMethod", "resourcePath", "protocol", "status", "responseLength",
		"requestId", "extendedRequestId"}
	clfFields = []string{"sourceIp", "caller", "user", "requestTime", "httpMethod", "resourcePath", "protocol", "status", "responseLength",
		"requestId", "extendedRequestId"}
)

// fields are where names lead, squashed.
var fields = map[string]string{
	"ip": "source", "sourceip": "source", "identitysourceip": "source", "clientip": "source", "httpsourceip": "source",
	"requesttime": clfTime, "time": anyTime, "timestamp": anyTime, "requesttimeepoch": epochTime,
	"caller": "caller", "identitycaller": "caller", "user": "user", "identityuser": "user",
	"httpmethod": "http_method", "method": "http_method", "resourcepath": "resource_path", "path": "path", "rawpath": "path", "httppath": "path",
	"routekey": "route_key", "eventtype": "event_type", "protocol": "protocol", "status": "status", "statuscode": "status",
	"responselength": "response_length", "responselatency": "response_latency", "requestid": "request_id",
	"extendedrequestid": "extended_request_id", "connectionid": "connection_id", "xraytraceid": "xray_trace_id", "useragent": "user_agent",
	"identityuseragent": "user_agent", "wafstatus": "waf_status", "wafresponsecode": "waf_status", "integrationstatus": "integration_status",
	"errormessage": "error_message", "apiid": "api_id", "stage": "stage", "accountid": "account_id", "domainname": "domain_name", "host": "domain_name",
	"querystring": "query", "rawquerystring": "query",
}

// Fields that are no column.
const (
	clfTime   = "requestTime"
	epochTime = "requestTimeEpoch"
	anyTime   = "time or timestamp"
)

// fieldOf finds where a name leads.
func fieldOf(name []byte) string {
	name = bytes.TrimPrefix(bytes.TrimPrefix(name, []byte("$")), []byte("context."))
	return fields[string(field.Squash(nil, name))]
}

func isObject(rec []byte) bool { return bytes.HasPrefix(bytes.TrimLeft(rec, " \t\r\n"), []byte("{")) }

func detect(sample [][]byte) int {
	o := field.NewObjects(nil)
	return field.Share(sample, func(rec []byte) bool {
		if !isObject(rec) {
			return clfLine.Match(rec) || xmlLine.Match(rec) || csvLine.Match(rec)
		}
		names, err := o.Names(rec)
		return err == nil && marks(names)
	})
}

// marks says whether names are those of a request of an API: an id, and one that only such a log has.
func marks(names [][]byte) bool {
	var has, of = false, 0
	for _, name := range names {
		switch string(bytes.TrimPrefix(name, []byte("$context."))) {
		case "requestId", "extendedRequestId", "request_id":
			has = true
		case "requestTime", "requestTimeEpoch", "httpMethod", "routeKey", "eventType", "resourcePath", "request_time", "http_method":
			of++
		case "eventSource", "eventName", "webaclId", "userIdentity", "query_timestamp":
			return false
		}
	}
	return has && of > 0
}

type decoder struct {
	opt     logs.Options
	table   *field.Table
	columns *request.Columns
	objects *field.Objects
	at      map[string]int
	clock   int64 // the time by the first field that has one
	timed   bool
	path    []byte
	query   []byte
	used    []string
}

var ownColumns = field.OwnColumns(schema, "apigw", func(column string) bool { return fieldOf([]byte(column)) != "" })

func newDecoder(opt logs.Options) logs.Decoder {
	t := field.NewTable(schema, "apigw", opt.Capture)
	d := &decoder{opt: opt, table: t, columns: request.NewColumns(t), objects: field.NewObjects(ownColumns), at: map[string]int{}}
	for _, column := range fields {
		if c := t.Column(column); c >= 0 {
			d.at[column] = c
		}
	}
	d.at["time"], d.at["extra"] = t.MustColumn("time"), t.MustColumn("extra")
	return d
}

func (d *decoder) Batches() []*logs.Batch { return []*logs.Batch{&d.table.Batch} }

func (d *decoder) Format() string {
	return field.Warned(strings.Join(d.used, " | "), d.objects.Spelling.Warning())
}

func (d *decoder) Decode(rec []byte, meta logs.Meta) (logs.Outcome, int64, int64, error) {
	d.table.Begin()
	d.columns.Begin()
	d.timed, d.path, d.query = false, nil, nil
	how, meta, err := d.read(rec, meta)
	if err != nil {
		return logs.Row, 0, 0, err
	}
	if !d.timed {
		return logs.Row, 0, 0, errors.New("no time: neither requestTime nor requestTimeEpoch")
	}
	if !slices.Contains(d.used, how) {
		d.used = append(d.used, how)
	}
	d.end()
	at := d.clock
	return d.opt.Row(at, at, func() error { return d.table.Write(meta, &d.opt) })
}

// read reads a record of whichever form.
func (d *decoder) read(rec []byte, meta logs.Meta) (how string, _ logs.Meta, err error) {
	if isObject(rec) {
		meta, err = d.object(rec, meta)
		return "JSON objects", meta, err
	}
	rec = bytes.TrimSpace(rec)
	if m := clfLine.FindSubmatch(rec); m != nil {
		return "preset CLF", meta, d.values(clfFields, [][]byte{m[1], m[2], m[3], m[4], m[5], m[6], m[7], m[8], m[9], m[10], m[11]})
	}
	if m := xmlLine.FindSubmatch(rec); m != nil {
		if err := d.set("requestId", m[1]); err != nil {
			return "", meta, err
		}
		for _, part := range xmlPart.FindAllSubmatch(rec, -1) {
			if !bytes.Equal(part[1], part[3]) {
				return "", meta, fmt.Errorf("<%s> is closed by </%s>", part[1], part[3])
			}
			if err := d.set(string(part[1]), part[2]); err != nil {
				return "", meta, err
			}
		}
		return "preset XML", meta, nil
	}
	values := bytes.Split(rec, []byte{','})
	if len(values) != len(csvFields) {
		return "", meta, fmt.Errorf("no preset of API Gateway's: %d values between commas, CSV has %d", len(values), len(csvFields))
	}
	return "preset CSV", meta, d.values(csvFields, values)
}

func (d *decoder) values(names []string, values [][]byte) error {
	for i, name := range names {
		if err := d.set(name, values[i]); err != nil {
			return err
		}
	}
	return nil
}

// object reads a record that is an object.
func (d *decoder) object(rec []byte, meta logs.Meta) (logs.Meta, error) {
	extra, escaped, err := d.objects.Read(rec, func(name, text []byte) (bool, error) {
		if fieldOf(name) == "" {
			return false, nil
		}
		return true, d.set(string(name), text)
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
	return meta, nil
}

// set sets a field by its name.
func (d *decoder) set(name string, text []byte) error {
	if len(text) == 0 || field.IsDash(text) {
		return nil
	}
	switch column := fieldOf([]byte(name)); column {
	case clfTime, epochTime, anyTime:
		return d.setTime(name, text)
	case "path":
		d.path = bytes.Clone(text)
	case "query":
		d.query = bytes.Clone(text)
	case "":
	default:
		return d.table.Set(d.at[column], text)
	}
	return nil
}

// setTime reads a time: of the common log format, RFC 3339, or a number of milliseconds or seconds.
func (d *decoder) setTime(name string, text []byte) error {
	at, ok := request.Time(text)
	if !ok {
		var zoned bool
		if at, zoned, ok = field.TimeText(text); !zoned {
			ok = false
		}
	}
	if n, err := strconv.ParseInt(string(text), 10, 64); err == nil {
		switch len(text) {
		case len("1686411388000"):
			at, ok = n*1000, true
		case len("1686411388"):
			at, ok = n*1_000_000, true
		}
	}
	if !ok {
		return fmt.Errorf("%s %s is no time with an offset", name, field.Quoted(text))
	}
	const second = 1_000_000
	if d.timed && (at-d.clock > second || d.clock-at > second) {
		return fmt.Errorf("%s %s is another time than the record has before", name, field.Quoted(text))
	}
	if !d.timed || at%second != 0 { // the finer one
		d.clock, d.timed = at, true
		d.table.SetNumber(d.at["time"], at)
	}
	return nil
}

// end settles what is worked out.
func (d *decoder) end() {
	d.columns.SetHost(d.table.Text(d.at["domain_name"]))
	path, query := d.path, d.query
	if before, after, ok := bytes.Cut(path, []byte{'?'}); ok && query == nil {
		path, query = before, after
	}
	d.columns.SetPath(path, query)
	d.columns.Search(d.table.Text(d.at["user_agent"]))
	d.columns.End()
}
