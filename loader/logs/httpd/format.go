package httpd

import (
	"bytes"
	"fmt"
	"strings"

	"case53/loader/logs/request"
)

// A format is Apache's LogFormat or nginx's log_format: directives with text between. What a directive gives ends where that
// text goes on; in quotes at the quote that no backslash stands before.

// directive is what a place in a line holds.
type directive struct {
	name   string // as written; key of extra where it is no column
	what   value
	quoted bool   // in quotes: the value is escaped
	text   []byte // what follows it
}

// value is what a directive gives.
type value uint8

const (
	other value = iota
	clientAddr
	clientPort
	clientName
	identName
	userName
	clfTime
	isoTime
	epochSeconds
	epochMillis
	epochMicros
	requestLine
	requestMethod
	requestPath
	requestQuery
	requestURL
	requestProtocol
	statusCode
	bytesOut
	bytesIn
	inMicros
	inMillis
	inSeconds
	serverName
	serverPort
	hostHeader
	refererHeader
	agentHeader
	forwardedHeader
	traceHeader
)

// apache are Apache's directives without their modifiers.
var apache = map[string]value{"h": clientName, "a": clientAddr, "{c}a": clientAddr, "l": identName, "u": userName, "t": clfTime, "r": requestLine,
	"s": statusCode, "b": bytesOut, "B": bytesOut, "O": bytesOut, "I": bytesIn, "D": inMicros, "{us}T": inMicros, "{ms}T": inMillis,
	"T": inSeconds, "{s}T": inSeconds, "v": serverName, "V": serverName, "p": serverPort, "{remote}p": clientPort, "m": requestMethod, "U": requestPath,
	"q": requestQuery, "H": requestProtocol, "{sec}t": epochSeconds, "{msec}t": epochMillis, "{usec}t": epochMicros,
	"{host}i": hostHeader, "{referer}i": refererHeader, "{user-agent}i": agentHeader, "{x-forwarded-for}i": forwardedHeader,
	"{x-amzn-trace-id}i": traceHeader}

// nginx are nginx's variables.
var nginx = map[string]value{"remote_addr": clientAddr, "remote_port": clientPort, "remote_user": userName, "time_local": clfTime,
	"time_iso8601": isoTime, "msec": epochSeconds, "request": requestLine, "request_method": requestMethod, "request_uri": requestURL, "uri": requestPath,
	"args": requestQuery, "query_string": requestQuery, "server_protocol": requestProtocol, "status": statusCode, "bytes_sent": bytesOut,
	"body_bytes_sent": bytesOut, "request_length": bytesIn, "request_time": inSeconds, "server_name": serverName, "server_port": serverPort,
	"host": hostHeader, "http_host": hostHeader, "http_referer": refererHeader, "http_user_agent": agentHeader,
	"http_x_forwarded_for": forwardedHeader, "http_x_amzn_trace_id": traceHeader}

// format is a format that was given.
type format struct {
	text     []byte // before the first directive
	parts    []directive
	timeKind string // arrival or end: Apache's time is the request's, nginx's that of writing
	written  string
}

// parseFormat reads a format in Apache's or nginx's syntax.
func parseFormat(written string) (*format, error) {
	f := &format{written: written, timeKind: "arrival"}
	read := apacheDirective
	if strings.Contains(written, "$") && !strings.Contains(written, "%h") && !strings.Contains(written, "%a") {
		f.timeKind, read = "end", nginxVariable
	}
	var text []byte
	put := func() {
		if len(f.parts) == 0 {
			f.text = text
		} else {
			f.parts[len(f.parts)-1].text = text
		}
		text = nil
	}
	for rest := written; rest != ""; {
		d, n, err := read(rest)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			if strings.HasPrefix(rest, `\"`) { // as the configuration file writes it
				rest = rest[1:]
			}
			text = append(text, rest[0])
			rest = rest[1:]
			continue
		}
		if d.name == "%%" {
			text, rest = append(text, '%'), rest[n:]
			continue
		}
		if d.what == clfTime && f.timeKind == "arrival" { // %t has its brackets with it
			text = append(text, '[')
		}
		d.quoted = len(text) > 0 && text[len(text)-1] == '"'
		put()
		f.parts = append(f.parts, d)
		if rest = rest[n:]; d.what == clfTime && f.timeKind == "arrival" {
			text = append(text, ']')
		}
	}
	put()
	return f, f.check()
}

// check says what a format lacks.
func (f *format) check() error {
	has := map[value]bool{}
	for i, d := range f.parts {
		has[d.what] = true
		if i+1 < len(f.parts) && len(d.text) == 0 {
			return fmt.Errorf("access format %q: nothing between %s and %s tells where one ends", f.written, d.name, f.parts[i+1].name)
		}
	}
	switch {
	case !has[clfTime] && !has[isoTime] && !has[epochSeconds] && !has[epochMillis] && !has[epochMicros]:
		return fmt.Errorf("access format %q: no time in it", f.written)
	case !has[requestLine] && !has[requestPath] && !has[requestURL]:
		return fmt.Errorf("access format %q: no request in it", f.written)
	}
	return nil
}

// apacheDirective reads the directive that text begins with; n is 0 where it begins with none.
func apacheDirective(text string) (d directive, n int, err error) {
	if text[0] != '%' {
		return d, 0, nil
	}
	if strings.HasPrefix(text, "%%") {
		return directive{name: "%%"}, 2, nil
	}
	i := 1
	for i < len(text) && strings.IndexByte("<>!,0123456789", text[i]) >= 0 { // modifiers: which request, for which statuses
		i++
	}
	from := i
	if i < len(text) && text[i] == '{' {
		end := strings.IndexByte(text[i:], '}')
		if end < 0 {
			return d, 0, fmt.Errorf("access format: %q has no }", text)
		}
		i += end + 1
	}
	if strings.HasPrefix(text[min(i, len(text)):], "^") { // %^ti, %^to
		i += 2
	}
	if i >= len(text) {
		return d, 0, fmt.Errorf("access format: %q ends in its middle", text)
	}
	name := text[from : i+1]
	what := apache[name]
	if what == other {
		what = apache[strings.ToLower(name[:len(name)-1])+name[len(name)-1:]]
	}
	if strings.HasPrefix(name, "{") && strings.HasSuffix(name, "}t") && what == other && strings.Contains(name, "%Y-%m-%dT%H:%M:%S%z") {
		what = isoTime
	}
	return directive{name: text[:i+1], what: what}, i + 1, nil
}

// nginxVariable reads the variable that text begins with.
func nginxVariable(text string) (d directive, n int, err error) {
	if text[0] != '$' {
		return d, 0, nil
	}
	i := 1
	for i < len(text) && (text[i]|0x20-'a' < 26 || text[i]-'0' < 10 || text[i] == '_') {
		i++
	}
	if i == 1 {
		return d, 0, nil
	}
	return directive{name: text[1:i], what: nginx[text[1:i]]}, i, nil
}

// match cuts a line into the values of the directives.
func (f *format) match(line []byte, values [][]byte) ([][]byte, error) {
	rest, ok := bytes.CutPrefix(line, f.text)
	if !ok {
		return nil, fmt.Errorf("does not begin as the access format does, with %q", f.text)
	}
	for i := range f.parts {
		d := &f.parts[i]
		end := len(rest)
		switch {
		case d.what == clfTime && len(rest) >= request.TimeLength:
			end = request.TimeLength
		case d.quoted:
			end = quoteEnd(rest, d.text)
		case i+1 < len(f.parts) || len(d.text) > 0:
			end = bytes.Index(rest, d.text)
		}
		if end < 0 || !bytes.HasPrefix(rest[end:], d.text) {
			return nil, fmt.Errorf("does not fit the access format: %q is missing behind %s", d.text, d.name)
		}
		values = append(values, rest[:end])
		rest = rest[end+len(d.text):]
	}
	if len(bytes.TrimSpace(rest)) > 0 {
		return nil, fmt.Errorf("does not fit the access format: there is more behind its end")
	}
	return values, nil
}

// quoteEnd is where a value in quotes ends: at the quote that text begins with and no backslash stands before.
func quoteEnd(b, text []byte) int {
	for i := 0; i < len(b); i++ {
		if b[i] == '\\' {
			i++
		} else if b[i] == '"' && bytes.HasPrefix(b[i:], text) {
			return i
		}
	}
	return -1
}
