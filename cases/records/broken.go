package records

import (
	"bytes"
	"fmt"
)

// until is where the search for the next good record may end. Wherever it looks, it ends at "}{" and a quote, blanks
// aside: that is one document behind another, for inside a string the quote would be escaped.
type until struct {
	line    bool // at the end of the line
	element bool // at the next element of a list, "},{" and a quote, or at a document on a line of its own
	indent  int  // at a line indented no deeper than this; -1: lines mean nothing
}

// ending is where a search ended.
type ending uint8

const (
	atEnd ending = iota // of the stream
	atLine
	atDocument
	atElement
)

// skip takes bytes up to where the next record may begin. The first Options.MaxKept are left in r.kept, the number in r.size.
func (s *stream) skip(r *Reader, u until) ending {
	const far = 64 << 10 // blanks after which a possible beginning is none
	r.kept, r.size = r.kept[:0], 0
	i, hold := 0, -1 // hold: a brace that begins the next record, if a quote comes next
	closed, comma := false, false
	for {
		b := s.bytes()
		if i == len(b) {
			if hold < 0 || i-hold > far {
				hold, closed = -1, false
				s.take(r, i)
				i = 0
			} else {
				s.take(r, hold)
				i, hold = i-hold, 0
			}
			if !s.more() {
				s.take(r, i)
				return atEnd
			}
			continue
		}
		switch c := b[i]; c {
		case '}':
			closed, comma, hold = true, false, -1
		case ',':
			closed, comma, hold = closed && !comma && hold < 0, true, -1
		case '{':
			if closed && hold < 0 {
				hold = i
			} else {
				closed, hold = false, -1
			}
		case '"':
			if hold >= 0 && (!comma || u.element) {
				s.take(r, hold)
				if comma {
					return atElement
				}
				return atDocument
			}
			closed, hold = false, -1
		case '\n':
			if hold >= 0 || !u.line && u.indent < 0 || u.element && closed && comma {
				break
			}
			if u.line {
				s.take(r, i)
				s.pos++
				return atLine
			}
			s.take(r, i+1)
			i = 0
			switch s.lineStart(u) {
			case startsNext:
				return atLine
			case startsEnd:
				u.line = true
			}
			continue
		case ' ', '\t', '\r':
		default:
			closed, hold = false, -1
			for i+1 < len(b) && !turning[b[i+1]] {
				i++
			}
		}
		i++
	}
}

// turning marks the bytes that skip looks at.
var turning = [256]bool{'}': true, ',': true, '{': true, '"': true, '\n': true}

// take moves n bytes out of the window.
func (s *stream) take(r *Reader, n int) {
	b := s.bytes()[:n]
	if room := r.opt.MaxKept - len(r.kept); room > 0 {
		r.kept = append(r.kept, b[:min(n, room)]...)
	}
	r.size += int64(n)
	s.pos += n
}

// start is what a line's beginning says of a broken value before it.
type start uint8

const (
	startsInside start = iota
	startsEnd          // the closing bracket of the value
	startsNext
)

// lineStart looks at the line that begins here.
func (s *stream) lineStart(u until) start {
	b := s.bytes()
	i := 0
	for ; i <= u.indent; i++ {
		if i == len(b) {
			if !s.more() {
				return startsInside
			}
			b = s.bytes()
		}
		if b[i] != ' ' && b[i] != '\t' && b[i] != '\r' {
			break
		}
	}
	switch {
	case i > u.indent, b[i] == '\n':
		return startsInside
	case u.element && b[i] != '{':
		return startsInside
	case b[i] == '}', b[i] == ']':
		return startsEnd
	}
	return startsNext
}

// broken makes a record of what was skipped, without the blanks at its end.
func (s *stream) broken(r *Reader, err error) {
	data := r.kept
	if r.size == int64(len(data)) {
		data = bytes.TrimRight(data, " \t\r\n")
		r.size = int64(len(data))
	}
	r.rec = Record{Kind: Broken, Data: data, Size: r.size, Event: s.facts(r), Err: err}
}

// brokenObject takes the object at the window's beginning, of which a scan that ended at flaw said v.
func (s *stream) brokenObject(r *Reader, flaw int, v verdict) {
	b := s.bytes()
	flaw = min(flaw, len(b))
	err := s.flawError(r, b, flaw, v)
	first := bytes.IndexByte(b[:flaw], '\n')
	opener := first >= 0 && len(bytes.TrimSpace(b[1:first])) == 0
	// A value that was good up to the end or the bound is one value over many lines. One that turned bad on a later
	// line is so only when it was laid out like that; else its first line is broken, and the others stand for themselves.
	if first >= 0 && (opener || v == short || v == whole) {
		s.skip(r, until{indent: s.indent})
	} else {
		s.skip(r, until{line: true, indent: -1})
	}
	if (v == short || v == whole) && r.size > int64(r.opt.MaxRecord) {
		err = tooLong(r.size, r.opt.MaxRecord)
	}
	s.broken(r, err)
}

// flawError words what a scan of b found at flaw.
func (s *stream) flawError(r *Reader, b []byte, flaw int, v verdict) error {
	switch {
	case v == deep:
		return fmt.Errorf("JSON nested deeper than %d levels", MaxDepth)
	case v == short && len(b) <= r.opt.MaxRecord:
		return cutOff(s.err)
	case v == bad && b[flaw] == '\n':
		return fmt.Errorf("not JSON: a string does not end on its line, at byte %d", flaw+1)
	case v == bad:
		return fmt.Errorf("not JSON: unexpected %q at byte %d", b[flaw:flaw+1], flaw+1)
	}
	return tooLong(int64(len(b)), r.opt.MaxRecord)
}
