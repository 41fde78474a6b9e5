// Package grid is a window onto a result of any size: a cursor on a cell, both scroll axes, columns that can be hidden,
// widened and frozen.
//
// Rules:
//   - It never holds a result: it keeps a few pages of 256 rows. [Grid.Want] names the page that is missing; the owner
//     fetches it and hands it in with [Grid.Land]. Until then its rows are drawn as waiting. No method blocks.
//   - A cell is drawn through safetext, and a cell that is too long ends in …(+n), n being the characters not shown.
//     A missing value is drawn as a sign that no text can be mistaken for, in its own style.
//   - While the result has not ended the cursor may stand beyond the rows seen so far: no key press is lost.
//   - Nothing here names a colour; styles come in through [Styles].
package grid

import (
	"slices"
	"strings"
	"unicode/utf8"

	"charm.land/lipgloss/v2"

	"case53/cases/safetext"
)

// PageRows is the number of rows of a page.
const PageRows = 256

const (
	maxPages  = 12
	maxWidth  = 40 // a column is not wider unless asked, nor than a third of the screen
	minWidth  = 2
	wideWidth = 400
)

// Column is a column of the result.
type Column struct {
	Name   string
	Right  bool                // numbers
	Whole  bool                // never cut where there is room for one column: half a time is another time
	Hidden bool                // present, but not drawn
	Sign   string              // drawn after the name: how the rows are sorted
	Format func(string) string // how values are put, e.g. times in a zone; nil: as they are

	empty bool // hidden because it has held no value yet
	width int
	step  int // which of the widths of Widen it has
}

// Cell is one value.
type Cell struct {
	Text string
	Null bool
}

// Styles are the looks of a grid's parts.
type Styles struct {
	Head, HeadCursor  lipgloss.Style
	Cursor, CursorRow lipgloss.Style
	Null, Wait, Mark  lipgloss.Style
	Sought            lipgloss.Style             // what is sought, where it stands
	Words             map[string]*lipgloss.Style // values that are to be noticed: REJECT, NXDOMAIN …
	ASCII             bool
}

// Grid is the widget. Make one with [New].
type Grid struct {
	Styles Styles
	Mark   func(i int, row []Cell) string // a sign, one cell wide, before row i; nil: there is no column of signs

	cols          []Column
	width, height int
	count         int
	complete      bool
	pages         map[int][][]Cell
	used          []int  // pages, the latest used last
	sized         bool   // widths were taken from a page
	sought        string // text that is to be seen where it stands, in lower case; ""

	row, top int
	col      int // index into cols
	left     int // index into cols: the first one drawn after the frozen one
	frozen   bool
}

// New makes a grid over a result with these columns.
func New(cols []Column, styles Styles) *Grid {
	g := &Grid{Styles: styles, cols: cols, pages: map[int][][]Cell{}}
	for i := range g.cols {
		g.cols[i].width = textWidth(g.head(i))
	}
	g.col = g.step(-1, 1)
	g.left = g.col
	return g
}

// Resize sets the size of the whole widget, its header included. Columns of their usual width take what the new one gives.
func (g *Grid) Resize(width, height int) {
	was := g.usual()
	g.width, g.height = width, height
	if g.usual() != was {
		g.Refit()
	}
	g.follow()
}

// Refit gives columns of their usual width what their values need as they are put now.
func (g *Grid) Refit() {
	for i := range g.cols {
		if c := &g.cols[i]; c.step == 0 && !c.gone() && len(g.pages) > 0 {
			c.width = g.natural(i, g.usual())
		}
	}
}

// SetCount says how many rows have been seen, and whether that is all.
func (g *Grid) SetCount(n int, complete bool) {
	g.count, g.complete = n, complete
	if complete && g.row >= n {
		g.row = max(n-1, 0)
	}
	g.follow()
}

// Want is the page to fetch next: one that is on the screen, else the one after; ok is false when none is missing.
func (g *Grid) Want() (page int, ok bool) {
	last := (g.top + max(g.rows(), 1) - 1) / PageRows
	for p := g.top / PageRows; p <= last+1; p++ {
		if g.complete && p*PageRows >= g.count {
			return 0, false
		}
		if _, have := g.pages[p]; !have && (p <= last || g.nearEnd(p)) {
			return p, true
		}
	}
	return 0, false
}

// nearEnd reports whether page p will soon be scrolled to.
func (g *Grid) nearEnd(p int) bool { return g.top+2*g.rows() >= p*PageRows }

// Land hands in a page.
func (g *Grid) Land(page int, rows [][]Cell) {
	g.pages[page] = rows
	g.touch(page)
	if len(g.used) > maxPages {
		delete(g.pages, g.used[0])
		g.used = g.used[1:]
	}
	if len(rows) == 0 {
		return
	}
	g.unhide(rows)
	for i := range g.cols { // widths only grow, so that columns hold still, but no number is ever cut
		if c := &g.cols[i]; c.step == 0 && !c.gone() {
			c.width = max(c.width, g.needs(i, rows, g.usual()))
		}
	}
	if !g.sized {
		g.sized = true
		if g.cols[g.col].gone() {
			g.col = g.step(-1, 1)
			g.left = g.col
		}
	}
	g.follow()
}

func (g *Grid) touch(page int) {
	if at := slices.Index(g.used, page); at >= 0 {
		g.used = slices.Delete(g.used, at, at+1)
	}
	g.used = append(g.used, page)
}

// unhide folds away columns that hold nothing in the first rows, and brings them back as soon as a value turns up.
func (g *Grid) unhide(rows [][]Cell) {
	for i := range g.cols {
		c := &g.cols[i]
		if g.sized && !c.empty || c.Hidden {
			continue
		}
		was := c.empty
		c.empty = !slices.ContainsFunc(rows, func(r []Cell) bool { return i < len(r) && !r[i].Null })
		if was && !c.empty {
			c.width = g.natural(i, g.usual())
		}
	}
	if !slices.ContainsFunc(g.cols, func(c Column) bool { return !c.gone() }) {
		for i := range g.cols { // nothing but missing values: show them
			g.cols[i].empty = false
		}
	}
}

func (c *Column) gone() bool { return c.Hidden || c.empty }

// usual is the most that a column gets unless asked.
func (g *Grid) usual() int { return min(maxWidth, max(g.width/3, 16)) }

// natural is the width that column i needs for what is loaded, up to most.
func (g *Grid) natural(i, most int) int {
	w := g.needs(i, nil, most)
	for _, rows := range g.pages {
		w = max(w, g.needs(i, rows, most))
	}
	return w
}

// needs is the width that column i needs for these rows, up to most.
func (g *Grid) needs(i int, rows [][]Cell, most int) int {
	w := textWidth(g.head(i))
	if g.cols[i].Whole {
		most = max(most, maxWidth)
	}
	for _, r := range rows {
		if i < len(r) && w < most {
			s, _ := g.text(i, r[i])
			w = max(w, textWidth(s))
		}
	}
	return max(min(w, most), minWidth)
}

// gutter is what stands before the columns: the mark of the cursor's row, and signs where there are any.
func (g *Grid) gutter() int {
	if g.Mark == nil {
		return 1
	}
	return 3
}

// Columns are the columns with what has been done to them; not to be changed.
func (g *Grid) Columns() []Column { return g.cols }

// Folded reports whether column i is not drawn, and whether that is because it holds nothing.
func (g *Grid) Folded(i int) (folded, empty bool) {
	return g.cols[i].gone(), g.cols[i].empty && !g.cols[i].Hidden
}

// Cursor is where the cursor stands: row of the result, index of the column.
func (g *Grid) Cursor() (row, col int) { return g.row, g.col }

// Seek makes a text stand out in the values that have it, upper and lower case alike; "" ends it.
func (g *Grid) Seek(text string) { g.sought = strings.ToLower(text) }

// Row is row i if its page is at hand.
func (g *Grid) Row(i int) ([]Cell, bool) {
	rows, ok := g.pages[i/PageRows]
	if !ok || i < 0 || i%PageRows >= len(rows) {
		return nil, false
	}
	return rows[i%PageRows], true
}

// Cell is the value under the cursor.
func (g *Grid) Cell() (Cell, bool) {
	r, ok := g.Row(g.row)
	if !ok || g.col >= len(r) {
		return Cell{}, false
	}
	return r[g.col], true
}

// Count is the number of rows seen, and whether that is all.
func (g *Grid) Count() (n int, complete bool) { return g.count, g.complete }

// Visible is the range [from, to) of the rows on the screen.
func (g *Grid) Visible() (from, to int) {
	return g.top, max(g.top, min(g.top+g.rows(), g.count))
}

// rows is the number of rows on the screen.
func (g *Grid) rows() int { return max(g.height-1, 0) }

// head is what stands over column i.
func (g *Grid) head(i int) string { return g.shown(g.cols[i].Name) + g.cols[i].Sign }

func (g *Grid) shown(s string) string {
	if g.Styles.ASCII {
		return safetext.ASCII(s)
	}
	return safetext.Show(s)
}

// text is a value as it is drawn. Of one that no screen could hold only the head is looked at; more is how many
// characters follow that.
func (g *Grid) text(col int, c Cell) (s string, more int) {
	if c.Null {
		if g.Styles.ASCII {
			return "-", 0
		}
		return "∅", 0
	}
	if f := g.cols[col].Format; f != nil {
		return g.shown(f(c.Text)), 0
	}
	head, more := Head(c.Text, 4*wideWidth)
	return g.shown(head), more
}

// Head is the beginning of s, of at most n bytes and whole characters, and the number of characters after it.
func Head(s string, n int) (head string, more int) {
	if len(s) <= n {
		return s, 0
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n], utf8.RuneCountInString(s[n:])
}

// Like takes over what was done to the columns of another grid with the same names: filters and sorting make a new
// result, not a new view.
func (g *Grid) Like(old *Grid) {
	for i := range g.cols {
		for j := range old.cols {
			if g.cols[i].Name == old.cols[j].Name {
				g.cols[i].Hidden, g.cols[i].empty = old.cols[j].Hidden, old.cols[j].empty
				g.cols[i].width, g.cols[i].step = max(old.cols[j].width, textWidth(g.head(i))), old.cols[j].step
				if old.col == j {
					g.col = i
				}
				if old.left == j {
					g.left = i
				}
			}
		}
	}
	g.frozen, g.sized = old.frozen, old.sized
	g.follow()
}
