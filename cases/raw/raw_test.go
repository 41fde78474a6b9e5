package raw

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
)

func put(t *testing.T, s *Store, data string) string {
	t.Helper()
	sha, size, err := s.Put(context.Background(), bytes.NewReader([]byte(data)))
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("%x", sha256.Sum256([]byte(data))); sha != want || size != int64(len(data)) {
		t.Fatalf("%s of %d bytes, want %s of %d", sha, size, want, len(data))
	}
	return sha
}

func get(s *Store, sha string) (string, error) {
	r, err := s.Open(sha)
	if err != nil {
		return "", err
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	return string(b), err
}

// files gives every file in the store, by its path.
func files(t *testing.T, s *Store) (all []string) {
	t.Helper()
	err := filepath.WalkDir(s.dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			all = append(all, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func pathOf(t *testing.T, s *Store, sha string) string {
	t.Helper()
	path, err := s.Path(sha)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPutAndOpen(t *testing.T) {
	s := Open(filepath.Join(t.TempDir(), "raw"))
	for _, data := range []string{"", "x", "a log\n", string(make([]byte, 3<<20))} {
		sha := put(t, s, data)
		if got, err := get(s, sha); err != nil || got != data {
			t.Errorf("%d bytes: %d, %v", len(data), len(got), err)
		}
		info, err := os.Stat(pathOf(t, s, sha))
		if err != nil || info.Mode().Perm() != 0o400 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
		before := info.ModTime()
		put(t, s, data) // once more: kept as it is
		if info, err = os.Stat(pathOf(t, s, sha)); err != nil || info.ModTime() != before {
			t.Errorf("written again: %v", err)
		}
	}
	if n := len(files(t, s)); n != 4 {
		t.Errorf("%d files, want 4", n)
	}
	if _, err := get(s, fmt.Sprintf("%064d", 0)); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func TestAltered(t *testing.T) {
	s := Open(filepath.Join(t.TempDir(), "raw"))
	data := string(bytes.Repeat([]byte("0123456789"), 1000))
	sha := put(t, s, data)
	for name, change := range map[string]func([]byte) []byte{
		"a bit":    func(b []byte) []byte { b[5000] ^= 1; return b },
		"cut":      func(b []byte) []byte { return b[:9999] },
		"emptied":  func(b []byte) []byte { return nil },
		"appended": func(b []byte) []byte { return append(b, 'x') },
	} {
		os.Chmod(pathOf(t, s, sha), 0o600)
		if err := os.WriteFile(pathOf(t, s, sha), change([]byte(data)), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := get(s, sha); !errors.Is(err, ErrAltered) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestNoLitter lets Put fail: nothing may be left, and nothing may be there under a name.
func TestNoLitter(t *testing.T) {
	s := Open(filepath.Join(t.TempDir(), "raw"))
	broken := errors.New("the network has gone")
	if _, _, err := s.Put(context.Background(), io.MultiReader(bytes.NewReader(make([]byte, 2<<20)), iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	stopped := errors.New("stopped")
	once := readFunc(func(p []byte) (int, error) { cancel(stopped); return len(p), nil })
	if _, _, err := s.Put(ctx, once); !errors.Is(err, stopped) {
		t.Error(err)
	}
	if left := files(t, s); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

func TestCleanUp(t *testing.T) {
	s := Open(filepath.Join(t.TempDir(), "raw"))
	if err := s.CleanUp(); err != nil {
		t.Error(err)
	}
	sha := put(t, s, "kept")
	if err := os.WriteFile(filepath.Join(s.dir, ".incoming-123"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.CleanUp(); err != nil {
		t.Error(err)
	}
	if left := files(t, s); len(left) != 1 || left[0] != pathOf(t, s, sha) {
		t.Error(left)
	}
}

func TestTogether(t *testing.T) {
	s := Open(filepath.Join(t.TempDir(), "raw"))
	var group sync.WaitGroup
	for i := range 32 {
		group.Go(func() { put(t, s, fmt.Sprint("object ", i%4)) })
	}
	group.Wait()
	if n := len(files(t, s)); n != 4 {
		t.Errorf("%d files, want 4", n)
	}
}

// TestAlteredIsNotHealed stores an object again whose file was cut meanwhile: that is said, not mended in silence.
func TestAlteredIsNotHealed(t *testing.T) {
	s := Open(t.TempDir())
	sha := put(t, s, "the evidence")
	if err := os.Chmod(pathOf(t, s, sha), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(pathOf(t, s, sha), []byte("the evid"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Put(context.Background(), bytes.NewReader([]byte("the evidence"))); !errors.Is(err, ErrAltered) {
		t.Errorf("stored again: %v", err)
	}
	if b, err := os.ReadFile(pathOf(t, s, sha)); err != nil || string(b) != "the evid" {
		t.Errorf("the altered file is now %q, %v", b, err)
	}
}

// TestNamesOfStrangers asks for what no store holds: names that are no SHA-256.
func TestNamesOfStrangers(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := Open(filepath.Join(dir, "raw"))
	put(t, s, "kept")
	up := strings.Repeat("../", 19) + "a/b/cde" // 64 bytes
	for _, name := range []string{"", "a", "..", "../secret", secret, up, strings.Repeat("A", 64), strings.Repeat("a", 65), strings.Repeat("\x00", 64)} {
		if b, err := get(s, name); !errors.Is(err, ErrAltered) || b != "" {
			t.Errorf("%q: %q, %v", name, b, err)
		}
		if _, err := s.OpenChecked(t.Context(), name); !errors.Is(err, ErrAltered) {
			t.Errorf("%q, checked: %v", name, err)
		}
	}
}

// TestLinks puts links where the store has folders and files: nothing is read or written through them.
func TestLinks(t *testing.T) {
	for _, at := range []string{"", "folder", "object"} {
		dir, outside := t.TempDir(), t.TempDir()
		s := Open(filepath.Join(dir, "raw"))
		sha := put(t, s, "the evidence")
		path := pathOf(t, s, sha)
		path = map[string]string{"": s.dir, "folder": filepath.Dir(path), "object": path}[at]
		moved := filepath.Join(outside, "moved")
		if err := errors.Join(os.Rename(path, moved), os.Symlink(moved, path)); err != nil {
			t.Fatal(err)
		}
		before := fmt.Sprint(files(t, Open(outside)))
		if b, err := get(s, sha); !errors.Is(err, ErrAltered) || b != "" {
			t.Errorf("%q: read %q, %v", at, b, err)
		}
		if _, _, err := s.Put(t.Context(), strings.NewReader("the evidence")); !errors.Is(err, ErrAltered) {
			t.Errorf("%q: stored: %v", at, err)
		}
		if err := s.CleanUp(); at == "" && !errors.Is(err, ErrAltered) {
			t.Errorf("%q: cleaned up: %v", at, err)
		}
		if after := fmt.Sprint(files(t, Open(outside))); after != before {
			t.Errorf("%q: %s, before %s", at, after, before)
		}
	}
}
