package queries

import (
	"math/big"
	"net/netip"
)

// numberOf is an address parameter as a number, the way the …_n columns of the views hold addresses: bound beside the
// text. DuckDB would need some 5 ms to plan ip($ip), for every query, which is half of a quick pivot's time.
type numberOf struct {
	arg   string // as used in the SQL: <param>_n, <param>_first or <param>_last
	param string
	of    func(netip.Prefix) netip.Addr
}

// addressNumber says which number a name used in SQL stands for.
func (q *Query) addressNumber(name string) (numberOf, bool) {
	for _, p := range q.Params {
		switch {
		case p.Kind == "ip" && name == p.Name+"_n", p.Kind == "cidr" && name == p.Name+"_first":
			return numberOf{name, p.Name, netip.Prefix.Addr}, true
		case p.Kind == "cidr" && name == p.Name+"_last":
			return numberOf{name, p.Name, lastAddr}, true
		}
	}
	return numberOf{}, false
}

// bind gives the number as decimal digits, for a cast to UHUGEINT; nil for a parameter that is left out.
func (n numberOf) bind(value any) any {
	text, ok := value.(string)
	if !ok {
		return nil
	}
	block, err := netip.ParsePrefix(text)
	if err != nil {
		a, err := netip.ParseAddr(text)
		if err != nil {
			return nil
		}
		block = netip.PrefixFrom(a, a.BitLen())
	}
	wide := n.of(block).As16() // an IPv4 address as IPv4-mapped
	return new(big.Int).SetBytes(wide[:]).String()
}

// lastAddr is the last address of a block.
func lastAddr(block netip.Prefix) netip.Addr {
	last := block.Masked().Addr().AsSlice()
	for i := range last {
		host := min(max(8*(i+1)-block.Bits(), 0), 8)
		last[i] |= byte(1<<host - 1)
	}
	a, _ := netip.AddrFromSlice(last)
	return a
}
