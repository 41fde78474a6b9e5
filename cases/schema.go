package cases

import (
	"cmp"
	_ "embed"
	"fmt"
	"strings"
)

//go:embed schema.sql
var ownSchema string

// Schema is what a log type stores, or what is built across several: the text of its .sql file, in sections. Its
// LogType is the zero value where it is not one type's.
//
//	-- section: tables     tables in schema store; <name>_context tables hold what repeats (see Writer.Intern)
//	-- section: views      views in main, with comments
//	-- section: derived    "-- derived: NAME" and one INSERT each, with $after: the object_id it has reached;
//	                       or, without $after, the statements that empty the table and build it anew
type Schema struct {
	LogType
	SQL string
}

// title names the schema in an error.
func (s Schema) title() string {
	first, _, _ := strings.Cut(s.SQL, "\n")
	return cmp.Or(s.Name, strings.TrimPrefix(first, "-- "))
}

// derived is a table built from the records after a load, object range by object range.
type derived struct{ Name, SQL string }

// sections cuts a .sql file at its "-- section:" lines.
func (s Schema) sections() (tables, views string, derive []derived, err error) {
	parts := map[string]string{}
	for _, part := range strings.Split(s.SQL, "\n-- section: ")[1:] {
		name, body, _ := strings.Cut(part, "\n")
		parts[strings.TrimSpace(name)] = body
	}
	for _, part := range strings.Split(parts["derived"], "\n-- derived: ")[min(1, strings.Count(parts["derived"], "\n-- derived: ")):] {
		name, body, ok := strings.Cut(part, "\n")
		if ok && strings.TrimSpace(body) != "" && strings.TrimSpace(name) != "" {
			derive = append(derive, derived{strings.TrimSpace(name), body})
		}
	}
	if parts["tables"] == "" || parts["views"] == "" {
		return "", "", nil, fmt.Errorf("schema %s: no section tables or views", s.title())
	}
	return parts["tables"], parts["views"], derive, nil
}
