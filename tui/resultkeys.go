package tui

import (
	"fmt"
	"slices"

	tea "charm.land/bubbletea/v2"

	"case53/cases"
	"case53/cases/safetext"
	"case53/cases/words"
	"case53/tui/grid"
)

// Keys of a grid.
func (s *result) Keys() []Bind {
	move := func(f func(*grid.Grid)) func() tea.Cmd {
		return func() tea.Cmd {
			s.paused = false
			if s.grid != nil {
				f(s.grid)
			}
			return nil
		}
	}
	return []Bind{
		{Keys: keys("enter"), Does: "the record: all fields, the raw line, its object", Foot: "record", Run: s.enter},
		{Keys: keys("p"), Does: "pivot: where the value under the cursor leads", Foot: "pivot", Run: s.pivot},
		{Keys: keys("/"), Does: "filter the rows", Foot: "filter", Run: s.ask},
		{Keys: keys(","), Does: "keep the rows with this value", Foot: "keep", Run: func() tea.Cmd { return s.only(true) }},
		{Keys: keys("!"), Does: "drop the rows with this value", Foot: "drop", Run: func() tea.Cmd { return s.only(false) }},
		{Keys: keys("ctrl+x"), Does: "clear the filter", Run: s.clear},
		{Keys: keys("F"), Does: "how often each value of this column occurs", Foot: "frequency", Run: s.frequency},
		{Keys: keys("["), Does: "sort by this column, largest first", Foot: "sort", Run: func() tea.Cmd { return s.sort(true) }},
		{Keys: keys("]"), Does: "sort by this column, smallest first; the same key again: stored order", Run: func() tea.Cmd { return s.sort(false) }},
		{Keys: keys("C"), Does: "columns: go to one, hide and show", Foot: "columns", Run: s.columnList},
		{Keys: keys("-"), Does: "hide this column", Run: s.hide},
		{Keys: keys("_"), Does: "width of this column: usual, all it needs, narrow", Run: move(func(g *grid.Grid) { g.Widen() })},
		{Keys: keys("|"), Does: "keep the first column in view, or let it go", Run: move(func(g *grid.Grid) { g.Freeze() })},
		{Keys: keys("y"), Does: "copy the value, made safe, to the terminal's clipboard", Run: s.copy},
		{Keys: keys("e"), Does: "explain: the question, its SQL, what it cannot tell", Run: s.explain},
		{Keys: keys("r"), Does: "run it again", Run: s.run},
		{Keys: keys("down", "j"), Does: "one row down", Run: move(func(g *grid.Grid) { g.Down(1) })},
		{Keys: keys("up", "k"), Does: "one row up", Run: move(func(g *grid.Grid) { g.Down(-1) })},
		{Keys: keys("right", "l"), Does: "one column to the right", Run: move(func(g *grid.Grid) { g.Right(1) })},
		{Keys: keys("left", "h"), Does: "one column to the left", Run: move(func(g *grid.Grid) { g.Right(-1) })},
		{Keys: keys("pgdown", "ctrl+f"), Does: "a screen down", Run: move(func(g *grid.Grid) { g.PageDown(1) })},
		{Keys: keys("pgup", "ctrl+b"), Does: "a screen up", Run: move(func(g *grid.Grid) { g.PageDown(-1) })},
		{Keys: keys("ctrl+d"), Does: "half a screen down", Run: move(func(g *grid.Grid) { g.HalfDown(1) })},
		{Keys: keys("ctrl+u"), Does: "half a screen up", Run: move(func(g *grid.Grid) { g.HalfDown(-1) })},
		{Keys: keys("g", "home"), Does: "first row", Run: move(func(g *grid.Grid) { g.Home() })},
		{Keys: keys("G", "end"), Does: "last row; reads the result to its end, at most a million rows further", Run: s.toEnd},
		{Keys: keys("0", "^"), Does: "first column", Run: move(func(g *grid.Grid) { g.FirstColumn() })},
		{Keys: keys("$"), Does: "last column", Run: move(func(g *grid.Grid) { g.LastColumn() })},
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
	return s.e.push(newRecord(s.e, s.cols, row))
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
	return s.e.overlay(newPrompt(s.e, "Filter", filterHelp, func(line string) (tea.Cmd, error) {
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
	freq := newResult(e, e.show(f.Name)+" by frequency", q)
	base, title, filters, kin := s.base, s.title, slices.Clone(s.filters), s.about
	freq.drill = func(row []cases.Cell) tea.Cmd {
		rows := newResult(e, title, base)
		rows.about = kin
		rows.filters = append(slices.Clip(filters), f.is(row[0], true))
		return e.push(rows)
	}
	return e.push(freq)
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
		s.e.say("C shows it again")
	}
	return nil
}

// columnList lets one go to a column by name, or hide and show columns.
func (s *result) columnList() tea.Cmd {
	if s.grid == nil {
		return nil
	}
	m := newMenu(s.e, "Columns", nil)
	g := s.grid
	m.fill = func() []item {
		var items []item
		for i, c := range g.Columns() {
			it := item{text: s.e.show(c.Name), note: s.e.show(s.cols[i].Kind)}
			if folded, empty := g.Folded(i); empty {
				it.note, it.dim = "folded: no value seen", true
			} else if folded {
				it.note, it.dim = "folded", true
			}
			it.run = func() tea.Cmd { return s.e.closeThen(func() tea.Cmd { g.Goto(i); return nil }) }
			it.toggle = func() tea.Cmd {
				folded, _ := g.Folded(i)
				g.Hide(i, !folded)
				return nil
			}
			items = append(items, it)
		}
		return items
	}
	_, m.at = g.Cursor()
	return s.e.overlay(m)
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
func copyText(e *Env, name, text string) tea.Cmd {
	if len(text) > mostCopied {
		e.say(fmt.Sprintf("%s has %s bytes, too many for a terminal's clipboard: case53 query writes it out", e.show(name), words.Count(int64(len(text)))))
		return nil
	}
	e.say(e.show(name) + " sent to terminal clipboard")
	return tea.SetClipboard(safetext.Show(text))
}

func (s *result) explain() tea.Cmd {
	sql, args := s.base.compose(s.filters, s.by)
	return s.e.overlay(newExplain(s.e, s.title, s.about, sql, args))
}
