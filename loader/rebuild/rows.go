package rebuild

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"case53/cases"
	"case53/cases/digest"
	"case53/cases/verify"
	"case53/cases/words"
	"case53/cases/writer"
)

const (
	meansRows    = "rows in the case are not what the bytes in raw/ say: nothing that rests on them holds; case53 rebuild makes them again from raw/"
	meansAdded   = "rows in the case come from no record of raw/: somebody added them"
	meansRemoved = "rows are gone that the bytes in raw/ give: somebody removed them"
)

// side is one of the two databases whose rows are compared.
type side struct {
	ask      digest.Query
	contexts digest.Contexts
}

// compareRows compares the rows of some objects, table by table.
func compareRows(ctx context.Context, c *cases.Case, w *writer.Writer, objects map[uint32]bool) (faults []verify.Fault, err error) {
	here := side{ask: func(ctx context.Context, sql string, args map[string]any) (digest.Rows, error) {
		return c.Query(ctx, sql, args)
	}}
	again := side{ask: w.Query}
	for _, s := range []*side{&here, &again} {
		if s.contexts, err = digest.ReadContexts(ctx, s.ask); err != nil {
			return nil, err
		}
	}
	schemas, err := digest.Schemas(ctx, again.ask)
	if err != nil {
		return nil, err
	}
	for _, id := range slices.Sorted(maps.Keys(objects)) {
		for _, table := range slices.Sorted(maps.Keys(schemas)) {
			found, err := compareTable(ctx, schemas[table], id, &here, &again)
			if err != nil {
				return nil, fmt.Errorf("compare store.%s, object %d: %w", table, id, err)
			}
			faults = append(faults, found...)
		}
	}
	return faults, nil
}

// stretch is rows that have something in common, from the first to the last.
type stretch struct {
	n           int64
	first, last int64 // row_no
	columns     map[string]bool
}

func (s *stretch) add(rowNo int64, columns ...string) {
	if s.n == 0 {
		s.first, s.columns = rowNo, map[string]bool{}
	}
	s.n++
	s.last = rowNo
	for _, c := range columns {
		s.columns[c] = true
	}
}

func (s *stretch) String() string {
	return fmt.Sprintf("%s from row_no %d to %d", words.Plural(s.n, "row", "rows"), s.first, s.last)
}

// compareTable compares the rows that a table has of an object, in the order of their numbers.
func compareTable(ctx context.Context, s *digest.Schema, object uint32, here, again *side) ([]verify.Fault, error) {
	var all [2]digest.Rows
	for i, of := range []*side{here, again} {
		rows, err := of.ask(ctx, s.Select(true), map[string]any{"first": int64(object), "last": int64(object)})
		if err != nil {
			return nil, err
		}
		defer rows.Close()
		all[i] = rows
	}
	var other, added, removed stretch
	is, was := next(all[0]), next(all[1])
	for is != nil || was != nil {
		switch at := order(s, is, was); {
		case at < 0:
			added.add(is[1].(int64))
			is = next(all[0])
		case at > 0:
			removed.add(was[1].(int64))
			was = next(all[1])
		default:
			differ, err := differing(s, is, was, here, again)
			if err != nil {
				return nil, err
			}
			if len(differ) > 0 {
				other.add(was[1].(int64), differ...)
			}
			is, was = next(all[0]), next(all[1])
		}
	}
	for _, rows := range all {
		if err := rows.Err(); err != nil {
			return nil, err
		}
	}
	var faults []verify.Fault
	for _, f := range []struct {
		of          *stretch
		what, means string
	}{
		{&other, "%s, %s: other values of " + strings.Join(slices.Sorted(maps.Keys(other.columns)), ", "), meansRows},
		{&added, "%s, %s: raw/ does not give them", meansAdded},
		{&removed, "%s, %s: raw/ gives them, and they are not there", meansRemoved},
	} {
		if f.of.n > 0 {
			faults = append(faults, verify.Fault{File: "case.duckdb", Object: &object, What: fmt.Sprintf(f.what, "store."+s.Table, f.of), Means: f.means})
		}
	}
	return faults, nil
}

// next gives the next row; nil: there is none.
func next(rows digest.Rows) []any {
	if !rows.Next() {
		return nil
	}
	return slices.Clone(rows.Values())
}

// order says which of two rows comes first; where one side has come to its end, the other's does.
func order(s *digest.Schema, is, was []any) int {
	switch {
	case was == nil:
		return -1
	case is == nil:
		return 1
	}
	at := cmp.Compare(is[1].(int64), was[1].(int64))
	if n := s.Next(); at == 0 && n >= 0 {
		at = cmp.Compare(is[n].(int64), was[n].(int64))
	}
	return at
}

// differing are the columns in which two rows are not the same; of contexts the values count, not their numbers.
func differing(s *digest.Schema, is, was []any, here, again *side) (names []string, err error) {
	for i, c := range s.Columns {
		a, b := is[i], was[i]
		if table := s.ContextsOf(i); table != "" {
			if a, err = here.contexts(table, uint32(is[i].(int64))); err != nil {
				a = nil // a number that stands for nothing is no context of the other side's
			}
			if b, err = again.contexts(table, uint32(was[i].(int64))); err != nil {
				return nil, err
			}
		}
		if !reflect.DeepEqual(a, b) {
			names = append(names, c.Name)
		}
	}
	return names, nil
}
