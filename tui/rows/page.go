package rows

import (
	tea "charm.land/bubbletea/v2"

	"case53/cases"
	"case53/tui/frame"
)

// pageOf leads to the page of a value.
func pageOf(e *frame.Env, f field, c cases.Cell) tea.Cmd {
	kind := pageKind(e, f.Kind, c)
	if kind == "" {
		e.Say("values of " + e.Show(f.Name) + " have no page: E works on an address, a name, an interface, an instance, a zone, a path")
		return nil
	}
	return e.Go(frame.Goto{Screen: "entity", Values: map[string]any{"kind": kind, "value": c.Text}})
}

// pageKind is the kind that a value has a page as; "" where it has none.
func pageKind(e *frame.Env, kind string, c cases.Cell) string {
	if kind = valueKind(kind, c.Text); kind == "domain" {
		kind = "name"
	}
	if c.Null || len(e.Library.Pages(kind)) == 0 {
		return ""
	}
	return kind
}

func (s *result) pageOf() tea.Cmd {
	f, c, ok := s.cell()
	if !ok {
		return s.notYet()
	}
	return pageOf(s.e, f, c)
}

func (s *record) pageOf() tea.Cmd {
	l, ok := s.chosen()
	if !ok {
		return nil
	}
	return pageOf(s.e, l.field, l.cell)
}

// pageWay is the first way of a value: its page; none where it has none.
func pageWay(e *frame.Env, kind string, c cases.Cell) []*way {
	if kind = pageKind(e, kind, c); kind == "" {
		return nil
	}
	return []*way{{text: "The page of it", id: "E", run: func() tea.Cmd {
		return e.CloseThen(func() tea.Cmd {
			return e.Go(frame.Goto{Screen: "entity", Values: map[string]any{"kind": kind, "value": c.Text}})
		})
	}}}
}
