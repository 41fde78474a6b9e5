package demo

import (
	"math"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestEnoughAndNotTooMuch(t *testing.T) {
	e := readDemo(t)
	if n := len(e.flows) + len(e.dns) + len(e.zone); n < 200_000 || n > 300_000 {
		t.Errorf("%d records", n)
	}
	if len(e.flows) < 130_000 || len(e.dns) < 25_000 || len(e.zone) < 5_000 {
		t.Errorf("%d flows, %d queries, %d zone lines", len(e.flows), len(e.dns), len(e.zone))
	}
	if len(archive) > 6<<20 {
		t.Errorf("the archive has %d bytes", len(archive))
	}
}

// quartiles of durations.
func quartiles(d []time.Duration) (q1, q2, q3 time.Duration) {
	s := slices.Sorted(slices.Values(d))
	return s[len(s)/4], s[len(s)/2], s[len(s)*3/4]
}

func gaps(at []time.Time) []time.Duration {
	var d []time.Duration
	for i := 1; i < len(at); i++ {
		d = append(d, at[i].Sub(at[i-1]))
	}
	return d
}

// calls are the openings of connections from src to dst at an interface, in order.
func (e *evidence) calls(iface string, src, dst netip.Addr) []time.Time {
	var at []time.Time
	for i := range e.flows {
		if r := &e.flows[i]; r.iface == iface && r.src == src && r.dst == dst && r.opens() {
			at = append(at, r.start)
		}
	}
	slices.SortFunc(at, time.Time.Compare)
	return at
}

func TestBeaconKeepsItsClock(t *testing.T) {
	e := readDemo(t)
	for _, c := range []struct {
		iface string
		src   netip.Addr
		dst   netip.Addr
		least int
	}{{StagingInterface, Staging, BeaconHost, 220}, {ReplayInterface, Replayed, BeaconHost, 280}} {
		at := e.calls(c.iface, c.src, c.dst)
		if c.iface == ReplayInterface { // a try that lies in two windows is two records
			at = slices.CompactFunc(at, func(a, b time.Time) bool { return a.Sub(b).Abs() < time.Minute })
		}
		d := gaps(at)
		q1, q2, q3 := quartiles(d)
		if len(at) < c.least || q2 < 295*time.Second || q2 > 305*time.Second || q1 < 276*time.Second || q3 > 325*time.Second {
			t.Errorf("%s: %d calls, quartiles %s %s %s", c.src, len(at), q1, q2, q3)
		}
		if slices.Min(d) < 275*time.Second {
			t.Errorf("%s: called again after %s", c.src, slices.Min(d))
		}
	}
}

func TestTheHole(t *testing.T) {
	e := readDemo(t)
	others, asked := map[string]bool{}, 0
	for i := range e.flows {
		r := &e.flows[i]
		if r.end.Before(SilenceFrom) || !r.start.Before(SilenceTo) {
			continue
		}
		others[r.iface] = true
		if r.iface == StagingInterface {
			t.Errorf("%s: a record in the missing hour: %v", r.file, r.values)
		}
	}
	for _, r := range e.dns {
		if r.Client == Staging && strings.TrimSuffix(r.Name, ".") == BeaconName && r.Type == "A" && !r.At.Before(SilenceFrom) && r.At.Before(SilenceTo) {
			asked++
		}
	}
	if len(others) != 15 || asked < 11 {
		t.Errorf("%d other interfaces have records; the beacon's name was asked for %d times", len(others), asked)
	}
}

func TestTunnelIsOne(t *testing.T) {
	e := readDemo(t)
	names, kinds, length, n := map[string]bool{}, map[string]int{}, 0, 0
	counts := map[rune]int{}
	for _, r := range e.dns {
		if registered(r.Name) != TunnelDomain {
			continue
		}
		if r.Client != Build || !strings.HasSuffix(r.Name, "."+TunnelParent+".") {
			t.Fatalf("%s asked for %s", r.Client, r.Name)
		}
		sub := strings.TrimSuffix(r.Name, "."+TunnelParent+".")
		n, length = n+1, length+len(sub)
		names[sub] = true
		kinds[r.Type]++
		if l := strings.Index(sub, "."); l < 52 {
			t.Errorf("%s: first label of %d bytes", r.Name, l)
		}
		for _, c := range sub {
			counts[c]++
		}
	}
	bits, total := 0.0, float64(length)
	for _, c := range counts {
		p := float64(c) / total
		bits -= p * math.Log2(p)
	}
	if len(names) != n || n < 5000 || length/n < 95 || bits < 4.5 || kinds["A"] > 0 || kinds["TXT"]*100 < 40*n {
		t.Errorf("%d queries, %d names, mean length %d, %.2f bits a byte, types %v", n, len(names), length/n, bits, kinds)
	}
}

func TestUploadIsUnusual(t *testing.T) {
	e := readDemo(t)
	sums := map[netip.Addr]map[time.Time]int64{}
	var instance, gateway int64
	for i := range e.flows {
		r := &e.flows[i]
		if r.dst == DropHost && r.iface == NATInterface {
			gateway += r.bytes
		}
		if r.iface != FilesInterface || !r.egress || !r.outside(r.dst) {
			continue
		}
		if r.dst == DropHost {
			instance += r.bytes
		}
		if sums[r.dst] == nil {
			sums[r.dst] = map[time.Time]int64{}
		}
		sums[r.dst][r.start.Truncate(time.Hour)] += r.bytes
	}
	if overhead := instance - UploadBytes; overhead < UploadBytes/50 || overhead > UploadBytes/20 {
		t.Errorf("the upload has %d bytes", instance)
	}
	// Two of the gateway's windows were skipped; it saw nearly all of it.
	if gateway >= instance || gateway < instance*9/10 {
		t.Errorf("at the NAT gateway %d of %d bytes", gateway, instance)
	}
	for dst, hours := range sums {
		for hour, sum := range hours {
			if dst != DropHost && sum > UploadBytes/4 {
				t.Errorf("%d bytes to %s at %s", sum, dst, hour)
			}
		}
	}
}

func TestLosses(t *testing.T) {
	n := map[string]int{}
	for _, r := range readDemo(t).flows {
		if r.status == "SKIPDATA" {
			n[r.iface]++
		}
	}
	if len(n) != 4 || n[StagingInterface] != 5 || n[LoadBalancerInterface] != 3 || n[NATInterface] != 2 || n[ReplayInterface] != 2 {
		t.Errorf("skipped windows: %v", n)
	}
}

// TestReplayCallsButNothingLeaves is what the compare screen has to find.
func TestReplayCallsButNothingLeaves(t *testing.T) {
	e := readDemo(t)
	dsts := map[netip.Addr]int{}
	for i := range e.flows {
		r := &e.flows[i]
		if r.capture != "replay" || r.status != "OK" {
			continue
		}
		if r.action != "REJECT" || !r.egress || r.src != Replayed {
			t.Errorf("%s: not a refused attempt: %v", r.file, r.values)
		}
		dsts[r.dst]++
	}
	both := map[string]int{}
	for _, r := range e.dns {
		switch name := strings.TrimSuffix(r.Name, "."); name {
		case BeaconName, FallbackName, CheckName:
			if r.Client == Replayed {
				both[name] |= 2
			} else if r.Client == Staging {
				both[name] |= 1
			} else {
				t.Errorf("%s asked for %s", r.Client, name)
			}
		}
	}
	if both[BeaconName]&both[FallbackName]&both[CheckName] != 3 || dsts[BeaconHost] == 0 || dsts[FallbackHost] == 0 || dsts[CheckHost] == 0 {
		t.Errorf("names %v, addresses %v", both, dsts)
	}
}
