package loader

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"case53/cases/raw"
	"case53/cases/records"
	"case53/loader/logs"
)

// firstLook is how many records are looked at before the question whether they are enough.
const firstLook = 64

// sampleSize is how many records of an object are looked at to find its type and its field order.
const sampleSize = 5000

// Recognise tells the type of a few records; nil where it is none that is known, or not certain.
func Recognise(sample [][]byte) *logs.Type {
	t, err := detect(sample, nil)
	if err != nil {
		return nil
	}
	return t
}

// recognised is what an object's first records say of it.
type recognised struct {
	typ     *logs.Type
	formats [][]string
	events  bool  // its records have CloudWatch event ids
	nothing bool  // it is a list without any event: an empty page, a control message
	err     error // an *unreadableError, a *refusedError, or why it could not be read
}

// recognise finds an object's type and, for flow logs without a header, its field order.
func (l *load) recognise(j job) recognised {
	sample, events, nothing, err := l.sample(j.sha)
	if err != nil || nothing {
		return recognised{err: err, nothing: nothing}
	}
	is := recognised{typ: l.plan.Type, formats: l.plan.Formats, events: events}
	if is.typ == nil {
		if is.typ, err = detect(sample, l.plan.Formats); err != nil {
			return recognised{err: err}
		}
	}
	if is.typ.Resolve != nil {
		if is.formats, err = is.typ.Resolve(sample, l.plan.Formats); err != nil {
			return recognised{err: &refusedError{err}}
		}
	}
	return is
}

// detect asks every type; the best answer wins, and equal ones are refused.
func detect(sample [][]byte, formats [][]string) (*logs.Type, error) {
	var best *logs.Type
	score, tie := 0, false
	for _, t := range Types() {
		n := t.Detect(sample)
		if n == 0 && t.Resolve != nil && formats != nil {
			if _, err := t.Resolve(sample, formats); err == nil {
				n = 1 // nobody else's, and it fits the field lists that the user gives
			}
		}
		switch {
		case n > score:
			best, score, tie = t, n, false
		case n == score && n > 0:
			tie = true
		}
	}
	if what := other(sample); best == nil && what != "" {
		return nil, &unreadableError{err: fmt.Errorf("recognised as %s, which case53 does not load", what), sample: firstSample(sample)}
	}
	if best == nil {
		return nil, &unreadableError{
			err:    fmt.Errorf("no log type fits its content: not a VPC flow log, Resolver query log or public zone query log"),
			sample: firstSample(sample),
		}
	}
	if tie {
		return nil, &refusedError{fmt.Errorf("more than one log type fits its content\nhint: pass --format, one of %s", TypeNames())}
	}
	return best, nil
}

func firstSample(sample [][]byte) []byte {
	if len(sample) == 0 {
		return nil
	}
	return sample[0][:min(len(sample[0]), 4096)]
}

// sample reads the first records of an object; events says that they are CloudWatch events with ids, nothing that all
// there is of it are lists without any.
func (l *load) sample(sha string) (out [][]byte, events, nothing bool, err error) {
	rd, err := records.Open(context.Background(), l.w.Raw, sha)
	if errors.Is(err, raw.ErrAltered) || errors.Is(err, fs.ErrNotExist) {
		return nil, false, false, err
	}
	if err != nil {
		return nil, false, false, &unreadableError{err: err, empty: errors.Is(err, records.ErrEmpty)}
	}
	defer rd.Close()
	controls, others := 0, 0
	for len(out) < sampleSize {
		rec, err := rd.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			var damage *records.DamageError
			if errors.Is(err, raw.ErrAltered) || !errors.As(err, &damage) {
				return nil, false, false, err
			}
			others++
			break
		}
		if rec.Kind == records.Control {
			controls++
		} else if rec.Kind != records.Blank {
			others++
		}
		if rec.Kind == records.Data {
			out = append(out, append([]byte(nil), rec.Data...))
			events = events || rec.Event != nil && rec.Event.ID != ""
			if len(out) == firstLook && slices.ContainsFunc(Types(), func(t *logs.Type) bool { return t.Enough != nil && t.Enough(out) }) {
				break
			}
		}
	}
	return out, events, controls > 0 && others == 0, nil
}
