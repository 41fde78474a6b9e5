package answers

import (
	"cmp"
	"context"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"case53/cases"
	"case53/tui/frame"
)

// coverage is what is really there: a row for each log of each capture and for each of its sources, on one axis of time.
type coverage struct {
	e      *frame.Env
	data   []cases.Coverage // nil until known
	bin    time.Duration    // of data
	err    error
	asking frame.Task
	ended  bool // cancelled
	whole  bool // sources that are there at all times have lines, too
	axis   axis
	known  bool // the axis can be drawn
	lines  []coverageLine
	at     int // the line under the cursor
	col    int // its column of time
	top    int
	height int
}

// coverageLine is a line of the matrix: a log in a capture, or one of its sources; or words.
type coverageLine struct {
	text    string           // words; may have styles
	title   string           // of a row; may hold text of the evidence
	sources []cases.Coverage // of a row; of a source it is one
	log     bool             // it is a log, its sources are below
}

func (l coverageLine) stands() bool { return len(l.sources) > 0 }

func newCoverage(e *frame.Env) *coverage { return &coverage{e: e} }

func (s *coverage) Title() string          { return "Coverage" }
func (s *coverage) Update(tea.Msg) tea.Cmd { return nil }
func (s *coverage) Status() frame.Status {
	st := frame.Status{Task: &s.asking}
	if s.data != nil {
		st.Rows = "worst of a column " + s.e.Theme.Glyph.Dash + " " + sourcesText(len(s.data))
	}
	return st
}

// Open reads it, in pieces of the length that case53 coverage has unless told otherwise.
func (s *coverage) Open() tea.Cmd {
	s.ended = false
	if s.bin == 0 {
		s.bin = overviewBin
	}
	bin, reader := s.bin, s.e.Reader
	s.err = nil
	return frame.Start(s.e, &s.asking, "reading coverage", func(ctx context.Context) ([]cases.Coverage, error) {
		return reader.Coverage(ctx, bin)
	}, func(all []cases.Coverage, err error) tea.Cmd {
		if s.err = err; err == nil {
			s.data = all
			if s.data == nil {
				s.data = []cases.Coverage{}
			}
		}
		return nil
	})
}

func (s *coverage) Close() tea.Cmd {
	s.asking.Stop(s.e)
	return nil
}

// Cancelled keeps the screen from reading again at once.
func (s *coverage) Cancelled() tea.Cmd {
	s.ended = true
	return nil
}

// Settle draws the axis for the width and the window; where its columns are shorter than the pieces that were read it reads shorter ones.
func (s *coverage) Settle(width, height int) tea.Cmd {
	s.height = height
	if s.data == nil || s.err != nil {
		return nil
	}
	when := s.moment()
	s.axis, s.known = newAxis(s.spans(), width-s.nameWidth(width)-shareWidth-2)
	s.write(width)
	if s.known {
		if i := s.axis.columnOf(when); i >= 0 {
			s.col = i
		}
		s.col = max(min(s.col, s.axis.columns()-1), 0)
	}
	if bin := min(max(s.axis.every, time.Minute), overviewBin); s.known && bin != s.bin && !s.asking.Running() && !s.ended {
		s.bin = bin
		return s.Open()
	}
	return nil
}

// spans are the times that the axis shows: those of the logs, and those that a call explains, within the window.
func (s *coverage) spans() []cases.Span {
	var out []cases.Span
	for _, c := range s.data {
		out = append(out, s.within(c.Window))
		for _, x := range c.Explained {
			out = append(out, s.within(cases.Span{From: x.From, To: x.To}))
		}
	}
	return out
}

// within is the part of a time that lies in the window.
func (s *coverage) within(w cases.Span) cases.Span {
	if from := s.e.Within.From; !from.IsZero() && w.From.Before(from) {
		w.From = from
	}
	if to := s.e.Within.To; !to.IsZero() && w.To.After(to) {
		w.To = to
	}
	return w
}

// line is the one under the cursor.
func (s *coverage) line() (coverageLine, bool) {
	if s.at < 0 || s.at >= len(s.lines) || !s.lines[s.at].stands() {
		return coverageLine{}, false
	}
	return s.lines[s.at], true
}

// moment is the middle of the column under the cursor; zero where there is none.
func (s *coverage) moment() time.Time {
	if !s.known || s.col >= s.axis.columns() {
		return time.Time{}
	}
	return s.axis.span(s.col).From.Add(s.axis.every / 2)
}

// Moment is that of the column under the cursor.
func (s *coverage) Moment() (time.Time, bool) {
	t := s.moment()
	return t, !t.IsZero()
}

func (s *coverage) Keys() []frame.Bind {
	side := func(to func() int) func() tea.Cmd {
		return frame.Do(func() { s.col = max(min(to(), s.axis.columns()-1), 0) })
	}
	move := func(n int) func() tea.Cmd { return frame.Do(func() { s.move(n) }) }
	return []frame.Bind{
		{Keys: frame.Keys("enter"), Does: "the records of this source then: the column under the cursor becomes the window", Foot: "records", Run: s.enter},
		{Keys: frame.Keys("}"), Does: "to the next change in this row: where a hole begins or ends", Foot: "next hole",
			Run: func() tea.Cmd { return s.edge(1) }},
		{Keys: frame.Keys("{"), Does: "to the change before in this row", Run: func() tea.Cmd { return s.edge(-1) }},
		{Keys: frame.Keys("e"), Does: "explain: the calls behind holes, and what these logs never show", Foot: "explain", Run: s.explain},
		{Keys: frame.Keys("."), Does: "sources that are there at all times, shown and folded", Foot: "all sources",
			Run: frame.Do(func() { s.whole = !s.whole })},
		{Keys: frame.Keys("r"), Does: "read it again", Run: s.Open},
		{Keys: frame.Keys("right", "l"), Does: "a column later", Run: side(func() int { return s.col + 1 })},
		{Keys: frame.Keys("left", "h"), Does: "a column earlier", Run: side(func() int { return s.col - 1 })},
		{Keys: frame.Keys("^"), Does: "first column", Run: side(func() int { return 0 })},
		{Keys: frame.Keys("$"), Does: "last column", Run: side(func() int { return s.axis.columns() - 1 })},
		{Keys: frame.Keys("down", "j"), Does: "one row down", Run: move(1)},
		{Keys: frame.Keys("up", "k"), Does: "one row up", Run: move(-1)},
		{Keys: frame.Keys("pgdown", "ctrl+d"), Does: "ten rows down", Run: move(10)},
		{Keys: frame.Keys("pgup", "ctrl+u"), Does: "ten rows up", Run: move(-10)},
		{Keys: frame.Keys("g", "home"), Does: "first row", Run: move(-1 << 20)},
		{Keys: frame.Keys("G", "end"), Does: "last row", Run: move(1 << 20)},
	}
}

// move goes n rows on, over lines of words.
func (s *coverage) move(n int) {
	step := cmp.Compare(n, 0)
	for at := s.at + step; n != 0 && at >= 0 && at < len(s.lines); at += step {
		if s.lines[at].stands() {
			s.at = at
			n -= step
		}
	}
}

// enter shows the records of a row in the time of the column.
func (s *coverage) enter() tea.Cmd {
	l, ok := s.line()
	if !ok || !s.known {
		return nil
	}
	c := l.sources[0]
	table, ok := s.e.TableOf(c.LogType)
	if !ok {
		s.e.Say("the case has no table of " + s.e.Show(c.LogType) + " records")
		return nil
	}
	g := table.Goto()
	if !l.log {
		if i := slices.IndexFunc(s.e.Reader.LogTypes(), func(t cases.LogType) bool { return t.Name == c.LogType }); i >= 0 {
			g.Values["column"], g.Values["value"] = s.e.Reader.LogTypes()[i].Source, c.Source
		}
	}
	s.e.SetWindow(s.within(s.axis.span(s.col)))
	return s.e.Go(g)
}

// edge goes to the next column that says something else than the one before it, and says what.
func (s *coverage) edge(step int) tea.Cmd {
	l, ok := s.line()
	if !ok || !s.known {
		return nil
	}
	for i := s.col + step; i >= 0 && i < s.axis.columns(); i += step {
		if i > 0 && s.cell(l, i) != s.cell(l, i-1) {
			s.col = i
			s.e.Say(cellWords[s.cell(l, i)] + " from " + s.e.Stamp(s.axis.span(i).From))
			return nil
		}
	}
	s.e.Say(map[bool]string{true: "nothing changes in this row after this", false: "nothing changes in this row before this"}[step > 0])
	return nil
}
