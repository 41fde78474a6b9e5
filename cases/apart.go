package cases

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"

	"case53/cases/custody"
	"case53/cases/duck"
	"case53/cases/internal/layout"
	"case53/cases/internal/worker"
	"case53/cases/raw"
)

// ErrWorker says that the process which ran SQL apart has ended before it had answered. The case, and this process, are as before.
var ErrWorker = worker.ErrEnded

// Apart is the case for SQL that somebody else has written: by hand, in a file of the user's, or in a case. The gate and the
// statements run in a worker, a process of its own: one that crashes, wants more memory than a worker may have, or cannot be
// interrupted, ends with it, and the next statement gets a new worker. What is asked of Apart is answered as the case itself answers.
// It is there as long as the case is open. The program's main has to call Work first.
func (c *Case) Apart() *Case {
	return &Case{
		Dir:        c.Dir,
		NotReady:   c.NotReady,
		Unbuilt:    c.Unbuilt,
		Altered:    c.Altered,
		MadeBy:     c.MadeBy,
		Unfinished: c.Unfinished,
		Scopes:     c.Scopes,
		known:      c.known,
		apart:      c.apart,
		kinds:      c.kinds,
		types:      c.types,
		held:       c.held,
		views:      c.views,
		raw:        c.raw,
		temp:       c.temp,
	}
}

// apart is the worker of a case, started when it is first needed.
type apart struct {
	dir, temp string

	mu     sync.Mutex
	worker *worker.Process
	closed bool
}

// process gives the worker, a new one where there is none.
func (a *apart) process(ctx context.Context) (*worker.Process, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.closed:
		return nil, errors.New("the case is closed")
	case !canWork:
		return nil, errors.New("this program runs no SQL of others: its main does not call cases.Work")
	case a.worker != nil && !a.worker.Ended():
		return a.worker, nil
	}
	var err error
	a.worker, err = worker.Start(ctx, a.dir, a.temp)
	return a.worker, heard(err)
}

func (a *apart) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed = true; a.worker != nil {
		a.worker.Close()
	}
}

// queryApart is Query in the worker.
func (c *Case) queryApart(ctx context.Context, sql string, args map[string]any) (*Rows, error) {
	w, err := c.apart.process(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := w.Query(ctx, sql, args)
	if err != nil {
		return nil, heard(err)
	}
	return &Rows{source: &answered{Answer: rows}, dir: c.Dir, columns: c.columnsOf(rows.Columns())}, nil
}

// answered is a worker's answer, with its errors as this process knows them.
type answered struct {
	*worker.Answer
	chunks error
}

func (a *answered) Err() error {
	if a.chunks != nil {
		return a.chunks
	}
	return heard(a.Answer.Err())
}

// NextChunk is for tables of the case as they are, which nobody else's SQL reads.
func (a *answered) NextChunk() (duck.Chunk, bool) {
	a.chunks = errors.New("the rows of SQL that runs apart do not come as columns")
	return duck.Chunk{}, false
}

// parquetApart is Parquet in the worker. The file is a copy: what the worker writes to is not known here.
func (c *Case) parquetApart(ctx context.Context, sql string, args map[string]any) (_ *os.File, err error) {
	w, err := c.apart.process(ctx)
	if err != nil {
		return nil, err
	}
	pieces, err := w.Parquet(ctx, sql, args)
	if err != nil {
		return nil, heard(err)
	}
	defer pieces.Close()
	f, err := os.CreateTemp(c.temp, "parquet-*")
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close())
		}
	}()
	if err := os.Remove(f.Name()); err != nil {
		return nil, err
	}
	for pieces.Next() {
		piece, _ := pieces.Values()[0].([]byte)
		if _, err := f.Write(piece); err != nil {
			return nil, fmt.Errorf("keep the result: %w", err)
		}
	}
	if err := heard(pieces.Err()); err != nil {
		return nil, err
	}
	_, err = f.Seek(0, 0)
	return f, err
}

// Itself is this program, to be run once more, whatever has become of its file since it was started.
func Itself(args ...string) (*exec.Cmd, error) { return worker.Itself(args...) }

// canWork says that this program can be its own worker.
var canWork bool

// Work makes a worker of this process where it was started as one, and does not return then. It is the first thing that main does.
// The schemas are those of the log types, as for Open.
func Work(schemas func() []Schema) {
	canWork = !worker.Asked() // a worker starts no other
	if canWork {
		return
	}
	os.Exit(worker.Work(func(ctx context.Context, dir string) (worker.Case, error) {
		c, err := Open(ctx, dir, schemas())
		return servant{c}, err
	}, told))
}

// servant is a case as a worker has it open.
type servant struct{ *Case }

func (s servant) Query(ctx context.Context, sql string, args map[string]any) (worker.Rows, error) {
	rows, err := s.Case.Query(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	return served{rows}, nil
}

// served is a result as a worker sends it: without the kinds of its columns, which its parent knows.
type served struct{ *Rows }

func (r served) Columns() (columns []duck.Column) {
	for _, c := range r.Rows.Columns() {
		columns = append(columns, duck.Column{Name: c.Name, Type: c.Type})
	}
	return columns
}

// knownErrors are those that a worker tells by their place here.
var knownErrors = []error{
	ErrRefused, layout.ErrNotReady, layout.ErrDamaged, layout.ErrForeign, layout.ErrNoCase, layout.ErrLocked, layout.ErrNewer,
	custody.ErrBroken, raw.ErrAltered,
}

// told is an error as a worker tells it.
func told(err error) *worker.Failure {
	f := &worker.Failure{Text: err.Error()}
	for i, known := range knownErrors {
		if errors.Is(err, known) {
			f.Is |= 1 << i
		}
	}
	errors.As(err, &f.Duck)
	return f
}

// heard is an error that a worker has told, as it was.
func heard(err error) error {
	var f *worker.Failure
	if !errors.As(err, &f) {
		return err
	}
	return &failure{f}
}

type failure struct{ *worker.Failure }

// Unwrap gives what the error was, besides its text.
func (f *failure) Unwrap() (is []error) {
	for i, known := range knownErrors {
		if f.Is&(1<<i) != 0 {
			is = append(is, known)
		}
	}
	if f.Duck != nil {
		is = append(is, f.Duck)
	}
	return is
}
