package tui

import (
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"case53/cases"
	"case53/queries"
)

// table is a table of records to leaf through: of a log type, or of its child rows.
type table struct {
	key, name, title string
	lead             []string // the columns to see first
	order            string   // what there is to say of the order that it is stored in
	children         *cases.Children
}

// firstTableKey is the digit of the first table; those before it open other screens.
const firstTableKey = 3

// recordTables are the tables of the case: those of records in the order of its log types, then those of child rows.
func (e *Env) recordTables() []table {
	var own, children []table
	for _, t := range e.reader.LogTypes() {
		order := t.Order
		if order != "" {
			order = "; " + order
		}
		own = append(own, table{name: t.View, title: t.Records, lead: t.Lead, order: order, children: t.Children})
		if t.Children != nil {
			children = append(children, table{name: t.Children.View, title: t.Children.Title, lead: t.Children.Lead})
		}
	}
	all := append(own, children...)
	for i := range all {
		if n := firstTableKey + i; n <= 9 {
			all[i].key = strconv.Itoa(n)
		}
	}
	return all
}

// tableOf finds the table that holds the records of a log type.
func (e *Env) tableOf(logType string) (table, bool) {
	for _, t := range e.reader.LogTypes() {
		if t.Name == logType {
			return table{name: t.View, title: t.Records, lead: t.Lead, children: t.Children}, true
		}
	}
	return table{}, false
}

// browse leafs through a table in stored order: sorting it would mean to read all of it first.
func browse(e *Env, t table) *result {
	lead := strings.Join(t.lead, ", ")
	r := newResult(e, t.title, question{sql: "SELECT " + lead + ", * EXCLUDE (" + lead + ")\nFROM " + t.name})
	r.about.doc = "All records of " + t.name + " in stored order" + t.order + ". The most telling columns come first."
	return r
}

// runQuery asks a saved query. What is missing or wrong is asked for in its form.
func runQuery(e *Env, q *queries.Query, values map[string]string) tea.Cmd {
	sql, args, err := q.Bind(values)
	if err != nil {
		f := newForm(e, q, values)
		if len(q.Params) == 0 {
			e.say(e.lines(err.Error())[0])
			return nil
		}
		f.err = err
		return e.overlay(f)
	}
	title := q.ID
	if p := q.Entry(); p != nil {
		title += " " + values[p.Name]
	}
	r := newResult(e, e.brief(title), question{sql: sql, args: args, kinds: q.Columns})
	r.about = about{doc: q.Title + ".\n\n" + q.Doc, cannot: q.Cannot}
	if lacks, _ := e.has(q.Needs); lacks != "" {
		r.about.lacks = "The case has no " + e.show(lacks) + " records, which this query reads too."
		e.say(r.about.lacks)
	}
	return e.push(r)
}

// choose runs a query that needs nothing, and asks for the parameters of one that takes some.
func choose(e *Env, q *queries.Query) tea.Cmd {
	if missing, ok := e.has(q.Needs); !ok {
		e.say("the case has no " + e.show(missing) + " records")
		return nil
	}
	if len(q.Params) == 0 {
		return runQuery(e, q, nil)
	}
	return e.overlay(newForm(e, q, nil))
}
