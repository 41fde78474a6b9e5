package frame

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"case53/cases/words"
)

// page is an overlay of text to read: what a result was asked.
type page struct {
	e     *Env
	title string
	Lines func(width int) []string
	top   int
	last  int // the furthest it can scroll, as of the last View
}

func (p *page) Title() string          { return p.title }
func (p *page) Open() tea.Cmd          { return nil }
func (p *page) Close() tea.Cmd         { return nil }
func (p *page) Status() Status         { return Status{} }
func (p *page) Update(tea.Msg) tea.Cmd { return nil }

func (p *page) Keys() []Bind {
	move := func(n int) func() tea.Cmd { return Do(func() { p.top = max(min(p.top+n, p.last), 0) }) }
	return []Bind{
		{Keys: Keys("down", "j"), Does: "scroll down", Foot: "scroll", Run: move(1)},
		{Keys: Keys("up", "k"), Does: "scroll up", Run: move(-1)},
		{Keys: Keys("pgdown", "ctrl+d", "space"), Does: "scroll far down", Run: move(10)},
		{Keys: Keys("pgup", "ctrl+u"), Does: "scroll far up", Run: move(-10)},
	}
}

func (p *page) View(width, height int) string {
	lines := p.Lines(width)
	p.last = max(len(lines)-height, 0)
	p.top = min(p.top, p.last)
	return strings.Join(lines[p.top:min(len(lines), p.top+height)], "\n")
}

// NewText shows lines to read.
func NewText(e *Env, title string, lines func(width int) []string) *page {
	return &page{e: e, title: title, Lines: lines}
}

// NewExplain shows what was asked: prose, SQL as it was run, arguments, and what the answer cannot tell.
func NewExplain(e *Env, title string, a About, sql string, args map[string]any) *page {
	return &page{e: e, title: "About " + title, Lines: func(width int) []string {
		t := &e.Theme
		var out []string
		if a.Doc != "" {
			out = append(out, e.Paragraphs(a.Doc, width)...)
		}
		if a.Lacks != "" {
			out = append(out, t.Warn.Render(Grow(a.Lacks, width, t)), "")
		}
		if a.Cannot != "" {
			out = append(out, t.Title.Render("What it cannot tell"))
			out = append(out, e.Paragraphs(a.Cannot, width)...)
		}
		out = append(out, t.Title.Render("SQL"))
		for _, l := range e.Lines(TrimSQL(sql)) {
			out = append(out, Wrap(l, width)...)
		}
		if len(args) > 0 {
			out = append(out, "", t.Title.Render("Arguments"))
		}
		for _, name := range slices.Sorted(maps.Keys(args)) {
			out = append(out, Wrap("$"+e.Show(name)+" = "+e.Brief(argText(args[name])), width)...)
		}
		return out
	}}
}

func argText(v any) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case string:
		return fmt.Sprintf("%q", v)
	case time.Time:
		return v.UTC().Format(CellTime) + " UTC"
	}
	return fmt.Sprint(v)
}

// Paragraphs wraps prose whose paragraphs are parted by empty lines, and ends with an empty line.
func (e *Env) Paragraphs(text string, width int) []string {
	var out []string
	for _, p := range strings.Split(text, "\n\n") {
		out = append(out, Wrap(e.Show(OneLine(p)), width)...)
		out = append(out, "")
	}
	return out
}

// aHyphen stands for a hyphen while a line is wrapped: it is for private use, so no text that is safe to draw has it.
const aHyphen = "\ue000"

// Wrap breaks a line that is safe to draw at spaces, and within a word that is too long for any line. An id or a name with hyphens is
// one word.
func Wrap(s string, width int) []string {
	if width < 1 {
		return []string{s}
	}
	wrapped := ansi.Wrap(strings.ReplaceAll(s, "-", aHyphen), width, "")
	return strings.Split(strings.ReplaceAll(wrapped, aHyphen, "-"), "\n")
}

// OneLine joins the lines of prose.
func OneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// HardWrap breaks a value at the edge, wherever that is: unlike wrap it keeps every space.
func HardWrap(s string, width int) []string {
	return strings.Split(ansi.Hardwrap(s, width, true), "\n")
}

func TrimSQL(sql string) string { return strings.TrimRight(sql, " \t\r\n;") }

// Clip cuts text to width and height.
func Clip(s string, width, height int) string {
	if height <= 0 {
		return ""
	}
	lines := strings.Split(s, "\n")
	if len(lines) > height {
		lines = lines[:height]
	}
	for i, l := range lines {
		if ansi.StringWidth(l) > width {
			lines[i] = ansi.Truncate(l, width, "")
		}
	}
	for len(lines) < height {
		lines = append(lines, "")
	}
	return strings.Join(lines, "\n")
}

// Grow shortens s to width where needed, with the theme's dots.
func Grow(s string, width int, t *Theme) string {
	if ansi.StringWidth(s) <= width {
		return s
	}
	return ansi.Truncate(s, width, t.Glyph.Dots)
}

func TookText(d time.Duration) string {
	if d < 10*time.Second {
		return fmt.Sprintf("%.2f s", d.Seconds())
	}
	return fmt.Sprintf("%.0f s", d.Seconds())
}

// About is what can be said of a question beside its answer.
type About struct {
	Doc, Cannot string
	Lacks       string // which of the logs that it reads the case has none of; safe to draw
}

var (
	notBuilt = regexp.MustCompile(`not built yet: ([a-z0-9_]+(?:, [a-z0-9_]+)*)(;|\n|$)`)
	noneOfIt = regexp.MustCompile(`not built yet: (\S+ [^;\n]*)`)
)

// Told is an error in words for people: what is not built yet has names that only its makers know. Where none of it is of use it says
// why in a sentence.
func Told(text string) string {
	text = noneOfIt.ReplaceAllStringFunc(text, func(m string) string {
		if notBuilt.MatchString(m) {
			return m
		}
		return "what pivots and sums rest on is not built yet: " + strings.TrimPrefix(m, "not built yet: ")
	})
	return notBuilt.ReplaceAllStringFunc(text, func(m string) string {
		found := notBuilt.FindStringSubmatch(m)
		n := int64(strings.Count(found[1], ",") + 1)
		return "not built yet: " + words.Plural(n, "table", "tables") + " for pivots and sums" + found[2]
	})
}

// ErrorText draws an error: its lines, safe to draw, wrapped.
func ErrorText(e *Env, err error, width int) string {
	var out []string
	for _, l := range e.Lines(Told(err.Error())) {
		style := e.Theme.Bad
		if strings.HasPrefix(l, "hint: ") {
			style = e.Theme.Plain
		}
		for _, w := range Wrap(l, max(width-2, 1)) {
			out = append(out, " "+style.Render(w))
		}
	}
	return strings.Join(out, "\n")
}
