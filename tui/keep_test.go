package tui

import (
	"errors"
	"os"
	"strings"
	"testing"

	"case53/cases/notes"
	"case53/cases/raw"
	"case53/tui/frame"
	"case53/tui/frame/frametest"
)

// like drives a second workbench over the notes of the first, as another day does.
func (d *driver) like() *driver {
	return drive(d.t, 80, 24, func(o *frame.Options) { o.Notes = d.app.env.Opt.Notes })
}

func (d *driver) kept() []notes.Note { return d.app.env.Opt.Notes.Notes() }

// A record, a range of records and a value are marked; the list shows each, u takes each back, and ctrl+r brings it again.
func TestMarks(t *testing.T) {
	d := drive(t, 80, 24).keys("3", "space")
	d.wants("marked: record 2:1; saved, u takes it back", ">●")
	d.keys("j", "j", "v", "j", "j").wants("\n | ", "\n>| ")
	d.keys("space").wants("marked: 3 records", "\n ● ", "\n>● ")
	if got := len(d.kept()); got != 4 {
		t.Errorf("%d notes, want 4", got)
	}
	d.keys("u").wants("taken back")
	if got := len(d.kept()); got != 1 {
		t.Errorf("%d notes after undo, want 1", got)
	}
	d.keys("ctrl+r").wants("holds again")
	d.keys("space").wants("no mark any more: record 2:5")
	if got := len(d.kept()); got != 3 {
		t.Errorf("%d notes, want 3", got)
	}
	d.keys("right", "m").wants("marked: ip 10.0.1.4")
	d.wants("\n>@ ")
	d.keys("l", "m").wants("this is nothing to keep by itself")
	if kept := d.kept()[0]; kept.Line == "" || kept.LineSHA256 == "" || !kept.Marked {
		t.Errorf("a marked record keeps no raw line: %+v", kept)
	}
	d.like().keys("0").wants("records and values  4", "ip 10.0.1.4")
}

// esc ends a range before it leaves; a range of more than may be kept at once is refused, whole.
func TestRange(t *testing.T) {
	d := drive(t, 80, 24).keys("3", "v", "j", "esc")
	d.wants1("Flow").lacks("\n | ")
	d.keys("v")
	for range 60 {
		d.keys("pgdown")
	}
	if d.keys("space").wants1("at most 500"); len(d.kept()) != 0 {
		t.Error("a part of a range was kept")
	}
}

// All rows of a range are kept, those too that the screen does not hold; while they are read the range can be left, with a word.
func TestRangeBeyondWhatIsHeld(t *testing.T) {
	d := drive(t, 80, 24)
	d.fake.answer = func(string) *fakeResult { return fakeFlow(650) }
	d.keys("3")
	for range 10 {
		d.keys("pgdown")
	}
	d.keys("v", "G", "space").wants("marked: 4")
	d.keys("g", "space", "u") // the list holds its first page again
	if got := d.kept(); len(got) != 470 || got[0].RowNo != 181 || got[len(got)-1].RowNo != 650 {
		t.Errorf("%d records kept, from %d to %d", len(got), got[0].RowNo, got[len(got)-1].RowNo)
	}
	d.keys("u", "g", "backspace", "3")
	for range 10 {
		d.keys("pgdown")
	}
	d.keys("v", "G")
	d.hold = true
	d.keys("space", "backspace").wants("nothing is kept: the range was left")
	d.release()
	if got := d.kept(); len(got) != 0 {
		t.Errorf("%d records are kept of a range that was left", len(got))
	}
}

// Tags, comments and severities are asked for; tab goes from the record to the value. The record shows what is kept of it.
func TestSayings(t *testing.T) {
	d := drive(t, 80, 24).keys("3", "right", "t")
	d.wants("Tag", "of record 2:1", "tab: of ip 10.0.1.0")
	d.keys("'c2 first", "enter").wants("tag of record 2:1: saved")
	d.keys("t", "tab", "'scanner", "enter").wants("tag of ip 10.0.1.0: saved")
	d.keys("c", "'the first call", "enter", "s", "'h", "enter").wants(">H")
	d.keys("s", "'awful", "enter").wants("is no severity")
	d.keys("esc", "t", "'a\"b", "enter").wants("is no tag or name")
	d.keys("esc", "enter").wants("Kept", "severity", "high", "#c2 #first", "the first call", "10.0.1.0: tags #scanner")
	d.keys("t", "'-first", "enter").lacks("#first")
	d.keys("c", "'-", "enter").lacks("the first call")
	d.keys("u").wants("the first call")
}

// The screen of notes leads to the record and the value, says whether raw/ still has each line, and drops what is not wanted.
func TestNotesScreen(t *testing.T) {
	d := drive(t, 80, 24).keys("0").wants1("Nothing is kept yet.")
	d.keys("3", "space", "right", "m", "0").wants("hash checked", "record 2:1  flow", "● ")
	d.keys("enter").wants("Record 2:1")
	d.keys("esc", "j", "enter").wants("Pivot: ip 10.0.1.0")
	d.keys("esc", "s", "'low", "enter").wants("L low")
	d.keys("delete").wants("dropped", "records and values  1")
	d.keys("u").wants("records and values  2")
	d.fake.lost = errors.Join(raw.ErrAltered)
	d.keys("r").wants("ALTERED")
	d.fake.lost = os.ErrNotExist
	d.keys("r").wants("GONE")
}

// wants1 is wants, to go on with.
func (d *driver) wants1(text string) *driver {
	d.t.Helper()
	d.wants(text)
	return d
}

// Keys that come faster than the disk are all kept, in their order.
func TestFastKeysAreKept(t *testing.T) {
	d := drive(t, 80, 24).keys("3")
	d.hold = true
	d.keys("space", "space", "j", "space", "j", "space", "u")
	d.release()
	if got := d.kept(); len(got) != 1 || got[0].RowNo != 2 {
		t.Errorf("kept %v, want record 2 alone", got)
	}
}

// A damaged file of notes is shown as far as it holds, and nothing is added to it; notes of others are said to be theirs.
func TestNotesOfOthersAndDamage(t *testing.T) {
	d := drive(t, 80, 24).keys("3", "space", "j", "space")
	path := d.app.env.Opt.Notes.Path()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(text), "\n")
	if err := os.WriteFile(path, []byte(lines[0]+lines[1]+strings.Replace(lines[2], "marked", "Marked", 1)+"{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	again := drive(t, 80, 24, func(o *frame.Options) {
		dir := strings.TrimSuffix(path, "/notes.jsonl")
		if o.Notes, err = notes.Open(t.Context(), dir, "test"); err != nil {
			t.Fatal(err)
		}
	})
	again.keys("0").wants("notes altered", "it does not follow", "nothing can be added")
	again.keys("3", "space").wants("not saved: notes altered")
}

// Text of the evidence in notes is drawn harmless.
func TestHostileNotes(t *testing.T) {
	d := drive(t, 80, 24)
	d.fake.raw = frametest.Nasty
	d.keys("4", "space", "c", "'said", "enter", "right", "m", "0")
	frametest.Harmless(t, d.app.View().Content)
	d.keys("enter")
	frametest.Harmless(t, d.app.View().Content)
}

// Who leaves while a note is being written is told so, and leaves with it on disk.
func TestLeavingWaitsForNotes(t *testing.T) {
	for _, leave := range [][]string{{"ctrl+c", "ctrl+c"}, {":", "'q", "enter"}} {
		d := drive(t, 80, 24).keys("3")
		d.hold = true
		d.keys("space", "j", "space").keys(leave...)
		if d.wants("saving… what you kept"); d.quit {
			t.Errorf("%v quits before the notes are written", leave)
		}
		d.release()
		if got := d.kept(); !d.quit || len(got) != 2 {
			t.Errorf("%v: left %t, with %d notes kept", leave, d.quit, len(got))
		}
	}
}

// Notes are narrowed down by what they say and what they are about, and gone to by a text; esc shows all again.
func TestNotesAreFilteredAndFound(t *testing.T) {
	d := drive(t, 100, 24).keys("3", "space", "j", "t", "'c2 first", "enter", "j", "c", "'the first call", "enter", "right", "m", "0")
	d.wants("records and values  4", "filter")
	d.keys("f", "'CALL", "enter").wants("comment the first call")
	d.keys("n").wants("no line after has it")
	d.keys("/", "'first", "enter").wants("records and values  2 of 4 with first; esc: all", "#c2 #first", "the first call")
	d.keys("/", "'first c2", "enter").wants("1 of 4 with first c2")
	d.keys("/", "'nothing of it", "enter").wants("0 of 4")
	d.keys("esc").wants("all notes", "records and values  4")
	d.keys("esc").lacks("records and values")
}
