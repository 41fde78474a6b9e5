// Package repeat is how anybody gets the same result again without us: the digest of its rows, the statements for a stock
// duckdb, and the command.
//
// The digest is the SHA-256 of the rows as CSV, in the very bytes that a stock duckdb writes with those statements. What a
// result rests on is its rows; nothing about them is rounded, cut or escaped here.
//
// The package runs nothing, and refuses nothing: it takes rows that somebody else reads.
package repeat

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

// Receipt is what a result comes with.
type Receipt struct {
	SHA256             string // of its rows: see Digest
	Rows               int64
	Statement, Command string // for a stock duckdb, and for case53
}

// Digest is the SHA-256 of the rows of a query as CSV: a line of column names and a line a row, every field in quotes, a
// quote in it doubled, NULL as nothing without quotes, lines ending in LF. The text of a value is DuckDB's own, so that a
// stock duckdb writes the same bytes: COPY (…) TO 'FILE' (FORMAT csv, HEADER true, FORCE_QUOTE *, NULLSTR empty).
type Digest struct {
	h     hash.Hash
	rows  int64
	begun bool
}

// NewDigest begins a digest.
func NewDigest() *Digest { return &Digest{h: sha256.New()} }

// Statement gives every column twice: as it is, and as DuckDB's text.
func (d *Digest) Statement(sql string) string {
	return "SELECT COLUMNS(*), CAST(COLUMNS(*) AS VARCHAR) FROM (\n" + sql + "\n)"
}

// Row takes a row of the statement and gives back its first half.
func (d *Digest) Row(columns []cases.Column, values []any) ([]cases.Column, []any) {
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

// End writes the header of a result without rows.
func (d *Digest) End(columns []cases.Column) { d.header(columns[:len(columns)/2]) }

func (d *Digest) header(columns []cases.Column) {
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

func (d *Digest) line(fields []string) {
	d.h.Write([]byte(strings.Join(fields, ",") + "\n"))
}

// Rows is how many rows it has taken.
func (d *Digest) Rows() int64 { return d.rows }

// Sum is the digest of what it has taken, in hexadecimal digits.
func (d *Digest) Sum() string { return hex.EncodeToString(d.h.Sum(nil)) }

func quoteCSV(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// Statements is the statements that make a stock duckdb write the result of a query to a file that has the digest.
func Statements(id, sql string, args map[string]any) string {
	var names []string
	for name := range args {
		names = append(names, name)
	}
	slices.Sort(names)
	var values []string
	for _, name := range names {
		values = append(values, fmt.Sprintf("%q := %s", name, Literal(args[name])))
	}
	execute := "EXECUTE q"
	if len(values) > 0 {
		execute += "(" + strings.Join(values, ", ") + ")"
	}
	return fmt.Sprintf("PREPARE q AS COPY (\n%s\n) TO '%s.csv' (FORMAT csv, HEADER true, FORCE_QUOTE *, NULLSTR '');\n%s;", sql, id, execute)
}

// Literal is an argument of queries.Query.Bind as SQL.
func Literal(v any) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case string:
		return Text(v)
	case time.Time:
		return "TIMESTAMP " + Text(v.UTC().Format("2006-01-02 15:04:05.999999"))
	default:
		return fmt.Sprint(v)
	}
}

// Text is a text as SQL. SQL has no NUL: one in the text is written chr(0).
func Text(s string) string {
	quoted := "'" + strings.ReplaceAll(s, "'", "''") + "'"
	if !strings.Contains(s, "\x00") {
		return quoted
	}
	return "(" + strings.ReplaceAll(quoted, "\x00", "' || chr(0) || '") + ")"
}
