package frame

import (
	"strconv"

	"case53/cases"
)

// Table is a table of records to leaf through: of a log type, or of its child rows.
type Table struct {
	Key, Name, Title string
	Lead             []string // the columns to see first
	Order            string   // what there is to say of the order that it is stored in
	Children         *cases.Children
}

// Goto leads to it.
func (t Table) Goto() Goto { return Goto{Screen: "table", Values: map[string]any{"table": t}} }

// firstTableKey is the digit of the first table; those before it open other screens.
const firstTableKey = 3

// RecordTables are the tables of the case: those of records in the order of its log types, then those of child rows.
func (e *Env) RecordTables() []Table {
	var own, children []Table
	for _, t := range e.Reader.LogTypes() {
		order := t.Order
		if order != "" {
			order = "; " + order
		}
		own = append(own, Table{Name: t.View, Title: t.Records, Lead: t.Lead, Order: order, Children: t.Children})
		if t.Children != nil {
			children = append(children, Table{Name: t.Children.View, Title: t.Children.Title, Lead: t.Children.Lead})
		}
	}
	all := append(own, children...)
	for i := range all {
		if n := firstTableKey + i; n <= 9 {
			all[i].Key = strconv.Itoa(n)
		}
	}
	return all
}

// TableOf finds the table that holds the records of a log type.
func (e *Env) TableOf(logType string) (Table, bool) {
	for _, t := range e.Reader.LogTypes() {
		if t.Name == logType {
			return Table{Name: t.View, Title: t.Records, Lead: t.Lead, Children: t.Children}, true
		}
	}
	return Table{}, false
}
