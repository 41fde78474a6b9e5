package field

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"case53/loader/logs"
)

// Table is a table of a log type and its context, as its CREATE TABLE statements declare them: a decoder sets columns by
// number, each read as its SQL type says, and writes the row once all of it could be read. A column of the context is set like
// any other.
//
//	VARCHAR     text; what is not UTF-8 is escaped, and utf8_escaped says so
//	TIMESTAMP   µs since 1970
//	x4, x6      the two columns of the address x
//	X_us        a number of seconds with a fraction, in µs
//	others      whole numbers that fit
//
// "-" and the empty text are NULL. object_id, row_no, context_id and utf8_escaped are set by the table itself.
type Table struct {
	logs.Batch
	context string
	columns []tableColumn
	numbers map[string]int
	keys    []int // columns of the context, in its order
	prefix  Context
	key     []byte
	escaped bool
}

type columnKind uint8

const (
	textColumn columnKind = iota
	wholeColumn
	secondsColumn
	timeColumn
	addrColumn
	ownColumn // the table's own
)

// tableColumn is a column, and the value that the row under way has in it.
type tableColumn struct {
	name string
	kind columnKind
	at   int // in the batch; -1: in the context
	max  int64
	set  bool
	text []byte
	n    int64
	addr Addr
}

var tableColumns = regexp.MustCompile(`(?m)^\s*--.*$`)

// declared reads the columns of a CREATE TABLE statement: name and type, in turn.
func declared(sql, table string) [][2]string {
	_, body, ok := strings.Cut(sql, "CREATE TABLE store."+table+" (")
	if !ok {
		panic("no table store." + table)
	}
	body, _, _ = strings.Cut(body, "\n);")
	var out [][2]string
	for column := range strings.SplitSeq(tableColumns.ReplaceAllString(body, ""), ",") {
		name, typ, _ := strings.Cut(strings.TrimSpace(column), " ")
		out = append(out, [2]string{strings.Trim(name, `"`), typ})
	}
	return out
}

// NewTable makes the batch of store.NAME, and the keys of store.NAME_context. A fault in the statements ends the program: they
// are embedded.
func NewTable(sql, name, capture string) *Table {
	t := &Table{context: name + "_context", numbers: map[string]int{}, prefix: Context{Capture: capture}}
	t.Table = name
	for _, c := range declared(sql, name) {
		t.addColumn(c[0], c[1])
	}
	for _, c := range declared(sql, t.context) {
		switch c[0] {
		case "context_id", "capture", "log_group", "log_stream":
			continue
		}
		t.keys = append(t.keys, len(t.columns))
		t.add(tableColumn{name: c[0], kind: contextKind(c[1]), at: -1, max: math.MaxInt32})
	}
	return t
}

func contextKind(sqlType string) columnKind {
	if strings.HasPrefix(sqlType, "VARCHAR") {
		return textColumn
	}
	return wholeColumn
}

func (t *Table) add(c tableColumn) {
	t.numbers[c.name] = len(t.columns)
	t.columns = append(t.columns, c)
}

// addColumn declares a column of the batch.
func (t *Table) addColumn(name, declared string) {
	sqlType, notNull := strings.CutSuffix(declared, " NOT NULL")
	c := tableColumn{name: name, at: len(t.Cols)}
	var values any
	switch sqlType {
	case "VARCHAR":
		values = make([][]byte, logs.BatchSize)
	case "TIMESTAMP":
		c.kind, values = timeColumn, make([]int64, logs.BatchSize)
	case "BOOLEAN":
		c.kind, values = ownColumn, make([]uint8, logs.BatchSize)
	case "SMALLINT":
		c.kind, c.max, values = wholeColumn, math.MaxInt16, make([]int16, logs.BatchSize)
	case "INTEGER":
		c.kind, c.max, values = wholeColumn, math.MaxInt32, make([]int32, logs.BatchSize)
	case "BIGINT":
		c.kind, c.max, values = wholeColumn, math.MaxInt64, make([]int64, logs.BatchSize)
		if strings.HasSuffix(name, "_us") {
			c.kind = secondsColumn
		}
	case "UINTEGER":
		c.kind, values = ownColumn, make([]uint32, logs.BatchSize)
		if base, isAddr := strings.CutSuffix(name, "4"); isAddr {
			c.name, c.kind = base, addrColumn
		}
	case "UHUGEINT":
		c.kind, values = ownColumn, make([][2]uint64, logs.BatchSize)
	default:
		panic("store." + t.Table + "." + name + ": " + sqlType)
	}
	var mask []uint64
	if !notNull {
		mask = logs.NewMask()
	}
	t.Cols, t.Valid = append(t.Cols, values), append(t.Valid, mask)
	t.add(c)
}

// Column is the number of a column; an address has the name of its two columns without the digit. -1: there is none.
func (t *Table) Column(name string) int {
	if c, ok := t.numbers[name]; ok && t.columns[c].kind != ownColumn {
		return c
	}
	return -1
}

// MustColumns are the numbers of columns that there are.
func (t *Table) MustColumns(names ...string) []int {
	numbers := make([]int, len(names))
	for i, name := range names {
		numbers[i] = t.MustColumn(name)
	}
	return numbers
}

// MustColumn is the number of a column that there is.
func (t *Table) MustColumn(name string) int {
	c := t.Column(name)
	if c < 0 {
		panic("store." + t.Table + " has no column " + name)
	}
	return c
}

// Begin begins a row: nothing is set.
func (t *Table) Begin() {
	for i := range t.columns {
		t.columns[i].set = false
	}
	t.escaped = false
}

// Set reads a value from text as the column's type says.
func (t *Table) Set(column int, text []byte) error {
	c := &t.columns[column]
	if c.set = false; len(text) == 0 || IsDash(text) {
		return nil
	}
	ok := true
	switch c.kind {
	case textColumn:
		t.SetText(column, text)
	case wholeColumn:
		c.n, ok = wholeNumber(text)
		if c.text = text; ok && (c.n > c.max || c.n < -c.max) {
			return fmt.Errorf("%s %s is too large", c.name, Quoted(text))
		}
	case secondsColumn:
		c.n, ok = microseconds(text)
	case timeColumn:
		c.n, ok = Time(text)
	case addrColumn:
		c.addr, ok = ParseAddr(text)
	}
	if !ok {
		return fmt.Errorf("%s %s is no %s", c.name, Quoted(text), [...]string{"text", "number", "number of seconds", "RFC 3339 time", "address"}[c.kind])
	}
	c.set = true
	return nil
}

// SetText sets a column of text, also to the empty text and to a dash.
func (t *Table) SetText(column int, text []byte) {
	c := &t.columns[column]
	escaped := false
	c.text, escaped = ValidText(text)
	c.set, t.escaped = true, t.escaped || escaped
}

// SetNumber sets a whole number, or a time in µs since 1970.
func (t *Table) SetNumber(column int, n int64) {
	t.columns[column].n, t.columns[column].set = n, true
}

// SetValid sets a column of text to what is valid UTF-8 already; nil is NULL.
func (t *Table) SetValid(column int, text []byte) {
	t.columns[column].text, t.columns[column].set = text, text != nil
}

// SetAddr sets an address, where it is one.
func (t *Table) SetAddr(column int, a Addr) {
	t.columns[column].addr, t.columns[column].set = a, a.Known != 0
}

// SetEscaped says that some text of the row is escaped already.
func (t *Table) SetEscaped() { t.escaped = true }

// Text is the text that a column is set to; nil where it is not.
func (t *Table) Text(column int) []byte {
	if c := &t.columns[column]; c.set {
		return c.text
	}
	return nil
}

// Number is the number or time that a column is set to.
func (t *Table) Number(column int) (int64, bool) { return t.columns[column].n, t.columns[column].set }

// Write puts the row into the batch.
func (t *Table) Write(meta logs.Meta, opt *logs.Options) error {
	if err := MakeRoom(&t.Batch, opt.Flush); err != nil {
		return err
	}
	t.key = append(t.key[:0], t.prefix.Key(meta)...)
	for _, k := range t.keys {
		if c := &t.columns[k]; c.set {
			t.key = logs.AppendText(t.key, c.text)
		} else {
			t.key = logs.AppendNull(t.key)
		}
	}
	context, i := opt.Intern(t.context, t.key), t.N
	t.N++
	for k := range t.columns {
		c := &t.columns[k]
		if c.at < 0 {
			continue
		}
		if c.kind == ownColumn {
			t.setOwn(c, i, meta, context)
		} else if c.set {
			t.setValue(c, i)
		}
	}
	return nil
}

func (t *Table) setOwn(c *tableColumn, i int, meta logs.Meta, context uint32) {
	switch c.name {
	case "object_id":
		t.Cols[c.at].([]uint32)[i] = meta.ObjectID
	case "row_no":
		t.Cols[c.at].([]uint32)[i] = meta.RowNo
	case "context_id":
		t.Cols[c.at].([]uint32)[i] = context
	case "utf8_escaped":
		t.Cols[c.at].([]uint8)[i] = Flag(t.escaped)
	}
}

func (t *Table) setValue(c *tableColumn, i int) {
	at := c.at
	switch values := t.Cols[at].(type) {
	case [][]byte:
		values[i] = t.Keep(c.text)
	case []int16:
		values[i] = int16(c.n)
	case []int32:
		values[i] = int32(c.n)
	case []int64:
		values[i] = c.n
	case []uint32: // an address
		if c.addr.Known == 6 {
			at++
			t.Cols[at].([][2]uint64)[i] = c.addr.V6
		} else {
			values[i] = c.addr.V4
		}
	}
	if mask := t.Valid[at]; mask != nil {
		logs.SetBit(mask, i)
	}
}

// wholeNumber reads digits, with a minus before them.
func wholeNumber(text []byte) (int64, bool) {
	if len(text) > 20 {
		return 0, false
	}
	digits := text
	if text[0] == '-' {
		digits = text[1:]
	}
	if !AllDigits(digits) {
		return 0, false
	}
	n, err := strconv.ParseInt(string(text), 10, 64)
	return n, err == nil
}

// microseconds reads seconds, with a fraction of which six digits are kept.
func microseconds(text []byte) (int64, bool) {
	whole, fraction, dotted := strings.Cut(string(text), ".")
	n, ok := wholeNumber([]byte(whole + "0"))
	if !ok || n/10 > math.MaxInt64/10_000_000 || dotted && !AllDigits([]byte(fraction)) {
		return 0, false
	}
	micros := n / 10 * 1_000_000
	unit := int64(100_000)
	if whole[0] == '-' {
		unit = -unit
	}
	for i := 0; i < len(fraction) && unit != 0; i++ {
		micros += int64(fraction[i]-'0') * unit
		unit /= 10
	}
	return micros, true
}
