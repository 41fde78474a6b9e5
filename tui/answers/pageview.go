package answers

import (
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"case53/cases"
	"case53/cases/words"
	"case53/queries"
	"case53/queries/entities"
	"case53/tui/frame"
	"case53/tui/grid"
)

// pageLine is a line of a page: a row of a part with its values, or a sentence.
type pageLine struct {
	text  string // safe to draw; may have styles
	bare  string // the same without styles, for the cursor
	whole string // what text is the beginning of; may hold text of the evidence
	run   func() tea.Cmd
	at    time.Time // the moment that it is about, where it has no values
	table *pageTable
	sign  string // of what is kept of the row
	cells []pageCell
	bar   string // counts over time, beside the values
	part  *entities.Told
	row   []cases.Cell
}

// stands reports whether the cursor stands on it.
func (l pageLine) stands() bool { return l.run != nil || len(l.cells) > 0 || l.whole != "" }

func (s *page) View(width, height int) string {
	foot := s.detail(width, height)
	room := max(height-len(foot), 1)
	last := s.at
	if last+1 < len(s.lines) && !s.lines[last+1].stands() { // the bar under a row
		last++
	}
	s.top = frame.Scroll(s.top, last, room, max(len(s.lines), room))
	if s.at <= 3 { // the headline, above what the cursor stands on
		s.top = 0
	}
	var out []string
	for i := s.top; i < min(s.top+room, len(s.lines)); i++ {
		out = append(out, s.drawn(i, width))
	}
	for len(foot) > 0 && len(out) < room {
		out = append(out, "")
	}
	return strings.Join(append(out, foot...), "\n")
}

// drawn is a line, the value under the cursor marked.
func (s *page) drawn(i, width int) string {
	l, t := s.lines[i], &s.e.Theme
	if l.table != nil {
		return frame.Grow(s.tableLine(l, i == s.at, width), width, t)
	}
	if i != s.at {
		return frame.Grow(l.text, width, t)
	}
	bare := l.bare
	if bare == "" {
		bare = l.text
	}
	return t.Cursor.Render(grid.Fit(bare, width, false, s.e.Opt.ASCII))
}

// detail has what is cut of the line under the cursor in full.
func (s *page) detail(width, height int) []string {
	l, ok := s.line()
	if !ok || height < 18 {
		return nil
	}
	text := l.whole
	if c, ok := s.chosen(); ok {
		text = c.column.Name + ": " + s.shown(c.column, c.cell, false)
	}
	return append([]string{s.e.Theme.Dim.Render(strings.Repeat(s.e.Theme.Glyph.Dash, width))}, below(s.e, text, width)...)
}

func (s *page) add(l pageLine) { s.lines = append(s.lines, l) }

func (s *page) say(lead, text string, style func(...string) string, width int) {
	for i, part := range frame.Wrap(s.e.Show(text), max(width-len(lead)-1, 10)) {
		if i > 0 {
			lead = strings.Repeat(" ", len(lead))
		}
		s.add(pageLine{text: lead + style(part)})
	}
}

func (s *page) head(title, fact string) {
	t := &s.e.Theme
	s.add(pageLine{text: " " + t.Title.Render(s.e.Show(title)) + "  " + t.Dim.Render(fact)})
}

// kindWords are kinds of values as a headline has them.
var kindWords = map[string]string{"ip": "address", "url_path": "path of a URL", "hosted_zone": "hosted zone"}

// write writes all lines anew: parts come one by one.
func (s *page) write(width int) {
	e, t := s.e, &s.e.Theme
	s.lines = nil
	word := kindWords[s.kind]
	if word == "" {
		word = s.kind
	}
	value := cellOf(cases.Column{Name: word, Type: "VARCHAR", Kind: s.kind}, cases.Cell{Text: s.value})
	bare := " " + e.Brief(s.value) + "  " + word
	s.add(pageLine{text: t.Strong.Render(bare), bare: bare, cells: []pageCell{value}})
	text := "all of the case"
	if e.Windowed() {
		text = "only the window " + e.WindowText()
	}
	if s.span.From.IsZero() {
		text += ", whose time is not known yet"
	} else {
		text += "; a column of a bar is " + words.Width(s.every*time.Duration(s.inOne(width))) + ", from " +
			e.Moment(s.span.From) + " to " + e.Moment(s.span.To)
	}
	s.say(" ", text, t.Dim.Render, width)
	for _, section := range entities.Sections(s.parts) {
		s.section(section, width)
	}
	s.without(width)
	s.writeSaid(width)
	s.writeKept(width)
	s.at = max(min(s.at, len(s.lines)-1), 0)
	for s.at > 0 && !s.lines[s.at].stands() {
		s.at--
	}
}

func viewsOf(q *queries.Query) string { return strings.Join(q.Needs, ", ") }

// section writes the parts of one heading.
func (s *page) section(parts []entities.Told, width int) {
	t := &s.e.Theme
	var rows []*entities.Told
	waits, failed := 0, []*entities.Told(nil)
	all := 0
	for i := range parts {
		p := &parts[i]
		switch at := slices.Index(s.all, p.Query); {
		case !s.told[at]:
			waits++
		case p.Err != nil:
			failed = append(failed, p)
		case len(p.Rows) > 0:
			rows = append(rows, p)
			all += p.Of
		}
	}
	if len(rows) == 0 && waits == 0 && len(failed) == 0 {
		return
	}
	fact := words.Count(int64(all))
	if waits > 0 {
		fact = "reading" + t.Glyph.Dots
		if s.cancelled {
			fact = "cancelled, r reads it"
		}
	}
	if slices.ContainsFunc(rows, func(p *entities.Told) bool { return p.All }) {
		fact += ", of all the case whatever the window"
	}
	s.add(pageLine{})
	s.head(parts[0].Query.Page.Heading, fact)
	if len(rows) > 0 {
		s.table(rows, width)
	}
	for _, p := range failed {
		s.say("   ", "cannot be told from "+viewsOf(p.Query)+": "+firstLine(frame.Told(p.Err.Error())), t.Warn.Render, width)
	}
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// shown is a value as it is drawn; a time without its year where brief.
func (s *page) shown(c cases.Column, v cases.Cell, brief bool) string {
	e := s.e
	switch {
	case v.Null:
		return e.Theme.Glyph.Null
	case frame.IsTime(c):
		text := e.TimeText(v.Text, 0)
		if held := e.Held; brief && !held.From.IsZero() && held.From.In(e.Zone).Year() == held.To.In(e.Zone).Year() {
			text = strings.TrimPrefix(text, held.From.In(e.Zone).Format("2006-"))
		}
		return e.Show(text)
	}
	return e.Brief(v.Text)
}

// keptIn is the sign of what is kept of a value in a row.
func (s *page) keptIn(cells []pageCell) (string, bool) {
	for _, c := range cells {
		if about, ok := frame.ValueSubject(c.kind, c.cell); ok {
			if n, ok := s.e.Kept.Of(about); ok {
				return s.e.Sign(n), true
			}
		}
	}
	return "", false
}

// without says which parts have nothing, and which were not looked at.
func (s *page) without(width int) {
	if slices.Contains(s.told, false) {
		return
	}
	p := entities.Page{Parts: s.parts}
	empty, missing := p.Without()
	lead := "Nothing was seen of it. Looked at: "
	if p.Seen() {
		lead = "Also looked at, nothing there: "
	}
	if len(empty) > 0 {
		s.add(pageLine{})
		s.say(" ", lead+strings.Join(empty, "; "), s.e.Theme.Dim.Render, width)
	}
	if len(missing) > 0 {
		s.add(pageLine{})
		s.say(" ", "Not looked at, as the case has no such records: "+strings.Join(missing, ", "), s.e.Theme.Dim.Render, width)
	}
}
