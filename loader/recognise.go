package loader

import (
	"bytes"
	"cmp"
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
	t, err := detect(sample, (&Plan{}).given)
	if err != nil {
		return nil
	}
	return t
}

// stream is what the records of an object are told apart by: the CloudWatch Logs group and stream that they name, both ""
// where they name none.
type stream struct{ group, name string }

// streamOf is the stream of a record; given is the log group of events that do not name theirs.
func streamOf(rec *records.Record, given string) stream {
	if rec.Event == nil {
		return stream{}
	}
	return stream{groupOf(rec.Event, given), rec.Event.Stream}
}

// part is what the records of one stream of an object are.
type part struct {
	typ     *logs.Type // nil: no type reads them
	formats [][]string
	looks   string // where no type reads them: what else they look like; ""
}

// recognised is what an object's first records say of it, stream by stream.
type recognised struct {
	parts   map[stream]part
	keys    [][2]uint64 // of its CloudWatch events, in order; nil where none has an id
	nothing bool        // it is a list without any event: an empty page, a control message
	err     error       // an *unreadableError, a *refusedError, or why it could not be read
}

// recognise finds the type of each stream of an object and, for logs without a header, its field order.
func (l *load) recognise(ctx context.Context, j job) recognised {
	look, err := l.look(ctx, j)
	if err != nil || look.nothing {
		return recognised{err: err, nothing: look.nothing}
	}
	is := recognised{parts: map[stream]part{}, keys: look.keys}
	for of, sample := range look.samples {
		if is.parts[of], err = l.partOf(sample); err != nil {
			if len(look.samples) > 1 {
				err = &refusedError{fmt.Errorf("stream %s: %w", cmp.Or(of.name, "without a name"), err)}
			}
			return recognised{err: err}
		}
	}
	return is
}

// partOf settles what the records of a stream are.
func (l *load) partOf(sample [][]byte) (p part, err error) {
	if p = (part{typ: l.plan.Type}); p.typ == nil {
		if p.typ, err = detect(sample, l.plan.given); err != nil {
			return p, err
		}
	}
	switch {
	case p.typ == nil:
		p.looks = other(sample)
	case p.typ.Resolve != nil:
		if p.formats, err = p.typ.Resolve(sample, l.plan.given(p.typ)); err != nil {
			return p, &refusedError{err}
		}
	}
	return p, nil
}

// detect asks every type; the best answer wins, and equal ones are refused. It is nil where no type reads such records.
func detect(sample [][]byte, given func(*logs.Type) [][]string) (*logs.Type, error) {
	var best *logs.Type
	score, tie := 0, false
	for _, t := range Types() {
		n := t.Detect(sample)
		if n == 0 && t.Resolve != nil {
			if formats := given(t); formats != nil {
				if _, err := t.Resolve(sample, formats); err == nil {
					n = 1 // nobody else's, and it fits the formats that the user gives
				}
			}
		}
		switch {
		case n > score:
			best, score, tie = t, n, false
		case n == score && n > 0:
			tie = true
		}
	}
	if tie {
		return nil, &refusedError{fmt.Errorf("more than one log type fits its content\nhint: pass --format, one of %s", TypeNames())}
	}
	return best, nil
}

// unreadBy says of records that no type reads what they are.
func unreadBy(looks string) string {
	if looks != "" {
		return fmt.Sprintf("recognised as %s, which case53 does not load", looks)
	}
	return fmt.Sprintf("no log type fits its content: it is none of the %d that case53 reads", len(Types()))
}

// firstRecords are what an object begins with.
type firstRecords struct {
	samples map[stream][][]byte
	keys    [][2]uint64
	nothing bool
}

// look reads the first records of an object: of each of its streams where they are CloudWatch events, which are read to the
// end for the keys that tell them apart.
func (l *load) look(ctx context.Context, j job) (out firstRecords, err error) {
	rd, err := records.Open(ctx, l.w.Raw, j.sha)
	if errors.Is(err, raw.ErrAltered) || errors.Is(err, fs.ErrNotExist) {
		return out, err
	}
	if err != nil {
		return out, &unreadableError{err: err, empty: errors.Is(err, records.ErrEmpty)}
	}
	defer rd.Close()
	out.samples = map[stream][][]byte{}
	controls, others, events := 0, 0, false
	for n := 0; ; n++ {
		if n&1023 == 0 && ctx.Err() != nil {
			return out, context.Cause(ctx)
		}
		rec, err := rd.Next()
		var damage *records.DamageError
		if err != nil && err != io.EOF && (errors.Is(err, raw.ErrAltered) || !errors.As(err, &damage)) {
			return out, err
		}
		if err != nil {
			out.nothing = controls > 0 && others == 0 && damage == nil
			return out, nil
		}
		switch rec.Kind {
		case records.Control:
			controls++
		case records.Blank:
		default:
			others++
		}
		if rec.Kind != records.Data {
			continue
		}
		events = events || rec.Event != nil
		if out.take(rec, j.facts.LogGroup) && !events {
			return out, nil
		}
	}
}

// take puts a record into the sample of its stream, and keeps its key; enough says that the sample tells all that more
// could.
func (f *firstRecords) take(rec *records.Record, given string) (enough bool) {
	if rec.Event != nil && rec.Event.ID != "" {
		f.keys = append(f.keys, eventKey(groupOf(rec.Event, given), rec.Event, rec.Data))
	}
	of := streamOf(rec, given)
	sample := f.samples[of]
	if len(sample) >= sampleSize {
		return true
	}
	sample = append(sample, bytes.Clone(rec.Data))
	f.samples[of] = sample
	return len(sample) == firstLook && slices.ContainsFunc(Types(), func(t *logs.Type) bool { return t.Enough != nil && t.Enough(sample) })
}
