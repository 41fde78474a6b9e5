package answers

import (
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"case53/cases/notes"
	"case53/queries"
	"case53/tui/frame"
	"case53/tui/grid"
)

// list is a cursor over lines.
type list struct {
	at, top, height int
	sought          string // text that f goes to; may hold text of the evidence
}

// line is a line of a list. text is safe to draw and may have styles.
type line struct {
	text  string
	bare  string         // the same without styles, for the cursor; "" where text has none
	run   func() tea.Cmd // enter; nil: the line is only to be read
	hunt  *queries.Query // that the line is about, if any
	note  *notes.Note    // that the line is about, if any
	whole string         // what text is the beginning of; may hold text of the evidence
}

// enter does what the line under the cursor is for.
func (l *list) enter(lines []line) tea.Cmd {
	if l.at >= len(lines) || lines[l.at].run == nil {
		return nil
	}
	return lines[l.at].run()
}

// keys move the cursor.
func (l *list) keys(lines func() int) []frame.Bind {
	move := func(n func() int) func() tea.Cmd {
		return frame.Do(func() { l.at = max(min(l.at+n(), lines()-1), 0) })
	}
	by := func(n int) func() int { return func() int { return n } }
	return []frame.Bind{
		{Keys: frame.Keys("down", "j"), Does: "one down", Run: move(by(1))},
		{Keys: frame.Keys("up", "k"), Does: "one up", Run: move(by(-1))},
		{Keys: frame.Keys("pgdown", "ctrl+d", "space"), Does: "a page down", Run: move(func() int { return max(l.height-1, 1) })},
		{Keys: frame.Keys("pgup", "ctrl+u"), Does: "a page up", Run: move(func() int { return -max(l.height-1, 1) })},
		{Keys: frame.Keys("g", "home"), Does: "first", Run: move(func() int { return -l.at })},
		{Keys: frame.Keys("G", "end"), Does: "last", Run: move(lines)},
	}
}

// findKeys go to a text in the lines, or in what they are the beginning of.
func (l *list) findKeys(e *frame.Env, lines func() []line) []frame.Bind {
	return []frame.Bind{
		{Keys: frame.Keys("f"), Does: "find a text, and go to the line that has it", Run: func() tea.Cmd {
			help := func(width int) []string { return frame.Wrap("upper and lower case alike; n and N go on", width) }
			p := frame.NewPrompt(e, "Find", help, func(text string) (tea.Cmd, error) {
				l.sought = strings.TrimSpace(text)
				l.next(e, lines(), 1)
				return nil, nil
			})
			p.Begin(l.sought)
			return e.Overlay(p)
		}},
		{Keys: frame.Keys("n"), Does: "the next line that has it", Run: func() tea.Cmd { l.next(e, lines(), 1); return nil }},
		{Keys: frame.Keys("N"), Does: "the line before that has it", Run: func() tea.Cmd { l.next(e, lines(), -1); return nil }},
	}
}

// next goes to the next line below (1) or above (-1) that has what is sought.
func (l *list) next(e *frame.Env, lines []line, by int) {
	if l.sought == "" {
		e.Say("nothing is sought yet: f finds")
		return
	}
	for i := l.at + by; i >= 0 && i < len(lines); i += by {
		if lines[i].has(e, l.sought) {
			l.at = i
			return
		}
	}
	e.Say(map[int]string{1: "no line after has it", -1: "no line before has it"}[by])
}

// has reports whether a line, or what it is the beginning of, has a text in it.
func (n *line) has(e *frame.Env, text string) bool {
	return strings.Contains(strings.ToLower(ansi.Strip(n.text)+"\n"+e.Show(n.whole)), strings.ToLower(text))
}

// view draws so many lines, the one under the cursor marked.
func (l *list) view(e *frame.Env, lines []line, width, height int) string {
	l.height = height
	l.at = max(min(l.at, len(lines)-1), 0)
	l.top = frame.Scroll(l.top, l.at, height, max(len(lines), height))
	var out []string
	for i := l.top; i < min(l.top+height, len(lines)); i++ {
		if i == l.at {
			bare := lines[i].bare
			if bare == "" {
				bare = lines[i].text
			}
			out = append(out, e.Theme.Cursor.Render(grid.Fit(bare, width, false, e.Opt.ASCII)))
			continue
		}
		out = append(out, frame.Grow(lines[i].text, width, &e.Theme))
	}
	return strings.Join(out, "\n")
}

// viewOver is view with lines below it, at the foot of the screen.
func (l *list) viewOver(e *frame.Env, lines []line, foot []string, width, height int) string {
	view := l.view(e, lines, width, max(height-len(foot), 1))
	if len(foot) == 0 {
		return view
	}
	return view + strings.Repeat("\n", max(height-len(foot)-strings.Count(view, "\n"), 1)) + strings.Join(foot, "\n")
}

// detailLines is how many lines are kept for what the line under the cursor is about.
const detailLines = 3

// below writes a text in the lines that are kept for it.
func below(e *frame.Env, text string, width int) []string {
	out := make([]string, detailLines)
	for i, l := range frame.Wrap(e.Show(frame.OneLine(text)), max(width-2, 1)) {
		if i == detailLines {
			out[i-1] = frame.Grow(out[i-1]+" "+l, width-1, &e.Theme)
			break
		}
		out[i] = " " + l
	}
	return out
}
