package tui

import (
	"errors"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"case53/cases"
	"case53/tui/frame"
	"case53/tui/frame/frametest"
)

// Whatever the evidence holds, in values, names, errors and texts about it, nothing of it reaches the terminal.
func TestHostileText(t *testing.T) {
	for _, size := range sizes {
		d := drive(t, size[0], size[1], func(o *frame.Options) { o.CaseName = "case" + frametest.Nasty })
		hostile := func(string) *fakeResult {
			return &fakeResult{
				n: 3,
				cols: []cases.Column{
					{Name: "name" + frametest.Nasty, Type: "VARCHAR", Kind: "name"},
					{Name: "start", Type: "TIMESTAMP", Kind: "time"},
					{Name: "object_id", Type: "UINTEGER"},
					{Name: "row_no", Type: "UINTEGER"},
				},
				row: func(int) []cases.Cell { return frametest.Cells(frametest.Nasty, frametest.Nasty, 1, 1) },
			}
		}
		d.fake.answer = hostile
		d.fake.raw = frametest.Nasty
		o := fakeOverview()
		o.Dir, o.Problem = frametest.Nasty, frametest.Nasty
		o.Captures[0].Name, o.Captures[0].Role = frametest.Nasty, frametest.Nasty
		o.Captures[0].Rows[frametest.Nasty], o.Tables[frametest.Nasty] = 1, 1
		o.Coverage[0].Source, o.Coverage[0].LogType, o.Coverage[0].Capture = frametest.Nasty, frametest.Nasty, frametest.Nasty
		o.Rejects[0].Text, o.Hours[0].LogType = frametest.Nasty, frametest.Nasty
		d.fake.overview = o
		look := func() { t.Helper(); frametest.Harmless(t, d.app.View().Content) }
		d.keys("r")
		for range 4 {
			look()
			d.keys("pgdown")
		}
		for _, k := range []string{
			"3", "p", "enter", "esc", "esc", "F", "esc", "C", "esc", "e", "esc", "?", "esc", ",", "e", "esc", "ctrl+x",
			"ctrl+t", "enter", ".", "G", "R", "p", "esc", "y", "H", "esc",
		} {
			d.keys(k)
			look()
		}
		for _, k := range []string{"1", "8", "j", "}", "e", "esc", "j", "G", "enter", "7", "j", "l", "e", "esc", ".", "X", "7", "enter"} {
			d.keys(k)
			look()
		}
		d.keys("1")
		d.fake.err = errors.New("Conversion Error: " + frametest.Nasty + "\nhint: " + frametest.Nasty)
		d.keys("3")
		look()
		d.keys("1", ";")
		d.send(tea.PasteMsg{Content: frametest.Nasty})
		look()
		d.keys("f5", "esc", "2")
		d.send(tea.PasteMsg{Content: frametest.Nasty})
		look()
		d.keys("esc", "3", "/")
		d.send(tea.PasteMsg{Content: frametest.Nasty})
		look()
		d.keys("enter")
		look()
		if v := d.app.View(); v.WindowTitle != "" || v.MouseMode != tea.MouseModeNone {
			t.Error("the title or the mouse is not left alone")
		}
		for _, c := range d.clip {
			frametest.Harmless(t, c)
		}
	}
}

func TestCopiedTextIsShownText(t *testing.T) {
	d := drive(t, 80, 24)
	d.fake.answer = func(string) *fakeResult {
		return &fakeResult{n: 1, cols: frametest.Columns("a"), row: func(int) []cases.Cell { return frametest.Cells(frametest.Nasty) }}
	}
	d.keys("3", "y")
	if len(d.clip) != 1 || !strings.HasPrefix(d.clip[0], `a\x1b[2J\x1b]52;c;QUJD\x07`) {
		t.Fatalf("copied %q", d.clip)
	}
	// Pasted into a filter it means the value again.
	d.keys("/", "'a=\"")
	d.send(tea.PasteMsg{Content: d.clip[0]})
	d.keys("'\"", "enter")
	if got := d.asked("WHERE").args["keep_1"]; got != frametest.Nasty {
		t.Errorf("filtered by %q, want %q", got, frametest.Nasty)
	}
}
