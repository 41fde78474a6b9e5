package main

import (
	"net/netip"
	"time"
)

// verdict is what became of an attempt to talk.
type verdict uint8

const (
	accepted        verdict = iota
	closedPort              // let in, answered by RST
	refusedByServer         // the server's security group drops it
	refusedByClient         // the client's own security group does not let it out
	unanswered              // nobody has that address
)

const (
	tcpProto, udpProto, icmpProto = 6, 17, 1

	finFlag, synFlag, rstFlag, synAckFlag = 1, 2, 4, 18

	segment = 1448 // payload of a full packet: 1500 less IP and TCP headers with timestamps
	header  = 52
)

// conn is one conversation, as its two ends have it. The turns are in order of time.
type conn struct {
	proto          uint8
	client, server netip.AddrPort
	turns          []turn
	verdict        verdict
	midway         bool // it was open before the capture began: no SYN
	unfinished     bool // it does not end in sight: no FIN
}

// turn is what both sides send at about the same time.
type turn struct {
	at      time.Time
	out, in load // client → server, server → client
}

type load struct{ packets, bytes int64 }

// tcp lays a connection that carries out and in bytes of payload over the duration d.
func tcp(at time.Time, d time.Duration, out, in int64) []turn {
	n := 2 + int64(d/(15*time.Second))
	turns := make([]turn, n)
	for i := range n {
		t := exchange(at.Add(d*time.Duration(i)/time.Duration(n-1)), share(out, i, n), share(in, i, n))
		switch i {
		case 0: // SYN, ACK and SYN-ACK
			t.out.packets, t.out.bytes = t.out.packets+2, t.out.bytes+60+header
			t.in.packets, t.in.bytes = t.in.packets+1, t.in.bytes+60
		case n - 1: // FIN and its ACK
			t.out.packets, t.out.bytes = t.out.packets+2, t.out.bytes+2*header
			t.in.packets, t.in.bytes = t.in.packets+1, t.in.bytes+header
		}
		turns[i] = t
	}
	return turns
}

// payload is what the client sends in a connection's first turn, without the headers of its packets and of the SYN.
func (t turn) payload() int64 { return t.out.bytes - header*t.out.packets - (60 - header) }

// share is the part that turn i of n takes of a total.
func share(total, i, n int64) int64 { return total*(i+1)/n - total*i/n }

// exchange is payload both ways inside an open connection; every second full packet is acknowledged.
func exchange(at time.Time, out, in int64) turn {
	outPackets, inPackets := (out+segment-1)/segment, (in+segment-1)/segment
	outAll, inAll := max(1, outPackets+(inPackets+1)/2), max(1, inPackets+(outPackets+1)/2)
	return turn{at, load{outAll, out + header*outAll}, load{inAll, in + header*inAll}}
}

// knock is a SYN that nobody answers, repeated as TCP does: after 1, 3, 7 and 15 seconds.
func knock(at time.Time, times int) []turn {
	turns := make([]turn, times)
	wait := time.Duration(0)
	for i := range turns {
		turns[i] = turn{at: at.Add(wait), out: load{1, 60}}
		wait = 2*wait + time.Second
	}
	return turns
}

// touch is the single small SYN of a scanner, and the RST it gets from a port that is reachable but closed.
func touch(at time.Time, answered bool) []turn {
	t := turn{at: at, out: load{1, 44}}
	if answered {
		t.in = load{1, 40}
	}
	return []turn{t}
}

// flags are those that AWS reports for turn i; ACK and PSH alone are never reported.
func (c *conn) flags(i int) (out, in uint8) {
	if c.proto != tcpProto {
		return 0, 0
	}
	if i == 0 && !c.midway || c.verdict > closedPort {
		out, in = synFlag, synAckFlag
	}
	if c.verdict == closedPort {
		return out, rstFlag
	}
	if i == len(c.turns)-1 && !c.unfinished && c.verdict == accepted {
		out, in = out|finFlag, in|finFlag
	}
	return out, in
}

// carry takes a conversation over the network: every interface that it passes records its share.
func (w *world) carry(c conn) {
	client, server := w.byAddr[c.client.Addr()], w.byAddr[c.server.Addr()]
	out := lane{src: c.client, dst: c.server, pktSrc: c.client.Addr(), pktDst: c.server.Addr()}
	in := out.back()
	if client != nil {
		out, in := out, in
		out.egress = true
		out.reject = c.verdict == refusedByClient
		w.record(client, &c, out, in)
	}
	if c.verdict == refusedByClient || c.verdict == unanswered {
		return
	}
	if server != nil {
		out, in := out, in
		in.egress = true
		out.reject = c.verdict == refusedByServer
		w.record(server, &c, out, in)
		w.web.served(&c)
	}
	if client != nil && w.throughNAT(client, c.server.Addr()) {
		w.translate(&c, out)
	}
}

// throughNAT says whether an interface reaches an address by the NAT gateway. S3 has a gateway endpoint.
func (w *world) throughNAT(e *iface, peer netip.Addr) bool {
	return w.nat != nil && !e.public && !w.ours(peer) && !w.onPremises.Contains(peer) && w.services[peer] != "S3"
}

// translate records what the NAT gateway's interface sees: its inner side, where srcaddr or dstaddr is its own
// address and only the pkt- fields know the far end, and its outer side with a port of its own.
func (w *world) translate(c *conn, out lane) {
	nat := w.nat
	inner := out
	inner.dst = netip.AddrPortFrom(nat.addr, out.dst.Port())
	innerBack := inner.back()
	innerBack.egress = true
	w.record(nat, c, inner, innerBack)

	outer := out
	outer.src = netip.AddrPortFrom(nat.addr, 1024+uint16(nat.ports.IntN(64000)))
	outer.pktSrc = nat.addr
	outerBack := outer.back()
	outer.egress = true
	w.record(nat, c, outer, outerBack)
}

// record adds both directions of a conversation to an interface's flow log.
func (w *world) record(e *iface, c *conn, out, in lane) {
	out.proto, in.proto = c.proto, c.proto
	for i, t := range c.turns {
		outFlags, inFlags := c.flags(i)
		if t.out.packets > 0 {
			w.flows.add(e, t.at, out, t.out, outFlags)
		}
		if t.in.packets > 0 && c.verdict <= closedPort {
			w.flows.add(e, t.at, in, t.in, inFlags)
		}
	}
}
