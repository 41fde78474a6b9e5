package progress

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/charmbracelet/x/ansi"

	"case53/cases/safetext"
)

// Waiting is a line on a terminal that says what is waited for, once that has taken a second. Elsewhere it says nothing.
type Waiting struct {
	mu    sync.Mutex
	w     io.Writer // nil where nothing is said
	what  string
	began time.Time
	drawn bool
	stop  chan struct{}
}

// For begins to say what is waited for, until end.
func For(stderr io.Writer, what string) *Waiting {
	v := &Waiting{what: what, began: time.Now(), stop: make(chan struct{})}
	if _, ok := terminal(stderr); !ok {
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

func (v *Waiting) draw() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.w == nil {
		return
	}
	v.drawn = true
	fmt.Fprint(v.w, "\r\x1b[K"+ansi.Truncate(fmt.Sprintf("%s, %.0f s", safetext.Show(v.what), time.Since(v.began).Seconds()), 79, "…"))
}

// Now says that something else is waited for.
func (v *Waiting) Now(what string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.what = what
}

// End takes the line away.
func (v *Waiting) End() {
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
