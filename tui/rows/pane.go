package rows

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"case53/cases"
	"case53/tui/frame"
	"case53/tui/grid"
)

// paneFrom is the width from which on there is a pane beside the rows; leastPane is how wide it is at least.
const paneFrom, leastPane = 120, 40

// betweenPanes is what parts the rows and the pane.
const betweenPanes = 3

// paneWidth is how wide the pane is, with what parts it from the rows; 0 where there is none.
func (s *result) paneWidth(width, height int) int {
	if s.e.NoPane || width < paneFrom || height < leastHeight {
		return 0
	}
	return max(leastPane, width/3)
}

// togglePane turns the pane of all lists off and on.
func (s *result) togglePane() tea.Cmd {
	s.e.NoPane = !s.e.NoPane
	if !s.e.NoPane && s.fullWidth < paneFrom {
		s.e.Say("the pane beside the rows needs 120 columns")
	}
	return nil
}

// beside puts the pane beside what is drawn of the rows.
func (s *result) beside(rows string, width, height int) string {
	pane := s.paneWidth(width, height)
	if pane == 0 {
		return rows
	}
	t, wall := &s.e.Theme, "│"
	if s.e.Opt.ASCII {
		wall = "|"
	}
	left, right := strings.Split(rows, "\n"), s.paneLines(pane-betweenPanes, height)
	out := make([]string, height)
	for i := range out {
		line := ""
		if i < len(left) {
			line = frame.Grow(left[i], width-pane, t)
		}
		line += strings.Repeat(" ", max(width-pane-ansi.StringWidth(line), 0)) + " " + t.Dim.Render(wall)
		if i < len(right) {
			line += " " + right[i]
		}
		out[i] = line
	}
	return strings.Join(out, "\n")
}

// paneReason is how many lines the reason of a finding has in the pane; paneAbout those that explain the question.
const paneReason, paneAbout = 8, 4

// paneLines say of the row under the cursor what it has: why it was found, its fields, what is kept of it; and what was asked.
func (s *result) paneLines(width, height int) []string {
	e, t := s.e, &s.e.Theme
	var out []string
	add := func(style func(...string) string, lines ...string) {
		for _, l := range lines {
			out = append(out, style(frame.Grow(l, width, t)))
		}
	}
	row, ok := s.row()
	if !ok {
		return []string{t.Dim.Render("reading" + t.Glyph.Dots)}
	}
	if i := slices.IndexFunc(s.cols, func(f field) bool { return f.Name == "reason" }); i >= 0 && !row[i].Null {
		add(t.Strong.Render, head(frame.Wrap(e.Brief(frame.OneLine(row[i].Text)), width), paneReason)...)
		out = append(out, "")
	}
	about := s.paneAsked(width)
	room := max(height-len(out)-len(about)-2, 3)
	fields, kept := s.paneFields(row, width), s.paneKept(width)
	if most := max(room-len(kept), 3); len(fields) > most {
		fields = append(fields[:most-1:most-1], t.Dim.Render(frame.Grow("enter has all fields", width, t)))
	}
	out = append(append(out, fields...), kept...)
	if len(about) > 0 && len(out)+len(about) < height {
		out = append(append(out, ""), about...)
	}
	return out
}

// head are the first of some lines.
func head(lines []string, most int) []string { return lines[:min(len(lines), most)] }

// paneFields are the fields of a row that have a value, in the order of the question; those without one are named at the end.
func (s *result) paneFields(row []cases.Cell, width int) []string {
	e, t := s.e, &s.e.Theme
	_, at := s.grid.Cursor()
	name, numbers := 4, map[string]bool{"utf8_escaped": true} // addresses as numbers say nothing to a reader
	for _, f := range s.cols {
		numbers[f.number] = true
		name = max(name, ansi.StringWidth(e.Show(f.Name)))
	}
	name = min(name, max(width/2-2, 4))
	var out, empty []string
	for i, f := range s.cols {
		switch {
		case i >= len(row) || f.Name == "reason" || numbers[f.Name]:
		case row[i].Null || row[i].Text == "":
			empty = append(empty, e.Show(f.Name))
		default:
			style := &t.Plain
			if i == at {
				style = &t.Strong
			}
			value := shownValue(e, f, row[i], 256)
			out = append(out, t.Dim.Render(grid.Fit(e.Show(f.Name), name, false, e.Opt.ASCII))+"  "+style.Render(frame.Grow(value, max(width-name-2, 1), t)))
		}
	}
	if len(empty) > 0 {
		for _, l := range head(frame.Wrap("without a value: "+strings.Join(empty, ", "), width), 2) {
			out = append(out, t.Dim.Render(l))
		}
	}
	return out
}

// paneKept is what the notes have of the record.
func (s *result) paneKept(width int) []string {
	i, _ := s.grid.Cursor()
	row, ok := s.grid.Row(i)
	if !ok {
		return nil
	}
	p, ok := s.placeOf(row)
	if !ok {
		return nil
	}
	n, ok := s.e.Kept.Of(frame.Subject{Rows: []frame.Place{p}})
	if !ok {
		return nil
	}
	out := []string{""}
	for _, part := range s.e.NoteLines(n) {
		for _, l := range frame.Wrap(s.e.Show(strings.TrimSpace(part[0]+" "+part[1])), width) {
			out = append(out, s.e.Theme.Kind.Render(l))
		}
	}
	return out
}

// paneAsked says in a few lines what was asked.
func (s *result) paneAsked(width int) []string {
	t := &s.e.Theme
	doc, _, _ := strings.Cut(s.about.Doc, ".\n\n")
	if doc == "" {
		return nil
	}
	lines := head(frame.Wrap(s.e.Show(frame.OneLine(doc)), width), paneAbout)
	for i := range lines {
		lines[i] = t.Dim.Render(lines[i])
	}
	return append(lines, t.Dim.Render(frame.Grow("e explains, b hides this pane", width, t)))
}
