package rows

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"case53/cases/words"
	"case53/queries"
	"case53/tui/frame"
	"case53/tui/grid"
)

// picker is the screen of the saved queries: typing narrows them down.
type picker struct {
	e     *frame.Env
	in    frame.Editor
	all   []*queries.Query
	found []*queries.Query
	at    int
	top   int
}

func NewPicker(e *frame.Env) *picker {
	p := &picker{e: e, all: e.Library.All()}
	p.narrow()
	return p
}

func (p *picker) Title() string  { return "Queries" }
func (p *picker) Open() tea.Cmd  { return nil }
func (p *picker) Close() tea.Cmd { return nil }
func (p *picker) Typing() bool   { return true }

func (p *picker) Status() frame.Status {
	return frame.Status{Rows: words.Plural(int64(len(p.found)), "query", "queries")}
}

func (p *picker) Keys() []frame.Bind {
	move := func(n int) func() tea.Cmd {
		return frame.Do(func() { p.at = max(min(p.at+n, len(p.found)-1), 0) })
	}
	binds := []frame.Bind{
		{Keys: frame.Keys("enter"), Does: "run the query, or ask for its parameters", Foot: "run", Run: p.enter},
		{Keys: frame.Keys("down", "ctrl+n"), Does: "one down", Run: move(1)},
		{Keys: frame.Keys("up", "ctrl+p"), Does: "one up", Run: move(-1)},
		{Keys: frame.Keys("pgdown"), Does: "ten down", Run: move(10)},
		{Keys: frame.Keys("pgup"), Does: "ten up", Run: move(-10)},
		{Keys: frame.Keys("tab"), Does: "explain: what the query asks, its SQL, what it cannot tell", Foot: "explain", Run: p.explain},
	}
	return append(binds, p.in.Keys(p.narrow)...)
}

func (p *picker) Update(msg tea.Msg) tea.Cmd {
	p.in.Update(msg)
	p.narrow()
	return nil
}

// narrow finds the queries whose id, group or title match what was typed, the best first; all in their order when
// nothing was.
func (p *picker) narrow() {
	p.at, p.top = 0, 0
	typed := strings.TrimSpace(p.in.Value())
	if typed == "" {
		p.found = p.all
		return
	}
	p.found = nil
	for _, i := range frame.Matches(typed, len(p.all), func(i int) string { return p.all[i].ID }, func(i int) string { return p.all[i].Title }) {
		p.found = append(p.found, p.all[i])
	}
}

func (p *picker) chosen() *queries.Query {
	if p.at >= len(p.found) {
		return nil
	}
	return p.found[p.at]
}

func (p *picker) enter() tea.Cmd {
	if q := p.chosen(); q != nil {
		return Choose(p.e, q)
	}
	return nil
}

func (p *picker) explain() tea.Cmd {
	q := p.chosen()
	if q == nil {
		return nil
	}
	return p.e.Overlay(frame.NewExplain(p.e, p.e.Show(q.ID), frame.About{Doc: q.Title + ".\n\n" + q.Doc, Cannot: q.Cannot}, q.SQL, nil))
}

func (p *picker) View(width, height int) string {
	t := &p.e.Theme
	out := []string{" > " + p.in.View(t, max(width-4, 1), 1, true)}
	detail := p.detail(width, height)
	room := max(height-1-len(detail), 1)
	p.top = frame.Scroll(p.top, p.at, room, max(len(p.found), room))
	for i := p.top; i < min(p.top+room, len(p.found)); i++ {
		out = append(out, p.line(t, i, width))
	}
	if len(p.found) == 0 {
		out = append(out, " "+t.Dim.Render("no query matches; ; asks in SQL"))
	}
	for len(out) < height-len(detail) {
		out = append(out, "")
	}
	return strings.Join(append(out, detail...), "\n")
}

func (p *picker) line(t *frame.Theme, i, width int) string {
	q := p.found[i]
	id := 0
	for _, q := range p.all {
		id = max(id, len(q.ID))
	}
	id = min(id, max(width/3, 8))
	text := " " + grid.Fit(p.e.Show(q.ID), id, false, p.e.Opt.ASCII) + "  " + p.e.Show(q.Title)
	if width >= 80 {
		text = " " + grid.Fit(p.e.Show(q.Group), 6, false, p.e.Opt.ASCII) + text
	}
	lacks, ok := p.e.Has(q.Needs)
	if lacks != "" {
		text += " (no " + p.e.Show(lacks) + " records)"
	}
	text = grid.Fit(text, width, false, p.e.Opt.ASCII)
	switch {
	case i == p.at:
		return t.Cursor.Render(text)
	case !ok:
		return t.Dim.Render(text)
	}
	return text
}

// detail explains the chosen query in a few lines at the foot, where there is room.
func (p *picker) detail(width, height int) []string {
	q := p.chosen()
	if q == nil || height < 10 {
		return nil
	}
	e, t := p.e, &p.e.Theme
	out := []string{t.Dim.Render(strings.Repeat(e.Theme.Glyph.Dash, width)), t.Strong.Render(frame.Grow(e.Show(q.Title), width-1, t))}
	doc := e.Paragraphs(frame.OneLine(q.Doc), width-1)
	out = append(out, doc[:min(len(doc)-1, max(height/5, 2))]...)
	var params []string
	for _, pr := range q.Params {
		s := pr.Name
		if pr.Required {
			s += "*"
		}
		params = append(params, s)
	}
	if len(params) > 0 {
		out = append(out, t.Dim.Render(frame.Grow(e.Show("takes "+strings.Join(params, ", ")), width-1, t)))
	}
	for i := range out {
		if i > 0 {
			out[i] = " " + out[i]
		}
	}
	return out
}
