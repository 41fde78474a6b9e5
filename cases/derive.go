package cases

import (
	"context"
	"fmt"
	"strings"
)

// Derive brings the derived tables up to the last object, each in one transaction with the note of how far it has come.
// Where the SQL has $after, the table gets the objects it does not have yet as one more sorted run. Where it has not, new
// objects change old rows, and the SQL empties the table and builds it anew. progress is told the table's name.
func (w *Writer) Derive(ctx context.Context, progress func(name string)) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	row, err := w.conn.QueryRow(ctx, "SELECT coalesce(max(object_id), 0) FROM store.object", nil)
	if err != nil {
		return err
	}
	last := row[0].(int64)
	for _, d := range w.derived {
		row, err := w.conn.QueryRow(ctx, "SELECT coalesce(max(upto), 0) FROM store.derived WHERE name = $name", map[string]any{"name": d.Name})
		if err != nil {
			return err
		}
		after := row[0].(int64)
		if after >= last {
			continue
		}
		progress(d.Name)
		if err := w.deriveOne(ctx, d, after, last); err != nil {
			w.conn.Exec(context.Background(), "ROLLBACK")
			return fmt.Errorf("derive %s: %w", d.Name, err)
		}
	}
	return nil
}

func (w *Writer) deriveOne(ctx context.Context, d derived, after, last int64) error {
	if err := w.conn.Exec(ctx, "BEGIN"); err != nil {
		return err
	}
	if err := w.build(ctx, d, after); err != nil {
		return err
	}
	if err := w.conn.Run(ctx, "INSERT INTO store.derived VALUES ($name, $upto)", map[string]any{"name": d.Name, "upto": last}); err != nil {
		return err
	}
	return w.conn.Exec(ctx, "COMMIT")
}

func (w *Writer) build(ctx context.Context, d derived, after int64) error {
	if strings.Contains(d.SQL, "$after") {
		return w.conn.Run(ctx, d.SQL, map[string]any{"after": after})
	}
	return w.conn.Exec(ctx, d.SQL)
}
