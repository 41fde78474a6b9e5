package loader

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"case53/cases"
	"case53/cases/writer"
)

// Again decodes objects a second time: from the raw store alone, with what the custody log says of how they were loaded. No source is
// asked. Loads are done again one after the other, in their order, as events and windows of earlier ones make duplicates of later ones.
type Again struct {
	w       *writer.Writer
	done    map[uint32]*known
	windows map[string][]cases.Span // by SHA-256: those with which the bytes were decoded so far
}

// NewAgain begins with a writer that has nothing yet.
func NewAgain(w *writer.Writer) *Again {
	return &Again{w: w, done: map[uint32]*known{}, windows: map[string][]cases.Span{}}
}

// AgainOptions are whom Again tells.
type AgainOptions struct {
	Failed func(o cases.Object, err error) // of an object that cannot be decoded any more: nothing of it comes in
	Done   func(bytes int64)               // of the bytes of an object that has been decoded; from any goroutine
}

// PlanAgain reads the plan of a load or pull from the line that the custody log has of its beginning. It has no sources.
func PlanAgain(detail json.RawMessage) (Plan, error) {
	var in struct {
		Capture, Role string
		Window        cases.Span
		Format        string
		FlowFormat    [][]string `json:"flow_format"`
		AccessFormat  []string   `json:"access_format"`
		Zone          string     `json:"log_timezone"`
		Narrowed      string
	}
	if err := json.Unmarshal(detail, &in); err != nil {
		return Plan{}, err
	}
	plan := Plan{Capture: in.Capture, Role: in.Role, Window: in.Window, Formats: in.FlowFormat, Access: in.AccessFormat, Narrowed: in.Narrowed}
	if in.Format != "" {
		if plan.Type = ByName(in.Format); plan.Type == nil {
			return plan, fmt.Errorf("no log type %q", in.Format)
		}
	}
	if in.Zone != "" {
		zone, err := Zone(in.Zone)
		if err != nil {
			return plan, err
		}
		plan.Zone = zone
	}
	return plan, plan.check()
}

// Load does one load again. objects are as the custody log has them, in its order.
func (a *Again) Load(ctx context.Context, plan Plan, objects []cases.Object, opt AgainOptions) error {
	l := &load{
		w: a.w, plan: plan, claim: newTurns(), commit: newTurns(),
		report: Report{Formats: map[string]int{}, Reasons: map[string]int{}, Unread: map[string]int64{}},
		failed: func(j job, err error) { opt.Failed(*j.past, err) },
	}
	l.progress.Sources = make([]SourceProgress, 1)
	group, ctx := errgroup.WithContext(ctx)
	batches := make(chan batch)
	group.Go(func() error {
		defer close(batches)
		return a.planBatches(ctx, l, objects, batches)
	})
	for range plan.Workers {
		group.Go(func() error {
			for b := range batches {
				if err := l.loadBatch(ctx, b); err != nil {
					return err
				}
				for _, j := range b.jobs {
					opt.Done(j.size)
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// planBatches cuts the objects into transactions.
func (a *Again) planBatches(ctx context.Context, l *load, objects []cases.Object, out chan<- batch) error {
	b, size := batch{}, int64(0)
	for i, o := range objects {
		j, err := a.job(l.plan, o)
		if err != nil {
			return err
		}
		b.jobs = append(b.jobs, j)
		size += max(o.DecodedSize, o.Size)
		if limit := l.plan.batchBytes * min(int64(b.seq)+1, int64(l.plan.Workers)) / int64(l.plan.Workers); size < limit && i < len(objects)-1 {
			continue
		}
		select {
		case out <- b:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		b, size = batch{seq: b.seq + 1}, 0
	}
	return nil
}

// job is what has to be done for an object. Whether it was a copy, and of which other, the log says; of bytes that were decoded more
// than once, each time adds what lies outside the windows before.
func (a *Again) job(plan Plan, o cases.Object) (job, error) {
	past := cases.Object{
		ID: o.ID, SHA256: o.SHA256, Size: o.Size, SourceKind: o.SourceKind, URI: o.URI, VersionID: o.VersionID, ETag: o.ETag,
		LastModified: o.LastModified, AcquiredAt: o.AcquiredAt, Provenance: o.Provenance, Capture: o.Capture, LogType: cases.Unknown,
		WindowFrom: plan.Window.From, WindowTo: plan.Window.To, Narrowed: plan.Narrowed,
	}
	j := job{id: o.ID, past: &past, entry: &known{id: o.ID, uri: o.URI, version: o.VersionID, capture: o.Capture}}
	j.uri, j.sha, j.size, j.acquired = o.URI, o.SHA256, o.Size, o.AcquiredAt
	if o.SourceKind == "cwlogs" {
		j.facts.LogGroup = groupAgain(o)
	}
	a.done[o.ID] = j.entry
	if of, ok := strings.CutPrefix(o.Format, copyFormat); ok {
		id, err := strconv.ParseUint(of, 10, 32)
		if err != nil || a.done[uint32(id)] == nil || uint32(id) == o.ID {
			return j, fmt.Errorf("%s has the same bytes as object %s, which was not loaded before it", o, of)
		}
		j.copyOf = a.done[uint32(id)]
		return j, nil
	}
	j.earlier = a.windows[o.SHA256]
	a.windows[o.SHA256] = append(j.earlier[:len(j.earlier):len(j.earlier)], plan.Window)
	return j, nil
}

// groupAgain is the log group that a page of events was asked of: none of its events names one.
func groupAgain(o cases.Object) string {
	for _, p := range o.Parts {
		if p.LogGroup != "" {
			return p.LogGroup
		}
	}
	return ""
}
