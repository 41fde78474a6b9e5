package printed

import (
	"fmt"
	"io"
	"time"

	"case53/cases/safetext"
	"case53/cases/words"
	"case53/loader/account"
)

// Candidate writes what was found in a log group or bucket, in a line.
func Candidate(w io.Writer, one account.Candidate) {
	kind := one.LogType
	if kind == "" {
		kind = "-"
	}
	fmt.Fprintf(w, "%-5s %s", kind, safetext.Show(one.Source))
	text := func(t time.Time) string {
		if t.IsZero() {
			return "?"
		}
		return t.UTC().Format("2006-01-02 15:04:05")
	}
	if !one.First.IsZero() || !one.Last.IsZero() {
		fmt.Fprintf(w, "  %s … %s", text(one.First), text(one.Last))
	}
	if one.Bytes > 0 {
		fmt.Fprintf(w, "  %s", words.Bytes(one.Bytes))
	}
	if one.Note != "" {
		fmt.Fprintf(w, "  %s", safetext.Show(one.Note))
	}
	fmt.Fprintln(w)
}

// Estimate writes what a pull of a source would cost.
func Estimate(w io.Writer, e account.Estimate) {
	fmt.Fprintf(w, "%s: %s objects, %s, %s requests, about %s, about $%.2f (%s)\n",
		safetext.Show(e.Source), words.Count(e.Objects), words.Bytes(e.Bytes), words.Count(e.Requests),
		time.Duration(e.Seconds*float64(time.Second)).Round(time.Second), e.Dollars, e.Basis)
	if e.Failed != "" {
		fmt.Fprintf(w, "  %s\n", safetext.Show(e.Failed))
	}
}
