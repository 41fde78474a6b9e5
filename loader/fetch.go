package loader

import (
	"context"
	"io"
	"time"

	"case53/cases"
	"case53/loader/source"
)

// fetchers is how many objects are brought in at a time, and how many may wait to be decoded beyond that.
const fetchers, waiting = 2, 16

// fetched is an object whose bytes are in the raw store.
type fetched struct {
	index    int
	object   source.Object
	sha      string
	size     int64
	acquired time.Time
	packed   bool // compressed, by its first bytes
	err      error
}

// fetch stores the objects' bytes, a few at a time, and sends them on in their order.
func fetch(ctx context.Context, w *cases.Writer, objects []listed, out chan<- fetched) {
	defer close(out)
	slots := make(chan struct{}, fetchers)
	order := make(chan chan fetched, waiting)
	go func() {
		defer close(order)
		for i, o := range objects {
			result := make(chan fetched, 1)
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				return
			}
			go func() {
				defer func() { <-slots }()
				result <- fetchOne(ctx, w, i, o)
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

func fetchOne(ctx context.Context, w *cases.Writer, i int, o listed) fetched {
	f := fetched{index: i, object: o.Object, err: o.err}
	if f.err != nil {
		return f
	}
	r, err := o.Open(ctx)
	if err != nil {
		f.err = err
		return f
	}
	defer r.Close()
	head := &firstBytes{r: r}
	f.acquired = time.Now().UTC()
	f.sha, f.size, f.err = w.Raw.Put(ctx, head)
	f.packed = head.n >= 4 && (head.b[0] == 0x1f && head.b[1] == 0x8b || string(head.b[:4]) == "\x28\xb5\x2f\xfd")
	return f
}

// firstBytes remembers the first four bytes that went through it.
type firstBytes struct {
	r io.Reader
	b [4]byte
	n int
}

func (f *firstBytes) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if f.n < len(f.b) {
		f.n += copy(f.b[f.n:], p[:n])
	}
	return n, err
}
