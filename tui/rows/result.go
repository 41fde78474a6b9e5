package rows

import (
	"context"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"case53/cases"
	"case53/cases/words"
	"case53/tui/frame"
	"case53/tui/grid"
)

// result is the screen of a question's answer: a grid over its rows.
type result struct {
	e     *frame.Env
	title string
	about frame.About
	base  question

	filters []clause
	by      *sorting
	drill   func(row []cases.Cell) tea.Cmd // what enter does instead of showing the record

	open   *frame.Opened
	cols   []field
	grid   *grid.Grid
	err    error
	paused bool // cancelled: nothing is fetched before the next key

	asking, reading frame.Task
	began           time.Time
	took            time.Duration
	width, height   int
}

func newResult(e *frame.Env, title string, q question) *result {
	return &result{e: e, title: title, base: q}
}

func (s *result) Title() string { return s.title }
func (s *result) Open() tea.Cmd { return s.run() }

// run asks the question, with its filters and order, from the beginning.
func (s *result) run() tea.Cmd {
	closing := s.Close()
	s.err, s.paused, s.began, s.took = nil, false, s.e.Now, 0
	sql, args := s.base.compose(s.filters, s.by)
	return tea.Batch(closing, frame.Start(s.e, &s.asking, "running", s.e.Query(sql, args), s.use))
}

// use takes an opened result.
func (s *result) use(o *frame.Opened, err error) tea.Cmd {
	if err != nil {
		s.err = err
		return nil
	}
	s.open = o
	s.cols = fields(o.Columns(), s.base.kinds)
	old := s.grid
	s.grid = grid.New(s.columns(), s.e.Theme.Grid)
	if old != nil {
		s.grid.Like(old)
	}
	s.count()
	return nil // Settle asks for the rows
}

// columns are the grid's. Where a row came from and addresses as numbers are kept at hand, but folded away.
func (s *result) columns() []grid.Column {
	cols := make([]grid.Column, len(s.cols))
	numbers := map[string]bool{"object_id": true, "row_no": true, "utf8_escaped": true}
	for _, f := range s.cols {
		numbers[f.number] = f.number != ""
	}
	for i, f := range s.cols {
		cols[i] = grid.Column{Name: f.Name, Right: frame.IsNumber(f.Column), Hidden: numbers[f.Name]}
		if frame.IsTime(f.Column) {
			cols[i].Format = s.e.TimeText
		}
		if s.by != nil && s.by.column == f.Name {
			cols[i].Sign = s.e.Theme.Glyph.Up
			if s.by.desc {
				cols[i].Sign = s.e.Theme.Glyph.Down
			}
		}
	}
	return cols
}

// Settle fetches the rows that the screen needs and does not have.
func (s *result) Settle(width, height int) tea.Cmd {
	s.width, s.height = width, height
	if s.grid == nil {
		return nil
	}
	if s.reading.Running() && s.open != nil {
		s.count() // what is read meanwhile
	}
	s.grid.Styles = s.e.Theme.Grid
	s.grid.Resize(width, s.gridHeight())
	page, want := s.grid.Want()
	if !want || s.paused || s.err != nil || s.open == nil || s.reading.Running() {
		return nil
	}
	open := s.open
	return frame.Start(s.e, &s.reading, "reading rows", func(ctx context.Context) ([][]grid.Cell, error) {
		rows, err := open.Fetch(ctx, page*grid.PageRows, grid.PageRows)
		return gridRows(rows), err
	}, func(rows [][]grid.Cell, err error) tea.Cmd {
		if err != nil {
			s.err = err
			return nil
		}
		s.count()
		s.grid.Land(page, rows)
		if s.took == 0 {
			s.took = max(s.e.Now.Sub(s.began), time.Microsecond)
		}
		return nil
	})
}

// gridRows gives a page to the grid, which knows no cases.
func gridRows(rows [][]cases.Cell) [][]grid.Cell {
	out := make([][]grid.Cell, len(rows))
	for i, r := range rows {
		out[i] = make([]grid.Cell, len(r))
		for j, c := range r {
			out[i][j] = grid.Cell(c)
		}
	}
	return out
}

func (s *result) count() { s.grid.SetCount(s.open.Count()) }

// farther is how many rows one G reads: what is read is kept on disk, and a case may have more records than that holds.
const farther = 1_000_000

// toEnd goes to the last row. To know which it is, the result must be read to its end.
func (s *result) toEnd() tea.Cmd {
	if s.grid == nil {
		return nil
	}
	n, complete := s.grid.Count()
	if complete || s.open == nil {
		s.grid.End()
		return nil
	}
	open := s.open
	return frame.Start(s.e, &s.reading, "reading to the last row", func(ctx context.Context) (struct{}, error) {
		_, err := open.Fetch(ctx, n+farther, 1)
		return struct{}{}, err
	}, func(_ struct{}, err error) tea.Cmd {
		if err != nil {
			s.err = err
			return nil
		}
		s.count()
		s.grid.End()
		if n, complete := s.grid.Count(); !complete {
			s.e.Say(words.Count(int64(n)) + " rows read, and there are more: G reads on, [ and ] sort")
		}
		return nil
	})
}

func (s *result) Close() tea.Cmd {
	s.asking.Stop(s.e)
	s.reading.Stop(s.e)
	if s.open == nil {
		return nil
	}
	o := s.open
	s.open = nil
	return frame.LetGo(o)
}

// Cancelled keeps the screen from asking again at once. A query that has shown nothing yet is ended; one that has only
// been read on stays open, so that the rows above can still be reached.
func (s *result) Cancelled() tea.Cmd {
	s.paused = true
	if s.grid == nil {
		return nil
	}
	if n, complete := s.grid.Count(); n > 0 || complete {
		return nil
	}
	s.grid = nil
	return s.Close()
}

func (s *result) Update(tea.Msg) tea.Cmd { return nil }

func (s *result) Status() frame.Status {
	st := frame.Status{Took: s.took, Task: &s.asking}
	if !s.asking.Running() {
		st.Task = &s.reading
	}
	var parts []string
	for _, f := range s.filters {
		parts = append(parts, s.e.Brief(f.shown))
	}
	st.Filter = strings.Join(parts, " ")
	if s.grid != nil && s.err == nil {
		st.Rows = s.rowsText()
	}
	return st
}

// rowsText is where the screen stands in the result: 1–20 of ≥ 512.
func (s *result) rowsText() string {
	g := &s.e.Theme.Glyph
	from, to := s.grid.Visible()
	n, complete := s.grid.Count()
	if n == 0 && complete {
		return "no rows"
	}
	text := fmt.Sprintf("%d%s%d of ", from+1, g.Dash, to)
	if !complete {
		text += g.AtLeast
	}
	return text + fmt.Sprint(n)
}

// gridHeight leaves a line for the value under the cursor where there is room.
func (s *result) gridHeight() int {
	if s.height >= 8 {
		return s.height - 1
	}
	return s.height
}

func (s *result) View(width, height int) string {
	t := &s.e.Theme
	switch {
	case s.err != nil:
		return s.failure(width)
	case s.grid == nil && s.paused:
		return "\n " + t.Warn.Render("cancelled "+t.Glyph.Dash+" r runs it again")
	case s.grid == nil:
		return "\n " + t.Dim.Render("running"+t.Glyph.Dots)
	}
	if n, complete := s.grid.Count(); n == 0 && complete {
		return s.nothing(width)
	}
	if height < 8 {
		return s.grid.View()
	}
	return frame.Clip(s.grid.View(), width, height-1) + "\n" + s.under(width)
}

// failure shows an error word for word; a hint line as such.
func (s *result) failure(width int) string {
	return "\n" + frame.ErrorText(s.e, s.err, width) + "\n\n " + s.e.Theme.Dim.Render("r runs it again")
}

// nothing says what an empty answer means, which is not always that nothing happened.
func (s *result) nothing(width int) string {
	t := &s.e.Theme
	out := []string{"", " " + t.Strong.Render("No rows."), ""}
	if len(s.filters) > 0 {
		out = append(out, " "+t.Dim.Render("A filter is on; ctrl+x clears it."), "")
	}
	if s.about.Lacks != "" {
		out = append(out, " "+t.Warn.Render(s.about.Lacks), "")
	}
	if s.about.Cannot != "" {
		for _, l := range frame.Wrap("What this query cannot tell: "+s.e.Show(frame.OneLine(s.about.Cannot)), max(width-2, 1)) {
			out = append(out, " "+l)
		}
	}
	return strings.Join(out, "\n")
}

// under is the value under the cursor, as much of it as fits, and where its column stands.
func (s *result) under(width int) string {
	t := &s.e.Theme
	_, col := s.grid.Cursor()
	f := s.cols[col]
	name := " " + s.e.Show(f.Name)
	if f.Kind != "" {
		name += " (" + s.e.Show(f.Kind) + ")"
	}
	from, to, n, hidden := s.grid.Span()
	where := fmt.Sprintf(" columns %d%s%d of %d ", from, t.Glyph.Dash, to, n)
	if hidden > 0 {
		where = fmt.Sprintf(" columns %d%s%d of %d, %d folded ", from, t.Glyph.Dash, to, n, hidden)
	}
	value := ""
	if c, ok := s.grid.Cell(); ok {
		value = s.value(f, cases.Cell(c))
	}
	room := width - len([]rune(name)) - 2 - len([]rune(where))
	if room < 8 {
		return grid.Fit(name+": "+value, width, false, s.e.Opt.ASCII)
	}
	return t.Kind.Render(name+": ") + grid.Fit(value, room, false, s.e.Opt.ASCII) + t.Dim.Render(where)
}

// value is how a cell is drawn.
func (s *result) value(f field, c cases.Cell) string {
	switch {
	case c.Null:
		return s.e.Theme.Glyph.Null
	case frame.IsTime(f.Column):
		return s.e.Show(s.e.TimeText(c.Text))
	}
	head, more := grid.Head(c.Text, 4096)
	if more > 0 {
		return s.e.Show(head) + fmt.Sprintf("%s(+%d)", s.e.Theme.Glyph.Dots, more)
	}
	return s.e.Show(head)
}

// cell is the value under the cursor, with its column.
func (s *result) cell() (field, cases.Cell, bool) {
	if s.grid == nil || s.err != nil {
		return field{}, cases.Cell{}, false
	}
	_, col := s.grid.Cursor()
	c, ok := s.grid.Cell()
	return s.cols[col], cases.Cell(c), ok
}

// row is the row under the cursor.
func (s *result) row() ([]cases.Cell, bool) {
	if s.grid == nil || s.err != nil {
		return nil, false
	}
	i, _ := s.grid.Cursor()
	r, ok := s.grid.Row(i)
	if !ok {
		return nil, false
	}
	out := make([]cases.Cell, len(r))
	for j, c := range r {
		out[j] = cases.Cell(c)
	}
	return out, true
}
