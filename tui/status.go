package tui

import (
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"case53/tui/frame"
	"case53/tui/grid"
)

// fact is a part of the status line: the ways to say it, the longest first. The last way of most is to leave it out: a fact is said
// whole or not at all, as half a number is another number.
type fact []string

// shorter takes the next shorter way; false where there is none.
func (f *fact) shorter() bool {
	if len(*f) < 2 {
		return false
	}
	*f = (*f)[1:]
	return true
}

// facts are what the status line says, in its order.
type facts struct{ name, note, zone, window, t0, rows, took, filter fact }

// facts of the screen on view.
func (a *App) facts() facts {
	e := a.env
	t, st := &e.Theme, e.Top().Status()
	name := e.Show(e.Opt.CaseName)
	third := frame.Grow(name, max(a.width/3, 8), t)
	f := facts{
		name:   fact{third, frame.Grow(name, min(ansi.StringWidth(third), 8), t), ""},
		note:   a.buildNote(e.Opt.Note),
		zone:   fact{e.ZoneName(), e.ZoneWord(), ""},
		window: fact{e.WindowText()},
		t0:     fact{e.T0Text(), ""},
		rows:   fact{st.Rows, ""},
		took:   fact{""},
		filter: fact{""},
	}
	if e.Windowed() {
		f.window = append(f.window, "windowed")
		if st.All {
			f.window = fact{"(not here) " + e.WindowText(), "(not here)"}
		}
	}
	if st.Took > 0 {
		f.took = fact{frame.TookText(st.Took), ""}
	}
	if st.Filter != "" {
		f.filter = fact{"filter " + st.Filter, "filtered", ""}
	}
	f.window = append(f.window, "")
	return f
}

// least are the facts in the order in which they give way: what can be seen elsewhere goes first, the window last.
func (f *facts) least() []*fact {
	return []*fact{&f.took, &f.zone, &f.filter, &f.note, &f.name, &f.t0, &f.filter, &f.name, &f.zone, &f.rows, &f.window, &f.window}
}

// texts are the three parts of the line: where one is, what of the case is looked at, and what of it is on the screen.
func (f *facts) texts() [3]string {
	var parts [3]string
	for _, p := range []fact{f.name, f.note, f.zone} {
		if p[0] != "" {
			parts[0] += " " + p[0]
		}
	}
	parts[0] += " "
	parts[1] = strings.TrimSpace(f.window[0] + " " + f.t0[0])
	for _, p := range []fact{f.rows, f.took, f.filter} {
		if p[0] != "" {
			parts[2] += " | " + p[0]
		}
	}
	return parts
}

// status is the line that says where one is: case, zone, window, rows, filter, time taken, what runs.
func (a *App) status() string {
	e := a.env
	t := &e.Theme
	notice := a.running(e.Top().Status().Task)
	if notice == "" && a.height < 8 {
		notice = e.Notice // there is no foot to say it in
	}
	if notice != "" {
		notice = frame.Grow(" "+notice+" ", a.width, t)
	}
	room := a.width - ansi.StringWidth(notice)
	f := a.facts()
	texts := f.texts()
	for _, p := range f.least() {
		if ansi.StringWidth(strings.Join(texts[:], "")) <= room {
			break
		}
		p.shorter()
		texts = f.texts()
	}
	var b strings.Builder
	for i, style := range []*lipgloss.Style{&t.Bar, a.windowStyle(), &t.Bar} {
		width := min(ansi.StringWidth(texts[i]), room)
		if i == 2 {
			width = room // the bar goes to the edge
		}
		room -= width
		b.WriteString(style.Render(grid.Fit(texts[i], width, false, e.Opt.ASCII)))
	}
	return b.String() + t.BarNotice.Render(notice)
}

func (a *App) windowStyle() *lipgloss.Style {
	if a.env.Windowed() || !a.env.T0.IsZero() {
		return &a.env.Theme.BarNotice
	}
	return &a.env.Theme.Bar
}
