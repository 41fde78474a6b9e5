package demo

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestStepsAreInTheFiles(t *testing.T) {
	e := readDemo(t)
	seen := map[string]bool{}
	for _, s := range Steps() {
		if seen[s.ID] || s.Title == "" || s.Text == "" {
			t.Errorf("%s: twice, or without title or text", s.ID)
		}
		seen[s.ID] = true
		rows, sum := e.count(&s)
		if rows != s.Rows || s.Bytes != 0 && sum != s.Bytes {
			t.Errorf("%s: %d rows, %d bytes; want %d rows, %d bytes", s.ID, rows, sum, s.Rows, s.Bytes)
		}
	}
}

// TestStepsNameTheHunts: every hunt whose name is fixed has a step that it must rank first.
func TestStepsNameTheHunts(t *testing.T) {
	want := strings.Fields("beacon dns-tunnel port-scan port-sweep unusual-upload no-dns-answer other-resolver zone-guessing sudden-silence called-out")
	for _, hunt := range want {
		n := 0
		for _, s := range Steps() {
			if s.Hunt == hunt {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%s: %d steps, want 1", hunt, n)
		}
	}
}

// count gives the records that a step is about.
func (e *evidence) count(s *Step) (rows int, sum int64) {
	in := func(at time.Time) bool { return !at.Before(s.From) && at.Before(s.To) }
	m := &s.Match
	switch s.Log {
	case "flow":
		for i := range e.flows {
			if r := &e.flows[i]; r.capture == s.Capture && in(r.start) && m.flow(r) {
				rows, sum = rows+1, sum+r.bytes
			}
		}
	case "dns":
		for i := range e.dns {
			if r := &e.dns[i]; r.capture == s.Capture && in(r.At) && m.dns(r) {
				rows++
			}
		}
	case "zone":
		for i := range e.zone {
			if r := &e.zone[i]; s.Capture == "incident" && in(r.at) && m.zone(r) {
				rows++
			}
		}
	default:
		for _, r := range e.lines {
			if r.capture == s.Capture && r.log == s.Log && in(r.at) && m.Text != "" && strings.Contains(r.text, m.Text) {
				rows++
			}
		}
	}
	return rows, sum
}

func (m *Match) flow(r *flowRec) bool {
	return is(m.Interface, r.iface) && is(m.Instance, r.instance) && at(m.Src, r.src) && at(m.Dst, r.dst) &&
		(m.DstPort == 0 || m.DstPort == r.dstPort) && is(m.Action, r.action) && is(m.Status, r.status)
}

func (m *Match) dns(r *dnsRec) bool {
	return is(m.Instance, r.IDs["instance"]) && at(m.Client, r.Client) && is(m.Name, strings.TrimSuffix(r.Name, ".")) &&
		is(m.Domain, registered(r.Name)) && is(m.Type, r.Type) && is(m.Rcode, r.Rcode) && is(m.Firewall, r.FirewallAction)
}

func (m *Match) zone(r *zoneRec) bool {
	return at(m.Resolver, r.resolver) && is(m.Subnet, r.subnet) && is(m.Name, strings.ToLower(r.name)) && is(m.Domain, registered(r.name)) &&
		is(m.Type, r.qtype) && is(m.Rcode, r.rcode)
}

func is(want, have string) bool     { return want == "" || want == have }
func at(want, have netip.Addr) bool { return !want.IsValid() || want == have }
