package printed

import (
	"fmt"
	"io"
	"strings"

	"case53/cases"
	"case53/cases/safetext"
	"case53/cases/words"
	"case53/queries/findings"
	"case53/queries/threads"
)

// Drawn says what the threads rest on, and what was not looked at.
func Drawn(stderr io.Writer, told *threads.Told, outcomes []findings.Outcome, found int) {
	ran, beyond, narrowed := 0, 0, false
	for _, o := range outcomes {
		if o.NotRun() == "" {
			ran++
		}
		narrowed = narrowed || o.Narrowed != ""
		beyond += o.Beyond
	}
	fmt.Fprintf(stderr, "%s of %s came to %s\n", words.Plural(int64(found), "finding", "findings"), words.Plural(int64(ran), "hunt", "hunts"),
		words.Plural(int64(told.Facts), "fact", "facts"))
	if n := len(outcomes) - ran; n > 0 {
		fmt.Fprintf(stderr, "%s not run, as the case has no records for %s%s; case53 hunt says which\n", words.Plural(int64(n), "hunt was", "hunts were"),
			map[bool]string{true: "it", false: "them"}[n == 1], map[bool]string{true: ", or not all of them"}[narrowed])
	}
	if beyond > 0 {
		fmt.Fprintf(stderr, "%s not looked at; --most 0 takes all\n", words.Plural(int64(beyond), "weaker finding was", "weaker findings were"))
	}
	for _, note := range told.Notes {
		fmt.Fprintln(stderr, safetext.Show(note))
	}
}

// Threads writes threads for people, the low ones in a line each.
func Threads(w io.Writer, told *threads.Told, all bool) {
	var brief []*threads.Thread
	for _, t := range told.Threads {
		if !all && !t.At("medium") {
			brief = append(brief, t)
			continue
		}
		thread(w, t)
	}
	if len(brief) > 0 {
		fmt.Fprintf(w, "%s of low severity: %s\n", words.Plural(int64(len(brief)), "thread", "threads"), safetext.Show(threads.Alone(brief)))
	}
	for _, t := range brief {
		fmt.Fprintf(w, "%3d  %-6s  %.3f  %s  %s\n", t.Number, t.Severity, t.Score, words.Moment(t.From), safetext.Show(t.Title))
	}
	fmt.Fprintln(w, words.Plural(int64(len(told.Threads)), "thread", "threads"))
}

func thread(w io.Writer, t *threads.Thread) {
	fmt.Fprintf(w, "%d. %s\n", t.Number, safetext.Show(t.Title))
	fmt.Fprintf(w, "   %s %.3f; %s; %s, %s\n", t.Severity, t.Score, cases.Span{From: t.From, To: t.To}.String(),
		words.Plural(int64(len(t.Steps)), "step", "steps"), words.Plural(int64(t.Findings), "finding", "findings"))
	if t.Perhaps != "" {
		fmt.Fprintf(w, "   %s\n", safetext.Show(t.Perhaps))
	}
	for _, s := range t.Steps {
		step(w, s, "")
	}
	fmt.Fprintln(w)
}

// step writes what happened, and under it what it rests on and what else it may be.
func step(w io.Writer, s *threads.Step, of string) {
	fmt.Fprintf(w, "   %s  %-7s  %s%s\n", words.Moment(s.Time), s.Phase, safetext.Show(s.Text), of)
	behind := strings.Join(s.Hunts, ", ")
	if behind == "" {
		behind = "no hunt: from connections"
	}
	behind += "; " + words.Plural(s.Rows, "record", "records")
	if s.Coverage != nil {
		behind += "; " + s.Coverage.String()
	}
	const under = "                                 "
	if s.Link != "" {
		fmt.Fprintf(w, "%s%s\n", under, safetext.Show(s.Link))
	}
	if len(s.Either) > 1 {
		of := strings.Trim(strings.ReplaceAll(fmt.Sprint(s.Either), " ", " or "), "[]")
		fmt.Fprintf(w, "%seither thread %s: several were in, and the logs do not say whose it is\n", under, of)
	}
	fmt.Fprintf(w, "%s%s\n", under, safetext.Show(behind))
	for _, r := range s.Rivals {
		fmt.Fprintf(w, "%sor %s\n", under, safetext.Show(r.String()))
	}
}

// Host writes what a host did, over all threads.
func Host(w io.Writer, host string, steps []threads.HostStep) {
	for _, s := range steps {
		step(w, s.Step, fmt.Sprintf(" (thread %d)", s.Thread))
	}
	fmt.Fprintf(w, "%s of %s\n", words.Plural(int64(len(steps)), "step", "steps"), safetext.Show(host))
}
