package flow

import (
	"bytes"
	"slices"
	"strings"

	"case53/loader/logs/field"
)

// aliases are names that plainly mean a field, squashed (field.Squash), beside the field's own name however it is put
// together: src_addr and pktSrcAddr need no line here. Each was met in a public source.
var aliases = map[string]string{
	// Athena's documentation before 2021, and the tables that people made from it.
	"account": "account-id", "sourceaddress": "srcaddr", "destinationaddress": "dstaddr", "sourceport": "srcport", "destinationport": "dstport",
	"numpackets": "packets", "numbytes": "bytes",
	// CloudWatch Logs Insights' discovered fields, Tailpipe, and the same Athena tables.
	"starttime": "start", "endtime": "end",
	// Splunk's add-on for AWS and its common information model.
	"awsaccountid": "account-id", "srcip": "srcaddr", "destip": "dstaddr", "destport": "dstport", "protocolcode": "protocol",
	"vpcflowaction": "action",
	// What other collectors and notebooks call the ends of a flow.
	"dstip": "dstaddr", "sourceip": "srcaddr", "destinationip": "dstaddr", "destaddr": "dstaddr", "sourceaddr": "srcaddr",
	"destinationaddr": "dstaddr", "pktsrcip": "pkt-srcaddr", "pktdstip": "pkt-dstaddr", "packetsrcaddr": "pkt-srcaddr", "packetdstaddr": "pkt-dstaddr",
	"protocolnumber": "protocol", "networkinterfaceid": "interface-id", "eniid": "interface-id",
	// Microsoft Sentinel's table of VPC flow logs.
	"traffictype": "type",
	// Elastic's common schema, with dots between the words.
	"sourcebytes": "bytes", "sourcepackets": "packets", "networkbytes": "bytes", "networkpackets": "packets", "networkiananumber": "protocol",
	"eventstart": "start", "eventend": "end", "cloudaccountid": "account-id", "cloudinstanceid": "instance-id", "cloudregion": "region",
	// OCSF's, flattened.
	"srcendpointip": "srcaddr", "srcendpointport": "srcport", "dstendpointip": "dstaddr", "dstendpointport": "dstport", "trafficbytes": "bytes",
	"trafficpackets": "packets", "connectioninfoprotocolnum": "protocol", "cloudaccountuid": "account-id",
}

// better are aliases that hold what AWS logged where the field's own name holds a word for it: Splunk's add-on makes ACCEPT to
// "allowed" and 6 to "tcp", and keeps the original beside it.
var better = []string{"vpcflowaction", "protocolcode"}

// How well a name says which field it is.
type rank uint8

const (
	noName  rank = iota
	alias        // an alias, or the field's own name put together in another way
	ownName      // the field's own name, hyphens or underscores, whatever the case
	betterName
)

// squashedNames finds a field's name by what Squash makes of it.
var squashedNames = func() map[string]string {
	m := map[string]string{}
	for i := range flowFields {
		m[string(field.Squash(nil, []byte(flowFields[i].name)))] = flowFields[i].name
	}
	for squashed, name := range aliases {
		m[squashed] = name
	}
	return m
}()

// elastic stands before a field's own name in Elastic's records.
var elastic = []byte("awsvpcflow")

// lookUp finds a field by a name that a header or an object gives it.
func lookUp(token []byte) (*flowField, rank) {
	var buf [maxFlowName]byte
	if name, ok := fieldName(buf[:], token); ok {
		if f := flowByName[string(name)]; f != nil {
			return f, ownName
		}
	}
	if len(token) > maxFlowName {
		return nil, noName
	}
	squashed := bytes.TrimPrefix(field.Squash(buf[:0], token), elastic)
	name, ok := squashedNames[string(squashed)]
	switch {
	case !ok:
		return nil, noName
	case slices.Contains(better, string(squashed)):
		return flowByName[name], betterName
	}
	return flowByName[name], alias
}

// settle says for every name which field it stands for. Of several that mean one field the best does, of equals the first; the
// others stand for nothing, as do names that are nobody's. A field's own name that is there twice is the caller's error.
func settle(names [][]byte, fields []*flowField) []*flowField {
	fields = fields[:0]
	best := map[*flowField]rank{}
	for _, name := range names {
		f, how := lookUp(name)
		fields = append(fields, f)
		best[f] = max(best[f], how)
	}
	taken := map[*flowField]bool{}
	for i, name := range names {
		f, how := lookUp(name)
		if f != nil && (how < best[f] || taken[f] && how != ownName) {
			fields[i] = nil
		}
		taken[f] = taken[f] || how == best[f]
	}
	return fields
}

// onlyFlow are fields that no other record of traffic has: where names are only like AWS's, one of them must be there.
var onlyFlow = []string{"account-id", "interface-id", "log-status", "vpc-id", "subnet-id", "instance-id", "pkt-srcaddr", "pkt-dstaddr", "tgw-id"}

// foreign are names, squashed, that say that a record is of something else: a DNS query, an event in OCSF's own form.
var foreign = []string{"queryname", "querytimestamp", "classuid"}

// isForeign says whether a name is one of foreign.
func isForeign(token []byte) bool {
	var buf [maxFlowName]byte
	return len(token) <= maxFlowName && slices.Contains(foreign, string(field.Squash(buf[:0], token)))
}

// headerLine is a header taken apart.
type headerLine struct {
	names   []string     // AWS's, or as the header spells them where they stand for nothing
	fields  []*flowField // what they stand for
	spelled []string     // of names that stand for a field in another spelling how that is; "" of every other
	comma   bool
	known   bool // every name stands for a field
}

// isHeaderName says whether a token may be a name: letters, digits and what stands between words, a letter or @ first.
func isHeaderName(token []byte) bool {
	if len(token) == 0 || len(token) > maxFlowName || isDigit(token[0]) || !isAlnum(token[0]) && token[0] != '@' {
		return false
	}
	return only(token, func(c byte) bool { return isAlnum(c) || strings.IndexByte("_-.@ ", c) >= 0 })
}

// parseHeader reads a header line: names only, at least half of them (and two) AWS's. Names in another spelling count where
// there are four in all, one of them a field that no other record of traffic has. It allocates only for a header.
func parseHeader(rec []byte) (h headerLine, ok bool) {
	if len(rec) == 0 || !isAlnum(rec[0]) && rec[0] != '"' && rec[0] != '@' || isDigit(rec[0]) {
		return h, false
	}
	h.comma = bytes.IndexByte(rec, ',') >= 0
	if !h.comma { // most lines end here, at the first token that is no name
		for rest := rec; ; {
			token, more, any := cutToken(rest)
			if !any {
				break
			}
			if !isHeaderName(token) {
				return h, false
			}
			rest = more
		}
	}
	tokens, ok := splitTokens(nil, rec, h.comma)
	if !ok {
		return h, false
	}
	own, alike, only := 0, 0, false
	for _, token := range tokens {
		if !isHeaderName(token) || isForeign(token) {
			return h, false
		}
		f, how := lookUp(token)
		switch {
		case how == ownName:
			own++
		case f != nil:
			alike++
		}
		only = only || f != nil && slices.Contains(onlyFlow, f.name)
	}
	total := len(tokens)
	plain := 2*own >= total && own >= min(2, total) && total > 0
	if !plain && !(only && 2*(own+alike) >= total && own+alike >= 4) {
		return h, false
	}
	h.known = own+alike == total
	h.fields = settle(tokens, nil)
	for i, token := range tokens {
		name, spelled := string(token), ""
		if f := h.fields[i]; f != nil {
			if _, how := lookUp(token); how != ownName {
				spelled = name
			}
			name = f.name
		}
		h.names, h.spelled = append(h.names, name), append(h.spelled, spelled)
	}
	return h, true
}

// twice gives a name that the header has twice; "" for none.
func (h *headerLine) twice() string {
	for i, name := range h.names {
		for k := range i {
			if h.names[k] == name && (h.fields[k] == nil) == (h.fields[i] == nil) {
				return name
			}
		}
	}
	return ""
}

// ownColumns are the view's columns that are no fields.
var ownColumns = field.OwnColumns(schema, "flow", func(column string) bool { return flowByName[strings.ReplaceAll(column, "_", "-")] != nil })

// isExport says whether a header is that of our own export.
func (h *headerLine) isExport() bool {
	var names [][]byte
	for _, name := range h.names {
		names = append(names, []byte(name))
	}
	return h.comma && field.IsExport(names)
}
