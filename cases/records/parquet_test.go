package records

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"case53/cases/duck/ducktest"
	"case53/cases/raw"
)

// parquetOf writes what a query gives as a Parquet file.
func parquetOf(t testing.TB, sql string) string {
	t.Helper()
	c := ducktest.Connect(t, "", nil)
	path := filepath.Join(t.TempDir(), "rows.parquet")
	if err := c.Exec(t.Context(), "SET TimeZone='America/New_York'; COPY ("+sql+") TO '"+path+"' (FORMAT parquet, COMPRESSION zstd)"); err != nil {
		t.Fatal(err)
	}
	return path
}

// stored puts a file into a raw store and opens it.
func stored(t testing.TB, path string) (*Stored, error) {
	t.Helper()
	store := raw.Open(t.TempDir())
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sha, _, err := store.Put(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	return Open(t.Context(), store, sha)
}

// TestParquetValues: every kind of value becomes the JSON that says the same.
func TestParquetValues(t *testing.T) {
	for _, c := range []struct{ sql, want string }{
		{"2::INTEGER", "2"},
		{"18446744073709551615::UBIGINT", "18446744073709551615"},
		{"NULL::INTEGER", "null"},
		{"'nan'::DOUBLE", "null"},
		{"'nan'::FLOAT", "null"},
		{"44321::DOUBLE", "44321"},
		{"1760000000.125::DOUBLE", "1760000000.125"},
		{"'-inf'::DOUBLE", `"-Inf"`},
		{"9007199254740993::DECIMAL(20,0)", "9007199254740993"},
		{"-0.50::DECIMAL(9,2)", "-0.50"},
		{"true", "true"},
		{`'a"b\c' || chr(10) || chr(31) || 'ß'`, `"a\"b\\c\u000a\u001fß"`},
		{"'10.0.0.1'::BLOB", `"10.0.0.1"`},
		{`'caf\xE9'::BLOB`, "\"caf\xe9\""},
		{"DATE '2025-10-09'", `"2025-10-09"`},
		{"TIMESTAMP '2025-10-09 08:53:20.123456'", `"2025-10-09T08:53:20.123456Z"`},
		{"TIMESTAMP_NS '2025-10-09 08:53:20.123456789'", `"2025-10-09T08:53:20.123456789Z"`},
		{"TIMESTAMPTZ '2025-10-09 10:53:20.5+02'", `"2025-10-09T08:53:20.5Z"`},
		{"TIMETZ '10:53:20+02'", `"08:53:20+00"`},
		{"[{'Rdata': '192.0.2.1', 'Type': NULL}]", `[{"Rdata":"192.0.2.1","Type":null}]`},
		{"{'at': TIMESTAMP '2025-10-09 08:53:20', 'x': ['nan'::DOUBLE]}", `{"at":"2025-10-09T08:53:20Z","x":[null]}`},
		{"MAP {'instance': 'i-1'}", `{"instance":"i-1"}`},
		{"[]::VARCHAR[]", "[]"},
		{"uuid '6a2f41a3-c54c-fce8-32d2-0324e1c32e22'", `"6a2f41a3-c54c-fce8-32d2-0324e1c32e22"`},
	} {
		r, err := stored(t, parquetOf(t, `SELECT `+c.sql+` AS "the ""value"""`))
		if err != nil {
			t.Errorf("%s: %v", c.sql, err)
			continue
		}
		rec, err := r.Next()
		if err != nil {
			t.Errorf("%s: %v", c.sql, err)
		} else if got, want := string(rec.Data), `{"the \"value\"":`+c.want+"}"; got != want {
			t.Errorf("%s: got %s, want %s", c.sql, got, want)
		}
		r.Close()
	}
}

// TestParquetZones: a time without a zone is read as UTC, and that is on record; one with a zone needs no such word.
func TestParquetZones(t *testing.T) {
	r, err := stored(t, parquetOf(t, `SELECT TIMESTAMPTZ '2025-10-09 08:53:20+00' AS a, TIMESTAMP '2025-10-09 08:53:20' AS b, 1 AS c`))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got := r.Envelope(); got != "parquet (without a zone, read as UTC: b)" {
		t.Errorf("envelope %q", got)
	}
}

func TestParquetWithoutARow(t *testing.T) {
	_, err := stored(t, parquetOf(t, "SELECT 1 AS version WHERE false"))
	if !errors.Is(err, ErrEmpty) || err.Error() != "a Parquet file without a row" {
		t.Error(err)
	}
}

// TestParquetThatNumbersItsRows: a column of the name that DuckDB uses is a column like any other.
func TestParquetThatNumbersItsRows(t *testing.T) {
	r, err := stored(t, parquetOf(t, "SELECT 7 AS file_row_number, 1 AS version"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if rec, err := r.Next(); err != nil || string(rec.Data) != `{"file_row_number":7,"version":1}` {
		t.Errorf("%v, %v", rec, err)
	}
}

// readParquet reads a file to its end within bounds.
func readParquet(ctx context.Context, path string, most parquetBounds) (rows int, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	p, err := openParquetRows(ctx, path, info.Size(), most)
	if err != nil {
		return 0, err
	}
	defer p.Close()
	lines := bufio.NewReader(p)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return rows, err
		}
		if rows++; !json.Valid(line) {
			return rows, errors.New("not JSON: " + string(line))
		}
	}
}

// TestParquetBounds: a small file of very many rows ends at a bound that says how far it came, soon and in little memory.
func TestParquetBounds(t *testing.T) {
	const rows = 10_000_000
	path := parquetOf(t, "SELECT '10.0.0.1' AS srcaddr, '10.0.0.2' AS dstaddr, 1760000000::BIGINT AS start FROM range(10000000)")
	info, err := os.Stat(path)
	if err != nil || info.Size() > 256<<10 {
		t.Fatalf("%d bytes, %v", info.Size(), err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	got, err := readParquet(t.Context(), path, usualParquet)
	var damaged *parquetError
	if !errors.As(err, &damaged) || !strings.Contains(err.Error(), "out of all proportion") || got == 0 || got == rows {
		t.Errorf("%d rows, %v", got, err)
	}
	if took := time.Since(began); took > time.Minute {
		t.Errorf("took %v", took)
	}
	if runtime.ReadMemStats(&after); after.HeapInuse > before.HeapInuse+256<<20 {
		t.Errorf("%d bytes in use, %d before", after.HeapInuse, before.HeapInuse)
	}
	got, err = readParquet(t.Context(), path, parquetBounds{rows: 5000, ratio: 1 << 40, first: 1 << 40})
	if got != 5000 || err == nil || !strings.Contains(err.Error(), "stopped after 5000 rows, the most") {
		t.Errorf("%d rows, %v", got, err)
	}
	// An ordinary file does not come near.
	if got, err := readParquet(t.Context(), parquetOf(t, "SELECT i AS packets FROM range(300000) r(i)"), usualParquet); got != 300_000 || err != io.EOF {
		t.Errorf("%d rows, %v", got, err)
	}
}

// TestParquetGivenUp: a reader that stops early ends the reading.
func TestParquetGivenUp(t *testing.T) {
	path := parquetOf(t, "SELECT i AS packets FROM range(1000000) r(i)")
	before := runtime.NumGoroutine()
	for range 5 {
		p, err := openParquetRows(t.Context(), path, 1<<20, usualParquet)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(p, make([]byte, 100)); err != nil {
			t.Fatal(err)
		}
		p.Close()
	}
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
}

// FuzzParquet: no file makes the reader panic, hang, or give what is no JSON; what is wrong with it is damage.
func FuzzParquet(f *testing.F) {
	for _, sql := range []string{
		"SELECT 2 AS version, '10.0.0.1' AS srcaddr, 1760000000::BIGINT AS start, 'nan'::DOUBLE AS bytes FROM range(20)",
		"SELECT TIMESTAMP '2025-10-09 08:53:20' AS query_timestamp, [{'rdata': 'a.', 'type': 'A'}] AS answers, MAP {'a': 1} AS m, 'x'::BLOB AS b",
	} {
		text, err := os.ReadFile(parquetOf(f, sql))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(dir, "fuzz.parquet")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := readParquet(t.Context(), path, parquetBounds{rows: 1000, ratio: 1000, first: 1 << 20})
		var damaged *parquetError
		if err != io.EOF && !errors.As(err, &damaged) {
			t.Fatal(err)
		}
	})
}
