package answers

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"case53/cases"
	"case53/cases/words"
	"case53/queries/entities"
	"case53/tui/frame"
	"case53/tui/grid"
	"case53/tui/spark"
)

// pageTable is how the rows of a heading stand below each other. Where there is no room for all columns the one under the cursor is
// in view, and the head says how many are not.
type pageTable struct {
	columns []cases.Column // without that of counts over time
	wide    []int
}

// mostWide is how wide a column is at most.
const mostWide = 40

// tableLead is what stands before the first column: the cursor, and the sign of what is kept.
const tableLead = 3

// moreRoom is what the head needs to say that there are columns to the right.
const moreRoom = 4

// end is that of the columns that have room from one of them on, at least that one.
func (p *pageTable) end(from, width int) int {
	used := tableLead - 2
	for i := from; i < len(p.wide); i++ {
		used += 2 + p.wide[i]
		room := width
		if i < len(p.wide)-1 {
			room -= moreRoom
		}
		if used > room {
			return max(i, from+1)
		}
	}
	return len(p.wide)
}

// view are the columns to draw so that one of them is in view.
func (p *pageTable) view(col, width int) (from, to int) {
	for to = p.end(from, width); to <= col; to = p.end(from, width) {
		from++
	}
	return from, to
}

// wideAll is how wide all columns are.
func (p *pageTable) wideAll() int {
	n := tableLead - 2
	for _, w := range p.wide {
		n += 2 + w
	}
	return n
}

// inOne is how many counts stand in one column of a bar, so that all of them have room.
func (s *page) inOne(width int) int {
	if s.span.From.IsZero() || s.every <= 0 {
		return 1
	}
	n := int((s.span.To.Sub(s.span.From.Truncate(s.every)) + s.every - 1) / s.every)
	room := max(width-tableLead-1, 1)
	return max((n+room-1)/room, 1)
}

// bar draws counts over time.
func (s *page) bar(c cases.Cell, width int) string {
	counts, each := entities.Counts(c, s.span, s.every), s.inOne(width)
	var sums []int64
	for i, n := range counts {
		if i%each == 0 {
			sums = append(sums, 0)
		}
		sums[len(sums)-1] += n
	}
	return spark.Line(sums, len(sums), s.e.Opt.ASCII)
}

// table writes the rows of parts, which have the same columns.
func (s *page) table(parts []*entities.Told, width int) {
	e, t := s.e, &s.e.Theme
	p, bar, at := &pageTable{}, -1, []int(nil)
	for i, c := range parts[0].Columns {
		if c.Name == entities.OverTime {
			bar = i
			continue
		}
		wide := ansi.StringWidth(e.Show(c.Name))
		for _, part := range parts {
			for _, row := range part.Rows {
				wide = max(wide, ansi.StringWidth(s.shown(c, row[i], true)))
			}
		}
		p.columns, p.wide, at = append(p.columns, c), append(p.wide, min(wide, mostWide, max(width-tableLead-moreRoom, 4))), append(at, i)
	}
	s.add(pageLine{table: p})
	for _, part := range parts {
		for _, row := range part.Rows {
			s.row(p, part, row, at, bar, width)
		}
		if more := part.Of - len(part.Rows); more > 0 {
			text := "   " + words.Count(int64(more)) + " more: enter has them all"
			s.add(pageLine{text: t.Dim.Render(text), bare: text, run: s.whole(part.Query), part: part})
		}
	}
}

// row writes a row, and its counts over time beside it, or under it where there is no room.
func (s *page) row(p *pageTable, part *entities.Told, row []cases.Cell, at []int, bar, width int) {
	l := pageLine{table: p, part: part, row: row}
	for i, c := range p.columns {
		l.cells = append(l.cells, cellOf(c, row[at[i]]))
	}
	l.sign, _ = s.keptIn(l.cells)
	if bar < 0 {
		s.add(l)
		return
	}
	drawn := s.bar(row[bar], width)
	if p.wideAll()+2+ansi.StringWidth(drawn) <= width {
		l.bar = drawn
		s.add(l)
		return
	}
	s.add(l)
	s.add(pageLine{text: "   " + s.e.Theme.Kind.Render(drawn)})
}

// tableLine draws the head of a table, or a row of it with the value under the cursor marked.
func (s *page) tableLine(l pageLine, cursor bool, width int) string {
	e, t, p := s.e, &s.e.Theme, l.table
	col := 0
	if here, ok := s.line(); ok && here.table == p {
		col = min(s.col, len(p.columns)-1)
	}
	from, to := p.view(col, width)
	if l.cells == nil {
		return t.Dim.Render(s.tableHead(p, from, to, width))
	}
	line := " "
	if cursor {
		line = t.Glyph.Cursor
	}
	sign := l.sign
	line += sign + strings.Repeat(" ", max(tableLead-1-ansi.StringWidth(sign), 0))
	for i := from; i < to; i++ {
		text := grid.Fit(s.shown(p.columns[i], l.cells[i].cell, true), p.wide[i], frame.IsNumber(p.columns[i]), e.Opt.ASCII)
		if cursor && i == col {
			text = t.Cursor.Render(text)
		}
		if i > from {
			line += "  "
		}
		line += text
	}
	if l.bar != "" {
		line += "  " + t.Kind.Render(l.bar)
	}
	return line
}

// tableHead are the names of the columns, and how many there are on either side of those that have room.
func (s *page) tableHead(p *pageTable, from, to, width int) string {
	e := s.e
	head := strings.Repeat(" ", tableLead)
	if from > 0 {
		head = grid.Fit(fmt.Sprintf("%d+", from), tableLead, false, e.Opt.ASCII)
	}
	for i := from; i < to; i++ {
		if i > from {
			head += "  "
		}
		head += grid.Fit(e.Show(p.columns[i].Name), p.wide[i], frame.IsNumber(p.columns[i]), e.Opt.ASCII)
	}
	if n := len(p.columns) - to; n > 0 {
		more := fmt.Sprintf("+%d", n)
		head += strings.Repeat(" ", max(width-ansi.StringWidth(head)-len(more), 1)) + more
	}
	return head
}
