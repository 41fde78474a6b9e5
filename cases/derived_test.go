package cases_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"case53/cases"
	"case53/cases/duck/ducktest"
	"case53/cases/internal/layout"
	"case53/cases/writer"
)

// evidenceOf is what Build must not change.
func evidenceOf(t *testing.T, dir string) string {
	t.Helper()
	hash := sha256.New()
	for _, path := range []string{cases.DatabaseFile(dir), cases.CustodyFile(dir)} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		hash.Write(text)
	}
	return fmt.Sprintf("%x", hash.Sum(nil))
}

// TestDerivedOfNoUse: what is derived may be gone, cut, overwritten, of another case, of other records, of another program, or a
// stranger's. That is noticed and said, the records are answered for, nothing that is derived is, and building makes it as it was,
// and changes nothing else.
func TestDerivedOfNoUse(t *testing.T) {
	good, other := smallCase(t), smallCase(t)
	path := func(dir string) string { return layout.Path(dir, layout.DerivedDatabase) }
	sql := func(sql string) func(string) error {
		return func(dir string) error { ducktest.Run(t, path(dir), sql); return nil }
	}
	cut := func(n func(int64) int64) func(string) error {
		return func(dir string) error {
			info, err := os.Stat(path(dir))
			if err != nil {
				return err
			}
			return os.Truncate(path(dir), n(info.Size()))
		}
	}
	from := func(other string) func(string) error {
		return func(dir string) error {
			text, err := os.ReadFile(path(other))
			if err != nil {
				return err
			}
			return os.WriteFile(path(dir), text, 0o600)
		}
	}
	for what, c := range map[string]struct {
		hand func(string) error
		said string
	}{
		"folder gone":       {func(dir string) error { return os.RemoveAll(layout.Path(dir, layout.Derived)) }, "there is no derived/derived.duckdb"},
		"file gone":         {func(dir string) error { return os.Remove(path(dir)) }, "there is no derived/derived.duckdb"},
		"cut by a byte":     {cut(func(n int64) int64 { return n - 1 }), "cannot be read"},
		"cut to a half":     {cut(func(n int64) int64 { return n / 2 }), ""},
		"cut to its header": {cut(func(int64) int64 { return 12288 }), ""},
		"emptied":           {cut(func(int64) int64 { return 0 }), ""},
		"text":              {func(dir string) error { return os.WriteFile(path(dir), []byte("hello"), 0o600) }, "cannot be read"},
		"another database":  {func(dir string) error { return copyFile(cases.DatabaseFile(dir), path(dir)) }, "is not known"},
		"of another case":   {from(other), "is of another case"},
		"another program":   {sql("UPDATE source SET program = 'mine'"), "another version"},
		"no source":         {sql("DELETE FROM source"), "another case"},
		"two sources":       {sql("INSERT INTO source FROM source"), "another case"},
		"other objects":     {sql("UPDATE step SET digest = 'x'"), "other records"},
		"more objects":      {sql("UPDATE step SET upto = upto + 1"), "other records"},
		"another step":      {sql("INSERT INTO step SELECT 'mine', upto, objects, digest FROM step"), "other records"},
		"a table more":      {sql("CREATE TABLE mine (x INTEGER)"), "table main.mine is not known"},
		"a view for one":    {sql("ALTER TABLE minute RENAME TO m; CREATE VIEW minute AS FROM m"), "view main.minute is not known"},
		"a macro":           {sql("CREATE MACRO sum(x) AS 7"), "function main.sum is not known"},
		"a schema":          {sql("CREATE SCHEMA store"), "schema store is not known"},
		"a default":         {sql("ALTER TABLE minute ALTER source SET DEFAULT 'x'"), "table main.minute is another"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "a.case")
			if err := os.CopyFS(dir, os.DirFS(good)); err != nil {
				t.Fatal(err)
			}
			if err := c.hand(dir); err != nil {
				t.Fatal(err)
			}
			isUnbuilt(t, dir, c.said)
			isBuiltAgain(t, dir)
		})
	}

}

// TestDerivedByOtherGo: where the SQL is the same, and the Go is not that computes what SQL does not, what is derived is of no use.
func TestDerivedByOtherGo(t *testing.T) {
	dir, others := smallCase(t), schemas()
	others[0].Computed = "package other"
	if c := openCase(t, dir); c.NotReady != nil {
		t.Error(c.NotReady)
	}
	c, err := cases.Open(t.Context(), dir, others)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if !c.Unbuilt || !strings.Contains(c.NotReady.Error(), "was built by another version of case53") {
		t.Errorf("unbuilt %v: %v", c.Unbuilt, c.NotReady)
	}
}

// TestDamagedBlock: what reads a damaged block of what is derived fails, and says what to do; no other answer changes.
func TestDamagedBlock(t *testing.T) {
	good := smallCase(t)
	whole, err := os.ReadFile(layout.Path(good, layout.DerivedDatabase))
	if err != nil {
		t.Fatal(err)
	}
	const headers, block = 3 * 4096, 256 << 10
	failed := 0
	for at := headers + block/100; at < len(whole); at += block {
		dir := filepath.Join(t.TempDir(), "a.case")
		text := slices.Clone(whole)
		text[at] ^= 0xff
		if err := errors.Join(os.CopyFS(dir, os.DirFS(good)), os.WriteFile(layout.Path(dir, layout.DerivedDatabase), text, 0o600)); err != nil {
			t.Fatal(err)
		}
		c, err := cases.Open(t.Context(), dir, schemas())
		if err != nil || c.NotReady != nil { // found at the opening
			if err == nil {
				c.Close()
			}
			continue
		}
		err = c.Each(t.Context(), "FROM minute", nil, func([]any) error { return nil })
		if err != nil && (!strings.HasPrefix(err.Error(), "Corrupt database file") || !strings.Contains(err.Error(), "\nhint: case53 derive --again "+dir)) {
			t.Errorf("block %d: %v", at/block, err)
		}
		if err != nil {
			failed++
		}
		c.Close()
	}
	if failed == 0 {
		t.Error("no block is one of rows")
	}
}

func copyFile(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, text, 0o600)
}

// isUnbuilt wants a case to say why what is derived is of no use, and to answer for its records.
func isUnbuilt(t *testing.T, dir, said string) {
	t.Helper()
	c := openCase(t, dir)
	defer c.Close()
	if !errors.Is(c.NotReady, cases.ErrNotReady) || !c.Unbuilt || !strings.Contains(c.NotReady.Error(), said) ||
		!strings.HasSuffix(c.NotReady.Error(), "\nhint: case53 derive "+dir+" builds what is missing") {
		t.Errorf("not ready: %v", c.NotReady)
	}
	if got := one(t, c, "SELECT count(*) FROM note"); got == "0" {
		t.Errorf("%s notes", got)
	}
	for _, sql := range []string{"FROM minute", "FROM derived.minute", "FROM derived.main.minute", "FROM coverage"} {
		if !refused(t, c, sql) {
			t.Errorf("%s is answered", sql)
		}
	}
	if info, err := c.Info(t.Context()); err != nil || info.Ready || len(info.Problems) != 1 || !strings.Contains(info.Problems[0], said) {
		t.Errorf("info: %v, %+v", err, info.Problems)
	}
}

// isBuiltAgain builds what is derived.
func isBuiltAgain(t *testing.T, dir string) {
	t.Helper()
	before := evidenceOf(t, dir)
	if err := writer.Build(t.Context(), dir, schemas(), func(string) {}); err != nil {
		t.Fatal(err)
	}
	c := openCase(t, dir)
	defer c.Close()
	if got := one(t, c, "SELECT sum(records) FROM minute"); c.NotReady != nil || got != one(t, c, "SELECT count(*) FROM note") {
		t.Errorf("built: %v, %s records", c.NotReady, got)
	}
	if after := evidenceOf(t, dir); after != before {
		t.Error("building has changed the evidence")
	}
	info, err := os.Stat(layout.Path(dir, layout.DerivedDatabase))
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, mode %v", err, info.Mode())
	}
}

// TestDerivedForgotten: a row that somebody altered is told as if it were computed, until what is derived is thrown away.
func TestDerivedForgotten(t *testing.T) {
	dir := smallCase(t)
	ducktest.Run(t, layout.Path(dir, layout.DerivedDatabase), "UPDATE minute SET records = records + 1; CHECKPOINT")
	c := openCase(t, dir)
	if one(t, c, "SELECT sum(records) FROM minute") == one(t, c, "SELECT count(*) FROM note") {
		t.Error("the alteration is not told")
	}
	c.Close()
	if err := writer.Forget(dir); err != nil {
		t.Fatal(err)
	}
	isBuiltAgain(t, dir)
}

// TestDerivedDamaged overwrites bytes of what is derived: the case opens, and either says that it is of no use, or fails to answer,
// or answers as before; it does not end the process, and building makes it whole.
func TestDerivedDamaged(t *testing.T) {
	good := smallCase(t)
	text, err := os.ReadFile(layout.Path(good, layout.DerivedDatabase))
	if err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(11, 53))
	for range 12 {
		damaged := append([]byte(nil), text...)
		for range 1 + rnd.IntN(20) {
			damaged[rnd.IntN(len(damaged))] = byte(rnd.Uint32())
		}
		if err := os.WriteFile(layout.Path(good, layout.DerivedDatabase), damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := cases.Open(t.Context(), good, schemas())
		if err != nil {
			t.Fatal(err)
		}
		if got := one(t, c, "SELECT count(*) FROM note"); got != "3" {
			t.Errorf("%s notes", got)
		}
		if c.NotReady == nil {
			err := c.Each(t.Context(), "SELECT sum(records)::BIGINT FROM minute", nil, func(v []any) error {
				if v[0] != int64(3) {
					t.Errorf("%v records", v[0])
				}
				return nil
			})
			if err != nil && !strings.Contains(err.Error(), "orrupt") {
				t.Errorf("%v", err)
			}
		} else if !c.Unbuilt {
			t.Errorf("%v", c.NotReady)
		}
		c.Close()
	}
}

// TestDerivedIsBuiltBesideALook: who looks at a case whose derived tables are not all there keeps nobody from building them, and sees
// them when the case is opened again.
func TestDerivedIsBuiltBesideALook(t *testing.T) {
	dir := smallCase(t)
	w := openWriter(t, dir)
	addObject(t, w, 2, "attic", noon.Add(time.Hour))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	c := openCase(t, dir)
	defer c.Close()
	open, _ := filepath.Glob("/proc/self/fd/*") // where there is no such folder, nothing is known of it
	for _, fd := range open {
		if path, _ := os.Readlink(fd); path == layout.Path(dir, layout.DerivedDatabase) {
			t.Error("who looks has the file open, and a lock on it")
		}
	}
	early, err := c.Refresh(t.Context())
	if err != nil || early.NotReady == nil || !refused(t, early, "FROM minute") {
		t.Errorf("nobody has built it yet: %v, %v", err, early.NotReady)
	}
	isBuiltAgain(t, dir)
	if got := one(t, c, "SELECT count(*) FROM note"); got != "4" || c.NotReady == nil {
		t.Errorf("%s notes, %v", got, c.NotReady)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := c.Refresh(ended); err == nil {
		t.Error("refreshed without an end")
	}
	built, err := c.Refresh(t.Context())
	if err != nil || built.NotReady != nil {
		t.Fatalf("%v, %v", err, built.NotReady)
	}
	if got := one(t, built, "SELECT sum(records) FROM minute"); got != "4" {
		t.Errorf("%s records by minute", got)
	}
	if got := one(t, c, "SELECT count(*) FROM note"); got != "4" || !refused(t, c, "FROM minute") {
		t.Errorf("as it was opened: %s notes", got)
	}
}

// TestDerivedGrows: what is derived of fewer objects of the same case is kept, and what is new is added to it.
func TestDerivedGrows(t *testing.T) {
	dir := smallCase(t)
	w := openWriter(t, dir)
	addObject(t, w, 2, "attic", noon.Add(time.Hour))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	isUnbuilt(t, dir, "not built yet: note_minute")
	isBuiltAgain(t, dir)
	c := openCase(t, dir)
	if got := one(t, c, "SELECT count(*) FROM derived.step WHERE name = 'note_minute'"); got != "2" {
		t.Errorf("the step was built %s times", got)
	}
}
