package second

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"case53/cases"
	"case53/cases/duck"
	"case53/cases/words"
)

// mostRows is how many differing rows a fault names.
const mostRows = 5

// someRows are a number of them, and the first.
type someRows struct {
	n     int64
	first []int64
}

func (s *someRows) add(row int64) {
	if s.n++; s.n <= mostRows {
		s.first = append(s.first, row)
	}
}

// Difference is in what two readings of an object differ.
type Difference struct {
	rows           int64
	columns        map[string]*someRows // rows with another value, by column
	missing, added someRows             // rows that the view lacks, or has alone
	left           int64                // rows that were loaded and not kept as such: outside the window, duplicate
	lacks          bool                 // whether rows may be left out, of a view with several rows a record

	row  int64 // the record whose rows are being compared; of a view with several rows a record
	has  bool  // the view has rows of it
	gone int64 // and lacks these
}

// Told says it in words.
func (d *Difference) Told(view string) (all []string) {
	for _, column := range slices.Sorted(maps.Keys(d.columns)) {
		all = append(all, fmt.Sprintf("%s.%s has another value in %s, the first with row_no %v",
			view, column, words.Plural(d.columns[column].n, "row", "rows"), d.columns[column].first))
	}
	if d.missing.n != d.left {
		all = append(all, fmt.Sprintf("%s lacks %s, the first with row_no %v; %d were outside the window or duplicate",
			view, words.Plural(d.missing.n, "row", "rows"), d.missing.first, d.left))
	}
	if d.added.n > 0 {
		all = append(all, fmt.Sprintf("%s has %s that the second reading does not give, the first with row_no %v",
			view, words.Plural(d.added.n, "row", "rows"), d.added.first))
	}
	return all
}

// of begins a record. Of one that was outside the window or duplicate the view has no row, and need not.
func (d *Difference) of(row int64) {
	if row == d.row {
		return
	}
	if d.has || !d.lacks {
		for range d.gone {
			d.missing.add(d.row)
		}
	}
	d.row, d.has, d.gone = row, false, 0
}

// Viewed is what has views: a case.
type Viewed interface {
	Each(ctx context.Context, sql string, args map[string]any, row func([]any) error) error
}

// Compare compares what a view has of objects with what the second reading gives of their lines, which were read before. Both come in the
// order of their keys.
func Compare(ctx context.Context, c Viewed, conn *duck.Conn, objects []cases.Object, reading Reading) (map[uint32]*Difference, error) {
	rows, err := conn.Query(ctx, strings.TrimSuffix(reading.SQL, ";"), nil)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	m := &merge{theirs: rows, all: map[uint32]*Difference{}, keys: 2} // object_id, row_no
	var columns, ids []string
	for _, column := range rows.Columns() {
		m.names, columns = append(m.names, column.Name), append(columns, `"`+column.Name+`"`)
	}
	if strings.HasSuffix(m.names[2], "_no") {
		m.keys = 3
	}
	for _, o := range objects {
		ids = append(ids, fmt.Sprint(o.ID))
		d := &Difference{columns: map[string]*someRows{}, lacks: o.Outside+o.Duplicate > 0}
		if m.keys == 2 {
			d.left = o.Outside + o.Duplicate
		}
		m.all[o.ID] = d
	}
	m.next()
	err = c.Each(ctx, fmt.Sprintf("SELECT %s FROM %s WHERE object_id IN (%s) ORDER BY %s", strings.Join(columns, ", "), reading.View,
		strings.Join(ids, ", "), strings.Join(columns[:m.keys], ", ")), nil, m.ours)
	for err == nil && m.more {
		m.lack()
	}
	if err == nil {
		err = rows.Err()
	}
	for _, d := range m.all {
		d.of(0)
	}
	return m.all, err
}

// merge walks through the rows of both readings at once.
type merge struct {
	theirs *duck.Rows
	all    map[uint32]*Difference
	names  []string
	keys   int

	more bool // theirs has a row: its key, and its values
	key  [3]int64
	text []string
}

// next takes the next row of the second reading.
func (m *merge) next() {
	if m.more = m.theirs.Next(); m.more {
		m.key, m.text = keyOf(m.theirs.Values(), m.keys), texts(m.theirs.Values())
	}
}

// lack notes that the view lacks the row of the second reading.
func (m *merge) lack() {
	if d := m.all[uint32(m.key[0])]; d != nil && m.keys == 3 {
		d.of(m.key[1])
		d.gone++
	} else if d != nil {
		d.missing.add(m.key[1])
	}
	m.next()
}

// ours takes a row of the view.
func (m *merge) ours(v []any) error {
	key := keyOf(v, m.keys)
	for m.more && slices.Compare(m.key[:], key[:]) < 0 {
		m.lack()
	}
	d := m.all[uint32(key[0])]
	d.rows++
	if m.keys == 3 {
		d.of(key[1])
		d.has = true
	}
	if !m.more || m.key != key {
		d.added.add(key[1])
		return nil
	}
	for i, text := range texts(v) {
		if text != m.text[i] {
			if d.columns[m.names[i]] == nil {
				d.columns[m.names[i]] = &someRows{}
			}
			d.columns[m.names[i]].add(key[1])
		}
	}
	m.next()
	return nil
}

// keyOf are the numbers that a row begins with.
func keyOf(v []any, keys int) (key [3]int64) {
	for i := range keys {
		key[i], _ = v[i].(int64)
	}
	return key
}

// texts are values as text, each told from every other and from NULL.
func texts(v []any) []string {
	out := make([]string, len(v))
	for i, value := range v {
		out[i] = fmt.Sprintf("%v", value)
		if value == nil {
			out[i] = "\x00"
		}
	}
	return out
}
