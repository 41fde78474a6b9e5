package cases_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"case53/cases"
	"case53/cases/writer"
)

// TestGateLetsQueriesThrough: whatever reads, in any of the forms that SQL has for it.
func TestGateLetsQueriesThrough(t *testing.T) {
	c := openCase(t, smallCase(t))
	for _, sql := range []string{
		"SELECT 1;", "FROM note", "TABLE note", "VALUES (1), (2)",
		"WITH RECURSIVE t(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM t WHERE i < 3) FROM t", "/* why */ SELECT 1 -- so",
		"DESCRIBE note", "SHOW TABLES", "SUMMARIZE note", "EXPLAIN SELECT 1", "explain\nanalyze FROM note",
		"SELECT * FROM note POSITIONAL JOIN range(2)",
		"PIVOT note ON name IN ('a') USING count(*)", "SELECT ip('10.0.0.1'), random(), now(), current_setting('TimeZone')",
		"FROM duckdb_functions() LIMIT 1", "FROM information_schema.tables",
		"SELECT 'CALL enable_logging()' AS enable_logging", "SELECT unnest([1, 2])", "FROM unnest([1, 2])",
		"SELECT [x + 1 FOR x IN [1, 2] IF x > 1]",
	} {
		rows, err := c.Query(t.Context(), sql, nil)
		if err != nil {
			t.Errorf("%s: %v", sql, err)
			continue
		}
		for rows.Next() {
		}
		if err := rows.Err(); err != nil {
			t.Errorf("%s: %v", sql, err)
		}
		rows.Close()
	}
}

// TestGateLooksInside: a macro or view that rests on what is refused is refused, however deep, and the second time too.
func TestGateLooksInside(t *testing.T) {
	const more = `-- Macros.

-- section: tables

CREATE TABLE store.nothing (x INTEGER);

-- section: views

CREATE MACRO wait(s) AS sleep_ms(s); CREATE MACRO wait_long(s) AS wait(s) + 1; CREATE VIEW waits AS SELECT Wait_Long(1) AS x;
		CREATE MACRO fine(s) AS s + 1; CREATE MACRO run_it(s) AS TABLE FROM query(s); CREATE MACRO runs() AS TABLE FROM run_it('SELECT 1');
`
	c := caseOf(t, append(schemas(), cases.Schema{SQL: more}))
	for i := range 2 {
		for _, sql := range []string{"SELECT pg_sleep(0)", "SELECT PG_CATALOG.PG_Sleep(0)", "SELECT wait(1)", "SELECT wait_long(1)", "FROM waits",
			"FROM main.waits", `FROM "main"."WAITS"`, "SELECT x FROM (SELECT [main.Wait(i) FOR i IN [1]] AS x)", "FROM runs()",
			"EXPLAIN ANALYZE SELECT pg_sleep(0)"} {
			if rows, err := c.Query(t.Context(), sql, nil); !errors.Is(err, cases.ErrRefused) {
				t.Errorf("%s: %v", sql, err)
				rows.Close()
			}
			if i > 0 {
				continue
			}
			if f, err := c.Parquet(t.Context(), sql, nil); !errors.Is(err, cases.ErrRefused) {
				t.Errorf("%s as Parquet: %v", sql, err)
				f.Close()
			}
		}
		if got := one(t, c, "SELECT fine(1)"); got != "2" {
			t.Error(got)
		}
	}
	_, err := c.Query(t.Context(), "SELECT pg_sleep(9)", nil)
	if !strings.Contains(err.Error(), "pg_sleep: not run on a case: the function sleep_ms does more") {
		t.Error(err)
	}
}

// TestGateReadsNoFile: a file in the case's own folders is refused by the gate, however it is asked for.
func TestGateReadsNoFile(t *testing.T) {
	dir := smallCase(t)
	for _, name := range []string{"derived/evil.csv", "derived/derived.duckdb.csv", "evil.csv", "tmp/evil.csv"} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte("a,b\n1,SECRET\n"), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	c := openCase(t, dir)
	for _, name := range []string{"derived/evil.csv", "derived/derived.duckdb.csv", "evil.csv", "tmp/evil.csv", "case.duckdb", "custody.jsonl",
		"derived/*", `derived\evil.csv`, "file:evil"} {
		for _, path := range []string{name, filepath.Join(dir, name)} {
			for _, sql := range []string{"FROM '%s'", `SELECT * FROM "%s" AS x`, "SELECT (SELECT count(*) FROM '%s')", `WITH t AS (FROM "%s") FROM t`} {
				sql = strings.ReplaceAll(sql, "%s", path)
				if rows, err := c.Query(t.Context(), sql, nil); err == nil {
					t.Errorf("%s is answered", sql)
					rows.Close()
				} else if !errors.Is(err, cases.ErrRefused) {
					t.Errorf("%s: %v", sql, err)
				}
			}
			for _, sql := range []string{"PIVOT '%s' ON a USING count(*)", `DESCRIBE "%s"`, "DESCRIBE '%s'", "SUMMARIZE '%s'"} {
				sql = strings.ReplaceAll(sql, "%s", path)
				if rows, err := c.Query(t.Context(), sql, nil); err == nil {
					t.Errorf("%s is answered", sql)
					rows.Close()
				}
			}
		}
	}
}

// caseOf is an empty case of these schemas.
func caseOf(t *testing.T, schemas []cases.Schema) *cases.Case {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "a.case")
	w, err := writer.Open(t.Context(), dir, schemas)
	if err != nil {
		t.Fatal(err)
	}
	closeWriter(t, w)
	return openCaseOf(t, dir, schemas)
}

// TestParquetOfWhatDescribes: what gives a table can be kept as Parquet, whatever SQL calls it.
func TestParquetOfWhatDescribes(t *testing.T) {
	c := openCase(t, smallCase(t))
	for _, sql := range []string{"DESCRIBE note", "desc note;", "-- why\nSHOW TABLES", "SHOW ALL TABLES;", "/* so */ SUMMARIZE note", "DESCRIBE SELECT 1 AS x",
		"summarize FROM note WHERE name <> $name", "SELECT 1 AS describe", "FROM note ORDER BY name DESC"} {
		f, err := c.Parquet(t.Context(), sql, map[string]any{"name": "x"})
		if err != nil {
			t.Errorf("%s: %v", sql, err)
			continue
		}
		magic := make([]byte, 4)
		if _, err := f.ReadAt(magic, 0); err != nil || string(magic) != "PAR1" {
			t.Errorf("%s: %q, %v", sql, magic, err)
		}
		f.Close()
	}
	_, err := c.Parquet(t.Context(), "EXPLAIN FROM note", nil)
	if err == nil || !strings.Contains(err.Error(), "cannot be written as Parquet\nhint: -o table") {
		t.Error(err)
	}
}

// TestGateSaysWhy: what is refused is told from what is wrong, and what can be done instead is said.
func TestGateSaysWhy(t *testing.T) {
	c := openCase(t, smallCase(t))
	for _, x := range []struct {
		sql, want string
		refused   bool
	}{
		{"CALL enable_logging()", "not run on a case: a case is read-only, and this is no SELECT\nhint: SELECT, FROM,", true},
		{"FROM Query('SELECT 1')", "not run on a case: the table function \"query\" is not among those that only read\n" +
			"hint: those are generate_series,", true},
		{"SELECT __internal_compress_string_ubigint('x')", "the function __internal_compress_string_ubigint does more than compute a value", true},
		{"SELECT 1" + strings.Repeat(" + 1", 5000), "Max expression depth limit of 1000 exceeded", false},
		{"SELEC 1", `syntax error at or near "SELEC"`, false},
		{"SELECT nothing FROM note", `Referenced column "nothing" not found`, false},
	} {
		_, err := c.Query(t.Context(), x.sql, nil)
		if err == nil || !strings.Contains(err.Error(), x.want) || errors.Is(err, cases.ErrRefused) != x.refused {
			t.Errorf("%.60s: %v", x.sql, err)
		}
	}
}

// TestGateKnowsTheEngine: another version of DuckDB may bring functions that do something, or rename those let through.
func TestGateKnowsTheEngine(t *testing.T) {
	c := openCase(t, smallCase(t))
	names := func(where string) []string {
		return strings.Fields(one(t, c, "SELECT coalesce(string_agg(DISTINCT function_name, ' ' ORDER BY function_name), '') "+
			"FROM duckdb_functions() WHERE "+where))
	}
	volatile := "current_connection_id current_query current_query_id current_transaction_id currval error gen_random_uuid nextval " +
		"random setseed sleep_ms stats uuid uuidv4 uuidv7 write_log"
	if got := strings.Join(names("function_type = 'scalar' AND (stability = 'VOLATILE' OR has_side_effects)"), " "); got != volatile {
		t.Errorf("volatile functions are now %s: which of them does more than compute?", got)
	}
	let := 0
	for _, name := range names("function_type IN ('table', 'table_macro')") {
		_, err := c.Query(t.Context(), `FROM "`+name+`"(1, 2, 3, 4, 5, 6)`, nil)
		refused := errors.Is(err, cases.ErrRefused)
		if !refused {
			let++
		}
		hasPrefix := func(p string) bool { return strings.HasPrefix(name, p) }
		mayRead := slices.ContainsFunc([]string{"duckdb_", "pragma_", "json_", "histogram", "repeat"}, hasPrefix) ||
			slices.Contains([]string{"generate_series", "range", "unnest", "summary", "icu_calendar_names", "pg_timezone_names"}, name)
		if !refused && !mayRead || err == nil {
			t.Errorf("%s is let through: %v", name, err)
		}
	}
	if let < 20 {
		t.Errorf("only %d table functions are let through", let)
	}
}
