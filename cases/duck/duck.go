// Package duck is the one place that talks to DuckDB: it opens a database, runs a statement, streams a result, and
// appends whole columns.
//
// It stands on duckdb-go's mapping of the C interface rather than on database/sql, for two reasons measured in
// reference/performance.md and in this package's benchmarks: database/sql holds a whole result in memory before the
// first row is seen, and it has no way to append columns.
//
// Rules: a Conn is used by one goroutine at a time. A cancelled context interrupts the running statement and the
// error is the context's. The package refuses column types it cannot give without loss (it says to cast them).
package duck

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/duckdb/duckdb-go/v2/mapping"
)

// DB is an open database file, or a database in memory.
type DB struct{ db mapping.Database }

// Open opens the file at path ("" for a database in memory) with DuckDB's configuration options.
func Open(path string, options map[string]string) (*DB, error) {
	var config mapping.Config
	if mapping.CreateConfig(&config) == mapping.StateError {
		return nil, errors.New("duckdb: no configuration")
	}
	defer mapping.DestroyConfig(&config)
	for k, v := range options {
		if mapping.SetConfig(config, k, v) == mapping.StateError {
			return nil, fmt.Errorf("duckdb: option %s=%q refused", k, v)
		}
	}
	d := &DB{}
	var message string
	if mapping.OpenExt(path, &d.db, config, &message) == mapping.StateError {
		return nil, clean(message)
	}
	return d, nil
}

// Close closes the database. Every Conn must be closed before.
func (d *DB) Close() { mapping.Close(&d.db) }

// Conn is a connection: a session with its own settings, temporary tables and transaction.
type Conn struct{ conn mapping.Connection }

// Connect opens a connection.
func (d *DB) Connect() (*Conn, error) {
	c := &Conn{}
	if mapping.Connect(d.db, &c.conn) == mapping.StateError {
		return nil, errors.New("duckdb: no connection")
	}
	return c, nil
}

// Close ends the session; an open transaction is rolled back.
func (c *Conn) Close() { mapping.Disconnect(&c.conn) }

// Exec runs one or more statements without arguments.
func (c *Conn) Exec(ctx context.Context, sql string) error {
	return c.guarded(ctx, func() error {
		var res mapping.Result
		state := mapping.Query(c.conn, sql, &res)
		defer mapping.DestroyResult(&res)
		if state == mapping.StateError {
			return clean(mapping.ResultError(&res))
		}
		return nil
	})
}

// Run runs one statement with arguments ($name in the SQL) and throws its result away.
func (c *Conn) Run(ctx context.Context, sql string, args map[string]any) error {
	rows, err := c.Query(ctx, sql, args)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
	}
	return rows.Err()
}

// QueryRow runs a statement that gives at most one row; nil when it gave none.
func (c *Conn) QueryRow(ctx context.Context, sql string, args map[string]any) ([]any, error) {
	rows, err := c.Query(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	if !rows.Next() {
		return nil, rows.Err()
	}
	row := append([]any(nil), rows.Values()...)
	return row, nil
}

// Each runs a statement and gives its rows to row.
func (c *Conn) Each(ctx context.Context, sql string, args map[string]any, row func([]any)) error {
	rows, err := c.Query(ctx, sql, args)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		row(rows.Values())
	}
	return rows.Err()
}

// guarded runs fn and interrupts the statement in it when ctx ends.
func (c *Conn) guarded(ctx context.Context, fn func() error) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	if ctx.Done() == nil {
		return fn()
	}
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		select {
		case <-done:
			return
		case <-ctx.Done():
		}
		// An interrupt that comes before the statement has started is lost, so it is repeated.
		for tick := time.NewTicker(20 * time.Millisecond); ; {
			mapping.Interrupt(c.conn)
			select {
			case <-done:
				tick.Stop()
				return
			case <-tick.C:
			}
		}
	}()
	err := fn()
	close(done)
	<-stopped
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// Error is an error of DuckDB, as it words it.
type Error struct{ Kind, Message string }

func (e *Error) Error() string { return e.Message }

// clean cuts DuckDB's error text into its kind ("Binder Error") and the rest, without the line that only points
// into the SQL when there is one line of it.
func clean(message string) error {
	message, _, _ = strings.Cut(message, "\nThis error signals an assertion failure")             // what follows is a stack trace
	if line, _, _ := strings.Cut(message, "\n"); strings.HasPrefix(line, "Out of Memory Error") { // what follows is advice to set what is locked
		message = line + "\nhint: ask for less at once: a filter, a shorter time, fewer columns, no list or sort of all rows"
	}
	kind, rest, ok := strings.Cut(message, ": ")
	if !ok || !strings.HasSuffix(kind, "Error") {
		return &Error{Message: strings.TrimSpace(message)}
	}
	return &Error{Kind: kind, Message: strings.TrimSpace(rest)}
}

// Version is DuckDB's version.
func Version() string { return mapping.LibraryVersion() }
