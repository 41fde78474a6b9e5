package main

import (
	"fmt"
	"net/netip"
	"time"

	"case53/cmd/case53/demo"
)

// record is what the DNS holds for a name. A name that nobody knows gives NXDOMAIN.
type record struct {
	cname []string // the chain before the addresses
	a     []netip.Addr
	aaaa  []netip.Addr
	ttl   time.Duration
	alert bool // a DNS Firewall rule in test watches it
	turns int  // answers given so far: their order rotates
}

type question struct{ name, qtype string }

type cached struct {
	until time.Time
	a     []netip.Addr
}

const negativeTTL = 60 * time.Second

// know adds a name. spec: addresses, and names of a CNAME chain that leads to them.
func (w *world) know(name string, ttl time.Duration, spec ...string) *record {
	r := &record{ttl: ttl}
	for _, s := range spec {
		if a, err := netip.ParseAddr(s); err != nil {
			r.cname = append(r.cname, s)
		} else if a.Is4() {
			r.a = append(r.a, a)
		} else {
			r.aaaa = append(r.aaaa, a)
		}
	}
	w.names[name] = r
	return r
}

// row is n addresses in 192.0.2.0/24 from the given one on.
func row(first, n int) []string {
	var a []string
	for i := range n {
		a = append(a, fmt.Sprintf("192.0.2.%d", first+i))
	}
	return a
}

// service adds a name of an AWS service; its addresses carry the service's name in the flow logs.
func (w *world) service(tag, name string, ttl time.Duration, spec ...string) {
	for _, a := range w.know(name, ttl, spec...).a {
		w.services[a] = tag
	}
}

// knowNames fills the DNS as the hosts of the incident see it: AWS, the operating system's servers, partners, and
// the company's own names, which inside the VPC lead to private addresses.
func (w *world) knowNames() {
	w.service("AMAZON", "ssm.eu-central-1.amazonaws.com", time.Minute, row(10, 4)...)
	w.service("AMAZON", "monitoring.eu-central-1.amazonaws.com", time.Minute, row(20, 4)...)
	w.service("AMAZON", "logs.eu-central-1.amazonaws.com", time.Minute, row(24, 4)...)
	w.service("AMAZON", demo.IncidentAccount+".dkr.ecr.eu-central-1.amazonaws.com", time.Minute, row(40, 3)...)
	w.service("S3", demo.BackupName, time.Minute, append([]string{"s3-r-w.eu-central-1.amazonaws.com"}, row(30, 8)...)...)

	w.know("eu-central-1.ec2.archive.ubuntu.com", 10*time.Minute, append([]string{"eu-central-1.ec2.clouds.archive.ubuntu.com"}, row(50, 4)...)...)
	w.know("security.ubuntu.com", 10*time.Minute, append(row(54, 2), "2001:db8:200::54")...)
	w.know("api.snapcraft.io", 5*time.Minute, row(56, 2)...)
	w.know("motd.ubuntu.com", 5*time.Minute, row(58, 2)...)

	w.know("registry.npmjs.org", 5*time.Minute, "198.51.100.150", "198.51.100.151", "2001:db8:200::150")
	w.know("proxy.golang.org", 5*time.Minute, "198.51.100.154", "2001:db8:200::154")
	w.know("api.customs-gateway.example", 2*time.Minute, "198.51.100.120")
	w.know("pay.clearport.example", time.Minute, "edge.clearport.example", "198.51.100.124", "198.51.100.125")
	w.know("tiles.mapgrid.example", time.Minute, "d2f8k1x0q7w3zt.cloudfront.net", "192.0.2.70", "192.0.2.71", "192.0.2.72", "192.0.2.73")
	for _, a := range w.names["tiles.mapgrid.example"].a {
		w.services[a] = "CLOUDFRONT"
	}
	w.know("smtp.mailrelay.example", 5*time.Minute, "198.51.100.130")
	w.know("beacon.optin-metrics.example", 5*time.Minute, "198.51.100.160").alert = true

	w.know("db.kestrel.internal", time.Minute, demo.Database.String())
	w.know("files.kestrel.internal", 5*time.Minute, demo.Files.String())
	w.know("app.kestrel.internal", time.Minute, "10.53.10.21", "10.53.11.22")
	w.know("licence.kestrel.internal", 5*time.Minute, demo.Quiet.String())
	w.know("replica.kestrel.internal", 5*time.Minute, "10.53.20.32")
	w.know(demo.StagingName, 5*time.Minute, demo.Staging.String())
	w.know(demo.ForgottenName, 5*time.Minute, demo.Forgotten.String())
	w.knowIntruders()
}

// knowIntruders fills in the names that the implant uses.
func (w *world) knowIntruders() {
	w.know(demo.BeaconName, time.Minute, demo.BeaconHost.String())
	w.know(demo.FallbackName, time.Minute, demo.FallbackHost.String())
	w.know(demo.CheckName, 5*time.Minute, demo.CheckHost.String()).alert = true
}

// ask sends one question to the VPC's resolver, unless the last answer is still alive. Only what is asked is logged.
func (w *world) ask(e *iface, t time.Time, name, qtype string) []netip.Addr {
	q := question{name, qtype}
	if c, ok := e.cache[q]; ok && t.Before(c.until) {
		return c.a
	}
	l := dnsRow{at: t, from: e, name: name, qtype: qtype, rcode: "NOERROR", port: e.port()}
	known := w.names[name]
	if known == nil {
		l.rcode = "NXDOMAIN"
		w.dns.add(l)
		e.cache[q] = cached{until: t.Add(negativeTTL)}
		return nil
	}
	found := known.answer(qtype)
	for _, c := range known.cname {
		l.answers = append(l.answers, answer{"CNAME", c + "."})
	}
	for _, a := range found {
		l.answers = append(l.answers, answer{qtype, a.String()})
	}
	l.alert = known.alert
	w.dns.add(l)
	ttl := known.ttl
	if len(found) == 0 {
		ttl = negativeTTL
	}
	e.cache[q] = cached{t.Add(ttl), found}
	return found
}

// answer gives the addresses of one family, each time beginning with another.
func (r *record) answer(qtype string) []netip.Addr {
	all := r.a
	switch qtype {
	case "AAAA":
		all = r.aaaa
	case "A":
		r.turns++
	default:
		return nil
	}
	var rotated []netip.Addr
	for i := range all {
		rotated = append(rotated, all[(i+r.turns)%len(all)])
	}
	return rotated
}

// lookup is what a program does before it connects: both families are asked, the IPv4 address is taken.
func (w *world) lookup(e *iface, t time.Time, name string) netip.Addr {
	found := w.ask(e, t, name, "A")
	w.ask(e, t, name, "AAAA")
	if len(found) == 0 {
		return netip.Addr{}
	}
	return found[0]
}

// suffixed is a lookup from a container, where the search list is tried first.
func (w *world) suffixed(e *iface, t time.Time, name string) netip.Addr {
	for _, suffix := range []string{".eu-central-1.compute.internal", ".kestrel.internal"} {
		w.ask(e, t, name+suffix, "A")
		w.ask(e, t, name+suffix, "AAAA")
	}
	return w.lookup(e, t, name)
}

// call looks a name up and talks to its address over TCP.
func (w *world) call(e *iface, t time.Time, name string, port uint16, d time.Duration, out, in int64) {
	w.talk(e, t, w.lookup(e, t, name), port, d, out, in)
}

// talk opens a TCP connection from an interface to an address.
func (w *world) talk(e *iface, t time.Time, to netip.Addr, port uint16, d time.Duration, out, in int64) {
	w.carry(conn{
		proto: tcpProto, client: netip.AddrPortFrom(e.addr, e.port()), server: netip.AddrPortFrom(to, port),
		turns: tcp(t.Add(100*time.Millisecond), d, out, in),
	})
}

// reverse asks who an address is, as sshd does.
func (w *world) reverse(e *iface, t time.Time, a netip.Addr) {
	b := a.As4()
	w.ask(e, t, fmt.Sprintf("%d.%d.%d.%d.in-addr.arpa", b[3], b[2], b[1], b[0]), "PTR")
}
