package duck

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"
)

func connect(t *testing.T) *Conn {
	t.Helper()
	db, err := Open("", map[string]string{"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})
	if err != nil {
		t.Fatal(err)
	}
	c, err := db.Connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); db.Close() })
	if err := c.Exec(t.Context(), "SET TimeZone='UTC'"); err != nil {
		t.Fatal(err)
	}
	return c
}

// value is an expression of SQL, its type and what is read.
type value struct {
	sql, typ string
	want     any
}

var values = []value{
	{"true", "BOOLEAN", true},
	{"'-128'::TINYINT", "TINYINT", int64(-128)},
	{"'-32768'::SMALLINT", "SMALLINT", int64(-32768)},
	{"'-2147483648'::INTEGER", "INTEGER", int64(-2147483648)},
	{"'-9223372036854775808'::BIGINT", "BIGINT", int64(-9223372036854775808)},
	{"255::UTINYINT", "UTINYINT", int64(255)},
	{"65535::USMALLINT", "USMALLINT", int64(65535)},
	{"4294967295::UINTEGER", "UINTEGER", int64(4294967295)},
	{"18446744073709551615::UBIGINT", "UBIGINT", uint64(18446744073709551615)},
	{"'-170141183460469231731687303715884105728'::HUGEINT", "HUGEINT", Number("-170141183460469231731687303715884105728")},
	{"'-1'::HUGEINT", "HUGEINT", Number("-1")},
	{"340282366920938463463374607431768211455::UHUGEINT", "UHUGEINT", Number("340282366920938463463374607431768211455")},
	{"1.5::FLOAT", "FLOAT", 1.5},
	{"-1e300::DOUBLE", "DOUBLE", -1e300},
	{"-0.05::DECIMAL(4,2)", "DECIMAL", Number("-0.05")},
	{"123456.789::DECIMAL(9,3)", "DECIMAL", Number("123456.789")},
	{"-12345678901.2345::DECIMAL(18,4)", "DECIMAL", Number("-12345678901.2345")},
	{"12345678901234567890123456789012345678::DECIMAL(38,0)", "DECIMAL", Number("12345678901234567890123456789012345678")},
	{"'short'", "VARCHAR", "short"},
	{"'longer than twelve bytes, 長い'", "VARCHAR", "longer than twelve bytes, 長い"},
	{"chr(0) || 'x'", "VARCHAR", "\x00x"},
	{`'\x00\xFF'::BLOB`, "BLOB", []byte{0, 0xff}},
	{"TIMESTAMP '2026-11-01 10:00:00.123456'", "TIMESTAMP", moment("2026-11-01T10:00:00.123456Z")},
	{"TIMESTAMP '1970-01-01'", "TIMESTAMP", moment("1970-01-01T00:00:00Z")},
	{"TIMESTAMP '2999-12-31 23:59:59'", "TIMESTAMP", moment("2999-12-31T23:59:59Z")},
	{"TIMESTAMP '1899-12-31 23:59:59.5'", "TIMESTAMP", moment("1899-12-31T23:59:59.5Z")},
	{"TIMESTAMPTZ '2026-11-01 10:00:00+02'", "TIMESTAMPTZ", moment("2026-11-01T08:00:00Z")},
	{"'2026-11-01 10:00:00'::TIMESTAMP_S", "TIMESTAMP_S", moment("2026-11-01T10:00:00Z")},
	{"'2026-11-01 10:00:00.5'::TIMESTAMP_MS", "TIMESTAMP_MS", moment("2026-11-01T10:00:00.5Z")},
	{"'2026-11-01 10:00:00.000000001'::TIMESTAMP_NS", "TIMESTAMP_NS", moment("2026-11-01T10:00:00.000000001Z")},
	{"DATE '2024-02-29'", "DATE", "2024-02-29"},
	{"'b'::ENUM('a', 'b')", "ENUM", "b"},
	{"'0a000000-0000-0000-0000-00000000000b'::UUID", "UUID", "0a000000-0000-0000-0000-00000000000b"},
	{"'ffffffff-ffff-ffff-ffff-ffffffffffff'::UUID", "UUID", "ffffffff-ffff-ffff-ffff-ffffffffffff"},
	{"[1, NULL, 3]", "LIST", List{int64(1), nil, int64(3)}},
	{"[]::INTEGER[]", "LIST", List{}},
	{"[['a'], [], NULL]", "LIST", List{List{"a"}, List{}, nil}},
	{"[1, 2]::INTEGER[2]", "ARRAY", List{int64(1), int64(2)}},
	{"{a: 1, b: 'x', c: NULL::INTEGER}", "STRUCT", Struct{{"a", int64(1)}, {"b", "x"}, {"c", nil}}},
	{"MAP {'k': 1}", "MAP", List{Struct{{"key", "k"}, {"value", int64(1)}}}},
	{"NULL::INTEGER", "INTEGER", nil},
	{"NULL::INTEGER[]", "LIST", nil},
}

func moment(text string) time.Time {
	when, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err)
	}
	return when
}

// TestValues reads every type, at its ends and as NULL.
func TestValues(t *testing.T) {
	c := connect(t)
	for _, v := range values {
		readsValue(t, c, v)
	}
	_, err := c.QueryRow(t.Context(), "SELECT '101'::BIT AS flags", nil)
	if err == nil || !strings.Contains(err.Error(), "flags") || !strings.Contains(err.Error(), "hint: cast") {
		t.Errorf("a type that is not read: %v", err)
	}
}

// readsValue reads a value by itself, and among NULLs beyond the first chunk.
func readsValue(t *testing.T, c *Conn, v value) {
	t.Helper()
	for _, sql := range []string{
		"SELECT " + v.sql + " AS v",
		"SELECT v FROM (SELECT range AS i, CASE WHEN range % 3 = 1 THEN " + v.sql + " END AS v FROM range(4000)) " +
			"WHERE i = 3001 OR i = 0 ORDER BY i DESC",
	} {
		if v.typ == "ARRAY" && strings.Contains(sql, "CASE") {
			continue // DuckDB has no CASE of arrays
		}
		rows, err := c.Query(t.Context(), sql, nil)
		if err != nil {
			t.Errorf("%s: %v", sql, err)
			continue
		}
		if got := rows.Columns()[0]; got.Type != v.typ {
			t.Errorf("%s: type %s, want %s", v.sql, got.Type, v.typ)
		}
		if !rows.Next() || !reflect.DeepEqual(rows.Values()[0], v.want) {
			t.Errorf("%s: %#v, want %#v (%v)", v.sql, rows.Values()[0], v.want, rows.Err())
		}
		if rows.Next() && rows.Values()[0] != nil {
			t.Errorf("%s: %#v, want NULL", v.sql, rows.Values()[0])
		}
		rows.Close()
	}
}

func TestBind(t *testing.T) {
	c := connect(t)
	when := time.Date(2026, 11, 1, 10, 0, 0, 123000, time.UTC)
	for _, v := range []struct{ in, want any }{
		{nil, nil}, {true, true}, {7, int64(7)}, {int64(-7), int64(-7)}, {uint32(4294967295), int64(4294967295)}, {1.5, 1.5},
		{"it's \x00 text", "it's \x00 text"}, {[]byte{0, 255}, []byte{0, 255}}, {when, when},
	} {
		row, err := c.QueryRow(t.Context(), "SELECT $v", map[string]any{"v": v.in, "more": 1})
		if err != nil || !reflect.DeepEqual(row[0], v.want) {
			t.Errorf("%#v: %#v, %v", v.in, row, err)
		}
	}
	if _, err := c.Query(t.Context(), "SELECT $v", nil); err == nil || err.Error() != "parameter $v has no value" {
		t.Error(err)
	}
	if _, err := c.Query(t.Context(), "SELECT $v", map[string]any{"v": struct{}{}}); err == nil {
		t.Error("a struct was bound")
	}
	for _, sql := range []string{"", " -- nothing", "SELECT 1; SELECT 2", "SELECT", "\x00"} {
		if rows, err := c.Query(t.Context(), sql, nil); err == nil {
			rows.Close()
			t.Errorf("%q was run", sql)
		}
	}
}

// TestInterrupt ends a statement that would take hours, before its first row and between its rows.
func TestInterrupt(t *testing.T) {
	c := connect(t)
	stopped := errors.New("stopped")
	for name, sql := range map[string]string{
		"before": "SELECT count(*) FROM range(100000000000) a, range(1000000) b WHERE a.range % 7 = b.range % 11",
		"while":  "SELECT a.range FROM range(100000000) a WHERE a.range < 10000 OR (SELECT count(*) FROM range(1000000)) < a.range % 2",
		"after":  "SELECT 1 FROM range(100000000000)",
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(100*time.Millisecond, func() { cancel(stopped) })
		start := time.Now()
		err := c.Run(ctx, sql, nil)
		if !errors.Is(err, stopped) && (name != "while" || err != nil) {
			t.Errorf("%s: %v", name, err)
		}
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%s: ended after %s", name, took)
		}
	}
	if err := c.Run(t.Context(), "SELECT 1", nil); err != nil {
		t.Errorf("the connection is not usable any more: %v", err)
	}
}

// TestOutOfMemory: what needs more memory than there is says so, and does not advise settings that nobody can set.
func TestOutOfMemory(t *testing.T) {
	c := connect(t)
	if err := c.Exec(t.Context(), "SET memory_limit='40MB'; SET threads=1; SET temp_directory=''"); err != nil {
		t.Fatal(err)
	}
	err := c.Run(t.Context(), "SELECT list(range) FROM range(100000000)", nil)
	if err == nil || !strings.Contains(err.Error(), "MiB used)\nhint: ask for less at once") || strings.Contains(err.Error(), "SET ") {
		t.Errorf("out of memory: %v", err)
	}
}

// TestStreaming reads a result that would not fit: 400 MB of text.
func TestStreaming(t *testing.T) {
	c := connect(t)
	if err := c.Exec(t.Context(), "SET memory_limit='100MB'; SET threads=2"); err != nil {
		t.Fatal(err)
	}
	rows, err := c.Query(t.Context(), "SELECT range AS i, repeat('x', 1000) AS text FROM range(400000)", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	n := int64(0)
	for rows.Next() {
		if rows.Values()[0] != n || len(rows.Values()[1].(string)) != 1000 {
			t.Fatalf("row %d: %v", n, rows.Values()[0])
		}
		n++
	}
	runtime.ReadMemStats(&after)
	if rows.Err() != nil || n != 400000 {
		t.Fatalf("%d rows, %v", n, rows.Err())
	}
	if grown := int64(after.HeapInuse) - int64(before.HeapInuse); grown > 64<<20 {
		t.Errorf("the heap grew by %d MiB", grown>>20)
	}
}

// mask has every third row NULL.
func mask(n int) []uint64 {
	m := make([]uint64, chunkSize/64)
	for i := range n {
		if i%3 != 1 {
			m[i>>6] |= 1 << (i & 63)
		}
	}
	return m
}

// TestAppend appends every type, with masks that end at every odd place.
func TestAppend(t *testing.T) {
	c := connect(t)
	if err := c.Exec(t.Context(), `CREATE SCHEMA store;
		CREATE TABLE store.t (n INTEGER NOT NULL, b BOOLEAN, b8 BOOLEAN, u8 UTINYINT, u16 USMALLINT, u32 UINTEGER, u64 UBIGINT,
		i16 SMALLINT, i32 INTEGER, i64 BIGINT, ts TIMESTAMP, f32 FLOAT, f64 DOUBLE, huge UHUGEINT, text VARCHAR, blob BLOB,
		cast_small SMALLINT, cast_time TIMESTAMP, cast_double DOUBLE)`); err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{1, 2, 63, 64, 65, 127, 128, 2047, 2048} {
		num, bools, u8, u16, u32 := make([]int32, n), make([]bool, n), make([]uint8, n), make([]uint16, n), make([]uint32, n)
		u64, b8, i16, i32, i64, ts := make([]uint64, n), make([]uint8, n), make([]int16, n), make([]int32, n), make([]int64, n), make([]int64, n)
		f32, f64, huge, text, blob := make([]float32, n), make([]float64, n), make([][2]uint64, n), make([][]byte, n), make([][]byte, n)
		small, when, double := make([][]byte, n), make([][]byte, n), make([]int64, n)
		for i := range n {
			num[i], bools[i], b8[i], u8[i], u16[i], u32[i] = int32(i), i%2 == 0, uint8(i%2), uint8(i), uint16(i), uint32(i)*2000000
			u64[i] = uint64(i) << 50
			i16[i], i32[i], i64[i], ts[i], f32[i], f64[i] = -int16(i), -int32(i), -int64(i)<<40, 1793527200000000+int64(i), float32(i)/2, float64(i)/4
			huge[i], text[i], blob[i] = [2]uint64{uint64(i), 1}, fmt.Appendf(nil, "row %d, longer than twelve bytes", i), []byte{byte(i), 0, 0xff}
			small[i], when[i], double[i] = fmt.Append(nil, i), []byte("2026-11-01 10:00:00"), int64(i)
		}
		cols := []any{num, bools, b8, u8, u16, u32, u64, i16, i32, i64, ts, f32, f64, huge, text, blob, small, when, double}
		for _, nulls := range []bool{false, true} {
			if err := c.Exec(t.Context(), "DELETE FROM store.t"); err != nil {
				t.Fatal(err)
			}
			a, err := c.NewAppender("", "store", "t")
			if err != nil {
				t.Fatal(err)
			}
			valid := make([][]uint64, len(cols))
			for i := range valid {
				if nulls && i > 0 {
					valid[i] = mask(n)
				}
			}
			for range 2 { // a chunk that is used again must forget its NULLs
				if err := a.Append(n, cols, valid); err != nil {
					t.Fatalf("%d rows: %v", n, err)
				}
				clear(valid)
			}
			if err := a.Flush(); err != nil {
				t.Fatal(err)
			}
			a.Close()
			row, err := c.QueryRow(t.Context(), `SELECT count(*),
				count(*) FILTER (i64 IS NULL), count(*) FILTER (text IS NULL), count(*) FILTER (cast_small IS NULL),
				count(*) FILTER (b <> (n % 2 = 0) OR b8 <> (n % 2 = 1)
					OR u8 <> n % 256 OR u16 <> n OR u32 <> n::BIGINT * 2000000
					OR u64 <> n::UBIGINT << 50
					OR i16 <> -n OR i32 <> -n OR i64 <> -(n::BIGINT << 40)
					OR ts <> make_timestamp(1793527200000000 + n) OR f32 <> n / 2 OR f64 <> n / 4
					OR huge <> n::UHUGEINT + 18446744073709551616::UHUGEINT
					OR text <> 'row ' || n || ', longer than twelve bytes' OR octet_length(blob) <> 3
					OR cast_small <> n OR cast_time <> TIMESTAMP '2026-11-01 10:00:00' OR cast_double <> n),
				count(*) FILTER (i64 IS NULL AND n % 3 <> 1 OR text IS NULL AND n % 3 <> 1)
				FROM store.t`, nil)
			if err != nil {
				t.Fatal(err)
			}
			absent := int64(0)
			if nulls {
				absent = int64((n + 1) / 3)
			}
			if want := []any{int64(2 * n), absent, absent, absent, int64(0), int64(0)}; !reflect.DeepEqual(row, want) {
				t.Errorf("%d rows, NULLs %v: %v, want %v", n, nulls, row, want)
			}
		}
	}
}

func TestAppendRefuses(t *testing.T) {
	c := connect(t)
	if err := c.Exec(t.Context(), "CREATE SCHEMA store; CREATE TABLE store.t (n INTEGER NOT NULL, small SMALLINT)"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.NewAppender("", "store", "nothing"); err == nil {
		t.Error("no table, and no error")
	}
	for name, cols := range map[string][]any{
		"too few columns": {[]int32{1}},
		"unknown type":    {[]int32{1}, []string{"x"}},
		"a NULL":          {[]int32{1}, []int16{1}},
		"a cast":          {[]int32{1}, []int64{70000}},
	} {
		a, err := c.NewAppender("", "store", "t")
		if err != nil {
			t.Fatal(err)
		}
		valid := make([][]uint64, len(cols))
		if name == "a NULL" {
			valid[0] = []uint64{0}
		}
		err = a.Append(1, cols, valid)
		if err == nil {
			err = a.Flush()
		}
		if err == nil {
			t.Errorf("%s: no error", name)
		}
		a.Close()
	}
	row, err := c.QueryRow(t.Context(), "SELECT count(*) FROM store.t", nil)
	if err != nil || row[0] != int64(0) {
		t.Errorf("%v, %v", row, err)
	}
}
