package tui

import (
	"testing"

	tea "charm.land/bubbletea/v2"
	"pgregory.net/rapid"

	"case53/cases"
	"case53/tui/frame/frametest"
)

// Any keys in any order, at any size, over any text: the workbench keeps to its screen, lets nothing of the evidence
// through, and closes what it opened.
func TestAnyKeys(t *testing.T) {
	all := []string{
		"1", "2", "3", "4", "5", "6", "7", "8", "a", "b", ";", ":", "H", "?", "esc", "q", "backspace", "enter", "p", "/", ",",
		"!", "ctrl+x", "F", "[", "]", "C", "-", "_", "|", "y", "e", "r", "R", ".", "E", "E", "i", "tab", "{", "}", "v", "j", "k", "h", "l", "g", "G", "0",
		"$", "down", "up", "left", "right", "pgdown", "pgup", "home", "end", "tab", "space", "f5", "ctrl+t", "ctrl+l",
		"ctrl+j", "ctrl+r", "ctrl+d", "ctrl+u", "ctrl+w", "x", "X", "9", "J", "space", "v", "m", "t", "c", "s", "u", "ctrl+r", "delete", "'a tag",
		"ctrl+e", "ctrl+o", "~", "'action=REJECT", "f", "n", "N", "L", "'names", "w", "W", "o", "T", "<", ">", "z", "Z", "'11-01 to 11-02",
		"'start>=11-01 10:00",
		"'10.0.0.0/8", "'203.0.113.9", "'nosuch",
	}
	rapid.Check(t, func(rt *rapid.T) {
		d := drive(t, 80, 24)
		if rapid.Bool().Draw(rt, "hostile") {
			d.fake.answer = func(sql string) *fakeResult {
				r := fakeAnswer(sql)
				if r == nil {
					return nil
				}
				row := r.row
				r.row = func(i int) []cases.Cell {
					cells := row(i)
					for j := range cells {
						if r.cols[j].Type == "VARCHAR" {
							cells[j].Text += frametest.Nasty
						}
					}
					return cells
				}
				return r
			}
		}
		w, h := 80, 24
		for range rapid.IntRange(1, 40).Draw(rt, "keys") {
			switch rapid.IntRange(0, 12).Draw(rt, "what") {
			case 0:
				w, h = rapid.IntRange(1, 130).Draw(rt, "width"), rapid.IntRange(1, 50).Draw(rt, "height")
				d.send(tea.WindowSizeMsg{Width: w, Height: h})
			case 1:
				d.send(tea.PasteMsg{Content: frametest.Nasty})
			case 2:
				d.hold = true
				d.keys(rapid.SampledFrom(all).Draw(rt, "held key"))
				d.hold = false
			case 3:
				d.release()
			default:
				d.keys(rapid.SampledFrom(all).Draw(rt, "key"))
			}
			fits(t, d, w, h)
			frametest.Harmless(t, d.app.View().Content)
			if t.Failed() {
				rt.FailNow()
			}
		}
		d.release()
		for range 100 { // leave everything
			d.keys("esc")
		}
		d.release()
		if d.fake.opened != d.fake.closed || len(d.app.env.Waiting) > 0 {
			rt.Fatalf("%d results opened, %d closed; %d requests waited for", d.fake.opened, d.fake.closed, len(d.app.env.Waiting))
		}
	})
}
