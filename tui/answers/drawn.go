package answers

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"case53/queries/findings"
	"case53/queries/threads"
	"case53/tui/frame"
)

// Drawn is what all hunts found, ranked, and the threads that it comes to.
type Drawn struct {
	Found []findings.Finding
	Told  *threads.Told
	Err   error // why there are none
}

// draw has the findings of all hunts drawn together, as a task of the screen that shows it.
func (s *hunts) draw(task *frame.Task) tea.Cmd {
	var outcomes []findings.Outcome
	for _, q := range s.all {
		if o, ok := s.done[q]; ok {
			outcomes = append(outcomes, o)
		}
	}
	desk, done := s.desk, s.done
	return frame.Start(s.e, task, "drawing threads", func(ctx context.Context) (*Drawn, error) {
		return desk.Draw(ctx, outcomes)
	}, func(d *Drawn, err error) tea.Cmd {
		if err != nil {
			d = &Drawn{Err: err}
		}
		if len(s.done) == len(done) { // not those of another window
			s.drawn = d
		}
		return nil
	})
}
