package tui

import (
	"strings"
	"testing"
	"time"

	"case53/tui/frame"
)

// The status line says a fact whole or not at all, at every width; the window and that it does not hold here go last, and at 80
// columns the number of rows is there however long the case's name is.
func TestStatusLineIsWhole(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip(err)
	}
	d := drive(t, 80, 24, func(o *frame.Options) {
		o.CaseName, o.CaseZone = "the-whole-long-story-of-what-happened-to-kestrel-freight-in-october.case", berlin
	})
	status := func() string {
		lines := strings.Split(d.screen(), "\n")
		return strings.TrimRight(lines[len(lines)-2], " ")
	}
	d.keys("ctrl+t", "w", "'11-01 10:00:17 to 11:00:21", "enter", "T", ";", "'SELECT * FROM flow", "f5", "T")
	if got := status(); got != " the-who… CET (not here) 11-01 10:00:17–11:00:21 T0 11:00 | 1–18 of ≥ 256" {
		t.Errorf("80 columns: %q", got)
	}
	at := map[string]int{}
	for width := 20; width <= 220; width++ {
		d.send(windowSize(width, 24))
		line := status()
		const rows = "1–18 of ≥ 256"
		for _, whole := range []string{"(not here)", "11-01 10:00:17–11:00:21", "T0 11:00", rows, "READ-ONLY", "CET+01:00/CEST+02:00"} {
			word, _, _ := strings.Cut(whole, " ")
			switch {
			case strings.Contains(line, whole):
				if at[whole] == 0 {
					at[whole] = width
				}
			case strings.Contains(line, word) || at[whole] > 0 && whole != rows:
				t.Errorf("%d columns: %q of %q in %q", width, word, whole, line)
			}
		}
	}
	if at["(not here)"] > 24 || at["11-01 10:00:17–11:00:21"] > 50 {
		t.Errorf("the window gives way too early: %v", at)
	}
}
