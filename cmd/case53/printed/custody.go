package printed

import (
	"encoding/json"
	"fmt"
	"io"

	"case53/cases/custody"
	"case53/cases/safetext"
	"case53/cases/verify"
	"case53/cases/words"
	"case53/loader/intake"
	"case53/loader/rebuild"
)

// CustodyLine is a line as --json gives it.
type CustodyLine struct {
	custody.Entry
	SHA256 string `json:"sha256"`
}

// Custody writes the log of a case, a line for each of its lines.
func Custody(w io.Writer, lines []CustodyLine, head string) {
	for _, l := range lines {
		fmt.Fprintf(w, "%5d  %s  %-18s  %s  %s  %s\n", l.Seq, l.At.UTC().Format("2006-01-02 15:04:05"), safetext.Show(l.Action),
			safetext.Show(l.Actor), safetext.Show(l.Tool), safetext.Show(detailText(l.Detail)))
	}
	if head != "" {
		fmt.Fprintf(w, "%s, head %s\n", words.Plural(int64(len(lines)), "line", "lines"), head)
	}
}

// detailText is what a line says of itself, as far as it fits beside others.
func detailText(detail json.RawMessage) string {
	const most = 160
	text := []rune(string(detail))
	if len(text) > most {
		return fmt.Sprintf("%s …(+%d)", string(text[:most]), len(text)-most)
	}
	return string(text)
}

func faults(w io.Writer, all []verify.Fault) {
	for _, f := range all {
		object := ""
		if f.Object != nil {
			object = fmt.Sprintf(" (object %d)", *f.Object)
		}
		fmt.Fprintf(w, "%s%s: %s\n    %s\n", safetext.Show(f.File), object, safetext.Show(f.What), safetext.Show(f.Means))
	}
}

// Rebuilt writes what making a database again came to.
func Rebuilt(w io.Writer, dir string, r rebuild.Result) {
	if r.Cut {
		LineCut(w, r.Head)
	}
	faults(w, r.Faults)
	if !r.OK {
		fmt.Fprintf(w, "%s: not rebuilt, the database is as it was: %s\n", safetext.Show(dir), words.Plural(int64(len(r.Faults)), "fault", "faults"))
		return
	}
	fmt.Fprintf(w, "%s: made again from raw/: %s source objects, %s rows, all as they were loaded\nhead %s\n",
		safetext.Show(dir), words.Count(r.Objects), words.Count(r.Rows), r.Head)
}

// LineCut says that what a kill had left of a line was cut off.
func LineCut(w io.Writer, head string) {
	fmt.Fprintf(w, "custody: the last line had no end; it was cut off, and the log says what it was: head %s\n", head)
}

// Imported writes what taking a case over came to.
func Imported(stdout, stderr io.Writer, r intake.Result) {
	for _, remark := range r.Verified.Remarks {
		fmt.Fprintf(stderr, "remark: %s\n", safetext.Show(remark))
	}
	faults(stdout, r.Faults())
	if !r.OK {
		fmt.Fprintf(stdout, "not imported: %s\n", words.Plural(int64(len(r.Faults())), "fault", "faults"))
		return
	}
	fmt.Fprintf(stdout, "%s: %s source objects, %s rows, made again from them and as they were loaded\nbag %s\nits head %s\ncustody: %s, head %s\n",
		safetext.Show(r.Case), words.Count(r.Rebuilt.Objects), words.Count(r.Rebuilt.Rows), r.Bag, r.Verified.Head,
		words.Plural(int64(r.Lines), "line", "lines"), r.Head)
}

// Verified writes what a check of a case came to: faults and verdict to stdout, remarks to stderr.
func Verified(stdout, stderr io.Writer, r verify.Result) {
	for _, remark := range r.Remarks {
		fmt.Fprintf(stderr, "remark: %s\n", safetext.Show(remark))
	}
	faults(stdout, r.Faults)
	if r.Seal != nil {
		fmt.Fprintf(stdout, "sealed %s UTC with the key %s, seal.json %s\n",
			r.Seal.SealedAt.UTC().Format("2006-01-02 15:04:05"), safetext.Show(r.Seal.Key), r.Seal.SHA256)
		if stamp := r.Seal.Stamp; stamp != nil && stamp.Trusted {
			fmt.Fprintf(stdout, "the seal was there at %s UTC, says %s\n", stamp.Time.Format("2006-01-02 15:04:05"), safetext.Show(stamp.By))
		}
	}
	if r.Bag != nil {
		fmt.Fprintf(stdout, "bag signed with the key %s\n", safetext.Show(r.Bag.Key))
	}
	if r.Decoded > 0 {
		fmt.Fprintf(stdout, "raw/ decoded again: %s rows\n", words.Count(r.Decoded))
	}
	if r.Second != nil {
		fmt.Fprintf(stdout, "read by plain SQL too: %s rows of %s\n", words.Count(r.Second.Rows), words.Plural(r.Second.Objects, "object", "objects"))
	}
	verdict := "as it was loaded"
	if !r.OK {
		verdict = words.Plural(int64(len(r.Faults)), "fault", "faults")
	}
	fmt.Fprintf(stdout, "%s: %s source objects, %s rows and %s of the custody log checked\nhead %s\n", verdict,
		words.Count(r.Checked.Objects), words.Count(r.Checked.Rows), words.Plural(r.Checked.Custody, "line", "lines"), r.Head)
}
