package worker

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"case53/cases/duck"
)

// What kind of value comes next.
const (
	tagNull byte = iota
	tagFalse
	tagTrue
	tagInt
	tagUint
	tagFloat
	tagText
	tagNumber
	tagBytes
	tagTime
	tagList
	tagStruct
	tagEnd // how many kinds there are
)

// deepest is how far values may stand in each other.
const deepest = 1000

var (
	errForm = errors.New("a message of another form than agreed")
	errSize = fmt.Errorf("a row of more than %d MB is not read\nhint: cast, cut or leave out its largest column", maxRow>>20)
)

// writing is a message that is put together.
type writing struct {
	b     []byte
	parts int // of lists and structs
}

// partSize is about what a part of a list takes where it is read, however few bytes it is sent in.
const partSize = 32

// size is about how much the message takes where it is read.
func (w *writing) size() int { return len(w.b) + w.parts*partSize }

func (w *writing) byte(b byte)      { w.b = append(w.b, b) }
func (w *writing) uvarint(n uint64) { w.b = binary.AppendUvarint(w.b, n) }
func (w *writing) text(s string)    { w.uvarint(uint64(len(s))); w.b = append(w.b, s...) }

// value adds a value in a form that gives the very same value back. It stops where the message is larger than a row may be.
func (w *writing) value(v any, depth int) error {
	if depth > deepest {
		return fmt.Errorf("values more than %d deep in each other are not read\nhint: cast the column to VARCHAR", deepest)
	}
	switch v := v.(type) {
	case nil:
		w.byte(tagNull)
	case bool:
		if w.byte(tagFalse); v {
			w.b[len(w.b)-1] = tagTrue
		}
	case int64:
		w.b = binary.AppendVarint(append(w.b, tagInt), v)
	case uint64:
		w.b = binary.AppendUvarint(append(w.b, tagUint), v)
	case float64:
		w.b = binary.LittleEndian.AppendUint64(append(w.b, tagFloat), math.Float64bits(v))
	case string:
		w.byte(tagText)
		w.text(v)
	case duck.Number:
		w.byte(tagNumber)
		w.text(string(v))
	case []byte:
		w.byte(tagBytes)
		w.uvarint(uint64(len(v)))
		w.b = append(w.b, v...)
	case time.Time: // in UTC, as all are
		w.b = binary.AppendVarint(append(w.b, tagTime), v.Unix())
		w.uvarint(uint64(v.Nanosecond()))
	case duck.List:
		return w.list(v, depth)
	case duck.Struct:
		return w.structure(v, depth)
	default:
		return fmt.Errorf("a %T cannot be sent", v)
	}
	if w.size() > maxRow {
		return errSize
	}
	return nil
}

func (w *writing) list(v duck.List, depth int) error {
	w.byte(tagList)
	w.uvarint(uint64(len(v)))
	w.parts += len(v)
	for _, part := range v {
		if err := w.value(part, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (w *writing) structure(v duck.Struct, depth int) error {
	w.byte(tagStruct)
	w.uvarint(uint64(len(v)))
	w.parts += len(v)
	for _, field := range v {
		w.text(field.Name)
		if err := w.value(field.Value, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// reading is a message that is taken apart. Its first error stays.
type reading struct {
	rest  []byte
	parts int
	err   error
}

func (r *reading) fail() {
	if r.err == nil {
		r.err = errForm
	}
	r.rest = nil
}

func (r *reading) uvarint() uint64 {
	n, used := binary.Uvarint(r.rest)
	if used <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[used:]
	return n
}

func (r *reading) varint() int64 {
	n, used := binary.Varint(r.rest)
	if used <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[used:]
	return n
}

// take gives the next n bytes, which are the message's.
func (r *reading) take(n uint64) []byte {
	if n > uint64(len(r.rest)) {
		r.fail()
		return nil
	}
	part := r.rest[:n]
	r.rest = r.rest[n:]
	return part
}

func (r *reading) text() string { return string(r.take(r.uvarint())) }

// count is how many parts follow, each of which takes at least so many bytes.
func (r *reading) count(least int) int {
	n := r.uvarint()
	if n > uint64(len(r.rest)/least) || (r.parts+int(n))*partSize > maxFrame {
		r.fail()
		return 0
	}
	r.parts += int(n)
	return int(n)
}

// value reads a value.
func (r *reading) value(depth int) any {
	tag := r.take(1)
	if len(tag) == 0 || depth > deepest {
		r.fail()
		return nil
	}
	switch tag[0] {
	case tagNull:
		return nil
	case tagFalse:
		return false
	case tagTrue:
		return true
	case tagInt:
		return r.varint()
	case tagUint:
		return r.uvarint()
	case tagFloat:
		if bits := r.take(8); bits != nil {
			return math.Float64frombits(binary.LittleEndian.Uint64(bits))
		}
	case tagText:
		return r.text()
	case tagNumber:
		return duck.Number(r.text())
	case tagBytes:
		return bytes.Clone(r.take(r.uvarint()))
	case tagTime:
		seconds, nanos := r.varint(), r.uvarint()
		if nanos < 1e9 {
			return time.Unix(seconds, int64(nanos)).UTC()
		}
		r.fail()
	case tagList:
		list := make(duck.List, r.count(1))
		for i := range list {
			list[i] = r.value(depth + 1)
		}
		return list
	case tagStruct:
		fields := make(duck.Struct, r.count(2))
		for i := range fields {
			fields[i] = duck.Field{Name: r.text(), Value: r.value(depth + 1)}
		}
		return fields
	default:
		r.fail()
	}
	return nil
}
