package demo

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
)

// A reader of the three formats that shares nothing with the generator, nor with the loader: what it reads is what
// the documentation says.

type flowRec struct {
	capture, file                         string
	values                                []string
	at                                    map[string]int // where each of AWS's field names is in values
	start, end                            time.Time
	src, dst, pktSrc, pktDst              netip.Addr
	srcPort, dstPort, proto, flags        int
	packets, bytes                        int64
	iface, instance, action, status, path string
	egress                                bool
}

type dnsRec struct {
	capture, file  string
	Version        string    `json:"version"`
	AccountID      string    `json:"account_id"`
	VPC            string    `json:"vpc_id"`
	At             time.Time `json:"query_timestamp"`
	Name           string    `json:"query_name"`
	Type           string    `json:"query_type"`
	Rcode          string    `json:"rcode"`
	Answers        []struct{ Rdata, Type, Class string }
	Client         netip.Addr        `json:"srcaddr"`
	Port           string            `json:"srcport"`
	Transport      string            `json:"transport"`
	IDs            map[string]string `json:"srcids"`
	FirewallAction string            `json:"firewall_rule_action"`
}

type zoneRec struct {
	file                                                 string
	at                                                   time.Time
	zone, name, qtype, rcode, proto, edge, subnet, event string
	resolver                                             netip.Addr
}

type evidence struct {
	files []string // below the folder
	flows []flowRec
	dns   []dnsRec
	zone  []zoneRec
	lines []lineRec
}

// lineRec is a line of the web tier's logs: its type is told by where it is.
type lineRec struct {
	capture, log, text string
	at                 time.Time
}

var everything = sync.OnceValues(func() (*evidence, error) {
	dir, err := os.MkdirTemp("", "case53-demo-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	files, err := Write(dir)
	if err != nil {
		return nil, err
	}
	var e evidence
	for _, file := range files {
		name, err := filepath.Rel(dir, file)
		if err != nil {
			return nil, err
		}
		name = filepath.ToSlash(name)
		e.files = append(e.files, name)
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if err := e.read(name, raw); err != nil {
			return nil, err
		}
	}
	return &e, nil
})

func readDemo(t *testing.T) *evidence {
	t.Helper()
	e, err := everything()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func (e *evidence) read(name string, raw []byte) error {
	capture, _, _ := strings.Cut(name, "/")
	if strings.HasSuffix(name, ".gz") {
		z, err := gzip.NewReader(bytes.NewReader(raw))
		if err != nil {
			return err
		}
		if raw, err = io.ReadAll(z); err != nil {
			return err
		}
	}
	switch {
	case strings.Contains(name, "/vpcflowlogs/"):
		return e.readFlows(capture, name, raw)
	case strings.Contains(name, "/vpcdnsquerylogs/"):
		for line := range bytes.Lines(raw) {
			r := dnsRec{capture: capture, file: name}
			if err := json.Unmarshal(line, &r); err != nil {
				return err
			}
			e.dns = append(e.dns, r)
		}
	case strings.Contains(name, "/exportedlogs/"):
		for s := bufio.NewScanner(bytes.NewReader(raw)); s.Scan(); {
			at, message, _ := strings.Cut(s.Text(), " ")
			e.zoneLine(name, message, at, "")
		}
	case strings.Contains(name, "/CloudTrail/"), strings.HasSuffix(name, "/event_history.json"):
		var file struct {
			Records []struct{ EventName, EventTime string }
		}
		if err := json.Unmarshal(raw, &file); err != nil {
			return err
		}
		for _, r := range file.Records {
			at, err := time.Parse(time.RFC3339, r.EventTime)
			if err != nil {
				return err
			}
			e.lines = append(e.lines, lineRec{capture, "change", r.EventName, at})
		}
	case strings.Contains(name, "/cloudwatch/"):
		return e.readPage(capture, name, raw)
	case strings.Contains(name, "/filter-log-events/"):
		var page struct {
			Events []struct {
				Message, EventID, LogStreamName string
				Timestamp, IngestionTime        int64
			}
		}
		if err := json.Unmarshal(raw, &page); err != nil {
			return err
		}
		for _, v := range page.Events {
			e.zoneLine(name, v.Message, time.UnixMilli(v.Timestamp).UTC().Format("2006-01-02T15:04:05.000Z"), v.EventID)
		}
	}
	return nil
}

// readPage reads what filter-log-events printed of a log group of the web tier.
func (e *evidence) readPage(capture, name string, raw []byte) error {
	var page struct {
		Events []struct {
			Message, LogStreamName   string
			Timestamp, IngestionTime int64
		}
	}
	if err := json.Unmarshal(raw, &page); err != nil {
		return err
	}
	for _, v := range page.Events {
		r := lineRec{capture: capture, log: "host_log", text: v.Message, at: time.UnixMilli(v.Timestamp).UTC()}
		switch {
		case strings.Contains(name, "/alb-"):
			r.log = "alb"
		case strings.Contains(name, "/aws-waf-logs-"):
			r.log = "waf"
		case v.LogStreamName == StagingInstance+"/access_log":
			r.log = "httpd"
		}
		if late := v.IngestionTime - v.Timestamp; late < 0 || late > 5000 || r.log != "alb" && r.log != "waf" && !r.at.Before(AgentStopped) {
			return fmt.Errorf("%s: %+v: taken in after %d ms", name, r, late)
		}
		e.lines = append(e.lines, r)
	}
	return nil
}

// zoneLine reads one line; the envelope's time must be the line's.
func (e *evidence) zoneLine(file, line, envelope, event string) {
	f := strings.Fields(line)
	at, err := time.Parse(time.RFC3339Nano, f[1])
	if len(f) != 10 || f[0] != "1.0" || err != nil || f[1] != envelope {
		panic("not a zone line: " + envelope + " " + line)
	}
	e.zone = append(e.zone, zoneRec{file: file, at: at, zone: f[2], name: f[3], qtype: f[4], rcode: f[5], proto: f[6], edge: f[7],
		resolver: netip.MustParseAddr(f[8]), subnet: f[9], event: event})
}

func (e *evidence) readFlows(capture, name string, raw []byte) error {
	var at map[string]int
	for line := range strings.Lines(string(raw)) {
		values := strings.Fields(line)
		if at == nil {
			at = map[string]int{}
			for i, name := range values {
				at[name] = i
			}
			continue
		}
		r := flowRec{capture: capture, file: name, values: values, at: at}
		r.iface, r.instance, r.path = r.field("interface-id"), r.field("instance-id"), r.field("traffic-path")
		r.action, r.status = r.field("action"), r.field("log-status")
		r.start, r.end = unix(r.field("start")), unix(r.field("end"))
		if r.status == "OK" {
			r.src, r.dst = netip.MustParseAddr(r.field("srcaddr")), netip.MustParseAddr(r.field("dstaddr"))
			r.pktSrc, r.pktDst = netip.MustParseAddr(r.field("pkt-srcaddr")), netip.MustParseAddr(r.field("pkt-dstaddr"))
			r.srcPort, r.dstPort = number(r.field("srcport")), number(r.field("dstport"))
			r.proto, r.flags = number(r.field("protocol")), number(r.field("tcp-flags"))
			r.packets, r.bytes = int64(number(r.field("packets"))), int64(number(r.field("bytes")))
			r.egress = r.field("flow-direction") == "egress"
		}
		e.flows = append(e.flows, r)
	}
	return nil
}

func (r *flowRec) field(name string) string { return r.values[r.at[name]] }

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}

func unix(s string) time.Time { return time.Unix(int64(number(s)), 0).UTC() }

// opens says whether the row is the first of a connection on the side that began it.
func (r *flowRec) opens() bool { return r.flags&18 == 2 }

// registered is the registrable domain of the demo's names, all of which have a one-label suffix.
func registered(name string) string {
	labels := strings.Split(strings.ToLower(strings.TrimSuffix(name, ".")), ".")
	return strings.Join(labels[max(0, len(labels)-2):], ".")
}

var stamp = regexp.MustCompile(`_(\d{8}T\d{4})Z_[0-9a-f]{8}\.log\.gz$`)

// stamped is the time in an object's name.
func stamped(t *testing.T, name string) time.Time {
	t.Helper()
	m := stamp.FindStringSubmatch(name)
	if m == nil {
		t.Fatalf("%s: no time in the name", name)
	}
	at, err := time.Parse("20060102T1504", m[1])
	if err != nil {
		t.Fatal(err)
	}
	return at
}
