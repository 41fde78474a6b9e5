package cases_test

import (
	"encoding/binary"
	"math/big"
	"math/rand/v2"
	"net/netip"
	"path/filepath"
	"testing"

	"case53/cases"
)

// addresses are random and structured ones: with runs of zero groups, at the ends of blocks, mapped ones.
func addresses(n int) []netip.Addr {
	rnd := rand.New(rand.NewPCG(53, 53))
	var out []netip.Addr
	for _, text := range []string{
		"0.0.0.0", "255.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0",
		"172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0", "192.168.0.0", "192.168.255.255", "192.169.0.0",
		"100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0", "127.0.0.1",
		"169.254.169.254", "223.255.255.255", "224.0.0.1", "239.255.255.255", "240.0.0.0",
		"::", "::1", "::2", "1::", "1::1", "1:0:0:2::", "1:0:0:2:0:0:0:3", "1:0:0:0:2:0:0:0", "0:1::", "0:0:1::1",
		"1:0:2:0:3:0:4:0", "0:1:0:1:0:1:0:1", "fd00::1", "fc00::", "fdff:ffff::", "fe00::",
		"fe80::1", "febf:ffff::", "fec0::", "ff02::1", "2001:db8::1", "2001:db8:0:1:1:1:1:1",
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "64:ff9b::a00:1", "::ffff:10.0.0.1",
	} {
		out = append(out, netip.MustParseAddr(text).Unmap())
	}
	for range n {
		var b [16]byte
		binary.BigEndian.PutUint64(b[:8], rnd.Uint64())
		binary.BigEndian.PutUint64(b[8:], rnd.Uint64())
		switch rnd.IntN(3) {
		case 0:
			out = append(out, netip.AddrFrom4([4]byte(b[:4])))
			continue
		case 1: // zero groups
			for g := range 8 {
				if rnd.IntN(2) == 0 {
					b[2*g], b[2*g+1] = 0, byte(rnd.IntN(2)*rnd.IntN(256)*rnd.IntN(2))
				}
			}
		}
		out = append(out, netip.AddrFrom16(b).Unmap())
	}
	return out
}

// number is an address as the columns ending in _n hold it.
func number(a netip.Addr) string {
	b := a.As16()
	return new(big.Int).SetBytes(b[:]).String()
}

// inside is what is_private means.
var inside = func() (out []netip.Prefix) {
	for _, p := range []string{
		"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "0.0.0.0/8",
		"224.0.0.0/4", "255.255.255.255/32", "::/127", "fc00::/7", "fe80::/10", "ff00::/8",
	} {
		out = append(out, netip.MustParsePrefix(p))
	}
	return out
}()

func private(a netip.Addr) bool {
	for _, p := range inside {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// checker asks the case one question after the other.
func checker(t *testing.T) func(sql string, args map[string]any) string {
	c := openCase(t, smallCase(t))
	return func(sql string, args map[string]any) string {
		t.Helper()
		rows, err := c.Query(t.Context(), sql, args)
		if err != nil {
			return "error"
		}
		defer rows.Close()
		if !rows.Next() {
			return "error"
		}
		if cell := cases.CellOf(rows.Values()[0]); !cell.Null {
			return cell.Text
		}
		return "NULL"
	}
}

// TestAddressMacros compares the macros with package netip.
func TestAddressMacros(t *testing.T) {
	ask := checker(t)
	for _, a := range addresses(40) {
		n := number(a)
		columns := "NULL::UINTEGER, " + n + "::UHUGEINT"
		if a.Is4() {
			b := a.As4()
			columns = new(big.Int).SetBytes(b[:]).String() + "::UINTEGER, NULL::UHUGEINT"
		}
		want := a.String() + " " + a.String() + " " + n + " " + n
		if a.Is6() && a.Is4In6() {
			t.Fatal("addresses are not unmapped")
		}
		if got := ask("SELECT concat_ws(' ', addr_text("+columns+"), number_text("+n+"::UHUGEINT), addr_number("+columns+"), ip($a))",
			map[string]any{"a": a.String()}); got != want {
			t.Errorf("%s: %s, want %s", a, got, want)
		}
		if a.Is6() {
			if got := ask("SELECT ip($a)", map[string]any{"a": a.StringExpanded()}); got != n {
				t.Errorf("ip(%s): %s, want %s", a.StringExpanded(), got, n)
			}
		}
		p := ask("SELECT concat(is_private($a), is_private("+n+"::UHUGEINT))", map[string]any{"a": a.String()})
		if want := map[bool]string{true: "truetrue", false: "falsefalse"}[private(a)]; p != want {
			t.Errorf("is_private(%s): %s", a, p)
		}
	}
	if got := ask("SELECT concat(number_text(NULL) IS NULL, addr_text(NULL, NULL) IS NULL)", nil); got != "truetrue" {
		t.Errorf("no address is text: %s", got)
	}
	for text, want := range map[string]string{
		"::ffff:10.0.0.1": number(netip.MustParseAddr("10.0.0.1")), "::FFFF:A00:1": number(netip.MustParseAddr("10.0.0.1")),
		"2001:DB8::A": number(netip.MustParseAddr("2001:db8::a")),
		"":            "error", "10.0.0": "error", "10.0.0.256": "error", "10.0.0.1.2": "error", "a.b.c.d": "error", "1::2::3": "error",
		"1:2:3:4:5:6:7::8": "error", "1:2:3:4:5:6:7": "error", "1:2:3:4:5:6:7:8:9": "error", "12345::": "error", "g::": "error",
		":": "error", "example.com": "error", "10.0.0.1/8": "error", "-1.0.0.0": "error",
	} {
		if got := ask("SELECT ip($a)", map[string]any{"a": text}); got != want {
			t.Errorf("ip(%q): %s, want %s", text, got, want)
		}
		if want == "error" {
			if got := ask("SELECT is_private($a)", map[string]any{"a": text}); got != "NULL" {
				t.Errorf("is_private(%q): %s, want NULL", text, got)
			}
		}
	}
}

// TestCIDRMacros compares blocks with netip.Prefix.
func TestCIDRMacros(t *testing.T) {
	ask := checker(t)
	rnd := rand.New(rand.NewPCG(1, 2))
	all := addresses(20)
	for i, a := range all {
		if i%4 > 0 {
			continue // a question takes 30 ms
		}
		p := netip.PrefixFrom(a, rnd.IntN(a.BitLen()+1))
		first, last := p.Masked().Addr(), lastOf(p)
		got := ask("SELECT concat(cidr_first($c), ' ', cidr_last($c))", map[string]any{"c": p.String()})
		if want := number(first) + " " + number(last); got != want {
			t.Errorf("%s: %s, want %s (%s to %s)", p, got, want, first, last)
			continue
		}
		for _, b := range []netip.Addr{a, first, last, last.Next(), first.Prev(), all[rnd.IntN(len(all))]} {
			if !b.IsValid() {
				continue
			}
			// ::/15 and the like hold the IPv4 addresses too, as they stand in the numbers.
			want := map[bool]string{true: "truetrue", false: "falsefalse"}[p.Contains(b) || a.Is6() && p.Contains(netip.AddrFrom16(b.As16()))]
			if got := ask("SELECT concat(in_cidr($a, $c), in_cidr("+number(b)+"::UHUGEINT, $c))",
				map[string]any{"a": b.String(), "c": p.String()}); got != want {
				t.Errorf("in_cidr(%s, %s): %s, want %s", b, p, got, want)
			}
		}
	}
	if got := ask("SELECT in_cidr('10.0.0.1', '10.0.0.1')", nil); got != "true" {
		t.Errorf("an address as a block of one: %s", got)
	}
	for _, c := range []string{"10.0.0.0/33", "10.0.0.0/x", "::/129", "/8", "10.0.0/8", "10.0.0.0/-1", ""} {
		if got := ask("SELECT in_cidr('10.0.0.1', $c)", map[string]any{"c": c}); got != "error" {
			t.Errorf("in_cidr(…, %q): %s", c, got)
		}
	}
	if got := ask("SELECT in_cidr(NULL, '10.0.0.0/8')", nil); got != "NULL" {
		t.Errorf("in_cidr(NULL): %s", got)
	}
}

func lastOf(p netip.Prefix) netip.Addr {
	b := p.Masked().Addr().AsSlice()
	for i := p.Bits(); i < 8*len(b); i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

func TestCaseFolder(t *testing.T) {
	dir := smallCase(t)
	matches, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(matches) != 5 {
		t.Errorf("%v, %v", matches, err)
	}
}
