package tui

import (
	"testing"
	"time"
)

// Help is the palette: what is found there is done, whether it is a key, a screen, a query, a hunt or a command.
func TestPaletteDoes(t *testing.T) {
	d := drive(t, 100, 30).keys("3", "?")
	d.wants("Keys of Flow records", "enter", "the record: all fields, the raw line, its object")
	d.keys("'frequency").lacks("Keys of Flow records")
	d.keys("ctrl+u", "'how often", "enter").wants("start by frequency")
	d.keys(":").wants("Commands", "Hunts", "beacon  Who calls the same place on a clock")
	d.keys("'becn", "enter").wants("top int") // its letters in order are enough
	d.keys("esc", "?", "'two captures", "enter").wants("Compare", "In both")
	d.keys("ctrl+p", "'waf", "enter").wants("› waf-blocks")
	d.keys("?", "f1").lacks("do it")
}

// A window, an address and a name that are typed into the palette are what they say.
func TestPaletteReadsWhatIsTyped(t *testing.T) {
	d := drive(t, 100, 30).keys(":", "'11-01 10:00 to 11:00")
	d.wants("11-01 10:00 to 11:00  the window over the case")
	d.keys("enter").wants("UTC (not here) 11-01 10:00–11:00")
	if got := d.app.env.Within.To; got != time.Date(2026, 11, 1, 11, 0, 0, 0, time.UTC) {
		t.Errorf("the window ends at %v", got)
	}
	d.keys(":", "'203.0.113.9", "enter").wants("Pivot: ip 203.0.113.9", "Flows of this address")
	d.keys("esc", ":", "'c2.example.net", "enter").wants("Pivot: name c2.example.net", "Who asked for this name")
	d.keys("esc", ":", "'zzqqzz").wants("nothing has this in its name")
	d.keys("enter").wants("zzqqzz") // there is nothing to do
}

// A table that there is no digit for is in the palette and has no key; help over an overlay, and the overview, know it is so.
func TestTablesWithoutKeys(t *testing.T) {
	d := manyLogs(drive(t, 100, 60))
	var lacks string
	for _, table := range d.app.env.RecordTables() {
		if table.Key == "" {
			lacks = table.Title
		}
	}
	if lacks == "" {
		t.Fatal("every table has a key")
	}
	d.keys("r", "3", "right", "/", "f1").wants("Keys of Filter")
	d.lacks(lacks)
	d.keys("esc", "esc", ":", "'"+lacks)
	d.wants(lacks)
	d.keys("enter").wants("› " + lacks)
	d.keys("1").wants(": " + lacks)
}

// Over another overlay only what works there is offered, and it works on that overlay.
func TestPaletteOverAnOverlay(t *testing.T) {
	d := drive(t, 100, 30).keys("3", "right", ",", "/", "f1")
	d.wants("Keys of Filter", "complete the name of a column")
	d.lacks("Who calls the same place")
	d.keys("'filter above", "enter", "f1", "'switch", "enter").wants("[ ] srcaddr=10.0.1.0")
}
