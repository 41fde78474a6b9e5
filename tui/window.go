package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"case53/tui/frame"
)

// windowBinds are the keys of the window over the case, which is the same for every screen.
func (a *App) windowBinds() []frame.Bind {
	e := a.env
	zoom := func(times float64) func() tea.Cmd {
		return frame.Do(func() {
			if a.zoomAt.IsZero() { // rows that are read anew have the cursor on the first
				a.zoomAt, _ = a.moment()
			}
			e.ZoomWindow(times, a.zoomAt)
		})
	}
	return []frame.Bind{
		{Keys: frame.Keys("w"), Does: "the window over the case, typed: every screen, pivot and hunt keeps to it", Run: func() tea.Cmd {
			return e.Overlay(frame.NewWindowLine(e, e.TypedWindow()))
		}},
		{Keys: frame.Keys("W"), Does: "the window off, and on again", Run: frame.Do(e.SwapWindow)},
		{Keys: frame.Keys("o"), Does: "a window around the moment under the cursor, from it on or before it", Run: a.atMoment(func(t time.Time) tea.Cmd {
			return e.Overlay(frame.NewAround(e, t))
		})},
		{Keys: frame.Keys("T"), Does: "T0 is the moment under the cursor: what comes after it is new; again: no T0", Run: a.atMoment(func(t time.Time) tea.Cmd {
			e.SetT0(t)
			return nil
		})},
		{Keys: frame.Keys("<"), Does: "the window earlier by half of its length", Run: frame.Do(func() { e.MoveWindow(-1) })},
		{Keys: frame.Keys(">"), Does: "the window later by half of its length", Run: frame.Do(func() { e.MoveWindow(1) })},
		{Keys: frame.Keys("z"), Does: "the window half as long, around the moment under the cursor", Run: zoom(0.5)},
		{Keys: frame.Keys("Z"), Does: "the window twice as long; past both ends of the case it is off", Run: zoom(2)},
	}
}

// moment is the one under the cursor.
func (a *App) moment() (time.Time, bool) {
	if m, ok := a.env.Top().(frame.Momenter); ok {
		return m.Moment()
	}
	return time.Time{}, false
}

func (a *App) atMoment(do func(time.Time) tea.Cmd) func() tea.Cmd {
	return func() tea.Cmd {
		t, ok := a.moment()
		if !ok {
			a.env.Say("there is no moment under the cursor")
			return nil
		}
		return do(t)
	}
}
