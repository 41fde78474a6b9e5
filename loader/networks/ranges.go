package networks

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"case53/cases"
)

// prefix is an entry of ip-ranges.json.
// https://docs.aws.amazon.com/vpc/latest/userguide/aws-ip-syntax.html
type prefix struct {
	netip.Prefix
	service, region string
}

func openRanges(text []byte) (*File, error) {
	type entry struct {
		IPv4    string `json:"ip_prefix"`
		IPv6    string `json:"ipv6_prefix"`
		Region  string `json:"region"`
		Service string `json:"service"`
	}
	var in struct {
		SyncToken  string  `json:"syncToken"`
		CreateDate string  `json:"createDate"`
		Prefixes   []entry `json:"prefixes"`
		IPv6       []entry `json:"ipv6_prefixes"`
	}
	if err := json.Unmarshal(text, &in); err != nil {
		return nil, err
	}
	if len(in.Prefixes)+len(in.IPv6) == 0 {
		return nil, fmt.Errorf("it has no prefixes")
	}
	built, err := time.Parse("2006-01-02-15-04-05", in.CreateDate)
	if seconds, bad := strconv.ParseInt(in.SyncToken, 10, 64); bad == nil {
		built, err = time.Unix(seconds, 0).UTC(), nil
	}
	if err != nil {
		return nil, fmt.Errorf("neither syncToken nor createDate is a time: %w", err)
	}
	var all []prefix
	for _, e := range append(in.Prefixes, in.IPv6...) {
		p, err := netip.ParsePrefix(first(e.IPv4, e.IPv6))
		if err != nil {
			return nil, err
		}
		if p != p.Masked() || p.Addr().Is4In6() || e.Service == "" {
			return nil, fmt.Errorf("%q of service %q is no prefix of a service", p, e.Service)
		}
		all = append(all, prefix{p, clean(e.Service), clean(e.Region)})
	}
	f := &File{Kind: kindRanges, DatabaseType: "AWS ip-ranges", Built: built, Bytes: text}
	networks := pieces(all)
	f.networks = func(yield func(cases.Network, error) bool) {
		for _, n := range networks {
			if !yield(n, nil) {
				return
			}
		}
	}
	return f, nil
}

// pieces cuts prefixes where one begins or ends. Prefixes lie inside one another or apart, so that those over a piece are a
// pile, the narrowest on top.
func pieces(all []prefix) []cases.Network {
	slices.SortFunc(all, func(a, b prefix) int {
		if c := compare(a.Addr(), b.Addr()); c != 0 {
			return c
		}
		if a.Bits() != b.Bits() {
			return a.Bits() - b.Bits()
		}
		return strings.Compare(a.service+" "+a.region, b.service+" "+b.region)
	})
	var out []cases.Network
	var pile []prefix
	var next netip.Addr // what the pile is still to give begins here; invalid where its top has come to its end
	give := func(until netip.Addr) {
		if next.IsValid() && compare(next, until) <= 0 {
			out = append(out, piece(pile, next, until))
		}
	}
	// end takes off the pile what ends before an address.
	end := func(before netip.Addr) {
		for len(pile) > 0 && (!before.IsValid() || compare(last(pile[len(pile)-1].Prefix), before) < 0) {
			until := last(pile[len(pile)-1].Prefix)
			give(until)
			if next.IsValid() && compare(next, until) <= 0 {
				next, _ = after(until)
			}
			pile = pile[:len(pile)-1]
		}
		if len(pile) == 0 {
			next = netip.Addr{}
		}
	}
	for _, p := range all {
		end(p.Addr())
		if len(pile) > 0 && next.IsValid() && compare(next, p.Addr()) < 0 {
			give(p.Addr().Prev())
		}
		pile, next = append(pile, p), p.Addr()
	}
	end(netip.Addr{})
	return out
}

// piece is a stretch under a pile. AMAZON is over everything, and named only where nothing else is.
func piece(pile []prefix, from, to netip.Addr) cases.Network {
	n := cases.Network{First: from, Last: to}
	var services []string
	for i := len(pile) - 1; i >= 0; i-- {
		if n.AWSRegion == "" {
			n.AWSRegion = pile[i].region
		}
		if pile[i].service != "AMAZON" && !slices.Contains(services, pile[i].service) {
			services = append(services, pile[i].service)
		}
	}
	slices.Sort(services)
	if n.AWSService = strings.Join(services, ", "); n.AWSService == "" {
		n.AWSService = "AMAZON"
	}
	return n
}
