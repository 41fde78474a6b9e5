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

// Schema is the text of a .sql file, and what store.log_type says of its log type: all empty where it is not one type's.
type Schema struct{ Name, Title, Silence, Header, SQL string }

// Called names the schema in an error.
func (s Schema) Called() string {
	first, _, _ := strings.Cut(s.SQL, "\n")
	return cmp.Or(s.Name, strings.TrimPrefix(first, "-- "))
}

// Derived is a table built from the records after a load, and what has to have a row for it to have one.
type Derived struct {
	Name  string
	Needs []string
	SQL   string
}

// Sections cuts the file at its "-- section:" lines.
func (s Schema) Sections() (tables, views string, derived []Derived, err error) {
	parts := map[string]string{}
	for _, part := range strings.Split(s.SQL, "\n-- section: ")[1:] {
		name, body, _ := strings.Cut(part, "\n")
		parts[strings.TrimSpace(name)] = body
	}
	for _, part := range strings.Split("\n"+parts["derived"], "\n-- derived: ")[1:] {
		title, body, _ := strings.Cut(part, "\n")
		name, needs, _ := strings.Cut(title, " needs ")
		d := Derived{Name: strings.TrimSpace(name), SQL: body}
		if needs != "" {
			d.Needs = strings.Split(strings.TrimSpace(needs), ", ")
		}
		derived = append(derived, d)
	}
	if parts["tables"] == "" || parts["views"] == "" {
		return "", "", nil, fmt.Errorf("schema %s: no section tables or views", s.Called())
	}
	return parts["tables"], parts["views"], derived, nil
}
