package tui

import (
	"context"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"case53/cases"
	"case53/cases/words"
	"case53/queries"
)

// overview is the first screen: what the case holds, what it lacks, and where to begin.
type overview struct {
	e       *Env
	data    *cases.Overview // nil until known
	err     error
	asking  task
	top     int
	last    int
	suggest []*queries.Query
}

// overviewBin is the width of the windows that coverage is counted in.
const overviewBin = 10 * time.Minute

func newOverview(e *Env) *overview { return &overview{e: e} }

func (s *overview) Title() string          { return "Overview" }
func (s *overview) Update(tea.Msg) tea.Cmd { return nil }
func (s *overview) Status() Status         { return Status{Task: &s.asking} }

func (s *overview) Open() tea.Cmd {
	reader := s.e.reader
	s.err = nil
	return start(s.e, &s.asking, "reading the case", func(ctx context.Context) (cases.Overview, error) {
		return reader.Overview(ctx, overviewBin)
	}, func(o cases.Overview, err error) tea.Cmd {
		if s.err = err; err != nil {
			return nil
		}
		s.data, s.e.tables = &o, o.Tables
		s.suggest = suggestions(s.e)
		return nil
	})
}

func (s *overview) Close() tea.Cmd {
	s.asking.stop(s.e)
	return nil
}

// firstQuestions are the saved queries to begin with, where they can be asked of this case.
var firstQuestions = []string{"hosts", "unnamed-connections", "rare-names", "top-talkers", "gaps"}

const mostSuggestions = 5

// suggestions are queries that need no parameter and whose tables the case has: the known good beginnings, then others,
// one per group before a second of the same.
func suggestions(e *Env) []*queries.Query {
	var found []*queries.Query
	fits := func(q *queries.Query) bool {
		lacks, _ := e.has(q.Needs)
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
		if q := e.library.Get(id); q != nil && fits(q) && len(found) < mostSuggestions {
			found = append(found, q)
		}
	}
	for most := 1; most <= mostSuggestions; most++ {
		for _, q := range e.library.All() {
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

func (s *overview) Keys() []Bind {
	var binds []Bind
	for _, t := range s.e.recordTables() {
		foot, _, _ := strings.Cut(strings.ToLower(t.title), " records")
		binds = append(binds, Bind{Keys: keys(t.key), Does: t.title, Foot: strings.TrimPrefix(foot, "resolver "),
			Run: func() tea.Cmd { return s.e.push(browse(s.e, t)) }})
	}
	binds = append(binds, Bind{Keys: keys("2"), Does: "saved queries", Foot: "queries",
		Run: func() tea.Cmd { return s.e.push(newPicker(s.e)) }})
	for i, q := range s.suggest {
		binds = append(binds, Bind{Keys: keys(string(rune('a' + i))), Does: s.e.show(q.Title), Run: func() tea.Cmd { return runQuery(s.e, q, nil) }})
	}
	move := func(n int) func() tea.Cmd { return do(func() { s.top = max(min(s.top+n, s.last), 0) }) }
	return append(binds,
		Bind{Keys: keys("down", "j"), Does: "scroll down", Run: move(1)},
		Bind{Keys: keys("up", "k"), Does: "scroll up", Run: move(-1)},
		Bind{Keys: keys("pgdown", "ctrl+d", "space"), Does: "scroll far down", Run: move(10)},
		Bind{Keys: keys("pgup", "ctrl+u"), Does: "scroll far up", Run: move(-10)},
		Bind{Keys: keys("r"), Does: "read the case again", Run: s.Open},
	)
}

func (s *overview) View(width, height int) string {
	lines := s.lines(width)
	s.last = max(len(lines)-height, 0)
	s.top = min(s.top, s.last)
	end := min(len(lines), s.top+height)
	out := lines[s.top:end]
	if end < len(lines) && height > 2 {
		t := &s.e.theme
		out = append(out[:len(out)-1:len(out)-1], " "+t.dim.Render(t.glyph.more+" j scrolls: "+words.Count(int64(len(lines)-end+1))+" more lines"))
	}
	return strings.Join(out, "\n")
}
