package cases

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"case53/cases/words"
)

// implausible tells what contradicts itself and costs little to see: tables that have not as many rows as were loaded, and source
// objects that are gone or have another size. That nothing is told proves nothing: package verify reads every byte.
func (c *Case) implausible(ctx context.Context, say func(format string, args ...any)) error {
	loaded := map[string]int64{}
	if err := c.Each(ctx, "SELECT name, sum(rows)::BIGINT FROM store.digest GROUP BY name ORDER BY name", nil, func(v []any) error {
		loaded[v[0].(string)] = v[1].(int64)
		return nil
	}); err != nil {
		return err
	}
	var tables []string
	if err := c.Each(ctx, `SELECT table_name FROM duckdb_columns() WHERE schema_name = 'store' AND column_name = 'row_no' AND column_index = 2
		AND table_name IN (SELECT table_name FROM duckdb_tables() WHERE schema_name = 'store') ORDER BY table_name`, nil, func(v []any) error {
		tables = append(tables, v[0].(string))
		return nil
	}); err != nil {
		return err
	}
	rows, err := c.rowsOf(ctx, tables)
	if err != nil {
		return err
	}
	for _, table := range tables {
		if n := rows[table]; n != loaded[table] {
			say("store.%s has %s, and %s were loaded: case53 verify %s says which objects are altered",
				table, words.Plural(n, "row", "rows"), words.Count(loaded[table]), c.Dir)
		}
	}
	return c.implausibleFiles(ctx, say)
}

// implausibleFiles looks at the sizes of the files in raw/.
func (c *Case) implausibleFiles(ctx context.Context, say func(format string, args ...any)) error {
	gone, sizes, other := int64(0), int64(0), ""
	err := c.Objects(ctx, func(o Object) error {
		path, err := c.raw.Path(o.SHA256)
		if err != nil {
			return fmt.Errorf("%s: %w", o, err)
		}
		info, err := os.Lstat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			gone++
		case err != nil:
			return err
		case !info.Mode().IsRegular() || info.Size() != o.Size:
			sizes++
		default:
			return nil
		}
		if other == "" {
			other = o.String()
		}
		return nil
	})
	if gone+sizes > 0 {
		say("raw/ lacks %s and has %s of another size, %s among them: case53 verify %s names all", words.Plural(gone, "source object", "source objects"),
			words.Count(sizes), other, c.Dir)
	}
	return err
}
