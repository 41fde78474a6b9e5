package records

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
)

// list is an envelope's list being read, element by element.
type list struct {
	on         bool
	shape      shape
	checked    bool   // the whole document is in the window, and good
	start, end int    // of a checked document, in the window's buffer
	indent     int    // of the line an unchecked document begins on
	seen       uint32 // an unchecked document's keys before the list
	count      int    // elements so far
	comma      bool   // an unchecked list's next element must have a comma before it
	column     int    // of the next byte, when only blanks are before it on its line; else -1

	group, stream, owner string
}

// learn keeps what an envelope says of all its events.
func (l *list) learn(r *Reader, o *object) {
	l.group, l.stream, l.owner = r.fact(o, kGroup), r.fact(o, kStream), r.fact(o, kOwner)
}

// fact is the text of a member, "" when it is no string.
func (r *Reader) fact(o *object, k key) string {
	v := o.val(k)
	if len(v) < 2 || v[0] != '"' {
		return ""
	}
	return r.text(text(nil, v))
}

// element gives the list's next element.
func (s *stream) element(r *Reader) bool {
	l := &s.list
	if !l.checked {
		return s.uncheckedElement(r)
	}
	b := s.buf[s.pos:l.end]
	i := skipSpace(b, 0)
	if b[i] == ',' {
		i = skipSpace(b, i+1)
	}
	if b[i] == ']' {
		l.on, s.tail = false, true
		s.pos = l.end
		if l.count == 0 {
			r.put(Control, s.buf[l.start:l.end], s.facts(r))
		}
		return l.count == 0
	}
	l.count++
	if b[i] == '{' {
		s.obj.read(b[i:], false, nil)
		s.pos += i + s.obj.size
		return s.open(r, b[i:i+s.obj.size])
	}
	end, _ := skipValue(b, i)
	s.pos += end
	return s.open(r, b[i:end])
}

// uncheckedElement gives the next element of a document that is too long to have been seen whole, or not good.
func (s *stream) uncheckedElement(r *Reader) bool {
	l := &s.list
	for {
		b := s.bytes()
		n := skipSpace(b, 0)
		s.pos += n
		if k := bytes.LastIndexByte(b[:n], '\n'); k >= 0 {
			l.column = n - k - 1
		} else if l.column >= 0 {
			l.column += n
		}
		if b = s.bytes(); len(b) == 0 {
			if s.more() {
				continue
			}
			return s.cutList(r)
		}
		switch c := b[0]; {
		case c == ']':
			s.pos++
			return s.listEnd(r)
		case l.comma && c == ',':
			s.pos++
			l.comma, l.column = false, -1
		case l.comma && c == '{' && l.column <= l.indent: // a document that was cut behind an element, and the next
			return s.cutList(r)
		case l.comma && c == '{': // only the comma is missing
			return s.uncheckedValue(r)
		case l.comma:
			s.brokenElement(r, 0, bad)
			return true
		default:
			return s.uncheckedValue(r)
		}
	}
}

func (s *stream) uncheckedValue(r *Reader) bool {
	var c checker
	end, v := s.scan(r, c.run)
	if s.failed() && v == short {
		s.list.on = false
		return false
	}
	s.list.count++
	if v != whole || end > r.opt.MaxRecord {
		s.brokenElement(r, end, v)
		return true
	}
	b := s.bytes()[:end]
	s.pos += end
	s.list.comma, s.list.column = true, -1
	if b[0] == '{' {
		s.obj.read(b, false, nil)
	}
	return s.open(r, b)
}

func (s *stream) brokenElement(r *Reader, flaw int, v verdict) {
	b := s.bytes()
	err := s.flawError(r, b, min(flaw, len(b)), v)
	long := v == whole || v == short && len(b) > r.opt.MaxRecord
	how := s.skip(r, until{element: true, indent: s.list.indent})
	if long {
		err = tooLong(r.size, r.opt.MaxRecord)
	}
	s.broken(r, err)
	if s.list.on = how == atElement; s.list.on && r.size == int64(len(r.rec.Data)) {
		r.rec.Data = bytes.TrimSuffix(r.rec.Data, []byte(","))
		r.rec.Size = int64(len(r.rec.Data))
	}
	s.list.comma, s.list.column = false, -1
}

// cutList leaves a document that ends before its list does.
func (s *stream) cutList(r *Reader) bool {
	s.list.on = false
	if s.err != nil && s.err != io.EOF && len(s.bytes()) == 0 {
		return false // the damage, or the source's error, is what comes next
	}
	r.broken(nil, errors.New("cut off: a JSON document ends inside its list"))
	return true
}

// listEnd reads what follows the list in an unchecked document.
func (s *stream) listEnd(r *Reader) bool {
	l := &s.list
	l.on = false
	if l.shape == array {
		s.tail = true
		if l.count == 0 {
			r.put(Control, nil, s.facts(r))
		}
		return l.count == 0
	}
	c := insideObject()
	end, v := s.scan(r, c.run)
	if s.failed() {
		return false
	}
	b := s.bytes()
	if v == short && len(b) == 0 && s.err != io.EOF {
		return false // the damage is what comes next
	}
	if v != whole {
		err := s.flawError(r, b, min(end, len(b)), v)
		s.skip(r, until{indent: l.indent})
		s.broken(r, err)
		return true
	}
	s.pos += end
	s.tail = true
	m := members{b: b[:end]}
	for {
		name, ok := m.name()
		if !ok {
			break
		}
		if k := keyOf(name); k > kPassing && l.seen&(1<<k) != 0 {
			r.broken(b[:end], repeated(string(name)))
			return true
		}
		if _, ok = m.value(); !ok {
			break
		}
	}
	if l.count == 0 {
		r.put(Control, nil, s.facts(r))
	}
	return l.count == 0
}

// open gives what is in one element; an object is in s.obj by now.
func (s *stream) open(r *Reader, elem []byte) bool {
	s.elem = elem
	o := &s.obj
	switch {
	case s.list.shape == array, s.list.shape == trail:
		return s.openAny(r, elem)
	case s.list.shape == insights && elem[0] == '[':
		return s.giveResult(r, elem)
	case elem[0] != '{':
		r.broken(elem, errors.New("not an object, in a list of objects"))
	case o.repeated != "":
		r.broken(elem, repeated(o.repeated))
	case s.list.shape == firehose:
		return s.payloadOf(r, firehose, elem, elem, kData)
	case s.list.shape == kinesis:
		return s.payloadOf(r, kinesis, elem, o.val(kKinesisData), kData)
	case s.list.shape == lookup && o.is(kTrail, '"'):
		return s.message(r, s.unquote(o.val(kTrail)), s.facts(r))
	case !o.is(kMessage, '"') && envelopeIn(elem) != plain: // the document was cut behind a comma, and this is the next
		return s.message(r, elem, s.facts(r))
	case !o.is(kMessage, '"'):
		r.broken(elem, errors.New("an event without a message"))
	default:
		return s.giveEvent(r, o)
	}
	return true
}

// openAny gives an element of a plain array, or of CloudTrail's list: whatever it is.
func (s *stream) openAny(r *Reader, elem []byte) bool {
	switch elem[0] {
	case '"':
		return s.message(r, s.unquote(elem), s.facts(r))
	case '[':
		return s.giveCells(r, elem)
	}
	return s.message(r, elem, s.facts(r))
}

// giveEvent gives the message of an event.
func (s *stream) giveEvent(r *Reader, o *object) bool {
	r.ev = s.outer
	set := func(to *string, v string) {
		if v != "" {
			*to = v
		}
	}
	if s.list.on {
		set(&r.ev.Group, s.list.group)
		set(&r.ev.Stream, s.list.stream)
		set(&r.ev.Owner, s.list.owner)
	}
	set(&r.ev.Group, r.fact(o, kGroup))
	set(&r.ev.Stream, r.fact(o, kStream))
	set(&r.ev.Owner, r.fact(o, kOwner))
	r.ev.split()
	if v := o.val(kEventID); len(v) > 2 && v[0] == '"' {
		r.ev.ID = validText(text(nil, v))
	}
	if ms := o.millis(kTimestamp); ms != 0 {
		r.ev.Timestamp = ms
	}
	if ms := o.millis(kIngestion); ms != 0 {
		r.ev.Ingestion = ms
	}
	return s.message(r, s.unquote(o.val(kMessage)), &r.ev)
}

// unquote is the text of a string, valid until the next.
func (s *stream) unquote(quoted []byte) []byte {
	if runEnd(quoted, 1) == len(quoted)-1 {
		return quoted[1 : len(quoted)-1]
	}
	s.scratch = text(s.scratch[:0], quoted)
	return s.scratch
}

// message gives one record's text, or, when that is an envelope, begins to read it.
func (s *stream) message(r *Reader, msg []byte, ev *Event) bool {
	switch shape := envelopeIn(msg); {
	case shape == plain && blank(msg):
		r.put(Blank, msg, ev)
	case shape == plain:
		r.put(Data, msg, ev)
	case s.depth+1 >= MaxWrappers:
		r.broken(msg, fmt.Errorf("wrapped more than %d deep", MaxWrappers))
	default:
		in := r.push(joinPath(s.path, s.noted))
		in.window = over(msg)
		in.json = true
		if ev != nil {
			in.outer, in.event = *ev, true
		}
		if !shape.single() {
			in.outer.ID = "" // of the envelope as a whole; each of its events has its own, or none
		}
		return false
	}
	return true
}

// envelopeIn says what envelope a message is, if it is one and nothing else.
func envelopeIn(msg []byte) shape {
	if len(msg) == 0 || msg[0] != '{' {
		return plain
	}
	if _, v := objectEnd(msg); v != suspect {
		return plain
	}
	end, v := valueEnd(msg, 0)
	if v != whole || skipSpace(msg, end) < len(msg) {
		return plain
	}
	var o object
	o.read(msg[:end], false, nil)
	shape, _ := o.shape(false)
	return shape
}

func blank(b []byte) bool {
	for _, c := range b {
		if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return false
		}
	}
	return true
}

// payloadOf begins to read the base64 data of an element: holder is the object that has it under the key k.
func (s *stream) payloadOf(r *Reader, sh shape, elem, holder []byte, k key) bool {
	s.elem = elem
	s.note(r, sh.String())
	var o object
	if len(holder) > 0 && holder[0] == '{' {
		o.read(holder, false, nil)
	}
	switch {
	case o.repeated != "":
		r.broken(elem, repeated(o.repeated))
		return true
	case !o.is(k, '"'):
		r.broken(elem, errors.New("a record without data"))
		return true
	}
	data, err := s.base64(s.unquote(o.val(k)))
	if err != nil {
		r.broken(elem, fmt.Errorf("its data: %w", err))
		return true
	}
	if s.depth+1 >= MaxWrappers {
		r.broken(elem, fmt.Errorf("wrapped more than %d deep", MaxWrappers))
		return true
	}
	return s.payload(r, sh, data)
}

func (s *stream) base64(enc []byte) ([]byte, error) {
	code := base64.StdEncoding
	if len(enc)%4 != 0 {
		code = base64.RawStdEncoding
	}
	if n := code.DecodedLen(len(enc)); cap(s.decoded) < n {
		s.decoded = make([]byte, n)
	}
	n, err := code.Decode(s.decoded[:cap(s.decoded)], enc)
	return s.decoded[:n], err
}

// payload begins to read an object inside the object.
func (s *stream) payload(r *Reader, sh shape, data []byte) bool {
	src, wrappers := r.meter.unpackBytes(data, s.depth+1)
	in := r.push(joinPath(joinPath(s.path, sh.String()), names(wrappers)))
	in.outer, in.event = s.outer, s.event
	in.depth += len(wrappers)
	if src == nil {
		in.window = over(data)
	} else {
		in.window = window{r: src, buf: in.own}
		in.more()
		in.own = in.buf
	}
	err := in.begin()
	switch {
	case err == nil, r.meter.bomb != nil, err == ErrEmpty && in.err != io.EOF:
		return false // damage is for pop to see
	case err == ErrEmpty:
		r.top--
		r.put(Blank, nil, s.facts(r))
	default:
		r.top--
		r.broken(s.elem, fmt.Errorf("its data: %w", err))
	}
	return true
}
