package flow

import (
	"bytes"
	"encoding/binary"
	"math/bits"

	"case53/loader/logs/field"
)

// A plain line (ASCII, single spaces between the fields and no other white space, of common length) is scanned by words
// of eight bytes: first all its spaces are found, then each field is read knowing where it begins and ends. No number
// waits for the one before it, and no branch depends on how long it is; both are what costs in a loop over bytes.

const (
	ones   = 0x0101010101010101
	lows   = 0x7f * ones
	highs  = 0x80 * ones
	spaces = ' ' * ones

	minPlain = 16
	maxPlain = 8 << 10
)

// lineMap says where the fields of a plain line are.
type lineMap struct {
	fields int
	ends   [maxPlain/2 + 2]int32 // field k is [ends[k]+1, ends[k+1])
	spaces [maxPlain / 64]uint64 // a bit per byte of the line, and one behind its last byte
}

// field gives a field of a mapped line.
func (m *lineMap) field(rec []byte, k int) []byte { return rec[m.ends[k]+1 : m.ends[k+1]] }

// scan maps a line; false when it is not plain. The line neither begins nor ends with a space.
func (m *lineMap) scan(rec []byte) bool {
	if len(rec) < minPlain || len(rec) >= maxPlain {
		return false
	}
	i, odd := 0, uint64(0)
	for ; i+64 <= len(rec); i += 64 {
		mask, o := spacesIn((*[64]byte)(rec[i : i+64]))
		m.spaces[i>>6] = mask
		odd |= o
	}
	tail := filler
	copy(tail[:], rec[i:])
	mask, o := spacesIn(&tail)
	m.spaces[i>>6] = mask | 1<<(len(rec)&63)
	return (odd|o)&highs == 0 && m.split(i>>6)
}

// filler stands behind the last bytes of a line.
var filler = [64]byte(bytes.Repeat([]byte{'0'}, 64))

// spacesIn gives a bit per byte of a block of ASCII: 1 for a space. odd has a high bit set when there is a byte that is
// not ASCII, or is below a space.
func spacesIn(b *[64]byte) (mask, odd uint64) {
	for i := 0; i < 64; i += 8 {
		w := binary.LittleEndian.Uint64(b[i : i+8])
		odd |= w | ^(w + 0x60*ones)
		mask |= (^(w ^ spaces + lows) & highs >> 7 * 0x0102040810204080) >> 56 << i
	}
	return mask, odd
}

// split turns the spaces of a line into the ends of its fields; false when there are two in a row.
func (m *lineMap) split(last int) bool {
	k, before := 1, uint64(1)
	m.ends[0] = -1
	for w, mask := range m.spaces[:last+1] {
		if mask&(mask<<1|before) != 0 {
			return false
		}
		before = mask >> 63
		for ; mask != 0; mask &= mask - 1 {
			m.ends[k&(maxPlain/2-1)] = int32(w<<6 | bits.TrailingZeros64(mask))
			k++
		}
	}
	m.fields = k - 1
	return k < maxPlain/2
}

// shortField reads a field of n digits, one to eight, that ends at to, not in the first eight bytes of the line.
func shortField(rec []byte, n, to int) (v uint64, ok bool) {
	return eightDigits(binary.LittleEndian.Uint64(rec[to-8:to]), n)
}

// longField reads a field of nine to sixteen digits that ends at to.
func longField(rec []byte, n, to int) (v uint64, ok bool) {
	if n > 16 || to < 16 {
		return 0, false
	}
	high, ok := eightDigits(binary.LittleEndian.Uint64(rec[to-16:]), n-8)
	low, okLow := eightDigits(binary.LittleEndian.Uint64(rec[to-8:]), 8)
	return high*1e8 + low, ok && okLow
}

// zeros[n] stands before n digits in a word.
var zeros = [16]struct{ keep, fill uint64 }{
	1: {0xff << 56, '0' * ones >> 8}, 2: {0xffff << 48, '0' * ones >> 16}, 3: {0xffffff << 40, '0' * ones >> 24},
	4: {0xffffffff << 32, '0' * ones >> 32}, 5: {0xffffffffff << 24, '0' * ones >> 40}, 6: {0xffffffffffff << 16, '0' * ones >> 48},
	7: {0xffffffffffffff << 8, '0'}, 8: {1<<64 - 1, 0},
}

// eightDigits reads the last n bytes of a word, one to eight, as decimal.
func eightDigits(w uint64, n int) (v uint64, ok bool) {
	z := &zeros[n&15]
	w = w&z.keep | z.fill
	w ^= '0' * ones
	ok = (w|(w+0x76*ones))&highs == 0 // no byte above 9
	w = w * 2561 >> 8
	w = w & 0x00ff00ff00ff00ff * 6553601 >> 16
	return w & 0x0000ffff0000ffff * 42949672960001 >> 32, ok
}

// ipv4Field reads the field [from, to) of a plain line when it is dotted decimal, as parseIPv4 does.
func ipv4Field(rec []byte, from, to int) (v uint32, ok bool) {
	if from+16 > len(rec) || to-from > 15 {
		return field.ParseIPv4(rec[from:to])
	}
	b := (*[16]byte)(rec[from : from+16])
	i := 0
	for octet := 0; ; octet++ {
		part := uint32(b[i&15] - '0')
		next := uint32(b[(i+1)&15] - '0')
		if part > 9 {
			return 0, false
		}
		if i++; next <= 9 {
			last := uint32(b[(i+1)&15] - '0')
			if part == 0 {
				return 0, false
			}
			part = part*10 + next
			if i++; last <= 9 {
				part = part*10 + last
				i++
			}
		}
		if part > 255 {
			return 0, false
		}
		v = v<<8 | part
		if octet == 3 {
			return v, i == to-from
		}
		if b[i&15] != '.' {
			return 0, false
		}
		i++
	}
}
