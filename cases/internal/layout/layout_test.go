package layout

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNoLinks: a link in the place of anything that a case has is refused, wherever it leads.
func TestNoLinks(t *testing.T) {
	for _, name := range []string{Database, Database + ".wal", Custody, Notes, Lock, Raw, Temp, Queries, Derived, DerivedDatabase, Sealing, Seal, Import} {
		for _, target := range []string{t.TempDir(), "/dev/null", "nowhere"} {
			dir := t.TempDir()
			path := Path(dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := CheckNames(dir); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(target, path); err != nil {
				t.Fatal(err)
			}
			if err := CheckNames(dir); !errors.Is(err, ErrForeign) || !strings.Contains(err.Error(), "links nor devices") {
				t.Errorf("%s as a link to %s: %v", name, target, err)
			}
		}
	}
}

// TestReadsNoFile: DuckDB itself, which knows nothing of the gate, opens no file of the case's folder but its databases, and none beside it.
func TestReadsNoFile(t *testing.T) {
	dir := t.TempDir()
	for _, readOnly := range []bool{false, true} { // the first makes the database
		db, _, err := Open(t.Context(), dir, Options{ReadOnly: readOnly, Memory: "100MB"})
		if err != nil {
			t.Fatal(err)
		}
		conn, err := db.Connect()
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"derived/evil.csv", "derived/derived.duckdb.csv", "queries/evil.csv", "evil.csv", "../evil.csv"} {
			path := Path(dir, name)
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte("a,b\n1,SECRET\n"), 0o600)); err != nil {
				t.Fatal(err)
			}
			if row, err := conn.QueryRow(t.Context(), "FROM "+Quote(path), nil); err == nil || !strings.Contains(err.Error(), "operations are disabled") {
				t.Errorf("%s is read: %v, %v", name, row, err)
			}
		}
		conn.Close()
		db.Close()
	}
}
