package records

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode/utf8"
)

const ones, highs = 0x0101010101010101, 0x8080808080808080

// stops marks, by their high bits, the bytes of x that end a run inside a string: quote, backslash, newline.
// The lowest mark is exact; marks above it may be false.
func stops(x uint64) uint64 {
	q, b, n := x^(ones*'"'), x^(ones*'\\'), x^(ones*'\n')
	return ((q-ones)&^q | (b-ones)&^b | (n-ones)&^n) & highs
}

// runEnd gives the index of the first quote, backslash or newline at or after i, or len(b).
func runEnd(b []byte, i int) int {
	for i+8 <= len(b) {
		if m := stops(binary.LittleEndian.Uint64(b[i:])); m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
		i += 8
	}
	for i < len(b) && b[i] != '"' && b[i] != '\\' && b[i] != '\n' {
		i++
	}
	return i
}

// stringEnd gives the index behind the string that opens at b[i], without a look at its escapes.
func stringEnd(b []byte, i int) (int, verdict) {
	for i++; i+8 <= len(b); {
		m := stops(binary.LittleEndian.Uint64(b[i:]))
		if m == 0 {
			i += 8
			continue
		}
		i += bits.TrailingZeros64(m) >> 3
		switch b[i] {
		case '"':
			return i + 1, whole
		case '\n':
			return i, bad
		}
		i += 2
	}
	for ; i < len(b); i++ {
		switch b[i] {
		case '"':
			return i + 1, whole
		case '\n':
			return i, bad
		case '\\':
			i++
		}
	}
	return len(b), short
}

// checkedStringEnd is stringEnd for a string whose escapes must be right.
func checkedStringEnd(b []byte, i int) (int, verdict) {
	for i++; i < len(b); {
		if i+8 <= len(b) {
			m := stops(binary.LittleEndian.Uint64(b[i:]))
			if m == 0 {
				i += 8
				continue
			}
			i += bits.TrailingZeros64(m) >> 3
		}
		switch b[i] {
		case '"':
			return i + 1, whole
		case '\n':
			return i, bad
		case '\\':
			if i++; i == len(b) {
				return i, short
			}
			switch b[i] {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
				i++
			case 'u':
				for end := i + 4; i < end; {
					if i++; i == len(b) {
						return i, short
					}
					if hexValue(b[i]) < 0 {
						return i, bad
					}
				}
				i++
			default:
				return i, bad
			}
		default:
			i++
		}
	}
	return len(b), short
}

// text gives the contents of a JSON string: a part of quoted itself where nothing is escaped, else appended to dst.
func text(dst, quoted []byte) []byte {
	raw := quoted[1 : len(quoted)-1]
	if runEnd(raw, 0) == len(raw) {
		return raw
	}
	// What is escaped is never longer without its escapes; 8 more, because runs are stored by eights.
	n := len(dst)
	dst = slices.Grow(dst, len(raw)+8)
	dst = dst[:cap(dst)]
	for i := 0; i < len(raw); {
		if i+8 <= len(raw) {
			x := binary.LittleEndian.Uint64(raw[i:])
			binary.LittleEndian.PutUint64(dst[n:], x)
			m := stops(x)
			if m == 0 {
				i, n = i+8, n+8
				continue
			}
			k := bits.TrailingZeros64(m) >> 3
			i, n = i+k, n+k
		}
		if raw[i] != '\\' || i+1 == len(raw) {
			dst[n] = raw[i]
			i, n = i+1, n+1
			continue
		}
		size := 2
		if c := escapes[raw[i+1]]; c != 0 {
			dst[n] = c
			n++
		} else {
			var end []byte
			end, size = codePoint(dst[:n], raw[i:])
			n = len(end)
		}
		i += size // may be beyond the end of a string that was not checked
	}
	return dst[:n]
}

// escapes is what stands behind a backslash for one byte; 0 for u.
var escapes = func() (e [256]byte) {
	for c := range e {
		e[c] = byte(c)
	}
	e['b'], e['f'], e['n'], e['r'], e['t'], e['u'] = '\b', '\f', '\n', '\r', '\t', 0
	return e
}()

// codePoint appends what the \uXXXX at the beginning of b stands for, a pair of them for one beyond U+FFFF, and gives
// the length of that.
func codePoint(dst, b []byte) ([]byte, int) {
	r := hex4(b[2:])
	if r >= 0xd800 && r < 0xdc00 && len(b) >= 12 && b[6] == '\\' && b[7] == 'u' {
		if low := hex4(b[8:]); low >= 0xdc00 && low < 0xe000 {
			return utf8.AppendRune(dst, 0x10000+(r-0xd800)<<10+(low-0xdc00)), 12
		}
	}
	if r >= 0xd800 && r < 0xe000 { // half a pair: no UTF-8 has it, but it must not be lost
		return append(dst, 0xe0|byte(r>>12), 0x80|byte(r>>6)&0x3f, 0x80|byte(r)&0x3f), 6
	}
	return utf8.AppendRune(dst, r), 6
}

func hex4(b []byte) rune {
	r := rune(0)
	for k := 0; k < 4 && k < len(b); k++ {
		r = r<<4 | rune(hexValue(b[k])&15)
	}
	return r
}

func hexValue(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
