package digest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"

	"case53/cases/duck"
)

// Rows is a result: duck.Rows, and cases.Rows.
type Rows interface {
	Chunks
	Next() bool
	Values() []any
	Close()
}

// Chunks are rows of a table, some at a time.
type Chunks interface {
	NextChunk() (duck.Chunk, bool)
	Err() error
}

// Query runs a statement.
type Query func(ctx context.Context, sql string, args map[string]any) (Rows, error)

// Schemas are the tables of schema store that have rows of objects, by name.
func Schemas(ctx context.Context, q Query) (map[string]*Schema, error) {
	rows, err := q(ctx, `SELECT table_name, column_name, data_type FROM system.main.duckdb_columns() WHERE schema_name = 'store'
		AND table_name IN (SELECT table_name FROM system.main.duckdb_tables() WHERE schema_name = 'store')
		ORDER BY table_name, column_index`, nil)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, tables := map[string][]Column{}, map[string]bool{}
	for rows.Next() {
		v := rows.Values()
		table := v[0].(string)
		tables[table] = true
		columns[table] = append(columns[table], Column{v[1].(string), v[2].(string)})
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	schemas := map[string]*Schema{}
	for table := range tables {
		s, ok, err := NewSchema(table, columns[table], tables)
		if err != nil {
			return nil, err
		}
		if ok {
			schemas[table] = s
		}
	}
	return schemas, nil
}

// quoted is a name in SQL.
func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// Select is the statement that gives the rows of the objects from $first to $last; sorted: in order, else as they are stored.
func (s *Schema) Select(sorted bool) string {
	names := make([]string, len(s.Columns))
	for i, c := range s.Columns {
		names[i] = quoted(c.Name)
	}
	sql := fmt.Sprintf("SELECT %s FROM store.%s WHERE object_id BETWEEN $first::UINTEGER AND $last::UINTEGER", strings.Join(names, ", "), quoted(s.Table))
	if sorted {
		sql += " ORDER BY " + s.OrderBy()
	}
	return sql
}

// Read takes rows as Select gives them and tells of each object when its rows are at an end. An object whose rows are in several places is
// told of as often.
func (s *Schema) Read(rows Chunks, contexts Contexts, each func(object uint32, h *Hasher) error) error {
	var h *Hasher
	object := uint32(0)
	for {
		chunk, more := rows.NextChunk()
		if !more {
			break
		}
		n := chunk.N
		objects, ok := chunk.Cols[0].([]uint32)
		if !ok {
			return fmt.Errorf("store.%s: object_id is %T", s.Table, chunk.Cols[0])
		}
		for from := 0; from < n; {
			to := from + 1
			for to < n && objects[to] == objects[from] {
				to++
			}
			if h != nil && object != objects[from] {
				if err := each(object, h); err != nil {
					return err
				}
				h = nil
			}
			if h == nil {
				h, object = New(s, contexts), objects[from]
			}
			if err := h.AddRange(from, to, chunk.Cols, chunk.Valid); err != nil {
				return err
			}
			from = to
		}
	}
	if err := rows.Err(); err != nil || h == nil {
		return err
	}
	return each(object, h)
}

// ReadContexts gives the digests of all contexts of a case: the tables of schema store whose names end in _context.
func ReadContexts(ctx context.Context, q Query) (Contexts, error) {
	rows, err := q(ctx, `SELECT table_name FROM system.main.duckdb_tables() WHERE schema_name = 'store' AND ends_with(table_name, '_context')`, nil)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	sums := map[string]map[uint32][sha256.Size]byte{}
	for rows.Next() {
		sums[rows.Values()[0].(string)] = map[uint32][sha256.Size]byte{}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	for table, of := range sums {
		if err := readContexts(ctx, q, table, of); err != nil {
			return nil, err
		}
	}
	return func(table string, id uint32) ([sha256.Size]byte, error) {
		sum, ok := sums[table][id]
		if !ok {
			return sum, fmt.Errorf("store.%s has no context %d", table, id)
		}
		return sum, nil
	}, nil
}

func readContexts(ctx context.Context, q Query, table string, of map[uint32][sha256.Size]byte) error {
	rows, err := q(ctx, fmt.Sprintf(`SELECT context_id, CAST(COLUMNS(* EXCLUDE context_id) AS VARCHAR) FROM store.%s`, quoted(table)), nil)
	if err != nil {
		return err
	}
	defer rows.Close()
	var c Context
	for rows.Next() {
		v := rows.Values()
		for _, value := range v[1:] {
			if text, ok := value.(string); ok {
				c.Value([]byte(text))
			} else {
				c.Null()
			}
		}
		of[uint32(v[0].(int64))] = c.Sum()
	}
	return rows.Err()
}
