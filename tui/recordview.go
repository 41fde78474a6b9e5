package tui

import (
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"case53/tui/grid"
)

func (s *record) Keys() []Bind {
	move := func(n int) func() tea.Cmd { return do(func() { s.move(n) }) }
	return []Bind{
		{Keys: keys("p", "enter"), Does: "pivot: where the value under the cursor leads", Foot: "pivot", Run: s.pivot},
		{Keys: keys("y"), Does: "copy the value, made safe, to the terminal's clipboard", Foot: "copy", Run: s.copy},
		{Keys: keys("."), Does: "show or fold away fields without a value", Foot: "all fields", Run: do(func() { s.empties = !s.empties })},
		{Keys: keys("R"), Does: "go to the raw line", Foot: "raw line", Run: do(func() { s.goTo("Raw line") })},
		{Keys: keys("r"), Does: "fetch it again", Run: s.Open},
		{Keys: keys("down", "j"), Does: "one field down", Run: move(1)},
		{Keys: keys("up", "k"), Does: "one field up", Run: move(-1)},
		{Keys: keys("pgdown", "ctrl+d"), Does: "ten fields down", Run: move(10)},
		{Keys: keys("pgup", "ctrl+u"), Does: "ten fields up", Run: move(-10)},
		{Keys: keys("g", "home"), Does: "first field", Run: do(func() { s.at = 0 })},
		{Keys: keys("G", "end"), Does: "last field", Run: do(func() { s.at = len(s.lines()) - 1 })},
	}
}

// goTo puts the cursor on the first field of a section.
func (s *record) goTo(section string) {
	for i, l := range s.lines() {
		if l.section == section {
			s.at = i
		}
	}
}

func (s *record) chosen() (line, bool) {
	ls := s.lines()
	if s.at < 0 || s.at >= len(ls) {
		return line{}, false
	}
	return ls[s.at], true
}

func (s *record) pivot() tea.Cmd {
	l, ok := s.chosen()
	if !ok {
		return nil
	}
	return openPivot(s.e, l.field, l.cell)
}

func (s *record) copy() tea.Cmd {
	l, ok := s.chosen()
	if !ok {
		return nil
	}
	return copyText(s.e, l.Name, l.cell.Text)
}

// Settle tells the size of the screen.
func (s *record) Settle(width, height int) tea.Cmd {
	s.width, s.height = width, height
	return nil
}

// move goes n fields down. A field that is taller than the screen is scrolled through before it is left.
func (s *record) move(n int) {
	_, from, to := s.layout(s.width)
	page := max(s.height-1, 1)
	switch {
	case n > 0 && to > s.top+s.height && from <= s.top:
		s.top = min(s.top+page, to-s.height)
	case n < 0 && from < s.top && to-from > s.height:
		s.top = max(s.top-page, from)
	default:
		s.at = max(min(s.at+n, len(s.lines())-1), 0)
	}
}

// layout draws all fields, and says on which lines [from, to) the one under the cursor is.
func (s *record) layout(width int) (out []string, from, to int) {
	ls := s.lines()
	s.at = max(min(s.at, len(ls)-1), 0)
	label := 8
	for _, l := range ls {
		label = max(label, len(l.Name))
	}
	label = min(label, max(width/3, 4))
	if !s.known {
		out = append(out, " "+s.e.theme.dim.Render("This row sums up records: it has no single line that it came from."))
	}
	if s.err != nil {
		out = append(out, strings.Split(errorText(s.e, s.err, width), "\n")...)
	}
	for i, l := range ls {
		drawn := s.draw(l, i == s.at, label, width)
		if i == s.at {
			from, to = len(out), len(out)+len(drawn)
		}
		out = append(out, drawn...)
	}
	return out, from, to
}

func (s *record) View(width, height int) string {
	out, from, to := s.layout(width)
	height = max(height, 1)
	if to-from <= height {
		s.top = scroll(min(s.top, from), to-1, height, len(out))
	} else {
		s.top = max(min(s.top, to-height), from)
	}
	return strings.Join(out[s.top:min(len(out), s.top+height)], "\n")
}

// mostDrawn is how many bytes of a value are drawn; y copies all of it.
const mostDrawn = 16 << 10

// draw is a field on as many lines as its value needs, after its section's title if it begins one.
func (s *record) draw(l line, at bool, label, width int) []string {
	e, t := s.e, &s.e.theme
	var out []string
	if l.section != "" {
		out = append(out, " "+t.title.Render(l.section))
	}
	mark := "  "
	if at {
		mark = t.glyph.cursor + " "
	}
	head, more := grid.Head(l.cell.Text, mostDrawn)
	value := e.show(head)
	if more > 0 {
		value += fmt.Sprintf("%s(+%d)", t.glyph.dots, more)
	}
	style := t.plain
	switch {
	case l.cell.Null:
		value, style = t.glyph.null, t.dim
	case isTime(l.Column):
		value = e.show(e.timeText(l.cell.Text))
		if e.zone == time.UTC {
			value += " UTC"
		}
	}
	if at {
		style = t.cursor
	}
	kind := ""
	if l.Kind != "" && len(e.library.Pivots(valueKind(l.Kind, l.cell.Text))) > 0 && !l.cell.Null {
		kind = "  " + t.kind.Render("p "+t.glyph.to+" "+e.show(valueKind(l.Kind, l.cell.Text)))
	}
	name := grid.Fit(e.show(l.Name), label, false, e.opt.ASCII)
	for i, w := range hardWrap(value, max(width-label-4, 1)) {
		lead := mark + t.dim.Render(name) + "  "
		if i > 0 {
			lead = strings.Repeat(" ", label+4)
			kind = ""
		}
		out = append(out, grow(lead+style.Render(w)+kind, width, t))
	}
	return out
}
