package answers

import (
	"context"
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"case53/cases"
	"case53/cases/notes"
	"case53/cases/words"
	"case53/tui/frame"
	"case53/tui/grid"
)

// noted is what is kept of the case: notes on records and values, and named sets; of each record whether raw/ still has its line.
type noted struct {
	e      *frame.Env
	list   list
	lines  []line
	states map[string]notes.State // by notes.Target.Key
	check  frame.Task
	read   frame.Task
	width  int
	only   string // words that the notes on view have, all of them; may hold text of the evidence
}

func newNotes(e *frame.Env) *noted {
	return &noted{e: e, states: map[string]notes.State{}, list: list{at: 1}, width: 80} // the first note, under the head
}

func (s *noted) Title() string          { return "Notes" }
func (s *noted) Update(tea.Msg) tea.Cmd { return nil }

func (s *noted) Status() frame.Status {
	st := frame.Status{Task: &s.check, All: true}
	if b := s.e.Kept.Book(); b != nil {
		n, _ := b.Head()
		st.Rows = fmt.Sprintf("%s, %s in notes.jsonl", words.Plural(int64(len(b.Notes())), "note", "notes"), words.Plural(int64(n), "line", "lines"))
	}
	return st
}

func (s *noted) Close() tea.Cmd {
	s.check.Stop(s.e)
	s.read.Stop(s.e)
	return nil
}

// Open reads what others have written since, and compares the raw line of every kept record.
func (s *noted) Open() tea.Cmd {
	b := s.e.Kept.Book()
	if b == nil {
		return nil
	}
	return frame.Start(s.e, &s.read, "reading notes", func(ctx context.Context) (struct{}, error) { return struct{}{}, b.Refresh(ctx) },
		func(_ struct{}, err error) tea.Cmd {
			if err != nil {
				s.e.Say("notes cannot be read: " + s.e.Lines(err.Error())[0])
			}
			return tea.Batch(s.e.OpenNotes(), s.compare())
		})
}

// compare reads the raw lines of kept records again.
func (s *noted) compare() tea.Cmd {
	var records []*cases.Record
	var targets []notes.Target
	for _, n := range s.e.Kept.Book().Notes() {
		if n.Kind != notes.Row {
			continue
		}
		p, ok := s.e.Kept.Place(n.Target)
		if !ok {
			s.states[n.Key()] = notes.Gone
			continue
		}
		records, targets = append(records, &cases.Record{ObjectID: p.ObjectID, RowNo: p.RowNo}), append(targets, n.Target)
	}
	if len(records) == 0 {
		return nil
	}
	reader := s.e.Reader
	return frame.Start(s.e, &s.check, "reading raw lines again", func(ctx context.Context) (map[string]notes.State, error) {
		states := map[string]notes.State{}
		err := reader.ReadRecords(ctx, records)
		for i, r := range records {
			states[targets[i].Key()] = targets[i].Held(*r, err)
		}
		return states, err
	}, func(states map[string]notes.State, err error) tea.Cmd {
		for key, state := range states {
			s.states[key] = state
		}
		if err != nil {
			s.e.Say("not all raw lines could be read: " + s.e.Lines(err.Error())[0])
		}
		return nil
	})
}

func (s *noted) Keys() []frame.Bind {
	s.build() // a key may come before what changed is drawn
	say := func(what string) func() tea.Cmd {
		return func() tea.Cmd {
			about, ok := s.about()
			if !ok {
				s.e.Say("there is no note under the cursor")
				return nil
			}
			return s.e.Go(frame.Goto{Screen: "say", Values: map[string]any{"what": what, "about": about}})
		}
	}
	return append([]frame.Bind{
		{Keys: frame.Keys("enter"), Does: "the record, or where the value leads", Foot: "open", Run: func() tea.Cmd { return s.list.enter(s.lines) }},
		{Keys: frame.Keys("t"), Does: "tag it", Run: say("t")},
		{Keys: frame.Keys("c"), Does: "comment on it", Foot: "comment", Run: say("c")},
		{Keys: frame.Keys("s"), Does: "its severity", Foot: "severity", Run: say("s")},
		{Keys: frame.Keys("delete"), Show: "del", Does: "take off all that is kept of it; u brings it back", Foot: "drop", Run: s.drop},
		{Keys: frame.Keys("/"), Does: "filter: only notes with these words, in what they say or what they are about", Foot: "filter", Run: s.askOnly},
		{Keys: frame.Keys("r"), Does: "read notes and raw lines again", Run: s.Open},
	}, append(s.list.keys(func() int { return len(s.lines) }), s.list.findKeys(s.e, func() []line { return s.lines })...)...)
}

// askOnly asks which notes are to be seen.
func (s *noted) askOnly() tea.Cmd {
	help := func(width int) []string {
		return frame.Wrap("words that a note has, all of them: of its comment, #tag, severity, value or raw line; an empty line shows all", width)
	}
	p := frame.NewPrompt(s.e, "Filter notes", help, func(text string) (tea.Cmd, error) {
		s.only, s.list.at = strings.Join(strings.Fields(text), " "), 1
		return nil, nil
	})
	p.Begin(s.only)
	return s.e.Overlay(p)
}

// Back takes the filter off.
func (s *noted) Back() (tea.Cmd, bool) {
	if s.only == "" {
		return nil, false
	}
	s.only = ""
	s.e.Say("all notes")
	return nil, true
}

// chosen are those of some lines that the filter leaves.
func (s *noted) chosen(lines []line) []line {
	return slices.DeleteFunc(lines, func(l line) bool {
		return slices.ContainsFunc(strings.Fields(s.only), func(word string) bool { return !l.has(s.e, word) })
	})
}

// about is what the note under the cursor is about.
func (s *noted) about() (frame.Subject, bool) {
	if s.list.at >= len(s.lines) || s.lines[s.list.at].note == nil {
		return frame.Subject{}, false
	}
	t := s.lines[s.list.at].note.Target
	if t.Kind != notes.Row {
		return frame.Subject{Values: []notes.Target{t}}, true
	}
	p, ok := s.e.Kept.Place(t)
	return frame.Subject{Rows: []frame.Place{p}}, ok
}

func (s *noted) drop() tea.Cmd {
	if s.list.at >= len(s.lines) || s.lines[s.list.at].note == nil {
		s.e.Say("there is no note under the cursor")
		return nil
	}
	t := s.lines[s.list.at].note.Target
	return s.e.Change(frame.Subject{Values: []notes.Target{t}}, func() (string, func([]notes.Target) notes.Change) {
		return "dropped; u brings it back", func(t []notes.Target) notes.Change { return notes.Change{Targets: t, Remove: true} }
	})
}

func (s *noted) View(width, height int) string {
	e, t := s.e, &s.e.Theme
	s.width = width
	b := e.Kept.Book()
	if b == nil {
		return "\n " + t.Warn.Render("Notes cannot be kept: notes.jsonl of the case cannot be opened.")
	}
	if len(b.Notes())+len(b.Sets()) == 0 && b.Fault() == nil {
		out := []string{"", " " + t.Strong.Render("Nothing is kept yet."), ""}
		const how = "In a list space marks a record and m a value; t tags, c comments, s gives a severity, u takes it back."
		for _, l := range frame.Wrap(how, max(width-2, 1)) {
			out = append(out, " "+l)
		}
		return strings.Join(out, "\n")
	}
	s.build()
	foot := append([]string{t.Dim.Render(strings.Repeat(t.Glyph.Dash, width))}, below(e, s.whole(), width)...)
	return s.list.viewOver(e, s.lines, foot, width, height)
}

// build makes the lines anew.
func (s *noted) build() {
	e, t, b := s.e, &s.e.Theme, s.e.Kept.Book()
	s.lines = nil
	if b == nil {
		return
	}
	all, sets := b.Notes(), b.Sets()
	if err := b.Fault(); err != nil {
		for _, l := range strings.Split(frame.ErrorText(e, fmt.Errorf("%w: what stands before that line is below; nothing can be added", err), s.width), "\n") {
			s.lines = append(s.lines, line{text: l, bare: ansi.Strip(l)})
		}
	}
	warn := func(text string) { s.lines = append(s.lines, line{text: " " + t.Warn.Render(text), bare: " " + text}) }
	if b.Torn() {
		warn("The last note has no end: it is not counted.")
	}
	if others := notes.Others(all, sets, b.Actor()); len(others) > 0 {
		warn("Also by others, and nothing vouches for them: " + e.Brief(strings.Join(others, ", ")))
	}
	var lines []line
	for _, n := range all {
		lines = append(lines, s.line(n, s.width))
	}
	s.add("records and values", lines)
	lines = nil
	for _, set := range sets {
		text := " @" + grid.Fit(e.Show(set.Name), 14, false, e.Opt.ASCII) + " " + words.Plural(int64(len(set.Values)), "value", "values") + "  " +
			e.Brief(strings.Join(set.Texts(), " "))
		lines = append(lines, line{text: text, whole: strings.Join(set.Texts(), " ")})
	}
	s.add("named sets", lines)
}

// add puts lines under a title that says how many they are; under a filter those that it leaves, of how many.
func (s *noted) add(title string, lines []line) {
	count := words.Count(int64(len(lines)))
	if s.only != "" {
		lines = s.chosen(lines)
		count = words.Count(int64(len(lines))) + " of " + count + " with " + s.e.Brief(s.only) + "; esc: all"
	}
	s.lines = append(s.lines, line{text: " " + s.e.Theme.Title.Render(title) + "  " + count, bare: " " + title + "  " + count})
	s.lines = append(s.lines, lines...)
}

// whole is all that the line under the cursor is about.
func (s *noted) whole() string {
	if s.list.at < len(s.lines) {
		return s.lines[s.list.at].whole
	}
	return ""
}

// stateTexts say what has become of a record.
var stateTexts = map[notes.State]string{notes.Held: "hash checked", notes.Altered: "ALTERED", notes.Gone: "GONE"}

// line is a note on one line; below it stands what it says, and the raw line.
func (s *noted) line(n notes.Note, width int) line {
	e, t := s.e, &s.e.Theme
	what, state, style := e.Brief(n.Target.String()), "", t.Good.Render
	if n.Kind == notes.Row {
		if p, ok := e.Kept.Place(n.Target); ok {
			what = fmt.Sprintf("record %d:%d  %s", p.ObjectID, p.RowNo, e.Show(n.LogType))
		}
		if state = stateTexts[s.states[n.Key()]]; state == "" {
			state = "not checked"
		}
		if state == stateTexts[notes.Altered] || state == stateTexts[notes.Gone] {
			style = t.Bad.Render
		}
	}
	said := ""
	if len(n.Tags) > 0 {
		said = "#" + strings.Join(n.Tags, " #")
	}
	if len(n.Comments) > 0 {
		said += " " + n.Comments[len(n.Comments)-1].Text
	}
	lead := " " + e.Sign(n) + " " + grid.Fit(n.Severity, 7, false, e.Opt.ASCII) + grid.Fit(what, max(width/3, 20), false, e.Opt.ASCII) + "  "
	room := max(width-len([]rune(lead))-len(state)-3, 0)
	said = grid.Fit(e.Show(frame.OneLine(said)), room, false, e.Opt.ASCII)
	var whole []string
	for _, part := range e.NoteLines(n) {
		whole = append(whole, strings.TrimSpace(part[0]+" "+part[1]))
	}
	if n.Kind == notes.Row {
		whole = append(whole, n.Line)
	}
	return line{text: lead + said + "  " + style(state), bare: lead + said + "  " + state, run: s.opens(n), note: &n, whole: strings.Join(whole, "; ")}
}

// opens leads to what a note is about.
func (s *noted) opens(n notes.Note) func() tea.Cmd {
	e := s.e
	if n.Kind != notes.Row {
		return func() tea.Cmd {
			return e.Go(frame.Goto{Screen: "pivot", Values: map[string]any{"kind": n.Kind, "value": n.Value}})
		}
	}
	return func() tea.Cmd {
		p, ok := e.Kept.Place(n.Target)
		if !ok {
			e.Say("this case has no object with that SHA-256; the raw line that was kept is below")
			return nil
		}
		return e.Go(frame.Goto{Screen: "kept", Values: map[string]any{"place": p}})
	}
}
