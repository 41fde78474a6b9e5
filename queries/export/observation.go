package export

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"case53/cases"
	"case53/cases/duck"
)

// observation is a record as the mappings of STIX and MISP give it: when something was seen, and its addresses, name, URL and traffic, of
// which some are there.
type observation struct {
	at     map[string]int
	values []any
}

// columns tells it where its values are.
func (o *observation) columns(columns []cases.Column) {
	o.at = map[string]int{}
	for i, c := range columns {
		o.at[c.Name] = i
	}
}

// value is one of its values; nil where the mapping has none of that name, too.
func (o *observation) value(name string) any {
	if i, ok := o.at[name]; ok {
		return o.values[i]
	}
	return nil
}

// text is one of them that is text; "" where it is not there.
func (o *observation) text(name string) string {
	text, _ := o.value(name).(string)
	return text
}

// span is when it was seen, first and last; false where RFC 3339 has not such times.
func (o *observation) span() (first, last time.Time, ok bool) {
	first, okFirst := o.value("first_observed").(time.Time)
	last, okLast := o.value("last_observed").(time.Time)
	return first, last, okFirst && okLast && timeFits(first) && timeFits(last)
}

// addresses are those that its name was resolved to.
func (o *observation) addresses() (all []string) {
	list, _ := o.value("addresses").(duck.List)
	for _, v := range list {
		if text, ok := v.(string); ok {
			all = append(all, text)
		}
	}
	return all
}

// answeredName is a name that an answer led to, and the type of the answer's record.
type answeredName struct{ kind, name string }

// names are those that the answers of its name led to: the hops of CNAME, and of others.
func (o *observation) names() (all []answeredName) {
	list, _ := o.value("names").(duck.List)
	for _, v := range list {
		one, _ := v.(duck.Struct)
		var a answeredName
		for _, f := range one {
			text, _ := f.Value.(string)
			switch f.Name {
			case "kind":
				a.kind = text
			case "name":
				a.name = text
			}
		}
		if a.name != "" {
			all = append(all, a)
		}
	}
	return all
}

// forwarded are the addresses that a request names as those it comes from, beside the one that sent it.
func (o *observation) forwarded() (all []string) {
	for part := range strings.SplitSeq(o.text("x_forwarded_for"), ",") {
		part = strings.TrimSpace(part)
		if with, err := netip.ParseAddrPort(part); err == nil {
			part = with.Addr().String()
		}
		part = strings.TrimSuffix(strings.TrimPrefix(part, "["), "]")
		if a, err := netip.ParseAddr(part); err == nil && a.Zone() == "" && !slices.Contains(all, a.Unmap().String()) {
			all = append(all, a.Unmap().String())
		}
	}
	return all
}

// clientSubnet is the subnet of who asked, where a resolver passed it on.
func (o *observation) clientSubnet() (netip.Prefix, bool) {
	p, err := netip.ParsePrefix(o.text("client_subnet"))
	return p.Masked(), err == nil
}

// domainName says whether text is a name as RFC 1034 has it.
var domainName = regexp.MustCompile(`^[a-z0-9_*-]{1,63}(\.[a-z0-9_*-]{1,63})*$`)

func isDomainName(text string) bool { return len(text) <= 253 && domainName.MatchString(text) }

// isIPv6 says of the text of an address which version it has.
func isIPv6(address string) bool { return strings.Contains(address, ":") }
