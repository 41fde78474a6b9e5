package printed

import (
	"fmt"
	"io"

	"case53/cases/safetext"
	"case53/cases/words"
	"case53/loader/narrow"
)

// Question says what a question would read and cost, what it leaves out, and where it is.
func Question(w io.Writer, dir string, q *narrow.Question) {
	fmt.Fprintf(w, "%s: %s\n", safetext.Show(dir), q.To.Words())
	fmt.Fprintf(w, "asks of   %s, %s as stored; each of two queries reads them all, about $%.4f\n",
		words.Plural(q.Objects, "object", "objects"), words.Bytes(q.Bytes), q.Dollars())
	for _, l := range q.Left {
		fmt.Fprintf(w, "left out  %s %s, the first %s\n", words.Plural(l.Objects, "object", "objects"), safetext.Show(l.Why), safetext.Show(l.First))
	}
	fmt.Fprintf(w, "listing   SHA-256 %s\n", q.Listing)
	fmt.Fprintln(w, "nothing was asked; README.txt in it says what to do next, and who may see it")
}
