package field

import (
	"errors"
	"regexp"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// A record may be a row of case53's own export: SELECT * of a type's view, as CSV, JSON or Parquet. Such a row comes back as
// it was. What AWS logged is read as in any record; extra, log_group, log_stream and utf8_escaped are taken over; the
// view's other columns are worked out anew, or are those of the load that brings it back: capture, object_id, row_no. What cannot
// come back is what CloudWatch said of the event, and in CSV the difference between an empty text and none.

// ownRow are the columns that make a record a row of an export. No service logs both.
var ownRow = [...]string{"object_id", "row_no"}

// OwnColumns are the columns of a view that AWS does not log, told from the comments in the type's .sql file.
func OwnColumns(sql, view string, logged func(column string) bool) map[string]bool {
	own := map[string]bool{}
	for _, m := range regexp.MustCompile(`COMMENT ON COLUMN `+view+`\."?(\w+)"? IS`).FindAllStringSubmatch(sql, -1) {
		if !logged(m[1]) {
			own[m[1]] = true
		}
	}
	return own
}

// Export is what of a record may be columns of an export: gathered while it is read, in any order, and settled at its end.
type Export struct {
	Own     map[string]bool // OwnColumns
	members []ownMember
}

// ownMember is a member named like a column, as JSON, and where it stands in the text of extra.
type ownMember struct {
	name, value []byte
	from, to    int
}

func (e *Export) Reset() { e.members = e.members[:0] }

// Note takes notice of a member that was put into the text of extra from one place to another. value is JSON.
func (e *Export) Note(name, value []byte, from, to int) {
	if e.Own[string(name)] {
		e.members = append(e.members, ownMember{name, value, from, to})
	}
}

// IsExport says whether names are those of a row of an export.
func IsExport(names [][]byte) bool {
	for _, want := range ownRow {
		if !slices.ContainsFunc(names, func(name []byte) bool { return string(name) == want }) {
			return false
		}
	}
	return true
}

// Is says whether the record is a row of an export.
func (e *Export) Is() bool {
	for _, name := range ownRow {
		if e.value(name) == nil {
			return false
		}
	}
	return true
}

func (e *Export) value(name string) []byte {
	for i := range e.members {
		if string(e.members[i].name) == name {
			return e.members[i].value
		}
	}
	return nil
}

// Text gives a column's value as text; nil for NULL.
func (e *Export) Text(name string) []byte {
	v := e.value(name)
	if len(v) == 0 || v[0] == 'n' {
		return nil
	}
	if v[0] != '"' {
		return v
	}
	text, err := jsontext.AppendUnquote(nil, v)
	if err != nil { // not Unicode: no export writes it
		return nil
	}
	return text
}

// Flag says whether a column is true.
func (e *Export) Flag(name string) bool { return string(e.Text(name)) == "true" }

// Extra gives the text of extra as the export has it, "{" for none. extra is an object still open at its end, which holds
// the export's columns and may hold more.
func (e *Export) Extra(extra []byte) ([]byte, error) {
	rest := []byte{}
	at := len("{")
	for _, m := range e.members {
		rest, at = append(rest, extra[at:m.from]...), m.to
	}
	if at < len(extra) {
		rest = append(rest, extra[at:]...)
	}
	if len(rest) > 0 && rest[0] == ',' {
		rest = rest[1:]
	}
	out := append(extra[:0], '{')
	if was := e.Text("extra"); was != nil {
		v := jsontext.Value(was)
		if v.Kind() != '{' || !v.IsValid() {
			return nil, errors.New("extra is no JSON object")
		}
		was = trimSpaces(was)
		out = append(out, was[1:len(was)-1]...)
	}
	if len(rest) > 0 {
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(out, rest...)
	}
	return out, nil
}
