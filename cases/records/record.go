package records

import (
	"errors"
	"fmt"
)

// Kind is what became of a piece of the input.
type Kind uint8

const (
	Data    Kind = iota // a record
	Blank               // a line of nothing but blanks, or an event with such a message
	Control             // what carries no record: a CONTROL_MESSAGE, an empty list, the header of a table
	Broken              // cannot be a record; Err says why
)

func (k Kind) String() string { return [...]string{"data", "blank", "control", "broken"}[k] }

// Event is what CloudWatch Logs says of a record. What the wrapper did not carry is zero.
type Event struct {
	ID                   string // the same for one event wherever it is read: what duplicates are told by
	Timestamp, Ingestion int64  // in ms since 1970; 0 when unknown
	Group, Stream, Owner string
}

// Record is one record of an object. Data and Event are valid until the next call of Next.
type Record struct {
	No    uint32 // 1-based, over the whole object; every Kind counts
	Kind  Kind
	Data  []byte // as the log service wrote it, without a line's end; of a Broken one the first Options.MaxKept bytes
	Size  int64  // the true size of the data
	Event *Event // nil when no wrapper carried any
	Err   error  // of a Broken record
}

// DamageError is the end of an object that is cut, corrupt, or not safe to decode further.
// Everything that could be read before the damage has been delivered.
type DamageError struct {
	What string // the wrapper that is damaged, e.g. gzip
	Err  error
}

func (e *DamageError) Error() string { return fmt.Sprintf("damaged %s: %v", e.What, e.Err) }
func (e *DamageError) Unwrap() error { return e.Err }

// What NewReader refuses.
var (
	ErrEmpty   = errors.New("empty: there is no byte in it")
	ErrParquet = errors.New("a Parquet file, which holds no lines")
	ErrArchive = errors.New("an archive\nhint: unpack it and load the folder")
	ErrOffice  = errors.New("an Office document, e.g. an Excel workbook\nhint: save its sheet as CSV")
	ErrPacked  = errors.New("compressed in a way that no AWS log is (gzip and zstd are read)\nhint: decompress it first")
	ErrUTF32   = errors.New("text in UTF-32\nhint: iconv -f UTF-32 -t UTF-8")
	ErrBinary  = errors.New("binary data, not text")
)

// Bounds of nesting.
const (
	MaxDepth    = 32 // levels of JSON in one record or envelope
	MaxWrappers = 8  // wrappers around one record, compressions included
)

// Options bounds what a Reader takes on. A zero field has its default.
type Options struct {
	MaxRecord  int   // bytes of one record; 8 MiB
	MaxKept    int   // bytes kept of a broken one; 1 MiB
	MaxDecoded int64 // bytes out of all decompression of one object; 4 GiB
	MaxRatio   int64 // decoded bytes per stored byte, from RatioFrom on; 1000, where gzip's own limit is 1032
	RatioFrom  int64 // decoded bytes before MaxRatio counts; 64 MiB
}

func (o Options) withDefaults() Options {
	if o.MaxRecord <= 0 {
		o.MaxRecord = 8 << 20
	}
	if o.MaxKept <= 0 {
		o.MaxKept = 1 << 20
	}
	if o.MaxDecoded <= 0 {
		o.MaxDecoded = 4 << 30
	}
	if o.MaxRatio <= 0 {
		o.MaxRatio = 1000
	}
	if o.RatioFrom <= 0 {
		o.RatioFrom = 64 << 20
	}
	return o
}
