package printed

import (
	"fmt"
	"io"
	"strings"
	"time"

	"case53/cases"
	"case53/cases/safetext"
	"case53/cases/words"
	"case53/queries/findings"
)

// coverageBar is the width of a source's bar, and the letters in it.
const coverageBar = 48

var coverageLetters = map[string]string{
	cases.StatusOK: "█", cases.StatusRecords: "█", cases.StatusNoData: "░", cases.StatusSkipData: "S", cases.StatusAbsent: "·", cases.StatusNone: "·",
}

// Coverage writes what is really there, a bar for each source, and the spans of what is not.
func Coverage(w io.Writer, all []cases.Coverage) {
	if len(all) == 0 {
		fmt.Fprintln(w, "no records with times")
		return
	}
	fmt.Fprintln(w, "█ records  ░ NODATA  S SKIPDATA  · absent, or none where a log has no NODATA")
	for i, c := range all {
		if first := i == 0 || c.LogType != all[i-1].LogType || c.Capture != all[i-1].Capture; first {
			fmt.Fprintf(w, "\n%s, capture %s: %s, windows of %s\n", c.LogType, safetext.Show(c.Capture), c.Window.String(), binText(c.Bin))
			for _, s := range c.Narrowed {
				fmt.Fprintf(w, "  %s; a window without a record says nothing\n", safetext.Show(s.String()))
			}
		}
		fmt.Fprintf(w, "  %-24s %s  %s\n", safetext.Show(c.Source), bar(c), countsText(c))
		for _, s := range c.Spans {
			if s.Status == cases.StatusAbsent || s.Status == cases.StatusSkipData {
				fmt.Fprintf(w, "  %-24s %s\n", "", s.Status+" "+cases.Span{From: s.From, To: s.To}.String())
			}
		}
	}
	causes := findings.Causes(all)
	if len(causes) > 0 {
		fmt.Fprintln(w, "\nCalls that stop, change or delete logs, and the times without records that they explain, or may")
	}
	for _, c := range causes {
		text := fmt.Sprintf("%s, capture %s: %s", c.LogType, c.Capture, c.Text(func(t time.Time) string { return t.Format(time.DateTime) + " UTC" }))
		fmt.Fprintf(w, "  - %s\n", safetext.Show(text))
	}
}

// binText writes the width of a window without zeros at its end: 10m, 1h.
func binText(d time.Duration) string {
	text := d.String()
	for _, zeros := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zeros) {
			text = text[:len(text)-2]
		}
	}
	return text
}

func countsText(c cases.Coverage) string {
	var parts []string
	for _, status := range cases.Statuses {
		if n := c.Counts[status]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, status))
		}
	}
	plural := "s"
	if c.Windows == 1 {
		plural = ""
	}
	return fmt.Sprintf("%d window%s: %s", c.Windows, plural, strings.Join(parts, ", "))
}

// bar draws a source's windows.
func bar(c cases.Coverage) string {
	var b strings.Builder
	for _, status := range c.Bar(coverageBar) {
		b.WriteString(coverageLetters[status])
	}
	return b.String()
}

// Again says how many records are in no sum, as another log has them too.
func Again(n int64) string {
	return words.Plural(n, "record says", "records say") + " again what a record of another object says: no sum counts them"
}
