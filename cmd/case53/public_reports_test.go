package main

import (
	"case53/cmd/case53/cli"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// reported is what loading an input in the form of a public bug report must come to.
type reported struct {
	args   []string // beside the case and the folder
	code   int
	counts string // as info says them: read, rows, headers, blank, outside, duplicate, unread, rejected
	says   string // of standard output and error, a pattern; "" for nothing in particular
	sql    string
	row    string // the first row of sql, as JSON
}

// publicReports has every folder of fixtures/reports but the one of TestPublicBeacon.
var publicReports = map[string]reported{
	"01-cwl-console-csv": {
		counts: "4 3 1 0 0 0 0 0",
		sql:    "SELECT count(*) FILTER (log_status = 'OK') AS ok FROM flow",
		row:    `{"ok":2}`,
	},
	"02-insights-csv":       {counts: "4 3 1 0 0 0 0 0"},
	"03-insights-json":      {counts: "2 2 0 0 0 0 0 0"},
	"04-aws-logs-tail":      {counts: "2 2 0 0 0 0 0 0", sql: streamsSQL, row: `{"log_group":null,"streams":1}`},
	"05-awslogs":            {counts: "2 2 0 0 0 0 0 0", sql: streamsSQL, row: `{"log_group":"/vpc/flow","streams":1}`},
	"06-cli-output-text":    {counts: "3 2 1 0 0 0 0 0"},
	"06c-cli-messages-json": {counts: "3 3 0 0 0 0 0 0"},
	"07-powershell-utf16":   {counts: "1 1 0 0 0 0 0 0"},
	"08-sync-folder": {
		counts: "2 2 0 0 0 0 0 0",
		says:   `(?s)passed over: \.DS_Store.*passed over: \._ files.*passed over: aws-logs-write-test.*passed over: empty`,
	},
	"09-zip":           {counts: "2 1 1 0 0 0 0 0", says: `logs\.zip is an archive of 1 file, SHA-256 [0-9a-f]{64}`},
	"10-logstash-json": {counts: "2 2 0 0 0 0 0 0", sql: streamsSQL, row: `{"log_group":"/vpc/flow","streams":1}`},
	"11-ocsf": {
		code:   cli.Incomplete,
		counts: "1 0 0 0 0 0 1 0",
		says:   `recognised as OCSF \(Security Lake\), which case53 does not load`,
	},
	"12-beats-v3-order": {
		counts: "2 2 0 0 0 0 0 0",
		says:   `inferred: AWS documentation's`,
		sql:    "SELECT count(*) FILTER (log_status = 'SKIPDATA') AS skipped FROM flow",
		row:    `{"skipped":1}`,
	},
	"15-vector-15281": {
		code:   cli.Failed,
		counts: "0 0 0 0 0 0 0 0",
		says:   `looks like a flow log with an unknown field list, pass --flow-format`,
	},
	"17c-firehose-extracted-nonewline": {counts: "3 3 0 0 0 0 0 0"},
	"20b-zone-tabs": {
		counts: "1 1 0 0 0 0 0 0",
		sql:    "SELECT query_name, edge_location FROM zone",
		row:    `{"query_name":"www.example.com","edge_location":"FRA6"}`,
	},
	"21h-athena-old-names": {counts: "2 1 1 0 0 0 0 0", says: `read: account as account-id, .*numbytes as bytes`,
		sql: "SELECT account_id, srcaddr, bytes, start FROM flow",
		row: `{"account_id":"123456789012","srcaddr":"10.0.1.5","bytes":5200,"start":"2025-10-09T08:53:20Z"}`},
	"21l-empty-gz":            {code: cli.Incomplete, counts: "0 0 0 0 0 0 0 0", says: `inside gzip: empty: there is no byte in it`},
	"21o-aws-doc-order-nohdr": {counts: "1 1 0 0 0 0 0 0", says: `inferred: AWS documentation's traffic path example`},
	"21p-json-iso-time":       {counts: "1 1 0 0 0 0 0 0", sql: "SELECT start FROM flow", row: `{"start":"2025-10-09T08:53:20Z"}`},
	"30-parquet-resolver-ts": {counts: "1 1 0 0 0 0 0 0", sql: "SELECT query_timestamp, answers_n FROM dns",
		row: `{"query_timestamp":"2025-10-09T08:53:20.123Z","answers_n":1}`},
	"31a-parquet-pandas": {counts: "2 2 0 0 0 0 0 0", sql: "SELECT min(account_id) AS account, count(srcaddr) AS n FROM flow",
		row: `{"account":"001607371330","n":1}`},
	"40-same-flow-s3-and-cwl": {counts: "61 60 1 0 0 0 0 0", says: `30 records say again`,
		sql: "SELECT sum(coalesce(bytes_out, 0) + coalesce(bytes_in, 0)) AS bytes FROM connection", row: `{"bytes":156435}`},
	// The fourth line is in an order that AWS documents, but one line is no second flow log in the same stream.
	"51b-mixed-group-unknown": {
		code:   cli.Incomplete,
		counts: "4 3 0 0 0 0 0 1",
		sql:    "SELECT reason FROM reject",
		row:    `{"reason":"29 fields, want 14 (the field list is inferred)"}`,
	},
	"57-skydive-header": {
		counts: "2 1 1 0 0 0 0 0",
		says:   `(?s)the name srcadr is not AWS's: kept in extra.*its rows have no source address`,
		sql:    "SELECT srcaddr, extra FROM flow",
		row:    `{"srcaddr":null,"extra":"{\"srcadr\":\"10.0.1.5\"}"}`,
	},
	"60i-zone-json": {counts: "1 1 0 0 0 0 0 0", sql: "SELECT (SELECT count(*) FROM zone) AS zone, (SELECT count(*) FROM dns) AS dns",
		row: `{"zone":1,"dns":0}`},
	"61-header-start_time": {args: []string{"--from", "2024-01-01", "--to", "2025-01-01"}, counts: "2 0 1 0 1 0 0 0"},
	"62-own-export-zone": {counts: "3 3 0 0 0 0 0 0", sql: "SELECT (SELECT count(*) FROM zone) AS zone, (SELECT count(*) FROM dns) AS dns",
		row: `{"zone":3,"dns":0}`},
	"70-gzip-members-newline": {counts: "3 3 0 0 0 0 0 0"},
}

const streamsSQL = `SELECT min(log_group) AS log_group, count(DISTINCT log_stream) AS streams FROM flow`

// TestPublicReports loads inputs in the form that public bug reports describe.
func TestPublicReports(t *testing.T) {
	root := filepath.Join(fixtures(t), "reports")
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, e := range entries {
		want, ok := publicReports[e.Name()]
		if ok {
			seen++
		} else if e.IsDir() && e.Name() != "42-beacon-short-window" {
			t.Errorf("%s: what it must come to is not said", e.Name())
		}
		if ok {
			t.Run(e.Name(), func(t *testing.T) { loadReported(t, filepath.Join(root, e.Name()), want) })
		}
	}
	if seen != len(publicReports) {
		t.Errorf("%d of %d folders are there", seen, len(publicReports))
	}
}

// loadReported loads a folder but for its expectation.
func loadReported(t *testing.T, folder string, want reported) {
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		t.Fatal(err)
	}
	target := filepath.Join(t.TempDir(), "a.case")
	args := append([]string{"load", target}, want.args...)
	for _, file := range files {
		if filepath.Base(file) != "expected.txt" {
			args = append(args, file)
		}
	}
	var out strings.Builder
	if code := run(t.Context(), args, strings.NewReader(""), &out, &out); code != want.code {
		t.Errorf("exit %d: %s", code, out.String())
	}
	if !regexp.MustCompile(want.says).MatchString(out.String()) {
		t.Errorf("%s\nwant %s", out.String(), want.says)
	}
	_, info := run1(t, "info", target, "--json")
	if l, err := balanced([]byte(info)); err != nil || numbers(l) != want.counts {
		t.Errorf("%s, %v; want %s", l, err, want.counts)
	}
	if want.sql == "" {
		return
	}
	if _, rows := run1(t, "query", target, "-o", "jsonl", "--sql", want.sql); strings.TrimSpace(rows) != want.row {
		t.Errorf("%s, want %s", rows, want.row)
	}
}

// TestPublicBeacon: a call every 300 s is found in a capture of two hours as in one of a day.
func TestPublicBeacon(t *testing.T) {
	logs, err := filepath.Glob(filepath.Join(fixtures(t), "reports", "42-beacon-short-window", "h*"))
	if err != nil || len(logs) == 0 {
		t.Fatalf("%d captures, %v", len(logs), err)
	}
	for _, log := range logs {
		target := filepath.Join(t.TempDir(), "a.case")
		if code, _ := run1(t, "load", "--quiet", target, log); code != cli.Fine {
			t.Fatalf("%s: exit %d", log, code)
		}
		var found []struct {
			Score   float64
			Subject struct {
				Src, Dst string
				DstPort  int
			}
		}
		_, stdout := run1(t, "hunt", target, "beacon", "--json")
		if err := json.Unmarshal([]byte(stdout), &found); err != nil {
			t.Fatal(err)
		}
		best := 0.0
		for _, f := range found {
			if f.Subject.Src == "10.0.1.5" && f.Subject.Dst == "203.0.113.66" && f.Subject.DstPort == 8443 {
				best = max(best, f.Score)
			}
		}
		if best < 0.7 {
			t.Errorf("%s: the clock has %.2f: %s", filepath.Base(log), best, stdout)
		}
	}
}
