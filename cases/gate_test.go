package cases_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"case53/cases"
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
