package findings

import (
	"context"
	"strconv"
	"time"

	"case53/cases"
)

// Behind is a statement that gives the records that a row of a hunt names by its subject and its time: object_id, row_no, their
// time as seen, and what else helps to read them. "" where the row names no address, name, interface or source.
func Behind(ctx context.Context, k *cases.Case, columns []cases.Column, row []cases.Cell) (sql string, args map[string]any, err error) {
	values := map[string]any{}
	for i, c := range columns {
		if i < len(row) && !row[i].Null {
			values[c.Name] = valueOf(c, row[i].Text)
		}
	}
	f, err := New("", values)
	if err != nil {
		return "", nil, err
	}
	h := &Hunter{Case: k}
	if f.values["source"] != nil { // a source that was silent all the time has no record in it
		one := []Finding{f}
		if err := h.Cover(ctx, one); err != nil {
			return "", nil, err
		}
		f = one[0]
	}
	interfaces, err := h.interfaces(ctx)
	if err != nil {
		return "", nil, err
	}
	said := f.statement(k, interfaces)
	return said.sql, said.args, nil
}

// valueOf reads a value of a finding back from its text.
func valueOf(c cases.Column, text string) any {
	switch c.Type {
	case "DOUBLE":
		if n, err := strconv.ParseFloat(text, 64); err == nil {
			return n
		}
	case "TIMESTAMP":
		if t, err := time.ParseInLocation("2006-01-02 15:04:05.999999", text, time.UTC); err == nil {
			return t
		}
	case "VARCHAR":
		return text
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n
	}
	return text
}
