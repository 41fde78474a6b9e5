package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"case53/queries"
)

// table is a table of records to leaf through. A new log type that wants a key of its own adds a line to tables.
type table struct {
	key, name, title string
	lead             []string // the columns to see first
	order            string   // what there is to say of the order that it is stored in
	children         string   // the table with a record's further rows, by object_id and row_no
	childTitle       string
	child            []string // their columns, the first of which numbers them
}

var tables = []table{
	{key: "3", name: "flow", title: "Flow records", order: "; logs with TCP flags or packet addresses, and records with IPv6 addresses, unknown fields or escaped text, follow the others",
		lead: []string{"start", "srcaddr", "srcport", "dstaddr", "dstport", "protocol", "action", "packets", "bytes"}},
	{key: "4", name: "dns", title: "Resolver records",
		lead:     []string{"query_timestamp", "srcaddr", "query_name", "query_type", "rcode", "answers_n"},
		children: "dns_answer", childTitle: "Answers", child: []string{"answer_no", "rdata", "type", "class"}},
	{key: "5", name: "zone", title: "Zone records",
		lead: []string{"query_timestamp", "resolver_ip", "query_name", "query_type", "response_code", "edge_location"}},
	{key: "6", name: "dns_answer", title: "Resolver answers",
		lead: []string{"query_timestamp", "srcaddr", "query_name", "rdata", "type", "rcode"}},
}

// tableOf finds the table that holds the records of a log type.
func tableOf(logType string) (table, bool) {
	for _, t := range tables {
		if t.name == logType {
			return t, true
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
