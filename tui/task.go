package tui

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"
)

// task is a request of a screen that is under way, or none (the zero value). A screen has one per thing it asks for.
type task struct {
	req    uint64
	cancel context.CancelFunc
	since  time.Time
	what   string // "running", "reading rows" …
}

func (t *task) running() bool { return t != nil && t.req != 0 }

// answer is what a Cmd made by start ends in. req finds who waits for it; nobody does when it was cancelled.
type answer struct {
	req   uint64
	value any
	err   error
}

// closer is an answer that must be let go of, even when nobody wants it any more.
type closer interface{ Close() }

// start runs work in the background and then calls done, inside Update. An earlier request of t is cancelled, and its
// answer will be dropped. work gets values, not screens: it must not touch the state of the workbench.
func start[T any](e *Env, t *task, what string, work func(context.Context) (T, error), done func(T, error) tea.Cmd) tea.Cmd {
	t.stop(e)
	e.lastReq++
	req := e.lastReq
	ctx, cancel := context.WithCancel(e.ctx)
	*t = task{req: req, cancel: cancel, since: e.now, what: what}
	e.waiting[req] = func(a answer) tea.Cmd {
		cancel()
		*t = task{}
		value, _ := a.value.(T)
		return done(value, a.err)
	}
	return tea.Batch(func() tea.Msg {
		value, err := work(ctx)
		return answer{req: req, value: value, err: err}
	}, e.tick())
}

// stop cancels what runs. Its answer will not be waited for.
func (t *task) stop(e *Env) {
	if !t.running() {
		return
	}
	t.cancel()
	delete(e.waiting, t.req)
	*t = task{}
}

// take hands an answer to whoever waits for it.
func (e *Env) take(a answer) tea.Cmd {
	done, ok := e.waiting[a.req]
	if !ok {
		if c, ok := a.value.(closer); ok && a.err == nil {
			return letGo(c)
		}
		return nil
	}
	delete(e.waiting, a.req)
	return done(a)
}

// letGo closes c in the background: a result may have to wait for the database to notice.
func letGo(c closer) tea.Cmd {
	return func() tea.Msg {
		c.Close()
		return nil
	}
}

// tickMsg makes the seconds of what runs go on.
type tickMsg struct{}

const tickEvery = 100 * time.Millisecond

// tick keeps ticks coming while something runs.
func (e *Env) tick() tea.Cmd {
	if e.ticking || len(e.waiting) == 0 {
		return nil
	}
	e.ticking = true
	return e.opt.tick(tickEvery, func(time.Time) tea.Msg { return tickMsg{} })
}

// opened is a result together with the life of its query.
type opened struct {
	Result
	end  context.CancelFunc
	took time.Duration
}

// Close ends the query.
func (o *opened) Close() {
	o.end()
	o.Result.Close()
}

// query is the work of opening a result. The result outlives the request that opens it, so its query has a context of
// its own, which the request's context can still cancel until the result is handed over.
func (e *Env) query(sql string, args map[string]any) func(context.Context) (*opened, error) {
	reader, parent, clock := e.reader, e.ctx, e.opt.Now
	return func(ctx context.Context) (*opened, error) {
		life, end := context.WithCancel(parent)
		unhook := context.AfterFunc(ctx, end)
		began := clock()
		r, err := reader.Query(life, sql, args)
		if err == nil && !unhook() {
			r.Close()
			err = context.Cause(ctx)
		}
		if err != nil {
			end()
			return nil, err
		}
		return &opened{Result: r, end: end, took: clock().Sub(began)}, nil
	}
}
