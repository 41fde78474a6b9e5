package answers

import (
	"context"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"case53/cases"
	"case53/cases/words"
	"case53/queries"
	"case53/tui/frame"
)

// overview is the first screen: what the case holds, what it lacks, and where to begin.
type overview struct {
	e       *frame.Env
	desk    Desk
	data    *cases.Overview // nil until known
	err     error
	asking  frame.Task
	top     int
	last    int
	suggest []*queries.Query
}

// overviewBin is the width of the windows that coverage is counted in.
const overviewBin = 10 * time.Minute

func NewOverview(e *frame.Env, d Desk) *overview { return &overview{e: e, desk: d} }

func (s *overview) Title() string          { return "Overview" }
func (s *overview) Update(tea.Msg) tea.Cmd { return nil }
func (s *overview) Status() frame.Status   { return frame.Status{Task: &s.asking, All: true} }

func (s *overview) Open() tea.Cmd {
	reader := s.e.Reader
	s.err = nil
	return frame.Start(s.e, &s.asking, "reading the case", func(ctx context.Context) (cases.Overview, error) {
		return reader.Overview(ctx, overviewBin)
	}, func(o cases.Overview, err error) tea.Cmd {
		if s.err = err; err != nil {
			return nil
		}
		s.data, s.e.Tables, s.e.Held, s.e.Problem = &o, o.Tables, o.Window, frame.Told(o.Problem)
		s.e.Captures = nil
		for _, c := range o.Captures {
			if !c.Window.From.IsZero() {
				s.e.Captures = append(s.e.Captures, c.Window)
			}
		}
		if o.Sealed {
			s.e.Opt.Note = "SEALED"
		}
		s.suggest = suggestions(s.e)
		return nil
	})
}

func (s *overview) Close() tea.Cmd {
	s.asking.Stop(s.e)
	return nil
}

// firstQuestions are the saved queries to begin with, where they can be asked of this case.
var firstQuestions = []string{"hosts", "unnamed-connections", "rare-names", "top-talkers", "gaps"}

const mostSuggestions = 5

// suggestions are queries that need no parameter and whose tables the case has: the known good beginnings, then others,
// one per group before a second of the same.
func suggestions(e *frame.Env) []*queries.Query {
	var found []*queries.Query
	fits := func(q *queries.Query) bool {
		lacks, _ := e.Has(q.Needs)
		ok := lacks == ""
		for _, p := range q.Params {
			ok = ok && !p.Required
		}
		for _, f := range found {
			ok = ok && f != q
		}
		return ok
	}
	for _, id := range firstQuestions {
		if q := e.Library.Get(id); q != nil && fits(q) && len(found) < mostSuggestions {
			found = append(found, q)
		}
	}
	for most := 1; most <= mostSuggestions; most++ {
		for _, q := range e.Library.All() {
			n := 0
			for _, f := range found {
				if f.Group == q.Group {
					n++
				}
			}
			if n < most && len(found) < mostSuggestions && fits(q) {
				found = append(found, q)
			}
		}
	}
	return found
}

func (s *overview) Keys() []frame.Bind {
	binds := []frame.Bind{
		{Keys: frame.Keys("X"), Does: "hunts: all of them, and what each found", Foot: "hunts",
			Run: func() tea.Cmd { return s.e.Go(frame.Goto{Screen: "hunts"}) }},
		{Keys: frame.Keys("2"), Does: "saved queries", Foot: "queries",
			Run: func() tea.Cmd { return s.e.Go(frame.Goto{Screen: "queries"}) }},
		reportBind(s.e, s.desk),
	}
	for _, t := range s.e.RecordTables() {
		if t.Key == "" {
			continue
		}
		foot, _, _ := strings.Cut(strings.ToLower(t.Title), " records")
		binds = append(binds, frame.Bind{Keys: t.Keys(), Does: t.Title, Foot: strings.TrimPrefix(foot, "resolver "),
			Run: func() tea.Cmd { return s.e.Go(t.Goto()) }})
	}
	for i, q := range s.suggest {
		binds = append(binds, frame.Bind{
			Keys: frame.Keys(string(rune('a' + i))),
			Does: s.e.Show(q.Title),
			Run:  func() tea.Cmd { return s.e.Go(frame.Goto{Screen: "query", Values: map[string]any{"query": q}}) },
		})
	}
	move := func(n int) func() tea.Cmd { return frame.Do(func() { s.top = max(min(s.top+n, s.last), 0) }) }
	return append(binds,
		frame.Bind{Keys: frame.Keys("down", "j"), Does: "scroll down", Run: move(1)},
		frame.Bind{Keys: frame.Keys("up", "k"), Does: "scroll up", Run: move(-1)},
		frame.Bind{Keys: frame.Keys("pgdown", "ctrl+d", "space"), Does: "scroll far down", Run: move(10)},
		frame.Bind{Keys: frame.Keys("pgup", "ctrl+u"), Does: "scroll far up", Run: move(-10)},
		frame.Bind{Keys: frame.Keys("r"), Does: "read the case again", Run: s.Open},
	)
}

func (s *overview) View(width, height int) string {
	lines := s.lines(width)
	s.last = max(len(lines)-height, 0)
	s.top = min(s.top, s.last)
	end := min(len(lines), s.top+height)
	out := lines[s.top:end]
	if end < len(lines) && height > 2 {
		t := &s.e.Theme
		out = append(out[:len(out)-1:len(out)-1], " "+t.Dim.Render(t.Glyph.More+" j scrolls: "+words.Count(int64(len(lines)-end+1))+" more lines"))
	}
	return strings.Join(out, "\n")
}
