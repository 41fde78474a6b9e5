package tui

import (
	"context"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"case53/cases"
	"case53/cases/notes"
	"case53/queries"
	"case53/tui/answers"
	"case53/tui/frame"
)

// App is the workbench. Make one with [New].
type App struct {
	env           *frame.Env
	width, height int
	quitting      bool      // ctrl+c was pressed once
	ending        bool      // it ends as soon as what is kept is on disk
	asked         bool      // whether to leave while a file is written
	zoomAt        time.Time // what z and Z zoom around, until another key
	build         build
}

// New makes a workbench over a case. Run it with [Run], or drive it through Update and View.
func New(ctx context.Context, r frame.Reader, d answers.Desk, library frame.Library, opt frame.Options) *App {
	e := frame.NewEnv(ctx, r, library, opt, Screens(d))
	e.Trail = []frame.Screen{answers.NewOverview(e, d)}
	return &App{env: e, width: 80, height: 24}
}

// Run shows the workbench until it is left.
// tool is what is said to have written a report.
func Run(ctx context.Context, k *cases.Case, set *queries.Set, tool string, opt frame.Options) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends every query
	book, err := notes.Open(ctx, k.Dir, tool)
	if err != nil {
		return err
	}
	opt.Notes = book
	desk := &answers.CaseDesk{Case: k, Set: set, Tool: tool}
	app := New(ctx, frame.CaseReader{Case: k}, desk, set, opt)
	if k.Unbuilt {
		app.build.run = opt.Build
		app.build.fresh = func(ctx context.Context) (frame.Reader, error) {
			fresh, err := k.Refresh(ctx)
			if err == nil {
				err = fresh.NotReady
			}
			if err != nil {
				return nil, err
			}
			desk.Use(fresh)
			return frame.CaseReader{Case: fresh}, nil
		}
	}
	_, err = tea.NewProgram(app, tea.WithContext(ctx)).Run()
	cancel()
	app.build.runs.Lock() // its process has ended
	for _, s := range app.env.Trail {
		if c := s.Close(); c != nil {
			c()
		}
	}
	return err
}

// Init asks for what the first screen shows.
func (a *App) Init() tea.Cmd {
	cmds := []tea.Cmd{a.env.OpenNotes(), a.env.Top().Open(), a.startBuild()}
	if a.env.Opt.Theme == "" {
		cmds = append(cmds, tea.RequestBackgroundColor)
	}
	if id := a.env.Opt.StartQuery; id != "" {
		if q := a.env.Library.Get(id); q != nil {
			cmds = append(cmds, a.env.Go(frame.Goto{Screen: "query", Values: map[string]any{"query": q}}))
		} else {
			a.env.Say("no saved query is called " + a.env.Show(id))
		}
	}
	return tea.Batch(cmds...)
}

// Update takes one message.
func (a *App) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	e := a.env
	e.Now = e.Opt.Now()
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		a.width, a.height = msg.Width, msg.Height
		return a, a.settle(nil)
	case tea.BackgroundColorMsg:
		if e.Opt.Theme == "" {
			e.Theme = frame.NewTheme(msg.IsDark(), e.Opt.ASCII)
		}
		return a, a.settle(nil)
	case frame.Answer:
		cmd := a.settle(e.Take(msg))
		if a.ending && !e.Kept.Saving() {
			return a, tea.Quit
		}
		return a, cmd
	case frame.TickMsg:
		e.Ticking = false
		e.Spin++
		return a, a.settle(e.Tick())
	case tea.PasteMsg:
		return a, a.settle(a.front().Update(msg))
	case tea.KeyPressMsg:
		return a, a.settle(a.key(msg))
	}
	return a, nil
}

// settle lets the screen on view ask for the rows that its new place or size needs.
func (a *App) settle(cmd tea.Cmd) tea.Cmd {
	if s, ok := a.env.Top().(frame.Settler); ok {
		return tea.Batch(cmd, s.Settle(a.width, a.bodyHeight()))
	}
	return cmd
}

// front is what keys go to: the top overlay, else the top screen.
func (a *App) front() frame.Screen {
	if n := len(a.env.Overlays); n > 0 {
		return a.env.Overlays[n-1]
	}
	return a.env.Top()
}

func (a *App) key(msg tea.KeyPressMsg) tea.Cmd {
	key, front := msg.String(), a.front()
	a.env.Notice = ""
	if key != "ctrl+c" {
		a.quitting = false
	}
	if front == a.env.Top() && key != "ctrl+c" && key != ":" {
		a.asked = false
	}
	if key != "z" && key != "Z" {
		a.zoomAt = time.Time{}
	}
	if b, ok := frame.Find(front.Keys(), key); ok {
		return b.Run()
	}
	if t, ok := front.(frame.Typing); ok && t.Typing() && frame.IsText(msg) {
		return front.Update(msg)
	}
	if b, ok := frame.Find(a.binds(), key); ok && a.allowed(key) {
		return b.Run()
	}
	a.unknown(key)
	return nil
}

// unknown says of a key that it does nothing here: a key without a word looks like a workbench that hangs.
func (a *App) unknown(key string) {
	help := "?"
	if t, ok := a.front().(frame.Typing); ok && t.Typing() { // ? would be typed
		help = "f1"
	}
	if b, ok := frame.Find(a.binds(), key); ok {
		a.env.Say(b.Does + ": not from here; " + help + " shows keys")
		return
	}
	a.env.Say("no such key here; " + help + " shows keys")
}

// allowed reports whether one of the workbench's own keys works now: under an overlay only those that leave it, and
// those that change nothing.
func (a *App) allowed(key string) bool {
	if len(a.env.Overlays) == 0 {
		return true
	}
	switch key {
	case "esc", "q", "backspace", "ctrl+c", "ctrl+l", "ctrl+t", "?", "f1":
		return true
	}
	return false
}

// back is one step back: an overlay, a query that has been running for long enough to be seen, the newest filter, and then
// the screen. It never leaves the workbench: who presses it once too often has not lost the trail.
func (a *App) back() tea.Cmd {
	if b, ok := a.env.Top().(frame.Backer); ok && len(a.env.Overlays) == 0 && !a.isSlow() {
		if cmd, done := b.Back(); done {
			return cmd
		}
	}
	return a.leave()
}

// leave is back past the filters of the screen.
func (a *App) leave() tea.Cmd {
	e := a.env
	switch {
	case len(e.Overlays) > 0:
		return e.CloseOverlay()
	case a.isSlow():
		return a.cancel(e.Top())
	case len(e.Trail) == 1:
		e.Say("this is the first screen; ctrl+c twice leaves the workbench, and so does :q")
		return nil
	}
	return e.Pop()
}

// isSlow reports whether what the screen waits for has been running for long enough to be seen.
func (a *App) isSlow() bool {
	t := a.env.Top().Status().Task
	return t.Running() && a.env.Now.Sub(t.Since) >= slow
}

// slow is when a request begins to be shown as running.
const slow = 300 * time.Millisecond

func (a *App) home() tea.Cmd { return a.env.PopTo(0) }

// interrupt is ctrl+c: it cancels what runs; when nothing does, twice quits.
func (a *App) interrupt() tea.Cmd {
	e := a.env
	for _, s := range []frame.Screen{a.front(), e.Top()} {
		if s.Status().Task.Running() {
			return a.cancel(s)
		}
	}
	if a.quitting || a.ending {
		return a.quit()
	}
	a.quitting = true
	e.Say("ctrl+c again to quit")
	return nil
}

// quit ends the workbench, once what is kept is on disk; asked for again, at once.
func (a *App) quit() tea.Cmd {
	for _, j := range a.env.Running() {
		if j.Writes && !a.asked {
			a.asked = true
			a.env.Say(j.What + " is being written: once more leaves without it, J lists what runs")
			return nil
		}
	}
	if a.ending || !a.env.Kept.Saving() {
		return tea.Quit
	}
	a.ending = true
	a.env.Say("saving" + a.env.Theme.Glyph.Dots + " what you kept, and then it ends; ctrl+c ends it now, without")
	return nil
}

// cancel ends what runs for s.
func (a *App) cancel(s frame.Screen) tea.Cmd {
	s.Status().Task.Stop(a.env)
	a.env.Say("cancelled")
	if c, ok := s.(frame.Canceller); ok {
		return c.Cancelled()
	}
	return nil
}

// View draws the screen.
func (a *App) View() tea.View {
	v := tea.NewView(a.draw())
	v.AltScreen = true
	return v
}

func (a *App) draw() string {
	e := a.env
	if a.width < 1 || a.height < 1 {
		return ""
	}
	body := frame.Clip(e.Top().View(a.width, a.bodyHeight()), a.width, a.bodyHeight())
	parts := []string{a.crumbs()}
	if a.bodyHeight() > 0 {
		parts = append(parts, body)
	}
	parts = append(parts, a.status())
	if a.height >= 8 {
		parts = append(parts, a.foot())
	}
	screen := frame.Clip(strings.Join(parts, "\n"), a.width, a.height)
	if len(e.Overlays) == 0 {
		return screen
	}
	layers := []*lipgloss.Layer{lipgloss.NewLayer(screen)}
	for i, o := range e.Overlays {
		box := a.boxed(o)
		w, h := lipgloss.Size(box)
		y := 1 + max((a.bodyHeight()-h)/2, 0) // crumbs stay in view, and the foot where there is room
		layers = append(layers, lipgloss.NewLayer(box).X(max((a.width-w)/2, 0)).Y(max(min(y, a.height-h), 0)).Z(i+1))
	}
	return frame.Clip(lipgloss.NewCompositor(layers...).Render(), a.width, a.height)
}

// bodyHeight is what crumbs, status line and foot leave.
func (a *App) bodyHeight() int {
	if a.height >= 8 {
		return a.height - 3
	}
	return max(a.height-2, 0)
}

// boxed draws an overlay in its box, no larger than the screen.
func (a *App) boxed(o frame.Screen) string {
	t := &a.env.Theme
	frameW, frameH := t.Box.GetHorizontalFrameSize(), t.Box.GetVerticalFrameSize()
	w, h := max(min(a.width-frameW, 96), 1), max(a.bodyHeight()-frameH-1, 1)
	text := o.View(w, h)
	return t.Box.Render(t.Title.Render(frame.Grow(o.Title(), w, t)) + "\n" + frame.Clip(text, w, min(h, strings.Count(text, "\n")+1)))
}

// The workbench's own keys, which work on every screen.
func (a *App) binds() []frame.Bind {
	e := a.env
	binds := []frame.Bind{
		{Keys: frame.Keys("esc", "q"), Does: "one step back: a slow query, the newest filter, then the screen", Foot: "back", Run: a.back},
		{Keys: frame.Keys("backspace"), Does: "the screen before, whatever is filtered", Run: a.leave},
		{Keys: frame.Keys("L"), Does: "forward to the screen that was left last", Run: e.Forward},
		{Keys: frame.Keys("?", "f1"), Does: "all that can be done, keys of this screen first: type to find, enter does it", Foot: "keys", Run: a.help},
		{Keys: frame.Keys(":", "ctrl+p"), Does: "the same, commands, queries and hunts first", Run: a.palette},
		{Keys: frame.Keys("1"), Does: "overview; L leads on from there again", Run: a.home},
	}
	for _, s := range e.Screens {
		if s.Name == "table" {
			for _, t := range e.RecordTables() {
				if t.Key != "" { // the palette has those without
					binds = append(binds, frame.Bind{Keys: t.Keys(), Does: t.Title, Run: func() tea.Cmd { return e.Go(t.Goto()) }})
				}
			}
		}
		if len(s.Keys) > 0 {
			binds = append(binds, frame.Bind{Keys: s.Keys, Does: s.Does, Run: func() tea.Cmd { return e.Go(frame.Goto{Screen: s.Name}) }})
		}
	}
	binds = append(binds, a.windowBinds()...)
	return append(binds,
		frame.Bind{Keys: frame.Keys("ctrl+t"), Does: "times in UTC, in the zone of the case where it has one, in this machine's", Run: frame.Do(e.NextZone)},
		frame.Bind{Keys: frame.Keys("u"), Does: "take back your last note", Run: e.Undo},
		frame.Bind{Keys: frame.Keys("ctrl+r"), Does: "make the note hold again that was taken back", Run: e.Redo},
		frame.Bind{Keys: frame.Keys("ctrl+l"), Does: "draw the screen again", Run: func() tea.Cmd { return tea.ClearScreen }},
		frame.Bind{Keys: frame.Keys("ctrl+c"), Does: "cancel what runs; twice: quit", Run: a.interrupt},
	)
}
