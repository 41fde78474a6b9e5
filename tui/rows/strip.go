package rows

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"case53/cases"
	"case53/cases/words"
	"case53/queries/entities"
	"case53/tui/frame"
	"case53/tui/grid"
	"case53/tui/spark"
)

// strip is the histogram over a list of records: how many there are in each piece of the time, as the list is windowed and
// filtered. It is counted after the rows, beside the keys; what answers another question is dropped at once.
type strip struct {
	counting frame.Task
	span     cases.Span
	every    time.Duration
	counts   []int64 // nil until known
	outside  int64   // rows later than the span
	err      error
	stopped  bool // cancelled: not counted again before the question changes
	focus    bool // the keys of time are its own
	at       int  // of its cursor
	brush    int  // where a brush began; -1: there is none
}

// stripLines is how many lines the strip takes; below stripHeight there is no room for it.
const stripLines, stripHeight = 2, 14

// drop takes away what was counted, and ends what is.
func (p *strip) drop(e *frame.Env) {
	p.counting.Stop(e)
	p.counts, p.err, p.stopped, p.brush = nil, nil, false, -1
}

// hasStrip reports whether the strip is on and the rows have times to count.
func (s *result) hasStrip() bool {
	_, records := s.base.timeColumn(s.cols)
	return s.e.Strip && records && s.height >= stripHeight
}

// toggleStrip turns the strip of all lists on and off.
func (s *result) toggleStrip() tea.Cmd {
	if _, records := s.base.timeColumn(s.cols); !records && !s.e.Strip {
		s.e.Say("the rows of this list are no records with a time: there is no histogram of them")
		return nil
	}
	if s.e.Strip = !s.e.Strip; s.e.Strip && s.height < stripHeight {
		s.e.Say("the histogram needs a higher screen")
	}
	s.strip.focus, s.strip.brush = false, -1
	return nil
}

// settleStrip counts, once the rows are there.
func (s *result) settleStrip() tea.Cmd {
	p, e := &s.strip, s.e
	if !s.hasStrip() || !s.landed || s.err != nil || p.counts != nil || p.err != nil || p.stopped || p.counting.Running() || e.Held.From.IsZero() {
		return nil
	}
	p.span, p.every = entities.SpanOf(e.Within, e.Held)
	p.every = entities.Every(p.span, stripColumns(s.width))
	sql, args := s.base.overTime(s.holding(), s.cols, p.every)
	span, every, reader := p.span, p.every, s.base.reader(e)
	return frame.Start(e, &p.counting, "counting over time", func(ctx context.Context) (stripCounts, error) {
		r, err := reader.Query(ctx, sql, args)
		if err != nil {
			return stripCounts{}, err
		}
		defer r.Close()
		rows, err := r.Fetch(ctx, 0, mostBuckets)
		return bucketed(rows, span, every), err
	}, func(c stripCounts, err error) tea.Cmd {
		if p.err = err; err == nil {
			p.counts, p.outside = c.counts, c.outside
			p.at = min(p.at, len(c.counts)-1)
		}
		return nil
	})
}

// mostBuckets bounds what is read of the counts: there are no more of them than columns, but of records outside the window.
const mostBuckets = 1 << 12

// stripColumns is how many bars there is room for.
func stripColumns(width int) int { return max(width-32, 10) }

// overTime asks how many rows begin in each piece of the time.
func (q question) overTime(filters []clause, cols []field, every time.Duration) (string, map[string]any) {
	f, _ := q.timeColumn(cols)
	sql, args := q.where(filters)
	name := freeName(args, len(filters))
	args[name] = int64(every / time.Minute)
	at := "CAST(" + quote(f.Name) + " AS TIMESTAMP)"
	return "SELECT time_bucket(to_minutes($" + name + "::BIGINT), " + at + ") AS bucket, count(*) AS records\nFROM (\n" + sql + "\n)\nWHERE " +
		quote(f.Name) + " IS NOT NULL\nGROUP BY 1\nORDER BY 1", args
}

// stripCounts are counts in the pieces of a span, and of what comes after it.
type stripCounts struct {
	counts  []int64
	outside int64
}

// bucketed puts counts in the pieces of a span. A record that began before the window and goes on in it counts in the first.
func bucketed(rows [][]cases.Cell, span cases.Span, every time.Duration) stripCounts {
	first := span.From.Truncate(every)
	c := stripCounts{counts: make([]int64, max(int((span.To.Sub(first)+every-1)/every), 1))}
	for _, row := range rows {
		at, ok := frame.ReadUTC(row[0].Text)
		var n int64
		if _, err := fmt.Sscan(row[1].Text, &n); err != nil || !ok {
			continue
		}
		if i := max(int(at.Sub(first)/every), 0); i < len(c.counts) {
			c.counts[i] += n
		} else {
			c.outside += n
		}
	}
	return c
}

// bucket is the piece of the time of a column of the strip, cut to the window.
func (p *strip) bucket(i int) cases.Span {
	from := p.span.From.Truncate(p.every).Add(time.Duration(i) * p.every)
	w := cases.Span{From: from, To: from.Add(p.every)}
	if w.From.Before(p.span.From) {
		w.From = p.span.From
	}
	if w.To.After(p.span.To) {
		w.To = p.span.To
	}
	return w
}

// columnOf is the column of a moment; -1 where it is on none.
func (p *strip) columnOf(t time.Time) int {
	if p.counts == nil || t.Before(p.span.From.Truncate(p.every)) {
		return -1
	}
	if i := int(t.Sub(p.span.From.Truncate(p.every)) / p.every); i < len(p.counts) {
		return i
	}
	return -1
}

// brushed are the columns from the beginning of the brush to the cursor, the last not among them.
func (p *strip) brushed() (from, to int) {
	if p.brush < 0 {
		return p.at, p.at + 1
	}
	return min(p.brush, p.at), max(p.brush, p.at) + 1
}

// stripKeys are the keys of the strip; those of time only while it has them.
func (s *result) stripKeys() []frame.Bind {
	on := frame.Bind{Keys: frame.Keys("i"), Does: "histogram over time on, off", Run: s.toggleStrip}
	jump := []frame.Bind{
		{Keys: frame.Keys("}"), Does: "histogram: to the next burst or gap", Run: func() tea.Cmd { return s.edge(1) }},
		{Keys: frame.Keys("{"), Does: "histogram: to the burst or gap before", Run: func() tea.Cmd { return s.edge(-1) }},
	}
	if !s.strip.focus {
		return append([]frame.Bind{on, {Keys: frame.Keys("tab"), Does: "into the histogram, to brush a window", Run: s.focusStrip}}, jump...)
	}
	p := &s.strip
	move := func(to func() int) func() tea.Cmd {
		return frame.Do(func() { p.at = max(min(to(), len(p.counts)-1), 0) })
	}
	return append([]frame.Bind{
		{Keys: frame.Keys("enter"), Does: "what is brushed becomes the window", Foot: "window", Run: s.useBrush},
		{Keys: frame.Keys("v"), Does: "begin a brush at the cursor; again: end it", Foot: "brush", Run: frame.Do(func() {
			if p.brush >= 0 {
				p.brush = -1
			} else {
				p.brush = p.at
			}
		})},
		{Keys: frame.Keys("right", "l"), Does: "later by a column", Foot: "later", Run: move(func() int { return p.at + 1 })},
		{Keys: frame.Keys("left", "h"), Does: "earlier by a column", Run: move(func() int { return p.at - 1 })},
		{Keys: frame.Keys("g", "home"), Does: "first column", Run: move(func() int { return 0 })},
		{Keys: frame.Keys("G", "end"), Does: "last column", Run: move(func() int { return len(p.counts) - 1 })},
		{Keys: frame.Keys("tab"), Does: "back to the rows", Foot: "rows", Run: frame.Do(func() { p.focus, p.brush = false, -1 })},
		on,
	}, jump...)
}

// ready reports whether the strip can be used, and says why not.
func (s *result) stripReady() bool {
	switch {
	case !s.hasStrip():
		s.e.Say("the histogram is off here: i turns it on, over a list of records")
	case s.strip.counts == nil:
		s.e.Say("the histogram is not counted yet")
	default:
		return true
	}
	return false
}

func (s *result) focusStrip() tea.Cmd {
	if !s.stripReady() {
		return nil
	}
	if t, ok := s.rowMoment(); ok {
		if i := s.strip.columnOf(t); i >= 0 {
			s.strip.at = i
		}
	}
	s.strip.focus, s.strip.brush = true, -1
	s.e.Say("h l move in time, v begins a brush, enter makes it the window, tab goes back to the rows")
	return nil
}

// edge goes to the next column where a burst or a gap begins.
func (s *result) edge(step int) tea.Cmd {
	if !s.stripReady() {
		return nil
	}
	p := &s.strip
	if !p.focus {
		s.focusStrip()
	}
	for i := p.at + step; i >= 0 && i < len(p.counts); i += step {
		if what := p.begins(i); what != "" {
			p.at = i
			s.e.Say(what + " from " + s.e.Stamp(p.bucket(i).From) + ": " + words.Count(p.counts[i]) + " records in " + words.Width(p.every))
			return nil
		}
	}
	s.e.Say(map[bool]string{true: "no burst or gap after this", false: "no burst or gap before this"}[step > 0])
	return nil
}

// burst is how many times as many records as usual a burst has.
const burst = 3

// begins says what begins in a column: a gap, after something; a burst, where there are several times as many records as in half
// of all columns that have some.
func (p *strip) begins(i int) string {
	before := int64(0)
	if i > 0 {
		before = p.counts[i-1]
	}
	if p.counts[i] == 0 {
		return map[bool]string{true: "a gap"}[before > 0]
	}
	some := slices.DeleteFunc(slices.Clone(p.counts), func(n int64) bool { return n == 0 })
	slices.Sort(some)
	usual := some[(len(some)-1)/2]
	if p.counts[i] >= burst*usual && before < burst*usual {
		return "a burst"
	}
	return ""
}

// useBrush sets the window.
func (s *result) useBrush() tea.Cmd {
	if !s.stripReady() {
		return nil
	}
	from, to := s.strip.brushed()
	w := cases.Span{From: s.strip.bucket(from).From, To: s.strip.bucket(to - 1).To}
	s.strip.focus, s.strip.brush = false, -1
	s.e.SetWindow(w)
	return nil
}

// drawStrip is the strip as lines.
func (s *result) drawStrip(width int) []string {
	p, e, t := &s.strip, s.e, &s.e.Theme
	lead, wall, rule, mark := strings.Repeat(" ", 7), "│", "─", t.Glyph.Up
	if e.Opt.ASCII {
		wall, rule = "|", "-"
	}
	if p.counts == nil {
		text := "counting over time" + t.Glyph.Dots
		switch {
		case p.err != nil:
			text = "not counted: " + e.Lines(frame.Told(p.err.Error()))[0]
		case p.stopped:
			text = "not counted: cancelled, r runs it again"
		case e.Held.From.IsZero():
			text = "from when to when the case goes is not known yet"
		}
		return []string{frame.Grow(lead+t.Dim.Render(text), width, t), ""}
	}
	counts := p.counts
	bars := spark.Line(counts, len(counts), e.Opt.ASCII)
	from, to := p.at, p.at
	if p.focus {
		from, to = p.brushed()
	}
	later := ""
	if p.outside > 0 {
		later = ", " + words.Count(p.outside) + " later"
	}
	peak := grid.Fit(words.Count(slices.Max(counts)), 6, true, e.Opt.ASCII)
	line := t.Dim.Render(peak+wall) + t.Kind.Render(ansi.Cut(bars, 0, from)) + t.Cursor.Render(ansi.Cut(bars, from, to)) +
		t.Kind.Render(ansi.Cut(bars, to, len(counts))) + t.Dim.Render(wall+" "+words.Width(p.every)+" a column"+later)
	axis := strings.Repeat(rule, len(counts))
	at := -1
	if m, ok := s.Moment(); ok {
		at = p.columnOf(m)
	}
	if at >= 0 {
		axis = strings.Repeat(rule, at) + mark + strings.Repeat(rule, len(counts)-at-1)
	}
	said := ""
	if p.focus {
		w := cases.Span{From: p.bucket(from).From, To: p.bucket(to - 1).To}
		n := int64(0)
		for _, c := range counts[from:to] {
			n += c
		}
		said = " " + words.Count(n) + " from " + e.ShortTime(w.From)
	}
	return []string{frame.Grow(line, width, t), frame.Grow(lead+t.Dim.Render(axis+said), width, t)}
}
