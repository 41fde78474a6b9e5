package answers

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"case53/cases"
	"case53/cases/notes"
	"case53/queries"
	"case53/queries/entities"
	"case53/tui/frame"
)

// page is all that is said of a value: what the case has of it, part by part as they come, what hunts found, and what is kept.
type page struct {
	e           *frame.Env
	hunts       *hunts
	kind, value string
	all         []*queries.Query
	parts       []entities.Told
	tasks       []frame.Task // of each part; none runs where it is told
	told        []bool       // of each part
	within      cases.Span   // what the parts were asked for
	held        cases.Span   // the time of the case, as it was known then
	span        cases.Span   // that counts go over
	every       time.Duration
	drawing     frame.Task // of threads

	lines     []pageLine
	at, col   int
	top       int
	height    int
	cancelled bool
}

// shownRows are the rows of a part on its page; enter on the line below them has all.
const shownRows = 8

// openPage is the page of a value; of one that has none it says so.
func openPage(e *frame.Env, d Desk, g frame.Goto) tea.Cmd {
	kind, _ := g.Values["kind"].(string)
	value, _ := g.Values["value"].(string)
	kind, value, err := entities.Check(e.Library, kind, value)
	if err != nil {
		e.Say(e.Lines(err.Error())[0])
		return nil
	}
	return e.Push(&page{e: e, hunts: keptHunts(e, d), kind: kind, value: value, all: e.Library.Pages(kind)})
}

// keptHunts is the screen of hunts, with what they found so far.
func keptHunts(e *frame.Env, d Desk) *hunts {
	return e.Keep("hunts", func() frame.Screen { return newHunts(e, d) }).(*hunts)
}

func (s *page) Title() string          { return s.e.Brief(s.value) }
func (s *page) Update(tea.Msg) tea.Cmd { return nil }

func (s *page) Status() frame.Status {
	st := frame.Status{Task: &s.drawing}
	for i := range s.tasks {
		if s.tasks[i].Running() {
			st.Task = &s.tasks[i]
		}
	}
	return st
}

// Open asks for all parts at once: each is told as it comes.
func (s *page) Open() tea.Cmd {
	closing := s.Close()
	e := s.e
	s.parts, s.tasks, s.told = make([]entities.Told, len(s.all)), make([]frame.Task, len(s.all)), make([]bool, len(s.all))
	s.within, s.held, s.cancelled = e.Within, e.Held, false
	s.span, s.every = entities.SpanOf(e.Within, e.Held)
	given := entities.Given(s.within, "", s.every)
	cmds := []tea.Cmd{closing}
	for i, q := range s.all {
		s.parts[i] = entities.Told{Part: entities.Part{Query: q}}
		if _, ok := e.Has(q.Needs); !ok {
			s.parts[i].Missing, s.told[i] = viewsOf(q), true
			continue
		}
		reader, value := e.Reader, s.value
		ask := func(ctx context.Context, sql string, args map[string]any, apart bool) (entities.Rows, error) {
			if apart {
				return reader.Apart().Query(ctx, sql, args)
			}
			return reader.Query(ctx, sql, args)
		}
		cmds = append(cmds, frame.Start(e, &s.tasks[i], "reading "+e.Show(q.ID), func(ctx context.Context) (entities.Part, error) {
			return entities.Read(ctx, ask, q, value, given, shownRows)
		}, func(p entities.Part, err error) tea.Cmd {
			p.Query = q
			s.parts[i], s.told[i] = entities.Told{Part: p, Err: err}, true
			return nil
		}))
	}
	return tea.Batch(cmds...)
}

func (s *page) Close() tea.Cmd {
	for i := range s.tasks {
		s.tasks[i].Stop(s.e)
	}
	s.drawing.Stop(s.e)
	return nil
}

// Cancelled leaves what has not come untold.
func (s *page) Cancelled() tea.Cmd {
	s.cancelled = true
	return s.Close()
}

// Settle asks again where the window has changed, has threads drawn once the hunts are done, and writes the lines.
func (s *page) Settle(width, height int) tea.Cmd {
	var cmd tea.Cmd
	if s.parts == nil || !frame.SameSpan(s.within, s.e.Within) || !frame.SameSpan(s.held, s.e.Held) {
		cmd = s.Open()
	} else if s.hunts.isDone() && s.hunts.drawn == nil && !s.drawing.Running() && !s.cancelled {
		cmd = s.hunts.draw(&s.drawing)
	}
	s.height = height
	s.write(width)
	return cmd
}

// subject is what a key that keeps something is about: the value under the cursor, else that of the page.
func (s *page) subject() (frame.Subject, bool) {
	if c, ok := s.chosen(); ok {
		if about, ok := frame.ValueSubject(c.kind, c.cell); ok {
			return about, true
		}
	}
	t, err := notes.ValueOf(s.kind, s.value)
	return frame.Subject{Values: []notes.Target{t}}, err == nil
}

// Moment is that of the value under the cursor where it is a time, else the first of its row.
func (s *page) Moment() (time.Time, bool) {
	if c, ok := s.chosen(); ok && frame.IsTime(c.column) && !c.cell.Null {
		return frame.ReadUTC(c.cell.Text)
	}
	if l, ok := s.line(); ok {
		if !l.at.IsZero() {
			return l.at, true
		}
		for _, c := range l.cells {
			if frame.IsTime(c.column) && !c.cell.Null {
				return frame.ReadUTC(c.cell.Text)
			}
		}
	}
	return time.Time{}, false
}
