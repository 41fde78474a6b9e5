package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/term"

	"case53/cases"
	"case53/cases/safetext"
)

// printJSON writes v, indented.
func printJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(harmlessJSON(b.Bytes()))
	return err
}

// harmlessJSON writes whatever could steer a terminal or turn text around as \uXXXX: the same JSON, safe to look at.
func harmlessJSON(b []byte) []byte {
	safe := func(r rune) bool {
		return r < 0x80 && r != 0x7f || r >= 0x80 && unicode.IsPrint(r)
	}
	if bytes.IndexFunc(b, func(r rune) bool { return !safe(r) }) < 0 {
		return b
	}
	out := make([]byte, 0, len(b)+64)
	for _, r := range string(b) {
		switch {
		case safe(r):
			out = append(out, string(r)...)
		case r > 0xffff:
			hi, lo := utf16.EncodeRune(r)
			out = fmt.Appendf(out, "\\u%04x\\u%04x", hi, lo)
		default:
			out = fmt.Appendf(out, "\\u%04x", r)
		}
	}
	return out
}

// rowWriter writes a result in one of the forms of -o.
type rowWriter interface {
	Row(values []any) error
	End() error
}

// forms of -o, parquet aside.
var forms = map[string]func(w *bufio.Writer, columns []cases.Column, terminal bool) rowWriter{
	"table": newTable, "csv": newCSV, "json": newJSON, "jsonl": newJSONL, "md": newMarkdown,
}

// writeRows writes every row and says how many there were.
func writeRows(w io.Writer, form string, rows *cases.Rows) (int64, error) {
	out := bufio.NewWriterSize(w, 64<<10)
	f := forms[form](out, rows.Columns(), isTerminal(w))
	n := int64(0)
	for rows.Next() {
		if err := f.Row(rows.Values()); err != nil {
			return n, err
		}
		n++
	}
	if err := rows.Err(); err != nil {
		out.Flush()
		return n, err
	}
	if err := f.End(); err != nil {
		return n, err
	}
	return n, out.Flush()
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(f.Fd())
}

// jsonRows writes an array of objects, or an object a line.
type jsonRows struct {
	w     *bufio.Writer
	names [][]byte
	lines bool
	n     int
}

func newJSON(w *bufio.Writer, columns []cases.Column, _ bool) rowWriter {
	return newJSONRows(w, columns, false)
}

func newJSONL(w *bufio.Writer, columns []cases.Column, _ bool) rowWriter {
	return newJSONRows(w, columns, true)
}

func newJSONRows(w *bufio.Writer, columns []cases.Column, lines bool) *jsonRows {
	j := &jsonRows{w: w, lines: lines}
	for _, c := range columns {
		j.names = append(j.names, harmlessJSON(marshal(c.Name)))
	}
	return j
}

// marshal writes a value as JSON without escaping what only matters in HTML.
func marshal(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return []byte("null") // no value of a row is one that JSON cannot write
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

func (j *jsonRows) Row(values []any) error {
	switch {
	case j.lines:
	case j.n == 0:
		j.w.WriteString("[\n")
	default:
		j.w.WriteString(",\n")
	}
	j.n++
	j.w.WriteByte('{')
	for i, v := range values {
		if i > 0 {
			j.w.WriteByte(',')
		}
		j.w.Write(j.names[i])
		j.w.WriteByte(':')
		j.w.Write(harmlessJSON(marshal(cases.JSONValue(v))))
	}
	err := j.w.WriteByte('}')
	if j.lines {
		err = j.w.WriteByte('\n')
	}
	return err
}

func (j *jsonRows) End() error {
	if j.lines {
		return nil
	}
	text := "\n]\n"
	if j.n == 0 {
		text = "[]\n"
	}
	_, err := j.w.WriteString(text)
	return err
}

// csvRows writes RFC 4180 with a header. In a file the values are exact; on a terminal they are made visible.
type csvRows struct {
	w    *csv.Writer
	show func(string) string
}

func newCSV(w *bufio.Writer, columns []cases.Column, terminal bool) rowWriter {
	c := &csvRows{w: csv.NewWriter(w), show: func(s string) string { return s }}
	if terminal {
		c.show = safetext.Show
	}
	var names []string
	for _, col := range columns {
		names = append(names, c.show(col.Name))
	}
	c.w.Write(names)
	return c
}

func (c *csvRows) Row(values []any) error {
	record := make([]string, len(values))
	for i, v := range values {
		record[i] = c.show(cases.CellOf(v).Text)
	}
	return c.w.Write(record)
}

func (c *csvRows) End() error {
	c.w.Flush()
	return c.w.Error()
}

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
	return strings.HasSuffix(columnType, "INT") || columnType == "INTEGER" || columnType == "UINTEGER" || columnType == "DOUBLE" || columnType == "FLOAT" || columnType == "DECIMAL"
}

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
