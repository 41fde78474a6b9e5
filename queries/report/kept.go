package report

import (
	"context"
	"fmt"
	"strings"

	"case53/cases"
	"case53/cases/notes"
	"case53/cases/raw"
	"case53/cases/words"
)

// Kept is what examiners kept of the case: their notes, and of each record what has become of its raw line.
type Kept struct {
	Notes []notes.Kept
	Sets  []notes.Set
	Lines int    // of the file
	Head  string // SHA-256 of its last line
	Fault string // why the file was not read to its end
}

// keptShown is how many notes a report has; how many more there are is said.
const keptShown = 200

// kept reads the notes, and compares the raw lines of the records in them.
func (g *gatherer) kept(ctx context.Context, r *Report, _ cases.Info) error {
	b, err := notes.Open(ctx, g.Case.Dir, g.opt.Tool)
	if err != nil {
		return err
	}
	if r.Kept.Notes, err = notes.Listed(ctx, g.Case, b.Notes()); err != nil {
		return err
	}
	r.Kept.Sets = b.Sets()
	r.Kept.Lines, r.Kept.Head = b.Head()
	if err := b.Fault(); err != nil {
		r.Kept.Fault = err.Error()
	}
	return nil
}

// altered is the first kept record whose object or line is not what it was.
func (k *Kept) altered() error {
	for _, n := range k.Notes {
		if n.State == notes.Altered {
			return fmt.Errorf("%w: record %d of %s, which was kept in a note", raw.ErrAltered, n.RowNo, n.Object)
		}
	}
	return nil
}

// stateTexts say what has become of a kept record.
var stateTexts = map[notes.State]string{
	notes.Held:    "still in raw/: the hashes of its object and of its line are those that were kept",
	notes.Altered: "ALTERED: its object, or its line, is not what it was when it was kept",
	notes.Gone:    "GONE: the case does not have it", notes.Unchecked: "not checked: it could not be read",
}

// write tells what examiners kept; nothing where that is nothing.
func (k *Kept) write(d *document) {
	if len(k.Notes)+len(k.Sets) == 0 && k.Fault == "" {
		return
	}
	d.section("kept", "What the examiner kept")
	d.para(append(append(plain(fmt.Sprintf("%s and %s, from notes.jsonl of the case (%s, SHA-256 of the last ",
		words.Plural(int64(len(k.Notes)), "note", "notes"), words.Plural(int64(len(k.Sets)), "named set", "named sets"),
		words.Plural(int64(k.Lines), "line", "lines"))), exact(k.Head)...), plain("). They are what examiners say, and no evidence. "+
		"A kept record has the raw line as it was when it was kept; it was read again from raw/ for this report.")...)...)
	if k.Fault != "" {
		d.para(append(strong("The notes are not whole: "), plain(k.Fault+". What stands before that line is told here.")...)...)
	}
	for _, n := range k.Notes[:min(len(k.Notes), keptShown)] {
		writeNote(d, n)
	}
	if more := len(k.Notes) - keptShown; more > 0 {
		d.say(fmt.Sprintf("%s not told here; case53 notes CASE list has all.", words.Plural(int64(more), "more note is", "more notes are")))
	}
	var rows [][][]span
	for _, s := range k.Sets {
		rows = append(rows, [][]span{exact("@" + s.Name), number(int64(len(s.Values))), plain(strings.Join(s.Texts(), ", ")), plain(strings.Join(s.By, ", "))})
	}
	if len(rows) > 0 {
		d.table([]string{"Set", "Values#", "What is in it", "By"}, rows)
	}
}

// writeNote tells one note: what it is about, what was said of it by whom, and the raw line of a record.
func writeNote(d *document, n notes.Kept) {
	what := plain(n.Kind + " ")
	if n.Kind == notes.Row {
		what = append(plain(fmt.Sprintf("record %d of ", n.RowNo)), exact(n.URI)...)
	} else {
		what = append(what, exact(n.Value)...)
	}
	if n.Severity != "" {
		what = append([]span{{known(n.Severity, severities), text(n.Severity)}, {"", " "}}, what...)
	}
	if len(n.Tags) > 0 {
		what = append(what, plain("  #"+strings.Join(n.Tags, " #"))...)
	}
	d.heading(4, what...)
	var items [][]span
	for _, c := range n.Comments {
		items = append(items, plain(fmt.Sprintf("%s (%s, %s UTC)", strings.Join(strings.Fields(c.Text), " "), c.By, c.At.UTC().Format("2006-01-02 15:04:05"))))
	}
	items = append(items, plain(fmt.Sprintf("kept by %s, last %s UTC", strings.Join(n.By, ", "), n.At.UTC().Format("2006-01-02 15:04:05"))))
	if n.Kind == notes.Row {
		items = append(items, append(plain("object "), exact(n.Object)...))
		state := plain(stateTexts[n.State])
		if n.State != notes.Held {
			state = strong(stateTexts[n.State])
		}
		items = append(items, append(append(state, plain("; SHA-256 of the line ")...), exact(n.LineSHA256)...))
	}
	d.list(items...)
	if n.Kind != notes.Row {
		return
	}
	d.code(n.Line)
	if int64(len(n.Line)) < n.LineSize {
		d.say(fmt.Sprintf("The first %s of %s bytes.", words.Count(int64(len(n.Line))), words.Count(n.LineSize)))
	}
}
