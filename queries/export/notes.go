package export

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"case53/cases"
	"case53/cases/duck"
	"case53/cases/notes"
)

// NotesManifest is what became of the examiner's notes. They are no evidence, and no rows: a note is an event of its own, and the tags of
// a note are on the records that it is about.
type NotesManifest struct {
	Lines          int       `json:"lines"` // of notes.jsonl
	Head           string    `json:"head"`  // SHA-256 of the last
	Notes          int64     `json:"notes"`
	Events         int64     `json:"events"` // that they and their comments became
	Tagged         int64     `json:"tagged"` // records that have tags by them
	NotExpressible []Omitted `json:"not_expressible"`
}

// noted is what an examiner keeps, by what it is about.
type noted struct {
	all    []notes.Note
	rows   map[[2]int64]*notes.Note // by object and row
	values map[string]*notes.Note   // by key
	at     map[string]int64         // the objects of kept rows
	told   NotesManifest
}

// readNotes finds the rows of notes in a case. A row whose raw line is not what was kept of it has no tags: nobody knows whether the note is
// still about it.
func readNotes(ctx context.Context, k *cases.Case, b *notes.Book) (*noted, error) {
	if err := b.Fault(); err != nil {
		return nil, err
	}
	n := &noted{all: b.Notes(), rows: map[[2]int64]*notes.Note{}, values: map[string]*notes.Note{}, at: map[string]int64{}}
	n.told = NotesManifest{Notes: int64(len(n.all)), NotExpressible: []Omitted{}}
	n.told.Lines, n.told.Head = b.Head()
	places, err := notes.Places(ctx, k, n.all)
	if err != nil {
		return nil, err
	}
	lost := map[string]int64{}
	for i := range n.all {
		one := &n.all[i]
		if one.Kind != notes.Row {
			n.values[one.Key()] = one
			continue
		}
		switch p := places[one.Key()]; p.State {
		case notes.Held:
			n.rows[[2]int64{p.ObjectID, one.RowNo}], n.at[one.Key()] = one, p.ObjectID
		default:
			lost["a note of a row whose raw line is "+string(p.State)+": its record has no tags"]++
		}
	}
	n.told.lose(lost)
	return n, nil
}

// lose notes what has no place, by why.
func (m *NotesManifest) lose(counts map[string]int64) {
	s := SourceManifest{NotExpressible: m.NotExpressible}
	s.omit(counts)
	m.NotExpressible = s.NotExpressible
}

// tagsOf are the tags of a note, and what else it says in a word.
func tagsOf(n *notes.Note) (tags []string) {
	tags = slices.Clone(n.Tags)
	if n.Marked {
		tags = append(tags, "marked")
	}
	if n.Severity != "" {
		tags = append(tags, "severity:"+n.Severity)
	}
	return tags
}

// valueColumns are where events have the values that notes are about, by their kind.
var valueColumns = map[string][]string{
	"ip":   {"src_ip", "dst_ip", "ip", "srcaddr", "dstaddr", "pkt_srcaddr", "pkt_dstaddr"},
	"name": {"domain"}, "interface": {"interface_id"}, "instance": {"instance_id"},
}

// valuePlace is a column with values of a kind.
type valuePlace struct {
	kind string
	at   int
}

func valuePlaces(columns []cases.Column) (all []valuePlace) {
	for i, c := range columns {
		for kind, names := range valueColumns {
			if slices.Contains(names, c.Name) {
				all = append(all, valuePlace{kind, i})
			}
		}
	}
	return all
}

// tags are those of a record: of its row, and of the values in it. nil: it has none.
func (n *noted) tags(r *record, at []valuePlace) any {
	var all duck.List
	add := func(of *notes.Note) {
		for _, tag := range tagsOf(of) {
			if !slices.Contains(all, any(tag)) {
				all = append(all, tag)
			}
		}
	}
	if of := n.rows[[2]int64{r.object, r.row}]; of != nil {
		add(of)
	}
	for _, p := range at {
		if len(n.values) == 0 {
			break
		}
		if text, ok := r.values[p.at].(string); ok {
			if of := n.values[notes.Target{Kind: p.kind, Value: text}.Key()]; of != nil {
				add(of)
			}
		}
	}
	if all == nil {
		return nil
	}
	n.told.Tagged++
	return all
}

// noteEvent is a note, or a comment of one, as an event.
type noteEvent struct {
	note    *notes.Note
	object  int64 // of a row that the case has
	at      time.Time
	message string
}

// events are those of the notes, in the order in which they were first kept, each before its comments.
func (n *noted) events() (all []noteEvent) {
	for i := range n.all {
		one := &n.all[i]
		object := n.at[one.Key()]
		about := one.Target.String()
		if object > 0 {
			about = fmt.Sprintf("row %d of object %d", one.RowNo, object)
		}
		if tags := tagsOf(one); len(tags) > 0 {
			all = append(all, noteEvent{one, object, one.At, fmt.Sprintf("note on %s by %s: %s", about, strings.Join(one.By, ", "), strings.Join(tags, ", "))})
		}
		for _, c := range one.Comments {
			all = append(all, noteEvent{one, object, c.At, fmt.Sprintf("note on %s by %s: %s", about, c.By, c.Text)})
		}
	}
	return all
}
