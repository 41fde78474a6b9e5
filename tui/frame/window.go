package frame

import (
	"fmt"
	"maps"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"case53/cases"
	"case53/cases/words"
	"case53/queries"
)

// The window over the case is one for all screens: whoever asks takes it along, and asks again once it has changed. From a
// moment on, before another; what is at its end is not in it.

// Momenter is a screen that has a moment under its cursor.
type Momenter interface {
	Moment() (time.Time, bool)
}

// SameSpan reports whether two windows are the same.
func SameSpan(a, b cases.Span) bool { return a.From.Equal(b.From) && a.To.Equal(b.To) }

// Windowed reports whether a window is set.
func (e *Env) Windowed() bool { return !e.Within.From.IsZero() || !e.Within.To.IsZero() }

// SetWindow sets the window; one without ends takes it off.
func (e *Env) SetWindow(w cases.Span) {
	if w.From.IsZero() && w.To.IsZero() {
		if e.Windowed() {
			e.off = e.Within
		}
		e.Within = cases.Span{}
		e.Say("all of the case")
		return
	}
	if !w.From.IsZero() && !w.To.IsZero() && !w.From.Before(w.To) {
		e.Say("no window ends before it begins: " + e.Stamp(w.From) + " is not before " + e.Stamp(w.To))
		return
	}
	e.Within = cases.Span{From: w.From.Truncate(time.Microsecond), To: w.To.Truncate(time.Microsecond)} // what the database can tell apart
	e.Say("only " + e.windowWords(e.Within) + "; W takes the window off")
}

// SwapWindow takes the window off, and brings it back.
func (e *Env) SwapWindow() {
	switch {
	case e.Windowed():
		e.SetWindow(cases.Span{})
		e.Say("all of the case; W brings the window back")
	case !e.off.From.IsZero() || !e.off.To.IsZero():
		e.SetWindow(e.off)
	default:
		e.Say("there is no window to bring back; w sets one")
	}
}

// ends are the window with both its ends; where one is open it is that of the case. ok is false where that is not known.
func (e *Env) ends() (cases.Span, bool) {
	w := e.Within
	if w.From.IsZero() {
		w.From = e.Held.From
	}
	if w.To.IsZero() {
		w.To = e.Held.To
	}
	return w, !w.From.IsZero() && !w.To.IsZero() && w.From.Before(w.To)
}

// MoveWindow moves the window by so many halves of its length.
func (e *Env) MoveWindow(halves float64) {
	w, ok := e.ends()
	if !ok || !e.Windowed() {
		e.Say("there is no window to move; w sets one")
		return
	}
	by := w.Seconds() / 2 * halves
	e.SetWindow(cases.Span{From: cases.Later(w.From, by), To: cases.Later(w.To, by)})
}

// leastWindow is the shortest window that zooming makes.
const leastWindow = 1.0

// ZoomWindow makes the window so many times as long, around a moment, or its own middle where that lies outside. One that
// holds all of the case is none.
func (e *Env) ZoomWindow(times float64, around time.Time) {
	w, ok := e.ends()
	if !ok {
		e.Say("from when to when the case goes is not known yet")
		return
	}
	if times > 1 && !e.Windowed() {
		e.Say("this is all of the case already")
		return
	}
	long := w.Seconds()
	if times < 1 && long <= leastWindow {
		e.Say("a second is the shortest window")
		return
	}
	if around.Before(w.From) || !around.Before(w.To) {
		around = cases.Later(w.From, long/2)
	}
	half := max(long*times, leastWindow) / 2
	w = cases.Span{From: cases.Later(around, -half), To: cases.Later(around, half)}
	if held := e.Held; times > 1 && !held.From.IsZero() && !w.From.After(held.From) && w.To.After(held.To) {
		w = cases.Span{}
	}
	e.SetWindow(w)
}

// SetT0 makes a moment T0; the same once more, and there is none.
func (e *Env) SetT0(t time.Time) {
	if t.Equal(e.T0) {
		e.T0 = time.Time{}
		e.Say("T0 is not set any more")
		return
	}
	e.T0 = t
	e.Say("T0 is " + e.Stamp(t) + ": queries that ask what is new take it, and w reads T0+1h")
}

// distances are how far a window around a moment goes, of those that the menu of o offers.
var distances = []time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour}

// far writes one of them.
func far(d time.Duration) string {
	if d < time.Hour {
		return fmt.Sprintf("%d min", d/time.Minute)
	}
	return fmt.Sprintf("%d h", d/time.Hour)
}

// NewAround is the menu of windows that a moment makes.
func NewAround(e *Env, at time.Time) Screen {
	item := func(text string, w cases.Span) Item {
		return Item{Text: text, Note: e.spanText(w), Run: func() tea.Cmd { return e.CloseThen(Do(func() { e.SetWindow(w) })) }}
	}
	var items []Item
	for _, d := range distances {
		items = append(items, item(far(d)+" before, "+far(d)+" after", cases.Span{From: at.Add(-d), To: at.Add(d)}))
	}
	on, before := cases.Span{From: at, To: e.Within.To}, cases.Span{From: e.Within.From, To: at}
	if !at.Before(e.Within.To) { // a moment outside the window: what is on its side of it
		on.To = time.Time{}
	}
	if !e.Within.From.Before(at) {
		before.From = time.Time{}
	}
	items = append(items, item("from this moment on", on), item("before this moment", before))
	if !e.T0.IsZero() {
		items = append(items, item("from T0 on", cases.Span{From: e.T0}), item("before T0", cases.Span{To: e.T0}))
	}
	items = append(items, Item{Text: "another" + e.Theme.Glyph.Dots, Note: "typed", Run: func() tea.Cmd {
		return e.CloseThen(func() tea.Cmd { return e.Overlay(NewWindowLine(e, "within 10m of "+e.Stamp(at))) })
	}})
	return NewMenu(e, "Window around "+e.Stamp(at), items)
}

// Given is what a query is asked with: what was given, and the window and T0 in the parameters for them that were left empty.
func (e *Env) Given(q *queries.Query, values map[string]string) map[string]string {
	return GivenFor(q, values, e.Within, e.T0)
}

// GivenFor is Given for a window and a T0 that may not be those of now.
func GivenFor(q *queries.Query, values map[string]string, within cases.Span, t0 time.Time) map[string]string {
	out := withT0(q, values, t0)
	own := values["from"] != "" || values["to"] != "" // half a window of its own and half of the case's would be neither
	if TakesWindow(q) && !own {
		fill(q, out, "from", within.From)
		fill(q, out, "to", within.To)
	}
	return out
}

// WithT0 is what a query is asked with: what was given, and T0 where it asks what is new and was not told since when.
func (e *Env) WithT0(q *queries.Query, values map[string]string) map[string]string {
	return withT0(q, values, e.T0)
}

func withT0(q *queries.Query, values map[string]string, t0 time.Time) map[string]string {
	out := maps.Clone(values)
	if out == nil {
		out = map[string]string{}
	}
	for _, name := range sinceNames {
		fill(q, out, name, t0)
	}
	return out
}

// fill gives a parameter of moments a value where it has none.
func fill(q *queries.Query, values map[string]string, name string, t time.Time) {
	if p := q.Param(name); p != nil && p.Kind == "time" && values[name] == "" && !t.IsZero() {
		values[name] = t.UTC().Format(time.RFC3339Nano)
	}
}

// sinceNames are the parameters of queries that ask what is new since a moment.
var sinceNames = []string{"t0", "since"}

// AsksNew reports whether a query can take T0.
func AsksNew(q *queries.Query) bool {
	return slices.ContainsFunc(sinceNames, func(name string) bool { p := q.Param(name); return p != nil && p.Kind == "time" })
}

// TakesWindow reports whether a query can be asked for a window.
func TakesWindow(q *queries.Query) bool {
	from, to := q.Param("from"), q.Param("to")
	return from != nil && to != nil && from.Kind == "time" && to.Kind == "time"
}

// windowWords are a window in a sentence.
func (e *Env) windowWords(w cases.Span) string {
	switch {
	case w.From.IsZero():
		return "before " + e.Stamp(w.To)
	case w.To.IsZero():
		return "from " + e.Stamp(w.From) + " on"
	}
	return e.Stamp(w.From) + " to " + e.Stamp(w.To) + ", " + words.Long(w.Seconds())
}

// WindowText is the window for the status line: in the zone that stands beside it, and with no more of the dates than tells them
// apart from others of the case.
func (e *Env) WindowText() string {
	if !e.Windowed() {
		return "all"
	}
	return e.spanText(e.Within)
}

func (e *Env) spanText(w cases.Span) string {
	from, to := w.From.In(e.Zone), w.To.In(e.Zone)
	switch {
	case w.From.IsZero():
		return "before " + e.shortTime(to)
	case w.To.IsZero():
		return "from " + e.shortTime(from)
	case from.Format(time.DateOnly) == to.Format(time.DateOnly):
		return e.shortTime(from) + e.Theme.Glyph.Dash + clock(to)
	}
	return e.shortTime(from) + e.Theme.Glyph.Dash + e.shortTime(to)
}

// T0Text is T0 for the status line; "" where it is not set.
func (e *Env) T0Text() string {
	if e.T0.IsZero() {
		return ""
	}
	t := e.T0.In(e.Zone)
	if day := t.Format(time.DateOnly); e.Windowed() && e.Within.From.In(e.Zone).Format(time.DateOnly) == day {
		return "T0 " + clock(t) // of the day that stands before it
	}
	return "T0 " + e.shortTime(t)
}

// ShortTime is a moment in the zone on view, without the year where the case has but one.
func (e *Env) ShortTime(t time.Time) string { return e.shortTime(t.In(e.Zone)) }

// shortTime leaves out the year where the case has but one.
func (e *Env) shortTime(t time.Time) string {
	day := "2006-01-02 "
	if h := e.Held; !h.From.IsZero() && h.From.In(e.Zone).Year() == t.Year() && h.To.In(e.Zone).Year() == t.Year() {
		day = "01-02 "
	}
	return t.Format(day) + clock(t)
}

// clock is the time of the day, with seconds where it has some.
func clock(t time.Time) string {
	switch {
	case t.Nanosecond() != 0:
		return t.Format("15:04:05.999999")
	case t.Second() != 0:
		return t.Format(time.TimeOnly)
	}
	return t.Format("15:04")
}
