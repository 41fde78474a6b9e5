package predicate_test

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"case53/cases/predicate"
)

// finds says whether every expression finds something in a line, as the SQL of a question does.
func finds(p predicate.Predicate, line string) bool {
	for _, expression := range p.Lines() {
		if !regexp.MustCompile(expression).MatchString(strings.ToLower(line)) {
			return false
		}
	}
	return true
}

// spelled are ways to write an address that readers of addresses take.
func spelled(t *rapid.T, a netip.Addr) string {
	if a.Is4() {
		b := a.As4()
		return rapid.SampledFrom([]string{a.String(), "::ffff:" + a.String(), fmt.Sprintf("::FFFF:%x:%x", int(b[0])<<8|int(b[1]), int(b[2])<<8|int(b[3])),
			netip.AddrFrom16(a.As16()).StringExpanded()}).Draw(t, "spelling")
	}
	b := a.As16()
	var groups []string
	for i := 0; i < 16; i += 2 {
		groups = append(groups, fmt.Sprintf(rapid.SampledFrom([]string{"%x", "%04x", "%X"}).Draw(t, "group"), int(b[i])<<8|int(b[i+1])))
	}
	end := fmt.Sprintf("%d.%d.%d.%d", b[12], b[13], b[14], b[15])
	forms := []string{a.String(), a.StringExpanded(), strings.Join(groups, ":"), strings.Join(groups[:6], ":") + ":" + end}
	from := rapid.IntRange(0, 7).Draw(t, "from")
	to := from
	for to < 8 && b[2*to]|b[2*to+1] == 0 {
		to++
	}
	if to > from { // a run of zeros, all of it or a part, left out
		forms = append(forms, strings.Join(groups[:from], ":")+"::"+strings.Join(groups[to:], ":"))
		if to <= 6 {
			forms = append(forms, strings.Join(groups[:from], ":")+"::"+strings.Join(append(groups[to:6:6], end), ":"))
		}
	}
	return rapid.SampledFrom(forms).Draw(t, "spelling")
}

var anyAddress = rapid.Custom(func(t *rapid.T) netip.Addr {
	n := rapid.SampledFrom([]int{4, 16}).Draw(t, "bytes")
	b := rapid.SliceOfN(rapid.OneOf(rapid.Byte(), rapid.Just(byte(0)), rapid.Just(byte(0))), n, n).Draw(t, "address")
	a, _ := netip.AddrFromSlice(b)
	return a.Unmap()
})

// around are lines that have a value where logs have one.
var around = []string{"2 111122223333 eni-1 %s 10.0.0.9 1 2 6", `{"srcaddr":"%s","x":1}`,
	"http 2026-11-01T10:00:00Z app/x %s:443 - 0.1", "%s", "a %s", `"[%s]:80"`}

// TestLinesWithASelectedAddressAreFound: however an address is spelled that a predicate selects, the line that has it is found.
func TestLinesWithASelectedAddressAreFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := anyAddress.Draw(t, "a")
		block := netip.PrefixFrom(a, a.BitLen()-rapid.OneOf(rapid.Just(0), rapid.IntRange(0, a.BitLen())).Draw(t, "free")).Masked()
		p, err := predicate.Parse("address=" + block.String())
		if err != nil {
			t.Skip(err) // it would hold every IPv4 address
		}
		text := spelled(t, a)
		if _, err := netip.ParseAddr(text); err != nil {
			t.Fatalf("%q is no spelling of %s", text, a)
		}
		line := fmt.Sprintf(rapid.SampledFrom(around).Draw(t, "line"), text)
		if !finds(p, line) {
			t.Fatalf("%q is not found by %q: %q", line, p, p.Lines())
		}
	})
}

// TestLinesWithASelectedNameAreFound: the same of names, ids and ports, all at once.
func TestLinesWithASelectedNameAreFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[a-z0-9_]([a-z0-9_-]{0,6}[a-z0-9])?(\.[a-z]{1,5}){0,2}`).Draw(t, "name")
		id := rapid.StringMatching(`[A-Za-z0-9=;_-]{1,20}`).Draw(t, "id")
		port := rapid.Uint16().Draw(t, "port")
		given := []string{"name=" + name, "request=" + id, fmt.Sprintf("port=%d", port)}
		logged := strings.ToUpper(rapid.StringMatching(`([a-z0-9*]{1,5}\.)?`).Draw(t, "under") + name)
		line := fmt.Sprintf(rapid.SampledFrom([]string{`{"query_name":"%s.","srcport":"%d"}`, `1.0 2026 Z1 %s A NOERROR UDP X %d`,
			`"GET https://%s:%d/ HTTP/1.1"`}).Draw(t, "line"), logged, port)
		if rapid.Bool().Draw(t, "only the id") {
			given, line = given[1:], fmt.Sprintf("a %s b %d", id, port)
		}
		p, err := predicate.Parse(given...)
		if err != nil {
			t.Skip(err)
		}
		if !finds(p, line) {
			t.Fatalf("%q is not found by %q: %q", line, p, p.Lines())
		}
	})
}

// TestLinesThatAreNotFound: what cannot hold a selected record is left where it lies, or nothing would be narrowed.
func TestLinesThatAreNotFound(t *testing.T) {
	for _, c := range []struct{ to, line string }{
		{"address=203.0.113.66", "2 1 eni-1 203.0.113.6 10.0.0.9 1 2"},
		{"address=203.0.113.66", "2 1 eni-1 103.0.113.66 203.0.113.166 1 2"},
		{"address=10.1.0.0/16", "2 1 eni-1 10.2.0.1 110.1.0.1 1 2"},
		{"address=10.0.0.0/15", "2 1 eni-1 10.2.0.1 10.10.0.1 1 2"},
		{"address=2001:db8::1", "2 1 eni-1 2001:db8::2 2001:db8:1::1 1 2"},
		{"address=2001:db8::/32", "2 1 eni-1 2001:db9::2 2002:db8::1 1 2"},
		{"name=example.com", `{"query_name":"badexample.com."}`},
		{"name=example.com", `{"query_name":"example.comx."}`},
		{"address=10.0.0.1 port=443", "2 1 eni-1 10.0.0.1 10.0.0.9 4430 80"},
		{"request=1-58337281-1d84", "Root=1-58337281-1d85"},
	} {
		p, err := predicate.Parse(strings.Fields(c.to)...)
		if err != nil {
			t.Fatal(err)
		}
		if finds(p, c.line) {
			t.Errorf("%s finds %s", c.to, c.line)
		}
	}
}
