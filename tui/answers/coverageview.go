package answers

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	tea "charm.land/bubbletea/v2"

	"case53/cases"
	"case53/cases/words"
	"case53/queries/findings"
	"case53/tui/frame"
	"case53/tui/grid"
)

// A column of a row says the worst of its time. The signs of the cells, from nothing on.
type coverageCell int

const (
	cellOutside   coverageCell = iota // of the log's time in the capture
	cellRecords                       // records at all times
	cellSome                          // records, and times without one
	cellNone                          // no record: the log says so, or cannot say
	cellPartGone                      // some of it is not covered
	cellGone                          // not covered
	cellSkipped                       // records were lost inside AWS
	cellPerhaps                       // a call may explain that there is nothing
	cellExplained                     // a call explains it
)

// cellWords say what a cell says.
var cellWords = map[coverageCell]string{
	cellOutside: "not of this log's time in the capture", cellRecords: "records", cellSome: "records, and times without one", cellNone: "no records",
	cellPartGone: "some of it not covered", cellGone: "not covered", cellSkipped: "SKIPDATA: records lost inside AWS",
	cellPerhaps: "no records, which a call may explain", cellExplained: "no records, which a call explains",
}

// shareWidth is the room for how much of a row is covered.
const shareWidth = 7

// mostName is how wide the name of a row is at most: an ARN would take the time's room.
const mostName = 36

// coverageLead is what stands before the name of a row.
const coverageLead = 2

func sourcesText(n int) string { return words.Plural(int64(n), "source", "sources") }

// nameWidth is the room for the names of rows.
func (s *coverage) nameWidth(width int) int {
	wide := 12
	for _, group := range coverageGroups(s.data) {
		wide = max(wide, ansi.StringWidth(s.e.Brief(rowTitle(group))))
		for _, c := range group {
			wide = max(wide, ansi.StringWidth(s.e.Brief(c.Source))+2)
		}
	}
	return min(wide, max(width/3, 12), mostName) + coverageLead
}

func logTitle(c cases.Coverage) string { return c.LogType + " " + c.Capture }

// rowTitle is that of a log in a capture, and of its source where it is the only one.
func rowTitle(group []cases.Coverage) string {
	if len(group) == 1 {
		return logTitle(group[0]) + "  " + group[0].Source
	}
	return logTitle(group[0])
}

// write writes the rows: logs by what they lack, and below each its sources likewise.
func (s *coverage) write(width int) {
	e, t := s.e, &s.e.Theme
	s.lines = nil
	for _, group := range coverageGroups(s.data) {
		group = slices.DeleteFunc(group, func(c cases.Coverage) bool { return !s.touches(c) })
		if len(group) == 0 {
			continue
		}
		slices.SortStableFunc(group, func(a, b cases.Coverage) int { return cmp.Compare(s.lacks(b), s.lacks(a)) })
		s.lines = append(s.lines, coverageLine{title: rowTitle(group), sources: group, log: true})
		if len(group) == 1 {
			continue
		}
		folded, ended := 0, 0
		for _, c := range group {
			if !s.whole && len(group) > 3 && s.isWhole(c) {
				folded++
				if len(c.Explained) > 0 {
					ended++
				}
				continue
			}
			s.lines = append(s.lines, coverageLine{title: "  " + c.Source, sources: []cases.Coverage{c}})
		}
		if folded > 0 {
			text := "    " + sourcesText(folded) + " more, covered as long as the log goes"
			if ended > 0 {
				text += ", " + words.Count(int64(ended)) + " until a call"
			}
			text += ": . shows"
			s.lines = append(s.lines, coverageLine{text: t.Dim.Render(frame.Grow(text, width, t))})
		}
	}
	for _, text := range s.missing() {
		for _, l := range frame.Wrap(e.Show(text), max(width-2, 10)) {
			s.lines = append(s.lines, coverageLine{text: "  " + t.Dim.Render(l)})
		}
	}
	s.at = max(min(s.at, len(s.lines)-1), 0)
	for s.at > 0 && !s.lines[s.at].stands() {
		s.at--
	}
}

// touches reports whether a source has something to say of the window.
func (s *coverage) touches(c cases.Coverage) bool {
	w := s.within(c.Window)
	return w.From.Before(w.To) || slices.ContainsFunc(c.Explained, func(x cases.Explanation) bool {
		w := s.within(cases.Span{From: x.From, To: x.To})
		return w.From.Before(w.To)
	})
}

// missing says which logs the case has of one capture and not of another.
func (s *coverage) missing() (out []string) {
	var captures, types []string
	has := map[string]bool{}
	for _, c := range s.data {
		has[logTitle(c)] = true
		if !slices.Contains(captures, c.Capture) {
			captures = append(captures, c.Capture)
		}
		if !slices.Contains(types, c.LogType) {
			types = append(types, c.LogType)
		}
	}
	for _, capture := range captures {
		var lacks []string
		for _, t := range types {
			if !has[t+" "+capture] {
				lacks = append(lacks, t)
			}
		}
		if len(lacks) > 0 {
			out = append(out, "no record at all in capture "+capture+": "+strings.Join(lacks, ", "))
		}
	}
	return out
}

// counted is how long a source has each status in the window, in its pieces.
func (s *coverage) counted(c cases.Coverage) (counts map[string]float64, all float64) {
	counts = map[string]float64{}
	for _, span := range c.Spans {
		if w := s.within(cases.Span{From: span.From, To: span.To}); w.From.Before(w.To) {
			counts[span.Status] += w.Seconds()
			all += w.Seconds()
		}
	}
	return counts, all
}

// lacks is the share of the window in which a source is not covered; of one whose log does not say when there was nothing, that
// without a record, after all those.
func (s *coverage) lacks(c cases.Coverage) float64 {
	counts, all := s.counted(c)
	if all == 0 {
		return 0
	}
	if c.Silence != cases.StatusAbsent {
		return counts[cases.StatusNone] / all / 1000
	}
	return (counts[cases.StatusAbsent] + counts[cases.StatusSkipData]) / all
}

func (s *coverage) isWhole(c cases.Coverage) bool {
	counts, all := s.counted(c)
	return counts[cases.StatusOK]+counts[cases.StatusRecords]+counts[cases.StatusNoData] == all
}

// share is how much of a row is covered, rounded neither up to all nor down to none; of logs that do not say when there was nothing,
// how much has records.
func (s *coverage) share(l coverageLine) string {
	there, all := 0.0, 0.0
	for _, c := range l.sources {
		counts, n := s.counted(c)
		there += counts[cases.StatusOK] + counts[cases.StatusRecords] + counts[cases.StatusNoData]
		all += n
	}
	switch {
	case all == 0:
		return ""
	case there > 0 && there < all:
		return fmt.Sprintf("%.1f%%", min(99.9, max(0.1, 100*there/all)))
	}
	return fmt.Sprintf("%.0f%%", 100*there/all)
}

// cell is what a column of a row says.
func (s *coverage) cell(l coverageLine, i int) coverageCell {
	span := s.axis.span(i)
	counts := map[string]bool{}
	sure := ""
	for _, c := range l.sources {
		for _, r := range c.Spans {
			if r.From.Before(span.To) && r.To.After(span.From) {
				counts[r.Status] = true
			}
		}
		for _, x := range c.Explained {
			if x.From.Before(span.To) && x.To.After(span.From) && x.Certainty != cases.Attempt && sure != cases.Named {
				sure = x.Certainty
			}
		}
	}
	there := counts[cases.StatusOK] || counts[cases.StatusRecords]
	none := counts[cases.StatusNoData] || counts[cases.StatusNone]
	switch {
	case sure == cases.Named: // who ended a log comes before what the log lost
		return cellExplained
	case counts[cases.StatusSkipData]:
		return cellSkipped
	case sure != "":
		return cellPerhaps
	case counts[cases.StatusAbsent] && (there || none):
		return cellPartGone
	case counts[cases.StatusAbsent]:
		return cellGone
	case there && none:
		return cellSome
	case there:
		return cellRecords
	case none:
		return cellNone
	}
	return cellOutside
}

// sign draws a cell.
func (s *coverage) sign(c coverageCell) (string, *lipgloss.Style) {
	t, g := &s.e.Theme, &s.e.Theme.Glyph
	switch c {
	case cellRecords:
		return g.OK, &t.Good
	case cellSome:
		return g.Some, &t.Good
	case cellNone:
		return g.NoData, &t.Dim
	case cellPartGone:
		return g.PartGone, &t.Bad
	case cellGone:
		return g.Absent, &t.Bad
	case cellSkipped:
		return "S", &t.Warn
	case cellPerhaps:
		return "e", &t.Warn
	case cellExplained:
		return "E", &t.Bad
	}
	return " ", &t.Plain
}

func (s *coverage) View(width, height int) string {
	e, t := s.e, &s.e.Theme
	switch {
	case s.err != nil:
		return "\n" + frame.ErrorText(e, s.err, width)
	case s.data == nil && s.asking.Running():
		return " " + t.Dim.Render("reading what is there"+t.Glyph.Dots)
	case s.data == nil:
		return " " + t.Warn.Render("cancelled "+t.Glyph.Dash+" r reads it")
	case len(s.data) == 0:
		return " " + t.Dim.Render("no records with times: there is nothing to draw")
	case !s.known && e.Windowed():
		return " " + t.Warn.Render(frame.Grow("no log has a time in the window "+e.WindowText()+"; W takes it off", max(width-2, 1), t))
	case !s.known:
		return strings.Join(frame.Wrap("the times of the case span more than a century, or there is no room to draw them: w sets a window", width), "\n")
	}
	head := s.axisLines(width)
	foot := s.detail(width, height)
	room := max(height-len(head)-len(foot), 1)
	s.top = frame.Scroll(s.top, s.at, room, max(len(s.lines), room))
	out := head
	for i := s.top; i < min(s.top+room, len(s.lines)); i++ {
		out = append(out, s.drawn(i, width))
	}
	for len(foot) > 0 && len(out) < height-len(foot) {
		out = append(out, "")
	}
	return strings.Join(append(out, foot...), "\n")
}

func (s *coverage) wall() string {
	if s.e.Opt.ASCII {
		return "|"
	}
	return "│"
}

// axisLines stand over the rows.
func (s *coverage) axisLines(width int) []string {
	t, name := &s.e.Theme, s.nameWidth(width)
	ticks := s.axis.ticks(s.e, s.wall())
	var out []string
	for i, l := range ticks {
		lead := ""
		if i == len(ticks)-1 {
			lead = "  a column is " + words.Width(s.axis.every)
		}
		out = append(out, t.Dim.Render(frame.Grow(grid.Fit(lead, name, false, s.e.Opt.ASCII)+" "+l, width, t)))
	}
	return out
}

// drawn is a row, or a line of words.
func (s *coverage) drawn(i, width int) string {
	l, t := s.lines[i], &s.e.Theme
	if !l.stands() {
		return frame.Grow(l.text, width, t)
	}
	lead, style := "  ", &t.Plain
	if l.log {
		style = &t.Title
	}
	if i == s.at {
		lead, style = t.Glyph.Cursor+" ", &t.Strong
	}
	name := lead + grid.Fit(s.e.Brief(l.title), s.nameWidth(width)-coverageLead, false, s.e.Opt.ASCII)
	bar := s.axis.draw(t.Dim.Render(s.wall()), func(col int) string {
		sign, style := s.sign(s.cell(l, col))
		if i == s.at && col == s.col {
			return t.Cursor.Render(sign)
		}
		return style.Render(sign)
	})
	share := s.share(l)
	return style.Render(name) + " " + bar + strings.Repeat(" ", max(width-ansi.StringWidth(name+bar+share)-2, 1)) + t.Dim.Render(share)
}

// detail says what is under the cursor, where there is room, and what the signs are.
func (s *coverage) detail(width, height int) []string {
	l, ok := s.line()
	if !ok || height < 12 {
		return nil
	}
	t, g := &s.e.Theme, &s.e.Theme.Glyph
	legend := " " + g.OK + " records  " + g.Some + " some  " + g.NoData + " none  " + g.PartGone + " part absent  " + g.Absent +
		" absent  S SKIPDATA  E e explained"
	return append(append([]string{t.Dim.Render(strings.Repeat(g.Dash, width))}, below(s.e, s.said(l), width)...),
		t.Dim.Render(frame.Grow(legend, width, t)))
}

// said says what a row has in the time of the column, and which call explains it.
func (s *coverage) said(l coverageLine) string {
	e, span := s.e, s.axis.span(s.col)
	text := e.ShortTime(span.From) + " " + e.Theme.Glyph.To + " " + e.ShortTime(span.To) + ": "
	var parts []string
	if len(l.sources) > 1 {
		parts = append(parts, s.logSaid(l, span))
	} else {
		text = l.sources[0].Source + ", " + text
		for _, r := range l.sources[0].Spans {
			if r.From.Before(span.To) && r.To.After(span.From) {
				parts = append(parts, statusWords(l.sources[0], r.Status)+" "+e.ShortTime(r.From)+" "+e.Theme.Glyph.To+" "+e.ShortTime(r.To))
			}
		}
	}
	if len(parts) == 0 {
		parts = append(parts, cellWords[cellOutside])
	}
	const most = 4
	if more := len(parts) - most; more > 0 {
		parts = append(parts[:most:most], fmt.Sprintf("%d more", more))
	}
	text += strings.Join(parts, ", ")
	for _, c := range findings.Causes(l.sources) {
		if c.From.Before(span.To) && c.To.After(span.From) {
			text += "; " + c.Text(e.Moment)
		}
	}
	return text
}

// logSaid counts the sources of a log by what they have in a time.
func (s *coverage) logSaid(l coverageLine, span cases.Span) string {
	n := map[string]int{}
	for _, c := range l.sources {
		seen := map[string]bool{}
		for _, r := range c.Spans {
			if r.From.Before(span.To) && r.To.After(span.From) && !seen[r.Status] {
				seen[r.Status] = true
				n[r.Status]++
			}
		}
	}
	var parts []string
	for _, status := range cases.Statuses {
		if n[status] > 0 {
			parts = append(parts, fmt.Sprintf("%s of %d", statusWords(l.sources[0], status), n[status]))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return strings.Join(parts, ", ") + " of " + sourcesText(len(l.sources))
}

// statusWords are a status in words: in a log that does not say when there was nothing, none is not the same as nothing.
func statusWords(c cases.Coverage, status string) string {
	switch status {
	case cases.StatusOK:
		return "records"
	case cases.StatusNone:
		return "no record (quiet, cached or not logged)"
	case cases.StatusAbsent:
		return "absent"
	}
	return status
}

// explain says what the calls of the row under the cursor are, and what its log never shows.
func (s *coverage) explain() tea.Cmd {
	l, ok := s.line()
	if !ok {
		return nil
	}
	e, c := s.e, l.sources[0]
	return e.Overlay(frame.NewText(e, "About "+e.Show(logTitle(c)), func(width int) []string {
		t := &e.Theme
		var out []string
		out = append(out, e.Paragraphs(aboutCoverage, width)...)
		causes := findings.Causes(l.sources)
		if len(causes) > 0 {
			out = append(out, t.Title.Render("Calls that explain times without records, or may"))
		}
		for _, cause := range causes {
			out = append(out, e.Paragraphs(cause.Text(e.Moment), width)...)
		}
		for _, lt := range e.Reader.LogTypes() {
			if lt.Name != c.LogType || len(lt.Blind) == 0 {
				continue
			}
			out = append(out, t.Title.Render("What such a log never shows, however complete it is"))
			for _, b := range lt.Blind {
				out = append(out, e.Paragraphs(b.What+": "+b.Why, width)...)
			}
		}
		return out
	}))
}

const aboutCoverage = `A column says the worst of its time. A flow log says itself when there was no traffic (NODATA) and when records were lost ` +
	`inside AWS (SKIPDATA); what it says nothing of is not covered: the interface may not have existed, or the log is missing. Other logs cannot ` +
	`say so: a time without a record may be quiet, answered from a cache, or not logged. E: a call that names what the log is of explains why there ` +
	`is no record; e: it may.`
