package tui

import (
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
)

// BenchmarkKey is one key, the rows it asks for and the whole screen, in a result of a million rows.
func BenchmarkKey(b *testing.B) {
	fake := newFake()
	fake.answer = func(string) *fakeResult { return fakeFlow(1_000_000) }
	app := New(b.Context(), fake, fakeLibrary{}, Options{Theme: "dark", tick: func(time.Duration, func(time.Time) tea.Msg) tea.Cmd { return nil }})
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
	send(press("3"))
	b.ReportAllocs()
	for b.Loop() {
		send(press("down"))
		_ = app.View()
	}
}
