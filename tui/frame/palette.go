package frame

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"case53/tui/grid"
)

// Choice is something that can be done: a key of a screen, a screen, a saved query, a command. Its texts are safe to draw.
type Choice struct {
	Key     string // that does the same; ""
	Name    string // short: of a query or a command; ""
	Does    string // in a sentence without its subject
	Section string // what it is among
	Dim     bool   // it would come to nothing
	Run     func() tea.Cmd
}

// palette is the overlay of all that can be done. It is help too: what is found is done, and the key that does the same stands
// beside it.
type palette struct {
	e       *Env
	all     []Choice
	also    func(typed string) []Choice // what a typed text stands for by itself: a window, an address
	found   []Choice
	in      Editor
	at, top int
}

// NewPalette lists choices in the order of their sections.
func NewPalette(e *Env, all []Choice, also func(typed string) []Choice) Screen {
	p := &palette{e: e, all: all, also: also}
	p.narrow()
	return p
}

// IsPalette reports whether a screen is the list of what can be done.
func IsPalette(s Screen) bool {
	_, ok := s.(*palette)
	return ok
}

func (p *palette) Title() string  { return "Keys, screens, queries" }
func (p *palette) Open() tea.Cmd  { return nil }
func (p *palette) Close() tea.Cmd { return nil }
func (p *palette) Status() Status { return Status{} }
func (p *palette) Typing() bool   { return true }

func (p *palette) Keys() []Bind {
	move := func(n int) func() tea.Cmd {
		return Do(func() { p.at = max(min(p.at+n, len(p.found)-1), 0) })
	}
	return append([]Bind{
		{Keys: Keys("enter"), Does: "do it", Foot: "do it", Run: p.enter},
		{Keys: Keys("down", "ctrl+n", "tab"), Does: "one down", Run: move(1)},
		{Keys: Keys("up", "ctrl+p", "shift+tab"), Does: "one up", Run: move(-1)},
		{Keys: Keys("pgdown"), Does: "ten down", Foot: "scroll", Run: move(10)},
		{Keys: Keys("pgup"), Does: "ten up", Run: move(-10)},
	}, p.in.Keys(p.narrow)...)
}

func (p *palette) enter() tea.Cmd {
	if p.at >= len(p.found) {
		return nil
	}
	run := p.found[p.at].Run
	return p.e.CloseThen(run)
}

func (p *palette) Update(msg tea.Msg) tea.Cmd {
	p.in.Update(msg)
	p.narrow()
	return nil
}

func (p *palette) narrow() {
	p.at, p.top = 0, 0
	typed := strings.TrimSpace(p.in.Value())
	p.found = nil
	if typed != "" {
		p.found = p.also(typed)
	}
	for _, i := range Matches(typed, len(p.all), func(i int) string { return p.all[i].Name }, func(i int) string { return p.all[i].Does }) {
		c := p.all[i]
		if !slices.ContainsFunc(p.found, func(o Choice) bool {
			return o.Section == c.Section && o.Name == c.Name && o.Does == c.Does && o.Key == c.Key
		}) {
			p.found = append(p.found, c)
		}
	}
}

func (p *palette) View(width, height int) string {
	e, t := p.e, &p.e.Theme
	line := "> " + p.in.View(t, max(width-2, 1), 1, true)
	out := []string{line + strings.Repeat(" ", max(width-ansi.StringWidth(line), 0))} // the box holds still, whatever is found
	whole := p.whole(width, height)
	room := max(height-1-len(whole), 1)
	key := 0
	for _, c := range p.all {
		key = max(key, ansi.StringWidth(c.Key))
	}
	key = min(key, max(width/4, 6))
	lines, at := p.lines(width, key)
	p.top = Scroll(p.top, at, room, max(len(lines), room))
	if at == 1 && p.top == 1 { // the head of the first section
		p.top = 0
	}
	out = append(out, lines[p.top:min(len(lines), p.top+room)]...)
	if len(p.found) == 0 {
		out = append(out, t.Dim.Render(Grow("nothing has this in its name; ; asks in SQL", width, &e.Theme)))
	}
	for len(whole) > 0 && len(out) < height-len(whole) {
		out = append(out, "")
	}
	return strings.Join(append(out, whole...), "\n")
}

// lines are the choices under the names of their sections, and the number of the line under the cursor.
func (p *palette) lines(width, key int) (lines []string, at int) {
	e, t := p.e, &p.e.Theme
	section := ""
	for i, c := range p.found {
		if p.in.Value() == "" && c.Section != section {
			section = c.Section
			lines = append(lines, t.Title.Render(Grow(section, width, t)))
		}
		text := grid.Fit(grid.Fit(c.Key, key, false, e.Opt.ASCII)+"  "+c.text(), width, false, e.Opt.ASCII)
		switch {
		case i == p.at:
			at = len(lines)
			text = t.Cursor.Render(text)
		case c.Dim:
			text = t.Dim.Render(text)
		}
		lines = append(lines, text)
	}
	return lines, at
}

func (c Choice) text() string {
	if c.Name == "" {
		return c.Does
	}
	return c.Name + "  " + c.Does
}

// mostWhole is how many lines the choice under the cursor has in full.
const mostWhole = 2

// whole is the choice under the cursor in full, where there is room.
func (p *palette) whole(width, height int) []string {
	if height < 8 {
		return nil
	}
	out := make([]string, mostWhole)
	if p.at < len(p.found) {
		c := p.found[p.at]
		for i, l := range Wrap(c.Section+": "+c.text(), max(width, 1)) {
			if i < mostWhole {
				out[i] = p.e.Theme.Dim.Render(l)
			}
		}
	}
	return out
}
