package cases

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"case53/cases/duck"
	"case53/cases/internal/layout"
)

// Parquet runs a query, as Query does, and gives its result as a Parquet file, which is gone when it is closed. The file is written
// by a second, equally read-only instance of the database, whose only way out is one empty folder.
func (c *Case) Parquet(ctx context.Context, sql string, args map[string]any) (*os.File, error) {
	if c.db == nil {
		return c.parquetApart(ctx, sql, args)
	}
	dir, err := os.MkdirTemp(c.temp, "parquet-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	options := c.options(dir)
	options.Out = dir
	db, _, err := layout.Open(ctx, c.Dir, options)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	if why := db.State.Why(); c.NotReady == nil && why != "" { // it has gone since the case was opened
		return nil, fmt.Errorf("%w: %s: %s", layout.ErrNotReady, c.Dir, why)
	}
	conn, err := db.Connect()
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	path := filepath.Join(dir, "result.parquet")
	if err := c.writeParquet(ctx, conn, path, sql, args); err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return f, os.Remove(path)
}

// ParquetFile is a query and the name of the file that its rows go to.
type ParquetFile struct{ Name, SQL string }

// ParquetFiles writes files into the folder dir: a second, equally read-only instance of the database can write there and nowhere
// else. It works with one thread, so that the same rows give the same bytes.
func (c *Case) ParquetFiles(ctx context.Context, dir string, files []ParquetFile) error {
	options := layout.Options{Known: c.known, ReadOnly: true, Temp: c.temp, Memory: readerMemory, Out: dir, More: "SET threads=1;"}
	db, _, err := layout.Open(ctx, c.Dir, options)
	if err != nil {
		return err
	}
	defer db.Close()
	conn, err := db.Connect()
	if err != nil {
		return err
	}
	defer conn.Close()
	for _, f := range files {
		if err := c.writeParquet(ctx, conn, filepath.Join(dir, f.Name), f.SQL, nil); err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return nil
}

// describes finds the statements that give a table and are no query by DuckDB's grammar.
var describes = regexp.MustCompile(`(?is)^(\s|--[^\n]*\n|/\*.*?\*/)*(DESCRIBE|DESC|SHOW|SUMMARIZE)\b`)

func (c *Case) writeParquet(ctx context.Context, conn *duck.Conn, path, sql string, args map[string]any) error {
	if err := c.admit(ctx, conn, sql); err != nil {
		return err
	}
	sql = strings.TrimRight(strings.TrimSpace(sql), ";")
	switch {
	case explains.MatchString(sql):
		return errors.New("EXPLAIN gives a plan, which is no table: it cannot be written as Parquet\nhint: -o table or -o json")
	case describes.MatchString(sql):
		sql = "SELECT * FROM (\n" + sql + "\n)" // COPY takes a query alone
	}
	sql, err := exactly(ctx, conn, sql, args)
	if err != nil {
		return err
	}
	return conn.Run(ctx, "COPY (\n"+sql+"\n) TO "+layout.Quote(path)+" (FORMAT parquet)", args)
}

// inexact are the types that DuckDB makes others of in Parquet, which hold less: numbers of 128 bits become fractions of 53, spans of
// time lose what is under a millisecond.
var inexact = regexp.MustCompile(`\b(UHUGEINT|HUGEINT|INTERVAL)\b`)

// exactly gives the same rows in types that Parquet holds whole. Sums stay numbers, of 38 digits; one that has more is an error of the
// statement. Addresses as numbers, and spans of time, are text.
func exactly(ctx context.Context, conn *duck.Conn, sql string, args map[string]any) (string, error) {
	var casts []string
	err := conn.Each(ctx, "DESCRIBE SELECT * FROM (\n"+sql+"\n)", args, func(v []any) {
		name, kind := fmt.Sprint(v[0]), fmt.Sprint(v[1])
		if holds := inexact.ReplaceAllStringFunc(kind, func(word string) string {
			if word == "HUGEINT" {
				return "DECIMAL(38, 0)"
			}
			return "VARCHAR"
		}); holds != kind {
			casts = append(casts, fmt.Sprintf("CAST(%[1]s AS %[2]s) AS %[1]s", quoted(name), holds))
		}
	})
	if err != nil || len(casts) == 0 {
		return sql, err
	}
	return "SELECT * REPLACE (" + strings.Join(casts, ", ") + ") FROM (\n" + sql + "\n)", nil
}
