package compare

import (
	"strings"
	"testing"
	"time"

	"case53/cases"
)

var (
	flow = cases.LogType{Name: "flow", One: "flow log", Many: "flow logs"}
	dns  = cases.LogType{Name: "dns", One: "Resolver query log", Many: "Resolver query logs", Silence: cases.StatusNone}
)

func day(n int) cases.Span {
	from := time.Date(2026, 11, n, 0, 0, 0, 0, time.UTC)
	return cases.Span{From: from, To: from.AddDate(0, 0, 1)}
}

// side has a flow log of a day, of which so many minutes are covered and lost.
func side(role string, n int, covered, skipped int64) Side {
	w := day(n)
	return Side{
		Label: "the " + role, Role: role, Capture: role, Logs: map[string]cases.Span{"flow": w}, Window: w, Interfaces: []string{"eni-" + role},
		covered: []SideCovered{{LogType: "flow", Source: "eni-" + role, Window: w,
			Share: cases.Share{Windows: 1440, Covered: covered, SkipData: skipped}}},
	}
}

// withNames adds a Resolver log.
func (s Side) withNames(minutes int64) Side {
	s.Logs = map[string]cases.Span{"flow": s.Window, "dns": s.Window}
	s.covered = append(s.covered, SideCovered{LogType: "dns", Source: "vpc-1", Window: s.Window, Share: cases.Share{Windows: 1440, Covered: minutes}})
	return s
}

func (s Side) records(accepted, refused, silent int64, described ...string) Side {
	s.Accepted, s.Refused, s.NoData, s.TrafficTypes = accepted, refused, silent, described
	return s
}

func called(n int64) []Total {
	return []Total{{Found: "right", Kind: "out", Places: 1, Addresses: 1, RightFigures: RightFigures{RightConnections: n, RightRefused: n, RightRecords: n}}}
}

var incident, replay = side("incident", 1, 1440, 0).records(5, 5, 0), side("replay", 3, 1440, 0).records(5, 5, 0)

type sentence struct {
	name        string
	left, right Side
	totals      []Total
	said, not   string // parts by |
}

var sentences = []sentence{
	{"covered in full", incident, replay, called(3),
		"In the 1,440 minutes of the replay that are covered (100% of 1,440 of eni-replay|" +
			"Of the incident, 1,440 of 1,440 minutes of eni-incident are covered (100%",
		"nothing can be said|makes none either|records only|NODATA|24 h|a replay cannot"},
	{"121 minutes", incident, side("replay", 3, 121, 2).records(0, 0, 1), nil,
		"In the 121 minutes of the replay that are covered (8.4% of 1,440 of eni-replay between 2026-11-03 00:00:00 and 2026-11-04 00:00:00 UTC, " +
			"2 SKIPDATA, 1,317 absent)|waits for longer than 121 minutes", "24 h|1,440 minutes, or"},
	{"one minute", incident, side("replay", 3, 1, 0), nil, "In the 1 minute of the replay that is covered|longer than 1 minute,", "1 minutes"},
	{"nothing covered", incident, side("replay", 3, 0, 1440).records(0, 0, 0), nil,
		"Of the replay nothing can be said: its flow log covers none of 1,440 minutes of eni-replay|(1,440 SKIPDATA).",
		"makes none either|made no recorded attempt|NODATA|never ran|Of the incident|baseline"},
	{"nothing covered, and called", incident, side("replay", 3, 0, 1440).records(0, 3, 0), called(3),
		"In the replay, whose flow log covers none of 1,440 minutes|made 3 refused attempts", "nothing can be said: |makes none either|records only"},
	{"nothing covered, and asked", incident, side("replay", 3, 0, 1440).withNames(7), []Total{{Found: "right", Kind: "out", Places: 1, Names: 2}},
		"In the 7 minutes of the replay that have Resolver records of vpc-1|asked for 2 names|nothing can be said of its calls, as its flow log covers none",
		"made no recorded attempt|makes none either"},
	{"left not covered", side("incident", 1, 0, 9), replay, called(3),
		"The flow log of the incident covers none of 1,440 minutes of eni-incident|nothing can be said of what it did not call", "Of the incident, 0"},
	{"no traffic", incident, replay.records(0, 0, 9), nil,
		"no record of any traffic, NODATA only: a machine that never ran looks the same, and so does a flow log of ACCEPT only", "records only"},
	{"no traffic, described as ALL", incident, replay.records(0, 0, 9, "ALL"), nil, "a machine that never ran looks the same.", "ACCEPT"},
	{"no traffic, described as ACCEPT", incident, replay.records(0, 0, 9, "ACCEPT"), nil,
		"a machine that never ran looks the same.|keeps ACCEPT only, as its description says: a call that was refused is not in it", "records only"},
	{"no traffic, and asked", incident, replay.records(0, 0, 9).withNames(7), nil,
		"a flow log of ACCEPT only where all was refused looks the same|" +
			"There are Resolver records of the replay in 7 of 1,440 minutes of vpc-1; of the other minutes they say nothing.", "never ran"},
	{"accepted only", incident, replay.records(9, 0, 0), called(3),
		"the replay has ACCEPT records only (9): a log that keeps ACCEPT only looks the same", "REJECT"},
	{"refused only", incident, replay.records(0, 9, 0), called(3), "the replay has REJECT records only (9)|a call that was let through is not in it", "ACCEPT"},
	{"refused only, described as ALL", incident, replay.records(0, 9, 0, "ALL"), called(3), "", "REJECT|description"},
	{"of the left", incident.records(9, 0, 0), replay, called(3), "The flow log of the incident has ACCEPT records only (9)", "log of the replay has"},
	{"before", side("incident", 5, 9, 0).records(1, 1, 0), replay, called(3),
		"the replay (2026-11-03 00:00:00 to 2026-11-04 00:00:00 UTC) was before the incident", "began before"},
	{"begun before", incident, func() Side { s := replay; s.Window.From = day(0).From; return s }(), called(3),
		"the replay (from 2026-10-31 00:00:00 UTC) began before", "was before"},
	{"before, the other way round", replay, side("incident", 5, 9, 0).records(1, 1, 0), called(3),
		"the replay (2026-11-03 00:00:00 to 2026-11-04 00:00:00 UTC) was before", ""},
	{"two incidents", side("incident", 5, 9, 0).records(1, 1, 0), side("incident", 3, 9, 0).records(1, 1, 0), called(3), "", "was before|began before"},
	{"no records", incident, Side{Label: "the replay", Role: "replay"}, nil,
		"The replay has no records: nothing can be said about it.", "Of the incident|makes none"},
}

// TestSentences: each form of sentence is said where it holds, and not where it does not.
func TestSentences(t *testing.T) {
	for _, c := range sentences {
		m := Comparison{Left: c.left, Right: c.right, Totals: c.totals, calls: flow, names: dns, logTypes: []cases.LogType{flow, dns}}
		verdict := m.verdict()
		for _, part := range strings.Split(c.said, "|") {
			if !strings.Contains(verdict, part) {
				t.Errorf("%s: %q is not said:\n%s", c.name, part, verdict)
			}
		}
		for _, part := range strings.Split(c.not, "|") {
			if part != "" && strings.Contains(verdict, part) {
				t.Errorf("%s: %q is said:\n%s", c.name, part, verdict)
			}
		}
	}
}

// TestDenied: that something is not there is said with the coverage of the log, and only where it covers anything.
func TestDenied(t *testing.T) {
	for _, c := range []struct {
		right Side
		log   cases.LogType
		want  string
	}{
		{side("replay", 3, 1438, 2).records(1, 1, 0), flow, "no flow to X recorded on eni-replay between 2026-11-03 00:00:00 and 2026-11-04 00:00:00 UTC: " +
			"1,438 of 1,440 windows covered, 2 SKIPDATA"},
		{side("replay", 3, 1440, 0).records(1, 0, 0), flow, "1,440 of 1,440 windows covered, 0 SKIPDATA (the flow log has ACCEPT records only)"},
		{side("replay", 3, 1440, 0).records(0, 0, 1), flow, "0 SKIPDATA (the flow log has no record of any traffic, NODATA only)"},
		{side("replay", 3, 0, 1440), flow, "nothing can be said of a flow to X: the flow log of the replay covers none of 1,440 minutes of eni-replay"},
		{side("replay", 3, 9, 0), dns, "nothing can be said of a flow to X: the replay has no Resolver query log"},
		{side("replay", 3, 9, 0).withNames(7), dns, "no flow to X in the Resolver log of vpc-1 between 2026-11-03 00:00:00 and 2026-11-04 00:00:00 UTC: " +
			"7 of 1,440 minutes have records; the others may be quiet, cached or not logged"},
	} {
		m := Comparison{Right: c.right, calls: flow, names: dns}
		m.deny("X", c.log, "flow to X", "")
		if got := m.Negative[0].Short; !strings.Contains(got+".", c.want) {
			t.Errorf("%s\nwant %s", got, c.want)
		}
	}
}

// TestPorts: a count stands with the ports of its own side, and a protocol without ports is no port.
func TestPorts(t *testing.T) {
	for list, want := range map[string]string{
		"": "", "443": " port 443", "80, 443": " ports 80, 443", "ICMP": " ICMP", "443, ICMP": " port 443 and ICMP",
		"1, 2, 3 and 5 more": " ports 1, 2, 3 and 5 more", "22, 23, GRE": " ports 22, 23 and GRE",
	} {
		if got := onPorts(list); got != want {
			t.Errorf("%q: %q, want %q", list, got, want)
		}
	}
	m := Comparison{Left: side("incident", 1, 9, 0), Right: side("replay", 3, 9, 0), calls: flow, names: dns}
	p := Peer{Found: "match", Address: "198.51.100.7", Level: "address", Ports: "443, ICMP", LeftPorts: "443", RightPorts: "ICMP",
		LeftFigures: LeftFigures{LeftConnections: 5}, RightFigures: RightFigures{RightConnections: 20}, LeftClients: 1}
	if got := m.matchText(p); !strings.HasPrefix(got, "198.51.100.7 ICMP (same address) was called 20 times (none refused)") ||
		!strings.HasSuffix(got, "in the incident: 5 calls (none refused) port 443 by 1 host") {
		t.Error(got)
	}
	p.RightPorts = "443"
	if got := m.matchText(p); !strings.HasPrefix(got, "198.51.100.7 port 443 (same") || !strings.HasSuffix(got, "5 calls (none refused) by 1 host") {
		t.Error(got)
	}
	p.Found, p.RightConnections = "only left", 0
	if got := p.oneSided(); !strings.HasPrefix(got, "198.51.100.7 port 443: called 5 times (none refused) by 1 host") {
		t.Error(got)
	}
}
