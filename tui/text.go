package tui

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"case53/tui/grid"
)

// page is an overlay of text to read: help, and what a result was asked.
type page struct {
	e     *Env
	title string
	lines func(width int) []string
	top   int
	last  int // the furthest it can scroll, as of the last View
}

func (p *page) Title() string          { return p.title }
func (p *page) Open() tea.Cmd          { return nil }
func (p *page) Close() tea.Cmd         { return nil }
func (p *page) Status() Status         { return Status{} }
func (p *page) Update(tea.Msg) tea.Cmd { return nil }

func (p *page) Keys() []Bind {
	move := func(n int) func() tea.Cmd { return do(func() { p.top = max(min(p.top+n, p.last), 0) }) }
	return []Bind{
		{Keys: keys("down", "j"), Does: "scroll down", Foot: "scroll", Run: move(1)},
		{Keys: keys("up", "k"), Does: "scroll up", Run: move(-1)},
		{Keys: keys("pgdown", "ctrl+d", "space"), Does: "scroll far down", Run: move(10)},
		{Keys: keys("pgup", "ctrl+u"), Does: "scroll far up", Run: move(-10)},
	}
}

func (p *page) View(width, height int) string {
	lines := p.lines(width)
	p.last = max(len(lines)-height, 0)
	p.top = min(p.top, p.last)
	return strings.Join(lines[p.top:min(len(lines), p.top+height)], "\n")
}

// newHelp lists the keys of a screen and of the workbench.
func newHelp(e *Env, s Screen, own []Bind) *page {
	title := "Keys"
	return &page{e: e, title: title, lines: func(width int) []string {
		t := &e.theme
		var out []string
		seen, column := map[string]bool{}, 0
		for _, b := range slices.Concat(s.Keys(), own) {
			column = min(max(column, ansi.StringWidth(b.shown())), max(width/3, 8))
		}
		section := func(name string, binds []Bind) {
			out = append(out, t.title.Render(name))
			for _, b := range binds {
				if seen[b.shown()+b.Does] {
					continue
				}
				seen[b.shown()+b.Does] = true
				lead := grid.Fit(b.shown(), column, false, e.opt.ASCII) + "  "
				for _, l := range wrap(b.Does, max(width-column-2, 10)) {
					out = append(out, lead+l)
					lead = strings.Repeat(" ", column+2)
				}
			}
			out = append(out, "")
		}
		section(s.Title(), s.Keys())
		section("Everywhere", own)
		return out[:len(out)-1]
	}}
}

// newExplain shows what was asked: prose, SQL as it was run, arguments, and what the answer cannot tell.
func newExplain(e *Env, title string, a about, sql string, args map[string]any) *page {
	return &page{e: e, title: "About " + title, lines: func(width int) []string {
		t := &e.theme
		var out []string
		if a.doc != "" {
			out = append(out, e.paragraphs(a.doc, width)...)
		}
		if a.lacks != "" {
			out = append(out, t.warn.Render(grow(a.lacks, width, t)), "")
		}
		if a.cannot != "" {
			out = append(out, t.title.Render("What it cannot tell"))
			out = append(out, e.paragraphs(a.cannot, width)...)
		}
		out = append(out, t.title.Render("SQL"))
		for _, l := range e.lines(trimSQL(sql)) {
			out = append(out, wrap(l, width)...)
		}
		if len(args) > 0 {
			out = append(out, "", t.title.Render("Arguments"))
		}
		for _, name := range slices.Sorted(maps.Keys(args)) {
			out = append(out, wrap("$"+e.show(name)+" = "+e.brief(argText(args[name])), width)...)
		}
		return out
	}}
}

func argText(v any) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case string:
		return fmt.Sprintf("%q", v)
	case time.Time:
		return v.UTC().Format(cellTime) + " UTC"
	}
	return fmt.Sprint(v)
}

// paragraphs wraps prose whose paragraphs are parted by empty lines, and ends with an empty line.
func (e *Env) paragraphs(text string, width int) []string {
	var out []string
	for _, p := range strings.Split(text, "\n\n") {
		out = append(out, wrap(e.show(oneLine(p)), width)...)
		out = append(out, "")
	}
	return out
}

// wrap breaks a line that is safe to draw at spaces, and within a word that is too long for any line.
func wrap(s string, width int) []string {
	if width < 1 {
		return []string{s}
	}
	return strings.Split(ansi.Wrap(s, width, ""), "\n")
}

// oneLine joins the lines of prose.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// hardWrap breaks a value at the edge, wherever that is: unlike wrap it keeps every space.
func hardWrap(s string, width int) []string {
	return strings.Split(ansi.Hardwrap(s, width, true), "\n")
}
