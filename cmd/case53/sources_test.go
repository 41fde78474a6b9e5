package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"case53/loader"
)

// TestSQLLinesFit: whoever has to believe an answer reads its SQL, without scrolling sideways.
func TestSQLLinesFit(t *testing.T) {
	eachSource(t, ".sql", func(path, text string) { checkColumns(t, path, text, 140) })
}

func TestGoLinesFit(t *testing.T) {
	eachSource(t, ".go", func(path, text string) {
		checkColumns(t, path, strings.ReplaceAll(text, "\t", "    "), 160)
	})
}

// TestRoofIsLight: the commands say what they do with what other packages know; what they know themselves nobody else can reach.
func TestRoofIsLight(t *testing.T) {
	const most = 3000
	lines := 0
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines += strings.Count(string(text), "\n")
	}
	if lines > most {
		t.Errorf("package main has %d lines, more than %d", lines, most)
	}
}

// TestFunctionsFit: a function is on the screen as a whole. Its literals count with it, and so do the tables of a test.
func TestFunctionsFit(t *testing.T) {
	const most = 70
	eachSource(t, ".go", func(path, text string) {
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, text, parser.SkipObjectResolution)
		if err != nil {
			t.Error(err)
			return
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n.(type) {
			case *ast.FuncDecl, *ast.FuncLit:
				first, last := files.Position(n.Pos()).Line, files.Position(n.End()).Line
				if lines := last - first + 1; lines > most {
					t.Errorf("%s:%d: a function of %d lines, more than %d", path, first, lines, most)
				}
				return false
			}
			return true
		})
	})
}

// TestLogTypesAreNamedInTheirRooms: what knows a log type by name would have to be touched for the next one. The sample incident
// is about three.
func TestLogTypesAreNamedInTheirRooms(t *testing.T) {
	var names, quoted []string
	for _, l := range loader.Types() {
		names = append(names, l.Name)
		if l.Name != "finding" && l.Name != "tls" { // a finding is also what a hunt has, and TLS what a request came through
			quoted = append(quoted, l.Name)
		}
	}
	all := strings.Join(names, "|")
	named := regexp.MustCompile(`["` + "`" + `](` + strings.Join(quoted, "|") + `)["` + "`" + `]` +
		`|\b(store|derived)\.(` + all + `)(_by_addr|_endpoint|_session|_answer|_context)?\b` +
		`|\b(FROM|JOIN|from|join) (` + all + `)\b`)
	for _, suffix := range []string{".go", ".sql"} {
		eachSource(t, suffix, func(path, text string) {
			for _, room := range []string{"loader/logs/", "queries/sql/", "cmd/case53/demo/", "cmd/demo-incident/", "testdata/", "_test.go"} {
				if strings.Contains(path, room) {
					return
				}
			}
			for i, line := range strings.Split(text, "\n") {
				if code, _, _ := strings.Cut(line, "//"); named.MatchString(code) {
					t.Errorf("%s:%d: a log type by name: %s", path, i+1, strings.TrimSpace(line))
				}
			}
		})
	}
}

// eachSource gives the repository's files with a suffix.
func eachSource(t *testing.T, suffix string, check func(path, text string)) {
	t.Helper()
	files := 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == ".git":
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, suffix):
			return nil
		}
		files++
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		check(path, string(text))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 100 {
		t.Errorf("%d files *%s: this test looks in the wrong place", files, suffix)
	}
}

func checkColumns(t *testing.T, path, text string, most int) {
	t.Helper()
	for i, line := range strings.Split(text, "\n") {
		if n := utf8.RuneCountInString(line); n > most {
			t.Errorf("%s:%d: %d columns, more than %d", path, i+1, n, most)
		}
	}
}
