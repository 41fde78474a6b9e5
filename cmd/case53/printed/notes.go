package printed

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"case53/cases/notes"
	"case53/cases/safetext"
	"case53/cases/words"
)

// Kept is notes as notes --json gives them.
type Kept struct {
	File   string       `json:"file"`
	Lines  int          `json:"lines"`
	Head   string       `json:"head"`
	Fault  string       `json:"fault,omitempty"`
	Torn   bool         `json:"torn,omitempty"`
	Notes  []notes.Kept `json:"notes"`
	Sets   []notes.Set  `json:"sets"`
	Others []string     `json:"others"` // who, but for the one who asks, kept something of it
}

// KeptOf is what is said of all notes together, and those that are listed.
func KeptOf(b *notes.Book, listed []notes.Kept) Kept {
	k := Kept{File: b.Path(), Torn: b.Torn(), Notes: listed, Sets: append([]notes.Set{}, b.Sets()...)}
	k.Lines, k.Head = b.Head()
	if b.Fault() != nil {
		k.Fault = b.Fault().Error()
	}
	k.Others = append([]string{}, notes.Others(b.Notes(), k.Sets, b.Actor())...)
	return k
}

// states says what a state means.
var states = map[notes.State]string{
	notes.Held: "still there, hash checked", notes.Altered: "ALTERED", notes.Gone: "GONE", notes.Unchecked: "not checked",
}

// Notes writes what is kept: a line for each note, with what was said of it and its raw line below.
func Notes(w io.Writer, all []notes.Kept, me string) {
	for _, n := range all {
		mark := " "
		if n.Marked {
			mark = "*"
		}
		what := n.Kind + " " + n.Value
		if n.Kind == notes.Row {
			what = fmt.Sprintf("row %d:%d  %s", n.ObjectID, n.RowNo, n.LogType)
			if n.ObjectID == 0 {
				what = n.Target.String() + "  " + n.LogType
			}
			what += "  " + states[n.State]
		}
		by := ""
		if other := notes.Others([]notes.Note{n.Note}, nil, me); len(other) > 0 {
			by = "  by " + strings.Join(n.By, ", ")
		}
		tags := ""
		if len(n.Tags) > 0 {
			tags = "  #" + strings.Join(n.Tags, " #")
		}
		fmt.Fprintf(w, "%s %-6s  %s%s%s\n", mark, n.Severity, shortened(what), safetext.Show(tags), safetext.Show(by))
		for _, c := range n.Comments {
			who := ""
			if c.By != me {
				who = c.By + ", "
			}
			fmt.Fprintf(w, "          %d: %s (%s%s UTC)\n", c.Line, safetext.Show(strings.Join(strings.Fields(c.Text), " ")),
				safetext.Show(who), c.At.UTC().Format("2006-01-02 15:04"))
		}
		if n.Kind == notes.Row {
			fmt.Fprintf(w, "          | %s\n", shortened(n.Line))
		}
	}
}

// shortened is text of evidence, as much of it as fits on a line beside others.
func shortened(text string) string {
	const most = 160
	shown := safetext.Show(text)
	if n := utf8.RuneCountInString(shown); n > most {
		return fmt.Sprintf("%s …(+%d)", string([]rune(shown)[:most]), n-most)
	}
	return shown
}

// Sets writes named sets, their values below each.
func Sets(w io.Writer, sets []notes.Set) {
	for _, s := range sets {
		fmt.Fprintf(w, "@%s  %s\n", safetext.Show(s.Name), words.Plural(int64(len(s.Values)), "value", "values"))
		for _, v := range s.Values {
			fmt.Fprintf(w, "    %-10s %s\n", safetext.Show(v.Kind), safetext.Show(v.Value))
		}
	}
}
