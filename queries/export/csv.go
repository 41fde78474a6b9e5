package export

import (
	"bufio"
	"encoding/csv"

	"case53/cases"
	"case53/cases/safetext"
)

// csvRows writes RFC 4180 with a header. In a file the values are exact; on a terminal they are made visible.
type csvRows struct {
	w    *csv.Writer
	show func(string) string
}

func newCSV(w *bufio.Writer, columns []cases.Column, terminal bool) rowWriter {
	c := &csvRows{w: csv.NewWriter(w), show: func(s string) string { return s }}
	if terminal {
		c.show = safetext.Show
	}
	var names []string
	for _, col := range columns {
		names = append(names, c.show(col.Name))
	}
	c.w.Write(names)
	return c
}

func (c *csvRows) Row(values []any) error {
	record := make([]string, len(values))
	for i, v := range values {
		record[i] = c.show(cases.CellOf(v).Text)
	}
	return c.w.Write(record)
}

func (c *csvRows) End() error {
	c.w.Flush()
	return c.w.Error()
}
