package answers

import (
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"case53/cases"
	"case53/queries/entities"
	"case53/tui/frame"
)

// axis is time across a screen, on one scale. Times that lie apart are lanes of their own, and the empty time between them is left out.
type axis struct {
	lanes []cases.Span // each of whole columns
	every time.Duration
}

// betweenLanes is what stands between two lanes; laneGap is how many columns of nothing make another lane.
const (
	laneGap      = 3
	betweenLanes = 3
)

// longest is the longest time that is drawn: a record may claim any year, and a picture of centuries shows nothing.
const longest = 100 * 365 * 24 * time.Hour

// newAxis puts times on so many columns at most. ok is false where there is none, or more time than can be shown.
func newAxis(spans []cases.Span, most int) (axis, bool) {
	spans = slices.DeleteFunc(slices.Clone(spans), func(s cases.Span) bool { return !s.From.Before(s.To) })
	slices.SortFunc(spans, func(a, b cases.Span) int { return a.From.Compare(b.From) })
	if len(spans) == 0 || most < 2 {
		return axis{}, false
	}
	every := time.Minute
	for range len(spans) + 1 { // lanes that are joined need fewer columns between them, and may have longer ones
		lanes := joined(spans, laneGap*every)
		long := time.Duration(0)
		for _, l := range lanes {
			long += l.To.Sub(l.From)
			if long < 0 || long > longest {
				return axis{}, false
			}
		}
		room := max(most-betweenLanes*(len(lanes)-1)-2*len(lanes), len(lanes)) // a lane begins and ends within a column
		now := entities.Every(cases.Span{To: time.Time{}.Add(long)}, room)
		if now <= every {
			break
		}
		every = now
	}
	a := axis{every: every}
	for _, l := range joined(spans, laneGap*every) {
		from := l.From.Truncate(every)
		columns := (l.To.Sub(from) + every - 1) / every
		a.lanes = append(a.lanes, cases.Span{From: from, To: from.Add(columns * every)})
	}
	return a, true
}

// joined are spans in order, those that lie no further apart than gap as one.
func joined(spans []cases.Span, gap time.Duration) []cases.Span {
	var out []cases.Span
	for _, s := range spans {
		if n := len(out); n > 0 && s.From.Sub(out[n-1].To) < gap {
			if s.To.After(out[n-1].To) {
				out[n-1].To = s.To
			}
			continue
		}
		out = append(out, s)
	}
	return out
}

// columns is how many there are.
func (a axis) columns() int {
	n := 0
	for _, l := range a.lanes {
		n += a.wide(l)
	}
	return n
}

func (a axis) wide(lane cases.Span) int { return int(lane.To.Sub(lane.From) / a.every) }

// span is the time of a column.
func (a axis) span(i int) cases.Span {
	for _, l := range a.lanes {
		n := a.wide(l)
		if i < n {
			from := l.From.Add(time.Duration(i) * a.every)
			return cases.Span{From: from, To: from.Add(a.every)}
		}
		i -= n
	}
	return cases.Span{}
}

// columnOf is the column of a moment; -1 where it is on none.
func (a axis) columnOf(t time.Time) int {
	before := 0
	for _, l := range a.lanes {
		if !t.Before(l.From) && t.Before(l.To) {
			return before + int(t.Sub(l.From)/a.every)
		}
		before += a.wide(l)
	}
	return -1
}

// draw puts a cell in each column.
func (a axis) draw(wall string, cell func(i int) string) string {
	var b strings.Builder
	i := 0
	for n, l := range a.lanes {
		if n > 0 {
			b.WriteString(" " + wall + " ")
		}
		for range a.wide(l) {
			b.WriteString(cell(i))
			i++
		}
	}
	return b.String()
}

// ticks are the lines over the columns: the days, and the times of the day where columns are shorter.
func (a axis) ticks(e *frame.Env, wall string) []string {
	day := "01-02"
	if first, last := a.lanes[0].From.In(e.Zone), a.lanes[len(a.lanes)-1].To.In(e.Zone); first.Year() != last.Year() {
		day = time.DateOnly
	}
	out := []string{a.labels(wall, func(i int, first bool) string {
		at := a.span(i).From.In(e.Zone)
		if before := at.Add(-a.every); !first && at.YearDay() == before.YearDay() && at.Year() == before.Year() {
			return ""
		}
		return at.Format(day)
	})}
	step, form := a.clockStep()
	if step == 0 {
		return out
	}
	return append(out, a.labels(wall, func(i int, _ bool) string {
		at := a.span(i).From.In(e.Zone)
		clock := time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
		if over := clock % step; over >= a.every { // where the zone is no whole columns from UTC the tick is in the column that has it
			return ""
		}
		return clockText(clock-clock%step, form)
	}))
}

func clockText(d time.Duration, form string) string { return time.Time{}.Add(d).Format(form) }

// clockStep is how far apart times of the day stand, and how they are written; 0 where columns are too long for any.
func (a axis) clockStep() (time.Duration, string) {
	for _, step := range []time.Duration{5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute} {
		if step >= 7*a.every {
			return step, "15:04"
		}
	}
	for _, hours := range []time.Duration{1, 2, 3, 6, 12} {
		if step := hours * time.Hour; step >= 7*a.every || step >= 4*a.every && a.every >= 30*time.Minute {
			return step, map[bool]string{true: "15", false: "15:04"}[a.every >= 30*time.Minute]
		}
	}
	return 0, ""
}

// labels is a line of texts that begin in the column that they are of. One that has no room is left out, and none goes over the end of
// its lane.
func (a axis) labels(wall string, label func(i int, first bool) string) string {
	var b strings.Builder
	i := 0
	for n, l := range a.lanes {
		if n > 0 {
			b.WriteString(" " + wall + " ")
		}
		wide, line := a.wide(l), ""
		for at := range wide {
			text := label(i+at, at == 0)
			if text == "" || at > 0 && at <= len(line) || at+len(text) > wide {
				continue
			}
			line += strings.Repeat(" ", at-len(line)) + text
		}
		i += wide
		b.WriteString(line + strings.Repeat(" ", max(wide-ansi.StringWidth(line), 0)))
	}
	return b.String()
}
