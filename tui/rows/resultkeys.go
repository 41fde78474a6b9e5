package rows

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

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
	var own []frame.Bind
	if s.saved != nil && len(s.saved.Params) > 0 {
		own = []frame.Bind{{Keys: frame.Keys("x"), Does: "the query's parameters, to ask it with others", Run: func() tea.Cmd {
			return s.e.Overlay(newForm(s.e, s.saved, s.values))
		}}}
	}
	if s.strip.focus {
		return slices.Concat(s.stripKeys(), []frame.Bind{
			{Keys: frame.Keys("r"), Does: "run it again", Run: s.run},
			{Keys: frame.Keys("down", "j"), Does: "one row down", Run: move(func(g *grid.Grid) { g.Down(1) })},
			{Keys: frame.Keys("up", "k"), Does: "one row up", Run: move(func(g *grid.Grid) { g.Down(-1) })},
		})
	}
	return slices.Concat(own, []frame.Bind{
		{Keys: frame.Keys("enter"), Does: s.enterDoes(), Foot: s.enterFoot(), Run: s.enter},
		{Keys: frame.Keys("."), Does: "this row, a field a line", Run: s.fieldsOf},
		{Keys: frame.Keys("p"), Does: "pivot: where the value under the cursor leads", Foot: "pivot", Run: s.pivot},
		{Keys: frame.Keys("E"), Does: frame.PageDoes, Run: s.pageOf},
		{Keys: frame.Keys("/"), Does: "filters: type one, switch, change and remove those that hold", Foot: "filter", Run: s.askFilter},
		{Keys: frame.Keys(","), Does: "keep the rows with this value", Foot: "keep", Run: func() tea.Cmd { return s.only(true) }},
		{Keys: frame.Keys("!"), Does: "drop the rows with this value", Foot: "drop", Run: func() tea.Cmd { return s.only(false) }},
		{Keys: frame.Keys("f"), Does: "find a text in any row, and mark it; no row is hidden", Run: s.askFind},
		{Keys: frame.Keys("n"), Does: "the next cell that has what was sought", Run: func() tea.Cmd { return s.next(1) }},
		{Keys: frame.Keys("N"), Does: "the cell before that has it", Run: func() tea.Cmd { return s.next(-1) }},
		{Keys: frame.Keys("ctrl+x"), Does: "clear the filter", Run: s.clear},
		{Keys: frame.Keys("ctrl+e"), Does: "export: all rows, as filtered and sorted, to a file", Run: s.export},
		{Keys: frame.Keys("F"), Does: "how often each value of this column occurs", Foot: "frequency", Run: s.frequency},
		{Keys: frame.Keys("["), Does: "sort by this column, largest first", Foot: "sort", Run: func() tea.Cmd { return s.sort(true) }},
		{Keys: frame.Keys("]"), Does: "sort by this column, smallest first; the same key again: as before", Run: func() tea.Cmd { return s.sort(false) }},
		{Keys: frame.Keys("("), Does: "then by this column, largest first: where those before are the same", Run: func() tea.Cmd { return s.thenBy(true) }},
		{Keys: frame.Keys(")"), Does: "then by this column, smallest first; the same key again: not by it", Run: func() tea.Cmd { return s.thenBy(false) }},
		{Keys: frame.Keys("C"), Does: "columns: go to one, hide and show", Foot: "columns", Run: s.columnList},
		{Keys: frame.Keys("-"), Does: "hide this column", Run: s.hide},
		{Keys: frame.Keys("_"), Does: "width of this column: usual, all it needs, narrow", Run: move(func(g *grid.Grid) { g.Widen() })},
		{Keys: frame.Keys("|"), Does: "keep the first column in view, or let it go", Run: move(func(g *grid.Grid) { g.Freeze() })},
		{Keys: frame.Keys("b"), Does: "the pane beside the rows, from 120 columns on: what the row under the cursor has; off, on", Run: s.togglePane},
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
		{Keys: frame.Keys("^"), Does: "first column", Run: move(func(g *grid.Grid) { g.FirstColumn() })},
		{Keys: frame.Keys("$"), Does: "last column", Run: move(func(g *grid.Grid) { g.LastColumn() })},
	}, s.stripKeys(), s.keepKeys())
}

// export writes the rows of the list to a file.
func (s *result) export() tea.Cmd {
	rows := s.base.asked(s.holding(), s.by)
	return s.e.Go(frame.Goto{Screen: "export", Values: map[string]any{
		"title": s.title, "rows": rows, "narrowed": s.narrowed(), "leaves": s.leaves(),
	}})
}

// enterDoes says where enter leads to.
func (s *result) enterDoes() string {
	switch {
	case s.drill != nil:
		return "the rows with this value"
	case s.saved != nil && s.saved.Hunt != nil:
		return "the records of the finding"
	case s.cols != nil && !areRecords(s.cols):
		return "the row, a field a line: it sums up records, and does not say which"
	}
	return "the record: all fields, the raw line, its object"
}

func (s *result) enterFoot() string {
	if s.drill != nil {
		return "rows"
	}
	if s.saved != nil && s.saved.Hunt != nil {
		return "records"
	}
	if s.cols != nil && !areRecords(s.cols) {
		return "row"
	}
	return "record"
}

// enter goes into the row.
func (s *result) enter() tea.Cmd {
	row, ok := s.row()
	if !ok {
		return s.notYet()
	}
	if s.drill != nil {
		return s.drill(row)
	}
	if s.saved != nil && s.saved.Hunt != nil && !s.known() {
		return s.behind(row)
	}
	return s.fieldsOf()
}

// fieldsOf shows the row under the cursor, a field a line.
func (s *result) fieldsOf() tea.Cmd {
	row, ok := s.row()
	if !ok {
		return s.notYet()
	}
	return s.e.Go(frame.Goto{Screen: "record", Values: map[string]any{"columns": s.cols, "row": row, "sums": s.sums()}})
}

// sums says of a row that is no record how to come to its records.
func (s *result) sums() string {
	switch {
	case s.drill != nil:
		return "This row sums up records; enter on it in the list shows them."
	case s.saved != nil && s.saved.Hunt != nil:
		return "This row sums up records; enter on it in the list shows those that its subject and its time name."
	}
	return "This row sums up records and does not say which; p on a value leads to those that have it."
}

// known reports whether the row under the cursor says which record it is.
func (s *result) known() bool {
	row, ok := s.row()
	return ok && newRecord(s.e, s.cols, row).known
}

// behind leads from a finding to the records that its subject and its time name.
func (s *result) behind(row []cases.Cell) tea.Cmd {
	e, reader, title := s.e, s.e.Reader, s.title
	cols := make([]cases.Column, len(s.cols))
	reason := ""
	for i, f := range s.cols {
		if cols[i] = f.Column; f.Name == "reason" && i < len(row) {
			reason = row[i].Text
		}
	}
	return frame.Start(e, &s.finding, "looking for its records", func(ctx context.Context) (question, error) {
		sql, args, err := reader.Behind(ctx, cols, row)
		return question{sql: sql, args: args}, err
	}, func(q question, err error) tea.Cmd {
		if e.Top() != frame.Screen(s) || len(e.Overlays) > 0 { // who asked has gone on
			return nil
		}
		if err == nil && q.sql == "" {
			err = errors.New("the finding names no address, name or interface that records could be looked for by")
		}
		if err != nil {
			e.Say(e.Lines(err.Error())[0] + "; . shows the row, a field a line")
			return nil
		}
		r := newResult(e, "records of "+title, q)
		r.lead = "Records with the addresses, names and time of the finding: " + reason
		r.about.Doc = "The records that the subject and the time of a finding name. There may be more of them than it rests on.\n\n" + reason
		return e.Push(r)
	})
}

func (s *result) pivot() tea.Cmd {
	f, c, ok := s.cell()
	row, there := s.row()
	if !ok || !there {
		return s.notYet()
	}
	return openPivot(s.e, f, c, s.rowWays(row))
}

// rowWays are where a row that sums up records leads, whichever of its values the cursor is on.
func (s *result) rowWays(row []cases.Cell) []*way {
	e := s.e
	switch {
	case s.drill != nil:
		rows := func() tea.Cmd { return s.drill(row) }
		return []*way{{text: "The rows with this value", id: "this list", run: func() tea.Cmd { return e.CloseThen(rows) }}}
	case newRecord(e, s.cols, row).known:
		return nil
	case s.saved != nil && s.saved.Hunt != nil:
		records := func() tea.Cmd { return s.behind(row) }
		return []*way{{text: "The records of this finding", id: "this row", run: func() tea.Cmd { return e.CloseThen(records) }}}
	}
	return []*way{{text: "This row sums up records and does not say which", last: 3}}
}

// askFilter opens the filter line.
func (s *result) askFilter() tea.Cmd {
	if s.cols == nil {
		return s.notYet()
	}
	return s.e.Overlay(newFilterLine(s))
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
		return s.notYet()
	}
	is := f.is(c, keep)
	if !c.Null && (frame.IsTime(f.Column) || f.Type == "FLOAT") {
		sign := map[bool]string{true: "=", false: "!="}[keep]
		is.shown = f.Name + sign + s.value(f, c)
		if frame.IsTime(f.Column) && s.e.Zone == time.UTC {
			is.shown += " UTC"
		}
	}
	is.typed = typedAs(s.e, f, is, c, keep)
	return s.filter(is)
}

// Back takes the newest filter off. Those that the screen was opened with stay: without them it would be another.
func (s *result) Back() (cmd tea.Cmd, done bool) {
	if s.strip.focus {
		s.strip.focus, s.strip.brush = false, -1
		return nil, true
	}
	if s.ranged != nil {
		s.endRange()
		return nil, true
	}
	if s.sought != "" {
		s.seek("")
		s.e.Say("nothing is marked any more")
		return nil, true
	}
	if len(s.filters) <= s.fixed {
		return nil, false
	}
	last := len(s.filters) - 1
	said := "no more " + s.e.Brief(s.filters[last].shown)
	if last == s.fixed {
		said += "; esc again leaves"
	}
	s.e.Say(said)
	return s.refilter(s.filters[:last:last], s.fixed), true
}

func (s *result) clear() tea.Cmd {
	if len(s.filters) == 0 {
		return nil
	}
	return s.refilter(nil, 0)
}

func (s *result) sort(desc bool) tea.Cmd {
	if s.grid == nil || !s.landed {
		return s.notYet()
	}
	_, col := s.grid.Cursor()
	by := sorting{s.cols[col].Name, desc}
	if len(s.by) == 1 && s.by[0] == by {
		s.by = nil
	} else {
		s.by = []sorting{by}
	}
	return s.run()
}

// thenBy sorts rows that are the same so far by this column; the same key again: not by it any more.
func (s *result) thenBy(desc bool) tea.Cmd {
	if s.grid == nil || !s.landed {
		return s.notYet()
	}
	_, col := s.grid.Cursor()
	by := sorting{s.cols[col].Name, desc}
	keys := slices.Clone(s.by)
	switch i := slices.IndexFunc(keys, func(key sorting) bool { return key.column == by.column }); {
	case i < 0:
		keys = append(keys, by)
	case keys[i] == by:
		keys = slices.Delete(keys, i, i+1)
	default:
		keys[i] = by
	}
	s.by = keys
	return s.run()
}

// frequency counts the values of the column; enter there shows the rows with one of them.
func (s *result) frequency() tea.Cmd {
	if s.grid == nil || !s.landed {
		return s.notYet()
	}
	_, col := s.grid.Cursor()
	f, e := s.cols[col], s.e
	base, title, filters, kin, all, cols, again := s.base, s.title, slices.Clone(s.filters), s.about, s.all, s.cols, s.again
	freq := newResult(e, e.Show(f.Name)+" by frequency", question{})
	freq.of, freq.counts, freq.all, freq.counted = s, true, s.all, filters
	freq.again = func() (question, error) {
		of, err := base, error(nil)
		if again != nil {
			of, err = again()
		}
		q := of.frequency(append(of.within(e, cols), filters...), f.Name)
		q.kinds = withKind(q.kinds, f.Name, f.Kind)
		return q, err
	}
	freq.drill = func(row []cases.Cell) tea.Cmd {
		rows := newResult(e, title, base)
		rows.of, rows.again, rows.cols = s, again, cols
		rows.about, rows.all = kin, all
		rows.filters = append(slices.Clip(filters), f.is(row[0], true))
		rows.fixed = len(rows.filters)
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
	if s.grid == nil || !s.landed {
		return s.notYet()
	}
	_, col := s.grid.Cursor()
	s.grid.Hide(col, true)
	s.e.Say("C shows it again")
	return nil
}

// notYet says why a key that acts on what is under the cursor does nothing.
func (s *result) notYet() tea.Cmd {
	s.e.Say("there are no rows yet")
	if s.landed {
		s.e.Say("there is no row under the cursor")
	}
	return nil
}

// columnList lets one go to a column by name, or hide and show columns.
func (s *result) columnList() tea.Cmd {
	if s.grid == nil || !s.landed {
		return s.notYet()
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
		return s.notYet()
	}
	if frame.IsTime(f.Column) {
		c.Text = s.e.CopyTime(c.Text)
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
	sql, args := s.base.compose(s.holding(), s.by)
	return s.e.Overlay(frame.NewExplain(s.e, s.title, s.about, sql, args))
}
