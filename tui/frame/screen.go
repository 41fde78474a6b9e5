package frame

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"case53/cases"
	"case53/queries"
	"case53/queries/findings"
)

// Reader is all that the workbench knows of a case.
type Reader interface {
	// Query starts a query and returns once its columns are known. ctx governs the whole life of the result.
	Query(ctx context.Context, sql string, args map[string]any) (Result, error)
	// Apart is the reader for SQL that is not ours: it runs in a process of its own.
	Apart() Reader
	Overview(ctx context.Context, bin time.Duration) (cases.Overview, error)
	// Coverage is what is there of every source in pieces of bin, with the calls that explain what is not.
	Coverage(ctx context.Context, bin time.Duration) ([]cases.Coverage, error)
	// Record finds where a row came from: its raw line, and the object that holds it.
	Record(ctx context.Context, objectID, rowNo int64) (cases.Record, error)
	// ReadRecords reads the raw records of rows, of which object and number are given; Err of each says why it could not be read.
	ReadRecords(ctx context.Context, rows []*cases.Record) error
	// Behind is a statement that gives the records that a row of a hunt names; "" where it names nothing.
	Behind(ctx context.Context, columns []cases.Column, row []cases.Cell) (sql string, args map[string]any, err error)
	// LogTypes are the log types that the case has a record of.
	LogTypes() []cases.LogType
	// Lacking gives the log types that these views show and the case has no record of, of rows by table; all says that
	// none of the views shows anything.
	Lacking(views []string, rows map[string]int64) (types []cases.LogType, all bool)
}

// CaseReader is a case as the workbench reads it.
type CaseReader struct{ *cases.Case }

func (r CaseReader) Query(ctx context.Context, sql string, args map[string]any) (Result, error) {
	return r.Case.Result(ctx, sql, args)
}

// Overview has the calls that explain what is missing, too; where there is no coverage to explain they are not asked for.
func (r CaseReader) Overview(ctx context.Context, bin time.Duration) (cases.Overview, error) {
	o, err := r.Case.Overview(ctx, bin)
	if err == nil && len(o.Coverage) > 0 {
		err = findings.Explain(ctx, r.Case, o.Coverage)
	}
	return o, err
}

func (r CaseReader) Coverage(ctx context.Context, bin time.Duration) ([]cases.Coverage, error) {
	all, err := r.Case.Coverage(ctx, bin)
	if err == nil && len(all) > 0 {
		err = findings.Explain(ctx, r.Case, all)
	}
	return all, err
}

func (r CaseReader) Apart() Reader { return CaseReader{r.Case.Apart()} }

func (r CaseReader) Behind(ctx context.Context, columns []cases.Column, row []cases.Cell) (sql string, args map[string]any, err error) {
	return findings.Behind(ctx, r.Case, columns, row)
}

func (r CaseReader) LogTypes() []cases.LogType { return r.HeldTypes() }

// Asked is a statement with its arguments.
type Asked struct {
	SQL   string
	Args  map[string]any
	Apart bool // it is the user's, or of somebody else
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

// Library is the saved queries; *queries.Set is one.
type Library interface {
	All() []*queries.Query
	Get(id string) *queries.Query
	Pivots(kind string) []*queries.Query
	Pages(kind string) []*queries.Query
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

// Typing is implemented by screens that take text. Keys that are text then go to Update, not to the binds of the App.
type Typing interface{ Typing() bool }

// Status is what a screen adds to the status line.
type Status struct {
	Rows, Filter string
	Took         time.Duration
	Task         *Task // what runs for the screen, if anything
	All          bool  // it shows all of the case, or what it was asked for, whatever the window
}

// Goto is where a screen asks to be led. It names what is wanted, never another screen's constructor.
type Goto struct {
	Screen string         // the name of an Entry
	Values map[string]any // what that screen is to show
}

// Entry is a line of the table of screens.
type Entry struct {
	Name string
	Does string   // for help, as a sentence without its subject
	Keys []string // that open it from everywhere; none where it is reached from others only
	Twin string   // the command that says the same; "" where it shows what another screen holds
	Open func(*Env, Goto) tea.Cmd
}

// Settler is a screen that must know its size before it can tell what it needs.
type Settler interface {
	Settle(width, height int) tea.Cmd
}

// Backer is a screen of which a step back may take something off before it leaves: the newest filter. done is false where
// there is nothing left to take off.
type Backer interface {
	Back() (cmd tea.Cmd, done bool)
}

// Canceller is a screen that must know that its request was cancelled, so as not to ask again at once.
type Canceller interface{ Cancelled() tea.Cmd }
