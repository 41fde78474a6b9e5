package entities

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"case53/cases"
	"case53/queries"
)

// Rows is the answer to a query, read as far as somebody looks.
type Rows interface {
	Columns() []cases.Column
	Fetch(ctx context.Context, off, n int) ([][]cases.Cell, error)
	Count() (n int, complete bool)
	Close()
}

// Ask asks the case; apart is for SQL that is not ours.
type Ask func(ctx context.Context, sql string, args map[string]any, apart bool) (Rows, error)

// Part is a part of a page: the first rows of a query.
type Part struct {
	Query   *queries.Query
	Columns []cases.Column
	Rows    [][]cases.Cell
	Of      int  // how many rows there are
	All     bool // it was not asked for the window that was given
}

// mostRows bounds how far rows are counted.
const mostRows = 1 << 30

// Read asks for a part of the page of a value; given are values for parameters that the query has. most is how many rows are
// kept.
func Read(ctx context.Context, ask Ask, q *queries.Query, value string, given map[string]string, most int) (Part, error) {
	p := Part{Query: q}
	values := map[string]string{q.Subject().Name: value}
	for name, text := range given {
		if q.Param(name) != nil {
			values[name] = text
		}
	}
	p.All = (given["from"] != "" || given["to"] != "") && (q.Param("from") == nil || q.Param("to") == nil)
	sql, args, err := q.Bind(values)
	if err != nil {
		return p, err
	}
	r, err := ask(ctx, sql, args, !q.Builtin)
	if err != nil {
		return p, err
	}
	defer r.Close()
	p.Columns = slices.Clone(r.Columns())
	for i, c := range p.Columns {
		if kind, ok := q.Columns[c.Name]; ok {
			p.Columns[i].Kind = kind
		}
	}
	if p.Rows, err = r.Fetch(ctx, 0, most); err != nil {
		return p, err
	}
	if p.Of = len(p.Rows); p.Of == most {
		if _, err := r.Fetch(ctx, mostRows, 1); err != nil {
			return p, err
		}
		p.Of, _ = r.Count()
	}
	return p, nil
}

// RecordsOf are the arguments that lead from a row to its records, by the query that q names for them.
func (p Part) RecordsOf(of *queries.Query, value string, row []cases.Cell) map[string]string {
	subject := p.Query.Subject()
	values := map[string]string{}
	for _, param := range of.Params {
		i := slices.IndexFunc(p.Columns, func(c cases.Column) bool { return c.Name == param.Name })
		switch {
		case i >= 0 && i < len(row) && !row[i].Null:
			values[param.Name] = row[i].Text
		case param.Name == subject.Name && param.Kind == subject.Kind:
			values[param.Name] = value
		}
	}
	return values
}

// Cell is the value of a column of a row; ok is false where it has none.
func (p Part) Cell(row []cases.Cell, column string) (c cases.Cell, ok bool) {
	i := slices.IndexFunc(p.Columns, func(c cases.Column) bool { return c.Name == column })
	if i < 0 || i >= len(row) || row[i].Null {
		return c, false
	}
	return row[i], true
}

// OverTime is the column that counts the records of a row over time.
const OverTime = "over_time"

// bucketsFrom is the moment that the database counts from, where it puts times into counts of a length: a Monday.
const bucketsFrom = 946857600 // 2000-01-03T00:00:00Z

// Counts are those of a row over a span, in steps of so long. What lies outside the span is left out; the count that the span begins in is
// whole. They are in seconds: a span may be longer than a time.Duration can be.
func Counts(c cases.Cell, span cases.Span, every time.Duration) []int64 {
	var all []struct {
		Key   time.Time `json:"key"`
		Value int64     `json:"value"`
	}
	step := int64(every / time.Second)
	if c.Null || step <= 0 || !span.From.Before(span.To) || json.Unmarshal([]byte(c.Text), &all) != nil {
		return nil
	}
	before := (span.From.Unix() - bucketsFrom) % step
	if before < 0 {
		before += step
	}
	first, last := span.From.Unix()-before, span.To.Add(time.Second-1).Unix()
	counts := make([]int64, (last-first+step-1)/step)
	for _, n := range all {
		if at := n.Key.Unix(); at > first-step && at < last {
			counts[max(at-first, 0)/step] += n.Value
		}
	}
	return counts
}

// Every is how long a count over a span goes, so that there are at most so many: a length that people count in.
func Every(span cases.Span, most int) time.Duration {
	for _, minutes := range []int{1, 2, 5, 10, 20, 30, 60, 2 * 60, 3 * 60, 6 * 60, 12 * 60} {
		if every := time.Duration(minutes) * time.Minute; span.To.Sub(span.From)-time.Microsecond <= time.Duration(most)*every {
			return every
		}
	}
	const day = 24 * time.Hour
	return min(span.To.Sub(span.From)/day/time.Duration(max(most, 1))+1, 365) * day // a record may claim any year
}

// MarshalJSON gives the rows as objects: times in RFC 3339, numbers as numbers, what is absent as null.
func (p Part) MarshalJSON() ([]byte, error) {
	rows := make([]json.RawMessage, 0, len(p.Rows))
	for _, row := range p.Rows {
		var b bytes.Buffer
		b.WriteByte('{')
		for i, c := range p.Columns {
			if i > 0 {
				b.WriteByte(',')
			}
			name, err := json.Marshal(c.Name)
			if err != nil {
				return nil, err
			}
			value, err := json.Marshal(jsonOf(c, row[i]))
			if err != nil {
				return nil, err
			}
			b.Write(append(append(name, ':'), value...))
		}
		b.WriteByte('}')
		rows = append(rows, b.Bytes())
	}
	return json.Marshal(struct {
		Part   string            `json:"part"`
		Title  string            `json:"title"`
		Query  string            `json:"query"`
		Cannot string            `json:"cannot"`
		All    bool              `json:"all"` // whatever the window
		Rows   []json.RawMessage `json:"rows"`
		Of     int               `json:"of_rows"`
	}{p.Query.Page.Part, p.Query.Page.Heading, p.Query.ID, p.Query.Cannot, p.All, rows, p.Of})
}

// jsonOf is a cell as JSON has it.
func jsonOf(c cases.Column, cell cases.Cell) any {
	kind, _, _ := strings.Cut(c.Type, "(")
	switch {
	case cell.Null:
		return nil
	case strings.HasPrefix(kind, "TIMESTAMP"):
		if t, err := time.Parse("2006-01-02 15:04:05.999999", cell.Text); err == nil {
			return t.UTC().Format(time.RFC3339Nano)
		}
	case kind == "BOOLEAN":
		return cell.Text == "true"
	case kind != "VARCHAR" && kind != "UUID" && json.Valid([]byte(cell.Text)):
		return json.RawMessage(cell.Text)
	}
	return cell.Text
}
