package tui

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"unicode"

	tea "charm.land/bubbletea/v2"

	"case53/cases"
)

const nasty = "a\x1b[2J\x1b]52;c;QUJD\x07\x1b]8;;http://e\x1b\\\u009b31m\x00\r\nb\u202ec\u200d\u2066\U000e0041\xff\x9b" + "z"

var sgr = regexp.MustCompile("\x1b\\[[0-9;:]*m")

// harmless fails when a view holds anything but printable text, newlines and our own colours.
func harmless(t *testing.T, view string) {
	t.Helper()
	for _, r := range sgr.ReplaceAllString(view, "") {
		if r == '\n' {
			continue
		}
		if r < 0x20 || r >= 0x7f && r < 0xa0 || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Bidi_Control) {
			t.Fatalf("%U is on the screen:\n%q", r, view)
		}
	}
}

// Whatever the evidence holds, in values, names, errors and texts about it, nothing of it reaches the terminal.
func TestHostileText(t *testing.T) {
	for _, size := range sizes {
		d := drive(t, size[0], size[1], func(o *Options) { o.CaseName = "case" + nasty })
		hostile := func(string) *fakeResult {
			return &fakeResult{n: 3, cols: []cases.Column{{Name: "name" + nasty, Type: "VARCHAR", Kind: "name"}, {Name: "start", Type: "TIMESTAMP", Kind: "time"},
				{Name: "object_id", Type: "UINTEGER"}, {Name: "row_no", Type: "UINTEGER"}},
				row: func(int) []cases.Cell { return cells(nasty, nasty, 1, 1) }}
		}
		d.fake.answer = hostile
		d.fake.raw = nasty
		o := fakeOverview()
		o.Dir, o.Problem = nasty, nasty
		o.Captures[0].Name, o.Captures[0].Role = nasty, nasty
		o.Captures[0].Rows[nasty], o.Tables[nasty] = 1, 1
		o.Coverage[0].Source, o.Coverage[0].LogType, o.Coverage[0].Capture = nasty, nasty, nasty
		o.Rejects[0].Text, o.Hours[0].LogType = nasty, nasty
		d.fake.overview = o
		look := func() { t.Helper(); harmless(t, d.app.View().Content) }
		d.keys("r")
		for range 4 {
			look()
			d.keys("pgdown")
		}
		for _, k := range []string{"3", "p", "enter", "esc", "esc", "F", "esc", "C", "esc", "e", "esc", "?", "esc", ",", "e", "esc", "ctrl+x", "ctrl+t", "enter", ".", "G", "R", "p", "esc", "y", "H", "esc"} {
			d.keys(k)
			look()
		}
		d.keys("1")
		d.fake.err = errors.New("Conversion Error: " + nasty + "\nhint: " + nasty)
		d.keys("3")
		look()
		d.keys("1", ";")
		d.send(tea.PasteMsg{Content: nasty})
		look()
		d.keys("f5", "esc", "2")
		d.send(tea.PasteMsg{Content: nasty})
		look()
		d.keys("esc", "3", "/")
		d.send(tea.PasteMsg{Content: nasty})
		look()
		d.keys("enter")
		look()
		if v := d.app.View(); v.WindowTitle != "" || v.MouseMode != tea.MouseModeNone {
			t.Error("the title or the mouse is not left alone")
		}
		for _, c := range d.clip {
			harmless(t, c)
		}
	}
}

func TestCopiedTextIsShownText(t *testing.T) {
	d := drive(t, 80, 24)
	d.fake.answer = func(string) *fakeResult {
		return &fakeResult{n: 1, cols: columns("a"), row: func(int) []cases.Cell { return cells(nasty) }}
	}
	d.keys("3", "y")
	if len(d.clip) != 1 || !strings.HasPrefix(d.clip[0], `a\x1b[2J\x1b]52;c;QUJD\x07`) {
		t.Fatalf("copied %q", d.clip)
	}
	// Pasted into a filter it means the value again.
	d.keys("/", "'a=\"")
	d.send(tea.PasteMsg{Content: d.clip[0]})
	d.keys("'\"", "enter")
	if got := d.asked("WHERE").args["keep_1"]; got != nasty {
		t.Errorf("filtered by %q, want %q", got, nasty)
	}
}
