package answers

import (
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"case53/cases/words"
	"case53/queries/compare"
	"case53/tui/frame"
)

// comparison is two captures compared: the verdict, what both have, what one has alone, and what was not recorded.
type comparison struct {
	e      *frame.Env
	desk   Desk
	found  *compare.Comparison
	err    error
	asking frame.Task
	began  time.Time
	took   time.Duration
	list   list
	lines  []line
	width  int // that the lines are made for
}

func newComparison(e *frame.Env, d Desk) *comparison { return &comparison{e: e, desk: d} }

func (s *comparison) Title() string          { return "Compare" }
func (s *comparison) Update(tea.Msg) tea.Cmd { return nil }

func (s *comparison) Status() frame.Status {
	st := frame.Status{Task: &s.asking, Took: s.took, All: true}
	if len(s.lines) > 0 {
		st.Rows = "line " + words.Count(int64(s.list.at+1)) + " of " + words.Count(int64(len(s.lines)))
	}
	return st
}

func (s *comparison) Open() tea.Cmd {
	s.found, s.err, s.lines, s.took, s.began = nil, nil, nil, 0, s.e.Now
	desk := s.desk
	return frame.Start(s.e, &s.asking, "comparing", desk.Compare, func(c *compare.Comparison, err error) tea.Cmd {
		s.found, s.err, s.width, s.took = c, err, 0, max(s.e.Now.Sub(s.began), time.Microsecond)
		return nil
	})
}

func (s *comparison) Close() tea.Cmd {
	s.asking.Stop(s.e)
	return nil
}

func (s *comparison) Keys() []frame.Bind {
	return append([]frame.Bind{
		{
			Keys: frame.Keys("enter"),
			Does: "where this place leads: its records, who else has it",
			Foot: "pivot",
			Run:  func() tea.Cmd { return s.list.enter(s.lines) },
		},
		{Keys: frame.Keys("r"), Does: "compare again", Foot: "again", Run: s.Open},
		reportBind(s.e, s.desk),
	}, append(s.list.keys(func() int { return len(s.lines) }), s.list.findKeys(s.e, func() []line { return s.lines })...)...)
}

// Settle writes the lines for the width of the screen.
func (s *comparison) Settle(width, _ int) tea.Cmd {
	if s.found != nil && s.width != width {
		s.lines, s.width = s.write(width), width
	}
	return nil
}

func (s *comparison) View(width, height int) string {
	t := &s.e.Theme
	switch {
	case s.err != nil:
		return frame.ErrorText(s.e, s.err, width)
	case s.found == nil && s.asking.Running():
		return " " + t.Dim.Render("comparing two captures"+t.Glyph.Dots)
	case s.found == nil:
		return " " + t.Warn.Render("cancelled "+t.Glyph.Dash+" r compares again")
	}
	return s.list.viewOver(s.e, s.lines, s.detail(width, height), width, height)
}

// detail has the place under the cursor in full.
func (s *comparison) detail(width, height int) []string {
	if height < 14 || s.list.at >= len(s.lines) || s.lines[s.list.at].whole == "" {
		return nil
	}
	return append([]string{s.e.Theme.Dim.Render(strings.Repeat(s.e.Theme.Glyph.Dash, width))}, below(s.e, s.lines[s.list.at].whole, width)...)
}

// write writes the comparison in lines no wider than width, in the words of case53 compare.
func (s *comparison) write(width int) []line {
	c, e, t := s.found, s.e, &s.e.Theme
	var out []line
	say := func(lead, text string, style func(...string) string) {
		for i, part := range frame.Wrap(e.Show(text), max(width-len(lead)-1, 10)) {
			if i > 0 {
				lead = strings.Repeat(" ", len(lead))
			}
			out = append(out, line{text: lead + style(part), bare: lead + part})
		}
	}
	plain := func(s ...string) string { return strings.Join(s, "") }
	head := func(title, fact string) {
		out = append(out, line{}, line{text: " " + t.Title.Render(title) + "  " + t.Dim.Render(fact), bare: " " + title + "  " + fact})
	}
	say(" ", c.Verdict, t.Strong.Render)
	out = append(out, line{})
	for i, side := range []*compare.Side{&c.Left, &c.Right, c.Baseline} {
		if side != nil {
			name := fmt.Sprintf("%-9s", []string{"left", "right", "baseline"}[i])
			say(" "+name+" ", side.Capture+" ("+side.Role+"), "+c.LogsText(side), t.Dim.Render)
		}
	}
	for _, l := range c.Lists() {
		head(e.Show(l.Title), words.Plural(l.Of, "place", "places"))
		for _, p := range l.Lines {
			text := fmt.Sprintf("  %.2f  %s", p.Score, e.Show(p.Text))
			out = append(out, line{text: text, whole: p.Text, run: func() tea.Cmd { return s.pivot(p) }})
		}
		if l.More() > 0 {
			out = append(out, line{text: "        " + t.Dim.Render(words.Count(l.More())+" more: case53 compare "+e.Show(e.Opt.CaseName)+" --most")})
		}
	}
	if len(c.Negative) > 0 {
		head("Not recorded in "+e.Show(c.Right.Label), words.Plural(int64(len(c.Negative)), "statement", "statements"))
	}
	for _, n := range c.Negative {
		say("  ", n.Short, plain)
	}
	if text := c.Unstated(); text != "" {
		say("  ", text, t.Dim.Render)
	}
	for _, logType := range c.Right.Recorded(c) {
		head("Not visible in "+logType.Many, "however complete they are")
		for _, b := range logType.Blind {
			say("  - ", b.What+": "+b.Why, plain)
		}
	}
	return out
}

// pivot leads on from a place: by its name where it has one, else by its address.
func (s *comparison) pivot(p compare.ListLine) tea.Cmd {
	kind, value := "name", p.Name
	if value == "" {
		kind, value = "ip", p.Address
	}
	return s.e.Go(frame.Goto{Screen: "pivot", Values: map[string]any{"kind": kind, "value": value}})
}
