package writer

import (
	"context"
	"fmt"
	"strings"
	"time"

	"case53/cases"
)

// Pull is one command that reads remote sources, however often it was interrupted.
type Pull struct {
	ID         uint32
	Plan       string // what was asked for, as JSON; the same text is the same pull
	Provenance string // who asked, with what, from where, as JSON
	Capture    string
	Began      time.Time
}

// PullBegun is what the case knows when a pull begins.
type PullBegun struct {
	ID      uint32
	Resumed bool          // it was interrupted, and goes on
	Done    []cases.Slice // what it has settled so far
	Earlier []cases.Slice // what pulls of the same plan have settled that came to their end
}

// BeginPull notes that a pull begins. Where a pull of the same plan was interrupted it is that one which goes on.
func (w *Writer) BeginPull(ctx context.Context, p Pull) (PullBegun, error) {
	var begun PullBegun
	same := map[uint32]bool{}
	last := uint32(0)
	err := w.Each(ctx, "SELECT pull_id, ended_at, plan = $plan FROM store.pull ORDER BY pull_id", map[string]any{"plan": p.Plan}, func(v []any) error {
		last = uint32(v[0].(int64))
		if v[2].(bool) && v[1] == nil {
			begun.ID, begun.Resumed = last, true
		}
		same[last] = v[2].(bool) && v[1] != nil
		return nil
	})
	if err == nil && !begun.Resumed {
		begun.ID = last + 1
		w.mu.Lock()
		err = w.conn.Run(ctx, "INSERT INTO store.pull VALUES ($id, $plan, $provenance, $capture, $at, NULL)", map[string]any{
			"id": int64(begun.ID), "plan": p.Plan, "provenance": p.Provenance, "capture": p.Capture, "at": p.Began})
		w.mu.Unlock()
	}
	if err != nil {
		return begun, fmt.Errorf("note the pull: %w", err)
	}
	return begun, cases.ReadSlices(ctx, w, p.Plan, func(s cases.Slice) {
		switch {
		case s.PullID == begun.ID:
			begun.Done = append(begun.Done, s)
		case same[s.PullID]:
			begun.Earlier = append(begun.Earlier, s)
		}
	})
}

// EndPull notes that a pull has come to its end. What it read stands in place of parts of the same stretch that earlier
// pulls into the same capture could not read; the custody log keeps all.
func (w *Writer) EndPull(ctx context.Context, id uint32, at time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	err := w.conn.Run(ctx, `DELETE FROM store.slice s WHERE s.state = 'partial' AND s.pull_id < $id
		AND s.pull_id IN (SELECT p.pull_id FROM store.pull p JOIN store.pull this ON this.pull_id = $id AND this.capture = p.capture)
		AND EXISTS (FROM (SELECT source, min(from_time) AS a, max(to_time) AS b FROM store.slice WHERE pull_id = $id GROUP BY source) n
			WHERE n.source = s.source AND coalesce(s.from_time >= n.a, n.a IS NULL) AND coalesce(s.to_time <= n.b, n.b IS NULL))`,
		map[string]any{"id": int64(id)})
	if err == nil {
		err = w.conn.Run(ctx, "UPDATE store.pull SET ended_at = $at WHERE pull_id = $id", map[string]any{"id": int64(id), "at": at})
	}
	return err
}

// Slices gives the last word on every span of every remote source.
func (w *Writer) Slices(ctx context.Context, each func(cases.Slice)) error {
	return cases.ReadSlices(ctx, w, "", each)
}

// Slice notes how completely a part of a source was read; it becomes visible with the transaction's objects.
func (t *Tx) Slice(s cases.Slice) { t.slices = append(t.slices, s) }

func sliceRows(part []cases.Slice) (cols []any, valid [][]uint64) {
	number := func(get func(cases.Slice) int64, has func(cases.Slice) bool) {
		col, mask := make([]int64, len(part)), make([]uint64, maxRows/64)
		for i, s := range part {
			if has(s) {
				col[i] = get(s)
				mask[i>>6] |= 1 << (i & 63)
			}
		}
		cols, valid = append(cols, col), append(valid, mask)
	}
	text := func(get func(cases.Slice) string) {
		col, mask := make([][]byte, len(part)), make([]uint64, maxRows/64)
		for i, s := range part {
			if v := strings.ToValidUTF8(get(s), "\ufffd"); v != "" {
				col[i] = []byte(v)
				mask[i>>6] |= 1 << (i & 63)
			}
		}
		cols, valid = append(cols, col), append(valid, mask)
	}
	always := func(cases.Slice) bool { return true }
	pulls := make([]uint32, len(part))
	for i, s := range part {
		pulls[i] = s.PullID
	}
	cols, valid = append(cols, pulls), append(valid, nil)
	text(func(s cases.Slice) string { return s.Source })
	number(func(s cases.Slice) int64 { return s.From.UnixMicro() }, func(s cases.Slice) bool { return !s.From.IsZero() })
	number(func(s cases.Slice) int64 { return s.To.UnixMicro() }, func(s cases.Slice) bool { return !s.To.IsZero() })
	text(func(s cases.Slice) string { return s.State })
	text(func(s cases.Slice) string { return s.Reason })
	number(func(s cases.Slice) int64 { return s.Objects }, always)
	number(func(s cases.Slice) int64 { return s.Records }, func(s cases.Slice) bool { return s.Records >= 0 })
	number(func(s cases.Slice) int64 { return s.Bytes }, always)
	text(func(s cases.Slice) string { return s.Digest })
	number(func(s cases.Slice) int64 { return int64(s.Reads) }, always)
	number(func(s cases.Slice) int64 { return s.SettleAt.UnixMicro() }, always)
	return cols, valid
}

// logSlices writes a custody line for each slice.
func (w *Writer) logSlices(settled []cases.Slice) error {
	details := make([]any, len(settled))
	for i, s := range settled {
		details[i] = s
	}
	return w.note("slice.settle", details...)
}
