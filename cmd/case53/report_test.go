package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"case53/cases"
	"case53/cases/duck"
	"case53/cmd/case53/cli"
	"case53/cmd/case53/demo"
	"case53/loader"
	"case53/queries/findings"
)

// TestDigestIsWhatStockDuckDBWrites: the statements of a report, run by a DuckDB that knows nothing of case53, write files
// whose SHA-256 are the digests.
func TestDigestIsWhatStockDuckDBWrites(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(dir, "config"))
	command(t, "demo", "--no-open", "--quiet", "--dir", dir)
	target := filepath.Join(dir, "incident.case")
	ctx := context.Background()
	k, err := cases.Open(ctx, target, loader.Schemas())
	if err != nil {
		t.Fatal(err)
	}
	set, err := cli.Library(target, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	h := &findings.Hunter{Case: k, Receipts: true, Values: map[string]string{"from": demo.IncidentFrom.Format(time.RFC3339)}}
	var outcomes []findings.Outcome
	err = h.Run(ctx, set.Hunts(), func(o findings.Outcome) { outcomes = append(outcomes, o) })
	k.Close()
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	db, err := duck.Open(filepath.Join(target, "case.duckdb"), map[string]string{"access_mode": "READ_ONLY"})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	attach := fmt.Sprintf("ATTACH IF NOT EXISTS '%s' AS derived (READ_ONLY);", filepath.Join(target, "derived", "derived.duckdb"))
	found := 0
	for _, o := range outcomes {
		if o.Missing != "" {
			continue
		}
		conn, err := db.Connect()
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.Exec(ctx, attach+"SET TimeZone = 'UTC'"); err != nil {
			t.Fatal(err)
		}
		if err := conn.Exec(ctx, o.Receipt.Statement); err != nil {
			t.Fatalf("%s: %v", o.Query.ID, err)
		}
		conn.Close()
		text, err := os.ReadFile(o.Query.ID + ".csv")
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != o.Receipt.SHA256 {
			t.Errorf("%s: %d rows have the digest %s, DuckDB wrote %x:\n%.300s", o.Query.ID, o.Receipt.Rows, o.Receipt.SHA256, sum, text)
		}
		found += len(o.Findings)
	}
	if found == 0 {
		t.Error("no hunt found anything: no row was digested")
	}
}

// anyHunt finds what there is: a title, and the columns that say what it is about.
const anyHunt = `-- %s
--
-- cannot: Much.
-- method: None.
-- false-positives: All.
-- not-proof: Anything.
-- attack: T1071
-- needs: dns
-- step: seen records
WITH seen AS (FROM dns)
SELECT 0.5::DOUBLE AS score, 'low' AS severity, 'it is there' AS reason, count(*) AS rows, min(query_timestamp) AS from_time,
  max(query_timestamp) AS to_time, capture, %s
FROM seen GROUP BY ALL
`

func writeFiles(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestReportOfNULs: a name, a domain, a VPC and an interface that hold what SQL and shells cannot say stop no report: their
// records are cited, and the command that stands in the report finds them again.
func TestReportOfNULs(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(dir, "config"))
	target := filepath.Join(dir, "a.case")
	const vpc, name = `vpc-\u0000'; --`, `\u0000evil\u0000''$v0.example.com.`
	line := `{"version":"1.1","query_timestamp":"2026-11-01T11:59:%02dZ","query_name":"` + name + `","query_type":"A","query_class":"IN",` +
		`"rcode":"NOERROR","answers":[],"vpc_id":"` + vpc + `","srcaddr":"10.0.0.1","srcids":{}}` + "\n"
	log := ""
	for i := range 7 {
		log += fmt.Sprintf(line, i)
	}
	writeFiles(t, dir, map[string]string{
		"dns.log":                             log,
		"config/case53/queries/by-name.sql":   fmt.Sprintf(anyHunt, "By name", "name, srcaddr AS client"),
		"config/case53/queries/by-domain.sql": fmt.Sprintf(anyHunt, "By domain", "registered_domain, srcaddr AS client"),
		"config/case53/queries/by-vpc.sql":    fmt.Sprintf(anyHunt, "By VPC", "'dns' AS log_type, vpc_id AS source"),
		"config/case53/queries/by-eni.sql":    fmt.Sprintf(anyHunt, "By interface", "vpc_id AS interface_id"),
	})
	command(t, "load", target, filepath.Join(dir, "dns.log"), "--quiet")
	out := filepath.Join(dir, "r.md")
	command(t, "report", target, "-o", out, "--hunt", "by-name", "--hunt", "by-domain", "--hunt", "by-vpc", "--hunt", "by-eni", "--cite", "2")
	report, err := os.ReadFile(filepath.Join(dir, "r-appendix.md"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(report), "5 more. All of them:"); n != 3 {
		t.Errorf("%d findings have their records cited, want 3:\n%s", n, report)
	}
	t.Chdir(dir)
	repeatCited(t, target, string(report))
}

// repeatCited runs the commands of a report by which anybody finds the seven records of a finding again.
func repeatCited(t *testing.T, target, report string) {
	t.Helper()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip(err)
	}
	ran := 0
	for line := range strings.Lines(report) {
		_, sql, found := strings.Cut(line, "case53 query a.case --sql ")
		if !found {
			continue
		}
		text, err := exec.Command(bash, "-c", "printf %s "+sql).Output()
		if err != nil {
			t.Fatal(err)
		}
		var rows []map[string]any
		if err := json.Unmarshal(command(t, "query", target, "--json", "--sql", string(text)), &rows); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(line, "interface_id") {
			continue // of which the log has none: no flow log is here
		}
		if ran++; len(rows) != 7 {
			t.Errorf("%d records, want 7: %s", len(rows), text)
		}
	}
	if ran != 3 {
		t.Errorf("%d commands, want 3", ran)
	}
}
