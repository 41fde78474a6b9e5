package notes_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"case53/cases"
	"case53/cases/notes"
	"case53/cases/raw"
)

func open(t testing.TB, dir string) *notes.Book {
	t.Helper()
	b, err := notes.Open(t.Context(), dir, "case53 test")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func do(t testing.TB, b *notes.Book, c notes.Change) int {
	t.Helper()
	line, err := b.Do(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	return line
}

func row(t testing.TB, n int64, line string) notes.Target {
	t.Helper()
	target, err := notes.RowOf(cases.Record{SHA256: strings.Repeat("ab", 32), URI: "file:///x.log", RowNo: n, LogType: "flow", Raw: []byte(line)})
	if err != nil {
		t.Fatal(err)
	}
	return target
}

func value(t testing.TB, kind, text string) notes.Target {
	t.Helper()
	v, err := notes.ValueOf(kind, text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// told is what is kept, in short.
func told(b *notes.Book) string {
	var out []string
	for _, n := range b.Notes() {
		text := n.Kind + "=" + n.Value
		if n.Kind == notes.Row {
			text = fmt.Sprintf("row=%d", n.RowNo)
		}
		if n.Marked {
			text += " marked"
		}
		for _, tag := range n.Tags {
			text += " #" + tag
		}
		if n.Severity != "" {
			text += " !" + n.Severity
		}
		for _, c := range n.Comments {
			text += fmt.Sprintf(" %q", c.Text)
		}
		out = append(out, text)
	}
	for _, s := range b.Sets() {
		out = append(out, "@"+s.Name+" "+strings.Join(s.Texts(), " "))
	}
	return strings.Join(out, "; ")
}

// What is kept is there for the next process, is undone change by change, and done again; nothing is lost of it.
func TestKeepUndoRedo(t *testing.T) {
	dir := t.TempDir()
	b, ctx := open(t, dir), t.Context()
	do(t, b, notes.Marks(true, row(t, 7, "a line"), row(t, 8, "another")))
	do(t, b, notes.Change{Targets: []notes.Target{row(t, 7, "a line")}, Tag: []string{"c2"}, Comment: "the first call"})
	severity := "high"
	do(t, b, notes.Change{Targets: []notes.Target{value(t, "ip", "::ffff:198.51.100.7")}, Severity: &severity})
	do(t, b, notes.Change{Set: "c2", Add: []notes.Target{value(t, "ip", "198.51.100.7"), value(t, "name", "C2.Example.NET.")}})
	all := `row=7 marked #c2 "the first call"; row=8 marked; ip=198.51.100.7 !high; @c2 198.51.100.7 c2.example.net`
	if got := told(open(t, dir)); got != all {
		t.Errorf("kept %s", got)
	}
	if _, err := b.Do(ctx, notes.Marks(true, row(t, 7, "a line"))); !errors.Is(err, notes.ErrNothing) {
		t.Errorf("marking a marked row again: %v", err)
	}
	for _, want := range []string{
		`row=7 marked #c2 "the first call"; row=8 marked; ip=198.51.100.7 !high`,
		`row=7 marked #c2 "the first call"; row=8 marked`, `row=7 marked; row=8 marked`, ``,
	} {
		if _, err := b.Undo(ctx); err != nil || told(b) != want {
			t.Errorf("after undo: %s, %v; want %s", told(b), err, want)
		}
	}
	if _, err := b.Undo(ctx); !errors.Is(err, notes.ErrNothing) {
		t.Errorf("undo of nothing: %v", err)
	}
	b = open(t, dir) // another process
	for range 4 {
		if _, err := b.Redo(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if told(b) != all {
		t.Errorf("after redo: %s", told(b))
	}
	do(t, b, notes.Change{Targets: []notes.Target{row(t, 7, "a line")}, Remove: true})
	if _, ok := b.Find(row(t, 7, "").Key()); ok {
		t.Error("what was removed is there")
	}
	if _, err := b.Redo(ctx); !errors.Is(err, notes.ErrNothing) {
		t.Errorf("redo after a new change: %v", err)
	}
	text, err := os.ReadFile(cases.NotesFile(dir))
	if err != nil || bytes.Count(text, []byte("\n")) != 14 || !bytes.Contains(text, []byte("the first call")) {
		t.Errorf("the file lost something: %s", text)
	}
}

// Several processes keep notes at the same time, and none is lost.
func TestSeveralWriters(t *testing.T) {
	dir := t.TempDir()
	var all sync.WaitGroup
	for w := range 4 {
		b := open(t, dir)
		all.Go(func() {
			for i := range 25 {
				if _, err := b.Do(t.Context(), notes.Marks(true, row(t, int64(100*w+i+1), "x"))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	b := open(t, dir)
	if n := len(b.Notes()); n != 100 || b.Fault() != nil {
		t.Errorf("%d notes of 100, %v", n, b.Fault())
	}
}

// A kill at any byte of a write loses that note and no other; the next note says what was cut off.
func TestKilledAtAnyByte(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	for i := range 3 {
		do(t, b, notes.Marks(true, row(t, int64(i+1), "x")))
	}
	text, err := os.ReadFile(cases.NotesFile(dir))
	if err != nil {
		t.Fatal(err)
	}
	first := bytes.IndexByte(text, '\n') + 100 // of what begins the file, and of the notes, every byte once
	for size := range len(text) + 1 {
		if size > first && size < bytes.LastIndexByte(text[:len(text)-1], '\n')-1 {
			continue
		}
		at := t.TempDir()
		if err := os.WriteFile(cases.NotesFile(at), text[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		b := open(t, at)
		whole := max(bytes.Count(text[:size], []byte("\n"))-1, 0) // the first line begins the file
		isTorn := size > 0 && text[size-1] != '\n'
		if b.Fault() != nil || len(b.Notes()) != whole || b.Torn() != isTorn {
			t.Fatalf("cut at %d: %d notes of %d, torn %v, %v", size, len(b.Notes()), whole, b.Torn(), b.Fault())
		}
		do(t, b, notes.Marks(true, row(t, 9, "y")))
		b = open(t, at)
		after, err := os.ReadFile(cases.NotesFile(at))
		if b.Fault() != nil || b.Torn() || len(b.Notes()) != whole+1 || err != nil || bytes.Contains(after, []byte("notes.torn-line")) != isTorn {
			t.Fatalf("cut at %d and written on: %d notes of %d, %v", size, len(b.Notes()), whole+1, b.Fault())
		}
	}
}

// An edit of any line but the last is seen, what stands before it is shown, and nothing is appended. Of the last line the head tells.
func TestEveryEditIsSeen(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	for i := range 3 {
		do(t, b, notes.Change{Targets: []notes.Target{row(t, int64(i+1), "x")}, Comment: "said"})
	}
	path := cases.NotesFile(dir)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, head := b.Head()
	last := bytes.LastIndexByte(text[:len(text)-1], '\n') + 1
	for i := range text {
		edited := slices.Clone(text)
		edited[i] ^= 1
		if err := os.WriteFile(path, edited, 0o600); err != nil {
			t.Fatal(err)
		}
		b := open(t, dir)
		_, now := b.Head()
		if i < last && !errors.Is(b.Fault(), notes.ErrAltered) || now == head {
			t.Fatalf("byte %d changed: %v", i, b.Fault())
		}
		if b.Fault() == nil {
			continue
		}
		if _, err := b.Do(t.Context(), notes.Marks(true, row(t, 5, "y"))); !errors.Is(err, notes.ErrAltered) {
			t.Fatalf("byte %d changed, and written on: %v", i, err)
		}
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, edited) {
			t.Fatal("a damaged file was changed")
		}
	}
	if err := os.WriteFile(path, text[:last], 0o600); err != nil {
		t.Fatal(err)
	}
	if err := b.Refresh(t.Context()); err != nil || !errors.Is(b.Fault(), notes.ErrAltered) {
		t.Errorf("lines taken away while the book is open: %v, %v", err, b.Fault())
	}
}

// A kept row says whether raw/ still has its line.
func TestHeld(t *testing.T) {
	kept := row(t, 7, "2 eni-1 \xff\\")
	if kept.Line != `2 eni-1 \xff\\` || !kept.LineEscaped {
		t.Errorf("kept %q", kept.Line)
	}
	now := cases.Record{SHA256: kept.Object, URI: kept.URI, RowNo: 7, Raw: []byte("2 eni-1 \xff\\")}
	other := now
	other.Raw = []byte("2 eni-2")
	for want, got := range map[notes.State]notes.State{
		notes.Held: kept.Held(now, nil), notes.Gone: kept.Held(now, os.ErrNotExist),
		notes.Unchecked: kept.Held(now, context.Canceled),
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	for _, got := range []notes.State{kept.Held(other, nil), kept.Held(now, fmt.Errorf("object 1: %w", raw.ErrAltered))} {
		if got != notes.Altered {
			t.Errorf("%s, want altered", got)
		}
	}
	long := row(t, 1, strings.Repeat("é", 10_000))
	if len(long.Line) > 8<<10 || long.LineEscaped || long.LineSize != 20_000 {
		t.Errorf("kept %d bytes of a long line, escaped %v", len(long.Line), long.LineEscaped)
	}
}

// A link, a pipe or a folder in the place of the file is not gone into.
func TestNoLink(t *testing.T) {
	dir, outside := t.TempDir(), filepath.Join(t.TempDir(), "victim")
	if err := os.Symlink(outside, cases.NotesFile(dir)); err != nil {
		t.Fatal(err)
	}
	if _, err := notes.Open(t.Context(), dir, ""); !errors.Is(err, notes.ErrAltered) {
		t.Errorf("opened through a link: %v", err)
	}
	if _, err := os.Lstat(outside); err == nil {
		t.Error("a file was made through a link")
	}
}

func TestSets(t *testing.T) {
	set := func(name string, values ...string) notes.Set {
		s := notes.Set{Name: name}
		for _, v := range values {
			target, err := notes.ValueAny(v)
			if err != nil {
				t.Fatal(err)
			}
			s.Values = append(s.Values, target)
		}
		return s
	}
	texts := func(v []notes.Target) string { return strings.Join(notes.Set{Values: v}.Texts(), " ") }
	a, b := set("a", "10.0.0.1", "eni-1", "10.1.0.0/16", "X.example."), set("b", "10.0.0.1", "i-12", "x.example")
	if got := texts(notes.Union(a, b)); got != "10.0.0.1 eni-1 10.1.0.0/16 x.example i-12" {
		t.Errorf("union %s", got)
	}
	for text, kind := range map[string]string{
		"i-love.example.com": "name", "vpc-1.example": "name", "eni-0a1b": "interface", "vpc-0a": "vpc", "/a": "url_path",
	} {
		if v, err := notes.ValueAny(text); err != nil || v.Kind != kind {
			t.Errorf("%s is taken for %s: %v", text, v.Kind, err)
		}
	}
	if got := texts(notes.Difference(a, b)); got != "eni-1 10.1.0.0/16" {
		t.Errorf("difference %s", got)
	}
}

// Undo and redo, over sessions and between two people's changes, come to what a list of changes comes to that loses its last.
func TestUndoIsTheChangesBefore(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			rt.Fatal(err)
		}
		b := open(t, dir)
		var did, undone []string
		now := ""
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			switch rapid.SampledFrom([]string{"do", "do", "undo", "redo", "reopen"}).Draw(rt, "step") {
			case "do":
				target := row(t, int64(rapid.IntRange(1, 3).Draw(rt, "row")), "x")
				c := notes.Change{Targets: []notes.Target{target}, Comment: rapid.StringMatching(`[a-z]{1,4}`).Draw(rt, "text")}
				did, undone = append(did, now), nil
				do(t, b, c)
			case "undo":
				_, err := b.Undo(t.Context())
				if errors.Is(err, notes.ErrNothing) != (len(did) == 0) {
					rt.Fatal(err)
				}
				if len(did) > 0 {
					if undone = append(undone, now); told(b) != did[len(did)-1] {
						rt.Fatalf("undone to %s, not to %s", told(b), did[len(did)-1])
					}
					did = did[:len(did)-1]
				}
			case "redo":
				_, err := b.Redo(t.Context())
				if errors.Is(err, notes.ErrNothing) != (len(undone) == 0) {
					rt.Fatal(err)
				}
				if len(undone) > 0 {
					if did = append(did, now); told(b) != undone[len(undone)-1] {
						rt.Fatalf("done again to %s, not to %s", told(b), undone[len(undone)-1])
					}
					undone = undone[:len(undone)-1]
				}
			case "reopen":
				if b = open(t, dir); told(b) != now {
					rt.Fatalf("reopened to %s, not to %s", told(b), now)
				}
			}
			now = told(b)
		}
	})
}

// Whatever a stranger's file holds, it is read to a fault or to notes that keep the rules, and never changed by reading.
func FuzzOpen(f *testing.F) {
	dir := f.TempDir()
	b, err := notes.Open(f.Context(), dir, "t")
	if err != nil {
		f.Fatal(err)
	}
	v, err := notes.ValueOf("name", "x.example")
	if err != nil {
		f.Fatal(err)
	}
	for _, c := range []notes.Change{notes.Marks(true, v), {Targets: []notes.Target{v}, Tag: []string{"a"}, Comment: "b"}, {Set: "s", Add: []notes.Target{v}}} {
		if _, err := b.Do(f.Context(), c); err != nil {
			f.Fatal(err)
		}
	}
	if _, err := b.Undo(f.Context()); err != nil {
		f.Fatal(err)
	}
	text, err := os.ReadFile(cases.NotesFile(dir))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	zeros := hex.EncodeToString(make([]byte, 32))
	f.Add([]byte(`{"seq":1,"prev":"` + zeros + `","at":"2026-11-28T00:00:00Z","actor":"a","tool":"t",` +
		`"action":"notes.undo","detail":{"line":1}}` + "\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(cases.NotesFile(dir), text, 0o600); err != nil {
			t.Fatal(err)
		}
		b, err := notes.Open(t.Context(), dir, "t")
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range b.Notes() {
			for _, tag := range n.Tags {
				if notes.CheckName(tag) != nil {
					t.Errorf("took the tag %q", tag)
				}
			}
		}
		if now, err := os.ReadFile(cases.NotesFile(dir)); err != nil || !bytes.Equal(now, text) {
			t.Error("reading changed the file")
		}
	})
}
