package export

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// indicator is an address, a block of them, or a name, which stands for what is under it too, that somebody says to be one of an intrusion.
// case53 never says so itself.
type indicator struct {
	text     string
	block    netip.Prefix // not valid: it is a name
	name     string
	records  int64
	first    time.Time // when it was seen
	last     time.Time
	asTarget bool // it was seen as something else than the source of traffic
}

// indicators are a list of them.
type indicators struct {
	all       []*indicator
	addresses map[netip.Addr]*indicator
	blocks    []*indicator                  // of more than one address
	subnets   map[netip.Prefix][]*indicator // that overlap one: few subnets are asked for again and again
	names     map[string]*indicator
}

// newIndicators reads entries of a list, each once.
func newIndicators(entries []string) (*indicators, error) {
	l := &indicators{addresses: map[netip.Addr]*indicator{}, names: map[string]*indicator{},
		subnets: map[netip.Prefix][]*indicator{}}
	for _, text := range entries {
		one := &indicator{text: text}
		var err error
		if one.block, err = netip.ParsePrefix(text); err != nil {
			if a, err := netip.ParseAddr(text); err == nil {
				one.block = netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen())
			}
		}
		switch {
		case one.block.IsValid() && one.block.IsSingleIP():
			a := one.block.Addr().Unmap()
			one.text = a.String()
			if l.addresses[a] != nil {
				continue
			}
			l.addresses[a] = one
		case one.block.IsValid():
			one.block = one.block.Masked()
			one.text = one.block.String()
			if slices.ContainsFunc(l.blocks, func(b *indicator) bool { return b.block == one.block }) {
				continue
			}
			l.blocks = append(l.blocks, one)
		default:
			one.name = strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(text, "*."), "."))
			if one.name == "" {
				return nil, fmt.Errorf("%q is no address, block or name", text)
			}
			one.text = one.name
			if l.names[one.name] != nil {
				continue
			}
			l.names[one.name] = one
		}
		l.all = append(l.all, one)
	}
	return l, nil
}

// sighted is an indicator that a record shows. Through is what it may be rather than is: the subnet of a client.
type sighted struct {
	*indicator
	through string
}

// shown are the indicators that a record shows, each once; they are told that they were seen.
func (l *indicators) shown(o *observation) (found []sighted) {
	first, last, _ := o.span()
	note := func(one *indicator, target bool, through string) {
		if one == nil {
			return
		}
		one.asTarget = one.asTarget || target
		if slices.ContainsFunc(found, func(s sighted) bool { return s.indicator == one }) {
			return
		}
		found = append(found, sighted{one, through})
		if one.records == 0 || first.Before(one.first) {
			one.first = first
		}
		if one.records == 0 || last.After(one.last) {
			one.last = last
		}
		one.records++
	}
	address := func(text string, target bool) {
		a, err := netip.ParseAddr(text)
		if err != nil {
			return
		}
		a = a.Unmap()
		note(l.addresses[a], target, "")
		for _, b := range l.blocks {
			if b.block.Contains(a) {
				note(b, target, "")
			}
		}
	}
	name := func(name string) {
		for ; name != "" && len(l.names) > 0; _, name, _ = strings.Cut(name, ".") {
			note(l.names[name], true, "")
		}
	}
	address(o.text("src"), false)
	address(o.text("dst"), true)
	for _, text := range o.addresses() {
		address(text, true)
	}
	for _, text := range o.forwarded() {
		address(text, false)
	}
	name(o.text("name"))
	for _, a := range o.names() {
		name(a.name)
	}
	if subnet, ok := o.clientSubnet(); ok {
		for _, one := range l.overlapping(subnet) {
			note(one, false, subnet.String())
		}
	}
	return found
}

// mostSubnets is how many subnets are remembered at a time.
const mostSubnets = 1 << 16

// overlapping are the addresses and blocks of the list that lie in a subnet, or hold it.
func (l *indicators) overlapping(subnet netip.Prefix) []*indicator {
	all, known := l.subnets[subnet]
	if known {
		return all
	}
	for _, one := range l.all {
		if one.block.IsValid() && one.block.Overlaps(subnet) {
			all = append(all, one)
		}
	}
	if len(l.subnets) == mostSubnets {
		clear(l.subnets)
	}
	l.subnets[subnet] = all
	return all
}

// IndicatorManifest is how many records showed an indicator.
type IndicatorManifest struct {
	Value   string `json:"value"`
	Records int64  `json:"records"`
}

// manifest says of each how many records showed it.
func (l *indicators) manifest() (all []IndicatorManifest) {
	for _, one := range l.all {
		all = append(all, IndicatorManifest{one.text, one.records})
	}
	return all
}

// noIndicator is why a record is left out where indicators are given.
const noIndicator = "a record that shows none of the indicators"
