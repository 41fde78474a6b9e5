package main

import (
	"math/rand/v2"
	"net/netip"
	"time"

	"case53/cmd/case53/demo"
)

// beat is the beacon's pause: its period, 8% more or less.
func beat(r *rand.Rand) time.Duration {
	slack := demo.BeaconEvery * 8 / 100
	return between(r, demo.BeaconEvery-slack, demo.BeaconEvery+slack+time.Second)
}

// beacon is the implant on the staging server: it finds out its public address, fetches its second half, and calls
// home on its clock, every time after asking for the name and from a new port.
func (w *world) beacon() {
	r := seeded("beacon")
	e := w.byAddr[demo.Staging]
	w.at(demo.EntryAt.Add(3*time.Minute), func(t time.Time) {
		w.call(e, t, demo.CheckName, 443, time.Second, 700, 3_900)
		w.call(e, t.Add(20*time.Second), demo.FallbackName, 443, 9*time.Second, 1_100, 2_900_000)
	})
	tasks := 0
	w.every(demo.BeaconFrom, w.to, func() time.Duration { return beat(r) }, func(t time.Time) {
		out, in := size(r, 1_080, 1_150), size(r, 3_700, 3_780)
		if tasks++; tasks%61 == 0 { // a task comes down, its result goes up
			out, in = out+size(r, 9_000, 30_000), in+size(r, 4_000, 9_000)
		}
		w.call(e, t, demo.BeaconName, 443, between(r, 700*time.Millisecond, 2*time.Second), out, in)
	})
	w.every(demo.BeaconFrom.Add(3*time.Hour), w.to, func() time.Duration { return between(r, 9*time.Hour, 11*time.Hour) }, func(t time.Time) {
		w.call(e, t, demo.FallbackName, 443, time.Second, 1_100, 3_700)
	})
}

// lateral is the walk inside: a sweep for SSH from the staging server, some knocking at the database, then the
// build server, and from there the file server.
func (w *world) lateral() {
	r := seeded("lateral")
	staging := w.byAddr[demo.Staging]
	t := demo.SweepFrom
	for _, net := range []byte{10, 11, 20, 30} {
		for last := byte(1); last < 65; last += 2 {
			w.sweepOne(staging, netip.AddrFrom4([4]byte{10, 53, net, last}), 22, t)
			t = t.Add(between(r, 3*time.Second, 6*time.Second))
		}
	}
	for _, a := range []string{"10.53.11.22", "10.53.11.12", "10.53.20.32", "10.53.30.42", demo.Quiet.String()} { // names in its known_hosts
		w.sweepOne(staging, netip.MustParseAddr(a), 22, t)
		t = t.Add(between(r, time.Second, 3*time.Second))
	}
	for i := range 3 {
		w.sweepOne(staging, demo.Database, 5432, demo.SweepTo.Add(time.Duration(90*i)*time.Second))
	}
	w.shell(r, staging, demo.Build, demo.LateralFrom, demo.LateralTo)
	w.shell(r, w.byAddr[demo.Build], demo.Files, demo.LateralFrom.Add(21*time.Minute), demo.LateralFrom.Add(46*time.Minute))
	w.shell(r, staging, demo.Build, demo.UploadFrom.Add(-14*time.Minute), demo.UploadTo.Add(6*time.Minute))
	w.shell(r, w.byAddr[demo.Build], demo.Files, demo.UploadFrom.Add(-9*time.Minute), demo.UploadTo.Add(4*time.Minute))
}

// sweepOne tries a port of an inside address. Only the build server lets SSH in from the whole VPC.
func (w *world) sweepOne(e *iface, a netip.Addr, port uint16, t time.Time) {
	c := conn{proto: tcpProto, client: netip.AddrPortFrom(e.addr, e.port()), server: netip.AddrPortFrom(a, port), turns: knock(t, 2), verdict: unanswered}
	switch {
	case a == demo.Build && port == 22:
		c.verdict, c.turns = accepted, tcp(t, 300*time.Millisecond, 60, 120)
	case w.byAddr[a] != nil:
		c.verdict = refusedByServer
	}
	w.carry(c)
}

// shell is an SSH session by hand.
func (w *world) shell(r *rand.Rand, e *iface, to netip.Addr, start, end time.Time) {
	w.at(start, func(t time.Time) {
		w.reverse(w.byAddr[to], t, e.addr)
		c := conn{
			proto:  tcpProto,
			client: netip.AddrPortFrom(e.addr, e.port()),
			server: netip.AddrPortFrom(to, 22),
			turns:  tcp(t, 2*time.Second, 3_000, 4_000)[:1],
		}
		for t = t.Add(4 * time.Second); t.Before(end); t = t.Add(between(r, 5*time.Second, 55*time.Second)) {
			c.turns = append(c.turns, exchange(t, size(r, 60, 3_000), size(r, 200, 40_000)))
		}
		w.carry(c)
	})
}
