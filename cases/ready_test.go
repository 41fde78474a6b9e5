package cases_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"case53/cases"
	"case53/cases/writer"
	"case53/loader"
)

// TestNotReady leaves a case as a kill between a load and its derived tables does.
func TestNotReady(t *testing.T) {
	dir := smallCase(t)
	w := openWriter(t, dir)
	addObject(t, w, 2, "attic", noon.Add(time.Hour))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	c := openCase(t, dir)
	if !errors.Is(c.NotReady, cases.ErrNotReady) || !strings.Contains(c.NotReady.Error(), "not built yet: note_minute\nhint: ") {
		t.Errorf("not ready: %v", c.NotReady)
	}
	if _, err := c.Coverage(t.Context(), time.Minute); !errors.Is(err, cases.ErrNotReady) {
		t.Errorf("coverage: %v", err)
	}
	info, err := c.Info(t.Context())
	if err != nil || info.Ready || info.Again != nil || len(info.Problems) != 1 || !strings.HasSuffix(info.Problems[0], "not built yet: note_minute") {
		t.Errorf("info: %v, %+v", err, info)
	}
	o, err := c.Overview(t.Context(), time.Minute)
	if err != nil || o.Problem != "not built yet: note_minute" || o.Remedy != "case53 derive "+dir+" builds what is missing" {
		t.Errorf("overview: %v, %q, %q", err, o.Problem, o.Remedy)
	}
	c.Close()
	closeWriter(t, openWriter(t, dir))
	c = openCase(t, dir)
	if got := one(t, c, "SELECT sum(records) FROM minute"); c.NotReady != nil || got != "4" {
		t.Errorf("%v, %s records", c.NotReady, got)
	}
}

// TestUnfinishedWork: from the beginning of a load to its end, and after it was cut short, whatever rests on derived tables is
// refused, by whatever way it is asked, and whatever does not is answered.
func TestUnfinishedWork(t *testing.T) {
	dir := t.TempDir() + "/a.case"
	unfinished := func(work func(*writer.Writer)) *cases.Case {
		w, err := writer.Open(t.Context(), dir, loader.Schemas())
		if err != nil {
			t.Fatal(err)
		}
		work(w)
		closeWriter(t, w)
		c, err := cases.Open(t.Context(), dir, loader.Schemas())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	announce := func(what, plan string, resumed bool) func(*writer.Writer) {
		return func(w *writer.Writer) {
			if again, err := w.Announce(t.Context(), what, plan, time.Now()); err != nil || again != resumed {
				t.Errorf("announced before: %v, %v", again, err)
			}
		}
	}
	c := unfinished(announce("load of file:///e", "1", false))
	refusesDerived(t, c)
	c.Close()

	// The same command goes on; another one does not make it whole; derive takes it as it is.
	unfinished(announce("load of file:///e", "1", true)).Close()
	c = unfinished(func(w *writer.Writer) {
		announce("load of file:///f", "2", false)(w)
		if err := w.Finish(t.Context(), "2"); err != nil {
			t.Error(err)
		}
	})
	if c.NotReady == nil || !strings.Contains(c.NotReady.Error(), "the load of file:///e that began at ") || strings.Contains(c.NotReady.Error(), "///f") {
		t.Errorf("not ready: %v", c.NotReady)
	}
	c.Close()
	c = unfinished(func(w *writer.Writer) {
		if accepted, err := w.Accept(t.Context()); err != nil || len(accepted) != 1 {
			t.Errorf("accepted %q, %v", accepted, err)
		}
	})
	defer c.Close()
	if c.NotReady != nil || refused(t, c, "FROM session") {
		t.Errorf("not ready: %v", c.NotReady)
	}
}

// refused says whether a query fails because the case is not ready; another failure is the test's.
func refused(t *testing.T, c *cases.Case, sql string) bool {
	t.Helper()
	rows, err := c.Query(t.Context(), sql, nil)
	if err == nil {
		rows.Close()
	} else if !errors.Is(err, cases.ErrNotReady) {
		t.Errorf("%s: %v", sql, err)
	}
	return err != nil
}

// refusesDerived holds a case that is not ready to its word.
func refusesDerived(t *testing.T, c *cases.Case) {
	t.Helper()
	// The comment of a view says for people what the check finds in its text.
	views := texts(t, c, `SELECT view_name || '/' || split_part(comment, ':', 1) FROM duckdb_views()
		WHERE schema_name = 'main' AND NOT internal ORDER BY 1`)
	for _, view := range views {
		name, words, _ := strings.Cut(view, "/")
		if got, want := refused(t, c, "SELECT 1 FROM "+name+" LIMIT 1"), strings.Contains(words, "derived"); got != want {
			t.Errorf("view %s, %q: refused: %v", name, words, got)
		}
	}
	for sql, want := range map[string]bool{
		"FROM derived.flow_session": true, "FROM DERIVED.Minute": true, "SELECT count(*) FROM (SELECT 1) WHERE EXISTS (FROM main.session)": true,
		"SELECT key_text(1)": true, "FROM flows_of(1, 1, NULL, NULL, '')": true, "WITH a AS (FROM connection) FROM a": true,
		"SELECT 'session'": false, "FROM store.object": false, "SELECT ip('10.0.0.1')": false, "WITH s AS (SELECT 1 AS session) SELECT session FROM s": false,
	} {
		if got := refused(t, c, sql); got != want {
			t.Errorf("%s: refused: %v", sql, got)
		}
	}
	if _, err := c.Parquet(t.Context(), "FROM session", nil); !errors.Is(err, cases.ErrNotReady) {
		t.Errorf("into a file: %v", err)
	}
}
