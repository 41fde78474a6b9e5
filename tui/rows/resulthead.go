package rows

import (
	"slices"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"case53/cases/words"
	"case53/tui/frame"
	"case53/tui/grid"
)

// leastHeight is the height from which on there is room for more than the rows.
const leastHeight = 8

// mostFilterLines is how many lines the filters take above the rows; the filter line lists them all.
const mostFilterLines = 2

// mostLead is how many lines are said of the rows; e says it whole.
const mostLead = 3

// head says above the rows what they are: which filters hold, their order where it is not their own, and
// what the question leaves out.
func (s *result) head(width int) []string {
	if s.height < leastHeight {
		return nil
	}
	t := &s.e.Theme
	var out []string
	if s.lead != "" {
		lead := frame.Wrap(s.e.Brief(frame.OneLine(s.lead)), max(width-2, 1))
		for _, l := range lead[:min(len(lead), mostLead)] {
			out = append(out, " "+t.Dim.Render(l))
		}
	}
	filters := append(s.filterLines(" counts rows with ", " more", s.counted, width), s.filterLines(" filter ", " more: / lists them", s.filters, width)...)
	for _, l := range filters {
		out = append(out, t.Kind.Render(frame.Grow(l, width, t)))
	}
	if n := len(s.filters) - len(on(s.filters)); n > 0 {
		out = append(out, " "+t.Dim.Render(words.Plural(int64(n), "filter is", "filters are")+" off: / switches"))
	}
	for _, l := range s.orderLines(width) {
		out = append(out, " "+t.Kind.Render(frame.Grow(l, max(width-1, 1), t)))
	}
	if s.e.Problem != "" {
		out = append(out, " "+t.Warn.Render(frame.Grow("the case is not all there: "+s.e.Brief(s.e.Problem), max(width-1, 1), t)))
	}
	if s.e.Windowed() && s.beyond() == "" && touched(s.cols) {
		out = append(out, " "+t.Dim.Render(frame.Grow("what touches the window: a record may have begun before it, or end after it", max(width-1, 1), t)))
	}
	if l := s.beyond(); l != "" {
		out = append(out, " "+t.Warn.Render(frame.Grow(l, max(width-1, 1), t)))
	}
	for _, l := range s.limitTexts() {
		out = append(out, " "+t.Warn.Render(frame.Grow(l, max(width-1, 1), t)))
	}
	if s.hasStrip() {
		out = append(out, s.drawStrip(width)...)
	}
	return out
}

// filterTexts are the filters that hold, as they are shown.
func (s *result) filterTexts() []string { return s.shown(s.filters) }

// shown are those of some filters that hold.
func (s *result) shown(filters []clause) []string {
	var out []string
	for _, f := range on(filters) {
		out = append(out, s.e.Brief(f.shown))
	}
	return out
}

// narrowed says which window and which filters hold on the rows; "" where none does. It may hold text of the evidence.
func (s *result) narrowed() string {
	var texts []string
	for _, f := range on(append(slices.Clip(s.counted), s.filters...)) {
		texts = append(texts, f.shown)
	}
	held := ""
	if s.e.Windowed() && s.beyond() == "" {
		held = "of the window " + s.e.WindowText() + " " + s.e.ZoneWord()
	}
	if len(texts) > 0 {
		held = strings.TrimSpace(held + " with " + strings.Join(texts, " and "))
	}
	return held
}

// orderTexts says the order of the rows, where it is not their own.
func (s *result) orderTexts() []string {
	if len(s.by) == 0 {
		return nil
	}
	return []string{s.orderText(len(s.by))}
}

// orderText names the first columns of the order, and counts the others.
func (s *result) orderText(named int) string {
	var texts []string
	for _, key := range s.by[:named] {
		texts = append(texts, s.e.Show(key.column)+map[bool]string{true: ", largest first", false: ", smallest first"}[key.desc])
	}
	text := "in order of " + strings.Join(texts, ", then of ")
	if more := len(s.by) - named; more > 0 {
		text += ", then of " + words.Count(int64(more)) + " more"
	}
	return text
}

// orderLines puts the order on a few lines: as many of its columns as have room.
func (s *result) orderLines(width int) []string {
	if len(s.by) == 0 {
		return nil
	}
	for named := len(s.by); named > 1; named-- {
		if lines := frame.Wrap(s.orderText(named), max(width-2, 1)); len(lines) <= mostFilterLines {
			return lines
		}
	}
	lines := frame.Wrap(s.orderText(1), max(width-2, 1))
	return lines[:min(len(lines), mostFilterLines)]
}

// orderSign is what stands at the head of a column that the rows are in order of; where several are, with its place among them.
func (s *result) orderSign(column string) string {
	i := slices.IndexFunc(s.by, func(key sorting) bool { return key.column == column })
	if i < 0 {
		return ""
	}
	sign := s.e.Theme.Glyph.Up
	if s.by[i].desc {
		sign = s.e.Theme.Glyph.Down
	}
	if len(s.by) > 1 {
		sign += strconv.Itoa(i + 1)
	}
	return sign
}

// filterLines puts filters on a few lines. Those that there is no room for are counted, with a tail.
func (s *result) filterLines(lead, tail string, filters []clause, width int) []string {
	texts := s.shown(filters)
	const most, gap = mostFilterLines, " and "
	var lines []string
	line := lead
	for i, text := range texts {
		rest := ""
		if i < len(texts)-1 {
			rest = gap + "+" + words.Count(int64(len(texts)-i-1)) + tail
		}
		if len(lines) < most-1 {
			rest = "" // it may go on the next line
		}
		before := gap
		if line == lead {
			before = ""
		}
		switch room := width - ansi.StringWidth(line+before+rest); {
		case ansi.StringWidth(text) <= room:
			line += before + text
		case before == "":
			line += grid.Fit(text, max(room, 8), false, s.e.Opt.ASCII)
		case len(lines) < most-1:
			lines = append(lines, line+gap)
			line = strings.Repeat(" ", len(lead)) + frame.Grow(text, max(width-len(lead), 8), &s.e.Theme)
		default:
			more := gap + "+" + words.Count(int64(len(texts)-i)) + tail
			return append(lines, line+more)
		}
	}
	if len(texts) == 0 {
		return nil
	}
	return append(lines, line)
}

// looking says what is being looked for, while no row of it is there.
func (s *result) looking() string {
	dots := s.e.Theme.Glyph.Dots
	switch {
	case len(on(s.filters)) > 0:
		return "looking for rows with " + strings.Join(append(s.filterTexts(), s.orderTexts()...), " and ") + dots
	case len(s.by) > 0:
		return "putting the rows " + s.orderTexts()[0] + dots
	}
	return "running" + dots
}
