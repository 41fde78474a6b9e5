package frame

import (
	"slices"
	"strings"
	"unicode"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"case53/cases/safetext"
)

// Editor is text being typed: a line, or several. It reads no clipboard but what the terminal pastes, its cursor does
// not blink, and what it holds is always safe to draw.
type Editor struct {
	text  []rune
	at    int
	Multi bool
	left  int  // first rune drawn, of a single line
	top   int  // first line drawn, of several
	fresh bool // what it holds is a suggestion: text takes its place, any other key makes it one's own
}

func (d *Editor) Value() string { return string(d.text) }

// SetValue replaces the text and goes to its end.
func (d *Editor) SetValue(s string) {
	d.text, d.at, d.left, d.top, d.fresh = []rune(d.clean(s)), 0, 0, 0, false
	d.at = len(d.text)
}

// Suggest is SetValue of a text that what is typed takes the place of.
func (d *Editor) Suggest(s string) {
	d.SetValue(s)
	d.fresh = s != ""
}

// clean makes text safe to draw: what could hurt is escaped, lines stay lines where there may be several.
func (d *Editor) clean(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\t", "    ").Replace(s)
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = strings.ReplaceAll(safetext.Show(l), `\\`, `\`) // a backslash may be typed
	}
	if d.Multi {
		return strings.Join(lines, "\n")
	}
	return strings.Join(lines, " ")
}

// Update takes text keys and pasted text.
func (d *Editor) Update(msg tea.Msg) {
	switch msg := msg.(type) {
	case tea.PasteMsg:
		d.insert(msg.Content)
	case tea.KeyPressMsg:
		d.insert(msg.Text)
	}
}

func (d *Editor) insert(s string) {
	if d.fresh {
		d.SetValue("")
	}
	r := []rune(d.clean(s))
	d.text = slices.Insert(d.text, d.at, r...)
	d.at += len(r)
}

// Keys are the editor's; then is called after each that changed the text.
func (d *Editor) Keys(then func()) []Bind {
	move := func(f func() int) func() tea.Cmd { return Do(func() { d.at, d.fresh = f(), false }) }
	erase := func(f func() int) func() tea.Cmd {
		return Do(func() {
			to := f()
			d.fresh = false
			d.text = slices.Delete(d.text, min(d.at, to), max(d.at, to))
			d.at = min(d.at, to)
			then()
		})
	}
	left := func() int { return max(d.at-1, 0) }
	right := func() int { return min(d.at+1, len(d.text)) }
	binds := []Bind{
		{Keys: Keys("left"), Does: "a character to the left", Run: move(left)},
		{Keys: Keys("right"), Does: "a character to the right", Run: move(right)},
		{Keys: Keys("alt+left", "alt+b"), Does: "a word to the left", Run: move(d.wordStart)},
		{Keys: Keys("alt+right", "alt+f"), Does: "a word to the right", Run: move(d.wordEnd)},
		{Keys: Keys("home", "ctrl+a"), Does: "start of the line", Run: move(d.lineStart)},
		{Keys: Keys("end", "ctrl+e"), Does: "end of the line", Run: move(d.lineEnd)},
		{Keys: Keys("backspace", "ctrl+h"), Does: "delete the character before", Run: erase(left)},
		{Keys: Keys("delete", "ctrl+d"), Does: "delete the character after", Run: erase(right)},
		{Keys: Keys("ctrl+w", "alt+backspace"), Does: "delete the word before", Run: erase(d.wordStart)},
		{Keys: Keys("ctrl+u"), Does: "delete to the start of the line", Run: erase(d.lineStart)},
		{Keys: Keys("ctrl+k"), Does: "delete to the end of the line", Run: erase(d.lineEnd)},
	}
	if d.Multi {
		binds = append(binds,
			Bind{Keys: Keys("up"), Does: "a line up", Run: Do(func() { d.vertical(-1) })},
			Bind{Keys: Keys("down"), Does: "a line down", Run: Do(func() { d.vertical(1) })},
			Bind{Keys: Keys("enter"), Does: "a new line", Run: Do(func() { d.insert("\n") })})
	}
	return binds
}

func (d *Editor) lineStart() int {
	i := d.at
	for i > 0 && d.text[i-1] != '\n' {
		i--
	}
	return i
}

func (d *Editor) lineEnd() int {
	i := d.at
	for i < len(d.text) && d.text[i] != '\n' {
		i++
	}
	return i
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' }

func (d *Editor) wordStart() int {
	i := d.at
	for i > 0 && !isWord(d.text[i-1]) {
		i--
	}
	for i > 0 && isWord(d.text[i-1]) {
		i--
	}
	return i
}

func (d *Editor) wordEnd() int {
	i := d.at
	for i < len(d.text) && !isWord(d.text[i]) {
		i++
	}
	for i < len(d.text) && isWord(d.text[i]) {
		i++
	}
	return i
}

// vertical goes to the line above or below, to the same column if it is that long.
func (d *Editor) vertical(by int) {
	start := d.lineStart()
	col := d.at - start
	if by < 0 {
		if start == 0 {
			return
		}
		d.at = start - 1
		d.at = min(d.lineStart()+col, start-1)
		return
	}
	end := d.lineEnd()
	if end == len(d.text) {
		return
	}
	d.at = end + 1
	d.at = min(d.at+col, d.lineEnd())
}

// View draws the text in width and height cells; the cursor only with focus.
func (d *Editor) View(t *Theme, width, height int, focus bool) string {
	if !d.Multi {
		line := d.line(t, d.text, d.at, width, focus)
		if d.fresh && focus {
			line = t.Cursor.Render(ansi.Strip(line))
		}
		return line
	}
	lines := strings.Split(string(d.text), "\n")
	row := strings.Count(string(d.text[:d.at]), "\n")
	col := d.at - d.lineStart()
	d.top = Scroll(d.top, row, max(height, 1), max(len(lines), height))
	var out []string
	for i := d.top; i < min(len(lines), d.top+height); i++ {
		at := 0
		if i == row {
			at = col
		}
		d.left = 0
		out = append(out, d.line(t, []rune(lines[i]), at, width, focus && i == row))
	}
	return strings.Join(out, "\n")
}

// line draws one line, scrolled so that the cursor is on it.
func (d *Editor) line(t *Theme, text []rune, at, width int, focus bool) string {
	d.left = min(d.left, at)
	for d.left < at && ansi.StringWidth(string(text[d.left:at]))+2 > width {
		d.left++
	}
	under, after := " ", ""
	if at < len(text) {
		under, after = string(text[at]), string(text[at+1:])
	}
	before := string(text[d.left:at])
	if !focus {
		return ansi.Truncate(before+under+after, width, "")
	}
	return ansi.Truncate(before+t.Cursor.Render(under)+after, width, "")
}
