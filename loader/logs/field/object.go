package field

import "fmt"

// Objects reads records that are JSON objects: members by their names, what nobody knows into extra. A row of case53's own
// export comes back as it was: see Export.
type Objects struct {
	json     JSON
	members  []Member
	export   Export
	Spelling Spelling
	extra    []byte
}

// NewObjects knows which columns of an export are the case's own.
func NewObjects(own map[string]bool) *Objects { return &Objects{export: Export{Own: own}} }

// Read reads a record. take gets its members as text: a string's text, a number or a literal as written, an object or
// array as JSON, null as nil; it says whether it knows the name. extra is what nobody knows, as a JSON object; nil for nothing.
func (o *Objects) Read(rec []byte, take func(name, text []byte) (known bool, err error)) (extra []byte, escaped bool, err error) {
	if o.members, err = o.json.Object(rec, o.members[:0]); err != nil {
		return nil, false, err
	}
	o.export.Reset()
	o.extra = append(o.extra[:0], '{')
	for _, m := range o.members {
		text := m.Text
		if m.Value[0] == 'n' {
			text = nil
		} else if m.Value[0] != '"' {
			text = m.Value
		}
		known, err := take(m.Name, text)
		if err != nil {
			return nil, false, err
		}
		escaped = escaped || known && m.Odd
		if !known {
			escaped = o.keep(m) || escaped
		}
	}
	if o.export.Is() {
		if o.extra, err = o.export.Extra(o.extra); err != nil {
			return nil, false, err
		}
		escaped = escaped || o.export.Flag("utf8_escaped")
	}
	if len(o.extra) == 1 {
		return nil, escaped, nil
	}
	o.extra = append(o.extra, '}')
	return o.extra, escaped, nil
}

// keep puts a member into extra.
func (o *Objects) keep(m Member) (odd bool) {
	from := len(o.extra)
	if from > 1 {
		o.extra = append(o.extra, ',')
	}
	o.extra = append(AppendQuoted(o.extra, m.Name), ':')
	o.extra = AppendJSON(o.extra, m.Value, m.Odd)
	o.export.Note(m.Name, m.Value, from, len(o.extra))
	if !o.export.Own[string(m.Name)] && m.Value[0] != 'n' {
		o.Spelling.Unknown(string(m.Name))
	}
	return m.Odd
}

// Stream is the log group and stream that a row of an export has.
func (o *Objects) Stream() (group, stream string, ok bool) {
	if !o.export.Is() {
		return "", "", false
	}
	return string(o.export.Text("log_group")), string(o.export.Text("log_stream")), true
}

// Names gives the names of a record's members; an error where it is no object.
func (o *Objects) Names(rec []byte) (names [][]byte, err error) {
	if o.members, err = o.json.Object(rec, o.members[:0]); err != nil {
		return nil, fmt.Errorf("names: %w", err)
	}
	for _, m := range o.members {
		names = append(names, m.Name)
	}
	return names, nil
}
