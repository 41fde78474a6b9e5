package main

import (
	"math/rand/v2"
	"net/netip"
	"strings"
	"time"

	"case53/cmd/case53/demo"
)

// Words that somebody who guesses host names tries, each alone and with every ending.
var guessWords = strings.Fields(`www mail api app web vpn dev test stage staging prod admin portal intranet extranet remote gateway proxy db sql
	mysql postgres redis cache queue search elastic kibana grafana prometheus metrics monitor status health log logs syslog backup archive
	files file share ftp sftp upload download cdn static assets img media video docs wiki help support ticket desk jira git gitlab
	svn repo build ci jenkins deploy artifact registry docker k8s kube node master worker cluster lab demo beta alpha preview uat qa
	sandbox internal private secure auth login sso id ldap ad dc dns ns mx smtp imap pop relay webmail calendar crm erp sap hr payroll
	finance billing invoice pay shop store cart order track tracking freight cargo dock port customs fleet driver truck depot warehouse
	edi partner client customer b2b m mobile ios android chat voice sip pbx phone meet print scan cam door iot bi report data lake`)

var guessEndings = []string{"", "-old", "-dev", "2", "01", "-test", "-new", "-int", "-bak", "-eu"}

// What of it exists.
var guessable = map[string]bool{"www": true, "api": true, "mail": true, "portal": true, "track": true, "status": true, "staging": true, "vpn-old": true}

// recon is the guessing of names in the public zone, through a resolver that gives away the guesser's subnet.
func (w *world) recon() {
	r := seeded("recon")
	var guesses []string
	for _, ending := range guessEndings {
		for _, word := range guessWords {
			guesses = append(guesses, word+ending)
		}
	}
	pace := demo.ReconTo.Add(-10*time.Minute).Sub(demo.ReconFrom) / time.Duration(len(guesses))
	ask := func(t time.Time, name, qtype, rcode string) {
		w.zone.add(zoneRow{at: t, name: name, qtype: qtype, rcode: rcode, edge: "AMS54-C1", resolver: demo.ReconResolver, subnet: demo.ReconEDNS})
	}
	for i, label := range guesses {
		name, rcode := label+"."+demo.Zone, "NXDOMAIN"
		t := demo.ReconFrom.Add(time.Duration(i)*pace + between(r, 0, pace))
		if guessable[label] {
			rcode = "NOERROR"
			ask(t.Add(between(r, 20*time.Millisecond, 900*time.Millisecond)), name, "AAAA", rcode)
		}
		ask(t, name, "A", rcode)
	}
	last := demo.ReconTo.Add(-9 * time.Minute)
	for i, name := range []string{demo.Zone, demo.ForgottenName, demo.StagingName} {
		for j, qtype := range []string{"ANY", "TXT", "MX", "HTTPS"} {
			ask(last.Add(time.Duration(40*i+7*j)*time.Second+between(r, 0, 5*time.Second)), name, qtype, "NOERROR")
		}
	}
	for i := range 3 { // a zone transfer is asked of the name server itself: the resolver field is the intruder
		w.zone.add(zoneRow{
			at:       last.Add(time.Duration(150+9*i)*time.Second + between(r, 0, time.Second)),
			name:     demo.Zone,
			qtype:    "AXFR",
			rcode:    "REFUSED",
			overTCP:  true,
			edge:     "AMS54-C1",
			resolver: demo.Intruder,
		})
	}
}

// entry is the knocking at what recon found, the guessing at the staging server's SSH, and the session that stays.
func (w *world) entry() {
	w.scan()
	w.guess()
	r := seeded("entry")
	c := conn{
		proto:  tcpProto,
		client: from(r, demo.Intruder),
		server: netip.AddrPortFrom(demo.Staging, 22),
		turns:  tcp(demo.EntryAt, 10*time.Second, 3_200, 4_100),
	}
	c.turns = c.turns[:1]
	for t := demo.EntryAt.Add(3 * time.Second); t.Before(demo.EntryTo); t = t.Add(between(r, 4*time.Second, 50*time.Second)) {
		c.turns = append(c.turns, exchange(t, size(r, 60, 2_400), size(r, 200, 60_000)))
	}
	w.carry(c)
}

// from is a client's side of a connection: its address and a port.
func from(r *rand.Rand, a netip.Addr) netip.AddrPort {
	return netip.AddrPortFrom(a, uint16(32768+r.IntN(28232)))
}

// scan tries hundreds of ports of the staging server's public address, and some of the old VPN's.
func (w *world) scan() {
	r := seeded("scan")
	staging, forgotten := w.byAddr[demo.Staging], w.byAddr[demo.Forgotten]
	ports := []uint16{21, 22, 23, 25, 80, 110, 143, 443, 445, 1433, 2375, 3000, 3306, 3389, 5000, 5432, 5900, 6379, 8000, 8080, 8443, 9000, 9200, 27017}
	for p := uint16(1); len(ports) < 420; p += uint16(1 + r.IntN(23)) {
		if p+1024 != 5353 { // the story's other resolver is 8.8.8.8
			ports = append(ports, p+1024)
		}
	}
	r.Shuffle(len(ports), func(i, j int) { ports[i], ports[j] = ports[j], ports[i] })
	step := demo.ScanTo.Sub(demo.ScanFrom) / time.Duration(len(ports)+60)
	t := demo.ScanFrom
	try := func(e *iface, port uint16) {
		c := conn{proto: tcpProto, client: from(r, demo.Intruder), server: netip.AddrPortFrom(e.addr, port), turns: touch(t, false), verdict: refusedByServer}
		if w.open(e, port, t) {
			c.verdict, c.turns = closedPort, touch(t, true) // open ports are dropped after the handshake; it looks the same here
		}
		w.carry(c)
		t = t.Add(step)
	}
	for _, p := range ports {
		try(staging, p)
	}
	for _, p := range ports[:60] {
		try(forgotten, p)
	}
}

// guess is one password after the other: short sessions that all end alike.
func (w *world) guess() {
	r := seeded("guess")
	for t := demo.GuessFrom; t.Before(demo.EntryAt.Add(-20 * time.Second)); t = t.Add(between(r, 6*time.Second, 13*time.Second)) {
		w.at(t, func(t time.Time) { w.reverse(w.byAddr[demo.Staging], t, demo.Intruder) }) // its sshd looks callers up
		w.carry(conn{proto: tcpProto, client: from(r, demo.Intruder), server: netip.AddrPortFrom(demo.Staging, 22),
			turns: tcp(t, between(r, 2*time.Second, 5*time.Second), size(r, 1_500, 1_900), size(r, 1_700, 2_100))})
	}
}

func anyOf(r *rand.Rand, words string) string {
	all := strings.Fields(words)
	return all[r.IntN(len(all))]
}

func mixedCase(r *rand.Rand, name string) string {
	b := []byte(name)
	for i, c := range b {
		if c >= 'a' && c <= 'z' && r.IntN(2) == 0 {
			b[i] = c - 'a' + 'A'
		}
	}
	return string(b)
}
