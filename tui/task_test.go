package tui

import (
	"context"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"case53/tui/frame"
)

// An answer that comes after its screen was left is closed and changes nothing.
func TestLateAnswerIsDropped(t *testing.T) {
	d := drive(t, 80, 24)
	d.hold = true
	d.keys("3") // its Query is under way
	d.hold = false
	d.keys("esc")
	d.wants("Look at")
	d.release()
	d.wants("Look at")
	if len(d.app.env.Waiting) != 0 {
		t.Errorf("%d requests are still waited for", len(d.app.env.Waiting))
	}
	if d.fake.opened != d.fake.closed {
		t.Errorf("%d results opened, %d closed", d.fake.opened, d.fake.closed)
	}
}

// A newer request wins, whatever the order of the answers.
func TestOlderAnswerIsDropped(t *testing.T) {
	e := testEnv()
	var tk frame.Task
	var got []string
	ask := func(s string) tea.Cmd {
		return frame.Start(e, &tk, "", func(context.Context) (string, error) { return s, nil }, func(s string, _ error) tea.Cmd {
			got = append(got, s)
			return nil
		})
	}
	first, second := ask("first"), ask("second")
	var take func(cmd tea.Cmd)
	take = func(cmd tea.Cmd) {
		switch msg := cmd().(type) {
		case frame.Answer:
			e.Take(msg)
		case tea.BatchMsg:
			for _, c := range msg {
				take(c)
			}
		}
	}
	take(second)
	take(first)
	if strings.Join(got, " ") != "second" {
		t.Errorf("got %q, want the second only", got)
	}
}

// An answer that arrives for a screen below the top reaches that screen and leaves the top one alone.
func TestAnswerReachesItsScreen(t *testing.T) {
	d := drive(t, 80, 24)
	d.hold = true
	d.keys("3")
	d.hold = false
	d.keys("2")
	d.release()
	d.wants("Queries", "Captures and their windows")
	d.keys("esc")
	d.wants("10.0.1.0")
}

func testEnv() *frame.Env {
	return New(context.Background(), newFake(), &fakeDesk{}, fakeLibrary{}, frame.Options{Theme: "dark", Now: func() time.Time { return start0 },
		Tick: func(time.Duration, func(time.Time) tea.Msg) tea.Cmd { return func() tea.Msg { return frame.TickMsg{} } }}).env
}

// A slow query says that it runs; keys go on working; esc and ctrl+c end it.
func TestSlowQuery(t *testing.T) {
	for _, key := range []string{"esc", "ctrl+c"} {
		d := drive(t, 80, 24)
		d.fake.block = make(chan struct{}) // never closed: only its context ends the query
		d.hold = true
		d.keys("3")
		d.now = d.now.Add(4 * time.Second)
		d.send(frame.TickMsg{})
		d.wants("running 4 s – esc cancels", "running…")
		d.keys("?")
		d.wants("filters: type one")
		d.keys("esc", key)
		d.wants("cancelled")
		d.lacks("esc cancels")
		d.release() // returns, because the context of the query has ended
		d.wants("r runs it again")
		if d.quit {
			t.Error("cancelling quit")
		}
		d.fake.block = nil
		d.keys("r")
		d.wants("10.0.1.0")
	}
}

// Cancelling the way to the last row keeps the rows at hand, and does not begin anew by itself.
func TestCancelledReadingStaysCancelled(t *testing.T) {
	d := drive(t, 80, 24).keys("3")
	d.hold = true
	d.keys("G")
	d.now = d.now.Add(2 * time.Second)
	d.send(frame.TickMsg{})
	d.wants("reading to the last row 2 s")
	d.keys("esc")
	d.release()
	d.wants("cancelled", "10.0.1.0", "1–19 of ≥ 256")
	d.keys("j")
	d.wants(">2026-11-01 10:00:01")
}

func TestInterruptTwiceQuits(t *testing.T) {
	d := drive(t, 80, 24).keys("3", "ctrl+c")
	d.wants("ctrl+c again to quit")
	d.keys("j", "ctrl+c")
	if d.quit {
		t.Error("another key between should have reset it")
	}
	if d.keys("ctrl+c"); !d.quit {
		t.Error("ctrl+c twice does not quit")
	}
}

// A result that is being opened when its request is cancelled is closed, not leaked.
func TestCancelledWhileOpening(t *testing.T) {
	e := testEnv()
	fake := e.Reader.(*fakeReader)
	fake.block = make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	work := e.Query(frame.Asked{SQL: "SELECT 1 FROM flow"})
	done := make(chan error)
	go func() {
		o, err := work(ctx)
		if err == nil {
			o.Close()
		}
		done <- err
	}()
	cancel()
	if err := <-done; err == nil {
		t.Error("a cancelled query gave a result")
	}
	if fake.opened != fake.closed {
		t.Errorf("%d opened, %d closed", fake.opened, fake.closed)
	}
}

func TestTicksEndWithTheWork(t *testing.T) {
	e := testEnv()
	var tk frame.Task
	cmd := frame.Start(e, &tk, "", func(context.Context) (int, error) { return 0, nil }, func(int, error) tea.Cmd { return nil })
	if !e.Ticking {
		t.Fatal("no tick while something runs")
	}
	_ = cmd
	tk.Stop(e)
	e.Ticking = false
	if e.Tick() != nil {
		t.Error("ticks go on with nothing to wait for")
	}
}
