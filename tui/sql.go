package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"
)

// sqlScreen is the prompt for a query by hand. The case runs queries that only read; that, not this screen, guards it.
type sqlScreen struct {
	e       *Env
	in      editor
	history []string
	back    int // how far back in history, 0: what is being written
	draft   string
	err     error
	asking  task
}

// sqlScreen is the one prompt of this session: it keeps its text and history while it is off the screen.
func (e *Env) sqlScreen() *sqlScreen {
	if e.asked == nil {
		e.asked = &sqlScreen{e: e, in: editor{multi: true}}
	}
	return e.asked
}

func (s *sqlScreen) Title() string  { return "SQL" }
func (s *sqlScreen) Open() tea.Cmd  { return nil }
func (s *sqlScreen) Typing() bool   { return true }
func (s *sqlScreen) Status() Status { return Status{Task: &s.asking} }

func (s *sqlScreen) Close() tea.Cmd {
	s.asking.stop(s.e)
	return nil
}

func (s *sqlScreen) Keys() []Bind {
	return append([]Bind{
		{Keys: keys("f5", "ctrl+j", "ctrl+enter"), Show: "F5 ctrl+j", Does: "run", Foot: "run", Run: s.run},
		{Keys: keys("ctrl+r"), Does: "the query before, in this session", Foot: "earlier", Run: do(func() { s.recall(1) })},
		{Keys: keys("ctrl+s"), Does: "the query after", Run: do(func() { s.recall(-1) })},
		{Keys: keys("ctrl+x"), Does: "clear", Foot: "clear", Run: do(func() { s.in.SetValue(""); s.err = nil })},
	}, s.in.Keys(func() {})...)
}

// run asks the query; its result comes up as a screen once its columns are known, and an error stays below the text.
func (s *sqlScreen) run() tea.Cmd {
	sql := trimSQL(s.in.Value())
	if sql == "" {
		return nil
	}
	if n := len(s.history); n == 0 || s.history[n-1] != sql {
		s.history = append(s.history, sql)
	}
	s.back, s.err = 0, nil
	r := newResult(s.e, "SQL result", question{sql: sql})
	r.began = s.e.now
	return start(s.e, &s.asking, "running", s.e.query(sql, nil), func(o *opened, err error) tea.Cmd {
		if s.err = err; err != nil {
			return nil
		}
		s.e.trail = append(s.e.trail, r)
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

func (s *sqlScreen) View(width, height int) string {
	below := ""
	if s.err != nil {
		below = errorText(s.e, s.err, width)
	}
	lines := 0
	if below != "" {
		lines = min(strings.Count(below, "\n")+1, height/2)
	}
	text := s.in.View(&s.e.theme, max(width-2, 1), max(height-lines-1, 1), true)
	if s.in.Value() == "" {
		t := &s.e.theme
		text += t.dim.Render(grow("SELECT srcaddr, count(*) FROM flow GROUP BY ALL ORDER BY 2 DESC", max(width-3, 1), t))
	}
	return strings.Join([]string{clip(indent(text), width, max(height-lines, 1)), clip(below, width, lines)}, "\n")
}

func indent(s string) string { return " " + strings.ReplaceAll(s, "\n", "\n ") }
