package cases_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"case53/cases"
	"case53/cases/duck"
)

// TestMain lets the tests have workers: this binary is one where it is asked to.
func TestMain(m *testing.M) {
	cases.Work(schemas)
	m.Run()
}

// answer is all that a statement gives.
type answer struct {
	columns []cases.Column
	rows    [][]any
	err     error
}

func answerOf(ctx context.Context, c *cases.Case, sql string, args map[string]any) (a answer) {
	rows, err := c.Query(ctx, sql, args)
	if err != nil {
		return answer{err: err}
	}
	defer rows.Close()
	a.columns = rows.Columns()
	for rows.Next() {
		a.rows = append(a.rows, slices.Clone(rows.Values()))
	}
	a.err = rows.Err()
	return a
}

// TestApartIsTheSame: what is asked apart is answered as it is in this process: columns, values of all types, errors, and the rows
// before one.
func TestApartIsTheSame(t *testing.T) {
	c := openCase(t, smallCase(t))
	apart := c.Apart()
	args := map[string]any{"a": "x' \x1b", "b": int64(-1), "c": nil, "d": 1.5, "e": true, "f": []byte{0, 255}, "g": noon, "h": 7, "i": uint32(8)}
	for _, sql := range []string{
		"SELECT 1", "FROM note ORDER BY ALL", "FROM range(10000) t(n)", "DESCRIBE note", "EXPLAIN FROM note", "SUMMARIZE note", "SELECT 1 WHERE false",
		"SELECT $a, $b, $c, $d, $e, $f, $g, $h, $i", "SELECT $nothing",
		"SELECT true, 1::TINYINT, -32768::SMALLINT, 1::INTEGER, 9223372036854775807, 255::UTINYINT, 18446744073709551615::UBIGINT",
		"SELECT 'nan'::DOUBLE::VARCHAR, 'inf'::DOUBLE, -0.0::FLOAT, 0.1::FLOAT, 1e300",
		"SELECT 170141183460469231731687303715884105727::HUGEINT, 1.10::DECIMAL(38,10), -0.001::DECIMAL(4,3)",
		"SELECT DATE '0001-01-01', TIME '23:59:59.999999', TIMESTAMP '9999-12-31 23:59:59.999999', TIMESTAMP_NS '2026-11-01 00:00:00.123456789'",
		"SELECT TIMESTAMPTZ '2026-11-01 00:00:00+09', INTERVAL '1 month 2 days 3 seconds', gen_random_uuid()::VARCHAR <> '', 'a'::ENUM ('a', 'b')",
		"SELECT [1, NULL], [['a'], []], {'a': 1, 'b': {'c': [NULL]}}, MAP {'k': 'v'}, [1, 2]::INTEGER[2], NULL, '\\x00\\xff'::BLOB",
		"SELECT chr(27) || 'text' || chr(0) || 'ä', repeat('x', 3000000)", "SELECT 'a'::BIT", "SELECT 1::BIGNUM",
		"SELECT CASE WHEN range = 5000 THEN error('row ' || range) ELSE range::VARCHAR END FROM range(9999)",
		"SELEC 1", "SELECT nothing FROM note", "FROM nothing", "SELECT 1; SELECT 2", "", "COPY note TO '/tmp/x'", "FROM read_text('/etc/passwd')",
		"FROM query('SELECT 1')", "SELECT pg_sleep(1)", "SELECT\x00 1", "SELECT 1 // 0", "SELECT 'x'::INTEGER", "SELECT 1" + strings.Repeat(" + 1", 5000),
	} {
		here, there := answerOf(t.Context(), c, sql, args), answerOf(t.Context(), apart, sql, args)
		if !reflect.DeepEqual(here.columns, there.columns) || !reflect.DeepEqual(here.rows, there.rows) {
			t.Errorf("%s:\n%.200v\napart\n%.200v", sql, here, there)
		}
		if fmt.Sprint(here.err) != fmt.Sprint(there.err) {
			t.Errorf("%s: %v\napart %v", sql, here.err, there.err)
		}
		if errors.Is(here.err, cases.ErrRefused) != errors.Is(there.err, cases.ErrRefused) {
			t.Errorf("%s: only one of them is refused: %v", sql, here.err)
		}
		var a, b *duck.Error
		if errors.As(here.err, &a) != errors.As(there.err, &b) || a != nil && *a != *b {
			t.Errorf("%s: %v, apart %v", sql, a, b)
		}
	}
}

// TestParquetApart: the file is the one that is made in this process.
func TestParquetApart(t *testing.T) {
	c := openCase(t, smallCase(t))
	read := func(c *cases.Case, sql string) (string, error) {
		f, err := c.Parquet(t.Context(), sql, map[string]any{"n": 300_000})
		if err != nil {
			return "", err
		}
		defer f.Close()
		b, err := io.ReadAll(f)
		return string(b), err
	}
	for _, sql := range []string{"SELECT range, hash(range) FROM range($n) ORDER BY 1", "SHOW TABLES", "EXPLAIN SELECT 1", "FROM nothing"} {
		here, err := read(c, sql)
		there, errThere := read(c.Apart(), sql)
		if here != there || fmt.Sprint(err) != fmt.Sprint(errThere) || err == nil && len(here) < 100 {
			t.Errorf("%s: %d bytes, %v; apart %d bytes, %v", sql, len(here), err, len(there), errThere)
		}
	}
}

// TestResultApart: a result is read at any row, and two at a time.
func TestResultApart(t *testing.T) {
	c := openCase(t, smallCase(t)).Apart()
	var all []*cases.Result
	for i := range 2 {
		r, err := c.Result(t.Context(), "SELECT $i::INTEGER, range FROM range(100000)", map[string]any{"i": i})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		all = append(all, r)
	}
	for _, off := range []int{0, 99_990, 5000} {
		for i, r := range all {
			rows, err := r.Fetch(t.Context(), off, 10)
			if want := fmt.Sprint(i, off+9); err != nil || len(rows) != 10 || rows[9][0].Text+" "+rows[9][1].Text != want {
				t.Errorf("%v, %v, want %s", rows, err, want)
			}
		}
	}
}

// workers are the processes that this one has started.
func workers(t *testing.T) (pids []int) {
	t.Helper()
	lists, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil || len(lists) == 0 {
		t.Skip("the system does not tell a process's children")
	}
	for _, list := range lists {
		text, err := os.ReadFile(list)
		if err != nil {
			continue // the thread has ended
		}
		for _, field := range strings.Fields(string(text)) {
			pid, err := strconv.Atoi(field)
			if err != nil {
				t.Fatal(err)
			}
			pids = append(pids, pid)
		}
	}
	return pids
}

// worker is the one worker that there is.
func worker(t *testing.T) int {
	t.Helper()
	pids := workers(t)
	if len(pids) != 1 {
		t.Fatalf("%d workers", len(pids))
	}
	return pids[0]
}

// TestWorkerIsBounded: a worker has bounds, its own process group, and nothing of this process's environment.
func TestWorkerIsBounded(t *testing.T) {
	t.Setenv("AWS_SECRET_ACCESS_KEY", "SECRET")
	c := openCase(t, smallCase(t))
	one(t, c.Apart(), "SELECT 1")
	pid := worker(t)
	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", pid))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(string(limits)), " ")
	for _, want := range []string{"Max core file size 0 0 bytes", "Max open files 256 256 files", "Max address space 6442450944 6442450944 bytes"} {
		if !strings.Contains(text, want) {
			t.Errorf("not %q in\n%s", want, limits)
		}
	}
	environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil || strings.Contains(string(environ), "SECRET") || !strings.Contains(string(environ), "TMPDIR=") {
		t.Errorf("%q, %v", environ, err)
	}
	if group, err := syscall.Getpgid(pid); err != nil || group != pid {
		t.Errorf("group %d, %v", group, err)
	}
}

// TestWorkerEnds: whatever ends a worker ends what it was running with a clear error, and the next statement has another.
func TestWorkerEnds(t *testing.T) {
	c := openCase(t, smallCase(t)).Apart()
	for _, x := range []struct {
		signal syscall.Signal
		want   string
	}{
		{syscall.SIGKILL, "it was killed, as happens where the machine runs out of memory"},
		{syscall.SIGSEGV, "it crashed (SIGSEGV: segmentation violation)"},
		{syscall.SIGABRT, "it crashed (SIGABRT: abort)"},
	} {
		rows, err := c.Query(t.Context(), "FROM range(1000000000)", nil)
		if err != nil || !rows.Next() {
			t.Fatal(err, rows.Err())
		}
		if err := syscall.Kill(worker(t), x.signal); err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
		}
		if err := rows.Err(); !errors.Is(err, cases.ErrWorker) || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%v, want %s", err, x.want)
		}
		rows.Close()
		if got := one(t, c, "SELECT 42"); got != "42" {
			t.Error(got)
		}
	}
}

// TestMemoryOfAWorker: values that take more than a worker may have end in an error, and this process hardly grows.
func TestMemoryOfAWorker(t *testing.T) {
	c := openCase(t, smallCase(t)).Apart()
	for _, sql := range []string{"SELECT len(range(0, 2000000000))", "SELECT repeat('x', 70000000)"} {
		if a := answerOf(t.Context(), c, sql, nil); a.err == nil {
			t.Errorf("%s: %d rows", sql, len(a.rows))
		}
		if got := one(t, c, "SELECT 42"); got != "42" {
			t.Error(got)
		}
	}
}

// TestCancelApart: whoever gives up is let go within a second, though the worker does not listen; then there is another.
func TestCancelApart(t *testing.T) {
	c := openCase(t, smallCase(t)).Apart()
	one(t, c, "SELECT 1")
	const endless = "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range + b.range = -1"
	for _, deaf := range []bool{false, true} {
		before := worker(t)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- answerOf(ctx, c, endless, nil).err }()
		time.Sleep(100 * time.Millisecond)
		if deaf {
			if err := syscall.Kill(before, syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
		}
		began := time.Now()
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if took := time.Since(began); took > 3*time.Second { // one on a machine that has nothing else to do
			t.Errorf("let go after %s", took)
		}
		if got := one(t, c, "SELECT 42"); got != "42" {
			t.Error(got)
		}
		if same := worker(t) == before; same == deaf {
			t.Errorf("deaf %t, the same worker %t", deaf, same)
		}
	}
}

// TestClosedCaseHasNoWorker: with the case its worker ends.
func TestClosedCaseHasNoWorker(t *testing.T) {
	c, err := cases.Open(t.Context(), smallCase(t), schemas())
	if err != nil {
		t.Fatal(err)
	}
	apart := c.Apart()
	rows, err := apart.Query(t.Context(), "FROM range(1000000000)", nil)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	for rows.Next() {
	}
	rows.Close()
	if pids := workers(t); len(pids) > 0 {
		t.Errorf("workers %v", pids)
	}
	if _, err := apart.Query(t.Context(), "SELECT 1", nil); err == nil {
		t.Error("a closed case answers")
	}
}
