package frame

import (
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"case53/cases/words"
)

// Job is work that goes on when the screen that began it is left: the hunts, a report, an export.
type Job struct {
	What   string         // safe to draw
	Said   func() string  // how far it is, and once it is done what came of it; may hold text of the evidence
	Task   *Task          // that runs for it
	Writes bool           // it writes a file, which is not there when it is ended
	Stop   func() tea.Cmd // what its screen must do once its task was stopped; nil: nothing
	Open   func() tea.Cmd // to its screen; nil: it has none
	began  time.Time
	took   time.Duration // of what runs no more
}

// mostJobs is how many are listed, with those that run no more.
const mostJobs = 20

// Begin lists a job as the newest. One that is listed already begins anew.
func (e *Env) Begin(j *Job) {
	e.Jobs = slices.DeleteFunc(e.Jobs, func(o *Job) bool { return o == j })
	j.began, j.took = e.Now, 0
	e.Jobs = slices.Insert(e.Jobs, 0, j)
	for i := len(e.Jobs) - 1; len(e.Jobs) > mostJobs && i > 0; i-- {
		if !e.Jobs[i].Task.Running() {
			e.Jobs = slices.Delete(e.Jobs, i, i+1)
		}
	}
}

// End notes how long a job took.
func (e *Env) End(j *Job) { j.took = max(e.Now.Sub(j.began), time.Microsecond) }

// Running are the jobs that run, the newest first.
func (e *Env) Running() []*Job {
	return slices.DeleteFunc(slices.Clone(e.Jobs), func(j *Job) bool { return !j.Task.Running() })
}

// end stops a job.
func (j *Job) end(e *Env) tea.Cmd {
	if !j.Task.Running() {
		return nil
	}
	j.Task.Stop(e)
	e.End(j)
	if j.Stop != nil {
		return j.Stop()
	}
	return nil
}

// jobList is the overlay of jobs: how far each is. It is written anew as they go on.
type jobList struct {
	*menu
	e *Env
}

// NewJobs lists the jobs.
func NewJobs(e *Env) Screen {
	l := &jobList{e: e}
	l.menu = NewMenu(e, "Jobs", l.items())
	l.menu.Empty = "Nothing runs, and nothing ran. Hunts, reports and exports go on when their screens are left, and are listed here."
	return l
}

func (l *jobList) items() []Item {
	var items []Item
	for _, j := range l.e.Jobs {
		it := Item{Text: j.What + "  " + l.e.Brief(j.Said()), Note: "done", Dim: !j.Task.Running()}
		switch {
		case j.Task.Running():
			it.Note = words.Long(l.e.Now.Sub(j.began).Seconds())
		case j.took > 0:
			it.Note = TookText(j.took)
		}
		it.Run = func() tea.Cmd {
			if j.Open == nil {
				l.e.Say(l.e.Brief(j.Said()))
				return l.e.CloseOverlay()
			}
			return l.e.CloseThen(j.Open)
		}
		items = append(items, it)
	}
	return items
}

func (l *jobList) View(width, height int) string {
	l.menu.items = l.items()
	return l.menu.View(width, height)
}

func (l *jobList) Keys() []Bind {
	l.menu.items = l.items()
	return append([]Bind{{Keys: Keys("x", "delete"), Does: "end the job under the cursor", Foot: "end", Run: func() tea.Cmd {
		if l.At >= len(l.e.Jobs) || !l.e.Jobs[l.At].Task.Running() {
			l.e.Say("it runs no more")
			return nil
		}
		j := l.e.Jobs[l.At]
		l.e.Say("ended: " + j.What)
		return j.end(l.e)
	}}}, l.menu.Keys()...)
}
