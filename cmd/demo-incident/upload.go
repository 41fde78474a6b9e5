package main

import (
	"net/netip"
	"time"

	"case53/cmd/case53/demo"
)

// upload is the night's work: six connections, one after the other, from the file server through the NAT gateway to
// an address that no name led to.
func (w *world) upload() {
	const parts = 6
	r := seeded("upload")
	each := demo.UploadTo.Sub(demo.UploadFrom) / parts
	for i := range int64(parts) {
		w.at(demo.UploadFrom.Add(each*time.Duration(i)), func(t time.Time) {
			files := w.byAddr[demo.Files]
			c := conn{proto: tcpProto, client: netip.AddrPortFrom(files.addr, files.port()), server: netip.AddrPortFrom(demo.DropHost, 443),
				turns: tcp(t, 20*time.Second, 900, 4_000)[:1]}
			left, end := share(demo.UploadBytes, i, parts)-c.turns[0].payload(), t.Add(each-7*time.Second)
			for t = t.Add(2 * time.Second); left > 0; t = t.Add(between(r, 4*time.Second, 7*time.Second)) {
				now := left
				if pauses := int64(end.Sub(t) / (5500 * time.Millisecond)); pauses > 0 {
					now = min(left, size(r, left/pauses/2, left/pauses*3/2+1))
				}
				c.turns = append(c.turns, exchange(t, now, now/20_000))
				left -= now
			}
			w.carry(c)
		})
	}
}

// losses are what the flow log does not have: windows that AWS skipped, and an hour of the staging server.
func (w *world) losses() {
	w.flows.lose(w.ifaces[0], demo.SkipBalancer, 3)
	w.flows.lose(w.byAddr[demo.Staging], demo.SkipStaging, 5)
	w.flows.lose(w.nat, demo.SkipNAT, 2)
	w.flows.silence(w.byAddr[demo.Staging], demo.SilenceFrom, demo.SilenceTo)
}
