package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"case53/cases"
	"case53/cmd/case53/demo"
	"case53/queries/compare"
)

// asked gives the rows of SQL on a case as maps.
func asked(t *testing.T, target, sql string) []map[string]any {
	t.Helper()
	var rows []map[string]any
	if err := json.Unmarshal(command(t, "query", target, "--json", "--sql", sql), &rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

// TestCompareStatesTheCallOut: on the demo the verdict has the figures that counting flow records by hand gives.
func TestCompareStatesTheCallOut(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(dir, "config"))
	command(t, "demo", "--no-open", "--quiet", "--dir", dir)
	target := filepath.Join(dir, "incident.case")
	compared := []string{"compare", target, "--json", "--subject", demo.DropHost.String(), "--subject", demo.BeaconHost.String()}
	text := command(t, compared...)
	var c compare.Comparison
	if err := json.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	if again := command(t, compared...); string(again) != string(text) {
		t.Error("another answer the second time")
	}
	beacon := checkVerdict(t, target, c.Verdict)
	checkMatches(t, &c, beacon)
	checkDenied(t, &c)
	if len(c.Subjects) != 1 || c.Subjects[0].Subject != demo.BeaconHost.String() || float64(c.Subjects[0].FlowRecords) != beacon {
		t.Errorf("subjects: %+v", c.Subjects)
	}
}

// checkVerdict counts by hand what the verdict says, and gives the records of the beacon.
func checkVerdict(t *testing.T, target, verdict string) (beaconRecords any) {
	t.Helper()
	// Straight from the records: an attempt is a source port that was quiet for two minutes before.
	attempts := fmt.Sprintf(`SELECT *,
			coalesce(start - lag("end") OVER (PARTITION BY srcport, dstaddr ORDER BY start) > INTERVAL 2 MINUTE, true) AS attempt
		FROM flow WHERE capture = 'replay' AND srcaddr = '%s' AND pkt_dst_aws_service IS NULL`, demo.Replayed)
	byHand := asked(t, target, "SELECT count(*) AS records, count(*) FILTER (attempt) AS attempts, "+
		"count(DISTINCT dstaddr) AS addresses, count(*) FILTER (action <> 'REJECT') AS accepted FROM ("+attempts+")")[0]
	beacon := asked(t, target, "SELECT count(*) FILTER (attempt) AS attempts, count(*) AS records "+
		"FROM ("+attempts+") WHERE dstaddr = '"+demo.BeaconHost.String()+"'")[0]
	names := asked(t, target, `SELECT count(DISTINCT r.name) AS names, count(DISTINCT l.name) AS same
		FROM dns r LEFT JOIN (SELECT DISTINCT name FROM dns WHERE capture = 'incident') l ON l.name = r.name
		WHERE r.capture = 'replay' AND r.name NOT LIKE '%.amazonaws.com' AND r.name NOT LIKE '%.arpa'`)[0]
	queries := asked(t, target, fmt.Sprintf(`SELECT count(*) AS n FROM dns WHERE capture = 'replay' AND name = '%s'`, demo.BeaconName))[0]
	if byHand["accepted"] != 0.0 {
		t.Fatalf("the story says that nothing left the replay: %v", byHand)
	}
	for _, want := range []string{
		fmt.Sprintf("In the 1,438 minutes of the replay that are covered (99.9%% of 1,440 of %s between "+
			"2026-10-20 08:00:00 and 2026-10-21 08:00:00 UTC, 2 SKIPDATA), %s asked for %v names, %v of which the incident has too,",
			demo.ReplayInterface, demo.ReplayInstance, names["names"], names["same"]),
		fmt.Sprintf("made %v refused attempts (%v flow records) to %v addresses, all of which the incident has too.",
			byHand["attempts"], byHand["records"], byHand["addresses"]),
		fmt.Sprintf("%s at %s port 443 (same name) was called %v times (refused) and asked for %v times",
			demo.BeaconName, demo.BeaconHost, beacon["attempts"], queries["n"]),
		"the same clock",
		fmt.Sprintf("%s at %s port 443 (same name) was called", demo.FallbackName, demo.FallbackHost),
		"There is no baseline", "AWS's own services", "The flow log of the replay has REJECT records only",
	} {
		if !strings.Contains(verdict, want) {
			t.Errorf("the verdict lacks %q:\n%s", want, verdict)
		}
	}
	return beacon["records"]
}

// checkMatches: the beacon is the best match, on its clock, and nothing is only in the replay.
func checkMatches(t *testing.T, c *compare.Comparison, beaconRecords any) {
	t.Helper()
	best := c.Matches[0]
	if best.Name != demo.BeaconName || best.Level != "name" || best.SameClock == nil || !*best.SameClock {
		t.Errorf("best match: %+v", best)
	}
	for _, pause := range []float64{*best.LeftPause, *best.RightPause} {
		if every := demo.BeaconEvery.Seconds(); pause < 0.92*every || pause > 1.08*every {
			t.Errorf("calls every %.0f s", pause)
		}
	}
	for _, s := range demo.Steps() {
		if s.ID == "called-out" && (float64(s.Rows) != beaconRecords || best.RightRecords != int64(s.Rows)) {
			t.Errorf("%d records of the beacon in the replay, the story has %d", best.RightRecords, s.Rows)
		}
	}
	if len(c.OnlyRight) != 0 {
		t.Errorf("only in the replay: %+v", c.OnlyRight)
	}
}

// checkDenied: of what is not in the replay it is said how well it is covered, and of what is there nothing is said.
func checkDenied(t *testing.T, c *compare.Comparison) {
	t.Helper()
	denied := map[string]compare.Negative{}
	for _, n := range c.Negative {
		denied[n.LogType+" "+n.Subject] = n
	}
	want := fmt.Sprintf("no flow to or from %s recorded on %s between 2026-10-20 08:00:00 and 2026-10-21 08:00:00 UTC: "+
		"1,438 of 1,440 windows covered, 2 SKIPDATA (the flow log has REJECT records only); not visible in these logs: queries to Amazon's DNS server; ",
		demo.DropHost, demo.ReplayInterface)
	if got := denied["flow "+demo.DropHost.String()]; !strings.HasPrefix(got.Statement, want) ||
		got.Coverage != (cases.Share{Windows: 1440, Covered: 1438, SkipData: 2}) {
		t.Errorf("of %s: %+v", demo.DropHost, got)
	}
	for _, subject := range []string{"dns " + demo.TunnelDomain, "flow " + demo.OtherResolver.String(), "flow " + demo.Intruder.String()} {
		if denied[subject].Statement == "" {
			t.Errorf("nothing stated of %s", subject)
		}
	}
	there := []string{demo.BeaconHost.String(), demo.FallbackHost.String(), demo.CheckHost.String()}
	for _, n := range c.Negative {
		if n.LogType == "flow" && slices.Contains(there, n.Subject) {
			t.Errorf("denied, and it is there: %s", n.Statement)
		}
	}
}
