package cases_test

import (
	"crypto/ed25519"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"case53/cases"
	"case53/cases/duck/ducktest"
	"case53/cases/seal"
	"case53/cases/writer"
	"case53/loader"
)

// sealedCopy is a copy of a case that is sealed, and a file that says by whom.
func sealedCopy(t *testing.T, dir string) (copied, signers string) {
	t.Helper()
	copied, signers = filepath.Join(t.TempDir(), "sealed.case"), filepath.Join(t.TempDir(), "allowed_signers")
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := seal.Case(t.Context(), copied, loader.Schemas(), key); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(signers, append([]byte("examiner "), ssh.MarshalAuthorizedKey(key.PublicKey())...), 0o600); err != nil {
		t.Fatal(err)
	}
	return copied, signers
}

// formatSeal checks a seal by the recipe, and again when something is another.
func formatSeal(t *testing.T, d *formatDoc, dir string) {
	check := recipe(t, d, "seal", "ssh-keygen", "sha256sum", "grep", "cut", "find", "sort")
	dir, signers := sealedCopy(t, dir)
	env := "allowed_signers=" + signers
	if out, ok := check(dir, env); !ok {
		t.Fatalf("as sealed: %s", out)
	}
	for _, path := range append(rawFiles(t, dir), cases.DatabaseFile(dir), cases.CustodyFile(dir), filepath.Join(dir, "seal/seal.json"),
		filepath.Join(dir, "seal/digests.txt"), filepath.Join(dir, "seal/manifest-sha256.txt")) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text[len(text)/2] ^= 1
		altered(t, path, text, func() {
			if out, ok := check(dir, env); ok {
				t.Errorf("%s: not seen: %s", path, out)
			}
		})
	}
	more := filepath.Join(dir, "raw/00", strings.Repeat("0", 64))
	if err := os.MkdirAll(filepath.Dir(more), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(more, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, ok := check(dir, env); ok || !strings.Contains(out, "not sealed: raw/00") {
		t.Errorf("a file more: %v, %s", ok, out)
	}
}

// formatDigests computes every digest by the SQL of FORMAT.md and compares it with those that were noted when the objects were
// loaded; and again when a value is another.
func formatDigests(t *testing.T, d *formatDoc, dir string) {
	logged := recipe(t, d, "logged", "grep", "jq", "sort")
	want, ok := logged(dir)
	if !ok || strings.Count(want, "\n") < 6 {
		t.Fatalf("%v, %s", ok, want)
	}
	if got := stockDigests(t, d, dir); got != want {
		t.Errorf("by SQL:\n%sas noted:\n%s", got, want)
	}
	if _, err := exec.LookPath("duckdb"); err == nil {
		got, ok := recipe(t, d, "digests", "duckdb", "sort")(dir)
		if !ok || got != want {
			t.Errorf("by a stock duckdb: %v\n%sas noted:\n%s", ok, got, want)
		}
	}
}

// stockDigests runs the SQL as the recipe does.
func stockDigests(t *testing.T, d *formatDoc, dir string) string {
	t.Helper()
	c := openStock(t, d, dir)
	i := slices.IndexFunc(d.fences, func(f formatFence) bool { return strings.HasPrefix(f.section, "12.") && f.language == "sql" })
	var lines []string
	for _, made := range rowsOf(t, c, d.fences[i].text) {
		for _, row := range rowsOf(t, c, made[0].(string)) {
			lines = append(lines, fmt.Sprintln(row[0]))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// TestDigestsDoNotDependOnTheDatabase: a case whose rows lie in another order, and whose contexts have other numbers, has the same.
func TestDigestsDoNotDependOnTheDatabase(t *testing.T) {
	d, dir := readFormat(t), formatCase(t)
	want := stockDigests(t, d, dir)
	w, err := writer.Open(t.Context(), dir, loader.Schemas())
	if err != nil {
		t.Fatal(err)
	}
	closeWriter(t, w)
	ducktest.Run(t, cases.DatabaseFile(dir), `UPDATE store.zone_context SET context_id = context_id + 1000;
		UPDATE store.zone SET context_id = context_id + 1000;
		CREATE TABLE other AS FROM store.flow_plain ORDER BY row_no DESC; DELETE FROM store.flow_plain; INSERT INTO store.flow_plain FROM other;
		DROP TABLE other; CHECKPOINT`)
	if got := stockDigests(t, d, dir); got != want {
		t.Errorf("moved:\n%sas made:\n%s", got, want)
	}
	ducktest.Run(t, cases.DatabaseFile(dir), "UPDATE store.zone_context SET edge_location = 'FRA7'")
	if got := stockDigests(t, d, dir); got == want {
		t.Error("another context gives the same digests")
	}
}
