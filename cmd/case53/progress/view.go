// Package progress says on standard error how far something is: a load with bars, lines or JSON events, anything else in a line.
//
// What it says is for whoever waits; nothing of it is data. Text of the evidence is made harmless here.
package progress

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	bars "charm.land/bubbles/v2/progress"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/term"

	"case53/cases"
	"case53/cases/safetext"
	"case53/cases/words"
	"case53/loader"
)

// How often progress is shown: on a terminal, and elsewhere.
const onTerminal, elsewhere = 100 * time.Millisecond, 5 * time.Second

// everyEvent is how often it is written as JSON.
const everyEvent = time.Second

// View shows how far a load is: bars that are redrawn on a terminal, JSON lines where they are asked for, else
// plain lines.
type View struct {
	mu     sync.Mutex
	w      io.Writer
	quiet  bool
	events bool        // a JSON object a line
	bar    *bars.Model // nil when not on a terminal
	width  func() int
	drawn  int       // lines on the terminal
	began  time.Time // plain lines: the first update
	shown  time.Time
	phase  string // that was shown last; in plain lines the first one counts as shown
	next   loader.Progress
	timer  *time.Timer // will show next; nil where nothing waits
}

// New begins to show how far a load is: not at all where quiet, as JSON where events are asked for.
func New(w io.Writer, quiet, events bool) *View {
	v := &View{w: w, quiet: quiet, events: events}
	if f, ok := terminal(w); ok && !events {
		bar := bars.New(bars.WithWidth(20))
		v.bar = &bar
		v.width = func() int {
			if width, _, err := term.GetSize(f.Fd()); err == nil && width > 0 {
				return width
			}
			return 80
		}
	}
	return v
}

// terminal gives the terminal that w is, if it is one that lines can be redrawn on.
func terminal(w io.Writer) (*os.File, bool) {
	f, ok := w.(*os.File)
	return f, ok && term.IsTerminal(f.Fd()) && os.Getenv("TERM") != "dumb"
}

// Update shows p when it is time to.
func (v *View) Update(p loader.Progress) {
	if v.quiet {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.wait(p) <= 0 {
		v.show(p)
	} else if v.bar == nil && !v.events {
		v.showLater(p)
	}
}

// wait is how long p has still to wait. A phase is news that does not wait, except in plain lines while a load is young: a
// short one says nothing there.
func (v *View) wait(p loader.Progress) time.Duration {
	news, every := p.Phase != v.phase, onTerminal
	switch {
	case v.events:
		every = everyEvent
	case v.bar == nil:
		every = elsewhere
		if v.began.IsZero() {
			v.began, v.shown, v.phase = time.Now(), time.Now(), p.Phase
		}
		news = p.Phase != v.phase && time.Since(v.began) >= elsewhere
	}
	if news {
		return 0
	}
	return every - time.Since(v.shown)
}

// showLater shows p when its time has come, unless something newer comes before: while a phase runs nothing else may come.
func (v *View) showLater(p loader.Progress) {
	v.next = p
	if v.timer != nil {
		return
	}
	v.timer = time.AfterFunc(v.wait(p), func() {
		v.mu.Lock()
		defer v.mu.Unlock()
		if v.timer != nil {
			v.show(v.next)
		}
	})
}

// show shows p.
func (v *View) show(p loader.Progress) {
	v.stopTimer()
	v.shown, v.phase = time.Now(), p.Phase
	switch {
	case v.events:
		Event(v.w, "progress", asJSON(p))
	case v.bar == nil:
		fmt.Fprintln(v.w, lineOf(p))
		for _, s := range remoteSources(p) {
			fmt.Fprintln(v.w, "  "+sourceLine(s, p.Elapsed))
		}
	default:
		v.draw(p)
	}
}

func (v *View) stopTimer() {
	if v.timer != nil {
		v.timer.Stop()
		v.timer = nil
	}
}

// draw redraws the terminal's lines: the whole, and below it each remote source.
func (v *View) draw(p loader.Progress) {
	lines := []string{v.bar.ViewAs(fraction(p)) + " " + lineOf(p)}
	for _, s := range remoteSources(p) {
		bar := strings.Repeat(" ", 20)
		if s.Fraction >= 0 {
			bar = v.bar.ViewAs(s.Fraction)
		}
		lines = append(lines, bar+" "+sourceLine(s, p.Elapsed))
	}
	v.clear()
	width := v.width()
	for i, line := range lines {
		if i > 0 {
			fmt.Fprint(v.w, "\n")
		}
		fmt.Fprint(v.w, ansi.Truncate(line, width-1, "…"))
	}
	v.drawn = len(lines)
}

// clear leaves nothing of what was drawn.
func (v *View) clear() {
	for ; v.drawn > 1; v.drawn-- {
		fmt.Fprint(v.w, "\r\x1b[K\x1b[A")
	}
	fmt.Fprint(v.w, "\r\x1b[K")
}

// End leaves the terminal's lines to what comes next.
func (v *View) End() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.stopTimer()
	if v.bar != nil && !v.shown.IsZero() {
		v.clear()
	}
}

// remoteSources are the sources that are worth a line of their own.
func remoteSources(p loader.Progress) []loader.SourceProgress {
	if p.Phase != "load" {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(p.Sources), func(s loader.SourceProgress) bool { return !s.Remote })
}

// sourceLine is how far one source is.
func sourceLine(s loader.SourceProgress, elapsed time.Duration) string {
	line := fmt.Sprintf("%s: %d found, %d fetched, %s, %s rows, %s rejected",
		safetext.Show(s.URI), s.Found, s.Fetched, words.Bytes(s.BytesFetched), words.Count(s.Rows), words.Count(s.Rejected))
	if s.Failed > 0 {
		line += fmt.Sprintf(", %d failed", s.Failed)
	}
	if elapsed > time.Second {
		line += fmt.Sprintf(", %s/s", words.Bytes(int64(float64(s.BytesFetched)/elapsed.Seconds())))
	}
	if s.Waiting != "" {
		line += ", " + s.Waiting
	}
	if f := s.Fraction; f > 0.02 && f < 1 {
		line += fmt.Sprintf(", %s left", time.Duration(float64(elapsed)*(1-f)/f).Round(time.Second))
	}
	return line
}

// asJSON is progress as an event.
func asJSON(p loader.Progress) map[string]any {
	sources := []any{}
	for _, s := range p.Sources {
		sources = append(sources, map[string]any{
			"source": s.URI, "listed": s.Listed, "found": s.Found, "fetched": s.Fetched, "done": s.Done, "failed": s.Failed,
			"bytes": s.BytesFetched, "rows": s.Rows, "rejected": s.Rejected,
			"requests": s.Requests, "fraction": s.Fraction, "waiting": s.Waiting,
		})
	}
	return map[string]any{
		"phase": p.Phase, "seconds": p.Elapsed.Seconds(), "objects": p.Objects, "done": p.Done, "bytes": p.BytesDone,
		"rows": p.Lines.Rows, "rejected": p.Lines.Rejected, "sources": sources,
	}
}

// Event writes an event as one line of JSON.
func Event(w io.Writer, event string, detail map[string]any) {
	detail["event"], detail["at"] = event, time.Now().UTC().Format(time.RFC3339Nano)
	text, err := cases.JSON(detail)
	if err != nil {
		text = []byte("null") // no event has what JSON cannot write
	}
	fmt.Fprintf(w, "%s\n", safetext.JSON(text))
}

// fraction is how much of a load is done. Of sources that are still being listed nobody knows how much there is, but
// they know how much of their window they have read.
func fraction(p loader.Progress) float64 {
	if p.Phase != "load" {
		return 1
	}
	if !p.Listed {
		sum, n := 0.0, 0
		for _, s := range p.Sources {
			if s.Listed {
				sum++
			} else if s.Fraction > 0 {
				sum += s.Fraction
			}
			n++
		}
		return sum / float64(max(n, 1))
	}
	switch {
	case p.Bytes > 0:
		return min(1, float64(p.BytesDone)/float64(p.Bytes))
	case p.Objects > 0:
		return float64(p.Done) / float64(p.Objects)
	}
	return 0
}

func lineOf(p loader.Progress) string {
	if p.Phase != "load" {
		return fmt.Sprintf("%s records; building %s", words.Count(p.Lines.Rows), p.Phase)
	}
	line := fmt.Sprintf("%d of %d objects, %s of %s, %s rows, %s rejected",
		p.Done, p.Objects, words.Bytes(p.BytesDone), words.Bytes(p.Bytes), words.Count(p.Lines.Rows), words.Count(p.Lines.Rejected))
	if s := p.Elapsed.Seconds(); s > 1 {
		line += fmt.Sprintf(", %s/s", words.Bytes(int64(float64(p.BytesDone)/s)))
		if f := fraction(p); f > 0.02 && f < 1 {
			line += fmt.Sprintf(", %s left", time.Duration(float64(p.Elapsed)*(1-f)/f).Round(time.Second))
		}
	}
	return line
}
