package queries

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"case53/cases"
	"case53/cases/duck"
	"case53/loader/logs/across"
)

// derivedStep is a step of a schema: its statements, and what Go computes after them.
type derivedStep struct {
	statements []string
	compute    cases.Step
}

func stepsOf(s cases.Schema) (steps []derivedStep) {
	for _, part := range strings.Split("\n"+sectionOf(s.SQL, "derived"), "\n-- derived: ")[1:] {
		title, text, _ := strings.Cut(part, "\n")
		name, _, _ := strings.Cut(title, " ")
		steps = append(steps, derivedStep{statements(text), s.Steps[name]})
	}
	return steps
}

func acrossDerived(t *testing.T) (steps []derivedStep) {
	t.Helper()
	for _, s := range across.Schemas {
		steps = append(steps, stepsOf(s)...)
	}
	return steps
}

// build runs a step, in parts as a big case would.
func (s derivedStep) build(t interface{ Fatalf(string, ...any) }, db *sql.DB, parts int) {
	for _, text := range s.statements {
		for part := range parts {
			must(t, db, strings.NewReplacer("$parts", fmt.Sprint(parts), "$part", fmt.Sprint(part), "$after", "0", "$upto", "4294967295").Replace(text))
			if !strings.Contains(text, "$parts") {
				break
			}
		}
	}
	if s.compute == nil {
		return
	}
	if err := s.compute(context.Background(), testTables{db, int64(100_000 / parts)}); err != nil {
		t.Fatalf("%v", err)
	}
}

// buildAcross builds the tables across the logs.
func buildAcross(t interface{ Fatalf(string, ...any) }, db *sql.DB, steps []derivedStep, parts int) {
	for _, s := range steps {
		s.build(t, db, parts)
	}
}

// testTables is a step's way to a database in memory.
type testTables struct {
	db     *sql.DB
	memory int64
}

func (t testTables) Memory() int64 { return t.memory }

func (t testTables) Read(ctx context.Context, text string, args map[string]any, each func(duck.Chunk) error) error {
	for name, value := range args { // names are no part of one another
		text = strings.ReplaceAll(text, "$"+name+"::", fmt.Sprint(value)+"::")
	}
	rows, err := t.db.QueryContext(ctx, text)
	if err != nil {
		return err
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return err
	}
	c := duck.Chunk{Cols: make([]any, len(types)), Valid: make([][]uint64, len(types))}
	row, into := make([]any, len(types)), make([]any, len(types))
	for i := range row {
		into[i] = &row[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		for i, typ := range types {
			if c.N%64 == 0 {
				c.Valid[i] = append(c.Valid[i], 0)
			}
			if row[i] != nil {
				c.Valid[i][c.N/64] |= 1 << (c.N % 64)
			}
			if c.Cols[i], err = withValue(c.Cols[i], typ.DatabaseTypeName(), row[i]); err != nil {
				return err
			}
		}
		c.N++
	}
	rows.Close() // one connection: what each writes needs it
	if err := rows.Err(); err != nil || c.N == 0 {
		return err
	}
	return each(c)
}

// withValue appends a value to a column.
func withValue(col any, typ string, value any) (any, error) {
	switch typ {
	case "BOOLEAN":
		return appended[bool](col, value), nil
	case "USMALLINT":
		return appended[uint16](col, value), nil
	case "UINTEGER":
		return appended[uint32](col, value), nil
	case "UBIGINT":
		return appended[uint64](col, value), nil
	case "SMALLINT":
		return appended[int16](col, value), nil
	case "BIGINT":
		return appended[int64](col, value), nil
	case "TIMESTAMP":
		return appended[int64](col, value.(time.Time).UnixMicro()), nil
	}
	return nil, fmt.Errorf("a column of type %s", typ)
}

func appended[T any](col, value any) []T {
	all, _ := col.([]T)
	one, _ := value.(T)
	return append(all, one)
}

func (t testTables) Append(ctx context.Context, table string, rows duck.Chunk) error {
	var values []string
	for i := range rows.N {
		var row []string
		for k, col := range rows.Cols {
			text := "NULL"
			if duck.Has(rows.Valid[k], i) {
				text = textOf(col, i)
			}
			row = append(row, text)
		}
		values = append(values, "("+strings.Join(row, ", ")+")")
	}
	if len(values) == 0 {
		return nil
	}
	// a time comes as microseconds
	columns, err := t.db.QueryContext(ctx, `SELECT data_type FROM duckdb_columns()
		WHERE database_name = 'derived' AND table_name = '`+table+`' ORDER BY column_index`)
	if err != nil {
		return err
	}
	defer columns.Close()
	var list []string
	for columns.Next() {
		var typ string
		if err := columns.Scan(&typ); err != nil {
			return err
		}
		name := fmt.Sprintf("c%d", len(list))
		if typ == "TIMESTAMP" {
			name = "make_timestamp(" + name + "::BIGINT)"
		}
		list = append(list, name)
	}
	names := make([]string, len(list))
	for i := range names {
		names[i] = fmt.Sprintf("c%d", i)
	}
	columns.Close()
	_, err = t.db.ExecContext(ctx, fmt.Sprintf("INSERT INTO derived.%s SELECT %s FROM (VALUES %s) v(%s)",
		table, strings.Join(list, ", "), strings.Join(values, ", "), strings.Join(names, ", ")))
	return err
}

func textOf(col any, i int) string {
	switch c := col.(type) {
	case []bool:
		return fmt.Sprint(c[i])
	case []uint8:
		return fmt.Sprint(c[i])
	case []uint32:
		return fmt.Sprint(c[i])
	case []uint64:
		return fmt.Sprint(c[i])
	case []int16:
		return fmt.Sprint(c[i])
	case []int32:
		return fmt.Sprint(c[i])
	case []int64:
		return fmt.Sprint(c[i])
	}
	return fmt.Sprintf("error('a column of %T')", col)
}
