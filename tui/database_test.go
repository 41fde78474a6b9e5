package tui

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"case53/cases"
	"case53/cases/notes"
	"case53/cases/writer"
	"case53/loader"
	"case53/loader/loadertest"
	"case53/loader/source/local"
	"case53/tui/frame"
)

// TestMain lets the tests have workers: this binary is one where it is asked to.
func TestMain(m *testing.M) {
	cases.Work(loader.Schemas)
	m.Run()
}

// The real result behind a real screen: rows, the end, a cancelled query.
func TestScreenOnTheDatabase(t *testing.T) {
	k := loadertest.Open(t, loadertest.Case(t, nil))
	d := drive(t, 80, 24)
	d.app.env.Reader = frame.CaseReader{Case: k}
	d.keys(";", "'SELECT range AS n, 'row '||range AS text FROM range(100000)", "f5")
	d.wants("SQL result", "row 0")
	d.keys("G")
	d.wants("99,982–100,000 of 100,000", "row 99999")
	d.keys("[")
	d.wants("1–18 of", "row 99999", "in order of n, largest first")
	d.keys("q", "ctrl+x", "'SELECT nosuch", "f5")
	d.wants("nosuch")
	d.keys("ctrl+x", "'ATTACH ''/tmp/x.db''", "f5")
	d.lacks("SQL result")
}

// recordsOf reads records from a case, and the rest from where a test's screens do.
type recordsOf struct {
	frame.Reader
	k *cases.Case
}

func (r recordsOf) ReadRecords(ctx context.Context, rows []*cases.Record) error {
	return r.k.ReadRecords(ctx, rows)
}

func (r recordsOf) Record(ctx context.Context, object, row int64) (cases.Record, error) {
	return r.k.Record(ctx, object, row)
}

// dnsLine is a record of a Resolver log, dnsCase a case that holds it and no other.
const dnsLine = `{"version":"1.100000","query_timestamp":"2026-11-01T10:00:01Z","query_name":"true.example.","query_type":"A",` +
	`"query_class":"IN","rcode":"NOERROR","answers":[],"vpc_id":"vpc-1","srcaddr":"10.0.1.10","srcids":{}}`

func dnsCase(t *testing.T) (target string, k *cases.Case) {
	t.Helper()
	return caseOf(t, dnsLine+"\n")
}

// caseOf is a case that holds logs, one file of each.
func caseOf(t *testing.T, logs ...string) (target string, k *cases.Case) {
	t.Helper()
	dir := t.TempDir()
	target = filepath.Join(dir, "a.case")
	plan := loader.Plan{Capture: "incident", Role: "incident"}
	for i, text := range logs {
		log := filepath.Join(dir, fmt.Sprintf("%d.log", i))
		if err := os.WriteFile(log, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		plan.Sources = append(plan.Sources, local.New(log))
	}
	w, err := writer.Open(t.Context(), target, loader.Schemas())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := loader.Load(t.Context(), w, plan, func(loader.Progress) {}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	k, err = cases.Open(t.Context(), target, loader.Schemas())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	return target, k
}

// changeLine is a record of a call, which may explain why other logs have a gap.
const changeLine = `{"eventVersion":"1.10","eventTime":"2026-11-01T12:00:00Z","eventSource":"ec2.amazonaws.com","eventName":"DeleteFlowLogs",` +
	`"awsRegion":"eu-central-1","recipientAccountId":"123456789012","eventID":"11111111-2222-3333-4444-555555555555",` +
	`"userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::123456789012:user/eve"},"requestParameters":{}}` + "\n"

// A case whose derived database is gone shows what it holds, and says what is not built.
func TestOverviewWithoutTheDerived(t *testing.T) {
	target, k := caseOf(t, dnsLine+"\n", changeLine)
	k.Close()
	if err := os.Remove(filepath.Join(target, cases.DerivedFile)); err != nil {
		t.Fatal(err)
	}
	k, err := cases.Open(t.Context(), target, loader.Schemas())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	d := drive(t, 120, 40)
	d.app.env.Reader = frame.CaseReader{Case: k}
	d.keys("r").wants("2026-11-01 10:00 → 2026-11-01 12:00 UTC", "2 objects", "incident", "Lines read",
		"! Not all there: what pivots and sums rest on is not built yet: there is no derived/derived.duckdb", "builds what is missing",
		"Not told below until then: records per hour, coverage.")
	d.lacks("not ready")
	d.keys("3").wants("true.example.", "the case is not all there: what pivots and sums rest on is not built yet")
}

// The record screen shows no line of an object that is not what was loaded, and says why.
func TestRecordOfAnAlteredObject(t *testing.T) {
	target, k := dnsCase(t)
	d := drive(t, 160, 40)
	d.app.env.Reader = recordsOf{d.app.env.Reader, k}
	d.keys("4", "enter")
	d.wants("true.example.")
	d.lacks("cannot be shown")
	stored, err := filepath.Glob(filepath.Join(target, "raw", "*", "*"))
	if err != nil || len(stored) != 1 {
		t.Fatal(stored, err)
	}
	altered := strings.Replace(dnsLine, "true.example", "fake.example", 1) + "\n"
	if err := errors.Join(os.Chmod(stored[0], 0o600), os.WriteFile(stored[0], []byte(altered), 0o600)); err != nil {
		t.Fatal(err)
	}
	d.keys("r")
	d.wants("cannot be shown: object 1: raw object altered: "+filepath.Base(stored[0])[:16], fmt.Sprintf("%.16x", sha256.Sum256([]byte(altered))))
	d.lacks("true.example.")
	d.lacks("fake.example.")
}

// What is kept of a real case is found again by the next workbench, and its line in raw/ compared. The evidence is not written to.
func TestNotesOnTheDatabase(t *testing.T) {
	target, k := dnsCase(t)
	before, err := os.ReadFile(cases.DatabaseFile(target))
	if err != nil {
		t.Fatal(err)
	}
	over := func(o *frame.Options) {
		if o.Notes, err = notes.Open(t.Context(), target, "test"); err != nil {
			t.Fatal(err)
		}
	}
	first := drive(t, 120, 30, over)
	first.app.env.Reader = recordsOf{first.app.env.Reader, k}
	first.keys("4", "space", "s", "'medium", "enter").wants(">M")
	second := drive(t, 120, 30, over)
	second.app.env.Reader = frame.CaseReader{Case: k}
	second.run(second.app.Init())
	second.keys("0").wants("M medium record 1:1  dns", "hash checked")
	second.keys("enter").wants("Record 1:1 M", "severity", "true.example.")
	stored, err := filepath.Glob(filepath.Join(target, "raw", "*", "*"))
	if err != nil || len(stored) != 1 {
		t.Fatal(stored, err)
	}
	if err := errors.Join(os.Chmod(stored[0], 0o600), os.WriteFile(stored[0], []byte("x\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	second.keys("esc", "r").wants("ALTERED")
	after, err := os.ReadFile(cases.DatabaseFile(target))
	if err != nil || !bytes.Equal(before, after) {
		t.Error("the database was written to", err)
	}
}
