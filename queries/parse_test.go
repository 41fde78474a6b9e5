package queries

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"
)

// Each file of testdata/broken.txtar is a query with one fault. Its error is the text of the file of the same name
// ending in .err.
func TestBrokenFiles(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/broken.txtar")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	folder := fstest.MapFS{}
	for _, f := range archive.Files {
		if name, ok := strings.CutSuffix(f.Name, ".err"); ok {
			want[name+".sql"] = strings.TrimSpace(string(f.Data))
		} else {
			folder[f.Name] = &fstest.MapFile{Data: f.Data}
		}
	}
	folder["good/fine.sql"] = &fstest.MapFile{Data: []byte(fine)}
	s, err := Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	if s.Get("fine") == nil {
		t.Error("a broken file hides a good one")
	}
	got := map[string]string{}
	for _, p := range s.Problems {
		path, _, _ := strings.Cut(p.Error(), ":")
		got[path] = p.Error()
	}
	for name, text := range want {
		if got[name] != text {
			t.Errorf("%s\n got %s\nwant %s", name, got[name], text)
		}
	}
	if len(got) != len(want) || len(want) != len(folder)-1 {
		t.Errorf("%d errors for %d files with %d expectations", len(got), len(folder)-1, len(want))
	}
}

const fine = `-- What is the answer
--
-- In two
-- lines.
--
-- And another paragraph.
--
-- cannot: say what the question
-- was.
--
-- needs:  flow, dns
-- param:  ip    ip      required  the address
-- param:  since time    = '2026-11-01 10:00' the moment, told
--         at length
-- param:  note  text              a note
-- column: answer count
-- pivot:  Answers
SELECT 42 AS answer, '$no;' AS "$neither", $$ $nor ; $$ AS c -- $here ;
FROM flow /* $there */ WHERE srcaddr = $ip AND start > $since AND $note = '' AND 1 = 1;

-- the end
`

func TestFineFile(t *testing.T) {
	q, err := parse("own/fine.sql", "own/fine.sql", []byte(fine))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ what, got, want string }{
		{"id", q.ID, "fine"},
		{"group", q.Group, "own"},
		{"title", q.Title, "What is the answer"},
		{"doc", q.Doc, "In two lines.\n\nAnd another paragraph."},
		{"cannot", q.Cannot, "say what the question was."},
		{"needs", strings.Join(q.Needs, " "), "flow dns"},
		{"default", q.Param("since").Default, "2026-11-01 10:00"},
		{"doc of a parameter", q.Param("since").Doc, "the moment, told at length"},
		{"kind of a column", q.Columns["answer"], "count"},
		{"entry", q.Entry().Name, "ip"},
		{"end of the SQL", q.SQL[len(q.SQL)-5:], "1 = 1"},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %q, want %q", c.what, c.got, c.want)
		}
	}
	if len(q.Params) != 3 || !q.Params[0].Required || q.Params[1].Required {
		t.Errorf("parameters %+v", q.Params)
	}
}

// Windows line ends, a byte order mark and a file in no folder.
func TestForeignEditor(t *testing.T) {
	text := "\ufeff" + strings.ReplaceAll(fine, "\n", "\r\n")
	q, err := parse("fine.sql", "fine.sql", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if q.Title != "What is the answer" || q.Group != "own" || q.Pivot != "Answers" {
		t.Errorf("%+v", q)
	}
}

func FuzzFrontMatter(f *testing.F) {
	f.Add(fine)
	f.Add("-- t\n-- cannot: x\n-- needs: flow\nSELECT 1")
	f.Add("-- t\n-- param: a ip = 'x\nSELECT $a$ x $a$")
	f.Add("--\n--\nSELECT E'\\'$x' ? /*")
	f.Fuzz(func(t *testing.T, text string) {
		q, err := parse("g/q.sql", "g/q.sql", []byte(text))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "g/q.sql:") {
				t.Errorf("an error without its file: %v", err)
			}
			return
		}
		if q.Title == "" || q.Cannot == "" || len(q.Needs) == 0 || q.SQL == "" {
			t.Errorf("something required is missing: %+v", q)
		}
		if !strings.Contains(text, q.SQL) {
			t.Errorf("the SQL was changed: %q", q.SQL)
		}
		scan, err := scanSQL(q.SQL)
		if err != nil || scan.end != len(q.SQL) {
			t.Errorf("the SQL taken is no single statement: %v", err)
		}
		q.Help()
	})
}
