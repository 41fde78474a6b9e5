package tui

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"case53/tui/frame/frametest"
)

// E leads from any value to its page, and enter there to the next value's page, to the records of a row, or to all rows.
func TestPage(t *testing.T) {
	d := drive(t, 120, 45).keys("3", "right", "E")
	d.wants("10.0.1.0  address", "all of the case", "When it was seen", "sent or received", "Names that led to it", "c2.example.net",
		"Who it talked to", "12 more: enter has them all", "Also looked at, nothing there: Ports that it served (flow)",
		"0 of 4 hunts were run\n", "no note on it")
	if got := d.asked("page_seen").args["ip"]; got != "10.0.1.0" {
		t.Errorf("asked for %v", got)
	}
	d.keys("j", "enter").wants("› flows-of-address 10.0.1.0")            // the row has no value with a page: its records
	d.keys("esc", "j", "j", "enter").wants("Pivot: name c2.example.net") // names have no page here
	d.keys("esc", "j", "enter").wants("10.0.1.1  address")
	d.keys("esc", "G", "g", "E").wants("this is its page")
	d.keys("j", "E").wants("there is no page of this")
	d.keys("p").wants("Pivot: ip 10.0.1.0", "The page of it")
	d.keys("esc", "e").wants("tell all.", "page_seen")
}

// A page keeps to the window, and is asked again once it changes.
func TestPageKeepsToTheWindow(t *testing.T) {
	d := drive(t, 120, 45).keys("3", "right", "E", "w", "'11-01 10:00 to 11:00", "enter")
	d.wants("only the window 11-01 10:00–11:00", "a column of a bar is 1m")
	if got := d.asked("page_seen").args["from"]; got == nil {
		t.Error("the window was not asked for")
	}
	d.keys("W").wants("all of the case; a column of a bar is")
}

// What the hunts found of a value stands on its page once they were run, and says so until then.
func TestPageSaysWhatWasFound(t *testing.T) {
	down := slices.Repeat([]string{"j"}, 23)
	d := drive(t, 120, 60).keys("3", "right").keys(down...).keys("E", "G")
	d.wants("10.0.1.23  address", "0 of 4 hunts were run")
	d.keys("X", "backspace").wants("0 findings, 1 step of a thread", "thread 1  2026-11-20 12:00  10.0.1.23 → 203.0.113.9:443 every 301 s")
	d.keys("G", "o").wants("Window around 2026-11-20 12:00:00 UTC") // the moment of the step
	d.keys("esc", "enter").wants("› beacon")                        // what the hunt found that tells of it
	d.keys("backspace", "w", "'11-01 10:00 to 11:00", "enter").wants("0 of 4 hunts were run for this window")
	d.lacks("thread 1")
}

// On a narrow screen each column of a table can be gone to, none is skipped, and their names stand over them; bars say how long one of
// their columns is.
func TestPageIsWholeOnANarrowScreen(t *testing.T) {
	d := drive(t, 46, 40).keys("3", "right", "E")
	d.wants("a column of a bar is 2h") // 49 counts of an hour on 46 columns
	names := []string{"peer", "server_port", "bytes_to_peer", "bytes_from_peer", "first_seen", "capture"}
	d.keys("j", "j", "j", "j")
	for i, name := range names {
		if i > 0 {
			d.keys("l")
		}
		d.wants("\n " + name + ": ") // below, with its value
		_, table, _ := strings.Cut(d.screen(), "Who it talked to  20\n")
		head, _, _ := strings.Cut(table, "\n")
		shown := strings.Fields(head)
		before, after := 0, 0
		if n, ok := strings.CutSuffix(shown[0], "+"); ok {
			before, _ = strconv.Atoi(n)
			shown = shown[1:]
		}
		if n, ok := strings.CutPrefix(shown[len(shown)-1], "+"); ok {
			after, _ = strconv.Atoi(n)
			shown = shown[:len(shown)-1]
		}
		if !slices.Equal(shown, names[before:len(names)-after]) || !slices.Contains(shown, name) {
			t.Fatalf("at %s the head is %q:\n%s", name, head, d.screen())
		}
	}
}

// A part that cannot be told says so, and hides no other.
func TestPagePartFails(t *testing.T) {
	d := drive(t, 120, 45)
	answer := d.fake.answer
	d.fake.answer = func(sql string) *fakeResult {
		if sql == "SELECT $ip FROM page_names" {
			return nil
		}
		return answer(sql)
	}
	d.keys("3", "right", "E").wants("cannot be told from dns_answer: Catalog Error", "Who it talked to")
}

// Keys that come while the parts are read lose nothing; a page that is left lets go of all it asked.
func TestPageIsReadBesideKeys(t *testing.T) {
	d := drive(t, 120, 45).keys("3", "right")
	d.hold = true
	d.keys("E")
	d.wants("reading…", "10.0.1.0  address")
	d.keys("j", "k", "esc").wants("Flow records")
	d.release()
	if d.fake.opened != d.fake.closed+1 { // the list's own
		t.Errorf("%d opened, %d closed", d.fake.opened, d.fake.closed)
	}
}

// What is kept on the page is kept of the value, and shown where it stands.
func TestPageKeeps(t *testing.T) {
	d := drive(t, 120, 45).keys("3", "right", "E", "c", "'seen before", "enter")
	d.wants("comment seen before")
	d.keys("j", "j", "j", "j", "m").wants("▸● 10.0.1.1 ") // a peer
	frametest.Harmless(t, d.app.View().Content)
}

// An address, a name, an id that is typed into the palette has its page there.
func TestPaletteLeadsToPages(t *testing.T) {
	d := drive(t, 120, 45).keys(":", "'203.0.113.9", "down", "enter")
	d.wants("203.0.113.9  address", "When it was seen")
}
