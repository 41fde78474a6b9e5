package cases

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
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

// gate refuses a statement that is not one query, or that calls what no query of a case needs. It sees what DuckDB's own
// parser makes of the text, and nothing is run or bound before. It gives the names of what the statement asks.
func gate(ctx context.Context, c *duck.Conn, sql string) (asked, error) {
	if strings.ContainsRune(sql, 0) {
		return nil, fmt.Errorf("%w: SQL with a NUL byte", ErrRefused)
	}
	if err := c.Parse(sql); err != nil {
		return nil, err
	}
	row, err := c.QueryRow(ctx, "SELECT json_serialize_sql($sql::VARCHAR)::VARCHAR", map[string]any{"sql": explains.ReplaceAllString(sql, "")})
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

// asked is the names of tables, views, macros and functions in a statement, in lower case, with the schema where it is given.
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
			schema, _ := node["schema_name"].(string)
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
