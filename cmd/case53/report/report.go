// Package report writes a report on a case, as one HTML file that needs nothing else and as Markdown.
//
// A [Report] is facts; [Report.HTML] and [Report.Markdown] are the same document in two forms: the facts become blocks
// (headings, paragraphs, tables, pictures), and only the blocks are written.
//
// Rules:
//   - Text may come from evidence, whoever hands it over. Every text passes safetext where it is written, and is then
//     escaped for its form: by html/template, or so that no Markdown reader takes it for markup, a link or a table's end.
//   - The same facts give the same bytes. When and by whom the report was made is one line.
//   - Nothing is cut in silence: where a part shows only some, it says of how many, and where the rest is.
//   - No script, no font, no picture from elsewhere; the file's own policy forbids them.
//
// The package reads no case and no clock, and refuses to decide anything: what is found, and what it means, is its caller's.
package report

import (
	"time"

	"case53/cases"
)

// Report is what a report says.
type Report struct {
	Title, Author string
	Made          string // when and by whom
	Note          string // the author's own words; paragraphs are parted by an empty line
	Scope         []Fact
	Window        cases.Span // that the timelines and the coverage show
	Captures      []Capture
	Sources       []Source // remote sources, and how completely they were read
	Objects       []Object
	Files         []File // what else is in raw/
	Rejects       []Reject
	Coverage      []Coverage
	CoverageBin   time.Duration
	Timelines     []Timeline
	Findings      []Finding
	Hunts         []Hunt
	Comparison    *Comparison // nil where there are no two captures to compare
	NoComparison  string      // why there are not
	Custody       Custody
	Limits        []Limit
}

// Fact is a name and what it is.
type Fact struct{ Name, Value string }

// Lines says what became of the records that were read.
type Lines struct{ Read, Rows, Headers, Blank, Outside, Duplicate, Rejected int64 }

// Capture is a capture and what it holds.
type Capture struct {
	Name, Role string
	Objects    int64
	Bytes      int64
	Rows       []Count // records by log type
	Window     cases.Span
	Lines      Lines
}

// Count is how many there are of something.
type Count struct {
	Name string
	N    int64
}

// Source is a remote source.
type Source struct {
	Name                          string
	Complete, Unverified, Partial int64
	Gaps                          []Gap
}

// Gap is a part of a source that could not be read.
type Gap struct {
	cases.Span
	Reason string
}

// Object is a source object. Problem says why it could not be read whole.
type Object struct {
	ID                          uint32
	SHA256                      string
	Size                        int64
	Capture, LogType, Kind, URI string
	Version, Acquired, Problem  string
	Lines                       Lines
}

// File is a file in raw/ that is no source of records.
type File struct{ What, SHA256, Detail string }

// Reject is why records could not be decoded.
type Reject struct {
	Reason string
	N      int64
}

// Coverage is what is there of one source.
type Coverage struct {
	LogType, Capture, Source string
	Window                   cases.Span
	Windows                  int64
	Counts                   []Count // by status
	Spans                    []Stretch
}

// Stretch is a run of windows of one status: OK, NODATA, SKIPDATA, absent; for dns and zone records or none.
type Stretch struct {
	cases.Span
	Status string
}

// Timeline is the records of a capture in bins of equal width, and where findings lie. Bins are numbered from From.
type Timeline struct {
	Capture string
	cases.Span
	Bin    time.Duration
	Series []Series
	Marks  []Mark
}

// Series is the records of a log type by bin.
type Series struct {
	LogType string
	Counts  []int64
}

// Mark is a finding in a timeline.
type Mark struct {
	Finding                 int // its number
	Hunt, Subject, Severity string
	cases.Span
}

// Finding is a finding; its number is its place in the list, from 1.
type Finding struct {
	Hunt, Severity, Subject, Reason, Capture string
	Score                                    float64
	Rows                                     int64
	cases.Span
	Coverage string
	Places   []string // whose outside addresses they are
	Cited    Cited
}

// Cited is records that a finding speaks about.
type Cited struct {
	Command string // shows them all
	Total   int64
	Records []Record
	Problem string // why there are none
}

// Record is a record of a source object. Raw is its line as it was received; where that cannot be shown, Problem says why.
type Record struct {
	ObjectID, RowNo int64
	Time            time.Time
	Raw, Problem    string
}

// Hunt is a hunt that was run, or not: then NotRun says why.
type Hunt struct {
	ID, Title, Doc, Cannot, Method, FalsePositives, NotProof, Measured, Attack string
	Parameters                                                                 []Fact
	Findings                                                                   int      // in this report
	Allowed, Beyond                                                            int      // left out: on an --allow list; after the best
	Steps                                                                      []string // what was left after each step, where nothing was found
	NotRun                                                                     string
	Rows                                                                       int64
	Digest, Command, Statement                                                 string
}

// Comparison is what two captures have in common, in words and in tables.
type Comparison struct {
	Left, Right string
	Verdict     []string
	Tables      []Table
	Positives   []string // what was asked about, and is there
	Negatives   []string // what is not there
	Command     string
}

// Table is a table that its maker has put into words.
type Table struct {
	Title string
	Head  []string
	Rows  [][]string
}

// Custody is the end of the custody log.
type Custody struct {
	Lines       int
	Head        string // SHA-256 of the last line
	First, Last time.Time
	Actions     []Count
}

// Limit is what a log can never show.
type Limit struct {
	LogType string
	Points  []string
}
