//go:build unix

package local

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"case53/cases"
	"case53/loader/source"
	"case53/loader/source/sourcetest"
)

var longAgo = cases.Span{From: time.Unix(0, 0), To: time.Unix(1, 0)}

// folder makes a real folder (macOS keeps its temporary ones behind a link).
func folder(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func link(t *testing.T, target, path string) {
	t.Helper()
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
}

func TestFoldersAndFiles(t *testing.T) {
	dir := folder(t)
	objects := map[string][]byte{}
	for name, text := range map[string]string{
		"b.log.gz":         "not opened, so not checked",
		"a/2026/01/x.log":  "one\n",
		"a/2026/02/x.log":  "two\n",
		"a.log":            "sorts before a/ by its URI? '.' < '/'",
		".hidden":          "hidden, still there",
		"a b%20#?.log":     "a name with everything",
		"caf\xe9.log":      "a name that is not UTF-8",
		"new\nline\x1b[2J": "a name that attacks the terminal",
	} {
		objects[uri(write(t, dir, name, text))] = []byte(text)
	}
	src := New(dir, filepath.Join(dir, "a"), filepath.Join(dir, "a.log")) // overlapping: each file once
	sourcetest.Run(t, src, sourcetest.Want{Objects: objects, Inside: longAgo})
}

func TestNeverALogIsPassedOverAndCounted(t *testing.T) {
	dir := folder(t)
	objects := map[string][]byte{}
	add := func(name, text string) { objects[uri(write(t, dir, name, text))] = []byte(text) }
	add("x.log", "one\n")
	add("exports/task/eni-1/000000.gz", "two\n")
	write(t, dir, "exports/aws-logs-write-test", "Permission Check Successful")
	write(t, dir, ".DS_Store", "x")
	write(t, dir, "sub/.DS_Store", "x")
	write(t, dir, "._x.log", "x")
	write(t, dir, "sub/empty.log.gz", "")
	link(t, filepath.Join(dir, "._x.log"), filepath.Join(dir, "link"))
	add("sub/._named", "named by hand")
	add("sub/empty", "")
	src := New(dir, filepath.Join(dir, "sub", "._named"), filepath.Join(dir, "sub", "empty"))
	sourcetest.Run(t, src, sourcetest.Want{Objects: objects, Inside: longAgo})
	for range src.Objects(t.Context(), cases.Span{}) {
	}
	want := []string{
		"1 file was passed over: ._ files, which macOS writes beside others",
		"1 file was passed over: a link to a file that is read under its own name",
		"1 file was passed over: aws-logs-write-test, written by an export to check its rights",
		"1 file was passed over: empty",
		"2 files were passed over: .DS_Store, written by a file manager",
	}
	got := src.Remarks()
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("remarks %q, want %q", got, want)
	}
}

func TestLinksAndSpecials(t *testing.T) {
	dir, out := folder(t), folder(t)
	inside := write(t, dir, "m/inside.log", "in\n")
	outside := write(t, out, "outside.log", "out\n")
	write(t, out, "deep/other.log", "not reached\n")
	link(t, inside, filepath.Join(dir, "link-to-inside")) // passed over
	link(t, outside, filepath.Join(dir, "link-to-outside"))
	link(t, filepath.Join("..", filepath.Base(out), "outside.log"), filepath.Join(dir, "second-link"))
	link(t, filepath.Join(out, "deep"), filepath.Join(dir, "p-folder"))
	link(t, dir, filepath.Join(dir, "m", "up")) // a folder inside itself
	link(t, "loop-b", filepath.Join(dir, "loop-a"))
	link(t, "loop-a", filepath.Join(dir, "loop-b"))
	link(t, "/nowhere/at/all", filepath.Join(dir, "nowhere"))
	if err := syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	sock, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer sock.Close()
	write(t, dir, "old.case/case.duckdb", "a case")
	write(t, dir, "old.case/raw/ab/abcd", "never read")
	write(t, dir, "older.case/custody.jsonl", "a case as well")

	var errs []string
	for _, name := range []string{"fifo", "link-to-outside", "loop-a", "loop-b", "m/up", "nowhere", "old.case", "older.case", "p-folder", "s", "second-link"} {
		errs = append(errs, uri(filepath.Join(dir, name)))
	}
	sourcetest.Run(t, New(dir), sourcetest.Want{
		Objects: map[string][]byte{uri(inside): []byte("in\n")},
		Errors:  errs, Inside: longAgo,
	})
}

// A link to what was named as well, wherever that is, says nothing new.
func TestLinksToWhatWasNamed(t *testing.T) {
	dir, out := folder(t), folder(t)
	file, deep := write(t, out, "outside.log", "out\n"), write(t, out, "deep/other.log", "other\n")
	link(t, file, filepath.Join(dir, "one"))
	link(t, deep, filepath.Join(dir, "two"))
	named := filepath.Join(t.TempDir(), "named")
	link(t, file, named)
	sourcetest.Run(t, New(dir, named, filepath.Join(out, "deep")), sourcetest.Want{
		Objects: map[string][]byte{uri(file): []byte("out\n"), uri(deep): []byte("other\n")}, Inside: longAgo,
	})
	if err := one(t, New(dir, filepath.Join(out, "deep"))); !strings.Contains(err.Error(), "a link out of the folder, to "+file) {
		t.Error(err)
	}
}

// one gives the only error of a listing.
func one(t *testing.T, s *Source) error {
	t.Helper()
	var found error
	for obj, err := range s.Objects(t.Context(), cases.Span{}) {
		if err == nil {
			continue
		}
		if found != nil {
			t.Fatalf("want one error, got also %v %v", obj, err)
		}
		found = err
	}
	if found == nil {
		t.Fatal("want an error")
	}
	return found
}

func TestErrorsGiveAHint(t *testing.T) {
	dir := folder(t)
	write(t, dir, "x.case/case.duckdb", "")
	write(t, dir, "x.case/raw/ab/abcd", "")
	for _, c := range []struct{ path, want string }{
		{filepath.Join(dir, "nosuch"), "hint: check the spelling"},
		{filepath.Join(dir, "*.gz"), "hint: the shell found no file"},
		{"no-such-file-here", "hint: looked for it from /"},
		{filepath.Join(dir, "x.case"), "a case, which is not loaded"},
		{filepath.Join(dir, "x.case", "raw"), "inside the case " + filepath.Join(dir, "x.case")},
		{"/dev/null", "a device, not a file"},
	} {
		err := one(t, New(c.path))
		if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %q does not say %q", c.path, err, c.want)
		}
	}
	if err := one(t, New(filepath.Join(dir, "nosuch"))); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is not fs.ErrNotExist", err)
	}
}

func TestUnreadable(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root reads everything")
	}
	dir := folder(t)
	locked := write(t, dir, "locked.log", "x")
	open := write(t, dir, "open.log", "y")
	write(t, dir, "shut/in.log", "z")
	os.Chmod(locked, 0)
	os.Chmod(filepath.Join(dir, "shut"), 0)
	defer os.Chmod(filepath.Join(dir, "shut"), 0o700)
	sourcetest.Run(t, New(dir), sourcetest.Want{
		Objects: map[string][]byte{uri(open): []byte("y")},
		Errors:  []string{uri(locked), uri(filepath.Join(dir, "shut"))}, Inside: longAgo,
	})
}

func TestOpenAfterAChange(t *testing.T) {
	dir := folder(t)
	path := write(t, dir, "x.log", "x")
	var obj source.Object
	for o := range New(path).Objects(t.Context(), cases.Span{}) {
		obj = o
	}
	os.Remove(path)
	if _, err := obj.Open(t.Context()); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), obj.URI()) {
		t.Errorf("a removed file: %v", err)
	}
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := obj.Open(t.Context()); err == nil || !strings.Contains(err.Error(), "a FIFO by now") {
		t.Errorf("a file that became a FIFO: %v", err)
	}
}
