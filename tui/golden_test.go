package tui

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/golden"

	"case53/tui/frame"
)

// sizes at which every screen is looked at.
var sizes = [][2]int{{80, 24}, {200, 60}, {40, 10}}

// keptKeys mark and tag records and values of the flow list.
var keptKeys = []string{"3", "j", "space", "j", "s", "'high", "enter", "j", "t", "'c2 first", "enter", "j", "j", "right", "m"}

func TestScreens(t *testing.T) {
	for _, c := range []struct {
		name string
		keys []string
	}{
		{"overview", nil},
		{"overview-scrolled", []string{"pgdown"}},
		{"flow", []string{"3", "j", "j", "right"}},
		{"flow-frequency", []string{"3", "right", "right", "right", "right", "right", "right", "F"}},
		{"flow-filtered", []string{"3", "right", ",", "["}},
		{"flow-folded", []string{"3", "right", "-", "_", "$"}},
		{"dns", []string{"4", "j", "j", "l", "l"}},
		{"record", []string{"4", "enter"}},
		{"record-all-fields", []string{"3", "enter", ".", "G"}},
		{"pivot", []string{"3", "right", "p"}},
		{"queries", []string{"2", "down", "down"}},
		{"queries-narrowed", []string{"2", "'names"}},
		{"form", []string{"2", "'flows", "enter", "'10.0", "enter"}},
		{"filter", []string{"3", "/", "'bites>=3", "enter"}},
		{"filter-list", []string{"3", "right", ",", "/", "'!action=RE", "tab", "enter", "/", "up", "space", "down", "'time>=11-01 10:00"}},
		{"find", []string{"3", "f", "'reject", "enter", "n"}},
		{"columns", []string{"3", "C", "down", "space"}},
		{"trail", []string{"4", "enter", "H"}},
		{"explain", []string{"3", "right", ",", "e"}},
		{"help", []string{"3", "?"}},
		{"palette", []string{"3", ":", "'names", "down"}},
		{"sql-error", []string{";", "'SELECT * FROM", "enter", "'nosuch", "f5"}},
		{"no-rows", []string{"c"}},
		{"window", []string{"3", "w", "'11-01 10:00 to 10:05"}},
		{"window-flow", []string{"3", "T", "w", "'T0 to T0+1h", "enter", "F"}},
		{"window-around", []string{"3", "o"}},
		{"hunts", []string{"X"}},
		{"coverage", []string{"8", "j", "}", "}"}},
		{"timeline", []string{"7"}},
		{"jobs", []string{"X", "1", "J"}},
		{"timeline-events", []string{"T", "3", "j", "T", "X", "7", "j"}},
		{"coverage-explained", []string{"8", "e"}},
		{"compare", []string{"9", "j", "j", "j", "j", "j", "j"}},
		{"export", []string{"3", "ctrl+e"}},
		{"flow-kept", append(slices.Clone(keptKeys), "j", "v", "j")},
		{"record-kept", append(slices.Clone(keptKeys), "enter")},
		{"notes", append(slices.Clone(keptKeys), "0", "j")},
		{"notes-none", []string{"0"}},
		{"strip", []string{"3", "i", "tab", "l", "v", "l", "l"}},
		{"page", []string{"3", "right", "E", "j"}},
		{"page-peers", []string{"3", "right", "E", "j", "j", "j", "j", "m"}},
		{"tag", append(slices.Clone(keptKeys), "t")},
	} {
		for _, size := range sizes {
			name := fmt.Sprintf("%s-%dx%d", c.name, size[0], size[1])
			t.Run(name, func(t *testing.T) {
				d := drive(t, size[0], size[1]).keys(c.keys...)
				fits(t, d, size[0], size[1])
				golden.RequireEqual(t, trimmed(d.screen()))
			})
		}
	}
}

func TestASCII(t *testing.T) {
	ascii := func(o *frame.Options) { o.ASCII = true }
	for _, c := range []struct {
		name string
		keys []string
	}{
		{"overview", nil},
		{"dns", []string{"4", "j", "j"}},
		{"record", []string{"4", "enter"}},
		{"pivot", []string{"3", "right", "p"}},
		{"filter", []string{"3", "/"}},
		{"coverage", []string{"8", "j", "}"}},
		{"timeline", []string{"X", "7"}},
		{"notes", append(slices.Clone(keptKeys), "0", "j")},
	} {
		t.Run(c.name, func(t *testing.T) {
			screen := drive(t, 80, 24, ascii).keys(c.keys...).screen()
			for _, r := range screen {
				if r > 0x7e {
					t.Errorf("%q is not ASCII in:\n%s", r, screen)
					break
				}
			}
			golden.RequireEqual(t, trimmed(screen))
		})
	}
}

// Every screen survives every size, and never draws more than there is room for.
func TestSizes(t *testing.T) {
	for _, keys := range [][]string{
		nil, {"3"}, {"3", "p"}, {"4", "enter"}, {"2"}, {"2", "'flows", "enter"},
		{";"}, {"3", "/"}, {"3", "?"}, {"3", "C"}, {"c"}, {"3", "e"}, {"8", "j"}, {"X", "7"},
	} {
		d := drive(t, 80, 24).keys(keys...)
		for _, size := range [][2]int{{20, 5}, {10, 3}, {5, 2}, {1, 1}, {0, 0}, {300, 100}, {30, 8}, {80, 24}, {21, 40}} {
			d.send(windowSize(size[0], size[1]))
			fits(t, d, size[0], size[1])
			d.keys("down", "right", "G")
			fits(t, d, size[0], size[1])
		}
	}
}

func fits(t *testing.T, d *driver, width, height int) {
	t.Helper()
	lines := strings.Split(d.screen(), "\n")
	if len(lines) > max(height, 1) {
		t.Errorf("%d lines on a screen of %d:\n%s", len(lines), height, d.screen())
	}
	for _, l := range lines {
		if w := ansi.StringWidth(l); w > width {
			t.Errorf("a line of %d cells on a screen of %d: %q", w, width, l)
		}
	}
}

// trimmed is a screen without the spaces that end its lines.
func trimmed(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	return strings.Join(lines, "\n") + "\n"
}
