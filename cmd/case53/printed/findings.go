package printed

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"case53/cases"
	"case53/cases/safetext"
	"case53/cases/words"
	"case53/queries"
	"case53/queries/findings"
)

// Outcomes says what was not run, what found nothing, and what was left out.
func Outcomes(stderr io.Writer, outcomes []findings.Outcome) {
	allowed := 0
	var looked, unseen, without []string
	by, lacking := map[string]int64{}, map[string][]string{}
	for _, o := range outcomes {
		OfCase(o.Query, stderr)
		allowed += o.Allowed
		if o.Looked != "" {
			if by[o.Looked]++; by[o.Looked] == 1 {
				looked = append(looked, o.Looked)
			}
		}
		if types := strings.Join(o.Without, ", "); types != "" {
			if lacking[types] == nil {
				without = append(without, types)
			}
			lacking[types] = append(lacking[types], o.Query.ID)
		}
		for _, text := range o.Unseen {
			if !slices.Contains(unseen, text) {
				unseen = append(unseen, text)
			}
		}
		switch {
		case o.NotRun() != "":
			fmt.Fprintf(stderr, "%s: not run: %s\n", safetext.Show(o.Query.ID), safetext.Show(o.NotRun()))
		case o.Trace != nil:
			fmt.Fprintf(stderr, "%s: nothing found: %s\n", safetext.Show(o.Query.ID), safetext.Show(strings.Join(o.Trace, "; ")))
		case o.Beyond > 0:
			fmt.Fprintf(stderr, "%s: %s not shown; --most 0 shows all\n",
				safetext.Show(o.Query.ID), words.Plural(int64(o.Beyond), "weaker finding", "weaker findings"))
		}
	}
	for _, types := range without {
		fmt.Fprintf(stderr, "without %s records, of which the case has none: %s\n", types, safetext.Show(strings.Join(lacking[types], ", ")))
	}
	for _, text := range looked {
		fmt.Fprintf(stderr, "%s that found nothing %s\n", words.Plural(by[text], "hunt", "hunts"), safetext.Show(text))
	}
	for _, text := range unseen {
		fmt.Fprintln(stderr, safetext.Show(text))
	}
	if allowed > 0 {
		fmt.Fprintf(stderr, "%s left out: on an --allow list\n", words.Plural(int64(allowed), "finding", "findings"))
	}
}

// Findings writes findings for people: what, about whom, why, and how much of the time is really there.
func Findings(w io.Writer, found []findings.Finding) {
	for _, f := range found {
		fmt.Fprintf(w, "%-6s  %.3f  %-16s  %s\n", f.Severity, f.Score, safetext.Show(f.Hunt), safetext.Show(f.Subject.String()))
		fmt.Fprintf(w, "               %s\n", safetext.Show(f.Reason))
		fmt.Fprintf(w, "               %s, %s; %s\n", words.Plural(f.Rows, "record", "records"), cases.Span{From: f.From, To: f.To}.String(), f.Coverage)
		if len(f.Whose) > 0 {
			fmt.Fprintf(w, "               %s\n", safetext.Show(strings.Join(f.Whose, "; ")))
		}
	}
}

// Grouped writes findings for a terminal, of which the end is what is seen: by severity, and the worst last.
func Grouped(w io.Writer, found []findings.Finding) {
	for _, severity := range slices.Backward(queries.Severities) {
		of := slices.DeleteFunc(slices.Clone(found), func(f findings.Finding) bool { return f.Severity != severity })
		if len(of) == 0 {
			continue
		}
		slices.Reverse(of)
		fmt.Fprintf(w, "\n%s: %s\n\n", severity, words.Plural(int64(len(of)), "finding", "findings"))
		Findings(w, of)
	}
}

// OfCase says that a query which is about to run came with the case.
func OfCase(q *queries.Query, stderr io.Writer) {
	if q.OfCase {
		fmt.Fprintf(stderr, "%s: a query that came with the case, %s: its answer is as good as who wrote it\n", safetext.Show(q.ID), safetext.Show(q.Path))
	}
}
