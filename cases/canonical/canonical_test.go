package canonical_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"case53/cases/canonical"
	"case53/cases/duck"
	"case53/cases/duck/ducktest"
)

// values has every type, and what is hard to carry in each.
const values = `SELECT * FROM (VALUES
	(1::UINTEGER, true, 255::UTINYINT, 65535::USMALLINT, (-32768)::SMALLINT, (-2147483648)::INTEGER, 9223372036854775807::BIGINT,
	 TIMESTAMP '1969-12-31 23:59:59.999999', 340282366920938463463374607431768211455::UHUGEINT, 0.1::FLOAT, 1e-300::DOUBLE, 'plain', 'ab'::BLOB),
	(2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(3, false, 0, 0, 0, 0, 0, TIMESTAMP '2026-11-01 12:00:00', 18446744073709551616, -3.5, 0, '', ''::BLOB),
	(4, false, 0, 0, 0, 0, -1, TIMESTAMP '2026-11-01 12:00:00', 7, 4.25, 2.5,
		chr(9) || chr(10) || chr(13) || chr(0) || '%41\N "quoted",' || chr(27) || 'ü日 ', '\x00\xFF'::BLOB),
	(5, false, 0, 0, 0, 0, 0, TIMESTAMP '2026-11-01 12:00:00', 0, 0, 1e22, '\N', '\x0A'::BLOB),
	(6, false, 0, 0, 0, 0, 0, TIMESTAMP '2026-11-01 12:00:00', 0, 0, 1, ' =a+b ', '\x0A'::BLOB)
) t(row_no, flag, tiny, small, less, "int", "large", "at", huge, part, "double", "text", bytes) ORDER BY row_no`

// written is the text of a statement's rows.
func written(t testing.TB, c *duck.Conn, sql string) (string, []duck.Column) {
	t.Helper()
	rows, err := c.Query(t.Context(), sql, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var text bytes.Buffer
	if _, err := canonical.Write(&text, rows.Columns(), rows); err != nil {
		t.Fatal(err)
	}
	return text.String(), rows.Columns()
}

// TestThereAndBack: what is written is read as the same values, by the reader and by the SQL that a stock duckdb is given.
func TestThereAndBack(t *testing.T) {
	c := ducktest.Connect(t, "", nil)
	text, columns := written(t, c, values)
	for _, b := range []byte(text) {
		if (b < ' ' || b > '~') && b != '\n' && b != '\t' {
			t.Fatalf("byte %#x", b)
		}
	}
	line := strings.Split(text, "\n")[4]
	if want := "4\tfalse\t0\t0\t0\t0\t-1\t1793534400000000\t7\t4.25\t2.5\t%09%0A%0D%00%2541%5CN \"quoted\",%1B%C3%BC%E6%97%A5 \t00ff"; line != want {
		t.Errorf("%s\nwant\n%s", line, want)
	}
	r, err := canonical.NewReader(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var again bytes.Buffer
	if n, err := canonical.Write(&again, r.Columns, r); err != nil || n != 6 || again.String() != text {
		t.Errorf("read and written again: %d, %v\n%s\nwant\n%s", n, err, again.String(), text)
	}
	file := filepath.Join(t.TempDir(), "a.txt")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := c.Exec(t.Context(), canonical.Load("loaded", file, columns)); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{"FROM loaded EXCEPT ALL (" + values + ")", "(" + values + ") EXCEPT ALL FROM loaded"} {
		if row, err := c.QueryRow(t.Context(), sql, nil); err != nil || row != nil {
			t.Errorf("%v, %v", row, err)
		}
	}
}

// TestRefused: a text that would not have been written.
func TestRefused(t *testing.T) {
	c := ducktest.Connect(t, "", nil)
	for _, text := range []string{
		"", "a", "a INTEGER", "a THING\n", "a INTEGER\n1", "a INTEGER\n01\n", "a INTEGER\n+1\n", "a INTEGER\n1\t2\n", "a INTEGER\n\n", "a VARCHAR\n\t\n",
		"a INTEGER\tb INTEGER\n1\n", "a INTEGER\n2147483648\n", "a VARCHAR\n%41\n", "a VARCHAR\n%0a\n", "a VARCHAR\n%0\n", "a VARCHAR\nü\n", "a VARCHAR\n%FF\n",
		"a VARCHAR\n\\\n", "a BLOB\nFF\n", "a BLOB\nf\n", "a BOOLEAN\n1\n", "a UHUGEINT\n-1\n", "a UHUGEINT\n340282366920938463463374607431768211456\n",
		"a DOUBLE\n1.0\n", "a FLOAT\n1e400\n", "a TIMESTAMP\n2026-11-01\n",
	} {
		r, err := canonical.NewReader(strings.NewReader(text))
		for more := err == nil; more; {
			_, more = r.NextChunk()
			err = r.Err()
		}
		if !errors.Is(err, canonical.ErrMalformed) {
			t.Errorf("%q: %v", text, err)
		}
	}
	rows, err := c.Query(t.Context(), "SELECT 1::HUGEINT AS n", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if _, err := canonical.Write(&bytes.Buffer{}, rows.Columns(), rows); err == nil {
		t.Error("a type without a text was written")
	}
}

// TestBounded: a text of somebody else's costs no more than its bytes: neither columns without end nor a number of millions of digits.
func TestBounded(t *testing.T) {
	began := time.Now()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for what, text := range map[string]string{
		"columns": strings.Repeat("a UHUGEINT\t", 1<<18) + "a UHUGEINT\n" + strings.Repeat("1\t", 1<<18) + "1\n",
		"a name":  strings.Repeat("a", 1<<20) + " UHUGEINT\n1\n",
		"digits":  "a UHUGEINT\n1" + strings.Repeat("0", 32<<20) + "\n",
	} {
		r, err := canonical.NewReader(strings.NewReader(text))
		if err == nil {
			r.NextChunk()
			err = r.Err()
		}
		if !errors.Is(err, canonical.ErrMalformed) || len(err.Error()) > 500 {
			t.Errorf("%s: %.500v", what, err)
		}
	}
	long, err := canonical.NewReader(strings.NewReader("a VARCHAR\n" + strings.Repeat(strings.Repeat("x", 1<<20)+"\n", 40)))
	if err != nil {
		t.Fatal(err)
	}
	if chunk, more := long.NextChunk(); !more || chunk.N != 16 {
		t.Errorf("%d rows of a MiB each at a time", chunk.N)
	}
	runtime.ReadMemStats(&after)
	if took := time.Since(began); after.TotalAlloc-before.TotalAlloc > 1<<30 || took > time.Minute {
		t.Errorf("%d MiB, %s", (after.TotalAlloc-before.TotalAlloc)>>20, took)
	}
}

// FuzzReader: what is read is what would be written, and a reject's MiB fits.
func FuzzReader(f *testing.F) {
	f.Add("a INTEGER\tb VARCHAR\n1\t%00\n\\N\t\n")
	f.Add("a BLOB\tb DOUBLE\tc UHUGEINT\n00ff\t1e-300\t18446744073709551616\n")
	f.Add("a VARCHAR\n" + strings.Repeat("x", 1<<19) + "\n")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := canonical.NewReader(strings.NewReader(text))
		if err != nil {
			return
		}
		var out bytes.Buffer
		if _, err := canonical.Write(&out, r.Columns, r); err == nil && out.String() != text {
			t.Errorf("%q is read as %q", text, out.String())
		}
	})
}
