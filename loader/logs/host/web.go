package host

import (
	"bytes"
	"regexp"
	"time"

	"case53/loader/logs/field"
)

// apache reads a line of Apache's error log: bracketed fields, then the message. Apache 2.2 has no module, no process and no
// fraction of a second.
//
//	[Sat Nov 28 11:20:27.292666 2026] [core:error] [pid 21902:tid 21964] [client 127.0.0.1:59348] AH10244: invalid URI path (…)
func (r *record) apache(line []byte) bool {
	stamp, rest, ok := bracketed(line)
	if !ok || len(stamp) < len("Sat Nov 28 11:20:27 2026") || stamp[3] != ' ' {
		return false
	}
	if stamp, ok = r.local.monthDay(stamp[4:]); !ok {
		return false
	}
	if stamp, ok = r.local.clockTime(stamp); !ok || len(stamp) != len(" 2026") || stamp[0] != ' ' {
		return false
	}
	if r.local.year, stamp, ok = number(stamp[1:]); !ok || len(stamp) > 0 || len(rest) == 0 || rest[0] != '[' {
		return false
	}
	r.format = "apache_error"
	level, rest, ok := bracketed(rest)
	if !ok {
		return false
	}
	module, severity, both := bytes.Cut(level, []byte{':'})
	if !both {
		module, severity = nil, level
	}
	r.program, r.severity = some(module), some(severity)
	for {
		inside, after, ok := bracketed(rest)
		if !ok {
			break
		}
		switch {
		case bytes.HasPrefix(inside, []byte("pid ")):
			r.apacheProcess(inside[len("pid "):])
		case bytes.HasPrefix(inside, []byte("client ")) && r.client.Known == 0:
			r.setClient(inside[len("client "):])
		case bytes.HasPrefix(inside, []byte("remote ")):
			r.put("remote", inside[len("remote "):])
		default:
			ok = false
		}
		if !ok {
			break
		}
		rest = after
	}
	r.message = rest
	r.apacheMessage()
	return true
}

func (r *record) apacheProcess(text []byte) {
	pid, thread, both := bytes.Cut(text, []byte(":tid "))
	r.setPid(pid)
	if both {
		r.put("tid", thread)
	}
}

var (
	errnoClient = regexp.MustCompile(`^\(\d+\)[^\[]*\[client ([0-9A-Fa-f.:]+) ?(:\d+)?\] `)
	apacheCode  = regexp.MustCompile(`^(?:\(\d+\)[^\[:]*: (?:\[client [^\]]*\] )?)?(AH\d{5})\b`)
)

// apacheMessage looks into the message. What a client sent stands in it as it was sent: a ", referer: " may be of a path.
func (r *record) apacheMessage() {
	if m := errnoClient.FindSubmatch(r.message); m != nil && r.client.Known == 0 {
		r.setClient(append(append([]byte{}, m[1]...), m[2]...))
	}
	if m := apacheCode.FindSubmatch(r.message); m != nil {
		r.code = m[1]
	}
	mark := []byte(", referer: ")
	if _, referer, ok := bytes.Cut(r.message, mark); ok {
		r.referer = referer
		if bytes.Contains(referer, mark) {
			r.put("ambiguous", []byte("referer"))
		}
	}
	for _, known := range apacheActions {
		if string(r.code) == known.code || known.text != "" && bytes.Contains(r.message, []byte(known.text)) {
			r.action = known.action
			return
		}
	}
}

// apacheActions are what is known of Apache's messages: by number, and by words where there is none.
var apacheActions = []struct{ code, text, action string }{
	{"AH10244", "", "invalid path"}, {"AH00126", "", "invalid path"}, {"AH00127", "", "invalid path"},
	{"AH00128", "", "not found"}, {"AH00130", "", "not found"}, {"AH01276", "", "forbidden"}, {"AH01630", "", "forbidden"},
	{"AH00489", "", "started"}, {"AH00163", "", "started"}, {"AH00491", "", "stopped"}, {"AH00169", "", "stopped"},
	{"AH00052", "", "crashed"}, {"AH00051", "", "crashed"},
	{"none", "resuming normal operations", "started"}, {"none", "caught SIGTERM", "stopped"}, {"none", "exit signal Segmentation fault", "crashed"},
	{"none", "client denied by server configuration", "forbidden"}, {"none", "File does not exist: ", "not found"},
}

// nginx reads a line of nginx's error log. Nothing in it is escaped: a value ends where the next key begins, and a client can
// write such a key into the path that it asks for. The first client that is an address with a server behind it counts.
//
//	2026/11/28 11:20:18 [error] 21897#21897: *2 open() "/a" failed (2: …), client: 127.0.0.1, server: , request: "GET /a HTTP/1.1", host: "web-1"
func (r *record) nginx(line []byte) bool {
	if len(line) < len("2026/11/28 11:20:18 [x] 1#1: ") || line[4] != '/' || line[7] != '/' || line[10] != ' ' {
		return false
	}
	var ok, ok2, ok3 bool
	var month int
	r.local.year, _, ok = number(line[:4])
	month, _, ok2 = number(line[5:7])
	r.local.day, _, ok3 = number(line[8:10])
	rest, ok4 := r.local.clockTime(line[11:])
	if !ok || !ok2 || !ok3 || !ok4 || len(rest) == 0 || rest[0] != ' ' {
		return false
	}
	r.local.month = time.Month(month)
	level, rest, ok := bracketed(rest[1:])
	if !ok {
		return false
	}
	pid, rest, ok := bytes.Cut(rest, []byte{'#'})
	if !ok || !field.AllDigits(pid) {
		return false
	}
	tid, rest, ok := bytes.Cut(rest, []byte(": "))
	if !ok || !field.AllDigits(tid) {
		return false
	}
	r.format, r.program, r.severity, r.message = "nginx_error", []byte("nginx"), some(level), rest
	r.setPid(pid)
	r.put("tid", tid)
	r.nginxClient()
	r.nginxAction()
	return true
}

var (
	nginxClient   = regexp.MustCompile(`, client: ([0-9A-Fa-f.:]+|unix:), server: `)
	nginxRequest  = regexp.MustCompile(`(?s), request: "(.*?)"(, (subrequest|upstream|host|referrer): "|$)`)
	nginxHost     = regexp.MustCompile(`(?s).*, host: "([^"]*)"`)
	nginxReferrer = regexp.MustCompile(`(?s), referrer: "(.*)"$`)
	nginxUpstream = regexp.MustCompile(`, upstream: "([^"]*)"`)
)

func (r *record) nginxClient() {
	at := nginxClient.FindSubmatchIndex(r.message)
	if at == nil {
		return
	}
	if bytes.Count(r.message, []byte(", client: ")) > 1 {
		r.put("ambiguous", []byte("client"))
	}
	r.setClient(r.message[at[2]:at[3]])
	tail := r.message[at[1]:]
	server, _, _ := bytes.Cut(tail, []byte(", "))
	if len(server) > 0 {
		r.put("server", server)
	}
	if m := nginxRequest.FindSubmatch(tail); m != nil {
		r.request = m[1]
	}
	if m := nginxUpstream.FindSubmatch(tail); m != nil {
		r.put("upstream", m[1])
	}
	if m := nginxHost.FindSubmatch(tail); m != nil {
		r.put("host", m[1])
	}
	if m := nginxReferrer.FindSubmatch(tail); m != nil {
		r.referer = m[1]
	}
}

func (r *record) nginxAction() {
	for _, known := range [...]struct{ text, action string }{
		{"(2: No such file or directory)", "not found"}, {"(13: Permission denied)", "forbidden"}, {"access forbidden by rule", "forbidden"},
		{"client sent invalid request", "invalid path"}, {"client sent invalid method", "invalid path"}, {"start worker processes", "started"},
		{"exited on signal 11", "crashed"}, {"gracefully shutting down", "stopped"},
	} {
		if bytes.Contains(r.message, []byte(known.text)) {
			r.action = known.action
			return
		}
	}
	if string(r.message) == "exit" || bytes.HasPrefix(r.message, []byte("signal 15 (SIGTERM) received")) {
		r.action = "stopped"
	}
}

// execution reads a step of an API Gateway execution log: its time is CloudWatch's, as the line has none.
//
//	(48752d0f-c99d-4cfa-a5a7-f3c6834d19e5) Starting execution for request: …
func (r *record) execution(line []byte) bool {
	m := executionLine.FindSubmatch(line)
	if m == nil {
		return false
	}
	r.format, r.requestID, r.message = "apigw_execution", m[1], line[len(m[0]):]
	switch {
	case bytes.HasPrefix(r.message, []byte("HTTP Method: ")):
		r.action = "request"
	case bytes.HasPrefix(r.message, []byte("Method completed with status: ")):
		r.action = "response"
	}
	return true
}

var executionLine = regexp.MustCompile(`^\(([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[\w=-]{10,64}=)\) `)

// bracketed reads "[text] " or "[text]" at the end.
func bracketed(line []byte) (inside, rest []byte, ok bool) {
	if len(line) == 0 || line[0] != '[' {
		return nil, line, false
	}
	end := bytes.IndexByte(line, ']')
	if end < 0 {
		return nil, line, false
	}
	return line[1:end], bytes.TrimPrefix(line[end+1:], []byte{' '}), true
}
