package cases

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Table is a view of records as a table for others: every row of it, in an order that does not depend on how they are stored.
type Table struct {
	View
	Columns []Column
	Rows    int64
	order   string
}

// RecordTables are the views of what is in the case's objects and of the objects themselves, in the order of their names: all that is
// not computed from others.
func (c *Case) RecordTables(ctx context.Context) (tables []Table, err error) {
	for _, name := range slices.Sorted(maps.Keys(c.views)) {
		v := c.views[name]
		if v.Derived || v.Doc == "" {
			continue
		}
		t := Table{View: v, order: "ALL"}
		if err := c.Each(ctx, "SELECT count(*) FROM "+quoted(name), nil, func(v []any) error {
			t.Rows = v[0].(int64)
			return nil
		}); err != nil {
			return nil, err
		}
		rows, err := c.Query(ctx, "SELECT * FROM "+quoted(name)+" LIMIT 0", nil)
		if err != nil {
			return nil, err
		}
		t.Columns = slices.Clone(rows.Columns())
		rows.Close()
		if order := t.keys(); len(order) > 1 {
			t.order = strings.Join(order, ", ")
		}
		tables = append(tables, t)
	}
	return tables, nil
}

// keys are the columns by which a row of a record is found: object, row, and what numbers several of one.
func (t *Table) keys() (keys []string) {
	for _, name := range []string{"object_id", "row_no"} {
		if slices.ContainsFunc(t.Columns, func(c Column) bool { return c.Name == name }) {
			keys = append(keys, name)
		}
	}
	for _, c := range t.Columns {
		if strings.HasSuffix(c.Name, "_no") && c.Name != "row_no" {
			keys = append(keys, quoted(c.Name))
		}
	}
	return keys
}

// SQL gives the table's rows in order.
func (t *Table) SQL() string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = quoted(c.Name)
	}
	return fmt.Sprintf("SELECT %s FROM %s ORDER BY %s", strings.Join(names, ", "), quoted(t.Name), t.order)
}

func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
