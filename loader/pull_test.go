package loader

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"case53/cases"
	"case53/cases/writer"
	"case53/loader/source"
)

// remote is a source of objects in memory, as a bucket would be.
type remote struct {
	objects []*remoteObject
	ends    error          // of the listing
	wait    func(i int)    // before object i is listed
	slices  []source.Slice // at the end
	mu      sync.Mutex
	opened  []string
	skipped []source.Slice
}

// remoteObject is an object of it; a slice that it settles; what goes wrong when it is opened or listed.
type remoteObject struct {
	s              *remote
	uri, version   string
	etag, text     string
	settles        *source.Slice
	broken, unseen error
	fails          error // what reading it ends in, after half of it
}

func (r *remote) URI() string                  { return "s3://bucket/" }
func (r *remote) Fetchers() int                { return 3 }
func (r *remote) Skip(done []source.Slice)     { r.skipped = done }
func (r *remote) Slices() []source.Slice       { return r.slices }
func (o *remoteObject) URI() string            { return o.uri }
func (o *remoteObject) Size() int64            { return int64(len(o.text)) }
func (o *remoteObject) ModTime() time.Time     { return time.Time{} }
func (o *remoteObject) Acquired() source.Facts { return o.Listed() }
func (o *remoteObject) Listed() source.Facts {
	return source.Facts{Kind: "s3", VersionID: o.version, ETag: o.etag, More: map[string]any{"bucket": "bucket"}}
}
func (o *remoteObject) Settles() []source.Slice {
	if o.settles == nil {
		return nil
	}
	return []source.Slice{*o.settles}
}
func (o *remoteObject) Open(context.Context) (io.ReadCloser, error) {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	o.s.opened = append(o.s.opened, o.uri)
	if o.fails != nil {
		return io.NopCloser(io.MultiReader(strings.NewReader(o.text[:len(o.text)/2]), iotest.ErrReader(o.fails))), nil
	}
	return io.NopCloser(strings.NewReader(o.text)), o.broken
}

func (r *remote) Objects(ctx context.Context, _ cases.Span) iter.Seq2[source.Object, error] {
	return func(yield func(source.Object, error) bool) {
		for i, o := range r.objects {
			if r.wait != nil {
				r.wait(i)
			}
			if o.unseen != nil {
				if !yield(nil, &source.ObjectError{URI: o.uri, Err: o.unseen}) {
					return
				}
			} else if !yield(o, nil) {
				return
			}
		}
		if r.ends != nil {
			yield(nil, r.ends)
		}
	}
}

var pullDay = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// bucketOf makes a bucket of n flow log objects, an hour and ten records each.
func bucketOf(n int) *remote {
	r := &remote{}
	for i := range n {
		var b strings.Builder
		b.WriteString("version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n")
		for k := range 10 {
			at := pullDay.Add(time.Duration(i)*time.Hour + time.Duration(k)*time.Minute).Unix()
			fmt.Fprintf(&b, "2 123456789012 eni-1 10.0.%d.%d 198.51.100.7 1 443 6 1 40 %d %d ACCEPT OK\n", i, k, at, at+30)
		}
		r.objects = append(r.objects, &remoteObject{
			s:       r,
			uri:     fmt.Sprintf("s3://bucket/%03d.log", i),
			etag:    fmt.Sprintf("e%d", i),
			version: "v1",
			text:    b.String(),
		})
	}
	return r
}

// settle lets object i end a slice.
func (r *remote) settle(i int) {
	r.objects[i].settles = &source.Slice{
		Source:  r.URI(),
		From:    pullDay.Add(time.Duration(i) * time.Hour),
		To:      pullDay.Add(time.Duration(i+1) * time.Hour),
		State:   source.CompleteUnverified,
		Records: -1,
	}
}

func pullInto(t *testing.T, dir string, s source.Source, w cases.Span) (Report, error) {
	t.Helper()
	writer, err := writer.Open(t.Context(), dir, Schemas())
	if err != nil {
		t.Fatal(err)
	}
	report, err := Load(t.Context(), writer, Plan{Sources: []source.Source{s}, Window: w, Capture: "incident", Role: "incident", Pull: &Pull{}}, nil)
	if e := writer.Close(); e != nil {
		t.Error(e)
	}
	return report, err
}

// TestOneSourceCannotBeRead: an object whose own place fails is told of and missing, all of it, and the others are there. So it is
// with a disk that has a bad block: what fails is the file, not the load.
func TestOneSourceCannotBeRead(t *testing.T) {
	for _, fault := range []error{syscall.EIO, syscall.ESTALE, syscall.ENOSPC} {
		for _, opening := range []bool{false, true} {
			bucket, dir := bucketOf(3), filepath.Join(t.TempDir(), "a.case")
			at := &bucket.objects[1].fails
			if opening {
				at = &bucket.objects[1].broken
			}
			*at = &fs.PathError{Op: "read", Path: "001.log", Err: fault}
			report, err := pullInto(t, dir, bucket, cases.Span{})
			if err != nil {
				t.Fatal(err)
			}
			failed := report.Failures
			if len(failed) != 1 || failed[0].URI != "s3://bucket/001.log" || !errors.Is(failed[0].Err, fault) || report.Lines.Rows != 20 {
				t.Errorf("%v, opening %t: %d rows, failures %v", fault, opening, report.Lines.Rows, report.Failures)
			}
			*at = nil
			if report, err = pullInto(t, dir, bucket, cases.Span{}); err != nil || report.Lines.Rows != 10 || len(report.Failures) > 0 {
				t.Errorf("%v, again: %v, %+v", fault, err, report)
			}
		}
	}
}

// slicesIn gives the slices of a case by the object that settles them.
func slicesIn(t *testing.T, dir string) map[int]cases.Slice {
	t.Helper()
	c, err := cases.Open(t.Context(), dir, Schemas())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	out := map[int]cases.Slice{}
	if err := c.Slices(t.Context(), func(s cases.Slice) { out[int(s.From.Sub(pullDay)/time.Hour)] = s }); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestObjectsAreFetchedWhileTheyAreListed(t *testing.T) {
	r := bucketOf(20)
	r.wait = func(i int) {
		for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
			r.mu.Lock()
			n := len(r.opened)
			r.mu.Unlock()
			if n >= i {
				return
			}
			if time.Now().After(deadline) {
				t.Errorf("object %d was to be listed, and only %d had been fetched", i, n)
				return
			}
		}
	}
	report, err := pullInto(t, filepath.Join(t.TempDir(), "x.case"), r, cases.Span{})
	if err != nil || report.Lines.Rows != 200 {
		t.Errorf("%+v %v", report, err)
	}
}

// TestProgressIsASnapshot: what progress was told stays as it was told; a screen may show it later.
func TestProgressIsASnapshot(t *testing.T) {
	w, err := writer.Open(t.Context(), filepath.Join(t.TempDir(), "x.case"), Schemas())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	var told, then []Progress
	plan := Plan{Sources: []source.Source{bucketOf(20)}, Capture: "incident", Role: "incident", Pull: &Pull{}}
	_, err = Load(t.Context(), w, plan, func(p Progress) {
		told = append(told, p)
		p.Sources = slices.Clone(p.Sources)
		then = append(then, p)
	})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(told, then) || told[0].Sources[0].Fetched == told[len(told)-1].Sources[0].Fetched {
		t.Errorf("%+v was %+v", told, then)
	}
}

func TestKnownObjectsAreNotFetchedAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "x.case")
	narrow := cases.Span{From: pullDay.Add(2 * time.Hour), To: pullDay.Add(3*time.Hour + 5*time.Minute)}
	r := bucketOf(6)
	if report, err := pullInto(t, dir, r, narrow); err != nil || report.Lines.Rows != 15 || len(r.opened) != 6 {
		t.Fatalf("%+v %v %v", report, r.opened, err)
	}
	r = bucketOf(7)
	report, err := pullInto(t, dir, r, narrow)
	if err != nil || report.Skipped != 6 || len(r.opened) != 1 {
		t.Errorf("again, with one object more: %+v, fetched %q: %v", report, r.opened, err)
	}
	// A wider window needs the records that were left out, not their bytes.
	r = bucketOf(7)
	report, err = pullInto(t, dir, r, cases.Span{})
	if err != nil || report.Lines.Rows != 55 || report.Lines.Duplicate != 5 || len(r.opened) != 0 {
		t.Errorf("wider: %+v, fetched %q: %v", report.Lines, r.opened, err)
	}
	// The same key with another version, and another ETag, is another object.
	r = bucketOf(7)
	r.objects[3].version, r.objects[4].etag = "v2", "other"
	report, err = pullInto(t, dir, r, cases.Span{})
	if err != nil || len(r.opened) != 2 || report.Lines.Rows != 0 || report.Copies != 1 {
		t.Errorf("changed: %+v, fetched %q: %v", report, r.opened, err)
	}
}

func TestAFailedObjectMakesItsSlicePartial(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "x.case")
	r := bucketOf(9)
	for _, i := range []int{2, 5, 8} {
		r.settle(i)
	}
	r.objects[1].broken = errors.New("the disk is on fire")
	r.objects[3].unseen = errors.New("no permission")
	report, err := pullInto(t, dir, r, cases.Span{})
	if err != nil || len(report.Failures) != 2 {
		t.Fatalf("%v %v", report.Failures, err)
	}
	got := slicesIn(t, dir)
	for i, want := range map[int]string{2: "the disk is on fire", 5: "no permission"} {
		if s := got[i]; s.State != "partial" || !strings.Contains(s.Reason, want) {
			t.Errorf("%d: %+v", i, s)
		}
	}
	if s := got[8]; s.State != "complete-unverified" {
		t.Errorf("%+v", s)
	}
	// Put right, the same pull makes all of them good, and says so.
	r = bucketOf(9)
	for _, i := range []int{2, 5, 8} {
		r.settle(i)
	}
	if report, err = pullInto(t, dir, r, cases.Span{}); err != nil || len(report.Failures) > 0 {
		t.Fatal(report.Failures, err)
	}
	for i, s := range slicesIn(t, dir) {
		if s.State != "complete-unverified" {
			t.Errorf("%d: %+v", i, s)
		}
	}
}

func TestAListingThatEndsEarlyKeepsWhatItHadAndGoesOn(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "x.case")
	r := bucketOf(6)
	r.settle(2)
	r.ends = errors.New("credentials have expired")
	report, err := pullInto(t, dir, r, cases.Span{})
	if err == nil || !strings.Contains(err.Error(), "credentials have expired") || report.Lines.Rows != 60 {
		t.Fatalf("%+v %v", report, err)
	}
	r = bucketOf(8)
	if report, err = pullInto(t, dir, r, cases.Span{}); err != nil || report.Lines.Rows != 20 || len(r.opened) != 2 {
		t.Errorf("%+v %q %v", report.Lines, r.opened, err)
	}
	if len(r.skipped) != 1 || !r.skipped[0].From.Equal(pullDay.Add(2*time.Hour)) {
		t.Errorf("told of what is settled: %+v", r.skipped)
	}
	// It has come to its end: the third begins anew.
	r = bucketOf(8)
	if _, err = pullInto(t, dir, r, cases.Span{}); err != nil || len(r.skipped) != 0 {
		t.Errorf("%+v %v", r.skipped, err)
	}
}
