package frame

import (
	"strings"

	tea "charm.land/bubbletea/v2"
)

// Bind is a key, or several, and what it does.
type Bind struct {
	Keys []string // as tea.KeyPressMsg.String gives them
	Show string   // how they are written; "" when that is Keys
	Does string   // for help, as a sentence without its subject
	Foot string   // a word for the foot of the screen; "" for help only
	Run  func() tea.Cmd
}

func (b Bind) Shown() string {
	if b.Show != "" {
		return b.Show
	}
	return strings.Join(b.Keys, " ")
}

// Find is the bind that takes key.
func Find(binds []Bind, key string) (Bind, bool) {
	for _, b := range binds {
		for _, k := range b.Keys {
			if k == key {
				return b, true
			}
		}
	}
	return Bind{}, false
}

// PageDoes is what E does, in lists, records and pages.
const PageDoes = "the page of the value under the cursor: when it was seen, names, peers, bytes, findings, notes"

// Keys makes the list for Bind.Keys.
func Keys(k ...string) []string { return k }

// Do makes a Run of something that starts nothing.
func Do(f func()) func() tea.Cmd {
	return func() tea.Cmd {
		f()
		return nil
	}
}

// IsText reports whether a key puts text somewhere.
func IsText(k tea.KeyPressMsg) bool { return k.Text != "" || k.String() == "backspace" }
