package folder_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"case53/cases/folder"
)

func TestFolder(t *testing.T) {
	parent := t.TempDir()
	target := filepath.Join(parent, "out")
	f, err := folder.New(target)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Write("b/a.txt", []byte("a")), os.WriteFile(f.Path("taken"), nil, 0o644), f.Take("taken")); err != nil {
		t.Fatal(err)
	}
	if err := f.Write("b/a.txt", nil); err == nil {
		t.Error("a file was written over")
	}
	for _, name := range []string{"../out", "/out", "b/../../out", ""} {
		if err := f.Write(name, nil); err == nil {
			t.Errorf("%q was written", name)
		}
	}
	if _, err := os.Lstat(target); err == nil {
		t.Error("it has its name before it is whole")
	}
	const want = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb  b/a.txt\n" +
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  taken\n"
	if got := string(folder.Sums(f.Files())); got != want {
		t.Errorf("%s", got)
	}
	if err := errors.Join(f.Place(), f.Drop()); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(target, "b/a.txt")); err != nil || string(text) != "a" {
		t.Error(string(text), err)
	}
	if info, err := os.Stat(filepath.Join(target, "taken")); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info.Mode(), err)
	}
	if _, err := folder.New(target); !errors.Is(err, folder.ErrThere) {
		t.Error(err)
	}
}

// TestDropped: what failed leaves nothing.
func TestDropped(t *testing.T) {
	parent := t.TempDir()
	f, err := folder.New(filepath.Join(parent, "out"))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Give("a", func(io.Writer) error { return io.ErrShortWrite }); !errors.Is(err, io.ErrShortWrite) {
		t.Error(err)
	}
	if err := f.Drop(); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(parent); err != nil || len(left) > 0 {
		t.Error(left, err)
	}
}
