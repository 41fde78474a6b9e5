package records

import "io"

// windowSize is where a window starts; it stays in the cache of one core.
const windowSize = 128 << 10

// window is the part of a stream that is in memory: what has been read and not yet been taken.
type window struct {
	r        io.Reader // nil when buf is all there is
	buf      []byte
	pos, end int
	err      error // what ended the stream: io.EOF, a *DamageError, or the source's own error
	total    int64 // bytes read
}

// over makes a window of bytes in memory.
func over(b []byte) window { return window{buf: b, end: len(b), err: io.EOF} }

// bytes is what there is, until the next call of more.
func (w *window) bytes() []byte { return w.buf[w.pos:w.end] }

// more reads on and says whether there is more now. What was there moves, and may by then be half of what is there:
// so to scan it again from its beginning costs no more than the reading.
func (w *window) more() bool {
	if w.err != nil {
		return false
	}
	if have := w.end - w.pos; have > len(w.buf)/2 || w.buf == nil {
		grown := make([]byte, max(windowSize, 2*len(w.buf)))
		copy(grown, w.bytes())
		w.buf, w.pos, w.end = grown, 0, have
	} else if w.pos > 0 {
		copy(w.buf, w.bytes())
		w.pos, w.end = 0, have
	}
	start := w.end
	for idle := 0; w.end < len(w.buf) && w.err == nil; {
		n, err := w.r.Read(w.buf[w.end:])
		w.end += n
		w.err = err
		if n > 0 {
			idle = 0
		} else if idle++; idle > 100 && err == nil {
			w.err = io.ErrNoProgress
		}
	}
	w.total += int64(w.end - start)
	return w.end > start
}
