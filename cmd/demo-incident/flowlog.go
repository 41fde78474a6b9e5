package main

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"case53/cmd/case53/demo"
)

// The 29 fields of version 5, in the two orders that are met most: the documentation's and the console's.
var (
	documentedOrder = strings.Fields(`version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action
		log-status vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id sublocation-type sublocation-id
		pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path`)
	alphabeticalOrder = slices.Sorted(slices.Values(documentedOrder))
)

const (
	window   = 60  // seconds: what AWS aggregates on Nitro instances
	delivery = 300 // seconds: an object to S3
)

// lane is one direction of a conversation as one interface sees it.
type lane struct {
	src, dst       netip.AddrPort
	pktSrc, pktDst netip.Addr
	proto          uint8
	egress, reject bool
}

func (l lane) back() lane {
	l.src, l.dst, l.pktSrc, l.pktDst = l.dst, l.src, l.pktDst, l.pktSrc
	return l
}

// flowRow is one record: a lane in one aggregation window.
type flowRow struct {
	lane           lane
	status         string
	packets, bytes int64
	flags          uint8
	start, end     int64
}

// bucket is an interface's aggregation window.
type bucket struct {
	iface  *iface
	window int64
}

// flowLog is a flow log to S3.
type flowLog struct {
	w       *world
	id      string
	fields  []string
	deleted time.Time // when the flow log was deleted; zero where it never was
	rows    map[bucket][]*flowRow
	index   map[bucket]map[lane]*flowRow
	skipped map[bucket]bool // AWS lost records: a SKIPDATA row and only some of the flows
	absent  map[bucket]bool // no record at all, not even NODATA
}

func newFlowLog(w *world) *flowLog {
	return &flowLog{
		w: w, rows: map[bucket][]*flowRow{}, index: map[bucket]map[lane]*flowRow{},
		skipped: map[bucket]bool{}, absent: map[bucket]bool{},
	}
}

func (e *iface) windowOf(t time.Time) int64 { return (t.Unix() - e.phase) / window }

// opens is the first second of an aggregation window.
func (b bucket) opens() int64 { return b.window*window + b.iface.phase }

// add counts packets of a lane into the window they fall into.
func (f *flowLog) add(e *iface, at time.Time, l lane, what load, flags uint8) {
	if at.Before(e.born) || at.Before(f.w.from) || !at.Before(f.w.to) {
		return
	}
	b := bucket{e, e.windowOf(at)}
	r := f.index[b][l]
	if r == nil {
		r = &flowRow{lane: l, status: "OK", start: at.Unix()}
		if f.index[b] == nil {
			f.index[b] = map[lane]*flowRow{}
		}
		f.index[b][l] = r
		f.rows[b] = append(f.rows[b], r)
	}
	r.packets += what.packets
	r.bytes += what.bytes
	r.flags |= flags
	r.start, r.end = min(r.start, at.Unix()), max(r.end, at.Unix())
}

// lose marks an interface's windows from a time on as skipped by AWS.
func (f *flowLog) lose(e *iface, from time.Time, windows int) {
	for i := range windows {
		f.skipped[bucket{e, e.windowOf(from) + int64(i)}] = true
	}
}

// silence takes away every record of an interface that speaks about a moment in [from, to).
func (f *flowLog) silence(e *iface, from, to time.Time) {
	for n := e.windowOf(from); n <= e.windowOf(to.Add(-time.Second)); n++ {
		f.absent[bucket{e, n}] = true
	}
}

// settle gives the rows of a window as delivered: NODATA where nothing happened, SKIPDATA where records were lost.
func (f *flowLog) settle(b bucket) []*flowRow {
	rows := f.rows[b]
	whole := &flowRow{start: b.opens(), end: b.opens() + window - 2}
	switch {
	case f.absent[b] || !f.deleted.IsZero() && b.opens()+window > f.deleted.Unix(): // what is not yet delivered is lost
		return nil
	case f.skipped[b]:
		whole.status = "SKIPDATA"
		var kept []*flowRow
		for i, r := range rows {
			if i%5 > 2 {
				kept = append(kept, r)
			}
		}
		return append(kept, whole)
	case len(rows) == 0:
		whole.status = "NODATA"
		return []*flowRow{whole}
	}
	return rows
}

// members writes one object per five minutes, holding the records that end in them.
func (f *flowLog) members() []member {
	objects := make([]bytes.Buffer, int(f.w.to.Sub(f.w.from)/time.Second)/delivery)
	head := strings.Join(f.fields, " ") + "\n"
	for _, e := range f.w.ifaces {
		for b := (bucket{e, e.windowOf(e.born)}); b.opens() < f.w.to.Unix(); b.window++ {
			for _, r := range f.settle(b) {
				n := int(r.end-f.w.from.Unix()) / delivery
				if r.start < e.born.Unix() || n >= len(objects) {
					continue // of the window before the capture, or delivered after it
				}
				if objects[n].Len() == 0 {
					objects[n].WriteString(head)
				}
				f.line(&objects[n], e, r)
			}
		}
	}
	var m []member
	for n := range objects {
		if objects[n].Len() > 0 {
			at := f.w.from.Add(time.Duration(n*delivery) * time.Second)
			m = append(m, f.object(at, objects[n].Bytes()))
		}
	}
	return m
}

func (f *flowLog) object(at time.Time, text []byte) member {
	return member{fmt.Sprintf("AWSLogs/%s/vpcflowlogs/%s/%s/%s_vpcflowlogs_%s_%s_%sZ_%s.log.gz",
		f.w.account, demo.Region, at.Format("2006/01/02"), f.w.account, demo.Region, f.id, at.Format("20060102T1504"), hash8(text)), text}
}

func (f *flowLog) line(to *bytes.Buffer, e *iface, r *flowRow) {
	for i, name := range f.fields {
		if i > 0 {
			to.WriteByte(' ')
		}
		to.WriteString(f.value(name, e, r))
	}
	to.WriteByte('\n')
}

// value is a field's text. The fields that identify the interface are filled in every row, the others only where
// there was traffic.
func (f *flowLog) value(field string, e *iface, r *flowRow) string {
	switch field {
	case "version":
		return "5"
	case "account-id":
		return f.w.account
	case "interface-id":
		return e.id
	case "vpc-id":
		return f.w.vpc
	case "subnet-id":
		return e.subnet
	case "instance-id":
		return orDash(e.instance)
	case "region":
		return demo.Region
	case "az-id":
		return e.az
	case "start":
		return strconv.FormatInt(r.start, 10)
	case "end":
		return strconv.FormatInt(r.end, 10)
	case "log-status":
		return r.status
	}
	if r.status != "OK" {
		return "-"
	}
	return f.trafficValue(field, e, r)
}

func (f *flowLog) trafficValue(field string, e *iface, r *flowRow) string {
	switch l := r.lane; field {
	case "srcaddr":
		return l.src.Addr().String()
	case "dstaddr":
		return l.dst.Addr().String()
	case "srcport":
		return strconv.Itoa(int(l.src.Port()))
	case "dstport":
		return strconv.Itoa(int(l.dst.Port()))
	case "protocol":
		return strconv.Itoa(int(l.proto))
	case "packets":
		return strconv.FormatInt(r.packets, 10)
	case "bytes":
		return strconv.FormatInt(r.bytes, 10)
	case "action":
		if l.reject {
			return "REJECT"
		}
		return "ACCEPT"
	case "tcp-flags":
		return strconv.Itoa(int(r.flags))
	case "type":
		if l.src.Addr().Is6() {
			return "IPv6"
		}
		return "IPv4"
	case "pkt-srcaddr":
		return l.pktSrc.String()
	case "pkt-dstaddr":
		return l.pktDst.String()
	case "pkt-src-aws-service":
		return orDash(f.w.services[l.pktSrc])
	case "pkt-dst-aws-service":
		return orDash(f.w.services[l.pktDst])
	case "flow-direction":
		if l.egress {
			return "egress"
		}
		return "ingress"
	case "traffic-path":
		return f.path(e, l)
	}
	return "-" // sublocation-type, sublocation-id: none
}

// path is the traffic-path: how egress traffic leaves the interface.
func (f *flowLog) path(e *iface, l lane) string {
	peer := l.dst.Addr()
	switch {
	case !l.egress || l.reject:
		return "-"
	case f.w.ours(peer):
		return "1" // a resource in the same VPC
	case f.w.onPremises.IsValid() && f.w.onPremises.Contains(peer):
		return "3" // virtual private gateway
	case f.w.services[peer] == "S3" && !e.public:
		return "7" // gateway endpoint
	case f.w.throughNAT(e, peer):
		return "1"
	}
	return "8" // internet gateway
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
