package across

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestComputedIsAllOfIt: every Go file of the package, but the one that only names them, is in the text that what is derived was built by.
func TestComputedIsAllOfIt(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 4 {
		t.Fatal(files, err)
	}
	computed := ""
	for _, s := range Schemas {
		if (len(s.Steps) > 0) != (s.Computed != "") {
			t.Errorf("%.40q has %d steps in Go, and %d bytes of Go", s.SQL, len(s.Steps), len(s.Computed))
		}
		computed += s.Computed
	}
	for _, name := range files {
		if name == "across.go" || strings.HasSuffix(name, "_test.go") {
			continue
		}
		if text, err := os.ReadFile(name); err != nil || !strings.Contains(computed, string(text)) {
			t.Errorf("%s is not in it, %v", name, err)
		}
	}
}
