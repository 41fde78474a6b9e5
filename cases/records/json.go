package records

import (
	"bytes"
	"slices"
)

// The JSON of log objects is read by hand, on the bytes as they are: the record must be handed on byte for byte,
// invalid UTF-8 in one message must not cost the document, and one line of a file must not be able to swallow the
// next. The grammar check is compared with jsontext by a test.

// verdict is how a scan of JSON ended.
type verdict uint8

const (
	whole   verdict = iota // the value is complete
	suspect                // objectEnd: it may be an envelope, or spans lines, so it needs the full check
	short                  // the bytes ended before the value did
	bad                    // not JSON
	deep                   // nested deeper than MaxDepth
)

// structural marks what objectEnd stops at outside of strings.
var structural = [256]bool{'"': true, '{': true, '}': true, '[': true, ']': true, ',': true, '\n': true}

// objectEnd finds the end of the object that opens at b[0], on its line, by brackets and quotes alone. It is the
// fast path of JSON lines: it must keep up with decompression many times over.
func objectEnd(b []byte) (int, verdict) {
	depth, name := 0, false // name: the next string at depth 1 is a key
	for i := 0; i < len(b); {
		c := b[i]
		if !structural[c] {
			i++
			continue
		}
		switch c {
		case '"':
			end, v := stringEnd(b, i)
			if v != whole {
				return end, v
			}
			if name {
				if key := b[i+1 : end-1]; mayOpen(key) && opensEnvelope(key) {
					return end, suspect
				}
				name = false
			}
			i = end
			continue
		case ',':
			name = depth == 1
		case '{', '[':
			if depth++; depth > MaxDepth {
				return i, deep
			}
			name = depth == 1
		case '\n':
			return i, suspect
		default:
			if depth--; depth == 0 {
				return i + 1, whole
			}
		}
		i++
	}
	return len(b), short
}

// openers are the keys that may make an object an envelope, by their first byte.
var openers = [256][]string{
	'@': {"@message", "@log_group"},
	'E': {"Events"},
	'M': {"Message"},
	'R': {"Records"},
	'_': {"_source"},
	'a': {"awslogs", "awscloudwatch", "aws.cloudwatch"},
	'c': {"cloudwatch_logs"},
	'e': {"event", "events"},
	'l': {"log", "line", "logEvents", "logRecord", "log_group"},
	'm': {"message"},
	'r': {"records", "results", "rawData"},
	's': {"sessionResults"},
}

// escapedOpener is the least length of an opener of which a letter is escaped: lo\u0067.
const escapedOpener = 8

// openerLengths has a bit for the length of every opener, by its first byte. Most keys of most lines need no other look.
var openerLengths = func() (lengths [256]uint16) {
	for first, names := range openers {
		for _, name := range names {
			lengths[first] |= 1 << len(name)
		}
	}
	lengths['\\'] = 1
	return lengths
}()

// mayOpen says whether a key, as written, may be an opener.
func mayOpen(key []byte) bool {
	if len(key) == 0 {
		return false
	}
	n := openerLengths[key[0]]
	return n != 0 && (len(key) >= escapedOpener || n>>len(key)&1 != 0)
}

// opensEnvelope says whether a key, as written, is an opener. A spelling like "\u006d…" is settled by the full check.
func opensEnvelope(key []byte) bool {
	if openerLengths[key[0]]>>len(key)&1 != 0 && slices.Contains(openers[key[0]], string(key)) {
		return true
	}
	return len(key) >= escapedOpener && bytes.IndexByte(key, '\\') >= 0
}

// valueEnd checks the JSON value at or after b[i] and gives the index behind it, or that of the flaw.
func valueEnd(b []byte, i int) (int, verdict) {
	c := checker{i: i}
	return c.run(b)
}

// insideObject is a checker for the rest of an object whose opening and first members have been read.
func insideObject() checker { return checker{depth: 1, objects: 1, want: wantNext} }

// checker is a JSON grammar check without recursion, which can go on where the bytes ended.
type checker struct {
	b       []byte
	i       int
	want    want
	depth   int
	objects uint64 // bit 0 is the innermost level: 1 for an object, 0 for an array
	spans   *spans
}

// spans is where the first objects and lists directly inside a value are, so that they need not be read through again.
type spans struct {
	n          int
	start, end [4]int
}

// past gives the index behind the value at i, if it is one of these.
func (s *spans) past(i int) (int, bool) {
	for k := range s.n {
		if s.start[k] == i {
			return s.end[k], true
		}
	}
	return 0, false
}

type want uint8

const (
	wantValue want = iota
	wantFirst      // a value, or the end of an array just opened
	wantKey
	wantFirstKey // a key, or the end of an object just opened
	wantNext     // a comma or an end
)

// run checks b, of which what it was given before is the beginning. It gives the index behind the value, or that of
// the flaw.
func (c *checker) run(b []byte) (int, verdict) {
	c.b = b
	for w := c.want; ; {
		if w == wantNext && c.depth == 0 {
			return c.i, whole
		}
		c.i = skipSpace(c.b, c.i)
		if c.i >= len(c.b) {
			c.want = w
			return len(c.b), short
		}
		var v verdict
		was, start := w, c.i
		switch w {
		case wantValue, wantFirst:
			if w == wantFirst && c.b[c.i] == ']' {
				w = c.close()
				continue
			}
			w, v = c.value()
		case wantKey, wantFirstKey:
			if w == wantFirstKey && c.b[c.i] == '}' {
				w = c.close()
				continue
			}
			w, v = c.key()
		case wantNext:
			w, v = c.next()
		}
		switch v {
		case whole:
		case short:
			c.want, c.i = was, start
			return len(c.b), short
		default:
			return c.i, v
		}
	}
}

func (c *checker) close() want {
	c.depth--
	c.objects >>= 1
	c.i++
	if c.depth == 1 && c.spans != nil && c.spans.n < len(c.spans.end) {
		c.spans.end[c.spans.n] = c.i
		c.spans.n++
	}
	return wantNext
}

func (c *checker) next() (want, verdict) {
	object := c.objects&1 == 1
	switch ch := c.b[c.i]; {
	case ch == ',' && object:
		c.i++
		return wantKey, whole
	case ch == ',':
		c.i++
		return wantValue, whole
	case ch == '}' && object, ch == ']' && !object:
		return c.close(), whole
	}
	return wantNext, bad
}

func (c *checker) key() (w want, v verdict) {
	if c.b[c.i] != '"' {
		return wantKey, bad
	}
	if c.i, v = checkedStringEnd(c.b, c.i); v != whole {
		return wantKey, v
	}
	if c.i = skipSpace(c.b, c.i); c.i >= len(c.b) {
		return wantKey, short
	}
	if c.b[c.i] != ':' {
		return wantKey, bad
	}
	c.i++
	return wantValue, whole
}

func (c *checker) value() (w want, v verdict) {
	switch ch := c.b[c.i]; ch {
	case '"':
		c.i, v = checkedStringEnd(c.b, c.i)
		return wantNext, v
	case '{', '[':
		if c.depth == MaxDepth {
			return wantNext, deep
		}
		if c.depth == 1 && c.spans != nil && c.spans.n < len(c.spans.start) {
			c.spans.start[c.spans.n] = c.i
		}
		c.depth++
		c.i++
		c.objects <<= 1
		if ch == '{' {
			c.objects |= 1
			return wantFirstKey, whole
		}
		return wantFirst, whole
	case 't':
		return wantNext, c.literal("true")
	case 'f':
		return wantNext, c.literal("false")
	case 'n':
		return wantNext, c.literal("null")
	}
	return wantNext, c.number()
}

func (c *checker) literal(text string) verdict {
	for k := range len(text) {
		if c.i >= len(c.b) {
			return short
		}
		if c.b[c.i] != text[k] {
			return bad
		}
		c.i++
	}
	return whole
}

// number checks -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?. One that ends with the bytes is short: more may follow.
func (c *checker) number() verdict {
	if c.at('-') {
		c.i++
	}
	switch {
	case c.at('0'):
		c.i++
	case !c.digits():
		return c.flaw()
	}
	if c.at('.') {
		c.i++
		if !c.digits() {
			return c.flaw()
		}
	}
	if c.at('e') || c.at('E') {
		c.i++
		if c.at('+') || c.at('-') {
			c.i++
		}
		if !c.digits() {
			return c.flaw()
		}
	}
	if c.i >= len(c.b) {
		return short
	}
	return whole
}

func (c *checker) at(ch byte) bool { return c.i < len(c.b) && c.b[c.i] == ch }

func (c *checker) digits() bool {
	start := c.i
	for c.i < len(c.b) && c.b[c.i]-'0' <= 9 {
		c.i++
	}
	return c.i > start
}

func (c *checker) flaw() verdict {
	if c.i >= len(c.b) {
		return short
	}
	return bad
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// skipValue gives the index behind the value at b[i]. It trusts the grammar; where the bytes end first it says so.
func skipValue(b []byte, i int) (int, bool) {
	if i >= len(b) {
		return i, false
	}
	switch b[i] {
	case '"':
		end, v := stringEnd(b, i)
		return end, v == whole
	case '{', '[':
	default:
		for i < len(b) && b[i] != ',' && b[i] != '}' && b[i] != ']' && b[i] > ' ' {
			i++
		}
		return i, i < len(b)
	}
	for depth := 0; i < len(b); {
		switch b[i] {
		case '"':
			end, v := stringEnd(b, i)
			if v != whole {
				return end, false
			}
			i = end
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1, true
			}
		}
		i++
	}
	return i, false
}

// members walks the members of an object, or of the beginning of one.
type members struct {
	b     []byte
	i     int // behind the brace, then at the current member's value or behind it
	spans *spans
}

// name gives the next member's key and stops at its value.
func (m *members) name() ([]byte, bool) {
	i := skipSpace(m.b, m.i)
	if i < len(m.b) && m.b[i] == ',' {
		i = skipSpace(m.b, i+1)
	}
	if i >= len(m.b) || m.b[i] != '"' {
		return nil, false
	}
	end, v := stringEnd(m.b, i)
	if v != whole {
		return nil, false
	}
	key := text(nil, m.b[i:end])
	if i = skipSpace(m.b, end); i >= len(m.b) || m.b[i] != ':' {
		return nil, false
	}
	if m.i = skipSpace(m.b, i+1); m.i >= len(m.b) {
		return nil, false
	}
	return key, true
}

// value gives the current member's value.
func (m *members) value() ([]byte, bool) {
	if m.spans != nil {
		if end, ok := m.spans.past(m.i); ok {
			v := m.b[m.i:end]
			m.i = end
			return v, true
		}
	}
	end, ok := skipValue(m.b, m.i)
	v := m.b[m.i:end]
	m.i = end
	return v, ok
}
