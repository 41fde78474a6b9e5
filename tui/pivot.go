package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"case53/cases"
	"case53/queries"
)

// kin are the kinds whose pivots a value can follow too: a name is also a domain to look under, an address a block of one.
var kin = map[string][]string{"name": {"domain"}, "domain": {"name"}, "ip": {"cidr"}}

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
	slices.SortStableFunc(items, func(a, b item) int { // what cannot be followed goes last
		switch {
		case a.dim == b.dim:
			return 0
		case b.dim:
			return -1
		}
		return 1
	})
	shown := c.Text
	if kind == "time" {
		shown = e.timeText(shown)
	}
	m := newMenu(e, "Pivot: "+e.show(kind+" "+shown), items)
	m.empty = "No saved query takes a value of the kind " + e.show(kind) + "."
	return e.overlay(m)
}

func pivotItem(e *Env, q *queries.Query, kind, value string) item {
	it := item{text: e.show(q.Pivot), note: e.show(q.ID)}
	if missing, ok := e.has(q.Needs); !ok {
		it.note, it.dim = "no "+e.show(missing)+" records", true
		return it
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
