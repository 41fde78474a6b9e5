package loader

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"case53/cases"
	"case53/cases/writer"
	"case53/loader/source"
)

// batchBytes is about how many decoded bytes go into one transaction: two million flow records. Smaller transactions
// leave row groups half full, which DuckDB then writes twice.
const batchBytes = 220 << 20

// batchAge is how long what was streamed waits for more at most before it becomes part of the case.
const batchAge = 3 * time.Second

// packing is how many bytes a compressed byte is taken for when batches are planned.
const packing = 5

// known is an object that is in the case, or will be when its batch is committed.
type known struct {
	id               uint32
	uri, version     string
	windowed         bool // records of it may be missing, as they lie outside the window it was loaded with
	copy             bool // says nothing of what is in the case: it is the same bytes as another
	window           cases.Span
	counts           *cases.Counts // nil until it is decoded
	logType, capture string
	narrowed         string // to what its records were, before they came
}

// job is one object to decode, or to record as a copy of another; or one that is skipped or has failed, in its turn.
type job struct {
	fetched
	id      uint32
	skip    bool
	copyOf  *known       // same bytes, from elsewhere or with a window that adds nothing
	earlier []cases.Span // windows that its bytes were loaded with before
	entry   *known
	past    *cases.Object // nil, or what is known of it from when it was loaded the first time
	is      recognised
}

// batch is the objects of one transaction.
type batch struct {
	seq  int
	jobs []job
}

// load is a load under way.
type load struct {
	w      *writer.Writer
	plan   Plan
	claims claims
	claim  *turns
	commit *turns

	streams   bool             // a source is fetched while it is listed
	pull      uint32           // its number in the case; 0: no remote source
	resumed   bool             // it has begun before, and was interrupted
	otherwise int64            // objects that the case has already, narrowed to something else than this load says
	ended     time.Time        // when a pull had read its sources to their ends; zero: it has not
	failed    func(job, error) // nil, or told of what fails in place of the custody log
	broken    [][]broken       // by source: what failed since its last slice was settled; under commit's turn

	mu       sync.Mutex
	start    time.Time
	progress Progress
	report   Report
	notify   func(Progress)
}

// Load runs the plan. progress may be called from any goroutine, one call at a time. When ctx is cancelled the
// objects committed so far stay, and the same plan goes on from there later.
func Load(ctx context.Context, w *writer.Writer, plan Plan, progress func(Progress)) (Report, error) {
	if err := plan.check(); err != nil {
		return Report{}, err
	}
	l := &load{
		w: w, plan: plan, notify: progress, start: time.Now(), claim: newTurns(), commit: newTurns(),
		report: Report{Formats: map[string]int{}, Reasons: map[string]int{}, Unread: map[string]int64{}},
	}
	if err := w.Capture(ctx, plan.Capture, plan.Role); err != nil {
		return l.report, err
	}
	id, err := plan.identity()
	if err != nil {
		return l.report, err
	}
	if l.resumed, err = w.Announce(ctx, plan.title(), id, l.start.UTC()); err != nil {
		return l.report, err
	}
	if err = l.all(ctx, id); l.finishes(ctx, err) {
		err = errors.Join(err, w.Finish(ctx, id))
	}
	if err == nil {
		err = l.derive(ctx)
	}
	return l.report, err
}

// finishes says that a load with this end leaves nothing to be gone on with.
func (l *load) finishes(ctx context.Context, err error) bool {
	return err == nil || ctx.Err() == nil && !l.resumed && l.report.Loaded == 0
}

// all does the plan from its beginning to its end, and writes down both.
func (l *load) all(ctx context.Context, identity string) error {
	w, plan := l.w, l.plan
	if err := l.begin(ctx, identity); err != nil {
		return err
	}
	err := l.run(ctx)
	if plan.Pull != nil && ctx.Err() == nil {
		err = errors.Join(err, l.endPull(ctx, err))
	}
	l.report.Elapsed = time.Since(l.start)
	end := map[string]any{"lines": l.report.Lines, "loaded": l.report.Loaded, "skipped": l.report.Skipped, "failed": len(l.report.Failures)}
	for _, s := range plan.Sources {
		if remarking, ok := s.(source.Remarking); ok {
			l.report.Remarks = append(l.report.Remarks, remarking.Remarks()...)
		}
	}
	if l.otherwise > 0 {
		l.report.Remarks = append(l.report.Remarks, fmt.Sprintf("%d of the objects were in the case already, "+
			"said to be narrowed to something else, or to nothing: they stay as they were", l.otherwise))
	}
	if len(l.report.Remarks) > 0 {
		end["remarks"] = l.report.Remarks
	}
	if err != nil {
		end["error"] = err.Error()
	}
	if !l.finishes(ctx, err) {
		end["unfinished"] = true
	}
	if !l.ended.IsZero() {
		end["ended_at"] = l.ended
	}
	return errors.Join(err, w.Custody.Append(plan.action()+".end", end))
}

// begin writes down what is about to be done.
func (l *load) begin(ctx context.Context, identity string) error {
	l.broken = make([][]broken, len(l.plan.Sources))
	for _, s := range l.plan.Sources {
		_, streams := s.(source.Streaming)
		l.streams = l.streams || streams
		l.progress.Sources = append(l.progress.Sources, SourceProgress{URI: s.URI(), Remote: streams, Activity: source.Activity{Fraction: -1}})
	}
	if l.plan.Pull != nil {
		return l.beginPull(ctx, identity)
	}
	return l.w.Custody.Append(l.plan.action()+".begin", l.beginning(identity))
}

// derive builds what queries need beside the records. These are all there by then, and written down.
func (l *load) derive(ctx context.Context) error {
	start := time.Now()
	debug.FreeOSMemory() // what decoding held; DuckDB wants the room now
	err := l.w.Derive(ctx, func(name string) { l.update(func() { l.progress.Phase = name }) })
	l.report.Deriving = time.Since(start)
	if err == nil {
		err = l.w.Each(ctx, "SELECT count(*) FROM derived.again", nil, func(v []any) error {
			l.report.Again = v[0].(int64)
			return nil
		})
	}
	return err
}

// Build brings what is derived from the records of the case in dir up to them, and changes no record.
func Build(ctx context.Context, dir string, progress func(Progress)) error {
	return writer.Build(ctx, dir, Schemas(), func(step string) { progress(Progress{Phase: step}) })
}

// run brings every object of the plan into the case.
func (l *load) run(ctx context.Context) error {
	places, err := placesOf(ctx, l.w)
	if err != nil {
		return err
	}
	objects, err := l.startListing(ctx)
	if err != nil {
		return err
	}
	l.update(func() { l.progress.Phase = "load" })
	if l.streams {
		defer l.tick()()
	}
	group, ctx := errgroup.WithContext(ctx)
	incoming, batches := make(chan fetched), make(chan batch)
	group.Go(func() error {
		objects.run(ctx)
		return nil
	})
	group.Go(func() error {
		l.fetch(ctx, objects.out, places, incoming)
		return nil
	})
	group.Go(func() error {
		defer close(batches)
		return l.planBatches(ctx, incoming, batches)
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
	if err == nil {
		err = objects.err
	}
	return err
}

// planBatches decides, in the order of the plan, what becomes of each object, and cuts the plan into batches.
func (l *load) planBatches(ctx context.Context, in <-chan fetched, out chan<- batch) error {
	have, next, err := l.existing(ctx)
	if err != nil {
		return err
	}
	b, size, rest := batch{}, int64(0), int64(0)
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
	late := time.NewTicker(batchAge)
	defer late.Stop()
	for {
		var f fetched
		var ok bool
		select {
		case f, ok = <-in:
		case <-late.C:
			if l.streams {
				if err := send(); err != nil {
					return err
				}
			}
			continue
		}
		if !ok {
			return send()
		}
		j, err := l.plan1(ctx, f, have)
		if err != nil {
			return err
		}
		if !j.skip && j.err == nil {
			j.id, j.entry.id = next, next
			next++
		}
		b.jobs = append(b.jobs, j)
		if !j.skip && j.err == nil && j.copyOf == nil {
			size += decodedSize(f)
		}
		rest += f.size
		if size >= l.batchLimit(b.seq, rest) {
			if err := send(); err != nil {
				return err
			}
		}
	}
}

// batchLimit is how many decoded bytes make batch seq, when so many bytes have been planned. The first batches differ in
// size, so that the workers do not all come to commit, one after the other, at the same time; towards the end batches get
// smaller, so that every worker has work until then.
func (l *load) batchLimit(seq int, planned int64) int64 {
	l.mu.Lock()
	rest, listed := l.progress.Bytes-planned, l.progress.Listed
	l.mu.Unlock()
	limit, workers := l.plan.batchBytes, int64(l.plan.Workers)
	if listed {
		limit = min(limit, max(limit/8, packing*rest/(2*workers)))
	}
	return limit * min(int64(seq)+1, workers) / workers
}

// plan1 says what becomes of one object.
func (l *load) plan1(ctx context.Context, f fetched, have map[string][]*known) (job, error) {
	if f.err != nil {
		if ctx.Err() != nil {
			return job{}, context.Cause(ctx)
		}
		if fatal(f.err) && !f.unread {
			return job{}, fmt.Errorf("store %s: %w", f.uri, f.err)
		}
		return job{fetched: f}, nil
	}
	j, skip := l.decide(f, have)
	if skip {
		j.skip = true
		otherwise := j.copyOf.narrowed != l.plan.Narrowed
		l.update(func() {
			if otherwise {
				l.otherwise++
			}
			l.report.Skipped++
			l.progress.Done++
			l.progress.BytesDone += f.size
			l.progress.Sources[f.from].Done++
		})
	}
	return j, nil
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
			window: cases.Span{From: o.WindowFrom, To: o.WindowTo}, counts: &counts, logType: o.LogType, capture: o.Capture, narrowed: o.Narrowed}
		// A duplicate in a window may be of an event that lay outside it.
		k.windowed = o.Outside > 0 || o.Duplicate > 0 && k.window != cases.Span{}
		have[o.SHA256] = append(have[o.SHA256], k)
		next = max(next, o.ID+1)
		return nil
	})
	return have, next, err
}

// decide says what to do with an object: skip it, record it as a copy, or decode it.
func (l *load) decide(f fetched, have map[string][]*known) (j job, skip bool) {
	j = job{fetched: f, entry: &known{uri: f.uri, version: f.facts.VersionID, window: l.plan.Window, capture: l.plan.Capture, narrowed: l.plan.Narrowed}}
	here := false // the same bytes are known at the same place
	for _, k := range have[f.sha] {
		here = here || k.uri == j.entry.uri && k.version == j.entry.version
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
func covers(have, w cases.Span) bool {
	from := have.From.IsZero() || !w.From.IsZero() && !w.From.Before(have.From)
	to := have.To.IsZero() || !w.To.IsZero() && !w.To.After(have.To)
	return from && to
}

// beginning is what the custody log says at the beginning: all that the same bytes need to become the same rows again.
func (l *load) beginning(identity string) map[string]any {
	detail := l.plan.record()
	detail["what"], detail["plan"], detail["began_at"] = l.plan.title(), identity, l.start.UTC()
	return detail
}

// fail records an object that could not be loaded.
func (l *load) fail(j job, err error) {
	from, uri := j.from, j.uri
	if l.failed != nil {
		l.failed(j, err)
		return
	}
	l.update(func() {
		l.report.Failures = append(l.report.Failures, Failure{uri, err})
		l.progress.Done++
		l.progress.Sources[from].Done++
		l.progress.Sources[from].Failed++
	})
	l.w.Custody.Append("object.fail", map[string]any{"uri": uri, "error": err.Error()})
}

// tick says how far it is while nothing happens: a source may wait for a long time. The load ends it.
func (l *load) tick() (end func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	t := time.NewTicker(time.Second)
	go func() {
		defer close(ended)
		for {
			select {
			case <-t.C:
				l.update(func() {})
			case <-done:
				return
			}
		}
	}()
	return func() {
		t.Stop()
		close(done)
		<-ended
	}
}

// update changes the report and the progress, and says so.
func (l *load) update(change func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change()
	l.progress.Elapsed = time.Since(l.start)
	for i, s := range l.plan.Sources {
		if active, ok := s.(source.Active); ok {
			l.progress.Sources[i].Activity = active.Activity()
		}
	}
	if l.notify != nil {
		p := l.progress
		p.Sources = slices.Clone(p.Sources)
		l.notify(p)
	}
}
