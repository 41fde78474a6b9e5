package frame

import (
	"context"
	"sync"

	"case53/cases"
)

// Step asks for the next rows of a list that has an order, at most so many: those after a row, or the first where that is nil.
type Step func(cols []cases.Column, after []cases.Cell, most int) (sql string, args map[string]any)

// firstStep is how many rows the first step has: some screens. Each further step has more, as it is asked for by who goes on.
const (
	firstStep = 16 * 256
	stepGrows = 4
	mostStep  = 1 << 20
)

// QueryInSteps is Query for a list that is put in order step by step, as far as somebody looks.
func (e *Env) QueryInSteps(step Step) func(context.Context) (*Opened, error) {
	reader := e.Reader
	return e.opening(func(life context.Context) (Result, error) {
		s := &stepped{life: life, reader: reader, step: step}
		if err := s.open(nil, nil); err != nil {
			return nil, err
		}
		return s, nil
	})
}

// stepped is a result that is read in steps.
type stepped struct {
	life   context.Context
	reader Reader
	step   Step

	fetching sync.Mutex // one Fetch at a time opens steps
	mu       sync.Mutex
	steps    []stepOf
	closed   bool
}

// stepOf is a step: at most so many rows, from a row on.
type stepOf struct {
	Result
	from, most int
}

func (s *stepped) Columns() []cases.Column { return s.steps[0].Columns() }

// open opens the step after a row.
func (s *stepped) open(cols []cases.Column, after []cases.Cell) error {
	next := stepOf{most: firstStep}
	if n := len(s.steps); n > 0 {
		last := s.steps[n-1]
		next.from, next.most = last.from+last.most, min(last.most*stepGrows, mostStep)
	}
	sql, args := s.step(cols, after, next.most)
	r, err := s.reader.Query(s.life, sql, args)
	if err != nil {
		return err
	}
	next.Result = r
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		r.Close()
		return context.Canceled
	}
	s.steps = append(s.steps, next)
	return nil
}

// Fetch opens as many steps as it needs: a step that is full is followed by another one.
func (s *stepped) Fetch(ctx context.Context, off, n int) ([][]cases.Cell, error) {
	s.fetching.Lock()
	defer s.fetching.Unlock()
	for {
		s.mu.Lock()
		last := s.steps[len(s.steps)-1]
		s.mu.Unlock()
		if off+n <= last.from+last.most {
			break
		}
		end, err := last.Fetch(ctx, last.most-1, 1)
		if err != nil {
			return nil, err
		}
		if len(end) == 0 {
			break
		}
		if err := s.open(last.Columns(), end[0]); err != nil {
			return nil, err
		}
	}
	var rows [][]cases.Cell
	for _, p := range s.steps {
		from, to := max(off, p.from), min(off+n, p.from+p.most)
		if from >= to {
			continue
		}
		part, err := p.Fetch(ctx, from-p.from, to-from)
		if err != nil {
			return nil, err
		}
		rows = append(rows, part...)
	}
	return rows, nil
}

// Count is what the steps have seen; the last one knows whether that is all.
func (s *stepped) Count() (int, bool) {
	s.mu.Lock()
	last := s.steps[len(s.steps)-1]
	s.mu.Unlock()
	n, complete := last.Count()
	return last.from + n, complete && n < last.most
}

func (s *stepped) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, p := range s.steps {
		p.Close()
	}
}
