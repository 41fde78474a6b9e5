package writer

import (
	"context"
	"sync"

	"case53/cases"
	"case53/cases/duck"
)

// stepMemory is how many bytes a step may hold that Go computes, beside DuckDB's own writerMemory.
const stepMemory = 512 << 20

// tables is a step's way to the case: see cases.Tables. Each statement that is read has a connection of its own: an Appender
// that flushes ends what is being read on its connection, without an error. So a step sees what was there before its transaction.
type tables struct {
	w         *Writer
	mu        sync.Mutex // for what follows, and the writer's connection
	appenders map[string]*duck.Appender
}

// compute runs a step within the transaction that is open.
func (w *Writer) compute(ctx context.Context, step cases.Step) error {
	t := &tables{w: w, appenders: map[string]*duck.Appender{}}
	defer func() {
		for _, a := range t.appenders {
			a.Close()
		}
	}()
	if err := step(ctx, t); err != nil {
		return err
	}
	for _, a := range t.appenders {
		if err := a.Flush(); err != nil {
			return err
		}
	}
	return nil
}

func (t *tables) Memory() int64 { return stepMemory }

func (t *tables) Read(ctx context.Context, sql string, args map[string]any, each func(duck.Chunk) error) error {
	conn, err := t.w.db.Connect()
	if err != nil {
		return err
	}
	defer conn.Close()
	rows, err := conn.Query(ctx, sql, args)
	if err != nil {
		return err
	}
	defer rows.Close()
	for chunk, ok := rows.NextChunk(); ok; chunk, ok = rows.NextChunk() {
		if err := each(chunk); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (t *tables) Append(ctx context.Context, table string, rows duck.Chunk) (err error) {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	a := t.appenders[table]
	if a == nil {
		if a, err = t.w.conn.NewAppender("derived", "main", table); err != nil {
			return err
		}
		t.appenders[table] = a
	}
	return a.Append(rows.N, rows.Cols, rows.Valid)
}
