package rows

import (
	"regexp"
	"slices"
	"strconv"

	"case53/cases/words"
	"case53/queries"
	"case53/tui/grid"
)

// limit is what a question leaves out by itself: it gives so many rows at most. What is filtered, sorted or counted after
// that is no more than these.
type limit struct {
	rows int64  // 0: there is no limit
	by   string // the parameter that sets it, or LIMIT
}

// limits are the names of parameters that say how many rows there may be, and the column that says how many there would be.
var limits = []string{"rows", "top", "most"}

const allRows = "of_rows"

// limitOf is the limit that a saved query has.
func limitOf(q *queries.Query, args map[string]any) limit {
	for _, p := range q.Params {
		if n, ok := args[p.Name].(int64); ok && slices.Contains(limits, p.Name) && p.Default != "" {
			return limit{n, p.Name}
		}
	}
	return limit{}
}

var endsInLimit = regexp.MustCompile(`(?i)\blimit\s+([0-9]{1,18})$`)

// limitIn is the limit that a query by hand ends in.
func limitIn(sql string) limit {
	m := endsInLimit.FindStringSubmatch(sql)
	if m == nil {
		return limit{}
	}
	n, _ := strconv.ParseInt(m[1], 10, 64)
	return limit{n, "LIMIT"}
}

// learn finds out from rows whether the limit left something out, as far as they say it.
func (s *result) learn(rows [][]grid.Cell) {
	i := slices.IndexFunc(s.cols, func(f field) bool { return f.Name == allRows })
	if i < 0 || len(rows) == 0 || i >= len(rows[0]) {
		return
	}
	s.all, _ = strconv.ParseInt(rows[0][i].Text, 10, 64)
}

// left says which rows of all the question gives, where that is not all of them or is not known to be: "first 1,000 of 31,097".
func (s *result) left() string {
	l := s.base.limit
	switch {
	case l.rows == 0 || s.all > 0 && s.all <= l.rows:
		return ""
	case s.all > 0:
		return "first " + words.Count(l.rows) + " of " + words.Count(s.all)
	case len(s.holding()) > 0 || s.counts:
		return "first " + words.Count(l.rows) + " (" + l.by + ")"
	case s.grid == nil:
		return ""
	}
	if n, complete := s.grid.Count(); !complete || int64(n) < l.rows {
		return ""
	}
	return "first " + words.Count(l.rows) + " (" + l.by + ")"
}

// leaves says before the rows are written anywhere which of all they are; "" where it is known that they are all.
func (s *result) leaves() string {
	l := s.base.limit
	if left := s.left(); left != "" || l.rows == 0 || s.all > 0 {
		return left
	}
	if s.grid != nil {
		if n, complete := s.grid.Count(); complete && int64(n) < l.rows {
			return ""
		}
	}
	return "first " + words.Count(l.rows) + " at most (" + l.by + ")"
}

// limitTexts says above the rows that they are not all.
func (s *result) limitTexts() []string {
	left := s.left()
	if left == "" {
		return nil
	}
	text := "the " + left + " rows: filters and counts are of these"
	if s.saved != nil {
		text += "; x for more"
	}
	return []string{text}
}

// rowsText is where the screen stands in the result: 1–20 of ≥ 512.
func (s *result) rowsText() string {
	g := &s.e.Theme.Glyph
	from, to := s.grid.Visible()
	n, complete := s.grid.Count()
	if n == 0 && complete {
		return "no rows"
	}
	text := words.Count(int64(from+1)) + g.Dash + words.Count(int64(to)) + " of "
	left := s.left()
	if left != "" && len(s.holding()) == 0 && !s.counts {
		return text + left
	}
	if !complete {
		text += g.AtLeast
	}
	text += words.Count(int64(n))
	if left != "" {
		text += " in the " + left
	}
	return text
}
