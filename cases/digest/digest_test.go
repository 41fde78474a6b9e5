package digest_test

import (
	"crypto/sha256"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"case53/cases/digest"
)

var columns = []digest.Column{
	{Name: "object_id", Type: "UINTEGER"}, {Name: "row_no", Type: "UINTEGER"}, {Name: "context_id", Type: "UINTEGER"}, {Name: "start", Type: "TIMESTAMP"},
	{Name: "port", Type: "INTEGER"}, {Name: "protocol", Type: "SMALLINT"}, {Name: "v6", Type: "UHUGEINT"}, {Name: "entropy", Type: "FLOAT"},
	{Name: "name", Type: "VARCHAR"}, {Name: "escaped", Type: "BOOLEAN"},
}

func schema(t require) *digest.Schema {
	s, ok, err := digest.NewSchema("dns_answer", columns, map[string]bool{"dns_context": true, "dns_answer": true})
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	return s
}

type require interface{ Fatal(...any) }

// contexts are two of the same values and one of others.
func contexts(table string, id uint32) ([32]byte, error) {
	if table != "dns_context" {
		return [32]byte{}, fmt.Errorf("no table %s", table)
	}
	return sha256.Sum256(fmt.Append(nil, id%2)), nil
}

// rows are n rows; every seventh lacks what may be missing.
func rows(n int) (cols []any, valid [][]uint64) {
	ids, nos, contexts := make([]uint32, n), make([]uint32, n), make([]uint32, n)
	start, port, protocol, v6 := make([]int64, n), make([]int32, n), make([]int16, n), make([][2]uint64, n)
	entropy, name, escaped := make([]float32, n), make([][]byte, n), make([]uint8, n)
	mask := make([]uint64, n/64+1)
	for i := range n {
		ids[i], nos[i], contexts[i] = 9, uint32(2*i+1), uint32(i%3+1)
		start[i], port[i], protocol[i], v6[i] = int64(i)*1e6-5, int32(-i), int16(i%300), [2]uint64{uint64(i), math.MaxUint64 - uint64(i)}
		entropy[i], name[i], escaped[i] = float32(i)/7, []byte(strings.Repeat("ü", i%9)), uint8(i%2)
		if i%7 != 0 {
			mask[i>>6] |= 1 << (i & 63)
		}
	}
	return []any{ids, nos, contexts, start, port, protocol, v6, entropy, name, escaped}, [][]uint64{nil, nil, nil, mask, mask, mask, mask, mask, mask, nil}
}

// TestGoldenVectors: what a digest is does not change from one version of case53 to the next. cases/format_digests_test.go has
// the same from SQL.
func TestGoldenVectors(t *testing.T) {
	for n, want := range map[int]string{
		0:   "6b84abc40554f2477a536269d8fefd37c099cc31902ed1841608aee478ccddd5",
		1:   "c90cf85f675ecdb2772d1f15255d28da29243c9eed7ff20bfa50f0e3c415a07d",
		200: "81a9576b694ae43565cb0d83cdcd4f30475fc4bac27d921e6508fbe496a201a4",
	} {
		h := digest.New(schema(t), contexts)
		cols, valid := rows(n)
		if err := h.Add(n, cols, valid); err != nil {
			t.Fatal(err)
		}
		if sum := h.Sum(); sum.Digest != want || sum.Rows != int64(n) || h.Unsorted {
			t.Errorf("%d rows: %+v, want %s", n, sum, want)
		}
	}
}

// TestInParts: it does not matter in which parts rows come, and every value does.
func TestInParts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 300).Draw(t, "rows")
		cols, valid := rows(n)
		whole, parts := digest.New(schema(t), contexts), digest.New(schema(t), contexts)
		if err := whole.Add(n, cols, valid); err != nil {
			t.Fatal(err)
		}
		for from := 0; from < n; {
			to := rapid.IntRange(from+1, n).Draw(t, "to")
			if err := parts.AddRange(from, to, cols, valid); err != nil {
				t.Fatal(err)
			}
			from = to
		}
		if whole.Sum() != parts.Sum() {
			t.Fatal("parts give another digest")
		}
		i := rapid.IntRange(0, n-1).Draw(t, "changed row")
		switch rapid.IntRange(0, 8).Draw(t, "what") {
		case 0:
			cols[2].([]uint32)[i]++
		case 1:
			cols[9].([]uint8)[i] ^= 1
		case 2:
			valid[3] = slices.Clone(valid[3])
			valid[3][i>>6] ^= 1 << (i & 63)
		case 3:
			valid[8] = slices.Clone(valid[8])
			valid[8][i>>6] ^= 1 << (i & 63)
		default:
			if i%7 == 0 {
				return // a value that is not there
			}
			cols[3].([]int64)[i]++
			cols[4].([]int32)[i] ^= 1 << 20
			cols[6].([][2]uint64)[i][1] ^= 1 << 60
		}
		other := digest.New(schema(t), contexts)
		if err := other.Add(n, cols, valid); err != nil {
			t.Fatal(err)
		}
		if other.Sum() == whole.Sum() {
			t.Fatal("a change gives the same digest")
		}
	})
}

// TestOrder: rows that are out of order, or twice, are noticed.
func TestOrder(t *testing.T) {
	for _, change := range []func([]uint32){
		func(n []uint32) { n[4], n[5] = n[5], n[4] },
		func(n []uint32) { n[5] = n[4] },
	} {
		cols, valid := rows(10)
		change(cols[1].([]uint32))
		h := digest.New(schema(t), contexts)
		if err := h.Add(10, cols, valid); err != nil || !h.Unsorted {
			t.Errorf("not noticed, %v", err)
		}
	}
}

// TestNumberedChildren: a table whose rows of one record are numbered, in whatever column and type, has a digest of them.
func TestNumberedChildren(t *testing.T) {
	for _, columns := range [][]digest.Column{
		{{Name: "object_id", Type: "UINTEGER"}, {Name: "row_no", Type: "UINTEGER"}, {Name: "answer_no", Type: "UINTEGER"}},
		{{Name: "object_id", Type: "UINTEGER"}, {Name: "row_no", Type: "UINTEGER"}, {Name: "value", Type: "BIGINT"}, {Name: "rule_no", Type: "BIGINT"}},
	} {
		s, ok, err := digest.NewSchema("child", columns, nil)
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		number := any([]uint32{1, 2, 1})
		cols := []any{[]uint32{7, 7, 7}, []uint32{4, 4, 5}}
		if len(columns) > 3 {
			cols, number = append(cols, []int64{0, 0, 0}), []int64{1, 2, 1}
		}
		h := digest.New(s, nil)
		if err := h.Add(3, append(cols, number), make([][]uint64, len(columns))); err != nil || h.Unsorted || h.Sum().Rows != 3 {
			t.Errorf("%v: %d rows, out of order %t, %v", columns, h.Sum().Rows, h.Unsorted, err)
		}
	}
}

// TestContextsOfATable: a column numbers the contexts of its own table, where another does not.
func TestContextsOfATable(t *testing.T) {
	tables := map[string]bool{"waf_context": true, "waf_header_context": true, "dns_context": true, "dns_answer_context": true}
	number := func(names ...string) (columns []digest.Column) {
		for _, name := range append([]string{"object_id", "row_no"}, names...) {
			columns = append(columns, digest.Column{Name: name, Type: "UINTEGER"})
		}
		return columns
	}
	var asked []string
	contexts := func(table string, id uint32) ([32]byte, error) {
		asked = append(asked, table)
		return [32]byte{}, nil
	}
	for _, c := range []struct {
		table   string
		columns []digest.Column
		want    []string
	}{
		{"waf", number("context_id"), []string{"waf_context"}},
		{"waf_header", number("context_id"), []string{"waf_header_context"}},
		{"waf_rule", number("context_id"), []string{"waf_context"}},
		{"dns_answer", number("context_id", "answer_context_id"), []string{"dns_context", "dns_answer_context"}},
	} {
		s, ok, err := digest.NewSchema(c.table, c.columns, tables)
		if err != nil || !ok {
			t.Fatal(c.table, ok, err)
		}
		asked = nil
		cols := make([]any, len(c.columns))
		for i := range cols {
			cols[i] = []uint32{1}
		}
		if err := digest.New(s, contexts).Add(1, cols, make([][]uint64, len(cols))); err != nil || !slices.Equal(asked, c.want) {
			t.Errorf("%s: %v, want %v: %v", c.table, asked, c.want, err)
		}
	}
}
