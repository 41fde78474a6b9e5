package answers

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	tea "charm.land/bubbletea/v2"

	"case53/queries/export"
	"case53/tui/frame"
)

// saver is an overlay that asks for a file and writes it. It stays until the file is there, and says what it has become; where it is
// closed before, the writing goes on as a job.
type saver struct {
	e      *frame.Env
	title  string
	help   string
	in     frame.Editor
	err    error
	there  string // a file that is there already, and may be written over
	said   string // what was written
	work   func(ctx context.Context, file string, over bool) (string, error)
	asking frame.Task
	closed bool // it is not on view any more
}

// reportBind is the key that writes a report, on the screens that a report tells of.
func reportBind(e *frame.Env, d Desk) frame.Bind {
	return frame.Bind{Keys: frame.Keys("ctrl+e"), Does: "write a report to a file: HTML or Markdown", Foot: "report", Run: func() tea.Cmd {
		s := &saver{e: e, title: "Report", work: d.Report,
			help: "A file that ends in .html or .md. All hunts are run for it, over all of the case, and captures compared."}
		s.in.SetValue("report.html")
		return e.Overlay(s)
	}}
}

// newExport asks for the file of rows. narrowed says which window and filters hold on them, leaves which of all they are, where a limit
// of the query leaves some out; both may hold text of the evidence.
func newExport(e *frame.Env, d Desk, title string, rows frame.Asked, narrowed, leaves string) *saver {
	which, behind := "All rows are written, not only those on the screen.", ""
	if narrowed != "" {
		narrowed = " " + e.Brief(narrowed)
		which, behind = "All rows"+narrowed+" are written, not only those on the screen, and no others.", "; only rows"+narrowed
	}
	if leaves != "" {
		which = "Not all rows" + narrowed + " are written: the " + leaves + "; x in the list asks for more."
		behind += "; not all rows: the " + leaves
	}
	s := &saver{e: e, title: "Export " + title, help: "The end of the file's name says its form: " + export.Endings() + ". " + which,
		work: func(ctx context.Context, file string, over bool) (string, error) {
			said, err := d.Export(ctx, file, over, rows)
			if err != nil {
				return "", err
			}
			return said + behind, nil
		}}
	s.in.SetValue("rows.csv")
	return s
}

func (s *saver) Title() string        { return s.title }
func (s *saver) Open() tea.Cmd        { return nil }
func (s *saver) Typing() bool         { return !s.asking.Running() && s.said == "" }
func (s *saver) Status() frame.Status { return frame.Status{Task: &s.asking} }

// Close lets the writing go on.
func (s *saver) Close() tea.Cmd {
	s.closed = true
	if s.asking.Running() {
		s.e.Say("writing goes on; J lists what runs, and ends it")
	}
	return nil
}

// Cancelled says that it was: the file is there only if it was finished at that moment.
func (s *saver) Cancelled() tea.Cmd {
	s.err = errors.New("cancelled: the file is not known to be written")
	return nil
}

// job is the writing of a file. It stays listed with what it came to.
func (s *saver) job(file string) *frame.Job {
	return &frame.Job{What: s.title + " to " + s.e.Brief(filepath.Base(file)), Task: &s.asking, Writes: true, Stop: s.Cancelled, Said: func() string {
		switch {
		case s.asking.Running():
			return "writing" + s.e.Theme.Glyph.Dots
		case s.err != nil:
			return firstLine(s.err.Error())
		}
		return s.said
	}}
}

func (s *saver) Keys() []frame.Bind {
	switch {
	case s.said != "":
		return []frame.Bind{{Keys: frame.Keys("enter"), Does: "close", Foot: "close", Run: s.e.CloseOverlay}}
	case s.asking.Running():
		return nil
	}
	binds := []frame.Bind{{Keys: frame.Keys("enter"), Does: "write the file", Foot: "write", Run: func() tea.Cmd { return s.write(false) }}}
	if s.there != "" {
		binds = append(binds, frame.Bind{Keys: frame.Keys("ctrl+o"), Does: "write over the file that is there", Foot: "write over",
			Run: func() tea.Cmd { return s.write(s.there == s.file()) }})
	}
	return append(binds, s.in.Keys(func() { s.err, s.there = nil, "" })...)
}

// file is what was typed, as a path.
func (s *saver) file() string {
	file := strings.TrimSpace(s.in.Value())
	if rest, ok := strings.CutPrefix(file, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			file = filepath.Join(home, rest)
		}
	}
	if whole, err := filepath.Abs(file); err == nil && file != "" {
		return whole
	}
	return file
}

func (s *saver) write(over bool) tea.Cmd {
	file, work := s.file(), s.work
	if file == "" {
		s.err = errors.New("no file to write to")
		return nil
	}
	s.err, s.there = nil, ""
	job := s.job(file)
	begin := frame.Start(s.e, &s.asking, "writing", func(ctx context.Context) (string, error) { return work(ctx, file, over) },
		func(said string, err error) tea.Cmd {
			s.said, s.err = said, err
			s.e.End(job)
			if s.closed {
				s.e.Say(job.What + ": " + s.e.Brief(job.Said()))
			}
			if errors.Is(err, export.ErrThere) {
				s.there = file
			}
			return nil
		})
	s.e.Begin(job)
	return begin
}

func (s *saver) Update(msg tea.Msg) tea.Cmd {
	s.err, s.there = nil, ""
	s.in.Update(msg)
	return nil
}

func (s *saver) View(width, _ int) string {
	e, t := s.e, &s.e.Theme
	var out []string
	say := func(text string, style func(...string) string) {
		for _, l := range frame.Wrap(e.Show(text), max(width, 1)) {
			out = append(out, style(l))
		}
	}
	switch {
	case s.said != "":
		say(s.said, t.Good.Render)
		if s.err != nil { // written, and something is wrong with what it tells of
			out = append(out, frame.ErrorText(e, s.err, width))
		}
		return strings.Join(out, "\n")
	case s.asking.Running():
		say("writing "+s.file()+t.Glyph.Dots+" ctrl+c cancels, esc leaves it to go on", t.Dim.Render)
		return strings.Join(out, "\n")
	}
	out = append(out, "> "+s.in.View(t, max(width-2, 1), 1, true))
	say(s.help, t.Dim.Render)
	if s.err != nil {
		out = append(out, frame.ErrorText(e, s.err, width))
	}
	if s.there != "" {
		say("ctrl+o writes over it", t.Warn.Render)
	}
	return strings.Join(out, "\n")
}
