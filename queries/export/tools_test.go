package export_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"case53/cases"
	"case53/loader"
	"case53/queries/export"
)

// TestSameBytes: the same case and request give the same bytes, wherever case and files lie, and whatever the machine's time zone, language
// and number of processors.
func TestSameBytes(t *testing.T) {
	here, elsewhere := openCase(t), filepath.Join(t.TempDir(), "moved.case")
	if err := os.CopyFS(elsewhere, os.DirFS(here.Dir)); err != nil {
		t.Fatal(err)
	}
	names := map[string]string{"ecs": "out.ndjson", "zeek": "logs"}
	for _, tool := range export.Tools() {
		name := names[tool.Name]
		if name == "" {
			name = "out.jsonl"
		}
		var before map[string]string
		for _, dir := range []string{here.Dir, elsewhere} {
			k := here
			if dir == elsewhere {
				k = onAnotherMachine(t, elsewhere)
			}
			target, m := exported(t, k, tool.Name, name, export.Request{})
			folder := filepath.Dir(target)
			if tool.Name == "zeek" {
				folder = target
			}
			files := map[string]string{}
			entries, err := os.ReadDir(folder)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				text, err := os.ReadFile(filepath.Join(folder, e.Name()))
				if err != nil {
					t.Fatal(err)
				}
				files[e.Name()] = string(text)
				if strings.Contains(string(text), folder) {
					t.Errorf("%s: %s says where it lies", tool.Name, e.Name())
				}
			}
			if len(files) != len(m.Files)+1 {
				t.Errorf("%s: %d files, want those of the manifest and itself: %+v", tool.Name, len(files), m.Files)
			}
			for path, text := range before {
				if files[path] != text {
					t.Errorf("%s: %s is other bytes the second time", tool.Name, path)
				}
			}
			before = files
		}
	}
}

// onAnotherMachine opens a case as on a machine with one processor, another time zone and another language.
func onAnotherMachine(t *testing.T, dir string) *cases.Case {
	t.Helper()
	zone, processors := time.Local, runtime.GOMAXPROCS(1)
	time.Local = time.FixedZone("elsewhere", 5*3600+1800)
	t.Setenv("TZ", "Asia/Kolkata")
	t.Setenv("LC_ALL", "tr_TR.UTF-8")
	t.Cleanup(func() {
		time.Local = zone
		runtime.GOMAXPROCS(processors)
	})
	k, err := cases.Open(t.Context(), dir, loader.Schemas())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	return k
}

// TestToolByFile: a file is named for its tool.
func TestToolByFile(t *testing.T) {
	for file, want := range map[string]string{
		"/a/rows.ecs.ndjson": "ecs", "x.Zeek.log": "zeek", "b.case.jsonld": "case", "rows.csv": "", "ecs": "", "ecs.csv": "",
		"incident.2026.csv": "", ".stix": "",
	} {
		if tool, ok := export.ToolByFile(file); tool.Name != want || ok != (want != "") {
			t.Errorf("%s is for %q, want %q", file, tool.Name, want)
		}
	}
}

// TestEachRowOnce: views that have rows in common are refused together; parts of one view are one export, in one file.
func TestEachRowOnce(t *testing.T) {
	k := openCase(t)
	for _, views := range [][]string{{"http", "waf"}, {"waf", "http"}, {"waf", "alb", "waf"}, {"dns", "dns"}, {"connection", "session"}} {
		for _, name := range []string{"ecs", "zeek"} {
			tool, _ := export.FindTool(name)
			target := filepath.Join(t.TempDir(), "out.log")
			_, err := tool.Export(t.Context(), k, export.Request{Target: target, Program: "case53 test", Views: views})
			if err == nil || !strings.Contains(err.Error(), "twice") {
				t.Errorf("%s of %v: %v", name, views, err)
			}
		}
	}
	sizes := map[string]int64{}
	for _, log := range []string{"alb", "waf"} {
		_, m := exported(t, k, "zeek", "logs", export.Request{Views: []string{log}})
		sizes[log] = m.Sources[0].RowsIn
	}
	folder, m := exported(t, k, "zeek", "logs", export.Request{Views: []string{"waf", "dns", "alb"}})
	if len(m.Sources) != 2 || m.Sources[0].Rows != "waf, alb" || m.Sources[0].RowsIn != sizes["alb"]+sizes["waf"] || sizes["alb"] == 0 {
		t.Errorf("%+v, want %v", m.Sources, sizes)
	}
	text, err := os.ReadFile(filepath.Join(folder, "http.log"))
	if err != nil || int64(strings.Count(string(text), "\n")) != 9+m.Sources[0].Records {
		t.Errorf("%v: %d lines, want those of %d records", err, strings.Count(string(text), "\n"), m.Sources[0].Records)
	}
}

// TestFailedExportLeavesNothing: files are there whole or not at all.
func TestFailedExportLeavesNothing(t *testing.T) {
	k := openCase(t)
	tool, _ := export.FindTool("timesketch")
	target := filepath.Join(t.TempDir(), "out.csv")
	if _, err := tool.Export(t.Context(), k, export.Request{Target: target, Program: "case53 test"}); err == nil {
		t.Error("rows of three views went into one CSV")
	}
	entries, err := os.ReadDir(filepath.Dir(target))
	if err != nil || len(entries) != 0 {
		t.Errorf("%v, %v", entries, err)
	}
}
