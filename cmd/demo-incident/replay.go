package main

import (
	"math/rand/v2"
	"net/netip"
	"time"

	"case53/cmd/case53/demo"
)

// replay is the staging server's snapshot, started in another account in a VPC of its own. Its security group lets
// nothing in or out; DNS still works, because no security group applies to the VPC's resolver.
func replay() *world {
	w := newWorld(demo.ReplayFrom, demo.ReplayTo, demo.ReplayAccount, demo.ReplayVPC, "10.99.0.0/16")
	w.boots = true
	w.flows.id, w.flows.fields = demo.ReplayFlowLog, alphabeticalOrder
	e := w.attach(demo.ReplayInterface, demo.ReplayInstance, demo.Replayed.String(), true)
	w.service("AMAZON", "ssm.eu-central-1.amazonaws.com", time.Minute, row(10, 4)...)
	w.service("AMAZON", "ec2messages.eu-central-1.amazonaws.com", time.Minute, row(14, 4)...)
	w.know("eu-central-1.ec2.archive.ubuntu.com", 10*time.Minute, append([]string{"eu-central-1.ec2.clouds.archive.ubuntu.com"}, row(50, 4)...)...)
	w.know("security.ubuntu.com", 10*time.Minute, append(row(54, 2), "2001:db8:200::54")...)
	w.know("api.snapcraft.io", 5*time.Minute, row(56, 2)...)
	w.know("motd.ubuntu.com", 5*time.Minute, row(58, 2)...)
	w.know("ntp.ubuntu.com", time.Hour, row(60, 2)...)
	w.knowIntruders()
	w.names[demo.CheckName].alert = false // no firewall rules here

	w.boot(e)
	w.wakes(e)
	w.flows.lose(e, demo.SkipReplay, 2)
	w.run()
	return w
}

// refused looks a name up and tries its address: a SYN and its repetitions, none of which leaves the interface.
func (w *world) refused(e *iface, t time.Time, name string, port uint16, times int) {
	to := w.lookup(e, t, name)
	w.carry(conn{proto: tcpProto, client: netip.AddrPortFrom(e.addr, e.port()), server: netip.AddrPortFrom(to, port),
		turns: knock(t.Add(100*time.Millisecond), times), verdict: refusedByClient})
}

// boot is what any Ubuntu instance of this image does, with or without an implant.
func (w *world) boot(e *iface) {
	r := seeded("replayed system")
	w.at(w.from.Add(19*time.Second), func(t time.Time) {
		w.ask(e, t, "ntp.ubuntu.com", "A") // asked for, never used: the time comes from 169.254.169.123
		w.ask(e, t, "ntp.ubuntu.com", "AAAA")
	})
	again := func(first, lo, hi time.Duration, try func(time.Time)) {
		w.every(w.from.Add(first), w.to, func() time.Duration { return between(r, lo, hi) }, try)
	}
	again(24*time.Second, 3*time.Minute, 12*time.Minute, func(t time.Time) { w.refused(e, t, "ssm.eu-central-1.amazonaws.com", 443, 4) })
	again(26*time.Second, 8*time.Minute, 35*time.Minute, func(t time.Time) { w.refused(e, t, "ec2messages.eu-central-1.amazonaws.com", 443, 4) })
	again(70*time.Second, 4*time.Hour, 8*time.Hour, func(t time.Time) { w.refused(e, t, "api.snapcraft.io", 443, 6) })
	again(3*time.Minute, 9*time.Hour, 15*time.Hour, func(t time.Time) { w.mirrors(r, e, t) })
	again(40*time.Second, 11*time.Hour, 13*time.Hour, func(t time.Time) { w.refused(e, t, "motd.ubuntu.com", 443, 5) })
}

func (w *world) mirrors(r *rand.Rand, e *iface, t time.Time) {
	for _, mirror := range []string{"eu-central-1.ec2.archive.ubuntu.com", "security.ubuntu.com"} {
		w.ask(e, t, "_http._tcp."+mirror, "SRV")
		for range 3 {
			w.refused(e, t, mirror, 80, 5)
			t = t.Add(between(r, 31*time.Second, 36*time.Second))
		}
	}
}

// wakes is the implant in the snapshot: the same start as in the incident, then the same clock. After every third
// failure it tries the other host.
func (w *world) wakes(e *iface) {
	r := seeded("replayed beacon")
	w.at(w.from.Add(95*time.Second), func(t time.Time) { w.refused(e, t, demo.CheckName, 443, 5) })
	tries := 0
	w.every(w.from.Add(2*time.Minute+6*time.Second), w.to, func() time.Duration { return beat(r) }, func(t time.Time) {
		w.refused(e, t, demo.BeaconName, 443, 5)
		if tries++; tries%3 == 0 {
			w.refused(e, t.Add(21*time.Second), demo.FallbackName, 443, 5)
		}
	})
}
