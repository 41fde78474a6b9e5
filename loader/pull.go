package loader

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"case53/cases"
	"case53/cases/writer"
	"case53/loader/source"
)

// identity is the plan of a pull as text: commands with the same text are the same pull.
func (p *Plan) identity() (string, error) {
	key := p.record()
	delete(key, "log_timezone")
	delete(key, "flow_format") // how records are read may change on the way
	delete(key, "access_format")
	delete(key, "format")
	if p.Pull != nil && len(p.Pull.Options) > 0 {
		key["options"] = p.Pull.Options
	}
	text, err := json.Marshal(key)
	return string(text), err
}

// beginPull notes the pull in the case and tells the sources what they need not read, and what they can compare with.
func (l *load) beginPull(ctx context.Context, plan string) error {
	provenance, err := json.Marshal(l.plan.Pull.Provenance)
	if err != nil {
		return err
	}
	known, err := l.w.BeginPull(ctx, writer.Pull{Plan: plan, Provenance: string(provenance), Capture: l.plan.Capture, Began: l.start.UTC()})
	if err != nil {
		return err
	}
	l.pull = known.ID
	detail := l.beginning(plan)
	detail["pull_id"], detail["provenance"] = known.ID, l.plan.Pull.Provenance
	if known.Resumed {
		detail["resumes"] = len(known.Done)
	}
	for _, s := range l.plan.Sources {
		if sliced, ok := s.(source.Sliced); ok {
			sliced.Skip(slicesOf(s.URI(), known.Done))
		}
		if counting, ok := s.(source.Recounting); ok {
			counting.Recount(slicesOf(s.URI(), known.Earlier))
		}
	}
	return l.w.Custody.Append("pull.begin", detail)
}

// slicesOf gives the slices of one source that were read to their end.
func slicesOf(uri string, all []cases.Slice) []source.Slice {
	var out []source.Slice
	for _, s := range all {
		if s.Source == uri && s.State != string(source.Partial) {
			out = append(out, source.Slice{Source: s.Source, From: s.From, To: s.To, State: source.State(s.State), Reason: s.Reason,
				Objects: s.Objects, Records: s.Records, Bytes: s.Bytes, Digest: s.Digest, Reads: s.Reads})
		}
	}
	return out
}

// broken is an object that failed and whose slice is not settled yet.
type broken struct{ uri, why string }

// settle notes what an object that is about to be committed, skipped, or has failed, means for its source's slices.
// It is called in the order of the plan.
func (l *load) settle(tx *writer.Tx, j job, failed error) {
	if l.pull == 0 {
		return
	}
	if failed != nil && len(j.ends) > 0 {
		l.addSlices(tx, j.ends, l.broken[j.from])
		l.broken[j.from] = nil
		return
	}
	if failed != nil {
		l.broken[j.from] = append(l.broken[j.from], broken{j.uri, reason(failed)})
	}
	settling, ok := j.object.(source.Settling)
	if !ok {
		return
	}
	settled := settling.Settles()
	if len(settled) == 0 {
		return
	}
	l.addSlices(tx, settled, l.broken[j.from])
	l.broken[j.from] = nil
}

// addSlices adds slices to a transaction; broken is what failed in them.
func (l *load) addSlices(tx *writer.Tx, settled []source.Slice, failed []broken) {
	for _, s := range settled {
		if len(failed) > 0 {
			said := s.Reason
			s.State, s.Reason = source.Partial, fmt.Sprintf("%d objects failed, the first: %s: %s", len(failed), failed[0].uri, failed[0].why)
			if said != "" {
				s.Reason += "; " + said
			}
		}
		tx.Slice(cases.Slice{
			PullID:   l.pull,
			Source:   s.Source,
			From:     s.From,
			To:       s.To,
			State:    string(s.State),
			Reason:   strings.ReplaceAll(s.Reason, "\n", " "),
			Objects:  s.Objects,
			Records:  s.Records,
			Bytes:    s.Bytes,
			Digest:   s.Digest,
			Reads:    s.Reads,
			SettleAt: time.Now().UTC(),
		})
		l.update(func() { l.report.Slices = append(l.report.Slices, s) })
	}
}

// endPull notes the slices that no object settled, and, where the pull came to its end, that it did.
func (l *load) endPull(ctx context.Context, loadErr error) error {
	tx, err := l.w.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for i, s := range l.plan.Sources {
		if sliced, ok := s.(source.Sliced); ok {
			for _, one := range sliced.Slices() {
				elsewhere := func(b broken) bool { return !strings.HasPrefix(b.uri, one.Source) }
				l.addSlices(tx, []source.Slice{one}, slices.DeleteFunc(slices.Clone(l.broken[i]), elsewhere))
			}
		}
	}
	if err := tx.Commit(ctx); err != nil || loadErr != nil {
		return err
	}
	l.ended = time.Now().UTC()
	return l.w.EndPull(ctx, l.pull, l.ended)
}
