package rows

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"case53/cases"
	"case53/cases/notes"
	"case53/cases/words"
	"case53/tui/frame"
	"case53/tui/grid"
)

// What is kept of rows and values: keys of the lists and of the record, and the signs before the rows.

// keepKeys are the keys that keep. rows goes on with the records to keep, none where there is none under the cursor; value is the value
// under it.
func keepKeys(e *frame.Env, rows func(then func(frame.Subject) tea.Cmd) tea.Cmd, value func() (frame.Subject, bool), done func()) []frame.Bind {
	mark := func() tea.Cmd {
		return rows(func(s frame.Subject) tea.Cmd {
			if len(s.Rows) == 0 {
				e.Say("this row sums up records: enter shows them; m marks the value under the cursor")
				return nil
			}
			done()
			return e.ToggleMark(s)
		})
	}
	markValue := func() tea.Cmd {
		s, ok := value()
		if !ok {
			e.Say("this is nothing to keep by itself: m marks an address, a name, an interface " + e.Theme.Glyph.Dots)
			return nil
		}
		return e.ToggleMark(s)
	}
	say := func(what saying) func() tea.Cmd {
		return func() tea.Cmd {
			return rows(func(s frame.Subject) tea.Cmd {
				var about []frame.Subject
				if len(s.Rows) > 0 {
					about = append(about, s)
				}
				if s, ok := value(); ok {
					about = append(about, s)
				}
				if len(about) == 0 {
					e.Say("there is nothing under the cursor to keep")
					return nil
				}
				return e.Overlay(newKeeper(e, what, about, done))
			})
		}
	}
	return []frame.Bind{
		{Keys: frame.Keys("space"), Does: "mark the record, or the range of v; again: no mark. Before a row " + e.Theme.Glyph.Mark +
			" is a mark, H M L I a severity, + a tag or a comment, @ a kept value in it", Foot: "mark", Run: mark},
		{Keys: frame.Keys("m"), Does: "mark the value under the cursor, wherever it is; again: no mark", Run: markValue},
		{Keys: frame.Keys("t"), Does: "tag the record, the range or the value", Run: say(tags)},
		{Keys: frame.Keys("c"), Does: "comment on the record, the range or the value", Run: say(comment)},
		{Keys: frame.Keys("s"), Does: "severity of the record, the range or the value", Run: say(severity)},
	}
}

// keepKeys of a list; v begins a range of rows and ends it.
func (s *result) keepKeys() []frame.Bind {
	value := func() (frame.Subject, bool) {
		f, c, ok := s.cell()
		if !ok {
			return frame.Subject{}, false
		}
		return frame.ValueSubject(f.Kind, c)
	}
	return append(keepKeys(s.e, s.chosen, value, s.endRange),
		frame.Bind{Keys: frame.Keys("v"), Does: "begin a range of rows at the cursor; again: end it", Run: s.beginRange})
}

// beginRange makes the cursor's row one end of a range.
func (s *result) beginRange() tea.Cmd {
	if s.ranged != nil {
		s.endRange()
		return nil
	}
	if _, ok := s.row(); !ok {
		return s.notYet()
	}
	row, _ := s.grid.Cursor()
	s.ranged = &row
	s.e.Say("a range begins here: space marks it, t tags it, c comments, s rates; esc leaves it")
	return nil
}

func (s *result) endRange() { s.ranged = nil }

// inRange says whether a row is in the range.
func (s *result) inRange(i int) bool {
	if s.ranged == nil {
		return false
	}
	at, _ := s.grid.Cursor()
	return min(at, *s.ranged) <= i && i <= max(at, *s.ranged)
}

// chosen goes on with the records of the range, or the one under the cursor. Rows of the range that the screen has let go of are read
// again first: a part of a range is never kept as if it were all of it.
func (s *result) chosen(then func(frame.Subject) tea.Cmd) tea.Cmd {
	if s.grid == nil || s.err != nil {
		return then(frame.Subject{})
	}
	at, _ := s.grid.Cursor()
	from, to := at, at
	if s.ranged != nil {
		from, to = min(at, *s.ranged), max(at, *s.ranged)
	}
	n := to - from + 1
	if n > notes.MostTargets {
		s.e.Say(fmt.Sprintf("%s rows at once: at most %d are kept with one key", words.Count(int64(n)), notes.MostTargets))
		return nil
	}
	var rows [][]grid.Cell
	for i := from; i <= to; i++ {
		if row, ok := s.grid.Row(i); ok {
			rows = append(rows, row)
		}
	}
	if len(rows) == n || s.open == nil || s.ranged == nil {
		return then(s.recordsOf(rows))
	}
	open := s.open
	return frame.Start(s.e, &s.keeping, "reading the rows of the range", func(ctx context.Context) ([][]grid.Cell, error) {
		rows, err := open.Fetch(ctx, from, n)
		return gridRows(rows), err
	}, func(rows [][]grid.Cell, err error) tea.Cmd {
		switch {
		case err != nil:
			s.e.Say("nothing is kept, as the rows of the range cannot be read: " + s.e.Lines(err.Error())[0])
			return nil
		case s.e.Top() != frame.Screen(s) || len(s.e.Overlays) > 0:
			s.e.Say(leftRange)
			return nil
		}
		return then(s.recordsOf(rows))
	})
}

const leftRange = "nothing is kept: the range was left before its rows were read"

// recordsOf are the records that rows are of, each once: a record may have several rows, such as its answers.
func (s *result) recordsOf(rows [][]grid.Cell) (subject frame.Subject) {
	seen := map[frame.Place]bool{}
	for _, row := range rows {
		if p, ok := s.placeOf(row); ok && !seen[p] {
			seen[p] = true
			subject.Rows = append(subject.Rows, p)
		}
	}
	return subject
}

// placeOf is the record that a row is of.
func (s *result) placeOf(row []grid.Cell) (p frame.Place, ok bool) {
	for i, f := range s.cols {
		if i >= len(row) || row[i].Null || f.Name != "object_id" && f.Name != "row_no" {
			continue
		}
		n, err := strconv.ParseInt(row[i].Text, 10, 64)
		if err != nil {
			return p, false
		}
		if f.Name == "object_id" {
			p.ObjectID = n
		} else {
			p.RowNo = n
		}
	}
	return p, p.ObjectID > 0 && p.RowNo > 0
}

// settleMarks gives the list a column of signs, where there are any.
func (s *result) settleMarks() {
	if s.grid.Mark = nil; s.ranged != nil || s.e.Kept.Any() {
		s.grid.Mark = s.sign
	}
}

// sign is what stands before a row: that it is in the range, what is kept of it, or that something is of one of its values.
func (s *result) sign(i int, row []grid.Cell) string {
	if s.inRange(i) {
		return "|"
	}
	if p, ok := s.placeOf(row); ok {
		if n, ok := s.e.Kept.Of(frame.Subject{Rows: []frame.Place{p}}); ok {
			return s.e.Sign(n)
		}
	}
	for j, f := range s.cols {
		if j >= len(row) {
			break
		}
		if v, ok := frame.ValueSubject(f.Kind, cases.Cell(row[j])); ok {
			if _, kept := s.e.Kept.Of(v); kept {
				return "@"
			}
		}
	}
	return " "
}

// keepKeys of a record.
func (s *record) keepKeys() []frame.Bind {
	rows := func(then func(frame.Subject) tea.Cmd) tea.Cmd {
		var subject frame.Subject
		if s.known {
			subject.Rows = []frame.Place{{ObjectID: s.objectID, RowNo: s.rowNo}}
		}
		return then(subject)
	}
	value := func() (frame.Subject, bool) {
		l, ok := s.chosen()
		if !ok {
			return frame.Subject{}, false
		}
		return frame.ValueSubject(l.Kind, l.cell)
	}
	return keepKeys(s.e, rows, value, func() {})
}

// sign says in the record's crumb what is kept of it.
func (s *record) sign() string {
	n, ok := s.e.Kept.Of(frame.Subject{Rows: []frame.Place{{ObjectID: s.objectID, RowNo: s.rowNo}}})
	if !s.known || !ok {
		return ""
	}
	text := " " + s.e.Sign(n)
	for _, tag := range n.Tags {
		text += " #" + s.e.Show(tag)
	}
	return text
}

// kept are lines of what is kept of the record, and of its values.
func (s *record) kept() []line {
	var out []line
	if n, ok := s.e.Kept.Of(frame.Subject{Rows: []frame.Place{{ObjectID: s.objectID, RowNo: s.rowNo}}}); ok && s.known {
		for _, part := range s.e.NoteLines(n) {
			out = append(out, keptLine(part[0], part[1]))
		}
	}
	seen := map[string]bool{}
	for _, l := range append(append(append([]line{}, s.whole...), s.children...), s.row...) {
		v, ok := frame.ValueSubject(l.Kind, l.cell)
		if !ok || seen[v.Values[0].Key()] {
			continue
		}
		seen[v.Values[0].Key()] = true
		if n, ok := s.e.Kept.Of(v); ok {
			for _, part := range s.e.NoteLines(n) {
				out = append(out, keptLine(l.Name, strings.TrimSpace(n.Value+": "+part[0]+" "+part[1])))
			}
		}
	}
	return out
}

func keptLine(name, text string) line {
	return line{field: field{Column: cases.Column{Name: name}}, cell: cases.Cell{Text: text}}
}

// RecordAt is the record at a place of the case.
func RecordAt(e *frame.Env, p frame.Place) *record {
	cell := func(n int64) cases.Cell { return cases.Cell{Text: strconv.FormatInt(n, 10)} }
	cols := []field{
		{Column: cases.Column{Name: "object_id", Type: "UINTEGER", Kind: "object"}}, {Column: cases.Column{Name: "row_no", Type: "UINTEGER", Kind: "number"}},
	}
	return newRecord(e, cols, []cases.Cell{cell(p.ObjectID), cell(p.RowNo)})
}
