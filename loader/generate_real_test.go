package loader_test

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
)

// What generate_test.go has is a record a connection, in one direction: at its dearest for whatever joins records, and not
// what networks say. The set here has the shape of a real default log: both directions, a record a minute and direction,
// pauses in which a connection ends for the log, connections of hours that go over midnight, a quarter of refused scans, calls
// between two interfaces that both record them, and calls through two NAT gateways, under their addresses after it.

// A slice of the day is an object; it begins at 18:00, so that midnight is in the middle of much.
const (
	slicesOfDay = 96
	sliceTime   = 86400 / slicesOfDay
	realStart   = 18 * 3600
)

// sight is how an interface sees a connection: who calls whom, under which port.
type sight struct {
	iface, client, server string
	port                  int // the client's
}

// conversation is a connection as the network had it: its windows, in seconds from genStart, and who saw it.
type conversation struct {
	sights         []sight
	port, protocol int
	windows        []int64
	refused        bool
}

// drawConversation begins a connection in a slice.
func (w *world) drawConversation(slice int) conversation {
	i := w.rnd.IntN(len(w.hosts))
	at := int64(realStart + slice*sliceTime + w.rnd.IntN(sliceTime))
	c := conversation{port: []int{443, 443, 443, 80, 22, 5432, 53}[w.rnd.IntN(7)], protocol: 6, windows: []int64{at}}
	client := 32768 + w.rnd.IntN(28000)
	switch kind := w.rnd.IntN(100); {
	case kind < 24: // a scan
		c.port, c.refused = 1+w.rnd.IntN(10000), true
		c.sights = []sight{{w.enis[i], outside(w.rnd), w.hosts[i], client}}
		return c
	case kind < 39: // between two hosts
		k := w.rnd.IntN(len(w.hosts))
		c.sights = []sight{{w.enis[i], w.hosts[i], w.hosts[k], client}, {w.enis[k], w.hosts[i], w.hosts[k], client}}
	case kind < 54: // through a gateway
		peer, gate := w.v4Peer(), w.rnd.IntN(2)
		iface, address := fmt.Sprintf("eni-%017x", 0xaa+gate), fmt.Sprintf("10.20.255.%d", 10+gate)
		c.sights = []sight{{w.enis[i], w.hosts[i], peer, client}, {iface, w.hosts[i], address, client}, {iface, address, peer, 1024 + w.rnd.IntN(64000)}}
	default:
		c.sights = []sight{{w.enis[i], w.hosts[i], w.peers[w.zipf.Uint64()], client}}
	}
	if c.port == 53 {
		c.protocol = 17
	}
	for range w.rnd.IntN(4) {
		at += 60
		if w.rnd.IntN(10) == 0 {
			at += 240 + int64(w.rnd.IntN(160))
		}
		c.windows = append(c.windows, at)
	}
	return c
}

func (w *world) v4Peer() string {
	for {
		if p := w.peers[w.zipf.Uint64()]; p[0] != '2' || p[1] != '0' || p[3] != '1' {
			return p
		}
	}
}

// longConversations are the 40 that last for hours, the same for every slice.
func longConversations() []conversation {
	w := newWorld(1 << 40)
	var all []conversation
	for len(all) < 40 {
		c := w.drawConversation(w.rnd.IntN(slicesOfDay / 2))
		if c.refused {
			continue
		}
		at := c.windows[0]
		for range 60 + w.rnd.IntN(600) {
			at += 60
			c.windows = append(c.windows, at)
		}
		all = append(all, c)
	}
	return all
}

// realLines gives about n lines for a slice: of the connections that began in it, in the one before, and of the long ones. What
// another seed gives are others, and none are long.
func realLines(seed uint64, slice, n int) []string {
	type line struct {
		at   int64
		text string
	}
	var lines []line
	from := int64(realStart + slice*sliceTime)
	put := func(c conversation) {
		for _, at := range c.windows {
			if at < from || at >= from+sliceTime {
				continue
			}
			for _, s := range c.sights {
				for _, text := range record(c, s, at) {
					lines = append(lines, line{at, text})
				}
			}
		}
	}
	for _, begun := range []int{slice - 1, slice} {
		if begun < 0 {
			continue
		}
		w := newWorld(seed + uint64(begun))
		for range n / 7 { // what a connection comes to on average
			put(w.drawConversation(begun))
		}
	}
	if seed == 0 {
		for _, c := range longConversations() {
			put(c)
		}
	}
	slices.SortStableFunc(lines, func(a, b line) int { return cmp.Compare(a.at, b.at) })
	var out []string
	for _, l := range lines {
		out = append(out, l.text)
	}
	return out
}

// record is what an interface wrote of a window of a connection: a line there and one back. Every interface counts the same.
func record(c conversation, s sight, at int64) []string {
	packets := int64(2 + (at*31+int64(c.port))%40)
	one := func(src, dst string, sport, dport int, bytes int64) string {
		b := append([]byte("2 123456789012 "), s.iface...)
		b = append(append(append(append(b, ' '), src...), ' '), dst...)
		for _, n := range []int64{int64(sport), int64(dport), int64(c.protocol), packets, bytes, genStart + at, genStart + at + 50} {
			b = strconv.AppendInt(append(b, ' '), n, 10)
		}
		if c.refused {
			return string(append(b, " REJECT OK\n"...))
		}
		return string(append(b, " ACCEPT OK\n"...))
	}
	there := one(s.client, s.server, s.port, c.port, packets*(60+at%700))
	if c.refused {
		return []string{there}
	}
	return []string{there, one(s.server, s.client, c.port, s.port, packets*(100+at%1100))}
}
