package main

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"time"

	"case53/cmd/case53/demo"
)

// dnsRow is one query that the Resolver did not answer from its cache.
type dnsRow struct {
	at          time.Time
	from        *iface
	name, qtype string
	rcode       string
	answers     []answer
	port        uint16
	overTCP     bool
	alert       bool
}

type answer struct{ kind, rdata string }

// resolverLog is Resolver query logging to S3.
type resolverLog struct {
	w    *world
	rows []dnsRow
}

func (l *resolverLog) add(r dnsRow) {
	if !r.at.Before(l.w.from) && r.at.Before(l.w.to) {
		l.rows = append(l.rows, r)
	}
}

// newborn is how long the logs do not know which instance an address belongs to.
const newborn = 4 * time.Minute

// members writes one object of JSON lines per five minutes.
func (l *resolverLog) members() []member {
	slices.SortStableFunc(l.rows, func(a, b dnsRow) int { return a.at.Truncate(time.Second).Compare(b.at.Truncate(time.Second)) })
	var m []member
	for first := 0; first < len(l.rows); {
		slot := l.rows[first].at.Truncate(delivery * time.Second)
		var text bytes.Buffer
		next := first
		for ; next < len(l.rows) && l.rows[next].at.Truncate(delivery*time.Second).Equal(slot); next++ {
			l.line(&text, &l.rows[next])
		}
		m = append(m, l.object(slot, text.Bytes()))
		first = next
	}
	return m
}

func (l *resolverLog) object(at time.Time, text []byte) member {
	return member{fmt.Sprintf("AWSLogs/%s/vpcdnsquerylogs/%s/%s/%s_vpcdnsquerylogs_%s_%sZ_%s.log.gz",
		l.w.account, l.w.vpc, at.Format("2006/01/02"), l.w.vpc, l.w.account, at.Format("20060102T1504"), hash8(text)), text}
}

func (l *resolverLog) line(to *bytes.Buffer, r *dnsRow) {
	fmt.Fprintf(to, `{"version":"1.100000","account_id":"%s","region":"%s","vpc_id":"%s","query_timestamp":"%s","query_name":%s,`+
		`"query_type":"%s","query_class":"IN","rcode":"%s","answers":[`,
		l.w.account, demo.Region, l.w.vpc, r.at.Format("2006-01-02T15:04:05Z"), strconv.Quote(r.name+"."), r.qtype, r.rcode)
	for i, a := range r.answers {
		if i > 0 {
			to.WriteByte(',')
		}
		fmt.Fprintf(to, `{"Rdata":%s,"Type":"%s","Class":"IN"}`, strconv.Quote(a.rdata), a.kind)
	}
	transport, ids := "UDP", ""
	if r.overTCP {
		transport = "TCP"
	}
	if r.from.born.Equal(l.w.from) && !l.w.boots || r.at.Sub(r.from.born) > newborn {
		ids = `"instance":"` + r.from.instance + `"`
	}
	fmt.Fprintf(to, `],"srcaddr":"%s","srcport":"%d","transport":"%s","srcids":{%s}`, r.from.addr, r.port, transport, ids)
	if r.alert {
		fmt.Fprintf(to, `,"firewall_rule_action":"%s","firewall_rule_group_id":"rslvr-frg-53c0a1e97b2d4f68",`+
			`"firewall_domain_list_id":"rslvr-fdl-7e2b90d4a6c1f853"`, demo.FirewallAction)
	}
	to.WriteString("}\n")
}
