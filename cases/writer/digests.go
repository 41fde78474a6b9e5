package writer

import (
	"context"
	"fmt"

	"case53/cases/digest"
	"case53/cases/duck"
)

// loadSchemas learns which tables have rows of objects.
func (w *Writer) loadSchemas(ctx context.Context) (err error) {
	w.schemas, err = digest.Schemas(ctx, queryOf(w.conn))
	return err
}

// queryOf asks on a connection.
func queryOf(conn *duck.Conn) digest.Query {
	return func(ctx context.Context, sql string, args map[string]any) (digest.Rows, error) {
		return conn.Query(ctx, sql, args)
	}
}

// digest takes rows that are about to be appended.
func (t *Tx) digest(s *digest.Schema, n int, cols []any, valid [][]uint64) error {
	objects, ok := cols[0].([]uint32)
	if !ok || objects[0] != objects[n-1] {
		return fmt.Errorf("store.%s: rows of more than one object at a time", s.Table)
	}
	key := ofObject{objects[0], s.Table}
	h := t.hashers[key]
	if h == nil {
		h = digest.New(s, t.w.dict.sum)
		t.hashers[key] = h
	}
	return h.Add(n, cols, valid)
}

// settle sums up the objects whose rows are all there. Rows of several log streams may come in out of order: those are read
// again, in order.
func (t *Tx) settle(ctx context.Context) error {
	for of, h := range t.hashers {
		sum := h.Sum()
		if h.Unsorted {
			var err error
			if sum, err = t.w.readDigest(ctx, t.conn, of); err != nil {
				return err
			}
		}
		if t.digests[of.object] == nil {
			t.digests[of.object] = map[string]digest.Sum{}
		}
		t.digests[of.object][of.table] = sum
		delete(t.hashers, of)
	}
	return nil
}

// readDigest is the digest of rows that are in the table.
func (w *Writer) readDigest(ctx context.Context, conn *duck.Conn, of ofObject) (digest.Sum, error) {
	s := w.schemas[of.table]
	rows, err := conn.Query(ctx, s.Select(true), map[string]any{"first": int64(of.object), "last": int64(of.object)})
	if err != nil {
		return digest.Sum{}, err
	}
	defer rows.Close()
	var sum digest.Sum
	err = s.Read(rows, w.dict.sum, func(_ uint32, h *digest.Hasher) error {
		sum = h.Sum()
		return nil
	})
	return sum, err
}

// objectSum is a row of store.digest.
type objectSum struct {
	object uint32
	table  string
	digest.Sum
}

func sumRows(part []objectSum) (cols []any, valid [][]uint64) {
	ids, rows := make([]uint32, len(part)), make([]int64, len(part))
	names, sums := make([][]byte, len(part)), make([][]byte, len(part))
	for i, s := range part {
		ids[i], names[i], rows[i], sums[i] = s.object, []byte(s.table), s.Rows, []byte(s.Digest)
	}
	return []any{ids, names, rows, sums}, make([][]uint64, 4)
}
