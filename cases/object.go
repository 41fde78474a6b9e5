package cases

import (
	"context"
	"fmt"
	"strings"
	"time"

	"case53/cases/digest"
	"case53/cases/words"
)

// Counts says what became of the records of an object, or of several.
type Counts struct {
	Read      int64 `json:"read"`
	Rows      int64 `json:"rows"`
	Headers   int64 `json:"headers"`
	Blank     int64 `json:"blank"`
	Outside   int64 `json:"outside"`
	Duplicate int64 `json:"duplicate"`
	Unread    int64 `json:"unread"`             // of no log type
	NotKept   int64 `json:"not_kept,omitempty"` // of what its log type does not keep: most of CloudTrail
	Rejected  int64 `json:"rejected"`
}

// Add adds other to c.
func (c *Counts) Add(other Counts) {
	c.Read += other.Read
	c.Rows += other.Rows
	c.Headers += other.Headers
	c.Blank += other.Blank
	c.Outside += other.Outside
	c.Duplicate += other.Duplicate
	c.Unread += other.Unread
	c.NotKept += other.NotKept
	c.Rejected += other.Rejected
}

// Missing is how many records that were read have no place.
func (c Counts) Missing() int64 {
	return c.Read - (c.Rows + c.Headers + c.Blank + c.Outside + c.Duplicate + c.Unread + c.NotKept + c.Rejected)
}

// Balanced says whether every record read is accounted for.
func (c Counts) Balanced() bool { return c.Missing() == 0 }

// String is the balance in words: what was read, and what became of it. What only some log types have is left out where there is none.
func (c Counts) String() string {
	parts := []string{}
	for _, p := range c.parts() {
		if p.n == 0 && p.what == notKept {
			continue
		}
		parts = append(parts, words.Count(p.n)+" "+p.what)
	}
	return words.Count(c.Read) + " records read = " + strings.Join(parts, " + ")
}

type counted struct {
	n    int64
	what string
}

const notKept = "not kept"

func (c Counts) parts() []counted {
	return []counted{{c.Rows, "rows"}, {c.Headers, "headers"}, {c.Blank, "blank"}, {c.Outside, "outside the window"}, {c.Duplicate, "duplicate"},
		{c.Unread, "unread"}, {c.NotKept, notKept}, {c.Rejected, "rejected"}}
}

// Told is what became of records, without what did not happen: 12 rows, 1 headers.
func (c Counts) Told() []string {
	var told []string
	for _, p := range c.parts() {
		if p.n > 0 {
			told = append(told, words.Count(p.n)+" "+p.what)
		}
	}
	return told
}

// Object is a source object: what store.object says of it. Times are UTC; a zero time is unknown.
type Object struct {
	ID           uint32    `json:"object_id"`
	SHA256       string    `json:"sha256"`
	Size         int64     `json:"size"`
	SourceKind   string    `json:"source_kind"` // file, s3, cwlogs
	URI          string    `json:"uri"`
	VersionID    string    `json:"version_id,omitempty"`
	ETag         string    `json:"etag,omitempty"`
	LastModified time.Time `json:"last_modified,omitzero"`
	AcquiredAt   time.Time `json:"acquired_at"`
	Provenance   string    `json:"provenance,omitempty"` // JSON
	Capture      string    `json:"capture"`
	LogType      string    `json:"log_type"` // name of the log type; "unknown" where none was recognised
	Format       string    `json:"format,omitempty"`
	Envelope     string    `json:"envelope,omitempty"`
	DecodedSize  int64     `json:"decoded_size"`
	WindowFrom   time.Time `json:"window_from,omitzero"`
	WindowTo     time.Time `json:"window_to,omitzero"`
	Narrowed     string    `json:"narrowed,omitempty"` // what its records were narrowed to before they came: a predicate's text
	Counts
	First   time.Time `json:"first_time,omitzero"`
	Last    time.Time `json:"last_time,omitzero"`
	Problem string    `json:"problem,omitempty"`
	Parts   []Part    `json:"-"` // given when it is loaded; see Case.Parts
	// Digests are of the rows that tables have of it, by table: given when it is loaded.
	Digests map[string]digest.Sum `json:"-"`
}

// What stands in the place of a log type: no type reads the records; several do.
const (
	Unknown = "unknown"
	Mixed   = "mixed"
)

// Part is the records of one object that belong together: those of one log stream, or all where they name none.
type Part struct {
	ObjectID            uint32 `json:"object_id"`
	LogType             string `json:"log_type"`
	LogGroup, LogStream string // of CloudWatch Logs; "" where the records name none
	Format              string // how they were read; of Unknown ones what they are
	Counts
	First, Last time.Time // of the records kept; zero: none has a time
}

// Source names the stream for people.
func (p Part) Source() string {
	switch {
	case p.LogStream != "" && p.LogGroup != "":
		return "stream " + p.LogStream + " of " + p.LogGroup
	case p.LogStream != "":
		return "stream " + p.LogStream
	case p.LogGroup != "":
		return "log group " + p.LogGroup
	}
	return "no stream"
}

// Widen makes the times of the object's records hold two more.
func (o *Object) Widen(first, last time.Time) {
	span := Span{o.First, o.Last}.and(first, last)
	o.First, o.Last = span.From, span.To
}

// Reject is a record that could not be decoded, kept word for word.
type Reject struct {
	RowNo  uint32
	Reason string
	Size   int64  // of the record
	Bytes  []byte // the record; its first MiB when Size is larger
}

// Event is what CloudWatch Logs says of a record that came through it.
type Event struct {
	RowNo     uint32
	Key       [2]uint64 // 128 bits that stand for (log group, eventId), low word first
	ID        string
	Timestamp int64 // µs since 1970, UTC
	Ingestion int64
}

const objectColumns = `object_id, sha256, size, source_kind, uri, version_id, etag, last_modified, acquired_at, provenance,
	capture, log_type, format, envelope, decoded_size, window_from, window_to, narrowed,
	"read", rows, headers, blank, outside, duplicate, unread, not_kept, rejected, first_time, last_time, problem`

// scanObject reads a row of objectColumns.
func scanObject(v []any) Object {
	text := func(i int) string { s, _ := v[i].(string); return s }
	when := func(i int) time.Time { t, _ := v[i].(time.Time); return t }
	n := func(i int) int64 { n, _ := v[i].(int64); return n }
	return Object{
		ID: uint32(n(0)), SHA256: text(1), Size: n(2), SourceKind: text(3), URI: text(4), VersionID: text(5), ETag: text(6),
		LastModified: when(7), AcquiredAt: when(8), Provenance: text(9), Capture: text(10), LogType: text(11), Format: text(12),
		Envelope: text(13), DecodedSize: n(14), WindowFrom: when(15), WindowTo: when(16), Narrowed: text(17),
		Counts: Counts{Read: n(18), Rows: n(19), Headers: n(20), Blank: n(21), Outside: n(22), Duplicate: n(23), Unread: n(24), NotKept: n(25),
			Rejected: n(26)},
		First: when(27), Last: when(28), Problem: text(29),
	}
}

// Querier is what both a case and a writer read through.
type Querier interface {
	Each(ctx context.Context, sql string, args map[string]any, row func([]any) error) error
}

// ReadObjects gives every object in the order of its id.
func ReadObjects(ctx context.Context, q Querier, each func(Object) error) error {
	return q.Each(ctx, "SELECT "+objectColumns+" FROM store.object ORDER BY object_id", nil, func(v []any) error { return each(scanObject(v)) })
}

func (o Object) String() string { return fmt.Sprintf("object %d (%s)", o.ID, o.URI) }
