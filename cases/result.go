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
	mu       sync.Mutex
	rows     *Rows
	cancel   context.CancelFunc
	file     *os.File
	offsets  []int64  // of each full page in the file, and the end
	last     [][]Cell // the page that is not full yet
	complete bool
	err      error
}

// Result runs a statement for reading at any row.
func (c *Case) Result(ctx context.Context, sql string, args map[string]any) (*Result, error) {
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, cancel)
	defer stop()
	rows, err := c.Query(life, sql, args)
	if err != nil {
		cancel()
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, err
	}
	file, err := os.CreateTemp(c.temp, "result-*")
	if err != nil {
		rows.Close()
		cancel()
		return nil, err
	}
	os.Remove(file.Name())
	return &Result{rows: rows, cancel: cancel, file: file, offsets: []int64{0}}, nil
}

// Columns describes the result.
func (r *Result) Columns() []Column { return r.rows.Columns() }

// Count is the number of rows seen so far; complete says that there are no more.
func (r *Result) Count() (n int, complete bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.count(), r.complete
}

func (r *Result) count() int { return (len(r.offsets)-1)*pageRows + len(r.last) }

// Fetch gives rows off … off+n-1, fewer at the end of the result. It reads the query as far as that needs; a ctx that
// ends meanwhile ends the query too, and what was read before stays.
func (r *Result) Fetch(ctx context.Context, off, n int) ([][]Cell, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.readTo(ctx, off+n); err != nil {
		return nil, err
	}
	end := min(off+n, r.count())
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

// readTo reads the query until n rows are there or it ends.
func (r *Result) readTo(ctx context.Context, n int) error {
	if r.err != nil {
		return r.err
	}
	if r.complete || r.count() >= n {
		return nil
	}
	stop := context.AfterFunc(ctx, r.cancel)
	defer stop()
	for r.count() < n {
		if !r.rows.Next() {
			if r.err = r.rows.Err(); r.err != nil {
				if ctx.Err() != nil {
					r.err = ctx.Err()
				}
				return r.err
			}
			r.complete = true
			r.rows.Close()
			return nil
		}
		row := make([]Cell, len(r.rows.Columns()))
		for i, v := range r.rows.Values() {
			row[i] = CellOf(v)
		}
		if r.last = append(r.last, row); len(r.last) == pageRows {
			if r.err = r.spool(); r.err != nil {
				return r.err
			}
		}
	}
	return nil
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
	width := len(r.rows.Columns())
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
	defer r.mu.Unlock()
	r.rows.Close()
	r.file.Close()
	if r.err == nil {
		r.err = errors.New("the result is closed")
	}
}
