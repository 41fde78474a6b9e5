package rows

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"case53/cases"
	"case53/cases/safetext"
	"case53/tui/frame"
	"case53/tui/grid"
)

// filterLine is the overlay of a list's filters: a line for each, to switch off and on, to change and to take off, and one that
// another is typed on. Nothing of it holds before enter.
type filterLine struct {
	e       *frame.Env
	of      *result
	clauses []clause
	fixed   int // how many of them the list was opened with
	at      int // the one under the cursor; as many as there are: the line that is typed on
	top     int // the first that is drawn
	change  int // the one that what is typed takes the place of; -1: it is one more
	in      frame.Editor
	err     error
	offers  []string // what tab puts in, in turn
	offer   int
	before  string // what stands before it
}

func newFilterLine(s *result) *filterLine {
	return &filterLine{e: s.e, of: s, clauses: slices.Clone(s.filters), fixed: s.fixed, at: len(s.filters), change: -1}
}

func (l *filterLine) Title() string        { return "Filter" }
func (l *filterLine) Open() tea.Cmd        { return nil }
func (l *filterLine) Close() tea.Cmd       { return nil }
func (l *filterLine) Status() frame.Status { return frame.Status{} }
func (l *filterLine) Typing() bool         { return l.at == len(l.clauses) }

func (l *filterLine) Keys() []frame.Bind {
	move := func(n int) func() tea.Cmd {
		return frame.Do(func() { l.at = (l.at + n + len(l.clauses) + 1) % (len(l.clauses) + 1) })
	}
	binds := []frame.Bind{
		{Keys: frame.Keys("enter"), Does: "show the rows that all filters which are on hold for", Foot: "go", Run: l.enter},
		{Keys: frame.Keys("up"), Does: "the filter above", Run: move(-1)},
		{Keys: frame.Keys("down"), Does: "the filter below, and the line to type on", Run: move(1)},
	}
	if l.Typing() {
		binds = append(binds, frame.Bind{Keys: frame.Keys("tab"),
			Does: "complete the name of a column, or a value of it that is on the screen; again: the next", Foot: "complete", Run: frame.Do(l.complete)})
		return append(binds, l.in.Keys(l.typed)...)
	}
	return append(binds,
		frame.Bind{Keys: frame.Keys("space"), Does: "switch the filter off, and on", Foot: "off, on", Run: frame.Do(l.flip)},
		frame.Bind{Keys: frame.Keys("ctrl+d", "delete"), Does: "take the filter off for good", Foot: "remove", Run: frame.Do(l.remove)},
		frame.Bind{Keys: frame.Keys("e", "tab"), Does: "change the filter on the line below", Foot: "edit", Run: frame.Do(l.edit)},
	)
}

// typed is called after each change of the text.
func (l *filterLine) typed() { l.err, l.offers = nil, nil }

func (l *filterLine) Update(msg tea.Msg) tea.Cmd {
	if l.Typing() {
		l.in.Update(msg)
		l.typed()
	}
	return nil
}

func (l *filterLine) flip() { l.clauses[l.at].off = !l.clauses[l.at].off }

func (l *filterLine) remove() {
	if l.at < l.fixed {
		l.fixed--
	}
	switch {
	case l.change == l.at:
		l.change = -1
	case l.change > l.at:
		l.change--
	}
	l.clauses = slices.Delete(l.clauses, l.at, l.at+1)
}

// edit puts a filter on the line to type on.
func (l *filterLine) edit() {
	c := l.clauses[l.at]
	if c.typed == "" {
		l.e.Say("this filter has a value that cannot be typed; space switches it off, ctrl+d takes it off")
		return
	}
	l.change, l.at = l.at, len(l.clauses)
	l.in.SetValue(c.typed)
	l.typed()
}

// enter takes what was typed, and shows the rows.
func (l *filterLine) enter() tea.Cmd {
	typed, err := parseFilter(l.e, l.in.Value(), l.of.cols)
	if l.err = err; err != nil {
		l.at = len(l.clauses)
		return nil
	}
	clauses := l.clauses
	switch {
	case l.change >= 0 && len(typed) == 0 && l.change < l.fixed:
		l.fixed--
		clauses = slices.Delete(slices.Clone(clauses), l.change, l.change+1)
	case l.change >= 0:
		clauses = slices.Replace(slices.Clone(clauses), l.change, l.change+1, typed...)
	default:
		clauses = append(slices.Clip(clauses), typed...)
	}
	return tea.Batch(l.e.CloseOverlay(), l.of.refilter(clauses, l.fixed))
}

// refilter sets the filters of a list. It is asked again only where other rows come of it.
func (s *result) refilter(clauses []clause, fixed int) tea.Cmd {
	same := slices.EqualFunc(on(clauses), on(s.filters), func(a, b clause) bool { return a.sql == b.sql && fmt.Sprint(a.arg) == fmt.Sprint(b.arg) })
	s.filters, s.fixed = clauses, fixed
	if same {
		return nil
	}
	return s.run()
}

// complete puts in the next of what the last word of the line may become.
func (l *filterLine) complete() {
	if l.offers == nil {
		l.before, l.offers = l.offersFor(l.in.Value())
		l.offer = -1
	}
	if len(l.offers) == 0 {
		l.offers = nil
		l.e.Say("nothing begins so: no column, and no value on the screen")
		return
	}
	l.offer = (l.offer + 1) % len(l.offers)
	l.in.SetValue(l.before + l.offers[l.offer])
	l.err = nil
}

// mostOffers is how many values a completion offers.
const mostOffers = 20

// offersFor are what the last word of a line may become, and what stands before it: names of columns, or behind a comparison
// the values of its column that are at hand.
func (l *filterLine) offersFor(line string) (before string, offers []string) {
	start := strings.LastIndexByte(line, ' ') + 1
	word := strings.TrimLeft(line[start:], "!")
	before = line[:len(line)-len(word)]
	at := strings.IndexAny(word, "=<>~!")
	if at < 0 {
		return before, l.columns(word)
	}
	end := at
	for end < len(word) && strings.IndexByte("=<>~!", word[end]) >= 0 {
		end++
	}
	i := slices.IndexFunc(l.of.cols, func(f field) bool { return f.Name == word[:at] })
	if i < 0 {
		return before, nil
	}
	return before + word[:end], l.values(i, word[end:])
}

// columns are the names of columns that begin so, then those that have it in them; the ones on the screen first.
func (l *filterLine) columns(typed string) []string {
	var begin, folded, within []string
	typed = strings.ToLower(typed)
	for i, f := range l.of.cols {
		name := strings.ToLower(f.Name)
		gone := false
		if l.of.grid != nil {
			gone, _ = l.of.grid.Folded(i)
		}
		switch {
		case strings.HasPrefix(name, typed) && !gone:
			begin = append(begin, f.Name)
		case strings.HasPrefix(name, typed):
			folded = append(folded, f.Name)
		case strings.Contains(name, typed):
			within = append(within, f.Name)
		}
	}
	return slices.Concat(begin, folded, within)
}

// values are those of a column, of the rows at hand, that begin so and can be typed.
func (l *filterLine) values(col int, typed string) (found []string) {
	if l.of.grid == nil {
		return nil
	}
	f := l.of.cols[col]
	from, _ := l.of.grid.Visible()
	from -= from % grid.PageRows
	for i := from; len(found) < mostOffers; i++ {
		row, ok := l.of.grid.Row(i)
		if !ok {
			return found
		}
		if col >= len(row) || row[col].Null {
			continue
		}
		c := f.is(cases.Cell(row[col]), true)
		text, ok := strings.CutPrefix(typedAs(l.e, f, c, cases.Cell(row[col]), true), f.Name+"=")
		if ok && !slices.Contains(found, text) && len(text) <= 256 && strings.HasPrefix(strings.ToLower(text), strings.ToLower(typed)) {
			found = append(found, text)
		}
	}
	return found
}

// typedAs is what is typed to keep the rows with a value, or drop them: "" where that comes to another condition.
func typedAs(e *frame.Env, f field, is clause, c cases.Cell, keep bool) string {
	op := map[bool]string{true: "=", false: "!="}[keep]
	value := safetext.Show(c.Text)
	switch {
	case c.Null:
		value = "-"
	case frame.IsTime(f.Column):
		t, ok := frame.ReadUTC(c.Text)
		if !ok {
			return ""
		}
		value = e.Stamp(t)
	case value == "" || value == "-" || strings.ContainsAny(value, " ") || isBlock(value) || isDomain(value) || strings.Contains(value, ".."):
		value = `"` + value + `"`
	}
	typed := f.Name + op + value
	read, err := parseFilter(e, typed, []field{f})
	if err != nil || len(read) != 1 || read[0].sql != is.sql || fmt.Sprint(read[0].arg) != fmt.Sprint(is.arg) {
		return ""
	}
	return typed
}

func (l *filterLine) View(width, height int) string {
	t := &l.e.Theme
	var out []string
	lead := "> "
	if l.change >= 0 {
		lead = fmt.Sprintf("%d> ", l.change+1)
	}
	out = append(out, lead+l.in.View(t, max(width-len(lead), 1), 1, l.Typing()))
	if l.err != nil {
		out = append(out, frame.ErrorText(l.e, l.err, width))
	} else if l.Typing() {
		out = append(out, l.echo(width)...)
	}
	var help []string
	for _, h := range filterHelp(l.e) {
		if l.e.Opt.ASCII {
			h = strings.NewReplacer("·", "|", "…", "...").Replace(h)
		}
		help = append(help, frame.Wrap(h, width)...)
	}
	if len(out)+len(l.clauses)+len(help) > height {
		help = nil
	}
	for _, h := range help {
		out = append(out, t.Dim.Render(h))
	}
	room := min(len(l.clauses), max(height-len(out), 1))
	l.top = frame.Scroll(l.top, min(l.at, max(len(l.clauses)-1, 0)), room, len(l.clauses))
	var above []string
	for i := l.top; i < l.top+room; i++ {
		above = append(above, l.line(i, l.clauses[i], width))
	}
	return strings.Join(append(above, out...), "\n")
}

func (l *filterLine) line(i int, c clause, width int) string {
	t := &l.e.Theme
	box := "[x] "
	if c.off {
		box = "[ ] "
	}
	text := box + l.e.Brief(c.shown)
	if c.off {
		text += "  off"
	}
	switch text = grid.Fit(text, width, false, l.e.Opt.ASCII); {
	case i == l.at:
		return t.Cursor.Render(text)
	case c.off:
		return t.Dim.Render(text)
	}
	return t.Kind.Render(text)
}

// echo says how what is typed is read, what it may become, and what can be said of the column that it is about.
func (l *filterLine) echo(width int) []string {
	e, t := l.e, &l.e.Theme
	line := l.in.Value()
	if strings.TrimSpace(line) == "" {
		return nil
	}
	var out []string
	say := func(text string, style func(...string) string) {
		for _, part := range frame.Wrap(text, width) {
			out = append(out, style(part))
		}
	}
	clauses, err := parseFilter(e, line, l.of.cols)
	if err != nil {
		for _, text := range e.Lines(err.Error()) {
			say(text, t.Warn.Render)
		}
	}
	for _, c := range clauses {
		switch {
		case c.any:
			say("reads as "+e.Brief(c.shown)+" in any column", t.Good.Render)
		case c.shown != c.typed:
			say("reads as "+e.Brief(c.shown), t.Good.Render)
		}
	}
	if _, offers := l.offersFor(line); len(offers) > 0 && len(offers) < mostOffers {
		say("tab: "+frame.Grow(e.Show(strings.Join(offers, "  ")), max(width-6, 1), t), t.Dim.Render)
	}
	if f, ok := l.about(line); ok {
		say(e.Show(f.Name)+" "+f.takes(), t.Dim.Render)
	}
	return out
}

// about is the column of the last comparison on the line.
func (l *filterLine) about(line string) (field, bool) {
	words, err := splitWords(line)
	if err != nil {
		return field{}, false
	}
	for _, w := range slices.Backward(words) {
		if f, err := findField(w.field, l.of.cols); w.op != "" && err == nil {
			return f, true
		}
	}
	return field{}, false
}

// takes says what can be said of a column.
func (f field) takes() string {
	switch {
	case f.addresses():
		return "holds addresses: = and != with one, or with a block such as 10.53.0.0/16"
	case f.names():
		return "holds names: = with one, .example.org for a domain and all under it, ~ for text in it"
	case frame.IsTime(f.Column):
		return "holds times: >= and < with 2026-11-01 10:00, 11-01 10:00 or T0+1h; = with A..B"
	case frame.IsNumber(f.Column):
		return "holds numbers: = != < <= > >= with 443, 10k or 5MB; = with 1..1023"
	case f.Type == "BOOLEAN":
		return "holds true and false"
	}
	return "holds text: = and != with all of it, ~ with a part of it"
}
