package printed

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"case53/cases"
	"case53/cases/safetext"
	"case53/cases/words"
)

// Info writes what is in a case.
func Info(w io.Writer, info cases.Info) {
	fmt.Fprintf(w, "%s\n", safetext.Show(info.Dir))
	fmt.Fprintf(w, "window    %s\n", info.Window.String())
	fmt.Fprintf(w, "objects   %s, %s as received\n", words.Count(info.Objects), words.Bytes(info.Bytes))
	fmt.Fprintf(w, "balance   %s\n", info.Lines)
	var tables []string
	for _, name := range slices.Sorted(maps.Keys(info.Tables)) {
		if info.Tables[name] == 0 {
			continue // JSON has them; for people a log that is not there is told by what it lacks
		}
		tables = append(tables, fmt.Sprintf("%s %s", name, words.Count(info.Tables[name])))
	}
	if tables == nil {
		tables = []string{"no rows"}
	}
	fmt.Fprintf(w, "tables    %s\n", strings.Join(tables, ", "))
	for _, c := range info.Captures {
		fmt.Fprintf(w, "capture   %s (%s): %s objects, %s records, %s\n",
			safetext.Show(c.Name), c.Role, words.Count(c.Objects), words.Count(c.Lines.Rows), c.Window.String())
	}
	for _, s := range info.Slices {
		fmt.Fprintf(w, "pulled    %s: %s of %s slices complete, %s counted once, %s partial\n",
			safetext.Show(s.Source), words.Count(s.Complete), words.Count(s.Complete+s.Unverified+s.Partial), words.Count(s.Unverified),
			words.Count(s.Partial))
		for _, g := range s.Gaps {
			fmt.Fprintf(w, "partial   %s: %s\n", cases.Span{From: g.From, To: g.To}.String(), safetext.Show(g.Reason))
		}
	}
	for _, p := range info.Pulls {
		fmt.Fprintf(w, "pull      that was interrupted: %s\n", safetext.Show(string(p.Plan)))
	}
	for _, s := range info.Narrowed {
		fmt.Fprintf(w, "narrowed  %s\n", safetext.Show(s.String()))
	}
	if info.Again != nil && *info.Again > 0 {
		fmt.Fprintf(w, "again     %s\n", Again(*info.Again))
	}
	for _, u := range info.Unread {
		part := cases.Part{LogGroup: u.LogGroup, LogStream: u.LogStream}
		fmt.Fprintf(w, "unread    %s of %s: %s\n", words.Plural(u.Records, "record", "records"), safetext.Show(part.Source()), safetext.Show(u.What))
	}
	for _, p := range info.Problems {
		fmt.Fprintf(w, "problem   %s\n", safetext.Show(p))
	}
}
