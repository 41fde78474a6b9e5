package printed

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"case53/cases"
	"case53/cases/safetext"
	"case53/cases/words"
	"case53/queries/entities"
	"case53/tui/spark"
)

// Entity writes the page of a value.
func Entity(w io.Writer, p *entities.Page) {
	fmt.Fprintf(w, "%s  %s\n%s; a column of a bar is %s\n", safetext.Show(p.Value), p.Kind, asked(p), words.Width(p.Every))
	for _, section := range p.Sections() {
		heading := safetext.Show(section[0].Query.Page.Heading)
		var lines []string
		for _, t := range section {
			if t.Err != nil {
				lines = append(lines, "cannot be told from "+strings.Join(t.Query.Needs, ", ")+": "+safetext.Show(firstLine(t.Err.Error())))
			}
			if t.All && len(t.Rows) > 0 {
				heading += ", of all the case"
			}
		}
		if lines = append(partTable(p, section), lines...); len(lines) == 0 {
			continue
		}
		fmt.Fprintf(w, "\n%s\n", heading)
		for _, l := range lines {
			fmt.Fprintf(w, "  %s\n", strings.TrimRight(l, " "))
		}
	}
	empty, missing := p.Without()
	if len(empty) > 0 {
		fmt.Fprintf(w, "\n%s (%s): %s\n", map[bool]string{true: "Also looked at, nothing there", false: "Nothing was seen of it; looked at"}[p.Seen()],
			asked(p), safetext.Show(strings.Join(empty, "; ")))
		for _, text := range p.Covered {
			fmt.Fprintf(w, "  %s\n", safetext.Show(text))
		}
	}
	if len(missing) > 0 {
		fmt.Fprintf(w, "\nNot looked at, as the case has no such records: %s\n", safetext.Show(strings.Join(missing, ", ")))
	}
	saidOf(w, p)
	keptOf(w, p.Kept)
}

// asked says what of the case was looked at.
func asked(p *entities.Page) string {
	text := "all of the case, " + p.Span.String()
	if !p.Within.From.IsZero() || !p.Within.To.IsZero() {
		text = "only " + p.Span.String()
	}
	if p.Capture != "" {
		return text + ", capture " + safetext.Show(p.Capture)
	}
	return text + ", all captures"
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// partTable writes the rows of parts that have the same columns, the counts over time as bars.
func partTable(p *entities.Page, parts []entities.Told) []string {
	var rows [][]string
	var columns []cases.Column
	var more []string
	for _, t := range parts {
		if len(t.Rows) == 0 {
			continue
		}
		if n := t.Of - len(t.Rows); n > 0 {
			more = append(more, fmt.Sprintf("%s more: case53 query CASE %s", words.Count(int64(n)), safetext.Show(t.Query.ID)))
		}
		if columns == nil {
			columns = t.Columns
			head := make([]string, len(columns))
			for i, c := range columns {
				head[i] = safetext.Show(c.Name)
			}
			rows = append(rows, head)
		}
		for _, row := range t.Rows {
			cells := make([]string, len(row))
			for i, c := range row {
				switch {
				case columns[i].Name == entities.OverTime:
					cells[i] = "|" + spark.Line(entities.Counts(c, p.Span, p.Every), len(entities.Counts(c, p.Span, p.Every)), false) + "|"
				case c.Null:
					cells[i] = "-"
				default:
					cells[i] = safetext.Show(c.Text)
				}
			}
			rows = append(rows, cells)
		}
	}
	return append(aligned(rows, columns), more...)
}

// aligned puts cells below each other, numbers to the right.
func aligned(rows [][]string, columns []cases.Column) []string {
	widths := make([]int, len(columns))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], ansi.StringWidth(cell))
		}
	}
	lines := make([]string, 0, len(rows))
	for _, row := range rows {
		var b strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-ansi.StringWidth(cell))
			if strings.HasSuffix(columns[i].Type, "INT") || columns[i].Type == "INTEGER" {
				b.WriteString(pad + cell + "  ")
			} else {
				b.WriteString(cell + pad + "  ")
			}
		}
		lines = append(lines, b.String())
	}
	return lines
}

// saidOf writes the findings that name the value, and the steps of threads.
func saidOf(w io.Writer, p *entities.Page) {
	if p.Findings == nil {
		fmt.Fprintf(w, "\nFindings and threads: the hunts were not run; --hunts runs them, which takes longer\n")
		return
	}
	fmt.Fprintf(w, "\n%s it\n", words.Plural(int64(len(p.Findings)), "finding names", "findings name"))
	for _, f := range p.Findings {
		fmt.Fprintf(w, "  %-6s  %.2f  %-24s  %s\n", f.Severity, f.Score, f.Hunt, safetext.Show(f.Reason))
	}
	fmt.Fprintf(w, "\n%s of threads\n", words.Plural(int64(len(p.Steps)), "step", "steps"))
	for _, s := range p.Steps {
		fmt.Fprintf(w, "  thread %d, %s  %s  %s\n", s.Thread, s.Step.Severity, words.Moment(s.Time), safetext.Show(s.Text))
	}
}

// keptOf writes what the notes have of it.
func keptOf(w io.Writer, k entities.Kept) {
	if k.Note == nil && len(k.Sets) == 0 {
		fmt.Fprintf(w, "\nNo note on it, and in no named set\n")
		return
	}
	fmt.Fprintf(w, "\nKept\n")
	if n := k.Note; n != nil {
		if n.Marked {
			fmt.Fprintf(w, "  marked\n")
		}
		if n.Severity != "" {
			fmt.Fprintf(w, "  severity %s\n", n.Severity)
		}
		if len(n.Tags) > 0 {
			fmt.Fprintf(w, "  #%s\n", safetext.Show(strings.Join(n.Tags, " #")))
		}
		for _, c := range n.Comments {
			fmt.Fprintf(w, "  %s: %s\n", safetext.Show(c.By), safetext.Show(c.Text))
		}
	}
	for _, set := range slices.Sorted(slices.Values(k.Sets)) {
		fmt.Fprintf(w, "  in the set @%s\n", safetext.Show(set))
	}
}
