package spill

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// TestSweep: what a process that has ended left behind is removed by the next, and nothing else is.
func TestSweep(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	left, err := Make()
	if err != nil {
		t.Fatal(err)
	}
	file := func(path string) string {
		t.Helper()
		path = filepath.Join(os.TempDir(), path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte("evidence"), 0o600)); err != nil {
			t.Fatal(err)
		}
		return path
	}
	spilled := file(filepath.Base(left.Dir) + "/deep/duckdb_temp_storage-0.tmp")
	kept := []string{file("case53-spill-mine/notes.txt"), file("case53-2026/held"), file("case53-spill-file")}
	target := filepath.Join(t.TempDir(), "elsewhere")
	if err := errors.Join(os.Mkdir(target, 0o700), os.WriteFile(filepath.Join(target, lock), nil, 0o600),
		os.Symlink(target, filepath.Join(os.TempDir(), prefix+"1"))); err != nil {
		t.Fatal(err)
	}
	kept = append(kept, filepath.Join(target, lock))

	second, err := Make()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(spilled); err != nil {
		t.Errorf("a folder that is held was swept: %v", err)
	}
	if err := left.held.Close(); err != nil { // as where its process was killed
		t.Fatal(err)
	}
	third, err := Make()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left.Dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what was left behind is there still: %v", err)
	}
	for _, path := range append(kept, second.Dir, third.Dir) {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
	for _, f := range []*Folder{second, third} {
		if err := f.Remove(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(f.Dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("removed, and there: %v", err)
		}
	}
}

// TestMakeAtOnce: processes that make folders at the same moment, and sweep each other's, all get one that stays.
func TestMakeAtOnce(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 100 {
				f, err := Make()
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := os.Stat(filepath.Join(f.Dir, lock)); err != nil {
					t.Errorf("made, and swept: %v", err)
				}
				if err := f.Remove(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}
