// Package source is where bytes come from: it lists the objects of a place and opens each of them.
//
// A source knows nothing of log formats and never decompresses an object: it is opened as it is stored, because those
// are the bytes that are hashed and kept as evidence. A file in an archive is stored as the archive holds it, without the
// archive's own compression.
//
// Rules:
//   - A listing may be too generous, never too narrow. Names and modification times are hints; only a record's own
//     time decides whether it is in the window, and that is not for a source to read.
//   - A listing is in the order of the objects' URIs, byte by byte, each URI once: two runs give the same plan.
//   - What cannot be listed or opened is an [*ObjectError] in the place where the object would have been, and the
//     listing goes on. Nothing is left out in silence.
//
// Every source passes the suite of package sourcetest.
package source

import (
	"context"
	"io"
	"iter"
	"time"

	"case53/cases"
)

// Object is one stored object: a file, an S3 object, a page of events.
type Object interface {
	// URI names the object for good: file:///abs/path, s3://bucket/key.
	URI() string
	// Size is the stored size as listed, -1 when unknown.
	Size() int64
	// ModTime is when the object was last written, as listed; zero when unknown. It says nothing about its records.
	ModTime() time.Time
	// Open gives the bytes as stored: still compressed.
	Open(ctx context.Context) (io.ReadCloser, error)
}

// Source is a place that holds objects.
type Source interface {
	URI() string
	// Objects lists what may hold records of w; a zero end is open. Of each pair exactly one is set; an error that is not an
	// *ObjectError (a cancelled context, a lost connection) ends the listing.
	Objects(ctx context.Context, w cases.Span) iter.Seq2[Object, error]
}

// ObjectError is why one object, or one folder of objects, could not be listed or opened.
type ObjectError struct {
	URI string
	Err error
	// Ends are the slices that end here, incomplete. Without any, the next slice of the source that an object settles
	// is taken for incomplete.
	Ends []Slice
}

func (e *ObjectError) Error() string { return e.URI + ": " + e.Err.Error() }
func (e *ObjectError) Unwrap() error { return e.Err }
