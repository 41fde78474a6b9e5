package custody

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// FuzzLog: whatever is in a custody log, it is read to its end or is broken; where it is read, its chain checks, and it checks with the
// head that it gives, and with no other.
func FuzzLog(f *testing.F) {
	path := filepath.Join(f.TempDir(), "custody.jsonl")
	l, err := Open(path, "a@b", "case53")
	if err != nil {
		f.Fatal(err)
	}
	if err := errors.Join(l.Append("case.create", map[string]any{"format_version": 1}), l.Append("note", "ä \x00"), l.Close()); err != nil {
		f.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add(text[:len(text)-3])
	f.Add([]byte{})
	f.Add([]byte(`{"seq":1,"prev":"` + zero + `","at":"2026-11-01T00:00:00Z"}` + "\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(t.TempDir(), "custody.jsonl")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		lines, head := 0, ""
		err := ReadLines(path, func(e Entry, sum string) error {
			if lines++; e.Seq != lines {
				t.Fatalf("line %d is number %d", lines, e.Seq)
			}
			head = sum
			return nil
		})
		if err != nil {
			if !errors.Is(err, ErrBroken) {
				t.Fatal(err)
			}
			return
		}
		if lines == 0 {
			return
		}
		if err := Check(path, lines, head); err != nil {
			t.Fatalf("read, and does not check: %v", err)
		}
		if Check(path, lines, zero) == nil || Check(path, lines+1, head) == nil {
			t.Fatal("another head or more lines check too")
		}
	})
}
