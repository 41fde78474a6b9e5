package predicate_test

import (
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"case53/cases/predicate"
)

// TestParse: what is read, and as what it is kept.
func TestParse(t *testing.T) {
	for _, c := range []struct{ given, kept, words string }{
		{"address=203.0.113.66", "address=203.0.113.66", "records with the address 203.0.113.66"},
		{"address=::ffff:203.0.113.66", "address=203.0.113.66", "records with the address 203.0.113.66"},
		{"address=2001:DB8:0::1", "address=2001:db8::1", "records with the address 2001:db8::1"},
		{"address=203.0.113.66,10.1.2.3,10.0.0.0/8", "address=10.0.0.0/8,203.0.113.66", "records with an address of 10.0.0.0/8, 203.0.113.66"},
		{"address=10.0.0.0/8", "address=10.0.0.0/8", "records with an address of 10.0.0.0/8"},
		{"port=443,80,443", "port=80,443", "records with a port of 80, 443"},
		{"name=Evil.Example.,www.evil.example", "name=evil.example", "records with a name that is or is under evil.example"},
		{"name=bücher.example", "name=xn--bcher-kva.example", "records with a name that is or is under xn--bcher-kva.example"},
		{"request=1-58337281-1d84f3d73c47ec4e58577259", "request=1-58337281-1d84f3d73c47ec4e58577259",
			"records with the request id 1-58337281-1d84f3d73c47ec4e58577259"},
		{"port=443 name=a.example address=10.0.0.1", "address=10.0.0.1 name=a.example port=443",
			"records with the address 10.0.0.1 or a name that is or is under a.example, and the port 443"},
		{"port=1,2,3,4,5,6,7", "port=1,2,3,4,5,6,7", "records with a port of 1, 2, 3, 4, 5 and 2 more"},
	} {
		p, err := predicate.Parse(strings.Fields(c.given)...)
		if err != nil {
			t.Errorf("%s: %v", c.given, err)
			continue
		}
		if p.String() != c.kept || p.Words() != c.words {
			t.Errorf("%s: %s; %s", c.given, p, p.Words())
		}
	}
}

// TestRefused: what is no value is named, with what would be one.
func TestRefused(t *testing.T) {
	for given, says := range map[string]string{
		"":                             "nothing to narrow to",
		"203.0.113.66":                 "is not key=value",
		"address=":                     "is not key=value",
		"address=203.0.113":            "is no address and no block",
		"address=10.0.0.1/8":           "the block is 10.0.0.0/8",
		"address=fe80::1%eth0":         "is no address and no block",
		"address=::/0":                 "holds every IPv4 address too",
		"port=65536":                   "is no port",
		"port=-1":                      "is no port",
		"name=a..b":                    "is no DNS name",
		"name=*.example":               "is no DNS name",
		"name=x'y":                     "is no DNS name",
		"request=a'b":                  "is no id of a request",
		"sql=1":                        `cannot be narrowed to "sql"`,
		"port=" + ports(0, 10001, ","): "10,001 values to narrow to, more than 10,000",
	} {
		if _, err := predicate.Parse(given); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%.40s: %v", given, err)
		}
	}
}

func ports(from, to int, sep string) string {
	var all []string
	for n := from; n < to; n++ {
		all = append(all, netip.AddrPortFrom(netip.IPv4Unspecified(), uint16(n)).String()[len("0.0.0.0:"):])
	}
	return strings.Join(all, sep)
}

// TestTextIsThePredicate: its text gives the predicate again, whatever the order in which it was given.
func TestTextIsThePredicate(t *testing.T) {
	value := rapid.OneOf(
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 4, 4), func(b []byte) string { a, _ := netip.AddrFromSlice(b); return "address=" + a.String() }),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 16, 16), func(b []byte) string { a, _ := netip.AddrFromSlice(b); return "address=" + a.String() }),
		rapid.Custom(func(t *rapid.T) string {
			a, _ := netip.AddrFromSlice(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "block"))
			return "address=" + netip.PrefixFrom(a, rapid.IntRange(0, 32).Draw(t, "bits")).Masked().String()
		}),
		rapid.StringMatching(`name=[a-zA-Z0-9_-]{1,8}(\.[a-zA-Z0-9_]{1,8}){0,3}\.?`),
		rapid.StringMatching(`request=[0-9a-zA-Z=;_-]{1,20}`),
		rapid.StringMatching(`port=[1-9][0-9]{0,3}`),
	)
	rapid.Check(t, func(t *rapid.T) {
		given := rapid.SliceOfN(value, 1, 8).Draw(t, "given")
		p, err := predicate.Parse(given...)
		if err != nil {
			t.Skip(err) // punycode that is none
		}
		again, err := predicate.Parse(p.String())
		if err != nil || !reflect.DeepEqual(again, p) {
			t.Fatalf("%v: %q, and then %q: %v", given, p, again, err)
		}
		slices.Reverse(given)
		if other, err := predicate.Parse(given...); err != nil || other.String() != p.String() {
			t.Fatalf("%v: %q, and the other way round %q: %v", given, p, other, err)
		}
	})
}

// FuzzParse: no text brings it down, what is taken has a text of its own, and nothing in the condition can leave its quotes.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"address=10.0.0.0/8,::1 port=443", "name=a.example request=Root=1-5", "name=xn--a", "address=::ffff:0:0/96"} {
		f.Add(text)
	}
	view := predicate.Table{View: "v", Columns: map[string]string{"a": "ip", "n": "name", "q": "request", "p": "port", "d": "rdata"}}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := predicate.Parse(text)
		if err != nil {
			return
		}
		again, err := predicate.Parse(p.String())
		if err != nil || again.String() != p.String() {
			t.Fatalf("%q: %q, then %q: %v", text, p, again, err)
		}
		for i, part := range strings.Split(p.Condition(view, view), "'") {
			if i%2 == 1 && strings.ContainsAny(part, "\"\\\n()") {
				t.Fatalf("%q: %s", text, part)
			}
		}
	})
}
