// Package predicate is what the records of a log can be narrowed to: addresses and blocks, names and what is under them, ids of
// requests, and ports. It is a closed set, so that what a narrowed case may say can be said in a sentence, and counted.
//
// Rules:
//   - A record is selected that has one of the addresses, names or ids in any of its fields of that kind, and, where ports are given,
//     one of these ports too. Which fields are of which kind, the views of the case say.
//   - Two predicates that select the same by these rules have the same text: see [Predicate.String], which [Parse] reads.
//   - No text of the user reaches SQL but in the few characters that such values may have.
//
// It refuses what is no value of its kind, and never guesses: no glob, no regular expression, no SQL.
package predicate

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/idna"

	"case53/cases/words"
)

// The keys of a predicate's text.
const (
	address = "address"
	name    = "name"
	request = "request"
	port    = "port"
)

// Keys are all of them, in the order of the text.
var Keys = []string{address, name, request, port}

// maxValues is how many values a predicate has at most: a statement with more takes longer to read than records do.
const maxValues = 10000

// Predicate selects records. The zero value selects none.
type Predicate struct {
	Addresses []netip.Prefix // blocks, none of them in another; an address is a block of one; IPv4-mapped ones are IPv4
	Names     []string       // lower case, without a final dot, none of them under another
	Requests  []string       // ids, as a service gave them
	Ports     []uint16
}

// Parse reads parts such as address=203.0.113.66,10.0.0.0/8 or name=example.com; several in one text are apart by blanks.
func Parse(texts ...string) (Predicate, error) {
	var p Predicate
	for _, text := range texts {
		for _, part := range strings.Fields(text) {
			key, values, ok := strings.Cut(part, "=")
			if !ok || values == "" {
				return Predicate{}, fmt.Errorf("%q is not key=value\nhint: address=203.0.113.66,10.0.0.0/8, name=example.com, request=ID or port=443", part)
			}
			for _, value := range strings.Split(values, ",") {
				if err := p.add(key, value); err != nil {
					return Predicate{}, err
				}
			}
		}
	}
	return p.settled()
}

// add takes one value.
func (p *Predicate) add(key, value string) error {
	switch key {
	case address:
		block, err := readBlock(value)
		if err != nil {
			return err
		}
		p.Addresses = append(p.Addresses, block)
	case name:
		plain, err := readName(value)
		if err != nil {
			return err
		}
		p.Names = append(p.Names, plain)
	case request:
		if value == "" || strings.ContainsFunc(value, func(r rune) bool { return !inID(r) }) {
			return fmt.Errorf("%q is no id of a request\nhint: letters, digits and -_=:;./+", value)
		}
		p.Requests = append(p.Requests, value)
	case port:
		n, err := strconv.ParseUint(value, 10, 16)
		if err != nil {
			return fmt.Errorf("%q is no port\nhint: a number from 0 to 65535", value)
		}
		p.Ports = append(p.Ports, uint16(n))
	default:
		return fmt.Errorf("records cannot be narrowed to %q\nhint: address, name, request or port", key)
	}
	return nil
}

func inID(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_=:;./+", r)
}

// readBlock reads an address or a block, whose host bits must be zero.
func readBlock(text string) (netip.Prefix, error) {
	if one, err := netip.ParseAddr(text); err == nil && one.Zone() == "" {
		one = one.Unmap()
		return netip.PrefixFrom(one, one.BitLen()), nil
	}
	block, err := netip.ParsePrefix(text)
	switch {
	case err != nil:
		return block, fmt.Errorf("%q is no address and no block\nhint: 203.0.113.66, 10.0.0.0/8 or 2001:db8::/32", text)
	case block != block.Masked():
		return block, fmt.Errorf("%q has host bits\nhint: the block is %s", text, block.Masked())
	case block.Addr().Is4In6() && block.Bits() >= 96:
		block = netip.PrefixFrom(block.Addr().Unmap(), block.Bits()-96)
	case block.Addr().Is6() && block.Contains(netip.AddrFrom16([16]byte{10: 0xff, 11: 0xff})):
		return block, fmt.Errorf("%q holds every IPv4 address too\nhint: a block that begins behind ::ffff:0:0/96", text)
	}
	return block, nil
}

// readName reads a DNS name. Names of other alphabets are written as they are in logs.
func readName(text string) (string, error) {
	plain, err := idna.Punycode.ToASCII(strings.ToLower(strings.TrimSuffix(text, ".")))
	bad := err != nil || plain == "" || len(plain) > 253 || strings.HasPrefix(plain, ".") || strings.Contains(plain, "..") ||
		strings.ContainsFunc(plain, func(r rune) bool {
			return !('a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '-' || r == '_' || r == '.')
		})
	if bad {
		return "", fmt.Errorf("%q is no DNS name\nhint: example.com stands for what is under it too", text)
	}
	return plain, nil
}

// settled is p as it is kept: in order, each value once, without what another one holds.
func (p Predicate) settled() (Predicate, error) {
	slices.SortFunc(p.Addresses, func(a, b netip.Prefix) int { return cmp.Or(cmp.Compare(a.Bits(), b.Bits()), a.Compare(b)) })
	var blocks []netip.Prefix
	for _, block := range p.Addresses {
		if !slices.ContainsFunc(blocks, func(o netip.Prefix) bool { return o.Overlaps(block) }) {
			blocks = append(blocks, block)
		}
	}
	slices.SortFunc(blocks, netip.Prefix.Compare)
	slices.SortFunc(p.Names, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
	var names []string
	for _, n := range p.Names {
		if !slices.ContainsFunc(names, func(o string) bool { return n == o || strings.HasSuffix(n, "."+o) }) {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	slices.Sort(p.Requests)
	slices.Sort(p.Ports)
	p = Predicate{Addresses: blocks, Names: names, Requests: slices.Compact(p.Requests), Ports: slices.Compact(p.Ports)}
	switch n := len(p.Addresses) + len(p.Names) + len(p.Requests) + len(p.Ports); {
	case n == 0:
		return p, fmt.Errorf("nothing to narrow to\nhint: address=203.0.113.66,10.0.0.0/8, name=example.com, request=ID or port=443")
	case n > maxValues:
		return p, fmt.Errorf("%s values to narrow to, more than %s", words.Count(int64(n)), words.Count(maxValues))
	}
	return p, nil
}

// texts are the values as text, an address without the length of its block.
func (p Predicate) texts() (addresses, ports []string) {
	for _, block := range p.Addresses {
		text := block.String()
		if block.IsSingleIP() {
			text = block.Addr().String()
		}
		addresses = append(addresses, text)
	}
	for _, n := range p.Ports {
		ports = append(ports, strconv.Itoa(int(n)))
	}
	return addresses, ports
}

// String is the predicate's own text: Parse gives the same predicate again.
func (p Predicate) String() string {
	var parts []string
	addresses, ports := p.texts()
	for _, of := range []struct {
		key    string
		values []string
	}{{address, addresses}, {name, p.Names}, {request, p.Requests}, {port, ports}} {
		if len(of.values) > 0 {
			parts = append(parts, of.key+"="+strings.Join(of.values, ","))
		}
	}
	return strings.Join(parts, " ")
}

// Words says in a sentence which records are selected: "records with the address 203.0.113.66 or a name under example.com, and the port 443".
func (p Predicate) Words() string {
	addresses, ports := p.texts()
	var some []string
	if len(addresses) > 0 {
		some = append(some, listed(addresses, "the address", "an address of"))
	}
	if len(p.Names) > 0 {
		some = append(some, listed(p.Names, "a name that is or is under", "a name that is or is under one of"))
	}
	if len(p.Requests) > 0 {
		some = append(some, listed(p.Requests, "the request id", "a request id of"))
	}
	text := strings.Join(some, " or ")
	if len(ports) > 0 {
		if text != "" {
			text += ", and "
		}
		text += listed(ports, "the port", "a port of")
	}
	return "records with " + text
}

// mostNamed is how many values of a kind a sentence names.
const mostNamed = 5

func listed(values []string, one, many string) string {
	if len(values) == 1 && !strings.Contains(values[0], "/") {
		return one + " " + values[0]
	}
	if more := len(values) - mostNamed; more > 0 {
		return fmt.Sprintf("%s %s and %s more", many, strings.Join(values[:mostNamed], ", "), words.Count(int64(more)))
	}
	return many + " " + strings.Join(values, ", ")
}
