package queries

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

// Every file of steps is named by a built-in query, parses behind what comes before it there, and says what it gives.
func TestSharedSteps(t *testing.T) {
	all, err := sharedSteps()
	if err != nil {
		t.Fatal(err)
	}
	db := emptyCase(t)
	named := map[string]bool{}
	for _, q := range builtins(t).All() {
		text, err := fs.ReadFile(builtin, q.Path)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if list, ok := strings.CutPrefix(line, "-- steps:"); ok {
				for _, name := range items(strings.TrimSpace(list)) {
					named[name] = true
				}
			}
		}
	}
	for name, s := range all {
		if !named[name] {
			t.Errorf("%s: no query names it", name)
		}
		plainSelect(t, db, "WITH "+s.sql+"\nSELECT 1")
		text, err := fs.ReadFile(builtin, stepsFolder+"/"+name+".sql")
		if err != nil {
			t.Fatal(err)
		}
		title, doc, _ := strings.Cut(string(text), "\n--\n-- ")
		if !strings.HasPrefix(title, "-- ") || strings.Contains(title, "\n") || doc == "" {
			t.Errorf("%s: wants a title, an empty comment line, and what the steps give", name)
		}
		for _, line := range strings.Split(s.sql, "\n") {
			if strings.Contains(line, "store.") || strings.Contains(line, "derived.") {
				t.Errorf("%s reads the store, which is not documented: %s", name, line)
			}
		}
	}
}

const ownHead = `-- What is compared
--
-- cannot: tell
-- needs: capture
-- steps: sides, sides-all
-- param: left capture the left
-- param: right capture the right
-- param: baseline capture the clean
`

// A user's query may use the shared steps, with or without a WITH of its own.
func TestStepsOfAUser(t *testing.T) {
	db := fullCase(t)
	for name, own := range map[string]string{
		"select":    "SELECT capture, side FROM side",
		"with":      "-- own ones\nWITH few AS (FROM side LIMIT 9)\nSELECT capture, side FROM few;",
		"recursive": "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 3)\nSELECT capture, side FROM side, n",
	} {
		set, err := Load(fstest.MapFS{name + ".sql": {Data: []byte(ownHead + own)}})
		if err != nil || len(set.Problems) > 0 {
			t.Fatalf("%s: %v %v", name, err, set.Problems)
		}
		text, args, err := set.Get(name).Bind(nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := answer(t, db, text, args); !strings.Contains(got, "incident | left") {
			t.Errorf("%s: got\n%s\nfrom\n%s", name, got, text)
		}
	}
}

func TestBrokenSteps(t *testing.T) {
	for text, want := range map[string]string{
		"WITH a AS (SELECT 1)":                      "no title",
		"-- A title\nSELECT 1":                      "takes WITH and steps",
		"-- A title\nWITH a AS (SELECT 1) SELECT 2": "takes WITH and steps",
		"-- A title\nWITH a AS (SELECT 1);":         "takes WITH and steps",
		"-- A title\nWITH a AS (SELECT 'x)":         "not closed",
	} {
		if _, err := parseSteps(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}
