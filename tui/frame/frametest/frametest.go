// Package frametest is what the tests of screens share: keys, rows, and text that wants to hurt a terminal.
package frametest

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"

	tea "charm.land/bubbletea/v2"

	"case53/cases"
)

// keys by the names that Press takes.
var named = map[string]rune{
	"enter": tea.KeyEnter, "esc": tea.KeyEscape, "backspace": tea.KeyBackspace, "down": tea.KeyDown, "up": tea.KeyUp,
	"left": tea.KeyLeft, "right": tea.KeyRight, "pgdown": tea.KeyPgDown, "pgup": tea.KeyPgUp, "tab": tea.KeyTab, "f5": tea.KeyF5, "f1": tea.KeyF1,
	"home": tea.KeyHome, "end": tea.KeyEnd,
}

// Press is a key pressed.
func Press(name string) tea.KeyPressMsg {
	if c, ok := strings.CutPrefix(name, "ctrl+"); ok {
		return tea.KeyPressMsg{Code: []rune(c)[0], Mod: tea.ModCtrl}
	}
	if c, ok := named[name]; ok {
		return tea.KeyPressMsg{Code: c}
	}
	if name == "space" {
		return tea.KeyPressMsg{Code: ' ', Text: " "}
	}
	return tea.KeyPressMsg{Code: []rune(name)[0], Text: name}
}

// Cells makes a row; "-" is a missing value.
func Cells(texts ...any) []cases.Cell {
	row := make([]cases.Cell, len(texts))
	for i, t := range texts {
		row[i] = cases.Cell{Text: fmt.Sprint(t), Null: t == "-"}
		if row[i].Null {
			row[i].Text = ""
		}
	}
	return row
}

// Columns reads "name:TYPE:kind …".
func Columns(spec string) []cases.Column {
	var cols []cases.Column
	for _, s := range strings.Fields(spec) {
		p := append(strings.Split(s, ":"), "", "")
		if p[1] == "" {
			p[1] = "VARCHAR"
		}
		cols = append(cols, cases.Column{Name: p[0], Type: p[1], Kind: p[2]})
	}
	return cols
}

const Nasty = "a\x1b[2J\x1b]52;c;QUJD\x07\x1b]8;;http://e\x1b\\\u009b31m\x00\r\nb\u202ec\u200d\u2066\U000e0041\xff\x9b" + "z"

// Harmless fails when a view holds anything but printable text, newlines and our own colours.
func Harmless(t *testing.T, view string) {
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

var sgr = regexp.MustCompile("\x1b\\[[0-9;:]*m")
