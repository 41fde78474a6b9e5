package tui

import (
	"testing"

	"case53/tui/frame"
)

// From 120 columns on a pane beside the rows has the row under the cursor, field by field, what is kept of it, and what was asked; b
// hides it and brings it back, on every list.
func TestPane(t *testing.T) {
	d := drive(t, 120, 30).keys("3")
	d.wants("│ start         2026-11-01 10:00:00", "│ srcaddr       10.0.1.0", "│ without a value: tgw_id", "│ All records of flow")
	d.lacks("srcaddr_n ") // it is the address once more
	d.keys("j", "j", "c", "'the first call", "enter").wants("│ srcaddr       10.0.1.2", "│ comment the first call")
	d.keys("i").wants("│ start         2026-11-01 10:00:02", " a column")
	d.keys("b").lacks("│ srcaddr ")
	d.keys("4").lacks("│ query_name")
	d.keys("b").wants("│ query_name ")
	d.send(windowSize(119, 30))
	d.lacks("│ query_name ")
	d.keys("b", "b").wants("the pane beside the rows needs 120 columns")
	d.send(windowSize(120, 7)) // no room for more than the rows
	d.lacks("│ query_name ")
}

// Of a finding the pane says the whole reason, though the list has room for its beginning only.
func TestPaneHasTheReason(t *testing.T) {
	d := hunt(t, 160)
	d.wants("│ every 300 s for a day", "│ score ")
	d.keys("j").wants("│ nothing named")
}

// The pane is drawn with ASCII where that is asked for.
func TestPaneInASCII(t *testing.T) {
	d := drive(t, 120, 30, func(o *frame.Options) { o.ASCII = true }).keys("3")
	d.wants("| srcaddr       10.0.1.0")
	for _, r := range d.screen() {
		if r > 0x7e {
			t.Fatalf("%q is not ASCII", r)
		}
	}
}
