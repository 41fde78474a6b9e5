package worker

import (
	"encoding/binary"
	"fmt"
	"io"
	"time"

	"case53/cases/duck"
)

// kind is what a message says. Whoever looks into a case asks; its worker answers each with one message, in any order.
type kind byte

const (
	saysOpen    kind = iota + 1 // the folder of the case; answered by ready
	saysQuery                   // a statement whose rows are wanted; answered by columns
	saysParquet                 // a statement whose rows are wanted as a Parquet file: its bytes are the rows
	saysMore                    // the next rows of a statement; answered by rows
	saysDrop                    // no more of a statement; answered by gone, after which nothing comes of it
	saysReady
	saysColumns
	saysRows
	saysGone
	saysFailed // in place of any other answer
)

// Bounds of what is sent at once. A row that is larger than a batch is a batch of its own.
const (
	batchRows = 2048
	batchSize = 256 << 10
	maxRow    = 64 << 20
	maxFrame  = maxRow + batchSize + 1<<20
)

// message is one message about one statement.
type message struct {
	kind kind
	of   uint32 // number of the statement, by who asks
	body []byte
}

const headerSize = 4 + 1 + 4

// begin starts a message; end gives its bytes.
func begin(b []byte, k kind, of uint32) *writing {
	b = append(b[:0], 0, 0, 0, 0, byte(k))
	return &writing{b: binary.LittleEndian.AppendUint32(b, of)}
}

func (w *writing) end() []byte {
	binary.LittleEndian.PutUint32(w.b, uint32(len(w.b)-headerSize))
	return w.b
}

// receive reads the next message. io.EOF is the end between two.
func receive(r io.Reader) (message, error) {
	var header [headerSize]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return message{}, err
	}
	size := binary.LittleEndian.Uint32(header[:])
	if size > maxFrame {
		return message{}, fmt.Errorf("%w: %d bytes", errForm, size)
	}
	m := message{kind(header[4]), binary.LittleEndian.Uint32(header[5:]), make([]byte, size)}
	_, err := io.ReadFull(r, m.body)
	return m, err
}

// statement adds SQL and its arguments.
func (w *writing) statement(sql string, args map[string]any) error {
	w.text(sql)
	w.uvarint(uint64(len(args)))
	for name, v := range args {
		switch n := v.(type) { // as they are bound
		case int:
			v = int64(n)
		case uint32:
			v = int64(n)
		}
		w.text(name)
		if err := w.value(v, 0); err != nil {
			return fmt.Errorf("parameter $%s: %w", name, err)
		}
	}
	if w.size() > maxRow {
		return fmt.Errorf("SQL of more than %d MB is not run", maxRow>>20)
	}
	return nil
}

func (r *reading) statement() (sql string, args map[string]any) {
	sql, args = r.text(), map[string]any{}
	for range r.count(2) {
		name := r.text()
		args[name] = r.value(0)
	}
	return sql, args
}

func (w *writing) columns(columns []duck.Column) {
	w.uvarint(uint64(len(columns)))
	for _, c := range columns {
		w.text(c.Name)
		w.text(c.Type)
	}
}

func (r *reading) columns() []duck.Column {
	columns := make([]duck.Column, r.count(2))
	for i := range columns {
		columns[i] = duck.Column{Name: r.text(), Type: r.text()}
	}
	return columns
}

// Failure is an error as it is told.
type Failure struct {
	Text string
	Is   uint64      // which of the errors that both sides know it is, a bit each
	Duck *duck.Error // what DuckDB said; nil: nothing
}

func (e *Failure) Error() string { return e.Text }

func (w *writing) failure(f *Failure) {
	w.text(f.Text)
	w.uvarint(f.Is)
	if f.Duck != nil {
		w.text(f.Duck.Kind)
		w.text(f.Duck.Message)
	}
}

func (r *reading) failure() *Failure {
	f := &Failure{Text: r.text(), Is: r.uvarint()}
	if len(r.rest) > 0 {
		f.Duck = &duck.Error{Kind: r.text(), Message: r.text()}
	}
	return f
}

// grace is how long a worker may take to let go of a statement.
const grace = 700 * time.Millisecond
