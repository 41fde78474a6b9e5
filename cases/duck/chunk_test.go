package duck

import (
	"fmt"
	"strings"
	"testing"
)

// TestNextChunk: columns are what Next gives value by value, over more than one chunk.
func TestNextChunk(t *testing.T) {
	c := connect(t)
	const query = `SELECT i % 2 = 0 AS b, (i % 256)::UTINYINT AS u8, i::USMALLINT AS u16, i::UINTEGER * 2000 AS u32, i::UBIGINT << 50 AS u64,
		(-i)::SMALLINT AS i16, -i::INTEGER AS i32, -(i::BIGINT << 40) AS i64, (i / 2)::FLOAT AS f32, i / 4 AS f64,
		CASE WHEN i % 3 <> 1 THEN make_timestamp(i::BIGINT) END AS ts, i::UHUGEINT << 70::UHUGEINT AS huge
		FROM range(5000) r(i) ORDER BY i`
	rows, err := c.Query(t.Context(), query, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for chunk, ok := rows.NextChunk(); ok; chunk, ok = rows.NextChunk() {
		b, u8, u16, u32, u64 := chunk.Cols[0].([]bool), chunk.Cols[1].([]uint8), chunk.Cols[2].([]uint16), chunk.Cols[3].([]uint32), chunk.Cols[4].([]uint64)
		i16, i32, i64 := chunk.Cols[5].([]int16), chunk.Cols[6].([]int32), chunk.Cols[7].([]int64)
		f32, f64, ts, huge := chunk.Cols[8].([]float32), chunk.Cols[9].([]float64), chunk.Cols[10].([]int64), chunk.Cols[11].([][2]uint64)
		for i := range chunk.N {
			if b[i] != (n%2 == 0) || int(u8[i]) != n%256 || int(u16[i]) != n || int(u32[i]) != n*2000 || u64[i] != uint64(n)<<50 ||
				int(i16[i]) != -n || int(i32[i]) != -n || i64[i] != -int64(n)<<40 || f32[i] != float32(n)/2 || f64[i] != float64(n)/4 ||
				Has(chunk.Valid[10], i) != (n%3 != 1) || n%3 != 1 && ts[i] != int64(n) || huge[i] != [2]uint64{0, uint64(n) << 6} || !Has(chunk.Valid[0], i) {
				t.Fatalf("row %d of the chunk, %d of all", i, n)
			}
			n++
		}
	}
	if rows.Err() != nil || n != 5000 {
		t.Fatalf("%d rows, %v", n, rows.Err())
	}
	texts, err := c.Query(t.Context(), "SELECT * FROM (VALUES ('x'), (NULL), (repeat('long ', 9))) t(text)", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer texts.Close()
	chunk, ok := texts.NextChunk()
	if !ok {
		t.Fatal(texts.Err())
	}
	if got := chunk.Cols[0].([][]byte); string(got[0]) != "x" || Has(chunk.Valid[0], 1) || got[1] != nil || string(got[2]) != strings.Repeat("long ", 9) {
		t.Errorf("texts: %q", got)
	}
	dates, err := c.Query(t.Context(), "SELECT DATE '2026-11-01' AS day", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer dates.Close()
	if _, ok := dates.NextChunk(); ok || dates.Err() == nil || fmt.Sprint(dates.Err()) != "column day: values of type DATE are not read as a column" {
		t.Errorf("date: %v", dates.Err())
	}
}
