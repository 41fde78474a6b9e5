package cases_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"case53/cases"
	"case53/cases/custody"
	"case53/cases/duck"
	"case53/cases/writer"
)

// withLog leaves a case as an interrupted process does that has run some SQL on its database: with a write-ahead log.
func withLog(t *testing.T, sql string) (dir, wal string) {
	t.Helper()
	dir = smallCase(t)
	file := filepath.Join(dir, "case.duckdb")
	wal = file + ".wal"
	db, err := duck.Open(file, map[string]string{"checkpoint_threshold": "1GB"})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := db.Connect()
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(file) // what a kill leaves: the file and its log, before a checkpoint
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(wal)
	if err != nil || len(log) == 0 {
		t.Fatal(err)
	}
	conn.Close()
	db.Close()
	if err := errors.Join(os.WriteFile(file, before, 0o600), os.WriteFile(wal, log, 0o600)); err != nil {
		t.Fatal(err)
	}
	return dir, wal
}

// TestLogOfSomebodyElse: a write-ahead log that no interrupted writer has left is not taken for the case's: neither who looks nor who
// writes opens it. Without it the case is as it was.
func TestLogOfSomebodyElse(t *testing.T) {
	dir, wal := withLog(t, "UPDATE store.object SET uri = 'file:///forged'")
	_, err := cases.Open(t.Context(), dir, schemas())
	_, errWriter := writer.Open(t.Context(), dir, schemas())
	for _, err := range []error{err, errWriter} {
		if !errors.Is(err, cases.ErrForeign) || !strings.Contains(err.Error(), "case.duckdb.wal has ") || !strings.Contains(err.Error(), "\nhint: ") {
			t.Error(err)
		}
	}
	if info, err := os.Stat(wal); err != nil || info.Size() == 0 {
		t.Errorf("the log was touched: %v", err)
	}
	if err := os.Remove(wal); err != nil {
		t.Fatal(err)
	}
	if uri := one(t, openCase(t, dir), "SELECT uri FROM object"); uri == "file:///forged" {
		t.Error("what was in the log is in the case")
	}
}

// TestNobodyVouchesForALog: who builds or forgets what is derived writes no number into the lock, at no time, so that one which is killed,
// or has ended beside a planted log, does not make that log the case's. Once the case is sealed, not even a killed writer's number does.
func TestNobodyVouchesForALog(t *testing.T) {
	dir, wal := withLog(t, "UPDATE store.object SET uri = 'file:///forged'")
	planted, err := os.ReadFile(wal)
	if err != nil {
		t.Fatal(err)
	}
	lock := filepath.Join(dir, "case.lock")
	for range 2 {
		if err := writer.Build(t.Context(), dir, schemas(), func(string) {}); !errors.Is(err, cases.ErrForeign) {
			t.Errorf("built: %v", err)
		}
		if err := writer.Forget(dir); err != nil {
			t.Error(err)
		}
		if text, err := os.ReadFile(lock); err != nil || len(text) > 0 {
			t.Errorf("the lock says %q, %v", text, err)
		}
	}
	if err := os.Remove(wal); err != nil {
		t.Fatal(err)
	}
	steps := 0
	if err := writer.Build(t.Context(), dir, schemas(), func(string) {
		steps++
		if text, err := os.ReadFile(lock); err != nil || len(text) > 0 {
			t.Errorf("while it is built the lock says %q, %v", text, err)
		}
	}); err != nil || steps == 0 {
		t.Errorf("%d steps, %v", steps, err)
	}
	if err := errors.Join(os.WriteFile(wal, planted, 0o600), os.WriteFile(lock, []byte("4711\n"), 0o600), os.Mkdir(filepath.Join(dir, "seal"), 0o700),
		os.WriteFile(filepath.Join(dir, "seal/seal.json"), []byte("{}"), 0o600)); err != nil {
		t.Fatal(err)
	}
	_, errOpen := cases.Open(t.Context(), dir, schemas())
	for _, err := range []error{errOpen, writer.Build(t.Context(), dir, schemas(), func(string) {})} {
		if !errors.Is(err, cases.ErrForeign) || !strings.Contains(err.Error(), "sealed without it") {
			t.Errorf("sealed: %v", err)
		}
	}
}

// TestLogOfAnInterruptedWriter: commits of a writer that was killed are there for who looks, and the next writer says that it has taken
// them.
func TestLogOfAnInterruptedWriter(t *testing.T) {
	dir, wal := withLog(t, "INSERT INTO store.meta VALUES ('x', 'y')")
	if err := os.WriteFile(filepath.Join(dir, "case.lock"), []byte("4711\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := cases.Open(t.Context(), dir, schemas())
	if err != nil {
		t.Fatal(err)
	}
	if got := one(t, c, "SELECT count(*) FROM store.meta WHERE key = 'x'"); got != "1" {
		t.Error(got)
	}
	c.Close()
	closeWriter(t, openWriter(t, dir))
	said := ""
	if err := custody.Read(cases.CustodyFile(dir), func(e custody.Entry) error {
		if e.Action == "case.recover" {
			said += string(e.Detail)
		}
		return nil
	}); err != nil || !strings.Contains(said, `"interrupted_process":"4711"`) || !strings.Contains(said, `"wal_bytes":`) {
		t.Errorf("%s, %v", said, err)
	}
	if _, err := os.Stat(wal); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "case.lock")); err != nil || len(text) > 0 {
		t.Errorf("the lock says %q, %v", text, err)
	}
}

// TestLostLog: where an interrupted writer's log is gone or cut, DuckDB opens what is left without a word. Whoever looks is told that
// objects are gone which the custody log names.
func TestLostLog(t *testing.T) {
	for _, gone := range []bool{false, true} {
		dir, wal := withLog(t, "DELETE FROM store.object; DELETE FROM store.object_part")
		if err := os.WriteFile(filepath.Join(dir, "case.lock"), []byte("4711\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if gone { // what was deleted is back, and all is well
			if err := os.Remove(wal); err != nil {
				t.Fatal(err)
			}
			openCase(t, dir)
			continue
		}
		if _, err := cases.Open(t.Context(), dir, schemas()); !errors.Is(err, cases.ErrDamaged) || !strings.Contains(err.Error(), "has lost 1 objects") {
			t.Error(err)
		}
	}
}

// TestReplaceIsNotInterrupted: once the log says that the database was made again, the new one takes the old one's place, interrupted or not.
func TestReplaceIsNotInterrupted(t *testing.T) {
	dir := smallCase(t)
	w, err := writer.OpenAgain(t.Context(), dir, schemas(), writer.Again{
		Told: func(string, any) error { return nil }, MadeBy: "case53 test", MadeAt: time.Unix(0, 0),
	})
	if err != nil {
		t.Fatal(err)
	}
	interrupted, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.Replace(interrupted, map[string]any{}); err != nil {
		t.Fatal(err)
	}
	if got := one(t, openCase(t, dir), "SELECT value FROM store.meta WHERE key = 'created_by'"); got != "case53 test" {
		t.Errorf("the database is the one of %s", got)
	}
}
