package catalog

import (
	"cmp"
	_ "embed"
	"fmt"
	"strings"
)

//go:embed schema.sql
var ownSQL string

// Own is what every case has, whatever logs are in it.
var Own = Schema{SQL: ownSQL}

// Schema is the text of a .sql file, and what store.log_type says of its log type: all empty where it is not one type's. Computed is the
// text of the Go files that compute what the SQL does not.
type Schema struct{ Name, Title, Silence, Header, SQL, Computed string }

// Called names the schema in an error.
func (s Schema) Called() string {
	first, _, _ := strings.Cut(s.SQL, "\n")
	return cmp.Or(s.Name, strings.TrimPrefix(first, "-- "))
}

// Derived is a table built from the records after a load, and what has to have a row for it to have one.
type Derived struct {
	Name      string
	Needs     []string // where one of these tables is empty, there is nothing to build
	GrowsWith []string // where none of these has a record of a new object, nothing has changed
	SQL       string
}

// Sections are the parts of a schema.
type Sections struct {
	Tables        string // of schema store
	DerivedTables string // of derived.duckdb
	Views         string
	Derived       []Derived
}

// Sections cuts the file at its "-- section:" lines.
func (s Schema) Sections() (Sections, error) {
	parts := map[string]string{}
	for _, part := range strings.Split(s.SQL, "\n-- section: ")[1:] {
		name, body, _ := strings.Cut(part, "\n")
		parts[strings.TrimSpace(name)] = body
	}
	all := Sections{Tables: parts["tables"], DerivedTables: parts["derived tables"], Views: parts["views"]}
	for _, part := range strings.Split("\n"+parts["derived"], "\n-- derived: ")[1:] {
		title, body, _ := strings.Cut(part, "\n")
		all.Derived = append(all.Derived, derivedOf(title, body))
	}
	if all.Tables+all.DerivedTables == "" || all.Views == "" {
		return Sections{}, fmt.Errorf("schema %s: no section tables or views", s.Called())
	}
	return all, nil
}

// derivedOf reads "NAME needs TABLE, TABLE; grows with TABLE, TABLE". What needs tables of records, and says no more, grows with them.
func derivedOf(title, body string) Derived {
	name, rest, _ := strings.Cut(strings.TrimSpace(title), " ")
	d := Derived{Name: name, SQL: body}
	for _, part := range strings.Split(rest, "; ") {
		if list, ok := strings.CutPrefix(part, "needs "); ok {
			d.Needs = strings.Split(list, ", ")
		} else if list, ok := strings.CutPrefix(part, "grows with "); ok {
			d.GrowsWith = strings.Split(list, ", ")
		}
	}
	if d.GrowsWith == nil {
		d.GrowsWith = d.Needs
	}
	return d
}
