package field

import (
	"fmt"
	"slices"
	"strings"
)

// Squash gives a name in lower case and without what stands between its words: srcAddr, src_addr and "Src Addr" are one name.
// dst is appended to.
func Squash(dst, name []byte) []byte {
	for _, c := range name {
		switch {
		case c-'A' < 26:
			dst = append(dst, c|0x20)
		case c == '_' || c == '-' || c == '.' || c == ' ' || c == '@':
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// Spelling is how a log names its fields where that is not as AWS does; it goes into the object's format. Of each kind the first
// few are kept.
type Spelling struct {
	aliases, unknown []string
	more             bool
}

const mostSpelled = 24

// Alias notes that a field was read from a name that plainly means it.
func (s *Spelling) Alias(name, spelled string) {
	s.note(&s.aliases, spelled+" as "+name)
}

// Unknown notes a name that means nothing here.
func (s *Spelling) Unknown(name string) { s.note(&s.unknown, name) }

func (s *Spelling) note(list *[]string, text string) {
	switch {
	case slices.Contains(*list, text):
	case len(*list) < mostSpelled:
		*list = append(*list, text)
	default:
		s.more = true
	}
}

// Read says which names were read as others, as the end of what a log is read as; "" where none was.
func (s *Spelling) Read() string {
	if len(s.aliases) == 0 {
		return ""
	}
	return "; read: " + strings.Join(s.aliases, ", ")
}

// Warning says which names are kept in extra; "" where none is.
func (s *Spelling) Warning() string {
	names, is, more := "name", "is", ""
	switch n := len(s.unknown); {
	case n == 0:
		return ""
	case n > 1:
		names, is = "names", "are"
	}
	if s.more {
		more = " …"
	}
	return fmt.Sprintf("the %s %s%s %s not AWS's: kept in extra", names, strings.Join(s.unknown, ", "), more, is)
}

// Warned puts warnings behind a format, as logs.Warnings takes them off; "" is none.
func Warned(format string, warnings ...string) string {
	for _, w := range warnings {
		if w != "" {
			format += "; warning: " + w
		}
	}
	return format
}

// Member is a member of an object.
type Member struct {
	Name  []byte
	Value []byte // as written
	Text  []byte // of a string; nil for any other value
	Odd   bool   // some text in it is not Unicode
}

// Object reads a record that is one object, strictly. The members are valid until the next reading.
func (s *JSON) Object(rec []byte, members []Member) ([]Member, error) {
	s.Reset(rec)
	if s.Space() != '{' {
		return members, s.Fail("want an object")
	}
	if err := s.Open(1); err != nil {
		return members, err
	}
	for first := true; ; first = false {
		more, err := s.Next(first, '}')
		if err != nil {
			return members, err
		}
		if !more {
			return members, s.End()
		}
		m := Member{}
		if m.Name, err = s.Key(); err != nil {
			return members, err
		}
		if !s.Seen[1].Add(m.Name) {
			return members, DuplicateKey(m.Name)
		}
		s.Space()
		at := s.i
		if m.Value, m.Odd, err = s.Skip(1); err != nil {
			return members, err
		}
		if m.Value[0] == '"' {
			end, escaped := s.i, s.Escaped
			s.i = at
			if m.Text, err = s.Text(); err != nil {
				return members, err
			}
			s.i, s.Escaped = end, escaped
		}
		members = append(members, m)
	}
}
