package frame

import (
	"slices"
	"strconv"

	"case53/cases"
)

// Table is a table of records to leaf through: of a log type, or of its child rows.
type Table struct {
	Key, Name, Title string
	Lead             []string // the columns to see first
	Order            []string // the columns that its rows are in order of: their time, then what tells records of one time apart
	Children         *cases.Children
}

// Goto leads to it.
func (t Table) Goto() Goto { return Goto{Screen: "table", Values: map[string]any{"table": t}} }

// firstTableKey and lastTableKey are the digits of tables; those before and after them open other screens.
const firstTableKey, lastTableKey = 3, 6

// RecordTables are the tables of the case: those of records in the order of its log types, then those of child rows.
func (e *Env) RecordTables() []Table {
	var own, children []Table
	for _, t := range e.Reader.LogTypes() {
		order := recordOrder(t)
		own = append(own, Table{Name: t.View, Title: t.Records, Lead: t.Lead, Order: order, Children: t.Children})
		if c := t.Children; c != nil {
			children = append(children, Table{Name: c.View, Title: c.Title, Lead: c.Lead, Order: append(slices.Clone(order), c.Number)})
		}
	}
	all := append(own, children...)
	for i := range all {
		if n := firstTableKey + i; n <= lastTableKey {
			all[i].Key = strconv.Itoa(n)
		}
	}
	return all
}

// recordOrder is that of time, then of what tells records of one time apart.
func recordOrder(t cases.LogType) []string { return []string{t.Time, "object_id", "row_no"} }

// Keys are the keys that open the table. A table without one has no bind: the palette leads to it.
func (t Table) Keys() []string { return Keys(t.Key) }

// TableOf finds the table that holds the records of a log type.
func (e *Env) TableOf(logType string) (Table, bool) {
	for _, t := range e.Reader.LogTypes() {
		if t.Name == logType {
			return Table{Name: t.View, Title: t.Records, Lead: t.Lead, Order: recordOrder(t), Children: t.Children}, true
		}
	}
	return Table{}, false
}
