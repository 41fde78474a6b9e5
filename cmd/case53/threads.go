package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"case53/cases"
	"case53/cases/safetext"
	"case53/cases/words"
	"case53/queries/findings"
	"case53/queries/threads"
)

func newThreads() *cobra.Command {
	c := &cobra.Command{
		Use:   "threads CASE",
		Short: "Put what the hunts find together into what happened, in order",
		Long: `Runs the hunts and draws their findings together: what several of them tell of is one step, and steps that belong together
are a thread, told in order of time. Steps are joined by who was in on a host at that moment and what it was calling then, not
by sharing a host. A thread is ranked by how much of different kinds there is in it; the same again counts nothing.

Each step has the hunts behind it, its records, how much of its time is covered, and what else it may be, with what the logs
say against that and for it. Threads of low severity have a line each; --all tells them too. --host tells what one host did
or had done to it, over all threads.

-p, --allow, --ioc and --most act on the hunts as in case53 hunt.`,
		Args: exactly(1),
		RunE: runThreads,
	}
	addHuntFlags(c, 1000)
	c.Flags().String("host", "", "only what this host of ours did or had done to it, in order")
	c.Flags().Bool("all", false, "tell threads of low severity step by step too")
	return c
}

func runThreads(c *cobra.Command, args []string) error {
	h, hunts, err := openHunter(c, args[0], nil)
	if err != nil {
		return err
	}
	defer h.Case.Close()
	var outcomes []findings.Outcome
	if err := h.Run(c.Context(), hunts, func(o findings.Outcome) { outcomes = append(outcomes, o) }); err != nil {
		return err
	}
	found, err := h.Rank(c.Context(), outcomes)
	if err != nil {
		return err
	}
	told, err := threads.Draw(c.Context(), h, outcomes, found)
	if err != nil {
		return err
	}
	printDrawn(c.ErrOrStderr(), told, outcomes, len(found))
	host, _ := c.Flags().GetString("host")
	switch {
	case host != "" && wantsJSON(c):
		return printJSON(c.OutOrStdout(), told.Of(host))
	case host != "":
		printHost(c.OutOrStdout(), host, told.Of(host))
	case wantsJSON(c):
		return printJSON(c.OutOrStdout(), told.Threads)
	default:
		all, _ := c.Flags().GetBool("all")
		printThreads(c.OutOrStdout(), told, all)
	}
	return nil
}

// printDrawn says what the threads rest on, and what was not looked at.
func printDrawn(stderr io.Writer, told *threads.Told, outcomes []findings.Outcome, found int) {
	ran, beyond := 0, 0
	for _, o := range outcomes {
		if o.Missing == "" {
			ran++
		}
		beyond += o.Beyond
	}
	fmt.Fprintf(stderr, "%s of %s came to %s\n", words.Plural(int64(found), "finding", "findings"), words.Plural(int64(ran), "hunt", "hunts"),
		words.Plural(int64(told.Facts), "fact", "facts"))
	if n := len(outcomes) - ran; n > 0 {
		fmt.Fprintf(stderr, "%s not run, as the case has no records for %s; case53 hunt says which\n", words.Plural(int64(n), "hunt was", "hunts were"),
			map[bool]string{true: "it", false: "them"}[n == 1])
	}
	if beyond > 0 {
		fmt.Fprintf(stderr, "%s not looked at; --most 0 takes all\n", words.Plural(int64(beyond), "weaker finding was", "weaker findings were"))
	}
	for _, note := range told.Notes {
		fmt.Fprintln(stderr, safetext.Show(note))
	}
}

// printThreads writes threads for people, the low ones in a line each.
func printThreads(w io.Writer, told *threads.Told, all bool) {
	var brief []*threads.Thread
	for _, t := range told.Threads {
		if !all && !t.At("medium") {
			brief = append(brief, t)
			continue
		}
		printThread(w, t)
	}
	if len(brief) > 0 {
		fmt.Fprintf(w, "%s of low severity: %s\n", words.Plural(int64(len(brief)), "thread", "threads"), safetext.Show(threads.Alone(brief)))
	}
	for _, t := range brief {
		fmt.Fprintf(w, "%3d  %-6s  %.3f  %s  %s\n", t.Number, t.Severity, t.Score, words.Moment(t.From), safetext.Show(t.Title))
	}
	fmt.Fprintln(w, words.Plural(int64(len(told.Threads)), "thread", "threads"))
}

func printThread(w io.Writer, t *threads.Thread) {
	fmt.Fprintf(w, "%d. %s\n", t.Number, safetext.Show(t.Title))
	fmt.Fprintf(w, "   %s %.3f; %s; %s, %s\n", t.Severity, t.Score, cases.Span{From: t.From, To: t.To}.String(),
		words.Plural(int64(len(t.Steps)), "step", "steps"), words.Plural(int64(t.Findings), "finding", "findings"))
	if t.Perhaps != "" {
		fmt.Fprintf(w, "   %s\n", safetext.Show(t.Perhaps))
	}
	for _, s := range t.Steps {
		printStep(w, s, "")
	}
	fmt.Fprintln(w)
}

// printStep writes what happened, and under it what it rests on and what else it may be.
func printStep(w io.Writer, s *threads.Step, of string) {
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

// printHost writes what a host did, over all threads.
func printHost(w io.Writer, host string, steps []threads.HostStep) {
	for _, s := range steps {
		printStep(w, s.Step, fmt.Sprintf(" (thread %d)", s.Thread))
	}
	fmt.Fprintf(w, "%s of %s\n", words.Plural(int64(len(steps)), "step", "steps"), safetext.Show(host))
}
