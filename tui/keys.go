package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"
)

// Bind is a key, or several, and what it does.
type Bind struct {
	Keys []string // as tea.KeyPressMsg.String gives them
	Show string   // how they are written; "" when that is Keys
	Does string   // for help, as a sentence without its subject
	Foot string   // a word for the foot of the screen; "" for help only
	Run  func() tea.Cmd
}

func (b Bind) shown() string {
	if b.Show != "" {
		return b.Show
	}
	return strings.Join(b.Keys, " ")
}

// find is the bind that takes key.
func find(binds []Bind, key string) (Bind, bool) {
	for _, b := range binds {
		for _, k := range b.Keys {
			if k == key {
				return b, true
			}
		}
	}
	return Bind{}, false
}

// keys makes the list for Bind.Keys.
func keys(k ...string) []string { return k }

// do makes a Run of something that starts nothing.
func do(f func()) func() tea.Cmd {
	return func() tea.Cmd {
		f()
		return nil
	}
}

// The workbench's own keys, which work on every screen.
func (a *App) binds() []Bind {
	e := a.env
	binds := []Bind{
		{Keys: keys("esc", "q", "backspace"), Show: "esc q", Does: "one step back; esc ends a slow query first", Foot: "back", Run: a.back},
		{Keys: keys("?", "f1"), Does: "keys of this screen", Foot: "keys", Run: a.help},
		{Keys: keys("1"), Does: "overview; the trail ends there", Run: a.home},
		{Keys: keys("2", ":"), Does: "saved queries", Run: func() tea.Cmd { return e.push(newPicker(e)) }},
	}
	for _, t := range e.recordTables() {
		binds = append(binds, Bind{Keys: keys(t.key), Does: t.title, Run: func() tea.Cmd { return e.push(browse(e, t)) }})
	}
	return append(binds,
		Bind{Keys: keys(";"), Does: "a query in SQL by hand", Run: func() tea.Cmd { return e.push(e.sqlScreen()) }},
		Bind{Keys: keys("H"), Does: "the trail of screens, to jump back", Run: func() tea.Cmd { return e.overlay(newTrail(e)) }},
		Bind{Keys: keys("ctrl+t"), Does: "times in UTC or in this machine's zone", Run: do(e.nextZone)},
		Bind{Keys: keys("ctrl+l"), Does: "draw the screen again", Run: func() tea.Cmd { return tea.ClearScreen }},
		Bind{Keys: keys("ctrl+c"), Does: "cancel what runs; twice: quit", Run: a.interrupt},
	)
}

// isText reports whether a key puts text somewhere.
func isText(k tea.KeyPressMsg) bool { return k.Text != "" || k.String() == "backspace" }
