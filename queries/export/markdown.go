package export

import (
	"bufio"
	"fmt"
	"strings"

	"case53/cases"
	"case53/cases/safetext"
)

// markdownRows writes a table in Markdown.
type markdownRows struct{ w *bufio.Writer }

func newMarkdown(w *bufio.Writer, columns []cases.Column, _ bool) rowWriter {
	m := &markdownRows{w}
	var names, rule []string
	for _, c := range columns {
		names = append(names, markdownCell(c.Name))
		if numeric(c.Type) {
			rule = append(rule, "---:")
		} else {
			rule = append(rule, "---")
		}
	}
	fmt.Fprintf(w, "| %s |\n| %s |\n", strings.Join(names, " | "), strings.Join(rule, " | "))
	return m
}

// markdownCell makes text safe to look at, and keeps it from being read as markup.
func markdownCell(text string) string {
	return strings.NewReplacer("|", "\\|", "<", "&lt;", "&", "&amp;", "`", "\\`", "*", "\\*", "_", "\\_", "[", "\\[").Replace(safetext.Show(text))
}

func (m *markdownRows) Row(values []any) error {
	cells := make([]string, len(values))
	for i, v := range values {
		cells[i] = markdownCell(cases.CellOf(v).Text)
	}
	_, err := fmt.Fprintf(m.w, "| %s |\n", strings.Join(cells, " | "))
	return err
}

func (m *markdownRows) End() error { return nil }
