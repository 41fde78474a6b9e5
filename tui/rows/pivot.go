package rows

import (
	"context"
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"case53/cases"
	"case53/cases/words"
	"case53/queries"
	"case53/tui/frame"
	"case53/tui/grid"
)

// kin are the kinds whose pivots a value can follow too: a name is also a domain to look under.
var kin = map[string][]string{"name": {"domain"}, "domain": {"name"}}

// way is where a value, or a row, can lead.
type way struct {
	text, id string
	last     int            // what needs no more than the value goes first, what cannot be followed last
	run      func() tea.Cmd // nil: it cannot be followed
	asked    *question      // whose rows are counted; nil where that cannot be told beforehand
	count    string         // as it is drawn; "" until it is known
	none     bool
}

// pivotMenu is the overlay of the ways. Their rows are counted one way after another while it is open.
type pivotMenu struct {
	e        *frame.Env
	title    string
	empty    string
	all      []*way
	found    []*way // those that what was typed leaves
	in       frame.Editor
	at, top  int
	counting frame.Task
}

// PivotOn shows where a value of a kind can go.
func PivotOn(e *frame.Env, kind, value string) tea.Cmd {
	return openPivot(e, field{Column: cases.Column{Name: kind, Kind: kind}}, cases.Cell{Text: value}, nil)
}

// openPivot shows where a value can go: every saved query that takes a value of its kind. first are ways of the row that it is
// in.
func openPivot(e *frame.Env, f field, c cases.Cell, first []*way) tea.Cmd {
	kind := valueKind(f.Kind, c.Text)
	if len(first) == 0 {
		switch {
		case c.Null:
			e.Say("a missing value leads nowhere")
			return nil
		case kind == "":
			e.Say("values of " + e.Show(f.Name) + " lead nowhere")
			return nil
		}
	}
	m := &pivotMenu{e: e, title: "Pivot: " + e.Brief(f.Name+" "+c.Text), all: first}
	if c.Null {
		m.title = "Pivot: this row"
	} else if kind != "" {
		m.all = append(m.all, pageWay(e, kind, c)...)
		for _, k := range append([]string{kind}, kin[kind]...) {
			for _, q := range e.Library.Pivots(k) {
				m.all = append(m.all, wayOf(e, q, kind, c.Text))
			}
		}
		shown := c.Text
		if kind == "time" {
			shown = e.TimeText(shown, 0)
		}
		m.title = "Pivot: " + e.Brief(kind+" "+shown)
		m.empty = "No saved query takes a value of the kind " + e.Show(kind) + "."
	}
	slices.SortStableFunc(m.all, func(a, b *way) int { return a.last - b.last })
	m.narrow()
	return e.Overlay(m)
}

// countAll is more rows than any limit leaves out.
const countAll = 1 << 40

// wayOf is the way of a saved query.
func wayOf(e *frame.Env, q *queries.Query, kind, value string) *way {
	w := &way{text: e.Show(q.Pivot), id: e.Show(q.ID)}
	lacks, ok := e.Has(q.Needs)
	if lacks != "" {
		w.id = "no " + e.Show(lacks) + " records"
	}
	if !ok {
		w.last = 2
		return w
	}
	if asksMore(q, kind) {
		w.text, w.last = w.text+e.Theme.Glyph.Dots, 1
	}
	values := map[string]string{q.Entry().Name: value}
	w.run = func() tea.Cmd {
		return e.CloseThen(func() tea.Cmd {
			if asksMore(q, kind) {
				return e.Overlay(newForm(e, q, values))
			}
			return RunQuery(e, q, values)
		})
	}
	counted := map[string]string{q.Entry().Name: value}
	for _, p := range q.Params {
		if slices.Contains(limits, p.Name) && p.Kind == "int" && p.Default != "" {
			counted[p.Name] = fmt.Sprint(countAll)
		}
	}
	if asked, err := saved(e, q, counted); err == nil { // one that asks for more than the value cannot be counted
		w.asked = &asked
	}
	return w
}

// asksMore reports whether a pivot has something left to ask: another required parameter, or how far around a moment.
func asksMore(q *queries.Query, kind string) bool {
	for _, p := range q.Params {
		if p.Name != q.Entry().Name && (p.Required || kind == "time" && p.Kind == "minutes") {
			return true
		}
	}
	return false
}

func (m *pivotMenu) Title() string        { return m.title }
func (m *pivotMenu) Open() tea.Cmd        { return m.count() }
func (m *pivotMenu) Typing() bool         { return true }
func (m *pivotMenu) Status() frame.Status { return frame.Status{Task: &m.counting} }

func (m *pivotMenu) Close() tea.Cmd {
	m.counting.Stop(m.e)
	return nil
}

// count counts the rows of the next way, and from it those of the others: those that its list will have, under the window too.
func (m *pivotMenu) count() tea.Cmd {
	i := slices.IndexFunc(m.all, func(w *way) bool { return w.asked != nil && w.count == "" })
	if i < 0 || m.counting.Running() {
		return nil
	}
	w := m.all[i]
	if !w.asked.probes(m.e) {
		return m.countUnder(w, nil)
	}
	return frame.Start(m.e, &m.counting, "counting", w.asked.columns(m.e), func(cols []field, err error) tea.Cmd {
		if err != nil {
			return m.counted(w, 0, err)
		}
		return m.countUnder(w, w.asked.within(m.e, cols))
	})
}

// countUnder counts the rows of a way for which the window's conditions hold.
func (m *pivotMenu) countUnder(w *way, window []clause) tea.Cmd {
	reader := w.asked.reader(m.e)
	sql, args := w.asked.compose(window, nil)
	sql = "SELECT count(*) AS n FROM (\n" + frame.TrimSQL(sql) + "\n)"
	return frame.Start(m.e, &m.counting, "counting", func(ctx context.Context) (int64, error) {
		r, err := reader.Query(ctx, sql, args)
		if err != nil {
			return 0, err
		}
		defer r.Close()
		rows, err := r.Fetch(ctx, 0, 1)
		if err != nil || len(rows) == 0 || len(rows[0]) == 0 {
			return 0, err
		}
		var n int64
		_, err = fmt.Sscan(rows[0][0].Text, &n)
		return n, err
	}, func(n int64, err error) tea.Cmd { return m.counted(w, n, err) })
}

// counted takes the number of rows of a way, and goes on to the next.
func (m *pivotMenu) counted(w *way, n int64, err error) tea.Cmd {
	w.count, w.none = words.Count(n), n == 0
	if err != nil {
		w.count, w.none = "?", false // what is wrong is said by the way itself
	}
	return m.count()
}

// Cancelled leaves the other ways uncounted.
func (m *pivotMenu) Cancelled() tea.Cmd {
	for _, w := range m.all {
		if w.count == "" {
			w.asked = nil
		}
	}
	return nil
}

func (m *pivotMenu) Keys() []frame.Bind {
	move := func(n int) func() tea.Cmd {
		return frame.Do(func() { m.at = max(min(m.at+n, len(m.found)-1), 0) })
	}
	binds := []frame.Bind{
		{Keys: frame.Keys("enter"), Does: "go this way", Foot: "choose", Run: func() tea.Cmd { return m.choose(m.at) }},
		{Keys: frame.Keys("down", "ctrl+n"), Does: "one down", Run: move(1)},
		{Keys: frame.Keys("up", "ctrl+p"), Does: "one up", Run: move(-1)},
		{Keys: frame.Keys("pgdown"), Does: "ten down", Run: move(10)},
		{Keys: frame.Keys("pgup"), Does: "ten up", Run: move(-10)},
	}
	if m.in.Value() == "" {
		numbers := frame.Bind{Show: "1" + m.e.Theme.Glyph.Dash + "9", Does: "choose by number; other text narrows the ways down"}
		for i := range min(len(m.found), 9) {
			b := numbers
			b.Keys, b.Run = frame.Keys(fmt.Sprint(i+1)), func() tea.Cmd { return m.choose(i) }
			binds = append(binds, b)
		}
	}
	return append(binds, m.in.Keys(m.narrow)...)
}

func (m *pivotMenu) Update(msg tea.Msg) tea.Cmd {
	m.in.Update(msg)
	m.narrow()
	return nil
}

// narrow keeps the ways that have all typed words.
func (m *pivotMenu) narrow() {
	m.found, m.at, m.top = nil, 0, 0
	for _, w := range m.all {
		text := strings.ToLower(w.text + " " + w.id)
		if !slices.ContainsFunc(strings.Fields(strings.ToLower(m.in.Value())), func(word string) bool { return !strings.Contains(text, word) }) {
			m.found = append(m.found, w)
		}
	}
}

func (m *pivotMenu) choose(i int) tea.Cmd {
	if i >= len(m.found) || m.found[i].run == nil {
		return nil
	}
	return m.found[i].run()
}

func (m *pivotMenu) View(width, height int) string {
	t := &m.e.Theme
	if len(m.all) == 0 {
		return strings.Join(frame.Wrap(m.empty, width), "\n")
	}
	text, count, id := 0, 1, 0
	for _, w := range m.all {
		text, count, id = max(text, ansi.StringWidth(w.text)), max(count, len(w.count)), max(id, ansi.StringWidth(w.id))
	}
	if room := width - 3 - 2 - count; text+2+id > room { // the names of queries give way
		if id = room - text - 2; id < 8 {
			id, text = 0, max(min(text, room), 8)
		}
	}
	height = max(height-1, 1)
	m.top = frame.Scroll(m.top, m.at, min(height, len(m.found)), len(m.found))
	var out []string
	for i := m.top; i < min(m.top+height, len(m.found)); i++ {
		out = append(out, m.line(i, text, count, id, width))
	}
	if len(m.found) == 0 {
		out = append(out, t.Dim.Render("no way has this in its name"))
	}
	return strings.Join(append(out, "> "+m.in.View(t, max(width-2, 1), 1, true)), "\n")
}

func (m *pivotMenu) line(i, text, count, id, width int) string {
	t, w, ascii := &m.e.Theme, m.found[i], m.e.Opt.ASCII
	lead := "   "
	if i < 9 && m.in.Value() == "" {
		lead = fmt.Sprintf("%d  ", i+1)
	}
	n := w.count
	if n == "" && w.asked != nil {
		n = t.Glyph.Dots
	}
	line := lead + grid.Fit(w.text, text, false, ascii) + "  " + grid.Fit(n, count, true, ascii)
	if id > 0 {
		line += "  " + grid.Fit(w.id, id, false, ascii)
	}
	switch line = grid.Fit(line, min(width, ansi.StringWidth(line)), false, ascii); {
	case i == m.at:
		return t.Cursor.Render(line)
	case w.none || w.run == nil:
		return t.Dim.Render(line)
	}
	return line
}
