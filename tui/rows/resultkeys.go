package rows

import (
	"fmt"
	"slices"

	tea "charm.land/bubbletea/v2"

	"case53/cases"
	"case53/cases/safetext"
	"case53/cases/words"
	"case53/tui/frame"
	"case53/tui/grid"
)

// Keys of a grid.
func (s *result) Keys() []frame.Bind {
	move := func(f func(*grid.Grid)) func() tea.Cmd {
		return func() tea.Cmd {
			s.paused = false
			if s.grid != nil {
				f(s.grid)
			}
			return nil
		}
	}
	return []frame.Bind{
		{Keys: frame.Keys("enter"), Does: "the record: all fields, the raw line, its object", Foot: "record", Run: s.enter},
		{Keys: frame.Keys("p"), Does: "pivot: where the value under the cursor leads", Foot: "pivot", Run: s.pivot},
		{Keys: frame.Keys("/"), Does: "filter the rows", Foot: "filter", Run: s.ask},
		{Keys: frame.Keys(","), Does: "keep the rows with this value", Foot: "keep", Run: func() tea.Cmd { return s.only(true) }},
		{Keys: frame.Keys("!"), Does: "drop the rows with this value", Foot: "drop", Run: func() tea.Cmd { return s.only(false) }},
		{Keys: frame.Keys("ctrl+x"), Does: "clear the filter", Run: s.clear},
		{Keys: frame.Keys("F"), Does: "how often each value of this column occurs", Foot: "frequency", Run: s.frequency},
		{Keys: frame.Keys("["), Does: "sort by this column, largest first", Foot: "sort", Run: func() tea.Cmd { return s.sort(true) }},
		{Keys: frame.Keys("]"), Does: "sort by this column, smallest first; the same key again: stored order", Run: func() tea.Cmd { return s.sort(false) }},
		{Keys: frame.Keys("C"), Does: "columns: go to one, hide and show", Foot: "columns", Run: s.columnList},
		{Keys: frame.Keys("-"), Does: "hide this column", Run: s.hide},
		{Keys: frame.Keys("_"), Does: "width of this column: usual, all it needs, narrow", Run: move(func(g *grid.Grid) { g.Widen() })},
		{Keys: frame.Keys("|"), Does: "keep the first column in view, or let it go", Run: move(func(g *grid.Grid) { g.Freeze() })},
		{Keys: frame.Keys("y"), Does: "copy the value, made safe, to the terminal's clipboard", Run: s.copy},
		{Keys: frame.Keys("e"), Does: "explain: the question, its SQL, what it cannot tell", Run: s.explain},
		{Keys: frame.Keys("r"), Does: "run it again", Run: s.run},
		{Keys: frame.Keys("down", "j"), Does: "one row down", Run: move(func(g *grid.Grid) { g.Down(1) })},
		{Keys: frame.Keys("up", "k"), Does: "one row up", Run: move(func(g *grid.Grid) { g.Down(-1) })},
		{Keys: frame.Keys("right", "l"), Does: "one column to the right", Run: move(func(g *grid.Grid) { g.Right(1) })},
		{Keys: frame.Keys("left", "h"), Does: "one column to the left", Run: move(func(g *grid.Grid) { g.Right(-1) })},
		{Keys: frame.Keys("pgdown", "ctrl+f"), Does: "a screen down", Run: move(func(g *grid.Grid) { g.PageDown(1) })},
		{Keys: frame.Keys("pgup", "ctrl+b"), Does: "a screen up", Run: move(func(g *grid.Grid) { g.PageDown(-1) })},
		{Keys: frame.Keys("ctrl+d"), Does: "half a screen down", Run: move(func(g *grid.Grid) { g.HalfDown(1) })},
		{Keys: frame.Keys("ctrl+u"), Does: "half a screen up", Run: move(func(g *grid.Grid) { g.HalfDown(-1) })},
		{Keys: frame.Keys("g", "home"), Does: "first row", Run: move(func(g *grid.Grid) { g.Home() })},
		{Keys: frame.Keys("G", "end"), Does: "last row; reads the result to its end, at most a million rows further", Run: s.toEnd},
		{Keys: frame.Keys("0", "^"), Does: "first column", Run: move(func(g *grid.Grid) { g.FirstColumn() })},
		{Keys: frame.Keys("$"), Does: "last column", Run: move(func(g *grid.Grid) { g.LastColumn() })},
	}
}

// enter goes into the row.
func (s *result) enter() tea.Cmd {
	row, ok := s.row()
	if !ok {
		return nil
	}
	if s.drill != nil {
		return s.drill(row)
	}
	return s.e.Go(frame.Goto{Screen: "record", Values: map[string]any{"columns": s.cols, "row": row}})
}

func (s *result) pivot() tea.Cmd {
	f, c, ok := s.cell()
	if !ok {
		return nil
	}
	return openPivot(s.e, f, c)
}

// ask opens the filter line.
func (s *result) ask() tea.Cmd {
	if s.grid == nil {
		return nil
	}
	return s.e.Overlay(frame.NewPrompt(s.e, "Filter", filterHelp, func(line string) (tea.Cmd, error) {
		clauses, err := parseFilter(line, s.cols)
		if err != nil {
			return nil, err
		}
		return s.filter(clauses...), nil
	}))
}

// filter adds conditions to those that hold already.
func (s *result) filter(clauses ...clause) tea.Cmd {
	if len(clauses) == 0 {
		return nil
	}
	s.filters = append(slices.Clip(s.filters), clauses...)
	return s.run()
}

// only keeps or drops the rows with the value under the cursor.
func (s *result) only(keep bool) tea.Cmd {
	f, c, ok := s.cell()
	if !ok {
		return nil
	}
	return s.filter(f.is(c, keep))
}

func (s *result) clear() tea.Cmd {
	if len(s.filters) == 0 {
		return nil
	}
	s.filters = nil
	return s.run()
}

func (s *result) sort(desc bool) tea.Cmd {
	if s.grid == nil {
		return nil
	}
	_, col := s.grid.Cursor()
	by := sorting{s.cols[col].Name, desc}
	if s.by != nil && *s.by == by {
		s.by = nil
	} else {
		s.by = &by
	}
	return s.run()
}

// frequency counts the values of the column; enter there shows the rows with one of them.
func (s *result) frequency() tea.Cmd {
	if s.grid == nil {
		return nil
	}
	_, col := s.grid.Cursor()
	f, e := s.cols[col], s.e
	q := s.base.frequency(s.filters, f.Name)
	q.kinds = withKind(q.kinds, f.Name, f.Kind)
	freq := newResult(e, e.Show(f.Name)+" by frequency", q)
	base, title, filters, kin := s.base, s.title, slices.Clone(s.filters), s.about
	freq.drill = func(row []cases.Cell) tea.Cmd {
		rows := newResult(e, title, base)
		rows.about = kin
		rows.filters = append(slices.Clip(filters), f.is(row[0], true))
		return e.Push(rows)
	}
	return e.Push(freq)
}

func withKind(kinds map[string]string, name, kind string) map[string]string {
	out := map[string]string{name: kind}
	for k, v := range kinds {
		out[k] = v
	}
	return out
}

func (s *result) hide() tea.Cmd {
	if s.grid != nil {
		_, col := s.grid.Cursor()
		s.grid.Hide(col, true)
		s.e.Say("C shows it again")
	}
	return nil
}

// columnList lets one go to a column by name, or hide and show columns.
func (s *result) columnList() tea.Cmd {
	if s.grid == nil {
		return nil
	}
	m := frame.NewMenu(s.e, "Columns", nil)
	g := s.grid
	m.Fill = func() []frame.Item {
		var items []frame.Item
		for i, c := range g.Columns() {
			it := frame.Item{Text: s.e.Show(c.Name), Note: s.e.Show(s.cols[i].Kind)}
			if folded, empty := g.Folded(i); empty {
				it.Note, it.Dim = "folded: no value seen", true
			} else if folded {
				it.Note, it.Dim = "folded", true
			}
			it.Run = func() tea.Cmd { return s.e.CloseThen(func() tea.Cmd { g.Goto(i); return nil }) }
			it.Toggle = func() tea.Cmd {
				folded, _ := g.Folded(i)
				g.Hide(i, !folded)
				return nil
			}
			items = append(items, it)
		}
		return items
	}
	_, m.At = g.Cursor()
	return s.e.Overlay(m)
}

func (s *result) copy() tea.Cmd {
	f, c, ok := s.cell()
	if !ok {
		return nil
	}
	return copyText(s.e, f.Name, c.Text)
}

// mostCopied is what terminals take; what is more they drop, without a word.
const mostCopied = 64 << 10

// copyText sends text to the terminal's clipboard: shown text, never raw, so that pasting it somewhere does nothing else.
func copyText(e *frame.Env, name, text string) tea.Cmd {
	if len(text) > mostCopied {
		e.Say(fmt.Sprintf("%s has %s bytes, too many for a terminal's clipboard: case53 query writes it out", e.Show(name), words.Count(int64(len(text)))))
		return nil
	}
	e.Say(e.Show(name) + " sent to terminal clipboard")
	return tea.SetClipboard(safetext.Show(text))
}

func (s *result) explain() tea.Cmd {
	sql, args := s.base.compose(s.filters, s.by)
	return s.e.Overlay(frame.NewExplain(s.e, s.title, s.about, sql, args))
}
