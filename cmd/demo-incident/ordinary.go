package main

import (
	"math/rand/v2"
	"net/netip"
	"time"
)

// The ordinary life of the company: its customers, its office, its machines among themselves.

// busy is how much happens in an hour of the day (UTC), 10 meaning a visit a minute.
var busy = [24]int{4, 3, 3, 4, 6, 10, 16, 22, 25, 27, 25, 22, 23, 26, 27, 24, 20, 16, 12, 9, 7, 6, 5, 4}

// each minute of the capture, an actor gets a chance in proportion to the hour's business.
func (w *world) eachMinute(r *rand.Rand, chance func(hour int) int, do func(time.Time)) {
	for m := w.from; m.Before(w.to); m = m.Add(time.Minute) {
		for range chance(m.Hour()) {
			if r.IntN(10) == 0 {
				w.at(m.Add(between(r, 0, time.Minute)), do)
			}
		}
	}
}

// customers visit the portal: the load balancer's two nodes take the connection, a web server answers, some
// visits need an app server, and a few of those need a partner outside.
func (w *world) customers() {
	r := seeded("customers")
	balancers := []*iface{w.ifaces[0], w.ifaces[1]}
	webs := []*iface{w.host("10.53.10.11"), w.host("10.53.11.12")}
	w.eachMinute(r, func(hour int) int { return busy[hour] }, func(t time.Time) {
		n := r.IntN(2)
		b, d := balancers[n], between(r, 400*time.Millisecond, 50*time.Second)
		in := size(r, 4_000, 380_000)
		from, to := netip.AddrFrom4([4]byte{198, 18, byte(r.IntN(12)), byte(1 + r.IntN(240))}), b.addr
		if r.IntN(8) == 0 {
			v6 := netip.MustParseAddr("2001:db8:100::").As16()
			v6[7], v6[15] = byte(r.IntN(200)), byte(1+r.IntN(3))
			from, to = netip.AddrFrom16(v6), b.addr6
		}
		client, out := netip.AddrPortFrom(from, uint16(1024+r.IntN(64000))), size(r, 900, 7_000)
		w.carry(conn{proto: tcpProto, client: client, server: netip.AddrPortFrom(to, 443), turns: tcp(t, d, out, in+in/20)})
		web := webs[r.IntN(2)]
		w.web.visit(t, b, client, web.addr, out, in, d)
		w.talk(b, t.Add(30*time.Millisecond), web.addr, 80, d, size(r, 700, 5_000), in)
		if r.IntN(100) < 45 {
			w.appCall(r, web, t.Add(60*time.Millisecond))
		}
	})
}

// appCall is a web server asking an app server, by name.
func (w *world) appCall(r *rand.Rand, web *iface, t time.Time) {
	to := w.lookup(web, t, "app.kestrel.internal")
	w.talk(web, t, to, 8080, between(r, 50*time.Millisecond, 4*time.Second), size(r, 500, 4_000), size(r, 1_000, 60_000))
	app := w.byAddr[to]
	switch n := r.IntN(100); {
	case n < 6:
		w.partner(r, app, t, "api.customs-gateway.example", 443, 12_000, 40_000)
	case n < 9:
		w.partner(r, app, t, "pay.clearport.example", 443, 3_000, 6_000)
	case n < 15:
		w.partner(r, app, t, "tiles.mapgrid.example", 443, 1_500, 90_000)
	case n < 17:
		w.partner(r, app, t, "smtp.mailrelay.example", 587, 60_000, 1_500)
	}
}

func (w *world) partner(r *rand.Rand, app *iface, t time.Time, name string, port uint16, out, in int64) {
	t = t.Add(200 * time.Millisecond)
	w.talk(app, t, w.suffixed(app, t, name), port, between(r, 300*time.Millisecond, 6*time.Second), size(r, out/4, out), size(r, in/4, in))
}

// office staff reach the bastion and the staging server over the VPN.
func (w *world) office() {
	r := seeded("office")
	bastion, staging := w.host("10.53.0.30"), w.host("10.53.0.40")
	inside := []string{"10.53.10.11", "10.53.11.12", "10.53.10.21", "10.53.11.22", "10.53.20.31"}
	working := func(weight int) func(int) int {
		return func(hour int) int {
			if hour >= 6 && hour < 16 {
				return weight
			}
			return 0
		}
	}
	desk := func() netip.AddrPort {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 168, 50, byte(21 + r.IntN(8))}), uint16(49152+r.IntN(16000)))
	}
	sessions := r
	for m := w.from; m.Before(w.to); m = m.Add(time.Minute) {
		if m.Hour() < 6 || m.Hour() >= 16 || sessions.IntN(55) > 0 {
			continue
		}
		from, d := desk(), between(r, 4*time.Minute, 50*time.Minute)
		target := w.host(inside[r.IntN(len(inside))])
		w.at(m.Add(between(r, 0, time.Minute)), func(t time.Time) {
			w.reverse(bastion, t, from.Addr())
			w.carry(conn{
				proto:  tcpProto,
				client: from,
				server: netip.AddrPortFrom(bastion.addr, 22),
				turns:  tcp(t, d, size(r, 8_000, 60_000), size(r, 30_000, 900_000)),
			})
			w.reverse(target, t.Add(8*time.Second), bastion.addr)
			w.talk(bastion, t.Add(8*time.Second), target.addr, 22, d-20*time.Second, size(r, 8_000, 50_000), size(r, 20_000, 800_000))
		})
	}
	w.eachMinute(r, working(2), func(t time.Time) {
		w.carry(conn{proto: tcpProto, client: desk(), server: netip.AddrPortFrom(staging.addr, 443),
			turns: tcp(t, between(r, time.Second, 40*time.Second), size(r, 900, 9_000), size(r, 4_000, 500_000))})
	})
}

// inside are the machines among themselves: health checks, the database's connections, the shared files.
func (w *world) inside() {
	r := seeded("inside")
	for i, b := range w.ifaces[:2] {
		for j, web := range []*iface{w.host("10.53.10.11"), w.host("10.53.11.12")} {
			first := w.from.Add(time.Duration(13+31*i+57*j) * time.Second)
			w.every(first, w.to, func() time.Duration { return 2 * time.Minute }, func(t time.Time) {
				w.talk(b, t, web.addr, 80, 40*time.Millisecond, 180, 420)
			})
		}
	}
	db, replica, files := w.host("10.53.20.31"), w.host("10.53.20.32"), w.host("10.53.20.51")
	w.standing(r, replica, db, 5432, 30*time.Second, 200, 9_000)
	for _, a := range []string{"10.53.10.21", "10.53.11.22"} {
		app := w.host(a)
		w.standing(r, app, db, 5432, 70*time.Second, 6_000, 48_000)
		w.standing(r, app, files, 2049, 4*time.Minute, 30_000, 140_000)
		w.every(w.from.Add(between(r, 0, time.Minute)), w.to, func() time.Duration { return between(r, 4*time.Minute, 9*time.Minute) }, func(t time.Time) {
			w.lookup(app, t, "db.kestrel.internal") // the pool checks that the primary is still the primary
		})
	}
	for _, hours := range []int{9, 26, 34} { // the licence server is asked three times in two days
		w.at(w.from.Add(time.Duration(hours)*time.Hour+between(r, 0, 50*time.Minute)), func(t time.Time) {
			w.call(w.host("10.53.10.21"), t, "licence.kestrel.internal", 27000, time.Second, 900, 1_400)
		})
	}
	batch := w.host("10.53.30.42")
	w.every(batch.born.Add(50*time.Second), w.to, func() time.Duration { return between(r, 8*time.Minute, 45*time.Minute) }, func(t time.Time) {
		w.call(batch, t, "replica.kestrel.internal", 5432, between(r, time.Second, 90*time.Second), size(r, 3_000, 20_000), size(r, 100_000, 9_000_000))
	})
}

// standing is a connection that was open before the capture and stays open, busier by day.
func (w *world) standing(r *rand.Rand, from, to *iface, port uint16, pause time.Duration, out, in int64) {
	c := conn{proto: tcpProto, client: netip.AddrPortFrom(from.addr, from.port()), server: netip.AddrPortFrom(to.addr, port), midway: true, unfinished: true}
	for t := w.from.Add(between(r, 0, pause)); t.Before(w.to); t = t.Add(between(r, pause/2, pause*3/2)) {
		n := int64(busy[t.Hour()])
		c.turns = append(c.turns, exchange(t, size(r, out*n/60, out*n/20), size(r, in*n/60, in*n/20)))
	}
	w.carry(c)
}
