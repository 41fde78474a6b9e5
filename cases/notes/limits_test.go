package notes_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"case53/cases"
	"case53/cases/notes"
)

// stranger writes a file of notes whose chain holds: a line for each actor and detail.
func stranger(t testing.TB, lines int, line func(i int) (actor, detail string)) (dir string) {
	t.Helper()
	dir = t.TempDir()
	var text bytes.Buffer
	prev := strings.Repeat("0", 64)
	for i := range lines + 1 {
		actor, action, detail := "a@b", "notes.begin", `{"format_version":1}`
		if i > 0 {
			action = "notes.change"
			actor, detail = line(i)
		}
		one := fmt.Appendf(nil, `{"seq":%d,"prev":"%s","at":"2026-11-28T00:00:00Z","actor":"%s","tool":"t","action":"%s","detail":%s}`,
			i+1, prev, actor, action, detail)
		prev = fmt.Sprintf("%x", sha256.Sum256(one))
		text.Write(append(one, '\n'))
	}
	if err := os.WriteFile(cases.NotesFile(dir), text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

const aName = `"targets":[{"kind":"name","value":"x.example"}]`

// TestManyOfOne: what a stranger's file says of one value or one set is read in a time that grows with the file, and not with its square:
// every line looks among what those before it have said, and among those who said it.
func TestManyOfOne(t *testing.T) {
	const lines = 60_000
	began := time.Now()
	b := open(t, stranger(t, lines, func(i int) (string, string) {
		switch i % 3 {
		case 0:
			return fmt.Sprintf("u%d@h", i), fmt.Sprintf(`{%s,"tag":["t%d"],"untag":["t%d"]}`, aName, i, i-30)
		case 1:
			return fmt.Sprintf("u%d@h", i), fmt.Sprintf(`{%s,"comment":"c","uncomment":[%d]}`, aName, i-29)
		}
		return fmt.Sprintf("u%d@h", i), fmt.Sprintf(`{"set":"s","add":[{"kind":"name","value":"n%d"}],"take":[{"kind":"name","value":"n%d"}]}`, i, i/2)
	}))
	note, ok := b.Find("name\x00x.example")
	set, _ := b.Set("s")
	if b.Fault() != nil || !ok || len(note.By) != lines/3*2 || len(note.Comments) != 10 || len(set.Values) < lines/6 {
		t.Fatalf("%v: %d persons, %d comments, %d values", b.Fault(), len(note.By), len(note.Comments), len(set.Values))
	}
	if got := notes.Others(b.Notes(), b.Sets(), "u1@h"); len(got) != lines-1 {
		t.Errorf("%d others", len(got))
	}
	if took := time.Since(began); took > 30*time.Second { // 1 s; where every line walks through the lists, minutes
		t.Errorf("%d lines took %s", lines, took)
	}
}

// TestTooMany: a line that says more than a person says at once is a fault, and so are lines that come to more than anybody keeps.
func TestTooMany(t *testing.T) {
	var tags, targets []string
	for i := range 1_000_000 {
		tags = append(tags, fmt.Sprintf(`"t%d"`, i))
	}
	b := open(t, stranger(t, 1, func(int) (string, string) { return "a@b", `{` + aName + `,"tag":[` + strings.Join(tags, ",") + `]}` }))
	if err := b.Fault(); !errors.Is(err, notes.ErrAltered) || !strings.Contains(err.Error(), "more than 100 tags") {
		t.Error(err)
	}
	for i := range notes.MostTargets {
		targets = append(targets, fmt.Sprintf(`{"kind":"name","value":"n%d"}`, i))
	}
	b = open(t, stranger(t, 100, func(int) (string, string) {
		return "a@b", `{"targets":[` + strings.Join(targets, ",") + `],"untag":[` + strings.Join(tags[:100], ",") + `]}`
	}))
	if err := b.Fault(); !errors.Is(err, notes.ErrAltered) || !strings.Contains(err.Error(), "line 85: the changes of all notes come to more than") {
		t.Error(err)
	}
}
