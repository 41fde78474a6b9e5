package writer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"case53/cases"
	"case53/cases/internal/layout"
)

// Derive writes the records down, closes them, and brings the derived tables up to the last object, each in one transaction with
// the note of how far it has come. Until the next Capture the records can only be read.
//
// Where the SQL has $after, the table gets the objects it does not have yet as one more sorted run, or, where it has $upto
// too, as runs of about runRows records, which are sorted without spilling to disk. Where it has neither, new objects
// change old rows, and the SQL empties the table and builds it anew; where that has $part and $parts, its last statement
// does so in parts of about joinedRows records; what its Step computes comes after. A step that nothing has changed for is only
// noted. progress is told the table's name.
func (w *Writer) Derive(ctx context.Context, progress func(name string)) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.writeDown(); err != nil {
		return err
	}
	w.closeDatabase()
	return w.derive(ctx, progress)
}

// Build brings what is derived from the records of the case in dir up to them, and changes nothing else: a sealed case may be built
// too.
func Build(ctx context.Context, dir string, schemas []cases.Schema, progress func(name string)) (err error) {
	if dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	if err := layout.CheckNames(dir); err != nil {
		return err
	}
	w := &Writer{Dir: dir}
	if err := w.learn(ctx, schemas); err != nil {
		return err
	}
	if err := w.takeLock(); err != nil {
		return err
	}
	defer w.release()
	return w.derive(ctx, progress)
}

// Forget removes what is derived from the records of the case in dir. It says the same of the records when it is built anew, and
// what somebody has altered in it is gone.
func Forget(dir string) (err error) {
	if dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	if err := layout.CheckNames(dir); err != nil {
		return err
	}
	w := &Writer{Dir: dir}
	if err := w.takeLock(); err != nil {
		return err
	}
	defer w.release()
	return os.RemoveAll(layout.Path(dir, layout.Derived))
}

// Complete builds what is missing of the case in dir, and takes it first as it is where loads or pulls were interrupted and not
// repeated. Where there are none the records are only read: the case may be sealed, or be looked at.
func Complete(ctx context.Context, dir string, schemas []cases.Schema, progress func(name string)) (accepted []string, err error) {
	k, err := cases.Open(ctx, dir, schemas)
	if err != nil {
		return nil, err
	}
	ready, unbuilt, altered := k.NotReady == nil, k.Unbuilt, k.Altered
	k.Close()
	switch {
	case altered != nil:
		return nil, altered
	case ready:
		return nil, nil
	case unbuilt:
		return nil, Build(ctx, dir, schemas, progress)
	}
	w, err := Open(ctx, dir, schemas)
	if err != nil {
		return nil, err
	}
	if accepted, err = w.Accept(ctx); err == nil {
		err = w.Derive(ctx, progress)
	}
	return accepted, errors.Join(err, w.Close())
}

// derive opens the case for reading, and what is derived for writing, and builds what is missing.
func (w *Writer) derive(ctx context.Context, progress func(name string)) error {
	w.derives = true
	temp := layout.Path(w.Dir, layout.DerivedTemp)
	if err := os.RemoveAll(temp); err != nil {
		return err
	}
	options := layout.Options{
		Known: w.known, ReadOnly: true, Derived: layout.Built, Temp: temp, Memory: writerMemory,
		More: fmt.Sprintf("SET threads=%d;", runtime.GOMAXPROCS(0)),
	}
	var err error
	if w.db, _, err = layout.Open(ctx, w.Dir, options); err != nil {
		return err
	}
	if w.conn, err = w.db.Connect(); err != nil {
		return err
	}
	state, built := w.db.State, false
	for _, d := range w.derived {
		after := state.Steps[d.Name]
		built = built || after < state.Last
		if err := w.bring(ctx, d, after, state.Last, progress); err != nil {
			w.conn.Exec(context.Background(), "ROLLBACK")
			return fmt.Errorf("derive %s: %w", d.Name, err)
		}
	}
	if !built {
		return nil
	}
	return w.conn.Exec(ctx, "CHECKPOINT derived")
}

// bring brings one step from an object to the last.
func (w *Writer) bring(ctx context.Context, d derived, after, last int64, progress func(name string)) error {
	if after >= last {
		return nil
	}
	idle, err := w.nothingFor(ctx, d, after)
	for err == nil && after < last {
		upto := last
		if idle {
			err = w.stepped(ctx, d, last)
		} else {
			progress(d.Name)
			if upto, err = w.runEnd(ctx, d, after, last); err == nil {
				err = w.deriveOne(ctx, d, after, upto)
			}
		}
		after = upto
	}
	return err
}

// nothingFor says that a table which the step needs has no row, or that none it grows with has one of a later object.
func (w *Writer) nothingFor(ctx context.Context, d derived, after int64) (bool, error) {
	has := func(rows string) (bool, error) {
		row, err := w.conn.QueryRow(ctx, "SELECT count(*) FROM (FROM "+rows+" LIMIT 1)", nil)
		return err == nil && row[0].(int64) > 0, err
	}
	for _, table := range d.Needs {
		if some, err := has(table); err != nil || !some {
			return true, err
		}
	}
	for _, table := range d.GrowsWith {
		if more, err := has(fmt.Sprintf("%s WHERE object_id > %d", table, after)); err != nil || more {
			return false, err
		}
	}
	return len(d.GrowsWith) > 0, nil
}

// stepped notes how far a step has come.
func (w *Writer) stepped(ctx context.Context, d derived, upto int64) error {
	row, err := w.conn.QueryRow(ctx, "SELECT objects, digest FROM derived.step WHERE upto = $upto LIMIT 1", map[string]any{"upto": upto})
	if err != nil {
		return err
	}
	if row == nil { // no step has come there yet
		objects, digest, err := layout.ObjectsUpTo(ctx, w.conn, upto)
		if err != nil {
			return err
		}
		row = []any{objects, digest}
	}
	return w.conn.Run(ctx, "INSERT INTO derived.step VALUES ($name, $upto, $objects, $digest)",
		map[string]any{"name": d.Name, "upto": upto, "objects": row[0], "digest": row[1]})
}

// runRows is about how many records a sorted run holds: what fits into writerMemory while it is sorted.
const runRows = 2_500_000

// joinedRows is about how many records are joined at a time: grouping them takes three times the memory of sorting.
const joinedRows = 1_000_000

// runEnd is the last object of the run that begins after an object.
func (w *Writer) runEnd(ctx context.Context, d derived, after, last int64) (int64, error) {
	if !strings.Contains(d.SQL, "$upto") {
		return last, nil
	}
	row, err := w.conn.QueryRow(ctx, `SELECT min(object_id) FROM (
		SELECT object_id, sum(rows) OVER (ORDER BY object_id) AS so_far FROM store.object WHERE object_id > $after)
		WHERE so_far >= $most`, map[string]any{"after": after, "most": runRows})
	if err != nil || row[0] == nil {
		return last, err
	}
	return row[0].(int64), nil
}

func (w *Writer) deriveOne(ctx context.Context, d derived, after, upto int64) error {
	if err := w.conn.Exec(ctx, "BEGIN"); err != nil {
		return err
	}
	if err := w.build(ctx, d, after, upto); err != nil {
		return err
	}
	if err := w.stepped(ctx, d, upto); err != nil {
		return err
	}
	return w.conn.Exec(ctx, "COMMIT")
}

func (w *Writer) build(ctx context.Context, d derived, after, upto int64) error {
	if strings.Contains(d.SQL, "$after") {
		return w.conn.Run(ctx, d.SQL, map[string]any{"after": after, "upto": upto})
	}
	if strings.Contains(d.SQL, "$parts") {
		return w.buildParts(ctx, d, upto)
	}
	if err := w.conn.Exec(ctx, d.SQL); err != nil || d.Step == nil {
		return err
	}
	return w.compute(ctx, d.Step)
}

// buildParts runs the last statement of the SQL once for each part.
func (w *Writer) buildParts(ctx context.Context, d derived, upto int64) error {
	sql := strings.TrimSuffix(strings.TrimSpace(d.SQL), ";")
	cut := strings.LastIndex(sql, ";\n") + 1
	first, last := sql[:cut], sql[cut:]
	if err := w.conn.Exec(ctx, first); err != nil {
		return err
	}
	row, err := w.conn.QueryRow(ctx, "SELECT coalesce(sum(rows), 0)::BIGINT FROM store.object WHERE object_id <= $upto", map[string]any{"upto": upto})
	if err != nil {
		return err
	}
	parts := row[0].(int64)/joinedRows + 1
	for part := range parts {
		if err := w.conn.Run(ctx, last, map[string]any{"part": part, "parts": parts}); err != nil {
			return err
		}
	}
	return nil
}
