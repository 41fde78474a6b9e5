package words_test

import (
	"testing"

	"case53/cases/words"
)

func TestShellWordIsOneWord(t *testing.T) {
	for in, want := range map[string]string{
		"":                     `''`,
		"incident.case":        `incident.case`,
		"two words":            `'two words'`,
		"it's":                 `"it's"`,
		`it's $HOME`:           `'it'\''s $HOME'`,
		"SELECT 'a' FROM flow": `"SELECT 'a' FROM flow"`,
		"esc\x1b[31m'\\":       `$'esc\x1b[31m\'\\'`,
		"ä":                    `$'\xc3\xa4'`,
		"-p":                   `-p`,
	} {
		if got := words.ShellLine(in); got != want {
			t.Errorf("%q is written %s, want %s", in, got, want)
		}
	}
}

func TestCountMarksThousands(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", -1234567: "-1,234,567", -123: "-123"} {
		if got := words.Count(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

func TestLongIsNeverRoundedUp(t *testing.T) {
	for seconds, want := range map[float64]string{0: "0 s", 119.9: "119 s", 120: "2 min", 7199: "119 min", 7200: "2 h", 86400: "24 h", 109800: "30.5 h"} {
		if got := words.Long(seconds); got != want {
			t.Errorf("%g s: %s, want %s", seconds, got, want)
		}
	}
}
