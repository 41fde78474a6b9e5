package records

import (
	"bytes"
	"errors"
	"io"
)

// form is a way of writing events down as text that is neither one line each nor JSON: what commands print and consoles save.
// It is found once, by the first lines of a stream, and only where it is certain; what a form cannot read in its middle is a
// line of text again, or broken.
type form interface {
	String() string
	// next gives the next record of s; false without an error when a frame was pushed, io.EOF at the end.
	next(s *stream, r *Reader) (bool, error)
}

// ErrRunTogether is what begin says of records that cannot be told apart.
var ErrRunTogether = errors.New("records run together without line ends, as Firehose's message extraction leaves them where no delimiter is set" +
	"\nhint: load what CloudWatch Logs or S3 holds of them, or have Firehose add a newline")

// formLines is how many lines are looked at to find a form.
const formLines = 64

// findForm tells what form a text is in; nil when it is none. whole says that sample is all there is.
func findForm(sample []byte, whole bool) (form, error) {
	lines := firstLines(sample, whole)
	if len(lines) == 0 {
		return gluedForm(sample, whole)
	}
	for _, find := range []func([][]byte) form{findTable, findTail, findOutput, findResults, findGroups, findFluent, findYAML} {
		if f := find(lines); f != nil {
			return f, nil
		}
	}
	return gluedForm(sample, whole)
}

// firstLines gives whole lines that are not blank.
func firstLines(sample []byte, whole bool) (lines [][]byte) {
	for len(lines) < formLines && len(sample) > 0 {
		line, rest, ended := bytes.Cut(sample, []byte("\n"))
		if !ended && !whole {
			break
		}
		if line = bytes.TrimSuffix(line, []byte("\r")); !blank(line) {
			lines = append(lines, line)
		}
		sample = rest
	}
	return lines
}

// lineEnd is how a line in the window ends.
type lineEnd uint8

const (
	lineWhole lineEnd = iota
	lineLast          // with the stream, without a newline
	lineLong          // nowhere in what a record may have
	lineNone          // there is none: the stream has ended
)

// lineAt gives the line that begins at from in the window, without its end, and where the next begins.
func (s *stream) lineAt(r *Reader, from int) (line []byte, next int, how lineEnd) {
	for seen := from; ; {
		b := s.bytes()
		if n := bytes.IndexByte(b[seen:], '\n'); n >= 0 {
			return bytes.TrimSuffix(b[from:seen+n], []byte("\r")), seen + n + 1, lineWhole
		}
		if seen = len(b); seen-from > r.opt.MaxRecord {
			return nil, seen, lineLong
		}
		if !s.more() {
			if b = s.bytes(); len(b) == from {
				return nil, from, lineNone
			}
			return b[from:], len(b), lineLast
		}
	}
}

// head is what a form puts in front of a message.
type head struct {
	size                     int // bytes of it
	control                  bool
	at, ingested             int64
	group, stream, owner, id []byte
}

// take takes in what a named value says.
func (h *head) take(c column, val []byte) {
	switch c {
	case colTime:
		h.at = instant(val)
	case colIngestion:
		h.ingested = instant(val)
	case colGroup:
		h.group = bytes.Clone(val)
	case colStream:
		h.stream = bytes.Clone(val)
	case colOwner:
		h.owner = bytes.Clone(val)
	case colID:
		if digits(val) { // others number events of their own
			h.id = bytes.Clone(val)
		}
	}
}

// headed is a form that puts something in front of every message. A line without it goes on with the message before.
type headed struct {
	name string
	head func(line []byte) (head, bool)
	// foot takes off what stands behind a message, for a form that has it; may be nil.
	foot func(msg []byte, h *head) []byte
}

func (f *headed) String() string { return f.name }

func (f *headed) next(s *stream, r *Reader) (bool, error) {
	line, next, how := s.lineAt(r, 0)
	h, ok := head{}, false
	if how == lineWhole || how == lineLast {
		h, ok = f.head(line)
	}
	if !ok || h.control {
		if ok && (how == lineWhole || s.err == io.EOF) {
			s.pos += next
			s.note(r, f.name)
			r.put(Control, line, s.facts(r))
			return true, nil
		}
		return s.line(r)
	}
	first := len(line)
	end, next, how := f.goesOn(s, r, first, next, how)
	if how == lineLast && s.err != io.EOF {
		if s.failed() {
			return false, io.EOF
		}
		r.broken(s.bytes(), cutOff(s.err))
		s.pos = s.end
		return true, nil
	}
	h, _ = f.head(s.bytes()[:first]) // what it points to may have moved
	msg := s.bytes()[min(h.size, end):end]
	if h.size >= first { // nothing of it stands behind its head
		msg = bytes.TrimLeft(msg, "\r\n")
	}
	s.pos += next
	if f.foot != nil {
		msg = f.foot(msg, &h)
	}
	return s.headedMessage(r, f.name, msg, &h), nil
}

// goesOn takes in the lines behind a message's first that have no head, up to the last that is not blank, as far as a record
// may be long.
func (f *headed) goesOn(s *stream, r *Reader, end, next int, how lineEnd) (int, int, lineEnd) {
	for from, ends := next, how; ends == lineWhole; {
		line, after, e := s.lineAt(r, from)
		if e == lineNone || e == lineLong || after > r.opt.MaxRecord {
			break
		}
		if _, starts := f.head(line); starts {
			break
		}
		if !blank(line) {
			end, next, how = from+len(line), after, e
		}
		from, ends = after, e
	}
	return end, next, how
}

// headedMessage gives a message with what its head says.
func (s *stream) headedMessage(r *Reader, name string, msg []byte, h *head) bool {
	s.note(r, name)
	r.ev = s.outer
	if len(h.group) > 0 {
		r.ev.Group = r.text(h.group)
	}
	if len(h.stream) > 0 {
		r.ev.Stream = r.text(h.stream)
	}
	if len(h.owner) > 0 {
		r.ev.Owner = r.text(h.owner)
	}
	if len(h.id) > 0 {
		r.ev.ID = validText(h.id)
	}
	if h.at != 0 {
		r.ev.Timestamp = h.at
	}
	if h.ingested != 0 {
		r.ev.Ingestion = h.ingested
	}
	r.ev.split()
	return s.message(r, msg, &r.ev)
}
