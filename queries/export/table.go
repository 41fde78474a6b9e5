package export

import (
	"bufio"
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"case53/cases"
	"case53/cases/safetext"
)

// tableRows writes aligned columns. Widths come from the first rows; a later, longer value pushes its line out and is
// never cut.
type tableRows struct {
	w       *bufio.Writer
	columns []cases.Column
	held    [][]string // until the widths are known
	widths  []int
	n       int
}

// widthRows is how many rows the widths of a table are taken from.
const widthRows = 1000

func newTable(w *bufio.Writer, columns []cases.Column, _ bool) rowWriter {
	return &tableRows{w: w, columns: columns}
}

func (t *tableRows) Row(values []any) error {
	t.n++
	row := make([]string, len(values))
	for i, v := range values {
		if cell := cases.CellOf(v); !cell.Null {
			row[i] = safetext.Show(cell.Text)
		} else {
			row[i] = "-"
		}
	}
	if t.widths != nil {
		return t.line(row)
	}
	if t.held = append(t.held, row); len(t.held) < widthRows {
		return nil
	}
	return t.release()
}

// release fixes the widths and writes what was held.
func (t *tableRows) release() error {
	t.widths = make([]int, len(t.columns))
	head, rule := make([]string, len(t.columns)), make([]string, len(t.columns))
	for i, c := range t.columns {
		head[i] = safetext.Show(c.Name)
		t.widths[i] = ansi.StringWidth(head[i])
		for _, row := range t.held {
			t.widths[i] = max(t.widths[i], ansi.StringWidth(row[i]))
		}
		rule[i] = strings.Repeat("─", t.widths[i])
	}
	for _, row := range append([][]string{head, rule}, t.held...) {
		if err := t.line(row); err != nil {
			return err
		}
	}
	t.held = nil
	return nil
}

func (t *tableRows) line(row []string) error {
	for i, text := range row {
		if i > 0 {
			t.w.WriteString("  ")
		}
		pad := strings.Repeat(" ", max(0, t.widths[i]-ansi.StringWidth(text)))
		switch {
		case numeric(t.columns[i].Type):
			t.w.WriteString(pad + text)
		case i == len(row)-1:
			t.w.WriteString(text)
		default:
			t.w.WriteString(text + pad)
		}
	}
	return t.w.WriteByte('\n')
}

func (t *tableRows) End() error {
	if t.widths == nil {
		if err := t.release(); err != nil {
			return err
		}
	}
	plural := "s"
	if t.n == 1 {
		plural = ""
	}
	_, err := fmt.Fprintf(t.w, "%d row%s\n", t.n, plural)
	return err
}

func numeric(columnType string) bool {
	return strings.HasSuffix(columnType, "INT") || columnType == "INTEGER" || columnType == "UINTEGER" || columnType == "DOUBLE" ||
		columnType == "FLOAT" || columnType == "DECIMAL"
}
