package cwlogs

import (
	"context"
	"errors"
	"iter"
	"time"

	"case53/cases"
	"case53/loader/source"
)

// Objects reads the window, which must have both ends, and yields its pages in the order of the slices.
func (s *Source) Objects(ctx context.Context, w cases.Span) iter.Seq2[source.Object, error] {
	return func(yield func(source.Object, error) bool) {
		if ctx.Err() != nil {
			yield(nil, context.Cause(ctx))
			return
		}
		if w.From.IsZero() || w.To.IsZero() {
			yield(nil, errors.New("a log group is read from a time to a time\nhint: pass --from and --to"))
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		r := &run{s: s, ctx: ctx, plan: s.plan(w), yield: yield}
		s.mu.Lock()
		s.total, s.read, s.settled, s.masked = r.plan.whole.duration(), 0, nil, 0
		for _, done := range s.skip {
			s.total -= spanOf(done).duration()
		}
		s.answered = s.Now()
		s.mu.Unlock()
		for _, done := range s.skip {
			if done.State != source.Complete && done.Digest != "" {
				r.twice(done)
			}
		}
		defer func() {
			cancel()
			for _, c := range r.queue {
				for range c.items { // until it has seen that it is to end
				}
			}
		}()
		r.all()
	}
}

// run is one reading of a window: a queue of chains that are being read, of which the first one's pages are yielded.
type run struct {
	s     *Source
	ctx   context.Context
	plan  *stretches
	yield func(source.Object, error) bool
	queue []*chain
	again []work // spans to read a second time, when all have been read
}

// all reads every span, then those that are read twice.
func (r *run) all() {
	for {
		for len(r.queue) < r.s.Workers {
			w, ok := r.nextWork()
			if !ok {
				break
			}
			r.queue = append(r.queue, r.start(w))
		}
		if len(r.queue) == 0 {
			if r.ctx.Err() != nil {
				r.yield(nil, context.Cause(r.ctx))
			}
			return
		}
		if !r.head() {
			return
		}
	}
}

// nextWork gives the next span of the plan, then those that are read twice, once the first reading is over.
func (r *run) nextWork() (work, bool) {
	if w, ok := r.plan.next(); ok {
		return w, true
	}
	if len(r.again) == 0 {
		return work{}, false
	}
	w := r.again[0]
	r.again = r.again[1:]
	return w, true
}

func (r *run) start(w work) *chain {
	c := r.s.newChain(w)
	go c.run(r.ctx)
	return c
}

// head yields what the first chain of the queue reads, and takes it off when it has been read; false when that was all.
func (r *run) head() bool {
	c := r.queue[0]
	for i := range c.items {
		if i.err != nil {
			if !r.failed(c, i.err) {
				return false
			}
			continue
		}
		for _, settled := range i.page.settles {
			r.twice(settled)
		}
		if !r.yield(i.page, nil) {
			return false
		}
	}
	r.queue = r.queue[1:]
	if r.ctx.Err() != nil {
		r.yield(nil, context.Cause(r.ctx))
		return false
	}
	r.finished(c)
	return true
}

// failed yields what ended a chain; false when nothing more is to be read.
func (r *run) failed(c *chain, err error) bool {
	if r.ctx.Err() != nil {
		return true // head says so
	}
	var expired *CredentialsError
	if errors.As(err, &expired) {
		r.yield(nil, expired)
		return false
	}
	var all *groupError
	if !errors.As(err, &all) {
		return r.yield(nil, &source.ObjectError{URI: r.s.sliceURI(c.work.span), Err: r.s.Explain(err), Ends: []source.Slice{c.ended(err)}})
	}
	r.yield(nil, &source.ObjectError{URI: r.s.uri, Err: r.s.Explain(err), Ends: r.unread([]source.Slice{c.ended(err)}, oneLine(err))})
	return false
}

// unread adds what has not been read of the window to out, which has the head of the queue.
func (r *run) unread(out []source.Slice, why string) []source.Slice {
	add := func(w work) {
		if w.before != nil {
			return // it stands as it was
		}
		if n := len(out); out[n-1].State == source.Partial && out[n-1].To.Equal(w.start()) {
			out[n-1].To = w.end()
			return
		}
		out = append(out, source.Slice{Source: r.s.uri, From: w.start(), To: w.end(), State: source.Partial, Reason: why, Records: -1})
	}
	for _, c := range r.queue[1:] {
		add(c.work)
	}
	for w, ok := r.plan.next(); ok; w, ok = r.plan.next() {
		add(w)
	}
	return out
}

// finished makes use of what a chain has found.
func (r *run) finished(c *chain) {
	took := c.work.duration()
	if c.rest != nil {
		took -= c.rest.duration()
		first, second := c.rest.halves()
		var more []*chain
		for _, sp := range []span{first, second} {
			if sp.from < sp.to {
				more = append(more, r.start(work{span: sp}))
			}
		}
		r.queue = append(more, r.queue...)
	}
	if c.work.before == nil {
		r.plan.learn(c.pages, c.work.duration())
	}
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	if !c.work.again {
		r.s.read += took
	}
	if c.state != nil {
		r.s.settled = append(r.s.settled, *c.state)
	}
}

// twice notes a span that is to be read a second time.
func (r *run) twice(settled source.Slice) {
	last := r.plan.whole.end().Add(-PaddingAfter - time.Hour)
	if r.s.SecondCount == CountAll || r.s.SecondCount == CountLastHour && settled.To.After(last) {
		r.again = append(r.again, work{span: spanOf(settled), before: &settled, again: true})
	}
}
