package main

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"case53/cmd/case53/demo"
)

// tunnel is data inside names, from the build server. First it tries an outside resolver over UDP, which the flow
// log sees because it is not Amazon's; then it goes through the VPC's own resolver, which only the query log sees.
func (w *world) tunnel() {
	r := seeded("tunnel")
	build := w.byAddr[demo.Build]
	bypass := func(t time.Time) { w.bypass(r, build, t) }
	w.every(demo.BypassFrom, demo.BypassTo, func() time.Duration { return between(r, 5*time.Second, 14*time.Second) }, bypass)
	w.every(demo.TunnelTo.Add(time.Hour), w.to, func() time.Duration { return between(r, 50*time.Minute, 100*time.Minute) }, bypass)

	sent := 0
	w.every(demo.TunnelFrom, demo.TunnelTo, func() time.Duration { return between(r, 400*time.Millisecond, 4600*time.Millisecond) }, func(t time.Time) {
		sent++
		w.dns.add(tunnelled(r, build, t, sent))
	})
}

// bypass asks 8.8.8.8 directly: one packet there, one back.
func (w *world) bypass(r *rand.Rand, e *iface, t time.Time) {
	w.carry(conn{proto: udpProto, client: netip.AddrPortFrom(e.addr, e.port()), server: netip.AddrPortFrom(demo.OtherResolver, 53),
		turns: []turn{{at: t, out: load{1, size(r, 150, 230)}, in: load{1, size(r, 180, 420)}}}})
}

const base32Lower = "abcdefghijklmnopqrstuvwxyz234567"

// tunnelled is one query of the tunnel: a counter and payload in two long labels, never the same name twice.
func tunnelled(r *rand.Rand, e *iface, t time.Time, n int) dnsRow {
	row := dnsRow{at: t, from: e, rcode: "NOERROR", port: e.port()}
	row.name = fmt.Sprintf("%04x%s.%s.%s", n, payload(r, 48+r.IntN(8)), payload(r, 40+r.IntN(20)), demo.TunnelParent)
	switch k := r.IntN(100); {
	case k < 46:
		row.qtype = "TXT"
		b := make([]byte, 36+r.IntN(40))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		row.overTCP = len(b) > 70 // what did not fit into a datagram is asked for again
		row.answers = []answer{{"TXT", `"` + base64.StdEncoding.EncodeToString(b) + `"`}}
	case k < 76:
		row.qtype = "NULL"
		row.answers = []answer{{"NULL", fmt.Sprintf(`\# 24 %016x%016x%016x`, r.Uint64(), r.Uint64(), r.Uint64())}}
	default:
		row.qtype = "CNAME"
		row.answers = []answer{{"CNAME", payload(r, 30+r.IntN(20)) + "." + demo.TunnelParent + "."}}
	}
	if r.IntN(90) == 0 {
		row.rcode, row.answers = "SERVFAIL", nil
	}
	return row
}

func payload(r *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = base32Lower[r.IntN(len(base32Lower))]
	}
	return string(b)
}
