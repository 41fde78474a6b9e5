package tui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"case53/cases"
	"case53/queries"
)

// kin are the kinds whose pivots a value can follow too: a name is also a domain to look under.
var kin = map[string][]string{"name": {"domain"}, "domain": {"name"}}

// openPivot shows where a value can go: every saved query that takes a value of its kind.
func openPivot(e *Env, f field, c cases.Cell) tea.Cmd {
	kind := valueKind(f.Kind, c.Text)
	switch {
	case c.Null:
		e.say("a missing value leads nowhere")
		return nil
	case kind == "":
		e.say("values of " + e.show(f.Name) + " lead nowhere")
		return nil
	}
	var items []item
	for _, k := range append([]string{kind}, kin[kind]...) {
		for _, q := range e.library.Pivots(k) {
			items = append(items, pivotItem(e, q, kind, c.Text))
		}
	}
	rank := func(it item) int { // what needs no more than the value goes first, what cannot be followed last
		switch {
		case it.dim:
			return 2
		case strings.HasSuffix(it.text, e.theme.glyph.dots):
			return 1
		}
		return 0
	}
	slices.SortStableFunc(items, func(a, b item) int { return rank(a) - rank(b) })
	shown := c.Text
	if kind == "time" {
		shown = e.timeText(shown)
	}
	m := newMenu(e, "Pivot: "+e.brief(kind+" "+shown), items)
	m.empty = "No saved query takes a value of the kind " + e.show(kind) + "."
	return e.overlay(m)
}

func pivotItem(e *Env, q *queries.Query, kind, value string) item {
	it := item{text: e.show(q.Pivot), note: e.show(q.ID)}
	lacks, ok := e.has(q.Needs)
	if lacks != "" {
		it.note = "no " + e.show(lacks) + " records"
	}
	if it.dim = !ok; !ok {
		return it
	}
	if asksMore(q, kind) {
		it.text += e.theme.glyph.dots
	}
	values := map[string]string{q.Entry().Name: value}
	it.run = func() tea.Cmd {
		return e.closeThen(func() tea.Cmd {
			if asksMore(q, kind) {
				return e.overlay(newForm(e, q, values))
			}
			return runQuery(e, q, values)
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
