package loader

import (
	"context"
	"errors"
	"fmt"

	"case53/loader/source"
)

// ahead is how many objects a listing may be ahead of the fetching.
const ahead = 4096

// listed is an object of the plan, or why there is none.
type listed struct {
	object source.Object
	uri    string
	from   int // its source, by index in the plan
	err    error
	ends   []source.Slice // with err: the slices that end with it
}

// listing is the sources being listed: local ones at once, so that it is known how much there is; the others while
// their objects are fetched.
type listing struct {
	l     *load
	known map[int][]listed
	out   chan listed
	err   error // what ended it early; to be read when out is closed
}

// startListing lists the local sources.
func (l *load) startListing(ctx context.Context) (*listing, error) {
	g := &listing{l: l, known: map[int][]listed{}, out: make(chan listed, ahead)}
	for i, s := range l.plan.Sources {
		if _, streams := s.(source.Streaming); streams {
			continue
		}
		err := g.each(ctx, i, func(o listed) bool {
			g.known[i] = append(g.known[i], o)
			return true
		})
		if err != nil {
			return nil, err
		}
	}
	l.update(func() { l.progress.Listed = !l.streams })
	return g, nil
}

// run sends every object on, source by source. An error ends the listing, not the load of what was listed before.
func (g *listing) run(ctx context.Context) {
	defer close(g.out)
	send := func(o listed) bool {
		select {
		case g.out <- o:
			return true
		case <-ctx.Done():
			return false
		}
	}
	for i := range g.l.plan.Sources {
		objects, local := g.known[i]
		for _, o := range objects {
			if !send(o) {
				return
			}
		}
		if _, streams := g.l.plan.Sources[i].(source.Streaming); local || !streams {
			continue
		}
		if err := g.each(ctx, i, send); err != nil {
			g.err = err
			return
		}
		g.l.update(func() { g.l.progress.Sources[i].Listed = true })
	}
	g.l.update(func() { g.l.progress.Listed = true })
}

// each lists one source and counts what it finds.
func (g *listing) each(ctx context.Context, i int, take func(listed) bool) error {
	s := g.l.plan.Sources[i]
	for o, err := range s.Objects(ctx, g.l.plan.Window) {
		one := listed{object: o, from: i, err: err}
		if err != nil {
			var failed *source.ObjectError
			if !errors.As(err, &failed) {
				return fmt.Errorf("list %s: %w", s.URI(), err)
			}
			one.uri, one.err, one.ends, one.object = failed.URI, failed.Err, failed.Ends, nil
		} else {
			one.uri = o.URI()
		}
		g.l.found(one)
		if !take(one) {
			return nil
		}
	}
	return nil
}

// found counts an object that was listed.
func (l *load) found(o listed) {
	size := int64(0)
	if o.err == nil {
		size = max(o.object.Size(), 0)
	}
	l.update(func() {
		l.report.Listed++
		l.progress.Objects++
		l.progress.Bytes += size
		p := &l.progress.Sources[o.from]
		p.Found++
		p.Bytes += size
	})
}
