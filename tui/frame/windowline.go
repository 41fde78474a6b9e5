package frame

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"case53/cases"
)

// The line that a window is typed on, as its help says it:
//
//	10-15 03:00 to 06:00        from a moment on, before another; the second is of the same day where it names none
//	10-15                       a day
//	within 5m of 10-15 03:44    so far before and after
//	from 10-15 03:38            on; before … likewise
//	T0 to T0+1h                 T0 stands for the moment that T sets
//	-2h                         the last two hours of the case
//	all                         no window
//
// A year or a day that is left out must be plain from the case or from what was typed before it. A moment that cannot be read,
// or read in two ways, is an error: a window that was guessed would make every screen wrong.

// NewWindowLine is the overlay that asks for a window; it begins with a text.
func NewWindowLine(e *Env, text string) Screen {
	p := NewPrompt(e, "Window over the case", func(width int) []string {
		t0 := "T0 is not set: T sets it on a moment"
		if !e.T0.IsZero() {
			t0 = "T0 is " + e.Stamp(e.T0) + ": T0 to T0+1h, before T0"
		}
		return slices.Concat(
			Wrap("10-15 03:00 to 06:00 · 10-15 · within 5m of 10-15 03:44 · from …", width),
			Wrap("before … · -2h is the last two hours of the case · all", width),
			Wrap(t0, width), Wrap("times are read in "+e.ZoneName()+", the zone on view, unless they say another", width))
	}, nil)
	p.take = func(line string) (tea.Cmd, error) {
		w, err := e.ReadWindow(line)
		if err == nil {
			e.SetWindow(w)
		}
		return nil, err
	}
	p.Echo = func(line string) (string, error) {
		w, err := e.ReadWindow(line)
		switch {
		case err != nil:
			return "", err
		case w.From.IsZero() && w.To.IsZero():
			return "reads as all of the case", nil
		}
		return "reads as " + e.windowWords(w) + "; what is at its end is not in it", nil
	}
	p.Begin(text)
	return p
}

// TypedWindow is the window as it can be typed again.
func (e *Env) TypedWindow() string {
	switch w := e.Within; {
	case !e.Windowed():
		return ""
	case w.From.IsZero():
		return "before " + e.Stamp(w.To)
	case w.To.IsZero():
		return "from " + e.Stamp(w.From)
	default:
		return e.Stamp(w.From) + " to " + e.Stamp(w.To)
	}
}

var (
	withinForm = regexp.MustCompile(`^within (\S+) of (.+)$`)
	aroundForm = regexp.MustCompile(`^(.+?) *(?:±|\+-|\+/-) *(\S+)$`)
	lastForm   = regexp.MustCompile(`^(?:-|last )(\S+)$`)
	bothForm   = regexp.MustCompile(`^(.+?)(?: to |\.\.| *[–→] *)(.+)$`)
	fromForm   = regexp.MustCompile(`^(?:from|since|after) (.+?)(?: on)?$`)
	beforeForm = regexp.MustCompile(`^(?:before|until|to) (.+)$`)
)

// ReadWindow reads a window as it is typed.
func (e *Env) ReadWindow(text string) (cases.Span, error) {
	text = strings.Join(strings.Fields(text), " ")
	var w cases.Span
	var err error
	if text == "" || text == "all" {
		return w, nil
	}
	if m := withinForm.FindStringSubmatch(text); m != nil {
		return e.aroundMoment(m[2], m[1])
	}
	if m := aroundForm.FindStringSubmatch(text); m != nil {
		return e.aroundMoment(m[1], m[2])
	}
	if m := lastForm.FindStringSubmatch(text); m != nil {
		return e.lastOf(m[1])
	}
	if m := fromForm.FindStringSubmatch(text); m != nil && bothForm.FindStringSubmatch(m[1]) == nil {
		w.From, err = e.moment(m[1], e.oneDay())
		return w, err
	}
	text = strings.TrimPrefix(text, "from ")
	if m := beforeForm.FindStringSubmatch(text); m != nil {
		w.To, err = e.moment(m[1], e.oneDay())
		return w, err
	}
	if m := bothForm.FindStringSubmatch(text); m != nil {
		if w.From, err = e.moment(m[1], e.oneDay()); err != nil {
			return w, err
		}
		if w.To, err = e.moment(m[2], w.From.In(e.Zone).Format(time.DateOnly)); err != nil {
			return w, err
		}
		if !w.From.Before(w.To) {
			return w, fmt.Errorf("the window is empty: %s is not before %s", e.Stamp(w.From), e.Stamp(w.To))
		}
		return w, nil
	}
	return e.dayOf(text)
}

// dayOf is the window that a day makes, or T0.
func (e *Env) dayOf(text string) (w cases.Span, err error) {
	if strings.HasPrefix(text, "T0") {
		w.From, err = e.moment(text, "")
		return w, err
	}
	day, rest, err := e.splitDay(text, e.oneDay())
	if err != nil {
		return w, err
	}
	if rest != "" {
		return w, errors.New("a moment is no window: 10-15 03:00 to 06:00, within 5m of 10-15 03:44, or from 10-15 03:38")
	}
	if w.From, err = e.ReadTime(day); err != nil {
		return w, noMoment(text, err)
	}
	next, _ := time.Parse(time.DateOnly, day)
	w.To, err = e.ReadTime(next.AddDate(0, 0, 1).Format(time.DateOnly))
	return w, err
}

func (e *Env) aroundMoment(at, far string) (cases.Span, error) {
	d, err := readLong(far)
	if err != nil {
		return cases.Span{}, err
	}
	t, err := e.moment(at, e.oneDay())
	if err != nil {
		return cases.Span{}, err
	}
	return cases.Span{From: t.Add(-d), To: t.Add(d)}, nil
}

func (e *Env) lastOf(long string) (cases.Span, error) {
	d, err := readLong(long)
	switch {
	case err != nil:
		return cases.Span{}, err
	case e.Held.To.IsZero():
		return cases.Span{}, errors.New("when the case ends is not known yet")
	}
	return cases.Span{From: e.Held.To.Add(-d), To: e.Held.To}, nil
}

var longForm = regexp.MustCompile(`^([0-9]{1,6}) ?(s|sec|m|min|h|d)$`)

// readLong reads a length of time: 90s, 5m, 2h, 1d.
func readLong(text string) (time.Duration, error) {
	m := longForm.FindStringSubmatch(text)
	if m == nil {
		return 0, fmt.Errorf("%q is no length of time: 90s, 5m, 2h, 1d", text)
	}
	unit := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}[m[2][:1]]
	var n int64
	fmt.Sscan(m[1], &n)
	if n == 0 {
		return 0, errors.New("a window of no length holds nothing")
	}
	return time.Duration(n) * unit, nil
}

var (
	t0Form    = regexp.MustCompile(`^T0(?: ?([+-]) ?(\S+))?$`)
	dayForm   = regexp.MustCompile(`^([0-9]{4}-)?([0-9]{2}-[0-9]{2})(?:[T ](.+))?$`)
	clockForm = regexp.MustCompile(`^[0-9]{1,2}:[0-9]{2}`)
)

// moment reads one end of a window. day is that of a time that names none; "" where there is none to take.
func (e *Env) moment(text, day string) (time.Time, error) {
	if m := t0Form.FindStringSubmatch(text); m != nil {
		return e.afterT0(m[1], m[2])
	}
	if t, err := e.ReadTime(text); err == nil || !errors.Is(err, ErrNoTime) {
		return t, err
	}
	day, rest, err := e.splitDay(text, day)
	if err != nil {
		return time.Time{}, err
	}
	if strings.Index(rest, ":") == 1 { // 3:00
		rest = "0" + rest
	}
	t, err := e.ReadTime(strings.TrimSpace(day + " " + rest))
	return t, noMoment(text, err)
}

// ReadMoment reads a time as it is typed: as ReadTime does, or without a year or day that is plain from the case or the window, or
// from T0. The error of a text that is none of these is ErrNoTime.
func (e *Env) ReadMoment(text string) (time.Time, error) {
	text = strings.TrimSpace(text)
	if !t0Form.MatchString(text) && !dayForm.MatchString(text) && !clockForm.MatchString(text) {
		return e.ReadTime(text)
	}
	return e.moment(text, e.oneDay())
}

func (e *Env) afterT0(sign, long string) (time.Time, error) {
	if e.T0.IsZero() {
		return time.Time{}, errors.New("T0 is not set: T sets it on the moment under the cursor")
	}
	if sign == "" {
		return e.T0, nil
	}
	d, err := readLong(long)
	if sign == "-" {
		d = -d
	}
	return e.T0.Add(d), err
}

// notMoment is ErrNoTime with what was typed, and what is wanted.
type notMoment struct{ text string }

func (n notMoment) Error() string {
	return fmt.Sprintf("%q is no moment: 2026-10-15 03:38, 10-15 03:38, 03:38, T0+1h", n.text)
}

func (n notMoment) Is(target error) bool { return target == ErrNoTime }

func noMoment(text string, err error) error {
	if errors.Is(err, ErrNoTime) {
		return notMoment{text}
	}
	return err
}

// splitDay parts a moment into its day, with its year, and the rest.
func (e *Env) splitDay(text, day string) (whole, rest string, err error) {
	if clockForm.MatchString(text) {
		if day == "" {
			example := "10-15"
			if !e.Held.From.IsZero() {
				example = e.Held.From.In(e.Zone).Format("01-02")
			}
			return "", "", fmt.Errorf("%s of which day? the case has more than one: %s %s", text, example, text)
		}
		return day, text, nil
	}
	m := dayForm.FindStringSubmatch(text)
	if m == nil {
		return "", "", noMoment(text, ErrNoTime)
	}
	if m[1] != "" {
		return m[1] + m[2], m[3], nil
	}
	year, err := e.yearOf(m[2])
	return year + "-" + m[2], m[3], err
}

// yearOf is the year that a month and day lie in the case's time in.
func (e *Env) yearOf(monthDay string) (string, error) {
	var years []string
	from, to := e.Held.From.In(e.Zone), e.Held.To.In(e.Zone)
	if e.Held.From.IsZero() || to.Year()-from.Year() > 200 {
		return "", fmt.Errorf("%s of which year? 2026-%s", monthDay, monthDay)
	}
	for year := from.Year(); year <= to.Year(); year++ {
		day := fmt.Sprintf("%04d-%s", year, monthDay)
		if day >= from.Format(time.DateOnly) && day <= to.Format(time.DateOnly) {
			years = append(years, fmt.Sprintf("%04d", year))
		}
	}
	switch len(years) {
	case 0:
		return "", fmt.Errorf("%s is no day of the case, which goes from %s to %s: with its year it can be typed all the same", monthDay,
			from.Format(time.DateOnly), to.Format(time.DateOnly))
	case 1:
		return years[0], nil
	}
	return "", fmt.Errorf("%s of which year? %s", monthDay, strings.Join(years, " or "))
}

// oneDay is the day of a time that names none: that of the window where it is within one, or of the case; "" where there are
// several.
func (e *Env) oneDay() string {
	w, ok := e.ends()
	if !ok {
		return ""
	}
	day := w.From.In(e.Zone).Format(time.DateOnly)
	if w.To.Add(-time.Microsecond).In(e.Zone).Format(time.DateOnly) != day {
		return ""
	}
	return day
}
