package main

import (
	"container/heap"
	"hash/fnv"
	"math/rand/v2"
	"net/netip"
	"time"

	"case53/cmd/case53/demo"
)

// world is one capture being played: a network, its names, a clock, and the logs it leaves.
type world struct {
	from, to     time.Time
	account, vpc string
	boots        bool // its hosts start with the capture; otherwise they were running before
	cidr, cidr6  netip.Prefix
	onPremises   netip.Prefix // behind the VPN
	ifaces       []*iface
	byAddr       map[netip.Addr]*iface
	nat          *iface
	services     map[netip.Addr]string // address → what pkt-…-aws-service says
	names        map[string]*record
	queue        queue
	flows        *flowLog
	dns          *resolverLog
	zone         *zoneLog
	web          *webTier
	trail        []call
}

// iface is a network interface and what is attached to it.
type iface struct {
	id, instance, subnet, az string
	addr, addr6              netip.Addr
	public                   bool // has a public address: the internet gateway, not the NAT gateway, takes its traffic
	born                     time.Time
	phase                    int64 // second of the minute at which its aggregation windows begin
	cache                    map[question]cached
	ports                    *rand.Rand
}

// as lets an act of an interface draw ports of its own, so that what its other acts draw stays as it was.
func (e *iface) as(ports *rand.Rand, act func()) {
	kept := e.ports
	e.ports = ports
	act()
	e.ports = kept
}

// port is a new ephemeral port.
func (e *iface) port() uint16 { return uint16(32768 + e.ports.IntN(28232)) }

// seeded gives an actor its own random source.
func seeded(actor string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(actor))
	return rand.New(rand.NewPCG(53, h.Sum64()))
}

// between draws a duration in [lo, hi).
func between(r *rand.Rand, lo, hi time.Duration) time.Duration {
	return lo + time.Duration(r.Int64N(int64(hi-lo)))
}

// size draws a number of bytes in [lo, hi).
func size(r *rand.Rand, lo, hi int64) int64 { return lo + r.Int64N(hi-lo) }

// Subnets and their availability zones. The third octet of an address says which.
var subnets = map[byte][2]string{
	0:  {"subnet-0a10c53e7f9b2d461", "euc1-az2"},
	1:  {"subnet-0b21d64f8a0c3e572", "euc1-az3"},
	10: {"subnet-0c32e75a9b1d4f683", "euc1-az2"},
	11: {"subnet-0d43f86bac2e5a794", "euc1-az3"},
	20: {"subnet-0e54a97cbd3f6b8a5", "euc1-az2"},
	30: {"subnet-0f65ba8dce4a7c9b6", "euc1-az2"},
	99: {"subnet-0a76cb9edf5b8dac7", "euc1-az1"}, // the replay's
}

func newWorld(from, to time.Time, account, vpc, cidr string) *world {
	w := &world{
		from: from, to: to, account: account, vpc: vpc,
		cidr:     netip.MustParsePrefix(cidr),
		byAddr:   map[netip.Addr]*iface{},
		services: map[netip.Addr]string{},
		names:    map[string]*record{},
	}
	w.flows, w.dns, w.zone, w.web = newFlowLog(w), &resolverLog{w: w}, &zoneLog{}, &webTier{}
	return w
}

// attach adds an interface. instance is "" where AWS manages it (load balancer, NAT gateway).
func (w *world) attach(id, instance, addr string, public bool) *iface {
	a := netip.MustParseAddr(addr)
	where := subnets[a.As4()[2]]
	e := &iface{
		id: id, instance: instance, subnet: where[0], az: where[1], addr: a, public: public, born: w.from,
		phase: int64(len(w.ifaces)*17) % 60,
		cache: map[question]cached{},
		ports: seeded("ports of " + id),
	}
	w.ifaces = append(w.ifaces, e)
	w.byAddr[a] = e
	return e
}

// dual gives an interface an IPv6 address as well.
func (w *world) dual(e *iface, addr string) {
	e.addr6 = netip.MustParseAddr(addr)
	w.byAddr[e.addr6] = e
}

func (w *world) host(addr string) *iface { return w.byAddr[netip.MustParseAddr(addr)] }

// ours says whether an address belongs to the VPC.
func (w *world) ours(a netip.Addr) bool {
	return w.cidr.Contains(a) || w.cidr6.IsValid() && w.cidr6.Contains(a)
}

// incidentWorld is the network of Kestrel Freight.
func incidentWorld() *world {
	w := newWorld(demo.IncidentFrom, demo.IncidentTo, demo.IncidentAccount, demo.IncidentVPC, "10.53.0.0/16")
	w.cidr6 = netip.MustParsePrefix("2001:db8:53:a00::/56")
	w.onPremises = netip.MustParsePrefix("192.168.50.0/24")
	w.flows.id, w.flows.fields, w.flows.deleted = demo.IncidentFlowLog, documentedOrder, demo.FlowLogDeleted

	w.dual(w.attach(demo.LoadBalancerInterface, "", "10.53.0.10", true), "2001:db8:53:a00::10")
	w.dual(w.attach("eni-0b8d305f9c2e71a46", "", "10.53.1.10", true), "2001:db8:53:a01::10")
	w.nat = w.attach(demo.NATInterface, "", demo.NAT.String(), true)
	w.attach("eni-05e1d7c3a9b8f0246", "i-09c4e7a1b5d3f2806", "10.53.0.30", true) // bastion
	w.attach(demo.StagingInterface, demo.StagingInstance, demo.Staging.String(), true)
	w.attach("eni-0d94b2e6f8a1c3705", "i-07e2b9d4a6c1f8503", demo.Forgotten.String(), true)
	w.attach("eni-01a2c4e6b8d0f3579", "i-01f3a5c7e9b2d4680", "10.53.10.11", false) // web
	w.attach("eni-02b3d5f7c9e1a4680", "i-02a4b6d8f0c3e5791", "10.53.11.12", false)
	w.attach("eni-04c5e7a9d1f3b6802", "i-03b5c7e9a1d4f6802", "10.53.10.21", false) // app
	w.attach("eni-06d7f9b1e3a5c8024", "i-05c6d8f0b2e5a7913", "10.53.11.22", false)
	w.attach("eni-07e8a0c2f4b6d9135", "i-06d7e9a1c3f6b8024", demo.Database.String(), false)
	w.attach("eni-09f0b2d4a6c8e1357", "i-08e9f1b3d5a7c0246", "10.53.20.32", false) // replica
	w.attach(demo.FilesInterface, demo.FilesInstance, demo.Files.String(), false)
	w.attach(demo.BuildInterface, demo.BuildInstance, demo.Build.String(), false)
	w.attach(demo.QuietInterface, demo.QuietInstance, demo.Quiet.String(), false)
	batch := w.attach("eni-0ab1c3d5e7f9a2468", "i-0bf1a3c5d7e9b0246", "10.53.30.42", false)
	batch.born = demo.IncidentFrom.Add(6*time.Hour + 31*time.Minute) // started in the morning of the first day

	w.knowNames()
	w.web = newWebTier(w)
	return w
}

// at plans something; actors that come back plan their next time themselves.
func (w *world) at(t time.Time, do func(time.Time)) {
	if t.Before(w.to) {
		heap.Push(&w.queue, event{t, len(w.queue.events) + w.queue.popped, do})
	}
}

// every plans an act from start on, again after each pause.
func (w *world) every(start, end time.Time, pause func() time.Duration, do func(time.Time)) {
	if !start.Before(end) {
		return
	}
	w.at(start, func(t time.Time) {
		do(t)
		w.every(t.Add(pause()), end, pause, do)
	})
}

// run plays everything planned, in the order of time.
func (w *world) run() {
	for len(w.queue.events) > 0 {
		e := heap.Pop(&w.queue).(event)
		e.do(e.at)
	}
}

type event struct {
	at  time.Time
	seq int
	do  func(time.Time)
}

// queue is a heap of events by time, then by the order of planning.
type queue struct {
	events []event
	popped int
}

func (q *queue) Len() int { return len(q.events) }
func (q *queue) Less(i, j int) bool {
	a, b := q.events[i], q.events[j]
	return a.at.Before(b.at) || a.at.Equal(b.at) && a.seq < b.seq
}
func (q *queue) Swap(i, j int) { q.events[i], q.events[j] = q.events[j], q.events[i] }
func (q *queue) Push(x any)    { q.events = append(q.events, x.(event)) }
func (q *queue) Pop() any {
	last := len(q.events) - 1
	e := q.events[last]
	q.events = q.events[:last]
	q.popped++
	return e
}

// members are the files of the capture, under its folder.
func (w *world) members(folder string) []member {
	var m []member
	m = append(m, w.flows.members()...)
	m = append(m, w.dns.members()...)
	m = append(m, w.zone.members()...)
	m = append(m, w.web.members()...)
	m = append(m, w.trailMembers()...)
	for i := range m {
		m[i].path = folder + "/" + m[i].path
	}
	return m
}
