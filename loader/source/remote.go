package source

import "time"

// Facts are what a remote source knows of one object, beside its bytes. They become the object's provenance in the case.
type Facts struct {
	Kind         string // s3, cwlogs
	VersionID    string
	ETag         string
	LastModified time.Time
	// LogGroup is the CloudWatch Logs group of the object's events, as an ARN, where the bytes do not name it.
	LogGroup string
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

// Streaming is a source whose objects are to be fetched while they are listed: the listing waits when the fetching
// does. What it yields need not be in the order of URIs as long as it is the same order for the same answers, and a
// URI may come once for each time that its place was read.
type Streaming interface {
	Source
	// Fetchers is how many of its objects are opened at a time.
	Fetchers() int
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
	Reason   string // of Partial; of the others, what else is to be known
	Objects  int64
	Records  int64 // events, where the source knows; else -1
	Bytes    int64
	Digest   string // of what was counted, in no order: equal where two readings found the same; "" when not known
	Reads    int    // how often it was read to its end
}

// Settling is an object that ends slices: once it and every object before it are in the case, so are they. The loader
// makes a slice Partial when an object since the last settling one failed.
type Settling interface {
	Object
	Settles() []Slice
}

// Sliced is a source that can leave out slices which the case has complete, and that knows at the end of Objects how
// complete every slice is which no object settled. The loader calls Skip, before Objects, with the slices that an
// interrupted pull of the same plan has settled; a pull that came to its end is repeated whole, so that what was
// delivered late is found.
type Sliced interface {
	Source
	Skip(done []Slice)
	Slices() []Slice
}

// Recounting is a source that can compare: the slices that an earlier pull has read to their end are read again as
// they are; where count and digest agree the slice is Complete and its objects are not yielded again.
type Recounting interface {
	Sliced
	Recount(earlier []Slice)
}

// Activity is what a source is doing, for whoever watches.
type Activity struct {
	Requests int64
	Fraction float64 // of its window that has been read; -1 when unknown
	Waiting  string  // what it waits for just now, e.g. "throttled"; "" when for nothing
}

// Active is a source that can say what it is doing. Activity may be called from any goroutine.
type Active interface {
	Source
	Activity() Activity
}

// Remarking is a source that knows, at the end of Objects, what else there is to be known: what it passed over and why,
// what looks masked. It goes into the custody log, so that nothing is left out in silence.
type Remarking interface {
	Source
	Remarks() []string
}
