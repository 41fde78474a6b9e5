package rows

import (
	"context"
	"regexp"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"case53/cases"
	"case53/queries"
	"case53/tui/frame"
)

// reach is how the window over the case reaches a question.
type reach int

const (
	byTime   reach = iota // where its rows are records, those whose time is in the window
	byItself              // it is asked with the window, or sums up what is
	byNobody              // SQL by hand that does not name the window: its text is the whole truth
)

// scope is what a question was asked with beside its own arguments.
type scope struct {
	within cases.Span
	t0     time.Time
}

func scopeOf(e *frame.Env) scope { return scope{e.Within, e.T0} }

// saved is a saved query with the values given for it, asked for the window and T0 as they are now.
func saved(e *frame.Env, q *queries.Query, values map[string]string) (question, error) {
	sql, args, err := q.Bind(e.Given(q, values))
	asked := question{sql: sql, args: args, apart: !q.Builtin, kinds: q.Kinds(), limit: limitOf(q, args)}
	if frame.TakesWindow(q) {
		asked.reach = byItself
	}
	return asked, err
}

var namesFrom, namesTo = regexp.MustCompile(`\$from\b`), regexp.MustCompile(`\$to\b`)

// byHand is a query by hand. Where it names $from or $to these are the ends of the window, NULL where it is open.
func byHand(e *frame.Env, sql string) question {
	q := question{sql: sql, apart: true, limit: limitIn(sql), reach: byNobody}
	end := func(name string, t time.Time) {
		if q.args == nil {
			q.args = map[string]any{}
		}
		q.args[name], q.reach = nil, byItself
		if !t.IsZero() {
			q.args[name] = t
		}
	}
	if namesFrom.MatchString(sql) {
		end("from", e.Within.From)
	}
	if namesTo.MatchString(sql) {
		end("to", e.Within.To)
	}
	return q
}

// timeColumn is the column that says when a record was, of rows that are records.
func (q question) timeColumn(cols []field) (field, bool) {
	if !areRecords(cols) {
		return field{}, false
	}
	i := slices.IndexFunc(cols, func(f field) bool {
		return frame.IsTime(f.Column) && (q.order == nil || f.Name == q.order[0])
	})
	if i < 0 {
		return field{}, false
	}
	return cols[i], true
}

// areRecords reports whether rows of these columns say which record they are.
func areRecords(cols []field) bool {
	has := func(name string) bool { return slices.ContainsFunc(cols, func(f field) bool { return f.Name == name }) }
	return has("object_id") && has("row_no")
}

// touched reports whether rows are records that speak of a time from start to end: they are in the window where it touches that.
func touched(cols []field) bool {
	isTime := func(name string) bool {
		return slices.ContainsFunc(cols, func(f field) bool { return f.Name == name && frame.IsTime(f.Column) })
	}
	return areRecords(cols) && isTime("start") && isTime("end")
}

// within are the conditions that the window puts on the rows of a question. A record that speaks of a time is in the window where
// some of that time is, as in saved queries.
func (q question) within(e *frame.Env, cols []field) []clause {
	if q.reach != byTime || !e.Windowed() {
		return nil
	}
	f, ok := q.timeColumn(cols)
	if !ok {
		return nil
	}
	macro := "within(" + quote(f.Name)
	if f.Name == "start" && touched(cols) {
		macro = `touches("start", "end"`
	}
	var out []clause
	if from := e.Within.From; !from.IsZero() {
		out = append(out, clause{sql: macro + ", " + argMark + ", NULL)", arg: from.UTC().Format(frame.CellTime), shown: "from " + e.Stamp(from)})
	}
	if to := e.Within.To; !to.IsZero() {
		out = append(out, clause{sql: macro + ", NULL, " + argMark + ")", arg: to.UTC().Format(frame.CellTime), shown: "before " + e.Stamp(to)})
	}
	return out
}

// holding are all conditions that hold on the rows: the window's, and the filters.
func (s *result) holding() []clause {
	return append(s.base.within(s.e, s.cols), on(s.filters)...)
}

// beyond says why the window does not narrow the rows; "" where it does, or none is set.
func (s *result) beyond() string {
	if s.of != nil {
		return s.of.beyond()
	}
	if !s.e.Windowed() {
		return ""
	}
	switch _, records := s.base.timeColumn(s.cols); {
	case s.base.reach == byNobody:
		return "SQL by hand is not narrowed by the window; within(start, $from, $to) in it is"
	case s.base.reach == byItself && s.saved != nil && (s.values["from"] != "" || s.values["to"] != ""):
		return "asked for a from and to of its own, not for the window; x has them"
	case s.base.reach == byTime && s.cols != nil && !records:
		return "the window does not narrow this: its rows are no records with a time"
	}
	return ""
}

// probes reports whether the columns must be known before the window can be put on the rows.
func (q question) probes(e *frame.Env) bool { return q.reach == byTime && e.Windowed() }

// columns is the work of asking for the columns of the rows, and for no row.
func (q question) columns(e *frame.Env) func(context.Context) ([]field, error) {
	reader, sql := q.reader(e), "SELECT * FROM (\n"+frame.TrimSQL(q.sql)+"\n)\nLIMIT 0"
	return func(ctx context.Context) ([]field, error) {
		r, err := reader.Query(ctx, sql, q.args)
		if err != nil {
			return nil, err
		}
		defer r.Close()
		return fields(r.Columns(), q.kinds), nil
	}
}

// probe asks for the columns, and then for the rows.
func (s *result) probe() tea.Cmd {
	return frame.Start(s.e, &s.asking, "running", s.base.columns(s.e), func(cols []field, err error) tea.Cmd {
		if s.err = err; err != nil {
			return nil
		}
		s.cols = cols
		return s.ask()
	})
}

// stale reports whether the rows answer another question than the one that the window and T0 make now.
func (s *result) stale() bool {
	now := scopeOf(s.e)
	return !frame.SameSpan(s.asked.within, now.within) || !s.asked.t0.Equal(now.t0) && s.saved != nil && frame.AsksNew(s.saved)
}

// Moment is that of the value under the cursor where it is a time, else that of its row.
func (s *result) Moment() (time.Time, bool) {
	if s.strip.focus && s.strip.counted.counts != nil {
		w := s.strip.bucket(s.strip.at)
		return cases.Later(w.From, w.Seconds()/2), true
	}
	return s.rowMoment()
}

// rowMoment is that of the row, wherever the cursor of time is.
func (s *result) rowMoment() (time.Time, bool) {
	if f, c, ok := s.cell(); ok && frame.IsTime(f.Column) && !c.Null {
		return frame.ReadUTC(c.Text)
	}
	row, ok := s.row()
	if !ok {
		return time.Time{}, false
	}
	for i, f := range s.cols {
		if i < len(row) && frame.IsTime(f.Column) && !row[i].Null {
			return frame.ReadUTC(row[i].Text)
		}
	}
	return time.Time{}, false
}

// Moment is that of the field under the cursor where it is a time, else the first of the record.
func (s *record) Moment() (time.Time, bool) {
	if l, ok := s.chosen(); ok && frame.IsTime(l.Column) && !l.cell.Null {
		return frame.ReadUTC(l.cell.Text)
	}
	for _, l := range s.lines() {
		if frame.IsTime(l.Column) && !l.cell.Null {
			return frame.ReadUTC(l.cell.Text)
		}
	}
	return time.Time{}, false
}
