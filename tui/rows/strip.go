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
	"case53/tui/spark"
)

// strip is the histogram over a list of records: how many there are in each piece of the time, as the list is windowed and
// filtered. It is counted after the rows, beside the keys; what answers another question is dropped at once.
type strip struct {
	counting frame.Task
	span     cases.Span
	every    time.Duration
	counted  stripCounts // its counts are nil until known
	err      error
	stopped  bool      // cancelled: not counted again before the question changes
	focus    bool      // the keys of time are its own
	at       int       // of its cursor
	brush    int       // where a brush began; -1: there is none
	when     time.Time // of its cursor while it is counted anew
	began    time.Time // where the brush began, likewise; zero: there is none
}

// stripLines is how many lines the strip takes; below stripHeight there is no room for it.
const stripLines, stripHeight = 2, 14

// drop takes away what was counted, and ends what is. The cursor stays at its time.
func (p *strip) drop(e *frame.Env) {
	p.counting.Stop(e)
	p.leave()
	p.began = time.Time{}
	p.err, p.stopped, p.brush = nil, false, -1
}

// leave takes away what was counted, and keeps the times that the cursor and the brush are at.
func (p *strip) leave() {
	if p.counted.counts == nil {
		return
	}
	p.when, p.began = p.bucket(p.at).From, time.Time{}
	if p.brush >= 0 {
		p.began = p.bucket(p.brush).From
	}
	p.counted = stripCounts{}
}

// come takes what was counted, and puts the cursor and the brush back to their times.
func (p *strip) come(c stripCounts) {
	p.counted = c
	last := len(c.counts) - 1
	if !p.when.IsZero() {
		p.at = p.columnBy(p.when)
	}
	p.at, p.brush = max(min(p.at, last), 0), -1
	if !p.began.IsZero() {
		p.brush = p.columnBy(p.began)
	}
}

// columnBy is the column of a moment, else the one that is next to it.
func (p *strip) columnBy(t time.Time) int {
	if t.Before(p.span.From) {
		return 0
	}
	if i := p.columnOf(t); i >= 0 {
		return i
	}
	return len(p.counted.counts) - 1
}

// hasStrip reports whether the strip is on and the rows have times to count.
func (s *result) hasStrip() bool {
	_, records := s.base.timeColumn(s.cols)
	return s.e.Strip && records && s.height >= stripHeight
}

// toggleStrip turns the strip of all lists on and off.
func (s *result) toggleStrip() tea.Cmd {
	_, records := s.base.timeColumn(s.cols)
	if s.cols != nil && !records {
		s.e.Say("the rows of this list are no records with a time: there is no histogram of them")
		return nil
	}
	s.e.Strip = !s.e.Strip
	switch {
	case s.e.Strip && s.height < stripHeight:
		s.e.Say("the histogram needs a higher screen")
	case s.e.Strip && s.cols == nil:
		s.e.Say("the histogram comes after the rows, where they are records with a time")
	}
	s.strip.focus, s.strip.brush, s.strip.stopped = false, -1, false
	return nil
}

// stripSpan is the time that the strip goes over: the window where it narrows the rows, else that of the case.
func (s *result) stripSpan() cases.Span {
	within := s.e.Within
	if s.beyond() != "" {
		within = cases.Span{}
	}
	span, _ := entities.SpanOf(within, s.e.Held)
	return span
}

// settleStrip counts, once the rows are there; on a screen that another width of columns fits it counts anew.
func (s *result) settleStrip() tea.Cmd {
	p, e := &s.strip, s.e
	if p.focus && (!s.hasStrip() || p.err != nil || p.stopped) {
		p.focus, p.brush = false, -1 // its keys would move what cannot be seen
	}
	if !s.hasStrip() || !s.landed || s.err != nil || p.err != nil || p.stopped || e.Held.From.IsZero() {
		return nil
	}
	span := s.stripSpan()
	every := entities.Every(span, stripColumns(s.width))
	switch now := frame.SameSpan(span, p.span) && every == p.every; {
	case now && (p.counted.counts != nil || p.counting.Running()):
		return nil
	case !now:
		p.leave()
	}
	p.span, p.every = span, every
	touches := s.begunBefore()
	sql, args := s.base.overTime(s.holding(), s.cols, span, every)
	reader := s.base.reader(e)
	return frame.Start(e, &p.counting, "counting over time", func(ctx context.Context) (stripCounts, error) {
		r, err := reader.Query(ctx, sql, args)
		if err != nil {
			return stripCounts{}, err
		}
		defer r.Close()
		rows, err := r.Fetch(ctx, 0, pieces(span, every)+2)
		return bucketed(rows, span, every, touches), err
	}, func(c stripCounts, err error) tea.Cmd {
		if p.err = err; err == nil {
			p.come(c)
		}
		return nil
	})
}

// begunBefore reports whether rows that began before the window are in it: they go on there.
func (s *result) begunBefore() bool { return s.e.Windowed() && s.beyond() == "" && touched(s.cols) }

// stripColumns is how many bars there is room for.
func stripColumns(width int) int { return max(width-40, 10) }

// overTime asks how many rows begin in each piece of a span. Those before and after it are one piece each.
func (q question) overTime(filters []clause, cols []field, span cases.Span, every time.Duration) (string, map[string]any) {
	f, _ := q.timeColumn(cols)
	sql, args := q.where(filters)
	first := span.From.Truncate(every)
	var names []string
	for i, value := range []any{int64(every / time.Minute), first.UTC().Format(frame.CellTime),
		first.Add(time.Duration(pieces(span, every)) * every).UTC().Format(frame.CellTime)} {
		names = append(names, freeName(args, len(filters)+i))
		args[names[i]] = value
	}
	width, from, to := "to_minutes($"+names[0]+"::BIGINT)", "$"+names[1]+"::TIMESTAMP", "$"+names[2]+"::TIMESTAMP"
	at := "least(greatest(CAST(" + quote(f.Name) + " AS TIMESTAMP), " + from + " - " + width + "), " + to + ")"
	return "SELECT time_bucket(" + width + ", " + at + ", " + from + ") AS bucket, count(*) AS records\n" +
		"FROM (\n" + sql + "\n)\nWHERE " + quote(f.Name) + " IS NOT NULL\nGROUP BY 1\nORDER BY 1", args
}

// pieces is how many pieces of a length a span has; the first begins where they do that people count in.
func pieces(span cases.Span, every time.Duration) int {
	return max(int((span.To.Sub(span.From.Truncate(every))+every-1)/every), 1)
}

// stripCounts are counts in the pieces of a span, and of what comes before and after it.
type stripCounts struct {
	counts         []int64
	earlier, later int64
}

// bucketed puts counts in the pieces of a span. Where rows that began before it go on in it they count in the first.
func bucketed(rows [][]cases.Cell, span cases.Span, every time.Duration, touches bool) stripCounts {
	first := span.From.Truncate(every)
	c := stripCounts{counts: make([]int64, pieces(span, every))}
	for _, row := range rows {
		at, ok := frame.ReadUTC(row[0].Text)
		var n int64
		if _, err := fmt.Sscan(row[1].Text, &n); err != nil || !ok {
			continue
		}
		switch i := int(at.Sub(first) / every); {
		case at.Before(first) && touches:
			c.counts[0] += n
		case at.Before(first):
			c.earlier += n
		case i < len(c.counts):
			c.counts[i] += n
		default:
			c.later += n
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
	if p.counted.counts == nil || t.Before(p.span.From.Truncate(p.every)) {
		return -1
	}
	if i := int(t.Sub(p.span.From.Truncate(p.every)) / p.every); i < len(p.counted.counts) {
		return i
	}
	return -1
}

// columnOfRow is the column that a row of this moment counts in.
func (s *result) columnOfRow(t time.Time) int {
	if s.strip.counted.counts != nil && s.begunBefore() && t.Before(s.strip.span.From) {
		return 0
	}
	return s.strip.columnOf(t)
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
		{Keys: frame.Keys("}"), Does: "histogram: to the next burst, or where a gap begins or ends", Run: func() tea.Cmd { return s.edge(1) }},
		{Keys: frame.Keys("{"), Does: "histogram: to the burst before, or where a gap begins or ends", Run: func() tea.Cmd { return s.edge(-1) }},
	}
	if !s.strip.focus {
		return append([]frame.Bind{on, {Keys: frame.Keys("tab"), Does: "into the histogram, to brush a window", Run: s.focusStrip}}, jump...)
	}
	p := &s.strip
	move := func(to func() int) func() tea.Cmd {
		return frame.Do(func() { p.at = max(min(to(), len(p.counted.counts)-1), 0) })
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
		{Keys: frame.Keys("G", "end"), Does: "last column", Run: move(func() int { return len(p.counted.counts) - 1 })},
		{Keys: frame.Keys("tab"), Does: "back to the rows", Foot: "rows", Run: frame.Do(func() { p.focus, p.brush = false, -1 })},
		on,
	}, jump...)
}

// ready reports whether the strip can be used, and says why not.
func (s *result) stripReady() bool {
	switch {
	case !s.hasStrip():
		s.e.Say("the histogram is off here: i turns it on, over a list of records")
	case s.strip.counted.counts == nil:
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
		if i := s.columnOfRow(t); i >= 0 {
			s.strip.at = i
		}
	}
	s.strip.focus, s.strip.brush = true, -1
	s.e.Say("h l move in time, v begins a brush, enter makes it the window, tab goes back to the rows")
	return nil
}

// edge goes to the next column where a burst begins, or a gap begins or ends.
func (s *result) edge(step int) tea.Cmd {
	if !s.stripReady() {
		return nil
	}
	p := &s.strip
	if !p.focus {
		s.focusStrip()
	}
	counts := p.counted.counts
	for i := p.at + step; i >= 0 && i < len(counts); i += step {
		if what := p.begins(i); what != "" {
			p.at = i
			s.e.Say(what + " " + s.e.Stamp(p.bucket(i).From) + ": " + words.Plural(counts[i], "record", "records") + " in " + words.Width(p.every))
			return nil
		}
	}
	s.e.Say(map[bool]string{true: "no burst or gap after this", false: "no burst or gap before this"}[step > 0])
	return nil
}

// burst is how many times as many records as usual a burst has.
const burst = 3

// begins says what begins in a column, with the word before its time: a gap, after something; what comes after it; a burst, where there are several
// times as many records as in half of all columns that have some.
func (p *strip) begins(i int) string {
	counts := p.counted.counts
	before := int64(0)
	if i > 0 {
		before = counts[i-1]
	}
	if counts[i] == 0 {
		return map[bool]string{true: "a gap from"}[before > 0]
	}
	some := slices.DeleteFunc(slices.Clone(counts), func(n int64) bool { return n == 0 })
	slices.Sort(some)
	usual := some[(len(some)-1)/2]
	bursts := counts[i] >= burst*usual && before < burst*usual
	ends := i > 0 && before == 0 // of what is before the first record too
	switch {
	case bursts && ends:
		return "a burst after a gap, from"
	case bursts:
		return "a burst from"
	case ends:
		return "the gap ends at"
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

// notCounted says why there are no counts.
func (s *result) notCounted() string {
	p, e := &s.strip, s.e
	switch {
	case p.err != nil:
		return "not counted: " + e.Lines(frame.Told(p.err.Error()))[0]
	case p.stopped:
		return "counting over time was cancelled: r runs it again"
	case e.Held.From.IsZero():
		return "from when to when the case goes is not known yet"
	}
	return "counting over time" + e.Theme.Glyph.Dots
}

// drawStrip is the strip as lines.
func (s *result) drawStrip(width int) []string {
	p, e, t := &s.strip, s.e, &s.e.Theme
	counts := p.counted.counts
	if counts == nil {
		return []string{frame.Grow(strings.Repeat(" ", 7)+t.Dim.Render(s.notCounted()), width, t), ""}
	}
	wall, rule := "│", "─"
	if e.Opt.ASCII {
		wall, rule = "|", "-"
	}
	bars := spark.Line(counts, len(counts), e.Opt.ASCII)
	from, to := p.at, p.at
	if p.focus {
		from, to = p.brushed()
	}
	peak := words.Count(slices.Max(counts))
	peak = strings.Repeat(" ", max(6-len(peak), 0)) + peak
	line := t.Dim.Render(peak+wall) + t.Kind.Render(ansi.Cut(bars, 0, from)) + t.Cursor.Render(ansi.Cut(bars, from, to)) +
		t.Kind.Render(ansi.Cut(bars, to, len(counts))) + t.Dim.Render(wall+" "+words.Width(p.every)+" a column")
	axis := strings.Repeat(rule, len(counts))
	at := -1
	if m, ok := s.Moment(); ok {
		at = s.columnOfRow(m)
	}
	if at >= 0 {
		axis = strings.Repeat(rule, at) + t.Glyph.Up + strings.Repeat(rule, len(counts)-at-1)
	}
	said := s.besideStrip()
	if p.focus {
		w := cases.Span{From: p.bucket(from).From, To: p.bucket(to - 1).To}
		n := int64(0)
		for _, c := range counts[from:to] {
			n += c
		}
		said = words.Count(n) + " from " + e.ShortTime(w.From)
	}
	lead := strings.Repeat(" ", len(peak)+1)
	return []string{frame.Grow(line, width, t), frame.Grow(lead+t.Dim.Render(axis+" "+said), width, t)}
}

// besideStrip says how many rows are in none of its columns.
func (s *result) besideStrip() string {
	var texts []string
	if n := s.strip.counted.earlier; n > 0 {
		texts = append(texts, words.Count(n)+" earlier")
	}
	if n := s.strip.counted.later; n > 0 {
		texts = append(texts, words.Count(n)+" later")
	}
	return strings.Join(texts, ", ")
}
