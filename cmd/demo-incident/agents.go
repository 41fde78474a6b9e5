package main

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"case53/cmd/case53/demo"
)

// restless is the pause of a program that polls for a while and then waits: as often as a clock, but not one.
func restless(r *rand.Rand, mean time.Duration) time.Duration {
	if r.IntN(100) < 45 {
		return between(r, mean/20, mean/3)
	}
	return between(r, mean, mean*5/2)
}

// agents report to AWS on clocks of their own. They are what a beacon hides among: less regular, each after a DNS
// answer of an AWS service, to addresses that the flow log knows as AMAZON.
func (w *world) agents() {
	for _, e := range w.ifaces {
		if e.instance == "" || e.addr == demo.Quiet {
			continue // managed by AWS; or too old to have an agent
		}
		r := seeded("agents of " + e.id)
		w.every(e.born.Add(between(r, 20*time.Second, 5*time.Minute)), w.to, func() time.Duration { return restless(r, 5*time.Minute) }, func(t time.Time) {
			w.call(e, t, "ssm.eu-central-1.amazonaws.com", 443, between(r, 200*time.Millisecond, 25*time.Second),
				size(r, 900, 1_000*(1+r.Int64N(9))), size(r, 3_500, 9_000))
		})
		if third := e.addr.As4()[2]; third == 0 || third == 30 {
			continue
		}
		w.every(e.born.Add(between(r, time.Minute, 10*time.Minute)), w.to, func() time.Duration { return restless(r, 10*time.Minute) }, func(t time.Time) {
			w.call(e, t, "monitoring.eu-central-1.amazonaws.com", 443, between(r, time.Second, 8*time.Second), size(r, 2_000, 24_000), size(r, 3_000, 5_000))
		})
		first := e.born.Add(between(r, time.Minute, 20*time.Minute))
		w.every(first, w.to, func() time.Duration { return between(r, 6*time.Minute, 40*time.Minute) }, func(t time.Time) {
			w.call(e, t, "logs.eu-central-1.amazonaws.com", 443, between(r, time.Second, 5*time.Second), size(r, 4_000, 190_000), size(r, 3_000, 5_000))
		})
	}
}

// housekeeping is what happens by timetable: backups, package updates, builds.
func (w *world) housekeeping() {
	w.backups()
	w.updates()
	w.builds()
}

// backups go to S3: changed files when enough have changed, the database's log whenever a piece of it is full, and
// both whole every night at the same time.
func (w *world) backups() {
	r := seeded("backups")
	files, db := w.host("10.53.20.51"), w.host("10.53.20.31")
	const hour = time.Hour
	w.every(w.from.Add(17*time.Minute), w.to, func() time.Duration { return between(r, hour/3, 2*hour) }, func(t time.Time) {
		w.call(files, t, demo.BackupName, 443, between(r, 50*time.Second, 3*time.Minute), size(r, 38_000_000, 116_000_000), 90_000)
	})
	w.every(w.from.Add(4*time.Minute), w.to, func() time.Duration { return restless(r, 14*time.Minute) }, func(t time.Time) {
		w.call(db, t, demo.BackupName, 443, between(r, 2*time.Second, 9*time.Second), size(r, 5_000_000, 16_000_000), 20_000)
	})
	w.every(w.from.Add(hour+5*time.Minute), w.to, func() time.Duration { return 24 * hour }, func(t time.Time) {
		w.call(db, t.Add(between(r, 0, 20*time.Second)), demo.BackupName, 443, between(r, 7*time.Minute, 9*time.Minute),
			size(r, 610_000_000, 640_000_000), 800_000)
		w.call(files, t.Add(6*time.Minute), demo.BackupName, 443, between(r, 8*time.Minute, 10*time.Minute), size(r, 690_000_000, 730_000_000), 900_000)
	})
}

// updates: every machine asks the package mirrors twice a day and the snap store now and then.
func (w *world) updates() {
	for _, e := range w.ifaces {
		if e.instance == "" || e.addr == demo.Quiet {
			continue
		}
		r := seeded("updates of " + e.id)
		first := e.born.Add(between(r, time.Minute, 10*time.Hour))
		w.every(first, w.to, func() time.Duration { return between(r, 9*time.Hour, 15*time.Hour) }, func(t time.Time) {
			for _, mirror := range []string{"eu-central-1.ec2.archive.ubuntu.com", "security.ubuntu.com"} {
				w.ask(e, t, "_http._tcp."+mirror, "SRV")
				w.call(e, t, mirror, 80, between(r, 2*time.Second, 12*time.Second), size(r, 1_500, 6_000), size(r, 200_000, 7_000_000))
				t = t.Add(between(r, 3*time.Second, 15*time.Second))
			}
			w.call(e, t, "motd.ubuntu.com", 443, time.Second, 900, 5_000)
		})
		first = e.born.Add(between(r, time.Minute, 6*time.Hour))
		w.every(first, w.to, func() time.Duration { return between(r, 4*time.Hour, 8*time.Hour) }, func(t time.Time) {
			w.call(e, t, "api.snapcraft.io", 443, between(r, time.Second, 4*time.Second), size(r, 2_000, 5_000), size(r, 8_000, 70_000))
		})
	}
}

// builds fetch packages, push an image, and put it on the staging server.
func (w *world) builds() {
	r := seeded("builds")
	build, staging := w.host("10.53.30.41"), w.host("10.53.0.40")
	for day := range 2 {
		for n := range 9 {
			start := w.from.Add(time.Duration(24*day+7+n)*time.Hour + between(r, 0, 55*time.Minute))
			w.at(start, func(t time.Time) {
				for range 6 + r.IntN(20) {
					w.call(build, t, "registry.npmjs.org", 443, between(r, time.Second, 14*time.Second), size(r, 1_500, 9_000), size(r, 60_000, 3_000_000))
					t = t.Add(between(r, time.Second, 12*time.Second))
				}
				w.call(build, t, "proxy.golang.org", 443, between(r, 4*time.Second, 20*time.Second), size(r, 4_000, 20_000), size(r, 900_000, 9_000_000))
				if n%4 == 1 { // some package's install script phones home; the firewall's test rule sees it
					w.call(build, t, "beacon.optin-metrics.example", 443, time.Second, 1_400, 4_000)
				}
				t = t.Add(3 * time.Minute)
				w.call(build, t, demo.IncidentAccount+".dkr.ecr.eu-central-1.amazonaws.com", 443,
					between(r, 30*time.Second, 70*time.Second), size(r, 24_000_000, 46_000_000), 60_000)
				if n%2 == 0 {
					t = t.Add(2 * time.Minute)
					to := w.lookup(build, t, demo.StagingName)
					w.reverse(staging, t, build.addr)
					w.talk(build, t, to, 22, between(r, 10*time.Second, 40*time.Second), size(r, 200_000, 900_000), size(r, 20_000, 80_000))
				}
			})
		}
	}
	bastion := w.host("10.53.0.30")
	w.every(w.from.Add(23*time.Minute), w.to, func() time.Duration { return between(r, 50*time.Minute, 70*time.Minute) }, func(t time.Time) {
		w.talk(bastion, t, w.lookup(bastion, t, demo.ForgottenName), 443, time.Second, 700, 2_500) // is the old VPN still needed? its page is up
	})
}

// Ports that the internet tries on every public address, most wanted first.
var wanted = []uint16{22, 23, 445, 443, 80, 3389, 8080, 22, 23, 6379, 5555, 8443, 2323, 5900, 1433, 3306, 81, 8728, 5060, 9200, 2375, 7547}

// backgroundNoise is the internet's: single SYNs from everywhere to every public address, refused but for what is open.
func (w *world) backgroundNoise() {
	r := seeded("noise")
	for _, e := range w.ifaces {
		if !e.public {
			continue
		}
		w.eachMinute(r, func(int) int { return 6 }, func(t time.Time) {
			from := netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 19, byte(r.IntN(12)), byte(1 + r.IntN(250))}), uint16(1024+r.IntN(64000)))
			if r.IntN(40) == 0 {
				w.carry(conn{proto: icmpProto, client: netip.AddrPortFrom(from.Addr(), 0), server: netip.AddrPortFrom(e.addr, 0),
					turns: []turn{{at: t, out: load{1, 84}}}, verdict: refusedByServer})
				return
			}
			c := conn{
				proto:   tcpProto,
				client:  from,
				server:  netip.AddrPortFrom(e.addr, wanted[r.IntN(len(wanted))]),
				turns:   touch(t, false),
				verdict: refusedByServer,
			}
			if w.open(e, c.server.Port(), t) {
				c.verdict, c.turns = accepted, tcp(t, between(r, 100*time.Millisecond, 3*time.Second), size(r, 200, 800), size(r, 900, 5_000))
				w.web.probe(t, e, c)
			}
			w.carry(c)
		})
	}
}

// open says whether a port of a public address is let in from the internet.
func (w *world) open(e *iface, port uint16, t time.Time) bool {
	switch {
	case e.addr == demo.Staging:
		return port == 443 || port == 80 || port == 8443 || port == 22 && t.After(demo.DoorOpened)
	case e.instance == "" && e != w.nat:
		return port == 443 || port == 80 // the load balancer
	}
	return false
}

// Names that the zone serves, how often each is asked for, and the types asked.
var served = []struct {
	name, kinds string
	weight      int
}{
	{"www", "A AAAA A HTTPS", 30}, {"", "A AAAA MX NS SOA TXT CAA DNSKEY", 12},
	{"api", "A AAAA", 16}, {"track", "A AAAA A", 22}, {"portal", "A AAAA HTTPS", 14},
	{"mail", "A AAAA", 4}, {"_dmarc", "TXT", 3}, {"selector1._domainkey", "TXT CNAME", 2}, {"autodiscover", "A CNAME", 2}, {"status", "A", 2},
}

// Names that the zone does not serve and that somebody still asks for.
var mistaken = []string{"wwww", "ftp", "webmail", "wpad", "ww", "tracking", "_sip._tls", "lyncdiscover", "cpanel", "m"}

var edges = []string{
	"FRA6", "FRA56-P2", "FRA60-C1", "MUC50-C1", "AMS1", "AMS54-C1", "CDG50", "LHR61-P4", "DUB56-P1", "WAW50", "MXP64",
	"ZRH50", "VIE50", "CPH50", "ARN54", "MAD51", "IAD79-C3", "ORD52", "SIN2", "NRT20",
}

// publicZone is the outside world asking for the company's names, through resolvers that each keep to an edge.
func (w *world) publicZone() {
	r := seeded("public zone")
	total := 0
	for _, s := range served {
		total += s.weight
	}
	w.eachMinute(r, func(hour int) int { return 5 + busy[hour]*2/3 }, func(t time.Time) {
		n := r.IntN(64)
		q := zoneRow{at: t, rcode: "NOERROR", edge: edges[n%len(edges)], resolver: netip.AddrFrom4([4]byte{192, 0, 2, byte(140 + n)})}
		switch {
		case n%7 == 3:
			q.resolver = netip.MustParseAddr(fmt.Sprintf("2001:db8:%x::53", 0x300+n))
		case n%9 == 4 || q.resolver == demo.ReconResolver:
			q.subnet = fmt.Sprintf("198.18.%d.0/24", r.IntN(4))
		}
		if r.IntN(100) < 4 {
			q.name, q.qtype, q.rcode = mistaken[r.IntN(len(mistaken))]+"."+demo.Zone, "A", "NXDOMAIN"
			w.zone.add(q)
			return
		}
		pick := r.IntN(total)
		i := 0
		for ; pick >= served[i].weight; i++ {
			pick -= served[i].weight
		}
		q.name, q.qtype = served[i].name+"."+demo.Zone, anyOf(r, served[i].kinds)
		if served[i].name == "" {
			q.name = demo.Zone
		}
		if n%11 == 6 {
			q.name = mixedCase(r, q.name) // some resolvers vary the case as a guard against forged answers
		}
		w.zone.add(q)
	})
	// The two names that matter are hardly ever asked for.
	for _, d := range []time.Duration{9*time.Hour + 12*time.Minute, 14*time.Hour + 47*time.Minute, 33 * time.Hour} {
		w.zone.add(zoneRow{
			at:       w.from.Add(d + between(r, 0, time.Minute)),
			name:     demo.StagingName,
			qtype:    "A",
			rcode:    "NOERROR",
			edge:     "FRA6",
			resolver: netip.MustParseAddr("192.0.2.180"),
		})
	}
	w.zone.add(zoneRow{
		at:       w.from.Add(11*time.Hour + between(r, 0, time.Hour)),
		name:     demo.ForgottenName,
		qtype:    "A",
		rcode:    "NOERROR",
		edge:     "MUC50-C1",
		resolver: netip.MustParseAddr("192.0.2.143"),
	})
}
