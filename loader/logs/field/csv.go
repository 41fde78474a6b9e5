package field

import (
	"bytes"
	"errors"
	"fmt"
)

// AppendCSV splits a line as RFC 4180 has it: values between commas, in quotes where they hold one, a quote in quotes written
// twice. Spaces around a value are not part of it. false: a quote is not closed, or more follows it; then nothing is given.
// Values are parts of the line but for those with doubled quotes.
func AppendCSV(values [][]byte, line []byte) ([][]byte, bool) {
	at := len(values)
	for {
		line = trimSpaces(line)
		if len(line) == 0 || line[0] != '"' {
			value, rest, more := bytes.Cut(line, []byte{','})
			if values = append(values, trimSpaces(value)); !more {
				return values, true
			}
			line = rest
			continue
		}
		value, rest, ok := cutQuoted(line[1:])
		if rest = trimSpaces(rest); !ok || len(rest) > 0 && rest[0] != ',' {
			return values[:at], false
		}
		if values = append(values, value); len(rest) == 0 {
			return values, true
		}
		line = rest[1:]
	}
}

// cutQuoted takes a value off a line, up to the quote that closes it.
func cutQuoted(line []byte) (value, rest []byte, ok bool) {
	end := bytes.IndexByte(line, '"')
	if end < 0 {
		return nil, nil, false
	}
	value = line[:end:end]
	for line = line[end+1:]; len(line) > 0 && line[0] == '"'; line = line[end+1:] {
		line = line[1:]
		if end = bytes.IndexByte(line, '"'); end < 0 {
			return nil, nil, false
		}
		value = append(append(value, '"'), line[:end]...)
	}
	return value, line, true
}

func trimSpaces(b []byte) []byte {
	for len(b) > 0 && isBlank(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && isBlank(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

func isBlank(c byte) bool { return c == ' ' || c-'\t' <= '\r'-'\t' }

// CSV is a log whose lines are values between commas under a header. Each is handed on as the JSON object that says the
// same: its values are strings, and an empty one is left out, as null would be. What a decoder says of a record that is
// an object then goes for such a line too.
type CSV struct {
	Names []string
	keys  [][]byte // the names as JSON, with their colons
	line  [][]byte // scratch
	json  []byte
}

// maxCSVName bounds what can be a column's name.
const maxCSVName = 128

// ParseCSV reads a header: at least two different names. A name is letters, digits and what stands between words
// (_ - . @ and spaces), and does not begin with a digit.
func ParseCSV(line []byte) (*CSV, bool) {
	if bytes.IndexByte(line, ',') < 0 {
		return nil, false
	}
	names, ok := AppendCSV(nil, line)
	if !ok {
		return nil, false
	}
	c := &CSV{}
	seen := map[string]bool{}
	for _, name := range names {
		if !isCSVName(name) || seen[string(name)] {
			return nil, false
		}
		seen[string(name)] = true
		c.Names = append(c.Names, string(name))
		c.keys = append(c.keys, append(AppendQuoted(nil, name), ':'))
	}
	return c, true
}

func isCSVName(name []byte) bool {
	if len(name) == 0 || len(name) > maxCSVName || name[0]-'0' < 10 {
		return false
	}
	for _, c := range name {
		if c|0x20-'a' >= 26 && c-'0' >= 10 && bytes.IndexByte([]byte("_-.@ "), c) < 0 {
			return false
		}
	}
	return true
}

// Object gives a line as JSON, until the next call.
func (c *CSV) Object(line []byte) ([]byte, error) {
	var ok bool
	if c.line, ok = AppendCSV(c.line[:0], line); !ok {
		return nil, errors.New("a quote is not closed before the end of the line, or more follows it than a comma")
	}
	if len(c.line) != len(c.keys) {
		return nil, fmt.Errorf("%d values under a header of %d", len(c.line), len(c.keys))
	}
	c.json = append(c.json[:0], '{')
	for i, value := range c.line {
		if len(value) == 0 {
			continue
		}
		if len(c.json) > 1 {
			c.json = append(c.json, ',')
		}
		c.json = appendRaw(append(c.json, c.keys[i]...), value)
	}
	return append(c.json, '}'), nil
}

// appendRaw appends bytes as a JSON string. What of them is not UTF-8 stays as it is, for whoever reads it to escape.
func appendRaw(dst, text []byte) []byte {
	dst = append(dst, '"')
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', HexDigits[c>>4], HexDigits[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
