package export_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"case53/queries/export"
)

// TestSameBytes: the same case and request give the same bytes, wherever the case lies, and a folder that is elsewhere, too.
func TestSameBytes(t *testing.T) {
	k := openCase(t)
	names := map[string]string{"ecs": "out.ndjson", "zeek": "logs"}
	for _, tool := range export.Tools() {
		name := names[tool.Name]
		if name == "" {
			name = "out.jsonl"
		}
		var before map[string]string
		for range 2 {
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
