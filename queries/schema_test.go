package queries

import (
	"database/sql"
	"fmt"
	"os"
	"strings"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2"

	"case53/loader"
)

// emptyCase is a database with the tables, macros and views of a case, made from the files that make a real one.
func emptyCase(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("duckdb", "?autoinstall_known_extensions=false&autoload_known_extensions=false&threads=2")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	run(t, db, "SET TimeZone = 'UTC'")
	run(t, db, "SET temp_directory = ''") // nothing here may spill into the source tree
	run(t, db, "ATTACH ':memory:' AS derived")
	files := schemaFiles(t)
	for _, section := range []string{"tables", "derived tables", "views"} {
		for _, text := range files {
			for _, s := range statements(sectionOf(text, section)) {
				run(t, db, s)
			}
		}
	}
	for i, log := range loader.Types() {
		run(t, db, fmt.Sprintf("INSERT INTO store.log_type VALUES (%d, '%s', '%s', '%s', '')", i, log.Name, log.Title, log.Silence))
	}
	return db
}

// fullCase has the rows of testdata/case/rows.sql as well, and the derived tables built from them.
func fullCase(t *testing.T) *sql.DB {
	t.Helper()
	db := emptyCase(t)
	text, err := os.ReadFile("testdata/case/rows.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range statements(string(text)) {
		run(t, db, s)
	}
	for _, s := range loader.Schemas() {
		buildAcross(t, db, stepsOf(s), 1)
	}
	return db
}

// schemaFiles are the case's own schema, that of every log type, and what is built across them, in this order.
func schemaFiles(t *testing.T) []string {
	t.Helper()
	own, err := os.ReadFile("../cases/internal/catalog/schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{string(own)}
	for _, s := range loader.Schemas() {
		texts = append(texts, s.SQL)
	}
	return texts
}

func sectionOf(text, name string) string {
	_, after, _ := strings.Cut(text, "-- section: "+name+"\n")
	section, _, _ := strings.Cut(after, "\n-- section: ")
	return section
}

// statements cuts at semicolons that end a line; comment lines before a statement stay with it.
func statements(text string) []string {
	var all []string
	for s := range strings.SplitSeq(text+"\n", ";\n") {
		code := ""
		for line := range strings.SplitSeq(s, "\n") {
			if !strings.HasPrefix(strings.TrimSpace(line), "--") {
				code += line + "\n"
			}
		}
		if strings.TrimSpace(code) != "" {
			all = append(all, code)
		}
	}
	return all
}

// inSchema puts a table of a case, or what begins with its name, into the schema that it is in.
func inSchema(table string) string {
	if strings.HasPrefix(table, "minute") || strings.HasPrefix(table, "span") {
		return "derived." + table
	}
	return "store." + table
}

func run(t *testing.T, db *sql.DB, s string) {
	t.Helper()
	if _, err := db.Exec(s); err != nil {
		t.Fatalf("%v\nin %s", short(err), s)
	}
}

// short leaves out the stack of a fault inside DuckDB.
func short(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n\nStack Trace")
	return text
}

func named(args map[string]any) []any {
	var list []any
	for name, value := range args {
		list = append(list, sql.Named(name, value))
	}
	return list
}

// views maps every view of the case to the kinds of its columns, as the column comments give them.
func views(t *testing.T, db *sql.DB) map[string]map[string]string {
	t.Helper()
	rows, err := db.Query(`SELECT table_name, column_name, coalesce(split_part(c.comment, ':', 1), '')
		FROM duckdb_columns() c WHERE schema_name = 'main' AND database_name <> 'derived' AND NOT internal`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	found := map[string]map[string]string{}
	for rows.Next() {
		var view, column, kind string
		if err := rows.Scan(&view, &column, &kind); err != nil {
			t.Fatal(err)
		}
		if found[view] == nil {
			found[view] = map[string]string{}
		}
		found[view][column] = kind
	}
	return found
}
