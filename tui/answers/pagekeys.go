package answers

import (
	"cmp"

	tea "charm.land/bubbletea/v2"

	"case53/cases"
	"case53/queries"
	"case53/queries/entities"
	"case53/tui/frame"
)

func (s *page) Keys() []frame.Bind {
	e := s.e
	keep := func(what string) func() tea.Cmd {
		return func() tea.Cmd {
			about, ok := s.subject()
			if !ok {
				return nil
			}
			return e.Go(frame.Goto{Screen: "say", Values: map[string]any{"what": what, "about": about}})
		}
	}
	move := func(n int) func() tea.Cmd { return frame.Do(func() { s.move(n) }) }
	side := func(n int) func() tea.Cmd {
		return frame.Do(func() {
			if l, ok := s.line(); ok {
				s.col = max(min(min(s.col, len(l.cells)-1)+n, len(l.cells)-1), 0)
			}
		})
	}
	return []frame.Bind{
		{Keys: frame.Keys("enter"), Does: "on with what is under the cursor: the page of a value, the records of a row, all rows", Foot: "open", Run: s.enter},
		{Keys: frame.Keys("E"), Does: frame.PageDoes, Foot: "page", Run: s.pageOf},
		{Keys: frame.Keys("p"), Does: "pivot: where the value under the cursor leads, or that of the page", Foot: "pivot", Run: s.pivot},
		{Keys: frame.Keys("m"), Does: "mark the value under the cursor, or that of the page; again: no mark", Foot: "mark", Run: func() tea.Cmd {
			if about, ok := s.subject(); ok {
				return e.ToggleMark(about)
			}
			return nil
		}},
		{Keys: frame.Keys("t"), Does: "tag the value under the cursor, or that of the page", Run: keep("t")},
		{Keys: frame.Keys("c"), Does: "comment on the value under the cursor, or that of the page", Foot: "comment", Run: keep("c")},
		{Keys: frame.Keys("s"), Does: "severity of the value under the cursor, or that of the page", Run: keep("s")},
		{Keys: frame.Keys("e"), Does: "explain: what the part under the cursor asks, its SQL, what it cannot tell", Foot: "explain", Run: s.explain},
		{Keys: frame.Keys("r"), Does: "read it again", Run: s.Open},
		{Keys: frame.Keys("down", "j"), Does: "one line down", Run: move(1)},
		{Keys: frame.Keys("up", "k"), Does: "one line up", Run: move(-1)},
		{Keys: frame.Keys("right", "l"), Does: "one value to the right", Run: side(1)},
		{Keys: frame.Keys("left", "h"), Does: "one value to the left", Run: side(-1)},
		{Keys: frame.Keys("pgdown", "ctrl+d"), Does: "ten lines down", Run: move(10)},
		{Keys: frame.Keys("pgup", "ctrl+u"), Does: "ten lines up", Run: move(-10)},
		{Keys: frame.Keys("g", "home"), Does: "first line", Run: frame.Do(func() { s.at = 0 })},
		{Keys: frame.Keys("G", "end"), Does: "last line", Run: move(1 << 20)},
	}
}

// move goes n lines on, over those that nothing can be done with.
func (s *page) move(n int) {
	step := cmp.Compare(n, 0)
	for at := s.at + step; n != 0 && at >= 0 && at < len(s.lines); at += step {
		if s.lines[at].stands() {
			s.at = at
			n -= step
		}
	}
}

// line is the one under the cursor.
func (s *page) line() (pageLine, bool) {
	if s.at < 0 || s.at >= len(s.lines) {
		return pageLine{}, false
	}
	return s.lines[s.at], true
}

// chosen is the value under the cursor.
func (s *page) chosen() (pageCell, bool) {
	l, ok := s.line()
	if !ok || len(l.cells) == 0 {
		return pageCell{}, false
	}
	return l.cells[min(s.col, len(l.cells)-1)], true
}

func (s *page) enter() tea.Cmd {
	l, ok := s.line()
	if !ok {
		return nil
	}
	if l.run != nil {
		return l.run()
	}
	c, ok := s.chosen()
	if !ok || l.part == nil {
		s.e.Say("enter leads on from the rows below: a value, a finding, a step")
		return nil
	}
	if c.hasPage(s.e) {
		return s.pageOf()
	}
	if of := s.e.Library.Get(l.part.Query.Records); of != nil {
		return s.query(of, l.part.RecordsOf(of, s.value, l.row))
	}
	return s.pivot()
}

// query asks a saved query of the page.
func (s *page) query(q *queries.Query, values map[string]string) tea.Cmd {
	return s.e.Go(frame.Goto{Screen: "query", Values: map[string]any{"query": q, "arguments": values}})
}

// whole asks for all rows of a part.
func (s *page) whole(q *queries.Query) func() tea.Cmd {
	return func() tea.Cmd { return s.query(q, map[string]string{q.Subject().Name: s.value}) }
}

func (s *page) pageOf() tea.Cmd {
	c, ok := s.chosen()
	if !ok || !c.hasPage(s.e) {
		s.e.Say("there is no page of this: E works on an address, a name, an interface, an instance, a zone, a path")
		return nil
	}
	if c.kind == s.kind && c.cell.Text == s.value {
		s.e.Say("this is its page")
		return nil
	}
	return s.e.Go(frame.Goto{Screen: "entity", Values: map[string]any{"kind": c.kind, "value": c.cell.Text}})
}

func (s *page) pivot() tea.Cmd {
	kind, value := s.kind, s.value
	if c, ok := s.chosen(); ok && !c.cell.Null && len(s.e.Library.Pivots(c.kind)) > 0 {
		kind, value = c.kind, c.cell.Text
	}
	return s.e.Go(frame.Goto{Screen: "pivot", Values: map[string]any{"kind": kind, "value": value}})
}

func (s *page) explain() tea.Cmd {
	l, ok := s.line()
	if !ok || l.part == nil {
		s.e.Say("there is nothing to explain: e works on a row")
		return nil
	}
	q := l.part.Query
	given := entities.Given(s.within, "", s.every)
	values := map[string]string{q.Subject().Name: s.value}
	for name, text := range given {
		if q.Param(name) != nil {
			values[name] = text
		}
	}
	sql, args, err := q.Bind(values)
	if err != nil {
		s.e.Say(s.e.Lines(err.Error())[0])
		return nil
	}
	return s.e.Overlay(frame.NewExplain(s.e, s.e.Show(q.ID), frame.About{Doc: q.Title + ".\n\n" + q.Doc, Cannot: q.Cannot}, sql, args))
}

// pageCell is a value on the page.
type pageCell struct {
	column cases.Column
	kind   string // of this value: an rdata is an address or a name
	cell   cases.Cell
}

func cellOf(c cases.Column, v cases.Cell) pageCell {
	kind := c.Kind
	switch {
	case kind == "domain":
		kind = "name"
	case kind == "rdata":
		if kind = entities.KindOf(v.Text); kind != "ip" {
			kind = "name"
		}
	}
	return pageCell{c, kind, v}
}

// hasPage reports whether there is a page of it.
func (c pageCell) hasPage(e *frame.Env) bool { return !c.cell.Null && len(e.Library.Pages(c.kind)) > 0 }
