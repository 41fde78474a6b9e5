package tui

import (
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"case53/tui/frame"
	"case53/tui/frame/frametest"
)

// BenchmarkKey is one key, the rows it asks for and the whole screen, in a result of a million rows.
func BenchmarkKey(b *testing.B) {
	fake := newFake()
	fake.answer = func(string) *fakeResult { return fakeFlow(1_000_000) }
	app := New(
		b.Context(),
		fake,
		&fakeDesk{},
		fakeLibrary{},
		frame.Options{Theme: "dark", Tick: func(time.Duration, func(time.Time) tea.Msg) tea.Cmd { return nil }},
	)
	var run func(tea.Cmd)
	run = func(cmd tea.Cmd) {
		if cmd == nil {
			return
		}
		switch msg := cmd().(type) {
		case nil:
		case tea.BatchMsg:
			for _, c := range msg {
				run(c)
			}
		default:
			_, next := app.Update(msg)
			run(next)
		}
	}
	run(app.Init())
	send := func(msg tea.Msg) {
		_, cmd := app.Update(msg)
		run(cmd)
	}
	send(tea.WindowSizeMsg{Width: 120, Height: 40})
	send(frametest.Press("3"))
	b.ReportAllocs()
	for b.Loop() {
		send(frametest.Press("down"))
		_ = app.View()
	}
}
