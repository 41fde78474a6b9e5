package writer

import (
	"context"
	"fmt"

	"case53/cases"
	"case53/cases/digest"
	"case53/cases/internal/layout"
)

// reconcile compares the custody log with the tables after whatever ended the last writer. A kill between a commit
// and its custody lines leaves objects of that commit that the log does not name: it is told of them now. Objects that the log
// names and the tables lack mean that the database has lost commits (a damaged or missing write-ahead log does so
// without an error): the case is refused, as nobody could tell what else is gone.
func (w *Writer) reconcile(ctx context.Context) error {
	logged, err := cases.LoggedObjects(w.Dir)
	if err != nil {
		return err
	}
	var missing []cases.Object
	err = cases.ReadWhole(ctx, w, func(o cases.Object) error {
		switch sha, ok := logged[o.ID]; {
		case !ok:
			missing = append(missing, o)
		case sha != o.SHA256:
			return fmt.Errorf("%w: object %d is %s in the tables and %s in the custody log", layout.ErrDamaged, o.ID, o.SHA256, sha)
		}
		delete(logged, o.ID)
		return nil
	})
	if err != nil {
		return err
	}
	if len(logged) > 0 {
		return cases.Lost(len(logged))
	}
	if len(missing) > 0 {
		return w.logObjects("object.reconcile", missing)
	}
	return nil
}

// Each runs a statement on the writer's own connection.
func (w *Writer) Each(ctx context.Context, sql string, args map[string]any, row func([]any) error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	rows, err := w.conn.Query(ctx, sql, args)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Values()); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Query runs a statement on the writer's own connection, which nothing else may use until the rows are closed.
func (w *Writer) Query(ctx context.Context, sql string, args map[string]any) (digest.Rows, error) {
	return w.conn.Query(ctx, sql, args)
}

// Objects gives every object of the case in the order of its id.
func (w *Writer) Objects(ctx context.Context, each func(cases.Object) error) error {
	return cases.ReadObjects(ctx, w, each)
}

// EventKeys gives the key of every CloudWatch event that the case has.
func (w *Writer) EventKeys(ctx context.Context, each func([2]uint64)) error {
	const split = `SELECT (event_key & 18446744073709551615::UHUGEINT)::UBIGINT, (event_key >> 64::UHUGEINT)::UBIGINT FROM store.event`
	return w.Each(ctx, split, nil, func(v []any) error {
		each([2]uint64{v[0].(uint64), v[1].(uint64)})
		return nil
	})
}
