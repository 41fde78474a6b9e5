package tui

import (
	"strings"
	"testing"
)

// Filters stand in a list of their own: each is switched off and on, changed and taken off, and rows come only of those that are on.
func TestFilterLine(t *testing.T) {
	d := drive(t, 100, 30).keys("3", "right", ",", "/")
	d.wants("[x] srcaddr=10.0.1.0", "> ")
	d.keys("'bytes>5MB", "enter")
	if got := d.asked("WHERE").args["keep_2"]; got != "5000000" {
		t.Errorf("5 MB are asked for as %v", got)
	}
	d.wants("filter srcaddr=10.0.1.0 and bytes>5MB")
	d.keys("/", "up", "space", "enter").wants("filter srcaddr=10.0.1.0\n", "1 filter is off: / switches")
	if c := d.asked("WHERE"); strings.Contains(c.sql, "bytes\" >") {
		t.Errorf("a filter that is off was asked for: %s", c.sql)
	}
	calls := len(d.fake.calls)
	d.keys("/", "up", "space", "space", "enter") // off as before
	if len(d.fake.calls) != calls {
		t.Error("the same rows were asked for again")
	}
	d.keys("/", "up", "up", "e").wants("1> srcaddr=10.0.1.0")
	d.keys("backspace", "'7", "enter").wants("filter srcaddr=10.0.1.7")
	d.keys("/", "up", "up", "ctrl+d").lacks("[x] srcaddr=10.0.1.7")
	d.keys("esc").wants("filter srcaddr=10.0.1.7") // left as it was
	d.keys("/", "up", "up", "ctrl+d", "ctrl+d", "enter").lacks("is off")
}

// What counts the values of a column counts the rows that the list has: under the filters that are on, which it names, and no other.
func TestFrequencyKeepsToTheFilters(t *testing.T) {
	d := drive(t, 100, 30).keys("3", "right", ",", "/", "'bytes>5MB", "enter", "/", "up", "space", "enter")
	d.wants("filter srcaddr=10.0.1.0\n", "1 filter is off")
	d.keys("F").wants("srcaddr by frequency", "counts rows with srcaddr=10.0.1.0\n")
	if c := d.asked("GROUP BY 1"); strings.Contains(c.sql, `"bytes"`) || !strings.Contains(c.sql, "srcaddr_n") {
		t.Errorf("counted with %s", c.sql)
	}
	d.keys("enter").wants("1 filter is off")
	if c := d.fake.calls[len(d.fake.calls)-1]; strings.Contains(c.sql, `"bytes"`) {
		t.Errorf("the rows with the value were asked for with %s", c.sql)
	}
	d.keys("1", "3", "/", "'bytes>5MB", "enter", "/", "up", "space", "enter", "F").lacks("counts rows with")
}

// What is typed is completed with the columns and the values on the screen, and says how it is read before it holds.
func TestFilterIsCompletedAndChecked(t *testing.T) {
	d := drive(t, 100, 30).keys("3", "/", "'act")
	d.wants("reads as act in any column", "tab: action")
	d.keys("tab", "'=", "tab").wants("> action=ACCEPT", "action holds text")
	d.keys("tab").wants("> action=REJECT")
	d.keys("tab").wants("> action=ACCEPT")
	d.keys("' !src", "tab").wants("> action=ACCEPT !srcaddr")
	d.keys("tab").wants("> action=ACCEPT !srcport")
	d.keys("ctrl+u", "'start>=11-01 10:00").wants("reads as start>=2026-11-01 10:00:00 UTC", "start holds times")
	d.keys("ctrl+u", "'dstport>http").wants(`dstport holds numbers, and "http" is none`)
	d.keys("ctrl+u", "'zzz", "tab").wants("nothing begins so")
}

// What is sought is marked and gone to, in rows that were not read yet too; nothing is hidden, and esc ends it before it leaves.
func TestFind(t *testing.T) {
	d := drive(t, 100, 30).keys("3", "n")
	d.wants("nothing is sought yet: f finds")
	d.keys("f", "'reject", "enter").wants("1–25 of", "action: REJECT")
	d.wants(">2026-11-01 10:00:03")
	d.keys("n", "n", "N").wants(">2026-11-01 10:00:10")
	d.keys("f", "ctrl+u", "'671160", "enter").wants("bytes (bytes): 671160", ">2026-11-01 10:13:18") // of row 798
	d.keys("n").wants("no cell after has it, to the end")
	d.keys("g", "N").wants("no cell before has it")
	d.keys("esc").wants("nothing is marked any more", "Flow records")
	d.keys("esc").wants("Look at")
}

// Rows are put in order by several columns, one after another; the order is said above them, and its places stand over the columns.
func TestSeveralSortKeys(t *testing.T) {
	d := drive(t, 118, 30).keys("3", "right", "[")
	d.wants("in order of srcaddr, largest first", "srcaddr▾ ")
	d.keys("right", "right", ")")
	d.wants("in order of srcaddr, largest first, then of dstaddr, smallest first", "dstaddr▴2")
	if c := d.asked("ORDER BY"); !strings.HasSuffix(c.sql, `ORDER BY "srcaddr" DESC NULLS LAST, "dstaddr" NULLS LAST`) {
		t.Errorf("asked %s", c.sql)
	}
	d.keys("^").wants("srcaddr▾1", "dstaddr▴2")
	d.keys("right", "right", "right", "(").wants("then of dstaddr, largest first")
	d.keys("(").lacks("then of")
	d.keys("right", "(", "[").wants("in order of dstport, largest first\n") // alone
	d.keys("[").lacks("in order of")
}
