package networks

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"case53/loader/networks/networkstest"
)

var built = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

func read(t *testing.T, f *File) string {
	t.Helper()
	var b strings.Builder
	for n, err := range f.Networks() {
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s-%s|%s|%s|%s|%d|%s|%s|%s\n", n.First, n.Last, n.Country, n.Subdivision, n.City, n.ASN, n.ASOrg, n.AWSService, n.AWSRegion)
	}
	return b.String()
}

func TestMMDB(t *testing.T) {
	for _, c := range []struct {
		name, kind string
		entries    []networkstest.Entry
		want       string
	}{
		{"places", "GeoLite2-City", []networkstest.Entry{
			{Network: "203.0.113.0/24", Data: networkstest.City("NL", "North Holland", "Amsterdam")},
			{Network: "2001:db8::/32", Data: networkstest.City("DE", "", "")},
			{Network: "198.51.100.128/25", Data: map[string]any{"registered_country": map[string]any{"iso_code": "US"}}},
		}, "198.51.100.128-198.51.100.255|US|||0|||\n" +
			"203.0.113.0-203.0.113.255|NL|North Holland|Amsterdam|0|||\n" +
			"2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff|DE|||0|||\n"},
		{"autonomous systems", "GeoLite2-ASN", []networkstest.Entry{
			{Network: "203.0.113.9/32", Data: networkstest.ASN(4200000000, "Example Hosting "+strings.Repeat("and more ", 12))},
			{Network: "203.0.113.10/31", Data: networkstest.ASN(64500, "bytes that are no text: \xff")},
		}, "203.0.113.9-203.0.113.9||||4200000000|Example Hosting " + strings.Repeat("and more ", 12) + "||\n" +
			"203.0.113.10-203.0.113.11||||64500|bytes that are no text: \ufffd||\n"},
		{"other makers' names", "ipinfo lite", []networkstest.Entry{
			{Network: "203.0.113.0/24", Data: map[string]any{"asn": "AS64500", "as_name": "Example", "country": "Netherlands", "country_code": "NL"}},
			{Network: "203.0.114.0/24", Data: map[string]any{"country": "FR", "region": "Brittany", "city": "Brest"}},
		}, "203.0.113.0-203.0.113.255|NL|||64500|Example||\n203.0.114.0-203.0.114.255|FR|Brittany|Brest|0|||\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := MMDB("dir/x.mmdb", networkstest.MMDB(c.kind, built, c.entries))
			if err != nil {
				t.Fatal(err)
			}
			if f.Name != "x.mmdb" || f.Kind != kindMMDB || f.DatabaseType != c.kind || !f.Built.Equal(built) {
				t.Errorf("opened as %+v", f)
			}
			if got := read(t, f); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// A file that is cut anywhere, or of which a byte of the tree or the metadata is not what it was, is an error or still reads as
// networks in order: it never ends the program.
func TestDamagedMMDB(t *testing.T) {
	whole := networkstest.MMDB("GeoLite2-City", built, []networkstest.Entry{
		{Network: "203.0.113.0/24", Data: networkstest.City("NL", "North Holland", "Amsterdam")},
		{Network: "2001:db8::/32", Data: networkstest.City("DE", "", "")},
	})
	try := func(text []byte) error {
		f, err := MMDB("x.mmdb", text)
		if err != nil {
			return err
		}
		for _, err := range f.Networks() {
			if err != nil {
				return err
			}
		}
		return nil
	}
	if err := try(whole); err != nil {
		t.Fatal(err)
	}
	for cut := range whole {
		if try(whole[:cut]) == nil {
			t.Fatalf("cut at %d of %d bytes it reads as whole", cut, len(whole))
		}
	}
	refused := 0
	for i := range whole {
		text := slices.Clone(whole)
		text[i] ^= 0xff
		if try(text) != nil {
			refused++
		}
	}
	if refused == 0 {
		t.Error("no damage was seen")
	}
	f, err := MMDB("x.mmdb", networkstest.MMDB("GeoIP2-Anonymous-IP", built, []networkstest.Entry{
		{Network: "203.0.113.0/24", Data: map[string]any{"is_anonymous": uint16(1)}},
	}))
	if err != nil {
		t.Fatal(err)
	}
	var last error
	for _, err := range f.Networks() {
		last = err
	}
	if last == nil || !strings.Contains(last.Error(), "GeoIP2-Anonymous-IP) says nothing about country, city or AS") {
		t.Errorf("a database of something else: %v", last)
	}
}

func TestRanges(t *testing.T) {
	f, err := Ranges("ip-ranges.json", []byte(`{"syncToken": "1793491200", "createDate": "2026-11-01-00-00-00", "prefixes": [
		{"ip_prefix": "198.51.100.0/24", "region": "eu-west-1", "service": "AMAZON", "network_border_group": "eu-west-1"},
		{"ip_prefix": "198.51.100.64/26", "region": "eu-west-1", "service": "S3", "network_border_group": "eu-west-1"},
		{"ip_prefix": "198.51.100.64/26", "region": "eu-west-1", "service": "AMAZON", "network_border_group": "eu-west-1"},
		{"ip_prefix": "198.51.100.64/28", "region": "GLOBAL", "service": "CLOUDFRONT", "network_border_group": "GLOBAL"},
		{"ip_prefix": "255.255.255.0/24", "region": "us-east-1", "service": "EC2", "network_border_group": "us-east-1"}],
		"ipv6_prefixes": [{"ipv6_prefix": "2001:db8::/32", "region": "us-east-1", "service": "EC2", "network_border_group": "us-east-1"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := `198.51.100.0-198.51.100.63||||0||AMAZON|eu-west-1
198.51.100.64-198.51.100.79||||0||CLOUDFRONT, S3|GLOBAL
198.51.100.80-198.51.100.127||||0||S3|eu-west-1
198.51.100.128-198.51.100.255||||0||AMAZON|eu-west-1
255.255.255.0-255.255.255.255||||0||EC2|us-east-1
2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff||||0||EC2|us-east-1
`
	if got := read(t, f); got != want || !f.Built.Equal(built) {
		t.Errorf("built %s, got\n%s\nwant\n%s", f.Built, got, want)
	}
	for text, fault := range map[string]string{
		`{`: "unexpected end", `[]`: "cannot unmarshal", `{"prefixes": []}`: "it has no prefixes",
		`{"syncToken": "x", "prefixes": [{"ip_prefix": "10.0.0.0/8", "service": "EC2"}]}`: "neither syncToken nor createDate",
		`{"syncToken": "1", "prefixes": [{"ip_prefix": "10.0.0.1/8", "service": "EC2"}]}`: "is no prefix of a service",
		`{"syncToken": "1", "prefixes": [{"ip_prefix": "ten", "service": "EC2"}]}`:        "ten",
	} {
		if _, err := Ranges("x.json", []byte(text)); err == nil || !strings.Contains(err.Error(), fault) {
			t.Errorf("%s: %v, want %q", text, err, fault)
		}
	}
}

// Pieces are in order and apart, and say of every address what the prefixes over it say.
func TestPiecesSayWhatPrefixesSay(t *testing.T) {
	services := []string{"AMAZON", "EC2", "S3"}
	rapid.Check(t, func(t *rapid.T) {
		var all []prefix
		for range rapid.IntRange(1, 12).Draw(t, "prefixes") {
			a := netip.AddrFrom4([4]byte{255, 255, 255, rapid.Byte().Draw(t, "address")})
			p := netip.PrefixFrom(a, rapid.IntRange(24, 32).Draw(t, "bits")).Masked()
			all = append(all, prefix{p, rapid.SampledFrom(services).Draw(t, "service"), "r"})
		}
		got := pieces(slices.Clone(all))
		for i, n := range got {
			if compare(n.First, n.Last) > 0 || i > 0 && compare(got[i-1].Last, n.First) >= 0 {
				t.Fatalf("%v after %v", n, got[max(0, i-1)])
			}
		}
		for b := range 256 {
			a := netip.AddrFrom4([4]byte{255, 255, 255, byte(b)})
			var want []string
			for _, p := range all {
				if p.Contains(a) && !slices.Contains(want, p.service) {
					want = append(want, p.service)
				}
			}
			if len(want) > 1 {
				want = slices.DeleteFunc(want, func(s string) bool { return s == "AMAZON" })
			}
			slices.Sort(want)
			said := ""
			for _, n := range got {
				if compare(n.First, a) <= 0 && compare(a, n.Last) <= 0 {
					said = n.AWSService
				}
			}
			if said != strings.Join(want, ", ") {
				t.Fatalf("%s is %q, want %q", a, said, want)
			}
		}
	})
}
