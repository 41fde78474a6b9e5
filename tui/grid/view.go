package grid

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
)

// View draws the grid: a header and as many rows as there is room for.
func (g *Grid) View() string {
	if g.width <= g.gutter() || g.height < 1 {
		return ""
	}
	spans := g.layout()
	var b strings.Builder
	b.Grow(g.width * g.height * 2)
	g.drawHead(&b, spans)
	for i := g.top; i < g.top+g.rows(); i++ {
		if g.complete && i >= g.count {
			break
		}
		b.WriteByte('\n')
		g.drawRow(&b, spans, i)
	}
	return b.String()
}

func (g *Grid) drawHead(b *strings.Builder, spans []span) {
	line := pen{b: b}
	for _, s := range spans {
		style := &g.Styles.Head
		if s.col == g.col {
			style = &g.Styles.HeadCursor
		}
		line.to(s.x, &g.Styles.Head)
		line.put(Fit(g.head(s.col), s.width, g.cols[s.col].Right, g.Styles.ASCII), s.width, style)
	}
	line.to(g.width, &g.Styles.Head)
	line.flush()
}

func (g *Grid) drawRow(b *strings.Builder, spans []span, i int) {
	line := pen{b: b}
	var base *lipgloss.Style
	if i == g.row {
		base = &g.Styles.CursorRow
		line.put(">", 1, base)
	}
	row, ok := g.Row(i)
	if g.Mark != nil {
		line.to(1, base)
		line.put(g.Mark(i, row), 1, &g.Styles.Mark)
	}
	if !ok {
		line.to(g.gutter(), base)
		line.put(g.waiting(), 1, &g.Styles.Wait)
		line.to(g.width, base)
		line.flush()
		return
	}
	for _, s := range spans {
		line.to(s.x, base)
		cell := Cell{Null: true} // a row shorter than its header is drawn, not trusted
		if s.col < len(row) {
			cell = row[s.col]
		}
		style := base
		if cell.Null {
			style = &g.Styles.Null
		} else if word, ok := g.Styles.Words[cell.Text]; ok {
			style = word
		}
		if i == g.row && s.col == g.col {
			style = &g.Styles.Cursor
		}
		text, more := g.text(s.col, cell)
		text = fit(text, more, s.width, g.cols[s.col].Right, g.Styles.ASCII)
		if g.sought == "" || cell.Null {
			line.put(text, s.width, style)
			continue
		}
		g.putSought(&line, text, s.width, style)
	}
	if i == g.row {
		line.to(g.width, base)
	}
	line.flush()
}

// putSought draws a value with what is sought in it.
func (g *Grid) putSought(line *pen, text string, width int, style *lipgloss.Style) {
	lower := strings.ToLower(text)
	if len(lower) != len(text) { // letters whose small forms are longer: the whole value is marked
		if strings.Contains(lower, g.sought) {
			style = &g.Styles.Sought
		}
		line.put(text, width, style)
		return
	}
	for {
		at := strings.Index(lower, g.sought)
		if at < 0 {
			line.put(text, width, style)
			return
		}
		end := at + len(g.sought)
		line.put(text[:at], textWidth(text[:at]), style)
		line.put(text[at:end], textWidth(text[at:end]), &g.Styles.Sought)
		width -= textWidth(text[:end])
		text, lower = text[end:], lower[end:]
	}
}

func (g *Grid) waiting() string {
	if g.Styles.ASCII {
		return "."
	}
	return "·"
}

// pen writes a line in runs of one style, so that a plain row costs no styling at all.
type pen struct {
	b     *strings.Builder
	run   []byte
	style *lipgloss.Style
	x     int
}

// to fills with spaces up to column x.
func (p *pen) to(x int, style *lipgloss.Style) {
	if n := x - p.x; n > 0 {
		p.put(strings.Repeat(" ", n), n, style)
	}
}

func (p *pen) put(s string, width int, style *lipgloss.Style) {
	if style != p.style {
		p.flush()
		p.style = style
	}
	p.run = append(p.run, s...)
	p.x += width
}

func (p *pen) flush() {
	if len(p.run) == 0 {
		return
	}
	if p.style == nil {
		p.b.Write(p.run)
	} else {
		p.b.WriteString(p.style.Render(string(p.run)))
	}
	p.run = p.run[:0]
}

// Fit cuts or fills s to exactly width cells. What is cut is counted: …(+n) where there is room for that.
func Fit(s string, width int, right, ascii bool) string { return fit(s, 0, width, right, ascii) }

// fit is Fit for the head of a text of which more characters follow.
func fit(s string, more, width int, right, ascii bool) string {
	w := textWidth(s)
	if w > width || more > 0 {
		s = cut(s, more, width, ascii)
		w = textWidth(s)
	}
	if w >= width {
		return s
	}
	fill := strings.Repeat(" ", width-w)
	if right {
		return fill + s
	}
	return s + fill
}

// cut shortens s, which is wider than width, or of which more characters follow.
func cut(s string, more, width int, ascii bool) string {
	mark := "…"
	if ascii {
		mark = "~"
	}
	if width <= 1 {
		return mark[:len(mark)*max(width, 0)]
	}
	all := utf8.RuneCountInString(s) + more
	if width >= 8 {
		for digits := 1; digits < 8; digits++ {
			head := ansi.Truncate(s, width-len("~(+)")-digits, "")
			tail := mark + "(+" + strconv.Itoa(all-utf8.RuneCountInString(head)) + ")"
			if textWidth(tail) <= len("~(+)")+digits {
				return head + tail
			}
		}
	}
	return ansi.Truncate(s, width-1, "") + mark
}

// textWidth is the width of s in cells.
func textWidth(s string) int {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return ansi.StringWidth(s)
		}
	}
	return len(s)
}
