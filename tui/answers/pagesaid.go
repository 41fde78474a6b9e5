package answers

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"case53/cases/words"
	"case53/queries/entities"
	"case53/queries/findings"
	"case53/queries/threads"
	"case53/tui/frame"
)

// writeSaid writes the findings that name the value, and the steps of threads.
func (s *page) writeSaid(width int) {
	e, t, h := s.e, &s.e.Theme, s.hunts
	s.add(pageLine{})
	ran, all := h.ran()
	goOn := func() tea.Cmd { return e.Go(frame.Goto{Screen: "hunts"}) }
	if ran < all {
		fact := fmt.Sprintf("%d of %d hunts were run", ran, all)
		if e.Windowed() {
			fact += " for this window"
		}
		s.head("What is said of it", fact)
		text := "   enter runs the hunts; esc comes back"
		s.add(pageLine{text: text, run: goOn})
	}
	found := h.found()
	var steps []entities.Step
	if d := h.drawn; d != nil && d.Err == nil && ran == all {
		found, steps = d.Found, entities.Steps(d.Told, d.Found, s.value)
	}
	named := entities.Findings(found, s.value)
	if ran == all {
		fact := words.Plural(int64(len(named)), "finding", "findings") + ", " + words.Plural(int64(len(steps)), "step of a thread", "steps of threads")
		s.head("What is said of it", fact)
	}
	for _, f := range named {
		s.finding(f)
	}
	switch {
	case s.drawing.Running():
		s.add(pageLine{text: "   " + t.Dim.Render("drawing threads"+t.Glyph.Dots)})
	case h.drawn != nil && h.drawn.Err != nil:
		s.say("   ", "threads cannot be drawn: "+firstLine(h.drawn.Err.Error()), t.Warn.Render, width)
	}
	for _, step := range steps {
		s.step(step)
	}
}

func (s *page) finding(f findings.Finding) {
	e := s.e
	lead := fmt.Sprintf("   %s %-6s  %.2f  ", signs[f.Severity], f.Severity, f.Score)
	text := lead + e.Show(f.Hunt) + "  " + e.Brief(frame.OneLine(f.Reason))
	l := pageLine{text: text, whole: f.Reason}
	if q := e.Library.Get(f.Hunt); q != nil {
		l.run = func() tea.Cmd { return e.Go(frame.Goto{Screen: "query", Values: map[string]any{"query": q}}) }
	}
	s.add(l)
}

func (s *page) step(step entities.Step) {
	text := fmt.Sprintf("   thread %d  %s  %s", step.Thread, s.e.Moment(step.Time), s.e.Brief(stepText(step.Step)))
	s.add(pageLine{text: text, whole: stepText(step.Step), at: step.Time, run: func() tea.Cmd { return behindStep(s.e, step.Step) }})
}

// behindStep leads to what a step rests on: what the first of its hunts found; all logs around its moment where it has none.
func behindStep(e *frame.Env, step *threads.Step) tea.Cmd {
	for _, id := range step.Hunts {
		if q := e.Library.Get(id); q != nil {
			return e.Go(frame.Goto{Screen: "query", Values: map[string]any{"query": q}})
		}
	}
	if q := e.Library.Get(allLogsAt); q != nil {
		return logsAt(e, q, step.Time)
	}
	e.Say("no hunt tells of this step: it is drawn from connections; o makes a window around its moment")
	return nil
}

// allLogsAt is the saved query that gives all logs around a moment.
const allLogsAt = "timeline-at"

func stepText(step *threads.Step) string { return frame.OneLine(step.Text) }

// writeKept writes what the notes have of the value.
func (s *page) writeKept(width int) {
	e, t := s.e, &s.e.Theme
	s.add(pageLine{})
	b := e.Kept.Book()
	if b == nil {
		s.head("Kept", "notes cannot be opened")
		return
	}
	k := entities.KeptOf(b, s.kind, s.value)
	if k.Note == nil && len(k.Sets) == 0 {
		s.head("Kept", "no note on it, in no named set: m marks it, c comments")
		return
	}
	s.head("Kept", "")
	if k.Note != nil {
		for _, part := range e.NoteLines(*k.Note) {
			s.say("   ", strings.TrimSpace(part[0]+" "+part[1]), t.Plain.Render, width)
		}
	}
	for _, set := range k.Sets {
		s.say("   ", "in the set @"+set, t.Plain.Render, width)
	}
}
