package tui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"case53/tui/grid"
)

// item is a line of a menu. Its texts are safe to draw.
type item struct {
	text, note string
	dim        bool
	run        func() tea.Cmd // enter; nil: the line cannot be chosen
	toggle     func() tea.Cmd // space
}

// menu is an overlay of lines to choose from: pivots, columns, the trail.
type menu struct {
	e     *Env
	title string
	items []item
	fill  func() []item // makes the items anew after each key, where they change
	empty string        // what is said when there are none
	at    int
	top   int
}

func newMenu(e *Env, title string, items []item) *menu {
	return &menu{e: e, title: title, items: items}
}

func (m *menu) Title() string          { return m.title }
func (m *menu) Open() tea.Cmd          { m.refill(); return nil }
func (m *menu) Close() tea.Cmd         { return nil }
func (m *menu) Status() Status         { return Status{} }
func (m *menu) Update(tea.Msg) tea.Cmd { return nil }

func (m *menu) refill() {
	if m.fill != nil {
		m.items = m.fill()
	}
	m.at = max(min(m.at, len(m.items)-1), 0)
}

func (m *menu) Keys() []Bind {
	move := func(n int) func() tea.Cmd {
		return do(func() { m.at = max(min(m.at+n, len(m.items)-1), 0) })
	}
	binds := []Bind{
		{Keys: keys("enter"), Does: "choose", Foot: "choose", Run: func() tea.Cmd { return m.choose(m.at) }},
		{Keys: keys("down", "j"), Does: "one down", Run: move(1)},
		{Keys: keys("up", "k"), Does: "one up", Run: move(-1)},
		{Keys: keys("pgdown", "ctrl+d"), Does: "ten down", Run: move(10)},
		{Keys: keys("pgup", "ctrl+u"), Does: "ten up", Run: move(-10)},
		{Keys: keys("g", "home"), Does: "first", Run: do(func() { m.at = 0 })},
		{Keys: keys("G", "end"), Does: "last", Run: do(func() { m.at = max(len(m.items)-1, 0) })},
	}
	if m.fill != nil {
		return append(binds, Bind{Keys: keys("space"), Does: "hide or show", Foot: "hide/show", Run: m.flip})
	}
	numbers := Bind{Show: "1–9", Does: "choose by number"}
	if m.e.opt.ASCII {
		numbers.Show = "1-9"
	}
	for i := range min(len(m.items), 9) {
		b := numbers
		b.Keys, b.Run = keys(fmt.Sprint(i+1)), func() tea.Cmd { return m.choose(i) }
		binds = append(binds, b)
	}
	return binds
}

func (m *menu) choose(i int) tea.Cmd {
	if i >= len(m.items) || m.items[i].run == nil {
		return nil
	}
	return m.items[i].run()
}

func (m *menu) flip() tea.Cmd {
	if m.at >= len(m.items) || m.items[m.at].toggle == nil {
		return nil
	}
	cmd := m.items[m.at].toggle()
	m.refill()
	return cmd
}

func (m *menu) View(width, height int) string {
	t := &m.e.theme
	if len(m.items) == 0 {
		return strings.Join(wrap(m.empty, width), "\n")
	}
	height = min(height, len(m.items))
	m.top = scroll(m.top, m.at, height, len(m.items))
	wide := 0
	for _, it := range m.items {
		w := ansi.StringWidth(it.text) + 5
		if it.note != "" {
			w += ansi.StringWidth(it.note) + 2
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

func (m *menu) line(t *theme, i, width int) string {
	it := m.items[i]
	lead := "   "
	if m.fill == nil && i < 9 {
		lead = fmt.Sprintf("%d  ", i+1)
	}
	text := lead + it.text
	if note := ansi.StringWidth(it.note); note > 0 && width-note-2 > 10 {
		text = grid.Fit(text, width-note-2, false, m.e.opt.ASCII) + "  " + it.note
	}
	text = grid.Fit(text, width, false, m.e.opt.ASCII)
	switch {
	case i == m.at:
		return t.cursor.Render(text)
	case it.dim || it.run == nil:
		return t.dim.Render(text)
	}
	return text
}

// scroll is the first line to draw so that line at is on the screen.
func scroll(top, at, height, n int) int {
	top = min(top, at)
	top = max(top, at-height+1)
	return max(min(top, n-height), 0)
}

// newTrail lists the screens passed through, to go back to one.
func newTrail(e *Env) *menu {
	var items []item
	for i, s := range e.trail {
		st := s.Status()
		it := item{text: s.Title(), note: st.Rows}
		it.run = func() tea.Cmd { return e.closeThen(func() tea.Cmd { return e.popTo(i) }) }
		items = append(items, it)
	}
	m := newMenu(e, "Trail", items)
	m.at = len(items) - 1
	return m
}
