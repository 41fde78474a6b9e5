package httpd

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"case53/loader/logs"
	"case53/loader/logs/field"
	"case53/loader/logs/request"
)

// row is the row of store.httpd under way.
type row struct {
	table   *field.Table
	columns *request.Columns
	at      [traceHeader + 1]int // columns of plain texts and numbers

	client, clientHost, clientPort, time, request, url, path, query, method, protocol int
	traceRoot, instance, timeKind, duration, status, xff, extra, host                 int

	buf      []byte // texts whose escapes are undone
	line     request.Line
	hasLine  bool
	hostText []byte
	members  []byte // members of extra
	stream   [2]string
	id       []byte // of the instance that the stream names
}

func newRow(capture string) *row {
	t := field.NewTable(schema, "httpd", capture)
	r := &row{table: t, columns: request.NewColumns(t)}
	for what, name := range map[value]string{clientPort: "client_port", identName: "ident", userName: "remote_user", statusCode: "status",
		bytesOut: "bytes_out", bytesIn: "bytes_in", serverName: "server_name", serverPort: "server_port", refererHeader: "referer",
		agentHeader: "user_agent", forwardedHeader: "x_forwarded_for", traceHeader: "trace_id", requestMethod: "method", requestProtocol: "protocol"} {
		r.at[what] = t.MustColumn(name)
	}
	for name, at := range map[string]*int{"client": &r.client, "client_host": &r.clientHost, "client_port": &r.clientPort, "time": &r.time,
		"request": &r.request, "url": &r.url, "path": &r.path, "query": &r.query, "method": &r.method, "protocol": &r.protocol,
		"instance_id": &r.instance, "time_kind": &r.timeKind, "duration_us": &r.duration, "status": &r.status, "x_forwarded_for": &r.xff,
		"extra": &r.extra, "host": &r.host, "trace_root": &r.traceRoot} {
		*at = t.MustColumn(name)
	}
	return r
}

var instanceID = regexp.MustCompile(`\bi-[0-9a-f]{8,17}\b`)

func (r *row) begin(meta logs.Meta) {
	r.table.Begin()
	r.columns.Begin()
	r.buf, r.members, r.hasLine, r.line, r.hostText = r.buf[:0], r.members[:0], false, request.Line{}, nil
	if stream := [2]string{meta.LogGroup, meta.LogStream}; r.id == nil || r.stream != stream {
		r.stream, r.id = stream, []byte(instanceID.FindString(meta.LogStream))
		if len(r.id) == 0 {
			r.id = []byte(instanceID.FindString(meta.LogGroup))
		}
	}
	if len(r.id) > 0 {
		r.table.SetText(r.instance, r.id)
	}
}

// unescaped undoes the escapes of a text; it holds until the next record.
func (r *row) unescaped(text []byte) []byte {
	if bytes.IndexByte(text, '\\') < 0 {
		return text
	}
	at := len(r.buf)
	r.buf = unescape(r.buf, text)
	return r.buf[at:len(r.buf):len(r.buf)]
}

// controls are the letters that Apache writes for bytes.
var controls = map[byte]byte{'n': '\n', 't': '\t', 'r': '\r', 'b': '\b', 'v': '\v', 'f': '\f', '"': '"', '\\': '\\', '/': '/'}

// unescape appends the bytes that a text stands for.
func unescape(dst, text []byte) []byte {
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' || i+1 == len(text) {
			dst = append(dst, text[i])
			continue
		}
		c := text[i+1]
		switch {
		case c == 'x' && i+3 < len(text):
			if n, err := strconv.ParseUint(string(text[i+2:i+4]), 16, 8); err == nil {
				dst = append(dst, byte(n))
				i += 3
				continue
			}
		case c == 'u' && i+5 < len(text):
			if n, err := strconv.ParseUint(string(text[i+2:i+6]), 16, 16); err == nil {
				dst = append(dst, string(rune(n))...)
				i += 5
				continue
			}
		case controls[c] != 0:
			dst = append(dst, controls[c])
			i++
			continue
		}
		dst = append(dst, text[i])
	}
	return dst
}

// more keeps a text that no column has.
func (r *row) more(name string, text []byte) {
	if len(r.members) > 0 {
		r.members = append(r.members, ',')
	}
	valid, escaped := field.ValidText(text)
	if escaped {
		r.table.SetEscaped()
	}
	r.members = append(field.AppendQuoted(r.members, []byte(name)), ':')
	r.members = field.AppendQuoted(r.members, valid)
}

// setClient sets the client: an address, or a name where the server looks names up.
func (r *row) setClient(text []byte) {
	if r.table.Set(r.client, text) != nil {
		r.table.SetText(r.clientHost, text)
	}
}

// standard sets the fields of a line in a usual format.
func (r *row) standard(l *line) error {
	if at, ok := request.Time(l.time); ok {
		r.table.SetNumber(r.time, at)
	}
	r.setClient(l.client)
	if l.server != nil && !field.IsDash(l.server) {
		name, port := request.CutHost(l.server)
		r.table.SetText(r.at[serverName], name)
		if err := r.table.Set(r.at[serverPort], port); err != nil {
			return err
		}
	}
	if len(bytes.Trim(l.user, "- ")) == 0 {
		l.user = nil
	}
	for _, f := range [...]struct {
		what value
		text []byte
	}{{identName, l.ident}, {userName, l.user}, {statusCode, l.status}, {bytesOut, l.bytes}, {refererHeader, l.referer}, {agentHeader, l.agent}} {
		if err := r.table.Set(r.at[f.what], r.unescaped(f.text)); err != nil {
			return err
		}
	}
	if len(l.request) > 0 && !field.IsDash(l.request) {
		whole := r.unescaped(l.request)
		r.line, r.hasLine = request.CutLine(whole), true
		r.setLine(whole)
	}
	r.setTail(l.tail)
	return nil
}

// setLine sets a request line's parts, and the line itself where they do not make it up.
func (r *row) setLine(whole []byte) {
	l := r.line
	if l.Method != nil {
		r.table.SetText(r.method, l.Method)
	}
	if l.Protocol != nil {
		r.table.SetText(r.protocol, l.Protocol)
	}
	n := 0
	for _, part := range [][]byte{l.Method, l.URL, l.Protocol} {
		if part != nil {
			n += len(part) + 1
		}
	}
	if n-1 != len(whole) || len(l.URL) == 0 {
		r.table.SetText(r.request, whole)
	}
}

// setTail keeps what stands behind the user agent.
func (r *row) setTail(tail []byte) {
	if len(tail) == 0 {
		return
	}
	if inner, rest, ok := quotedText(tail); ok && len(bytes.TrimSpace(rest)) == 0 {
		switch {
		case field.IsDash(inner):
			return
		case isAddrList(inner):
			r.table.SetText(r.xff, r.unescaped(inner))
			return
		}
	}
	r.more("tail", tail)
}

// isAddrList says whether a text is addresses with commas between.
func isAddrList(text []byte) bool {
	for part := range bytes.SplitSeq(text, []byte{','}) {
		if _, ok := field.ParseAddr(bytes.TrimSpace(part)); !ok {
			return false
		}
	}
	return true
}

// formatted sets the values of a format that was given.
func (r *row) formatted(f *format, values [][]byte) error {
	r.table.SetText(r.timeKind, []byte(f.timeKind))
	var path, query []byte
	for i, d := range f.parts {
		text := r.unescaped(values[i])
		if len(text) == 0 || field.IsDash(text) {
			continue
		}
		if err := r.setValue(d, text, &path, &query); err != nil {
			return err
		}
	}
	if !r.hasLine && path != nil {
		r.line.URL = append(bytes.Clone(path), query...)
	}
	return nil
}

// setValue sets what a directive gave.
func (r *row) setValue(d directive, text []byte, path, query *[]byte) error {
	switch d.what {
	case clientAddr, clientName:
		r.setClient(text)
	case clfTime, isoTime, epochSeconds, epochMillis, epochMicros:
		return r.setTime(d, text)
	case requestLine:
		r.line, r.hasLine = request.CutLine(text), true
		r.setLine(text)
	case requestURL:
		*path, *query = text, nil
	case requestPath:
		*path = text
	case requestQuery:
		if text[0] != '?' {
			text = append([]byte{'?'}, text...)
		}
		*query = text
	case hostHeader:
		r.hostText = text
	case traceHeader:
		request.SetTrace(r.table, r.traceRoot, r.at[traceHeader], text)
	case inMicros, inMillis, inSeconds:
		return r.setDuration(d, text)
	case other:
		r.more(d.name, text)
	default:
		return r.table.Set(r.at[d.what], text)
	}
	return nil
}

func (r *row) setTime(d directive, text []byte) error {
	var at int64
	ok := false
	switch d.what {
	case clfTime:
		at, ok = request.Time(text)
	case isoTime:
		var zoned bool
		at, zoned, ok = field.TimeText(text)
		ok = ok && zoned
	default:
		places := map[value]int{epochSeconds: 6, epochMillis: 3, epochMicros: 0}[d.what]
		at, ok = scaled(text, places)
	}
	if !ok {
		return fmt.Errorf("%s %s is no time with an offset", d.name, field.Quoted(text))
	}
	r.table.SetNumber(r.time, at)
	return nil
}

func (r *row) setDuration(d directive, text []byte) error {
	micros, ok := scaled(text, map[value]int{inMicros: 0, inMillis: 3, inSeconds: 6}[d.what])
	if !ok {
		return fmt.Errorf("%s %s is no number", d.name, field.Quoted(text))
	}
	r.table.SetNumber(r.duration, micros)
	return nil
}

// scaled reads a decimal number times ten to a power, without going through a float.
func scaled(text []byte, power int) (int64, bool) {
	whole, fraction, _ := strings.Cut(string(text), ".")
	if len(fraction) > power {
		fraction = fraction[:power]
	}
	n, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", power-len(fraction)), 10, 64)
	return n, err == nil
}

// end finishes the row.
func (r *row) end() (int64, error) {
	at, ok := r.table.Number(r.time)
	if !ok {
		return 0, errNoTime
	}
	u := request.CutURL(r.line.URL)
	if u.Host != nil {
		r.columns.SetHost(u.Host)
	} else if r.hostText != nil {
		host, _ := request.CutHost(r.hostText)
		r.columns.SetHost(host)
	}
	if u.Path == nil && len(r.line.URL) > 0 {
		r.columns.SearchURL(r.line.URL)
	}
	r.columns.SetPath(u.Path, u.Query)
	n := len(u.Path)
	if u.Query != nil {
		n += 1 + len(u.Query)
	}
	if len(r.line.URL) > 0 && (n != len(r.line.URL) || u.Host != nil) {
		r.table.SetText(r.url, r.line.URL)
	}
	r.columns.Search(r.table.Text(r.at[agentHeader]), r.table.Text(r.at[refererHeader]), r.table.Text(r.xff), r.table.Text(r.at[userName]), r.hostText)
	r.columns.End()
	if len(r.members) > 0 {
		r.table.SetText(r.extra, append(append([]byte{'{'}, r.members...), '}'))
	}
	return at, nil
}
