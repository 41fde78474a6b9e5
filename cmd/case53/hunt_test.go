package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"case53/cases"
	"case53/cmd/case53/cli"
	"case53/cmd/case53/demo"
	"case53/loader"
	"case53/queries"
	"case53/queries/findings"
)

// command runs the program and gives its standard output.
func command(t *testing.T, args ...string) []byte {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := run(context.Background(), args, strings.NewReader(""), &stdout, &stderr); code != cli.Fine {
		t.Fatalf("case53 %s: exit code %d\n%s", strings.Join(args, " "), code, stderr.String())
	}
	return stdout.Bytes()
}

func hunted(t *testing.T, args ...string) []findings.Finding {
	t.Helper()
	var found []findings.Finding
	if err := json.Unmarshal(command(t, append([]string{"hunt"}, append(args, "--json")...)...), &found); err != nil {
		t.Fatal(err)
	}
	return found
}

// TestHuntsFindTheStory: on the demo, every planted act ranks first in its hunt; on its clean day nothing is high.
func TestHuntsFindTheStory(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(dir, "config"))
	command(t, "demo", "--no-open", "--quiet", "--dir", dir)
	target := filepath.Join(dir, "incident.case")
	for _, step := range demo.Steps() {
		if step.Hunt == "" {
			continue
		}
		t.Run(step.Hunt, func(t *testing.T) {
			found := hunted(t, target, step.Hunt)
			if len(found) == 0 {
				t.Fatal("nothing found")
			}
			if best := found[0]; !about(best, step.Match) || best.Capture != step.Capture || best.From.After(step.To) || best.To.Before(step.From) {
				t.Errorf("%q is not first: %+v", step.Title, best)
			}
			if c := found[0].Coverage; c.Windows <= 0 || c.Covered < 0 || c.Covered+c.SkipData > c.Windows {
				t.Errorf("coverage %+v", c)
			}
		})
	}
	all := hunted(t, target)
	for i, f := range all {
		if i > 0 && f.Score > all[i-1].Score {
			t.Errorf("%s %.3f ranks under %.3f", f.Hunt, f.Score, all[i-1].Score)
		}
		if f.Severity == "high" && f.From.Before(demo.CleanTo) {
			t.Errorf("the clean day gives an alarm: %+v", f)
		}
	}
	for _, f := range hunted(t, target, "-p", "to="+demo.CleanTo.Format(time.RFC3339)) {
		if f.Severity == "high" {
			t.Errorf("the clean day alone gives an alarm: %+v", f)
		}
	}
	recordsBehind(t, target)
	t.Run("threads", func(t *testing.T) { tellTheStory(t, target) })
	t.Run("two intruders", func(t *testing.T) { tellTwo(t, target, dir) })
}

// recordsBehind: the first row of each of these hunts, as a screen has it, leads to records, all of them in its time.
func recordsBehind(t *testing.T, target string) {
	k, err := cases.Open(t.Context(), target, loader.Schemas())
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	set, err := queries.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"beacon", "dns-tunnel", "port-scan", "coverage-matrix", "zone-guessing"} {
		sql, args, err := set.Get(name).Bind(nil)
		if err != nil {
			t.Fatal(err)
		}
		r, err := k.Result(t.Context(), sql, args)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		rows, err := r.Fetch(t.Context(), 0, 1)
		if err != nil || len(rows) == 0 {
			t.Fatalf("%s: %d rows, %v", name, len(rows), err)
		}
		statement, args, err := findings.Behind(t.Context(), k, r.Columns(), rows[0])
		if err != nil || statement == "" {
			t.Fatalf("%s: %q, %v", name, statement, err)
		}
		records, err := k.Result(t.Context(), statement, args)
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, statement)
		}
		defer records.Close()
		if rows, err := records.Fetch(t.Context(), 0, 1); err != nil || len(rows) == 0 || records.Columns()[0].Name != "object_id" {
			t.Errorf("%s leads to no record: %v\n%s", name, err, statement)
		}
	}
}

// about says whether a finding is about what a step matches.
func about(f findings.Finding, m demo.Match) bool {
	s := f.Subject
	same := func(want netip.Addr, got ...string) bool {
		for _, g := range got {
			if !want.IsValid() || want.String() == g {
				return true
			}
		}
		return false
	}
	return (m.Interface == "" || s.InterfaceID == m.Interface) && same(m.Src, s.Src) && same(m.Dst, s.Dst) && same(m.Client, s.Client) &&
		same(m.Resolver, s.Src) && (m.DstPort == 0 || s.DstPort != nil && *s.DstPort == int64(m.DstPort)) &&
		(m.Domain == "" || s.RegisteredDomain == m.Domain)
}
