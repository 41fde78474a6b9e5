package digest

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"math"
	"math/bits"
	"strconv"
)

// widths is how many bytes a value has; 0: its length in four bytes, and itself.
var widths = map[string]int{
	"BOOLEAN": 1, "UTINYINT": 1, "SMALLINT": 2, "USMALLINT": 2, "INTEGER": 4, "UINTEGER": 4, "BIGINT": 8,
	"TIMESTAMP": 8, "UHUGEINT": 16, "FLOAT": 8, "DOUBLE": 8, "VARCHAR": 0, "BLOB": 0,
}

// columnHash is the digest of one column so far: of the values that are there, and of which are there where only some are.
type columnHash struct {
	values hash.Hash
	mask   hash.Hash // nil while all rows have a value, or none has
	given  bool      // whether all rows so far have one, while mask is nil

	contexts hash.Hash           // of a context's column: what its numbers stand for
	first    map[uint32]uint32   // number → the row in which its context is seen first
	known    map[[32]byte]uint32 // the same by what it stands for
	cache    [64]struct{ id, first uint32 }
}

// second is the other hash of a column: of contexts, or of what is NULL.
func (c *columnHash) second() hash.Hash {
	if c.contexts != nil {
		return c.contexts
	}
	return c.mask
}

var ones, zeros = bytes.Repeat([]byte{'1'}, 2048), bytes.Repeat([]byte{'0'}, 2048)

// repeat writes n bytes, of a line of them.
func repeat(h hash.Hash, line []byte, n int64) {
	for ; n > 0; n -= int64(len(line)) {
		h.Write(line[:min(n, int64(len(line)))])
	}
}

// note takes which of the rows have a value; present is how many.
func (c *columnHash) note(before int64, from, to int, valid []uint64, present int) {
	n := to - from
	uniform := present == n || present == 0
	if c.mask == nil && uniform && (before == 0 || c.given == (present == n)) {
		c.given = present == n
		return
	}
	if c.mask == nil {
		c.mask = sha256.New()
		line := zeros
		if c.given {
			line = ones
		}
		repeat(c.mask, line, before)
	}
	switch {
	case present == n:
		repeat(c.mask, ones, int64(n))
	case present == 0:
		repeat(c.mask, zeros, int64(n))
	default:
		line := make([]byte, 0, n)
		for i := from; i < to; i++ {
			line = append(line, '0'+byte(valid[i>>6]>>(i&63)&1))
		}
		c.mask.Write(line)
	}
}

// counted is how many of the rows have a value.
func counted(from, to int, valid []uint64) int {
	if valid == nil {
		return to - from
	}
	n := 0
	for i := from; i < to; {
		word, left := valid[i>>6]>>(i&63), min(64-i&63, to-i)
		if left < 64 {
			word &= 1<<left - 1
		}
		n += bits.OnesCount64(word)
		i += left
	}
	return n
}

// addValues hashes the values that are there.
func (h *Hasher) addValues(c *columnHash, typ string, from, to int, col any, valid []uint64) error {
	present := counted(from, to, valid)
	c.note(h.rows, from, to, valid, present)
	if present == 0 {
		return nil
	}
	if present == to-from {
		valid = nil
	}
	b, width := h.scratch[:0], widths[typ]
	switch col := col.(type) {
	case []bool:
		for i := from; i < to; i++ {
			switch {
			case !there(valid, i):
			case col[i]:
				b = append(b, 1)
			default:
				b = append(b, 0)
			}
		}
	case []uint8:
		b = whole(b, col, from, to, valid, width)
	case []uint16:
		b = whole(b, col, from, to, valid, width)
	case []uint32:
		b = whole(b, col, from, to, valid, width)
	case []int16:
		b = whole(b, col, from, to, valid, width)
	case []int32:
		b = whole(b, col, from, to, valid, width)
	case []int64:
		b = whole(b, col, from, to, valid, width)
	case []float32:
		b = scaled(b, col, from, to, valid)
	case []float64:
		b = scaled(b, col, from, to, valid)
	case [][2]uint64:
		for i := from; i < to; i++ {
			if there(valid, i) {
				b = binary.BigEndian.AppendUint64(b, col[i][1])
				b = binary.BigEndian.AppendUint64(b, col[i][0])
			}
		}
	case [][]byte:
		for i := from; i < to; i++ {
			if there(valid, i) {
				b = binary.BigEndian.AppendUint32(b, uint32(len(col[i])))
				b = append(b, col[i]...)
			}
		}
	default:
		return fmt.Errorf("a %T has no digest", col)
	}
	c.values.Write(b)
	h.scratch = b
	return nil
}

func there(valid []uint64, i int) bool { return valid == nil || valid[i>>6]&(1<<(i&63)) != 0 }

// whole appends numbers, the most significant byte first.
func whole[T uint8 | uint16 | uint32 | int16 | int32 | int64](b []byte, col []T, from, to int, valid []uint64, width int) []byte {
	for i := from; i < to; i++ {
		if !there(valid, i) {
			continue
		}
		switch v := uint64(int64(col[i])); width {
		case 1:
			b = append(b, byte(v))
		case 2:
			b = binary.BigEndian.AppendUint16(b, uint16(v))
		case 4:
			b = binary.BigEndian.AppendUint32(b, uint32(v))
		default:
			b = binary.BigEndian.AppendUint64(b, v)
		}
	}
	return b
}

// largest is the largest double below 2^63.
const largest = 1<<63 - 1<<10

// scaled appends numbers with a fraction as whole ones, 2^32 times as large, what is left of a fraction cut off.
func scaled[T float32 | float64](b []byte, col []T, from, to int, valid []uint64) []byte {
	for i := from; i < to; i++ {
		if !there(valid, i) {
			continue
		}
		v := math.Trunc(float64(col[i]) * (1 << 32))
		if !(v < largest) {
			v = largest
		}
		b = binary.BigEndian.AppendUint64(b, uint64(int64(max(v, -largest))))
	}
	return b
}

// addContexts hashes, for each row, the first row_no that has the same context, and each context once, in that order.
func (h *Hasher) addContexts(c *columnHash, table string, from, to int, numbers []uint32, col any) error {
	ids, ok := col.([]uint32)
	if !ok {
		return fmt.Errorf("a context's number is %T", col)
	}
	if c.contexts == nil {
		c.contexts, c.first, c.known = sha256.New(), map[uint32]uint32{}, map[[32]byte]uint32{}
	}
	b := h.scratch[:0]
	for i := from; i < to; i++ {
		id := ids[i]
		slot := &c.cache[id&63]
		if slot.id != id || slot.first == 0 {
			first, ok := c.first[id]
			if !ok {
				sum, err := h.contexts(table, id)
				if err != nil {
					return err
				}
				if first, ok = c.known[sum]; !ok {
					first = numbers[i]
					c.known[sum] = first
					c.contexts.Write(sum[:])
				}
				c.first[id] = first
			}
			slot.id, slot.first = id, first
		}
		b = binary.BigEndian.AppendUint32(b, slot.first)
	}
	c.values.Write(b)
	h.scratch = b
	return nil
}

// Context is the SHA-256 of a context's values: each as its length in bytes, a colon and itself as text; "-" for NULL.
type Context struct{ text []byte }

// Null adds a value that is not there.
func (c *Context) Null() { c.text = append(c.text, '-') }

// Value adds a value.
func (c *Context) Value(text []byte) {
	c.text = append(strconv.AppendInt(c.text, int64(len(text)), 10), ':')
	c.text = append(c.text, text...)
}

// Sum is the digest of the values added, and begins the next.
func (c *Context) Sum() [sha256.Size]byte {
	sum := sha256.Sum256(c.text)
	c.text = c.text[:0]
	return sum
}
