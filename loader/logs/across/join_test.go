package across

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"case53/cases/duck/ducktest"
)

// TestJoinIsFreeOfOrder: records in any order are the connections that one finds by walking through them in the order of time.
func TestJoinIsFreeOfOrder(t *testing.T) {
	const pause = 120
	rapid.Check(t, func(t *rapid.T) {
		one := rapid.Custom(func(t *rapid.T) joined {
			start := rapid.Int64Range(0, 3000).Draw(t, "start")
			return joined{
				ends:  ends{lo: rapid.Uint64Range(1, 3).Draw(t, "lo"), hi: 9},
				start: start, end: start + rapid.Int64Range(0, 200).Draw(t, "lasts"),
				sums: [4]int64{rapid.Int64Range(0, mostSum).Draw(t, "packets")}, records: 1, said: uint16(rapid.IntRange(0, 7).Draw(t, "said")),
			}
		})
		records := rapid.SliceOfN(one, 1, 40).Draw(t, "records")
		j := newJoiner()
		for range 2 { // what was forgotten must leave nothing
			j.reset()
			for _, r := range records {
				j.add(&r, pause)
			}
		}
		var got, want []string
		text := func(c *joined) string {
			return fmt.Sprint(c.lo, ": ", c.start, "-", c.end, " ", c.records, " records, ", c.sums[0], " ", c.said)
		}
		for i := range int32(j.n) {
			if c := j.at(i); c.records > 0 {
				got = append(got, text(c))
			}
		}
		slices.SortFunc(records, func(a, b joined) int { return cmp.Or(cmp.Compare(a.lo, b.lo), cmp.Compare(a.start, b.start)) })
		for len(records) > 0 {
			c := records[0]
			records = records[1:]
			for len(records) > 0 && records[0].lo == c.lo && records[0].start <= c.end+pause {
				c.take(&records[0])
				records = records[1:]
			}
			want = append(want, text(&c))
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

// TestManyEnds: what does not fit into the slots moves on with them.
func TestManyEnds(t *testing.T) {
	const n = 50_000
	j := newJoiner()
	for range 2 {
		for i := range uint64(n) {
			j.add(&joined{ends: ends{lo: i % 1000, hi: i / 1000}, records: 1}, 60)
		}
	}
	if j.n != n || j.used != n {
		t.Fatalf("%d connections in %d slots, want %d", j.n, j.used, n)
	}
	for i := range int32(n) {
		if j.at(i).records != 2 {
			t.Fatalf("%+v", j.at(i))
		}
	}
}

// TestPrivate4AgreesWithTheMacro: at the ends of every block that the macro has, beside them, and here and there.
func TestPrivate4AgreesWithTheMacro(t *testing.T) {
	schema, err := os.ReadFile("../../../cases/internal/catalog/schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	_, macro, _ := strings.Cut(string(schema), "CREATE MACRO private_number")
	macro, _, _ = strings.Cut(macro, "\n);")
	c := ducktest.Connect(t, "", nil)
	if err := c.Exec(t.Context(), "CREATE MACRO private_number"+macro+"\n)"); err != nil {
		t.Fatal(err)
	}
	rows, err := c.Query(t.Context(), `SELECT n::UINTEGER AS n, private_number(281470681743360::UHUGEINT + n::UHUGEINT) AS private FROM (
		SELECT unnest(range(0, 4294967296, 65536)) AS n UNION ALL SELECT unnest(range(65535, 4294967296, 65536))
		UNION ALL SELECT unnest(range(0, 4294967296, 9999991)) UNION ALL SELECT 4294967294)`, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	private := 0
	for chunk, ok := rows.NextChunk(); ok; chunk, ok = rows.NextChunk() {
		is := chunk.Cols[1].([]bool)
		for i, n := range chunk.Cols[0].([]uint32) {
			if private4(n) != is[i] {
				t.Errorf("%d: the macro says %v", n, is[i])
			}
			if is[i] {
				private++
			}
		}
	}
	if rows.Err() != nil || private < 1000 {
		t.Errorf("%d private addresses, %v", private, rows.Err())
	}
}
