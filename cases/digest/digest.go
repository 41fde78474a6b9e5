// Package digest makes content digests: one for the rows that a table has of one source object. It depends on the values alone, not
// on how, where, in what order or by what version DuckDB stores them. FORMAT.md, section 12, is its specification; anybody can
// compute the same with a stock duckdb and sha256sum.
//
// Rules: a digest is of values, column by column, in the order of row_no. What is only a number of ours is not in it: object_id is
// left out, and a context_id stands for the values of its context. There is no sum or XOR of row hashes, which can be forged by
// linear algebra. The package refuses types that it has no bytes for.
package digest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"strings"
)

// Version stands in the first line of what is hashed.
const Version = "case53 digest 1"

// Column is a column of a stored table. Type is DuckDB's name of its type.
type Column struct{ Name, Type string }

// Schema is what is digested of a table.
type Schema struct {
	Table    string
	Columns  []Column
	contexts []string // by column: the table of contexts that it numbers; ""
	rowNo    int
	next     int // the column that numbers rows of the same row_no; -1
}

// Contexts gives the SHA-256 of a context's values (see Context) by its number in a table of contexts.
type Contexts func(table string, id uint32) ([sha256.Size]byte, error)

// NewSchema reads which columns a table has. tables are all tables of the schema: among them are those of the contexts. ok is
// false where the table has no rows of objects.
func NewSchema(table string, columns []Column, tables map[string]bool) (s *Schema, ok bool, err error) {
	s = &Schema{Table: table, Columns: columns, contexts: make([]string, len(columns)), rowNo: -1, next: -1}
	if len(columns) < 2 || columns[0].Name != "object_id" || columns[1].Name != "row_no" {
		return nil, false, nil
	}
	s.rowNo = 1
	for i, c := range columns {
		if i > s.rowNo && s.next < 0 && strings.HasSuffix(c.Name, "_no") {
			s.next = i
		}
		if c.Name == "context_id" || strings.HasSuffix(c.Name, "_context_id") {
			if s.contexts[i], err = contextsOf(table, c.Name, columns, tables); err != nil {
				return nil, false, err
			}
			continue
		}
		if _, known := widths[c.Type]; !known {
			return nil, false, fmt.Errorf("%s.%s: no digest of a %s", table, c.Name, c.Type)
		}
	}
	return s, true, nil
}

// contextsOf is the table that a column numbers: of dns_answer, context_id numbers dns_context and answer_context_id
// dns_answer_context; of waf_header, context_id numbers waf_header_context. It is the first words of the table's own name, as many as
// there is such a table for that a column with a longer name does not number.
func contextsOf(table, column string, columns []Column, tables map[string]bool) (found string, err error) {
	rest := strings.TrimSuffix(column, "_id")
	for i, r := range table + "_" {
		if r == '_' && tables[table[:i]+"_"+rest] && !numberedByLonger(table[:i]+"_"+rest, column, columns) {
			found = table[:i] + "_" + rest
		}
	}
	if found == "" {
		err = fmt.Errorf("%s.%s: no table of its contexts", table, column)
	}
	return found, err
}

// numberedByLonger says whether a table of contexts ends as a column does whose name is longer.
func numberedByLonger(contexts, column string, columns []Column) bool {
	return slices.ContainsFunc(columns, func(c Column) bool {
		rest, ok := strings.CutSuffix(c.Name, "_id")
		return ok && len(c.Name) > len(column) && strings.HasSuffix(rest, "_context") && strings.HasSuffix(contexts, "_"+rest)
	})
}

// ContextsOf is the table of contexts that a column numbers, by its index; "" where it is none.
func (s *Schema) ContextsOf(column int) string { return s.contexts[column] }

// Next is the index of the column that numbers rows of the same row_no; -1 where there is none.
func (s *Schema) Next() int { return s.next }

// OrderBy are the columns by which rows are in order.
func (s *Schema) OrderBy() string {
	if s.next >= 0 {
		return "object_id, row_no, " + s.Columns[s.next].Name
	}
	return "object_id, row_no"
}

// Sum is the digest of the rows that a table has of an object.
type Sum struct {
	Rows   int64  `json:"rows"`
	Digest string `json:"digest"`
}

// Hasher takes the rows of one table and object. It is used by one goroutine.
type Hasher struct {
	schema   *Schema
	contexts Contexts
	columns  []columnHash
	rows     int64
	last     [2]int64 // row_no and number of the last row
	Unsorted bool     // rows came out of order: the sum is of no use
	scratch  []byte
}

// New begins the digest of a table's rows of one object.
func New(s *Schema, contexts Contexts) *Hasher {
	h := &Hasher{schema: s, contexts: contexts, columns: make([]columnHash, len(s.Columns))}
	for i := range h.columns[1:] {
		h.columns[i+1].values = sha256.New()
	}
	return h
}

// Add takes n rows as duck.Appender.Append does.
func (h *Hasher) Add(n int, cols []any, valid [][]uint64) error { return h.AddRange(0, n, cols, valid) }

// AddRange is Add of the rows from and up to, without to.
func (h *Hasher) AddRange(from, to int, cols []any, valid [][]uint64) error {
	if len(cols) != len(h.columns) {
		return fmt.Errorf("digest of %s: %d columns, want %d", h.schema.Table, len(cols), len(h.columns))
	}
	numbers, ok := cols[h.schema.rowNo].([]uint32)
	if !ok {
		return fmt.Errorf("digest of %s: row_no is %T", h.schema.Table, cols[h.schema.rowNo])
	}
	if err := h.inOrder(from, to, numbers, cols); err != nil || h.Unsorted {
		return err
	}
	for i := 1; i < len(cols); i++ {
		var err error
		if table := h.schema.contexts[i]; table != "" {
			err = h.addContexts(&h.columns[i], table, from, to, numbers, cols[i])
		} else {
			err = h.addValues(&h.columns[i], h.schema.Columns[i].Type, from, to, cols[i], valid[i])
		}
		if err != nil {
			return fmt.Errorf("digest of %s.%s: %w", h.schema.Table, h.schema.Columns[i].Name, err)
		}
	}
	h.rows += int64(to - from)
	return nil
}

// inOrder looks whether rows follow those before.
func (h *Hasher) inOrder(from, to int, numbers []uint32, cols []any) error {
	next := func(int) int64 { return 0 }
	if h.schema.next >= 0 {
		switch col := cols[h.schema.next].(type) {
		case []uint32:
			next = func(i int) int64 { return int64(col[i]) }
		case []int64:
			next = func(i int) int64 { return col[i] }
		default:
			return fmt.Errorf("digest of %s: %s is %T", h.schema.Table, h.schema.Columns[h.schema.next].Name, col)
		}
	}
	for i := from; i < to; i++ {
		now := [2]int64{int64(numbers[i]), next(i)}
		if now[0] < h.last[0] || now[0] == h.last[0] && now[1] <= h.last[1] && (h.rows > 0 || i > from) {
			h.Unsorted = true
			return nil
		}
		h.last = now
	}
	return nil
}

// Sum is the digest of what was taken.
func (h *Hasher) Sum() Sum {
	text := fmt.Appendf(nil, "%s\n%s %d\n", Version, h.schema.Table, h.rows)
	for i, c := range h.schema.Columns {
		if i == 0 {
			continue
		}
		kind := c.Type
		if h.schema.contexts[i] != "" {
			kind = h.schema.contexts[i]
		}
		text = fmt.Appendf(text, "%s %s %s %s\n", c.Name, kind, hexOf(h.columns[i].values), hexOf(h.columns[i].second()))
	}
	sum := sha256.Sum256(text)
	return Sum{Rows: h.rows, Digest: hex.EncodeToString(sum[:])}
}

func hexOf(h hash.Hash) string {
	if h == nil {
		return "-"
	}
	return hex.EncodeToString(h.Sum(nil))
}
