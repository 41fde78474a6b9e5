package logs

import (
	"encoding/binary"
	"net/netip"
)

// BatchSize is the number of rows a batch holds: DuckDB's vector size.
const BatchSize = 2048

// Batch is up to BatchSize rows of one stored table, by column, in the column order of its CREATE TABLE.
// A column is one of: []uint8 (also BOOLEAN), []uint16, []uint32, []int16, []int32, []int64 (also TIMESTAMP, µs),
// []float32, [][2]uint64 (UHUGEINT: low word, high word), [][]byte (VARCHAR, valid UTF-8).
// Valid[c] is column c's validity mask, a bit per row; nil means that the column has no NULL.
type Batch struct {
	Table string
	N     int
	Cols  []any
	Valid [][]uint64

	arena []byte // what [][]byte columns point into; reset with the batch
}

// words of a validity mask
const MaskWords = BatchSize / 64

// NewMask makes a validity mask with every row NULL.
func NewMask() []uint64 { return make([]uint64, MaskWords) }

// Reset empties the batch: every nullable column is all NULL again.
func (b *Batch) Reset() {
	b.N = 0
	b.arena = b.arena[:0]
	for _, m := range b.Valid {
		if m != nil {
			clear(m)
		}
	}
}

// Keep copies text into the batch, so that the row may outlive the record it came from.
func (b *Batch) Keep(text []byte) []byte {
	if cap(b.arena)-len(b.arena) < len(text) {
		// Earlier slices keep the old block alive; only the next ones go to the new one.
		b.arena = make([]byte, 0, max(64<<10, 2*len(text), 2*cap(b.arena)))
	}
	at := len(b.arena)
	b.arena = append(b.arena, text...)
	return b.arena[at:len(b.arena):len(b.arena)]
}

// SetBit marks row i of a mask as present.
func SetBit(mask []uint64, i int) { mask[i>>6] |= 1 << (i & 63) }

// AppendText adds one value to a context key. A key is the values in column order, each as a
// length (uvarint of len+1) and its bytes.
func AppendText(key, value []byte) []byte {
	key = binary.AppendUvarint(key, uint64(len(value))+1)
	return append(key, value...)
}

// AppendNull adds a NULL to a context key.
func AppendNull(key []byte) []byte { return append(key, 0) }

// Key128 gives an IPv6 address as the two words of a UHUGEINT, low word first.
func Key128(a netip.Addr) [2]uint64 {
	b := a.As16()
	return [2]uint64{binary.BigEndian.Uint64(b[8:]), binary.BigEndian.Uint64(b[:8])}
}
