package tui

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"case53/tui/frame"
)

// crumbs is the trail on the first line; where it is too long, its beginning goes.
func (a *App) crumbs() string {
	e := a.env
	t := &e.Theme
	sep := " " + t.Glyph.Crumb + " "
	var titles []string
	for _, s := range e.Trail {
		titles = append(titles, s.Title())
	}
	jobs := a.jobs()
	width := max(a.width-ansi.StringWidth(jobs), 2)
	last := frame.Grow(titles[len(titles)-1], max(width-2, 1), t)
	before := ""
	for i := len(titles) - 2; i >= 0; i-- {
		more := titles[i] + sep + before
		if i > 0 && ansi.StringWidth(t.Glyph.Dots+sep+more+last)+1 > width || i == 0 && ansi.StringWidth(more+last)+1 > width {
			before = t.Glyph.Dots + sep + before
			break
		}
		before = more
	}
	line := frame.Grow(" "+t.Dim.Render(before)+t.Title.Render(last), width, t)
	if jobs == "" {
		return line
	}
	return line + strings.Repeat(" ", max(width-ansi.StringWidth(line), 0)) + t.Kind.Render(jobs)
}

// jobs says at the end of the first line what runs beside the screen on view; the newest, and how many others.
func (a *App) jobs() string {
	e := a.env
	var running []*frame.Job
	for _, j := range e.Running() {
		if j.Task != e.Top().Status().Task && j.Task != a.front().Status().Task {
			running = append(running, j)
		}
	}
	if len(running) == 0 || a.width < 40 {
		return ""
	}
	text := e.Theme.Glyph.Mark + " " + running[0].What + " " + e.Brief(running[0].Said())
	if n := len(running) - 1; n > 0 {
		text += fmt.Sprintf(" +%d", n)
	}
	return " " + frame.Grow(text, a.width/2, &e.Theme) + " "
}

// running says that something runs, once it has run long enough to be noticed.
func (a *App) running(task *frame.Task) string {
	e := a.env
	if !task.Running() || e.Now.Sub(task.Since) < slow {
		return ""
	}
	spin := []rune(e.Theme.Glyph.Spin)
	return fmt.Sprintf("%c %s %.0f s %s esc cancels", spin[e.Spin%len(spin)], task.What, e.Now.Sub(task.Since).Seconds(), e.Theme.Glyph.Dash)
}

// foot is the line of keys: what the screen does first, then the way back and help.
func (a *App) foot() string {
	e := a.env
	t := &e.Theme
	var words []string
	front := a.front()
	typist, ok := front.(frame.Typing)
	text := ok && typist.Typing()
	add := func(binds []frame.Bind) {
		for _, b := range binds {
			if names := strings.Fields(b.Shown()); b.Foot != "" && len(names) > 0 {
				key := names[0]
				if text && len(key) == 1 { // it would be typed
					key = names[len(names)-1]
				}
				words = append(words, t.Strong.Render(key)+" "+b.Foot)
			}
		}
	}
	if e.Notice != "" {
		return t.Warn.Render(frame.Grow(" "+e.Notice, a.width, t))
	}
	add(front.Keys())
	mine := len(words)
	add(a.binds())
	own := words[mine:]
	words = words[:mine:mine]
	width := func() (n int) {
		for _, w := range append(words, own...) {
			n += ansi.StringWidth(w) + 2
		}
		return n
	}
	for len(words) > 0 && width() > a.width { // back and keys always stay
		words = words[:len(words)-1]
	}
	return frame.Grow(" "+strings.Join(append(words, own...), "  "), a.width, t)
}
