package verify

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"case53/cases/digest"
)

// ofTable is the rows of an object in a table.
type ofTable struct {
	object uint32
	table  string
}

// sums are the digests of the rows as they are now: in the database, or in the tables of a bag.
type sums struct {
	r        *run
	schemas  map[string]*digest.Schema
	ask      digest.Query
	contexts digest.Contexts
	found    map[ofTable]digest.Sum // under r.mu
	again    map[ofTable]bool       // rows in several places, or out of order: under r.mu
	file     func(table string) string
}

func newSums(r *run, schemas map[string]*digest.Schema, contexts digest.Contexts) *sums {
	return &sums{r: r, schemas: schemas, contexts: contexts, found: map[ofTable]digest.Sum{}, again: map[ofTable]bool{}}
}

// read takes the rows of a part.
func (s *sums) read(ctx context.Context, p part, sorted bool) error {
	rows, err := s.ask(ctx, p.schema.Select(sorted), map[string]any{"first": int64(p.first), "last": int64(p.last)})
	if err != nil {
		return err
	}
	defer rows.Close()
	return p.schema.Read(rows, s.contexts, func(object uint32, h *digest.Hasher) error {
		of, sum := ofTable{object, p.schema.Table}, h.Sum()
		s.r.mu.Lock()
		defer s.r.mu.Unlock()
		_, twice := s.found[of]
		if !sorted && (twice || h.Unsorted) {
			s.again[of] = true
		}
		s.found[of] = sum
		if h.Unsorted && sorted {
			s.found[of] = digest.Sum{Rows: -1}
		}
		return nil
	})
}

// compare tells of every object whose rows are not those that were loaded. Of a load that was killed some objects may not be in
// the log yet.
func (s *sums) compare(ctx context.Context) error {
	for of := range s.again {
		if err := s.read(ctx, part{s.schemas[of.table], of.object, of.object}, true); err != nil {
			return err
		}
	}
	want := map[ofTable]digest.Sum{}
	for id, o := range s.r.log.objects {
		for table, sum := range o.digests {
			want[ofTable{id, table}] = sum
		}
	}
	all := maps.Clone(s.found)
	maps.Copy(all, want)
	for _, of := range slices.SortedFunc(maps.Keys(all), func(a, b ofTable) int {
		return cmp.Or(cmp.Compare(a.object, b.object), cmp.Compare(a.table, b.table))
	}) {
		now, then := s.found[of], want[of]
		_, logged := s.r.log.objects[of.object]
		s.r.result.Checked.Rows += max(now.Rows, 0)
		if now != then && (logged || !s.r.log.open) {
			s.r.fault(s.file(of.table), of.object, meansRows, "store.%s, object %d, %s", of.table, of.object, difference(now, then))
		}
	}
	return nil
}

// difference says in which way rows are not those that were loaded.
func difference(now, then digest.Sum) string {
	switch {
	case then.Rows == 0:
		return fmt.Sprintf("has rows 1 to %d, and none were loaded", now.Rows)
	case now.Rows < 0:
		return "has rows that have the same row_no, or that are not in order"
	case now.Rows != then.Rows:
		return fmt.Sprintf("has %d rows; %d were loaded, with the digest %s", now.Rows, then.Rows, then.Digest)
	}
	return fmt.Sprintf("rows 1 to %d come to the digest %s; as they were loaded, to %s", now.Rows, now.Digest, then.Digest)
}
