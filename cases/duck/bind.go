package duck

import (
	"context"
	"fmt"
	"time"

	bindings "github.com/duckdb/duckdb-go-bindings"
	"github.com/duckdb/duckdb-go/v2/mapping"
)

// prepare makes one statement of sql and binds args to it by name. Every parameter must be given; more may be.
func (c *Conn) prepare(sql string, args map[string]any) (mapping.PreparedStatement, error) {
	var stmt mapping.PreparedStatement
	err := oneStatement(c.conn, sql, func(all mapping.ExtractedStatements) error {
		if mapping.PrepareExtractedStatement(c.conn, all, 0, &stmt) == mapping.StateError {
			err := clean(mapping.PrepareError(stmt))
			mapping.DestroyPrepare(&stmt)
			return err
		}
		return nil
	})
	if err != nil {
		return stmt, err
	}
	for i := range mapping.NParams(stmt) {
		index := mapping.IdxT(i + 1)
		name := mapping.ParameterName(stmt, index)
		value, ok := args[name]
		if !ok {
			mapping.DestroyPrepare(&stmt)
			return stmt, fmt.Errorf("parameter $%s has no value", name)
		}
		if err := bind(stmt, index, value); err != nil {
			mapping.DestroyPrepare(&stmt)
			return stmt, fmt.Errorf("parameter $%s: %w", name, err)
		}
	}
	return stmt, nil
}

// Parse says what is wrong with sql that is not exactly one statement. It neither binds nor runs it.
func (c *Conn) Parse(sql string) error {
	return oneStatement(c.conn, sql, func(mapping.ExtractedStatements) error { return nil })
}

// oneStatement parses sql, which must hold exactly one statement, and hands it to use: the C interface would run all and
// answer the last.
func oneStatement(conn mapping.Connection, sql string, use func(mapping.ExtractedStatements) error) error {
	var all mapping.ExtractedStatements
	n := mapping.ExtractStatements(conn, sql, &all)
	defer mapping.DestroyExtracted(&all)
	switch {
	case n == 0:
		if text := mapping.ExtractStatementsError(all); text != "" {
			return clean(text)
		}
		return fmt.Errorf("no statement in the SQL")
	case n > 1:
		return fmt.Errorf("%d statements in the SQL, want one\nhint: run them one at a time", n)
	}
	return use(all)
}

func bind(stmt mapping.PreparedStatement, index mapping.IdxT, value any) error {
	var state mapping.State
	switch v := value.(type) {
	case nil:
		state = mapping.BindNull(stmt, index)
	case bool:
		state = mapping.BindBoolean(stmt, index, v)
	case int:
		state = mapping.BindInt64(stmt, index, int64(v))
	case int64:
		state = mapping.BindInt64(stmt, index, v)
	case uint32:
		state = mapping.BindInt64(stmt, index, int64(v))
	case float64:
		state = mapping.BindDouble(stmt, index, v)
	case string:
		state = mapping.BindVarchar(stmt, index, v)
	case []byte:
		state = mapping.BindBlob(stmt, index, v)
	case time.Time:
		state = mapping.BindTimestamp(stmt, index, mapping.NewTimestamp(v.UnixMicro()))
	default:
		return fmt.Errorf("a %T cannot be bound", value)
	}
	if state == mapping.StateError {
		return clean(mapping.PrepareError(stmt))
	}
	return nil
}

// Query runs one statement and streams its rows: they are computed as they are asked for.
func (c *Conn) Query(ctx context.Context, sql string, args map[string]any) (*Rows, error) {
	r := &Rows{ctx: ctx, conn: c}
	err := c.guarded(ctx, func() error {
		stmt, err := c.prepare(sql, args)
		if err != nil {
			return err
		}
		r.stmt = stmt
		var pending mapping.PendingResult
		if bindings.PendingPreparedStreaming(stmt, &pending) == mapping.StateError {
			err := clean(mapping.PendingError(pending))
			mapping.DestroyPending(&pending)
			return err
		}
		defer mapping.DestroyPending(&pending)
		if mapping.ExecutePending(pending, &r.result) == mapping.StateError {
			return clean(mapping.ResultError(&r.result))
		}
		return nil
	})
	if err != nil {
		r.Close()
		return nil, err
	}
	if err := r.describe(); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}
