package writer

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Announce notes that a load or pull begins: until Finish, or Accept, the case refuses what rests on derived tables. what is
// for people; the same plan is the same work. resumed says that it has begun before.
func (w *Writer) Announce(ctx context.Context, what, plan string, at time.Time) (resumed bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	args := map[string]any{"what": strings.ToValidUTF8(what, "\ufffd"), "plan": plan, "at": at}
	row, err := w.conn.QueryRow(ctx, "SELECT count(*) FROM store.unfinished WHERE plan = $plan", map[string]any{"plan": plan})
	switch {
	case err != nil:
	case row[0].(int64) == 0:
		err = w.conn.Run(ctx, "INSERT INTO store.unfinished VALUES ($what, $plan, $at, NULL)", args)
	default:
		err = w.conn.Run(ctx, "UPDATE store.unfinished SET accepted_at = NULL WHERE plan = $plan", map[string]any{"plan": plan})
	}
	if err != nil {
		return false, fmt.Errorf("note the beginning: %w", err)
	}
	return row[0].(int64) > 0, nil
}

// Finish notes that work of this plan has come to its end, or has changed nothing.
func (w *Writer) Finish(ctx context.Context, plan string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.conn.Run(ctx, "DELETE FROM store.unfinished WHERE plan = $plan", map[string]any{"plan": plan})
}

// Accept takes a case as it is although loads or pulls were interrupted and not repeated: the custody log keeps which, and
// whoever opens the case is told.
func (w *Writer) Accept(ctx context.Context) (accepted []string, err error) {
	if err := w.Each(ctx, `SELECT what, began_at FROM store.unfinished
		WHERE accepted_at IS NULL ORDER BY began_at, what`, nil, func(v []any) error {
		accepted = append(accepted, fmt.Sprintf("%s that began at %s", v[0], v[1].(time.Time).Format(time.RFC3339)))
		return nil
	}); err != nil || len(accepted) == 0 {
		return nil, err
	}
	at := w.now()
	if err := w.note("derive.accept", map[string]any{"unfinished": accepted, "accepted_at": at}); err != nil {
		return nil, err
	}
	unlock, err := w.write(ctx)
	defer unlock()
	if err != nil {
		return nil, err
	}
	return accepted, w.conn.Run(ctx, "UPDATE store.unfinished SET accepted_at = $at WHERE accepted_at IS NULL",
		map[string]any{"at": at})
}
