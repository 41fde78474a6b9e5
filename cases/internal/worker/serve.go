package worker

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"sync"

	"case53/cases/duck"
)

// Rows is the result of a statement.
type Rows interface {
	Columns() []duck.Column
	Next() bool
	Values() []any
	Err() error
	Close()
}

// Case is the case that a worker has open.
type Case interface {
	Query(ctx context.Context, sql string, args map[string]any) (Rows, error)
	Parquet(ctx context.Context, sql string, args map[string]any) (*os.File, error)
}

// Work does the work of a worker until its parent ends, and gives the exit code. open opens the case in a folder; told makes of an
// error what is sent of it.
func Work(open func(ctx context.Context, dir string) (Case, error), told func(error) *Failure) int {
	in, out := os.NewFile(requests, "requests"), os.NewFile(answers, "answers")
	if err := limit(); err != nil {
		out.Write(failed(0, &Failure{Text: "limits of a worker: " + err.Error()}))
		return 1
	}
	s := &server{out: out, told: told, running: map[uint32]*running{}}
	r := bufio.NewReader(in)
	for {
		m, err := receive(r)
		if err != nil { // the parent has ended
			return 0
		}
		if err := s.take(m, open); err != nil {
			s.send(failed(m.of, told(err)))
		}
	}
}

// server runs statements.
type server struct {
	told func(error) *Failure
	c    Case

	writing sync.Mutex
	out     io.Writer

	mu      sync.Mutex
	running map[uint32]*running
}

// running is a statement under way.
type running struct {
	id     uint32
	ctx    context.Context
	cancel context.CancelFunc
	more   chan struct{} // the parent wants rows
	gone   bool          // and wants no more
}

func (s *server) send(b []byte) {
	s.writing.Lock()
	defer s.writing.Unlock()
	if _, err := s.out.Write(b); err != nil {
		os.Exit(0) // nobody listens any more
	}
}

func failed(of uint32, f *Failure) []byte {
	w := begin(nil, saysFailed, of)
	w.failure(f)
	return w.end()
}

// take does what a message says, or starts it.
func (s *server) take(m message, open func(context.Context, string) (Case, error)) (err error) {
	switch {
	case m.kind == saysOpen && s.c == nil:
		if s.c, err = open(context.Background(), string(m.body)); err == nil {
			s.send(begin(nil, saysReady, m.of).end())
		}
		return err
	case (m.kind == saysQuery || m.kind == saysParquet) && s.c != nil:
		r := &reading{rest: m.body}
		sql, args := r.statement()
		if r.err != nil {
			return r.err
		}
		st := &running{id: m.of, more: make(chan struct{}, 1)}
		st.ctx, st.cancel = context.WithCancel(context.Background())
		s.mu.Lock()
		s.running[m.of] = st
		s.mu.Unlock()
		go s.run(st, m.kind, sql, args)
		return nil
	}
	s.mu.Lock()
	st := s.running[m.of]
	switch {
	case m.kind == saysMore && st != nil:
		select {
		case st.more <- struct{}{}:
		default:
		}
	case m.kind == saysDrop && st != nil:
		st.gone = true
		st.cancel()
	}
	s.mu.Unlock()
	if m.kind == saysDrop && st == nil {
		s.send(begin(nil, saysGone, m.of).end())
	}
	return nil
}

// run runs a statement to its end.
func (s *server) run(st *running, how kind, sql string, args map[string]any) {
	err := s.rows(st, how, sql, args)
	st.cancel()
	s.mu.Lock()
	delete(s.running, st.id)
	gone := st.gone
	s.mu.Unlock()
	switch {
	case gone:
		s.send(begin(nil, saysGone, st.id).end())
	case err != nil:
		s.send(failed(st.id, s.told(err)))
	}
}

// rows answers what the parent asks for.
func (s *server) rows(st *running, how kind, sql string, args map[string]any) error {
	var rows Rows
	var err error
	if how == saysParquet {
		var f *os.File
		if f, err = s.c.Parquet(st.ctx, sql, args); err == nil {
			rows = &fileRows{file: f}
		}
	} else {
		rows, err = s.c.Query(st.ctx, sql, args)
	}
	if err != nil {
		return err
	}
	defer rows.Close()
	w := begin(nil, saysColumns, st.id)
	w.columns(rows.Columns())
	s.send(w.end())
	return s.batches(st, rows)
}

// batches sends rows as they are asked for. Those before an error are sent too.
func (s *server) batches(st *running, rows Rows) error {
	next := begin(nil, saysRows, st.id)
	var err error
	for {
		select {
		case <-st.more:
		case <-st.ctx.Done():
			return context.Cause(st.ctx)
		}
		if err != nil {
			return err
		}
		next = begin(next.b, saysRows, st.id)
		var more bool
		if more, err = batch(next, rows); err != nil && len(next.b) == headerSize+1 {
			return err
		}
		s.send(next.end())
		if !more {
			return nil
		}
	}
}

// batch adds rows to a message until it is full. What stands before them says whether there is more to ask for: rows, or an error.
func batch(w *writing, rows Rows) (more bool, err error) {
	w.byte(1)
	for n := 0; n < batchRows && w.size() < batchSize; n++ {
		if !rows.Next() {
			if err = rows.Err(); err == nil {
				w.b[headerSize] = 0
			}
			return err != nil, err
		}
		before := len(w.b)
		for _, v := range rows.Values() {
			if err := w.value(v, 0); err != nil {
				w.b = w.b[:before]
				return true, err
			}
		}
	}
	return true, nil
}

// fileRows is a file as rows of one value, a piece of it each.
type fileRows struct {
	file  *os.File
	piece [1]any
	err   error
}

func (r *fileRows) Columns() []duck.Column { return []duck.Column{{Name: "bytes", Type: "BLOB"}} }
func (r *fileRows) Values() []any          { return r.piece[:] }
func (r *fileRows) Err() error             { return r.err }
func (r *fileRows) Close()                 { r.file.Close() }

func (r *fileRows) Next() bool {
	piece := make([]byte, batchSize)
	n, err := io.ReadFull(r.file, piece)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		r.err = err
		return false
	}
	r.piece[0] = piece[:n]
	return n > 0
}
