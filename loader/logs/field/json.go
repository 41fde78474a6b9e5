package field

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// MaxDepth is how deep objects and arrays may nest, the record itself counted. AWS writes three levels.
const MaxDepth = 32

// JSON reads one JSON text (RFC 8259) strictly: the whole grammar is checked, also of values that are skipped;
// an object that has a name twice is an error. What it tolerates, because the bytes are evidence, is text that is
// not Unicode: invalid UTF-8 and lone surrogates (taken as their three bytes) are given escaped as validText does.
type JSON struct {
	b []byte
	i int
	// escaped counts the texts that are not Unicode.
	Escaped int
	buf     []byte             // texts that differ from their bytes in b
	Seen    [MaxDepth + 1]keys // of the objects now open, by depth
}

// form says how a string's bytes relate to its text.
type form uint8

const (
	plain   form = iota // the bytes are the text
	escapes             // there are backslash escapes
	notUTF8             // and the text is not Unicode
)

func (s *JSON) Reset(b []byte) {
	s.b, s.i, s.Escaped, s.buf = b, 0, 0, s.buf[:0]
}

func (s *JSON) Fail(what string) error {
	if s.i >= len(s.b) {
		return fmt.Errorf("json: cut off, %s", what)
	}
	return fmt.Errorf("json: byte %d is %q, %s", s.i+1, s.b[s.i], what)
}

// AtEnd says whether nothing is left to read.
func (s *JSON) AtEnd() bool { return s.i >= len(s.b) }

// Space skips white space and gives the byte after it, 0 at the end (no JSON token begins with NUL).
func (s *JSON) Space() byte {
	for ; s.i < len(s.b); s.i++ {
		if c := s.b[s.i]; c > ' ' || c != ' ' && c != '\n' && c != '\r' && c != '\t' {
			return c
		}
	}
	return 0
}

// End wants nothing but white space.
func (s *JSON) End() error {
	s.Space()
	if s.i < len(s.b) {
		return s.Fail("after the end of the record")
	}
	return nil
}

// Open enters an object or array; depth is how many are open with it.
func (s *JSON) Open(depth int) error {
	if depth > MaxDepth {
		return fmt.Errorf("json: nested deeper than %d", MaxDepth)
	}
	s.i++
	s.Seen[depth].clear()
	return nil
}

// Next steps to the next member or element, or out of the object or array at its closing bracket.
func (s *JSON) Next(first bool, closing byte) (more bool, err error) {
	switch c := s.Space(); {
	case c == closing:
		s.i++
		return false, nil
	case first:
		return true, nil
	case c == ',':
		if s.i++; s.i < len(s.b) && s.b[s.i] <= ' ' {
			s.Space()
		}
		return true, nil // a closing bracket here is no name and no value
	}
	return false, s.Fail("want a comma or the closing bracket")
}

// Key reads a member's name, as text, and the colon after it.
func (s *JSON) Key() ([]byte, error) {
	name, err := s.Text()
	if err != nil {
		return nil, err
	}
	if s.i < len(s.b) && s.b[s.i] == ':' {
		s.i++
	} else if s.Space() == ':' {
		s.i++
	} else {
		return nil, s.Fail("want a colon")
	}
	s.Space()
	return name, nil
}

// Take steps over token if it comes next.
func (s *JSON) Take(token string) bool {
	if len(s.b)-s.i < len(token) || string(s.b[s.i:s.i+len(token)]) != token {
		return false
	}
	s.i += len(token)
	return true
}

// Text reads a string as text.
func (s *JSON) Text() ([]byte, error) {
	// Nearly all strings are short runs of ASCII: find the quote, eight bytes at a time.
	if b, i := s.b, s.i+1; i <= len(b) && b[i-1] == '"' {
		for ; len(b)-i >= 8; i += 8 {
			m := special(binary.LittleEndian.Uint64(b[i:]))
			if m == 0 {
				continue
			}
			end := i + bits.TrailingZeros64(m)>>3
			if b[end] != '"' {
				break
			}
			raw := b[s.i+1 : end]
			s.i = end + 1
			return raw, nil
		}
	}
	raw, how, err := s.scan()
	if how == plain || err != nil {
		return raw, err
	}
	return s.text(raw, how), nil
}

// text is what a scanned string means.
func (s *JSON) text(raw []byte, how form) []byte {
	if how == plain {
		return raw
	}
	at := len(s.buf)
	s.buf = unescape(s.buf, raw)
	t := s.buf[at:len(s.buf):len(s.buf)]
	if how == notUTF8 {
		t, _ = ValidText(t)
		s.Escaped++
	}
	return t
}

// scan checks a string and gives what stands between its quotes.
func (s *JSON) scan() (raw []byte, how form, err error) {
	b, i := s.b, s.i
	if i >= len(b) || b[i] != '"' {
		return nil, plain, s.Fail("want a string")
	}
	i++
	start, high := i, false
	for {
		for len(b)-i >= 8 {
			if m := special(binary.LittleEndian.Uint64(b[i:])); m != 0 {
				i += bits.TrailingZeros64(m) >> 3
				break
			}
			i += 8
		}
		if i >= len(b) {
			s.i = i
			return nil, plain, s.Fail("in a string")
		}
		switch c := b[i]; {
		case c == '"':
			s.i, raw = i+1, b[start:i]
			if high && !utf8.Valid(raw) {
				how = notUTF8
			}
			return raw, how, nil
		case c == '\\':
			n, lone := escape(b[i:])
			if n == 0 {
				s.i = i
				return nil, plain, s.Fail("not an escape that JSON has")
			}
			i += n
			how = max(how, escapes)
			if lone {
				how = notUTF8
			}
		case c < ' ':
			s.i = i
			return nil, plain, s.Fail("a control character in a string")
		default:
			high = high || c >= utf8.RuneSelf
			i++
		}
	}
}

// special marks, by its top bit, each byte of x that ends a run of ordinary string bytes: a quote, a backslash, a
// control character, a byte over 0x7f. Only the lowest mark is sure.
func special(x uint64) uint64 {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	quote, slash := x^(ones*'"'), x^(ones*'\\')
	return (x | (x - ones*' ') | (quote - ones) | (slash - ones)) & tops
}

// escape measures the escape that b begins with, both halves of a surrogate pair; 0 when it is none.
// lone is set for a surrogate without its other half.
func escape(b []byte) (n int, lone bool) {
	if len(b) < 2 {
		return 0, false
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2, false
	case 'u':
		high, ok := hex4(b)
		switch {
		case !ok:
			return 0, false
		case high < 0xd800 || high > 0xdfff:
			return 6, false
		case high < 0xdc00:
			if low, ok := hex4(b[6:]); ok && low >= 0xdc00 && low <= 0xdfff {
				return 12, false
			}
		}
		return 6, true
	}
	return 0, false
}

// hex4 reads \uXXXX.
func hex4(b []byte) (r rune, ok bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	for _, c := range b[2:6] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// unescape appends the bytes that a scanned string stands for. They may be no UTF-8.
func unescape(dst, raw []byte) []byte {
	for i := 0; i < len(raw); {
		if raw[i] != '\\' {
			dst = append(dst, raw[i])
			i++
			continue
		}
		switch c := raw[i+1]; c {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			n, lone := escape(raw[i:])
			r, _ := hex4(raw[i:])
			switch {
			case lone:
				dst = append(dst, 0xed, 0x80|byte(r>>6&0x3f), 0x80|byte(r&0x3f))
			case n == 12:
				low, _ := hex4(raw[i+6:])
				dst = utf8.AppendRune(dst, (r-0xd800)<<10|(low-0xdc00)+0x10000)
			default:
				dst = utf8.AppendRune(dst, r)
			}
			i += n
			continue
		default:
			dst = append(dst, c)
		}
		i += 2
	}
	return dst
}

// Number checks a number and gives it as written.
func (s *JSON) Number() ([]byte, error) {
	start := s.i
	if s.i < len(s.b) && s.b[s.i] == '-' {
		s.i++
	}
	if s.i < len(s.b) && s.b[s.i] == '0' {
		s.i++
	} else if !s.digits() {
		return nil, s.Fail("in a number")
	}
	if s.i < len(s.b) && s.b[s.i] == '.' {
		if s.i++; !s.digits() {
			return nil, s.Fail("in a number")
		}
	}
	if s.i < len(s.b) && s.b[s.i]|0x20 == 'e' {
		if s.i++; s.i < len(s.b) && (s.b[s.i] == '+' || s.b[s.i] == '-') {
			s.i++
		}
		if !s.digits() {
			return nil, s.Fail("in a number")
		}
	}
	return s.b[start:s.i], nil
}

// digits skips at least one digit.
func (s *JSON) digits() bool {
	start := s.i
	for s.i < len(s.b) && s.b[s.i]-'0' < 10 {
		s.i++
	}
	return s.i > start
}

func (s *JSON) Literal(word string) error {
	for k := range len(word) {
		if s.i >= len(s.b) || s.b[s.i] != word[k] {
			return s.Fail("want " + word)
		}
		s.i++
	}
	return nil
}

// Skip checks a value, inside depth open objects and arrays, and gives it as written. odd says that some text in
// it is not Unicode.
func (s *JSON) Skip(depth int) (raw []byte, odd bool, err error) {
	c, start, escaped := s.Space(), s.i, s.Escaped
	switch {
	case c == '"':
		var how form
		if _, how, err = s.scan(); how == notUTF8 {
			s.Escaped++
		}
	case c == '{' || c == '[':
		err = s.skipAll(depth + 1)
	case c == 't':
		err = s.Literal("true")
	case c == 'f':
		err = s.Literal("false")
	case c == 'n':
		err = s.Literal("null")
	case c == '-' || c-'0' < 10:
		_, err = s.Number()
	default:
		err = s.Fail("want a value")
	}
	return s.b[start:s.i], s.Escaped != escaped, err
}

// skipAll skips the object or array that begins here.
func (s *JSON) skipAll(depth int) error {
	closing := s.b[s.i] + 2 // '{' and '}', '[' and ']' are two apart
	if err := s.Open(depth); err != nil {
		return err
	}
	for first := true; ; first = false {
		more, err := s.Next(first, closing)
		if err != nil || !more {
			return err
		}
		if closing == '}' {
			name, err := s.Key()
			if err != nil {
				return err
			}
			if !s.Seen[depth].Add(name) {
				return DuplicateKey(name)
			}
		}
		if _, _, err := s.Skip(depth); err != nil {
			return err
		}
	}
}

// AppendJSON appends a checked value to a JSON text: as written, but with its texts escaped where they are odd.
func AppendJSON(dst, raw []byte, odd bool) []byte {
	if !odd {
		return append(dst, raw...)
	}
	s := JSON{b: raw}
	for s.i < len(raw) {
		if raw[s.i] != '"' {
			dst = append(dst, raw[s.i])
			s.i++
			continue
		}
		start := s.i
		inner, how, _ := s.scan() // checked before
		if how == notUTF8 {
			dst = AppendQuoted(dst, s.text(inner, how))
		} else {
			dst = append(dst, raw[start:s.i]...)
		}
	}
	return dst
}

// AppendQuoted appends text as a JSON string.
func AppendQuoted(dst, text []byte) []byte {
	dst, err := jsontext.AppendQuote(dst, text)
	if err != nil {
		panic(err) // text is valid UTF-8, by validText
	}
	return dst
}

// keys are the names of one object, to find one that is there twice.
type keys struct {
	few  [][]byte
	many map[string]struct{} // all of them, once they are more than a few
}

const fewKeys = 16

func (k *keys) clear() { k.few, k.many = k.few[:0], nil }

// Add is false when the name is there already.
func (k *keys) Add(name []byte) bool {
	if k.many == nil {
		for _, n := range k.few {
			if string(n) == string(name) {
				return false
			}
		}
		if len(k.few) < fewKeys {
			k.few = append(k.few, name)
			return true
		}
		k.many = make(map[string]struct{}, 4*fewKeys)
		for _, n := range k.few {
			k.many[string(n)] = struct{}{}
		}
	}
	if _, twice := k.many[string(name)]; twice {
		return false
	}
	k.many[string(name)] = struct{}{}
	return true
}

func DuplicateKey(name []byte) error { return fmt.Errorf("json: key %s is there twice", Quoted(name)) }

// Quoted shows a value in an error: escaped, and not too long.
func Quoted(value []byte) string {
	if len(value) > 64 {
		return fmt.Sprintf("%q…", value[:64])
	}
	return fmt.Sprintf("%q", value)
}
