package writer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"case53/cases"
	"case53/cases/digest"
	"case53/cases/duck"
)

// Tx is a transaction of whole objects: they become part of the case together when it is committed, or not at all.
// One goroutine uses it; several may be open at a time, and each holds its own rows until then.
type Tx struct {
	w         *Writer
	conn      *duck.Conn
	appenders map[string]*duck.Appender
	objects   []cases.Object
	slices    []cases.Slice
	hashers   map[ofObject]*digest.Hasher      // of objects whose rows are coming in
	digests   map[uint32]map[string]digest.Sum // by object: of those whose rows are all there
	done      bool
}

// ofObject is the rows of an object in a table.
type ofObject struct {
	object uint32
	table  string
}

// maxRows is how many rows an appender takes at a time.
const maxRows = 2048

// Begin opens a transaction.
func (w *Writer) Begin(ctx context.Context) (*Tx, error) {
	conn, err := w.db.Connect()
	if err != nil {
		return nil, err
	}
	if err := conn.Exec(ctx, "BEGIN"); err != nil {
		conn.Close()
		return nil, err
	}
	return &Tx{w: w, conn: conn, appenders: map[string]*duck.Appender{},
		hashers: map[ofObject]*digest.Hasher{}, digests: map[uint32]map[string]digest.Sum{}}, nil
}

// Append adds n rows of one object to store.<table>; see duck.Appender for the types of columns.
func (t *Tx) Append(table string, n int, cols []any, valid [][]uint64) error {
	a, ok := t.appenders[table]
	if !ok {
		var err error
		if a, err = t.conn.NewAppender("case", "store", table); err != nil {
			return err
		}
		t.appenders[table] = a
	}
	if s := t.w.schemas[table]; s != nil && n > 0 {
		if err := t.digest(s, n, cols, valid); err != nil {
			return err
		}
	}
	return a.Append(n, cols, valid)
}

// Rejects adds rejects of an object.
func (t *Tx) Rejects(objectID uint32, rejects []cases.Reject) error {
	for len(rejects) > 0 {
		part := rejects[:min(maxRows, len(rejects))]
		rejects = rejects[len(part):]
		ids, nos, sizes := make([]uint32, len(part)), make([]uint32, len(part)), make([]int64, len(part))
		reasons, bytes := make([][]byte, len(part)), make([][]byte, len(part))
		for i, r := range part {
			ids[i], nos[i], sizes[i], reasons[i], bytes[i] = objectID, r.RowNo, r.Size, []byte(r.Reason), r.Bytes
		}
		if err := t.Append("reject", len(part), []any{ids, nos, reasons, sizes, bytes}, make([][]uint64, 5)); err != nil {
			return err
		}
	}
	return nil
}

// Events adds what CloudWatch Logs says of an object's records.
func (t *Tx) Events(objectID uint32, events []cases.Event) error {
	for len(events) > 0 {
		part := events[:min(maxRows, len(events))]
		events = events[len(part):]
		n := len(part)
		ids, nos, keys, names := make([]uint32, n), make([]uint32, n), make([][2]uint64, n), make([][]byte, n)
		stamps, ingested := make([]int64, n), make([]int64, n)
		stamped, wasIngested := make([]uint64, maxRows/64), make([]uint64, maxRows/64)
		for i, e := range part {
			ids[i], nos[i], keys[i], names[i], stamps[i], ingested[i] = objectID, e.RowNo, e.Key, []byte(e.ID), e.Timestamp, e.Ingestion
			if e.Timestamp != 0 {
				stamped[i>>6] |= 1 << (i & 63)
			}
			if e.Ingestion != 0 {
				wasIngested[i>>6] |= 1 << (i & 63)
			}
		}
		if err := t.Append("event", n, []any{ids, nos, keys, names, stamps, ingested}, [][]uint64{nil, nil, nil, nil, stamped, wasIngested}); err != nil {
			return err
		}
	}
	return nil
}

// Object adds an object's own row, after a Flush of all its other rows. An object whose counts do not balance, or are not those of
// its parts, or whose rows are not all flushed, is refused: it would be a bug.
func (t *Tx) Object(o cases.Object) error {
	var parts cases.Counts
	for _, p := range o.Parts {
		parts.Add(p.Counts)
	}
	if !o.Balanced() || parts != o.Counts {
		return fmt.Errorf("%s: %+v does not balance (parts: %+v)", o, o.Counts, parts)
	}
	for of := range t.hashers {
		if of.object == o.ID {
			return fmt.Errorf("%s: its rows of store.%s are not flushed", o, of.table)
		}
	}
	o.Digests = t.digests[o.ID]
	t.objects = append(t.objects, o)
	return nil
}

// writeObjects adds the rows of store.object and store.object_part.
func (t *Tx) writeObjects() error {
	var parts []cases.Part
	for _, o := range t.objects {
		for _, p := range o.Parts {
			p.ObjectID = o.ID
			parts = append(parts, p)
		}
	}
	if err := appendRows(t, "object", t.objects, objectRows); err != nil {
		return err
	}
	var sums []objectSum
	for _, o := range t.objects {
		for _, table := range slices.Sorted(maps.Keys(o.Digests)) {
			sums = append(sums, objectSum{o.ID, table, o.Digests[table]})
		}
	}
	if err := appendRows(t, "digest", sums, sumRows); err != nil {
		return err
	}
	return appendRows(t, "object_part", parts, partRows)
}

// appendRows adds rows of a table, as many at a time as an appender takes.
func appendRows[T any](t *Tx, table string, all []T, columns func([]T) ([]any, [][]uint64)) error {
	for len(all) > 0 {
		some := all[:min(maxRows, len(all))]
		all = all[len(some):]
		cols, valid := columns(some)
		if err := t.Append(table, len(some), cols, valid); err != nil {
			return err
		}
	}
	return nil
}

// Flush hands what was added to DuckDB: the objects whose rows were added are whole. Commit does so too; but then other
// transactions wait.
func (t *Tx) Flush(ctx context.Context) error {
	for _, a := range t.appenders {
		if err := a.Flush(); err != nil {
			return err
		}
	}
	return t.settle(ctx)
}

// Commit makes the transaction's objects part of the case and writes the custody log. Commits are one at a time.
func (t *Tx) Commit(ctx context.Context) error {
	t.w.mu.Lock()
	defer t.w.mu.Unlock()
	if err := t.writeObjects(); err != nil {
		return err
	}
	if err := appendRows(t, "slice", t.slices, sliceRows); err != nil {
		return err
	}
	if err := t.Flush(ctx); err != nil {
		return err
	}
	written, err := t.w.dict.write(t.conn)
	if err == nil {
		err = t.w.anchor(ctx, t.conn)
	}
	if err != nil {
		return err
	}
	if err := t.conn.Exec(ctx, "COMMIT"); err != nil {
		return err
	}
	written()
	t.close()
	return errors.Join(t.w.logObjects("object.load", t.objects), t.w.logSlices(t.slices))
}

// logObjects writes a custody line for each object.
func (w *Writer) logObjects(action string, objects []cases.Object) error {
	details := make([]any, len(objects))
	for i, o := range objects {
		details[i] = o.Summary()
	}
	return w.note(action, details...)
}

// Rollback gives the transaction up; after Commit it does nothing.
func (t *Tx) Rollback() {
	if !t.done {
		t.close()
	}
}

// close gives the connection back; what was not committed is rolled back with it.
func (t *Tx) close() {
	t.done = true
	for _, a := range t.appenders {
		a.Close()
	}
	t.conn.Close()
}
