package host

import (
	"bytes"
	"regexp"

	"case53/loader/logs/field"
)

// syslog reads a line of syslog as daemons write it into files (RFC 3164, without a year and a zone), or with the time of RFC 3339
// that rsyslog writes; <PRI> may stand before it.
//
//	Nov  3 09:47:02 web-1 sshd[812]: Accepted publickey for ec2-user from 198.51.100.7 port 40022 ssh2
func (r *record) syslog(line []byte) bool {
	line, ok := r.priority(line)
	if !ok {
		return false
	}
	if len(line) > 20 && line[4] == '-' && line[10] == 'T' {
		stamp, rest, _ := bytes.Cut(line, []byte{' '})
		if r.time, r.timed = field.Time(stamp); !r.timed {
			return false
		}
		line = rest
	} else {
		if line, ok = r.local.monthDay(line); !ok {
			return false
		}
		if len(line) > 5 && line[4] == ' ' && field.AllDigits(line[:4]) { // some write the year here
			r.local.year, _, _ = number(line[:4])
			line = line[5:]
		}
		if line, ok = r.local.clockTime(line); !ok || len(line) < 2 || line[0] != ' ' {
			return false
		}
		line = line[1:]
	}
	r.format = "syslog"
	if repeated.Match(line) {
		r.message, r.action = line, "repeated"
		if host, _, _ := bytes.Cut(line, []byte{' '}); string(host) != "---" && string(host) != "last" {
			r.host = host
		}
		return true
	}
	host, rest, ok := bytes.Cut(line, []byte{' '})
	if !ok || len(host) == 0 || host[len(host)-1] == ':' {
		return false
	}
	r.host = host
	m := tag.FindSubmatch(rest)
	if m == nil {
		r.message = rest
		return true
	}
	r.program, r.message = m[1], rest[len(m[0]):]
	r.setPid(m[2])
	r.known()
	return true
}

var (
	tag      = regexp.MustCompile(`^([^\s:\[]+)(?:\[(\d+)\])?(?: \([^)]*\))?:(?: |$)`)
	repeated = regexp.MustCompile(`^(\S+ )?(--- )?(last )?message repeated \d+ times`)
)

// untagged says of a line without "program: " that it is syslog by its head alone, which other logs have too.
func (r *record) untagged() bool {
	return r.format == "syslog" && r.program == nil && r.action != "repeated"
}

var severities = [...]string{"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"}

// priority reads <PRI>, where it is there.
func (r *record) priority(line []byte) (rest []byte, ok bool) {
	if len(line) == 0 || line[0] != '<' {
		return line, true
	}
	n, rest, ok := number(line[1:])
	if !ok || n > 191 || len(rest) == 0 || rest[0] != '>' {
		return line, false
	}
	r.severity = []byte(severities[n&7])
	r.putNumber("facility", n>>3)
	return rest[1:], true
}

// rfc5424 reads <PRI>1 TIMESTAMP HOSTNAME APP-NAME PROCID MSGID STRUCTURED-DATA MSG.
func (r *record) rfc5424(line []byte) bool {
	line, ok := r.priority(line)
	if !ok || r.severity == nil || !bytes.HasPrefix(line, []byte("1 ")) {
		return false
	}
	var f [5][]byte
	rest := line[2:]
	for i := range f {
		if f[i], rest, ok = bytes.Cut(rest, []byte{' '}); !ok || len(f[i]) == 0 {
			return false
		}
	}
	r.format = "rfc5424"
	if !field.IsDash(f[0]) {
		if r.time, r.timed = field.Time(f[0]); !r.timed {
			return false
		}
	}
	r.host, r.program, r.code = dash(f[1]), dash(f[2]), dash(f[4])
	if field.AllDigits(f[3]) {
		r.setPid(f[3])
	} else if !field.IsDash(f[3]) {
		r.put("procid", f[3])
	}
	data, message, ok := structured(rest)
	if !ok {
		return false
	}
	if !field.IsDash(data) {
		r.put("structured_data", data)
	}
	r.message = bytes.TrimPrefix(message, []byte("\xef\xbb\xbf"))
	r.known()
	return true
}

// structured cuts the elements of structured data off: "-", or [id name="value" …] without anything between. In a value a quote, a
// backslash and a closing bracket have a backslash before them.
func structured(text []byte) (data, rest []byte, ok bool) {
	if len(text) > 0 && text[0] == '-' {
		return text[:1], bytes.TrimPrefix(text[1:], []byte{' '}), len(text) == 1 || text[1] == ' '
	}
	i, quoted, open := 0, false, false
	for ; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[':
			open = true
		case c == ']':
			open = false
		case !open:
			return text[:i], bytes.TrimPrefix(text[i:], []byte{' '}), i > 0 && c == ' '
		}
	}
	return text, nil, i > 0 && !open && !quoted
}

func dash(text []byte) []byte {
	if field.IsDash(text) {
		return nil
	}
	return some(text)
}

func some(text []byte) []byte {
	if len(text) == 0 {
		return nil
	}
	return text
}
