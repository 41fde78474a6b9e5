package queries

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// packetFlow is a connection of a data set, one way: a record of an interface.
type packetFlow struct {
	src, dst         string
	srcPort, dstPort int
	protocol         int
	packets, bytes   int64
	start            time.Time
	seconds          float64
	action, way      string // way: egress or ingress, as far as is known
}

const flowHeader = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action " +
	"log-status flow-direction\n"

func (f packetFlow) record(b *bytes.Buffer) {
	or := func(s, other string) string {
		if s == "" {
			return other
		}
		return s
	}
	start := f.start.Unix()
	end := f.start.Add(time.Duration(f.seconds * float64(time.Second))).Add(time.Second - 1).Unix()
	fmt.Fprintf(b, "5 123456789012 eni-0123456789abcdef0 %s %s %d %d %d %d %d %d %d %s OK %s\n",
		f.src, f.dst, f.srcPort, f.dstPort, f.protocol, f.packets, f.bytes, start, end, or(f.action, "ACCEPT"), or(f.way, "-"))
}

// both writes a connection as two records; the second only where anything came back.
func both(b *bytes.Buffer, there packetFlow, backPackets, backBytes int64) {
	there.record(b)
	if backPackets > 0 {
		back := there
		back.src, back.dst, back.srcPort, back.dstPort = there.dst, there.src, there.dstPort, there.srcPort
		back.packets, back.bytes = backPackets, backBytes
		back.record(b)
	}
}

var protocols = map[string]int{"tcp": 6, "udp": 17, "icmp": 1}

// firstDay is where flows of data sets that begin in 1970 are put.
var firstDay = time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)

// zeekConn is a conn.log as flow records.
func zeekConn(t *testing.T, file string) []byte {
	t.Helper()
	b := bytes.NewBufferString(flowHeader)
	number := func(s string) int64 { n, _ := strconv.ParseInt(s, 10, 64); return n }
	for _, line := range lines(t, file) {
		f := strings.Split(line, "\t")
		if strings.HasPrefix(line, "#") || protocols[f[6]] == 0 {
			continue
		}
		seconds, _ := strconv.ParseFloat(f[8], 64)
		at := zeekSeconds(f[0])
		both(b, packetFlow{
			src:      f[2],
			srcPort:  int(number(f[3])),
			dst:      f[4],
			dstPort:  int(number(f[5])),
			protocol: protocols[f[6]],
			packets:  number(f[16]),
			bytes:    number(f[17]),
			start:    firstDay.Add(time.Duration(at.UnixMicro()) * time.Microsecond),
			seconds:  seconds,
		}, number(f[18]), number(f[19]))
	}
	return b.Bytes()
}

// argus is a binetflow file as flow records, and how many connections there are of each label, client, server and port.
func argus(t *testing.T, file string) (text []byte, labels map[string]int) {
	t.Helper()
	b, labels := bytes.NewBufferString(flowHeader), map[string]int{}
	number := func(s string) int64 { n, _ := strconv.ParseInt(s, 10, 64); return n }
	for _, line := range lines(t, file)[1:] {
		f := strings.Split(line, "\t")
		if len(f) == 1 {
			f = strings.Split(line, ",")
		}
		at, err := time.Parse("2006/01/02 15:04:05", f[0])
		if err != nil || protocols[f[2]] != 6 && protocols[f[2]] != 17 || strings.Contains(f[3], ":") {
			continue
		}
		if at.Year() == 1970 {
			at = firstDay.Add(at.Sub(time.Unix(0, 0).UTC()))
		}
		seconds, _ := strconv.ParseFloat(f[1], 64)
		both(b, packetFlow{
			src:      f[3],
			srcPort:  int(number(f[4])),
			dst:      f[6],
			dstPort:  int(number(f[7])),
			protocol: protocols[f[2]],
			packets:  number(f[14]),
			bytes:    number(f[13]),
			start:    at,
			seconds:  seconds,
		}, number(f[11])-number(f[14]), number(f[12])-number(f[13]))
		labels[strings.Join([]string{f[len(f)-1], f[3], f[6], f[7]}, " ")]++
	}
	return b.Bytes(), labels
}

const slips = "stratosphereips+StratosphereLinuxIPS/dataset/"

// TestScanIsFound: the horizontal scan of SLIPS, at the defaults.
func TestScanIsFound(t *testing.T) {
	db := loaded(t, map[string][]byte{"flow.log": zeekConn(t, fixture(t, slips+"port-scans/horizontal/conn.log"))})
	if found := ranking(t, db, "port-sweep", "severity, src, dstport, targets", nil); len(found) != 1 || found[0] != "low 10.0.2.112 80 25" {
		t.Errorf("found %q", found)
	}
}

// TestLabelledFlows: how many connections of a label some finding is about.
func TestLabelledFlows(t *testing.T) {
	text, labels := argus(t, fixture(t, slips+"test5-mixed.binetflow"))
	db := loaded(t, map[string][]byte{"flow.log": text})
	for _, c := range []struct {
		hunt, label string
		given       map[string]string
		want        int
	}{
		{"other-resolver", "flow=Malware-UDP-DNS", nil, 197},
		{"no-dns-answer", "flow=Malware-TCP", map[string]string{"least": "0"}, 80}, // the case has no Resolver log
	} {
		reported := map[string]bool{}
		for _, f := range ranking(t, db, c.hunt, "src, dst, dstport", c.given) {
			reported[f] = true
		}
		all, found := 0, 0
		for key, n := range labels {
			if place, ok := strings.CutPrefix(key, c.label+" "); ok {
				all += n
				if reported[place] {
					found += n
				}
			}
		}
		t.Logf("%s: %d of %d of %s in %d findings", c.hunt, found, all, c.label, len(reported))
		if all != c.want || found != all {
			t.Errorf("%s: %d of %d of %s, want %d", c.hunt, found, all, c.label, c.want)
		}
	}
}

// ruleEvent is an event that a rule must find, or must not.
type ruleEvent struct {
	Name     string
	Expected bool `json:"expected_result"`
	Log      struct {
		SrcAddr, DstAddr, Action, FlowDirection string
		SrcPort, DstPort                        int
	}
}

// records is the event as a flow log, repeated for so many ports in a row.
func (e *ruleEvent) records(ports int) []byte {
	f := packetFlow{
		src:      strings.Replace(e.Log.SrcAddr, "null", "-", 1),
		dst:      e.Log.DstAddr,
		srcPort:  max(e.Log.SrcPort, 40000),
		dstPort:  e.Log.DstPort,
		protocol: 6,
		packets:  3,
		bytes:    180,
		start:    firstDay,
		seconds:  1,
		action:   e.Log.Action,
		way:      e.Log.FlowDirection,
	}
	b := bytes.NewBufferString(flowHeader)
	f.record(b)
	for range ports - 1 {
		f.srcPort++
		if f.dstPort > 1024 {
			f.dstPort++
		}
		f.record(b)
	}
	return b.Bytes()
}

// TestLabelledEvents: the labelled events of four rules, each decided by a query of ours. A port scan is judged from many
// events, so the labelled one is repeated for twelve ports in a row (a common port for itself).
func TestLabelledEvents(t *testing.T) {
	const rules = "panther-labs+panther-analysis/rules/aws_vpc_flow_rules/"
	// The rule counts what leaves an interface.
	const leaves = "SELECT count(*) AS n FROM (%s) h " +
		"WHERE EXISTS (FROM flow f WHERE f.srcaddr = h.src AND f.dstaddr = h.dst AND f.flow_direction = 'egress')"
	total := 0
	for _, c := range []struct {
		file, query, form string
		ports             int
	}{
		{"aws_vpc_ssh_allowed_signal", "open-admin-doors", "SELECT count(*) AS n FROM (%s)", 1},
		{"aws_vpc_inbound_traffic_port_blocklist", "open-admin-doors", "SELECT count(*) AS n FROM (%s)", 1},
		{"aws_vpc_inbound_traffic_port_allowlist", "open-admin-doors", "SELECT count(*) AS n FROM (%s)", 1},
		{"aws_vpc_port_scanning", "port-scan", leaves, 12},
	} {
		var rule struct{ Tests []ruleEvent }
		text, err := os.ReadFile(fixture(t, rules+c.file+".tests.extracted.json"))
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &rule); err != nil {
			t.Fatal(err)
		}
		for _, event := range rule.Tests {
			total++
			q := builtins(t).Get(c.query)
			sql, args, err := q.Bind(nil)
			if err != nil {
				t.Fatal(err)
			}
			db := loaded(t, map[string][]byte{"flow.log": event.records(c.ports)})
			found := answer(t, db, fmt.Sprintf(c.form, sql), args) != "n\n0\n"
			if found != event.Expected {
				t.Errorf("%s, %s: %v by %s, labelled %v", c.file, event.Name, found, c.query, event.Expected)
			}
		}
	}
	if total != 16 {
		t.Errorf("%d events", total)
	}
}
