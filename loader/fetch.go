package loader

import (
	"context"
	"errors"
	"io"
	"os"
	"syscall"
	"time"

	"case53/cases"
	"case53/cases/writer"
	"case53/loader/source"
)

// fetchers is how many local objects are brought in at a time, and how many may wait to be decoded beyond that.
const fetchers, waiting = 2, 16

// fetched is an object whose bytes are in the raw store.
type fetched struct {
	listed
	sha      string
	size     int64
	acquired time.Time
	facts    source.Facts
	packed   bool // compressed, by its first bytes
	unread   bool // err is of the object's own place, not of the case's disk
}

// place is what tells one stored object from every other before it is fetched.
type place struct {
	uri, version, etag string
	size               int64
}

// placed is the object of a place that the case has.
type placed struct {
	sha      string
	acquired time.Time
}

// placeOf says what place a remote object has; false where only fetching can tell.
func placeOf(o source.Object) (place, bool) {
	r, ok := o.(source.Remote)
	if !ok {
		return place{}, false
	}
	facts := r.Listed()
	return place{o.URI(), facts.VersionID, facts.ETag, o.Size()}, facts.ETag != "" && o.Size() >= 0
}

// placesOf gives the objects of the case that can be told before they are fetched.
func placesOf(ctx context.Context, w *writer.Writer) (map[place]placed, error) {
	places := map[place]placed{}
	return places, w.Objects(ctx, func(o cases.Object) error {
		if o.ETag != "" {
			places[place{o.URI, o.VersionID, o.ETag, o.Size}] = placed{o.SHA256, o.AcquiredAt}
		}
		return nil
	})
}

// fetch stores the objects' bytes, a few at a time, and sends them on in their order.
func (l *load) fetch(ctx context.Context, objects <-chan listed, places map[place]placed, out chan<- fetched) {
	defer close(out)
	slots := l.fetchSlots()
	order := make(chan chan fetched, waiting)
	go func() {
		defer close(order)
		for o := range objects {
			result := make(chan fetched, 1)
			select {
			case slots[o.from] <- struct{}{}:
			case <-ctx.Done():
				return
			}
			go func() {
				defer func() { <-slots[o.from] }()
				f := l.fetchOne(ctx, o, places)
				l.update(func() {
					l.progress.Sources[o.from].Fetched++
					l.progress.Sources[o.from].BytesFetched += f.size
				})
				result <- f
			}()
			select {
			case order <- result:
			case <-ctx.Done():
				return
			}
		}
	}()
	for result := range order {
		select {
		case out <- <-result:
		case <-ctx.Done():
			return
		}
	}
}

// fetchSlots bounds how many objects of each source are fetched at a time.
func (l *load) fetchSlots() []chan struct{} {
	var slots []chan struct{}
	for _, s := range l.plan.Sources {
		n := fetchers
		if remote, ok := s.(source.Streaming); ok {
			n = max(1, remote.Fetchers())
		}
		slots = append(slots, make(chan struct{}, n))
	}
	return slots
}

func (l *load) fetchOne(ctx context.Context, o listed, places map[place]placed) fetched {
	f := fetched{listed: o}
	if f.err != nil {
		return f
	}
	if f.fromCase(l.w, places) {
		return f
	}
	r, err := o.object.Open(ctx)
	if err != nil {
		f.err, f.unread = err, !errors.Is(err, syscall.EMFILE)
		return f
	}
	defer r.Close()
	head := &firstBytes{r: r}
	f.acquired = time.Now().UTC()
	f.sha, f.size, f.err = l.w.Raw.Put(ctx, head)
	f.unread = head.failed
	f.packed = head.n >= 4 && (head.b[0] == 0x1f && head.b[1] == 0x8b || string(head.b[:4]) == "\x28\xb5\x2f\xfd")
	if remote, ok := o.object.(source.Remote); ok {
		f.facts = remote.Acquired()
	}
	return f
}

// fromCase finds an object's bytes in the case, so that they need not be fetched again.
func (f *fetched) fromCase(w *writer.Writer, places map[place]placed) bool {
	at, ok := placeOf(f.object)
	if !ok {
		return false
	}
	have, ok := places[at]
	if !ok {
		return false
	}
	path, err := w.Raw.Path(have.sha)
	if err != nil {
		return false
	}
	if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() || info.Size() != at.size {
		return false
	}
	f.sha, f.size, f.acquired, f.packed = have.sha, at.size, have.acquired, true
	f.facts = f.object.(source.Remote).Listed()
	more := map[string]any{"bytes": "in the case already; not fetched again"}
	for k, v := range f.facts.More {
		more[k] = v
	}
	f.facts.More = more
	return true
}

// firstBytes remembers the first four bytes that went through it, and whether reading ended in an error.
type firstBytes struct {
	r      io.Reader
	b      [4]byte
	n      int
	failed bool
}

func (f *firstBytes) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if f.n < len(f.b) {
		f.n += copy(f.b[f.n:], p[:n])
	}
	f.failed = err != nil && err != io.EOF
	return n, err
}
