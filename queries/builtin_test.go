package queries

import (
	"database/sql"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite the answers and help texts in testdata")

func builtins(t *testing.T) *Set {
	t.Helper()
	s, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// values are what the built-in queries are asked in the tests: by kind, and for some queries by parameter.
var values = map[string]string{
	"account": "123456789012", "cidr": "203.0.113.0/24", "domain": "evil.example", "instance": "i-0web", "interface": "eni-0web",
	"ip": "10.0.1.5", "name": "c2.evil.example", "time": "2026-11-01 10:05", "vpc": "vpc-0a", "hosted_zone": "Z0ABC",
	"stream": "/web/error:i-0web", "finding": "f1",
	"url_path": "/cgi-bin/.%2e/.%2e/bin/sh", "request": "1-58337281-1d84f3d73c47ec4e58577259",
}

var special = map[string]map[string]string{
	"address-to-hosts":     {"ip": "203.0.113.66"},
	"answers-with-address": {"ip": "203.0.113.66"},
	"flows-between":        {"peer": "203.0.113.66", "to": "2026-11-01 10:30"},
	"flows-at":             {"minutes": "1"},
	"names-of-address":     {"ip": "203.0.113.66"},
	"names-pointing-to":    {"name": "edge.cdn.example"},
	"networks-of-address":  {"ip": "203.0.113.66"},
	"new-names":            {"since": "2026-11-01 10:00"},
	"new-peers":            {"since": "2026-11-01 10:00"},
	"timeline-of-address":  {"ip": "203.0.113.66", "to": "2026-11-01 11:00"},
	"zone-name-to-flows":   {"name": "admin.corp.example", "address": "10.0.1.5"},

	"waf-of-client":          {"ip": "198.51.100.7"},
	"findings-about-address": {"ip": "203.0.113.66"},
	"tls-of-client":          {"ip": "198.51.100.7"},
	"queries-of-finding":     {"finding": "f2"},
	"waf-headers":            {"text": "ldap:"},
	"lines-about-address":    {"ip": "198.51.100.7"},
	"changes-at":             {"at": "2026-11-01 10:21"},
	"changes-of-address":     {"ip": "203.0.113.66"},
	"requests-at":            {"at": "2026-11-01 10:00"},
	"requests-of-client":     {"ip": "198.51.100.7"},
	"requests-of-host":       {"name": "www.corp.example"},
	"requests-of-instance":   {"instance": "i-0a1b2c3d"},

	"explained-gaps":            {"minutes": "1"},
	"zone-queries-for-name":     {"name": "admin.corp.example"},
	"zone-queries-of-resolver":  {"ip": "198.51.100.7"},
	"zone-queries-under-domain": {"domain": "corp.example", "to": "2026-11-01 08:01"},
	"zone-queries-in-cidr":      {"cidr": "198.51.100.0/25", "to": "2026-11-01 08:01"},
	"zone-queries-of-zone":      {"from": "2026-11-01 08:00:30"},
	"zone-queries-at":           {"at": "2026-11-01 09:00"},

	"address-in-answers":      {"ip": "203.0.113.66"},
	"address-in-changes":      {"ip": "203.0.113.66"},
	"address-in-findings":     {"ip": "203.0.113.66"},
	"address-in-host-logs":    {"ip": "198.51.100.7"},
	"address-in-requests":     {"ip": "198.51.100.7"},
	"address-in-tls":          {"ip": "198.51.100.7"},
	"address-in-zone-queries": {"ip": "198.51.100.7"},
	"clients-of-host":         {"name": "www.corp.example"},
	"instance-in-requests":    {"instance": "i-0a1b2c3d"},
	"name-in-requests":        {"name": "www.corp.example"},
	"name-in-zone-queries":    {"name": "admin.corp.example"},
	"paths-of-client":         {"ip": "198.51.100.7"},
	"resolvers-of-name":       {"name": "admin.corp.example"},
}

func ask(q *Query) map[string]string {
	given := map[string]string{}
	for _, p := range q.Params {
		if p.Required {
			given[p.Name] = values[p.Kind]
		}
	}
	for name, value := range special[q.ID] {
		given[name] = value
	}
	return given
}

func TestBuiltinAnswers(t *testing.T) {
	db := fullCase(t)
	expected := map[string]bool{}
	for _, q := range builtins(t).All() {
		expected[q.ID+".out"] = true
		t.Run(q.ID, func(t *testing.T) {
			given := ask(q)
			text, args, err := q.Bind(given)
			if err != nil {
				t.Fatal(err)
			}
			got := asked(q, given) + answer(t, db, text, args)
			if again := asked(q, given) + answer(t, db, text, args); again != got {
				t.Errorf("another answer the second time:\n%s\nand\n%s", got, again)
			}
			golden(t, filepath.Join("testdata", q.ID+".out"), got)
			if q.Hunt == nil && strings.Count(got, "\n") < 3 { // hunts have tests of their own
				t.Errorf("no row: an empty answer tests nothing\n%s", got)
			}
		})
	}
	files, _ := filepath.Glob("testdata/*.out")
	for _, f := range files {
		if !expected[filepath.Base(f)] {
			t.Errorf("%s belongs to no query", f)
		}
	}
}

// golden compares with a file, or writes it when asked to.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v\nhint: go test ./queries -update", err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", file, got, want)
	}
}

func asked(q *Query, given map[string]string) string {
	line := q.ID
	for _, p := range q.Params {
		if v, ok := given[p.Name]; ok {
			line += fmt.Sprintf(" %s=%s", p.Name, v)
		}
	}
	return line + "\n"
}

// answer is the result as text: a line of column names, then the rows.
func answer(t *testing.T, db *sql.DB, text string, args map[string]any) string {
	t.Helper()
	rows, err := db.Query(text, named(args)...)
	if err != nil {
		t.Fatal(short(err))
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString(strings.Join(columns, " | ") + "\n")
	cells := make([]any, len(columns))
	into := make([]any, len(columns))
	for i := range cells {
		into[i] = &cells[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		line := make([]string, len(cells))
		for i, c := range cells {
			line[i] = cell(c)
		}
		b.WriteString(strings.Join(line, " | ") + "\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func cell(v any) string {
	switch v := v.(type) {
	case nil:
		return "-"
	case time.Time:
		return v.UTC().Format("2006-01-02 15:04:05.999999")
	case []byte:
		return fmt.Sprintf("%q", v)
	}
	return fmt.Sprint(v)
}

// The files of the built-in queries against the schema of an empty case.
func TestBuiltinLint(t *testing.T) {
	db := emptyCase(t)
	schema := views(t, db)
	for _, q := range builtins(t).All() {
		t.Run(q.ID, func(t *testing.T) {
			for _, need := range q.Reads() {
				if schema[need] == nil {
					t.Errorf("needs %s, which is no view", need)
				}
			}
			for view := range schema {
				if !slices.Contains(q.Reads(), view) && reads(q.SQL, view) {
					t.Errorf("reads %s without needing it", view)
				}
			}
			if strings.Contains(q.SQL, "store.") || strings.Contains(q.SQL, "derived.") {
				t.Error("reads the store, which is not documented")
			}
			plainSelect(t, db, q.SQL)
			kinds := columnKindsOf(schema)
			columns := resultColumns(t, db, q)
			for _, c := range columns {
				if q.KindOf(c) == "" && len(kinds[c]) != 1 {
					t.Errorf("column %s has the kinds %q: declare one", c, kinds[c])
				}
			}
			for c := range q.Columns {
				if !slices.Contains(columns, c) {
					t.Errorf("column: %s is not in the result", c)
				}
			}
			if q.Records != "" {
				checkRecords(t, q, columns)
			}
			if q.Pivot != "" && q.Entry().Kind == "text" {
				t.Error("a pivot from any text")
			}
			if len(q.Title) > 110 || strings.HasSuffix(q.Title, ".") {
				t.Errorf("title %q: too long, or with a period", q.Title)
			}
		})
	}
}

// checkRecords holds the query that a query names for its records to what can be given to it.
func checkRecords(t *testing.T, q *Query, columns []string) {
	t.Helper()
	of := builtins(t).Get(q.Records)
	if of == nil {
		t.Errorf("records: there is no query %s", q.Records)
		return
	}
	for _, p := range of.Params {
		subject := q.Subject()
		if p.Required && !slices.Contains(columns, p.Name) && (subject == nil || subject.Name != p.Name) {
			t.Errorf("records: %s needs %s, which is neither a column nor the value of the page", of.ID, p.Name)
		}
	}
}

// reads says whether the SQL names the view after FROM or JOIN.
func reads(text, view string) bool {
	words := strings.Fields(text)
	for i, w := range words[:len(words)-1] {
		if next := strings.TrimRight(words[i+1], ",)"); (w == "FROM" || w == "JOIN" || w == "(FROM") && next == view {
			return !strings.Contains(text, view+" AS (")
		}
	}
	return false
}

func plainSelect(t *testing.T, db *sql.DB, text string) {
	t.Helper()
	var parsed string
	if err := db.QueryRow("SELECT json_serialize_sql($1::VARCHAR)::VARCHAR", text).Scan(&parsed); err != nil {
		t.Fatal(err)
	}
	var tree struct {
		Error      bool
		Message    string `json:"error_message"`
		Statements []any
	}
	if err := json.Unmarshal([]byte(parsed), &tree); err != nil {
		t.Fatal(err)
	}
	if tree.Error || len(tree.Statements) != 1 {
		t.Errorf("not one plain SELECT: %s, %d statements", tree.Message, len(tree.Statements))
	}
}

// columnKindsOf gathers the kinds that columns of a name have in the views: more than one means that none can be told.
func columnKindsOf(schema map[string]map[string]string) map[string][]string {
	kinds := map[string][]string{}
	for _, columns := range schema {
		for c, kind := range columns {
			if kind != "" && !slices.Contains(kinds[c], kind) {
				kinds[c] = append(kinds[c], kind)
			}
		}
	}
	return kinds
}

func resultColumns(t *testing.T, db *sql.DB, q *Query) []string {
	t.Helper()
	text, args, err := q.Bind(ask(q))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := db.Query(text, named(args)...)
	if err != nil {
		t.Fatal(short(err))
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	return columns
}

func TestEveryKindLeadsSomewhere(t *testing.T) {
	s := builtins(t)
	for _, kind := range []string{"ip", "cidr", "name", "domain", "interface", "instance", "vpc", "account", "hosted_zone", "time", "url_path", "request",
		"stream", "finding"} {
		pivots := s.Pivots(kind)
		if len(pivots) == 0 {
			t.Errorf("no pivot for %s", kind)
		}
		titles := map[string]string{}
		for _, q := range pivots {
			if other := titles[q.Pivot]; other != "" {
				t.Errorf("%s and %s have the same title in the menu of %s", q.ID, other, kind)
			}
			titles[q.Pivot] = q.ID
		}
	}
	if n := len(s.All()); n < 36 {
		t.Errorf("%d queries", n)
	}
}
