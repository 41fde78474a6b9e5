package frame

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"
)

// Task is a request of a screen that is under way, or none (the zero value). A screen has one per thing it asks for.
type Task struct {
	req    uint64
	cancel context.CancelFunc
	Since  time.Time
	What   string // "running", "reading rows" …
}

func (t *Task) Running() bool { return t != nil && t.req != 0 }

// Answer is what a Cmd made by start ends in. req finds who waits for it; nobody does when it was cancelled.
type Answer struct {
	req   uint64
	value any
	err   error
}

// closer is an answer that must be let go of, even when nobody wants it any more.
type closer interface{ Close() }

// Start runs work in the background and then calls done, inside Update. An earlier request of t is cancelled, and its
// answer will be dropped. work gets values, not screens: it must not touch the state of the workbench.
func Start[T any](e *Env, t *Task, what string, work func(context.Context) (T, error), done func(T, error) tea.Cmd) tea.Cmd {
	t.Stop(e)
	e.lastReq++
	req := e.lastReq
	ctx, cancel := context.WithCancel(e.ctx)
	*t = Task{req: req, cancel: cancel, Since: e.Now, What: what}
	e.Waiting[req] = func(a Answer) tea.Cmd {
		cancel()
		*t = Task{}
		value, _ := a.value.(T)
		return done(value, a.err)
	}
	return tea.Batch(func() tea.Msg {
		value, err := work(ctx)
		return Answer{req: req, value: value, err: err}
	}, e.Tick())
}

// Stop cancels what runs. Its answer will not be waited for.
func (t *Task) Stop(e *Env) {
	if !t.Running() {
		return
	}
	t.cancel()
	delete(e.Waiting, t.req)
	*t = Task{}
}

// Take hands an answer to whoever waits for it.
func (e *Env) Take(a Answer) tea.Cmd {
	done, ok := e.Waiting[a.req]
	if !ok {
		if c, ok := a.value.(closer); ok && a.err == nil {
			return LetGo(c)
		}
		return nil
	}
	delete(e.Waiting, a.req)
	return done(a)
}

// LetGo closes c in the background: a result may have to wait for the database to notice.
func LetGo(c closer) tea.Cmd {
	return func() tea.Msg {
		c.Close()
		return nil
	}
}

// TickMsg makes the seconds of what runs go on.
type TickMsg struct{}

const tickEvery = 100 * time.Millisecond

// Tick keeps ticks coming while something runs.
func (e *Env) Tick() tea.Cmd {
	if e.Ticking || len(e.Waiting) == 0 {
		return nil
	}
	e.Ticking = true
	return e.Opt.Tick(tickEvery, func(time.Time) tea.Msg { return TickMsg{} })
}

// Opened is a result together with the life of its query.
type Opened struct {
	Result
	end  context.CancelFunc
	took time.Duration
}

// Close ends the query.
func (o *Opened) Close() {
	o.end()
	o.Result.Close()
}

// Query is the work of opening a result. The result outlives the request that opens it, so its query has a context of
// its own, which the request's context can still cancel until the result is handed over.
func (e *Env) Query(a Asked) func(context.Context) (*Opened, error) {
	reader := e.Reader
	if a.Apart {
		reader = reader.Apart()
	}
	return e.Opening(func(life context.Context) (Result, error) { return reader.Query(life, a.SQL, a.Args) })
}

// Opening is Query for a result that somebody else opens; life is the context that the result lives by.
func (e *Env) Opening(open func(life context.Context) (Result, error)) func(context.Context) (*Opened, error) {
	parent, clock := e.ctx, e.Opt.Now
	return func(ctx context.Context) (*Opened, error) {
		life, end := context.WithCancel(parent)
		unhook := context.AfterFunc(ctx, end)
		began := clock()
		r, err := open(life)
		if err == nil && !unhook() {
			r.Close()
			err = context.Cause(ctx)
		}
		if err != nil {
			end()
			return nil, err
		}
		return &Opened{Result: r, end: end, took: clock().Sub(began)}, nil
	}
}
