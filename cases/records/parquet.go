package records

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"

	"case53/cases/duck"
)

// parquetRows gives the rows of a Parquet object as JSON objects, one a line, in the order of the file: line n is row n.
// So a Parquet flow log goes the way of one in JSON – its fields are found by name, what has no column is kept as extra,
// a bad value makes a reject – and object_id and row_no lead back to the row.
//
// DuckDB reads the file, in a database of its own in memory that can reach no other file. path is that of the raw
// store: the bytes that were hashed.
func parquetRows(ctx context.Context, path string) (io.ReadCloser, error) {
	db, err := duck.Open("", map[string]string{
		"threads":                      "1",
		"memory_limit":                 "512MB",
		"temp_directory":               "",
		"autoinstall_known_extensions": "false",
		"autoload_known_extensions":    "false",
	})
	if err != nil {
		return nil, err
	}
	conn, err := db.Connect()
	if err != nil {
		db.Close()
		return nil, err
	}
	done := func() { conn.Close(); db.Close() }
	file := "read_parquet('" + strings.ReplaceAll(path, "'", "''") + "', file_row_number=true)"
	// What DuckDB may open is this file alone; then nothing can be changed any more.
	lock := "SET TimeZone='UTC'; SET allowed_paths=['" + strings.ReplaceAll(path, "'", "''") +
		"']; SET enable_external_access=false; SET lock_configuration=true"
	if err := conn.Exec(ctx, lock); err != nil {
		done()
		return nil, err
	}
	sql, err := parquetQuery(ctx, conn, file)
	if err != nil {
		done()
		return nil, &parquetError{err}
	}
	rows, err := conn.Query(ctx, sql, nil)
	if err != nil {
		done()
		return nil, &parquetError{err}
	}
	r, w := io.Pipe()
	go func() {
		defer done()
		defer rows.Close()
		out := bufio.NewWriterSize(w, 1<<16)
		for want := int64(0); rows.Next(); want++ {
			v := rows.Values()
			if v[1] != want {
				w.CloseWithError(&parquetError{fmt.Errorf("row %v came as row %d", v[1], want)})
				return
			}
			text, _ := v[0].(string)
			if _, err := out.WriteString(text + "\n"); err != nil {
				return // the reader has closed
			}
		}
		err := rows.Err()
		if err == nil {
			err = out.Flush()
		} else {
			out.Flush() // the rows before the damage count
			err = &parquetError{err}
		}
		w.CloseWithError(err)
	}()
	return r, nil
}

// parquetError is what DuckDB says is wrong with a file.
type parquetError struct{ err error }

func (e *parquetError) Error() string { return "damaged Parquet: " + e.err.Error() }
func (e *parquetError) Unwrap() error { return e.err }

// parquetQuery selects every column of the file as a JSON object. Times become seconds since 1970, as in flow logs.
func parquetQuery(ctx context.Context, conn *duck.Conn, file string) (string, error) {
	rows, err := conn.Query(ctx, "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM "+file+")", nil)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var members []string
	for rows.Next() {
		name, typ := rows.Values()[0].(string), rows.Values()[1].(string)
		if name == "file_row_number" {
			continue
		}
		col := `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
		value := "t." + col
		switch {
		case strings.HasPrefix(typ, "TIMESTAMP"):
			value = "epoch(" + value + ")::BIGINT"
		case typ == "BLOB":
			value += "::VARCHAR"
		}
		members = append(members, "'"+strings.ReplaceAll(name, "'", "''")+"', "+value)
	}
	if err := rows.Err(); err != nil {
		return "", err
	}
	return "SELECT json_object(" + strings.Join(members, ", ") + ")::VARCHAR, t.file_row_number FROM " + file + " t", nil
}
