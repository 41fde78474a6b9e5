// Package httpd reads the access logs of Apache httpd and nginx: the common, combined and vhost_combined formats with whatever
// stands behind them,
//
//	[web-1:80 ]192.0.2.9 - frank [28/Nov/2026:11:20:24 +0900] "GET /a\"b?q=\\x HTTP/1.1" 404 236[ "http://x/" "curl/7.88"[ …]]
//
// and formats of a user's own, which have to be given in Apache's or nginx's syntax.
//
//   - What the servers escaped is undone: request, referer and user agent are the bytes that the client sent. Apache writes \" \\ \t and
//     \xhh, nginx \xHH, and \u00HH with escape=json.
//   - A request is what stands in its quotes, whether it is HTTP or not: a TLS hello on port 80 has no method and no path.
//   - A user may hold spaces. Where the client is a name, it is kept as one.
//   - What stands behind the user agent goes into extra; one text in quotes that is a list of addresses is X-Forwarded-For.
//   - An event of several lines is its first line; the others are kept in extra.
//
// The package refuses a time without an offset, and a line that does not fit the format that was given.
package httpd

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"case53/loader/logs"
	"case53/loader/logs/field"
	"case53/loader/logs/request"
)

//go:embed httpd.sql
var schema string

// Type is the log type.
var Type = &logs.Type{
	Schema:  logs.Define("httpd.sql", schema),
	Detect:  detect,
	Enough:  func(sample [][]byte) bool { return detect(sample) == 100 },
	Option:  "access-format",
	Resolve: resolve,
	New:     newDecoder,
}

// resolve takes the formats that were given, where there are some.
func resolve(sample [][]byte, given [][]string) ([][]string, error) {
	if given == nil {
		return nil, nil
	}
	var formats []*format
	for _, g := range given {
		if strings.HasPrefix(g[0], "#Fields:") {
			continue // a list of fields is of another log
		}
		f, err := parseFormat(g[0])
		if err != nil {
			return nil, err
		}
		formats = append(formats, f)
	}
	for _, rec := range sample {
		for _, f := range formats {
			if _, err := f.match(firstLine(rec), nil); err == nil {
				return given, nil
			}
		}
	}
	if detect(sample) > 0 {
		return nil, nil // of a server that writes one of the usual formats
	}
	return nil, errors.New("no record fits the access format that was given")
}

// gatewayTail are the two ids that end a line of API Gateway's, which is in the common format before them.
var gatewayTail = regexp.MustCompile(` (-|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}) [A-Za-z0-9+/=_-]{10,}\s*$`)

func detect(sample [][]byte) int {
	var l line
	return field.Share(sample, func(rec []byte) bool { return l.cut(firstLine(rec)) == nil && !gatewayTail.Match(rec) })
}

// line is a line of one of the usual formats, cut into its fields, still escaped.
type line struct {
	server, client, ident, user, time, request, status, bytes, referer, agent, tail []byte
	hasAgent                                                                        bool
}

var (
	errTime    = errors.New("no time in brackets, with its offset")
	errClient  = errors.New("no client, ident and user before the time")
	errRequest = errors.New("no request in quotes after the time")
	errStatus  = errors.New("no status and bytes after the request")
)

// cut cuts a line.
func (l *line) cut(rec []byte) error {
	*l = line{}
	at := 0
	for {
		n := bytes.Index(rec[at:], []byte(" ["))
		if n < 0 {
			return errTime
		}
		at += n
		if rest := rec[at+2:]; len(rest) > request.TimeLength && rest[request.TimeLength] == ']' {
			if _, ok := request.Time(rest[:request.TimeLength]); ok {
				break
			}
		}
		at++
	}
	if err := l.cutWho(rec[:at]); err != nil {
		return err
	}
	l.time = rec[at+2 : at+2+request.TimeLength]
	rest := bytes.TrimLeft(rec[at+3+request.TimeLength:], " ")
	var ok bool
	if l.request, rest, ok = quotedText(rest); !ok {
		return errRequest
	}
	l.status, rest = token(rest)
	l.bytes, rest = token(rest)
	if !isCount(l.status, 3) || !isCount(l.bytes, 18) {
		return errStatus
	}
	if referer, after, ok := quotedText(bytes.TrimLeft(rest, " ")); ok {
		if agent, after, ok := quotedText(bytes.TrimLeft(after, " ")); ok {
			l.referer, l.agent, l.hasAgent, rest = referer, agent, true, after
		}
	}
	l.tail = bytes.TrimSpace(rest)
	return nil
}

// cutWho cuts what stands before the time: a server with its port, or one before an address; client, ident, user.
func (l *line) cutWho(text []byte) error {
	first, rest := token(text)
	second, after := token(rest)
	_, isAddr := field.ParseAddr(first)
	_, nextIsAddr := field.ParseAddr(second)
	if colon := bytes.LastIndexByte(first, ':'); !isAddr && (nextIsAddr || colon > 0 && field.AllDigits(first[colon+1:])) {
		l.server, l.client, rest = first, second, after
	} else {
		l.client = first
	}
	l.ident, rest = token(rest)
	if l.user = bytes.TrimSpace(rest); len(l.user) == 0 || !isHost(l.client) {
		return errClient
	}
	return nil
}

// isHost takes what an address or the name of a host is made of.
func isHost(text []byte) bool {
	for _, c := range text {
		if c|0x20-'a' >= 26 && c-'0' >= 10 && bytes.IndexByte([]byte(".:-_"), c) < 0 && c < 0x80 {
			return false
		}
	}
	return len(text) > 0
}

// token cuts the first word off.
func token(text []byte) (word, rest []byte) {
	text = bytes.TrimLeft(text, " ")
	if at := bytes.IndexByte(text, ' '); at >= 0 {
		return text[:at], text[at:]
	}
	return text, nil
}

func isCount(text []byte, most int) bool {
	return field.IsDash(text) || field.AllDigits(text) && len(text) <= most
}

// quotedText cuts a text in quotes off, up to the quote that no backslash stands before.
func quotedText(text []byte) (inner, rest []byte, ok bool) {
	if len(text) < 2 || text[0] != '"' {
		return nil, nil, false
	}
	end := quoteEnd(text[1:], []byte{'"'})
	if end < 0 {
		return nil, nil, false
	}
	return text[1 : 1+end], text[end+2:], true
}

// firstLine is a record's first line: an agent may join lines.
func firstLine(rec []byte) []byte {
	if at := bytes.IndexByte(rec, '\n'); at >= 0 {
		return bytes.TrimRight(rec[:at], "\r")
	}
	return rec
}

type decoder struct {
	opt     logs.Options
	row     *row
	line    line
	formats []*format
	values  [][]byte
	used    []string
}

func newDecoder(opt logs.Options) logs.Decoder {
	d := &decoder{opt: opt, row: newRow(opt.Capture)}
	for _, given := range opt.Formats {
		if f, err := parseFormat(given[0]); err == nil { // resolve has said what is wrong
			d.formats = append(d.formats, f)
		}
	}
	return d
}

func (d *decoder) Batches() []*logs.Batch { return []*logs.Batch{&d.row.table.Batch} }

func (d *decoder) Format() string { return strings.Join(d.used, " | ") }

func (d *decoder) use(how string) {
	for _, u := range d.used {
		if u == how {
			return
		}
	}
	d.used = append(d.used, how)
}

func (d *decoder) Decode(rec []byte, meta logs.Meta) (logs.Outcome, int64, int64, error) {
	first := firstLine(rec)
	d.row.begin(meta)
	if err := d.read(first); err != nil {
		return logs.Row, 0, 0, err
	}
	if len(first) < len(rec) {
		d.row.more("more_lines", rec[len(first):])
	}
	at, err := d.row.end()
	if err != nil {
		return logs.Row, 0, 0, err
	}
	return d.opt.Row(at, at, func() error { return d.row.table.Write(meta, &d.opt) })
}

// read reads a line in the first format that it fits.
func (d *decoder) read(rec []byte) error {
	var first error
	for _, f := range d.formats {
		values, err := f.match(rec, d.values[:0])
		if err == nil {
			d.values = values
			d.use("access format " + f.written)
			return d.row.formatted(f, values)
		}
		if first == nil {
			first = err
		}
	}
	if err := d.line.cut(rec); err != nil {
		if first != nil {
			err = first
		}
		return err
	}
	d.use(d.line.form())
	return d.row.standard(&d.line)
}

// form names the format of a line.
func (l *line) form() string {
	how := "common"
	if l.hasAgent {
		how = "combined"
	}
	if l.server != nil {
		how = "vhost_" + how
	}
	if len(l.tail) > 0 {
		how += " and more"
	}
	return how
}

var errNoTime = fmt.Errorf("time is missing")
