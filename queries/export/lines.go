package export

import (
	"slices"
	"time"

	"case53/cases"
)

// lines writes a JSON object a record and line. What a tool wants beside the mapping's fields is in made.
type lines struct {
	*run
	file   *file
	doc    *document
	values []any
	buf    []byte
	prefix string // of the fields that say where a record is from
	// made are further fields, whose values makes gives for a record; it may say why the record cannot be written.
	made  []cases.Column
	set   []constant
	makes func(values []any, r *record) (more []any, omitted string)
	rows  func(columns []cases.Column) // told of the columns before; nil
}

// newLines begins the file.
func newLines(r *run) (*lines, error) {
	f, err := r.files.create(r.Target)
	return &lines{run: r, file: f}, err
}

func (l *lines) Rows(m *Mapping, columns []cases.Column) error {
	all := slices.Clone(columns)
	for _, name := range originNames {
		all = append(all, cases.Column{Name: l.prefix + name, Type: "VARCHAR"})
	}
	with := *m
	with.set = append(slices.Clone(l.set), m.set...)
	l.doc = newDocument(&with, append(all, l.made...))
	if l.rows != nil {
		l.rows(columns)
	}
	return nil
}

func (l *lines) Record(r *record) (string, error) {
	for _, v := range r.values {
		if t, ok := v.(time.Time); ok && !timeFits(t) {
			return farTime, nil
		}
	}
	l.values = append(append(l.values[:0], r.values...), l.origin(r)...)
	if l.makes != nil {
		more, omitted := l.makes(r.values, r)
		if omitted != "" {
			return omitted, nil
		}
		l.values = append(l.values, more...)
	}
	l.buf = append(l.doc.append(l.buf[:0], l.values), '\n')
	l.file.records++
	_, err := l.file.Write(l.buf)
	return "", err
}

func (l *lines) End() error { return nil }
