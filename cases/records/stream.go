package records

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"
)

// stream is bytes that are read as records: the object, or what one of its wrappers held.
type stream struct {
	window
	json   bool // made of JSON values; else every line is a record
	depth  int  // wrappers around it
	path   string
	indent int   // of the line that the current value begins on
	list   list  // the envelope being read, when there is one
	tail   bool  // behind an envelope: the rest of its line is to be looked at
	outer  Event // what the wrappers around it said
	event  bool  // outer says something

	elem    []byte // the element a child is made from
	scratch []byte // a message, unescaped
	decoded []byte // base64 data, decoded
	own     []byte // the buffer of this frame, while the window is over another's
	obj     object
	noted   string // the wrapper noted last
	form    form   // of text whose lines are no records; nil
}

// begin looks at the first bytes: it drops a byte order mark and decides between lines, JSON and other forms.
func (s *stream) begin() error {
	const far = 1 << 20 // blanks to look past
	if bytes.HasPrefix(s.bytes(), []byte("\xef\xbb\xbf")) {
		s.pos += 3
	}
	if err := refuse(s.bytes()); err != nil {
		return err
	}
	for {
		b := s.bytes()
		i := skipSpace(b, 0)
		if i < len(b) {
			if s.json = opensJSON(b[i:]); s.json {
				return nil
			}
			var err error
			s.form, err = findForm(b[i:], s.err != nil)
			return err
		}
		if len(b) > far || !s.more() {
			return nil
		}
	}
}

// opensJSON tells JSON from a line of text in braces or brackets, e.g. "[INFO] …".
func opensJSON(b []byte) bool {
	i := skipSpace(b, 1)
	end := i == len(b)
	switch b[0] {
	case '{':
		return end || b[i] == '"' || b[i] == '}'
	case '[':
		return !end && bytes.IndexByte([]byte(`{["]`), b[i]) >= 0
	}
	return false
}

// next reads on. It is false without an error when there is nothing to give yet: a frame was pushed, or state changed.
func (s *stream) next(r *Reader) (bool, error) {
	switch {
	case s.tail:
		return s.lineTail(r), nil
	case s.list.on:
		return s.element(r), nil
	case s.json:
		return s.value(r)
	case s.form != nil:
		return s.form.next(s, r)
	}
	return s.line(r)
}

// line gives the next line.
func (s *stream) line(r *Reader) (bool, error) {
	b, from := s.bytes(), 0
	for {
		if n := bytes.IndexByte(b[from:], '\n'); n >= 0 && from+n <= r.opt.MaxRecord {
			n += from
			s.pos += n + 1
			if n > 0 && b[n-1] == '\r' {
				return s.text(r, b[:n-1]), nil
			}
			return s.text(r, b[:n]), nil
		}
		if from = len(b); from > r.opt.MaxRecord {
			s.skip(r, until{line: true, indent: -1})
			s.broken(r, tooLong(r.size, r.opt.MaxRecord))
			return true, nil
		}
		if !s.more() {
			break
		}
		b = s.bytes()
	}
	if len(b) == 0 || s.failed() {
		return false, io.EOF
	}
	s.pos = s.end
	if s.err != io.EOF {
		r.broken(b, cutOff(s.err))
		return true, nil
	}
	return s.text(r, b), nil
}

// failed says whether the source's own error ended the stream: what is left may then be half a record of a sound object.
func (s *stream) failed() bool {
	var d *DamageError
	return s.err != nil && s.err != io.EOF && !errors.As(s.err, &d)
}

// text gives a line of text, without the time that an export put in front.
func (s *stream) text(r *Reader, line []byte) bool {
	if len(line) >= len(exportTime) && line[4] == '-' {
		if ms, ok := exported(line); ok {
			s.note(r, "cloudwatch-export")
			r.ev = s.outer
			r.ev.Timestamp = ms
			return s.message(r, line[len(exportTime):], &r.ev)
		}
	}
	return s.message(r, line, s.facts(r))
}

// facts is what the wrappers around the stream say of every record in it.
func (s *stream) facts(r *Reader) *Event {
	if !s.event {
		return nil
	}
	r.ev = s.outer
	return &r.ev
}

// exportTime is what an export to S3 puts in front of an event.
const exportTime = "2006-01-02T15:04:05.000Z "

// exported reads the time at the beginning of an exported line.
func exported(line []byte) (ms int64, ok bool) {
	for i := range len(exportTime) {
		if c := exportTime[i]; c >= '0' && c <= '9' {
			if line[i]-'0' > 9 {
				return 0, false
			}
		} else if line[i] != c {
			return 0, false
		}
	}
	t, err := time.Parse(exportTime, string(line[:len(exportTime)]))
	return t.UnixMilli(), err == nil
}

// value gives the JSON value that begins here, or a line that is none.
func (s *stream) value(r *Reader) (bool, error) {
	const far = 64 << 10 // more blanks than this are a line
	for {
		b := s.bytes()
		i := 0
		for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\r') {
			i++
		}
		if i == len(b) && i < far && s.more() {
			continue
		}
		if i == len(b) || b[i] == '\n' {
			return s.line(r)
		}
		switch {
		case b[i] == '{':
			s.pos += i
			s.indent = i
			return s.object(r)
		case b[i] == '[' && opensJSON(b[i:]):
			s.pos += i + 1
			s.list = list{on: true, shape: array, indent: i}
			s.note(r, array.String())
			return false, nil
		}
		return s.line(r)
	}
}

// object reads the object that begins at the window's first byte.
func (s *stream) object(r *Reader) (bool, error) {
	end, v := s.scan(r, objectEnd)
	if v == whole && end <= r.opt.MaxRecord {
		return s.plain(r, end)
	}
	var at spans
	if v == suspect {
		c := checker{spans: &at}
		end, v = s.scan(r, c.run)
	}
	if v == whole && end <= r.opt.MaxRecord {
		return s.checked(r, end, &at)
	}
	if s.failed() {
		return false, io.EOF
	}
	if s.partial(r, min(end, len(s.bytes()))) {
		return false, nil
	}
	s.brokenObject(r, end, v)
	return true, nil
}

// scan scans the value at the window's beginning, with more bytes until it is complete, bad, or too long.
func (s *stream) scan(r *Reader, f func([]byte) (int, verdict)) (int, verdict) {
	for {
		b := s.bytes()
		end, v := f(b)
		if v != short || len(b) > r.opt.MaxRecord || !s.more() {
			return end, v
		}
	}
}

// plain gives the object before end as a record, if nothing but blanks and pipes follow on its line.
func (s *stream) plain(r *Reader, end int) (bool, error) {
	b := s.bytes()
	if end < len(b) && b[end] == '\n' {
		s.pos += end + 1
		r.put(Data, b[:end], s.facts(r))
		return true, nil
	}
	next, ok := s.afterValue(end)
	if s.failed() {
		return false, io.EOF
	}
	if !ok {
		return s.trailing(r), nil
	}
	b = s.bytes()
	s.pos += next
	r.put(Data, b[:end], s.facts(r))
	return true, nil
}

// afterValue looks behind a value that ends at i: next is where the next may begin. It is not ok when anything is in between.
func (s *stream) afterValue(i int) (next int, ok bool) {
	const far = 64 << 10
	for end := i; ; i++ {
		b := s.bytes()
		if i == len(b) {
			if i-end > far {
				return i, false
			}
			if !s.more() {
				return i, true
			}
			b = s.bytes()
		}
		switch b[i] {
		case ' ', '\t', '\r', '|':
		case '\n':
			return i + 1, true
		case '{', '[':
			return i, true
		default:
			return i, false
		}
	}
}

func (s *stream) trailing(r *Reader) bool {
	s.skip(r, until{line: true, indent: -1})
	s.broken(r, errors.New("bytes after the JSON value on its line"))
	return true
}

// lineTail looks at what follows an envelope on its line.
func (s *stream) lineTail(r *Reader) bool {
	s.tail = false
	next, ok := s.afterValue(0)
	if s.failed() {
		return false
	}
	if !ok {
		return s.trailing(r)
	}
	s.pos += next
	return false
}

// checked gives what is in an object that is complete, good JSON.
func (s *stream) checked(r *Reader, end int, at *spans) (bool, error) {
	b := s.bytes()[:end]
	o := &s.obj
	o.read(b, false, at)
	shape, first := o.shape(false)
	switch {
	case shape == plain:
		return s.plain(r, end)
	case o.repeated != "":
		s.pos += end
		s.tail = true
		r.broken(b, repeated(o.repeated))
		return true, nil
	case shape == event:
		s.pos += end
		s.tail = true
		s.note(r, event.String())
		return s.giveEvent(r, o), nil
	case shape == shipped:
		s.pos += end
		s.tail = true
		s.note(r, shape.String())
		return s.giveShipped(r, o), nil
	case shape == document:
		s.pos += end
		s.tail = true
		s.note(r, shape.String())
		if inner := o.val(kSource); inner != nil {
			return s.message(r, inner, s.facts(r)), nil
		}
		return s.message(r, o.val(kLogRecord), s.facts(r)), nil
	case shape == told:
		s.pos += end
		s.tail = true
		r.put(Data, b, s.toldFacts(r, o))
		return true, nil
	case shape == failed:
		s.pos += end
		s.tail = true
		return s.payloadOf(r, shape, b, b, kRaw), nil
	case shape == lambda:
		s.pos += end
		s.tail = true
		return s.payloadOf(r, shape, b, o.val(kLambda), kData), nil
	case o.control():
		s.pos += end
		s.tail = true
		s.note(r, shape.String())
		r.put(Control, b, s.facts(r))
		return true, nil
	}
	s.note(r, shape.String())
	s.list = list{on: true, shape: shape, checked: true, start: s.pos, end: s.pos + end}
	s.list.learn(r, o)
	s.pos += first
	return false, nil
}

// partial begins to read an envelope of which only the beginning is here or is good.
func (s *stream) partial(r *Reader, end int) bool {
	o := &s.obj
	o.read(s.bytes()[:end], true, nil)
	shape, at := o.shape(true)
	if shape == plain || o.repeated != "" || o.control() {
		return false
	}
	s.note(r, shape.String())
	s.list = list{on: true, shape: shape, indent: s.indent, seen: o.seen}
	s.list.learn(r, o)
	s.pos += at
	return true
}

func (s *stream) note(r *Reader, name string) {
	if s.noted != name {
		s.noted = name
		r.note(joinPath(s.path, name))
	}
}

func joinPath(outer, inner string) string {
	if outer == "" || inner == "" {
		return outer + inner
	}
	return outer + " > " + inner
}

func tooLong(size int64, most int) error {
	return fmt.Errorf("%d bytes long, and a record may have %d", size, most)
}

func cutOff(err error) error {
	if err == io.EOF {
		return errors.New("cut off: the end comes inside a JSON value")
	}
	return errors.New("cut off: the object is damaged from here on")
}

func repeated(name string) error {
	return fmt.Errorf("the key %q comes twice in one envelope", name)
}
