package frame

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"case53/tui/grid"
)

// Item is a line of a menu. Its texts are safe to draw.
type Item struct {
	Text, Note string
	Dim        bool
	Run        func() tea.Cmd // enter; nil: the line cannot be chosen
	Toggle     func() tea.Cmd // space
}

// menu is an overlay of lines to choose from: pivots, columns, the trail.
type menu struct {
	e     *Env
	title string
	items []Item
	Fill  func() []Item // makes the items anew after each key, where they change
	Empty string        // what is said when there are none
	At    int
	top   int
}

func NewMenu(e *Env, title string, items []Item) *menu {
	return &menu{e: e, title: title, items: items}
}

func (m *menu) Title() string          { return m.title }
func (m *menu) Open() tea.Cmd          { m.refill(); return nil }
func (m *menu) Close() tea.Cmd         { return nil }
func (m *menu) Status() Status         { return Status{} }
func (m *menu) Update(tea.Msg) tea.Cmd { return nil }

func (m *menu) refill() {
	if m.Fill != nil {
		m.items = m.Fill()
	}
	m.At = max(min(m.At, len(m.items)-1), 0)
}

func (m *menu) Keys() []Bind {
	move := func(n int) func() tea.Cmd {
		return Do(func() { m.At = max(min(m.At+n, len(m.items)-1), 0) })
	}
	binds := []Bind{
		{Keys: Keys("enter"), Does: "choose", Foot: "choose", Run: func() tea.Cmd { return m.choose(m.At) }},
		{Keys: Keys("down", "j"), Does: "one down", Run: move(1)},
		{Keys: Keys("up", "k"), Does: "one up", Run: move(-1)},
		{Keys: Keys("pgdown", "ctrl+d"), Does: "ten down", Run: move(10)},
		{Keys: Keys("pgup", "ctrl+u"), Does: "ten up", Run: move(-10)},
		{Keys: Keys("g", "home"), Does: "first", Run: Do(func() { m.At = 0 })},
		{Keys: Keys("G", "end"), Does: "last", Run: Do(func() { m.At = max(len(m.items)-1, 0) })},
	}
	if m.Fill != nil {
		return append(binds, Bind{Keys: Keys("space"), Does: "hide or show", Foot: "hide/show", Run: m.flip})
	}
	numbers := Bind{Show: "1–9", Does: "choose by number"}
	if m.e.Opt.ASCII {
		numbers.Show = "1-9"
	}
	for i := range min(len(m.items), 9) {
		b := numbers
		b.Keys, b.Run = Keys(fmt.Sprint(i+1)), func() tea.Cmd { return m.choose(i) }
		binds = append(binds, b)
	}
	return binds
}

func (m *menu) choose(i int) tea.Cmd {
	if i >= len(m.items) || m.items[i].Run == nil {
		return nil
	}
	return m.items[i].Run()
}

func (m *menu) flip() tea.Cmd {
	if m.At >= len(m.items) || m.items[m.At].Toggle == nil {
		return nil
	}
	cmd := m.items[m.At].Toggle()
	m.refill()
	return cmd
}

func (m *menu) View(width, height int) string {
	t := &m.e.Theme
	if len(m.items) == 0 {
		return strings.Join(Wrap(m.Empty, width), "\n")
	}
	height = min(height, len(m.items))
	m.top = Scroll(m.top, m.At, height, len(m.items))
	wide := 0
	for _, it := range m.items {
		w := ansi.StringWidth(it.Text) + 5
		if it.Note != "" {
			w += ansi.StringWidth(it.Note) + 2
		}
		wide = max(wide, w)
	}
	width = min(width, wide)
	var out []string
	for i := m.top; i < m.top+height; i++ {
		out = append(out, m.line(t, i, width))
	}
	return strings.Join(out, "\n")
}

func (m *menu) line(t *Theme, i, width int) string {
	it := m.items[i]
	lead := "   "
	if m.Fill == nil && i < 9 {
		lead = fmt.Sprintf("%d  ", i+1)
	}
	text := lead + it.Text
	if note := ansi.StringWidth(it.Note); note > 0 && width-note-2 > 10 {
		text = grid.Fit(text, width-note-2, false, m.e.Opt.ASCII) + "  " + it.Note
	}
	text = grid.Fit(text, width, false, m.e.Opt.ASCII)
	switch {
	case i == m.At:
		return t.Cursor.Render(text)
	case it.Dim || it.Run == nil:
		return t.Dim.Render(text)
	}
	return text
}

// Scroll is the first line to draw so that line at is on the screen.
func Scroll(top, at, height, n int) int {
	top = min(top, at)
	top = max(top, at-height+1)
	return max(min(top, n-height), 0)
}

// NewTrail lists the screens passed through, to go back to one, and those that were left, to go forward.
func NewTrail(e *Env) *menu {
	var items []Item
	for i, s := range e.Trail {
		st := s.Status()
		it := Item{Text: s.Title(), Note: st.Rows}
		it.Run = func() tea.Cmd { return e.CloseThen(func() tea.Cmd { return e.PopTo(i) }) }
		items = append(items, it)
	}
	here := len(items) - 1
	for i := range e.Ahead {
		s := e.Ahead[len(e.Ahead)-1-i]
		items = append(items, Item{Text: s.Title(), Note: "ahead", Run: func() tea.Cmd {
			return e.CloseThen(func() tea.Cmd { return e.ForwardTo(i + 1) })
		}})
	}
	m := NewMenu(e, "Trail", items)
	m.At = here
	return m
}
