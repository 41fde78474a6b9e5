package cases

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"
)

// Column is a column of a result.
type Column struct {
	Name string
	Type string // DuckDB's name of the type: VARCHAR, INTEGER, TIMESTAMP …
	Kind string // what its values are: ip, name, time … ; "" when its values lead nowhere
}

// Cell is one value of a result as text. Text comes from the evidence as it is: pass it through safetext before
// it is shown. Times are "2006-01-02 15:04:05.999999" in UTC.
type Cell struct {
	Text string
	Null bool
}

// pageRows is the number of rows in a page of a Result's spool file.
const pageRows = 256

// Result is a result that can be read at any row: the query is read on only as far as somebody has looked, and what
// was read is in a spool file, so that a result of any size takes little memory. The file has no name any more when
// it is written to. Its methods may be called from several goroutines.
type Result struct {
	columns []Column
	cancel  context.CancelFunc

	mu       sync.Mutex
	changed  *sync.Cond
	file     *os.File
	offsets  []int64           // of each full page in the file, and the end
	last     [][]Cell          // the page that is not full yet
	waiting  map[*int]struct{} // how many rows each Fetch under way waits for
	complete bool
	err      error
	closed   bool
	stopped  chan struct{} // closed when read has returned
}

// Result runs a statement for reading at any row. It returns once the columns are known; ctx governs the query until
// Close.
func (c *Case) Result(ctx context.Context, sql string, args map[string]any) (*Result, error) {
	ctx, cancel := context.WithCancel(ctx)
	rows, err := c.Query(ctx, sql, args)
	if err != nil {
		cancel()
		return nil, err
	}
	file, err := os.CreateTemp(c.temp, "result-*")
	if err != nil {
		rows.Close()
		cancel()
		return nil, err
	}
	os.Remove(file.Name())
	r := &Result{columns: rows.Columns(), cancel: cancel, file: file, offsets: []int64{0}, waiting: map[*int]struct{}{}, stopped: make(chan struct{})}
	r.changed = sync.NewCond(&r.mu)
	go r.read(rows)
	return r, nil
}

// Columns describes the result.
func (r *Result) Columns() []Column { return r.columns }

// Count is the number of rows seen so far; complete says that there are no more. It never waits for the query.
func (r *Result) Count() (n int, complete bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.count(), r.complete
}

func (r *Result) count() int { return (len(r.offsets)-1)*pageRows + len(r.last) }

// Fetch gives rows off … off+n-1, fewer at the end of the result, and waits for the query as long as that needs. A
// ctx that ends ends the waiting, not the query.
func (r *Result) Fetch(ctx context.Context, off, n int) ([][]Cell, error) {
	stop := context.AfterFunc(ctx, func() {
		r.mu.Lock()
		r.changed.Broadcast()
		r.mu.Unlock()
	})
	defer stop()
	r.mu.Lock()
	defer r.mu.Unlock()
	want := off + n
	r.waiting[&want] = struct{}{}
	defer delete(r.waiting, &want)
	r.changed.Broadcast()
	for r.count() < off+n && !r.complete && !r.closed && r.err == nil && ctx.Err() == nil {
		r.changed.Wait()
	}
	switch {
	case r.closed:
		return nil, errors.New("the result is closed")
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case r.err != nil && r.count() < off+n:
		return nil, r.err
	}
	return r.rows(off, min(off+n, r.count()))
}

// wanted says whether somebody waits for rows that are not there yet.
func (r *Result) wanted() bool {
	for want := range r.waiting {
		if r.count() < *want {
			return true
		}
	}
	return false
}

// rows gives rows off … end-1, which are there.
func (r *Result) rows(off, end int) ([][]Cell, error) {
	var out [][]Cell
	for off < end {
		page, err := r.page(off / pageRows)
		if err != nil {
			return nil, err
		}
		from := off % pageRows
		to := min(len(page), from+end-off)
		out = append(out, page[from:to]...)
		off += to - from
	}
	return out, nil
}

// read reads the query as far as somebody waits for it, until it ends or the result is closed.
func (r *Result) read(rows *Rows) {
	defer close(r.stopped)
	defer rows.Close()
	for {
		r.mu.Lock()
		for !r.closed && !r.wanted() {
			r.changed.Wait()
		}
		stop := r.closed
		r.mu.Unlock()
		if stop {
			return
		}
		if !r.readPage(rows) {
			return
		}
	}
}

// readPage reads up to the end of a page; false at the end of the query.
func (r *Result) readPage(rows *Rows) bool {
	page := make([][]Cell, 0, pageRows)
	more := true
	for len(page) < pageRows && more {
		if more = rows.Next(); more {
			row := make([]Cell, len(r.columns))
			for i, v := range rows.Values() {
				row[i] = CellOf(v)
			}
			page = append(page, row)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last = page
	switch {
	case !more:
		r.err = rows.Err()
		r.complete = r.err == nil
	default:
		r.err = r.spool()
	}
	r.changed.Broadcast()
	return more && r.err == nil
}

// spool writes the full page to the file: per cell a uvarint, 0 for NULL, else length+1, and the bytes.
func (r *Result) spool() error {
	var buf []byte
	for _, row := range r.last {
		for _, cell := range row {
			if cell.Null {
				buf = append(buf, 0)
				continue
			}
			buf = binary.AppendUvarint(buf, uint64(len(cell.Text))+1)
			buf = append(buf, cell.Text...)
		}
	}
	at := r.offsets[len(r.offsets)-1]
	if _, err := r.file.WriteAt(buf, at); err != nil {
		return fmt.Errorf("keep the result: %w", err)
	}
	r.offsets = append(r.offsets, at+int64(len(buf)))
	r.last = nil
	return nil
}

// page reads a page back.
func (r *Result) page(i int) ([][]Cell, error) {
	if i == len(r.offsets)-1 {
		return r.last, nil
	}
	buf := make([]byte, r.offsets[i+1]-r.offsets[i])
	if _, err := r.file.ReadAt(buf, r.offsets[i]); err != nil {
		return nil, fmt.Errorf("read the result back: %w", err)
	}
	width := len(r.columns)
	page := make([][]Cell, pageRows)
	for row := range page {
		page[row] = make([]Cell, width)
		for col := range width {
			n, used := binary.Uvarint(buf)
			buf = buf[used:]
			if n == 0 {
				page[row][col].Null = true
				continue
			}
			page[row][col].Text = string(buf[:n-1])
			buf = buf[n-1:]
		}
	}
	return page, nil
}

// Close ends the query if it still runs and drops what was read.
func (r *Result) Close() {
	r.cancel()
	r.mu.Lock()
	r.closed = true
	r.changed.Broadcast()
	r.mu.Unlock()
	<-r.stopped
	r.mu.Lock()
	defer r.mu.Unlock()
	r.file.Close()
}
