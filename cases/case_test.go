package cases_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"case53/cases"
	"case53/cases/custody"
	"case53/cases/duck/ducktest"
	"case53/cases/internal/layout"
	"case53/cases/writer"
)

// testLog is a log type as small as can be: a record is a name at a time.
const testLog = `-- Notes.
--
-- log:     note
-- title:   Notes
-- called:  note, notes
-- records: Notes
-- doc:     https://example.com/
-- view:    note
-- time:    noted
-- source:  place
-- lead:    noted, name
-- silence: none
-- shape:   visit
-- blind:   what nobody wrote down: a note is
--          what somebody saw

-- section: tables

CREATE TABLE store.note_context (context_id UINTEGER NOT NULL, capture VARCHAR NOT NULL, place VARCHAR);
CREATE TABLE store.note (object_id UINTEGER NOT NULL, row_no UINTEGER NOT NULL, context_id UINTEGER NOT NULL, noted TIMESTAMP NOT NULL, name VARCHAR);

-- section: views

CREATE VIEW note AS SELECT n.noted, n.name, c.place, c.capture, n.object_id, n.row_no FROM store.note n JOIN store.note_context c USING (context_id);
COMMENT ON VIEW note IS 'note: every note';
COMMENT ON COLUMN note.name IS 'name: what it says';

-- section: derived

-- derived: note_minute
INSERT INTO derived.minute SELECT 'note', c.capture, c.place, 'records', date_trunc('minute', n.noted), count(*), NULL
FROM store.note n JOIN store.note_context c USING (context_id) WHERE n.object_id > $after GROUP BY ALL;
`

func schemas() []cases.Schema {
	note, err := cases.Describe("note.sql", testLog)
	if err != nil {
		panic(err)
	}
	return []cases.Schema{{LogType: note, SQL: testLog}}
}

func openWriter(t *testing.T, dir string) *writer.Writer {
	t.Helper()
	w, err := writer.Open(t.Context(), dir, schemas())
	if err != nil {
		t.Fatal(err)
	}
	return w
}

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func contextKey(capture, place string) []byte {
	key := append(binary.AppendUvarint(nil, uint64(len(capture))+1), capture...)
	if place == "" {
		return append(key, 0)
	}
	return append(binary.AppendUvarint(key, uint64(len(place))+1), place...)
}

// addObject puts an object with a row at each time into the case.
func addObject(t *testing.T, w *writer.Writer, id uint32, place string, at ...time.Time) {
	t.Helper()
	ctx := t.Context()
	if err := w.Capture(ctx, "incident", "incident"); err != nil {
		t.Fatal(err)
	}
	sha, size, err := w.Raw.Put(ctx, strings.NewReader(fmt.Sprint("object ", id)))
	if err != nil {
		t.Fatal(err)
	}
	tx, err := w.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	n := len(at)
	ids, nos, contexts, times, names := make([]uint32, n), make([]uint32, n), make([]uint32, n), make([]int64, n), make([][]byte, n)
	for i, when := range at {
		ids[i], nos[i], contexts[i] = id, uint32(i+1), w.Intern("note_context", contextKey("incident", place))
		times[i], names[i] = when.UnixMicro(), fmt.Appendf(nil, "note %d", i)
	}
	if n > 0 {
		if err := tx.Append("note", n, []any{ids, nos, contexts, times, names}, make([][]uint64, 5)); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Rejects(id, []cases.Reject{{RowNo: uint32(n + 1), Reason: "no note", Size: 3, Bytes: []byte{0xff, 0, 1}}}); err != nil {
		t.Fatal(err)
	}
	o := cases.Object{
		ID:         id,
		SHA256:     sha,
		Size:       size,
		SourceKind: "file",
		URI:        fmt.Sprint("file:///", id),
		AcquiredAt: noon,
		Capture:    "incident",
		LogType:    "note",
		Counts:     cases.Counts{Read: int64(n) + 1, Rows: int64(n), Rejected: 1},
	}
	o.Parts = []cases.Part{{LogType: o.LogType, Counts: o.Counts}}
	if n > 0 {
		o.First, o.Last = at[0], at[n-1]
	}
	if err := errors.Join(tx.Flush(ctx), tx.Object(o)); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(ctx); err != nil {
		t.Fatal(err)
	}
}

func closeWriter(t *testing.T, w *writer.Writer) {
	t.Helper()
	if err := w.Derive(t.Context(), func(string) {}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func openCase(t *testing.T, dir string) *cases.Case {
	t.Helper()
	return openCaseOf(t, dir, schemas())
}

func openCaseOf(t *testing.T, dir string, schemas []cases.Schema) *cases.Case {
	t.Helper()
	c, err := cases.Open(t.Context(), dir, schemas)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// one runs a query of one row and one column.
func one(t *testing.T, c *cases.Case, sql string) string {
	t.Helper()
	rows, err := c.Query(t.Context(), sql, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if !rows.Next() {
		t.Fatalf("%s: no row: %v", sql, rows.Err())
	}
	return cases.CellOf(rows.Values()[0]).Text
}

// smallCase is a case of one object with a few rows.
func smallCase(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "a.case")
	w := openWriter(t, dir)
	addObject(t, w, 1, "hall", noon, noon.Add(time.Minute), noon.Add(time.Minute))
	closeWriter(t, w)
	return dir
}

func TestObjectIsWholeOrNot(t *testing.T) {
	dir := smallCase(t)
	w := openWriter(t, dir)
	tx, err := w.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := tx.Append("note", 1, []any{[]uint32{2}, []uint32{1}, []uint32{1}, []int64{0}, [][]byte{[]byte("x")}}, make([][]uint64, 5)); err != nil {
		t.Fatal(err)
	}
	if err := tx.Object(cases.Object{ID: 2, Counts: cases.Counts{Read: 2, Rows: 1}}); err == nil {
		t.Error("an object that does not balance was taken")
	}
	tx.Rollback()
	closeWriter(t, w)
	c := openCase(t, dir)
	if got := one(t, c, "SELECT concat(count(*), ' ', max(object_id)) FROM note"); got != "3 1" {
		t.Error(got)
	}
	if got := one(t, c, "SELECT bytes::VARCHAR FROM reject"); got != `\xFF\x00\x01` {
		t.Error(got)
	}
	if c.Kind("NAME") != "name" || c.Kind("place") != "" {
		t.Errorf("kinds %q, %q", c.Kind("NAME"), c.Kind("place"))
	}
}

func TestDictionary(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a.case")
	w := openWriter(t, dir)
	addObject(t, w, 1, "hall", noon)
	addObject(t, w, 2, "", noon)
	closeWriter(t, w)
	w = openWriter(t, dir)
	for place, want := range map[string]uint32{"hall": 1, "": 2} {
		if got := w.Intern("note_context", contextKey("incident", place)); got != want {
			t.Errorf("%q is context %d after a reopening, want %d", place, got, want)
		}
	}
	if got := w.Intern("note_context", contextKey("incident", "attic")); got != 3 {
		t.Errorf("a new context is %d, want 3", got)
	}
	addObject(t, w, 3, "cellar", noon)
	closeWriter(t, w)
	c := openCase(t, dir)
	if got := one(t, c, "SELECT string_agg(coalesce(place, '-'), ' ' ORDER BY object_id) FROM note"); got != "hall - cellar" {
		t.Error(got)
	}
	if got := one(t, c, "SELECT concat(count(*), ' ', count(DISTINCT context_id)) FROM store.note_context"); got != "4 4" {
		t.Error(got)
	}
}

// TestReconcile tells the custody log of what a kill kept from it, and refuses tables that have lost an object.
func TestReconcile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a.case")
	w := openWriter(t, dir)
	if err := w.Capture(t.Context(), "incident", "incident"); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(filepath.Join(dir, "custody.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	addObject(t, w, 1, "hall", noon)
	killed := filepath.Join(t.TempDir(), "a.case") // as it is on the disk before the custody log is told
	if err := os.CopyFS(killed, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	closeWriter(t, w)
	dir = killed
	path := filepath.Join(dir, "custody.jsonl")
	if err := os.WriteFile(path, before, 0o600); err != nil {
		t.Fatal(err)
	}
	closeWriter(t, openWriter(t, dir))
	var actions []string
	if err := custody.Read(path, func(e custody.Entry) error { actions = append(actions, e.Action); return nil }); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(actions, " "); got != "case.create capture.create object.reconcile case.recover" {
		t.Error(got)
	}
	l, err := custody.Open(path, "me", "tool")
	if err != nil {
		t.Fatal(err)
	}
	l.Append("object.load", map[string]any{"object_id": 2, "sha256": "ab"})
	l.Close()
	if _, err := writer.Open(t.Context(), dir, schemas()); !errors.Is(err, layout.ErrDamaged) {
		t.Errorf("a lost object: %v", err)
	}
}

func TestNewer(t *testing.T) {
	dir := smallCase(t)
	w := openWriter(t, dir)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	setVersion(t, dir, "99")
	if _, err := cases.Open(t.Context(), dir, schemas()); !errors.Is(err, layout.ErrNewer) ||
		!strings.Contains(err.Error(), "has format version 99, this program knows 1\nhint: use the case53 that made it, or a newer one") {
		t.Errorf("open: %v", err)
	}
	if _, err := writer.Open(t.Context(), dir, schemas()); !errors.Is(err, layout.ErrNewer) {
		t.Errorf("write: %v", err)
	}
}

func TestCoverage(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a.case")
	w := openWriter(t, dir)
	addObject(t, w, 1, "all", noon.Add(-5*time.Minute), noon.Add(30*time.Minute))
	addObject(t, w, 2, "middle", noon.Add(10*time.Minute), noon.Add(19*time.Minute), noon.Add(20*time.Minute))
	closeWriter(t, w)
	c := openCase(t, dir)
	all, err := c.Coverage(t.Context(), 10*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, cov := range all {
		fmt.Fprintf(&b, "%s %d:", cov.Source, cov.Windows)
		for _, s := range cov.Spans {
			fmt.Fprintf(&b, " %s-%s %s", s.From.Format("15:04"), s.To.Format("15:04"), s.Status)
		}
		fmt.Fprintf(&b, " %v\n", cov.Counts)
	}
	want := `all 5: 11:50-12:00 records 12:00-12:30 none 12:30-12:40 records map[none:3 records:2]
middle 5: 11:50-12:10 none 12:10-12:30 records 12:30-12:40 none map[none:3 records:2]
`
	if b.String() != want {
		t.Errorf("\n%swant\n%s", b.String(), want)
	}
	if _, err := c.Coverage(t.Context(), 90*time.Second); err == nil {
		t.Error("windows of 90 s")
	}
}

// TestSQLOnlyReads tries what SQL can do to other databases.
func TestSQLOnlyReads(t *testing.T) {
	dir := smallCase(t)
	secret := filepath.Join(t.TempDir(), "secret.csv")
	if err := os.WriteFile(secret, []byte("a,b\n1,2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := openCase(t, dir)
	for _, sql := range []string{
		"INSERT INTO store.meta VALUES ('a', 'b')", "UPDATE store.object SET uri = ''", "DELETE FROM store.note",
		"TRUNCATE store.note", "DROP VIEW note", "DROP TABLE store.note",
		"CREATE TABLE main.x (i INTEGER)", "CREATE VIEW main.x AS SELECT 1", "CREATE OR REPLACE MACRO main.ip(a) AS 1",
		"ALTER TABLE store.note ADD COLUMN x INTEGER", "COMMENT ON COLUMN note.name IS 'x: y'", "COMMENT ON VIEW note IS 'x: y'",
		"COPY note TO '$out'", "COPY (SELECT 1) TO '$out' (FORMAT parquet)", "COPY store.note FROM '$secret'",
		"EXPORT DATABASE '$out'", "IMPORT DATABASE '$out'",
		"ATTACH '$out' AS x", "ATTACH ':memory:' AS x", "DETACH \"case\"", "USE x",
		"INSTALL httpfs", "LOAD httpfs", "LOAD '$out'", "FORCE INSTALL inet",
		"FROM read_csv('$secret')", "FROM read_text('$secret')", "FROM read_blob('$secret')", "FROM read_json('$secret')",
		"FROM read_parquet('$secret')", "FROM '$secret'", "FROM sniff_csv('$secret')",
		"FROM glob('/*')", "FROM read_csv('https://example.com/a.csv')", "FROM parquet_metadata('$secret')",
		"SET threads = 1", "SET enable_external_access = true", "SET lock_configuration = false", "SET TimeZone = 'Asia/Tokyo'",
		"SET allowed_directories = ['/']", "RESET memory_limit", "PRAGMA memory_limit = '1GB'",
		"PRAGMA enable_profiling = 'json'", "SET temp_directory = '$out'", "SET GLOBAL threads = 1",
		"SELECT 1; DELETE FROM store.note", "SELECT 1\x00; DELETE FROM store.note",
		"CALL enable_logging(storage='file', storage_path='$out')",
		"SELECT * FROM enable_logging(storage='file', storage_path='$out')", "SELECT 1 WHERE EXISTS (FROM ENABLE_LOGGING())",
		"WITH x AS (SELECT 1 FROM note, LATERAL (FROM \"enable_logging\"(level='trace'))) FROM x",
		"FROM system.main.enable_logging()", "EXPLAIN ANALYZE FROM enable_logging()", "DESCRIBE FROM enable_logging()",
		"FROM query('FROM enable_logging()')", "FROM query_table('note')",
		"FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
		"PRAGMA json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
		"SELECT write_log('x')", "SELECT 'x'.write_log()", "SELECT [write_log(name) FOR name IN ['a']]",
		"SELECT name FROM note ORDER BY write_log(name)",
		"FROM checkpoint()", "FROM force_checkpoint()", "CHECKPOINT", "FROM enable_profiling()",
		"FROM arrow_scan(NULL, NULL, NULL)", "FROM truncate_duckdb_logs()", "CALL enable_peg_parser()",
		"CREATE TEMP TABLE note AS SELECT 'forged' AS name", "CREATE TEMP VIEW note AS SELECT 'forged' AS name",
		"CREATE TEMP MACRO count(x) AS 42", "PREPARE p AS SELECT 1", "BEGIN", "EXPLAIN ANALYZE CREATE TEMP TABLE x AS SELECT 1",
	} {
		sql = strings.NewReplacer("$out", filepath.Join(filepath.Dir(secret), "out"), "$secret", secret).Replace(sql)
		rows, err := c.Query(t.Context(), sql, nil)
		if err == nil {
			for rows.Next() {
			}
			err = rows.Err()
			rows.Close()
		}
		if err == nil {
			t.Errorf("allowed: %s", sql)
		}
	}
	if got := one(t, c, "SELECT concat(count(*), ' ', min(name)) FROM note"); got != "3 note 0" {
		t.Error(got)
	}
	if entries, _ := os.ReadDir(filepath.Dir(secret)); len(entries) != 1 {
		t.Errorf("files were written: %v", entries)
	}
}

func TestParquetOnlyReads(t *testing.T) {
	c := openCase(t, smallCase(t))
	f, err := c.Parquet(t.Context(), "SELECT * FROM note ORDER BY row_no;", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := os.Stat(f.Name()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("left behind: %v", err)
	}
	path := filepath.Join(t.TempDir(), "x")
	for _, sql := range []string{
		"SELECT 1) TO '" + path + "' --",
		"SELECT 1) TO '" + path + "' (FORMAT csv); COPY (SELECT 1",
		"FROM read_text('/etc/hostname')",
		"DELETE FROM store.note",
		"FROM query('SELECT 1')",
	} {
		if f, err := c.Parquet(t.Context(), sql, nil); err == nil {
			f.Close()
			t.Errorf("allowed: %s", sql)
		}
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Error("a file was written")
	}
}

// What Parquet, or DuckDB's writer of it, cannot hold whole is written in a type that can.
func TestParquetIsExact(t *testing.T) {
	c := openCase(t, smallCase(t))
	f, err := c.Parquet(t.Context(), `SELECT 340282366920938463463374607431768211455::UHUGEINT AS address, $n::HUGEINT + 1 AS sum, 7 AS small,
		[42541956123769884636017138956568135817::UHUGEINT] AS "more ones", INTERVAL 1 SECOND + INTERVAL 7 MICROSECOND AS span`,
		map[string]any{"n": "9007199254740992000000000000"})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "result.parquet")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	conn := ducktest.Connect(t, "", nil)
	row, err := conn.QueryRow(t.Context(), "SELECT address, sum::VARCHAR, small::VARCHAR, \"more ones\"[1], span FROM '"+path+"'", nil)
	want := []any{"340282366920938463463374607431768211455", "9007199254740992000000000001", "7", "42541956123769884636017138956568135817", "00:00:01.000007"}
	if err != nil || !slices.Equal(row, want) {
		t.Errorf("%v, %v", row, err)
	}
}

func TestContextEnds(t *testing.T) {
	c := openCase(t, smallCase(t))
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	rows, err := c.Query(ctx, "SELECT count(*) FROM range(100000000000)", nil)
	if err == nil {
		rows.Next()
		err = rows.Err()
		rows.Close()
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}
