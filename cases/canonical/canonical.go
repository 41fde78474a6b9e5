// Package canonical is a table as a text that anybody can read and nothing runs: a line a row, a tab between fields, in ASCII alone.
// It is the form in which a bag has the tables whose content digests are noted (package digest), for whoever trusts no database file.
//
// The first line has the columns, each its name, a blank and DuckDB's name of its type. A value is
//
//	\N                NULL
//	VARCHAR           its UTF-8, each byte that is not a printable ASCII character, and each % and \, as %NN in upper-case digits
//	BLOB              lower-case hexadecimal digits, two a byte
//	TIMESTAMP         microseconds since 1970, UTC
//	BOOLEAN           true or false
//	whole numbers     decimal digits, a - before what is below zero
//	FLOAT, DOUBLE     the fewest digits that give the same number again
//
// Rules: one value has one text, and one text one value: the reader takes nothing that the writer would not have written. Every line
// ends with LF. The package refuses types that it has no text for.
package canonical

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strconv"
	"strings"

	"case53/cases/duck"
)

// null is a value that is not there. No other has a backslash.
const null = `\N`

// Chunks are rows as columns, some at a time.
type Chunks interface {
	NextChunk() (duck.Chunk, bool)
	Err() error
}

// Write writes a table, and gives the number of its rows.
func Write(w io.Writer, columns []duck.Column, rows Chunks) (n int64, err error) {
	out := bufio.NewWriterSize(w, 1<<18)
	line := []byte{}
	for i, c := range columns {
		if _, ok := kinds[c.Type]; !ok {
			return 0, fmt.Errorf("column %s: no text of a %s", c.Name, c.Type)
		}
		line = tab(line, i)
		line = append(append(append(line, c.Name...), ' '), c.Type...)
	}
	if _, err := out.Write(append(line, '\n')); err != nil {
		return 0, err
	}
	for {
		chunk, more := rows.NextChunk()
		if !more {
			break
		}
		for row := range chunk.N {
			line = line[:0]
			for i, col := range chunk.Cols {
				if line = tab(line, i); !duck.Has(chunk.Valid[i], row) {
					line = append(line, null...)
				} else if line, err = appendValue(line, col, columns[i].Type, row); err != nil {
					return n, fmt.Errorf("column %s: %w", columns[i].Name, err)
				}
			}
			if _, err := out.Write(append(line, '\n')); err != nil {
				return n, err
			}
			n++
		}
	}
	return n, errors.Join(rows.Err(), out.Flush())
}

func tab(line []byte, column int) []byte {
	if column > 0 {
		line = append(line, '\t')
	}
	return line
}

// appendValue adds the text of a value.
func appendValue(b []byte, col any, typ string, row int) ([]byte, error) {
	switch col := col.(type) {
	case []bool:
		return strconv.AppendBool(b, col[row]), nil
	case []uint8:
		return strconv.AppendUint(b, uint64(col[row]), 10), nil
	case []uint16:
		return strconv.AppendUint(b, uint64(col[row]), 10), nil
	case []uint32:
		return strconv.AppendUint(b, uint64(col[row]), 10), nil
	case []int16:
		return strconv.AppendInt(b, int64(col[row]), 10), nil
	case []int32:
		return strconv.AppendInt(b, int64(col[row]), 10), nil
	case []int64:
		return strconv.AppendInt(b, col[row], 10), nil
	case []float32:
		return strconv.AppendFloat(b, float64(col[row]), 'g', -1, 32), nil
	case []float64:
		return strconv.AppendFloat(b, col[row], 'g', -1, 64), nil
	case [][2]uint64:
		if col[row][1] == 0 {
			return strconv.AppendUint(b, col[row][0], 10), nil
		}
		n := new(big.Int).SetUint64(col[row][1])
		return n.Or(n.Lsh(n, 64), new(big.Int).SetUint64(col[row][0])).Append(b, 10), nil
	case [][]byte:
		if typ == "BLOB" {
			return hex.AppendEncode(b, col[row]), nil
		}
		return appendText(b, col[row]), nil
	}
	return b, fmt.Errorf("no text of a %T", col)
}

// plain says whether a byte stands for itself.
func plain(c byte) bool { return c >= ' ' && c <= '~' && c != '%' && c != '\\' }

func appendText(b, text []byte) []byte {
	const digits = "0123456789ABCDEF"
	for _, c := range text {
		if plain(c) {
			b = append(b, c)
		} else {
			b = append(b, '%', digits[c>>4], digits[c&15])
		}
	}
	return b
}

// Load is SQL with which a stock duckdb makes the table again from the file.
func Load(table, file string, columns []duck.Column) string {
	var names, values []string
	for _, c := range columns {
		name := `"` + strings.ReplaceAll(c.Name, `"`, `""`) + `"`
		names = append(names, "'"+strings.ReplaceAll(c.Name, "'", "''")+"': 'VARCHAR'")
		switch c.Type {
		case "VARCHAR":
			values = append(values, fmt.Sprintf("url_decode(%[1]s) AS %[1]s", name))
		case "BLOB":
			values = append(values, fmt.Sprintf("unhex(%[1]s) AS %[1]s", name))
		case "TIMESTAMP":
			values = append(values, fmt.Sprintf("make_timestamp(%[1]s::BIGINT) AS %[1]s", name))
		default:
			values = append(values, fmt.Sprintf("%[1]s::%[2]s AS %[1]s", name, c.Type))
		}
	}
	return fmt.Sprintf("CREATE TABLE %s AS SELECT %s\nFROM read_csv('%s', columns = {%s},\n  %s);\n", table, strings.Join(values, ", "), file,
		strings.Join(names, ", "), `delim = '\t', quote = '', escape = '', comment = '', header = false, skip = 1, nullstr = '\N', `+
			`auto_detect = false, parallel = false, max_line_size = 16777216`)
}
