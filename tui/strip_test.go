package tui

import (
	"strings"
	"testing"

	"case53/cases"
	"case53/tui/frame/frametest"
)

// The histogram stands over the rows as they are filtered; what is brushed becomes the window.
func TestStrip(t *testing.T) {
	d := drive(t, 100, 30).keys("3")
	d.lacks("a column")
	d.keys("tab").wants("the histogram is off here")
	d.keys("i").wants("800│", "1h a column", "▴")
	d.keys("right", ",")
	d.wants("800│")
	if c := d.asked("AS bucket, count(*)"); !strings.Contains(c.sql, "srcaddr_n") {
		t.Errorf("counted without the filter: %s", c.sql)
	}
	d.keys("tab").wants("90 from 11-01 10:00")
	d.keys("l", "v", "l").wants("100 from 11-01 11:00")
	d.keys("enter").wants("only 2026-11-01 11:00:00 UTC to 2026-11-01 13:00:00 UTC")
	d.wants("2m a column", "11-01 11:00–13:00")
	d.keys("i")
	d.lacks("a column")
	d.keys("1", "2", "'top", "enter", "i").wants("a column") // its rows are records
	d.keys("1", "3", "right", "F")
	d.lacks("a column") // these are sums
}

// Bursts and gaps are gone to by keys, and named; the end of a gap is one of the places.
func TestStripEdges(t *testing.T) {
	d := drive(t, 100, 30).keys("3", "i", "}")
	d.wants("a gap from 2026-11-01 11:00:00 UTC: 0 records in 1h")
	d.keys("}").wants("the gap ends at 2026-11-01 12:00:00 UTC: 100 records in 1h")
	d.keys("}").wants("a gap from 2026-11-01 13:00:00 UTC")
	d.keys("}").wants("a burst after a gap, from 2026-11-02 06:00:00 UTC: 800 records in 1h")
	d.keys("{").wants("a gap from 2026-11-01 13:00:00 UTC")
	d.keys("{", "{", "{").wants("the gap ends at 2026-11-01 10:00:00 UTC: 90 records in 1h")
	d.keys("G", "}").wants("no burst or gap after this")
	d.keys("esc", "j").wants("1–") // back at the rows
	d.keys("&").wants("no such key here")
}

// On a screen of another width it is counted anew, in pieces that there is room for; its cursor and its brush stay at their times.
func TestStripFollowsTheWidth(t *testing.T) {
	d := drive(t, 100, 30).keys("3", "i", "tab", "l", "l", "v", "l")
	d.wants("1h a column", "100 from 11-01 12:00")
	d.send(windowSize(60, 30))
	d.wants("3h a column", "100 from 11-01 12:00") // 12:00 and 13:00 are one column
	d.send(windowSize(100, 30))
	d.wants("1h a column", "from 11-01 12:00")
	d.keys("enter").wants("only 2026-11-01 12:00:00 UTC to")
	d.keys("W", "tab", "G")
	d.wants("0 from 11-03 00:00")
	d.send(windowSize(60, 30))
	d.wants("0 from 11-03 00:00")
}

// The keys of time are its own only while it can be seen.
func TestStripKeysWithoutAStrip(t *testing.T) {
	d := drive(t, 100, 30).keys("3", "i", "tab", "v")
	d.send(windowSize(100, 12)) // no room for it
	d.lacks("a column")
	d.keys("l").wants("srcaddr (ip): 10.0.1.0") // a column of the rows
	d.send(windowSize(100, 30))
	d.keys("l").wants("srcport (port)")
	d.keys("tab", "4", "i", "backspace").lacks("a column") // off, from another list
	d.keys("h").wants("srcaddr (ip)")
}

// i turns it on before the rows are there; a list whose rows have no time says so, and leaves it on for the others.
func TestStripTurnedOnEarly(t *testing.T) {
	d := drive(t, 100, 30)
	d.hold = true
	d.keys("3", "i").wants("the histogram comes after the rows")
	d.release()
	d.wants("800│")
	d.keys("right", "F", "i").wants("there is no histogram of them")
	d.keys("esc").wants("800│")
}

// Rows that the window does not narrow are counted over the time of the case; those before and after it are told apart from its
// first and last column. Those that began before the window and go on in it count in its first, and the mark says so.
func TestStripOfRowsBeyondTheWindow(t *testing.T) {
	d := drive(t, 100, 30)
	answer := d.fake.answer
	at, touches := "2026-10-01 10:00:00", ""
	d.fake.answer = func(sql string) *fakeResult {
		if !strings.Contains(sql, "AS bucket, count(*)") {
			return &fakeResult{n: 1, cols: frametest.Columns("start:TIMESTAMP " + touches + "object_id:UINTEGER row_no:UINTEGER"), row: func(int) []cases.Cell {
				return frametest.Cells(at, at, 1, 1)[len(strings.Fields(touches))^1:]
			}}
		}
		r := answer(sql)
		row := r.row
		r.n++
		r.row = func(i int) []cases.Cell {
			if i == 0 {
				return frametest.Cells(at, 5)
			}
			return row(i - 1)
		}
		return r
	}
	d.keys("w", "'11-01 12:00 to 13:00", "enter", ";", "'SELECT 1", "f5", "i")
	d.wants("SQL by hand is not narrowed", "800│", "1h a column", "5 earlier")
	d.lacks("▴")
	at, touches = "2026-11-01 11:59:00", "end:TIMESTAMP "
	d.keys("3").wants("what touches the window", "│", "──── 810 later")
	if !strings.Contains(d.screen(), "▴────") {
		t.Errorf("no mark at the first column:\n%s", d.screen())
	}
}

// Counts come after the rows and block no key; under a new filter none of the old ones stands.
func TestStripIsNeverStale(t *testing.T) {
	d := drive(t, 100, 30).keys("3", "i")
	d.wants("800│")
	d.hold = true
	d.keys("right", ",")
	d.lacks("800│")
	d.keys("j", "k", "esc")
	d.lacks("800│")
	d.release()
	d.wants("800│")
	if d.keys("esc"); len(d.app.env.Waiting) > 0 {
		t.Errorf("%d requests are waited for", len(d.app.env.Waiting))
	}
}
