package cases_test

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"case53/cases"
	"case53/cases/writer"
	"case53/loader"
)

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
	change(t, cases.DatabaseFile(dir), `UPDATE store.zone_context SET context_id = context_id + 1000; UPDATE store.zone SET context_id = context_id + 1000;
		CREATE TABLE other AS FROM store.flow_plain ORDER BY row_no DESC; DELETE FROM store.flow_plain; INSERT INTO store.flow_plain FROM other;
		DROP TABLE other; CHECKPOINT`)
	if got := stockDigests(t, d, dir); got != want {
		t.Errorf("moved:\n%sas made:\n%s", got, want)
	}
	change(t, cases.DatabaseFile(dir), "UPDATE store.zone_context SET edge_location = 'FRA7'")
	if got := stockDigests(t, d, dir); got == want {
		t.Error("another context gives the same digests")
	}
}
