package duck

import (
	"bytes"
	"context"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
)

// TestAppendText: every text comes back as it was given, whatever its length, with the garbage collector at work and the
// given memory written over as soon as Append has returned.
func TestAppendText(t *testing.T) {
	c := connect(t)
	ctx := context.Background()
	if err := c.Exec(ctx, "CREATE TABLE texts (no UINTEGER, a VARCHAR, b VARCHAR, c BLOB)"); err != nil {
		t.Fatal(err)
	}
	a, err := c.NewAppender("", "main", "texts")
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	r := rand.New(rand.NewPCG(53, 1))
	var want [][3][]byte
	for chunk := range 8 {
		n := []int{chunkSize, 1, 64, 65, chunkSize, 3, chunkSize, 700}[chunk]
		no := make([]uint32, n)
		cols := [3][][]byte{make([][]byte, n), make([][]byte, n), make([][]byte, n)}
		mask := make([]uint64, chunkSize/64)
		for i := range n {
			no[i] = uint32(len(want))
			row := [3][]byte{anyText(r), anyText(r), anyText(r)}
			if chunk == 4 && i == 17 {
				row[1] = bytes.Repeat([]byte("long "), maxTexts/4)
			}
			for k := range cols {
				cols[k][i] = bytes.Clone(row[k])
			}
			if r.IntN(3) == 0 {
				row[1] = nil // what stands in the column must not matter
			} else {
				mask[i>>6] |= 1 << (i & 63)
			}
			want = append(want, row)
		}
		if err := a.Append(n, []any{no, cols[0], cols[1], cols[2]}, [][]uint64{nil, nil, mask, nil}); err != nil {
			t.Fatal(err)
		}
		for _, col := range cols {
			for _, b := range col {
				clear(b)
			}
		}
		runtime.GC()
	}
	if err := a.Flush(); err != nil {
		t.Fatal(err)
	}
	rows, err := c.Query(ctx, "SELECT a, b, c, a < 'M' FROM texts ORDER BY no", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	areTexts(t, rows, want)
}

// anyText is mostly short, at times longer than a block of texts.
func anyText(r *rand.Rand) []byte {
	n := r.IntN(30)
	switch r.IntN(400) {
	case 0:
		n = minTexts + r.IntN(minTexts)
	case 1:
		n = 5000
	}
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.IntN(128)) // NUL too
	}
	return b
}

// areTexts says which row is not what was appended.
func areTexts(t *testing.T, rows *Rows, want [][3][]byte) {
	t.Helper()
	n := 0
	for ; rows.Next(); n++ {
		v, w := rows.Values(), want[n]
		if v[0] != string(w[0]) || (v[1] == nil) != (w[1] == nil) || w[1] != nil && v[1] != string(w[1]) || !slices.Equal(v[2].([]byte), w[2]) {
			t.Fatalf("row %d: %.40q, want %.40q", n, v, w)
		}
		if v[3] != (string(w[0]) < "M") {
			t.Fatalf("row %d: %.40q is compared by other bytes than it has", n, v[0])
		}
	}
	if err := rows.Err(); err != nil || n != len(want) {
		t.Fatalf("%d rows of %d: %v", n, len(want), err)
	}
}
