package queries

import (
	"fmt"
	"strings"
)

// A day that begins as the ordinary one does and on which much is done that nobody should do: what is planted, and the hunts
// that must find it there.

// act is something planted.
type act struct {
	name, hunt string
	about      map[string]string // columns of the finding
	do         func(o *ordinary)
}

// upload sends so many bytes, in pieces, between two moments.
func (o *ordinary) upload(client string, servers []string, name string, from, to float64, pieces int, bytes int64) {
	for i := range pieces {
		at := from + (to-from)*float64(i)/float64(pieces)
		if name != "" {
			o.ask(client, name, "A", at-1, 60, "NOERROR", servers[i%len(servers)])
		}
		o.make(
			call{
				client:   client,
				server:   servers[i%len(servers)],
				port:     443,
				at:       at,
				seconds:  0.8 * (to - from) / float64(pieces),
				sent:     bytes / int64(pieces),
				received: bytes / int64(pieces) / 60,
			},
		)
	}
}

// servers are outside addresses of one owner.
func servers(name string, n int) (all []string) {
	for i := range n {
		all = append(all, address(name, i))
	}
	return all
}

// acts are all of them. Hours are written out as seconds: 3600 is one o'clock.
var acts = []act{
	{"a clock of five minutes", "beacon", map[string]string{"src": "10.20.8.11", "name": "cdn-assets.badclock.example"}, func(o *ordinary) {
		for at := 46800.0; at < daySeconds; at += 300 * (0.8 + 0.4*o.rng.Float64()) {
			o.ask("10.20.8.11", "cdn-assets.badclock.example", "A", at, 60, "NOERROR", address("badclock", 0))
			o.make(call{client: "10.20.8.11", server: address("badclock", 0), port: 443, at: at + 0.1, seconds: 1, sent: 600, received: 900})
		}
	}},
	{"upload in a burst", "unusual-upload", map[string]string{"src": "10.20.7.11"}, func(o *ordinary) {
		o.upload("10.20.7.11", servers("burst", 1), "", 7200, 8400, 4, 2_000_000_000)
	}},
	{"upload, one steady connection", "unusual-upload", map[string]string{"src": "10.20.8.12"}, func(o *ordinary) {
		o.upload("10.20.8.12", servers("steady", 1), "sync.steadyup.example", 30000, 66000, 1, 1_200_000_000)
	}},
	{"upload in sixty pieces", "unusual-upload", map[string]string{"src": "10.20.8.13"}, func(o *ordinary) {
		o.upload("10.20.8.13", servers("piece", 3), "store.piecewise.example", 30000, 60000, 60, 900_000_000)
	}},
	{"upload over eighty addresses", "unusual-upload", map[string]string{"src": "10.20.8.14"}, func(o *ordinary) {
		o.upload("10.20.8.14", servers("spread", 80), "", 30000, 80000, 80, 800_000_000)
	}},
	{"upload to a place in use", "unusual-upload", map[string]string{"src": "10.20.2.15", "name": "http-intake.logvendor.example"}, func(o *ordinary) {
		o.upload("10.20.2.15", servers("intake", 1), "http-intake.logvendor.example", 72000, 75000, 10, 1_000_000_000)
	}},
	{"upload at night, hour by hour", "unusual-upload", map[string]string{"src": "10.20.5.12"}, func(o *ordinary) {
		o.upload("10.20.5.12", servers("night", 2), "drop.nightly.example", 600, 21000, 200, 1_500_000_000)
	}},
	{"bare address", "no-dns-answer", map[string]string{"src": "10.20.7.11", "dst": address("burst", 0)}, nil},
	{"port scan inside, resets", "port-scan", map[string]string{"src": "10.20.1.12", "dst": "10.20.2.11"}, func(o *ordinary) {
		for i := range 300 {
			o.make(call{client: "10.20.1.12", server: "10.20.2.11", port: 1 + 7*i, at: 11000 + float64(i)/5, sent: 60, refused: true})
		}
	}},
	{"slow port scan from outside", "slow-scan", map[string]string{"src": address("slowscan", 0)}, func(o *ordinary) {
		for i := range 60 {
			o.make(
				call{client: address("slowscan", 0), server: "10.20.0.11", port: 1000 + 91*i, at: 1400 * float64(i), sent: 40, action: "REJECT", silent: true},
			)
		}
	}},
	{"slow sweep inside", "slow-scan", map[string]string{"src": "10.20.8.15"}, func(o *ordinary) {
		for i := range 50 {
			o.make(call{client: "10.20.8.15", server: fmt.Sprintf("10.20.%d.%d", 30+i%3, 10+i), port: 22, at: 1500 * float64(i), sent: 60, silent: true})
		}
	}},
	{"first sweep", "port-sweep", map[string]string{"src": "10.20.8.16", "dstport": "445", "from_time": "2026-11-02 03:00:00"}, sweepAt(10800)},
	{"second sweep", "port-sweep", map[string]string{"src": "10.20.8.16", "dstport": "445", "from_time": "2026-11-02 15:00:00"}, sweepAt(54000)},
	{"another resolver", "other-resolver", map[string]string{"src": "10.20.8.17", "dst": "8.8.8.8"}, func(o *ordinary) {
		for i := range 80 {
			o.make(call{client: "10.20.8.17", server: "8.8.8.8", port: 53, protocol: 17, at: 30000 + 60*float64(i), sent: 70, received: 160})
		}
	}},
	{
		"mining, a pool of the list",
		"mining-pools",
		map[string]string{"src": "10.20.5.11", "name": "pool.supportxmr.com"},
		mining("10.20.5.11", "pool.supportxmr.com"),
	},
	{
		"mining, a pool nobody listed",
		"mining-pools",
		map[string]string{"src": "10.20.5.10", "name": "xmr-eu.stratumhost.example"},
		mining("10.20.5.10", "xmr-eu.stratumhost.example"),
	},
	{"tunnel", "dns-tunnel", map[string]string{"client": "10.20.2.12", "registered_domain": "fasttun.example"}, func(o *ordinary) {
		for i := range 900 {
			o.ask("10.20.2.12", o.id(32)+o.id(28)+".t.fasttun.example", []string{"TXT", "CNAME", "A"}[i%3], 20000+2*float64(i), 1, "NOERROR")
		}
	}},
	{"tunnel of a few minutes", "dns-tunnel", map[string]string{"client": "10.20.2.13", "registered_domain": "shorttun.example"}, func(o *ordinary) {
		for i := range 60 {
			o.ask("10.20.2.13", o.id(32)+o.id(12)+".shorttun.example", "A", 20000+2*float64(i), 1, "NOERROR")
		}
	}},
	{"channel over several domains", "dns-many-domains", map[string]string{"client": "10.20.2.14"}, func(o *ordinary) {
		for i := range 120 {
			o.ask("10.20.2.14", fmt.Sprintf("%s.way%d.example", o.id(14), i%6), "A", 40000+7*float64(i), 1, "NOERROR", address("ways", i))
		}
	}},
	{"generated names", "dga-names", map[string]string{"client": "10.20.8.19"}, func(o *ordinary) {
		for i := range 170 {
			o.ask("10.20.8.19", letters(o, 14)+".example", "A", 50000+4*float64(i), 1, "NXDOMAIN")
		}
	}},
	{"names put together from words", "many-nonexistent", map[string]string{"client": "10.20.8.20"}, func(o *ordinary) {
		words := strings.Fields("house river winter paper garden silver kitchen summer forest window travel market orange yellow bridge")
		for i := range 170 {
			o.ask("10.20.8.20", words[o.rng.IntN(15)]+words[o.rng.IntN(15)]+fmt.Sprint(i%10)+".example", "A", 50000+9*float64(i), 1, "NXDOMAIN")
		}
	}},
	{"a name that is led inside", "name-pointing-inside", map[string]string{"client": "10.20.8.21", "name": "r1.rebind.example"}, func(o *ordinary) {
		o.ask("10.20.8.21", "r1.rebind.example", "A", 50000, 1, "NOERROR", address("rebind", 0))
		o.ask("10.20.8.21", "r1.rebind.example", "A", 50030, 1, "NOERROR", "10.20.3.10")
	}},
	{"metadata by a name", "name-pointing-inside", map[string]string{"client": "10.20.1.13", "name": "m.rebind.example"}, func(o *ordinary) {
		o.ask("10.20.1.13", "m.rebind.example", "A", 50000, 1, "NOERROR", "169.254.169.254")
	}},
	{"guessing by one resolver", "zone-guessing", map[string]string{"src": address("guessresolver", 0)}, func(o *ordinary) {
		for i := range 400 {
			o.asked(address("guessresolver", 0), "-", fmt.Sprintf("word%d.ordinary.example", i), "A", "NXDOMAIN", 60000+3*float64(i))
		}
	}},
	{
		"guessing over a hundred resolvers",
		"zone-guessing",
		map[string]string{"registered_domain": "ordinary.example", "from_time": "2026-11-02 05:00:"},
		func(o *ordinary) {
			for i := range 1000 {
				o.asked(address("spreadguess", i%100), "-", fmt.Sprintf("list%d.ordinary.example", i), "A", "NXDOMAIN", 18000+0.3*float64(i))
			}
		},
	},
	{
		"a new inside friend in the night",
		"new-inside-friends",
		map[string]string{"src": "10.20.8.22", "dst": "10.20.3.11", "dstport": "22"},
		friendAt("10.20.8.22", "10.20.3.11", 12600),
	},
	{
		"a new inside friend in the evening",
		"new-inside-friends",
		map[string]string{"src": "10.20.2.18", "dst": "10.20.3.12", "dstport": "22"},
		friendAt("10.20.2.18", "10.20.3.12", 75000),
	},
	{
		"a rare place in the first hours",
		"rare-outside-place",
		map[string]string{"src": "10.20.2.16", "registered_domain": "earlyc2.example"},
		rareFrom("10.20.2.16", "w.earlyc2.example", 9000),
	},
	{
		"a rare place in the evening",
		"rare-outside-place",
		map[string]string{"src": "10.20.2.17", "registered_domain": "latec2.example"},
		rareFrom("10.20.2.17", "w.latec2.example", 60000),
	},
	{"new names in the first hours", "new-names-since-t0", map[string]string{"client": "10.20.2.16", "registered_domain": "earlyc2.example"}, nil},
	{"new names in the evening", "new-names-since-t0", map[string]string{"client": "10.20.2.17", "registered_domain": "latec2.example"}, nil},
	{"an open door", "open-admin-doors", map[string]string{"dst": "10.20.0.12", "dstport": "22"}, func(o *ordinary) {
		for i := range 40 {
			o.make(
				call{client: address("stranger", i*40), server: "10.20.0.12", port: 22, at: 14000 + 1000*float64(i), seconds: 5, sent: 2400, received: 3200},
			)
		}
	}},
	{"a session that stayed", "long-connections", map[string]string{"src": address("intruder", 0), "dst": "10.20.0.12", "dstport": "22"}, func(o *ordinary) {
		o.make(call{client: address("intruder", 0), server: "10.20.0.12", port: 22, at: 15000, seconds: 9000, sent: 400_000, received: 8_000_000})
	}},
	{"two hours without a record", "sudden-silence", map[string]string{"interface_id": "eni-0000000000000a00a"}, nil},
}

func sweepAt(at float64) func(o *ordinary) {
	return func(o *ordinary) {
		for i := range 40 {
			o.make(call{client: "10.20.8.16", server: fmt.Sprintf("10.20.40.%d", 10+i), port: 445, at: at + 3*float64(i), sent: 60, silent: true})
		}
	}
}

func mining(client, name string) func(o *ordinary) {
	return func(o *ordinary) {
		o.ask(client, name, "A", 20000, 60, "NOERROR", address(name, 0))
		o.make(call{client: client, server: address(name, 0), port: 443, at: 20001, seconds: 30000, sent: 300_000, received: 500_000})
	}
}

func friendAt(client, server string, at float64) func(o *ordinary) {
	return func(o *ordinary) {
		o.make(call{client: client, server: server, port: 22, at: at, seconds: 400, sent: 90000, received: 400000})
	}
}

func rareFrom(client, name string, from float64) func(o *ordinary) {
	return func(o *ordinary) {
		for i := range 30 {
			at := from + 600*float64(i) + o.some(100)
			o.ask(client, name, "A", at, 60, "NOERROR", address(name, 0))
			o.make(
				call{
					client:   client,
					server:   address(name, 0),
					port:     443,
					at:       at + 1,
					seconds:  5,
					sent:     int64(o.some(400_000)),
					received: int64(o.some(900_000)),
				},
			)
		}
	}
}

func letters(o *ordinary, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = 'a' + byte(o.rng.IntN(26))
	}
	return string(b)
}

// badDay is the ordinary day with all that is planted.
func badDay() map[string][]byte {
	o := ordinaryWith(2, func(o *ordinary) {
		o.mute = map[string][2]float64{o.own["10.20.2.12"]: {48000, 55200}}
		for _, a := range acts {
			if a.do != nil {
				a.do(o)
			}
		}
	})
	return o.logs()
}
