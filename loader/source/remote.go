package source

import "time"

// Facts are what a remote source knows of one object, beside its bytes. They become the object's provenance in the case.
type Facts struct {
	Kind         string // s3, cwlogs
	VersionID    string
	ETag         string
	LastModified time.Time
	// More is kept as JSON: checksum and how far it was verified, request ids, server date and clock skew, endpoint,
	// region, attempts … Never a key, a token or a signature.
	More map[string]any
}

// Remote is an object that is not on this machine.
type Remote interface {
	Object
	// Listed is what the listing said: enough to tell whether the case has this very object already, before it is
	// fetched (same URI, VersionID, ETag and size). A zero Facts means that only fetching can tell.
	Listed() Facts
	// Acquired is everything that is known once Open's reader has been read to its end.
	Acquired() Facts
}

// State says how complete a slice is.
type State string

const (
	Complete           State = "complete"            // read to its end, and a second count agrees
	CompleteUnverified State = "complete-unverified" // read to its end; nothing to compare with
	Partial            State = "partial"             // see Reason
)

// Slice is a part of a source's window that is read as one: a stretch of a log group, a day of a prefix.
type Slice struct {
	Source   string // URI of the log group or prefix
	From, To time.Time
	State    State
	Reason   string // of Partial
	Objects  int64
	Records  int64 // events, where the source knows; else -1
	Bytes    int64
}

// Settling is an object that ends slices: once it and every object before it are in the case, so are they.
type Settling interface {
	Object
	Settles() []Slice
}

// Sliced is a source that can leave out slices which the case has complete, and that knows at the end of Objects how
// complete every slice is which no object settled.
type Sliced interface {
	Source
	Skip(done []Slice)
	Slices() []Slice
}
