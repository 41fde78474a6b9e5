package answers

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"case53/cases"
	"case53/cases/words"
	"case53/queries"
	"case53/queries/threads"
	"case53/tui/frame"
)

// timeline is all logs on one axis of time, with what the threads tell marked on it, and T0.
type timeline struct {
	e      *frame.Env
	hunts  *hunts
	logs   []logCounts // nil until known
	asked  asking
	err    error
	ended  bool // cancelled
	axis   axis
	known  bool
	events []event
	at     int // the event under the cursor
	col    int // the column of time
	top    int
	placed bool // the cursor was put on an event once

	counting, drawing frame.Task
}

// asking is what the counts are of.
type asking struct {
	within cases.Span
	every  time.Duration
}

// logCounts are the records of a log by the moments at which pieces of time begin.
type logCounts struct {
	name  string // may hold text of the evidence
	times []time.Time
	n     []int64
}

// event is a step of a thread, or T0.
type event struct {
	at       time.Time
	severity string
	text     string // may hold text of the evidence
	step     *threads.Step
	thread   int
}

// overTime is the saved query that counts.
const overTime = "records-over-time"

func newTimeline(e *frame.Env, d Desk) *timeline { return &timeline{e: e, hunts: keptHunts(e, d)} }

func (s *timeline) Title() string          { return "Timeline" }
func (s *timeline) Update(tea.Msg) tea.Cmd { return nil }

func (s *timeline) Status() frame.Status {
	st := frame.Status{Task: &s.counting}
	if s.drawing.Running() {
		st.Task = &s.drawing
	}
	if len(s.events) > 0 {
		st.Rows = "event " + words.Count(int64(s.at+1)) + " of " + words.Count(int64(len(s.events)))
	}
	return st
}

// Open asks anew; Settle knows for which pieces of time.
func (s *timeline) Open() tea.Cmd {
	s.err, s.ended, s.asked, s.logs = nil, false, asking{}, nil
	return nil
}

func (s *timeline) Close() tea.Cmd {
	s.counting.Stop(s.e)
	s.drawing.Stop(s.e)
	return nil
}

// Cancelled keeps the screen from asking again at once.
func (s *timeline) Cancelled() tea.Cmd {
	s.ended = true
	return nil
}

// longestPiece is the longest that is asked for: longer columns add up several.
const longestPiece = 24 * time.Hour

// Settle draws the axis for the width and the window, has what is not known counted, and threads drawn once the hunts are done.
func (s *timeline) Settle(width, _ int) tea.Cmd {
	e := s.e
	if e.Held.From.IsZero() {
		return nil
	}
	when := s.moment()
	s.axis, s.known = newAxis(s.spans(), width-timelineLead-1)
	s.write()
	if !s.known {
		return nil
	}
	if i := s.axis.columnOf(when); i >= 0 {
		s.col = i
	}
	if !s.placed && len(s.events) > 0 {
		s.placed = true
		s.toEvent()
	}
	s.col = max(min(s.col, s.axis.columns()-1), 0)
	var cmds []tea.Cmd
	want := asking{e.Within, min(s.axis.every, longestPiece)}
	if s.logs == nil || !frame.SameSpan(want.within, s.asked.within) || want.every != s.asked.every {
		if !s.ended && (s.err == nil || want != s.asked) && !(s.counting.Running() && want == s.asked) {
			cmds = append(cmds, s.count(want))
		}
	}
	if s.hunts.isDone() && s.hunts.drawn == nil && !s.drawing.Running() && !s.ended {
		cmds = append(cmds, s.hunts.draw(&s.drawing))
	}
	return tea.Batch(cmds...)
}

// spans are the times that the axis shows: those of captures that have records, within the window; until they are known, of the case.
func (s *timeline) spans() []cases.Span {
	held := s.e.Captures
	if len(held) == 0 {
		held = []cases.Span{s.e.Held}
	}
	var out []cases.Span
	for _, w := range held {
		w.To = w.To.Add(time.Microsecond) // the last record is in it
		if from := s.e.Within.From; !from.IsZero() && w.From.Before(from) {
			w.From = from
		}
		if to := s.e.Within.To; !to.IsZero() && w.To.After(to) {
			w.To = to
		}
		out = append(out, w)
	}
	return out
}

// count asks how many records each log has.
func (s *timeline) count(want asking) tea.Cmd {
	e := s.e
	q := e.Library.Get(overTime)
	if q == nil {
		return nil
	}
	s.asked, s.err = want, nil
	values := e.Given(q, map[string]string{"every": fmt.Sprint(int(want.every / time.Minute))})
	sql, args, err := q.Bind(values)
	if s.err = err; err != nil {
		return nil
	}
	reader := e.Reader
	return frame.Start(e, &s.counting, "counting over time", func(ctx context.Context) ([]logCounts, error) {
		r, err := reader.Query(ctx, sql, args)
		if err != nil {
			return nil, err
		}
		defer r.Close()
		return readCounts(ctx, r)
	}, func(logs []logCounts, err error) tea.Cmd {
		s.logs, s.err = logs, err
		return nil
	})
}

// countsPage is how many counts are read at once.
const countsPage = 4096

// readCounts reads all counts, log by log.
func readCounts(ctx context.Context, r frame.Result) ([]logCounts, error) {
	column := func(name string) int {
		return slices.IndexFunc(r.Columns(), func(c cases.Column) bool { return c.Name == name })
	}
	at, log, n := column("time"), column("log"), column("records")
	if at < 0 || log < 0 || n < 0 {
		return nil, fmt.Errorf("query %s: no columns time, log and records", overTime)
	}
	logs := []logCounts{}
	for off := 0; ; off += countsPage {
		rows, err := r.Fetch(ctx, off, countsPage)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			when, ok := frame.ReadUTC(row[at].Text)
			var count int64
			if _, err := fmt.Sscan(row[n].Text, &count); err != nil || !ok {
				continue
			}
			i := slices.IndexFunc(logs, func(l logCounts) bool { return l.name == row[log].Text })
			if i < 0 {
				i = len(logs)
				logs = append(logs, logCounts{name: row[log].Text})
			}
			logs[i].times, logs[i].n = append(logs[i].times, when), append(logs[i].n, count)
		}
		if len(rows) < countsPage {
			slices.SortFunc(logs, func(a, b logCounts) int { return strings.Compare(a.name, b.name) })
			return logs, nil
		}
	}
}

// write lists the events of the window, in the order of time.
func (s *timeline) write() {
	e := s.e
	s.events = nil
	in := func(t time.Time) bool {
		return (e.Within.From.IsZero() || !t.Before(e.Within.From)) && (e.Within.To.IsZero() || t.Before(e.Within.To))
	}
	if d := s.hunts.drawn; d != nil && d.Told != nil {
		for _, th := range d.Told.Threads {
			for _, step := range th.Steps {
				if in(step.Time) {
					s.events = append(s.events, event{step.Time, step.Severity, stepText(step), step, th.Number})
				}
			}
		}
	}
	if t := e.T0; !t.IsZero() && in(t) {
		s.events = append(s.events, event{at: t, text: "T0: what comes after it is new"})
	}
	slices.SortStableFunc(s.events, func(a, b event) int { return a.at.Compare(b.at) })
	s.at = max(min(s.at, len(s.events)-1), 0)
}

// moment is the middle of the column under the cursor, or the event's where it is in that column; zero where there is none.
func (s *timeline) moment() time.Time {
	if !s.known || s.col >= s.axis.columns() {
		return time.Time{}
	}
	if s.at < len(s.events) && s.axis.columnOf(s.events[s.at].at) == s.col {
		return s.events[s.at].at
	}
	return s.axis.span(s.col).From.Add(s.axis.every / 2)
}

// Moment is that under the cursor.
func (s *timeline) Moment() (time.Time, bool) {
	t := s.moment()
	return t, !t.IsZero()
}

func (s *timeline) Keys() []frame.Bind {
	e := s.e
	side := func(to func() int) func() tea.Cmd {
		return frame.Do(func() {
			s.col = max(min(to(), s.axis.columns()-1), 0)
			s.nearest()
		})
	}
	move := func(to func() int) func() tea.Cmd {
		return frame.Do(func() {
			s.at = max(min(to(), len(s.events)-1), 0)
			if s.at < len(s.events) {
				s.toEvent()
			}
		})
	}
	return []frame.Bind{
		{Keys: frame.Keys("enter"), Does: "what the event under the cursor rests on; without events: the hunts, which find them", Foot: "open", Run: s.enter},
		{Keys: frame.Keys("."), Does: "the records of all logs around the moment under the cursor", Foot: "all records", Run: s.around},
		{Keys: frame.Keys("right", "l"), Does: "a column later", Foot: "later", Run: side(func() int { return s.col + 1 })},
		{Keys: frame.Keys("left", "h"), Does: "a column earlier", Run: side(func() int { return s.col - 1 })},
		{Keys: frame.Keys("^"), Does: "first column", Run: side(func() int { return 0 })},
		{Keys: frame.Keys("$"), Does: "last column", Run: side(func() int { return s.axis.columns() - 1 })},
		{Keys: frame.Keys("down", "j"), Does: "the next event", Foot: "next", Run: move(func() int { return s.at + 1 })},
		{Keys: frame.Keys("up", "k"), Does: "the event before", Run: move(func() int { return s.at - 1 })},
		{Keys: frame.Keys("pgdown", "ctrl+d"), Does: "ten events on", Run: move(func() int { return s.at + 10 })},
		{Keys: frame.Keys("pgup", "ctrl+u"), Does: "ten events back", Run: move(func() int { return s.at - 10 })},
		{Keys: frame.Keys("g", "home"), Does: "first event", Run: move(func() int { return 0 })},
		{Keys: frame.Keys("G", "end"), Does: "last event", Run: move(func() int { return len(s.events) - 1 })},
		{Keys: frame.Keys("e"), Does: "explain: what is counted, and what it cannot tell", Run: s.explain},
		{Keys: frame.Keys("r"), Does: "count again", Run: s.Open},
		reportBind(e, s.hunts.desk),
	}
}

// toEvent puts the cursor of time on the event under the cursor.
func (s *timeline) toEvent() {
	if i := s.axis.columnOf(s.events[s.at].at); i >= 0 {
		s.col = i
	}
}

// nearest puts the cursor on the first event of the column, or the first after it.
func (s *timeline) nearest() {
	if !s.known {
		return
	}
	from := s.axis.span(s.col).From
	if i := slices.IndexFunc(s.events, func(v event) bool { return !v.at.Before(from) }); i >= 0 {
		s.at = i
	}
}

func (s *timeline) enter() tea.Cmd {
	if s.at >= len(s.events) {
		return s.e.Go(frame.Goto{Screen: "hunts"})
	}
	if v := s.events[s.at]; v.step != nil {
		return behindStep(s.e, v.step)
	}
	return s.around()
}

// around shows all logs around the moment under the cursor.
func (s *timeline) around() tea.Cmd {
	t := s.moment()
	q := s.e.Library.Get(allLogsAt)
	if q == nil || t.IsZero() {
		s.e.Say("there is no moment under the cursor")
		return nil
	}
	return logsAt(s.e, q, t)
}

// logsAt asks for all logs around a moment.
func logsAt(e *frame.Env, q *queries.Query, t time.Time) tea.Cmd {
	values := map[string]string{"at": t.UTC().Format(time.RFC3339Nano)}
	return e.Go(frame.Goto{Screen: "query", Values: map[string]any{"query": q, "arguments": values}})
}

func (s *timeline) explain() tea.Cmd {
	e, q := s.e, s.e.Library.Get(overTime)
	if q == nil {
		return nil
	}
	sql, args, err := q.Bind(e.Given(q, map[string]string{"every": fmt.Sprint(int(max(s.asked.every, time.Minute) / time.Minute))}))
	if err != nil {
		e.Say(e.Lines(err.Error())[0])
		return nil
	}
	return e.Overlay(frame.NewExplain(e, "the timeline", frame.About{Doc: q.Title + ".\n\n" + q.Doc + "\n\n" + aboutEvents, Cannot: q.Cannot}, sql, args))
}

const aboutEvents = `An event is a step of a thread: what hunts found, drawn together. Its sign is the worst severity of its column: H M L or a point; T is T0.`
