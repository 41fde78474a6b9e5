package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"case53/cmd/case53/demo"
)

// TestOwnExportsLoadAgain writes the records of a case to a file, in every format that has columns, and loads that into another
// case: the rows are the same, but for where they are kept. Answers are a table of their own: that they are missing is said.
func TestOwnExportsLoadAgain(t *testing.T) {
	dir := t.TempDir()
	if _, err := demo.Write(dir); err != nil {
		t.Fatal(err)
	}
	zones, err := filepath.Glob(filepath.Join(dir, "incident", "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	source := filepath.Join(dir, "a.case")
	args := []string{"load", "--quiet", source, filepath.Join(dir, "replay")}
	for _, path := range zones {
		if !strings.Contains(path, "AWSLogs") {
			args = append(args, path)
		}
	}
	if code, _ := run1(t, args...); code != exitFine {
		t.Fatalf("exit %d", code)
	}
	digest := func(target, table string) string {
		t.Helper()
		sql := "SELECT count(*) AS n, sum(hash(COLUMNS(* EXCLUDE (object_id, row_no, capture))))::VARCHAR FROM " + table
		code, text := run1(t, "query", target, "--json", "--sql", sql)
		if code != exitFine {
			t.Fatalf("%s: exit %d", table, code)
		}
		return text
	}
	for _, table := range []string{"flow", "dns", "zone"} {
		want := digest(source, table)
		if strings.Contains(want, `"n": 0,`) {
			t.Fatalf("no %s records", table)
		}
		for _, format := range []string{"csv", "json", "jsonl", "parquet"} {
			t.Run(table+"/"+format, func(t *testing.T) {
				code, text := run1(t, "query", source, "-o", format, "--sql", "FROM "+table+" ORDER BY object_id, row_no")
				file, target := filepath.Join(t.TempDir(), "export."+format), filepath.Join(t.TempDir(), "b.case")
				if err := os.WriteFile(file, []byte(text), 0o600); err != nil || code != exitFine {
					t.Fatalf("exit %d, %v", code, err)
				}
				var said strings.Builder
				if code := run(t.Context(), []string{"load", "--quiet", target, file}, strings.NewReader(""), &said, &said); code != exitFine {
					t.Fatalf("exit %d: %s", code, said.String())
				}
				if got := digest(target, table); got != want {
					t.Errorf("%s\nwant\n%s", got, want)
				}
				if table == "dns" && !strings.Contains(said.String(), "the answers of the queries are not in it") {
					t.Errorf("that the answers are not in it is not said: %s", said.String())
				}
			})
		}
	}
}
