package loader

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"syscall"

	"case53/cases"
	"case53/cases/raw"
	"case53/cases/writer"
)

// loadBatch decodes a batch and makes it part of the case when its turn has come.
func (l *load) loadBatch(ctx context.Context, b batch) error {
	duplicates, err := l.claimEvents(ctx, b)
	if err != nil {
		return err
	}
	tx, err := l.w.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	done := make([]cases.Object, len(b.jobs))
	failed := make([]error, len(b.jobs))
	for i, j := range b.jobs {
		if j.idle() {
			continue
		}
		o, err := l.decodeObject(ctx, tx, j, duplicates[i])
		var refused *refusedError
		switch {
		case errors.As(err, &refused):
			failed[i] = refused.err
		case j.past != nil && (errors.Is(err, raw.ErrAltered) || errors.Is(err, fs.ErrNotExist)):
			failed[i] = err
		case err != nil:
			return fmt.Errorf("load %s: %w", j.uri, err)
		}
		done[i] = o
		l.update(func() { l.progress.BytesDone += j.size })
	}
	if err := tx.Flush(ctx); err != nil {
		return err
	}
	if err := l.commit.wait(ctx, b.seq); err != nil {
		return err
	}
	defer l.commit.done()
	return l.commitBatch(ctx, tx, b, done, failed)
}

// claimEvents looks at what the batch's objects are, and finds, in the order of the plan, which of their events are
// duplicates.
func (l *load) claimEvents(ctx context.Context, b batch) ([]map[int]bool, error) {
	keys := make([][][2]uint64, len(b.jobs))
	any := false
	for i := range b.jobs {
		j := &b.jobs[i]
		if j.idle() {
			continue
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		j.is = l.recognise(ctx, *j)
		keys[i] = j.is.keys
		any = any || keys[i] != nil
	}
	if err := l.claim.wait(ctx, b.seq); err != nil {
		return nil, err
	}
	defer l.claim.done()
	duplicates := make([]map[int]bool, len(b.jobs))
	if !any {
		return duplicates, nil
	}
	if err := l.claims.load(ctx, l.w); err != nil {
		return nil, err
	}
	for i := range keys {
		if keys[i] != nil {
			duplicates[i] = l.claims.claim(keys[i])
		}
	}
	return duplicates, nil
}

// commitBatch adds the objects' own rows and commits. Every batch before this one has been committed.
func (l *load) commitBatch(ctx context.Context, tx *writer.Tx, b batch, done []cases.Object, failed []error) error {
	report := Report{Reasons: map[string]int{}}
	for i, j := range b.jobs {
		if j.err != nil {
			failed[i] = j.err
		}
		if !j.skip && j.copyOf != nil {
			if j.copyOf.counts == nil {
				failed[i] = fmt.Errorf("same bytes as %s, which was not loaded", j.copyOf.uri)
			} else {
				done[i] = copyObject(j, l.plan)
				report.Copies++
			}
		}
		l.settle(tx, j, failed[i])
		if failed[i] != nil || j.skip {
			continue
		}
		counts := done[i].Counts
		j.entry.counts, j.entry.logType = &counts, done[i].LogType
		if err := tx.Object(done[i]); err != nil {
			return err
		}
		report.Loaded++
		report.Lines.Add(counts)
		if done[i].Problem != "" {
			report.Problems++
			report.Reasons[done[i].Problem]++
		}
	}
	if err := tx.Commit(ctx); err != nil {
		return err
	}
	for i, j := range b.jobs {
		if failed[i] != nil {
			l.fail(j, failed[i])
		}
	}
	l.update(func() {
		l.report.Loaded += report.Loaded
		l.report.Copies += report.Copies
		l.report.Problems += report.Problems
		for reason, n := range report.Reasons {
			l.report.Reasons[reason] += n
		}
		l.report.Lines.Add(report.Lines)
		l.progress.Lines = l.report.Lines
		l.progress.Done += report.Loaded
		for i, j := range b.jobs {
			if failed[i] != nil || j.skip {
				continue
			}
			p := &l.progress.Sources[j.from]
			p.Done++
			p.Rows += done[i].Rows
			p.Rejected += done[i].Rejected
			l.report.count(done[i])
		}
	})
	return nil
}

// copyFormat begins the format of an object that is a copy.
const copyFormat = "same bytes as object "

// copyObject is the record of an object whose bytes are in the case already.
func copyObject(j job, plan Plan) cases.Object {
	o := newObject(j, plan)
	o.LogType = j.copyOf.logType
	o.Read, o.Duplicate = j.copyOf.counts.Read, j.copyOf.counts.Read
	o.Parts = []cases.Part{{LogType: o.LogType, Counts: o.Counts}}
	o.Format = copyFormat + strconv.Itoa(int(j.copyOf.id))
	return o
}

// newObject is what is known of an object before it is decoded.
func newObject(j job, plan Plan) cases.Object {
	if j.past != nil {
		return *j.past
	}
	o := cases.Object{
		ID: j.id, SHA256: j.sha, Size: j.size, SourceKind: "file", URI: j.uri, LastModified: j.object.ModTime(),
		AcquiredAt: j.acquired, Capture: plan.Capture, LogType: cases.Unknown, WindowFrom: plan.Window.From, WindowTo: plan.Window.To,
		Narrowed: plan.Narrowed,
	}
	if facts := j.facts; facts.Kind != "" {
		o.SourceKind, o.VersionID, o.ETag = facts.Kind, facts.VersionID, facts.ETag
		if !facts.LastModified.IsZero() {
			o.LastModified = facts.LastModified
		}
		if len(facts.More) > 0 {
			if text, err := json.Marshal(facts.More); err == nil {
				o.Provenance = string(text)
			}
		}
	}
	return o
}

// idle says that there is nothing to decode.
func (j *job) idle() bool { return j.skip || j.err != nil || j.copyOf != nil }

// fatal says whether an error of one object is really one of the whole load: the disk of the case, not the object.
func fatal(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EROFS) || errors.Is(err, syscall.EDQUOT) ||
		errors.Is(err, syscall.EIO) || errors.Is(err, syscall.EMFILE) || errors.Is(err, fs.ErrClosed) || errors.Is(err, raw.ErrAltered)
}
