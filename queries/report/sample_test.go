package report

import (
	"errors"
	"strings"
	"time"

	"case53/cases"
	"case53/cases/notes"
	"case53/queries"
	"case53/queries/compare"
	"case53/queries/findings"
	"case53/queries/repeat"
	"case53/queries/threads"
)

func at(hour, minute int) time.Time { return time.Date(2026, 11, 1, hour, minute, 0, 0, time.UTC) }

// sampleKept has a record that is altered, one that is not, a value and a set.
func sampleKept() Kept {
	row := func(n int64, state notes.State) notes.Kept {
		return notes.Kept{ObjectID: 1, State: state, Note: notes.Note{By: []string{"kern@desk"}, At: at(13, 0), Marked: true, Tags: []string{"c2"},
			Target: notes.Target{Kind: notes.Row, Object: strings.Repeat("ab", 32), URI: "file:///flow.log", RowNo: n, LogType: "flow",
				Line: "2 eni-1 \u202e<b>|`", LineSize: 14, LineSHA256: strings.Repeat("cd", 32)}}}
	}
	held, altered := row(7, notes.Held), row(8, notes.Altered)
	held.Severity, held.Comments = "high", []notes.Comment{{Line: 3, By: "kern@desk", At: at(13, 1), Text: "the first\ncall <i>"}}
	address := notes.Kept{Note: notes.Note{By: []string{"ana@lab"}, At: at(13, 2), Target: notes.Target{Kind: "ip", Value: "203.0.113.9"}}}
	return Kept{Notes: []notes.Kept{held, altered, address}, Lines: 5, Head: strings.Repeat("12", 32),
		Sets: []notes.Set{{Name: "c2", By: []string{"kern@desk"},
			Values: []notes.Target{{Kind: "ip", Value: "203.0.113.9"}, {Kind: "name", Value: "c2.example"}}}}}
}

// sample has one of everything.
func sample() *Report {
	window := cases.Span{From: at(10, 0), To: at(12, 0)}
	return &Report{
		Title:  "Report on the case web.case",
		Author: "R. Kern",
		Made:   "2026-11-02 09:00:00 UTC by kern@desk",
		Note:   "The server was taken off the network at noon.\n\nIts disk is\nin the safe.",
		Scope:  []Fact{{"Case", "/cases/web.case"}, {"Hunts", "all 3 hunts"}},
		Window: window,
		Captures: []cases.CaptureInfo{
			{
				Name:    "incident",
				Role:    "incident",
				Objects: 2,
				Rows:    map[string]int64{"dns": 40, "flow": 1200},
				Window:  window,
				Lines:   cases.Counts{Read: 1245, Rows: 1240, Headers: 1, Rejected: 4},
			},
			{Name: "replay", Role: "replay"},
		},
		Sources: []cases.SliceInfo{{
			Source:   "log group vpc",
			Complete: 3,
			Partial:  1,
			Gaps:     []cases.Slice{{From: at(11, 0), To: at(11, 10), Reason: "access denied"}},
		}},
		Objects:     sampleObjects(),
		Files:       []File{{"aws ec2 describe-flow-logs", strings.Repeat("ef", 32), "812 bytes"}},
		Rejects:     []cases.Reason{{Text: "12 fields, want 14", Count: 4}},
		Coverage:    sampleCoverage(window),
		CoverageBin: 10 * time.Minute,
		Kept:        sampleKept(),
		Timelines: []Timeline{{
			Capture: "incident",
			Span:    window,
			Bin:     30 * time.Minute,
			Series:  []Series{{"dns", []int64{10, 0, 20, 10}}, {"flow", []int64{300, 300, 300, 300}}},
			Marks: []Mark{
				{1, "beacon", "10.0.1.10 → 203.0.113.9", "high", cases.Span{From: at(10, 5), To: at(10, 50)}},
				{2, "top-talkers", "10.0.1.10", "info", cases.Span{From: at(10, 0), To: at(11, 59)}},
			},
		}},
		Findings:   sampleFindings(),
		Threads:    sampleThreads(),
		Notes:      []string{"2 outside addresses that did no more than try ports are not told of"},
		Outcomes:   sampleOutcomes(),
		Comparison: sampleComparison(),
		Compared:   "case53 compare web.case --left incident --right replay",
		Custody: Custody{
			Lines:   7,
			Head:    strings.Repeat("45", 32),
			First:   at(8, 0),
			Last:    at(9, 0),
			Actions: []Count{{"case.create", 1}, {"object.load", 2}},
		},
		Limits: []cases.LogType{{Title: "VPC Flow Logs", Blind: []cases.BlindSpot{{What: "instance metadata", Why: "never recorded"}}}},
	}
}

func sampleObjects() []cases.Object {
	return []cases.Object{
		{
			ID:         1,
			SHA256:     strings.Repeat("ab", 32),
			Size:       4096,
			Capture:    "incident",
			LogType:    "flow",
			SourceKind: "s3",
			URI:        "s3://logs/a.log.gz",
			VersionID:  "v1",
			AcquiredAt: time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC),
			Counts:     cases.Counts{Read: 1205, Rows: 1200, Headers: 1, Rejected: 4},
		},
		{
			ID:         2,
			SHA256:     strings.Repeat("cd", 32),
			Size:       1024,
			Capture:    "incident",
			LogType:    "dns",
			SourceKind: "file",
			URI:        "dns.jsonl",
			AcquiredAt: time.Date(2026, 11, 2, 8, 0, 1, 0, time.UTC),
			Problem:    "cut in the middle",
			Counts:     cases.Counts{Read: 40, Rows: 40},
		},
	}
}

func sampleCoverage(window cases.Span) []cases.Coverage {
	return []cases.Coverage{
		{
			LogType: "flow",
			Capture: "incident",
			Source:  "eni-1",
			Window:  window,
			Windows: 12,
			Counts:  map[string]int64{"OK": 9, "SKIPDATA": 1, "absent": 2},
			Spans: []cases.CoverageSpan{
				{From: at(10, 0), To: at(11, 30), Status: "OK"},
				{From: at(11, 30), To: at(11, 40), Status: "SKIPDATA"},
				{From: at(11, 40), To: at(12, 0), Status: "absent"},
			},
		},
		{
			LogType: "flow",
			Capture: "incident",
			Source:  "eni-22",
			Window:  window,
			Windows: 12,
			Counts:  map[string]int64{"NODATA": 12},
			Spans:   []cases.CoverageSpan{{From: window.From, To: window.To, Status: "NODATA"}},
		},
	}
}

func sampleFindings() []Finding {
	port := int64(443)
	return []Finding{
		{
			Finding: findings.Finding{
				Hunt:     "beacon",
				Severity: "high",
				Score:    0.91,
				Subject:  findings.Subject{Src: "10.0.1.10", Dst: "203.0.113.9", Name: "c2.evil.example", DstPort: &port},
				Reason:   "9 calls out, every 300 s",
				Capture:  "incident",
				Rows:     18,
				From:     at(10, 5),
				To:       at(10, 50),
				Coverage: cases.Share{Windows: 46, Covered: 45, SkipData: 1},
				Whose:    []string{"203.0.113.9: AS64500 Example Hosting, NL"},
			},
			Cited: findings.Cited{
				Command: `case53 query web.case --sql "SELECT object_id FROM flow"`,
				Total:   18,
				Records: []findings.Record{
					{
						Record: cases.Record{ObjectID: 1, RowNo: 17, Raw: []byte("2 012345678901 eni-1 10.0.1.10 203.0.113.9")},
						Time:   at(10, 5),
					},
					{Record: cases.Record{ObjectID: 1, RowNo: 29, Err: errors.New("raw object altered")}, Time: at(10, 10)},
				},
			},
		},
		{
			Finding: findings.Finding{
				Hunt:     "top-talkers",
				Severity: "info",
				Score:    0.1,
				Subject:  findings.Subject{Src: "10.0.1.10"},
				Reason:   "most bytes",
				Rows:     1,
				From:     at(10, 0),
				To:       at(11, 59),
			},
			Cited: findings.Cited{Problem: "the finding names no address."},
		},
	}
}

func sampleOutcomes() []findings.Outcome {
	return []findings.Outcome{
		{
			Query: &queries.Query{
				ID:     "beacon",
				Title:  "Who calls on a clock",
				Doc:    "Calls are connections.\n\nBoth directions.",
				Cannot: "What is said.",
				Params: []queries.Param{{Name: "sessions"}},
				Hunt: &queries.Hunt{
					Method:         "Bowley skewness.",
					FalsePositives: "Update checks.",
					NotProof:       "Control.",
					Measured:       "rank 1",
					Attack:         []string{"T1071.001"},
				},
			},
			Args:     map[string]any{"sessions": int64(4)},
			Findings: make([]findings.Finding, 1),
			Beyond:   1234,
			Receipt: repeat.Receipt{
				Rows:      1235,
				SHA256:    strings.Repeat("01", 32),
				Command:   "case53 query web.case beacon",
				Statement: "PREPARE q AS COPY (\nSELECT regexp_matches(name, '\\.evil$')\n) TO 'beacon.csv';",
			},
		},
		{
			Query: &queries.Query{
				ID:     "port-scan",
				Title:  "Who tries ports",
				Doc:    "Scans.",
				Cannot: "Slow ones.",
				Hunt: &queries.Hunt{
					Method:         "Counting.",
					FalsePositives: "Scanners of one's own.",
					NotProof:       "Entry.",
					Attack:         []string{"T1046"},
				},
			},
			Trace:   []string{"1,200 connections", "0 pairs with enough ports"},
			Looked:  "looked at connection_keys of all captures at all times; flow log: 45 of 46 minutes covered, 1 SKIPDATA",
			Allowed: 1,
			Receipt: repeat.Receipt{
				Rows:      1,
				SHA256:    strings.Repeat("23", 32),
				Command:   "case53 query web.case port-scan",
				Statement: "EXECUTE q;",
			},
		},
		{Query: &queries.Query{ID: "zone-guessing", Title: "Who guesses names", Hunt: &queries.Hunt{}}, Missing: "zone"},
	}
}

func sampleComparison() *compare.Comparison {
	return &compare.Comparison{
		Left:    compare.Side{Capture: "incident", Label: "the incident"},
		Right:   compare.Side{Capture: "replay", Label: "the replay"},
		Verdict: "In 2 h of replay, 100% covered, eni-9 asked for 1 name of the incident.",
		OnlyLeft: []compare.Peer{{
			Found:       "only left",
			Kind:        "out",
			Score:       0.5,
			Name:        "c2.evil.example",
			Of:          1,
			LeftClients: 1,
			LeftFigures: compare.LeftFigures{LeftQueries: 41, LeftFirst: at(10, 5)},
		}},
		Subjects: []compare.Subjected{{Statement: "203.0.113.9 in 41 flow records of the replay, 41 refused"}},
		Negative: []compare.Negative{{Short: "no flow to 198.51.100.7 was recorded"}},
	}
}

// sampleThreads has a thread that is told, with all that a step can have, and one that is only counted.
func sampleThreads() []*threads.Thread {
	return []*threads.Thread{
		{
			Number: 1, Title: "10.0.1.10 calls c2.evil.example", Severity: "high", Score: 0.8, From: at(10, 5), To: at(11, 30), Findings: 1,
			Hosts: []string{"10.0.1.10"}, Outside: []string{"203.0.113.9"}, Names: []string{"c2.evil.example"}, Perhaps: "perhaps part of thread 2",
			Steps: []*threads.Step{
				{
					Time: at(10, 5), To: at(10, 50), Phase: "home", Text: "10.0.1.10 called c2.evil.example (203.0.113.9)", Link: "while the session was open",
					Hunts: []string{"beacon"}, Rows: 12, Severity: "high", Coverage: &cases.Share{Windows: 45, Covered: 44, SkipData: 1}, Either: []int{1, 2},
					Found:  []int{1},
					Rivals: []threads.Rival{{Text: "an update", Against: []string{"no other host uses it"}, For: []string{"it is AWS's"}}, {Text: "an agent"}},
				},
				{Time: at(11, 0), To: at(11, 30), Phase: "spread", Text: "10.0.1.10 connected to 10.0.1.11", Rows: 3, Severity: "medium"},
				{Time: at(20, 0), To: at(21, 0), Phase: "replay", Text: "the replayed 10.0.9.10 called the same", Rows: 3, Severity: "medium"},
			},
		},
		{Number: 2, Title: "203.0.113.7 tried 3 ports", Severity: "low", From: at(10, 0), To: at(10, 1),
			Steps: []*threads.Step{
				{Time: at(10, 0), To: at(10, 1), Phase: "knock", Text: "203.0.113.7 tried 3 ports", Hunts: []string{"port-scan"}, Severity: "low"},
			}},
	}
}
