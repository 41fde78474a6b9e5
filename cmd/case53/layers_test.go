package main

import (
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

// layers says which of our packages each package may import. It is the architecture: bytes → records → rows → tables →
// queries → screens. A package that is missing here fails the test.
var layers = map[string][]string{
	"case53/cases/words":            {},
	"case53/cases/duck":             {},
	"case53/cases/duck/ducktest":    {"case53/cases/duck"},
	"case53/cases/raw":              {},
	"case53/cases/custody":          {},
	"case53/cases/folder":           {},
	"case53/cases/safetext":         {},
	"case53/cases/predicate":        {"case53/cases/words"},
	"case53/cases/digest":           {"case53/cases/duck"},
	"case53/cases/records":          {"case53/cases/raw", "case53/cases/duck"},
	"case53/cases/internal/catalog": {"case53/cases/duck"},
	"case53/cases/internal/spill":   {},
	"case53/cases/internal/worker":  {"case53/cases/duck"},
	"case53/cases/internal/layout":  {"case53/cases/custody", "case53/cases/duck", "case53/cases/internal/catalog"},
	"case53/cases": {
		"case53/cases/custody", "case53/cases/digest", "case53/cases/duck", "case53/cases/predicate", "case53/cases/raw", "case53/cases/records",
		"case53/cases/words", "case53/cases/internal/catalog", "case53/cases/internal/layout", "case53/cases/internal/spill", "case53/cases/internal/worker",
	},
	"case53/cases/notes": {"case53/cases", "case53/cases/custody", "case53/cases/raw"},
	"case53/cases/seal":  {"case53/cases", "case53/cases/custody", "case53/cases/duck", "case53/cases/verify", "case53/cases/writer"},
	"case53/cases/verify": {
		"case53/cases", "case53/cases/canonical", "case53/cases/custody", "case53/cases/digest", "case53/cases/duck",
		"case53/cases/notes", "case53/cases/raw", "case53/cases/words",
	},
	"case53/cases/canonical": {"case53/cases/duck"},
	"case53/cases/bag": {
		"case53/cases", "case53/cases/canonical", "case53/cases/custody", "case53/cases/digest", "case53/cases/duck", "case53/cases/folder",
		"case53/cases/notes", "case53/cases/safetext", "case53/cases/verify",
	},
	"case53/cases/writer": {
		"case53/cases", "case53/cases/custody", "case53/cases/digest", "case53/cases/duck", "case53/cases/raw",
		"case53/cases/internal/catalog", "case53/cases/internal/layout",
	},

	"case53/loader/source":               {"case53/cases"},
	"case53/loader/source/sourcetest":    {"case53/loader/source", "case53/cases"},
	"case53/loader/source/local":         {"case53/loader/source", "case53/cases"},
	"case53/loader/source/cwlogs":        {"case53/loader/source", "case53/cases"},
	"case53/loader/source/cwlogs/cwfake": {},
	"case53/loader/source/s3":            {"case53/loader/source", "case53/cases"},
	"case53/loader/logs":                 {"case53/cases", "case53/loader/source"},
	"case53/loader/logs/field":           {"case53/loader/logs"},
	"case53/loader/logs/across":          {"case53/cases", "case53/cases/duck"},
	"case53/loader/logs/request":         {"case53/cases", "case53/loader/logs/field"},
	"case53/loader/logs/logstest":        {"case53/loader/logs", "case53/loader/logs/field"},

	"case53/loader/logs/logstest/delivered": {},

	"case53/loader/logs/*": { // a log type, and nothing of another
		"case53/loader/logs", "case53/loader/logs/field", "case53/loader/logs/request", "case53/loader/source",
	},
	"case53/loader/networks": {"case53/cases"},
	"case53/loader/narrow": {
		"case53/cases", "case53/cases/folder", "case53/cases/predicate", "case53/cases/words", "case53/loader/source", "case53/loader/source/s3",
	},
	"case53/loader/networks/networkstest": {},
	"case53/loader": {
		"case53/loader/source", "case53/loader/logs", "case53/loader/logs/*",
		"case53/cases", "case53/cases/writer", "case53/cases/raw", "case53/cases/records",
	},
	"case53/loader/second": {"case53/loader", "case53/cases", "case53/cases/duck", "case53/cases/verify", "case53/cases/words"},
	"case53/loader/rebuild": {
		"case53/loader", "case53/loader/account", "case53/loader/networks",
		"case53/cases", "case53/cases/custody", "case53/cases/digest", "case53/cases/raw", "case53/cases/verify", "case53/cases/words",
		"case53/cases/writer",
	},
	"case53/loader/intake": {
		"case53/loader", "case53/loader/rebuild",
		"case53/cases", "case53/cases/folder", "case53/cases/raw", "case53/cases/verify", "case53/cases/writer",
	},
	"case53/loader/loadertest": {"case53/cases", "case53/cases/writer", "case53/loader", "case53/loader/source", "case53/loader/source/local"},
	"case53/loader/account": {
		"case53/loader", "case53/loader/logs/flow", "case53/loader/source", "case53/loader/source/cwlogs", "case53/loader/source/s3",
		"case53/cases", "case53/cases/records", "case53/cases/words", "case53/cases/writer",
	},

	"case53/queries":          {"case53/cases/words"},
	"case53/queries/repeat":   {"case53/cases"},
	"case53/queries/findings": {"case53/cases", "case53/cases/duck", "case53/cases/words", "case53/queries", "case53/queries/repeat"},
	"case53/queries/compare":  {"case53/cases", "case53/cases/words", "case53/queries", "case53/queries/findings"},
	"case53/queries/threads":  {"case53/cases", "case53/cases/words", "case53/queries", "case53/queries/findings"},
	"case53/queries/entities": {"case53/cases", "case53/cases/notes", "case53/queries", "case53/queries/findings", "case53/queries/threads"},
	"case53/queries/report": {
		"case53/cases", "case53/cases/custody", "case53/cases/notes", "case53/cases/raw", "case53/cases/safetext", "case53/cases/words",
		"case53/queries", "case53/queries/export", "case53/queries/findings", "case53/queries/compare", "case53/queries/threads",
	},
	"case53/queries/export": {
		"case53/cases", "case53/cases/custody", "case53/cases/duck", "case53/cases/folder", "case53/cases/notes", "case53/cases/safetext", "case53/queries",
	},

	"case53/tui/spark": {},
	"case53/tui/grid":  {"case53/cases/safetext"},
	"case53/tui/frame": { // notes are no evidence: they may be written from the workbench
		"case53/cases", "case53/cases/notes", "case53/cases/safetext", "case53/cases/words", "case53/queries", "case53/queries/findings", "case53/tui/grid",
	},
	"case53/tui/frame/frametest": {"case53/cases"},
	"case53/tui/rows": {
		"case53/cases", "case53/cases/notes", "case53/cases/safetext", "case53/cases/words", "case53/queries", "case53/tui/frame", "case53/tui/grid",
		"case53/queries/entities", "case53/tui/spark",
	},
	"case53/tui/answers": {
		"case53/cases", "case53/cases/custody", "case53/cases/notes", "case53/cases/words", "case53/tui/frame", "case53/tui/grid", "case53/tui/spark",
		"case53/queries", "case53/queries/findings", "case53/queries/compare", "case53/queries/report", "case53/queries/export",
		"case53/queries/entities", "case53/queries/threads",
	},
	"case53/tui": {
		"case53/cases", "case53/cases/notes", "case53/queries", "case53/queries/entities", "case53/tui/grid",
		"case53/tui/answers", "case53/tui/frame", "case53/tui/rows",
	},

	"case53/cmd/case53/demo": {},
	"case53/cmd/case53/cli": {
		"case53/cases", "case53/cases/bag", "case53/cases/custody", "case53/cases/notes", "case53/cases/raw", "case53/cases/safetext",
		"case53/cmd/case53/printed", "case53/cmd/case53/progress", "case53/loader", "case53/loader/account", "case53/queries",
		"case53/queries/findings", "case53/cases/words",
	},
	"case53/cmd/case53/completion": {
		"case53/cases/notes", "case53/cmd/case53/cli", "case53/loader", "case53/queries", "case53/queries/export",
	},
	"case53/cmd/case53/notebook": {
		"case53/cases", "case53/cases/notes", "case53/cases/words", "case53/cmd/case53/cli", "case53/cmd/case53/printed", "case53/queries",
	},
	"case53/cmd/case53/printed": {
		"case53/cases", "case53/cases/bag", "case53/cases/custody", "case53/cases/notes", "case53/cases/safetext", "case53/cases/verify",
		"case53/cases/words",
		"case53/loader", "case53/loader/account", "case53/loader/intake", "case53/loader/logs", "case53/loader/narrow", "case53/loader/rebuild",
		"case53/loader/source",
		"case53/queries", "case53/queries/export", "case53/queries/findings", "case53/queries/compare", "case53/queries/threads",
		"case53/queries/entities", "case53/tui/spark",
	},
	"case53/cmd/case53/progress": {"case53/cases", "case53/cases/safetext", "case53/cases/words", "case53/loader"},
	"case53/cmd/demo-incident":   {"case53/cmd/case53/demo"},
	"case53/cmd/case53":          {"*"},
}

// writers are the packages that may change a case. Looking never writes: nobody else can.
var writers = []string{
	"case53/loader", "case53/loader/loadertest", "case53/loader/account", "case53/loader/intake", "case53/loader/rebuild", "case53/cases/seal",
	"case53/cmd/case53",
}

// clouds are the packages that may use the AWS SDK; cwfake answers with its serialisers in tests.
var clouds = []string{"case53/loader/source/cwlogs", "case53/loader/source/cwlogs/cwfake", "case53/loader/source/s3", "case53/loader/account"}

// offline packages must not be able to reach the network, whatever they import.
var offline = []string{"case53/tui", "case53/cases", "case53/cases/bag", "case53/queries", "case53/queries/report", "case53/queries/export"}

func goList(t *testing.T, args ...string) []string {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list"}, args...)...).Output()
	if err != nil {
		t.Fatalf("go list %v: %v", args, err)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

func TestLayers(t *testing.T) {
	for _, line := range goList(t, "-f", "{{.ImportPath}}{{range .Imports}} {{.}}{{end}}", "case53/...") {
		fields := strings.Fields(line)
		pkg := fields[0]
		allowed, known := layers[pkg]
		if !known {
			allowed, known = layers[path.Dir(pkg)+"/*"]
		}
		if !known {
			t.Errorf("%s is in no layer", pkg)
		}
		for _, imported := range fields[1:] {
			if !strings.HasPrefix(imported, "case53/") || slices.Contains(allowed, "*") || slices.Contains(allowed, imported) ||
				slices.Contains(allowed, path.Dir(imported)+"/*") {
				continue
			}
			t.Errorf("%s imports %s, which its layer does not allow", pkg, imported)
		}
	}
}

func TestOnlyFewCanChangeACase(t *testing.T) {
	for _, line := range goList(t, "-f", "{{.ImportPath}}{{range .Imports}} {{.}}{{end}}", "case53/...") {
		fields := strings.Fields(line)
		if slices.Contains(fields[1:], "case53/cases/writer") && !slices.Contains(writers, fields[0]) {
			t.Errorf("%s can change a case: it imports its writer", fields[0])
		}
	}
}

func TestOnlyDuckTalksToDuckDB(t *testing.T) {
	for _, line := range goList(t, "-f", "{{.ImportPath}}{{range .Imports}} {{.}}{{end}}", "case53/...") {
		fields := strings.Fields(line)
		for _, imported := range fields[1:] {
			if strings.HasPrefix(imported, "github.com/duckdb/") && fields[0] != "case53/cases/duck" {
				t.Errorf("%s imports %s", fields[0], imported)
			}
		}
	}
}

func TestOnlySourcesTalkToAWS(t *testing.T) {
	for _, line := range goList(t, "-f", "{{.ImportPath}}{{range .Imports}} {{.}}{{end}}", "case53/...") {
		fields := strings.Fields(line)
		for _, imported := range fields[1:] {
			if strings.HasPrefix(imported, "github.com/aws/") && !slices.Contains(clouds, fields[0]) {
				t.Errorf("%s imports %s", fields[0], imported)
			}
			if strings.HasSuffix(imported, "/cwfake") {
				t.Errorf("%s imports %s, which is for tests", fields[0], imported)
			}
		}
	}
}

func TestLookingIsOffline(t *testing.T) {
	for _, pkg := range offline {
		for _, dep := range goList(t, "-deps", pkg) {
			if dep == "net/http" || dep == "crypto/tls" || strings.HasPrefix(dep, "github.com/aws/") {
				t.Errorf("%s can reach the network: it depends on %s", pkg, dep)
			}
		}
	}
}

// TestReadmeNamesEveryPackage: who reads the README knows of every room.
func TestReadmeNamesEveryPackage(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(readme), "\n## Architecture\n")
	text, _, _ = strings.Cut(text, "\n## ")
	for layer := range layers {
		name := strings.TrimPrefix(layer, "case53/")
		if path.Base(name) == "*" || strings.Contains(name, "/internal/") || strings.HasSuffix(name, "test") || name == "loader/source/cwlogs/cwfake" {
			continue
		}
		if !strings.Contains(text, "`"+name+"`") && !strings.Contains(text, "`"+path.Base(name)+"`") {
			t.Errorf("the architecture does not say what %s is", name)
		}
	}
}
