package canonical

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"unicode/utf8"

	"encoding/hex"
	"strconv"

	"case53/cases/duck"
)

// ErrMalformed says that a text is not one that Write has written.
var ErrMalformed = errors.New("not a canonical table")

// Rows are read so many at a time, or so many bytes of them.
const (
	chunkRows  = 2048
	chunkBytes = 16 << 20
)

// Bounds of what somebody else has written: a record of a reject has a MiB at most, and no table of ours has half as many columns. A column
// takes room for each of chunkRows, so that a first line of many short ones would take all memory.
const (
	maxLine    = 64 << 20
	maxColumns = 512
	maxHeader  = 1 << 16
)

// kinds are the types that have a text: each gives an empty column for some rows, and a function that adds a value to it.
var kinds = map[string]func() column{
	"BOOLEAN": newColumn(parseBool), "UTINYINT": newColumn(unsigned[uint8](8)), "USMALLINT": newColumn(unsigned[uint16](16)),
	"UINTEGER": newColumn(unsigned[uint32](32)), "SMALLINT": newColumn(signed[int16](16)), "INTEGER": newColumn(signed[int32](32)),
	"BIGINT": newColumn(signed[int64](64)), "TIMESTAMP": newColumn(signed[int64](64)), "UHUGEINT": newColumn(parseHuge),
	"FLOAT": newColumn(float[float32](32)), "DOUBLE": newColumn(float[float64](64)),
	"VARCHAR": newColumn(parseText), "BLOB": newColumn(parseBlob),
}

// column collects values.
type column interface {
	add(field []byte) error
	none()
	take() any
}

// values is a column of one Go type.
type values[T any] struct {
	all   []T
	parse func([]byte) (T, error)
}

func newColumn[T any](parse func([]byte) (T, error)) func() column {
	return func() column { return &values[T]{parse: parse} }
}

func (v *values[T]) add(field []byte) error {
	value, err := v.parse(field)
	v.all = append(v.all, value)
	return err
}

func (v *values[T]) none() { v.all = append(v.all, *new(T)) }

func (v *values[T]) take() any {
	all := v.all
	v.all = nil
	return all
}

// Reader reads a table.
type Reader struct {
	Columns []duck.Column
	in      *bufio.Reader
	line    int64
	err     error
}

// NewReader reads the first line.
func NewReader(in io.Reader) (*Reader, error) {
	r := &Reader{in: bufio.NewReaderSize(in, 1<<18)}
	line, err := r.next()
	if err == io.EOF {
		err = r.malformed("it has no first line")
	}
	if err != nil {
		return nil, err
	}
	if n := bytes.Count(line, []byte("\t")) + 1; n > maxColumns || len(line) > maxHeader {
		return nil, r.malformed("it has %d columns in %d bytes; a table has at most %d, in %d", n, len(line), maxColumns, maxHeader)
	}
	for _, field := range strings.Split(string(line), "\t") {
		name, typ, ok := strings.Cut(field, " ")
		if _, known := kinds[typ]; !ok || !known || name == "" {
			return nil, r.malformed("%.80q is no column", field)
		}
		r.Columns = append(r.Columns, duck.Column{Name: name, Type: typ})
	}
	return r, nil
}

func (r *Reader) malformed(format string, args ...any) error {
	return fmt.Errorf("%w: line %d: %s", ErrMalformed, r.line, fmt.Sprintf(format, args...))
}

// next gives a line without its end.
func (r *Reader) next() ([]byte, error) {
	var line []byte
	for {
		part, err := r.in.ReadSlice('\n')
		switch {
		case err == bufio.ErrBufferFull && len(line)+len(part) < maxLine:
			line = append(line, part...)
			continue
		case err == bufio.ErrBufferFull:
			return nil, r.malformed("it is longer than %d bytes", maxLine)
		case err == io.EOF && len(line)+len(part) == 0:
			return nil, io.EOF
		case err == io.EOF:
			r.line++
			return nil, r.malformed("it has no end")
		case err != nil:
			return nil, err
		}
		r.line++
		if line != nil {
			part = append(line, part...)
		}
		return part[:len(part)-1], nil
	}
}

// NextChunk gives the next rows; false at the end or on an error (see Err).
func (r *Reader) NextChunk() (duck.Chunk, bool) {
	if r.err != nil {
		return duck.Chunk{}, false
	}
	columns := make([]column, len(r.Columns))
	for i, c := range r.Columns {
		columns[i] = kinds[c.Type]()
	}
	chunk := duck.Chunk{Cols: make([]any, len(columns)), Valid: make([][]uint64, len(columns))}
	for i := range chunk.Valid {
		chunk.Valid[i] = make([]uint64, chunkRows/64)
	}
	for size := 0; chunk.N < chunkRows && size < chunkBytes; {
		line, err := r.next()
		size += len(line)
		if err == io.EOF {
			break
		}
		if err == nil {
			err = r.row(line, columns, chunk)
		}
		if err != nil {
			r.err = err
			return duck.Chunk{}, false
		}
		chunk.N++
	}
	for i, c := range columns {
		chunk.Cols[i] = c.take()
	}
	return chunk, chunk.N > 0
}

// row reads a line into the columns.
func (r *Reader) row(line []byte, columns []column, chunk duck.Chunk) error {
	for i, c := range columns {
		field, rest, more := bytes.Cut(line, []byte("\t"))
		if more != (i < len(columns)-1) {
			return r.malformed("it has not %d fields", len(columns))
		}
		line = rest
		if string(field) == null {
			c.none()
			continue
		}
		chunk.Valid[i][chunk.N>>6] |= 1 << (chunk.N & 63)
		if err := c.add(field); err != nil {
			return r.malformed("%s is %.80q: %v", r.Columns[i].Name, field, err)
		}
	}
	return nil
}

// Err is what ended the rows early.
func (r *Reader) Err() error { return r.err }

var errOther = errors.New("it would be written in another way")

func parseBool(field []byte) (bool, error) {
	switch string(field) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, errOther
}

func unsigned[T uint8 | uint16 | uint32](bits int) func([]byte) (T, error) {
	return func(field []byte) (T, error) {
		n, err := strconv.ParseUint(string(field), 10, bits)
		return T(n), again(field, strconv.AppendUint(nil, n, 10), err)
	}
}

func signed[T int16 | int32 | int64](bits int) func([]byte) (T, error) {
	return func(field []byte) (T, error) {
		n, err := strconv.ParseInt(string(field), 10, bits)
		return T(n), again(field, strconv.AppendInt(nil, n, 10), err)
	}
}

func float[T float32 | float64](bits int) func([]byte) (T, error) {
	return func(field []byte) (T, error) {
		n, err := strconv.ParseFloat(string(field), bits)
		return T(n), again(field, strconv.AppendFloat(nil, n, 'g', -1, bits), err)
	}
}

// again says whether a value's text is the one that it came from.
func again(field, text []byte, err error) error {
	if err == nil && !bytes.Equal(field, text) {
		err = errOther
	}
	return err
}

// mostDigits is how many the largest number of 128 bits has: a number of a million takes hours to read.
const mostDigits = 39

func parseHuge(field []byte) (v [2]uint64, err error) {
	if len(field) > mostDigits {
		return v, errOther
	}
	n, ok := new(big.Int).SetString(string(field), 10)
	if !ok || n.Sign() < 0 || n.BitLen() > 128 || n.String() != string(field) {
		return v, errOther
	}
	low := new(big.Int).And(n, new(big.Int).SetUint64(1<<64-1))
	return [2]uint64{low.Uint64(), n.Rsh(n, 64).Uint64()}, nil
}

func parseBlob(field []byte) ([]byte, error) {
	value, err := hex.DecodeString(string(field))
	return value, again(field, []byte(hex.EncodeToString(value)), err)
}

func parseText(field []byte) ([]byte, error) {
	text := make([]byte, 0, len(field))
	for i := 0; i < len(field); i++ {
		c := field[i]
		if c == '%' {
			if i+2 >= len(field) {
				return nil, errOther
			}
			n, err := strconv.ParseUint(string(field[i+1:i+3]), 16, 8)
			if err != nil {
				return nil, errOther
			}
			c, i = byte(n), i+2
		}
		text = append(text, c)
	}
	if !bytes.Equal(field, appendText(nil, text)) || !utf8.Valid(text) {
		return nil, errOther
	}
	return text, nil
}
