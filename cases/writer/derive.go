package writer

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
)

// Derive brings the derived tables up to the last object, each in one transaction with the note of how far it has come.
// Where the SQL has $after, the table gets the objects it does not have yet as one more sorted run, or, where it has $upto
// too, as runs of about runRows records, which are sorted without spilling to disk. Where it has neither, new objects
// change old rows, and the SQL empties the table and builds it anew; where that has $part and $parts, its last statement
// does so in parts of about joinedRows records. progress is told the table's name.
func (w *Writer) Derive(ctx context.Context, progress func(name string)) (err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.threads(ctx, runtime.GOMAXPROCS(0)); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.threads(context.WithoutCancel(ctx), 1)) }()
	row, err := w.conn.QueryRow(ctx, "SELECT coalesce(max(object_id), 0) FROM store.object", nil)
	if err != nil {
		return err
	}
	last := row[0].(int64)
	for _, d := range w.derived {
		row, err := w.conn.QueryRow(ctx, "SELECT coalesce(max(upto), 0) FROM derived.step WHERE name = $name", map[string]any{"name": d.Name})
		if err != nil {
			return err
		}
		empty, err := w.nothingFor(ctx, d)
		if err != nil {
			return err
		}
		for after := row[0].(int64); after < last; {
			upto := last
			if empty {
				err = w.stepped(ctx, d, last)
			} else {
				progress(d.Name)
				if upto, err = w.runEnd(ctx, d, after, last); err == nil {
					err = w.deriveOne(ctx, d, after, upto)
				}
			}
			if err != nil {
				w.conn.Exec(context.Background(), "ROLLBACK")
				return fmt.Errorf("derive %s: %w", d.Name, err)
			}
			after = upto
		}
	}
	return nil
}

// nothingFor says that a table which the step needs has no row.
func (w *Writer) nothingFor(ctx context.Context, d derived) (bool, error) {
	for _, table := range d.Needs {
		row, err := w.conn.QueryRow(ctx, "SELECT count(*) FROM (FROM "+table+" LIMIT 1)", nil)
		if err != nil || row[0].(int64) == 0 {
			return err == nil, err
		}
	}
	return false, nil
}

// stepped notes how far a step has come.
func (w *Writer) stepped(ctx context.Context, d derived, upto int64) error {
	return w.conn.Run(ctx, "INSERT INTO derived.step VALUES ($name, $upto)", map[string]any{"name": d.Name, "upto": upto})
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
