package answers

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	tea "charm.land/bubbletea/v2"

	"case53/cases"
	"case53/cases/words"
	"case53/queries"
	"case53/queries/entities"
	"case53/queries/findings"
	"case53/queries/threads"
	"case53/tui/frame"
	"case53/tui/grid"
	"case53/tui/spark"
)

// pageLine is a line of a page: a row of a part with its values, or a sentence.
type pageLine struct {
	text  string // safe to draw; may have styles
	bare  string // the same without styles, for the cursor
	whole string // what text is the beginning of; may hold text of the evidence
	run   func() tea.Cmd
	cells []pageCell
	from  []int // where each cell begins, and how wide it is
	wide  []int
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
	if i != s.at {
		return frame.Grow(l.text, width, t)
	}
	bare := l.bare
	if bare == "" {
		bare = l.text
	}
	if len(l.cells) == 0 {
		return t.Cursor.Render(grid.Fit(bare, width, false, s.e.Opt.ASCII))
	}
	c := min(s.col, len(l.cells)-1)
	from, to := l.from[c], l.from[c]+l.wide[c]
	line := ansi.Cut(bare, 0, from) + t.Cursor.Render(ansi.Cut(bare, from, to)) + ansi.Cut(bare, to, max(ansi.StringWidth(bare), to))
	return frame.Grow(t.Glyph.Cursor+strings.TrimPrefix(line, " "), width, t)
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
	s.add(pageLine{text: t.Strong.Render(bare), bare: bare, cells: []pageCell{value}, from: []int{1}, wide: []int{max(ansi.StringWidth(e.Brief(s.value)), 1)}})
	text := "all of the case"
	if e.Windowed() {
		text = "only the window " + e.WindowText()
	}
	if s.span.From.IsZero() {
		text += ", whose time is not known yet"
	} else {
		text += "; a column of a bar is " + words.Width(s.every) + ", from " + e.Moment(s.span.From) + " to " + e.Moment(s.span.To)
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

// mostWide is how wide a column is at most.
const mostWide = 40

// table writes the rows of parts, which have the same columns.
func (s *page) table(parts []*entities.Told, width int) {
	e, t := s.e, &s.e.Theme
	columns := parts[0].Columns
	wide, bar := make([]int, len(columns)), -1
	for i, c := range columns {
		if c.Name == entities.OverTime {
			bar = i
			continue
		}
		wide[i] = ansi.StringWidth(e.Show(c.Name))
		for _, p := range parts {
			for _, row := range p.Rows {
				wide[i] = max(wide[i], ansi.StringWidth(s.shown(c, row[i], true)))
			}
		}
		wide[i] = min(wide[i], mostWide)
	}
	var show []int
	used := 1
	for i := range columns {
		if i != bar && used+2+wide[i] <= width {
			show = append(show, i)
			used += 2 + wide[i]
		}
	}
	head := " "
	for _, i := range show {
		head += "  " + grid.Fit(e.Show(columns[i].Name), wide[i], frame.IsNumber(columns[i]), e.Opt.ASCII)
	}
	if n := len(columns) - len(show); bar < 0 && n > 0 {
		head = ansi.Truncate(head, width-ansi.StringWidth(moreColumns(n)), "") + moreColumns(n)
	}
	s.add(pageLine{text: t.Dim.Render(head)})
	for _, p := range parts {
		for _, row := range p.Rows {
			s.row(p, row, show, wide, bar, width)
		}
		if more := p.Of - len(p.Rows); more > 0 {
			text := "   " + words.Count(int64(more)) + " more: enter has them all"
			s.add(pageLine{text: t.Dim.Render(text), bare: text, run: s.whole(p.Query), part: p})
		}
	}
}

func moreColumns(n int) string { return fmt.Sprintf(" +%d", n) }

// row writes a row, and its counts over time beside it, or under it where there is no room.
func (s *page) row(p *entities.Told, row []cases.Cell, show, wide []int, bar, width int) {
	e, t := s.e, &s.e.Theme
	l := pageLine{part: p, row: row}
	line := " "
	for _, i := range show {
		line += "  "
		l.cells, l.from, l.wide = append(l.cells, cellOf(p.Columns[i], row[i])), append(l.from, ansi.StringWidth(line)), append(l.wide, wide[i])
		line += grid.Fit(s.shown(p.Columns[i], row[i], true), wide[i], frame.IsNumber(p.Columns[i]), e.Opt.ASCII)
	}
	l.text, l.bare = line, line
	if note, ok := s.keptIn(l.cells); ok {
		l.text, l.bare = " "+note+line[2:], " "+note+line[2:]
	}
	if bar < 0 {
		s.add(l)
		return
	}
	counts := entities.Counts(row[bar], s.span, s.every)
	drawn := spark.Line(counts, min(len(counts), max(width-4, 1)), e.Opt.ASCII)
	if ansi.StringWidth(line)+2+len(counts) <= width {
		l.text, l.bare = l.text+"  "+t.Kind.Render(drawn), l.bare+"  "+drawn
		s.add(l)
		return
	}
	s.add(l)
	s.add(pageLine{text: "   " + t.Kind.Render(drawn)})
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

// writeSaid writes the findings that name the value, and the steps of threads.
func (s *page) writeSaid(width int) {
	e, t, h := s.e, &s.e.Theme, s.hunts
	s.add(pageLine{})
	ran, all := h.ran()
	goOn := func() tea.Cmd { return e.Go(frame.Goto{Screen: "hunts"}) }
	if ran < all {
		s.head("What is said of it", fmt.Sprintf("%d of %d hunts were run for this window", ran, all))
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
	s.add(pageLine{text: text, whole: stepText(step.Step)})
}

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
