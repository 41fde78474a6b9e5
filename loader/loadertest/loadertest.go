// Package loadertest makes cases for the tests of other packages, by the one pipeline. It asks nothing of what comes of a log: a
// record that cannot be read is a reject in the case, for the test to look at.
package loadertest

import (
	"os"
	"path/filepath"
	"testing"

	"case53/cases"
	"case53/cases/writer"
	"case53/loader"
	"case53/loader/source"
	"case53/loader/source/local"
)

// Case makes a case of files, by name, in the capture incident; without files it has tables and no records. also is done last,
// by the same writer.
func Case(t testing.TB, files map[string]string, also ...func(*writer.Writer) error) (dir string) {
	t.Helper()
	dir, logs := filepath.Join(t.TempDir(), "a.case"), t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(logs, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w, err := writer.Open(t.Context(), dir, loader.Schemas())
	if err != nil {
		t.Fatal(err)
	}
	if len(files) > 0 {
		plan := loader.Plan{Sources: []source.Source{local.New(logs)}, Capture: "incident", Role: "incident"}
		if _, err := loader.Load(t.Context(), w, plan, nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, do := range also {
		if err := do(w); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Open opens a case until the test ends.
func Open(t testing.TB, dir string) *cases.Case {
	t.Helper()
	c, err := cases.Open(t.Context(), dir, loader.Schemas())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}
