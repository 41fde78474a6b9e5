package rows

import (
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"case53/tui/frame"
)

// sqlScreen is the prompt for a query by hand. The case runs queries that only read; that, not this screen, guards it.
type sqlScreen struct {
	e       *frame.Env
	in      frame.Editor
	history []string
	back    int // how far back in history, 0: what is being written
	draft   string
	err     error
	asking  frame.Task
}

// OpenSQL is the one prompt of this session: it keeps its text and history while it is off the screen.
func OpenSQL(e *frame.Env) frame.Screen {
	return e.Keep("sql", func() frame.Screen { return &sqlScreen{e: e, in: frame.Editor{Multi: true}} })
}

func (s *sqlScreen) Title() string        { return "SQL" }
func (s *sqlScreen) Open() tea.Cmd        { return nil }
func (s *sqlScreen) Typing() bool         { return true }
func (s *sqlScreen) Status() frame.Status { return frame.Status{Task: &s.asking} }

func (s *sqlScreen) Close() tea.Cmd {
	s.asking.Stop(s.e)
	return nil
}

func (s *sqlScreen) Keys() []frame.Bind {
	return append([]frame.Bind{
		{Keys: frame.Keys("f5", "ctrl+j", "ctrl+enter"), Show: "F5 ctrl+j", Does: "run", Foot: "run", Run: s.run},
		{Keys: frame.Keys("ctrl+r"), Does: "the query before, in this session", Foot: "earlier", Run: frame.Do(func() { s.recall(1) })},
		{Keys: frame.Keys("ctrl+s"), Does: "the query after", Run: frame.Do(func() { s.recall(-1) })},
		{Keys: frame.Keys("ctrl+x"), Does: "clear", Foot: "clear", Run: frame.Do(func() { s.in.SetValue(""); s.err = nil })},
	}, s.in.Keys(func() {})...)
}

// run asks the query; its result comes up as a screen once its columns are known, and an error stays below the text.
func (s *sqlScreen) run() tea.Cmd {
	sql := frame.TrimSQL(s.in.Value())
	if sql == "" {
		return nil
	}
	if n := len(s.history); n == 0 || s.history[n-1] != sql {
		s.history = append(s.history, sql)
	}
	s.back, s.err = 0, nil
	e := s.e
	r := newResult(e, "SQL result", byHand(e, sql))
	r.again = func() (question, error) { return byHand(e, sql), nil }
	r.began, r.asked = e.Now, scopeOf(e)
	return frame.Start(e, &s.asking, "running", e.Query(r.base.asked(nil, nil)), func(o *frame.Opened, err error) tea.Cmd {
		if s.err = err; err != nil {
			return nil
		}
		s.e.Put(r)
		return r.use(o, nil)
	})
}

// recall goes back (1) or forth (-1) in the session's queries.
func (s *sqlScreen) recall(by int) {
	if s.back == 0 {
		s.draft = s.in.Value()
	}
	s.back = max(min(s.back+by, len(s.history)), 0)
	if s.back == 0 {
		s.in.SetValue(s.draft)
		return
	}
	s.in.SetValue(s.history[len(s.history)-s.back])
}

func (s *sqlScreen) Update(msg tea.Msg) tea.Cmd {
	s.in.Update(msg)
	return nil
}

// example is a statement that the case has something to answer with.
func (s *sqlScreen) example() string {
	view := "object"
	if types := s.e.Reader.LogTypes(); len(types) > 0 {
		view = types[0].View
	}
	return "SELECT capture, count(*) FROM " + view + " GROUP BY ALL ORDER BY 2 DESC"
}

func (s *sqlScreen) View(width, height int) string {
	below := ""
	if s.err != nil {
		below = frame.ErrorText(s.e, s.err, width)
	}
	if z := s.e.Zone; below == "" && z != time.UTC {
		below = " " + s.e.Theme.Dim.Render(frame.Grow("a time in SQL is in UTC; results are shown in "+s.e.ZoneName(), max(width-2, 1), &s.e.Theme))
	}
	lines := 0
	if below != "" {
		lines = min(strings.Count(below, "\n")+1, height/2)
	}
	text := s.in.View(&s.e.Theme, max(width-2, 1), max(height-lines-1, 1), true)
	if s.in.Value() == "" {
		t := &s.e.Theme
		text += t.Dim.Render(frame.Grow(s.example(), max(width-3, 1), t))
	}
	return strings.Join([]string{frame.Clip(indent(text), width, max(height-lines, 1)), frame.Clip(below, width, lines)}, "\n")
}

func indent(s string) string { return " " + strings.ReplaceAll(s, "\n", "\n ") }
