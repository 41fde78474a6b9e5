package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"case53/cases"
	"case53/cases/words"
)

// Sizes of pictures, in the units of their drawing.
const (
	drawn     = 1000 // width of a picture
	names     = 210  // of that, for the names on the left
	rowHeight = 16
	barHeight = 56
	letters   = 96 // width of a picture in letters
	most      = 60 // sources in a picture of the coverage
	mostLanes = 40 // findings with a row of their own in a timeline
)

// severities of findings, worst first.
var severities = []string{"high", "medium", "low", "info"}

// known is s where it is one of the words that the page has a style for.
func known(s string, words []string) string {
	if slices.Contains(words, s) {
		return s
	}
	return "unknown"
}

// statuses of a window, the one that most needs an eye first.
var statuses = []string{cases.StatusSkipData, cases.StatusAbsent, cases.StatusNone, cases.StatusNoData, cases.StatusOK, cases.StatusRecords}

var statusLetters = map[string]string{"SKIPDATA": "S", "absent": "·", "none": "·", "NODATA": "░", "OK": "█", "records": "█"}

func (r *Report) coverage(d *document) {
	d.section("coverage", "Coverage")
	d.say("Flow logs say themselves what a window is: OK, there are records; NODATA, there was no traffic; " +
		"SKIPDATA, records were lost inside AWS, nobody knows how many. " +
		"A window of an interface is absent when no record falls in it though the capture spans it: the interface may not have " +
		"existed yet or any more, its flow log may have been off, or the log is missing. Absent is not quiet.")
	d.say("Resolver and zone logs have no NODATA. A window without records is none: " +
		"it may be quiet, answered from a cache, or not logged. Nothing in the log tells which.")
	if len(r.Coverage) == 0 {
		d.say("No record has a time in this window.")
		return
	}
	d.say("Full (█): OK or records. Light (░): NODATA. Striped (S): SKIPDATA. Empty (·): absent, or none where a log has no NODATA. " +
		"Windows of " + words.Width(r.CoverageBin) + ". The appendix lists every stretch that is not covered.")
	for from := 0; from < len(r.Coverage); {
		to := from + 1
		for to < len(r.Coverage) && r.Coverage[to].LogType == r.Coverage[from].LogType && r.Coverage[to].Capture == r.Coverage[from].Capture {
			to++
		}
		group := r.Coverage[from:to]
		d.heading(3, append(plain(group[0].LogType+", capture "), exact(group[0].Capture)...)...)
		shown := worst(group)
		if len(shown) < len(group) {
			d.say(fmt.Sprintf("The picture shows the %d sources of %d with the most windows lost or missing; the table has all.", len(shown), len(group)))
		}
		d.add(block{Kind: isPicture, Picture: drawCoverage(shown)})
		var rows [][][]span
		for _, c := range group {
			rows = append(rows, [][]span{exact(c.Source), number(c.Windows), plain(statusCounts(c))})
		}
		d.table([]string{"Source", "Windows#", "Of them"}, rows)
		from = to
	}
}

// statusCounts writes how many windows have which status.
func statusCounts(c cases.Coverage) string {
	var out []Count
	for _, status := range cases.Statuses {
		if n := c.Counts[status]; n > 0 {
			out = append(out, Count{status, n})
		}
	}
	return counts(out)
}

// worst picks the sources that a picture has room for, in their order.
func worst(group []cases.Coverage) []cases.Coverage {
	if len(group) <= most {
		return group
	}
	bad := func(c cases.Coverage) int64 {
		return c.Counts[cases.StatusSkipData] + c.Counts[cases.StatusAbsent] + c.Counts[cases.StatusNone]
	}
	least := slices.SortedFunc(slices.Values(group), func(a, b cases.Coverage) int { return int(bad(b) - bad(a)) })[most-1]
	room := most
	var out []cases.Coverage
	for _, c := range group {
		if bad(c) > bad(least) {
			room--
		}
	}
	for _, c := range group {
		if bad(c) > bad(least) {
			out = append(out, c)
		} else if bad(c) == bad(least) && room > 0 {
			room--
			out = append(out, c)
		}
	}
	return out
}

// scale turns times into places.
type scale struct {
	cases.Span
	width float64
}

func (s scale) at(t time.Time) float64 {
	if t.Before(s.From) {
		t = s.From
	}
	if t.After(s.To) {
		t = s.To
	}
	return round(names + s.width*cases.Span{From: s.From, To: t}.Seconds()/s.Seconds())
}

func round(x float64) float64 { return math.Round(x*10) / 10 }

// axis writes the times at both ends and in the middle.
func (p *picture) axis(s scale, y float64) {
	middle := cases.Later(s.From, s.Seconds()/2).Truncate(time.Minute)
	for _, tick := range []struct {
		t      time.Time
		anchor string
	}{{s.From, "start"}, {middle, "middle"}, {s.To, "end"}} {
		p.Labels = append(p.Labels, label{s.at(tick.t), y, tick.anchor, text(tick.t.UTC().Format("2006-01-02 15:04"))})
		p.Rects = append(p.Rects, rect{X: min(s.at(tick.t), drawn-1), Y: 0, W: 0.5, H: y - 11, Class: "tick"})
	}
}

// drawCoverage draws sources of one log type and capture.
func drawCoverage(group []cases.Coverage) picture {
	s := scale{group[0].Window, drawn - names}
	p := picture{
		Title:  text("Coverage of " + group[0].LogType + " in capture " + group[0].Capture + ", " + s.Span.String()),
		Width:  drawn,
		Height: len(group)*rowHeight + 20,
	}
	wide := 0
	for _, c := range group {
		wide = max(wide, len([]rune(text(c.Source).String())))
	}
	for i, c := range group {
		y := float64(i * rowHeight)
		p.Labels = append(p.Labels, label{names - 8, y + 11, "end", text(c.Source)})
		p.Rects = append(p.Rects, rect{X: names, Y: y + 2, W: drawn - names, H: rowHeight - 4, Class: "absent"})
		for _, span := range c.Spans {
			if span.Status != "absent" && span.Status != "none" {
				p.Rects = append(p.Rects, rect{
					X:     s.at(span.From),
					Y:     y + 2,
					W:     round(max(s.at(span.To)-s.at(span.From), 1)),
					H:     rowHeight - 4,
					Class: strings.ToLower(known(span.Status, statuses)),
					Title: text(c.Source + ": " + span.Status + " " + cases.Span{From: span.From, To: span.To}.String()),
				})
			}
		}
		name := text(c.Source).String()
		p.Text = append(p.Text, text(c.Source+strings.Repeat(" ", wide-len([]rune(name)))+"  "+bar(c)))
	}
	p.axis(s, float64(len(group)*rowHeight+12))
	return p
}

// bar writes a source's windows; each letter is the worst of those that it stands for.
func bar(c cases.Coverage) string {
	step := c.Window.Seconds() / letters
	var b strings.Builder
	for i := range letters {
		from, to := cases.Later(c.Window.From, float64(i)*step), cases.Later(c.Window.From, float64(i+1)*step)
		best := len(statuses) - 1
		for _, s := range c.Spans {
			if rank := slices.Index(statuses, s.Status); rank >= 0 && s.From.Before(to) && s.To.After(from) {
				best = min(best, rank)
			}
		}
		b.WriteString(statusLetters[statuses[best]])
	}
	return b.String()
}

// stretches lists what is not covered.
func (r *Report) stretches(d *document) {
	d.section("stretches", "Stretches that are not covered")
	var rows [][][]span
	for _, c := range r.Coverage {
		for _, s := range c.Spans {
			if s.Status == "SKIPDATA" || s.Status == "absent" || s.Status == "none" {
				rows = append(rows, [][]span{
					plain(c.LogType), plain(c.Capture), exact(c.Source), plain(s.Status),
					plain(words.Moment(s.From)), plain(words.Moment(s.To)),
				})
			}
		}
	}
	if len(rows) == 0 {
		d.say("None.")
		return
	}
	d.table([]string{"Log type", "Capture", "Source", "Status", "From (UTC)", "To (UTC)"}, rows)
}

// lanes are the rows of findings in a timeline: those that most need an eye have a row each, as far as there is room; the
// others share one for each severity.
func (t *Timeline) lanes() (names []string, rows [][]Mark) {
	rest := map[string][]Mark{}
	for _, m := range t.Marks {
		if (m.Severity == "high" || m.Severity == "medium") && len(names) < mostLanes {
			names, rows = append(names, fmt.Sprintf("%d %s", m.Finding, m.Hunt)), append(rows, []Mark{m})
			continue
		}
		rest[m.Severity] = append(rest[m.Severity], m)
	}
	for _, severity := range severities {
		if more := rest[severity]; len(more) > 0 {
			names, rows = append(names, fmt.Sprintf("%s, %s", severity, words.Plural(int64(len(more)), "finding", "findings"))), append(rows, more)
		}
	}
	return names, rows
}

// draw draws a timeline: a row of bars for each log type, and under them the findings.
func (t *Timeline) draw() picture {
	s := scale{t.Span, drawn - names}
	p := picture{Title: text("Records of capture " + t.Capture + " per " + words.Width(t.Bin) + ", and findings by number, " + t.Span.String()), Width: drawn}
	y := 0.0
	lanes, marks := t.lanes()
	wide := 0
	for _, name := range lanes {
		wide = max(wide, len([]rune(text(name).String())))
	}
	for _, series := range t.Series {
		wide = max(wide, len(series.LogType))
	}
	for _, series := range t.Series {
		top := slices.Max(series.Counts)
		p.Labels = append(p.Labels, label{names - 8, y + 20, "end", text(series.LogType)},
			label{names - 8, y + 36, "end", text("most " + words.Count(top) + " in " + words.Width(t.Bin))})
		for i, n := range series.Counts {
			if n == 0 {
				continue
			}
			from, to := t.bin(i)
			h := round(max(float64(n)/float64(top)*(barHeight-6), 1))
			p.Rects = append(p.Rects, rect{X: s.at(from), Y: round(y + barHeight - h), W: round(max(s.at(to)-s.at(from)-0.4, 0.6)), H: h, Class: "bar",
				Title: text(fmt.Sprintf("%s: %s records of %s", cases.Span{From: from, To: to}, words.Count(n), series.LogType))})
		}
		y += barHeight + 4
		p.Text = append(p.Text, text(fmt.Sprintf("%-*s  %s  most %s", wide, series.LogType, spark(series.Counts, top), words.Count(top))))
	}
	for i, name := range lanes {
		row := []rune(strings.Repeat("·", len(t.Series[0].Counts)))
		for _, m := range marks[i] {
			p.Rects = append(p.Rects, rect{
				X:     s.at(m.From),
				Y:     y + 2,
				W:     round(max(s.at(m.To)-s.at(m.From), 2)),
				H:     rowHeight - 4,
				Class: "mark " + known(m.Severity, severities),
				Title: text(fmt.Sprintf("No. %d: %s %s", m.Finding, m.Hunt, m.Subject)),
			})
			for i := range row {
				if from, to := t.bin(i); m.From.Before(to) && !m.To.Before(from) {
					row[i] = '▬'
				}
			}
		}
		p.Labels = append(p.Labels, label{names - 8, y + 12, "end", text(name)})
		p.Text = append(p.Text, text(name+strings.Repeat(" ", wide-len([]rune(text(name).String())))+"  "+string(row)))
		y += rowHeight
	}
	p.axis(s, y+14)
	p.Height = int(y) + 22
	return p
}

// bin is when a bin begins and ends.
func (t *Timeline) bin(i int) (from, to time.Time) {
	return cases.Later(t.From, float64(i)*t.Bin.Seconds()), cases.Later(t.From, float64(i+1)*t.Bin.Seconds())
}

// spark writes numbers as bars of a letter's height.
func spark(counts []int64, top int64) string {
	const bars = "▁▂▃▄▅▆▇█"
	var b strings.Builder
	for _, n := range counts {
		if n == 0 {
			b.WriteByte(' ')
			continue
		}
		b.WriteRune([]rune(bars)[min(7, n*8/max(top, 1))])
	}
	return b.String()
}

// bins lists what the timelines draw.
func (r *Report) bins(d *document) {
	d.section("bins", "Records and findings over time")
	for _, t := range r.Timelines {
		d.heading(3, append(append(plain("Capture "), exact(t.Capture)...), plain(", bins of "+words.Width(t.Bin))...)...)
		head := []string{"From (UTC)"}
		for _, s := range t.Series {
			head = append(head, s.LogType+"#")
		}
		head = append(head, "Findings, by number")
		var rows [][][]span
		for i := range t.Series[0].Counts {
			from, to := t.bin(i)
			row := [][]span{plain(words.Moment(from))}
			for _, s := range t.Series {
				row = append(row, number(s.Counts[i]))
			}
			var marks []string
			for _, m := range t.Marks {
				if m.From.Before(to) && !m.To.Before(from) {
					marks = append(marks, fmt.Sprint(m.Finding))
				}
			}
			rows = append(rows, append(row, plain(strings.Join(marks, ", "))))
		}
		d.table(head, rows)
	}
}
