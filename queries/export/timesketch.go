package export

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"case53/cases"
	"case53/cases/duck"
	"case53/cases/notes"
)

// keywordBytes is the longest text that the index behind Timesketch takes.
const keywordBytes = 32_766

func timesketchTool() Tool {
	return Tool{
		Name:  "timesketch",
		Title: "Timesketch: an event a line, FILE.jsonl or, of one view, FILE.csv",
		Loses: "AWS fields that no event has a place for; times before 1700 or after 9999, which its import drops without a word; text of more than " +
			"32,766 bytes",
		Notes: true,
		begin: newTimesketch,
	}
}

// timesketch writes events. datetime has its offset, and timestamp says the same in microseconds: of an event that has only one of
// them the import reads it as local time, or to the second.
type timesketch struct {
	*run
	file   *file
	csv    *csv.Writer // nil: JSONL
	doc    *document
	m      *Mapping
	names  []string // of the values
	tagged []valuePlace
	when   int // which of them is datetime
	values []any
	buf    []byte
	cells  []string
}

func newTimesketch(r *run) (recordWriter, error) {
	end := strings.ToLower(filepath.Ext(r.Target))
	if end != ".csv" && end != ".jsonl" {
		return nil, fmt.Errorf("%s: Timesketch tells by the end of its name what a file is\nhint: FILE.jsonl or FILE.csv", r.Target)
	}
	t := &timesketch{run: r}
	var err error
	if t.file, err = r.files.create(r.Target); err == nil && end == ".csv" {
		t.csv = csv.NewWriter(t.file)
	}
	return t, err
}

func (t *timesketch) Rows(m *Mapping, columns []cases.Column) error {
	if t.csv != nil && t.m != nil {
		return errors.New("rows of several views have no columns in common, and CSV takes one set of them\nhint: --rows VIEW, or FILE.jsonl")
	}
	t.m, t.names = m, nil
	made := slices.Clone(columns)
	t.when = slices.IndexFunc(columns, func(c cases.Column) bool { return c.Name == "datetime" })
	made = append(made, cases.Column{Name: "timestamp", Type: "BIGINT"})
	for _, name := range originNames {
		made = append(made, cases.Column{Name: name, Type: "VARCHAR"})
	}
	if t.noted != nil {
		made, t.tagged = append(made, cases.Column{Name: "tag", Type: "LIST"}), valuePlaces(columns)
	}
	t.doc = newDocument(m, made)
	if t.csv == nil {
		return nil
	}
	for _, c := range made {
		t.names = append(t.names, c.Name)
	}
	var header []string
	for _, name := range t.names {
		if !forWriter(name) {
			header = append(header, name)
		}
	}
	for _, c := range m.set {
		header = append(header, c.path)
	}
	return t.csv.Write(header)
}

func (t *timesketch) Record(r *record) (string, error) {
	when, ok := r.values[t.when].(time.Time)
	if !ok || when.Year() < 1700 || when.Year() > 9999 {
		return "a time before 1700 or after 9999, which Timesketch drops", nil
	}
	for _, v := range r.values {
		if s, ok := v.(string); ok && len(s) > keywordBytes {
			return "text of more than 32,766 bytes, which its index refuses", nil
		}
	}
	t.values = append(append(t.values[:0], r.values...), when.UnixMicro())
	t.values[t.when] = sketchTime(when)
	t.values = append(t.values, t.origin(r)...)
	if t.noted != nil {
		t.values = append(t.values, t.noted.tags(r, t.tagged))
	}
	t.file.records++
	if t.csv != nil {
		return "", t.line()
	}
	t.buf = append(t.doc.append(t.buf[:0], t.values), '\n')
	_, err := t.file.Write(t.buf)
	return "", err
}

// sketchTime is a time with its offset: Python before 3.11 does not read a Z.
func sketchTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000-07:00") }

// line writes a line of CSV, its values as they are: a spreadsheet may take one for a formula, and must not be what opens it.
func (t *timesketch) line() error {
	t.cells = t.cells[:0]
	for i, name := range t.names {
		if forWriter(name) {
			continue
		}
		cell := cases.CellOf(t.values[i]).Text
		switch v := t.values[i].(type) {
		case time.Time:
			cell = string(appendTime(nil, v))
		case duck.List:
			if name == "tag" { // its import reads JSON
				text, _ := appendList(nil, v)
				cell = string(text)
			}
		}
		t.cells = append(t.cells, cell)
	}
	for _, c := range t.m.set {
		var text string
		if err := json.Unmarshal([]byte(c.value), &text); err != nil {
			return fmt.Errorf("%s is no text: %w", c.path, err)
		}
		t.cells = append(t.cells, text)
	}
	return t.csv.Write(t.cells)
}

// End writes the notes, which are events of their own where events need not have the same columns.
func (t *timesketch) End() error {
	if t.csv != nil {
		if t.noted != nil {
			if n := len(t.noted.events()); n > 0 {
				t.noted.told.lose(map[string]int64{"a note as an event, whose columns CSV has no place for: FILE.jsonl": int64(n)})
			}
		}
		t.csv.Flush()
		return t.csv.Error()
	}
	if t.noted == nil {
		return nil
	}
	far := map[string]int64{}
	for _, e := range t.noted.events() {
		if e.at.Year() < 1700 || e.at.Year() > 9999 {
			far["a note whose time Timesketch drops"]++
			continue
		}
		t.noted.told.Events++
		t.file.records++
		text, err := cases.JSON(t.event(e))
		if err != nil {
			return err
		}
		if _, err := t.file.Write(append(text, '\n')); err != nil {
			return err
		}
	}
	t.noted.told.lose(far)
	return nil
}

// noteFields are what a value is called in the event of its note, by its kind.
var noteFields = map[string]string{"ip": "ip", "name": "domain", "interface": "interface_id", "instance": "instance_id"}

// event is a note as an event. Its keys go out in the order of the alphabet.
func (t *timesketch) event(e noteEvent) map[string]any {
	event := map[string]any{
		"datetime": sketchTime(e.at), "timestamp": e.at.UnixMicro(), "timestamp_desc": "Analyst note", "message": e.message,
		"data_type": "case53:note", "source_short": "NOTE", "case53_case": t.caseID, "note_kind": e.note.Kind, "note_by": e.note.By,
	}
	if tags := tagsOf(e.note); len(tags) > 0 {
		event["tag"] = tags
	}
	if e.note.Kind != notes.Row {
		event[cmp.Or(noteFields[e.note.Kind], "note_value")] = e.note.Value
		return event
	}
	event["case53_row"], event["case53_sha256"] = strconv.FormatInt(e.note.RowNo, 10), e.note.Object
	if e.object > 0 {
		event["case53_object"] = strconv.FormatInt(e.object, 10)
	}
	return event
}
