package frame

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"case53/cases"
	"case53/cases/notes"
	"case53/cases/words"
)

// Kept is what the examiner keeps of the case, as screens draw it. The notes are a file of their own; the case is only read.
type Kept struct {
	book   *notes.Book // nil: notes cannot be kept
	rows   map[Place]notes.Note
	values map[string]notes.Note // by notes.Target.Key
	at     map[string]int64      // object_id by [objectKey]
	writes Task
	queue  []func() tea.Cmd // changes that wait for the one that is being written
}

// Place is a record in the case at hand.
type Place struct{ ObjectID, RowNo int64 }

// Subject is what a note is to be about: records, or values.
type Subject struct {
	Rows   []Place
	Values []notes.Target
}

// String names it for people; it may hold text of the evidence.
func (s Subject) String() string {
	switch {
	case len(s.Rows) == 1:
		return fmt.Sprintf("record %d:%d", s.Rows[0].ObjectID, s.Rows[0].RowNo)
	case len(s.Rows) > 1:
		return words.Plural(int64(len(s.Rows)), "record", "records")
	case len(s.Values) > 0:
		return s.Values[0].String()
	}
	return "nothing"
}

// worthless are kinds of columns whose values are nothing that one would keep: they are counts and clocks, not things.
var worthless = []string{"", "bytes", "capture", "count", "flag", "json", "minutes", "number", "object", "port", "protocol", "score", "text", "time"}

// ValueSubject is the value of a cell as what a note can be about; ok is false where its column's kind is none.
func ValueSubject(kind string, c cases.Cell) (s Subject, ok bool) {
	if c.Null || c.Text == "" || slices.Contains(worthless, kind) {
		return s, false
	}
	t, err := notes.ValueOf(kind, c.Text)
	return Subject{Values: []notes.Target{t}}, err == nil
}

// OpenNotes takes a book of notes, and finds its rows in the case.
func (e *Env) OpenNotes() tea.Cmd {
	k := &e.Kept
	if k.book = e.Opt.Notes; k.book == nil {
		return nil
	}
	if k.at == nil {
		k.at = map[string]int64{}
	}
	k.take()
	var objects []string
	for _, n := range k.book.Notes() {
		if n.Kind == notes.Row && k.at[objectKey(n.Target)] == 0 && !slices.Contains(objects, n.Object) {
			objects = append(objects, n.Object)
		}
	}
	if len(objects) == 0 {
		return nil
	}
	reader := e.Reader
	return Start(e, new(Task), "finding kept rows", func(ctx context.Context) (map[string]int64, error) {
		return placesOf(ctx, reader, objects)
	}, func(at map[string]int64, err error) tea.Cmd {
		if err != nil {
			e.Say("kept rows cannot be found: " + e.Lines(err.Error())[0])
			return nil
		}
		for key, id := range at {
			k.at[key] = id
		}
		k.take()
		return nil
	})
}

// placesOf finds the numbers of objects.
func placesOf(ctx context.Context, r Reader, objects []string) (map[string]int64, error) {
	const most = 1 << 20 // of one object and another at several places
	res, err := r.Query(ctx, `SELECT sha256, uri, version_id, object_id FROM store.object WHERE list_contains(string_split($objects, ' '), sha256)`,
		map[string]any{"objects": strings.Join(objects, " ")})
	if err != nil {
		return nil, err
	}
	defer res.Close()
	rows, err := res.Fetch(ctx, 0, most)
	at := map[string]int64{}
	for _, row := range rows {
		var id int64
		if _, err := fmt.Sscan(row[3].Text, &id); err == nil {
			at[objectKey(notes.Target{Object: row[0].Text, URI: row[1].Text, VersionID: row[2].Text})] = id
		}
	}
	return at, err
}

// objectKey is what rows of one object have in common.
func objectKey(t notes.Target) string { return t.Object + "\x00" + t.URI + "\x00" + t.VersionID }

// take reads the book anew.
func (k *Kept) take() {
	k.rows, k.values = map[Place]notes.Note{}, map[string]notes.Note{}
	for _, n := range k.book.Notes() {
		if n.Kind != notes.Row {
			k.values[n.Key()] = n
		} else if id := k.at[objectKey(n.Target)]; id != 0 {
			k.rows[Place{id, n.RowNo}] = n
		}
	}
}

// Any says whether anything is kept that a list could show.
func (k *Kept) Any() bool { return len(k.rows)+len(k.values) > 0 }

// Book is the file of notes; nil where there is none to write.
func (k *Kept) Book() *notes.Book { return k.book }

// Place is where a kept row is in this case; false where the case has no such object.
func (k *Kept) Place(t notes.Target) (Place, bool) {
	id := k.at[objectKey(t)]
	return Place{id, t.RowNo}, id != 0
}

// Of is what is kept of a subject's first row or value.
func (k *Kept) Of(s Subject) (notes.Note, bool) {
	var n notes.Note
	var ok bool
	switch {
	case len(s.Rows) > 0:
		n, ok = k.rows[s.Rows[0]]
	case len(s.Values) > 0:
		n, ok = k.values[s.Values[0].Key()]
	}
	return n, ok
}

// Sign is what stands before what has a note: its severity's letter, else a mark, else that something is said of it.
func (e *Env) Sign(n notes.Note) string {
	switch {
	case n.Severity != "":
		return strings.ToUpper(n.Severity[:1])
	case n.Marked:
		return e.Theme.Glyph.Mark
	}
	return "+"
}

// job is a change when its turn has come.
type job struct {
	said string // when it is on disk
	do   func(context.Context, *notes.Book) (readRowsOf, error)
}

// readRowsOf is the records that were read for a change, and where they are.
type readRowsOf struct {
	places []Place
	rows   []notes.Target
}

// Change writes a change of a subject, after its rows have been read from raw/; said is what is told when it is on disk. Changes are written
// one after another, in the order of the keys; change is called when its turn has come.
func (e *Env) Change(s Subject, change func() (said string, of func([]notes.Target) notes.Change)) tea.Cmd {
	reader, k := e.Reader, &e.Kept
	if len(s.Rows) > notes.MostTargets {
		e.Say(fmt.Sprintf("%s at once: at most %d are kept with one key", s, notes.MostTargets))
		return nil
	}
	return e.written(func() job {
		said, of := change()
		known := slices.Clone(s.Values)
		var unknown []Place
		for _, p := range s.Rows { // of what is kept already the line is kept too
			if n, ok := k.rows[p]; ok {
				known = append(known, n.Target)
			} else {
				unknown = append(unknown, p)
			}
		}
		return job{said, func(ctx context.Context, b *notes.Book) (readRowsOf, error) {
			rows, err := readRows(ctx, reader, unknown)
			if err == nil {
				_, err = b.Do(ctx, of(append(slices.Clip(rows), known...)))
			}
			return readRowsOf{unknown, rows}, err
		}}
	})
}

// readRows reads records as what a note is about.
func readRows(ctx context.Context, r Reader, places []Place) ([]notes.Target, error) {
	var records []*cases.Record
	for _, p := range places {
		records = append(records, &cases.Record{ObjectID: p.ObjectID, RowNo: p.RowNo})
	}
	if err := r.ReadRecords(ctx, records); err != nil {
		return nil, err
	}
	var targets []notes.Target
	for _, record := range records {
		t, err := notes.RowOf(*record)
		if err != nil {
			return nil, err
		}
		targets = append(targets, t)
	}
	return targets, nil
}

// written runs a job on the book, after those that were asked for before.
func (e *Env) written(turn func() job) tea.Cmd {
	k := &e.Kept
	if k.book == nil {
		e.Say("notes cannot be kept here: notes.jsonl of the case cannot be opened")
		return nil
	}
	start := func() tea.Cmd {
		j, book := turn(), k.book
		return Start(e, &k.writes, "saving", func(ctx context.Context) (readRowsOf, error) { return j.do(ctx, book) },
			func(d readRowsOf, err error) tea.Cmd { return e.wrote(j, d, err) })
	}
	if k.writes.Running() {
		k.queue = append(k.queue, start)
		return nil
	}
	return start()
}

// Saving reports whether something that was kept is not on disk yet.
func (k *Kept) Saving() bool { return k.writes.Running() || len(k.queue) > 0 }

// wrote takes what came of a job, and starts the next.
func (e *Env) wrote(j job, d readRowsOf, err error) tea.Cmd {
	k := &e.Kept
	for i, t := range d.rows {
		k.at[objectKey(t)] = d.places[i].ObjectID
	}
	k.take()
	switch {
	case errors.Is(err, notes.ErrNothing):
		e.Say("nothing to change")
	case err != nil:
		e.Say("not saved: " + e.Lines(err.Error())[0])
	default:
		e.Say(j.said)
	}
	if len(k.queue) == 0 {
		return nil
	}
	next := k.queue[0]
	k.queue = k.queue[1:]
	return next()
}

// Undo takes the last change back.
func (e *Env) Undo() tea.Cmd {
	return e.takeBack("your last note is taken back; ctrl+r: again", (*notes.Book).Undo)
}

// Redo makes the change hold again that was taken back last.
func (e *Env) Redo() tea.Cmd { return e.takeBack("the note holds again", (*notes.Book).Redo) }

func (e *Env) takeBack(said string, do func(*notes.Book, context.Context) (notes.Change, error)) tea.Cmd {
	return e.written(func() job {
		return job{said, func(ctx context.Context, b *notes.Book) (readRowsOf, error) {
			_, err := do(b, ctx)
			return readRowsOf{}, err
		}}
	})
}

// ToggleMark marks a subject; one whose rows and values are all marked loses its marks.
func (e *Env) ToggleMark(s Subject) tea.Cmd {
	k := &e.Kept
	return e.Change(s, func() (string, func([]notes.Target) notes.Change) {
		on := slices.ContainsFunc(s.Rows, func(p Place) bool { return !k.rows[p].Marked }) ||
			slices.ContainsFunc(s.Values, func(t notes.Target) bool { return !k.values[t.Key()].Marked })
		said := "no mark any more: "
		if on {
			said = "marked: "
		}
		return said + e.Brief(s.String()) + "; saved, u takes it back", func(t []notes.Target) notes.Change { return notes.Marks(on, t...) }
	})
}

// NoteLines tell what a note says, a name and a text each; the texts may hold text of the evidence.
func (e *Env) NoteLines(n notes.Note) [][2]string {
	var out [][2]string
	if n.Marked {
		out = append(out, [2]string{"marked", ""})
	}
	if n.Severity != "" {
		out = append(out, [2]string{"severity", n.Severity})
	}
	if len(n.Tags) > 0 {
		out = append(out, [2]string{"tags", "#" + strings.Join(n.Tags, " #")})
	}
	for _, c := range n.Comments {
		out = append(out, [2]string{"comment", c.Text + "  (" + c.By + ", " + e.Stamp(c.At) + ")"})
	}
	if who := e.Others(n); who != "" {
		out = append(out, [2]string{"kept by", who})
	}
	return out
}

// Others are the persons, but for the one at the keyboard, who kept something of a note.
func (e *Env) Others(n notes.Note) string {
	if e.Kept.book == nil {
		return ""
	}
	return strings.Join(notes.Others([]notes.Note{n}, nil, e.Kept.book.Actor()), ", ")
}
