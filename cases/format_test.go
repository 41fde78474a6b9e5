package cases_test

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"case53/cases"
	"case53/cases/custody"
	"case53/loader"
)

// formatDoc is FORMAT.md, taken apart.
type formatDoc struct {
	text     string
	tables   []formatTable
	fences   []formatFence
	sameAs   map[string]string // of a heading "store.x" or "derived.x": the table whose columns it has too
	headings []string          // every "store.x" and "derived.x"
}

// formatTable is a Markdown table and what it stands under.
type formatTable struct {
	heading string // store.x, derived.x, or the section
	first   string // heading of its first column
	rows    [][]string
}

// formatFence is a block of code.
type formatFence struct{ section, language, recipe, text string }

var (
	codeSpan   = regexp.MustCompile("`([^`]+)`")
	recipeLine = regexp.MustCompile(`^# recipe: (\w+)\n`)
	sameLine   = regexp.MustCompile("Its columns are those of `(store\\.\\w+)`")
)

// readFormat reads FORMAT.md.
func readFormat(t *testing.T) *formatDoc {
	t.Helper()
	text, err := os.ReadFile("FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	d := &formatDoc{text: string(text), sameAs: map[string]string{}}
	section, heading, fence := "", "", -1
	for _, line := range strings.Split(d.text, "\n") {
		language, isFence := strings.CutPrefix(line, "```")
		switch {
		case isFence && fence >= 0:
			fence = -1
		case isFence:
			fence = len(d.fences)
			d.fences = append(d.fences, formatFence{section: section, language: language})
		case fence >= 0:
			d.fences[fence].text += line + "\n"
		case strings.HasPrefix(line, "### "):
			heading = strings.TrimPrefix(line, "### ")
			d.headings = append(d.headings, heading)
		case strings.HasPrefix(line, "## "):
			section = strings.TrimPrefix(line, "## ")
			heading = section
		case strings.HasPrefix(line, "|"):
			d.row(heading, line)
		default:
			if m := sameLine.FindStringSubmatch(line); m != nil {
				d.sameAs[heading] = m[1]
			}
		}
	}
	for i := range d.fences {
		if m := recipeLine.FindStringSubmatch(d.fences[i].text); m != nil {
			d.fences[i].recipe = m[1]
		}
	}
	return d
}

// row takes a line of a table: a heading is followed by dashes.
func (d *formatDoc) row(heading, line string) {
	cells := strings.Split(strings.Trim(line, "| "), " | ")
	if strings.HasPrefix(line, "|---") {
		last := &d.tables[len(d.tables)-1]
		head := last.rows[len(last.rows)-1]
		last.rows = last.rows[:len(last.rows)-1]
		d.tables = append(d.tables, formatTable{heading: heading, first: head[0]})
		return
	}
	if len(d.tables) == 0 {
		d.tables = append(d.tables, formatTable{})
	}
	last := &d.tables[len(d.tables)-1]
	last.rows = append(last.rows, cells)
}

// list gives the code in the first cells of the tables with this first heading, each with the row it stands in.
func (d *formatDoc) list(t *testing.T, first string) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, table := range d.tables {
		if table.first != first {
			continue
		}
		for _, row := range table.rows {
			for _, name := range code(row[0]) {
				if out[name] != nil {
					t.Errorf("FORMAT.md names %s twice", name)
				}
				out[name] = row
			}
		}
	}
	return out
}

// code gives the code in a text.
func code(text string) []string {
	var out []string
	for _, m := range codeSpan.FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	return out
}

// columns gives the columns of each table, as "name TYPE" or "name TYPE or NULL".
func (d *formatDoc) columns() map[string][]string {
	out := map[string][]string{}
	for _, h := range d.headings {
		out[h] = nil
	}
	for _, table := range d.tables {
		if table.first != "Column" {
			continue
		}
		for _, row := range table.rows {
			for _, name := range code(row[0]) {
				out[table.heading] = append(out[table.heading], name+" "+row[1])
			}
		}
	}
	for view, table := range d.sameAs {
		for _, column := range out[table] {
			out[view] = append(out[view], strings.TrimSuffix(column, " or NULL")+" or NULL") // a view says of no column that it is never NULL
		}
	}
	return out
}

// differ tells what of two lists is in one alone.
func differ(t *testing.T, what string, doc, made []string) {
	t.Helper()
	for _, name := range made {
		if !slices.Contains(doc, name) {
			t.Errorf("FORMAT.md lacks the %s %s", what, name)
		}
	}
	for _, name := range doc {
		if !slices.Contains(made, name) {
			t.Errorf("FORMAT.md names the %s %s, which there is not", what, name)
		}
	}
}

// freshCase is a case with every log type and nothing in it.
func freshCase(t *testing.T) *cases.Case {
	t.Helper()
	return caseOf(t, loader.Schemas())
}

// texts runs a query of one column.
func texts(t *testing.T, c *cases.Case, sql string) (out []string) {
	t.Helper()
	if err := c.Each(t.Context(), sql, nil, func(v []any) error {
		out = append(out, v[0].(string))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestFormatTables compares the tables of schema store and of what is derived with FORMAT.md: names, columns and their order, types, NULL.
func TestFormatTables(t *testing.T) {
	doc, c := readFormat(t).columns(), freshCase(t)
	made := map[string][]string{}
	if err := c.Each(t.Context(), `SELECT CASE database_name WHEN 'derived' THEN database_name ELSE schema_name END || '.' || table_name AS name,
			column_name || ' ' || data_type || CASE WHEN is_nullable THEN ' or NULL' ELSE '' END
		FROM duckdb_columns() WHERE schema_name = 'store' OR database_name = 'derived'
		ORDER BY name, column_index`, nil, func(v []any) error {
		made[v[0].(string)] = append(made[v[0].(string)], v[1].(string))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for view := range readFormat(t).list(t, "View of a step") { // no more than named
		if made[view] == nil {
			t.Errorf("FORMAT.md names the view %s, which there is not", view)
		}
		delete(made, view)
	}
	differ(t, "table", slices.Sorted(maps.Keys(doc)), slices.Sorted(maps.Keys(made)))
	for name, columns := range made {
		if doc[name] == nil || slices.Equal(doc[name], columns) {
			continue
		}
		differ(t, "column of "+name, doc[name], columns)
		if len(doc[name]) == len(columns) {
			t.Errorf("%s: FORMAT.md has its columns in another order", name)
		}
	}
}

// TestFormatMain compares the views, comments, kinds and macros of schema main with FORMAT.md.
func TestFormatMain(t *testing.T) {
	d, c := readFormat(t), freshCase(t)
	var views []string
	for name, row := range d.list(t, "View") {
		views = append(views, name+": "+row[1])
	}
	differ(t, "view", views, texts(t, c,
		"SELECT view_name || ': ' || coalesce(comment, '') FROM duckdb_views() WHERE schema_name = 'main' AND NOT internal"))
	differ(t, "kind", slices.Collect(maps.Keys(d.list(t, "Kind"))), texts(t, c,
		"SELECT DISTINCT split_part(comment, ':', 1) FROM duckdb_columns() WHERE schema_name = 'main' AND comment IS NOT NULL"))
	differ(t, "macro", slices.Collect(maps.Keys(d.list(t, "Macro"))), texts(t, c,
		`SELECT function_name || '(' || array_to_string(parameters, ', ') || ')' FROM duckdb_functions()
		WHERE schema_name = 'main' AND NOT internal AND function_type LIKE '%macro'`))
}

// formatWords compares what stands in a case as text with FORMAT.md: facts of the case, and steps of what is derived.
func formatWords(t *testing.T, d *formatDoc, dir string) {
	c := openCaseOf(t, dir, loader.Schemas())
	differ(t, "step", slices.Collect(maps.Keys(d.list(t, "Step"))), texts(t, c, "SELECT DISTINCT name FROM derived.step"))
	for _, table := range d.tables {
		if table.heading == "store.meta" {
			differ(t, "fact", code(table.rows[0][2]), texts(t, c, "SELECT key FROM store.meta"))
		}
	}
	if want := fmt.Sprintf("This is format version %d.", cases.FormatVersion); !strings.Contains(d.text, want) {
		t.Errorf("FORMAT.md does not say %q", want)
	}
}

// formatCustody compares the lines of a custody log that has every action with FORMAT.md.
func formatCustody(t *testing.T, d *formatDoc, dir string) {
	actions, seen := d.list(t, "Action"), map[string]bool{}
	dir, _ = sealedCopy(t, dir)
	if err := custody.Read(cases.CustodyFile(dir), func(e custody.Entry) error {
		seen[e.Action] = true
		row := actions[e.Action]
		if row == nil {
			return nil
		}
		if same := code(row[1]); len(same) == 1 && actions[same[0]] != nil {
			row = actions[same[0]]
		}
		checkKeys(t, e, row[1])
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	differ(t, "action", slices.Collect(maps.Keys(actions)), slices.Collect(maps.Keys(seen)))
	var keys []string
	for _, table := range d.tables {
		if table.first == "Key" {
			for _, row := range table.rows {
				keys = append(keys, code(row[0])...)
			}
		}
	}
	lines, err := os.ReadFile(cases.CustodyFile(dir))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(lines)) {
		if got := jsonKeys(t, []byte(line)); !slices.Equal(got, keys) {
			t.Errorf("a line has the keys %v, FORMAT.md %v", got, keys)
		}
	}
}

// checkKeys compares the keys of an entry's detail with those of FORMAT.md; a ? stands after one that may be absent.
func checkKeys(t *testing.T, e custody.Entry, cell string) {
	t.Helper()
	var must, may []string
	for _, part := range strings.Split(cell, ", ") {
		name := code(part)[0]
		may = append(may, name)
		if !strings.HasSuffix(part, "?") {
			must = append(must, name)
		}
	}
	got := jsonKeys(t, e.Detail)
	for _, name := range must {
		if !slices.Contains(got, name) {
			t.Errorf("%s has no %s, which FORMAT.md names", e.Action, name)
		}
	}
	for _, name := range got {
		if !slices.Contains(may, name) {
			t.Errorf("FORMAT.md lacks %s of %s", name, e.Action)
		}
	}
	if e.Action != "slice.settle" && !slices.IsSorted(got) {
		t.Errorf("%s: the keys are not in the order of the alphabet: %v", e.Action, got)
	}
}
