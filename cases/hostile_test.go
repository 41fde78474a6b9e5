package cases_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"case53/cases"
	"case53/cases/duck/ducktest"
	"case53/cases/raw"
	"case53/cases/writer"
)

// Functions that our own statements call, by how they are called.
const (
	calledTables = `duckdb_columns duckdb_functions duckdb_indexes duckdb_schemas duckdb_sequences duckdb_tables duckdb_types duckdb_views
		range unnest json_each generate_series`
	calledScalars = `json_serialize_sql regexp_replace concat concat_ws count sum min max any_value list string_agg bool_or now epoch_us
		date_trunc time_bucket make_timestamp to_minutes lower trim contains starts_with ends_with split_part string_split format
		list_transform list_filter list_reduce list_value array_to_string greatest least abs round floor ln log2 sqrt len length
		regexp_matches regexp_extract regexp_full_match regexp_extract_all instr substr to_hex row_number rank lag lead quantile_cont median
		mode stddev_pop approx_count_distinct hash random current_setting md5 sha256 encode decode arg_max arg_min list_sort list_distinct`
)

// hostile is a case that somebody has prepared, by SQL on its database or by hands in its folder.
type hostile struct {
	what string
	sql  string
	hand func(dir, outside string) error
	said string // in the error, where it matters
}

// hostileSQL are ways to make another catalog. OUTSIDE stands for a folder that has nothing to do with the case.
func hostileSQL() (all []hostile) {
	add := func(what, sql string) { all = append(all, hostile{what: what, sql: sql, said: what}) }
	const leak = `FROM read_text('OUTSIDE/secret')`
	for _, f := range strings.Fields(calledTables) {
		add("function main."+f, "CREATE MACRO "+f+"() AS TABLE "+leak)
	}
	for some := range slices.Chunk(strings.Fields(calledScalars), 4) {
		macro := ""
		for _, f := range some {
			macro += "CREATE MACRO " + f + "(a) AS 7, (a, b) AS 7, (a, b, c) AS 7;"
		}
		add("function main."+some[3], macro)
	}
	for _, table := range []string{"store.log_type", "store.object", "store.capture", "store.custody", "store.unfinished", "store.note"} {
		add("view "+table, "DROP TABLE "+table+"; CREATE VIEW "+table+" AS SELECT content AS key, content AS value, * "+leak)
	}
	for _, view := range []string{"note", "object", "reject", "coverage", "minute", "capture", "log_type"} {
		add("view main."+view, "CREATE OR REPLACE VIEW "+view+" AS SELECT * FROM store.object LIMIT 0")
	}
	add("view main.note", "CREATE OR REPLACE VIEW note AS SELECT n.noted, n.name, c.place, c.capture, n.object_id, n.row_no FROM store.note n "+
		"JOIN store.note_context c USING (context_id) WHERE n.name <> 'note 1'")
	add("view main.note is missing", "DROP VIEW note")
	add("view main.duckdb_tables", "CREATE VIEW duckdb_tables AS SELECT 1 AS x")
	add("view main.innocent", "CREATE VIEW innocent AS SELECT 1 AS x")
	add("view store.flow", "CREATE VIEW store.flow AS "+leak)
	add("view main.logs", "CREATE VIEW logs AS SELECT * FROM enable_logging('QueryLog', storage = 'file', storage_path = 'OUTSIDE/log')")
	add("function main.ip is another", "CREATE OR REPLACE MACRO ip(a) AS 1::UHUGEINT")
	add("function main.ip is another", "CREATE OR REPLACE MACRO ip(a) AS 1::UHUGEINT, (a, b) AS 2")
	add("function main.of is missing", "DROP MACRO of")
	add("function store.now", "CREATE MACRO store.now() AS 7")
	add("no table store.meta", "DROP TABLE store.meta; CREATE VIEW store.meta AS SELECT 'format_version' AS key, content AS value "+leak)
	add("schema system", "CREATE SCHEMA system; CREATE MACRO \"case\".system.duckdb_tables() AS TABLE "+leak)
	add("schema other", "CREATE SCHEMA other")
	add("type main.port", "CREATE TYPE port AS ENUM ('a')")
	add("sequence main.numbers", "CREATE SEQUENCE numbers")
	add("index store.quick", "CREATE INDEX quick ON store.note (name)")
	add("table store.more", "CREATE TABLE store.more (x INTEGER)")
	add("table main.flow", "CREATE TABLE main.flow (x INTEGER)")
	add("table store.note is another", "ALTER TABLE store.note ADD COLUMN more INTEGER")
	add("table store.note is another", "ALTER TABLE store.note RENAME COLUMN name TO nom")
	add("table store.note is another", "ALTER TABLE store.note ALTER name SET DEFAULT 'x'")
	add("table store.note is another", "ALTER TABLE store.note ALTER noted DROP NOT NULL")
	add("table store.note is another", "CREATE OR REPLACE TABLE store.note (object_id UINTEGER, name VARCHAR GENERATED ALWAYS AS ('x'))")
	add("table store.note is another", "COMMENT ON TABLE store.note IS 'mine'")
	add("view main.note is another", "COMMENT ON VIEW note IS 'case: mine'")
	add("schema derived", "CREATE SCHEMA derived") // names of derived.duckdb would be looked for in it
	add("log type note is another", "UPDATE store.log_type SET header = replace(header, 'view:    note', 'view:    note LIMIT 0')")
	add("log type note is missing", "DELETE FROM store.log_type")
	add("log type other", "INSERT INTO store.log_type SELECT 1, 'other', title, silence, header FROM store.log_type")
	var many strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&many, "CREATE VIEW v%04d AS SELECT %d AS x;", i, i)
	}
	all = append(all, hostile{what: "three thousand views", sql: many.String(), said: "and 2990 more"})
	all = append(all, hostile{what: "a view with a long name", sql: `CREATE VIEW "` + strings.Repeat("x", 100_000) + `" AS SELECT 1`, said: "xxx is not known"})
	return all
}

// hostileHands are ways to make another folder.
func hostileHands() (all []hostile) {
	for _, name := range []string{"case.duckdb", "case.duckdb.wal", "custody.jsonl", "case.lock", "raw", "tmp", "queries",
		"derived", "derived/derived.duckdb", "derived/derived.duckdb.wal", "derived/tmp"} {
		for what, to := range map[string]string{"a file": "victim", "a folder": "folder", "nothing": "new"} {
			all = append(all, hostile{what: fmt.Sprintf("%s is a link to %s", name, what), hand: func(dir, outside string) error {
				path, to := filepath.Join(dir, name), filepath.Join(outside, to)
				if what == "a file" && name == "case.duckdb" { // as good a case as the other
					if err := os.Rename(path, to); err != nil {
						return err
					}
				}
				return errors.Join(os.RemoveAll(path), os.Symlink(to, path))
			}, said: name + " is no "})
		}
		all = append(all, hostile{what: name + " is a pipe", hand: func(dir, _ string) error {
			path := filepath.Join(dir, name)
			return errors.Join(os.RemoveAll(path), syscall.Mkfifo(path, 0o600))
		}, said: name + " is no "})
	}
	return all
}

// TestHostileCases opens a hundred cases that somebody has prepared, for looking and for writing: each is refused with a word on
// what is not as it should be, and nothing outside of the case is read, written or emptied.
func TestHostileCases(t *testing.T) {
	good := smallCase(t)
	all := append(hostileSQL(), hostileHands()...)
	if len(all) < 100 {
		t.Errorf("%d cases", len(all))
	}
	for i, h := range all {
		t.Run(fmt.Sprintf("%d %s", i, h.what), func(t *testing.T) {
			t.Parallel()
			dir, outside := filepath.Join(t.TempDir(), "a.case"), t.TempDir()
			if err := errors.Join(os.CopyFS(dir, os.DirFS(good)), os.Mkdir(filepath.Join(outside, "folder"), 0o700)); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"secret", "victim", "folder/.incoming-1", "folder/kept.sql"} {
				if err := os.WriteFile(filepath.Join(outside, name), []byte("SECRET of "+name), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if h.sql != "" {
				ducktest.Run(t, cases.DatabaseFile(dir), strings.ReplaceAll(h.sql, "OUTSIDE", outside))
			} else if err := h.hand(dir, outside); err != nil {
				t.Fatal(err)
			}
			before := whatIsIn(t, outside)
			refused := func(how string, err error) {
				if !errors.Is(err, cases.ErrForeign) || !strings.Contains(err.Error(), h.said) || strings.Contains(err.Error(), "SECRET") {
					t.Errorf("opened %s: %v", how, err)
				}
				if after := whatIsIn(t, outside); after != before {
					t.Errorf("opened %s, outside are\n%s\nbefore\n%s", how, after, before)
				}
			}
			c, err := cases.Open(t.Context(), dir, schemas())
			refused("for looking", err)
			if c != nil {
				c.Close()
			}
			w, err := writer.Open(t.Context(), dir, schemas())
			refused("for writing", err)
			if w != nil {
				w.Close()
			}
		})
	}
}

// whatIsIn tells the files of a folder, with their bytes where these are few, and their times.
func whatIsIn(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "%s %s %s", path, info.Mode(), info.ModTime())
		if info.Mode().IsRegular() {
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, " %d %.40q", len(text), text)
		}
		b.WriteByte('\n')
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestHostileHashes: what the tables say of an object's SHA-256 names no file outside of raw/.
func TestHostileHashes(t *testing.T) {
	for _, sha := range []string{"", "a", "../../secret", strings.Repeat("../", 19) + "a/b/cde", strings.Repeat("A", 64), "/etc/hostname"} {
		dir := smallCase(t)
		ducktest.Run(t, cases.DatabaseFile(dir), "UPDATE store.object SET sha256 = '"+sha+"'")
		c := openCase(t, dir)
		r, err := c.Record(t.Context(), 1, 1)
		if err != nil || !errors.Is(r.Err, raw.ErrAltered) || len(r.Raw) > 0 {
			t.Errorf("%q: %v, %+v", sha, err, r)
		}
		if w, err := writer.Open(t.Context(), dir, schemas()); !errors.Is(err, cases.ErrDamaged) {
			t.Errorf("%q, for writing: %v", sha, err)
			w.Close()
		}
	}
}
