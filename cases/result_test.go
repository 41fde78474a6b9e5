package cases_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"case53/cases"
)

const longSQL = "SELECT range AS i, CASE WHEN range % 3 > 0 THEN repeat(chr(97 + (range % 26)::INTEGER), (range % 700)::INTEGER) END AS text FROM range(5000)"

func TestResultAnywhere(t *testing.T) {
	c := openCase(t, smallCase(t))
	rows, err := c.Query(t.Context(), longSQL, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var whole [][]cases.Cell
	for rows.Next() {
		whole = append(whole, []cases.Cell{cases.CellOf(rows.Values()[0]), cases.CellOf(rows.Values()[1])})
	}
	r, err := c.Result(t.Context(), longSQL, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if n, complete := r.Count(); n > 256 || complete {
		t.Errorf("%d rows were read before somebody asked, complete %v", n, complete)
	}
	rnd := rand.New(rand.NewPCG(1, 1))
	offsets := []int{0, 255, 256, 257, 511, 4999, 5000, 6000, 4990}
	for range 200 {
		offsets = append(offsets, rnd.IntN(5200))
	}
	for _, off := range offsets {
		n := rnd.IntN(600)
		got, err := r.Fetch(t.Context(), off, n)
		if err != nil {
			t.Fatal(err)
		}
		want := whole[min(off, 5000):min(off+n, 5000)]
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("rows %d … %d: %d rows, want %d", off, off+n, len(got), len(want))
		}
	}
	if n, complete := r.Count(); n != 5000 || !complete {
		t.Errorf("%d rows, complete %v", n, complete)
	}
}

func TestResultTogether(t *testing.T) {
	c := openCase(t, smallCase(t))
	r, err := c.Result(t.Context(), longSQL, nil)
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for g := range 8 {
		group.Go(func() {
			for i := range 50 {
				off := (g*613 + i*97) % 4900
				rows, err := r.Fetch(context.Background(), off, 10)
				if err != nil || len(rows) != 10 || rows[3][0].Text != fmt.Sprint(off+3) {
					t.Errorf("rows at %d: %d, %v", off, len(rows), err)
				}
			}
		})
	}
	group.Wait()
	r.Close()
}

// TestResultEnds stops waiting without stopping the query, and closes a query that somebody waits for.
func TestResultEnds(t *testing.T) {
	c := openCase(t, smallCase(t))
	// The first million rows come at once, the next takes hours.
	r, err := c.Result(t.Context(), "SELECT range FROM range(100000000000) WHERE range < 1000000 OR range > 99999999990", nil)
	if err != nil {
		t.Fatal(err)
	}
	stopped := errors.New("looked away")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(50*time.Millisecond, func() { cancel(stopped) })
	if _, err := r.Fetch(ctx, 2000000, 1); !errors.Is(err, stopped) {
		t.Errorf("cancelled waiting: %v", err)
	}
	waiting := make(chan error)
	go func() {
		_, err := r.Fetch(context.Background(), 2000000, 1)
		waiting <- err
	}()
	time.Sleep(50 * time.Millisecond)
	start := time.Now()
	r.Close()
	if err := <-waiting; err == nil {
		t.Error("a closed result gave rows")
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("closing took %s", took)
	}
	if _, err := r.Fetch(t.Context(), 0, 1); err == nil {
		t.Error("a closed result gave rows")
	}
}

func TestResultFails(t *testing.T) {
	c := openCase(t, smallCase(t))
	if _, err := c.Result(t.Context(), "SELECT nothing FROM note", nil); err == nil {
		t.Error("no error")
	}
	r, err := c.Result(t.Context(), "SELECT CASE WHEN range < 3000 THEN range ELSE ('row ' || range)::BIGINT END AS n FROM range(4000)", nil)
	if err != nil {
		return // found before the first row: as good
	}
	defer r.Close()
	if _, err := r.Fetch(t.Context(), 3900, 10); err == nil {
		t.Error("no error at a row that cannot be computed")
	}
	if _, complete := r.Count(); complete {
		t.Error("complete, but it failed")
	}
}
