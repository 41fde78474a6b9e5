package verify_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"case53/cases"
	"case53/cases/custody"
	"case53/cases/duck/ducktest"
	"case53/cases/verify"
	"case53/cases/writer"
	"case53/loader"
	"case53/loader/loadertest"
)

const (
	flows = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n" +
		"2 123456789012 eni-1 10.0.0.1 198.51.100.7 50000 443 6 3 180 1793534400 1793534430 ACCEPT OK\n" +
		"2 123456789012 eni-1 - - - - - - - 1793534460 1793534520 - NODATA\n" +
		"2 123456789012 eni-1 10.0.0.1 2001:db8::7 50000 443 6 3 180 1793534520 1793534580 REJECT OK\n" +
		"2 123456789012 eni-2 10.0.0.2 198.51.100.7 50001 443 6 3 180 1793534400 1793534430 ACCEPT OK\n"
	zone = "1.0 2026-11-01T12:00:00Z Z123412341234 a.example.com A NOERROR UDP FRA6 192.0.2.1 -\n1.0 broken\n" +
		"1.0 2026-11-01T12:00:01Z Z123412341234 b.example.com A NOERROR UDP FRA6 192.0.2.1 203.0.113.0/24\n"
	page = `{"events":[{"eventId":"1","timestamp":1793534400000,` +
		`"message":"1.0 2026-11-01T12:00:02Z Z123412341234 c.example.com A NOERROR UDP FRA6 192.0.2.1 -"}]}`
)

// newCase makes a case of four objects.
func newCase(t testing.TB) string {
	t.Helper()
	files := map[string]string{"flow.log": flows, "zone.log": zone, "page.json": page, "short.log": "2 123456789012 eni-1 10.0.0.1\n"}
	return loadertest.Case(t, files, func(w *writer.Writer) error {
		return w.Describe(t.Context(), "aws ec2 describe-network-interfaces", strings.NewReader("{}"), nil,
			[]cases.Asset{{InterfaceID: "eni-1", Address: "10.0.0.1", Primary: true}})
	})
}

func check(t testing.TB, dir string) verify.Result {
	t.Helper()
	r, err := verify.Case(t.Context(), dir, verify.Options{Schemas: loader.Schemas()})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// copyCase copies a case, its files writable.
func copyCase(t testing.TB, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "b.case")
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

func TestCleanCase(t *testing.T) {
	dir := newCase(t)
	before, err := os.ReadFile(cases.DatabaseFile(dir))
	if err != nil {
		t.Fatal(err)
	}
	r := check(t, dir)
	if !r.OK || len(r.Faults)+len(r.Remarks) > 0 || r.Checked.Objects != 5 || r.Checked.Rows != 9 {
		t.Errorf("%+v", r)
	}
	lines := 0
	custody.Read(cases.CustodyFile(dir), func(custody.Entry) error { lines++; return nil })
	if head, err := custody.Head(cases.CustodyFile(dir), lines); err != nil || head != r.Head || int64(lines) != r.Checked.Custody {
		t.Errorf("head %s of %d lines: %+v, %v", head, lines, r, err)
	}
	if after, err := os.ReadFile(cases.DatabaseFile(dir)); err != nil || !bytes.Equal(before, after) {
		t.Error("looking has changed the database", err)
	}
	first, err := custody.Head(cases.CustodyFile(dir), 1)
	if err != nil {
		t.Fatal(err)
	}
	for head, fine := range map[string]bool{first: true, r.Head: true, strings.Repeat("0", 64): false} {
		if r, err := verify.Case(t.Context(), dir, verify.Options{Schemas: loader.Schemas(), ExpectHead: head}); err != nil || r.OK != fine {
			t.Errorf("head %s: %+v, %v", head, r, err)
		}
	}
}

// TestDatabaseChanged changes the database in every way that SQL can, and each is told as what it is.
func TestDatabaseChanged(t *testing.T) {
	dir := newCase(t)
	for _, c := range []struct{ sql, want string }{
		{"UPDATE store.flow_plain SET bytes = bytes + 1 WHERE row_no = 2", "store.flow_plain, object 1"},
		{"UPDATE store.flow_plain SET bytes = NULL WHERE row_no = 2", "store.flow_plain, object 1"},
		{"UPDATE store.flow_plain SET row_no = 20 WHERE row_no = 2", "store.flow_plain, object 1"},
		{"DELETE FROM store.flow_full", "has 0 rows; "},
		{"INSERT INTO store.flow_plain SELECT * REPLACE (9 AS row_no) FROM store.flow_plain LIMIT 1", "has 4 rows; 3 were loaded"},
		{"INSERT INTO store.flow_plain SELECT * FROM store.flow_plain LIMIT 1", "has rows that have the same row_no"},
		{"INSERT INTO store.flow_plain SELECT * REPLACE (99 AS object_id) FROM store.flow_plain LIMIT 1",
			"store.flow_plain, object 99, has rows 1 to 1, and none were loaded"},
		{"INSERT INTO store.flow_plain SELECT * REPLACE (4294967295 AS object_id) FROM store.flow_plain LIMIT 1", "object 4294967295"},
		{"UPDATE store.flow_context SET interface_id = 'eni-2' WHERE interface_id = 'eni-1'", "store.flow_plain, object 1"},
		{"UPDATE store.zone SET name = 'd.example.com' WHERE row_no = 1 AND object_id = 4", "store.zone, object 4"},
		{"UPDATE store.zone SET entropy = entropy + 0.001", "store.zone, object"},
		{"UPDATE store.reject SET bytes = 'x'::BLOB", "store.reject, object"},
		{"UPDATE store.event SET event_id = '2'", "store.event, object 2"},
		{"UPDATE store.object SET uri = 'file:///b' WHERE object_id = 1", "object 1 (file:///b) is not as line "},
		{"UPDATE store.object SET acquired_at = acquired_at + INTERVAL 1 HOUR WHERE object_id = 1", "of the custody log has it: acquired_at"},
		{"UPDATE store.object SET rows = rows + 1, \"read\" = \"read\" + 1 WHERE object_id = 1", "has it: counts"},
		{"UPDATE store.object_part SET log_stream = 's' WHERE object_id = 1", "has it: parts"},
		{"UPDATE store.digest SET rows = 0", "has it: digests"},
		{"DELETE FROM store.object WHERE object_id = 1", "object 1, which line "},
		{"INSERT INTO store.object SELECT * REPLACE (50 AS object_id) FROM store.object LIMIT 1", "no line of the custody log tells of its loading"},
		{"DELETE FROM store.asset", "the tables have no row of raw/"},
		{"INSERT INTO store.asset SELECT * FROM store.asset", "the tables have 2 rows of raw/"},
		{"DROP TABLE store.reject", "case.duckdb"},
	} {
		altered := copyCase(t, dir)
		ducktest.Run(t, cases.DatabaseFile(altered), c.sql)
		r := check(t, altered)
		if r.OK || !slices.ContainsFunc(r.Faults, func(f verify.Fault) bool {
			return f.File == "case.duckdb" && strings.Contains(f.What+" case.duckdb", c.want) && f.Means != ""
		}) {
			t.Errorf("%s: %+v", c.sql, r)
		}
	}
	sorted := copyCase(t, dir)
	ducktest.Run(t, cases.DatabaseFile(sorted), "CREATE TABLE o AS FROM store.flow_plain ORDER BY row_no DESC; DELETE FROM store.flow_plain; "+
		"INSERT INTO store.flow_plain FROM o; DROP TABLE o")
	if r := check(t, sorted); !r.OK {
		t.Errorf("rows in another order are the same rows: %+v", r)
	}
}

// TestFilesChanged changes what is beside the database.
func TestFilesChanged(t *testing.T) {
	dir := newCase(t)
	files, err := filepath.Glob(filepath.Join(dir, "raw", "??", "*"))
	if err != nil || len(files) != 5 {
		t.Fatal(files, err)
	}
	name, err := filepath.Rel(dir, files[0])
	if err != nil {
		t.Fatal(err)
	}
	log := cases.CustodyFile(dir)
	whole, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(whole, []byte("\n"))
	write := func(path string, text []byte) error {
		os.Chmod(path, 0o600)
		return os.WriteFile(path, text, 0o600)
	}
	for what, c := range map[string]struct {
		change func(dir string) error
		file   string
	}{
		"a bit": {func(dir string) error {
			text, err := os.ReadFile(filepath.Join(dir, name))
			text[0] ^= 1
			return firstOf(err, write(filepath.Join(dir, name), text))
		}, name},
		"an object emptied": {func(dir string) error { return write(filepath.Join(dir, name), nil) }, name},
		"an object gone":    {func(dir string) error { return os.Remove(filepath.Join(dir, name)) }, name},
		"all objects gone":  {func(dir string) error { return os.RemoveAll(filepath.Join(dir, "raw")) }, name},
		"a file too many":   {func(dir string) error { return write(filepath.Join(dir, "raw/more"), nil) }, "raw/more"},
		"a link": {func(dir string) error {
			path := filepath.Join(dir, name)
			return firstOf(os.Rename(path, path+"x"), os.Symlink(path+"x", path))
		}, name},
		"database gone":      {func(dir string) error { return os.Remove(cases.DatabaseFile(dir)) }, "case.duckdb"},
		"database no longer": {func(dir string) error { return write(cases.DatabaseFile(dir), []byte("x")) }, "case.duckdb"},
		"log gone":           {func(dir string) error { return os.Remove(cases.CustodyFile(dir)) }, "custody.jsonl"},
		"log cut":            {func(dir string) error { return write(cases.CustodyFile(dir), bytes.Join(lines[:len(lines)-3], nil)) }, "custody.jsonl"},
		"log edited": {func(dir string) error {
			return write(cases.CustodyFile(dir), bytes.Replace(whole, []byte("zone.log"), []byte("zone.lot"), 1))
		}, "custody.jsonl"},
		"log written anew": {func(dir string) error { return rewrite(dir) }, "custody.jsonl"},
	} {
		altered := copyCase(t, dir)
		if err := c.change(altered); err != nil {
			t.Fatal(what, err)
		}
		if r := check(t, altered); r.OK || !slices.ContainsFunc(r.Faults, func(f verify.Fault) bool { return f.File == c.file }) {
			t.Errorf("%s: %+v", what, r)
		}
	}
}

func firstOf(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// rewrite writes a log anew: its chain holds.
func rewrite(dir string) error {
	var actions []string
	var details []any
	if err := custody.Read(cases.CustodyFile(dir), func(e custody.Entry) error {
		actions = append(actions, e.Action)
		details = append(details, rawJSON(string(e.Detail)))
		return nil
	}); err != nil {
		return err
	}
	if err := os.Remove(cases.CustodyFile(dir)); err != nil {
		return err
	}
	l, err := custody.Open(cases.CustodyFile(dir), "somebody@else", "case53")
	if err != nil {
		return err
	}
	for i := range actions {
		if err := l.Append(actions[i], details[i]); err != nil {
			return fmt.Errorf("%s: %w", actions[i], err)
		}
	}
	return l.Close()
}

type rawJSON string

func (r rawJSON) MarshalJSON() ([]byte, error) { return []byte(r), nil }

// TestOpeningCounts: rows that are too few or too many are seen when a case is opened, and files that are gone when it is described.
func TestOpeningCounts(t *testing.T) {
	dir := newCase(t)
	for _, sql := range []string{"DELETE FROM store.flow_plain WHERE row_no = 2", "INSERT INTO store.reject SELECT * FROM store.reject"} {
		altered := copyCase(t, dir)
		ducktest.Run(t, cases.DatabaseFile(altered), sql)
		c, err := cases.Open(t.Context(), altered, loader.Schemas())
		if err != nil {
			t.Fatal(err)
		}
		if c.Close(); !errors.Is(c.Altered, cases.ErrDamaged) {
			t.Errorf("%s: %v", sql, c.Altered)
		}
	}
	if err := os.RemoveAll(filepath.Join(dir, "raw")); err != nil {
		t.Fatal(err)
	}
	c, err := cases.Open(t.Context(), dir, loader.Schemas())
	if err != nil || c.Altered != nil {
		t.Fatal(err, c.Altered)
	}
	defer c.Close()
	if info, err := c.Info(t.Context()); err != nil || !strings.Contains(strings.Join(info.Problems, "\n"), "is missing: evidence is gone") {
		t.Errorf("%v %v", err, info.Problems)
	}
}

// TestLinkIsNamed: what is a link in the case is named, not the database that is not opened for it.
func TestLinkIsNamed(t *testing.T) {
	dir := newCase(t)
	derived := filepath.Join(dir, "derived")
	if err := errors.Join(os.RemoveAll(derived), os.Symlink(t.TempDir(), derived)); err != nil {
		t.Fatal(err)
	}
	if r := check(t, dir); r.OK || len(r.Faults) != 1 || r.Faults[0].File != "derived" || !strings.Contains(r.Faults[0].What, "no folder of its own") {
		t.Errorf("%+v", r.Faults)
	}
}
