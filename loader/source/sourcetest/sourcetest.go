// Package sourcetest is the suite that every source passes.
package sourcetest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"case53/cases"
	"case53/loader/source"
)

// Want is what a source must list.
type Want struct {
	Objects map[string][]byte // stored bytes by URI
	Errors  []string          // URIs that must be yielded as errors, in order
	// Inside is a window that holds a record of every object; no source may list less for it.
	Inside cases.Span
}

// Run holds src to the rules of package source.
func Run(t *testing.T, src source.Source, want Want) {
	t.Run("lists everything, in order, twice the same", func(t *testing.T) {
		uris, errs := list(t, src, cases.Span{})
		checkSet(t, uris, want)
		checkErrors(t, errs, want)
		again, errs2 := list(t, src, cases.Span{})
		if !equal(uris, again) || !equal(errs, errs2) {
			t.Errorf("two listings differ:\n%q %q\n%q %q", uris, errs, again, errs2)
		}
	})
	t.Run("a window never hides what it holds", func(t *testing.T) {
		for _, w := range []cases.Span{want.Inside, {From: want.Inside.From}, {To: want.Inside.To}} {
			uris, _ := list(t, src, w)
			checkSet(t, uris, want)
		}
	})
	t.Run("opens the stored bytes, as often as asked", func(t *testing.T) { checkOpen(t, src, want) })
	t.Run("stops when told", func(t *testing.T) { checkStops(t, src, want) })
	t.Run("has a URI", func(t *testing.T) {
		if src.URI() == "" {
			t.Error("the source has no URI")
		}
	})
}

// list gives the URIs of objects and of errors, and checks what holds for every pair.
func list(t *testing.T, src source.Source, w cases.Span) (uris, errs []string) {
	t.Helper()
	last := ""
	for obj, err := range src.Objects(t.Context(), w) {
		var at string
		var oe *source.ObjectError
		switch {
		case obj == nil && err == nil, obj != nil && err != nil:
			t.Fatalf("yielded object %v and error %v: exactly one must be set", obj, err)
		case err == nil:
			at = obj.URI()
			uris = append(uris, at)
		case errors.As(err, &oe):
			at = oe.URI
			errs = append(errs, at)
		default:
			t.Fatalf("listing ended early: %v", err)
		}
		if at <= last {
			t.Errorf("%q came after %q: not in the order of URIs, or twice", at, last)
		}
		last = at
	}
	return uris, errs
}

func checkSet(t *testing.T, uris []string, want Want) {
	t.Helper()
	got := map[string]bool{}
	for _, u := range uris {
		got[u] = true
		if _, ok := want.Objects[u]; !ok {
			t.Errorf("listed %q, which is not there", u)
		}
	}
	for u := range want.Objects {
		if !got[u] {
			t.Errorf("did not list %q", u)
		}
	}
}

func checkErrors(t *testing.T, errs []string, want Want) {
	t.Helper()
	if !equal(errs, want.Errors) {
		t.Errorf("errors for\n%q, want\n%q", errs, want.Errors)
	}
}

func checkOpen(t *testing.T, src source.Source, want Want) {
	for obj, err := range src.Objects(t.Context(), cases.Span{}) {
		if err != nil {
			continue
		}
		for range 2 {
			r, err := obj.Open(t.Context())
			if err != nil {
				t.Fatalf("open %s: %v", obj.URI(), err)
			}
			b, err := io.ReadAll(r)
			if err := errors.Join(err, r.Close()); err != nil {
				t.Fatalf("read %s: %v", obj.URI(), err)
			}
			if !bytes.Equal(b, want.Objects[obj.URI()]) {
				t.Errorf("%s holds %q, want %q", obj.URI(), b, want.Objects[obj.URI()])
			}
			if obj.Size() >= 0 && obj.Size() != int64(len(b)) {
				t.Errorf("%s is listed with %d bytes and has %d", obj.URI(), obj.Size(), len(b))
			}
		}
		if m := obj.ModTime(); !m.IsZero() && m.Location() != time.UTC {
			t.Errorf("%s: modification time not in UTC: %v", obj.URI(), m)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if r, err := obj.Open(ctx); err == nil {
			_, err = io.ReadAll(r)
			r.Close()
			if err == nil {
				t.Errorf("%s was opened and read after its context was cancelled", obj.URI())
			}
		}
	}
}

func checkStops(t *testing.T, src source.Source, want Want) {
	n := 0
	for range src.Objects(t.Context(), cases.Span{}) {
		n++
		break // a source that yields on panics here
	}
	if n == 0 && len(want.Objects) > 0 {
		t.Error("nothing yielded")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var last error
	n = 0
	for _, err := range src.Objects(ctx, cases.Span{}) {
		n++
		last = err
	}
	if n != 1 || !errors.Is(last, context.Canceled) {
		t.Errorf("a cancelled listing yielded %d pairs, the last with error %v; want context.Canceled alone", n, last)
	}
}

func equal(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
