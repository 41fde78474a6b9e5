package queries

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
)

// A hunt finds what was made to be found, and not what only looks a little like it. Rows are made by SQL: flow(…) and the
// like below are INSERTs over a range i.

// flows makes one flow record for each i in [0, n) from expressions over i: source, destination, ports, start second.
func flows(n int, context int, src, dst, srcPort, dstPort, second, bytes, flags string) string {
	return fmt.Sprintf(`INSERT INTO store.flow_full (object_id, row_no, context_id, start, "end",
			src4, dst4, srcport, dstport, protocol, packets, bytes, tcp_flags, utf8_escaped)
		SELECT 1, (SELECT count(*) FROM store.flow) + i, %d,
		TIMESTAMP '2026-11-02' + to_milliseconds((1000 * (%s))::BIGINT),
		TIMESTAMP '2026-11-02' + to_milliseconds((1000 * (%s) + 1000)::BIGINT),
		v4(%s), v4(%s), %s, %s, 6, 10, %s, %s, false FROM range(%d) t(i)`,
		context, second, second, src, dst, srcPort, dstPort, bytes, flags, n)
}

// asks makes one Resolver record for each i.
func asks(n int, client, name, domain, second, context string) string {
	return fmt.Sprintf(`INSERT INTO store.dns (object_id, row_no, context_id, query_timestamp, name, registered_domain,
			labels, longest_label, entropy, src4, answers_n, utf8_escaped)
		SELECT 2, (SELECT count(*) FROM store.dns) + i, %s, TIMESTAMP '2026-11-02' + to_seconds((%s)::BIGINT), %s, %s,
		3, 20, list_aggregate(string_split(split_part(%s, '.', 1), ''), 'entropy'), v4(%s), 0, false FROM range(%d) t(i)`,
		context, second, name, domain, name, client, n)
}

// guesses makes one public zone record for each i.
func guesses(n int, name, second, context string) string {
	return fmt.Sprintf(`INSERT INTO store.zone (object_id, row_no, context_id, query_timestamp, name, registered_domain,
			labels, longest_label, entropy, resolver4, utf8_escaped)
		SELECT 3, i, %s, TIMESTAMP '2026-11-02' + to_seconds((%s)::BIGINT), %s, 'corp.example',
		3, 5, 1, v4('198.51.100.7'), false FROM range(%d) t(i)`,
		context, second, name, n)
}

// span makes the minutes [from, to) that records of an interface speak about.
func span(iface string, from, to int) string {
	return fmt.Sprintf("INSERT INTO derived.span SELECT 'flow', 'incident', '%s', 'OK', TIMESTAMP '2026-11-02' + to_minutes(i) "+
		"FROM range(%d, %d) t(i)", iface, from, to)
}

// stage is what every test of a hunt starts from.
const stage = `
INSERT INTO store.capture VALUES ('incident', 'incident', '2026-11-10'), ('replay', 'replay', '2026-11-10');
INSERT INTO store.flow_context
  (context_id, capture, interface_id, instance_id, vpc_id, action, log_status, flow_direction, pkt_dst_aws_service) VALUES
  (1, 'incident', 'eni-1', 'i-1', 'vpc-1', 'ACCEPT', 'OK', 'egress', NULL),
  (2, 'incident', 'eni-1', 'i-1', 'vpc-1', 'ACCEPT', 'OK', 'ingress', NULL),
  (3, 'incident', 'eni-1', 'i-1', 'vpc-1', 'REJECT', 'OK', 'ingress', NULL),
  (4, 'incident', 'eni-1', 'i-1', 'vpc-1', 'ACCEPT', 'OK', 'egress', 'AMAZON'),
  (5, 'incident', 'eni-1', 'i-1', 'vpc-1', 'REJECT', 'OK', 'egress', NULL),
  (6, 'replay', 'eni-9', 'i-9', 'vpc-9', 'REJECT', 'OK', 'egress', NULL);
INSERT INTO store.dns_context (context_id, capture, vpc_id, query_type, rcode) VALUES
  (1, 'incident', 'vpc-1', 'A', 'NOERROR'), (2, 'incident', 'vpc-1', 'A', 'NXDOMAIN'),
  (3, 'incident', 'vpc-1', 'TXT', 'NOERROR'), (4, 'replay', 'vpc-9', 'A', 'NOERROR');
INSERT INTO store.dns_answer_context VALUES (1, 'A', 'IN'), (2, 'AAAA', 'IN'), (3, 'CNAME', 'IN'), (4, 'TXT', 'IN'), (5, 'NULL', 'IN');
INSERT INTO store.zone_context (context_id, capture, hosted_zone_id, query_type, response_code) VALUES
  (1, 'incident', 'Z1', 'A', 'NXDOMAIN'), (2, 'incident', 'Z1', 'A', 'NOERROR');
INSERT INTO derived.minute (log_type, capture, source, status, minute, records) VALUES
  ('dns', 'incident', 'vpc-1', 'NOERROR', '2026-10-30', 1), ('dns', 'replay', 'vpc-9', 'NOERROR', '2026-10-30', 1);
`

// Names that look generated, and names that are only long.
const (
	generated = "substr(md5(i::VARCHAR || 'x'), 1, 16) || '.example'"
	compound  = "['northwind', 'delivery', 'summerhouse', 'bookkeeping', 'wintersport', 'kitchenware'][1 + i % 6] || i || '.example'"
)

// huntCase is one hunt's test.
type huntCase struct {
	given    map[string]string // parameters that are not left at their defaults
	found    []string
	subject  string   // what of the best finding is checked: severity, then subject columns
	want     string   // and what it must be
	innocent []string // and what must give no finding of severity high or medium
}

var huntCases = map[string]huntCase{
	"beacon": {
		found:   []string{flows(200, 1, "'10.0.0.1'", "'203.0.113.9'", "30000 + i", "443", "300 * i + hash(i) % 20", "1500 + i % 7", "3")},
		subject: "severity, outcome, direction, src, dst, dstport", want: "high beacon out 10.0.0.1 203.0.113.9 443",
		innocent: []string{
			// one connection that is kept open
			flows(1400, 1, "'10.0.0.1'", "'203.0.113.10'", "30000", "443", "60 * i", "1500", "0"),
			// at any time
			flows(300, 1, "'10.0.0.1'", "'203.0.113.11'", "30000 + i", "443", "(hash(i) % 864000) / 10", "hash(i + 5) % 90000", "3"),
			// AWS's own
			flows(200, 4, "'10.0.0.1'", "'203.0.113.12'", "40000 + i", "443", "300 * i", "1500", "3"),
		},
	},
	"port-scan": {
		found:   []string{flows(300, 3, "'203.0.113.66'", "'10.0.0.1'", "50000", "1 + i", "i", "40", "2")},
		subject: "severity, src, dst, ports", want: "high 203.0.113.66 10.0.0.1 297",
		innocent: []string{
			flows(9, 3, "'203.0.113.66'", "'10.0.0.1'", "50000", "1000 + i", "i", "40", "2"),
			flows(500, 1, "'10.0.0.1'", "'203.0.113.9'", "443", "20000 + i", "i", "4000", "19"),      // replies of a server
			flows(24, 3, "'203.0.113.67'", "'10.0.0.1'", "50000", "1000 + i", "3600 * i", "40", "2"), // a port an hour
		},
	},
	"port-sweep": {
		found:   []string{flows(100, 1, "'10.0.0.1'", "'10.0.1.' || i", "50000 + i", "22", "4 * i", "60", "2")},
		subject: "severity, src, dstport, targets", want: "high 10.0.0.1 22 100",
		innocent: []string{
			flows(24, 1, "'10.0.0.1'", "'10.0.1.' || i", "50000 + i", "22", "4 * i", "60", "2"),
			flows(100, 1, "'10.0.0.1'", "'203.0.113.' || i", "50000 + i", "443", "4 * i", "60", "2"), // what clients do
		},
	},
	"unusual-upload": {
		found: []string{flows(200, 1, "'10.0.0.1'", "'203.0.113.9'", "30000 + i", "443", "600 * i", "90000 + hash(i) % 9000", "3"),
			flows(6, 1, "'10.0.0.1'", "'203.0.113.140'", "40000 + i", "443", "90000 + 500 * i", "700000000", "3")},
		subject: "severity, src, dst, bytes_to_peer", want: "high 10.0.0.1 203.0.113.140 4200000000",
		innocent: []string{
			flows(200, 1, "'10.0.0.1'", "'203.0.113.9'", "30000 + i", "443", "600 * i", "90000 + hash(i) % 9000", "3"),
			flows(4, 1, "'10.0.0.1'", "'203.0.113.20'", "40000 + i", "443", "7200 + 86400 * i", "200000000", "3"), // every night
		},
	},
	"no-dns-answer": {
		found: []string{
			logsDNS, asks(5, "'10.0.0.1'", "'www.example'", "'www.example'", "i", "1"),
			flows(3, 1, "'10.0.0.1'", "'203.0.113.140'", "40000 + i", "443", "90000 + i", "90000000", "3"),
		},
		subject: "severity, src, dst, dstport, resolver_hours", want: "high 10.0.0.1 203.0.113.140 443 24.0",
		innocent: []string{
			`INSERT INTO store.dns_answer SELECT 2, 99, 1, 1, TIMESTAMP '2026-11-02',
				'www.example', v4('10.0.0.1'), NULL, '203.0.113.9', 1, v4('203.0.113.9'), NULL, false`,
			flows(3, 1, "'10.0.0.1'", "'203.0.113.9'", "40000 + i", "443", "80000 + i", "90000000", "3"),
			flows(3, 4, "'10.0.0.1'", "'203.0.113.12'", "40000 + i", "443", "90000 + i", "90000000", "3"), // AWS's own
			flows(3, 2, "'203.0.113.13'", "'10.0.0.1'", "40000 + i", "443", "90000 + i", "90000000", "3"), // called by it
			flows(9, 1, "'10.0.0.1'", "'203.0.113.14'", "123", "123", "90000 + i", "76", "0"),
		},
	},
	"other-resolver": {
		found:   []string{flows(30, 1, "'10.0.0.1'", "'8.8.8.8'", "40000 + i", "53", "i", "60", "0")},
		subject: "severity, src, dst, dstport", want: "medium 10.0.0.1 8.8.8.8 53",
		innocent: []string{
			flows(30, 1, "'10.0.0.1'", "'10.0.0.2'", "40000 + i", "53", "i", "60", "0"),
			flows(30, 1, "'10.0.0.1'", "'8.8.8.8'", "40000 + i", "443", "i", "60", "3"),
		},
	},
	"dns-tunnel": {
		found:   []string{asks(800, "'10.0.0.1'", "md5(i::VARCHAR) || md5(i::VARCHAR || 'b') || '.t.evil.example'", "'evil.example'", "i", "3")},
		subject: "severity, client, registered_domain, names", want: "high 10.0.0.1 evil.example 800",
		innocent: []string{
			asks(800, "'10.0.0.1'", "'www' || i % 40 || '.cdn.example'", "'cdn.example'", "i", "1"),
			asks(2000, "'10.0.0.1'", "'api' || i % 300 || '.svc.example'", "'svc.example'", "i", "1"),
		},
	},
	"dga-names": {
		found: []string{
			asks(60, "'10.0.0.1'", generated, generated, "i", "2"),
			asks(40, "'10.0.0.1'", "'shop' || i || '.example'", "'shop' || i || '.example'", "i", "1"),
		},
		subject: "severity, client", want: "high 10.0.0.1",
		innocent: []string{
			asks(200, "'10.0.0.1'", compound, compound, "i", "2"),
		},
	},
	"zone-guessing": {
		found:   []string{guesses(400, "'word' || i || '.corp.example'", "2 * i", "1")},
		subject: "severity, src, registered_domain, names", want: "high 198.51.100.7 corp.example 400",
		innocent: []string{
			guesses(100, "'www' || i % 20 || '.corp.example'", "2 * i", "1"),
			guesses(400, "'real' || i || '.corp.example'", "2 * i", "2"),
		},
	},
	"sudden-silence": {
		found:   []string{span("eni-1", 0, 300), span("eni-1", 360, 600), span("eni-2", 0, 600), span("eni-3", 0, 600)},
		subject: "severity, interface_id, gap_minutes, completeness", want: "high eni-1 60 partial",
		innocent: []string{span("eni-1", 0, 300), span("eni-1", 320, 600), span("eni-2", 0, 600), span("eni-3", 0, 600)},
	},
	"called-out": {
		found: []string{flows(5, 1, "'10.0.0.1'", "'203.0.113.9'", "30000 + i", "443", "300 * i", "1500", "3"),
			flows(100, 6, "'10.9.0.1'", "'203.0.113.9'", "30000 + i", "443", "300 * i", "60", "2")},
		subject: "severity, src, dst, dstport, refused, in_incident", want: "high 10.9.0.1 203.0.113.9 443 100 address",
		innocent: []string{
			flows(100, 1, "'10.0.0.1'", "'203.0.113.9'", "30000 + i", "443", "300 * i", "1500", "3"),
			flows(20, 6, "'10.9.0.1'", "'10.9.0.2'", "30000 + i", "443", "300 * i", "60", "2"),
		},
	},
}

// staged empties the case, and puts the rows there that statements make, and what is built from them.
func staged(t *testing.T, db *sql.DB, rows []string) {
	t.Helper()
	for _, table := range []string{
		"capture", "flow_context", "dns_context", "dns_answer_context", "zone_context", "flow_plain", "flow_full",
		"dns", "dns_answer", "zone", "minute", "span",
	} {
		run(t, db, "DELETE FROM "+inSchema(table))
	}
	for _, s := range append(statements(stage), rows...) {
		run(t, db, s)
	}
	buildAcross(t, db, acrossDerived(t), 1)
}

func TestHunts(t *testing.T) {
	set := builtins(t)
	db := emptyCase(t)
	run(t, db, "CREATE TEMP MACRO v4(a) AS ((ip(a) - 281470681743360::UHUGEINT)::UINTEGER)")
	for id, c := range huntCases {
		t.Run(id, func(t *testing.T) {
			text, args, err := set.Get(id).Bind(c.given)
			if err != nil {
				t.Fatal(err)
			}
			staged(t, db, c.found)
			best := strings.SplitN(answer(t, db, "SELECT concat_ws(' ', "+c.subject+") AS best FROM ("+text+") LIMIT 1", args), "\n", 3)
			if len(best) < 2 || best[1] != c.want {
				t.Errorf("best finding: %q, want %q", best[1:], c.want)
			}
			staged(t, db, c.innocent)
			wrong := answer(t, db, "SELECT severity, score, reason FROM ("+text+") WHERE severity IN ('high', 'medium')", args)
			if strings.Count(wrong, "\n") > 1 {
				t.Errorf("found where nothing is:\n%s", wrong)
			}
			trace := answer(t, db, set.Get(id).Hunt.Trace(), args)
			if !strings.Contains(trace, "|") {
				t.Errorf("trace of steps: %q", trace)
			}
		})
	}
}

// TestEveryHuntHasATest: and every row of it is a finding.
func TestEveryHuntHasATest(t *testing.T) {
	db := fullCase(t)
	for _, q := range builtins(t).Hunts() {
		if _, ok := huntCases[q.ID]; !ok && requestHunts[q.ID] == nil && guessHunts[q.ID] == nil &&
			tierHunts[q.ID] == nil && q.ID != "replay-was-asked" {
			t.Errorf("%s: no case in huntCases", q.ID)
		}
		text, args, err := q.Bind(nil)
		if err != nil {
			t.Fatal(err)
		}
		wrong := answer(t, db, `SELECT score, severity, reason, "rows", from_time, to_time, capture FROM (`+text+`)
			WHERE score IS NULL OR NOT score BETWEEN 0 AND 1 OR severity NOT IN ('high', 'medium', 'low', 'info')
				OR reason IS NULL OR "rows" IS NULL OR from_time IS NULL OR to_time < from_time`, args)
		if strings.Count(wrong, "\n") > 1 {
			t.Errorf("%s: no findings:\n%s", q.ID, wrong)
		}
	}
}
