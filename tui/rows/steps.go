package rows

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"case53/cases"
	"case53/tui/frame"
)

// To put ten million records in order before the first is shown takes minutes. So a list in the order of time is read in steps:
// the first rows are found in one pass; who goes on has the rest counted by the minute, and then gets window after window of it,
// each put in order by itself.

// firstStep is how many rows the first step has: some screens. The windows after it have about so many times stepGrows, and
// more each time, up to mostStep.
const (
	firstStep = 16 * 256
	stepGrows = 4
	mostStep  = 1 << 18
)

// stepped is a list that is read in steps.
type stepped struct {
	life    context.Context
	reader  frame.Reader
	base    question
	filters []clause

	fetching sync.Mutex // one Fetch at a time opens steps

	mu     sync.Mutex
	steps  []step
	rest   []window // after the last step
	ended  bool     // nothing comes after the last step
	closed bool
}

// step is a part of the list, from a row on.
type step struct {
	frame.Result
	from int
}

// window is a time to read, by its first and its last minute; none where they are the rows without a time.
type window struct {
	first, last string
	none        bool
	after       []cases.Cell // only what comes after this row; nil: all of it
}

// inSteps is the work of opening a list in steps.
func inSteps(e *frame.Env, base question, filters []clause) func(context.Context) (*frame.Opened, error) {
	reader := e.Reader
	return e.Opening(func(life context.Context) (frame.Result, error) {
		s := &stepped{life: life, reader: reader, base: base, filters: filters}
		sql, args := base.compose(filters, nil)
		args["step_rows"] = int64(firstStep)
		if err := s.open(sql+"\nLIMIT $step_rows", args, 0); err != nil {
			return nil, err
		}
		return s, nil
	})
}

func (s *stepped) open(sql string, args map[string]any, from int) error {
	r, err := s.reader.Query(s.life, sql, args)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		r.Close()
		return context.Canceled
	}
	s.steps = append(s.steps, step{r, from})
	return nil
}

func (s *stepped) Columns() []cases.Column { return s.steps[0].Columns() }

// Fetch opens as many steps as it needs.
func (s *stepped) Fetch(ctx context.Context, off, n int) ([][]cases.Cell, error) {
	s.fetching.Lock()
	defer s.fetching.Unlock()
	for {
		last := s.steps[len(s.steps)-1]
		end, err := last.Fetch(ctx, max(off+n-1-last.from, 0), 1)
		if err != nil {
			return nil, err
		}
		if len(end) > 0 {
			break
		}
		if more, err := s.next(ctx); err != nil {
			return nil, err
		} else if !more {
			break
		}
	}
	var rows [][]cases.Cell
	for i, p := range s.steps {
		from, to := max(off, p.from), off+n
		if i+1 < len(s.steps) {
			to = min(to, s.steps[i+1].from)
		}
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

// next opens the step after the last one, which has been read to its end; false where there is none.
func (s *stepped) next(ctx context.Context) (bool, error) {
	last := s.steps[len(s.steps)-1]
	size, _ := last.Count()
	if len(s.steps) == 1 && s.rest == nil && size == firstStep {
		if err := s.plan(ctx, last); err != nil {
			return false, err
		}
	}
	if len(s.rest) == 0 {
		s.mu.Lock()
		s.ended = true
		s.mu.Unlock()
		return false, nil
	}
	sql, args := s.base.in(s.rest[0], s.filters, last.Columns())
	if err := s.open(sql, args, last.from+size); err != nil {
		return false, err
	}
	s.mu.Lock()
	s.rest = s.rest[1:]
	s.mu.Unlock()
	return true, nil
}

// plan counts by the minute what comes after the first step, and parts it into windows.
func (s *stepped) plan(ctx context.Context, first step) error {
	end, err := first.Fetch(ctx, firstStep-1, 1)
	if err != nil {
		return err
	}
	sql, args := s.base.minutes(s.filters, first.Columns(), end[0])
	r, err := s.reader.Query(ctx, sql, args)
	if err != nil {
		return err
	}
	defer r.Close()
	var windows []window
	want, have := int64(0), int64(0) // of the last window
	for off := 0; ; off += 1 << 12 {
		rows, err := r.Fetch(ctx, off, 1<<12)
		if err != nil {
			return err
		}
		for _, row := range rows {
			n, _ := strconv.ParseInt(row[1].Text, 10, 64)
			minute := window{first: row[0].Text, last: row[0].Text, none: row[0].Null}
			if i := len(windows) - 1; i >= 0 && !minute.none && have+n <= want {
				windows[i].last, have = minute.last, have+n
				continue
			}
			windows = append(windows, minute)
			want, have = min(max(want, firstStep)*stepGrows, mostStep), n
		}
		if len(rows) < 1<<12 {
			break
		}
	}
	if len(windows) > 0 {
		windows[0].after = end[0] // its minute has rows that were in the first step
	}
	s.mu.Lock()
	s.rest = windows
	s.mu.Unlock()
	return nil
}

// Count is what the steps have seen.
func (s *stepped) Count() (int, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := s.steps[len(s.steps)-1]
	n, complete := last.Count()
	return last.from + n, complete && (s.ended || len(s.steps) == 1 && n < firstStep)
}

func (s *stepped) Close() {
	s.mu.Lock()
	s.closed = true
	steps := slices.Clone(s.steps)
	s.mu.Unlock()
	for _, p := range steps {
		p.Close()
	}
}

// minutes asks how many rows there are in each minute from that of a row on; those without a time come last.
func (q question) minutes(filters []clause, cols []cases.Column, row []cases.Cell) (string, map[string]any) {
	time := quote(q.order[0])
	column, at := q.cell(q.order[0], cols, row)
	from := clause{sql: time + " IS NULL"}
	if !at.Null {
		from = clause{sql: time + " >= date_trunc('minute', CAST(" + argMark + " AS " + column.Type + ")) OR " + time + " IS NULL", arg: at.Text}
	}
	sql, args := q.where(append(slices.Clip(filters), from))
	return "SELECT date_trunc('minute', " + time + ") AS minute, count(*) AS records\nFROM (\n" + sql + "\n)\nGROUP BY 1\nORDER BY 1 NULLS LAST", args
}

// in asks for the rows of a window, in order.
func (q question) in(w window, filters []clause, cols []cases.Column) (string, map[string]any) {
	time := quote(q.order[0])
	column, _ := q.cell(q.order[0], cols, nil)
	mark := "CAST(" + argMark + " AS " + column.Type + ")"
	filters = slices.Clip(filters)
	if w.none {
		filters = append(filters, clause{sql: time + " IS NULL"})
	} else {
		filters = append(filters, clause{sql: time + " >= " + mark, arg: w.first}, clause{sql: time + " < " + mark + " + INTERVAL 1 MINUTE", arg: w.last})
	}
	if w.after != nil {
		filters = append(filters, q.later(cols, w.after))
	}
	return q.compose(filters, nil)
}

// later is the condition that a row comes after another one in order: the first column is later, or it is the same and the
// others decide.
func (q question) later(cols []cases.Column, row []cases.Cell) clause {
	number := func(column string) string { // these are whole numbers, which no text of the evidence can be
		_, c := q.cell(column, cols, row)
		n, _ := strconv.ParseUint(c.Text, 10, 64)
		return strconv.FormatUint(n, 10)
	}
	last := q.order[len(q.order)-1]
	rest := quote(last) + " > " + number(last)
	for i := len(q.order) - 2; i > 0; i-- {
		column, n := quote(q.order[i]), number(q.order[i])
		rest = fmt.Sprintf("(%s > %s OR %s = %s AND %s)", column, n, column, n, rest)
	}
	column, at := q.cell(q.order[0], cols, row)
	if at.Null {
		return clause{sql: rest}
	}
	mark := "CAST(" + argMark + " AS " + column.Type + ")"
	return clause{sql: strings.NewReplacer("TIME", quote(q.order[0]), "MARK", mark, "REST", rest).Replace("TIME > MARK OR TIME = MARK AND REST"), arg: at.Text}
}

// cell finds a column, and its value in a row.
func (q question) cell(name string, cols []cases.Column, row []cases.Cell) (cases.Column, cases.Cell) {
	i := slices.IndexFunc(cols, func(c cases.Column) bool { return c.Name == name })
	if row == nil {
		return cols[i], cases.Cell{}
	}
	return cols[i], row[i]
}
