package records

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// Reader gives the records of one object. It is used by one goroutine.
type Reader struct {
	opt      Options
	meter    meter
	wrappers []wrapper // compressions of the object as a whole
	frames   []*stream // the object, and inside it the wrapper being read, and inside that …
	top      int
	rec      Record
	ev       Event
	kept     []byte // the bytes of a broken record, and how many there were
	size     int64
	no       uint32
	err      error
	paths    []string // wrappers found inside, as "firehose > gzip > subscription"
	texts    map[string]string
}

// NewReader looks at the beginning of an object's stored bytes. What is not text is one of this package's errors; an
// error of r itself is wrapped. Damage is not found here, but where it is, by Next.
func NewReader(r io.Reader) (*Reader, error) { return Options{}.NewReader(r) }

// NewReader is NewReader with other bounds.
func (o Options) NewReader(src io.Reader) (*Reader, error) {
	r := &Reader{opt: o.withDefaults(), texts: map[string]string{}}
	r.meter = meter{r: src, opt: r.opt}
	s := &stream{}
	r.frames = []*stream{s}
	s.r, r.wrappers = r.meter.unpack(&r.meter, 0)
	s.depth = len(r.wrappers)
	s.more()
	err := s.begin()
	if err == ErrEmpty && s.err != io.EOF {
		err = r.meter.err // nil: damage from the first byte on, for Next to say
	}
	if err != nil {
		if name := names(r.wrappers); name != "" && err != r.meter.err {
			err = fmt.Errorf("inside %s: %w", name, err)
		}
		return nil, err
	}
	return r, nil
}

// Next gives the next record; the one before it is then no longer valid. At the end it gives io.EOF, or a
// *DamageError when the object is cut or corrupt, or the error of the source; then the same again.
func (r *Reader) Next() (*Record, error) {
	for r.err == nil {
		ok, err := r.frames[r.top].next(r)
		if err != nil {
			ok = r.pop()
		}
		if ok {
			r.no++
			r.rec.No = r.no
			return &r.rec, nil
		}
	}
	return nil, r.err
}

// pop leaves a frame that has ended. It says whether that made a record: of a wrapper inside the object that is damaged.
func (r *Reader) pop() bool {
	s := r.frames[r.top]
	if r.top == 0 {
		r.err = s.err
		return false
	}
	r.top--
	if s.r != nil {
		s.own = s.buf
	}
	if r.meter.bomb != nil {
		r.err = r.meter.bomb
		return false
	}
	var d *DamageError
	if errors.As(s.err, &d) {
		parent := r.frames[r.top]
		r.broken(parent.elem, fmt.Errorf("its data is %w", d))
		return true
	}
	return false
}

// Envelope names the wrappers, outermost first, e.g. "gzip(3 members) > subscription"; "plain" when there is none.
// It is final once Next has given an error.
func (r *Reader) Envelope() string {
	name, inner := names(r.wrappers), strings.Join(r.paths, " + ")
	switch {
	case name == "" && inner == "":
		return "plain"
	case name == "" || inner == "":
		return name + inner
	}
	return name + " > " + inner
}

// DecodedSize is the number of bytes so far, after the compression of the object as a whole.
func (r *Reader) DecodedSize() int64 { return r.frames[0].total }

// find reads an object again up to record no and gives a copy of that.
func find(src io.Reader, no uint32) (Record, error) {
	r, err := NewReader(src)
	if err != nil {
		return Record{}, err
	}
	for {
		rec, err := r.Next()
		if err == io.EOF {
			return Record{}, fmt.Errorf("record %d: the object has %d", no, r.no)
		}
		if err != nil {
			return Record{}, fmt.Errorf("record %d: after %d records: %w", no, r.no, err)
		}
		if rec.No != no {
			continue
		}
		found := *rec
		found.Data = bytes.Clone(rec.Data)
		if rec.Event != nil {
			ev := *rec.Event
			found.Event = &ev
		}
		return found, nil
	}
}

// push begins a wrapper inside the current frame: what is in it comes next.
func (r *Reader) push(path string) *stream {
	parent := r.frames[r.top]
	r.top++
	if r.top == len(r.frames) {
		r.frames = append(r.frames, &stream{})
	}
	s := r.frames[r.top]
	*s = stream{path: path, depth: parent.depth + 1, own: s.own, scratch: s.scratch, decoded: s.decoded, obj: object{others: s.obj.others}}
	r.note(path)
	return s
}

// note remembers wrappers that were found; of a path and its continuation only the longer.
func (r *Reader) note(path string) {
	const most = 8
	for i, p := range r.paths {
		switch {
		case p == path, strings.HasPrefix(p, path+" > "):
			return
		case strings.HasPrefix(path, p+" > "):
			r.paths[i] = path
			return
		}
	}
	if len(r.paths) < most && !slices.Contains(r.paths, path) {
		r.paths = append(r.paths, path)
	}
}

func (r *Reader) put(k Kind, data []byte, ev *Event) {
	r.rec = Record{Kind: k, Data: data, Size: int64(len(data)), Event: ev}
}

// broken makes a record of bytes that are none.
func (r *Reader) broken(data []byte, err error) {
	r.rec = Record{Kind: Broken, Data: data[:min(len(data), r.opt.MaxKept)], Size: int64(len(data)), Err: err}
}

// text makes a string of a name that comes with many records, as [validText] does.
func (r *Reader) text(b []byte) string {
	if s, ok := r.texts[string(b)]; ok {
		return s
	}
	s := validText(b)
	if len(r.texts) < 4096 {
		r.texts[s] = s
	}
	return s
}

// validText makes a string of what a wrapper says of a record. A database keeps UTF-8 alone: bytes that are none become \xNN, and
// then every backslash is doubled, so that nothing is lost and nothing can be mistaken.
func validText(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	var out strings.Builder
	for len(b) > 0 {
		c, n := utf8.DecodeRune(b)
		switch {
		case c == utf8.RuneError && n == 1:
			fmt.Fprintf(&out, `\x%02x`, b[0])
		case c == '\\':
			out.WriteString(`\\`)
		default:
			out.Write(b[:n])
		}
		b = b[n:]
	}
	return out.String()
}
