package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/charmbracelet/x/ansi"

	"case53/cases/safetext"
	"case53/cases/words"
	"case53/queries"
)

// waiting is a line on a terminal that says what is waited for, once that has taken a second. Elsewhere it says nothing.
type waiting struct {
	mu    sync.Mutex
	w     io.Writer // nil where nothing is said
	what  string
	began time.Time
	drawn bool
	stop  chan struct{}
}

// waitsFor begins to say what is waited for, until end.
func waitsFor(stderr io.Writer, what string) *waiting {
	v := &waiting{what: what, began: time.Now(), stop: make(chan struct{})}
	if !isTerminal(stderr) {
		return v
	}
	v.w = stderr
	go func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-v.stop:
				return
			case <-tick.C:
				v.draw()
			}
		}
	}()
	return v
}

func (v *waiting) draw() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.w == nil {
		return
	}
	v.drawn = true
	fmt.Fprint(v.w, "\r\x1b[K"+ansi.Truncate(fmt.Sprintf("%s, %.0f s", safetext.Show(v.what), time.Since(v.began).Seconds()), 79, "…"))
}

// now says that something else is waited for.
func (v *waiting) now(what string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.what = what
}

// end takes the line away.
func (v *waiting) end() {
	v.mu.Lock()
	defer v.mu.Unlock()
	select {
	case <-v.stop:
		return
	default:
		close(v.stop)
	}
	if v.drawn {
		fmt.Fprint(v.w, "\r\x1b[K")
	}
	v.w = nil
}

// running is what is said of hunts while they run: which one, and how many are done.
func running(hunts []*queries.Query, done int) string {
	if done >= len(hunts) {
		return "ranking what " + words.Plural(int64(len(hunts)), "hunt", "hunts") + " found"
	}
	return fmt.Sprintf("hunt %d of %d: %s", done+1, len(hunts), hunts[done].ID)
}
