package cases

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Pull is one command that reads remote sources, however often it was interrupted.
type Pull struct {
	ID         uint32
	Plan       string // what was asked for, as JSON; the same text is the same pull
	Provenance string // who asked, with what, from where, as JSON
	Capture    string
}

// Slice is a part of a source's window that was read as one, and how completely.
type Slice struct {
	PullID   uint32    `json:"pull_id,omitempty"`
	Source   string    `json:"source"`
	From     time.Time `json:"from,omitzero"`
	To       time.Time `json:"to,omitzero"`
	State    string    `json:"state"` // complete, complete-unverified, partial
	Reason   string    `json:"reason,omitempty"`
	Objects  int64     `json:"objects"`
	Records  int64     `json:"records"` // -1: the source does not say
	Bytes    int64     `json:"bytes"`
	Digest   string    `json:"digest,omitempty"`
	Reads    int       `json:"reads"`
	SettleAt time.Time `json:"settled_at,omitzero"`
}

// PullBegun is what the case knows when a pull begins.
type PullBegun struct {
	ID      uint32
	Resumed bool    // it was interrupted, and goes on
	Done    []Slice // what it has settled so far
	Earlier []Slice // what pulls of the same plan have settled that came to their end
}

// BeginPull notes that a pull begins. Where a pull of the same plan was interrupted it is that one which goes on.
func (w *Writer) BeginPull(ctx context.Context, p Pull) (PullBegun, error) {
	var begun PullBegun
	same := map[uint32]bool{}
	last := uint32(0)
	err := w.each(ctx, "SELECT pull_id, ended_at, plan = $plan FROM store.pull ORDER BY pull_id", map[string]any{"plan": p.Plan}, func(v []any) error {
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
			"id": int64(begun.ID), "plan": p.Plan, "provenance": p.Provenance, "capture": p.Capture, "at": time.Now().UTC()})
		w.mu.Unlock()
	}
	if err != nil {
		return begun, fmt.Errorf("note the pull: %w", err)
	}
	return begun, readSlices(ctx, w, p.Plan, func(s Slice) {
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
func (w *Writer) EndPull(ctx context.Context, id uint32) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	err := w.conn.Run(ctx, `DELETE FROM store.slice s WHERE s.state = 'partial' AND s.pull_id < $id
		AND s.pull_id IN (SELECT p.pull_id FROM store.pull p JOIN store.pull this ON this.pull_id = $id AND this.capture = p.capture)
		AND EXISTS (FROM (SELECT source, min(from_time) AS a, max(to_time) AS b FROM store.slice WHERE pull_id = $id GROUP BY source) n
			WHERE n.source = s.source AND coalesce(s.from_time >= n.a, n.a IS NULL) AND coalesce(s.to_time <= n.b, n.b IS NULL))`, map[string]any{"id": int64(id)})
	if err == nil {
		err = w.conn.Run(ctx, "UPDATE store.pull SET ended_at = $at WHERE pull_id = $id", map[string]any{"id": int64(id), "at": time.Now().UTC()})
	}
	return err
}

const sliceQuery = `SELECT pull_id, source, from_time, to_time, state, reason, objects, records, bytes, digest, reads, settled_at
	FROM store.slice WHERE $plan = '' OR pull_id IN (SELECT pull_id FROM store.pull WHERE plan = $plan)
	QUALIFY row_number() OVER (PARTITION BY source, from_time, to_time ORDER BY pull_id DESC, settled_at DESC, reads DESC) = 1
	ORDER BY source, from_time, to_time`

// readSlices gives the last word on every span: of all pulls, or those of one plan.
func readSlices(ctx context.Context, q querier, plan string, each func(Slice)) error {
	return q.each(ctx, sliceQuery, map[string]any{"plan": plan}, func(v []any) error {
		text := func(i int) string { s, _ := v[i].(string); return s }
		when := func(i int) time.Time { t, _ := v[i].(time.Time); return t }
		s := Slice{PullID: uint32(v[0].(int64)), Source: text(1), From: when(2), To: when(3), State: text(4), Reason: text(5), Objects: v[6].(int64),
			Records: -1, Bytes: v[8].(int64), Digest: text(9), Reads: int(v[10].(int64)), SettleAt: when(11)}
		if n, ok := v[7].(int64); ok {
			s.Records = n
		}
		each(s)
		return nil
	})
}

// Slices gives the last word on every span of every remote source.
func (w *Writer) Slices(ctx context.Context, each func(Slice)) error {
	return readSlices(ctx, w, "", each)
}

// Slices gives the last word on every span of every remote source.
func (c *Case) Slices(ctx context.Context, each func(Slice)) error {
	return readSlices(ctx, c, "", each)
}

// Slice notes how completely a part of a source was read; it becomes visible with the transaction's objects.
func (t *Tx) Slice(s Slice) { t.slices = append(t.slices, s) }

// writeSlices adds the rows of store.slice.
func (t *Tx) writeSlices() error {
	for rest := t.slices; len(rest) > 0; {
		part := rest[:min(maxRows, len(rest))]
		rest = rest[len(part):]
		cols, valid := sliceRows(part)
		if err := t.Append("slice", len(part), cols, valid); err != nil {
			return err
		}
	}
	return nil
}

func sliceRows(part []Slice) (cols []any, valid [][]uint64) {
	number := func(get func(Slice) int64, has func(Slice) bool) {
		col, mask := make([]int64, len(part)), make([]uint64, maxRows/64)
		for i, s := range part {
			if has(s) {
				col[i] = get(s)
				mask[i>>6] |= 1 << (i & 63)
			}
		}
		cols, valid = append(cols, col), append(valid, mask)
	}
	text := func(get func(Slice) string) {
		col, mask := make([][]byte, len(part)), make([]uint64, maxRows/64)
		for i, s := range part {
			if v := strings.ToValidUTF8(get(s), "\ufffd"); v != "" {
				col[i] = []byte(v)
				mask[i>>6] |= 1 << (i & 63)
			}
		}
		cols, valid = append(cols, col), append(valid, mask)
	}
	always := func(Slice) bool { return true }
	pulls := make([]uint32, len(part))
	for i, s := range part {
		pulls[i] = s.PullID
	}
	cols, valid = append(cols, pulls), append(valid, nil)
	text(func(s Slice) string { return s.Source })
	number(func(s Slice) int64 { return s.From.UnixMicro() }, func(s Slice) bool { return !s.From.IsZero() })
	number(func(s Slice) int64 { return s.To.UnixMicro() }, func(s Slice) bool { return !s.To.IsZero() })
	text(func(s Slice) string { return s.State })
	text(func(s Slice) string { return s.Reason })
	number(func(s Slice) int64 { return s.Objects }, always)
	number(func(s Slice) int64 { return s.Records }, func(s Slice) bool { return s.Records >= 0 })
	number(func(s Slice) int64 { return s.Bytes }, always)
	text(func(s Slice) string { return s.Digest })
	number(func(s Slice) int64 { return int64(s.Reads) }, always)
	number(func(s Slice) int64 { return s.SettleAt.UnixMicro() }, always)
	return cols, valid
}

// logSlices writes a custody line for each slice.
func (w *Writer) logSlices(settled []Slice) error {
	details := make([]any, len(settled))
	for i, s := range settled {
		details[i] = s
	}
	return w.Custody.Append("slice.settle", details...)
}

// SliceInfo sums up the slices of one source.
type SliceInfo struct {
	Source     string `json:"source"`
	Window     Span   `json:"window"`
	Complete   int64  `json:"complete"`
	Unverified int64  `json:"complete_unverified"`
	Partial    int64  `json:"partial"`
	Objects    int64  `json:"objects"`
	Records    int64  `json:"records"` // as far as the source says
	Bytes      int64  `json:"bytes"`
	// Gaps are the partial slices, the first hundred; the view slice has all.
	Gaps []Slice `json:"gaps"`
}

// PullInfo is a pull that was interrupted.
type PullInfo struct {
	Began time.Time       `json:"began"`
	Plan  json.RawMessage `json:"plan"`
}

// pullInfo reads how completely remote sources were read.
func (c *Case) pullInfo(ctx context.Context, info *Info) error {
	err := c.Slices(ctx, func(s Slice) {
		if n := len(info.Slices); n == 0 || info.Slices[n-1].Source != s.Source {
			info.Slices = append(info.Slices, SliceInfo{Source: s.Source, Gaps: []Slice{}})
		}
		info.Slices[len(info.Slices)-1].add(s)
	})
	if err != nil {
		return err
	}
	return c.each(ctx, "SELECT began_at, plan FROM store.pull WHERE ended_at IS NULL ORDER BY pull_id", nil, func(v []any) error {
		info.Pulls = append(info.Pulls, PullInfo{v[0].(time.Time), json.RawMessage(v[1].(string))})
		return nil
	})
}

func (i *SliceInfo) add(s Slice) {
	switch s.State {
	case "complete":
		i.Complete++
	case "complete-unverified":
		i.Unverified++
	default:
		i.Partial++
		if len(i.Gaps) < maxProblems {
			i.Gaps = append(i.Gaps, s)
		}
	}
	i.Window = i.Window.and(s.From, s.To)
	i.Objects += s.Objects
	i.Records += max(s.Records, 0)
	i.Bytes += s.Bytes
}
