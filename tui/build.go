package tui

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"

	tea "charm.land/bubbletea/v2"

	"case53/tui/frame"
)

// build is the building of what is derived from the records, where that is missing: beside the workbench, which shows the records
// meanwhile.
type build struct {
	run   func(ctx context.Context, said func(step string)) error // nil: nothing is missing
	fresh func(context.Context) (frame.Reader, error)             // the case with what was built
	task  frame.Task
	step  atomic.Value // the name of what is being built
	runs  sync.Mutex   // held while it runs
}

func (a *App) startBuild() tea.Cmd {
	b := &a.build
	if b.run == nil {
		return nil
	}
	return frame.Start(a.env, &b.task, "building", func(ctx context.Context) (frame.Reader, error) {
		b.runs.Lock()
		defer b.runs.Unlock()
		if err := b.run(ctx, func(step string) { b.step.Store(step) }); err != nil {
			return nil, err
		}
		return b.fresh(ctx)
	}, a.built)
}

// built goes on with the case as it is now. What is on the screen was asked before, and stays until it is asked again.
func (a *App) built(r frame.Reader, err error) tea.Cmd {
	e := a.env
	if err != nil {
		said, _, _ := strings.Cut(err.Error(), "\n")
		e.Say("connections, names and counts could not be built: " + e.Show(said))
		return nil
	}
	e.Reader = r
	e.Say("connections, names and counts are built: r asks again")
	return e.Trail[0].Open()
}

// buildNote is what the status line says of it, the longest first.
func (a *App) buildNote(note string) fact {
	step, _ := a.build.step.Load().(string)
	if !a.build.task.Running() {
		return fact{note, ""}
	}
	all := fact{note + ", building" + a.env.Theme.Glyph.Dots, "building" + a.env.Theme.Glyph.Dots, ""}
	if step != "" {
		all = append(fact{note + ", building " + a.env.Show(step)}, all...)
	}
	return all
}
