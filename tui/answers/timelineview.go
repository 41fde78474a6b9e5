package answers

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"case53/cases/words"
	"case53/tui/frame"
	"case53/tui/grid"
	"case53/tui/spark"
)

// timelineLead is the room for the name of a log and its peak.
const timelineLead = 20

func (s *timeline) View(width, height int) string {
	e, t := s.e, &s.e.Theme
	if e.Held.From.IsZero() {
		return " " + t.Dim.Render("from when to when the case goes is not known yet")
	}
	if !s.known {
		text := "the times of the case span more than a century, or there is no room to draw them: w sets a window"
		if e.Windowed() {
			text = "the case has no time in the window " + e.WindowText() + ", or no room to draw it; W takes it off"
		}
		return strings.Join(frame.Wrap(" "+text, max(width, 1)), "\n")
	}
	out := s.bars(width)
	out = append(out, " "+t.Dim.Render(strings.Repeat(t.Glyph.Dash, max(width-2, 1))))
	foot := s.detail(width, height)
	room := max(height-len(out)-len(foot), 1)
	list := s.list(width)
	s.top = frame.Scroll(s.top, s.at, room, max(len(list), room))
	out = append(out, list[min(s.top, len(list)):min(s.top+room, len(list))]...)
	for len(foot) > 0 && len(out) < height-len(foot) {
		out = append(out, "")
	}
	return strings.Join(append(out, foot...), "\n")
}

// bars are the axis, the counts of each log, and the marks of events.
func (s *timeline) bars(width int) []string {
	e, t := s.e, &s.e.Theme
	wall := "│"
	if e.Opt.ASCII {
		wall = "|"
	}
	line := func(lead, rest string) string { return frame.Grow(lead+" "+rest, width, t) }
	var out []string
	ticks := s.axis.ticks(e, wall)
	for i, l := range ticks {
		lead := ""
		if i == len(ticks)-1 {
			lead = " a column is " + words.Width(s.axis.every)
		}
		out = append(out, t.Dim.Render(line(grid.Fit(lead, timelineLead, false, e.Opt.ASCII), l)))
	}
	switch {
	case s.err != nil:
		out = append(out, " "+t.Bad.Render(frame.Grow("not counted: "+e.Lines(frame.Told(s.err.Error()))[0], max(width-2, 1), t)))
	case s.logs == nil && s.ended:
		out = append(out, " "+t.Warn.Render("cancelled "+t.Glyph.Dash+" r counts again"))
	case s.logs == nil:
		out = append(out, " "+t.Dim.Render("counting over time"+t.Glyph.Dots))
	case len(s.logs) == 0:
		out = append(out, " "+t.Dim.Render("no record of any log in this time"))
	}
	for _, l := range s.logs {
		counts := make([]int64, s.axis.columns())
		for i, at := range l.times {
			if col := s.axis.columnOf(at); col >= 0 {
				counts[col] += l.n[i]
			}
		}
		peak := words.Count(slices.Max(counts))
		name := grid.Fit(" "+e.Brief(l.name), timelineLead-len(peak)-1, false, e.Opt.ASCII) + " " + peak
		signs := []rune(spark.Line(counts, len(counts), e.Opt.ASCII))
		out = append(out, line(t.Dim.Render(name), s.axis.draw(t.Dim.Render(wall), func(i int) string {
			if i == s.col {
				return t.Cursor.Render(string(signs[i]))
			}
			return t.Kind.Render(string(signs[i]))
		})))
	}
	marks := s.marks()
	lead := grid.Fit(" "+words.Plural(int64(len(s.events)), "event", "events"), timelineLead, false, e.Opt.ASCII)
	return append(out, line(t.Dim.Render(lead), s.axis.draw(t.Dim.Render(wall), func(i int) string {
		if i == s.col && marks[i] == " " {
			return t.Dim.Render(t.Glyph.Up)
		}
		return t.Strong.Render(marks[i])
	})))
}

// marks are the signs of the columns that have events, the worst of each; T is T0.
func (s *timeline) marks() []string {
	out := slices.Repeat([]string{" "}, s.axis.columns())
	worst := []string{"", "info", "low", "medium", "high"}
	rank := make([]int, len(out))
	for _, v := range s.events {
		i := s.axis.columnOf(v.at)
		switch {
		case i < 0:
		case v.step == nil:
			out[i], rank[i] = "T", len(worst)
		case slices.Index(worst, v.severity) > rank[i]:
			out[i], rank[i] = signs[v.severity], slices.Index(worst, v.severity)
		}
	}
	return out
}

// list are the events, a line each.
func (s *timeline) list(width int) []string {
	e, t := s.e, &s.e.Theme
	var out []string
	for i, v := range s.events {
		sign, thread := signs[v.severity], fmt.Sprintf("thread %d", v.thread)
		if v.step == nil {
			sign, thread = "T", ""
		}
		text := fmt.Sprintf(" %-1s %s  %s", sign, e.ShortTime(v.at), e.Brief(v.text))
		wide := max(width-ansi.StringWidth(thread)-3, 10)
		text = grid.Fit(text, wide, false, e.Opt.ASCII) + "  " + thread
		if i == s.at {
			text = t.Cursor.Render(grid.Fit(text, width, false, e.Opt.ASCII))
		}
		out = append(out, frame.Grow(text, width, t))
	}
	ran, all := s.hunts.ran()
	say := func(text string) { out = append(out, " "+t.Dim.Render(frame.Grow(text, max(width-2, 1), t))) }
	switch d := s.hunts.drawn; {
	case s.drawing.Running():
		say("drawing threads" + t.Glyph.Dots)
	case ran < all && d != nil:
		say("of hunts that were run for another window or T0: X runs them for this one")
	case ran < all:
		say(fmt.Sprintf("%d of %d hunts were run: X runs them, and what they find is marked here", ran, all))
	case d != nil && d.Err != nil:
		say("threads cannot be drawn: " + firstLine(e.Show(d.Err.Error())))
	case len(s.events) == 0:
		say("no step of a thread in this time")
	}
	return out
}

// detail has the event under the cursor in full, or what the column has.
func (s *timeline) detail(width, height int) []string {
	if height < 20 {
		return nil
	}
	e, span := s.e, s.axis.span(s.col)
	text := e.ShortTime(span.From) + " " + e.Theme.Glyph.To + " " + e.ShortTime(span.To) + ":"
	for _, l := range s.logs {
		var n int64
		for i, at := range l.times {
			if s.axis.columnOf(at) == s.col {
				n += l.n[i]
			}
		}
		if n > 0 {
			text += " " + l.name + " " + words.Count(n) + ","
		}
	}
	text = strings.TrimSuffix(text, ",")
	if s.at < len(s.events) && s.axis.columnOf(s.events[s.at].at) == s.col {
		text = s.events[s.at].text + " | " + text
	}
	return append([]string{e.Theme.Dim.Render(strings.Repeat(e.Theme.Glyph.Dash, width))}, below(e, text, width)...)
}
