package answers

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"case53/cases"
	"case53/cases/words"
	"case53/queries"
	"case53/queries/findings"
	"case53/tui/frame"
	"case53/tui/grid"
)

// hunts is all hunts of the case, with what each found, or what it looked at and found nothing. It runs them one after another.
type hunts struct {
	e       *frame.Env
	desk    Desk
	all     []*queries.Query
	done    map[*queries.Query]findings.Outcome
	failed  map[*queries.Query]error
	at      int // the hunt that runs
	running frame.Task
	job     *frame.Job // that they are while they run, whichever screen is on view
	stopped bool
	resumed bool       // they were stopped, and go on
	within  cases.Span // what they were run with
	t0      time.Time
	drawn   *Drawn // of all that they found, for pages; nil: nobody has asked
	list    list
	lines   []line
}

func newHunts(e *frame.Env, d Desk) *hunts {
	all := d.Hunts()
	slices.SortStableFunc(all, func(a, b *queries.Query) int { return groupOf(all, a) - groupOf(all, b) })
	s := &hunts{e: e, desk: d, all: all, list: list{at: 2}} // the first hunt, under the heads
	s.job = &frame.Job{What: "hunts", Task: &s.running, Said: s.far, Stop: s.Cancelled,
		Open: func() tea.Cmd { return e.Go(frame.Goto{Screen: "hunts"}) }}
	return s
}

// far says how far they are, or what they came to.
func (s *hunts) far() string {
	ran, found := len(s.done)+len(s.failed), 0
	for _, o := range s.done {
		if len(o.Findings) > 0 {
			found++
		}
	}
	text := fmt.Sprintf("%d of %d", ran, len(s.all))
	if found > 0 {
		text += fmt.Sprintf(", %d found something", found)
	}
	if len(s.failed) > 0 {
		text += fmt.Sprintf(", %d failed", len(s.failed))
	}
	if s.stopped {
		text += ", stopped"
	}
	return text
}

// groupOf is the place of a hunt's group among the groups, by its first hunt.
func groupOf(all []*queries.Query, q *queries.Query) int {
	return slices.IndexFunc(all, func(o *queries.Query) bool { return o.Group == q.Group })
}

func (s *hunts) Title() string          { return "Hunts" }
func (s *hunts) Update(tea.Msg) tea.Cmd { return nil }

func (s *hunts) Status() frame.Status {
	rows := fmt.Sprintf("%d of %d hunts done", len(s.done)+len(s.failed), len(s.all))
	return frame.Status{Task: &s.running, Rows: rows}
}

// Open runs what has not been run.
func (s *hunts) Open() tea.Cmd {
	if s.done == nil {
		return s.again()
	}
	return s.next()
}

// again runs all hunts from the first.
func (s *hunts) again() tea.Cmd {
	s.running.Stop(s.e)
	s.at, s.stopped, s.within, s.t0 = 0, false, s.e.Within, s.e.T0
	s.drawn = nil
	s.done, s.failed = map[*queries.Query]findings.Outcome{}, map[*queries.Query]error{}
	return s.next()
}

// next runs the next hunt, and from it those after.
func (s *hunts) next() tea.Cmd {
	s.stopped = false
	if s.running.Running() || s.at >= len(s.all) {
		return nil
	}
	if s.at == 0 || !slices.Contains(s.e.Jobs, s.job) || s.resumed {
		s.resumed = false
		s.e.Begin(s.job)
	}
	q, desk := s.all[s.at], s.desk
	values := frame.GivenFor(q, nil, s.within, s.t0) // the window may be another by now
	return frame.Start(s.e, &s.running, "hunt "+s.e.Show(q.ID), func(ctx context.Context) (findings.Outcome, error) {
		return desk.Hunt(ctx, q, values)
	}, func(o findings.Outcome, err error) tea.Cmd {
		if err != nil {
			s.failed[q] = err
		} else {
			s.done[q] = o
		}
		if s.at++; s.at == len(s.all) {
			s.e.End(s.job)
			s.tell()
		}
		return s.next()
	})
}

// tell says that they are done, where they are not on view.
func (s *hunts) tell() {
	if s.e.Top() != frame.Screen(s) {
		s.e.Say("hunts done: " + s.far() + "; X has them")
	}
}

// ran is how many hunts were run for the window as it is now, and of how many.
func (s *hunts) ran() (n, all int) {
	if !frame.SameSpan(s.within, s.e.Within) || !s.t0.Equal(s.e.T0) {
		return 0, len(s.all)
	}
	return len(s.done) + len(s.failed), len(s.all)
}

// isDone reports whether all were.
func (s *hunts) isDone() bool {
	n, all := s.ran()
	return n == all && all > 0
}

// found is what they found so far for the window as it is now, the best first.
func (s *hunts) found() []findings.Finding {
	var all []findings.Finding
	if n, _ := s.ran(); n == 0 {
		return nil
	}
	for _, q := range s.all {
		all = append(all, s.done[q].Findings...)
	}
	slices.SortStableFunc(all, func(a, b findings.Finding) int { return cmp.Compare(b.Score, a.Score) })
	return all
}

// Cancelled keeps what is done; r goes on.
func (s *hunts) Cancelled() tea.Cmd {
	s.stopped, s.resumed = true, true
	return nil
}

// Close lets them go on: they are a job.
func (s *hunts) Close() tea.Cmd { return nil }

func (s *hunts) Keys() []frame.Bind {
	return append([]frame.Bind{
		{Keys: frame.Keys("enter"), Does: "what the hunt found, row by row", Foot: "findings", Run: func() tea.Cmd { return s.list.enter(s.lines) }},
		{Keys: frame.Keys("r"), Does: "go on where the hunts were stopped; when all are done, run them again", Foot: "run", Run: s.rerun},
		{Keys: frame.Keys("e"), Does: "about the hunt: its method, what else looks like it, what it cannot tell", Foot: "explain", Run: s.explain},
		reportBind(s.e, s.desk),
	}, append(s.list.keys(func() int { return len(s.lines) }), s.list.findKeys(s.e, func() []line { return s.lines })...)...)
}

func (s *hunts) rerun() tea.Cmd {
	if s.at < len(s.all) {
		return s.next()
	}
	return s.again()
}

// chosen is the hunt under the cursor.
func (s *hunts) chosen() *queries.Query {
	if s.list.at < len(s.lines) {
		return s.lines[s.list.at].hunt
	}
	return nil
}

func (s *hunts) explain() tea.Cmd {
	q := s.chosen()
	if q == nil {
		return nil
	}
	return s.e.Overlay(frame.NewExplain(s.e, s.e.Show(q.ID), frame.About{Doc: q.Title + ".\n\n" + q.Doc, Cannot: q.Cannot}, q.SQL, nil))
}

// Settle writes the lines anew: what runs changes them. Hunts of another window than that of now are run again.
func (s *hunts) Settle(width, _ int) tea.Cmd {
	var cmd tea.Cmd
	if !frame.SameSpan(s.within, s.e.Within) || !s.t0.Equal(s.e.T0) {
		cmd = s.again()
	}
	s.lines = s.write(width)
	return cmd
}

func (s *hunts) View(width, height int) string {
	detail := s.detail(width, height)
	return s.list.viewOver(s.e, s.lines, detail, width, height)
}

// write writes a line for each hunt, under the names of their groups.
func (s *hunts) write(width int) []line {
	t := &s.e.Theme
	id := 0
	for _, q := range s.all {
		id = max(id, ansi.StringWidth(s.e.Show(q.ID)))
	}
	id = min(id, max(width/3, 8))
	head := "   " + grid.Fit("hunt", id, false, s.e.Opt.ASCII) + "  found  worst         best row, or what it looked at"
	out := []line{{text: t.Title.Render(frame.Grow(head, width, t)), bare: head}}
	group := ""
	for i, q := range s.all {
		if q.Group != group {
			group = q.Group
			title := s.e.Show(group) + "  " + s.groupText(group)
			out = append(out, line{text: " " + t.Dim.Render(title), bare: " " + title})
		}
		out = append(out, s.lineOf(i, q, id))
	}
	return out
}

// groupText says how many hunts of a group found something.
func (s *hunts) groupText(group string) string {
	n, found := 0, 0
	for _, q := range s.all {
		if q.Group == group {
			n++
			if len(s.done[q].Findings) > 0 {
				found++
			}
		}
	}
	return fmt.Sprintf("%d of %d found something", found, n)
}

// signs of severities: a letter and a word, whatever the colour.
var signs = map[string]string{"high": "H", "medium": "M", "low": "L", "info": "."}

// lineOf is the line of a hunt.
func (s *hunts) lineOf(i int, q *queries.Query, id int) line {
	e, t := s.e, &s.e.Theme
	name := grid.Fit(e.Show(q.ID), id, false, e.Opt.ASCII)
	write := func(sign, found, worst, text string, style func(...string) string) line {
		rest := fmt.Sprintf("  %5s  %-12s  %s", found, worst, text)
		return line{text: " " + style(sign) + " " + name + style(rest), bare: " " + sign + " " + name + rest, hunt: q}
	}
	o, ran := s.done[q]
	err, failed := s.failed[q]
	switch {
	case failed:
		return write("!", "-", "failed", e.Lines(frame.Told(err.Error()))[0], t.Bad.Render)
	case !ran && i == s.at && s.running.Running():
		return write(t.Glyph.More, "", "runs", "", t.Strong.Render)
	case !ran && s.stopped:
		return write("-", "-", "not run", "stopped; r goes on", t.Warn.Render)
	case !ran:
		return write(" ", "", "waits", "", t.Dim.Render)
	case o.NotRun() != "":
		return write("?", "-", "not run", e.Show(o.NotRun()), t.Dim.Render)
	case len(o.Findings) == 0:
		return write(t.Glyph.Absent, "0", "none", e.Show(o.Looked), t.Dim.Render)
	}
	best := o.Findings[0]
	style := map[string]func(...string) string{"high": t.Bad.Render, "medium": t.Warn.Render}[best.Severity]
	if style == nil {
		style = t.Plain.Render
	}
	found := words.Count(int64(len(o.Findings) + o.Beyond))
	text := e.Show(best.Subject.String())
	if e.Windowed() && !frame.TakesWindow(q) {
		text = "all of the case: " + text
	}
	l := write(signs[best.Severity], found, fmt.Sprintf("%-6s %.2f", best.Severity, best.Score), text, style)
	l.run = func() tea.Cmd { return e.Go(frame.Goto{Screen: "query", Values: map[string]any{"query": q}}) }
	return l
}

// detail says of the hunt under the cursor why its best row is one, or how it came to nothing.
func (s *hunts) detail(width, height int) []string {
	q := s.chosen()
	if q == nil || height < 14 {
		return nil
	}
	e, t := s.e, &s.e.Theme
	text := ""
	switch o, ran := s.done[q]; {
	case s.failed[q] != nil:
		text = frame.Told(s.failed[q].Error())
	case ran && len(o.Findings) > 0:
		text = o.Findings[0].Reason
	case ran && o.Trace != nil:
		text = "nothing found: " + strings.Join(append(append(slices.Clone(o.Trace), o.Looked), o.Unseen...), "; ")
	}
	return append([]string{t.Dim.Render(strings.Repeat(t.Glyph.Dash, width)), " " + t.Strong.Render(frame.Grow(e.Show(q.Title), max(width-2, 1), t))},
		below(e, text, width)...)
}
