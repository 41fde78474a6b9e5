package tui

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"case53/cases"
	"case53/cases/safetext"
	"case53/tui/grid"
)

// Env is what the screens share. Only Update changes it.
type Env struct {
	reader  Reader
	library Library
	opt     Options
	ctx     context.Context

	theme  theme
	zone   *time.Location
	now    time.Time // of the message at hand
	frame  int       // of the spinner
	notice string    // said once, until the next key

	trail    []Screen
	overlays []Screen
	tables   map[string]int64 // what the case has; nil until known
	asked    *sqlScreen       // the SQL prompt keeps what was typed

	lastReq uint64
	waiting map[uint64]func(answer) tea.Cmd
	ticking bool
}

func (e *Env) push(s Screen) tea.Cmd {
	e.trail = append(e.trail, s)
	return s.Open()
}

// pop leaves the top screen. The first one stays.
func (e *Env) pop() tea.Cmd {
	if len(e.trail) <= 1 {
		return nil
	}
	top := e.trail[len(e.trail)-1]
	e.trail = e.trail[:len(e.trail)-1]
	return top.Close()
}

// popTo leaves all screens after number i.
func (e *Env) popTo(i int) tea.Cmd {
	var cmds []tea.Cmd
	for len(e.trail) > i+1 && len(e.trail) > 1 {
		cmds = append(cmds, e.pop())
	}
	return tea.Batch(cmds...)
}

func (e *Env) top() Screen { return e.trail[len(e.trail)-1] }

func (e *Env) overlay(s Screen) tea.Cmd {
	e.overlays = append(e.overlays, s)
	return s.Open()
}

// closeOverlay takes the top overlay away.
func (e *Env) closeOverlay() tea.Cmd {
	if len(e.overlays) == 0 {
		return nil
	}
	top := e.overlays[len(e.overlays)-1]
	e.overlays = e.overlays[:len(e.overlays)-1]
	return top.Close()
}

// closeThen takes the top overlay away and goes on.
func (e *Env) closeThen(next func() tea.Cmd) tea.Cmd {
	return tea.Batch(e.closeOverlay(), next())
}

func (e *Env) say(text string) { e.notice = text }

// show makes text of the evidence, or of an error, safe to draw on one line.
func (e *Env) show(s string) string {
	if e.opt.ASCII {
		return safetext.ASCII(s)
	}
	return safetext.Show(s)
}

// brief is show for a place where only so much of a value is of use. What is left out is counted.
func (e *Env) brief(s string) string {
	head, more := grid.Head(s, 256)
	if more == 0 {
		return e.show(head)
	}
	return fmt.Sprintf("%s%s(+%d)", e.show(head), e.theme.glyph.dots, more)
}

// lines is show for text that may have several lines, such as a database's message.
func (e *Env) lines(s string) []string {
	parts := strings.Split(strings.ReplaceAll(strings.TrimRight(s, "\n"), "\t", "    "), "\n")
	for i, p := range parts {
		parts[i] = e.show(p)
	}
	return parts
}

// has reports whether a query that needs these views can find anything: at least one of them has rows, as far as is
// known. lacks names a log type that it reads and that has none, because an answer over several logs means less without.
func (e *Env) has(needs []string) (lacks string, ok bool) {
	if e.tables == nil {
		return "", true
	}
	types, all := e.reader.Lacking(needs, e.tables)
	if len(types) > 0 {
		lacks = types[len(types)-1].Name
	}
	return lacks, !all
}

func (e *Env) nextZone() {
	if e.zone == time.UTC {
		e.zone = e.opt.Local
	} else {
		e.zone = time.UTC
	}
	e.say("times are in " + e.zoneName())
}

// zoneName names the zone of the times on the screen, offset included, as of now.
func (e *Env) zoneName() string {
	if e.zone == time.UTC {
		return "UTC"
	}
	name, _ := e.now.In(e.zone).Zone()
	if offset := e.now.In(e.zone).Format("-07:00"); !strings.HasPrefix(name, "+") && !strings.HasPrefix(name, "-") {
		return e.show(name) + offset
	}
	return "UTC" + e.now.In(e.zone).Format("-07:00")
}

const cellTime = "2006-01-02 15:04:05.999999"

// timeText puts a time of a result into the zone on view. Text that is no time stays as it is.
func (e *Env) timeText(text string) string {
	if e.zone == time.UTC {
		return text
	}
	t, err := time.ParseInLocation(cellTime, text, time.UTC)
	if err != nil {
		return text
	}
	return t.In(e.zone).Format(cellTime + "-07:00") // summer time makes the offset differ from row to row
}

// moment is a time of the overview.
func (e *Env) moment(t time.Time) string {
	switch {
	case t.IsZero():
		return e.theme.glyph.dash
	case e.zone == time.UTC:
		return t.UTC().Format("2006-01-02 15:04")
	}
	return t.In(e.zone).Format("2006-01-02 15:04-07:00")
}

// isTime reports whether the values of a column are times.
func isTime(c cases.Column) bool {
	return strings.HasPrefix(c.Type, "TIMESTAMP")
}

// isNumber reports whether the values of a column are numbers, to be put to the right.
func isNumber(c cases.Column) bool {
	name, _, _ := strings.Cut(c.Type, "(")
	return slices.Contains(numberTypes, name)
}

var numberTypes = []string{"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER",
	"UBIGINT", "UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL"}
