package cases

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"case53/cases/duck"
)

// ErrRefused says that a statement was not run, as it may do more than read the case.
var ErrRefused = errors.New("not run on a case")

// tableFunctions are the functions that may stand in FROM: DuckDB's that only compute or describe, and the case's own.
// Others run SQL out of a text where no gate sees it (query, query_table, json_execute_serialized_sql), write files or
// end the process (enable_logging), change how the engine works for all (enable_profiling, checkpoint), or take memory
// addresses (arrow_scan). DuckDB's settings refuse none of these.
var tableFunctions = setOf(`
	generate_series range repeat repeat_row unnest json_each json_tree histogram histogram_values icu_calendar_names pg_timezone_names
	duckdb_approx_database_count duckdb_columns duckdb_constraints duckdb_databases duckdb_dependencies duckdb_extensions duckdb_functions
	duckdb_indexes duckdb_keywords duckdb_memory duckdb_optimizers duckdb_schemas duckdb_sequences duckdb_settings duckdb_tables
	duckdb_temporary_files duckdb_types duckdb_variables duckdb_views
	pragma_collations pragma_database_size pragma_metadata_info pragma_platform pragma_show pragma_storage_info pragma_table_info
	pragma_user_agent pragma_version summary
	endpoints_of flows_of`)

// refusedFunctions are the functions of values that do more than compute one. DuckDB marks such as volatile.
var refusedFunctions = setOf(`currval nextval setseed sleep_ms write_log`)

func setOf(text string) map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(text) {
		set[word] = true
	}
	return set
}

var (
	explains = regexp.MustCompile(`(?is)^\s*EXPLAIN\s+(ANALYZE\s+)?`)
	// internalFunctions are for DuckDB's own plans and trust what they are given.
	internalFunctions = "__internal_"
)

// fileLetters are in the names of files, which DuckDB reads where it knows no table of the name, and in no name of a case.
const fileLetters = `/\.:*?`

// gate refuses a statement that is not one query, or that calls what no query of a case needs. It sees what DuckDB's own
// parser makes of the text, and nothing is run or bound before. It gives the names of what the statement asks.
func gate(ctx context.Context, c *duck.Conn, sql string) (asked, error) {
	if strings.ContainsRune(sql, 0) {
		return nil, fmt.Errorf("%w: SQL with a NUL byte", ErrRefused)
	}
	if err := c.Parse(sql); err != nil {
		return nil, err
	}
	row, err := c.QueryRow(ctx, "SELECT system.main.json_serialize_sql($sql::VARCHAR)::VARCHAR", map[string]any{"sql": explains.ReplaceAllString(sql, "")})
	if err != nil {
		return nil, fmt.Errorf("%w: its parts cannot be listed: %w", ErrRefused, err)
	}
	var parsed struct {
		Error      bool   `json:"error"`
		Message    string `json:"error_message"`
		Statements []any  `json:"statements"`
	}
	text, _ := row[0].(string)
	if err := json.Unmarshal([]byte(text), &parsed); err != nil {
		return nil, fmt.Errorf("%w: its parts cannot be read: %w", ErrRefused, err)
	}
	if parsed.Error || len(parsed.Statements) != 1 {
		return nil, fmt.Errorf("%w: a case is read-only, and this is no SELECT\n"+
			"hint: SELECT, FROM, VALUES, WITH, DESCRIBE, SUMMARIZE and SHOW are run, and EXPLAIN of them", ErrRefused)
	}
	asks := asked{}
	return asks, asks.gateNode(parsed.Statements[0])
}

// gateInside refuses a statement that asks for a macro or view which rests, however deep, on what the gate refuses: a name of the
// case's own, or one like pg_sleep, is no way around it.
func (c *Case) gateInside(asks asked) error {
	for name := range asks {
		if why := c.known.Refused[strings.TrimPrefix(name, "main.")]; why != "" {
			return refusal(why)
		}
	}
	return nil
}

// refusal is ErrRefused, in words that are known from before.
type refusal string

func (r refusal) Error() string { return string(r) }
func (r refusal) Unwrap() error { return ErrRefused }

// refusedInside gives the macros and views whose definitions the gate refuses, or that ask for one of them, and why. To be quick it
// looks at those only whose text has the name of something that is refused. DuckDB's table macros among tableFunctions may do what
// they do. As a case has what a new one has, the known catalog says it of every case.
func refusedInside(ctx context.Context, conn *duck.Conn) (map[string]string, error) {
	all, tables, err := definitions(ctx, conn)
	if err != nil {
		return nil, err
	}
	bad := slices.Collect(maps.Keys(refusedFunctions))
	for _, name := range tables {
		if !tableFunctions[name] {
			bad = append(bad, name)
		}
	}
	refused := map[string]string{}
	for len(bad) > 0 {
		for i, name := range bad {
			bad[i] = regexp.QuoteMeta(name)
		}
		word := regexp.MustCompile(`(?i)\b(` + strings.Join(bad, "|") + `)\b|` + internalFunctions)
		bad = nil
		for _, d := range all {
			if d.internal && tableFunctions[d.name] || refused[d.name] != "" || !word.MatchString(d.sql) {
				continue
			}
			asks, err := gate(ctx, conn, d.sql)
			for name := range asks {
				if why := refused[strings.TrimPrefix(name, "main.")]; err == nil && why != "" {
					err = refusal(why)
				}
			}
			if err != nil {
				refused[d.name] = d.name + ": " + err.Error()
				bad = append(bad, d.name)
			}
		}
	}
	return refused, nil
}

// definition is what a macro or view is made of, as a statement.
type definition struct {
	name, sql string // the name in lower case, with the schema of a view outside main
	internal  bool   // DuckDB's own
}

// definitions gives those of macros and of the case's views, and the names of table functions, all in lower case.
func definitions(ctx context.Context, conn *duck.Conn) (all []definition, tables []string, err error) {
	const every = `SELECT CASE schema_name WHEN 'main' THEN '' ELSE schema_name || '.' END || view_name,
			system.main.regexp_replace(sql, '^CREATE VIEW .*? AS ', '', 's'), false
		FROM system.main.duckdb_views() WHERE NOT internal
		UNION ALL
		SELECT function_name, CASE function_type WHEN 'table_macro' THEN '' ELSE 'SELECT ' END || macro_definition, internal
		FROM system.main.duckdb_functions() WHERE macro_definition IS NOT NULL OR function_type = 'table'`
	err = conn.Each(ctx, every, nil, func(v []any) {
		name := strings.ToLower(v[0].(string))
		if sql, ok := v[1].(string); ok {
			all = append(all, definition{name, sql, v[2].(bool)})
		} else {
			tables = append(tables, name)
		}
	})
	return all, tables, err
}

// asked is the names of tables, views, macros and functions in a statement, in lower case, with the schema where it is given, or the
// database derived.
type asked map[string]bool

// gateNode looks for functions, and for what is asked, in a part of a parsed statement.
func (a asked) gateNode(node any) error {
	switch node := node.(type) {
	case []any:
		for _, part := range node {
			if err := a.gateNode(part); err != nil {
				return err
			}
		}
	case map[string]any:
		if name, ok := node["table_name"].(string); ok && node["type"] == "BASE_TABLE" {
			if strings.ContainsAny(name, fileLetters) {
				return fmt.Errorf("%w: %q would be a file, and a query reads none\nhint: case53 load takes log files into a case", ErrRefused, name)
			}
			schema, _ := node["schema_name"].(string)
			if database, _ := node["catalog_name"].(string); strings.EqualFold(database, "derived") { // derived.main.x is derived.x
				schema = "derived"
			}
			a[strings.TrimPrefix(strings.ToLower(schema+"."+name), ".")] = true
		}
		if name, ok := node["function_name"].(string); ok {
			name = strings.ToLower(name)
			a[name] = true
			if refusedFunctions[name] || strings.HasPrefix(name, internalFunctions) {
				return fmt.Errorf("%w: the function %s does more than compute a value", ErrRefused, name)
			}
		}
		if called, ok := node["function"].(map[string]any); ok && node["type"] == "TABLE_FUNCTION" {
			name, _ := called["function_name"].(string)
			if name = strings.ToLower(name); !tableFunctions[name] {
				return fmt.Errorf("%w: the table function %q is not among those that only read\n"+
					"hint: those are generate_series, range, unnest, json_each, histogram, duckdb_columns, duckdb_functions and the like; "+
					"a view or table needs no function", ErrRefused, name)
			}
		}
		for _, part := range node {
			if err := a.gateNode(part); err != nil {
				return err
			}
		}
	}
	return nil
}
