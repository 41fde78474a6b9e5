package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"case53/cmd/case53/demo"
	"case53/queries/threads"
)

// theOther is a second intruder on the same server, made of the first one's records: other addresses, names and inside hosts, nine
// hours earlier.
var theOther = strings.NewReplacer(
	demo.Intruder.String(), "203.0.112.66", demo.BeaconHost.String(), "203.0.112.91", demo.DropHost.String(), "203.0.112.140",
	demo.Build.String(), "10.53.10.11", demo.BuildInterface, "eni-01a2c4e6b8d0f3579", demo.BuildInstance, "i-0aaaaaaaaaaaaaaaa",
	demo.Files.String(), "10.53.20.32", demo.FilesInterface, "eni-09f0b2d4a6c8e1357", demo.FilesInstance, "i-0bbbbbbbbbbbbbbbb",
	demo.BeaconDomain, "tidegate-cdn.example", demo.TunnelDomain, "ratepixels.example",
)

const earlier = 9 * time.Hour

// plant loads the other intruder's records into a case of the demo.
func plant(t *testing.T, target, dir string) {
	t.Helper()
	const fields = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status " +
		"vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr flow-direction"
	columns := strings.Split(strings.ReplaceAll(fields, "-", "_"), " ")
	outside := fmt.Sprintf("('%s', '%s', '%s')", demo.Intruder, demo.BeaconHost, demo.DropHost)
	sql := fmt.Sprintf(`SELECT %s FROM flow WHERE capture = 'incident' AND log_status = 'OK' AND interface_id IN ('%s', '%s', '%s')
		AND (srcaddr IN %s OR dstaddr IN %[5]s OR start >= '2026-10-15 04:00' AND (
			srcaddr = '%s' AND dstport = 22 OR dstaddr = '%[6]s' AND srcport = 22 AND srcaddr LIKE '10.53.%%'
			OR srcaddr IN ('%s', '%s') AND dstaddr IN ('%[7]s', '%[8]s')))`, strings.ReplaceAll(strings.Join(columns, ", "), " end,", ` "end",`),
		demo.StagingInterface, demo.BuildInterface, demo.FilesInterface, outside, demo.Staging, demo.Build, demo.Files)
	var lines []string
	for _, row := range asked(t, target, sql) {
		var values []string
		for _, name := range columns {
			text := fmt.Sprint(row[name])
			if n, ok := row[name].(float64); ok {
				text = fmt.Sprintf("%.0f", n)
			}
			switch at, err := time.Parse(time.RFC3339, text); {
			case row[name] == nil:
				text = "-"
			case err == nil:
				text = fmt.Sprint(at.Add(-earlier).Unix())
			}
			values = append(values, text)
		}
		lines = append(lines, theOther.Replace(strings.Join(values, " ")))
	}
	if len(lines) < 2000 {
		t.Fatalf("%d records of the intruder", len(lines))
	}
	names := asked(t, target, fmt.Sprintf(`SELECT version, account_id, region, vpc_id, query_timestamp, query_name, query_type, query_class, rcode, srcaddr,
		srcport::VARCHAR AS srcport, transport FROM dns WHERE capture = 'incident' AND registered_domain IN ('%s', '%s') AND name NOT LIKE 'img%%'`,
		demo.BeaconDomain, demo.TunnelDomain))
	var queries []string
	for _, row := range names {
		moment, err := time.Parse(time.RFC3339, fmt.Sprint(row["query_timestamp"]))
		if err != nil {
			t.Fatal(err)
		}
		row["query_timestamp"] = moment.Add(-earlier).Format(time.RFC3339)
		row["srcids"], row["answers"] = map[string]string{}, []any{}
		if row["query_name"] == demo.BeaconName+"." && row["query_type"] == "A" {
			row["answers"] = []map[string]string{{"Rdata": demo.BeaconHost.String(), "Type": "A", "Class": "IN"}}
		}
		text, err := json.Marshal(row)
		if err != nil {
			t.Fatal(err)
		}
		queries = append(queries, theOther.Replace(string(text)))
	}
	logs := filepath.Join(dir, "planted")
	writeFiles(t, logs, map[string]string{
		"flow.log": fields + "\n" + strings.Join(lines, "\n") + "\n", "dns.log": strings.Join(queries, "\n") + "\n"})
	command(t, "load", target, logs, "--quiet")
}

// tellTwo: two intruders on one server are two threads, each with its own acts and none of the other's.
func tellTwo(t *testing.T, target, dir string) {
	plant(t, target, dir)
	var serious []threads.Thread
	for _, thread := range drawn(t, target) {
		if thread.Severity != "low" {
			serious = append(serious, thread)
		}
	}
	if len(serious) != 2 {
		text := ""
		for _, thread := range serious {
			text += written(thread)
		}
		t.Fatalf("%d threads above low, want 2:\n%s", len(serious), text)
	}
	one := []string{demo.Intruder.String(), demo.BeaconName, demo.Build.String(), demo.TunnelDomain, demo.Files.String(), demo.DropHost.String()}
	var other []string
	for _, name := range one {
		other = append(other, theOther.Replace(name))
	}
	if !strings.Contains(written(serious[0]), demo.Intruder.String()) {
		serious[0], serious[1] = serious[1], serious[0]
	}
	for i, thread := range serious {
		mine, theirs := one, other
		if i == 1 {
			mine, theirs = other, one
		}
		thread.Steps = slices.DeleteFunc(slices.Clone(thread.Steps), func(s *threads.Step) bool { return len(s.Either) > 1 }) // it says that it may be either's
		text := written(thread)
		for n, name := range mine {
			if !strings.Contains(text, name) {
				t.Errorf("thread %d lacks %s:\n%s", thread.Number, name, text)
			}
			if strings.Contains(text, theirs[n]) {
				t.Errorf("thread %d has the other's %s:\n%s", thread.Number, theirs[n], text)
			}
		}
	}
}
