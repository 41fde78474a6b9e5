package records

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"case53/cases/duck"
)

// parquetRows is the rows of a Parquet object as JSON objects, one a line, in the order of the file: line n is row n.
// So a Parquet log goes the way of one in JSON – its fields are found by name, what has no column is kept as extra,
// a bad value makes a reject – and object_id and row_no lead back to the row.
//
//   - A point in time becomes RFC 3339 text with its fraction, down to nanoseconds. One that is stored without a zone is UTC, as
//     AWS's services, Athena and our own export mean it; noZone names such columns, and the case records them.
//   - NaN is NULL: how pandas and polars store the NULL of an integer column.
//   - A DECIMAL keeps its digits, a DATE is 2006-01-02, a list or struct is a JSON array or object, a map an object.
//   - Bytes are text, as many writers forget to say; what of them is not UTF-8 stays as it is, for the decoder to escape.
//
// DuckDB reads the file, in a database of its own in memory that can reach no other file, and hands its rows out as they
// are read: memory is bounded, and nothing is written. A file that is out of all proportion ends with damage (parquetBounds).
type parquetRows struct {
	*io.PipeReader
	noZone []string
}

// parquetBounds are what a Parquet file may come to. Runs of one value are stored in no space at all: 7 kB may hold 200 million
// rows. Both bounds end the object where they are reached; the rows before that are delivered.
type parquetBounds struct {
	rows  int64 // rows of one file: a hundred times what AWS writes into one
	ratio int64 // bytes of JSON per stored byte, from the first bytes of JSON on
	first int64
}

var usualParquet = parquetBounds{rows: 100_000_000, ratio: 1000, first: 64 << 20}

// openParquetRows opens a file of size bytes. path is that of the raw store: the bytes that were hashed.
func openParquetRows(ctx context.Context, path string, size int64, most parquetBounds) (*parquetRows, error) {
	db, err := duck.Open(
		"",
		map[string]string{
			"threads":                      "1",
			"memory_limit":                 "512MB",
			"temp_directory":               "",
			"autoinstall_known_extensions": "false",
			"autoload_known_extensions":    "false",
		},
	)
	if err != nil {
		return nil, err
	}
	conn, err := db.Connect()
	if err != nil {
		db.Close()
		return nil, err
	}
	done := func() { conn.Close(); db.Close() }
	quoted := "'" + strings.ReplaceAll(path, "'", "''") + "'"
	// What DuckDB may open is this file alone; then nothing can be changed any more.
	lock := "SET TimeZone='UTC'; SET allowed_paths=[" + quoted + "]; SET enable_external_access=false; SET lock_configuration=true"
	if err := conn.Exec(ctx, lock); err != nil {
		done()
		return nil, err
	}
	columns, err := parquetColumns(ctx, conn, quoted)
	if err != nil {
		done()
		return nil, &parquetError{err}
	}
	rows, err := conn.Query(ctx, parquetQuery(columns, quoted), nil)
	if err != nil {
		done()
		return nil, &parquetError{err}
	}
	r, w := io.Pipe()
	go func() {
		defer done()
		defer rows.Close()
		w.CloseWithError(writeParquetRows(w, rows, columns, size, most))
	}()
	p := &parquetRows{PipeReader: r}
	for _, c := range columns {
		if c.noZone {
			p.noZone = append(p.noZone, c.name)
		}
	}
	return p, nil
}

// parquetError is what DuckDB says is wrong with a file, or what is wrong with its size.
type parquetError struct{ err error }

func (e *parquetError) Error() string { return "damaged Parquet: " + e.err.Error() }
func (e *parquetError) Unwrap() error { return e.err }

// rowNumber is the column that DuckDB adds.
const rowNumber = "file_row_number"

// parquetColumn is a column of the file.
type parquetColumn struct {
	name   string
	key    []byte // the name as JSON, with its colon
	sql    string // how it is selected
	json   bool   // what is selected is JSON already
	noZone bool   // a point in time without a zone
}

func parquetColumns(ctx context.Context, conn *duck.Conn, file string) ([]parquetColumn, error) {
	rows, err := conn.Query(ctx, "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet("+file+"))", nil)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var columns []parquetColumn
	for rows.Next() {
		name, typ := rows.Values()[0].(string), rows.Values()[1].(string)
		key, err := json.Marshal(name)
		if err != nil {
			return nil, err
		}
		c := parquetColumn{name: name, key: append(key, ':'), sql: `t."` + strings.ReplaceAll(name, `"`, `""`) + `"`}
		switch {
		case strings.Contains(typ, "MAP("):
			c.json, c.sql = true, "to_json("+c.sql+")::VARCHAR"
		case typ == "TIME WITH TIME ZONE", typ == "BIT", typ == "BIGNUM", typ == "VARIANT", typ == "GEOMETRY", strings.HasPrefix(typ, "UNION("):
			c.sql += "::VARCHAR"
		case strings.HasPrefix(typ, "TIMESTAMP") && typ != "TIMESTAMP WITH TIME ZONE":
			c.noZone = true
		}
		columns = append(columns, c)
	}
	return columns, rows.Err()
}

// parquetQuery selects the columns, and behind them each row's number in the file where no column of the file has that name.
func parquetQuery(columns []parquetColumn, file string) string {
	var list []string
	numbered := true
	for _, c := range columns {
		list = append(list, c.sql)
		numbered = numbered && !strings.EqualFold(c.name, rowNumber)
	}
	if !numbered {
		return "SELECT " + strings.Join(list, ", ") + " FROM read_parquet(" + file + ") t"
	}
	return "SELECT " + strings.Join(append(list, "t."+rowNumber), ", ") + " FROM read_parquet(" + file + ", file_row_number=true) t"
}

// writeParquetRows writes rows to the end or to a bound. The rows before damage count.
func writeParquetRows(w io.Writer, rows *duck.Rows, columns []parquetColumn, size int64, most parquetBounds) error {
	out := bufio.NewWriterSize(w, 1<<16)
	var line []byte
	written := int64(0)
	for n := int64(0); rows.Next(); n++ {
		values := rows.Values()
		if len(values) > len(columns) && values[len(columns)] != n {
			return &parquetError{fmt.Errorf("row %v came as row %d", values[len(columns)], n)}
		}
		switch {
		case n == most.rows:
			return errors.Join(out.Flush(), &parquetError{fmt.Errorf("stopped after %d rows, the most that are taken of one file", n)})
		case written > most.first && written/most.ratio >= size:
			return errors.Join(out.Flush(), &parquetError{
				fmt.Errorf("stopped after %d rows, which are %d bytes from %d stored: out of all proportion", n, written, size)})
		}
		line = appendRow(line[:0], columns, values)
		written += int64(len(line))
		if _, err := out.Write(line); err != nil {
			return err // the reader has closed
		}
	}
	if err := errors.Join(out.Flush(), rows.Err()); err != nil {
		return &parquetError{err}
	}
	return nil
}

// appendRow appends a row as a line: a JSON object.
func appendRow(line []byte, columns []parquetColumn, values []any) []byte {
	for i, c := range columns {
		line = append(append(line, "{,"[min(i, 1)]), c.key...)
		if text, ok := values[i].(string); ok && c.json {
			line = append(line, text...)
		} else {
			line = appendValue(line, values[i])
		}
	}
	if len(columns) == 0 {
		line = append(line, '{')
	}
	return append(line, "}\n"...)
}

// appendValue appends a value of duck.Rows as JSON.
func appendValue(line []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(line, "null"...)
	case bool:
		return strconv.AppendBool(line, v)
	case int64:
		return strconv.AppendInt(line, v, 10)
	case uint64:
		return strconv.AppendUint(line, v, 10)
	case float64:
		switch {
		case math.IsNaN(v):
			return append(line, "null"...)
		case math.IsInf(v, 0): // no JSON number: a text that no column of numbers takes
			return appendText(line, strconv.FormatFloat(v, 'g', -1, 64))
		case v == math.Trunc(v) && math.Abs(v) < 1<<53:
			return strconv.AppendInt(line, int64(v), 10)
		}
		return strconv.AppendFloat(line, v, 'f', -1, 64)
	case duck.Number:
		return append(line, v...)
	case time.Time:
		line = append(line, '"')
		return append(v.AppendFormat(line, time.RFC3339Nano), '"')
	case string:
		return appendText(line, v)
	case []byte:
		return appendText(line, string(v))
	case duck.List:
		line = append(line, '[')
		for i, e := range v {
			if i > 0 {
				line = append(line, ',')
			}
			line = appendValue(line, e)
		}
		return append(line, ']')
	case duck.Struct:
		line = append(line, '{')
		for i, f := range v {
			if i > 0 {
				line = append(line, ',')
			}
			line = appendValue(append(appendText(line, f.Name), ':'), f.Value)
		}
		return append(line, '}')
	}
	return appendText(line, fmt.Sprint(v))
}

// appendText appends text as a JSON string. Bytes that are not UTF-8 stay as they are.
func appendText(line []byte, text string) []byte {
	const hex = "0123456789abcdef"
	line = append(line, '"')
	done := 0
	for i := range len(text) {
		c := text[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		line = append(line, text[done:i]...)
		if done = i + 1; c < ' ' {
			line = append(line, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		} else {
			line = append(line, '\\', c)
		}
	}
	return append(append(line, text[done:]...), '"')
}
