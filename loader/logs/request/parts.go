package request

import "bytes"

// Line is a request line, METHOD URL PROTOCOL, cut into its parts as the client sent them. URLs may hold spaces: the method
// ends at the first one, the protocol begins after the last.
type Line struct{ Method, URL, Protocol []byte }

// longestWord is the longest text that is taken for a method or a protocol: they repeat, and are kept once.
const longestWord = 24

// CutLine cuts a request line. What has no method is a URL alone: bytes that are no HTTP.
func CutLine(line []byte) (l Line) {
	first := bytes.IndexByte(line, ' ')
	if first < 0 || !isMethod(line[:first]) {
		return Line{URL: line}
	}
	l.Method, line = line[:first], line[first+1:]
	if last := bytes.LastIndexByte(line, ' '); last >= 0 && isProtocol(line[last+1:]) {
		l.URL, l.Protocol = line[:last], line[last+1:]
	} else {
		l.URL = line
	}
	return l
}

// isMethod takes letters, and the dash that a load balancer writes.
func isMethod(text []byte) bool {
	for _, c := range text {
		if c|0x20-'a' >= 26 && c != '-' && c != '_' {
			return false
		}
	}
	return len(text) > 0 && len(text) <= longestWord
}

// isProtocol takes HTTP/1.1 and the like, and the dash that a load balancer writes.
func isProtocol(text []byte) bool {
	return bytes.HasPrefix(text, []byte("HTTP/")) && len(text) <= longestWord || len(text) == 1 && text[0] == '-'
}

// URL is a URL cut into its parts; none is decoded. Host is without port and brackets. What cannot be cut has no parts.
type URL struct{ Scheme, Host, Port, Path, Query []byte }

// CutURL cuts scheme://host:port/path?query, /path?query, or *.
func CutURL(url []byte) (u URL) {
	rest := url
	if at := bytes.Index(url, []byte("://")); at > 0 && isScheme(url[:at]) {
		u.Scheme, rest = url[:at], url[at+len("://"):]
		end := bytes.IndexAny(rest, "/?#")
		if end < 0 {
			end = len(rest)
		}
		u.Host, u.Port = CutHost(rest[:end])
		rest = rest[end:]
	} else if len(url) == 0 || url[0] != '/' && url[0] != '*' {
		return u
	}
	if at := bytes.IndexByte(rest, '?'); at >= 0 {
		u.Path, u.Query = rest[:at], rest[at+1:]
	} else {
		u.Path = rest
	}
	return u
}

func isScheme(text []byte) bool {
	for _, c := range text {
		if c|0x20-'a' >= 26 && c-'0' >= 10 && c != '+' && c != '-' && c != '.' {
			return false
		}
	}
	return true
}

// CutHost cuts the port off an authority: host:port, [IPv6]:port. What stands before an @ is no host.
func CutHost(authority []byte) (host, port []byte) {
	if at := bytes.LastIndexByte(authority, '@'); at >= 0 {
		authority = authority[at+1:]
	}
	host = authority
	if at := bytes.LastIndexByte(authority, ':'); at >= 0 && isPort(authority[at+1:]) && bytes.IndexByte(authority[at:], ']') < 0 {
		host, port = authority[:at], authority[at+1:]
	}
	if n := len(host); n > 2 && host[0] == '[' && host[n-1] == ']' {
		host = host[1 : n-1]
	}
	return host, port
}

func isPort(text []byte) bool {
	for _, c := range text {
		if c-'0' >= 10 {
			return false
		}
	}
	return len(text) > 0 && len(text) <= 5
}

// AddrPort cuts address:port at the last colon: load balancers write IPv6 addresses without brackets.
func AddrPort(text []byte) (addr, port []byte, ok bool) {
	at := bytes.LastIndexByte(text, ':')
	if at < 0 || !isPort(text[at+1:]) {
		return nil, nil, false
	}
	addr = text[:at]
	if n := len(addr); n > 2 && addr[0] == '[' && addr[n-1] == ']' {
		addr = addr[1 : n-1]
	}
	return addr, text[at+1:], len(addr) > 0
}
