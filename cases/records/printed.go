package records

import (
	"bytes"
	"regexp"
	"time"
)

// The forms of this file are what commands print: aws logs tail, awslogs, aws logs --output text, and the files of Fluentd and
// Fluent Bit. Times without a zone are in UTC, as these commands print them.

// coloured is the escape that sets a colour, or ends it, where the output was coloured.
var coloured = regexp.MustCompile(`^\x1b\[[0-9;]*m`)

// token gives the text before the first blank, without colours, and where what follows the blank begins.
func token(line []byte, from int) (tok []byte, next int) {
	from += len(coloured.Find(line[from:]))
	end := from
	for end < len(line) && line[end] != ' ' && line[end] != 0x1b {
		end++
	}
	next = end + len(coloured.Find(line[end:]))
	if next < len(line) && line[next] == ' ' {
		next++
	}
	return line[from:end], next
}

// timed is a line that begins with a time.
var timed = regexp.MustCompile(`^(\x1b\[[0-9;]*m)?\d{4}-\d\d-\d\d[T ]\d\d:\d\d`)

// syslogged is a line of syslog behind its time: HOST PROGRAM[PID]: …, which aws logs tail might have printed too.
var syslogged = regexp.MustCompile(`^\S+ [A-Za-z][\w./()-]*(\[\d+\])?: `)

// findTail finds the output of aws logs tail: "short", a time and the message; "detailed", a time in µs that are ms, the
// stream and the message; "json", the same with a time in seconds where it has no ms, and the message on lines of its own
// where it is JSON. All times are in UTC.
func findTail(lines [][]byte) form {
	for _, kind := range []struct {
		name   string
		time   *regexp.Regexp
		layout string
		stream bool
	}{
		{"aws-logs-tail", regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$`), "2006-01-02T15:04:05", false},
		{"aws-logs-tail", regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3}000)?\+00:00$`), "2006-01-02T15:04:05.999999Z07:00", true},
	} {
		read := func(line []byte) (h head, ok bool) {
			if len(line) < len("2006-01-02T15:04:05") {
				return h, false
			}
			tok, next := token(line, 0)
			if !kind.time.Match(tok) {
				return h, false
			}
			t, err := time.Parse(kind.layout, string(tok))
			if err != nil {
				return h, false
			}
			h.at, h.size = t.UnixMilli(), next
			if kind.stream {
				if h.stream, h.size = token(line, next); len(h.stream) == 0 {
					return h, false
				}
			}
			return h, true
		}
		h, ok := read(lines[0])
		if !ok {
			continue
		}
		_, behind := token(lines[0], 0)
		if syslogged.Match(lines[0][behind:]) || !kind.stream && h.size == len(lines[0]) {
			return nil
		}
		for _, line := range lines { // a time of another kind would be taken for a message that goes on
			if _, ok := read(line); !ok && timed.Match(line) {
				return nil
			}
		}
		return &headed{name: kind.name, head: read}
	}
	return nil
}

// findOutput finds the output of aws logs filter-log-events and get-log-events with --output text, all of it or the rows of a
// --query: cells with tabs between them, the event's keys in the order of their names.
func findOutput(lines [][]byte) form {
	f := &headed{name: "aws-output-text", head: outputHead, foot: outputFoot}
	for i, line := range lines {
		h, ok := outputHead(line)
		if ok && !h.control {
			return f
		}
		if !ok && (i > 0 || !nextTokens.Match(line)) {
			break
		}
	}
	return findRows(lines)
}

var (
	// nextTokens is the first line of get-log-events: its two tokens. filter-log-events without its pages has one.
	nextTokens  = regexp.MustCompile(`^((None|[bf]/\d{20,}(/\w)?)\t(None|[bf]/\d{20,}(/\w)?)|[\w+/=-]{40,})$`)
	outputEvent = regexp.MustCompile(`^(?:EVENTS\t)?(\d{50,60})\t(\d{13})\t([^\t]+)\t|^EVENTS\t(\d{13})\t`)
	outputOther = regexp.MustCompile(`^(SEARCHEDLOGSTREAMS|NEXTTOKEN)\t`)
	lastTime    = regexp.MustCompile(`\t(\d{13})$`)
)

func outputHead(line []byte) (h head, ok bool) {
	if outputOther.Match(line) || nextTokens.Match(line) {
		return head{control: true}, true
	}
	m := outputEvent.FindSubmatchIndex(line)
	if m == nil {
		return h, false
	}
	h.size = m[1]
	if m[2] >= 0 {
		h.id, h.ingested, h.stream = line[m[2]:m[3]], millis(line[m[4]:m[5]]), line[m[6]:m[7]]
	} else {
		h.ingested = millis(line[m[8]:m[9]])
	}
	return h, true
}

func outputFoot(msg []byte, h *head) []byte {
	m := lastTime.FindSubmatchIndex(msg)
	if m == nil {
		return msg
	}
	h.at = millis(msg[m[2]:m[3]])
	return bytes.TrimSuffix(msg[:m[0]], []byte("\n")) // many messages end with a line's end of their own
}

var firstTime = regexp.MustCompile(`^(\d{13})\t`)

// findRows finds rows of --query 'events[].[timestamp,message]' --output text, and with logStreamName on either side of the
// message: where all rows have two more cells, and of these always the same one has a blank or a brace, that is the message.
// Where a time stands on both ends of every row they are the event's and that of its arrival, which is the later one. Else
// all behind the time is the message.
func findRows(lines [][]byte) form {
	const all, stream, message, times = "all", "stream first", "message first", "two times"
	kinds := map[string]bool{}
	for _, line := range lines {
		m := firstTime.FindIndex(line)
		if m == nil {
			continue
		}
		rest := line[m[1]:]
		one, two, ok := bytes.Cut(rest, []byte("\t"))
		says := func(cell []byte) bool { return bytes.ContainsAny(cell, " {") }
		switch ok = ok && !bytes.Contains(two, []byte("\t")); {
		case lastTime.Match(rest):
			kinds[times] = true
		case ok && says(two) && !says(one):
			kinds[stream] = true
		case ok && says(one) && !says(two):
			kinds[message] = true
		default:
			kinds[all] = true
		}
	}
	if !firstTime.Match(lines[0]) {
		return nil
	}
	if len(kinds) > 1 {
		kinds = map[string]bool{all: true}
	}
	f := &headed{name: "aws-output-text", head: func(line []byte) (h head, ok bool) {
		m := firstTime.FindSubmatchIndex(line)
		if m == nil {
			return h, false
		}
		h.size, h.at = m[1], millis(line[m[2]:m[3]])
		if kinds[stream] {
			if name, _, ok := bytes.Cut(line[h.size:], []byte("\t")); ok {
				h.stream = name
				h.size += len(name) + 1
			}
		}
		return h, true
	}}
	switch {
	case kinds[message]:
		f.foot = func(msg []byte, h *head) []byte {
			if i := bytes.LastIndexByte(msg, '\t'); i >= 0 {
				h.stream, msg = msg[i+1:], msg[:i]
			}
			return msg
		}
	case kinds[times]:
		f.foot = func(msg []byte, h *head) []byte {
			if m := lastTime.FindSubmatchIndex(msg); m != nil {
				h.ingested, msg = millis(msg[m[2]:m[3]]), msg[:m[0]]
				h.at, h.ingested = min(h.at, h.ingested), max(h.at, h.ingested)
			}
			return msg
		}
	}
	return f
}

var (
	logGroup = regexp.MustCompile(`^[\w./#-]{1,512}$`)
	// awsStream is a stream's name as AWS makes it, which no field of a log is.
	awsStream = regexp.MustCompile(`^(eni-[0-9a-f]{8,17}-(all|accept|reject)|Z[A-Z0-9]{5,32}/[A-Z]{3}\d+(-\w+)?|vpc-[0-9a-f]{8,17}[_-]\S+)$`)
	// stamped is the event's time, and its time of arrival, as awslogs prints them when asked to.
	stamped = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`)
)

// findGroups finds the output of awslogs get: the log group, the stream, the times if they were asked for, and the message,
// with blanks between them. It is certain where the stream's name is one that AWS makes, where the group's begins with /aws/,
// and where more than one line begins with the same name with a slash; with --no-group, only by the stream's name.
func findGroups(lines [][]byte) form {
	group, next := token(lines[0], 0)
	stream, behind := token(lines[0], skipBlanks(lines[0], next))
	least := 1
	switch {
	case awsStream.Match(group):
		group = nil
	case !logGroup.Match(group) || len(stream) == 0 || bytes.ContainsAny(stream, ":*") || behind == len(lines[0]):
		return nil
	case awsStream.Match(stream), bytes.HasPrefix(group, []byte("/aws/")):
	case group[0] == '/':
		least = 2
	default:
		return nil
	}
	group = bytes.Clone(group)
	f := &headed{name: "awslogs-get", head: func(line []byte) (h head, ok bool) {
		if group != nil {
			if h.group, h.size = token(line, 0); !bytes.Equal(h.group, group) {
				return h, false
			}
			h.size = skipBlanks(line, h.size)
		}
		h.stream, h.size = token(line, h.size)
		if len(h.stream) == 0 || group == nil && !awsStream.Match(h.stream) {
			return h, false
		}
		h.size = skipBlanks(line, h.size) // names are padded to one width
		for _, to := range []*int64{&h.at, &h.ingested} {
			tok, next := token(line, h.size)
			if !stamped.Match(tok) {
				break
			}
			*to, h.size = instant(tok), next
		}
		return h, true
	}}
	with := 0
	for _, line := range lines {
		if _, ok := f.head(line); ok {
			with++
		}
	}
	if with < least || 2*with < len(lines) {
		return nil
	}
	return f
}

// skipBlanks gives the index behind the blanks, and the ends of a colour, at i.
func skipBlanks(line []byte, i int) int {
	for {
		switch {
		case i < len(line) && line[i] == ' ':
			i++
		case bytes.HasPrefix(line[i:], []byte("\x1b[0m")):
			i += len("\x1b[0m")
		default:
			return i
		}
	}
}

var (
	fluentd   = regexp.MustCompile(`^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z| ?[+-]\d\d:?\d\d)\t[\w.*-]+\t\{`)
	fluentBit = regexp.MustCompile(`^[\w.-]+: \[\d+\.\d+, \{.*\}\]$`)
)

// findFluent finds the files of Fluentd, "time TAB tag TAB record", and of Fluent Bit, "tag: [time, record]", whose records are
// JSON objects.
func findFluent(lines [][]byte) form {
	switch {
	case fluentd.Match(lines[0]):
		return &headed{name: "fluentd", head: func(line []byte) (head, bool) {
			at := fluentd.FindIndex(line)
			if at == nil {
				return head{}, false
			}
			return head{size: at[1] - 1}, true
		}}
	case fluentBit.Match(lines[0]):
		return &headed{
			name: "fluent-bit",
			head: func(line []byte) (head, bool) {
				if !fluentBit.Match(line) {
					return head{}, false
				}
				return head{size: bytes.Index(line, []byte(", {")) + 2}, true
			},
			foot: func(msg []byte, _ *head) []byte { return bytes.TrimSuffix(msg, []byte("]")) },
		}
	}
	return nil
}
