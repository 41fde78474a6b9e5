package field

import (
	"fmt"
	"slices"
)

// Members are the members of one object, taken by name; what nobody takes is the rest.
type Members struct {
	Odd   bool // some text of the object is not Unicode
	json  JSON
	list  []Member
	taken []bool
}

// Read reads an object, strictly. What it gives is valid until the next reading.
func (o *Members) Read(raw []byte) (err error) {
	o.list, err = o.json.Object(raw, o.list[:0])
	o.Odd, o.taken = o.json.Escaped > 0, o.taken[:0]
	for range o.list {
		o.taken = append(o.taken, false)
	}
	return err
}

// ReadIf reads an object where there is one: of null, or nothing, it has no members.
func (o *Members) ReadIf(name string, m *Member) error {
	if m == nil || m.Value[0] == 'n' {
		o.list, o.taken, o.Odd = o.list[:0], o.taken[:0], false
		return nil
	}
	if m.Value[0] != '{' {
		return fmt.Errorf("%s is no object", name)
	}
	return o.Read(m.Value)
}

// Has says whether there is a member of a name.
func (o *Members) Has(name string) bool { return o.at(name) >= 0 }

func (o *Members) at(name string) int {
	for i := range o.list {
		if string(o.list[i].Name) == name {
			return i
		}
	}
	return -1
}

// Take gives a member; nil where there is none.
func (o *Members) Take(name string) *Member {
	i := o.at(name)
	if i < 0 {
		return nil
	}
	o.taken[i] = true
	return &o.list[i]
}

// Text takes a member that is text, or a number or truth as written. It is nil where it is not there, null, or a dash alone.
func (o *Members) Text(name string) ([]byte, error) {
	m := o.Take(name)
	switch {
	case m == nil || m.Value[0] == 'n' || IsDash(m.Text):
		return nil, nil
	case m.Text != nil:
		return m.Text, nil
	case m.Value[0] == '{' || m.Value[0] == '[':
		return nil, fmt.Errorf("%s is neither text nor number", name)
	case m.Value[0] == '"':
		return []byte{}, nil // empty text
	}
	return m.Value, nil
}

// JSON takes a member as it is written, with its texts escaped where they are odd; nil where it is not there, or null.
func (o *Members) JSON(name string) []byte {
	m := o.Take(name)
	if m == nil || m.Value[0] == 'n' {
		return nil
	}
	if !m.Odd {
		return m.Value
	}
	return AppendJSON(nil, m.Value, true)
}

// Rest gives the members that nobody took as an object; nil for none.
func (o *Members) Rest(dst []byte) []byte {
	return o.some(dst, func(i int) bool { return !o.taken[i] })
}

// Only gives some members as an object; nil for none.
func (o *Members) Only(names []string) []byte {
	return o.some(nil, func(i int) bool { return slices.Contains(names, string(o.list[i].Name)) })
}

func (o *Members) some(dst []byte, which func(i int) bool) []byte {
	begun := false
	for i, m := range o.list {
		if !which(i) || m.Value[0] == 'n' {
			continue
		}
		if !begun {
			dst, begun = append(dst, '{'), true
		} else {
			dst = append(dst, ',')
		}
		dst = append(AppendQuoted(dst, m.Name), ':')
		dst = AppendJSON(dst, m.Value, m.Odd)
	}
	if !begun {
		return nil
	}
	return append(dst, '}')
}

// Elements reads an array strictly, and gives each element as written.
func Elements(raw []byte, each func(element []byte) error) error {
	var s JSON
	s.Reset(raw)
	if s.Space() != '[' {
		return s.Fail("want an array")
	}
	if err := s.Open(1); err != nil {
		return err
	}
	for first := true; ; first = false {
		more, err := s.Next(first, ']')
		if err != nil {
			return err
		}
		if !more {
			return s.End()
		}
		element, _, err := s.Skip(1)
		if err != nil {
			return err
		}
		if err := each(element); err != nil {
			return err
		}
	}
}

// Each gives every member in order.
func (o *Members) Each(each func(m *Member)) {
	for i := range o.list {
		each(&o.list[i])
	}
}
