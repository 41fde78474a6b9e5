package answers

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"case53/cases"
	"case53/cases/words"
	"case53/queries/findings"
	"case53/tui/frame"
	"case53/tui/grid"
	"case53/tui/spark"
)

// lines is the overview, each line no wider than width.
func (s *overview) lines(width int) []string {
	if s.err != nil {
		return strings.Split(frame.ErrorText(s.e, s.err, width), "\n")
	}
	o := s.data
	if o == nil {
		o = &cases.Overview{}
	}
	var out []string
	for _, part := range [][]string{s.head(o, width), s.captures(o, width), s.next(width), s.hours(o, width), s.counted(o, width), s.coverage(o, width)} {
		if len(part) > 0 {
			out = append(append(out, part...), "")
		}
	}
	for i := range out {
		out[i] = frame.Grow(out[i], width, &s.e.Theme)
	}
	return out[:len(out)-1]
}

// head says which case it is, its window, and whether it can still change.
func (s *overview) head(o *cases.Overview, width int) []string {
	e, t := s.e, &s.e.Theme
	if s.data == nil {
		if !s.asking.Running() {
			return []string{" " + t.Warn.Render("cancelled "+t.Glyph.Dash+" r reads the case again")}
		}
		return []string{" " + t.Dim.Render("reading the case"+t.Glyph.Dots)}
	}
	sealed := "not sealed"
	if o.Sealed {
		sealed = "sealed"
	}
	out := []string{" " + t.Strong.Render(e.Window(o.Window)) + "  " + t.Dim.Render(words.Count(o.Objects)+" objects, "+sealed)}
	if o.Dir != "" && width >= 60 {
		out = append(out, " "+t.Dim.Render(e.Show(o.Dir)))
	}
	say := func(lead, text string, style *lipgloss.Style) {
		for _, l := range frame.Wrap(text, max(width-1-len(lead), 10)) {
			out = append(out, " "+style.Render(lead+l))
			lead = strings.Repeat(" ", len(lead))
		}
	}
	if o.Problem != "" {
		say("! ", "Not all there: "+e.Show(frame.Told(o.Problem)), &t.Warn)
		say("  ", e.Show(o.Remedy), &t.Dim)
	}
	if o.Problem != "" && len(o.Captures) > 0 && len(o.Hours) == 0 && len(o.Coverage) == 0 {
		say("  ", "Not told below until then: records per hour, coverage.", &t.Dim)
	}
	if n := o.Lines.Rejected; n > 0 {
		say("! ", words.Plural(n, "line", "lines")+" rejected: kept word for word in reject, reasons below", &t.Warn)
	}
	if gaps := s.gaps(o); gaps != "" {
		say("! ", gaps, &t.Warn)
	}
	if causes := findings.Causes(o.Coverage); len(causes) > 0 && causes[0].Certainty == cases.Named {
		c := causes[0]
		text := fmt.Sprintf("%s at %s ends the records of %s: %s, see below",
			c.EventName, e.Moment(c.EventTime), words.Plural(int64(len(c.Sources)), "source", "sources"), c.LogType)
		out = append(out, " "+t.Warn.Render("! "+e.Show(text)))
	}
	return out
}

// gaps says in a line how many sources lack minutes, and which lacks most.
func (s *overview) gaps(o *cases.Overview) string {
	n, worst := 0, cases.Coverage{}
	for _, c := range o.Coverage {
		if missing(c) > 0 {
			n++
		}
		if missing(c) > missing(worst) {
			worst = c
		}
	}
	if n == 0 {
		return ""
	}
	is := strings.TrimSpace(coveredText(worst))
	if n == 1 {
		return fmt.Sprintf("the flow log of %s has gaps: it is %s", s.e.Show(worst.Source), is)
	}
	return fmt.Sprintf("%d flow logs have gaps: the worst, %s, is %s", n, s.e.Show(worst.Source), is)
}

// captures is a table: capture, role, rows per log type, window.
func (s *overview) captures(o *cases.Overview, width int) []string {
	e, t := s.e, &s.e.Theme
	names := s.tableNames(o)
	if s.data == nil {
		return nil
	}
	if len(o.Captures) == 0 {
		return []string{" " + t.Warn.Render("The case is empty: case53 load "+e.Show(e.Opt.CaseName)+" PATH...")}
	}
	columns := []captureColumn{}
	for _, n := range names {
		columns = append(columns, captureColumn{head: e.Show(n), right: true, cell: func(c cases.CaptureInfo) string {
			if rows, ok := c.Rows[n]; ok {
				return words.Count(rows)
			}
			return t.Glyph.Dash
		}})
	}
	when := captureColumn{head: "first and last record", cell: func(c cases.CaptureInfo) string {
		return e.Moment(c.Window.From) + " " + t.Glyph.To + " " + e.Moment(c.Window.To)
	}}
	if width < 100 {
		when = captureColumn{head: "first day", cell: func(c cases.CaptureInfo) string {
			if c.Window.From.IsZero() {
				return t.Glyph.Dash
			}
			return c.Window.From.In(e.Zone).Format(time.DateOnly)
		}}
	}
	return s.table(o, append(columns, when), width)
}

// captureColumn is a column of the table of captures.
type captureColumn struct {
	head  string
	right bool
	cell  func(cases.CaptureInfo) string
}

// table draws a row per capture. A column is as wide as its widest cell: a number is never cut. Columns that there is no room for stand
// in rows of their own below.
func (s *overview) table(o *cases.Overview, columns []captureColumn, width int) []string {
	e := s.e
	name, role, least := 7, 4, 8
	for _, c := range o.Captures {
		name, role = max(name, ansi.StringWidth(e.Show(c.Name))), max(role, ansi.StringWidth(e.Show(c.Role)))
	}
	name, role = min(name, 24), min(role, 12)
	wide := make([]int, len(columns))
	for i, col := range columns {
		wide[i] = max(least, ansi.StringWidth(col.head))
		for _, c := range o.Captures {
			wide[i] = max(wide[i], ansi.StringWidth(col.cell(c)))
		}
	}
	if widest := slices.Max(wide); 1+name+2+role+2+widest > width { // on a narrow screen the role gives way, then the name
		role, name = 0, max(min(name, width-3-widest), 4)
	}
	row := func(first, second string, from, to int, cell func(captureColumn) string) string {
		line := " " + grid.Fit(first, name, false, e.Opt.ASCII)
		if role > 0 {
			line += "  " + grid.Fit(second, role, false, e.Opt.ASCII)
		}
		for i, col := range columns[from:to] {
			line += "  " + grid.Fit(cell(col), wide[from+i], col.right, e.Opt.ASCII)
		}
		return strings.TrimRight(line, " ")
	}
	var out []string
	for from := 0; from < len(columns); {
		to, room := from+1, width-ansi.StringWidth(row(strings.Repeat("x", name), strings.Repeat("x", role), 0, 0, nil))-2-wide[from]
		for ; to < len(columns) && room >= 2+wide[to]; to++ {
			room -= 2 + wide[to]
		}
		out = append(out, s.e.Theme.Title.Render(row("Capture", "role", from, to, func(col captureColumn) string { return col.head })))
		for _, c := range o.Captures {
			out = append(out, row(e.Show(c.Name), e.Show(c.Role), from, to, func(col captureColumn) string { return col.cell(c) }))
		}
		from = to
	}
	return out
}

// tableNames are the tables to count: the known ones in their order, then others.
func (s *overview) tableNames(o *cases.Overview) []string {
	var known, other []string
	for _, t := range s.e.RecordTables() {
		if _, ok := o.Tables[t.Name]; ok {
			known = append(known, t.Name)
		}
	}
	for n, rows := range o.Tables {
		if rows > 0 && !slices.Contains(known, n) {
			other = append(other, n)
		}
	}
	slices.Sort(other)
	return append(known, other...)
}

// next names the keys to begin with.
func (s *overview) next(width int) []string {
	t := &s.e.Theme
	words := []string{}
	for _, tb := range s.e.RecordTables() {
		words = append(words, t.Strong.Render(cmp.Or(tb.Key, ":"))+" "+tb.Title) // without a key of its own the palette has it
	}
	words = append(words, t.Strong.Render("2")+" saved queries", t.Strong.Render("X")+" hunts")
	words = append(words, t.Strong.Render("7")+" timeline", t.Strong.Render("8")+" coverage")
	if s.data != nil && len(s.data.Captures) > 1 {
		words = append(words, t.Strong.Render("9")+" compare")
	}
	words = append(words, t.Strong.Render(";")+" SQL")
	out := []string{" " + t.Title.Render("Look at")}
	line := " "
	for _, w := range words {
		if ansi.StringWidth(line+w)+2 > width && line != " " {
			out = append(out, line)
			line = " "
		}
		line += w + "   "
	}
	out = append(out, strings.TrimRight(line, " "))
	if len(s.suggest) > 0 {
		out = append(out, " "+t.Title.Render("Ask"))
	}
	for i, q := range s.suggest {
		out = append(out, " "+t.Strong.Render(string(rune('a'+i)))+" "+s.e.Show(q.Title))
	}
	return out
}

// hours draws the records per hour of each log type on one time axis.
func (s *overview) hours(o *cases.Overview, width int) []string {
	e, t := s.e, &s.e.Theme
	var from, to time.Time
	for _, h := range o.Hours {
		for _, at := range h.Times {
			if from.IsZero() || at.Before(from) {
				from = at
			}
			if at.After(to) {
				to = at
			}
		}
	}
	if from.IsZero() {
		return nil
	}
	steps := int(to.Sub(from)/time.Hour) + 1
	room := width - 30
	if steps > 1<<20 || room < 8 { // a span of a century: no picture is better than a wrong one
		return nil
	}
	out := []string{" " + t.Title.Render("Records per hour") + "  " + t.Dim.Render(e.Window(cases.Span{From: from, To: to}))}
	for _, h := range o.Hours {
		counts := make([]int64, steps)
		var most int64
		for i, at := range h.Times {
			counts[int(at.Sub(from)/time.Hour)] += h.Counts[i]
			most = max(most, h.Counts[i])
		}
		line := spark.Line(counts, room, e.Opt.ASCII)
		out = append(out, " "+grid.Fit(e.Show(h.LogType), 10, false, e.Opt.ASCII)+" "+grid.Fit(line, min(room, steps), false, e.Opt.ASCII)+
			" "+t.Dim.Render("peak "+words.Count(most)))
	}
	return out
}

// counted says what became of every line that was read, and why lines were rejected.
func (s *overview) counted(o *cases.Overview, width int) []string {
	e, t := s.e, &s.e.Theme
	l := o.Lines
	if l.Read == 0 {
		return nil
	}
	out := []string{" " + t.Title.Render("Lines read") + "  " + words.Count(l.Read) + " = "}
	for i, w := range frame.Wrap(strings.Join(l.Told(), " + "), max(width-18, 10)) {
		if i == 0 {
			out[0] += w
			continue
		}
		out = append(out, strings.Repeat(" ", 18)+w)
	}
	if !l.Balanced() {
		out = append(out, " "+t.Bad.Render(fmt.Sprintf("! %s lines are not accounted for", words.Count(l.Missing()))))
	}
	for _, s := range o.Narrowed {
		for i, w := range frame.Wrap(e.Show(s.String()), max(width-3, 10)) {
			out = append(out, " "+t.Warn.Render(map[bool]string{true: "! ", false: "  "}[i == 0]+w))
		}
	}
	other := l.Rejected
	for _, r := range o.Rejects {
		other -= r.Count
		out = append(out, " "+t.Warn.Render("! "+words.Count(r.Count)+" rejected")+"  "+e.Show(r.Text))
	}
	if other > 0 && len(o.Rejects) > 0 {
		out = append(out, " "+t.Warn.Render("! "+words.Count(other)+" rejected")+"  for other reasons: reject-reasons has them all")
	}
	return out
}

// coverage draws a bar per source, on the time axis of its capture: which of its windows have records, and of what sort. The
// worst come first.
func (s *overview) coverage(o *cases.Overview, width int) []string {
	if len(o.Coverage) == 0 {
		return nil
	}
	e, t := s.e, &s.e.Theme
	g := &t.Glyph
	out := []string{" " + t.Title.Render("Coverage") + "  " + t.Good.Render(g.OK) + " records  " + t.Dim.Render(g.NoData) + " NODATA  " +
		t.Bad.Render("S") + " SKIPDATA  " + t.Warn.Render(g.Absent) + " absent or none"}
	for _, c := range findings.Causes(o.Coverage) {
		text := e.Show(c.LogType + ", capture " + c.Capture + ": " + c.Text(e.Moment))
		for i, line := range frame.Wrap(text, max(width-4, 10)) {
			lead := "   "
			if i == 0 {
				lead = " ! "
			}
			out = append(out, t.Warn.Render(lead+line))
		}
	}
	for _, rows := range coverageGroups(o.Coverage) {
		c, name := rows[0], 12
		for _, c := range rows {
			name = max(name, ansi.StringWidth(e.Show(c.Source)))
		}
		name = min(name, max(width/3, 12))
		head := e.Show(c.LogType) + ", capture " + e.Show(c.Capture) + ": " + e.Window(c.Window)
		out = append(out, " "+t.Dim.Render(frame.Grow(head, max(width-1, 1), t)))
		for _, c := range rows {
			lead := "  " + grid.Fit(e.Show(c.Source), name, false, e.Opt.ASCII) + " "
			room := min(max(width-ansi.StringWidth(lead)-20, 4), 96)
			bar, cells := s.bar(c, room)
			out = append(out, lead+bar+strings.Repeat(" ", room-cells)+" "+coveredText(c))
		}
	}
	return out
}

// coverageGroups are the sources that share a time axis, those of one log in one capture; the worst first in each.
func coverageGroups(all []cases.Coverage) [][]cases.Coverage {
	var groups [][]cases.Coverage
	for _, c := range all {
		if n := len(groups); n > 0 && groups[n-1][0].LogType == c.LogType && groups[n-1][0].Capture == c.Capture {
			groups[n-1] = append(groups[n-1], c)
			continue
		}
		groups = append(groups, []cases.Coverage{c})
	}
	worst := func(a, b cases.Coverage) int { return cmp.Compare(missing(b), missing(a)) }
	for _, g := range groups {
		slices.SortStableFunc(g, worst)
	}
	slices.SortStableFunc(groups, func(a, b []cases.Coverage) int { return worst(a[0], b[0]) })
	return groups
}

// missing is the share of windows of which nothing is known, where the log says of every one whether there was anything; one
// that does not may only have had nothing to say.
func missing(c cases.Coverage) float64 {
	if c.Windows == 0 || c.Silence != cases.StatusAbsent {
		return 0
	}
	return float64(c.Counts[cases.StatusSkipData]+c.Counts[cases.StatusAbsent]) / float64(c.Windows)
}

func coveredText(c cases.Coverage) string {
	if c.Windows == 0 {
		return "     -"
	}
	share, word := 100*(1-missing(c)), "covered"
	if c.Silence != cases.StatusAbsent {
		share, word = 100*float64(c.Counts[cases.StatusRecords])/float64(c.Windows), "with records"
	}
	if share > 99.9 && share < 100 {
		share = 99.9 // all but a little is not all
	}
	return fmt.Sprintf("%5.1f%% %s", share, word)
}

// bar draws the windows of a source in the order of time, as case53 coverage does, on so many cells at most.
func (s *overview) bar(c cases.Coverage, width int) (bar string, cells int) {
	t := &s.e.Theme
	var b strings.Builder
	statuses := c.Bar(width)
	for i := 0; i < len(statuses); {
		n := 1
		for i+n < len(statuses) && statuses[i+n] == statuses[i] {
			n++
		}
		style, sign := &t.Warn, t.Glyph.Absent
		switch statuses[i] {
		case cases.StatusOK, cases.StatusRecords:
			style, sign = &t.Good, t.Glyph.OK
		case cases.StatusNoData:
			style, sign = &t.Dim, t.Glyph.NoData
		case cases.StatusSkipData:
			style, sign = &t.Bad, "S"
		}
		b.WriteString(style.Render(strings.Repeat(sign, n)))
		i += n
	}
	return b.String(), len(statuses)
}
