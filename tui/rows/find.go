package rows

import (
	"context"
	"errors"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"case53/cases"
	"case53/cases/words"
	"case53/tui/frame"
)

// What is found is marked and gone to; nothing is hidden by it, as a filter does.

// place is a cell of a result.
type place struct{ row, col int }

// before reports whether a cell comes before another, as one reads.
func (p place) before(o place) bool { return p.row < o.row || p.row == o.row && p.col < o.col }

// askFind asks what is to be found.
func (s *result) askFind() tea.Cmd {
	if s.grid == nil || !s.landed {
		return s.notYet()
	}
	help := func(width int) []string {
		return frame.Wrap("text in any row, in the columns that are not folded; upper and lower case alike; n and N go on, esc ends it", width)
	}
	p := frame.NewPrompt(s.e, "Find", help, func(line string) (tea.Cmd, error) {
		text := strings.TrimSpace(plainText(line))
		if s.e.Zone != time.UTC && (dateForm.MatchString(text) || hourForm.MatchString(text)) {
			return nil, errors.New("times are looked at as they are in UTC, and the screen shows " + s.e.ZoneName() + "; w and / read it")
		}
		s.seek(text)
		if text == "" {
			return nil, nil
		}
		return s.next(1), nil
	})
	p.Begin(s.sought)
	return s.e.Overlay(p)
}

// seek marks a text in the rows.
func (s *result) seek(text string) {
	s.sought = text
	if s.grid != nil {
		s.grid.Seek(s.e.Show(text))
	}
}

// searched is one column that is looked at.
type searched struct {
	col int
	as  func(string) string
}

// searches are the columns that are drawn. Times that are drawn in another zone than they are in are left out.
func (s *result) searches() []searched {
	var cols []searched
	for i, f := range s.cols {
		folded, _ := s.grid.Folded(i)
		if folded || frame.IsTime(f.Column) && s.e.Zone != time.UTC {
			continue
		}
		as := strings.ToLower
		if f.Type == "FLOAT" {
			as = shortFloat
		}
		cols = append(cols, searched{i, as})
	}
	return cols
}

// next goes to the next cell that has what is sought (1), or the one before (-1).
func (s *result) next(by int) tea.Cmd {
	switch {
	case s.sought == "":
		s.e.Say("nothing is sought yet: f finds")
		return nil
	case s.grid == nil || !s.landed || s.open == nil:
		return s.notYet()
	}
	row, col := s.grid.Cursor()
	open, cols, needle, from := s.open, s.searches(), strings.ToLower(s.sought), place{row, col}
	return frame.Start(s.e, &s.reading, "looking for it", func(ctx context.Context) (place, error) {
		if by < 0 {
			return seekUp(ctx, open, cols, needle, from)
		}
		return seekDown(ctx, open, cols, needle, from)
	}, func(found place, err error) tea.Cmd {
		switch {
		case err != nil:
			s.err = err
		case found.row >= 0:
			s.count()
			s.grid.To(found.row, found.col)
		case by < 0:
			s.e.Say("no cell before has it")
		default:
			s.count()
			n, complete := s.grid.Count()
			s.e.Say("no cell after has it, to the end")
			if !complete {
				s.e.Say("not in " + words.Count(int64(n)) + " rows, and there are more: / asks the database")
			}
		}
		return nil
	})
}

// seekRows is how many rows are looked at a time.
const seekRows = 512

// nowhere is the place of what is not found.
var nowhere = place{-1, -1}

// seekDown finds the first cell after a place. It reads a result on, but not without end.
func seekDown(ctx context.Context, open *frame.Opened, cols []searched, needle string, after place) (place, error) {
	for off := after.row; off < after.row+farther; off += seekRows {
		rows, err := open.Fetch(ctx, off, seekRows)
		if err != nil {
			return nowhere, err
		}
		for i, r := range rows {
			for _, c := range cols {
				if at := (place{off + i, c.col}); after.before(at) && c.has(r, needle) {
					return at, nil
				}
			}
		}
		if len(rows) < seekRows {
			break
		}
	}
	return nowhere, nil
}

// seekUp finds the last cell before a place.
func seekUp(ctx context.Context, open *frame.Opened, cols []searched, needle string, before place) (place, error) {
	for end := before.row + 1; end > 0; end -= seekRows {
		off := max(end-seekRows, 0)
		rows, err := open.Fetch(ctx, off, end-off)
		if err != nil {
			return nowhere, err
		}
		for i := len(rows) - 1; i >= 0; i-- {
			for j := len(cols) - 1; j >= 0; j-- {
				if at := (place{off + i, cols[j].col}); at.before(before) && cols[j].has(rows[i], needle) {
					return at, nil
				}
			}
		}
	}
	return nowhere, nil
}

func (c searched) has(row []cases.Cell, needle string) bool {
	return c.col < len(row) && !row[c.col].Null && strings.Contains(c.as(row[c.col].Text), needle)
}
