package custody

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// write makes a log with n entries and gives its path and its lines.
func write(t *testing.T, n int) (path string, lines []string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "custody.jsonl")
	l, err := Open(path, "me@here", "case53 test")
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if err := l.Append("object.load", map[string]any{"object_id": i, "uri": "file:///a"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, strings.SplitAfter(strings.TrimSuffix(string(b), "\n"), "\n")
}

func replace(t *testing.T, path string, lines ...string) {
	t.Helper()
	text := strings.Join(lines, "")
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(path string) (entries []Entry, err error) {
	err = Read(path, func(e Entry) error {
		entries = append(entries, e)
		return nil
	})
	return entries, err
}

// TestCheck: a log that has grown since holds; one that is gone, cut, emptied, written anew or altered does not.
func TestCheck(t *testing.T) {
	path, lines := write(t, 5)
	head, err := Head(path, 4)
	if err != nil {
		t.Fatal(err)
	}
	_, other := write(t, 5)
	for _, c := range []struct {
		what  string
		lines []string
		want  string // of the error; "" for none
	}{
		{"as it was", lines[:4], ""},
		{"grown", lines, ""},
		{"torn after it", []string{lines[0], lines[1], lines[2], lines[3], lines[4][:9]}, ""},
		{"cut", lines[:3], "it has 3 lines, and the case was last written after its line 4"},
		{"torn", []string{lines[0], lines[1], lines[2], lines[3][:9]}, "it has 3 lines"},
		{"emptied", nil, "it has 0 lines"},
		{"another", other, "line 4 is not the one after which the case was last written"},
		{"a line less", []string{lines[0], lines[2], lines[3], lines[4]}, "line 2 does not follow line 1"},
		{"altered", []string{strings.Replace(lines[0], "me@here", "me@Here", 1), lines[1], lines[2], lines[3]}, "line 2 does not follow line 1"},
	} {
		if err := os.WriteFile(path, []byte(strings.Join(c.lines, "")), 0o600); err != nil {
			t.Fatal(err)
		}
		err := Check(path, 4, head)
		if c.want == "" && err != nil || c.want != "" && (!errors.Is(err, ErrBroken) || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v", c.what, err)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := Check(path, 4, head); !errors.Is(err, ErrBroken) {
		t.Errorf("gone: %v", err)
	}
	if err := Check(path, 0, ""); err != nil {
		t.Errorf("before the first line: %v", err)
	}
}

func TestChain(t *testing.T) {
	path, lines := write(t, 5)
	entries, err := read(path)
	if err != nil || len(entries) != 5 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	prev := strings.Repeat("0", 64)
	for i, e := range entries {
		if e.Seq != i+1 || e.Prev != prev || e.Actor != "me@here" || e.Tool != "case53 test" ||
			e.Action != "object.load" || e.At.Location().String() != "UTC" {
			t.Errorf("entry %d: %+v", i, e)
		}
		prev = hashOf([]byte(strings.TrimSuffix(lines[i], "\n")))
	}
	l, err := Open(path, "me@here", "case53 test")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if seq, head := l.Head(); seq != 5 || head != prev {
		t.Errorf("head %d %s, want 5 %s", seq, head, prev)
	}
	if err := l.Append("load.end", map[string]int{"a": 1}, map[string]int{"b": 2}); err != nil {
		t.Fatal(err)
	}
	if entries, err := read(path); err != nil || len(entries) != 7 || string(entries[6].Detail) != `{"b":2}` {
		t.Errorf("%d entries, %v", len(entries), err)
	}
}

// TestTampered changes a log in every way but at its end, which only a head kept elsewhere can show.
func TestTampered(t *testing.T) {
	for name, change := range map[string]func(l []string) []string{
		"a byte":            func(l []string) []string { l[2] = strings.Replace(l[2], "file:///a", "file:///b", 1); return l },
		"a time":            func(l []string) []string { l[1] = strings.Replace(l[1], `"at":"2`, `"at":"1`, 1); return l },
		"a space":           func(l []string) []string { l[0] = strings.Replace(l[0], ",", ", ", 1); return l },
		"first line gone":   func(l []string) []string { return l[1:] },
		"a line gone":       func(l []string) []string { return append(l[:2:2], l[3:]...) },
		"a line twice":      func(l []string) []string { return append(append(l[:3:3], l[2]), l[3:]...) },
		"two lines changed": func(l []string) []string { l[1], l[2] = l[2], l[1]; return l },
		"a line put in":     func(l []string) []string { return append(append(l[:2:2], "{\"seq\":3,\"prev\":\"00\"}\n"), l[2:]...) },
		"a blank line":      func(l []string) []string { return append(append(l[:2:2], "\n"), l[2:]...) },
		"no JSON":           func(l []string) []string { return append(l, "nonsense\n") },
	} {
		path, lines := write(t, 6)
		replace(t, path, change(lines)...)
		if _, err := read(path); !errors.Is(err, ErrBroken) {
			t.Errorf("%s: Read: %v", name, err)
		}
		before, _ := os.ReadFile(path)
		if _, err := Open(path, "", ""); !errors.Is(err, ErrBroken) {
			t.Errorf("%s: Open: %v", name, err)
		}
		if after, _ := os.ReadFile(path); string(after) != string(before) {
			t.Errorf("%s: the refused log was written to", name)
		}
	}
}

// TestAnyByte flips bits anywhere but in the last line.
func TestAnyByte(t *testing.T) {
	path, lines := write(t, 4)
	whole := strings.Join(lines, "")
	last := len(whole) - len(lines[3])
	rapid.Check(t, func(rt *rapid.T) {
		b := []byte(whole)
		b[rapid.IntRange(0, last-1).Draw(rt, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(rt, "bit")
		if err := os.WriteFile(path, append(b, '\n'), 0o600); err != nil {
			rt.Fatal(err)
		}
		if _, err := read(path); !errors.Is(err, ErrBroken) {
			rt.Fatalf("not seen: %v", err)
		}
	})
}

// TestTorn cuts the log inside its last line, as a kill in an append does.
func TestTorn(t *testing.T) {
	path, lines := write(t, 3)
	for cut := 1; cut < len(lines[2]); cut += 7 {
		if err := os.WriteFile(path, []byte(lines[0]+lines[1]+lines[2][:cut]), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := read(path); !errors.Is(err, ErrBroken) {
			t.Errorf("Read of a torn line: %v", err)
		}
		l, err := Open(path, "me", "tool")
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		l.Close()
		entries, err := read(path)
		if err != nil || len(entries) != 3 || entries[2].Action != "custody.torn-line" {
			t.Fatalf("cut at %d: %d entries, %v", cut, len(entries), err)
		}
		var detail struct{ Cut string }
		if err := json.Unmarshal(entries[2].Detail, &detail); err != nil || detail.Cut != lines[2][:cut] {
			t.Errorf("cut at %d: %q, %v", cut, detail.Cut, err)
		}
	}
}

func TestFailedAppend(t *testing.T) {
	path, lines := write(t, 2)
	l, err := Open(path, "me", "tool")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Append("x", map[string]any{"no JSON": func() {}}); err == nil {
		t.Error("what is no JSON was appended")
	}
	// A file that cannot be written to stands for a full disk; a real one is in cmd/case53.
	whole := l.f
	if l.f, err = os.Open(path); err != nil {
		t.Fatal(err)
	}
	if err := l.Append("x", 1); err == nil {
		t.Error("no error")
	}
	l.f.Close()
	l.f = whole
	if err := l.Append("y", 2); err != nil {
		t.Fatal(err)
	}
	l.Close()
	entries, err := read(path)
	if err != nil || len(entries) != len(lines)+1 || entries[2].Action != "y" {
		t.Errorf("%d entries, %v", len(entries), err)
	}
}

// A line without end, as a stranger can make one of a few blocks on disk, is refused before it fills the memory.
func TestLineWithoutEnd(t *testing.T) {
	path, _ := write(t, 1)
	head, err := Head(path, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 1<<40); err != nil {
		t.Skip(err) // no sparse files here
	}
	_, opening := Open(path, "me@here", "case53 test")
	for what, err := range map[string]error{
		"read": Read(path, func(Entry) error { return nil }), "check": Check(path, 1, head), "open": opening,
	} {
		if !errors.Is(err, ErrBroken) || !errors.Is(err, ErrLong) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
