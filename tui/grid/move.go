package grid

// Down moves the cursor n rows down (up when negative).
func (g *Grid) Down(n int) {
	g.row = max(g.row+n, 0)
	if g.complete {
		g.row = min(g.row, max(g.count-1, 0))
	}
	g.follow()
}

// PageDown moves by n screens.
func (g *Grid) PageDown(n int) { g.Down(n * max(g.rows()-1, 1)) }

// HalfDown moves by n half screens.
func (g *Grid) HalfDown(n int) { g.Down(n * max(g.rows()/2, 1)) }

// Home goes to the first row.
func (g *Grid) Home() { g.row = 0; g.follow() }

// End goes to the last row seen.
func (g *Grid) End() { g.row = max(g.count-1, 0); g.follow() }

// Right moves the cursor n columns to the right (left when negative).
func (g *Grid) Right(n int) {
	for ; n > 0; n-- {
		g.col = g.step(g.col, 1)
	}
	for ; n < 0; n++ {
		g.col = g.step(g.col, -1)
	}
	g.follow()
}

// FirstColumn and LastColumn go to the ends of the row.
func (g *Grid) FirstColumn() { g.Right(-len(g.cols)) }

// LastColumn goes to the last column drawn.
func (g *Grid) LastColumn() { g.Right(len(g.cols)) }

// Goto puts the cursor on column i, and shows it if it was hidden.
func (g *Grid) Goto(i int) {
	g.cols[i].Hidden, g.cols[i].empty = false, false
	g.col = i
	g.follow()
}

// To goes to a cell.
func (g *Grid) To(row, col int) {
	g.row = row
	g.Goto(col)
}

// step is the next drawn column after i in direction by; i itself when there is none.
func (g *Grid) step(i, by int) int {
	for j := i + by; j >= 0 && j < len(g.cols); j += by {
		if !g.cols[j].gone() {
			return j
		}
	}
	return max(i, 0)
}

// Hide hides column i, or shows it again. The last one drawn stays.
func (g *Grid) Hide(i int, hidden bool) {
	if !hidden {
		g.cols[i].Hidden, g.cols[i].empty = false, false
		return
	}
	if g.drawn() <= 1 {
		return
	}
	g.cols[i].Hidden = true
	if g.col == i {
		if g.col = g.step(i, 1); g.col == i {
			g.col = g.step(i, -1)
		}
	}
	g.follow()
}

func (g *Grid) drawn() (n int) {
	for i := range g.cols {
		if !g.cols[i].gone() {
			n++
		}
	}
	return n
}

// Widen takes the column under the cursor from its usual width to all it needs, to a narrow one, and back.
func (g *Grid) Widen() {
	c := &g.cols[g.col]
	c.step = (c.step + 1) % 3
	switch c.step {
	case 0:
		c.width = g.natural(g.col, g.usual())
	case 1:
		c.width = g.natural(g.col, wideWidth)
	case 2:
		c.width = min(g.natural(g.col, g.usual()), 8)
	}
	g.follow()
}

// Freeze keeps the first column on the screen while the others scroll, or lets it go.
func (g *Grid) Freeze() {
	g.frozen = !g.frozen
	g.follow()
}

// follow scrolls so that the cursor is on the screen.
func (g *Grid) follow() {
	rows := max(g.rows(), 1)
	if g.row < g.top {
		g.top = g.row
	}
	if g.row >= g.top+rows {
		g.top = g.row - rows + 1
	}
	if g.complete { // no empty screen below the last row
		g.top = max(min(g.top, g.count-rows), 0)
	}
	if len(g.cols) == 0 {
		return
	}
	if g.col < g.left {
		g.left = g.col
	}
	if g.cols[g.left].gone() {
		g.left = g.step(g.left, 1)
	}
	for g.left < g.col && !g.fits() {
		g.left = g.step(g.left, 1)
	}
}

// fits reports whether the cursor's column is drawn whole.
func (g *Grid) fits() bool {
	for _, s := range g.layout() {
		if s.col == g.col {
			return s.width >= min(g.cols[g.col].width, g.width-g.gutter())
		}
	}
	return false
}

// partWidth is the least room for which a column that does not fit is begun.
const partWidth = 8

// span is a column on the screen.
type span struct{ col, x, width int }

// layout places the columns: the frozen one, then from left on, until the line is full. The last may be narrower than
// it would be.
func (g *Grid) layout() []span {
	gap := 1
	if g.width >= 100 {
		gap = 2
	}
	x := g.gutter()
	var spans []span
	place := func(i int) bool {
		c := &g.cols[i]
		w := min(c.width, g.width-x)
		if w < c.width && len(spans) > 0 && (c.Right || c.Whole || w < partWidth) { // half a number is another number
			return false
		}
		spans = append(spans, span{i, x, w})
		x += w + gap
		return true
	}
	first := g.step(-1, 1)
	if g.frozen && first < g.left && !g.cols[first].gone() {
		place(first)
	}
	for i := g.left; i < len(g.cols); i++ {
		if !g.cols[i].gone() && !place(i) {
			break
		}
	}
	return spans
}

// Span says which of the drawn columns are on the screen, as from–to of n, and how many are not drawn at all.
func (g *Grid) Span() (from, to, n, hidden int) {
	on := map[int]bool{}
	for _, s := range g.layout() {
		on[s.col] = true
	}
	for i := range g.cols {
		if g.cols[i].gone() {
			hidden++
			continue
		}
		n++
		if on[i] && i >= g.left {
			to = n
			if from == 0 {
				from = n
			}
		}
	}
	return from, to, n, hidden
}
