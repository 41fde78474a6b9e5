package duck

import (
	"fmt"
	"unsafe"

	"github.com/duckdb/duckdb-go/v2/mapping"
)

// Chunk is some rows of a table as whole columns: each a []bool, []uint8, []uint16, []uint32, []uint64, []int16, []int32, []int64
// (TIMESTAMP too: microseconds), []float32, []float64, [][2]uint64 (HUGEINT and UHUGEINT, low word first) or [][]byte (VARCHAR and BLOB). Valid is a column's
// validity mask, a bit per row; nil where it has no NULL.
type Chunk struct {
	N     int
	Cols  []any
	Valid [][]uint64
}

// NextChunk gives the next rows, instead of Next; false at the end or on an error (see Err). They are DuckDB's own memory, and
// hold until the next call.
func (r *Rows) NextChunk() (Chunk, bool) {
	if r.err != nil || r.closed || !r.fetch() {
		return Chunk{}, false
	}
	c := Chunk{N: r.size, Cols: make([]any, len(r.columns)), Valid: make([][]uint64, len(r.columns))}
	for i := range r.columns {
		vec := mapping.DataChunkGetVector(r.chunk, mapping.IdxT(i))
		if mask := mapping.VectorGetValidity(vec); mask != nil {
			c.Valid[i] = unsafe.Slice((*uint64)(mask), (r.size+63)/64)
		}
		if c.Cols[i], r.err = column(mapping.VectorGetData(vec), r.columns[i].Type, r.size, c.Valid[i]); r.err != nil {
			r.err = fmt.Errorf("column %s: %w", r.columns[i].Name, r.err)
			return Chunk{}, false
		}
	}
	return c, true
}

// column is a vector's data as a slice. A text is where it lies; of a row without a value there is none.
func column(data unsafe.Pointer, typ string, n int, valid []uint64) (any, error) {
	switch typ {
	case "BOOLEAN":
		return unsafe.Slice((*bool)(data), n), nil
	case "UTINYINT":
		return unsafe.Slice((*uint8)(data), n), nil
	case "USMALLINT":
		return unsafe.Slice((*uint16)(data), n), nil
	case "UINTEGER":
		return unsafe.Slice((*uint32)(data), n), nil
	case "UBIGINT":
		return unsafe.Slice((*uint64)(data), n), nil
	case "SMALLINT":
		return unsafe.Slice((*int16)(data), n), nil
	case "INTEGER":
		return unsafe.Slice((*int32)(data), n), nil
	case "BIGINT", "TIMESTAMP":
		return unsafe.Slice((*int64)(data), n), nil
	case "FLOAT":
		return unsafe.Slice((*float32)(data), n), nil
	case "DOUBLE":
		return unsafe.Slice((*float64)(data), n), nil
	case "HUGEINT", "UHUGEINT":
		return unsafe.Slice((*[2]uint64)(data), n), nil
	case "VARCHAR", "BLOB":
		refs, texts := unsafe.Slice((*textRef)(data), n), make([][]byte, n)
		for i := range refs {
			if Has(valid, i) {
				texts[i] = refs[i].bytes()
			}
		}
		return texts, nil
	}
	return nil, fmt.Errorf("values of type %s are not read as a column", typ)
}

// Has says whether a row of a column has a value, by the column's mask.
func Has(valid []uint64, row int) bool { return valid == nil || valid[row/64]>>(row%64)&1 != 0 }

// bytes is the text that t stands for, where it lies.
func (t *textRef) bytes() []byte {
	if t.length <= inlined {
		return unsafe.Slice(&t.prefix[0], int(t.length))
	}
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&t.rest)), int(t.length))
}
