package loader

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"case53/cases"
	"case53/loader/source"
)

// batchBytes is about how many decoded bytes go into one transaction: a million flow records. Smaller transactions
// leave row groups half full, which DuckDB then writes twice.
const batchBytes = 110 << 20

// packing is how many bytes a compressed byte is taken for when batches are planned.
const packing = 5

// listed is an object of the plan, or why there is none.
type listed struct {
	source.Object
	uri string
	err error
}

// known is an object that is in the case, or will be when its batch is committed.
type known struct {
	id               uint32
	uri, version     string
	windowed         bool // records of it may be missing, as they lie outside the window it was loaded with
	copy             bool // says nothing of what is in the case: it is the same bytes as another
	window           source.Window
	counts           *cases.Counts // nil until it is decoded
	logType, capture string
}

// job is one object to decode, or to record as a copy of another.
type job struct {
	fetched
	id      uint32
	copyOf  *known          // same bytes, from elsewhere or with a window that adds nothing
	earlier []source.Window // windows that its bytes were loaded with before
	entry   *known
	is      recognised
}

// batch is the objects of one transaction.
type batch struct {
	seq  int
	jobs []job
}

// load is a load under way.
type load struct {
	w      *cases.Writer
	plan   Plan
	claims claims
	claim  *turns
	commit *turns

	mu       sync.Mutex
	start    time.Time
	progress Progress
	report   Report
	notify   func(Progress)
}

// Load runs the plan. progress may be called from any goroutine, one call at a time. When ctx is cancelled the
// objects committed so far stay, and the same plan goes on from there later.
func Load(ctx context.Context, w *cases.Writer, plan Plan, progress func(Progress)) (Report, error) {
	if err := plan.check(); err != nil {
		return Report{}, err
	}
	l := &load{w: w, plan: plan, notify: progress, start: time.Now(), claim: newTurns(), commit: newTurns(), report: Report{Formats: map[string]int{}}}
	if err := w.Capture(ctx, plan.Capture, plan.Role); err != nil {
		return l.report, err
	}
	if err := w.Custody.Append("load.begin", plan.record()); err != nil {
		return l.report, err
	}
	err := l.run(ctx)
	l.report.Elapsed = time.Since(l.start)
	if err == nil {
		err = l.derive(ctx)
	}
	end := map[string]any{"lines": l.report.Lines, "loaded": l.report.Loaded, "skipped": l.report.Skipped, "failed": len(l.report.Failures)}
	if err != nil {
		end["error"] = err.Error()
	}
	return l.report, errors.Join(err, w.Custody.Append("load.end", end))
}

// derive builds what queries need beside the records.
func (l *load) derive(ctx context.Context) error {
	start := time.Now()
	err := l.w.Derive(ctx, func(name string) { l.update(func() { l.progress.Phase = name }) })
	l.report.Deriving = time.Since(start)
	return err
}

// run brings every object of the plan into the case.
func (l *load) run(ctx context.Context) error {
	objects, err := l.list(ctx)
	if err != nil {
		return err
	}
	l.update(func() { l.progress.Phase = "load" })
	group, ctx := errgroup.WithContext(ctx)
	incoming, batches := make(chan fetched), make(chan batch)
	group.Go(func() error {
		fetch(ctx, l.w, objects, incoming)
		return nil
	})
	group.Go(func() error {
		defer close(batches)
		return l.planBatches(ctx, objects, incoming, batches)
	})
	for range l.plan.Workers {
		group.Go(func() error {
			for b := range batches {
				if err := l.loadBatch(ctx, b); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err = group.Wait()
	if cause := context.Cause(ctx); err == nil && cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return err
}

// list asks every source for its objects.
func (l *load) list(ctx context.Context) ([]listed, error) {
	var out []listed
	for _, s := range l.plan.Sources {
		for o, err := range s.Objects(ctx, l.plan.Window) {
			if err == nil {
				out = append(out, listed{Object: o, uri: o.URI()})
				l.progress.Bytes += max(o.Size(), 0)
				continue
			}
			var one *source.ObjectError
			if !errors.As(err, &one) {
				return nil, fmt.Errorf("list %s: %w", s.URI(), err)
			}
			out = append(out, listed{uri: one.URI, err: one.Err})
		}
	}
	l.report.Listed, l.progress.Objects = len(out), len(out)
	return out, nil
}

// planBatches decides, in the order of the plan, what becomes of each object, and cuts the plan into batches.
func (l *load) planBatches(ctx context.Context, objects []listed, in <-chan fetched, out chan<- batch) error {
	have, next, err := l.existing(ctx)
	if err != nil {
		return err
	}
	b, size := batch{}, int64(0)
	send := func() error {
		if len(b.jobs) == 0 {
			return nil
		}
		select {
		case out <- b:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		b, size = batch{seq: b.seq + 1}, 0
		return nil
	}
	rest := l.progress.Bytes
	for f := range in {
		rest -= f.size
		if f.err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if fatal(f.err) {
				return fmt.Errorf("store %s: %w", objects[f.index].uri, f.err)
			}
			l.fail(objects[f.index].uri, f.err)
			continue
		}
		j, skip := l.decide(f, have)
		if skip {
			l.update(func() { l.report.Skipped++; l.progress.Done++; l.progress.BytesDone += f.size })
			continue
		}
		j.id, j.entry.id = next, next
		next++
		b.jobs = append(b.jobs, j)
		if j.copyOf == nil {
			size += decodedSize(f)
		}
		// Towards the end batches get smaller, so that every worker has work until then.
		if size >= min(l.plan.batchBytes, max(l.plan.batchBytes/8, packing*rest/int64(2*l.plan.Workers))) {
			if err := send(); err != nil {
				return err
			}
		}
	}
	return send()
}

func decodedSize(f fetched) int64 {
	if f.packed {
		return f.size * packing
	}
	return f.size
}

// existing reads what the case has: by hash, and the next object id.
func (l *load) existing(ctx context.Context) (map[string][]*known, uint32, error) {
	have, next := map[string][]*known{}, uint32(1)
	err := l.w.Objects(ctx, func(o cases.Object) error {
		counts := o.Counts
		k := &known{id: o.ID, uri: o.URI, version: o.VersionID, copy: strings.HasPrefix(o.Format, copyFormat),
			window: source.Window{From: o.WindowFrom, To: o.WindowTo}, counts: &counts, logType: o.LogType, capture: o.Capture}
		// A duplicate in a window may be of an event that lay outside it.
		k.windowed = o.Outside > 0 || o.Duplicate > 0 && k.window != source.Window{}
		have[o.SHA256] = append(have[o.SHA256], k)
		next = max(next, o.ID+1)
		return nil
	})
	return have, next, err
}

// decide says what to do with an object: skip it, record it as a copy, or decode it.
func (l *load) decide(f fetched, have map[string][]*known) (j job, skip bool) {
	j = job{fetched: f, entry: &known{uri: f.object.URI(), window: l.plan.Window, capture: l.plan.Capture}}
	here := false // the same bytes are known at the same place
	for _, k := range have[f.sha] {
		here = here || k.uri == j.entry.uri
		switch {
		case k.copy:
		case !k.windowed || covers(k.window, l.plan.Window):
			j.copyOf = k
		default:
			j.earlier = append(j.earlier, k.window)
		}
	}
	if here && j.copyOf != nil {
		return j, true
	}
	j.entry.copy = j.copyOf != nil
	j.entry.windowed = !l.plan.Window.From.IsZero() || !l.plan.Window.To.IsZero()
	have[f.sha] = append(have[f.sha], j.entry)
	return j, false
}

// covers says whether every moment of w is in have.
func covers(have, w source.Window) bool {
	from := have.From.IsZero() || !w.From.IsZero() && !w.From.Before(have.From)
	to := have.To.IsZero() || !w.To.IsZero() && !w.To.After(have.To)
	return from && to
}

// fail records an object that could not be loaded.
func (l *load) fail(uri string, err error) {
	l.update(func() {
		l.report.Failures = append(l.report.Failures, Failure{uri, err})
		l.progress.Done++
	})
	l.w.Custody.Append("object.fail", map[string]any{"uri": uri, "error": err.Error()})
}

// update changes the report and the progress, and says so.
func (l *load) update(change func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change()
	l.progress.Elapsed = time.Since(l.start)
	if l.notify != nil {
		l.notify(l.progress)
	}
}
