package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"charm.land/bubbles/v2/progress"
	"github.com/charmbracelet/x/term"

	"case53/loader"
)

// progressEvery is how often progress is shown: on a terminal, and elsewhere.
const progressOnTerminal, progressElsewhere = 100 * time.Millisecond, 5 * time.Second

// progressView shows how far a load is: a bar that is redrawn on a terminal, lines elsewhere.
type progressView struct {
	mu    sync.Mutex
	w     io.Writer
	quiet bool
	bar   *progress.Model // nil when not on a terminal
	shown time.Time
	phase string
}

func newProgress(w io.Writer, quiet bool) *progressView {
	v := &progressView{w: w, quiet: quiet}
	if f, ok := w.(*os.File); ok && term.IsTerminal(f.Fd()) && os.Getenv("TERM") != "dumb" {
		bar := progress.New(progress.WithWidth(30))
		v.bar = &bar
	}
	return v
}

// update shows p when it is time to.
func (v *progressView) update(p loader.Progress) {
	if v.quiet {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	switch since := time.Since(v.shown); {
	case v.shown.IsZero() && v.bar == nil:
		v.shown = time.Now() // a short load elsewhere says nothing
		return
	case v.bar == nil && since < progressElsewhere, v.bar != nil && p.Phase == v.phase && since < progressOnTerminal:
		return
	}
	v.shown, v.phase = time.Now(), p.Phase
	line := progressLine(p)
	if v.bar == nil {
		fmt.Fprintln(v.w, line)
		return
	}
	fmt.Fprintf(v.w, "\r\x1b[K%s %s", v.bar.ViewAs(fraction(p)), line)
}

// end leaves the terminal's line to what comes next.
func (v *progressView) end() {
	if v.bar != nil && !v.shown.IsZero() {
		fmt.Fprint(v.w, "\r\x1b[K")
	}
}

func fraction(p loader.Progress) float64 {
	switch {
	case p.Phase != "load":
		return 1
	case p.Bytes > 0:
		return min(1, float64(p.BytesDone)/float64(p.Bytes))
	case p.Objects > 0:
		return float64(p.Done) / float64(p.Objects)
	}
	return 0
}

func progressLine(p loader.Progress) string {
	if p.Phase != "load" {
		return fmt.Sprintf("%s records; building %s", count(p.Lines.Rows), p.Phase)
	}
	line := fmt.Sprintf("%d of %d objects, %s of %s, %s rows, %s rejected", p.Done, p.Objects, size(p.BytesDone), size(p.Bytes), count(p.Lines.Rows), count(p.Lines.Rejected))
	if s := p.Elapsed.Seconds(); s > 1 {
		line += fmt.Sprintf(", %s/s", size(int64(float64(p.BytesDone)/s)))
		if f := fraction(p); f > 0.02 && f < 1 {
			line += fmt.Sprintf(", %s left", time.Duration(float64(p.Elapsed)*(1-f)/f).Round(time.Second))
		}
	}
	return line
}

// size writes bytes in binary units.
func size(n int64) string {
	const units = "KMGTPE"
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	f, i := float64(n)/1024, 0
	for f >= 1024 && i < len(units)-1 {
		f, i = f/1024, i+1
	}
	return fmt.Sprintf("%.1f %ciB", f, units[i])
}
