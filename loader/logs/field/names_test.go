package field

import (
	"math"
	"strings"
	"testing"

	"golang.org/x/net/publicsuffix"
	"pgregory.net/rapid"
)

const none = -1 // no entropy

var nameFacts = []struct {
	logged, name, domain string
	labels, longest      int16
	entropy              float64
}{
	{"www.example.com.", "www.example.com", "example.com", 3, 7, 0},
	{"mail.example.com.", "mail.example.com", "example.com", 3, 7, 2},
	{"d111111abcdef8.example.net.", "d111111abcdef8.example.net", "example.net", 3, 14, 2.56},
	{"ab.cd.example.com", "ab.cd.example.com", "example.com", 4, 7, 2},
	{"example.com.", "example.com", "example.com", 2, 7, none},
	{"EXAMPLE.Co.UK.", "example.co.uk", "example.co.uk", 3, 7, none},
	{"co.uk.", "co.uk", "", 2, 2, 2}, // an ICANN suffix: the whole name is looked at
	{"com.", "com", "", 1, 3, 1.58},
	{"localhost", "localhost", "", 1, 9, 2.73},
	{"host.corp.internal.", "host.corp.internal", "corp.internal", 3, 8, 2},
	// The private section counts, unless the name is such a suffix itself.
	{"user.github.io.", "user.github.io", "user.github.io", 3, 6, none},
	{"a.user.github.io.", "a.user.github.io", "user.github.io", 4, 6, 0},
	{"github.io.", "github.io", "github.io", 2, 6, none},
	{"s3.amazonaws.com.", "s3.amazonaws.com", "amazonaws.com", 3, 9, 1},
	{"ec2-192-0-2-1.compute-1.amazonaws.com.", "ec2-192-0-2-1.compute-1.amazonaws.com", "amazonaws.com", 4, 13, 3.32},
	// Rules with a wildcard, and their exceptions.
	{"a.b.ck.", "a.b.ck", "a.b.ck", 3, 2, none},
	{"www.ck.", "www.ck", "www.ck", 2, 3, none},
	{"1.2.0.192.in-addr.arpa.", "1.2.0.192.in-addr.arpa", "192.in-addr.arpa", 6, 7, 1.58},
	// Odd ones.
	{"", "", "", 0, 0, none},
	{".", "", "", 0, 0, none},
	{"..", ".", "", 2, 0, none},
	{"...", "..", "", 3, 0, none},
	{"a..b", "a..b", "", 3, 1, 1},
	{"a..example.com.", "a..example.com", "example.com", 4, 7, 0},
	{".example.com", ".example.com", "example.com", 3, 7, none},
	{".com", ".com", "", 2, 3, 1.58},
	{"example.com..", "example.com.", "", 3, 7, 2.92},
	{"192.0.2.1", "192.0.2.1", "", 4, 3, 1.92},
	{"2001:db8::1", "2001:db8::1", "", 1, 11, 2.66},
	{"_dmarc.example.com", "_dmarc.example.com", "example.com", 3, 7, 2.58},
	{"*.example.com", "*.example.com", "example.com", 3, 7, 0},
	{"foo@bar.com.", "foo@bar.com", "foo@bar.com", 2, 7, none},
	{"XN--FA-HIA.com.", "xn--fa-hia.com", "xn--fa-hia.com", 2, 10, none},
	{"\u00dcber.de", "\u00dcber.de", "\u00dcber.de", 2, 5, none}, // only ASCII is folded
	{"a\x00\x1b[2J.example.com", "a\x00\x1b[2j.example.com", "example.com", 3, 7, 2.58},
	// A backslash takes the next byte into the label; \DDD holds no dot of its own.
	{`a\.b.example.com.`, `a\.b.example.com`, "example.com", 3, 7, 1.58},
	{`a\\.b.example.com.`, `a\\.b.example.com`, "example.com", 4, 7, 1.5},
	{`\052.example.com`, `\052.example.com`, "example.com", 3, 7, 2},
	{`a\046b.example.com`, `a\046b.example.com`, "example.com", 3, 7, 2.58},
	{`x.foo\.co.uk`, `x.foo\.co.uk`, `foo\.co.uk`, 3, 7, 0},
	{`foo\.com`, `foo\.com`, "", 1, 8, 2.13},
	{`foo\.com.`, `foo\.com`, "", 1, 8, 2.13},
	{`foo\.`, `foo\.`, "", 1, 5, 1.5},
	{`foo\\.`, `foo\\`, "", 1, 5, 1.52},
	{`foo\`, `foo\`, "", 1, 4, 1.5},
}

func TestNameFacts(t *testing.T) {
	for _, tt := range nameFacts {
		name := string(Fold(nil, []byte(tt.logged)))
		f := factsOf(name)
		domain := ""
		if f.domain >= 0 {
			domain = name[f.domain:]
		}
		entropy := math.Round(float64(f.entropy)*100) / 100
		if math.IsNaN(entropy) {
			entropy = none
		}
		if name != tt.name || domain != tt.domain || f.labels != tt.labels || f.longest != tt.longest || entropy != tt.entropy || !f.known {
			t.Errorf("%q: %q, domain %q, %d labels, longest %d, entropy %.2f; want %+v", tt.logged, name, domain, f.labels, f.longest, entropy, tt)
		}
	}
}

// TestLongNames: facts of what no DNS name can be are unknown, and not wrong.
func TestLongNames(t *testing.T) {
	var n Names
	for _, size := range []int{255, 300, maxName - 1, maxName} {
		name := strings.Repeat("a", size-len(".example.com")) + ".example.com"
		f := n.Facts([]byte(name))
		if !f.known || int(f.longest) != size-len(".example.com") || name[f.domain:] != "example.com" || f.entropy != 0 {
			t.Errorf("%d bytes: %+v", size, f)
		}
		dots := n.Facts([]byte(strings.Repeat(".", size)))
		if int(dots.labels) != size+1 || dots.longest != 0 || !math.IsNaN(float64(dots.entropy)) {
			t.Errorf("%d dots: %+v", size, dots)
		}
	}
	if f := n.Facts([]byte(strings.Repeat("a.", maxName/2) + "a")); f != (Facts{}) {
		t.Errorf("too long: %+v", f)
	}
}

// TestNamesAreForgotten: a tunnel's million names do not fill the memory, and a name met again reads the same.
func TestNamesAreForgotten(t *testing.T) {
	var n Names
	want := n.Facts([]byte("www.example.com"))
	for i := range 3 * maxCachedNames {
		n.Facts([]byte(strings.Repeat("x", i%50) + string(rune('a'+i%26)) + string(rune(0x4e00+i/26)) + ".example.com"))
		if len(n.seen) > maxCachedNames {
			t.Fatalf("%d names kept", len(n.seen))
		}
	}
	if got := n.Facts([]byte("www.example.com")); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// checkNames holds the facts of any name against what they say about it.
func checkNames(t rapid.TB, logged string) {
	t.Helper()
	name := string(Fold(nil, []byte(logged)))
	if again := string(Fold(nil, []byte(name+"."))); again != name && !strings.HasSuffix(name, `\`) {
		t.Fatalf("%q: folded %q, and again %q", logged, name, again)
	}
	var n Names
	f, again := n.Facts([]byte(name)), n.Facts([]byte(name))
	if f.entropy != f.entropy { // NaN is unlike itself
		if again.entropy == again.entropy {
			t.Fatalf("%q: %v, then %v", logged, f, again)
		}
		f.entropy, again.entropy = -1, -1
	}
	if f != again {
		t.Fatalf("%q: %v, then %v", logged, f, again)
	}
	if !f.known {
		if len(name) <= maxName {
			t.Fatalf("%q: no facts", logged)
		}
		return
	}
	if int(f.labels) > strings.Count(name, ".")+1 || int(f.longest) > len(name) || f.entropy > 8 || f.entropy < 0 && f.entropy != -1 {
		t.Fatalf("%q: %+v", logged, f)
	}
	if f.domain < 0 {
		return
	}
	domain := name[f.domain:]
	if f.domain > 0 && name[f.domain-1] != '.' || strings.HasPrefix(domain, ".") || !strings.Contains(domain, ".") {
		t.Fatalf("%q: domain %q", logged, domain)
	}
	// Where the package gives an answer of its own, and no escape misleads it, it is the same.
	if want, err := publicsuffix.EffectiveTLDPlusOne(name); err == nil && !strings.Contains(name, `\`) && want != domain {
		t.Fatalf("%q: domain %q, want %q", logged, domain, want)
	}
	if g := factsOf("prefix." + name); !strings.HasSuffix(name, "."+domain) && name != domain || g.domain < 0 {
		t.Fatalf("%q: domain %q, with a label more: %+v", logged, domain, g)
	}
}

func FuzzNames(f *testing.F) {
	for _, name := range []string{
		"", ".", "..", "a..b", "www.Example.co.uk.", `a\.b.com`, `a\`, "10.0.0.1", "::1", "s3.amazonaws.com",
		"x.compute-1.amazonaws.com", "www.ck", "\xff.com", strings.Repeat("a.", 150),
	} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) { checkNames(t, name) })
}

func TestNamesOfAllShapes(t *testing.T) {
	parts := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "www", "xn--p1ai", "co", "uk", "com", "ck", "amazonaws", "s3", "compute-1", "github", "io",
		"1", "0", ".", ".", ".", ".", `\`, `\.`, "_", "\u00df", "\xff", "\x00", "A"}), 0, 9)
	rapid.Check(t, func(t *rapid.T) { checkNames(t, strings.Join(parts.Draw(t, "name"), "")) })
}

// BenchmarkNameFacts is the cost of a name not seen before.
func BenchmarkNameFacts(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		factsOf("d111111abcdef8.us-east-1.elasticbeanstalk.example.co.uk")
	}
}
