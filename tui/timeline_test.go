package tui

import (
	"strings"
	"testing"
	"time"

	"case53/cases"
	"case53/queries/threads"
)

// stepsIn gives the threads of the case steps within its time.
func stepsIn(d *driver) *driver {
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 11, day, hour, minute, 0, 0, time.UTC) }
	d.desk.steps = []*threads.Step{
		{Time: at(1, 10, 20), Severity: "medium", Text: "10.0.1.23 asks for c2.example.net", Hunts: []string{"beacon"}},
		{Time: at(1, 10, 40), Severity: "high", Text: "10.0.1.23 calls 203.0.113.9 every 301 s", Hunts: []string{"beacon"}},
		{Time: at(9, 10, 5), Severity: "low", Text: "10.0.1.23 calls it again"},
	}
	return d
}

// The timeline counts each log on one axis, as the window says; what threads tell is marked on it once the hunts were run, the worst of a
// column, and T0.
func TestTimeline(t *testing.T) {
	d := stepsIn(drive(t, 120, 36)).keys("7")
	d.wants("a column is 1h", "11-01", "│ 11-09", " flow         10,921 ", " dns              70 ", "0 events", "0 of 4 hunts were run: X runs them")
	if got := d.asked("FROM over_time"); got.args["from"] != nil || got.args["every"] != int64(60) {
		t.Errorf("asked with %v", got.args)
	}
	d.keys("enter").wants("Hunts", "4 of 4 hunts done")
	d.keys("backspace").wants("3 events", "M 11-01 10:20  10.0.1.23 asks for c2.example.net", "thread 1", "11-01 10:00 → 11-01 11:00: flow 1,200")
	if marks := lineWith(d, "3 events"); strings.Count(marks, "H") != 1 || strings.Contains(marks, "M") || strings.Count(marks, "L") != 1 {
		t.Errorf("the worst of a column is not marked: %q", marks)
	}
	d.keys("j", "T").wants("T0 is 2026-11-01 10:40:00 UTC", "4 events", "T0: what comes after it is new", "H 11-01 10:40",
		"of hunts that were run for another window or T0: X runs them for this one")
	if marks := lineWith(d, "4 events"); strings.Count(marks, "T") != 1 {
		t.Errorf("T0 is not marked: %q", marks)
	}
	d.keys("g", "enter").wants("› beacon") // what the step rests on
	d.keys("backspace", "G", "enter").wants("timeline-at 2026-11-09 10:05:00 UTC")
	d.keys("backspace", "e").wants("tell quiet from not logged.", "An event is a step of a thread")
}

// It keeps to the window: shorter columns, counts asked anew, and events of others left out; the cursor stays at its time.
func TestTimelineKeepsToTheWindow(t *testing.T) {
	d := stepsIn(drive(t, 120, 36)).keys("X", "7", "w", "'11-01 10:00 to 11:00", "enter")
	d.wants("2 events", "of hunts that were run for another window or T0", "a column is 1m")
	got := d.asked("FROM over_time").args
	if got["every"] != int64(1) || got["from"] == nil {
		t.Errorf("asked with %v", got)
	}
	d.keys("X", "backspace").wants("2 events", "M 11-01 10:20")
	d.lacks("calls it again")
	d.lacks("another window")
	d.keys("j", ".").wants("timeline-at 2026-11-01 10:40:00 UTC")
	d.keys("backspace", "W").wants("a column is 1h")
	d.keys("w", "'2026-01-01", "enter").wants("the case has no time in the window")
}

// Counts come beside the keys; a screen that is left asks no more, and a count that fails says so and hides no event.
func TestTimelineIsCountedBesideKeys(t *testing.T) {
	d := stepsIn(drive(t, 120, 36)).keys("X")
	d.hold = true
	d.keys("7")
	d.wants("counting over time", "drawing threads")
	d.keys("l", "h", "ctrl+c", "esc").wants("Hunts")
	d.release()
	if d.fake.opened != d.fake.closed {
		t.Errorf("%d opened, %d closed", d.fake.opened, d.fake.closed)
	}
	answer := d.fake.answer
	d.fake.answer = func(sql string) *fakeResult {
		if strings.Contains(sql, "over_time") {
			return nil
		}
		return answer(sql)
	}
	d.keys("7").wants("not counted: Catalog Error", "3 events")
	d.fake.answer = answer
	d.keys("r").wants(" flow ")
	d.fake.overview.Captures[0].Window = cases.Span{From: time.Date(1066, 1, 1, 0, 0, 0, 0, time.UTC), To: start0}
	d.keys("1", "r", "7").wants("more than a century")
}

// lineWith is the line of the screen that has a text.
func lineWith(d *driver, text string) string {
	for _, l := range strings.Split(d.screen(), "\n") {
		if strings.Contains(l, text) {
			_, rest, _ := strings.Cut(l, text)
			return rest
		}
	}
	return ""
}
