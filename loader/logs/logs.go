// Package logs knows the log types: what a record of each looks like, and how it becomes rows.
//
// This package is the contract; a log type is a folder below it, and one word in loader.Types. Its .go files detect the
// type and decode one record (a line, or one JSON object) straight into columns; its .sql file says in its header what the
// type is to all who do not decode it, and declares the tables those columns are stored in, the views people query, and the
// tables derived from them. Nothing outside these folders knows a type by name.
//
// What several types need is in field: addresses, names, times, text, JSON. What they say together is in across.
//
// Rules:
//   - A record becomes exactly one of: a row (with its child rows), a header, outside the window, a duplicate,
//     not kept, or an error. The caller keeps the bytes of an error as a reject; a decoder never drops or shortens anything.
//   - A time that cannot be read is an error. It is never guessed, taken from a file name, or set to now.
//   - "-" becomes NULL only where it is the whole value. Unknown fields are kept as JSON in the column extra.
//   - All times are UTC, in microseconds since 1970. Account ids and other ids stay text.
//   - Text that is not valid UTF-8 is stored escaped (\xNN per bad byte, \\ per backslash) and the row says so.
//
// The package refuses to pad a short line, to shift fields, and to choose between two formats that both fit.
package logs

import (
	"math"
	"strings"
	"time"

	"case53/cases"
	"case53/loader/source"
)

// Outcome says what one record turned out to be.
type Outcome uint8

const (
	Row       Outcome = iota // stored, possibly with child rows
	Header                   // a header line, or an envelope's control message: structure, not evidence
	Outside                  // readable, but not in the window asked for
	Duplicate                // readable, but already in the case from an earlier load
	NotKept                  // readable, but of what the type does not keep
)

// Options is what a decoder is told about the object it is to decode.
type Options struct {
	// Formats are the field lists of logs that do not name theirs: AWS's field names in order, or a format as one text.
	// More than one: chosen per line. Nil: the header line must come first, or the log has one of the usual forms.
	Formats [][]string
	// Capture, e.g. "incident"; stored with every row through its context.
	Capture string
	// Zone is that of times which do not say theirs; nil: not known, they are taken as UTC and flagged.
	Zone *time.Location
	// Admit decides on a record by its own time [first, last], in µs: Row, Outside or Duplicate.
	Admit func(first, last int64) Outcome
	// Intern gives the number of a context: the values that repeat from row to row (account, interface,
	// action …), kept once. table is the context table's name; key is made by AppendText and friends, one
	// entry per column of that table after context_id.
	Intern func(table string, key []byte) uint32
	// Flush is called with a full batch (and once more by the caller at the end); it empties the batch.
	Flush func(*Batch) error
}

// Row decides on a record that was read, by its own times, and has the row written where it is wanted: a decoder's answer.
func (o *Options) Row(first, last int64, write func() error) (Outcome, int64, int64, error) {
	if o.Admit != nil {
		if outcome := o.Admit(first, last); outcome != Row {
			return outcome, first, last, nil
		}
	}
	return Row, first, last, write()
}

// Meta is what is known of a record beside its bytes.
type Meta struct {
	ObjectID uint32
	RowNo    uint32 // 1-based: its line, or its event's index in the object
	// CloudWatch Logs names, "" when the record did not come through CloudWatch Logs.
	LogGroup, LogStream string
	// EventTime is the event's own time by CloudWatch Logs, in µs; 0: it has none.
	EventTime int64
	// Seen is when the record was there at the latest, in µs: as CloudWatch Logs took it in, or else as its object was last
	// changed, or acquired.
	Seen int64
}

// Decoder turns the records of one object into rows. It is used by one goroutine.
type Decoder interface {
	// Decode reads one record. rec is only valid during the call. An error condemns the record, not the object.
	// first and last are the record's own times in µs; they are set for Row, Outside and Duplicate.
	Decode(rec []byte, meta Meta) (o Outcome, first, last int64, err error)
	// Batches are the decoder's unflushed rows, parent table first.
	Batches() []*Batch
	// Format describes how the object was read, e.g. "version account-id … (header)"; recorded in the case. What must be known
	// of it follows, as Warnings takes it off.
	Format() string
}

// Type is a log type.
type Type struct {
	cases.Schema // the .sql file, and what its header says
	// Detect says how well the first records of an object fit, 0…100. Ties between types are the caller's error.
	Detect func(sample [][]byte) int
	// Resolve settles, from the object's first records, the formats a decoder needs (flow logs without a header:
	// given formats are checked, else presets are tried). An *AmbiguousError says what to pass. May be nil.
	Resolve func(sample [][]byte, given [][]string) ([][]string, error)
	// Option is the flag with which a user gives formats of this type, which Resolve then gets: "flow-format". "": there is none.
	Option string
	// Enough says that the first few records already show the type and all that Resolve could find in more. May be nil.
	Enough func(sample [][]byte) bool
	New    func(Options) Decoder
	// Second is SQL that reads the type's records a second time, in a stock duckdb, for whoever trusts no decoder: a statement for each
	// view, after a line "-- view: NAME". It shares nothing with the decoder. "": there is none.
	Second string
	// Places are where services put such logs in a bucket.
	Places []source.Place
}

// Define reads a log type's .sql file. It is embedded at build time: a fault in its header ends the program.
func Define(file, sql string) cases.Schema {
	t, err := cases.Describe(file, sql)
	if err != nil {
		panic(err)
	}
	return cases.Schema{LogType: t, SQL: sql}
}

// Warnings takes off a format what its decoder warns of: a name that nobody knows, a field that rows cannot do without.
func Warnings(format string) (how string, warnings []string) {
	parts := strings.Split(format, "; warning: ")
	return parts[0], parts[1:]
}

// NoTime stands for the first and last of a record that has no time.
const NoTime = math.MinInt64
