package across

import (
	"math"
	"math/bits"
)

// What is the same for every record of a connection, whichever way it went: the interface, the protocol, and both ends, the
// lower address first.
type ends struct {
	lo, hi         uint64 // keys
	loPort, hiPort uint16
	number         uint32 // of derived.flow_side
	protocol       uint16 // anyProtocol: none
}

const anyProtocol = 256

func (e *ends) hash() uint64 {
	h := e.lo*0x9e3779b97f4a7c15 ^ (e.hi*0xc2b2ae3d27d4eb4f + uint64(e.loPort)<<33 + uint64(e.hiPort)<<17)
	h ^= uint64(e.number)<<24 ^ uint64(e.protocol)<<8
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	return h ^ h>>29
}

// What records said of the two directions; up is from the lower address.
const (
	saidUp uint16 = 1 << iota
	saidDown
	packetsUp
	packetsDown
	bytesUp
	bytesDown
	synUp
	synDown
	ackUp
	ackDown
	flagged // any had tcp_flags
)

const never = math.MaxInt64

// joined is as many records of the same ends as follow one another without a pause: a connection. A record alone is one too.
type joined struct {
	ends
	start, end         int64 // µs
	firstUp, firstDown int64
	record             uint64
	sums               [4]uint64 // packets up and down, bytes up and down,
	over               [4]uint32 // and what is beyond 64 bits
	records, refused   uint32    // none: it has gone into another
	context            uint32
	earlier            int32 // the one before it of the same ends; -1: none
	said, tcpFlags     uint16
}

// take adds what another has: no order of doing so gives another result.
func (j *joined) take(o *joined) {
	j.start, j.end = min(j.start, o.start), max(j.end, o.end)
	j.firstUp, j.firstDown = min(j.firstUp, o.firstUp), min(j.firstDown, o.firstDown)
	j.record, j.context = min(j.record, o.record), min(j.context, o.context)
	for i := range j.sums {
		sum, carry := bits.Add64(j.sums[i], o.sums[i], 0)
		j.sums[i] = sum
		j.over[i] += o.over[i] + uint32(carry)
	}
	j.records += o.records
	j.refused += o.refused
	j.said |= o.said
	j.tcpFlags |= o.tcpFlags
}

// joiner joins records, in whatever order they come: a connection is a connected part of the spans [start, end+pause] of the
// same ends. Those of the same ends are a list, the latest first: as they are more than a pause apart, a record touches
// neighbours only, and records that come about in the order of time touch the first.
type joiner struct {
	slots  []int32    // open addressing: the latest of the ends, + 1
	blocks [][]joined // never moved
	n      int        // joined ones in blocks
	used   int        // slots that are taken
}

const blockSize = 1 << 13

func newJoiner() *joiner { return &joiner{slots: make([]int32, 1<<12)} }

// reset forgets everything, and keeps the memory.
func (j *joiner) reset() {
	clear(j.slots)
	j.n, j.used = 0, 0
}

func (j *joiner) at(i int32) *joined { return &j.blocks[i/blockSize][i%blockSize] }

// find gives the slot of the ends, or the free one where they belong.
func (j *joiner) find(e *ends) *int32 {
	mask := uint64(len(j.slots) - 1)
	for i := e.hash() & mask; ; i = (i + 1) & mask {
		if s := &j.slots[i]; *s == 0 || j.at(*s-1).ends == *e {
			return s
		}
	}
}

// grow doubles the slots.
func (j *joiner) grow() {
	old := j.slots
	j.slots = make([]int32, 2*len(old))
	for _, s := range old {
		if s != 0 {
			*j.find(&j.at(s - 1).ends) = s
		}
	}
}

// put keeps a copy.
func (j *joiner) put(o *joined, earlier int32) int32 {
	i := int32(j.n)
	if j.n == len(j.blocks)*blockSize {
		j.blocks = append(j.blocks, make([]joined, blockSize))
	}
	j.n++
	*j.at(i) = *o
	j.at(i).earlier = earlier
	return i
}

// add joins a record with what it touches.
func (j *joiner) add(o *joined, pause int64) {
	if j.used*4 > len(j.slots)*3 {
		j.grow()
	}
	slot := j.find(&o.ends)
	if *slot == 0 {
		*slot = j.put(o, -1) + 1
		j.used++
		return
	}
	later, at := int32(-1), *slot-1
	for at >= 0 && j.at(at).start > o.end+pause {
		later, at = at, j.at(at).earlier
	}
	if at < 0 || j.at(at).end+pause < o.start {
		i := j.put(o, at)
		if later < 0 {
			*slot = i + 1
		} else {
			j.at(later).earlier = i
		}
		return
	}
	into := j.at(at)
	into.take(o)
	for into.earlier >= 0 {
		e := j.at(into.earlier)
		if e.end+pause < into.start {
			return
		}
		into.take(e)
		into.earlier, e.records = e.earlier, 0
	}
}

// opened says which end is the client, by the first of these that applies (told_by): a SYN without ACK; the other side's
// SYN-ACK; what was refused and had no reply; a port that is no ephemeral one against one that is; the first record; the lower
// address.
func (j *joined) opened() (byLo bool, toldBy uint8) {
	said := func(bit uint16) bool { return j.said&bit != 0 }
	low, high := min(j.loPort, j.hiPort), max(j.loPort, j.hiPort)
	switch {
	case said(synUp) != said(synDown):
		return said(synUp), 1
	case said(ackUp) != said(ackDown):
		return said(ackDown), 2
	case j.refused == j.records && said(saidUp) != said(saidDown):
		return said(saidUp), 3
	case (j.protocol == 6 || j.protocol == 17) && low != high && (low < 1024 || low < 32768 && high >= 32768):
		return j.hiPort < j.loPort, 4
	case j.firstUp != j.firstDown:
		return j.firstUp < j.firstDown, 5
	}
	return true, 6
}
