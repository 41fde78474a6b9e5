package rows

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"case53/cases"
	"case53/queries"
	"case53/tui/frame"
)

// Browse leafs through a table in the order of time; where a column is named, through its records with this value.
func Browse(e *frame.Env, t frame.Table, column, value string) *result {
	lead := strings.Join(t.Lead, ", ")
	r := newResult(e, t.Title, question{sql: "SELECT " + lead + ", * EXCLUDE (" + lead + ")\nFROM " + t.Name, order: t.Order})
	r.about.Doc = "All records of " + t.Name + ", the oldest first, those without a time last. The most telling columns come first."
	if column != "" {
		f := field{Column: cases.Column{Name: column, Type: "VARCHAR"}}
		r.filters = []clause{f.is(cases.Cell{Text: value, Null: value == noSource}, true)}
	}
	return r
}

// noSource is the source of records that do not say whose log they are of.
const noSource = "-"

// RunQuery asks a saved query. What is missing or wrong is asked for in its form.
func RunQuery(e *frame.Env, q *queries.Query, values map[string]string) tea.Cmd {
	asked, err := saved(e, q, values)
	if err != nil {
		f := newForm(e, q, values)
		if len(q.Params) == 0 {
			e.Say(e.Lines(err.Error())[0])
			return nil
		}
		f.err = err
		return e.Overlay(f)
	}
	title := q.ID
	if p := q.Entry(); p != nil {
		title += " " + values[p.Name]
		if t, ok := frame.ReadUTC(values[p.Name]); ok && p.Kind == "time" {
			title = q.ID + " " + e.Stamp(t)
		}
	}
	r := newResult(e, e.Brief(title), asked)
	r.saved, r.values = q, values
	r.again = func() (question, error) { return saved(e, q, values) }
	r.about = frame.About{Doc: q.Title + ".\n\n" + q.Doc, Cannot: q.Cannot}
	if lacks, _ := e.Has(q.Needs); lacks != "" {
		r.about.Lacks = "The case has no " + e.Show(lacks) + " records, which this query reads too."
		e.Say(r.about.Lacks)
	}
	return e.Push(r)
}

// Choose runs a query that needs nothing, and asks for the parameters of one that takes some.
func Choose(e *frame.Env, q *queries.Query) tea.Cmd {
	if missing, ok := e.Has(q.Needs); !ok {
		e.Say("the case has no " + e.Show(missing) + " records")
		return nil
	}
	if len(q.Params) == 0 {
		return RunQuery(e, q, nil)
	}
	return e.Overlay(newForm(e, q, nil))
}
