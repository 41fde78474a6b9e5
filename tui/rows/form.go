package rows

import (
	"errors"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"case53/cases/safetext"
	"case53/queries"
	"case53/tui/frame"
	"case53/tui/grid"
)

// form is an overlay that asks for the parameters of a query.
type form struct {
	e     *frame.Env
	query *queries.Query
	title string
	in    []frame.Editor
	at    int
	err   error
}

func newForm(e *frame.Env, q *queries.Query, values map[string]string) *form {
	f := &form{e: e, query: q, title: e.Brief(q.Title)}
	values = e.WithT0(q, values)
	for _, p := range q.Params {
		var in frame.Editor
		text := p.Default
		if v, ok := values[p.Name]; ok {
			text = safetext.Show(v) // read back by values
		}
		if t, ok := frame.ReadUTC(text); ok && p.Kind == "time" {
			text = e.Stamp(t)
		}
		in.SetValue(text)
		f.in = append(f.in, in)
	}
	f.at = f.firstEmpty()
	return f
}

// firstEmpty is the first required parameter without a value, else the first.
func (f *form) firstEmpty() int {
	for i, p := range f.query.Params {
		if p.Required && f.in[i].Value() == "" {
			return i
		}
	}
	return 0
}

func (f *form) Title() string        { return f.title }
func (f *form) Open() tea.Cmd        { return nil }
func (f *form) Close() tea.Cmd       { return nil }
func (f *form) Status() frame.Status { return frame.Status{} }
func (f *form) Typing() bool         { return true }

func (f *form) Keys() []frame.Bind {
	move := func(n int) func() tea.Cmd {
		return frame.Do(func() { f.at = (f.at + n + len(f.in)) % len(f.in) })
	}
	return append([]frame.Bind{
		{Keys: frame.Keys("enter"), Does: "run the query", Foot: "run", Run: f.run},
		{Keys: frame.Keys("tab", "down"), Does: "next parameter", Foot: "next", Run: move(1)},
		{Keys: frame.Keys("shift+tab", "up"), Does: "parameter before", Run: move(-1)},
	}, f.in[f.at].Keys(func() { f.err = nil })...)
}

// values are the texts as they are to be read: what was copied from the screen loses its escapes again, and a time is that of
// the zone on view. One that cannot be read so is an error: read as UTC it would be another.
func (f *form) values() (map[string]string, error) {
	values := map[string]string{}
	for i, p := range f.query.Params {
		text := strings.TrimSpace(plainText(f.in[i].Value()))
		if p.Kind == "time" && text != "" {
			t, err := f.e.ReadTime(text)
			switch {
			case err == nil:
				text = t.Format(time.RFC3339Nano)
			case !errors.Is(err, frame.ErrNoTime):
				f.at = i
				return nil, fmt.Errorf("parameter %s: %w", p.Name, err)
			}
		}
		values[p.Name] = text
	}
	return values, nil
}

func (f *form) run() tea.Cmd {
	var values map[string]string
	if values, f.err = f.values(); f.err != nil {
		return nil
	}
	if _, _, f.err = f.query.Bind(values); f.err != nil {
		if text, hint, ok := strings.Cut(f.err.Error(), "\nhint: -p "); ok { // an example for the command line: here it is typed alone
			_, example, _ := strings.Cut(hint, "=")
			f.err = errors.New(text + "\nhint: for example " + example)
		}
		for i, p := range f.query.Params { // go to the one that is wrong
			if strings.Contains(f.err.Error(), "parameter "+p.Name+":") || strings.Contains(f.err.Error(), "parameter "+p.Name+" is") {
				f.at = i
			}
		}
		return nil
	}
	return f.e.CloseThen(func() tea.Cmd { return RunQuery(f.e, f.query, values) })
}

func (f *form) Update(msg tea.Msg) tea.Cmd {
	f.err = nil
	f.in[f.at].Update(msg)
	return nil
}

func (f *form) View(width, height int) string {
	t := &f.e.Theme
	label := 0
	for _, p := range f.query.Params {
		label = max(label, len(p.Name)+1+len(p.Kind))
	}
	label = min(label, max(width/3, 4))
	var out []string
	for i, p := range f.query.Params {
		name := grid.Fit(f.e.Show(p.Name+" "+p.Kind), label, false, f.e.Opt.ASCII)
		mark := "  "
		if i == f.at {
			mark, name = "> ", t.Strong.Render(name)
		}
		out = append(out, mark+name+" "+f.in[i].View(t, max(width-label-3, 1), 1, i == f.at))
	}
	p := f.query.Params[f.at]
	note := p.Doc
	if p.Required {
		note += " (required)"
	}
	switch name := p.Name; {
	case (name == "from" || name == "to") && f.e.Windowed() && frame.TakesWindow(f.query):
		note += "; both empty: the window, " + f.e.WindowText()
	}
	if p.Kind == "time" {
		note += "; read in " + f.e.ZoneName() + " unless it says another zone"
	}
	out = append(out, "")
	for _, l := range frame.Wrap(f.e.Show(note), width) {
		out = append(out, t.Dim.Render(l))
	}
	if f.err != nil {
		out = append(out, frame.ErrorText(f.e, f.err, width))
	} else if room := height - len(out) - 1; room > 1 && f.query.Doc != "" {
		doc := f.e.Paragraphs(frame.OneLine(f.query.Doc), width)
		out = append(out, "")
		out = append(out, doc[:min(len(doc)-1, room)]...)
	}
	return strings.Join(out, "\n")
}
