package queries

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// An ordinary day: a VPC of fifty machines in which nobody does anything wrong, and much that looks as if. It is made, always
// the same, from what such networks are known to do; no hunt was fitted to it. What a hunt finds here at high or medium is
// a false finding, and its front matter says how many there are.

// ordinary is the day while it is made.
type ordinary struct {
	rng             *rand.Rand
	flow, dns, zone bytes.Buffer
	records         int
	until           float64         // seconds that the capture lasts
	known           map[string]bool // client, name, type and lifetime of an answer that a client has
	port            map[string]int
	own             map[string]string     // interface of each inside address
	mute            map[string][2]float64 // an interface without records between two moments
}

const daySeconds = 86400

// newOrdinary makes an empty day whose machines have these addresses.
func newOrdinary(seed uint64, own []string) *ordinary {
	o := &ordinary{rng: rand.New(rand.NewPCG(seed, 53)), known: map[string]bool{}, port: map[string]int{}, own: map[string]string{}, until: daySeconds}
	o.flow.WriteString("version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status " +
		"vpc-id instance-id tcp-flags pkt-src-aws-service pkt-dst-aws-service flow-direction\n")
	for i, a := range own {
		o.own[a] = fmt.Sprintf("eni-%017x", 0xa000+i)
	}
	return o
}

// call is one connection: who, where, and how much. Seconds are of the day.
type call struct {
	client, server  string
	port, protocol  int
	at, seconds     float64
	sent, received  int64
	service         string // AWS's, of the server
	action          string // ACCEPT where it is empty
	clientPort      int    // an ephemeral one where it is 0
	silent, refused bool   // nothing comes back; a reset comes back
}

// make writes the records of a call: one a minute for each direction, at the interface of each machine of ours.
func (o *ordinary) make(c call) {
	if c.protocol == 0 {
		c.protocol = 6
	}
	if c.action == "" {
		c.action = "ACCEPT"
	}
	if c.clientPort == 0 {
		o.port[c.client] = (o.port[c.client] + 1 + o.rng.IntN(7)) % 28000
		c.clientPort = 32768 + o.port[c.client]
	}
	windows := int(c.seconds/60) + 1
	for i := range windows {
		from := c.at + 60*float64(i)
		to := min(from+59, c.at+c.seconds)
		if from >= o.until {
			return
		}
		there, back := 0, 0
		if c.protocol == 6 {
			if i == 0 {
				there, back = 2, 18
			}
			if i == windows-1 {
				there, back = there|1, back|1
			}
			if c.refused {
				there, back = 2, 4
			}
		}
		for _, side := range []string{c.client, c.server} {
			if o.own[side] == "" {
				continue
			}
			o.line(side, c, true, from, to, c.sent/int64(windows), there)
			if !c.silent && c.action == "ACCEPT" {
				o.line(side, c, false, from, to, c.received/int64(windows), back)
			}
		}
	}
}

func (o *ordinary) line(side string, c call, there bool, from, to float64, size int64, flags int) {
	if hole := o.mute[o.own[side]]; to >= hole[0] && from < hole[1] {
		return
	}
	src, dst, srcPort, dstPort, ofSrc, ofDst := c.client, c.server, c.clientPort, c.port, "-", c.service
	way := map[bool]string{true: "egress", false: "ingress"}[(side == c.client) == there]
	if !there {
		src, dst, srcPort, dstPort, ofSrc, ofDst = dst, src, dstPort, srcPort, c.service, "-"
	}
	if c.refused && !there || c.silent {
		size = 40
	}
	packets := max(1, size/900)
	size = max(size, 40*packets)
	text := func(s string) string {
		if s == "" {
			return "-"
		}
		return s
	}
	start := firstDay.Unix()
	fmt.Fprintf(
		&o.flow,
		"5 111122223333 %s %s %s %d %d %d %d %d %d %d %s OK vpc-1 i-%s %d %s %s %s\n",
		o.own[side],
		src,
		dst,
		srcPort,
		dstPort,
		c.protocol,
		packets,
		size,
		start+int64(from),
		start+int64(max(from, to)),
		c.action,
		o.own[side][4:],
		flags,
		text(ofSrc),
		text(ofDst),
		way,
	)
	o.records++
}

// ask writes a query, unless the client still has the answer.
func (o *ordinary) ask(client, name, kind string, at float64, ttl int, rcode string, answers ...string) {
	key := fmt.Sprint(client, name, kind, int(at)/max(1, ttl)) // acts are not made in the order of time
	if o.known[key] || at >= o.until {
		return
	}
	o.known[key] = true
	question{
		at: firstDay.Add(time.Duration(at * float64(time.Second))), client: netip.MustParseAddr(client), port: 1024 + o.rng.IntN(60000), transport: "UDP",
		name: name, kind: kind, rcode: rcode, answers: answers,
	}.record(&o.dns)
	o.records++
}

// asked writes a query of a public hosted zone.
func (o *ordinary) asked(resolver, subnet, name, kind, rcode string, at float64) {
	if at < daySeconds {
		stamp := firstDay.Add(time.Duration(at) * time.Second).Format("2006-01-02T15:04:05Z")
		fmt.Fprintf(&o.zone, "1.0 %s Z0ORDINARY %s %s %s UDP FRA6 %s %s\n", stamp, name, kind, rcode, resolver, subnet)
		o.records++
	}
}

// some is a number from a long-tailed distribution around middle.
func (o *ordinary) some(middle float64) float64 { return middle * (0.2 + o.rng.ExpFloat64()) }

// awake is a moment of the day at which people work: hardly ever at night.
func (o *ordinary) awake() float64 {
	for {
		at := o.rng.Float64() * daySeconds
		hour := at / 3600
		if hour > 7 && hour < 19 || o.rng.Float64() < 0.06 {
			return at
		}
	}
}

// address is an outside one that belongs to a name, the same for the same name and number.
func address(name string, n int) string {
	h := uint32(2166136261)
	for _, b := range []byte(fmt.Sprint(name, n)) {
		h = (h ^ uint32(b)) * 16777619
	}
	first := 23 + h%70 // none of the private blocks
	return fmt.Sprintf("%d.%d.%d.%d", first, h>>8&255, h>>16&255, 1+h>>24%254)
}

// id is hexadecimal digits that mean nothing.
func (o *ordinary) id(n int) string {
	return strings.ToLower(fmt.Sprintf("%016X%016X", o.rng.Uint64(), o.rng.Uint64())[:n])
}

// dayHosts are the machines, by what they are for.
func dayHosts() map[string][]string {
	row := func(prefix string, first, n int) (all []string) {
		for i := range n {
			all = append(all, fmt.Sprintf("%s%d", prefix, first+i))
		}
		return all
	}
	return map[string][]string{
		"balancer": row("10.20.0.", 11, 2), "web": row("10.20.1.", 10, 6), "app": row("10.20.2.", 10, 10), "database": row("10.20.3.", 10, 3),
		"mail": row(
			"10.20.4.",
			10,
			1,
		), "build": row("10.20.5.", 10, 3), "monitor": row("10.20.6.", 10, 1), "files": row("10.20.7.", 10, 2), "desk": row("10.20.8.", 10, 20),
	}
}

// ordinaryWith is the day with more that is done on it.
func ordinaryWith(seed uint64, more func(o *ordinary)) *ordinary {
	groups := dayHosts()
	var all []string
	for _, g := range []string{"balancer", "web", "app", "database", "mail", "build", "monitor", "files", "desk"} {
		all = append(all, groups[g]...)
	}
	o := newOrdinary(seed, all)
	more(o)
	o.service(groups)
	o.agents(all, groups["monitor"][0])
	o.people(groups["desk"])
	o.lookups(groups)
	o.machines(groups)
	o.internet(all)
	o.zoneQueries()
	return o
}

// logs are the files of the day.
func (o *ordinary) logs() map[string][]byte {
	return map[string][]byte{"flow.log": o.flow.Bytes(), "resolver.json": o.dns.Bytes(), "zone.log": o.zone.Bytes()}
}

// ordinaryDay is the day's logs and how many records they have.
func ordinaryDay(seed uint64) (logs map[string][]byte, records int) {
	o := ordinaryWith(seed, func(*ordinary) {})
	return o.logs(), o.records
}

// TestOrdinaryDayIsTheSame: and large enough to speak of findings per million records.
func TestOrdinaryDayIsTheSame(t *testing.T) {
	logs, records := ordinaryDay(1)
	again, _ := ordinaryDay(1)
	for name, text := range logs {
		if !bytes.Equal(text, again[name]) {
			t.Errorf("%s is another the second time", name)
		}
	}
	if records < 400_000 || records > 900_000 {
		t.Errorf("%d records", records)
	}
}
