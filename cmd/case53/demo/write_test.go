package demo

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestWriteIsRepeatable(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "demo")
	first, err := Write(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.IsSorted(first) {
		t.Error("the paths are not sorted")
	}
	for _, c := range Captures() {
		if !slices.ContainsFunc(first, func(f string) bool { return strings.HasPrefix(f, filepath.Join(dir, c.Dir)+string(filepath.Separator)) }) {
			t.Errorf("nothing in %s", c.Dir)
		}
	}
	untouched, err := os.Stat(first[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(first[1]); err != nil {
		t.Fatal(err)
	}
	second, err := Write(dir)
	if err != nil || !slices.Equal(first, second) {
		t.Fatalf("again: %d files, %v", len(second), err)
	}
	if now, err := os.Stat(first[0]); err != nil || !now.ModTime().Equal(untouched.ModTime()) {
		t.Errorf("a file that was there and the same was written: %v", err)
	}
	var found []string
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o700)
		if !d.IsDir() {
			want = 0o600
			found = append(found, path)
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s: mode %v", path, info.Mode())
		}
		return nil
	})
	slices.Sort(found)
	if err != nil || !slices.Equal(found, first) {
		t.Errorf("%d files in the folder, %d reported: %v", len(found), len(first), err)
	}
}

func TestWriteRefusesOtherContent(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, filepath.FromSlash(readDemo(t).files[30]))
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Write(dir); !errors.Is(err, ErrDiffers) || !strings.Contains(err.Error(), file) {
		t.Errorf("got %v", err)
	}
	if b, err := os.ReadFile(file); err != nil || string(b) != "mine" {
		t.Errorf("the file was changed: %q, %v", b, err)
	}
}

func TestWriteDoesNotFollowLinksOut(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	if err := os.Symlink(elsewhere, filepath.Join(dir, "incident")); err != nil {
		t.Skip(err)
	}
	if _, err := Write(dir); err == nil {
		t.Error("wrote through a link out of the folder")
	}
	if left, err := os.ReadDir(elsewhere); err != nil || len(left) > 0 {
		t.Errorf("%d files elsewhere, %v", len(left), err)
	}
}
