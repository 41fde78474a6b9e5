package loader

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"case53/cases"
	"case53/cases/raw"
	"case53/cases/records"
	"case53/cases/writer"
	"case53/loader/logs"
)

// rejectBytes is how much of a rejected record is kept in the database; raw/ has the whole.
const rejectBytes = 1 << 20

// refusedError says that an object cannot be loaded without more being said, and that none of it was.
type refusedError struct{ err error }

func (e *refusedError) Error() string { return e.err.Error() }
func (e *refusedError) Unwrap() error { return e.err }

// decoding is one object being decoded into a transaction.
type decoding struct {
	ctx     context.Context
	tx      *writer.Tx
	o       cases.Object
	streams map[stream]*decodingPart
	order   []*decodingPart
	open    func(part) logs.Decoder
	same    map[string]logs.Decoder // decoders that several streams share, by type and field lists
	is      recognised
	rejects []cases.Reject
	events  []cases.Event
	event   int    // index among the object's events
	seen    int64  // µs: when the object's records were there at the latest
	group   string // log group of events that do not name theirs
}

// decodingPart is one stream of it.
type decodingPart struct {
	cases.Part
	dec         logs.Decoder // nil: no type reads it
	first, last int64        // µs of the records kept
}

// decodeObject decodes an object from the raw store. duplicates are the events, by index, that the case has already.
func (l *load) decodeObject(ctx context.Context, tx *writer.Tx, j job, duplicates map[int]bool) (cases.Object, error) {
	d := &decoding{
		ctx: ctx, tx: tx, o: newObject(j, l.plan), group: j.facts.LogGroup, is: j.is,
		streams: map[stream]*decodingPart{}, same: map[string]logs.Decoder{},
	}
	var unreadable *unreadableError
	switch {
	case errors.As(j.is.err, &unreadable):
		return d.unreadable(unreadable)
	case j.is.err != nil:
		return d.o, j.is.err
	}
	d.seen = seen(d.o)
	intern, admit := interning(l.w), l.admit(j)
	d.open = func(p part) logs.Decoder {
		return p.typ.New(logs.Options{Formats: p.formats, Capture: l.plan.Capture, Zone: l.plan.Zone, Admit: admit, Intern: intern, Flush: d.flush})
	}
	if err := l.readRecords(d, j, duplicates); err != nil {
		return d.o, err
	}
	for _, p := range d.order {
		if p.dec == nil {
			continue
		}
		for _, b := range p.dec.Batches() {
			if err := d.flush(b); err != nil {
				return d.o, err
			}
		}
	}
	d.sumUp()
	return d.o, d.flushNotes(0)
}

// seen is when an object was last changed, or else acquired. Archives write 1970 where they do not know.
func seen(o cases.Object) int64 {
	if o.LastModified.Year() > 1980 {
		return o.LastModified.UnixMicro()
	}
	return o.AcquiredAt.UnixMicro()
}

// part is where the records of a stream are counted.
func (d *decoding) part(of stream) *decodingPart {
	p := d.streams[of]
	if p != nil {
		return p
	}
	is := d.is.parts[of]
	p = &decodingPart{Part: cases.Part{LogGroup: of.group, LogStream: of.name, LogType: cases.Unknown}, first: math.MaxInt64, last: math.MinInt64}
	if is.typ != nil {
		p.LogType, p.dec = is.typ.Name, d.decoder(is)
	} else if !d.is.nothing {
		p.Format = unreadBy(is.looks)
	}
	d.streams[of] = p
	d.order = append(d.order, p)
	return p
}

// decoder gives a stream its decoder. Streams whose field lists are settled, or that have none, share one: a header line is
// only its own stream's.
func (d *decoding) decoder(is part) logs.Decoder {
	if is.typ.Resolve != nil && is.formats == nil {
		return d.open(is)
	}
	key := is.typ.Name + fmt.Sprintf(" %q", is.formats)
	if d.same[key] == nil {
		d.same[key] = d.open(is)
	}
	return d.same[key]
}

// sumUp says of the object what its parts come to.
func (d *decoding) sumUp() {
	var types, formats []string
	structure := d.streams[stream{}] != nil && d.streams[stream{}].Read == d.streams[stream{}].Headers+d.streams[stream{}].Blank
	for _, p := range d.order {
		if p.dec != nil {
			p.Format = p.dec.Format()
		}
		if p.first <= p.last {
			p.First, p.Last = time.UnixMicro(p.first).UTC(), time.UnixMicro(p.last).UTC()
			d.o.Widen(p.First, p.Last)
		}
		d.o.Parts = append(d.o.Parts, p.Part)
		d.o.Add(p.Counts)
		if structure && p == d.streams[stream{}] && len(d.order) > 1 {
			continue // an envelope's own lines are of no type
		}
		if !slices.Contains(types, p.LogType) {
			types = append(types, p.LogType)
		}
		if p.dec != nil && !slices.Contains(formats, p.Format) {
			formats = append(formats, p.Format)
		}
	}
	switch {
	case d.is.nothing || len(types) == 0:
		d.o.Format = "no records"
		return
	case len(types) == 1:
		d.o.LogType = types[0]
	default:
		d.o.LogType = cases.Mixed
	}
	d.o.Format = strings.Join(formats, " | ")
	if d.o.LogType == cases.Unknown && d.o.Problem == "" {
		d.o.Problem = d.order[0].Format
	}
}

// interning keeps an object's contexts at hand, so that workers do not wait for each other at every row.
func interning(w *writer.Writer) func(string, []byte) uint32 {
	const bound = 1 << 14
	type context struct{ table, key string }
	ids := map[context]uint32{}
	return func(table string, key []byte) uint32 {
		if id, ok := ids[context{table, string(key)}]; ok {
			return id
		}
		if len(ids) >= bound {
			clear(ids)
		}
		id := w.Intern(table, key)
		ids[context{table, string(key)}] = id
		return id
	}
}

// admit judges a record by its own time: in the window, outside, or in a window that was loaded before.
func (l *load) admit(j job) func(first, last int64) logs.Outcome {
	from, to := bounds(l.plan.Window.From, l.plan.Window.To)
	type span struct{ from, to int64 }
	var earlier []span
	for _, w := range j.earlier {
		f, t := bounds(w.From, w.To)
		earlier = append(earlier, span{f, t})
	}
	return func(first, last int64) logs.Outcome {
		if last < from || first >= to {
			return logs.Outside
		}
		for _, e := range earlier {
			if last >= e.from && first < e.to {
				return logs.Duplicate
			}
		}
		return logs.Row
	}
}

func bounds(from, to time.Time) (int64, int64) {
	a, b := int64(math.MinInt64), int64(math.MaxInt64)
	if !from.IsZero() {
		a = from.UnixMicro()
	}
	if !to.IsZero() {
		b = to.UnixMicro()
	}
	return a, b
}

// readRecords reads every record of the object and counts what becomes of it.
func (l *load) readRecords(d *decoding, j job, duplicates map[int]bool) error {
	rd, err := records.Open(d.ctx, l.w.Raw, j.sha)
	if err != nil {
		return err
	}
	defer rd.Close()
	for n := 0; ; n++ {
		if n&4095 == 0 && d.ctx.Err() != nil {
			return context.Cause(d.ctx)
		}
		rec, err := rd.Next()
		if err != nil {
			return d.ended(rd, err)
		}
		if err := d.record(rec, duplicates); err != nil {
			return err
		}
	}
}

// ended notes how the reading came to its end.
func (d *decoding) ended(rd *records.Stored, err error) error {
	var damage *records.DamageError
	if errors.Is(err, raw.ErrAltered) || err != io.EOF && !errors.As(err, &damage) {
		return err
	}
	if damage != nil {
		d.o.Problem = damage.Error()
	}
	d.o.Envelope, d.o.DecodedSize = rd.Envelope(), rd.DecodedSize()
	return nil
}

// record counts one record and decodes it.
func (d *decoding) record(rec *records.Record, duplicates map[int]bool) error {
	p := d.part(streamOf(rec, d.group))
	p.Read++
	switch rec.Kind {
	case records.Blank:
		p.Blank++
		return nil
	case records.Control:
		p.Headers++
		return nil
	case records.Broken:
		return d.reject(p, rec, rec.Err)
	}
	meta := logs.Meta{ObjectID: d.o.ID, RowNo: rec.No, LogGroup: p.LogGroup, LogStream: p.LogStream, Seen: d.seen}
	if e := rec.Event; e != nil {
		meta.EventTime = e.Timestamp * 1000
		if at := cmp.Or(e.Ingestion, e.Timestamp); at > 0 {
			meta.Seen = at * 1000
		}
	}
	if rec.Event != nil && rec.Event.ID != "" {
		index := d.event
		d.event++
		if duplicates[index] {
			p.Duplicate++
			return nil
		}
	}
	if p.dec == nil {
		p.Unread++
		return nil
	}
	outcome, first, last, err := p.dec.Decode(rec.Data, meta)
	if err != nil {
		var broken *flushError
		if errors.As(err, &broken) {
			return broken.err
		}
		return d.reject(p, rec, err)
	}
	switch outcome {
	case logs.Header:
		p.Headers++
	case logs.Outside:
		p.Outside++
	case logs.Duplicate:
		p.Duplicate++
	case logs.NotKept:
		p.NotKept++
	case logs.Row:
		p.Rows++
		if first != math.MinInt64 {
			p.first, p.last = min(p.first, first), max(p.last, last)
		}
		return d.note(rec)
	}
	return nil
}

// note keeps CloudWatch Logs' own facts about a row.
func (d *decoding) note(rec *records.Record) error {
	if rec.Event == nil || rec.Event.ID == "" && rec.Event.Ingestion == 0 && rec.Event.Timestamp == 0 {
		return nil
	}
	d.events = append(d.events, cases.Event{
		RowNo: rec.No, Key: eventKey(groupOf(rec.Event, d.group), rec.Event, rec.Data), ID: rec.Event.ID,
		Timestamp: rec.Event.Timestamp * 1000, Ingestion: rec.Event.Ingestion * 1000,
	})
	return d.flushNotes(2048)
}

// reject keeps a record that could not be decoded.
func (d *decoding) reject(p *decodingPart, rec *records.Record, why error) error {
	p.Rejected++
	kept := rec.Data[:min(len(rec.Data), rejectBytes)]
	d.rejects = append(d.rejects, cases.Reject{
		RowNo:  rec.No,
		Reason: reason(why),
		Size:   max(rec.Size, int64(len(rec.Data))),
		Bytes:  append([]byte(nil), kept...),
	})
	return d.flushNotes(2048)
}

// reason is an error's text on one line, as valid UTF-8.
func reason(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\nhint: ")
	return strings.ToValidUTF8(strings.ReplaceAll(text, "\n", " "), "\ufffd")
}

// flushNotes hands rejects and events to the transaction once there are more than limit of them.
func (d *decoding) flushNotes(limit int) error {
	if len(d.rejects) > limit {
		if err := d.tx.Rejects(d.o.ID, d.rejects); err != nil {
			return err
		}
		d.rejects = d.rejects[:0]
	}
	if len(d.events) > limit {
		if err := d.tx.Events(d.o.ID, d.events); err != nil {
			return err
		}
		d.events = d.events[:0]
	}
	return nil
}

// flushError carries an error of the transaction through a decoder, so that it is not taken for a reject.
type flushError struct{ err error }

func (e *flushError) Error() string { return e.err.Error() }

// flush hands a batch to the transaction and empties it.
func (d *decoding) flush(b *logs.Batch) error {
	if err := d.tx.Append(b.Table, b.N, b.Cols, b.Valid); err != nil {
		return &flushError{err}
	}
	b.Reset()
	return nil
}

// unreadable counts an object of which no record could be read. It is one reject, except an empty one, which has
// nothing to reject; its bytes are in the raw store.
func (d *decoding) unreadable(u *unreadableError) (cases.Object, error) {
	d.o.Problem = reason(u)
	if u.empty {
		return d.o, nil
	}
	d.o.Read, d.o.Rejected = 1, 1
	d.o.Parts = []cases.Part{{LogType: cases.Unknown, Counts: d.o.Counts}}
	return d.o, d.tx.Rejects(d.o.ID, []cases.Reject{{RowNo: 1, Reason: reason(u), Size: d.o.Size, Bytes: u.sample}})
}

// unreadableError says that an object holds no records of ours.
type unreadableError struct {
	err    error
	empty  bool
	sample []byte // what it begins with, where that could be read
}

func (e *unreadableError) Error() string { return e.err.Error() }
func (e *unreadableError) Unwrap() error { return e.err }
