package rows

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"case53/cases"
	"case53/queries"
	"case53/tui/frame"
)

// kin are the kinds whose pivots a value can follow too: a name is also a domain to look under.
var kin = map[string][]string{"name": {"domain"}, "domain": {"name"}}

// PivotOn shows where a value of a kind can go.
func PivotOn(e *frame.Env, kind, value string) tea.Cmd {
	return openPivot(e, field{Column: cases.Column{Name: kind, Kind: kind}}, cases.Cell{Text: value})
}

// openPivot shows where a value can go: every saved query that takes a value of its kind.
func openPivot(e *frame.Env, f field, c cases.Cell) tea.Cmd {
	kind := valueKind(f.Kind, c.Text)
	switch {
	case c.Null:
		e.Say("a missing value leads nowhere")
		return nil
	case kind == "":
		e.Say("values of " + e.Show(f.Name) + " lead nowhere")
		return nil
	}
	var items []frame.Item
	for _, k := range append([]string{kind}, kin[kind]...) {
		for _, q := range e.Library.Pivots(k) {
			items = append(items, pivotItem(e, q, kind, c.Text))
		}
	}
	rank := func(it frame.Item) int { // what needs no more than the value goes first, what cannot be followed last
		switch {
		case it.Dim:
			return 2
		case strings.HasSuffix(it.Text, e.Theme.Glyph.Dots):
			return 1
		}
		return 0
	}
	slices.SortStableFunc(items, func(a, b frame.Item) int { return rank(a) - rank(b) })
	shown := c.Text
	if kind == "time" {
		shown = e.TimeText(shown, 0)
	}
	m := frame.NewMenu(e, "Pivot: "+e.Brief(kind+" "+shown), items)
	m.Empty = "No saved query takes a value of the kind " + e.Show(kind) + "."
	return e.Overlay(m)
}

func pivotItem(e *frame.Env, q *queries.Query, kind, value string) frame.Item {
	it := frame.Item{Text: e.Show(q.Pivot), Note: e.Show(q.ID)}
	lacks, ok := e.Has(q.Needs)
	if lacks != "" {
		it.Note = "no " + e.Show(lacks) + " records"
	}
	if it.Dim = !ok; !ok {
		return it
	}
	if asksMore(q, kind) {
		it.Text += e.Theme.Glyph.Dots
	}
	values := map[string]string{q.Entry().Name: value}
	it.Run = func() tea.Cmd {
		return e.CloseThen(func() tea.Cmd {
			if asksMore(q, kind) {
				return e.Overlay(newForm(e, q, values))
			}
			return RunQuery(e, q, values)
		})
	}
	return it
}

// asksMore reports whether a pivot has something left to ask: another required parameter, or how far around a moment.
func asksMore(q *queries.Query, kind string) bool {
	for _, p := range q.Params {
		if p.Name != q.Entry().Name && (p.Required || kind == "time" && p.Kind == "minutes") {
			return true
		}
	}
	return false
}
