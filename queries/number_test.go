package queries

import (
	"math/big"
	"net/netip"
	"testing"

	"pgregory.net/rapid"
)

// TestAddressNumbers: an address and the ends of a block are bound as the numbers that IPv6 would write them as.
func TestAddressNumbers(t *testing.T) {
	q, err := parse("q.sql", "q.sql", []byte(`-- Title
--
-- cannot: Nothing.
--
-- needs: flow
-- param: ip   ip   the address
-- param: net  cidr the block
SELECT $ip_n::UHUGEINT, $net_first::UHUGEINT, $net_last::UHUGEINT`))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ ip, net, n, first, last string }{
		{"0.0.0.1", "10.0.0.0/8", "281470681743361", "281470849515520", "281470866292735"},
		{"::1", "::/0", "1", "0", "340282366920938463463374607431768211455"},
		{"::ffff:0.0.0.1", "0.0.0.0/0", "281470681743361", "281470681743360", "281474976710655"},
		{"2001:db8::1", "192.0.2.1", "42540766411282592856903984951653826561", "281473902969345", "281473902969345"},
	} {
		_, args, err := q.Bind(map[string]string{"ip": c.ip, "net": c.net})
		if err != nil || args["ip_n"] != c.n || args["net_first"] != c.first || args["net_last"] != c.last {
			t.Errorf("%s %s: %v %v", c.ip, c.net, args, err)
		}
	}
	if _, args, err := q.Bind(nil); err != nil || args["ip_n"] != nil || args["net_last"] != nil {
		t.Errorf("left out: %v %v", args, err)
	}
}

// TestLastAddr: as many addresses after the first as the host bits say.
func TestLastAddr(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, _ := netip.AddrFromSlice(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "address"))
		if rapid.Bool().Draw(t, "IPv4") {
			a = netip.AddrFrom4([4]byte(a.AsSlice()[:4]))
		}
		block, _ := a.Prefix(rapid.IntRange(0, a.BitLen()).Draw(t, "bits"))
		size := new(big.Int).Sub(number(lastAddr(block)), number(block.Addr()))
		want := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), uint(a.BitLen()-block.Bits())), big.NewInt(1))
		if size.Cmp(want) != 0 || !block.Contains(lastAddr(block)) {
			t.Fatalf("%s ends at %s", block, lastAddr(block))
		}
	})
}

func number(a netip.Addr) *big.Int { return new(big.Int).SetBytes(a.AsSlice()) }
