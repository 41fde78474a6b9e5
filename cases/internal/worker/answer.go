package worker

import (
	"context"
	"time"

	"case53/cases/duck"
)

// Answer is the result of a statement that a worker runs. It is read by one goroutine at a time.
type Answer struct {
	p    *Process
	ctx  context.Context
	of   uint32
	said chan message

	columns []duck.Column
	values  []any
	batch   *reading
	wanted  bool // the next batch has been asked for
	over    bool // the worker has let go of the statement
	err     error
}

// Query runs a statement; its rows are computed as they are read.
func (p *Process) Query(ctx context.Context, sql string, args map[string]any) (*Answer, error) {
	return p.run(ctx, saysQuery, sql, args)
}

// Parquet runs a statement and gives its rows as a Parquet file, whose bytes are the rows: one value each.
func (p *Process) Parquet(ctx context.Context, sql string, args map[string]any) (*Answer, error) {
	return p.run(ctx, saysParquet, sql, args)
}

func (p *Process) run(ctx context.Context, how kind, sql string, args map[string]any) (*Answer, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	p.mu.Lock()
	p.last++
	a := &Answer{p: p, ctx: ctx, of: p.last, batch: &reading{}}
	p.mu.Unlock()
	w := begin(nil, how, a.of)
	if err := w.statement(sql, args); err != nil {
		return nil, err
	}
	a.said = p.wait(a.of)
	r, err := p.ask(ctx, w, saysColumns, a.said)
	if err == nil {
		a.columns = r.columns()
		err = r.err
	}
	if err != nil {
		a.failed(err)
		a.Close()
		return nil, a.err
	}
	a.values = make([]any, len(a.columns))
	return a, nil
}

// failed takes an error. What the worker itself says is the end of its statement.
func (a *Answer) failed(err error) {
	a.err = err
	if _, ok := err.(*Failure); ok {
		a.over = true
	}
}

// Columns describes the result.
func (a *Answer) Columns() []duck.Column { return a.columns }

// Values is the current row; the slice is reused by Next.
func (a *Answer) Values() []any { return a.values }

// Err is what ended the rows early, nil when they were all read.
func (a *Answer) Err() error { return a.err }

// Next goes to the next row; false at the end or on an error.
func (a *Answer) Next() bool {
	for a.err == nil && len(a.batch.rest) == 0 {
		if a.over || !a.fetch() {
			return false
		}
	}
	if a.err != nil {
		return false
	}
	for i := range a.values {
		a.values[i] = a.batch.value(0)
	}
	a.err = a.batch.err
	return a.err == nil
}

// want asks for the next batch, so that it is computed while this one is read.
func (a *Answer) want() error {
	if a.wanted {
		return nil
	}
	a.wanted = true
	return a.p.send(begin(nil, saysMore, a.of))
}

func (a *Answer) fetch() bool {
	err := a.want()
	if err == nil {
		a.batch, err = a.p.answer(a.ctx, saysRows, a.said)
	}
	if err == nil {
		a.wanted = false
		switch more := a.batch.take(1); {
		case a.batch.err != nil:
			err = a.batch.err
		case more[0] == 0:
			a.over = true
		default:
			err = a.want()
		}
	}
	if err != nil {
		a.batch = &reading{}
		a.failed(err)
	}
	return err == nil
}

// Close gives up the rest. A worker that does not let go of the statement in time is killed.
func (a *Answer) Close() {
	if a.p == nil {
		return
	}
	p := a.p
	a.p = nil
	defer func() {
		p.mu.Lock()
		delete(p.waiting, a.of)
		p.mu.Unlock()
	}()
	if a.over || p.Ended() || p.send(begin(nil, saysDrop, a.of)) != nil {
		return
	}
	late := time.NewTimer(grace)
	defer late.Stop()
	for {
		select {
		case m := <-a.said:
			if m.kind == saysGone {
				return
			}
		case <-p.dead:
			return
		case <-late.C:
			p.kill("other SQL in it did not end when it was told to\nhint: run this again")
			<-p.dead
			return
		}
	}
}
