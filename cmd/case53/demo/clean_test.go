package demo

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

// The first day must give the hunts nothing to be alarmed about. These are slow and obvious forms of them, with the
// catalogue's thresholds.

func clean(at time.Time) bool { return at.Before(CleanTo) }

func TestCleanDayHasNoIntruder(t *testing.T) {
	e := readDemo(t)
	attackers := netip.MustParsePrefix(ReconEDNS)
	for i := range e.flows {
		if r := &e.flows[i]; clean(r.start) && r.status == "OK" && (attackers.Contains(r.pktSrc) || attackers.Contains(r.pktDst) || r.dstPort == 53) {
			t.Errorf("%s: %v", r.file, r.values)
		}
	}
	for _, r := range e.dns {
		if d := registered(r.Name); clean(r.At) && (d == BeaconDomain || d == TunnelDomain || d == registered(CheckName)) {
			t.Errorf("%s asked for %s", r.Client, r.Name)
		}
	}
}

func TestCleanDayHasNoScan(t *testing.T) {
	e := readDemo(t)
	type pair struct {
		src, dst netip.Addr
		hour     time.Time
	}
	type sweep struct {
		src     netip.Addr
		port    int
		minutes time.Time // ten of them
	}
	ports, hosts := map[pair]map[int]bool{}, map[sweep]map[netip.Addr]bool{}
	for i := range e.flows {
		r := &e.flows[i]
		if !clean(r.start) || r.status != "OK" || !r.opens() {
			continue
		}
		p, s := pair{r.src, r.dst, r.start.Truncate(time.Hour)}, sweep{r.src, r.dstPort, r.start.Truncate(10 * time.Minute)}
		if ports[p] == nil {
			ports[p] = map[int]bool{}
		}
		if hosts[s] == nil {
			hosts[s] = map[netip.Addr]bool{}
		}
		ports[p][r.dstPort] = true
		hosts[s][r.dst] = true
		if r.outside(r.src) && r.action == "ACCEPT" && r.dstPort != 443 && r.dstPort != 80 && r.dstPort != 8443 {
			t.Errorf("port %d is let in from the internet: %v", r.dstPort, r.values)
		}
	}
	for p, n := range ports {
		if len(n) >= 6 {
			t.Errorf("%s tries %d ports of %s", p.src, len(n), p.dst)
		}
	}
	for s, n := range hosts {
		if len(n) >= 22 {
			t.Errorf("%s tries port %d of %d hosts", s.src, s.port, len(n))
		}
	}
}

// TestCleanDayHasNoBeacon: what calls the outside regularly is AWS, and is marked as AWS.
func TestCleanDayHasNoBeacon(t *testing.T) {
	e := readDemo(t)
	type channel struct {
		iface    string
		src, dst netip.Addr
		port     int
	}
	at := map[channel][]time.Time{}
	for i := range e.flows {
		r := &e.flows[i]
		if clean(r.start) && r.status == "OK" && r.opens() && r.outside(r.src) != r.outside(r.dst) && r.field("pkt-dst-aws-service") == "-" {
			c := channel{r.iface, r.src, r.dst, r.dstPort}
			at[c] = append(at[c], r.start)
		}
	}
	for c, times := range at {
		if len(times) < 12 {
			continue
		}
		slices.SortFunc(times, time.Time.Compare)
		d := gaps(times)
		_, median, _ := quartiles(d)
		for i := range d {
			d[i] = max(d[i]-median, median-d[i])
		}
		if _, mad, _ := quartiles(d); mad < median/3 {
			t.Errorf("%v: %d calls, median %s, MAD %s", c, len(times), median, mad)
		}
	}
}

func TestCleanDayHasNoTunnel(t *testing.T) {
	type who struct {
		client netip.Addr
		domain string
	}
	names := map[who]map[string]bool{}
	for _, r := range readDemo(t).dns {
		if !clean(r.At) {
			continue
		}
		w := who{r.Client, registered(r.Name)}
		if names[w] == nil {
			names[w] = map[string]bool{}
		}
		names[w][r.Name] = true
		if r.FirewallAction != "" && registered(r.Name) != "optin-metrics.example" {
			t.Errorf("the firewall noticed %s", r.Name)
		}
	}
	for w, n := range names {
		if len(n) >= 30 {
			t.Errorf("%s asked for %d names of %s", w.client, len(n), w.domain)
		}
	}
}

func TestCleanDayHasNoGuessing(t *testing.T) {
	type who struct {
		resolver netip.Addr
		subnet   string
		hour     time.Time
	}
	failed := map[who]map[string]bool{}
	for _, r := range readDemo(t).zone {
		if clean(r.at) && r.rcode == "NXDOMAIN" {
			w := who{r.resolver, r.subnet, r.at.Truncate(time.Hour)}
			if failed[w] == nil {
				failed[w] = map[string]bool{}
			}
			failed[w][r.name] = true
		}
		if clean(r.at) && strings.Contains("AXFR IXFR ANY", r.qtype) && r.qtype != "A" {
			t.Errorf("%s %s", r.qtype, r.name)
		}
	}
	for w, n := range failed {
		if len(n) >= 10 {
			t.Errorf("%v: %d names that do not exist", w, len(n))
		}
	}
}

// TestOnlyOneSourceFallsSilent: over both days, no interface but the staging server's, and no log, has a gap of
// half an hour; the flow log is deleted shortly before the end.
func TestOnlyOneSourceFallsSilent(t *testing.T) {
	e := readDemo(t)
	last := map[string]time.Time{}
	gap := func(source string, at, end time.Time) {
		if from, ok := last[source]; ok && at.Sub(from) >= 30*time.Minute && source != StagingInterface {
			t.Errorf("%s: nothing from %s to %s", source, from, at)
		}
		if end.After(last[source]) {
			last[source] = end
		}
	}
	flows := slices.Clone(e.flows)
	slices.SortStableFunc(flows, func(a, b flowRec) int { return a.start.Compare(b.start) })
	for i := range flows {
		gap(flows[i].iface, flows[i].start, flows[i].end)
	}
	for _, r := range e.dns {
		gap("resolver of "+r.capture, r.At, r.At)
	}
	zone := slices.Clone(e.zone)
	slices.SortStableFunc(zone, func(a, b zoneRec) int { return a.at.Compare(b.at) })
	for _, r := range zone {
		gap("zone", r.at, r.at)
	}
	for source, at := range last {
		end := IncidentTo
		if strings.HasPrefix(source, "eni-") {
			end = FlowLogDeleted
		}
		if !strings.Contains(source, "replay") && source != ReplayInterface && end.Sub(at) > 15*time.Minute {
			t.Errorf("%s ends at %s", source, at)
		}
	}
}
