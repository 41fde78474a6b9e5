package tui

import (
	"strings"
	"testing"
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

// Bursts and gaps are gone to by keys, and named.
func TestStripEdges(t *testing.T) {
	d := drive(t, 100, 30).keys("3", "i", "}")
	d.wants("a gap from 2026-11-01 11:00:00 UTC: 0 records in 1h")
	d.keys("}").wants("a gap from 2026-11-01 13:00:00 UTC")
	d.keys("}").wants("a burst from 2026-11-02 06:00:00 UTC: 800 records in 1h")
	d.keys("{").wants("a gap from 2026-11-01 13:00:00 UTC")
	d.keys("G", "}").wants("no burst or gap after this")
	d.keys("esc", "j").wants("1–") // back at the rows
	d.keys("&").wants("no such key here")
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
