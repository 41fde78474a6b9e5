package field

import "unicode/utf8"

const HexDigits = "0123456789abcdef"

// ValidText gives b as valid UTF-8: itself when it is, else a copy with every bad byte as \xNN and every backslash
// doubled, so that nothing is lost and nothing can be mistaken. escaped says which. DuckDB's appender would
// store a NULL in place of invalid UTF-8, without an error.
func ValidText(b []byte) (text []byte, escaped bool) {
	if utf8.Valid(b) {
		return b, false
	}
	out := make([]byte, 0, len(b)+16)
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		switch {
		case r == utf8.RuneError && n == 1:
			out = append(out, '\\', 'x', HexDigits[b[0]>>4], HexDigits[b[0]&15])
		case r == '\\':
			out = append(out, '\\', '\\')
		default:
			out = append(out, b[:n]...)
		}
		b = b[n:]
	}
	return out, true
}

func AllDigits(b []byte) bool {
	for _, c := range b {
		if c-'0' > 9 {
			return false
		}
	}
	return len(b) > 0
}

func IsDash(token []byte) bool { return len(token) == 1 && token[0] == '-' }
