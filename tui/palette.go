package tui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"case53/queries/entities"
	"case53/tui/frame"
)

// help opens the palette with the keys of the screen first, or closes it.
func (a *App) help() tea.Cmd {
	if frame.IsPalette(a.front()) {
		return a.env.CloseOverlay()
	}
	return a.env.Overlay(frame.NewPalette(a.env, slices.Concat(a.keyChoices(), a.commands(), a.queryChoices()), a.standsFor))
}

// palette opens it with commands and queries first.
func (a *App) palette() tea.Cmd {
	return a.env.Overlay(frame.NewPalette(a.env, slices.Concat(a.commands(), a.queryChoices(), a.keyChoices()), a.standsFor))
}

// keyChoices are the keys of the screen, and those that work everywhere. What does nothing here is left out.
func (a *App) keyChoices() []frame.Choice {
	front := a.front()
	seen := map[string]bool{}
	var out []frame.Choice
	add := func(section string, binds []frame.Bind) {
		for _, b := range binds {
			if id := b.Shown() + b.Does; !seen[id] {
				seen[id] = true
				out = append(out, frame.Choice{Key: b.Shown(), Does: b.Does, Section: section, Run: b.Run})
			}
		}
	}
	add("Keys of "+front.Title(), front.Keys())
	own := a.binds()
	if len(a.env.Overlays) > 0 {
		own = slices.DeleteFunc(own, func(b frame.Bind) bool { return !a.allowed(b.Keys[0]) })
	}
	add("Everywhere", own)
	return append(out, a.tableChoices()...)
}

// tableChoices are the tables of records that have no key, as there are more of them than digits.
func (a *App) tableChoices() (out []frame.Choice) {
	e := a.env
	if len(e.Overlays) > 0 {
		return nil
	}
	for _, t := range e.RecordTables() {
		if t.Key == "" {
			out = append(out, frame.Choice{Does: t.Title, Section: "Everywhere", Run: func() tea.Cmd { return e.Go(t.Goto()) }})
		}
	}
	return out
}

// commands are what has no key.
func (a *App) commands() []frame.Choice {
	return []frame.Choice{{Name: "q", Does: "quit: leave the workbench", Section: "Commands", Run: a.quit}}
}

// queryChoices are the saved queries and hunts. One whose logs the case has none of says so when it is chosen.
func (a *App) queryChoices() []frame.Choice {
	e := a.env
	if len(e.Overlays) > 0 { // an answer would come up under the overlay
		return nil
	}
	var out []frame.Choice
	for _, q := range e.Library.All() {
		section := "Queries"
		if q.Hunt != nil {
			section = "Hunts"
		}
		_, ok := e.Has(q.Needs)
		out = append(out, frame.Choice{Name: e.Show(q.ID), Does: e.Show(q.Title), Section: section, Dim: !ok, Run: func() tea.Cmd {
			return e.Go(frame.Goto{Screen: "ask", Values: map[string]any{"query": q}})
		}})
	}
	slices.SortStableFunc(out, func(x, y frame.Choice) int { return strings.Compare(x.Section, y.Section) })
	return out
}

// standsFor is what a typed text means by itself: a window, or an address or a name to go on from. What leaves other programs
// leaves this one.
func (a *App) standsFor(typed string) []frame.Choice {
	e := a.env
	if typed == "q" || typed == "q!" || typed == "quit" || typed == "exit" {
		return a.commands()
	}
	if len(e.Overlays) > 1 {
		return nil
	}
	kind := entities.KindOf(typed)
	if kind == "ip" {
		return a.onFrom(kind, typed)
	}
	if w, err := e.ReadWindow(typed); err == nil && (strings.ContainsAny(typed, "0123456789") || typed == "all") {
		return []frame.Choice{{Name: e.Brief(typed), Does: "the window over the case", Section: "Window", Run: frame.Do(func() { e.SetWindow(w) })}}
	}
	if kind != "name" || strings.Contains(strings.Trim(typed, "."), ".") && !strings.ContainsAny(typed, " /:") {
		return a.onFrom(kind, typed)
	}
	return nil
}

// onFrom is how one goes on from a value that was typed: where it leads, and its page.
func (a *App) onFrom(kind, value string) (out []frame.Choice) {
	e := a.env
	values := map[string]any{"kind": kind, "value": value}
	if len(e.Library.Pivots(kind)) > 0 {
		out = append(out, frame.Choice{Name: e.Brief(value), Does: "where it leads", Section: "Pivot", Run: func() tea.Cmd {
			return e.Go(frame.Goto{Screen: "pivot", Values: values})
		}})
	}
	if len(e.Library.Pages(kind)) > 0 {
		out = append(out, frame.Choice{Name: e.Brief(value), Does: "the page of it", Section: "Page", Run: func() tea.Cmd {
			return e.Go(frame.Goto{Screen: "entity", Values: values})
		}})
	}
	return out
}
