package duck

import (
	"context"
	"fmt"

	"github.com/duckdb/duckdb-go/v2/mapping"
)

// Column is a column of a result; Type is DuckDB's name of its type.
type Column struct{ Name, Type string }

// Rows is a result that is computed as it is read: at most one chunk (2048 rows) is held.
type Rows struct {
	ctx    context.Context
	conn   *Conn
	stmt   mapping.PreparedStatement
	result mapping.Result

	columns []Column
	readers []reader
	chunk   mapping.DataChunk
	loaded  bool // chunk holds rows
	size    int
	at      int
	values  []any
	err     error
	closed  bool
}

// Columns describes the result.
func (r *Rows) Columns() []Column { return r.columns }

// Next goes to the next row; false at the end or on an error (see Err).
func (r *Rows) Next() bool {
	if r.err != nil || r.closed {
		return false
	}
	if r.at++; r.at >= r.size {
		if !r.fetch() || !r.readVectors() {
			return false
		}
		r.at = 0
	}
	for i, read := range r.readers {
		r.values[i] = read(r.at)
	}
	return true
}

// Values is the current row; the slice is reused by Next. A value is nil, bool, int64, uint64, float64, string,
// [Number], []byte, time.Time (UTC), [List] or [Struct].
func (r *Rows) Values() []any { return r.values }

// Err is what ended the rows early, nil when they were all read.
func (r *Rows) Err() error { return r.err }

// Close gives up the rest.
func (r *Rows) Close() {
	if r.closed {
		return
	}
	r.closed = true
	r.drop()
	mapping.DestroyResult(&r.result)
	mapping.DestroyPrepare(&r.stmt)
}

func (r *Rows) drop() {
	if r.loaded {
		mapping.DestroyDataChunk(&r.chunk)
		r.loaded = false
	}
}

// fetch brings the next chunk.
func (r *Rows) fetch() bool {
	r.drop()
	r.size = 0
	r.err = r.conn.guarded(r.ctx, func() error {
		r.chunk = mapping.FetchChunk(r.result)
		if r.chunk.Ptr == nil {
			if text := mapping.ResultError(&r.result); text != "" {
				return clean(text)
			}
			return nil
		}
		r.loaded = true
		r.size = int(mapping.DataChunkGetSize(r.chunk))
		return nil
	})
	if r.err != nil || r.size == 0 {
		r.drop()
		return false
	}
	return true
}

// readVectors points the readers at the chunk's vectors.
func (r *Rows) readVectors() bool {
	for i := range r.columns {
		logical := mapping.ColumnLogicalType(&r.result, mapping.IdxT(i))
		read, err := newReader(mapping.DataChunkGetVector(r.chunk, mapping.IdxT(i)), logical)
		mapping.DestroyLogicalType(&logical)
		if err != nil {
			r.err = fmt.Errorf("column %s: %w", r.columns[i].Name, err)
			return false
		}
		r.readers[i] = read
	}
	return true
}

// describe reads the result's columns.
func (r *Rows) describe() error {
	n := int(mapping.ColumnCount(&r.result))
	r.columns, r.readers, r.values = make([]Column, n), make([]reader, n), make([]any, n)
	for i := range n {
		logical := mapping.ColumnLogicalType(&r.result, mapping.IdxT(i))
		r.columns[i] = Column{Name: mapping.ColumnName(&r.result, mapping.IdxT(i)), Type: typeName(mapping.GetTypeId(logical))}
		mapping.DestroyLogicalType(&logical)
	}
	r.at = -1
	return nil
}
