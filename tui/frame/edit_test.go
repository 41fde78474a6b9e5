package frame

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"case53/tui/frame/frametest"
)

func edit(d *Editor, names ...string) string {
	for _, n := range names {
		msg := frametest.Press(n)
		if b, ok := Find(d.Keys(func() {}), msg.String()); ok {
			b.Run()
			continue
		}
		d.Update(msg)
	}
	return d.Value()
}

func TestEditor(t *testing.T) {
	for _, c := range []struct {
		keys, want string
	}{
		{"a b c", "abc"},
		{"a b left x", "axb"},
		{"a b home x end y", "xaby"},
		{"a b c backspace left backspace", "b"},
		{"a space b c ctrl+w", "a "},
		{"a space b ctrl+u", ""},
		{"a b left ctrl+k", "a"},
		{"a b enter c d up x", "abx\ncd"},
		{"a enter b c d up home down end x", "a\nbcdx"},
		{"a b left ctrl+d", "a"},
		{"down up left right", ""},
	} {
		d := &Editor{Multi: true}
		if got := edit(d, strings.Fields(c.keys)...); got != c.want {
			t.Errorf("%s: %q, want %q", c.keys, got, c.want)
		}
	}
}

// Whatever is typed and pasted, the cursor stays in the text, the text is harmless and the view keeps to its width.
func TestEditorProperties(t *testing.T) {
	th := NewTheme(true, false)
	keys := []string{
		"a", "left", "right", "home", "end", "backspace", "ctrl+d", "ctrl+w", "ctrl+u", "ctrl+k", "up", "down", "enter", "space",
	}
	rapid.Check(t, func(rt *rapid.T) {
		d := &Editor{Multi: rapid.Bool().Draw(rt, "multi")}
		for range rapid.IntRange(1, 30).Draw(rt, "keys") {
			if rapid.Bool().Draw(rt, "paste") {
				d.Update(tea.PasteMsg{Content: rapid.OneOf(rapid.String(), rapid.Just(frametest.Nasty)).Draw(rt, "text")})
			}
			edit(d, rapid.SampledFrom(keys).Draw(rt, "key"))
			if d.at < 0 || d.at > len(d.text) {
				rt.Fatalf("the cursor is at %d of %d", d.at, len(d.text))
			}
			width := rapid.IntRange(4, 60).Draw(rt, "width")
			view := d.View(&th, width, 3, true)
			frametest.Harmless(t, view)
			for _, l := range strings.Split(view, "\n") {
				if ansi.StringWidth(l) > width {
					rt.Fatalf("%d cells in %d: %q", ansi.StringWidth(l), width, l)
				}
			}
			if !d.Multi && strings.Contains(d.Value(), "\n") {
				rt.Fatal("a single line has two")
			}
		}
	})
}
