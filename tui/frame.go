package tui

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"case53/tui/grid"
)

// clip cuts text to width and height.
func clip(s string, width, height int) string {
	if height <= 0 {
		return ""
	}
	lines := strings.Split(s, "\n")
	if len(lines) > height {
		lines = lines[:height]
	}
	for i, l := range lines {
		if ansi.StringWidth(l) > width {
			lines[i] = ansi.Truncate(l, width, "")
		}
	}
	for len(lines) < height {
		lines = append(lines, "")
	}
	return strings.Join(lines, "\n")
}

// grow shortens s to width where needed, with the theme's dots.
func grow(s string, width int, t *theme) string {
	if ansi.StringWidth(s) <= width {
		return s
	}
	return ansi.Truncate(s, width, t.glyph.dots)
}

// crumbs is the trail on the first line; where it is too long, its beginning goes.
func (a *App) crumbs() string {
	e := a.env
	t := &e.theme
	sep := " " + t.glyph.crumb + " "
	var titles []string
	for _, s := range e.trail {
		titles = append(titles, s.Title())
	}
	last := grow(titles[len(titles)-1], max(a.width-2, 1), t)
	before := ""
	for i := len(titles) - 2; i >= 0; i-- {
		more := titles[i] + sep + before
		if i > 0 && ansi.StringWidth(t.glyph.dots+sep+more+last)+1 > a.width || i == 0 && ansi.StringWidth(more+last)+1 > a.width {
			before = t.glyph.dots + sep + before
			break
		}
		before = more
	}
	return grow(" "+t.dim.Render(before)+t.title.Render(last), a.width, t)
}

// status is the line that says where one is: case, zone, rows, filter, time taken, what runs.
func (a *App) status() string {
	e := a.env
	t := &e.theme
	st := e.top().Status()
	left := " " + e.show(e.opt.CaseName) + " " + e.opt.Note + " " + e.zoneName()
	notice := a.running(st.Task)
	if notice == "" && a.height < 8 {
		notice = e.notice // there is no foot to say it in
	}
	var facts []string
	if st.Rows != "" {
		facts = append(facts, st.Rows)
	}
	if st.Took > 0 {
		facts = append(facts, tookText(st.Took))
	}
	if st.Filter != "" {
		facts = append(facts, "filter "+st.Filter)
	}
	text := left
	if len(facts) > 0 {
		text += " | " + strings.Join(facts, " | ")
	}
	if notice == "" {
		return t.bar.Render(grid.Fit(text, a.width, false, e.opt.ASCII))
	}
	notice = grow(" "+notice+" ", a.width, t)
	room := a.width - ansi.StringWidth(notice)
	return t.bar.Render(grid.Fit(text, room, false, e.opt.ASCII)) + t.barNotice.Render(notice)
}

// running says that something runs, once it has run long enough to be noticed.
func (a *App) running(task *task) string {
	e := a.env
	if !task.running() || e.now.Sub(task.since) < slow {
		return ""
	}
	spin := []rune(e.theme.glyph.spin)
	return fmt.Sprintf("%c %s %.0f s %s esc cancels", spin[e.frame%len(spin)], task.what, e.now.Sub(task.since).Seconds(), e.theme.glyph.dash)
}

func tookText(d time.Duration) string {
	if d < 10*time.Second {
		return fmt.Sprintf("%.2f s", d.Seconds())
	}
	return fmt.Sprintf("%.0f s", d.Seconds())
}

// foot is the line of keys: what the screen does first, then the way back and help.
func (a *App) foot() string {
	e := a.env
	t := &e.theme
	var words []string
	front := a.front()
	typist, ok := front.(typing)
	text := ok && typist.Typing()
	add := func(binds []Bind) {
		for _, b := range binds {
			if b.Foot != "" {
				names := strings.Fields(b.shown())
				key := names[0]
				if text && len(key) == 1 { // it would be typed
					key = names[len(names)-1]
				}
				words = append(words, t.strong.Render(key)+" "+b.Foot)
			}
		}
	}
	if e.notice != "" {
		return t.warn.Render(grow(" "+e.notice, a.width, t))
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
	return grow(" "+strings.Join(append(words, own...), "  "), a.width, t)
}
