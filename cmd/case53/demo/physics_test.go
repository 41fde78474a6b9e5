package demo

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"
)

var inside = map[string][]netip.Prefix{
	"incident": {netip.MustParsePrefix("10.53.0.0/16"), netip.MustParsePrefix("2001:db8:53:a00::/56"), netip.MustParsePrefix("192.168.50.0/24")},
	"replay":   {netip.MustParsePrefix("10.99.0.0/16")},
}

// allowed are the outside addresses that may occur: documentation and benchmarking ranges, and one resolver.
var allowed = []netip.Prefix{
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("8.8.8.8/32"),
}

func within(a netip.Addr, ranges []netip.Prefix) bool {
	for _, p := range ranges {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

func (r *flowRec) outside(a netip.Addr) bool { return !within(a, inside[r.capture]) }

func TestFlowRecordsAreWhatAWSWrites(t *testing.T) {
	for _, r := range readDemo(t).flows {
		if problem := oddity(&r); problem != "" {
			t.Errorf("%s: %s: %v", r.file, problem, r.values)
		}
	}
}

func oddity(r *flowRec) string {
	span := r.end.Sub(r.start)
	stamped := stamp.FindStringSubmatch(r.file)[1]
	switch {
	case len(r.values) != 29 || len(r.at) != 29 || r.field("version") != "5":
		return "not the 29 fields of version 5"
	case span < 0 || span >= time.Minute:
		return "longer than an aggregation window"
	case r.end.Truncate(5*time.Minute).Format("20060102T1504") != stamped:
		return "ends outside its object's five minutes"
	}
	if r.status != "OK" {
		for _, f := range strings.Fields("srcaddr dstaddr srcport dstport protocol packets bytes action tcp-flags type pkt-srcaddr flow-direction") {
			if r.field(f) != "-" {
				return r.status + " with " + f
			}
		}
		return ""
	}
	for _, a := range []netip.Addr{r.src, r.dst, r.pktSrc, r.pktDst} {
		if r.outside(a) && !within(a, allowed) {
			return "a real address"
		}
		if a.As16()[15] == 2 && within(a, inside[r.capture]) && a.Is4() && a.As4()[2] == 0 || a.IsLinkLocalUnicast() {
			return "the Resolver, instance metadata or the time service, which flow logs never show"
		}
	}
	return oddTraffic(r)
}

func oddTraffic(r *flowRec) string {
	least := int64(40)
	if r.proto == 17 {
		least = 28
	}
	switch {
	case r.bytes < least*r.packets || r.bytes > 9001*r.packets:
		return "packets smaller than their headers, or larger than can be"
	case (r.outside(r.pktSrc) || r.outside(r.pktDst)) && r.bytes > 1500*r.packets:
		return "jumbo frames over the internet"
	case r.proto != 6 && r.flags != 0, r.flags&^(1|2|4|16) != 0, r.flags&16 != 0 && r.flags&2 == 0:
		return "flags that are not reported"
	case r.action == "REJECT" && r.proto == 6 && r.flags != 2:
		return "a refused packet that is not a SYN"
	case (r.path != "-") != (r.egress && r.action == "ACCEPT"):
		return "a traffic path for what does not leave, or none"
	case (r.field("type") == "IPv6") != r.src.Is6():
		return "the wrong type"
	case r.iface == NATInterface && r.egress && r.path == "1" && (r.src != NAT || r.pktSrc == NAT):
		return "an inner side of the NAT gateway without the far end in pkt-srcaddr"
	case r.iface != NATInterface && (r.src != r.pktSrc || r.dst != r.pktDst):
		return "translated, but not at the NAT gateway"
	}
	return ""
}

// TestBothDirectionsAreLogged: an accepted connection between two of our hosts shows at both, each way, unless records
// were lost; so does one with the outside at its one interface.
func TestBothDirectionsAreLogged(t *testing.T) {
	type key struct {
		iface, src, dst string
		minute          int64
	}
	e := readDemo(t)
	lost := map[string][]time.Time{}
	seen := map[key]bool{}
	name := func(a netip.Addr, port int) string { return fmt.Sprintf("%s %d", a, port) }
	for i := range e.flows {
		r := &e.flows[i]
		if r.status == "SKIPDATA" {
			lost[r.iface] = append(lost[r.iface], r.start)
		}
		if r.status == "OK" {
			seen[key{r.iface, name(r.pktSrc, r.srcPort), name(r.pktDst, r.dstPort), r.start.Unix() / 60}] = true
		}
	}
	near := func(r *flowRec) bool {
		for _, at := range lost[r.iface] {
			if d := r.start.Sub(at); d > -2*time.Minute && d < 2*time.Minute {
				return true
			}
		}
		return false
	}
	answered := 0
	for i := range e.flows {
		r := &e.flows[i]
		if r.status != "OK" || r.action != "ACCEPT" || r.opens() && r.flags&1 == 0 || near(r) {
			continue // an unfinished opening may have found nobody
		}
		back := false
		for _, minute := range []int64{-1, 0, 1} {
			back = back || seen[key{r.iface, name(r.pktDst, r.dstPort), name(r.pktSrc, r.srcPort), r.start.Unix()/60 + minute}]
		}
		if answered++; !back {
			t.Errorf("%s: no other direction: %v", r.file, r.values)
		}
	}
	if answered < 100_000 {
		t.Errorf("only %d records looked at", answered)
	}
}

// TestCallsFollowAnswers: whoever opens a connection to the outside was given its address by the Resolver within
// the answer's lifetime. The exceptions are the story's: 8.8.8.8 and the upload.
func TestCallsFollowAnswers(t *testing.T) {
	type key struct {
		capture      string
		client, addr netip.Addr
	}
	e := readDemo(t)
	answers := map[key][]time.Time{}
	for _, r := range e.dns {
		for _, a := range r.Answers {
			if addr, err := netip.ParseAddr(a.Rdata); err == nil {
				k := key{r.capture, r.Client, addr}
				answers[k] = append(answers[k], r.At)
			}
		}
	}
	calls, bare := 0, map[netip.Addr]int{}
	for i := range e.flows {
		r := &e.flows[i]
		if r.status != "OK" || !r.egress || r.instance == "-" || !r.outside(r.dst) || r.proto == 6 && !r.opens() || r.capture == "replay" && r.packets < 4 {
			continue // the last SYNs of a try may lie in a later window
		}
		calls++
		named := false
		for _, at := range answers[key{r.capture, r.src, r.dst}] {
			age := r.start.Sub(at)
			named = named || age >= -time.Second && age <= 10*time.Minute+40*time.Second
		}
		if !named {
			bare[r.dst]++
		}
	}
	if calls < 10_000 || len(bare) != 2 || bare[DropHost] != 6 || bare[OtherResolver] == 0 {
		t.Errorf("%d calls, without an answer: %v", calls, bare)
	}
	for k := range answers {
		if k.addr == DropHost {
			t.Error("a name leads to the address of the upload")
		}
	}
}

func TestResolverRecordsAreWhatAWSWrites(t *testing.T) {
	type question struct{ capture, client, name, qtype string }
	last := map[question]time.Time{}
	noID := map[string]int{}
	for _, r := range readDemo(t).dns {
		switch {
		case r.Version != "1.100000" || !strings.HasSuffix(r.Name, ".") || r.Name != strings.ToLower(r.Name) || len(r.Name) > 254:
			t.Errorf("%s: odd record %+v", r.file, r)
		case r.At.Truncate(5*time.Minute) != stamped(t, r.file):
			t.Errorf("%s: %s is not of this object", r.file, r.At)
		case r.Rcode != "NOERROR" && len(r.Answers) > 0:
			t.Errorf("%s: %s with answers", r.Name, r.Rcode)
		}
		for _, label := range strings.Split(strings.TrimSuffix(r.Name, "."), ".") {
			if label == "" || len(label) > 63 {
				t.Errorf("%s: a label of %d bytes", r.Name, len(label))
			}
		}
		if len(r.IDs) == 0 {
			noID[r.capture]++
		}
		q := question{r.capture, r.Client.String(), r.Name, r.Type}
		if at, ok := last[q]; ok && r.At.Sub(at) < 58*time.Second {
			t.Errorf("%s asked again by %s after %s: the Resolver answers that from its cache and logs nothing", r.Name, r.Client, r.At.Sub(at))
		}
		last[q] = r.At
	}
	if noID["incident"] == 0 || noID["replay"] == 0 || noID["incident"] > 30 || noID["replay"] > 30 {
		t.Errorf("records without an instance: %v", noID)
	}
}

func TestZoneRecordsAreWhatAWSWrites(t *testing.T) {
	events := map[string]bool{}
	for _, r := range readDemo(t).zone {
		if r.zone != ZoneID || registered(r.name) != Zone || strings.HasSuffix(r.name, ".") || !within(r.resolver, allowed) {
			t.Errorf("%s: odd record %+v", r.file, r)
		}
		exported := strings.Contains(r.file, "/exportedlogs/")
		if exported != r.at.Before(CleanTo) || exported && !strings.Contains(r.file, ZoneID+"-"+r.edge+"/") {
			t.Errorf("%s: %s at %s does not belong here", r.file, r.edge, r.at)
		}
		if r.event != "" && (events[r.event] || len(r.event) != 56) {
			t.Errorf("event %s: twice, or too short", r.event)
		}
		events[r.event] = true
	}
}

// TestRequestsCrossTheWire: what the load balancer says that it handed to the staging server came over a connection that both
// logged, and the staging server's own log has it, until the agent was stopped.
func TestRequestsCrossTheWire(t *testing.T) {
	e := readDemo(t)
	opened := map[string]int{} // by node and minute
	for i := range e.flows {
		if r := &e.flows[i]; r.iface == StagingInterface && r.dst == Staging && r.dstPort == 80 && r.opens() {
			opened[r.src.String()+r.start.Format(" 15:04")]++
		}
	}
	shipped := map[string]int{}
	for _, r := range e.lines {
		if r.log == "httpd" {
			shipped[requested(r.text)]++
		}
	}
	handed, missing := 0, 0
	for _, r := range e.lines {
		if r.log != "alb" || !strings.Contains(r.text, " "+Staging.String()+":80 ") {
			continue
		}
		handed++
		node := r.text[strings.LastIndexByte(r.text, ' ')+1:]
		inHole := !r.at.Before(SilenceFrom.Add(-time.Minute)) && r.at.Before(SilenceTo)
		if !inHole && opened[node+r.at.Format(" 15:04")]+opened[node+r.at.Add(-time.Minute).Format(" 15:04")] == 0 {
			t.Errorf("no connection: %s", r.text)
		}
		if shipped[requested(r.text)] == 0 {
			if missing++; r.at.Before(AgentStopped) {
				t.Errorf("the web server has no such line: %s", r.text)
			}
		}
	}
	if handed < 60 || missing < 20 {
		t.Errorf("%d requests, %d of them in the load balancer's log alone", handed, missing)
	}
}

// requested is a request line's path.
func requested(line string) string {
	_, rest, _ := strings.Cut(line, `"`)
	request, _, _ := strings.Cut(rest, `"`)
	_, uri, _ := strings.Cut(request, " ")
	return strings.TrimPrefix(uri, "https://"+PortalName+":443")
}
