package queries

import (
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"case53/cases"
	"case53/cases/writer"
	"case53/loader"
	"case53/loader/loadertest"
	"case53/loader/logs/flow"
	"case53/loader/source"
	"case53/loader/source/local"
)

// The planted transfer, counted by hand. Ten windows of a minute each; per window:
//
//	10.0.1.10 → 203.0.113.99:443   5,000,000 bytes there, 100,000 back, through the NAT gateway 10.0.9.9
//	10.0.1.11 → 203.0.113.99:443     300,000 bytes there,   3,000 back, through the same gateway
//	10.0.1.10 → 10.0.2.20:5432       700,000 bytes there,  70,000 back, both ends have an interface
//
// The host, the gateway on both of its sides, and the database record it, in a flow log that goes to S3 and in one that goes
// to CloudWatch Logs: up to six records tell of a packet.
const (
	toOutside, fromOutside           = 53_000_000, 1_030_000
	toOutsideFirst, fromOutsideFirst = 50_000_000, 1_000_000
	toInside, fromInside             = 7_000_000, 700_000
)

// plantedFlow is one side's record of a connection in a window, and the way back.
type plantedFlow struct {
	iface, src, dst, pktSrc, pktDst string
	srcPort, dstPort                int
	there, back                     int64
}

var plantedFlows = []plantedFlow{
	{"eni-0host", "10.0.1.10", "203.0.113.99", "10.0.1.10", "203.0.113.99", 40000, 443, 5_000_000, 100_000},
	{"eni-0nat", "10.0.1.10", "10.0.9.9", "10.0.1.10", "203.0.113.99", 40000, 443, 5_000_000, 100_000},
	{"eni-0nat", "10.0.9.9", "203.0.113.99", "10.0.9.9", "203.0.113.99", 61000, 443, 5_000_000, 100_000},
	{"eni-0two", "10.0.1.11", "203.0.113.99", "10.0.1.11", "203.0.113.99", 40000, 443, 300_000, 3_000},
	{"eni-0nat", "10.0.1.11", "10.0.9.9", "10.0.1.11", "203.0.113.99", 40000, 443, 300_000, 3_000},
	{"eni-0nat", "10.0.9.9", "203.0.113.99", "10.0.9.9", "203.0.113.99", 61001, 443, 300_000, 3_000},
	{"eni-0host", "10.0.1.10", "10.0.2.20", "10.0.1.10", "10.0.2.20", 50000, 5432, 700_000, 70_000},
	{"eni-0db", "10.0.1.10", "10.0.2.20", "10.0.1.10", "10.0.2.20", 50000, 5432, 700_000, 70_000},
}

// plantedLines are the records of all interfaces, with or without the addresses of packets.
func plantedLines(pkt bool) (header string, lines []string) {
	header = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
	if pkt {
		header += " pkt-srcaddr pkt-dstaddr"
	}
	const begin = 1793527200
	for window := range int64(10) {
		for _, f := range plantedFlows {
			one := func(src, dst, pktSrc, pktDst string, srcPort, dstPort int, bytes int64) {
				line := fmt.Sprintf("5 123456789012 %s %s %s %d %d 6 %d %d %d %d ACCEPT OK", f.iface, src, dst, srcPort, dstPort,
					bytes/1000, bytes, begin+60*window, begin+60*window+55)
				if pkt {
					line += " " + pktSrc + " " + pktDst
				}
				lines = append(lines, line)
			}
			one(f.src, f.dst, f.pktSrc, f.pktDst, f.srcPort, f.dstPort, f.there)
			one(f.dst, f.src, f.pktDst, f.pktSrc, f.dstPort, f.srcPort, f.back)
		}
	}
	return header, lines
}

// quietAndLoud is another network that says little for five hours and then does what the planted one does: what hunts call
// unusual or new needs a time before.
func quietAndLoud(header string, lines []string) string {
	var b strings.Builder
	b.WriteString(header + "\n")
	end := ""
	if strings.Contains(header, "pkt-srcaddr") {
		end = " %s %s"
	}
	for hour := range 5 {
		start := 1793527200 - 3600*(5-hour)
		for _, other := range []string{fmt.Sprint("198.51.100.", hour), "10.3.2.21"} {
			for _, pair := range [][4]string{{"10.3.1.10", other, "41000", "80"}, {other, "10.3.1.10", "80", "41000"}} {
				line := fmt.Sprintf("5 123456789012 eni-3host %s %s %s %s 6 5 1000 %d %d ACCEPT OK", pair[0], pair[1], pair[2], pair[3], start, start+50)
				if end != "" {
					line += fmt.Sprintf(end, pair[0], pair[1])
				}
				b.WriteString(line + "\n")
			}
		}
	}
	b.WriteString(strings.NewReplacer("eni-0", "eni-3", "10.0.", "10.3.", "203.0.113.99", "203.0.113.98", " 5432 ", " 5433 ").
		Replace(strings.Join(lines, "\n")) + "\n")
	return b.String()
}

// plantedFiles are the records as S3 has them and as CloudWatch Logs gives them, a name that 10.0.1.10 has of the address and
// that somebody asked our zone for, and a replay that calls there once. The baseline is the other network.
func plantedFiles(t *testing.T, pkt bool) (captures map[string]map[string]string, header string) {
	t.Helper()
	header, lines := plantedLines(pkt)
	var page []byte
	for i, line := range lines {
		event, err := json.Marshal(map[string]any{
			"eventId": fmt.Sprintf("%056d", i), "logStreamName": strings.Fields(line)[2] + "-all", "timestamp": 1793527200000, "message": line,
		})
		if err != nil {
			t.Fatal(err)
		}
		page = append(append(page, event...), '\n')
	}
	incident := map[string]string{
		"s3.log": header + "\n" + strings.Join(lines, "\n") + "\n", "page.jsonl": string(page),
		"dns.json": `{"version":"1.100000","account_id":"123456789012","region":"eu-central-1","vpc_id":"vpc-1",` +
			`"query_timestamp":"2026-11-01T09:59:30Z","query_name":"up.example.","query_type":"A","query_class":"IN","rcode":"NOERROR",` +
			`"answers":[{"Rdata":"203.0.113.99","Type":"A","Class":"IN"}],"srcaddr":"10.0.1.10","srcport":"5353","transport":"UDP","srcids":{}}` + "\n",
		"zone.log": "1.0 2026-11-01T09:00:00Z Z0ABC up.example A NOERROR UDP FRA2 192.0.2.1 -\n",
	}
	replay := header + "\n" + strings.NewReplacer("eni-0host", "eni-9", "10.0.1.10", "10.9.0.5", " 5000000 ", " 1000 ").Replace(lines[0]) + "\n"
	return map[string]map[string]string{
		"incident": incident, "replay": {"replay.log": replay}, "baseline": {"baseline.log": quietAndLoud(header, lines)},
	}, header
}

// plantedCase loads the planted transfer.
func plantedCase(t *testing.T, pkt bool) *cases.Case {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "a.case")
	captures, header := plantedFiles(t, pkt)
	fields, err := flow.ParseFormat(header)
	if err != nil {
		t.Fatal(err)
	}
	w, err := writer.Open(t.Context(), dir, loader.Schemas())
	if err != nil {
		t.Fatal(err)
	}
	outside := netip.MustParseAddr("203.0.113.99")
	var networks iter.Seq2[cases.Network, error] = func(yield func(cases.Network, error) bool) {
		yield(cases.Network{First: outside, Last: outside, Country: "DE"}, nil)
	}
	file := cases.NetworkFile{Kind: "mmdb", Name: "a.mmdb", DatabaseType: "test", Built: time.Unix(1793527200, 0)}
	if _, _, err := w.AddNetworks(t.Context(), file, []byte("networks"), networks); err != nil {
		t.Fatal(err)
	}
	loadCaptures(t, w, captures, fields)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return loadertest.Open(t, dir)
}

// loadCaptures loads files, by capture and name, all of them.
func loadCaptures(t *testing.T, w *writer.Writer, captures map[string]map[string]string, formats ...[]string) {
	t.Helper()
	for capture, files := range captures {
		logs := t.TempDir()
		for name, text := range files {
			if err := os.WriteFile(filepath.Join(logs, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		report, err := loader.Load(t.Context(), w, loader.Plan{
			Sources: []source.Source{local.New(logs)}, Capture: capture, Role: capture, Formats: formats,
		}, nil)
		if err != nil || report.Loaded != len(files) {
			t.Fatalf("%s: %v, %+v", capture, err, report)
		}
	}
}

// plantedSum is what a query is given, what is taken of its rows, and what it must come to.
type plantedSum struct {
	given     map[string]string
	sum, want string
}

// plantedSums says of every saved query that sums bytes what it must come to: an expression over its rows, and its value.
var plantedSums = map[string]plantedSum{
	"bytes-per-hour": {
		map[string]string{"capture": "incident"},
		"concat(sum(bytes_out), ' ', sum(bytes_in), ' ', sum(bytes_inside), ' ', sum(bytes_outside))",
		fmt.Sprint(toOutside, fromOutside, toInside+fromInside, 0),
	},
	"protocols": {map[string]string{"capture": "incident"}, "sum(bytes)", fmt.Sprint(toOutside + fromOutside + toInside + fromInside)},
	"host-peers": {
		map[string]string{"ip": "203.0.113.99", "capture": "incident"},
		"string_agg(concat(peer, ' ', bytes_to_peer, ' ', bytes_from_peer), '; ' ORDER BY peer)",
		"10.0.1.10 1000000 50000000; 10.0.1.11 30000 3000000",
	},
	"ports-of-host": {
		map[string]string{"ip": "203.0.113.99", "capture": "incident"},
		"concat(sum(bytes_to_peers), ' ', sum(bytes_from_peers))",
		fmt.Sprint(fromOutside, toOutside),
	},
	"new-peers": {
		map[string]string{"since": "2026-01-01", "capture": "incident"},
		"concat(sum(bytes_to_server), ' ', sum(bytes_from_server))",
		fmt.Sprint(toOutside+toInside, fromOutside+fromInside),
	},
	"other-resolvers": {
		map[string]string{"ports": "5432"},
		"concat(sum(bytes_to_server), ' ', sum(bytes_from_server))",
		fmt.Sprint(toInside, fromInside),
	},
	"address-to-hosts": {
		map[string]string{"ip": "203.0.113.99", "capture": "incident"},
		"concat(sum(bytes_to_address), ' ', sum(bytes_from_address))",
		fmt.Sprint(toOutside, fromOutside),
	},
	"host-overview": {
		map[string]string{"ip": "10.0.1.10"},
		"concat(bytes_to_peers, ' ', bytes_from_peers)",
		fmt.Sprint(toOutsideFirst+toInside, fromOutsideFirst+fromInside),
	},
	"sums-of-address": {
		map[string]string{"ip": "10.0.1.10", "capture": "incident"},
		"concat(bytes_sent, ' ', bytes_received)",
		fmt.Sprint(toOutsideFirst+toInside, " ", fromOutsideFirst+fromInside),
	},
	"peers-at-interface": {
		map[string]string{"interface": "eni-0host", "capture": "incident"},
		"concat(sum(bytes_to_server), ' ', sum(bytes_from_server))",
		fmt.Sprint(toOutsideFirst+toInside, " ", fromOutsideFirst+fromInside),
	},
	"hosts": {map[string]string{"capture": "incident"}, "string_agg(concat(address, ' ', bytes_sent, ' ', bytes_received), '; ' ORDER BY address)",
		"10.0.1.10 57000000 1700000; 10.0.1.11 3000000 30000; 10.0.2.20 700000 7000000; 10.0.9.9 0 0"},
	"unnamed-connections": {map[string]string{"capture": "incident"}, "concat(sum(bytes_to_server), ' ', sum(bytes_from_server))", "3000000 30000"},
	"name-to-flows": {map[string]string{"name": "up.example"}, "concat(sum(bytes_to_address), ' ', sum(bytes_from_address))",
		fmt.Sprint(toOutsideFirst, fromOutsideFirst)},
	"zone-name-to-flows": {
		map[string]string{"name": "up.example"},
		"concat(sum(bytes_to_target), ' ', sum(bytes_from_target))",
		fmt.Sprint(toOutside, fromOutside),
	},
	"places-of-addresses": {
		map[string]string{"what": "country", "capture": "incident"},
		"concat(place, ' ', bytes_sent, ' ', bytes_received)",
		fmt.Sprint("DE ", toOutside, " ", fromOutside),
	},
	"captures-compared": {nil, "max(left_bytes) FILTER (name = 'up.example')", fmt.Sprint(toOutsideFirst)},
	"peers-in-two-captures": {
		nil,
		"concat(sum(left_bytes_to), ' ', sum(left_bytes_from), ' ', sum(right_bytes_to))",
		fmt.Sprint(toOutside, fromOutside, 1000),
	},
}

// huntSums are the same for hunts.
var huntSums = map[string]plantedSum{
	"top-talkers": {map[string]string{"capture": "incident"}, bothWays, fmt.Sprint(toOutside+toInside, " ", fromOutside+fromInside)},
	"who-did-it-talk-to": {
		map[string]string{"capture": "incident", "host": "10.0.1.10"}, bothWays,
		fmt.Sprint(toOutsideFirst+toInside, " ", fromOutsideFirst+fromInside),
	},
	"mostly-sending":   {map[string]string{"capture": "incident", "mb": "1"}, bothWays, fmt.Sprint(toOutside, " ", fromOutside)},
	"mining-pools":     {map[string]string{"capture": "incident", "ports": "443", "minutes": "5"}, bothWays, fmt.Sprint(toOutside, " ", fromOutside)},
	"no-dns-answer":    {map[string]string{"capture": "incident", "least": "0"}, bothWays, "3000000 30000"},
	"dns-logging-hole": {map[string]string{"capture": "incident", "sessions": "1"}, "sum(bytes_to_peer)", "3000000"},
	"other-resolver":   {map[string]string{"ports": "5432"}, bothWays, fmt.Sprint(toInside, " ", fromInside)},
	"long-connections": {
		map[string]string{"capture": "incident", "hours": "0.1"}, bothWays,
		fmt.Sprint(toOutside+toInside, " ", fromOutside+fromInside),
	},
	"rare-outside-place": {map[string]string{"capture": "incident"}, bothWays, fmt.Sprint(toOutside, " ", fromOutside)},
	"new-names-since-t0": {map[string]string{"t0": "2026-11-01", "least": "0"}, "sum(bytes_to_peer)", fmt.Sprint(toOutsideFirst)},
	"called-out":         {map[string]string{"least": "0"}, "sum(bytes_to_peer)", "1000"},
	"unusual-upload": {
		map[string]string{"capture": "baseline", "mb": "1"},
		"concat(sum(bytes_to_peer), ' ', sum(bytes_from_peer), ' ', sum(fullest_bytes))",
		fmt.Sprint(toOutsideFirst, " ", fromOutsideFirst, " ", toOutsideFirst),
	},
	"new-inside-friends": {map[string]string{"capture": "baseline"}, bothWays, fmt.Sprint(toInside, " ", fromInside)},
}

const bothWays = "concat(sum(bytes_to_peer), ' ', sum(bytes_from_peer))"

// otherSums are hunts whose bytes are no sums of connections that are planted, and why.
var otherSums = map[string]string{
	"dns-tunnel":                "bytes of names",
	"information-heavy-hitters": "bytes of names",
	"open-admin-doors":          "nobody calls from outside",
	"statuses":                  "bytes of requests",
	"unusual-answers":           "bytes of requests",
}

// recordSums are saved queries whose bytes are those of single records or objects, or which the planted logs have nothing for.
var recordSums = strings.Fields(`captures objects reject-reasons rejects flows-at flows-between flows-in-cidr flows-of-account flows-of-address
	flows-of-instance flows-of-interface flows-of-vpc peers-of-instance timeline-of-address timeline-of-name timeline-at`)

// TestSumsCountOnce holds every saved query that sums bytes against a count by hand, with and without packet addresses.
func TestSumsCountOnce(t *testing.T) {
	set := builtins(t)
	for _, pkt := range []bool{true, false} {
		c := plantedCase(t, pkt)
		first := func(sql string, args map[string]any) string {
			t.Helper()
			got := ""
			if err := c.Each(t.Context(), sql, args, func(v []any) error { got = fmt.Sprint(v[0]); return nil }); err != nil {
				t.Fatalf("%v\n%s", err, sql)
			}
			return got
		}
		if got, want := first("SELECT count(*) FROM flow_again", nil), fmt.Sprint(20*len(plantedFlows)); got != want {
			t.Errorf("%s records say again what others say, want %s", got, want)
		}
		witnesses := first(`SELECT string_agg(DISTINCT interface_id, ' ' ORDER BY interface_id)
			FROM connection WHERE capture = 'incident'`, nil)
		if witnesses != "eni-0host eni-0two" {
			t.Errorf("witnesses: %s", witnesses)
		}
		sightings := first(`SELECT string_agg(concat(seen_as, ' ', n), '; ' ORDER BY seen_as)
			FROM (SELECT seen_as, count(*) AS n FROM sighting WHERE capture = 'incident' GROUP BY ALL)`, nil)
		if want := map[bool]string{
			true:  "another interface 3; way from a NAT gateway 2",
			false: "another interface 1; way from a NAT gateway 2; way to a NAT gateway 2",
		}[pkt]; sightings != want {
			t.Errorf("sightings: %s", sightings)
		}
		text, args, err := set.Get("sums-of-address").Bind(map[string]string{"ip": "10.0.9.9", "capture": "incident"})
		if err != nil {
			t.Fatal(err)
		}
		carried := first("SELECT concat_ws(' ', connections, peers, bytes_sent, bytes_received, one_way, carried, bytes_carried) FROM ("+text+")", args)
		if want := fmt.Sprint("0 0 0 0 0 2 ", toOutside+fromOutside); carried != want {
			t.Errorf("the gateway's own, and what it carried: %s, want %s", carried, want)
		}
		for _, q := range set.All() {
			t.Run(fmt.Sprintf("%s/%v", q.ID, pkt), func(t *testing.T) {
				planted, ok := plantedSums[q.ID]
				if q.Hunt != nil {
					planted, ok = huntSums[q.ID]
				}
				if !ok {
					sums := slices.Contains(slices.Collect(maps.Values(q.Columns)), "bytes")
					if sums && !slices.Contains(recordSums, q.ID) && otherSums[q.ID] == "" {
						t.Error("sums bytes and is held against nothing")
					}
					t.Skip()
				}
				text, args, err := q.Bind(planted.given)
				if err != nil {
					t.Fatal(err)
				}
				if got := first("SELECT "+planted.sum+" FROM ("+text+")", args); got != planted.want {
					t.Errorf("%s, by hand %s", got, planted.want)
				}
			})
		}
	}
}
