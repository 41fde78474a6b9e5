package rows

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"case53/cases"
	"case53/cases/words"
	"case53/queries"
	"case53/tui/frame"
	"case53/tui/grid"
)

// result is the screen of a question's answer: a grid over its rows.
type result struct {
	e     *frame.Env
	title string
	about frame.About
	base  question
	again func() (question, error) // the question as the window and T0 make it; nil: it is always the same
	asked scope                    // what it was asked with

	filters []clause
	fixed   int                            // how many of them it was opened with: they are what it is, and esc leaves them
	by      []sorting                      // the first decides, where it is the same the second …
	of      *result                        // whose rows these are, or count
	drill   func(row []cases.Cell) tea.Cmd // what enter does instead of showing the record
	counts  bool                           // its rows count those of its question
	counted []clause                       // the filters of the rows that it counts
	all     int64                          // how many rows there would be without the question's limit; 0: it does not say

	saved  *queries.Query // what x asks again
	values map[string]string

	strip  strip
	ranged *int // where a range of rows began; nil: there is none

	open   *frame.Opened
	cols   []field
	digits []int      // of a second, that each column of times is drawn with
	grid   *grid.Grid // nil while the question is asked: no old row stays under a new filter
	was    *grid.Grid // the grid before, for what was done to its columns
	resume place      // where the cursor stood when the screen was left
	landed bool       // there are rows to see, or it is known that there are none
	err    error
	paused bool // cancelled: nothing is fetched before the next key

	sought string // text that is marked in the rows; may hold text of the evidence
	lead   string // what is said of the rows above them; may hold text of the evidence

	asking, reading frame.Task
	finding         frame.Task // of the records that a row sums up
	keeping         frame.Task // of the rows of a range
	began           time.Time
	took            time.Duration
	width, height   int            // of the rows, without the pane beside them
	fullWidth       int            // with it
	zone            *time.Location // that the columns are as wide as
}

func newResult(e *frame.Env, title string, q question) *result {
	return &result{e: e, title: title, base: q}
}

func (s *result) Title() string { return s.title }

// Open asks the question. Who comes back to a screen that was left finds the cursor where it was.
func (s *result) Open() tea.Cmd {
	if s.grid != nil {
		s.resume.row, s.resume.col = s.grid.Cursor()
	}
	return s.run()
}

// run asks the question, with its filters and order, from the beginning.
func (s *result) run() tea.Cmd {
	closing := s.Close()
	s.err, s.paused, s.landed, s.began, s.took = nil, false, false, s.e.Now, 0
	s.endRange()
	s.strip.drop(s.e)
	if s.grid != nil {
		s.was, s.grid = s.grid, nil
	}
	s.asked = scopeOf(s.e)
	if s.again != nil {
		if s.base, s.err = s.again(); s.err != nil {
			return closing
		}
	}
	if s.cols == nil && s.base.probes(s.e) {
		return tea.Batch(closing, s.probe())
	}
	return tea.Batch(closing, s.ask())
}

func (s *result) ask() tea.Cmd { return frame.Start(s.e, &s.asking, "running", s.query(), s.use) }

// query is the work of asking, in steps where the rows have an order of their own.
func (s *result) query() func(context.Context) (*frame.Opened, error) {
	if len(s.by) == 0 && s.base.order != nil {
		return inSteps(s.e, s.base, s.holding())
	}
	return s.e.Query(s.base.asked(s.holding(), s.by))
}

// use takes an opened result.
func (s *result) use(o *frame.Opened, err error) tea.Cmd {
	if err != nil {
		s.err = err
		return nil
	}
	s.open = o
	s.cols = fields(o.Columns(), s.base.kinds)
	s.digits = make([]int, len(s.cols))
	s.grid = grid.New(s.columns(), s.e.Theme.Grid)
	if s.was != nil {
		s.grid.Like(s.was)
	}
	s.seek(s.sought)
	if s.resume.row > 0 {
		s.grid.To(s.resume.row, s.resume.col)
		s.resume = place{}
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
		switch {
		case frame.IsTime(f.Column):
			cols[i].Whole = true
			cols[i].Format = func(text string) string { return s.e.TimeText(text, s.digits[i]) }
		case f.Type == "FLOAT":
			cols[i].Format = shortFloat
		}
		cols[i].Sign = s.orderSign(f.Name)
	}
	return cols
}

// Settle fetches the rows that the screen needs and does not have.
func (s *result) Settle(width, height int) tea.Cmd {
	s.fullWidth, s.width, s.height = width, width-s.paneWidth(width, height), height
	width = s.width
	if s.stale() {
		return s.run()
	}
	if s.grid == nil {
		return nil
	}
	if s.reading.Running() && s.open != nil {
		s.count() // what is read meanwhile
	}
	s.grid.Styles = s.e.Theme.Grid
	if s.zone != s.e.Zone {
		s.zone = s.e.Zone
		s.grid.Refit()
	}
	s.settleMarks()
	s.grid.Resize(width, s.gridHeight())
	page, want := s.grid.Want()
	if !want || s.paused || s.err != nil || s.open == nil || s.reading.Running() {
		return s.settleStrip()
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
		s.measure(rows)
		s.learn(rows)
		s.grid.Land(page, rows)
		s.landed = true
		if s.took == 0 {
			s.took = max(s.e.Now.Sub(s.began), time.Microsecond)
		}
		return nil
	})
}

// measure finds out how many digits of a second the times of each column need.
func (s *result) measure(rows [][]grid.Cell) {
	for i, f := range s.cols {
		for _, r := range rows {
			if i < len(r) && frame.IsTime(f.Column) {
				s.digits[i] = max(s.digits[i], frame.Digits(r[i].Text))
			}
		}
	}
}

// shortFloat writes a number of 32 bits with the digits that it has; as one of 64 bits it has twice as many, which say nothing.
func shortFloat(text string) string {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return text
	}
	return strconv.FormatFloat(n, 'g', -1, 32)
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
	s.finding.Stop(s.e)
	s.strip.counting.Stop(s.e)
	if s.keeping.Running() {
		s.keeping.Stop(s.e)
		s.e.Say(leftRange)
	}
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
	s.strip.stopped = s.hasStrip() && s.strip.counted.counts == nil
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
	st := frame.Status{Took: s.took, Task: &s.asking, All: s.beyond() != ""}
	if !s.asking.Running() {
		st.Task = &s.reading
	}
	if s.finding.Running() {
		st.Task = &s.finding
	}
	if s.keeping.Running() {
		st.Task = &s.keeping
	}
	if !st.Task.Running() {
		st.Task = &s.strip.counting
	}
	if s.height < leastHeight { // there are no lines above the rows to say it in
		st.Filter = strings.Join(slices.Concat(s.filterTexts(), s.orderTexts()), " and ")
	}
	if s.grid != nil && s.err == nil && s.landed {
		st.Rows = s.rowsText()
	}
	return st
}

// gridHeight leaves a line for the value under the cursor, and those above the rows, where there is room.
func (s *result) gridHeight() int {
	if s.height >= leastHeight {
		return s.height - 1 - len(s.head(s.width))
	}
	return s.height
}

func (s *result) View(width, height int) string {
	t := &s.e.Theme
	switch {
	case s.err != nil:
		return s.failure(width)
	case s.paused && !s.landed:
		return "\n " + t.Warn.Render("cancelled "+t.Glyph.Dash+" r runs it again")
	case s.grid == nil || !s.landed && !s.ended():
		var out strings.Builder
		for _, l := range frame.Wrap(s.looking(), max(width-2, 1)) {
			out.WriteString("\n " + t.Dim.Render(l))
		}
		return out.String()
	case s.ended():
		return s.nothing(width)
	}
	if height < leastHeight {
		return s.grid.View()
	}
	full := width
	width -= s.paneWidth(width, height)
	head := s.head(width)
	rows := frame.Clip(s.grid.View(), width, max(height-1-len(head), 1))
	return s.beside(strings.Join(append(head, rows, s.under(width)), "\n"), full, height)
}

// ended reports whether it is known that there is no row.
func (s *result) ended() bool {
	n, complete := s.grid.Count()
	return n == 0 && complete
}

// failure shows an error word for word; a hint line as such.
func (s *result) failure(width int) string {
	return "\n" + frame.ErrorText(s.e, s.err, width) + "\n\n " + s.e.Theme.Dim.Render("r runs it again")
}

// nothing says what an empty answer means, which is not always that nothing happened.
func (s *result) nothing(width int) string {
	t := &s.e.Theme
	out := []string{"", " " + t.Strong.Render("No rows."), ""}
	if texts := append(s.shown(s.counted), s.filterTexts()...); len(texts) > 0 {
		for _, l := range frame.Wrap("None has "+strings.Join(texts, " and ")+".", max(width-2, 1)) {
			out = append(out, " "+l)
		}
		if len(on(s.filters)) > 0 {
			out = append(out, " "+t.Dim.Render("esc takes the last filter off, ctrl+x all of them."))
		}
		out = append(out, "")
	}
	if s.e.Problem != "" {
		for _, l := range frame.Wrap("The case is not all there, and what is missing may be what was asked for: "+s.e.Show(s.e.Problem)+".", max(width-2, 1)) {
			out = append(out, " "+t.Warn.Render(l))
		}
		out = append(out, "")
	}
	if s.e.Windowed() && s.beyond() == "" {
		out = append(out, " "+t.Warn.Render("Only the window was looked at: "+s.e.WindowText()+"; W takes it off."), "")
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
func (s *result) value(f field, c cases.Cell) string { return shownValue(s.e, f, c, 4096) }

// shownValue is how a value is drawn outside a grid; of one longer than most only so much.
func shownValue(e *frame.Env, f field, c cases.Cell, most int) string {
	switch {
	case c.Null:
		return e.Theme.Glyph.Null
	case frame.IsTime(f.Column):
		return e.Show(e.TimeText(c.Text, 0))
	case f.Type == "FLOAT":
		return e.Show(shortFloat(c.Text))
	}
	head, more := grid.Head(c.Text, most)
	if more > 0 {
		return e.Show(head) + fmt.Sprintf("%s(+%d)", e.Theme.Glyph.Dots, more)
	}
	return e.Show(head)
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
