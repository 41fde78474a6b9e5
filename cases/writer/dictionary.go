package writer

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
	"sync"

	"case53/cases/digest"
	"case53/cases/duck"
)

// dictionaryBound is how many contexts of a table are kept in memory. Beyond it the memory is cleared and a context
// may get a second number, which costs a row and changes no answer.
const dictionaryBound = 1 << 20

// dictionary numbers contexts: the values that repeat from record to record, kept once in store.<name>_context.
type dictionary struct {
	mu     sync.Mutex
	tables map[string]*contextTable
}

type contextTable struct {
	columns int // after context_id
	next    uint32
	ids     map[string]uint32
	sums    [][sha256.Size]byte // by number: what its values come to
	values  digest.Context
	pending []pendingContext // numbered, not yet committed
}

type pendingContext struct {
	id  uint32
	key string
}

// loadDictionary reads the contexts that a case has.
func loadDictionary(ctx context.Context, c *duck.Conn) (*dictionary, error) {
	d := &dictionary{tables: map[string]*contextTable{}}
	rows, err := c.Query(ctx, `SELECT table_name, string_agg(column_name, ',' ORDER BY column_index)
		FROM system.main.duckdb_columns() WHERE database_name = 'case' AND schema_name = 'store' AND table_name LIKE '%\_context' ESCAPE '\' GROUP BY ALL`, nil)
	if err != nil {
		return nil, err
	}
	columns := map[string][]string{}
	for rows.Next() {
		columns[rows.Values()[0].(string)] = strings.Split(rows.Values()[1].(string), ",")
	}
	rows.Close()
	if err := rows.Err(); err != nil {
		return nil, err
	}
	for table, names := range columns {
		if d.tables[table], err = loadContexts(ctx, c, table, names); err != nil {
			return nil, err
		}
	}
	return d, nil
}

func loadContexts(ctx context.Context, c *duck.Conn, table string, names []string) (*contextTable, error) {
	t := &contextTable{columns: len(names) - 1, next: 1, ids: map[string]uint32{}}
	rows, err := c.Query(ctx, fmt.Sprintf(`SELECT context_id, CAST(COLUMNS(* EXCLUDE context_id) AS VARCHAR) FROM store.%s`, table), nil)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var key []byte
	for rows.Next() {
		key = key[:0]
		for _, v := range rows.Values()[1:] {
			if v == nil {
				key = append(key, 0)
				continue
			}
			key = binary.AppendUvarint(key, uint64(len(v.(string)))+1)
			key = append(key, v.(string)...)
		}
		id := uint32(rows.Values()[0].(int64))
		t.ids[string(key)] = id
		t.keep(id, key)
		t.next = max(t.next, id+1)
	}
	return t, rows.Err()
}

// Intern gives the number of a context. key is the values in the column order of store.<table> after context_id,
// each as uvarint(length+1) and its bytes; 0 is NULL.
func (w *Writer) Intern(table string, key []byte) uint32 {
	d := w.dict
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.tables[table]
	if id, ok := t.ids[string(key)]; ok {
		return id
	}
	if len(t.ids) >= dictionaryBound {
		clear(t.ids)
	}
	id := t.next
	t.next++
	t.ids[string(key)] = id
	t.keep(id, key)
	t.pending = append(t.pending, pendingContext{id, string(key)})
	return id
}

// keep notes the digest of a context's values.
func (t *contextTable) keep(id uint32, key []byte) {
	if n := int(id) + 1 - len(t.sums); n > 0 {
		t.sums = append(t.sums, make([][sha256.Size]byte, n)...)
	}
	for rest := key; len(rest) > 0; {
		n, used := binary.Uvarint(rest)
		rest = rest[max(used, 1):]
		if n == 0 {
			t.values.Null()
			continue
		}
		n = min(n-1, uint64(len(rest))) // a key that ends too early is refused when it is written
		t.values.Value(rest[:n])
		rest = rest[n:]
	}
	t.sums[id] = t.values.Sum()
}

// sum is the digest of a context's values.
func (d *dictionary) sum(table string, id uint32) ([sha256.Size]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.tables[table]
	if t == nil || int(id) >= len(t.sums) {
		return [sha256.Size]byte{}, fmt.Errorf("store.%s has no context %d", table, id)
	}
	return t.sums[id], nil
}

// write adds the contexts that no committed transaction has written yet; done is called when the transaction that
// wrote them has been committed.
func (d *dictionary) write(c *duck.Conn) (done func(), err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	written := map[string]int{}
	for table, t := range d.tables {
		if len(t.pending) == 0 {
			continue
		}
		if err := t.append(c, table); err != nil {
			return nil, err
		}
		written[table] = len(t.pending)
	}
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		for table, n := range written {
			d.tables[table].pending = d.tables[table].pending[n:]
		}
	}, nil
}

// append hands the pending contexts to the table, which casts them from text.
func (t *contextTable) append(c *duck.Conn, table string) error {
	a, err := c.NewAppender("case", "store", table)
	if err != nil {
		return err
	}
	defer a.Close()
	for from := 0; from < len(t.pending); from += maxRows {
		part := t.pending[from:min(from+maxRows, len(t.pending))]
		ids := make([]uint32, len(part))
		cols := []any{ids}
		valid := make([][]uint64, t.columns+1)
		for i := range t.columns {
			cols = append(cols, make([][]byte, len(part)))
			valid[i+1] = make([]uint64, maxRows/64)
		}
		for row, p := range part {
			ids[row] = p.id
			if err := p.split(t.columns, func(i int, value []byte) {
				cols[i+1].([][]byte)[row] = value
				valid[i+1][row>>6] |= 1 << (row & 63)
			}); err != nil {
				return fmt.Errorf("store.%s: %w", table, err)
			}
		}
		if err := a.Append(len(part), cols, valid); err != nil {
			return err
		}
	}
	return a.Flush()
}

// split gives the values of a key that are not NULL.
func (p pendingContext) split(columns int, each func(i int, value []byte)) error {
	rest := []byte(p.key)
	for i := range columns {
		n, used := binary.Uvarint(rest)
		if used <= 0 || n > uint64(len(rest)-used)+1 {
			return fmt.Errorf("context %d: the key ends in column %d of %d", p.id, i+1, columns)
		}
		rest = rest[used:]
		if n > 0 {
			each(i, rest[:n-1])
			rest = rest[n-1:]
		}
	}
	if len(rest) > 0 {
		return fmt.Errorf("context %d: the key is longer than %d columns", p.id, columns)
	}
	return nil
}
