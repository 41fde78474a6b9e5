package tui

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"case53/cases"
	"case53/queries"
)

// Reader is all that the workbench knows of a case.
type Reader interface {
	// Query starts a query and returns once its columns are known. ctx governs the whole life of the result.
	Query(ctx context.Context, sql string, args map[string]any) (Result, error)
	Overview(ctx context.Context) (Overview, error)
	// Record finds where a row came from: its raw line, and the object that holds it.
	Record(ctx context.Context, objectID, rowNo int64) (Record, error)
}

// Result is random access to a result that is computed as it is read.
type Result interface {
	Columns() []cases.Column
	// Fetch reads rows [off, off+n), pulling the query as far as needed; fewer rows mean that the result has ended.
	// It may block, so it is called only from a Cmd. A Fetch that is cancelled leaves the result usable.
	Fetch(ctx context.Context, off, n int) ([][]cases.Cell, error)
	// Count is the number of rows seen so far, and whether the result has ended there. It does not block.
	Count() (n int, complete bool)
	Close()
}

// Overview is the case at a glance.
type Overview struct {
	Path     string
	Captures []Capture
	Tables   map[string]int64 // rows per table: flow, dns, dns_answer, zone
	From, To time.Time        // of the earliest and latest record
	Lines    Lines
	Objects  int64
	Rejects  []Reason // the most frequent first
	Coverage []Coverage
	Hours    []Histogram
	Sealed   bool
	Stale    string // why the index may not be what raw/ holds; "" when all is well
}

// Capture is one set of logs of the case.
type Capture struct {
	Name, Role string
	From, To   time.Time
	Rows       map[string]int64 // per table
}

// Lines counts what every line read turned out to be.
type Lines struct {
	Read, Rows, Headers, Blank, Outside, Duplicate, Rejected int64
}

// Reason is why lines were rejected.
type Reason struct {
	Text  string
	Count int64
}

// Coverage says of how many minutes of its span a source has records, and of what sort.
type Coverage struct {
	LogType, Source, Capture     string
	From, To                     time.Time
	Expected                     int64 // minutes
	OK, NoData, SkipData, Absent int64 // minutes; their sum
}

// Histogram is the number of records of a log type per hour.
type Histogram struct {
	LogType string
	Times   []time.Time
	Counts  []int64
}

// Record is where a row came from.
type Record struct {
	LogType, URI, SHA256          string
	ObjectID, RowNo               int64
	Raw                           []byte
	RawErr                        error // why Raw could not be read, or is not what was loaded
	Capture                       string
	LogGroup, LogStream, EventID  string // "" when it did not come through CloudWatch Logs
	Format                        string
	AcquiredAt                    time.Time
	EventTimestamp, IngestionTime time.Time // CloudWatch's own; zero when unknown
}

// Library is the saved queries; *queries.Set is one.
type Library interface {
	All() []*queries.Query
	Get(id string) *queries.Query
	Pivots(kind string) []*queries.Query
}

// Screen is one thing to look at; an overlay is a screen that is drawn in a box over another.
type Screen interface {
	Title() string              // its crumb in the trail; safe to draw
	Open() tea.Cmd              // first time on top: start fetching
	Update(msg tea.Msg) tea.Cmd // keys that no bind takes, and pasted text, while it is [typing]
	Close() tea.Cmd             // popped: cancel what still runs, let go of what is open
	View(width, height int) string
	Keys() []Bind
	Status() Status
}

// typing is implemented by screens that take text. Keys that are text then go to Update, not to the binds of the App.
type typing interface{ Typing() bool }

// Status is what a screen adds to the status line.
type Status struct {
	Rows, Filter string
	Took         time.Duration
	Task         *task // what runs for the screen, if anything
}
