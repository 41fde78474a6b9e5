package rows

import (
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"case53/tui/frame"
	"case53/tui/grid"
)

func (s *record) Keys() []frame.Bind {
	move := func(n int) func() tea.Cmd { return frame.Do(func() { s.move(n) }) }
	return append([]frame.Bind{
		{Keys: frame.Keys("p", "enter"), Does: "pivot: where the value under the cursor leads", Foot: "pivot", Run: s.pivot},
		{Keys: frame.Keys("E"), Does: frame.PageDoes, Run: s.pageOf},
		{Keys: frame.Keys("y"), Does: "copy the value, made safe, to the terminal's clipboard", Foot: "copy", Run: s.copy},
		{Keys: frame.Keys("."), Does: "show or fold away fields without a value", Foot: "all fields", Run: frame.Do(func() { s.empties = !s.empties })},
		{Keys: frame.Keys("R"), Does: "go to the raw line", Foot: "raw line", Run: frame.Do(func() { s.goTo("Raw line") })},
		{Keys: frame.Keys("r"), Does: "fetch it again", Run: s.Open},
		{Keys: frame.Keys("down", "j"), Does: "one field down", Run: move(1)},
		{Keys: frame.Keys("up", "k"), Does: "one field up", Run: move(-1)},
		{Keys: frame.Keys("pgdown", "ctrl+d"), Does: "ten fields down", Run: move(10)},
		{Keys: frame.Keys("pgup", "ctrl+u"), Does: "ten fields up", Run: move(-10)},
		{Keys: frame.Keys("g", "home"), Does: "first field", Run: frame.Do(func() { s.at = 0 })},
		{Keys: frame.Keys("G", "end"), Does: "last field", Run: frame.Do(func() { s.at = len(s.lines()) - 1 })},
	}, s.keepKeys()...)
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
	return openPivot(s.e, l.field, l.cell, nil)
}

func (s *record) copy() tea.Cmd {
	l, ok := s.chosen()
	if !ok {
		return nil
	}
	if frame.IsTime(l.Column) {
		l.cell.Text = s.e.CopyTime(l.cell.Text)
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
		for _, l := range frame.Wrap(s.sums, max(width-2, 1)) {
			out = append(out, " "+s.e.Theme.Dim.Render(l))
		}
	}
	if s.err != nil {
		out = append(out, strings.Split(frame.ErrorText(s.e, s.err, width), "\n")...)
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
		s.top = frame.Scroll(min(s.top, from), to-1, height, len(out))
	} else {
		s.top = max(min(s.top, to-height), from)
	}
	return strings.Join(out[s.top:min(len(out), s.top+height)], "\n")
}

// mostDrawn is how many bytes of a value are drawn; y copies all of it.
const mostDrawn = 16 << 10

// draw is a field on as many lines as its value needs, after its section's title if it begins one.
func (s *record) draw(l line, at bool, label, width int) []string {
	e, t := s.e, &s.e.Theme
	var out []string
	if l.section != "" {
		out = append(out, " "+t.Title.Render(l.section))
	}
	mark := "  "
	if at {
		mark = t.Glyph.Cursor + " "
	}
	value, style := shownValue(e, l.field, l.cell, mostDrawn), t.Plain
	switch {
	case l.cell.Null:
		style = t.Dim
	case frame.IsTime(l.Column) && e.Zone == time.UTC:
		value += " UTC"
	}
	if at {
		style = t.Cursor
	}
	kind := ""
	if l.Kind != "" && len(e.Library.Pivots(valueKind(l.Kind, l.cell.Text))) > 0 && !l.cell.Null {
		kind = "  " + t.Kind.Render("p "+t.Glyph.To+" "+e.Show(valueKind(l.Kind, l.cell.Text)))
	}
	name := grid.Fit(e.Show(l.Name), label, false, e.Opt.ASCII)
	for i, w := range frame.HardWrap(value, max(width-label-4, 1)) {
		lead := mark + t.Dim.Render(name) + "  "
		if i > 0 {
			lead = strings.Repeat(" ", label+4)
			kind = ""
		}
		out = append(out, frame.Grow(lead+style.Render(w)+kind, width, t))
	}
	return out
}
