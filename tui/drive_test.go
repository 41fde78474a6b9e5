package tui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"case53/cases/notes"
	"case53/tui/frame"
	"case53/tui/frame/frametest"
)

// driver runs an App without a terminal: every Cmd runs to its end before the next key.
type driver struct {
	t    *testing.T
	app  *App
	fake *fakeReader
	desk *fakeDesk
	now  time.Time
	held []tea.Cmd // Cmds not run, while holding
	hold bool
	clip []string
	quit bool
}

var start0 = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func drive(t *testing.T, width, height int, opts ...func(*frame.Options)) *driver {
	d := &driver{t: t, fake: newFake(), desk: &fakeDesk{}, now: start0}
	book, err := notes.Open(t.Context(), t.TempDir(), "case53 test")
	if err != nil {
		t.Fatal(err)
	}
	opt := frame.Options{Notes: book, CaseName: "demo.case", Theme: "dark", Local: time.FixedZone("CET", 3600),
		Now:  func() time.Time { d.now = d.now.Add(10 * time.Millisecond); return d.now },
		Tick: func(time.Duration, func(time.Time) tea.Msg) tea.Cmd { return nil }}
	for _, o := range opts {
		o(&opt)
	}
	d.app = New(t.Context(), d.fake, d.desk, fakeLibrary{}, opt)
	d.run(d.app.Init())
	d.send(tea.WindowSizeMsg{Width: width, Height: height})
	return d
}

// send gives the App a message and runs what follows from it.
func (d *driver) send(msg tea.Msg) {
	d.t.Helper()
	_, cmd := d.app.Update(msg)
	d.run(cmd)
}

func (d *driver) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	if d.hold {
		d.held = append(d.held, cmd)
		return
	}
	switch msg := cmd().(type) {
	case nil:
	case tea.QuitMsg:
		d.quit = true
	case tea.BatchMsg:
		for _, c := range msg {
			d.run(c)
		}
	default:
		if s := fmt.Sprintf("%T", msg); strings.HasSuffix(s, "setClipboardMsg") {
			d.clip = append(d.clip, fmt.Sprint(msg))
			return
		}
		d.send(msg)
	}
}

// step runs the Cmds that were held back, and holds those that follow from them.
func (d *driver) step() {
	held := d.held
	d.held = nil
	for len(held) > 0 {
		cmd := held[0]
		held = held[1:]
		if cmd == nil {
			continue
		}
		switch msg := cmd().(type) {
		case nil:
		case tea.BatchMsg:
			held = append(held, msg...)
		default:
			d.send(msg)
		}
	}
}

// release runs the Cmds that were held back.
func (d *driver) release() {
	held := d.held
	d.held, d.hold = nil, false
	for _, c := range held {
		d.run(c)
	}
}

// keys presses keys: names as in tea ("enter", "ctrl+x"), or text after a quote: "'10.0.0.1".
func (d *driver) keys(names ...string) *driver {
	d.t.Helper()
	for _, n := range names {
		if text, ok := strings.CutPrefix(n, "'"); ok {
			for _, r := range text {
				d.send(tea.KeyPressMsg{Code: r, Text: string(r)})
			}
			continue
		}
		d.send(frametest.Press(n))
	}
	return d
}

// screen is what is on view, without styles.
func (d *driver) screen() string { return ansi.Strip(d.app.View().Content) }

func (d *driver) wants(texts ...string) {
	d.t.Helper()
	for _, text := range texts {
		if !strings.Contains(d.screen(), text) {
			d.t.Errorf("the screen lacks %q:\n%s", text, d.screen())
		}
	}
}

func (d *driver) lacks(text string) {
	d.t.Helper()
	if strings.Contains(d.screen(), text) {
		d.t.Errorf("the screen should not say %q:\n%s", text, d.screen())
	}
}

// asked is the last query whose SQL has the text.
func (d *driver) asked(text string) call {
	d.t.Helper()
	for i := len(d.fake.calls) - 1; i >= 0; i-- {
		if strings.Contains(d.fake.calls[i].sql, text) {
			return d.fake.calls[i]
		}
	}
	d.t.Fatalf("nothing was asked with %q: %v", text, d.fake.calls)
	return call{}
}
