package networks

import (
	"net/netip"
	"testing"

	"case53/loader/networks/networkstest"
)

// orderly reads a file to its end or to an error; what it gives are spans of addresses of one family, in their order.
func orderly(t *testing.T, file *File) {
	t.Helper()
	var before netip.Addr
	for n, err := range file.Networks() {
		if err != nil {
			return
		}
		first, err := netip.ParseAddr(n.First.String())
		if err != nil || n.First.Compare(n.Last) > 0 || n.First.Is4() != n.Last.Is4() {
			t.Fatalf("%s to %s: %v", n.First, n.Last, err)
		}
		if before.IsValid() && before.Is4() == first.Is4() && first.Compare(before) <= 0 {
			t.Fatalf("%s after %s", first, before)
		}
		before = n.Last
	}
}

// FuzzMMDB: whatever bytes a database is, it is refused, ends in an error, or is networks in order; it never ends the program.
func FuzzMMDB(f *testing.F) {
	f.Add(networkstest.MMDB("GeoLite2-City", built, []networkstest.Entry{
		{Network: "203.0.113.0/24", Data: networkstest.City("NL", "North Holland", "Amsterdam")},
		{Network: "2001:db8::/32", Data: networkstest.City("DE", "", "")},
	}))
	f.Add(networkstest.MMDB("GeoLite2-ASN", built, []networkstest.Entry{{Network: "203.0.113.9/32", Data: networkstest.ASN(4200000000, "Example")}}))
	f.Add([]byte("\xab\xcd\xefMaxMind.com"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if file, err := MMDB("x.mmdb", text); err == nil {
			orderly(t, file)
		}
	})
}

// FuzzRanges: so it is with ip-ranges.json.
func FuzzRanges(f *testing.F) {
	f.Add([]byte(`{"syncToken":"1","createDate":"2026-11-01-00-00-00","prefixes":[{"ip_prefix":"203.0.113.0/24","region":"eu-west-1","service":"EC2"},` +
		`{"ip_prefix":"203.0.0.0/16","region":"GLOBAL","service":"AMAZON"}],"ipv6_prefixes":[{"ipv6_prefix":"2001:db8::/32","region":"x","service":"S3"}]}`))
	f.Add([]byte(`{"prefixes":[{"ip_prefix":"0.0.0.0/0","region":"a","service":"b"},{"ip_prefix":"255.255.255.255/32","region":"a","service":"c"}]}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if file, err := Ranges("ip-ranges.json", text); err == nil {
			orderly(t, file)
		}
	})
}
