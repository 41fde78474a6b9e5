package tui

import (
	"context"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"case53/cases"
)

// Options are what the workbench is told at its start.
type Options struct {
	CaseName   string
	Note       string // READ-ONLY when empty; SEALED once the overview says so
	ASCII      bool   // draw with ASCII only
	Theme      string // "dark", "light", or "" to ask the terminal
	StartQuery string // id of a saved query to open with
	Now        func() time.Time
	Local      *time.Location // the other zone of ctrl+t; this machine's when nil

	tick func(time.Duration, func(time.Time) tea.Msg) tea.Cmd // tests have no time to wait
}

// App is the workbench. Make one with [New].
type App struct {
	env           *Env
	width, height int
	quitting      bool // ctrl+c was pressed once
}

// New makes a workbench over a case. Run it with [Run], or drive it through Update and View.
func New(ctx context.Context, r Reader, library Library, opt Options) *App {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Local == nil {
		opt.Local = time.Local
	}
	if opt.Note == "" {
		opt.Note = "READ-ONLY"
	}
	if opt.tick == nil {
		opt.tick = tea.Tick
	}
	e := &Env{reader: r, library: library, opt: opt, ctx: ctx, zone: time.UTC, now: opt.Now(),
		theme: newTheme(opt.Theme != "light", opt.ASCII), waiting: map[uint64]func(answer) tea.Cmd{}}
	e.trail = []Screen{newOverview(e)}
	return &App{env: e, width: 80, height: 24}
}

// Run shows the workbench until it is left.
func Run(ctx context.Context, k *cases.Case, library Library, opt Options) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends every query
	app := New(ctx, caseReader{k}, library, opt)
	_, err := tea.NewProgram(app, tea.WithContext(ctx)).Run()
	cancel()
	for _, s := range app.env.trail {
		if c := s.Close(); c != nil {
			c()
		}
	}
	return err
}

// Init asks for what the first screen shows.
func (a *App) Init() tea.Cmd {
	cmds := []tea.Cmd{a.env.top().Open()}
	if a.env.opt.Theme == "" {
		cmds = append(cmds, tea.RequestBackgroundColor)
	}
	if id := a.env.opt.StartQuery; id != "" {
		if q := a.env.library.Get(id); q != nil {
			cmds = append(cmds, runQuery(a.env, q, nil))
		} else {
			a.env.say("no saved query is called " + a.env.show(id))
		}
	}
	return tea.Batch(cmds...)
}

// Update takes one message.
func (a *App) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	e := a.env
	e.now = e.opt.Now()
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		a.width, a.height = msg.Width, msg.Height
		return a, a.settle(nil)
	case tea.BackgroundColorMsg:
		if e.opt.Theme == "" {
			e.theme = newTheme(msg.IsDark(), e.opt.ASCII)
		}
		return a, a.settle(nil)
	case answer:
		return a, a.settle(e.take(msg))
	case tickMsg:
		e.ticking = false
		e.frame++
		return a, a.settle(e.tick())
	case tea.PasteMsg:
		return a, a.settle(a.front().Update(msg))
	case tea.KeyPressMsg:
		return a, a.settle(a.key(msg))
	}
	return a, nil
}

// settler is a screen that must know its size before it can tell what it needs.
type settler interface {
	Settle(width, height int) tea.Cmd
}

// settle lets the screen on view ask for the rows that its new place or size needs.
func (a *App) settle(cmd tea.Cmd) tea.Cmd {
	if s, ok := a.env.top().(settler); ok {
		return tea.Batch(cmd, s.Settle(a.width, a.bodyHeight()))
	}
	return cmd
}

// front is what keys go to: the top overlay, else the top screen.
func (a *App) front() Screen {
	if n := len(a.env.overlays); n > 0 {
		return a.env.overlays[n-1]
	}
	return a.env.top()
}

func (a *App) key(msg tea.KeyPressMsg) tea.Cmd {
	key, front := msg.String(), a.front()
	a.env.notice = ""
	if key != "ctrl+c" {
		a.quitting = false
	}
	if b, ok := find(front.Keys(), key); ok {
		return b.Run()
	}
	if t, ok := front.(typing); ok && t.Typing() && isText(msg) {
		return front.Update(msg)
	}
	if b, ok := find(a.binds(), key); ok && a.allowed(key) {
		return b.Run()
	}
	if t, ok := front.(typing); ok && t.Typing() {
		return front.Update(msg)
	}
	return nil
}

// allowed reports whether one of the workbench's own keys works now: under an overlay only those that leave it, and
// those that change nothing.
func (a *App) allowed(key string) bool {
	if len(a.env.overlays) == 0 {
		return true
	}
	switch key {
	case "esc", "q", "backspace", "ctrl+c", "ctrl+l", "ctrl+t":
		return true
	}
	return false
}

// back is one step back, or the end of a query that has been running for long enough to be seen.
func (a *App) back() tea.Cmd {
	e := a.env
	if len(e.overlays) > 0 {
		return e.closeOverlay()
	}
	if t := e.top().Status().Task; t.running() && e.now.Sub(t.since) >= slow {
		return a.cancel(e.top())
	}
	if len(e.trail) == 1 {
		return tea.Quit
	}
	return e.pop()
}

// slow is when a request begins to be shown as running.
const slow = 300 * time.Millisecond

func (a *App) home() tea.Cmd { return a.env.popTo(0) }

// interrupt is ctrl+c: it cancels what runs; when nothing does, twice quits.
func (a *App) interrupt() tea.Cmd {
	e := a.env
	for _, s := range []Screen{a.front(), e.top()} {
		if s.Status().Task.running() {
			return a.cancel(s)
		}
	}
	if a.quitting {
		return tea.Quit
	}
	a.quitting = true
	e.say("ctrl+c again to quit")
	return nil
}

// canceller is a screen that must know that its request was cancelled, so as not to ask again at once.
type canceller interface{ Cancelled() tea.Cmd }

// cancel ends what runs for s.
func (a *App) cancel(s Screen) tea.Cmd {
	s.Status().Task.stop(a.env)
	a.env.say("cancelled")
	if c, ok := s.(canceller); ok {
		return c.Cancelled()
	}
	return nil
}

func (a *App) help() tea.Cmd {
	return a.env.overlay(newHelp(a.env, a.front(), a.binds()))
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
	body := clip(e.top().View(a.width, a.bodyHeight()), a.width, a.bodyHeight())
	parts := []string{a.crumbs()}
	if a.bodyHeight() > 0 {
		parts = append(parts, body)
	}
	parts = append(parts, a.status())
	if a.height >= 8 {
		parts = append(parts, a.foot())
	}
	screen := clip(strings.Join(parts, "\n"), a.width, a.height)
	if len(e.overlays) == 0 {
		return screen
	}
	layers := []*lipgloss.Layer{lipgloss.NewLayer(screen)}
	for i, o := range e.overlays {
		box := a.boxed(o)
		w, h := lipgloss.Size(box)
		y := 1 + max((a.bodyHeight()-h)/2, 0) // crumbs stay in view, and the foot where there is room
		layers = append(layers, lipgloss.NewLayer(box).X(max((a.width-w)/2, 0)).Y(max(min(y, a.height-h), 0)).Z(i+1))
	}
	return clip(lipgloss.NewCompositor(layers...).Render(), a.width, a.height)
}

// bodyHeight is what crumbs, status line and foot leave.
func (a *App) bodyHeight() int {
	if a.height >= 8 {
		return a.height - 3
	}
	return max(a.height-2, 0)
}

// boxed draws an overlay in its box, no larger than the screen.
func (a *App) boxed(o Screen) string {
	t := &a.env.theme
	frameW, frameH := t.box.GetHorizontalFrameSize(), t.box.GetVerticalFrameSize()
	w, h := max(min(a.width-frameW, 96), 1), max(a.bodyHeight()-frameH-1, 1)
	text := o.View(w, h)
	return t.box.Render(t.title.Render(grow(o.Title(), w, t)) + "\n" + clip(text, w, min(h, strings.Count(text, "\n")+1)))
}
