package words

import (
	"slices"
	"testing"
)

func TestNear(t *testing.T) {
	all := []string{"hunt", "open", "output", "out", "query", "beacon"}
	for _, c := range []struct {
		typed string
		want  []string
	}{
		{"hun", []string{"hunt"}},
		{"outptu", []string{"output"}},
		{"hutn", []string{"hunt"}},
		{"beakons", []string{"beacon"}},
		{"zebra", nil},
		{"out", []string{"out"}},
	} {
		if got := Near(c.typed, all); !slices.Equal(got, c.want) {
			t.Errorf("near %s: %q, want %q", c.typed, got, c.want)
		}
	}
}
