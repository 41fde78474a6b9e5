package duck

import (
	"fmt"
	"unsafe"

	"github.com/duckdb/duckdb-go/v2/mapping"
)

// chunkSize is the number of rows of a DuckDB vector.
const chunkSize = 2048

// Appender adds rows to one table, a chunk of columns at a time, inside the connection's transaction.
type Appender struct {
	appender mapping.Appender
	chunk    mapping.DataChunk
	table    string
	types    []mapping.Type // of the table
	shaped   bool           // chunk is made
	texts    textHeap       // what the chunk's text points to
}

// NewAppender makes an appender for a table of an attached database; "" is the one that names are looked for in. Its columns come as
// []bool, []uint8, []uint16, []uint32, []uint64, []int16, []int32, []int64, []float32, []float64, [][2]uint64 (UHUGEINT, low word
// first) or [][]byte (VARCHAR). []int64 also serves TIMESTAMP (µs) and []uint8 BOOLEAN; where the table's type is another, DuckDB casts.
func (c *Conn) NewAppender(database, schema, table string) (*Appender, error) {
	a := &Appender{table: schema + "." + table}
	if mapping.AppenderCreateExt(c.conn, database, schema, table, &a.appender) == mapping.StateError {
		err := clean(mapping.AppenderError(a.appender))
		mapping.AppenderDestroy(&a.appender)
		return nil, fmt.Errorf("append to %s: %w", a.table, err)
	}
	a.types = make([]mapping.Type, mapping.AppenderColumnCount(a.appender))
	for i := range a.types {
		logical := mapping.AppenderColumnType(a.appender, mapping.IdxT(i))
		a.types[i] = mapping.GetTypeId(logical)
		mapping.DestroyLogicalType(&logical)
	}
	return a, nil
}

// shape makes the chunk that columns like these are copied into.
func (a *Appender) shape(cols []any) error {
	if len(cols) != len(a.types) {
		return fmt.Errorf("append to %s: %d columns, want %d", a.table, len(cols), len(a.types))
	}
	types := make([]mapping.LogicalType, len(cols))
	for i, col := range cols {
		id, err := chunkType(a.types[i], col)
		if err != nil {
			return fmt.Errorf("append to %s: column %d: %w", a.table, i+1, err)
		}
		types[i] = mapping.CreateLogicalType(id)
		defer mapping.DestroyLogicalType(&types[i])
	}
	a.chunk = mapping.CreateDataChunk(types)
	a.shaped = true
	return nil
}

// chunkType is the type of the vector that col is copied into: the table's where the bytes are the same, else col's
// own, which DuckDB then casts. It is what keeps fill from writing past a vector.
func chunkType(table mapping.Type, col any) (mapping.Type, error) {
	own := mapping.TypeInvalid
	switch col.(type) {
	case []bool:
		own = mapping.TypeBoolean
	case []uint8:
		if own = mapping.TypeUTinyInt; table == mapping.TypeBoolean {
			own = table
		}
	case []uint16:
		own = mapping.TypeUSmallInt
	case []uint32:
		own = mapping.TypeUInteger
	case []uint64:
		own = mapping.TypeUBigInt
	case []int16:
		own = mapping.TypeSmallInt
	case []int32:
		own = mapping.TypeInteger
	case []int64:
		if own = mapping.TypeBigInt; table == mapping.TypeTimestamp {
			own = table
		}
	case []float32:
		own = mapping.TypeFloat
	case []float64:
		own = mapping.TypeDouble
	case [][2]uint64:
		own = mapping.TypeUHugeInt
	case [][]byte:
		if own = mapping.TypeVarchar; table == mapping.TypeBlob {
			own = table
		}
	default:
		return own, fmt.Errorf("a %T cannot be appended", col)
	}
	return own, nil
}

// Append adds n rows. valid[c] is column c's validity mask, a bit per row; nil means no NULL. Text must be valid
// UTF-8: the caller's business, as DuckDB's own check costs more than the decoder's.
func (a *Appender) Append(n int, cols []any, valid [][]uint64) error {
	if n == 0 {
		return nil
	}
	if !a.shaped {
		if err := a.shape(cols); err != nil {
			return err
		}
	}
	if n > chunkSize || len(cols) != len(a.types) {
		return fmt.Errorf("append to %s: %d rows of %d columns", a.table, n, len(cols))
	}
	mapping.DataChunkReset(a.chunk)
	a.texts.reset()
	for i, col := range cols {
		vec := mapping.DataChunkGetVector(a.chunk, mapping.IdxT(i))
		if err := a.fill(vec, n, col, valid[i]); err != nil {
			return fmt.Errorf("append to %s: column %d: %w", a.table, i+1, err)
		}
	}
	mapping.DataChunkSetSize(a.chunk, mapping.IdxT(n))
	if mapping.AppendDataChunk(a.appender, a.chunk) == mapping.StateError {
		return fmt.Errorf("append to %s: %w", a.table, clean(mapping.AppenderError(a.appender)))
	}
	return nil
}

// Flush hands the rows to the transaction.
func (a *Appender) Flush() error {
	if mapping.AppenderFlush(a.appender) == mapping.StateError {
		return fmt.Errorf("append to %s: %w", a.table, clean(mapping.AppenderError(a.appender)))
	}
	return nil
}

// Close gives the appender up; rows that were not flushed are dropped.
func (a *Appender) Close() {
	if a.types == nil {
		return
	}
	a.types = nil
	mapping.AppenderClear(a.appender)
	if a.shaped {
		mapping.DestroyDataChunk(&a.chunk)
	}
	mapping.AppenderDestroy(&a.appender)
	a.texts.free()
}

// fill copies a column into a vector.
func (a *Appender) fill(vec mapping.Vector, n int, col any, valid []uint64) error {
	if valid != nil {
		words := (n + 63) / 64
		full := true
		for i := range words - 1 {
			full = full && valid[i] == ^uint64(0)
		}
		if last := uint64(1)<<((n-1)&63+1) - 1; n&63 == 0 {
			full = full && valid[words-1] == ^uint64(0)
		} else {
			full = full && valid[words-1]&last == last
		}
		if !full {
			mapping.VectorEnsureValidityWritable(vec)
			copy(unsafe.Slice((*uint64)(mapping.VectorGetValidity(vec)), words), valid[:words])
		}
	}
	data := mapping.VectorGetData(vec)
	switch c := col.(type) {
	case []bool:
		copy(unsafe.Slice((*bool)(data), n), c[:n])
	case []uint8:
		copy(unsafe.Slice((*uint8)(data), n), c[:n])
	case []uint16:
		copy(unsafe.Slice((*uint16)(data), n), c[:n])
	case []uint32:
		copy(unsafe.Slice((*uint32)(data), n), c[:n])
	case []uint64:
		copy(unsafe.Slice((*uint64)(data), n), c[:n])
	case []int16:
		copy(unsafe.Slice((*int16)(data), n), c[:n])
	case []int32:
		copy(unsafe.Slice((*int32)(data), n), c[:n])
	case []int64:
		copy(unsafe.Slice((*int64)(data), n), c[:n])
	case []float32:
		copy(unsafe.Slice((*float32)(data), n), c[:n])
	case []float64:
		copy(unsafe.Slice((*float64)(data), n), c[:n])
	case [][2]uint64:
		copy(unsafe.Slice((*[2]uint64)(data), n), c[:n])
	case [][]byte:
		a.texts.fill(unsafe.Slice((*textRef)(data), n), c[:n], valid)
	default:
		return fmt.Errorf("a %T cannot be appended", col)
	}
	return nil
}
