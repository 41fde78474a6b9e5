package duck

import (
	"fmt"
	"unsafe"

	"github.com/duckdb/duckdb-go/v2/mapping"
)

// NextChunk gives the next rows by column, as Appender.Append takes them: n of them, 0 at the end or on an error (see Err). Nothing
// is copied: cols and valid are DuckDB's memory, gone with the next call and with Close. A BOOLEAN is a []uint8 of 0 and 1, a
// TIMESTAMP an []int64 of µs, a HUGEINT or UHUGEINT a [][2]uint64, low word first. It does not go together with Next.
func (r *Rows) NextChunk() (n int, cols []any, valid [][]uint64) {
	if r.err != nil || r.closed || !r.fetch() {
		return 0, nil, nil
	}
	cols, valid = make([]any, len(r.columns)), make([][]uint64, len(r.columns))
	for i := range r.columns {
		logical := mapping.ColumnLogicalType(&r.result, mapping.IdxT(i))
		id := mapping.GetTypeId(logical)
		mapping.DestroyLogicalType(&logical)
		vec := mapping.DataChunkGetVector(r.chunk, mapping.IdxT(i))
		var err error
		if mask := mapping.VectorGetValidity(vec); mask != nil {
			valid[i] = unsafe.Slice((*uint64)(mask), (r.size+63)/64)
		}
		if cols[i], err = columnOf(id, mapping.VectorGetData(vec), r.size, valid[i]); err != nil {
			r.err = fmt.Errorf("column %s: %w", r.columns[i].Name, err)
			return 0, nil, nil
		}
	}
	return r.size, cols, valid
}

// columnOf is a vector's data as a slice.
func columnOf(id mapping.Type, data unsafe.Pointer, n int, valid []uint64) (any, error) {
	switch id {
	case mapping.TypeBoolean, mapping.TypeUTinyInt:
		return unsafe.Slice((*uint8)(data), n), nil
	case mapping.TypeUSmallInt:
		return unsafe.Slice((*uint16)(data), n), nil
	case mapping.TypeUInteger:
		return unsafe.Slice((*uint32)(data), n), nil
	case mapping.TypeSmallInt:
		return unsafe.Slice((*int16)(data), n), nil
	case mapping.TypeInteger:
		return unsafe.Slice((*int32)(data), n), nil
	case mapping.TypeBigInt, mapping.TypeTimestamp:
		return unsafe.Slice((*int64)(data), n), nil
	case mapping.TypeFloat:
		return unsafe.Slice((*float32)(data), n), nil
	case mapping.TypeDouble:
		return unsafe.Slice((*float64)(data), n), nil
	case mapping.TypeHugeInt, mapping.TypeUHugeInt:
		return unsafe.Slice((*[2]uint64)(data), n), nil
	case mapping.TypeVarchar, mapping.TypeBlob:
		refs, texts := unsafe.Slice((*textRef)(data), n), make([][]byte, n)
		for i := range refs {
			if valid == nil || valid[i>>6]&(1<<(i&63)) != 0 {
				texts[i] = refs[i].bytes()
			}
		}
		return texts, nil
	default:
		return nil, fmt.Errorf("values of type %s are not read by column", typeName(id))
	}
}

// bytes is the text that t stands for, where it lies.
func (t *textRef) bytes() []byte {
	if t.length <= inlined {
		return unsafe.Slice(&t.prefix[0], int(t.length))
	}
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&t.rest)), int(t.length))
}
