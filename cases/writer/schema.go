package writer

import (
	"cmp"
	_ "embed"
	"fmt"
	"strings"

	"case53/cases"
)

//go:embed schema.sql
var ownSchema string

// titleOf names the schema in an error.
func titleOf(s cases.Schema) string {
	first, _, _ := strings.Cut(s.SQL, "\n")
	return cmp.Or(s.Name, strings.TrimPrefix(first, "-- "))
}

// derived is a table built from the records after a load, object range by object range. Where one of the tables in Needs is
// empty there is nothing to build: as records only ever come in, the table is empty too.
type derived struct {
	Name  string
	Needs []string
	SQL   string
	Step  cases.Step // what Go computes after the SQL; nil: nothing
}

// sectionsOf cuts a .sql file at its "-- section:" lines.
func sectionsOf(s cases.Schema) (tables, views string, derive []derived, err error) {
	parts := map[string]string{}
	for _, part := range strings.Split(s.SQL, "\n-- section: ")[1:] {
		name, body, _ := strings.Cut(part, "\n")
		parts[strings.TrimSpace(name)] = body
	}
	for _, part := range strings.Split("\n"+parts["derived"], "\n-- derived: ")[1:] {
		title, body, _ := strings.Cut(part, "\n")
		name, needs, _ := strings.Cut(title, " needs ")
		name = strings.TrimSpace(name)
		d := derived{Name: name, SQL: body, Step: s.Steps[name]}
		if needs != "" {
			d.Needs = strings.Split(strings.TrimSpace(needs), ", ")
		}
		derive = append(derive, d)
	}
	if parts["tables"] == "" || parts["views"] == "" {
		return "", "", nil, fmt.Errorf("schema %s: no section tables or views", titleOf(s))
	}
	return parts["tables"], parts["views"], derive, nil
}
