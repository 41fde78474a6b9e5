package rows

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"case53/cases"
	"case53/tui/frame"
)

// record is the screen of one row: its fields, the whole record that it comes from, the line word for word, and the
// object that holds it. The cursor stands on a field, so that every value can be followed.
type record struct {
	e     *frame.Env
	title string

	row             []line // the row as it was in the result
	whole           []line // the record's own table, every column
	children        []line
	origin          []line
	raw             []byte
	rawErr          error // why the raw line cannot be shown
	answered        bool  // it is known where the row came from, or why not
	childTitle      string
	objectID, rowNo int64
	known           bool   // the row says which record it is
	sums            string // what is said where it does not

	finding, reading, answers frame.Task
	err                       error // of the record's own table, or of its answers
	empties                   bool  // show fields that have no value
	at, top                   int
	width, height             int
}

// line is a field of the record on the screen.
type line struct {
	field
	cell    cases.Cell
	section string // "" when it goes on
}

// RecordOf is the record that a Goto names: the columns of a result, and the row of it.
func RecordOf(e *frame.Env, g frame.Goto) *record {
	s := newRecord(e, g.Values["columns"].([]field), g.Values["row"].([]cases.Cell))
	s.sums, _ = g.Values["sums"].(string)
	return s
}

func newRecord(e *frame.Env, cols []field, row []cases.Cell) *record {
	s := &record{e: e, title: "Record"}
	var haveObject, haveRow bool
	for i, f := range cols {
		if i >= len(row) {
			break
		}
		s.row = append(s.row, line{field: f, cell: row[i]})
		n, err := strconv.ParseInt(row[i].Text, 10, 64)
		switch {
		case err != nil || row[i].Null:
		case f.Name == "object_id":
			s.objectID, haveObject = n, true
		case f.Name == "row_no":
			s.rowNo, haveRow = n, true
		}
	}
	s.known = haveObject && haveRow
	if s.known {
		s.title = fmt.Sprintf("Record %d:%d", s.objectID, s.rowNo)
	}
	return s
}

func (s *record) Title() string          { return s.title + s.sign() }
func (s *record) Update(tea.Msg) tea.Cmd { return nil }

func (s *record) Status() frame.Status {
	st := frame.Status{Task: &s.finding, Rows: fmt.Sprintf("field %d of %d", s.at+1, len(s.lines()))}
	for _, t := range []*frame.Task{&s.reading, &s.answers} {
		if t.Running() {
			st.Task = t
		}
	}
	return st
}

func (s *record) Close() tea.Cmd {
	s.finding.Stop(s.e)
	s.reading.Stop(s.e)
	s.answers.Stop(s.e)
	return nil
}

// Open fetches where the row came from; the fields of the row are there already.
func (s *record) Open() tea.Cmd {
	if !s.known {
		return nil
	}
	reader, object, row := s.e.Reader, s.objectID, s.rowNo
	return frame.Start(s.e, &s.finding, "fetching the raw line", func(ctx context.Context) (cases.Record, error) {
		return reader.Record(ctx, object, row)
	}, s.found)
}

func (s *record) found(r cases.Record, err error) tea.Cmd {
	s.answered, s.rawErr = true, err
	if err != nil {
		return nil
	}
	s.raw, s.rawErr = r.Raw, r.Err
	s.origin = originLines(s.e, r)
	t, ok := s.e.TableOf(r.LogType)
	if !ok {
		return nil
	}
	args := map[string]any{"object": s.objectID, "row": s.rowNo}
	where := " WHERE object_id = $object AND row_no = $row"
	cmds := []tea.Cmd{frame.Start(s.e, &s.reading, "reading the record", readWhole(s.e, "SELECT * FROM "+t.Name+where, args), s.useWhole)}
	if t.Children != nil {
		s.childTitle = t.Children.Title
		sql := "SELECT " + strings.Join(t.Children.Show, ", ") + " FROM " + t.Children.View + where + " ORDER BY " + t.Children.Number
		cmds = append(cmds, frame.Start(s.e, &s.answers, "reading its answers", readWhole(s.e, sql, args), s.useChildren))
	}
	return tea.Batch(cmds...)
}

// small is a result that is known to be short, read whole.
type small struct {
	cols []cases.Column
	rows [][]cases.Cell
}

// mostChildren is how many rows of a record are shown; where there are more, that is said.
const mostChildren = 500

// readWhole is the work of reading a short result whole.
func readWhole(e *frame.Env, sql string, args map[string]any) func(context.Context) (small, error) {
	reader := e.Reader
	return func(ctx context.Context) (small, error) {
		r, err := reader.Query(ctx, sql, args)
		if err != nil {
			return small{}, err
		}
		defer r.Close()
		rows, err := r.Fetch(ctx, 0, mostChildren+1)
		return small{r.Columns(), rows}, err
	}
}

func (s *record) useWhole(r small, err error) tea.Cmd {
	if s.err = err; err != nil || len(r.rows) == 0 { // a rejected record is in no table
		return nil
	}
	var whole []line
	for i, f := range fields(r.cols, nil) {
		whole = append(whole, line{field: f, cell: r.rows[0][i]})
	}
	s.keep(func() { s.whole = whole })
	return nil
}

func (s *record) useChildren(r small, err error) tea.Cmd {
	if err != nil {
		s.err = err
		return nil
	}
	var children []line
	fs := fields(r.cols, nil)
	if len(r.rows) > mostChildren {
		r.rows = r.rows[:mostChildren]
		s.childTitle += fmt.Sprintf(", the first %d: there are more", mostChildren)
	}
	for _, row := range r.rows {
		for i := 1; i < len(fs); i++ {
			f := fs[i]
			f.Name = fmt.Sprintf("%s %s", fs[i].Name, row[0].Text)
			children = append(children, line{field: f, cell: row[i]})
		}
	}
	s.keep(func() { s.children = children })
	return nil
}

// originLines are the facts about where a record came from.
func originLines(e *frame.Env, r cases.Record) []line {
	var out []line
	add := func(name, kind, text string) {
		if text != "" {
			out = append(out, line{field: field{Column: cases.Column{Name: name, Kind: kind}}, cell: cases.Cell{Text: text}})
		}
	}
	add("object", "object", fmt.Sprint(r.ObjectID))
	add("line", "", fmt.Sprint(r.RowNo))
	add("uri", "", r.URI)
	add("sha256", "", r.SHA256)
	add("capture", "capture", r.Capture)
	add("log_type", "", r.LogType)
	add("format", "", r.Format)
	if !r.AcquiredAt.IsZero() {
		add("acquired_at", "", r.AcquiredAt.UTC().Format(frame.CellTime)+" UTC")
	}
	add("log_group", "", r.LogGroup)
	add("log_stream", "", r.LogStream)
	add("event_id", "", r.EventID)
	if !r.EventTimestamp.IsZero() {
		add("event_timestamp", "", r.EventTimestamp.UTC().Format(frame.CellTime)+" UTC")
	}
	if !r.IngestionTime.IsZero() {
		add("ingestion_time", "", r.IngestionTime.UTC().Format(frame.CellTime)+" UTC")
	}
	return out
}

// keep runs f, which brings fields, and leaves the cursor on the field where it stood; untouched, it stays at the top.
func (s *record) keep(f func()) {
	was, ok := s.chosen()
	f()
	if !ok || s.at == 0 {
		return
	}
	for i, l := range s.lines() {
		if l.Name == was.Name && l.cell == was.cell {
			s.at = i
			return
		}
	}
}

// lines are the fields in the order of the screen: what the row said that the record does not, its answers, the record,
// the raw line, and where it came from.
func (s *record) lines() []line {
	var out []line
	section := func(name string, ls []line) {
		first := true
		for _, l := range ls {
			if l.cell.Null && !s.empties || s.folded(l) {
				continue
			}
			if l.section = ""; first {
				l.section, first = name, false
			}
			out = append(out, l)
		}
	}
	if s.whole == nil {
		section(s.childTitle, s.children)
		section("Row", s.row)
	} else {
		have := map[string]cases.Cell{}
		for _, l := range s.whole {
			have[l.Name] = l.cell
		}
		var own []line
		for _, l := range s.row {
			if c, ok := have[l.Name]; !ok || c != l.cell {
				own = append(own, l)
			}
		}
		section("Of the query", own)
		section(s.childTitle, s.children)
		section("Record", s.whole)
	}
	section("Kept", s.kept())
	if s.known {
		section("Raw line", []line{s.rawLine()})
	}
	section("Where it came from", s.origin)
	return out
}

// folded reports whether a field only repeats another: addresses as numbers, and the place that the origin tells.
func (s *record) folded(l line) bool {
	if s.empties {
		return false
	}
	return l.Name == "object_id" || l.Name == "row_no" || strings.HasSuffix(l.Name, "_n") && l.Kind == "number" ||
		l.Name == "utf8_escaped" && l.cell.Text == "false"
}

// rawLine is the line as a field of its own.
func (s *record) rawLine() line {
	l := line{field: field{Column: cases.Column{Name: "raw"}}}
	switch {
	case s.finding.Running():
		l.cell.Text = "fetching" + s.e.Theme.Glyph.Dots
	case !s.answered:
		l.cell.Text = "cancelled: r fetches it"
	case s.rawErr != nil:
		l.cell.Text = "cannot be shown: " + s.rawErr.Error()
	default:
		l.cell.Text = string(s.raw)
	}
	return l
}
