package export

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"case53/cases"
	"case53/cases/duck"
)

// document writes rows as JSON objects, nested by the dots of the columns' names. What is NULL, and an object without a field, is not
// there at all.
type document struct{ root *node }

// node is a field: an object, a column, or the same in every record.
type node struct {
	name     string
	key      []byte // "name":
	column   int    // -1: none
	constant []byte // nil: none
	children []*node
}

// newDocument makes the documents of a mapping. Columns that begin with @ are left out, except "@timestamp".
func newDocument(m *Mapping, columns []cases.Column) *document {
	d := &document{&node{column: -1}}
	for i, c := range columns {
		if !forWriter(c.Name) {
			d.root.at(c.Name).column = i
		}
	}
	for _, c := range m.set {
		d.root.at(c.path).constant = []byte(c.value)
	}
	return d
}

// forWriter says whether a column is not the tool's.
func forWriter(name string) bool { return strings.HasPrefix(name, "@") && name != "@timestamp" }

// at is the field of a path, which is made where it is not there.
func (n *node) at(path string) *node {
	for name := range strings.SplitSeq(path, ".") {
		i := slices.IndexFunc(n.children, func(c *node) bool { return c.name == name })
		if i < 0 {
			i = len(n.children)
			n.children = append(n.children, &node{name: name, key: append(appendString(nil, name), ':'), column: -1})
		}
		n = n.children[i]
	}
	return n
}

// append writes the object of a row.
func (d *document) append(b []byte, values []any) []byte {
	b, _ = d.root.appendObject(b, values)
	return b
}

// appendObject writes the fields that are there; there says whether there are some.
func (n *node) appendObject(b []byte, values []any) (out []byte, there bool) {
	b = append(b, '{')
	for _, c := range n.children {
		before := len(b)
		if there {
			b = append(b, ',')
		}
		b = append(b, c.key...)
		is := true
		switch {
		case c.constant != nil:
			b = append(b, c.constant...)
		case c.column >= 0:
			b, is = appendValue(b, values[c.column])
		default:
			b, is = c.appendObject(b, values)
		}
		if is {
			there = true
		} else {
			b = b[:before]
		}
	}
	return append(b, '}'), there
}

// appendValue writes a value as JSON; NULL, and a list or struct of nothing else, is not there.
func appendValue(b []byte, v any) (out []byte, there bool) {
	switch v := v.(type) {
	case nil:
		return b, false
	case string:
		return appendString(b, v), true
	case int64:
		return strconv.AppendInt(b, v, 10), true
	case uint64:
		return strconv.AppendUint(b, v, 10), true
	case bool:
		return strconv.AppendBool(b, v), true
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return b, false
		}
		return strconv.AppendFloat(b, v, 'f', -1, 64), true
	case duck.Number:
		return append(b, v...), true
	case time.Time:
		b = append(b, '"')
		return append(appendTime(b, v), '"'), true
	case []byte:
		return appendString(b, string(v)), true
	case duck.List:
		return appendList(b, v)
	case duck.Struct:
		return appendStruct(b, v)
	}
	panic(fmt.Sprintf("a %T in a row", v)) // duck gives no others
}

func appendList(b []byte, list duck.List) (out []byte, there bool) {
	b = append(b, '[')
	for _, v := range list {
		before := len(b)
		if there {
			b = append(b, ',')
		}
		var is bool
		if b, is = appendValue(b, v); is {
			there = true
		} else {
			b = b[:before]
		}
	}
	return append(b, ']'), there
}

func appendStruct(b []byte, s duck.Struct) (out []byte, there bool) {
	b = append(b, '{')
	for _, f := range s {
		before := len(b)
		if there {
			b = append(b, ',')
		}
		b = append(appendString(b, f.Name), ':')
		var is bool
		if b, is = appendValue(b, f.Value); is {
			there = true
		} else {
			b = b[:before]
		}
	}
	return append(b, '}'), there
}

// appendTime writes a time in RFC 3339, UTC, with microseconds.
func appendTime(b []byte, t time.Time) []byte {
	return t.UTC().AppendFormat(b, "2006-01-02T15:04:05.000000Z07:00")
}

// timeFits says whether RFC 3339 has the time: it ends with the year 9999.
func timeFits(t time.Time) bool { return t.Year() >= 0 && t.Year() <= 9999 }

// appendString writes text as JSON. Whatever could steer a terminal is escaped, as control characters must be.
func appendString(b []byte, s string) []byte {
	plain := true
	for i := 0; i < len(s) && plain; i++ {
		plain = s[i] >= ' ' && s[i] < 0x7f && s[i] != '"' && s[i] != '\\'
	}
	if plain {
		b = append(b, '"')
		b = append(b, s...)
		return append(b, '"')
	}
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029:
			b = append(b, '\\', 'u')
			b = append(b, fmt.Sprintf("%04x", r)...)
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}

// farTime is why a record with another time is left out.
const farTime = "a time before the year 0 or after 9999, which RFC 3339 has not"
