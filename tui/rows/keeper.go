package rows

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"case53/cases/notes"
	"case53/tui/frame"
)

// saying is what can be said of rows and values.
type saying struct {
	title string
	help  string
	// read makes a change of what was typed, of a note as it is; its comments are one's own.
	read func(text string, n notes.Note) (notes.Change, error)
}

var (
	tags     = saying{"Tag", "Tags, parted by spaces; -tag takes one off.", readTags}
	comment  = saying{"Comment", "What is to be said of it; a comment of one - takes your last one off.", readComment}
	severity = saying{"Severity", "high, medium, low or info, or the first letter; - takes it off.", readSeverity}
)

func readTags(text string, _ notes.Note) (c notes.Change, err error) {
	for _, word := range strings.Fields(text) {
		tag, off := strings.CutPrefix(word, "-")
		tag = strings.TrimPrefix(tag, "#")
		if err := notes.CheckName(tag); err != nil {
			return c, err
		}
		if off {
			c.Untag = append(c.Untag, tag)
		} else {
			c.Tag = append(c.Tag, tag)
		}
	}
	return c, nil
}

func readComment(text string, n notes.Note) (c notes.Change, err error) {
	if c.Comment = strings.TrimSpace(text); c.Comment == "-" {
		c.Comment = ""
		if len(n.Comments) == 0 {
			return c, errors.New("there is no comment of yours to take off")
		}
		c.Uncomment = []int{n.Comments[len(n.Comments)-1].Line}
	}
	return c, nil
}

func readSeverity(text string, _ notes.Note) (c notes.Change, err error) {
	text = strings.ToLower(strings.TrimSpace(text))
	if text == "-" {
		c.Severity = new(string)
		return c, nil
	}
	i := slices.IndexFunc(notes.Severities, func(s string) bool { return text != "" && strings.HasPrefix(s, text) })
	if i < 0 {
		return c, fmt.Errorf("%q is no severity", text)
	}
	c.Severity = &notes.Severities[i]
	return c, nil
}

// keeper is an overlay that asks what is to be said of a row or a value.
type keeper struct {
	e     *frame.Env
	what  saying
	about []frame.Subject
	at    int
	in    frame.Editor
	err   error
	done  func()
}

func newKeeper(e *frame.Env, what saying, about []frame.Subject, done func()) *keeper {
	return &keeper{e: e, what: what, about: about, done: done}
}

// Say asks what is to be said of something: its tags, a comment, its severity.
func Say(e *frame.Env, g frame.Goto) tea.Cmd {
	what := map[string]saying{"t": tags, "c": comment, "s": severity}[g.Values["what"].(string)]
	return e.Overlay(newKeeper(e, what, []frame.Subject{g.Values["about"].(frame.Subject)}, func() {}))
}

func (k *keeper) Title() string        { return k.what.title }
func (k *keeper) Open() tea.Cmd        { return nil }
func (k *keeper) Close() tea.Cmd       { return nil }
func (k *keeper) Status() frame.Status { return frame.Status{} }
func (k *keeper) Typing() bool         { return true }

func (k *keeper) Keys() []frame.Bind {
	binds := []frame.Bind{{Keys: frame.Keys("enter"), Does: "keep it", Foot: "keep", Run: k.keep}}
	if len(k.about) > 1 {
		binds = append(binds, frame.Bind{Keys: frame.Keys("tab"), Does: "of the record, or of the value", Foot: "record or value", Run: func() tea.Cmd {
			k.at, k.err = (k.at+1)%len(k.about), nil
			return nil
		}})
	}
	return append(binds, k.in.Keys(func() { k.err = nil })...)
}

func (k *keeper) keep() tea.Cmd {
	about := k.about[k.at]
	n, _ := k.e.Kept.Of(about)
	n.Comments = slices.DeleteFunc(slices.Clone(n.Comments), func(c notes.Comment) bool { return c.By != k.e.Kept.Book().Actor() })
	text := plainText(k.in.Value())
	if strings.TrimSpace(text) == "" {
		return k.e.CloseOverlay()
	}
	c, err := k.what.read(text, n)
	if k.err = err; err != nil {
		return nil
	}
	k.done()
	said := strings.ToLower(k.what.title) + " of " + k.e.Brief(about.String()) + ": saved, u takes it back"
	return k.e.CloseThen(func() tea.Cmd {
		return k.e.Change(about, func() (string, func([]notes.Target) notes.Change) {
			return said, func(t []notes.Target) notes.Change {
				of := c
				of.Targets = t
				return of
			}
		})
	})
}

func (k *keeper) Update(msg tea.Msg) tea.Cmd {
	k.err = nil
	k.in.Update(msg)
	return nil
}

func (k *keeper) View(width, _ int) string {
	e, t := k.e, &k.e.Theme
	about := k.about[k.at]
	out := []string{t.Strong.Render(frame.Grow("of "+e.Brief(about.String()), width, t))}
	if len(k.about) > 1 {
		other := k.about[(k.at+1)%len(k.about)]
		out = append(out, t.Dim.Render(frame.Grow("tab: of "+e.Brief(other.String()), width, t)))
	}
	if n, ok := e.Kept.Of(about); ok {
		for _, part := range e.NoteLines(n) {
			out = append(out, t.Dim.Render(frame.Grow(e.Brief(frame.OneLine(part[0]+" "+part[1])), width, t)))
		}
	}
	out = append(out, "> "+k.in.View(t, max(width-2, 1), 1, true))
	for _, l := range frame.Wrap(k.what.help, max(width, 1)) {
		out = append(out, t.Dim.Render(l))
	}
	if k.err != nil {
		out = append(out, frame.ErrorText(e, k.err, width))
	}
	return strings.Join(out, "\n")
}
