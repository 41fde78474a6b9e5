package field

import "case53/loader/logs"

// Rows is a batch of a stored table whose columns are declared one by one, in the order of its CREATE TABLE, and set a row at a
// time: Begin, then what is known of the row. What is not set is NULL.
type Rows struct {
	logs.Batch
	row                      int
	objectID, rowNo, context []uint32
}

// NewRows begins a table with the columns that every stored table begins with: object_id, row_no, context_id.
func NewRows(name string) *Rows {
	t := &Rows{objectID: make([]uint32, logs.BatchSize), rowNo: make([]uint32, logs.BatchSize), context: make([]uint32, logs.BatchSize)}
	t.Batch.Table = name
	t.Cols, t.Valid = []any{t.objectID, t.rowNo, t.context}, [][]uint64{nil, nil, nil}
	return t
}

// Begin begins a row, in a batch that was emptied where it was full.
func (t *Rows) Begin(meta logs.Meta, context uint32, flush func(*logs.Batch) error) error {
	if err := MakeRoom(&t.Batch, flush); err != nil {
		return err
	}
	t.row = t.N
	t.N++
	t.objectID[t.row], t.rowNo[t.row], t.context[t.row] = meta.ObjectID, meta.RowNo, context
	return nil
}

func (t *Rows) column(values any, nullable bool) (ok []uint64) {
	if nullable {
		ok = logs.NewMask()
	}
	t.Cols, t.Valid = append(t.Cols, values), append(t.Valid, ok)
	return ok
}

// set marks the value of the row as there.
func (t *Rows) set(ok []uint64) {
	if ok != nil {
		logs.SetBit(ok, t.row)
	}
}

// TextColumn is a VARCHAR.
type TextColumn struct {
	t      *Rows
	values [][]byte
	ok     []uint64
}

// Text declares a VARCHAR that may be NULL.
func (t *Rows) Text() TextColumn {
	values := make([][]byte, logs.BatchSize)
	return TextColumn{t, values, t.column(values, true)}
}

// Set keeps a copy of text, which is valid UTF-8; nil is NULL.
func (c TextColumn) Set(text []byte) {
	if text != nil {
		c.values[c.t.row] = c.t.Keep(text)
		c.t.set(c.ok)
	}
}

// IntColumn is an INTEGER that may be NULL.
type IntColumn struct {
	t      *Rows
	values []int32
	ok     []uint64
}

// Int declares an INTEGER that may be NULL.
func (t *Rows) Int() IntColumn {
	values := make([]int32, logs.BatchSize)
	return IntColumn{t, values, t.column(values, true)}
}

func (c IntColumn) Set(n int32) {
	c.values[c.t.row] = n
	c.t.set(c.ok)
}

// LongColumn is a BIGINT or a TIMESTAMP, in µs since 1970.
type LongColumn struct {
	t      *Rows
	values []int64
	ok     []uint64
}

// Long declares a BIGINT or TIMESTAMP that may be NULL.
func (t *Rows) Long() LongColumn {
	values := make([]int64, logs.BatchSize)
	return LongColumn{t, values, t.column(values, true)}
}

// Time declares a TIMESTAMP that every row has.
func (t *Rows) Time() LongColumn {
	values := make([]int64, logs.BatchSize)
	return LongColumn{t, values, t.column(values, false)}
}

func (c LongColumn) Set(n int64) {
	c.values[c.t.row] = n
	c.t.set(c.ok)
}

// NumberColumn is a DOUBLE that may be NULL.
type NumberColumn struct {
	t      *Rows
	values []float64
	ok     []uint64
}

// Number declares a DOUBLE that may be NULL.
func (t *Rows) Number() NumberColumn {
	values := make([]float64, logs.BatchSize)
	return NumberColumn{t, values, t.column(values, true)}
}

func (c NumberColumn) Set(f float64) {
	c.values[c.t.row] = f
	c.t.set(c.ok)
}

// FlagColumn is a BOOLEAN that every row has.
type FlagColumn struct {
	t      *Rows
	values []uint8
}

// Flag declares a BOOLEAN that every row has.
func (t *Rows) Flag() FlagColumn {
	values := make([]uint8, logs.BatchSize)
	t.column(values, false)
	return FlagColumn{t, values}
}

func (c FlagColumn) Set(b bool) { c.values[c.t.row] = Flag(b) }

// AddrColumn is an address: a UINTEGER and a UHUGEINT.
type AddrColumn struct {
	t       *Rows
	columns AddrColumns
}

// Addr declares the two columns of an address.
func (t *Rows) Addr() AddrColumn {
	c := AddrColumn{t, NewAddrColumns()}
	t.Cols = append(t.Cols, c.columns.V4, c.columns.V6)
	t.Valid = append(t.Valid, c.columns.V4OK, c.columns.V6OK)
	return c
}

func (c AddrColumn) Set(a Addr) { c.columns.Add(c.t.row, a) }
