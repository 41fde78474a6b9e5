package spark_test

import (
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"case53/tui/spark"
)

func TestLine(t *testing.T) {
	for _, c := range []struct {
		counts []int64
		width  int
		ascii  bool
		want   string
	}{
		{nil, 10, false, ""},
		{[]int64{1, 2, 3}, 0, false, ""},
		{[]int64{0, 0}, 10, false, "  "},
		{[]int64{0, 1, 2, 4, 8}, 10, false, " ▁▂▄█"},
		{[]int64{1, 1000}, 10, false, "▁█"}, // small is not nothing
		{[]int64{0, 1, 8}, 10, true, " .@"},
		{[]int64{1, 1, 4, 4}, 2, false, "▂█"}, // squeezed by adding up
	} {
		if got := spark.Line(c.counts, c.width, c.ascii); got != c.want {
			t.Errorf("Line(%v, %d) = %q, want %q", c.counts, c.width, got, c.want)
		}
	}
}

func TestLineWidth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		counts := rapid.SliceOf(rapid.Int64Range(0, 1<<60)).Draw(t, "counts")
		width := rapid.IntRange(0, 300).Draw(t, "width")
		if n := utf8.RuneCountInString(spark.Line(counts, width, false)); n != min(width, len(counts)) {
			t.Fatalf("%d cells, want %d", n, min(width, len(counts)))
		}
	})
}
