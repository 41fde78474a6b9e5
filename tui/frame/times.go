package frame

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"case53/cases"
)

// CellTime is how a result writes a time, in UTC.
const CellTime = "2006-01-02 15:04:05.999999"

// NextZone changes between UTC, the zone of the case where it was given one, and the zone of this machine.
func (e *Env) NextZone() {
	zones := []*time.Location{time.UTC}
	if e.Opt.CaseZone != nil && e.Opt.CaseZone != time.UTC {
		zones = append(zones, e.Opt.CaseZone)
	}
	if e.Opt.CaseZone == nil || e.Opt.CaseZone.String() != e.Opt.Local.String() {
		zones = append(zones, e.Opt.Local)
	}
	e.Zone = zones[(slices.Index(zones, e.Zone)+1)%len(zones)]
	e.Say("times are in " + e.ZoneName() + ", and read so where they are typed")
}

// ZoneName names the zone of the times on the screen with its offset from UTC; one that has summer time by both its names,
// as a row has the one of its own day.
func (e *Env) ZoneName() string {
	if e.Zone == time.UTC {
		return "UTC"
	}
	var names []string
	for _, month := range []time.Month{time.January, time.July} {
		t := time.Date(e.Now.Year(), month, 1, 0, 0, 0, 0, e.Zone)
		name := e.zoneWord(t) + t.Format("-07:00")
		if strings.HasPrefix(name, "+") || strings.HasPrefix(name, "-") { // the zone has no name
			name = "UTC" + t.Format("-07:00")
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, "/")
}

// ZoneWord is ZoneName in short: the names that the zone has in the window or the case, without their offsets.
func (e *Env) ZoneWord() string {
	if e.Zone == time.UTC {
		return "UTC"
	}
	moments := []time.Time{e.Now, e.Now.AddDate(0, 6, 0)}
	if w, ok := e.ends(); ok {
		moments = []time.Time{w.From, w.To}
	}
	var names []string
	for _, t := range moments {
		if name := e.zoneWord(t); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, "/")
}

// zoneWord is the zone's name at a moment: EST in winter, EDT in summer; its offset where it has no name.
func (e *Env) zoneWord(t time.Time) string {
	name, _ := t.In(e.Zone).Zone()
	if name == "" || name[0] == '+' || name[0] == '-' {
		return t.In(e.Zone).Format("-07:00")
	}
	return e.Show(name)
}

// Digits is how many digits of a second the text of a time needs: 0, 3 or 6.
func Digits(text string) int {
	_, fraction, ok := strings.Cut(text, ".")
	switch {
	case !ok:
		return 0
	case len(fraction) <= 3:
		return 3
	}
	return 6
}

var fractions = map[int]string{3: ".000", 6: ".000000"}

// TimeText puts a time of a result into the zone on view, with at least so many digits of a second: times below each other
// have the same. Text that is no time stays as it is.
func (e *Env) TimeText(text string, digits int) string {
	t, err := time.ParseInLocation(CellTime, text, time.UTC)
	if err != nil {
		return text
	}
	return e.timeText(t, max(digits, Digits(text)))
}

func (e *Env) timeText(t time.Time, digits int) string {
	out := t.In(e.Zone).Format(time.DateTime + fractions[digits])
	if e.Zone == time.UTC {
		return out
	}
	return out + " " + e.zoneWord(t)
}

// Stamp is a time with its zone, for where no other word says which zone it is in.
func (e *Env) Stamp(t time.Time) string {
	text := e.timeText(t, Digits(t.UTC().Format(CellTime)))
	if e.Zone == time.UTC {
		text += " UTC"
	}
	return text
}

// CopyTime is a time of a result as it is copied: what it means does not depend on the zone on view where it is pasted.
func (e *Env) CopyTime(text string) string {
	t, err := time.ParseInLocation(CellTime, text, time.UTC)
	if err != nil || e.Zone == time.UTC {
		return text
	}
	return t.In(e.Zone).Format(time.RFC3339Nano)
}

// Moment is a time of the overview.
func (e *Env) Moment(t time.Time) string {
	if t.IsZero() {
		return e.Theme.Glyph.Dash
	}
	out := t.In(e.Zone).Format("2006-01-02 15:04")
	if e.Zone == time.UTC {
		return out
	}
	return out + " " + e.zoneWord(t)
}

// Window is a span of time, with its zone.
func (e *Env) Window(w cases.Span) string {
	text := e.Moment(w.From) + " " + e.Theme.Glyph.To + " " + e.Moment(w.To)
	if e.Zone == time.UTC {
		text += " UTC"
	}
	return text
}

var (
	zonedForms = []string{time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04Z07:00", "2006-01-02T15:04Z07:00"}
	plainForms = []string{time.DateTime, "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02T15:04", time.DateOnly}
)

// ErrNoTime says of a text that it is no time at all.
var ErrNoTime = errors.New("not a time")

// ReadTime reads a time as it is typed: in the zone on view, unless it says another: an offset, UTC, or the name that the
// zone on view has at that moment. A time that the clocks of the zone on view leave out, or show twice, is an error that says so.
func (e *Env) ReadTime(text string) (time.Time, error) {
	text = strings.TrimSpace(text)
	for _, form := range zonedForms {
		if t, err := time.Parse(form, strings.ReplaceAll(text, " +", "+")); err == nil {
			return t.UTC(), nil
		}
	}
	name, zone := "", e.Zone
	wall, ok := readPlain(text)
	if at := strings.LastIndexByte(text, ' '); !ok && at > 0 {
		wall, ok = readPlain(text[:at])
		if name = text[at+1:]; name == "UTC" {
			name, zone = "", time.UTC
		}
	}
	if !ok {
		return time.Time{}, ErrNoTime
	}
	moments := readings(wall, zone)
	if len(moments) == 0 {
		return time.Time{}, fmt.Errorf("there is no %s in %s: the clocks leave it out", wall.Format(time.DateTime), e.ZoneName())
	}
	if name != "" {
		moments = slices.DeleteFunc(moments, func(t time.Time) bool { return e.zoneWord(t) != name })
	}
	switch len(moments) {
	case 0:
		return time.Time{}, ErrNoTime
	case 1:
		return moments[0], nil
	}
	return time.Time{}, fmt.Errorf("%s comes twice in %s: say %s or %s behind it", wall.Format(time.DateTime), e.ZoneName(),
		e.zoneWord(moments[0]), e.zoneWord(moments[1]))
}

// ReadUTC reads a time that a result or a saved query wrote.
func ReadUTC(text string) (time.Time, bool) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t.UTC(), true
	}
	return readPlain(text)
}

// readPlain reads a time that names no zone, as if it were UTC.
func readPlain(text string) (time.Time, bool) {
	for _, form := range plainForms {
		if t, err := time.Parse(form, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// readings are the moments at which the clocks of a zone show a time: mostly one; two where they were turned back over it, none
// where they were put forward.
func readings(wall time.Time, zone *time.Location) []time.Time {
	var found []time.Time
	for _, near := range []time.Duration{-24 * time.Hour, 0, 24 * time.Hour} { // no zone changes twice within two days
		_, offset := wall.Add(near).In(zone).Zone()
		t := wall.Add(-time.Duration(offset) * time.Second)
		if _, there := t.In(zone).Zone(); there == offset && !slices.ContainsFunc(found, t.Equal) {
			found = append(found, t)
		}
	}
	slices.SortFunc(found, time.Time.Compare)
	return found
}
