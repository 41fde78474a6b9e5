package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"strings"
	"time"

	"case53/cases"
)

// digest is the SHA-256 of the rows of a query as CSV: a line of column names and a line a row, every field in quotes, a
// quote in it doubled, NULL as nothing without quotes, lines ending in LF. The text of a value is DuckDB's own, so that a
// stock duckdb writes the same bytes: COPY (…) TO 'FILE' (FORMAT csv, HEADER true, FORCE_QUOTE *, NULLSTR empty).
type digest struct {
	h     hash.Hash
	rows  int64
	begun bool
}

func newDigest() *digest { return &digest{h: sha256.New()} }

// statement gives every column twice: as it is, and as DuckDB's text.
func (d *digest) statement(sql string) string {
	return "SELECT COLUMNS(*), CAST(COLUMNS(*) AS VARCHAR) FROM (\n" + sql + "\n)"
}

// row takes a row of the statement and gives back its first half.
func (d *digest) row(columns []cases.Column, values []any) ([]cases.Column, []any) {
	half := len(columns) / 2
	d.header(columns[:half])
	fields := make([]string, half)
	for i, v := range values[half:] {
		if text, ok := v.(string); ok {
			fields[i] = quoteCSV(text)
		}
	}
	d.line(fields)
	d.rows++
	return columns[:half], values[:half]
}

// end writes the header of a result without rows.
func (d *digest) end(columns []cases.Column) { d.header(columns[:len(columns)/2]) }

func (d *digest) header(columns []cases.Column) {
	if d.begun {
		return
	}
	d.begun = true
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = quoteCSV(c.Name)
	}
	d.line(names)
}

func (d *digest) line(fields []string) {
	d.h.Write([]byte(strings.Join(fields, ",") + "\n"))
}

func (d *digest) sum() string { return hex.EncodeToString(d.h.Sum(nil)) }

func quoteCSV(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// stock is the statements that make a stock duckdb write the result of a query to a file that has the digest.
func stock(id, sql string, args map[string]any) string {
	var names []string
	for name := range args {
		names = append(names, name)
	}
	slices.Sort(names)
	var values []string
	for _, name := range names {
		values = append(values, fmt.Sprintf("%q := %s", name, literal(args[name])))
	}
	execute := "EXECUTE q"
	if len(values) > 0 {
		execute += "(" + strings.Join(values, ", ") + ")"
	}
	return fmt.Sprintf("PREPARE q AS COPY (\n%s\n) TO '%s.csv' (FORMAT csv, HEADER true, FORCE_QUOTE *, NULLSTR '');\n%s;", sql, id, execute)
}

// literal is an argument of queries.Query.Bind as SQL.
func literal(v any) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case string:
		return sqlText(v)
	case time.Time:
		return "TIMESTAMP " + sqlText(v.UTC().Format("2006-01-02 15:04:05.999999"))
	default:
		return fmt.Sprint(v)
	}
}

func sqlText(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
