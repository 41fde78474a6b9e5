package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"
	"time"

	"case53/cases"
	"case53/cases/duck"
	"case53/cmd/case53/demo"
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
	k, err := cases.Open(ctx, target)
	if err != nil {
		t.Fatal(err)
	}
	set, err := library(target, os.Stderr)
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
	found := 0
	for _, o := range outcomes {
		if o.Missing != "" {
			continue
		}
		conn, err := db.Connect()
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.Exec(ctx, "SET TimeZone = 'UTC'"); err != nil {
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
