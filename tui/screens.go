package tui

import (
	tea "charm.land/bubbletea/v2"

	"case53/queries"
	"case53/tui/answers"
	"case53/tui/frame"
	"case53/tui/rows"
)

// Screens is the table of screens: what Goto asks for, the keys that open one from everywhere, and the command that says the
// same without the workbench.
func Screens(d answers.Desk) []frame.Entry {
	return append([]frame.Entry{
		{Name: "queries", Does: "saved queries", Keys: frame.Keys("2"), Twin: "query", Open: func(e *frame.Env, _ frame.Goto) tea.Cmd {
			return e.Push(rows.NewPicker(e))
		}},
		{Name: "table", Twin: "query", Open: func(e *frame.Env, g frame.Goto) tea.Cmd {
			column, _ := g.Values["column"].(string)
			value, _ := g.Values["value"].(string)
			return e.Push(rows.Browse(e, g.Values["table"].(frame.Table), column, value))
		}},
		{Name: "query", Twin: "query", Open: func(e *frame.Env, g frame.Goto) tea.Cmd {
			values, _ := g.Values["arguments"].(map[string]string)
			return rows.RunQuery(e, g.Values["query"].(*queries.Query), values)
		}},
		{Name: "ask", Twin: "query", Open: func(e *frame.Env, g frame.Goto) tea.Cmd { return rows.Choose(e, g.Values["query"].(*queries.Query)) }},
		{Name: "record", Open: func(e *frame.Env, g frame.Goto) tea.Cmd { return e.Push(rows.RecordOf(e, g)) }},
		{Name: "kept", Open: func(e *frame.Env, g frame.Goto) tea.Cmd {
			return e.Push(rows.RecordAt(e, g.Values["place"].(frame.Place)))
		}},
		{Name: "say", Open: rows.Say},
		{Name: "sql", Does: "a query in SQL by hand", Keys: frame.Keys(";"), Twin: "query", Open: func(e *frame.Env, _ frame.Goto) tea.Cmd {
			return e.Push(rows.OpenSQL(e))
		}},
		{Name: "trail", Does: "the trail of screens, to jump back", Keys: frame.Keys("H"), Open: func(e *frame.Env, _ frame.Goto) tea.Cmd {
			return e.Overlay(frame.NewTrail(e))
		}},
		{Name: "jobs", Does: "jobs: what runs beside the screens, how far it is, and what came of it", Keys: frame.Keys("J"),
			Open: func(e *frame.Env, _ frame.Goto) tea.Cmd { return e.Overlay(frame.NewJobs(e)) }},
		{Name: "pivot", Open: func(e *frame.Env, g frame.Goto) tea.Cmd {
			kind, _ := g.Values["kind"].(string)
			value, _ := g.Values["value"].(string)
			return rows.PivotOn(e, kind, value)
		}},
	}, answers.Screens(d)...)
}
