package printed

import (
	"fmt"
	"io"

	"case53/cases"
	"case53/cases/safetext"
	"case53/cases/words"
	"case53/queries/compare"
)

// Comparison writes a comparison for people.
func Comparison(w io.Writer, c *compare.Comparison) {
	line := func(format string, args ...any) { fmt.Fprintln(w, safetext.Show(fmt.Sprintf(format, args...))) }
	for i, s := range []*compare.Side{&c.Left, &c.Right, c.Baseline} {
		if s != nil {
			line("%-9s %s (%s), %s", []string{"left", "right", "baseline"}[i], s.Capture, s.Role, c.LogsText(s))
		}
	}
	fmt.Fprintln(w)
	for _, text := range words.Wrap(safetext.Show(c.Verdict), 110) { // before words are told by spaces: a name may have some
		fmt.Fprintln(w, text)
	}
	for _, l := range c.Lists() {
		line("")
		line("%s: %s", l.Title, words.Plural(l.Of, "place", "places"))
		for _, p := range l.Lines {
			line("  %.2f  %s", p.Score, p.Text)
		}
		if l.More() > 0 {
			line("        %s more: --most", words.Count(l.More()))
		}
	}
	if len(c.Subjects) > 0 {
		line("")
		line("Asked about, and recorded in %s", c.Right.Label)
	}
	for _, s := range c.Subjects {
		line("  %s", s.Statement)
	}
	if len(c.Negative) > 0 {
		line("")
		line("Not recorded in %s", c.Right.Label)
	}
	for _, n := range c.Negative {
		line("  %s", n.Short)
	}
	if text := c.Unstated(); text != "" {
		line("  %s: --most", text)
	}
	BlindSpots(w, c.Right.Recorded(c))
}

// BlindSpots writes what logs of these types never show.
func BlindSpots(w io.Writer, types []cases.LogType) {
	for _, t := range types {
		fmt.Fprintf(w, "\nNot visible in %s, however complete they are\n", t.Many)
		for _, b := range t.Blind {
			for i, text := range words.Wrap(b.What+": "+b.Why, 106) {
				lead := "    "
				if i == 0 {
					lead = "  - "
				}
				fmt.Fprintln(w, lead+text)
			}
		}
	}
}
