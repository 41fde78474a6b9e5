package frame

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"case53/cases"
	"case53/cases/notes"
	"case53/cases/safetext"
	"case53/tui/grid"
)

// Env is what the screens share. Only Update changes it.
type Env struct {
	Reader  Reader
	Library Library
	Opt     Options
	ctx     context.Context

	Theme    Theme
	Zone     *time.Location
	Within   cases.Span   // the window over the case: what every screen shows; a zero end is open
	off      cases.Span   // the window that W brings back
	T0       time.Time    // the moment from which on something is new; zero: not set
	Held     cases.Span   // the time that the case has records of; zero ends until known
	Captures []cases.Span // likewise of each capture
	Now      time.Time    // of the message at hand
	Spin     int          // of the spinner
	Notice   string       // said once, until the next key

	Trail    []Screen
	Ahead    []Screen // those that were left, the last one next
	Overlays []Screen
	Strip    bool              // lists of records have a histogram over them
	NoPane   bool              // wide lists have no pane beside them
	Jobs     []*Job            // what goes on when its screen is left, the newest first; those that are done, too
	Kept     Kept              // what the examiner keeps
	Tables   map[string]int64  // what the case has; nil until known
	Problem  string            // why what the case shows may lack something; may hold text of the evidence; "" when all is well
	kept     map[string]Screen // screens that keep what was typed while they are off the trail
	Screens  []Entry

	lastReq uint64
	Waiting map[uint64]func(Answer) tea.Cmd
	Ticking bool
}

// NewEnv makes what the screens of a workbench share; screens is the table that Goto is looked up in.
func NewEnv(ctx context.Context, r Reader, library Library, opt Options, screens []Entry) *Env {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Local == nil {
		opt.Local = time.Local
	}
	if opt.Note == "" {
		opt.Note = "READ-ONLY"
	}
	if opt.Tick == nil {
		opt.Tick = tea.Tick
	}
	return &Env{Reader: r, Library: library, Opt: opt, ctx: ctx, Zone: time.UTC, Now: opt.Now(), Theme: NewTheme(opt.Theme != "light", opt.ASCII),
		Waiting: map[uint64]func(Answer) tea.Cmd{}, kept: map[string]Screen{}, Screens: screens}
}

// Go leads to a screen. One that no entry names is said to be missing: it is a fault of the workbench, not of its user.
func (e *Env) Go(g Goto) tea.Cmd {
	for _, entry := range e.Screens {
		if entry.Name == g.Screen {
			return entry.Open(e, g)
		}
	}
	e.Say("there is no screen " + g.Screen)
	return nil
}

// Keep gives the screen of this name that was made before, and makes it where there is none.
func (e *Env) Keep(name string, create func() Screen) Screen {
	if e.kept[name] == nil {
		e.kept[name] = create()
	}
	return e.kept[name]
}

// Push puts a screen on the trail.
func (e *Env) Push(s Screen) tea.Cmd {
	e.Put(s)
	return s.Open()
}

// Put is Push for a screen that is open already. A new way leaves no screens ahead.
func (e *Env) Put(s Screen) { e.Trail, e.Ahead = append(e.Trail, s), nil }

// Forward goes to the screen that was left last.
func (e *Env) Forward() tea.Cmd {
	n := len(e.Ahead)
	if n == 0 {
		e.Say("there is no screen ahead: the trail goes on with what is opened next")
		return nil
	}
	s := e.Ahead[n-1]
	e.Trail, e.Ahead = append(e.Trail, s), e.Ahead[:n-1]
	return s.Open()
}

// ForwardTo goes on by so many screens.
func (e *Env) ForwardTo(by int) tea.Cmd {
	var cmds []tea.Cmd
	for range min(by, len(e.Ahead)) {
		cmds = append(cmds, e.Forward())
	}
	return tea.Batch(cmds...)
}

// Pop leaves the top screen, and keeps it ahead. The first one stays.
func (e *Env) Pop() tea.Cmd {
	if len(e.Trail) <= 1 {
		return nil
	}
	top := e.Trail[len(e.Trail)-1]
	e.Trail = e.Trail[:len(e.Trail)-1]
	e.Ahead = append(e.Ahead, top)
	return top.Close()
}

// PopTo leaves all screens after number i.
func (e *Env) PopTo(i int) tea.Cmd {
	var cmds []tea.Cmd
	for len(e.Trail) > i+1 && len(e.Trail) > 1 {
		cmds = append(cmds, e.Pop())
	}
	return tea.Batch(cmds...)
}

// Top is the screen on view.
func (e *Env) Top() Screen { return e.Trail[len(e.Trail)-1] }

// Overlay puts a screen in a box over the one on view.
func (e *Env) Overlay(s Screen) tea.Cmd {
	e.Overlays = append(e.Overlays, s)
	return s.Open()
}

// CloseOverlay takes the top overlay away.
func (e *Env) CloseOverlay() tea.Cmd {
	if len(e.Overlays) == 0 {
		return nil
	}
	top := e.Overlays[len(e.Overlays)-1]
	e.Overlays = e.Overlays[:len(e.Overlays)-1]
	return top.Close()
}

// CloseThen takes the top overlay away and goes on.
func (e *Env) CloseThen(next func() tea.Cmd) tea.Cmd {
	return tea.Batch(e.CloseOverlay(), next())
}

// Say puts a text into the foot, until the next key.
func (e *Env) Say(text string) { e.Notice = text }

// Show makes text of the evidence, or of an error, safe to draw on one line.
func (e *Env) Show(s string) string {
	if e.Opt.ASCII {
		return safetext.ASCII(s)
	}
	return safetext.Show(s)
}

// Brief is show for a place where only so much of a value is of use. What is left out is counted.
func (e *Env) Brief(s string) string {
	head, more := grid.Head(s, 256)
	if more == 0 {
		return e.Show(head)
	}
	return fmt.Sprintf("%s%s(+%d)", e.Show(head), e.Theme.Glyph.Dots, more)
}

// Lines is show for text that may have several lines, such as a database's message.
func (e *Env) Lines(s string) []string {
	parts := strings.Split(strings.ReplaceAll(strings.TrimRight(s, "\n"), "\t", "    "), "\n")
	for i, p := range parts {
		parts[i] = e.Show(p)
	}
	return parts
}

// Has reports whether a query that needs these views can find anything: at least one of them has rows, as far as is
// known. lacks names a log type that it reads and that has none, because an answer over several logs means less without.
func (e *Env) Has(needs []string) (lacks string, ok bool) {
	if e.Tables == nil {
		return "", true
	}
	types, all := e.Reader.Lacking(needs, e.Tables)
	if len(types) > 0 {
		lacks = types[len(types)-1].Name
	}
	return lacks, !all
}

// IsTime reports whether the values of a column are times.
func IsTime(c cases.Column) bool {
	return strings.HasPrefix(c.Type, "TIMESTAMP")
}

// IsNumber reports whether the values of a column are numbers, to be put to the right.
func IsNumber(c cases.Column) bool {
	name, _, _ := strings.Cut(c.Type, "(")
	return slices.Contains(NumberTypes, name)
}

var NumberTypes = []string{"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER",
	"UBIGINT", "UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL"}

// Options are what the workbench is told at its start.
type Options struct {
	CaseName   string
	Note       string                                                  // READ-ONLY when empty; SEALED once the overview says so
	ASCII      bool                                                    // draw with ASCII only
	Theme      string                                                  // "dark", "light", or "" to ask the terminal
	StartQuery string                                                  // id of a saved query to open with
	Notes      *notes.Book                                             // what the examiner keeps; nil: it cannot be opened
	Build      func(ctx context.Context, said func(step string)) error // what is derived, in another process; nil: nobody does
	Now        func() time.Time
	CaseZone   *time.Location // where the case was, for ctrl+t; nil: not said
	Local      *time.Location // the last zone of ctrl+t; this machine's when nil

	Tick func(time.Duration, func(time.Time) tea.Msg) tea.Cmd // tests have no time to wait
}
