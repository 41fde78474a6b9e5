package answers

import (
	tea "charm.land/bubbletea/v2"

	"case53/tui/frame"
)

// Screens are the lines that this package has in the table of screens.
func Screens(d Desk) []frame.Entry {
	return []frame.Entry{
		{Name: "hunts", Does: "hunts: all of them, and what each found", Keys: frame.Keys("X"), Twin: "hunt", Open: func(e *frame.Env, _ frame.Goto) tea.Cmd {
			s := frame.Screen(keptHunts(e, d))
			if e.Top() == s {
				return nil
			}
			return e.Push(s)
		}},
		{Name: "timeline", Does: "timeline: all logs on one axis of time, with what threads tell and T0", Keys: frame.Keys("7"), Twin: "query",
			Open: func(e *frame.Env, _ frame.Goto) tea.Cmd { return e.Push(newTimeline(e, d)) }},
		{Name: "coverage", Does: "coverage: what is really there, log by log, on one axis of time", Keys: frame.Keys("8"), Twin: "coverage",
			Open: func(e *frame.Env, _ frame.Goto) tea.Cmd { return e.Push(newCoverage(e)) }},
		{Name: "compare", Does: "compare: two captures, and what they share", Keys: frame.Keys("9"), Twin: "compare",
			Open: func(e *frame.Env, _ frame.Goto) tea.Cmd { return e.Push(newComparison(e, d)) }},
		{Name: "notes", Does: "notes: what is kept, and whether raw/ still has it", Keys: frame.Keys("0"), Twin: "notes",
			Open: func(e *frame.Env, _ frame.Goto) tea.Cmd { return e.Push(newNotes(e)) }},
		{Name: "entity", Twin: "entity", Open: func(e *frame.Env, g frame.Goto) tea.Cmd { return openPage(e, d, g) }},
		{Name: "export", Twin: "query", Open: func(e *frame.Env, g frame.Goto) tea.Cmd {
			narrowed, _ := g.Values["narrowed"].(string)
			leaves, _ := g.Values["leaves"].(string)
			return e.Overlay(newExport(e, d, g.Values["title"].(string), g.Values["rows"].(frame.Asked), narrowed, leaves))
		}},
	}
}
