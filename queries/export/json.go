package export

import (
	"bufio"

	"case53/cases"
	"case53/cases/safetext"
)

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
		j.names = append(j.names, safetext.JSON(marshal(c.Name)))
	}
	return j
}

// marshal writes a value as JSON without escaping what only matters in HTML.
func marshal(v any) []byte {
	text, err := cases.JSON(v)
	if err != nil {
		return []byte("null") // no value of a row is one that JSON cannot write
	}
	return text
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
		j.w.Write(safetext.JSON(marshal(cases.JSONValue(v))))
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
