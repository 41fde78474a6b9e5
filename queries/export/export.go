package export

import (
	"bufio"
	"context"
	"errors"
	"io"

	"case53/cases"
)

// rowWriter writes a result in one form.
type rowWriter interface {
	Row(values []any) error
	End() error
}

// Format is a form of rows.
type Format struct {
	Name  string
	Title string // what it is, in a few words
	// begin starts writing; a terminal is shown what a file is given as it is. Nil: DuckDB writes the form itself.
	begin func(w *bufio.Writer, columns []cases.Column, terminal bool) rowWriter
}

// Formats are all forms, in the order in which they are told.
func Formats() []Format {
	return []Format{
		{"table", "aligned columns, for reading", newTable},
		{"csv", "RFC 4180 with a header, values exact", newCSV},
		{"json", "one array of objects", newJSON},
		{"jsonl", "an object a line", newJSONL},
		{"parquet", "a Parquet file", nil},
		{"md", "a table in Markdown", newMarkdown},
	}
}

// Find finds a form by its name.
func Find(name string) (Format, bool) {
	for _, f := range Formats() {
		if f.Name == name {
			return f, true
		}
	}
	return Format{}, false
}

// Binary says whether the form is not for a terminal.
func (f Format) Binary() bool { return f.begin == nil }

// Query runs a query on a case and writes what it gives.
func (f Format) Query(ctx context.Context, w io.Writer, k *cases.Case, sql string, args map[string]any, terminal bool) error {
	if f.begin == nil {
		return writeParquet(ctx, w, k, sql, args)
	}
	rows, err := k.Query(ctx, sql, args)
	if err != nil {
		return err
	}
	defer rows.Close()
	return f.write(w, rows, terminal)
}

// writeParquet lets DuckDB write the result to a file of its own, and copies that.
func writeParquet(ctx context.Context, w io.Writer, k *cases.Case, sql string, args map[string]any) (err error) {
	f, err := k.Parquet(ctx, sql, args)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	_, err = io.Copy(w, f)
	return err
}

// write writes every row.
func (f Format) write(w io.Writer, rows *cases.Rows, terminal bool) error {
	out := bufio.NewWriterSize(w, 64<<10)
	form := f.begin(out, rows.Columns(), terminal)
	for rows.Next() {
		if err := form.Row(rows.Values()); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return errors.Join(err, out.Flush())
	}
	if err := form.End(); err != nil {
		return err
	}
	return out.Flush()
}
