package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"case53/cases"
	"case53/cases/duck/ducktest"
	"case53/cmd/case53/cli"
)

// TestStrangersCase: a case that another machine has made says so, with its custody log as whole as ours; one that has something in
// its database that a new case has not is refused by every command, with exit code 3 and what it is.
func TestStrangersCase(t *testing.T) {
	target, logs := filepath.Join(t.TempDir(), "a.case"), writeFlows(t, 1, 3)
	if code, _, stderr := case53Run(t, "load", target, logs); code != cli.Fine {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	if code, _, stderr := case53Run(t, "info", target); code != cli.Fine || stderr != "" {
		t.Errorf("our own: exit %d: %s", code, stderr)
	}
	log, err := os.ReadFile(cases.CustodyFile(target))
	if err != nil {
		t.Fatal(err)
	}
	actor, prev := regexp.MustCompile(`"actor":"[^"]*"`), regexp.MustCompile(`"prev":"[0-9a-f]*"`)
	var theirs bytes.Buffer
	head, lines := strings.Repeat("0", 64), 0
	for line := range bytes.Lines(log) {
		line = prev.ReplaceAll(actor.ReplaceAll(bytes.TrimSpace(line), []byte(`"actor":"eve@afar"`)), fmt.Appendf(nil, `"prev":"%s"`, head))
		fmt.Fprintf(&theirs, "%s\n", line)
		head, lines = fmt.Sprintf("%x", sha256.Sum256(line)), lines+1
	}
	if err := os.WriteFile(cases.CustodyFile(target), theirs.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	ducktest.Run(t, cases.DatabaseFile(target), fmt.Sprintf("UPDATE store.custody SET lines = %d, head = '%s'", lines, head))
	code, stdout, stderr := case53Run(t, "info", target)
	if want := "warning: " + target + " was made on another machine, by eve@afar, and nothing vouches for it\nhint: "; code != cli.Fine ||
		!strings.Contains(stdout, "balance") || !strings.Contains(stderr, want) {
		t.Errorf("theirs: exit %d: %s%s", code, stdout, stderr)
	}

	ducktest.Run(t, cases.DatabaseFile(target), "CREATE MACRO sum(x) AS 7; CREATE OR REPLACE VIEW reject AS SELECT * FROM store.reject LIMIT 0")
	for _, args := range [][]string{{"info", target}, {"query", target, "captures"}, {"hunt", target}, {"coverage", target}, {"load", target, logs},
		{"derive", target}, {"report", target, "-o", filepath.Join(t.TempDir(), "r.md")}} {
		code, stdout, stderr := case53Run(t, args...)
		if code != cli.Altered || stdout != "" || !strings.Contains(stderr, "not the database that case53 makes: function main.sum is not known; "+
			"view main.reject is another\nhint: ") {
			t.Errorf("case53 %s: exit %d: %s%s", args[0], code, stdout, stderr)
		}
	}
}
