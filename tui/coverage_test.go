package tui

import (
	"strings"
	"testing"
	"time"

	"case53/cases"
)

// The matrix has a row for each log of a capture and for each source, on one axis; captures that lie apart are lanes of it. What is under
// the cursor is said in words, with the call that explains it.
func TestCoverageMatrix(t *testing.T) {
	d := drive(t, 120, 30).keys("8")
	d.wants("a column is 1h", "11-01", "│ 11-09", "flow incident", "dns incident  vpc-0a1b2c3d", "dns replay  vpc-0r",
		"no record at all in capture replay: flow")
	d.wants("records of 2 of 2 sources")
	d.keys("j").wants("▸   eni-0a1b2c3d4e5f60718", "97.2%")
	d.keys("}", "}", "}", "}", "}").wants("some of it not covered from 2026-11-02 04:00:00 UTC", "absent 11-02 04:20 → 11-02 05:20")
	d.keys("}").wants("records from 2026-11-02 06:00:00 UTC")
	d.keys("{").wants("some of it not covered from 2026-11-02 04:00:00 UTC")
	d.keys("j", "$", "{", "{").wants("no records, which a call explains from 2026-11-03 00:00:00 UTC", "DeleteFlowLogs of fl-0a1b at 2026-11-03 00:00")
	d.keys("e").wants("A column says the worst of its time", "DeleteFlowLogs of fl-0a1b", "What such a log never shows")
}

// Enter leads to the records of the source in the time of the column, which becomes the window; the screen keeps to a window, and its
// columns become shorter with it.
func TestCoverageLeadsToRecords(t *testing.T) {
	d := drive(t, 120, 30).keys("8", "j", "}", "enter")
	d.wants("Flow records", "interface_id=eni-0a1b2c3d4e5f60718", "11-01 16:00–17:00")
	c := d.asked("FROM flow")
	if !strings.Contains(c.sql, "within(") || !strings.Contains(c.sql, `"interface_id"`) || !strings.Contains(c.sql, `ORDER BY "start"`) {
		t.Errorf("asked %s", c.sql)
	}
	d.keys("backspace").wants("Coverage", "a column is 1m", "flow incident")
	d.lacks("dns replay")
	d.keys("W").wants("a column is 1h", "dns replay")
	d.keys("w", "'2026-01-05 to 2026-01-06", "enter").lacks("flow incident")
	d.wants("no log has a time in the window")
}

// A time that no picture can hold is said; a window has it drawn.
func TestCoverageOfLongTimes(t *testing.T) {
	d := drive(t, 80, 24)
	d.fake.overview.Coverage[0].Window.From = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	d.keys("8").wants("more than a century", "w sets a window")
	d.keys("j", "}", "enter", "e", "l", ".", "r", "esc")
	d.keys("8", "w", "'2026-11-01 to 2026-11-02", "enter").wants("a column is", "eni-0a1b")
}

// Sources that are there at all times are one line until they are asked for.
func TestCoverageFolds(t *testing.T) {
	d := drive(t, 120, 30)
	for _, name := range []string{"eni-a", "eni-b", "eni-c"} {
		d.fake.overview.Coverage = append([]cases.Coverage{covered("flow", name, cases.StatusAbsent, "OK 288")}, d.fake.overview.Coverage...)
	}
	d.keys("8").wants("4 sources more, covered as long as the log goes, 1 until a call: . shows", "eni-0a1b2c3d4e5f60718")
	d.lacks("eni-b")
	d.keys(".").wants("eni-b")
}
