package entities

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"case53/cases"
	"case53/loader/loadertest"
	"case53/queries"
	"case53/queries/findings"
	"case53/queries/threads"
)

func library(t *testing.T) *queries.Set {
	t.Helper()
	set, err := queries.Load()
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestCheck(t *testing.T) {
	set := library(t)
	for _, c := range []struct{ kind, value, want string }{
		{"", "203.0.113.9", "ip 203.0.113.9"},
		{"", "::ffff:203.0.113.9", "ip 203.0.113.9"},
		{"", "2001:DB8::1", "ip 2001:db8::1"},
		{"", "eni-0a1b", "interface eni-0a1b"},
		{"", "i-0a1b", "instance i-0a1b"},
		{"", "Z05318AF2KESTRELDEMO", "hosted_zone Z05318AF2KESTRELDEMO"},
		{"", "ZEBRA", "name zebra"},
		{"", "/login", "url_path /login"},
		{"", "WWW.Example.com.", "name www.example.com"},
		{"domain", "example.com", "name example.com"},
		{"rdata", "203.0.113.9", "ip 203.0.113.9"},
		{"ip", "www.example.com", `"www.example.com" is not of the kind ip`},
		{"", "vpc-0a1b", "a value of the kind vpc has no page"},
		{"", "", `"" is not of the kind name`},
		{"", "10.0.1.5/32", "ip 10.0.1.5"},
		{"", "10.0.1.0/24", "10.0.1.0/24 is a block of addresses, which has no page"},
		{"", "203.0.113.9:443", `"203.0.113.9:443" is an address with a port`},
		{"", "[2001:db8::1]:443", `"[2001:db8::1]:443" is an address with a port`},
		{"", "https://www.example.com/login?a=b", `"https://www.example.com/login?a=b" is a URL`},
		{"", "://", `"://" is a URL`},
		{"", "www.example.com:443", `"www.example.com:443" is no name that one would look up`},
		{"name", "0/25.2.0.192.in-addr.arpa", "name 0/25.2.0.192.in-addr.arpa"},
		{"", "eni-0a1b.example.com", "name eni-0a1b.example.com"},
	} {
		kind, value, err := Check(set, c.kind, c.value)
		got := kind + " " + value
		if err != nil {
			got, _, _ = strings.Cut(err.Error(), "\n")
		}
		if got != c.want {
			t.Errorf("%s %q: %s, want %s", c.kind, c.value, got, c.want)
		}
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct {
		text, value string
		want        bool
	}{
		{"10.0.0.1 → 203.0.113.9 port 443", "10.0.0.1", true},
		{"10.0.0.10 called", "10.0.0.1", false},
		{"110.0.0.1 called", "10.0.0.1", false},
		{"it called 10.0.0.1.", "10.0.0.1", true},
		{"it called 10.0.0.1:443", "10.0.0.1", true},
		{"2001:db8::10", "db8::1", false},
		{"asked for cdn.Example.com, twice", "cdn.example.com", true},
		{"asked for a.cdn.example.com", "cdn.example.com", false},
		{"asked for cdn.example.com.evil.test", "cdn.example.com", false},
		{"eni-0a1b2", "eni-0a1b", false},
		{"a.cdn.example.com and cdn.example.com", "cdn.example.com", true},
		{"anything", "", false},
		{"it called 2001:0DB8:0:0::1", "2001:db8::1", true},
		{"it called [2001:db8::1]:443.", "2001:db8::1", true},
		{"::ffff:203.0.113.9 called", "203.0.113.9", true},
		{"2001:db8::1:443", "2001:db8::1", false},
		{"host-10.0.0.1", "10.0.0.1", false},
		{"asked for /login/admin", "/login", false},
		{"asked for /login?user=a", "/login", true},
		{"asked for /login.", "/login", true},
		{"asked for /login.php", "/login", false},
		{"asked for /a/login", "/login", false},
		{"asked for https://www.example.com:443/login", "/login", true},
		{"asked for https://www.example.com/a/login", "/login", false},
		{"asked for /Login", "/login", false},
		{"asked for /login", "/", false},
		{"asked for https://www.example.com/login", "/", false},
		{"asked for /, twice", "/", true},
	} {
		if got := Names(c.text, c.value); got != c.want {
			t.Errorf("%q names %q: %v", c.text, c.value, got)
		}
	}
}

// A value is named wherever it stands by itself, and never within a longer one.
func TestNamesWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.StringMatching(`[a-z0-9]{1,6}(\.[a-z0-9]{1,6}){1,3}`).Draw(t, "value")
		before := rapid.SampledFrom([]string{"", "to ", "(", "→ ", "\""}).Draw(t, "before")
		after := rapid.SampledFrom([]string{"", ".", ". ", ", ", ":443", ")", " port 1"}).Draw(t, "after")
		if !Names(before+value+after, value) {
			t.Fatalf("%q is not named in %q", value, before+value+after)
		}
		longer := rapid.SampledFrom([]string{"x" + value, value + "x", "x." + value, value + ".x", value + "-x"}).Draw(t, "longer")
		if Names(before+longer+after, value) && !strings.Contains(strings.TrimPrefix(longer, value[:1]), value) {
			t.Fatalf("%q is named in %q", value, longer)
		}
	})
}

func TestCounts(t *testing.T) {
	at := func(text string) time.Time {
		m, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	span := cases.Span{From: at("2026-11-01T10:30:00Z"), To: at("2026-11-01T13:00:00Z")}
	cell := cases.Cell{Text: `[{"key":"2026-11-01T10:00:00Z","value":2},{"key":"2026-11-01T12:00:00Z","value":3},` +
		`{"key":"2026-11-01T13:00:00Z","value":9},{"key":"1970-01-01T00:00:00Z","value":9}]`}
	got := Counts(cell, span, time.Hour)
	if len(got) != 3 || got[0] != 2 || got[1] != 0 || got[2] != 3 {
		t.Errorf("%v: the count that the span begins in is its own, and what lies outside is left out", got)
	}
	// The database puts two days together from a Monday in 2000 on; the span may begin in the middle, and go over more than 292 years.
	span = cases.Span{From: at("2026-11-01T10:30:00Z"), To: at("2026-11-05T13:00:00Z")}
	cell = cases.Cell{Text: `[{"key":"2026-10-31T00:00:00Z","value":2},{"key":"2026-11-04T00:00:00Z","value":3},{"key":"2026-10-29T00:00:00Z","value":9}]`}
	if got := Counts(cell, span, 48*time.Hour); len(got) != 3 || got[0] != 2 || got[1] != 0 || got[2] != 3 {
		t.Errorf("%v in counts of two days", got)
	}
	span = cases.Span{From: at("1700-01-01T00:00:00Z"), To: at("2026-11-05T13:00:00Z")}
	if got := Counts(cell, span, 365*24*time.Hour); len(got) != 328 || got[327] != 14 {
		t.Errorf("%v in counts of a year", got)
	}
	if got := Counts(cases.Cell{Null: true}, span, time.Hour); got != nil {
		t.Errorf("of nothing: %v", got)
	}
}

func TestEvery(t *testing.T) {
	begin := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for long, want := range map[time.Duration]time.Duration{
		time.Minute: time.Minute, time.Hour: time.Minute, 61 * time.Minute: 2 * time.Minute, 24 * time.Hour: 30 * time.Minute,
		61 * 24 * time.Hour: 2 * 24 * time.Hour, 280 * 365 * 24 * time.Hour: 365 * 24 * time.Hour,
	} {
		if got := Every(cases.Span{From: begin, To: begin.Add(long)}, counted); got != want {
			t.Errorf("%v in counts of %v, want %v", long, got, want)
		}
	}
}

const flows = `version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status
2 012345678901 eni-0a 10.0.1.10 203.0.113.9 40000 443 6 10 4200 1793527200 1793527260 ACCEPT OK
2 012345678901 eni-0a 203.0.113.9 10.0.1.10 443 40000 6 8 900 1793527200 1793527260 ACCEPT OK
2 012345678901 eni-0a 10.0.1.10 203.0.113.9 40001 443 6 10 100 1793534400 1793534460 ACCEPT OK
2 012345678901 eni-0a - - - - - - - 1793535000 1793535060 - SKIPDATA
`

// look asks a case of a few flows.
func look(t *testing.T, k *cases.Case, p *Page) *Page {
	t.Helper()
	set := library(t)
	var err error
	if p.Kind, p.Value, err = Check(set, "", p.Value); err != nil {
		t.Fatal(err)
	}
	if err := Look(t.Context(), k, set.Pages(p.Kind), p, 10); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *Page) cell(query, column string) string {
	for _, t := range p.Parts {
		if t.Query.ID == query && len(t.Rows) > 0 {
			c, _ := t.Cell(t.Rows[0], column)
			return c.Text
		}
	}
	return "no row"
}

// The page counts each connection once, says what cannot be counted, and which logs were not there to look at.
func TestLook(t *testing.T) {
	k := loadertest.Open(t, loadertest.Case(t, map[string]string{"flow.log": flows}))
	p := look(t, k, &Page{Value: "10.0.1.10"})
	for column, want := range map[string]string{
		"connections": "2", "bytes_sent": "4300", "bytes_received": "900", "one_way": "1", "lost_minutes": "2",
	} {
		if got := p.cell("sums-of-address", column); got != want {
			t.Errorf("%s: %s, want %s", column, got, want)
		}
	}
	if got := p.cell("address-in-flows", "records"); got != "3" {
		t.Errorf("records: %s", got)
	}
	_, missing := p.Without()
	if got := strings.Join(missing, " "); !strings.Contains(got, "dns") || strings.Contains(got, "flow") {
		t.Errorf("missing: %s", got)
	}
	if !p.Seen() {
		t.Error("it was seen")
	}

	// A window narrows every part that can be narrowed; of a value that is not there it is said what was looked at.
	within := cases.Span{From: time.Date(2026, 11, 1, 11, 0, 0, 0, time.UTC)}
	if got := look(t, k, &Page{Value: "10.0.1.10", Within: within}).cell("sums-of-address", "bytes_sent"); got != "100" {
		t.Errorf("sent in the window: %s", got)
	}
	p = look(t, k, &Page{Value: "192.0.2.1"})
	empty, _ := p.Without()
	if p.Seen() || !strings.Contains(strings.Join(empty, "; "), "When it was seen (flow_by_addr)") {
		t.Errorf("seen %v; %q", p.Seen(), empty)
	}
}

// A part that ends early says how many rows there are.
func TestLookSaysHowMany(t *testing.T) {
	set := library(t)
	text := strings.SplitAfter(flows, "\n")[0]
	for i := range 30 {
		text += fmt.Sprintf("2 012345678901 eni-0a 10.0.1.10 203.0.113.%d 40000 443 6 10 4200 1793527200 1793527260 ACCEPT OK\n", 100+i)
	}
	k := loadertest.Open(t, loadertest.Case(t, map[string]string{"flow.log": text}))
	p := &Page{Kind: "ip", Value: "10.0.1.10"}
	if err := Look(t.Context(), k, set.Pages("ip"), p, 4); err != nil {
		t.Fatal(err)
	}
	for _, part := range p.Parts {
		if part.Query.ID == "host-peers" && (len(part.Rows) != 4 || part.Of != 30) {
			t.Errorf("%d of %d peers", len(part.Rows), part.Of)
		}
	}
	p.Capture = "none"
	if err := Look(t.Context(), k, nil, p, 4); err == nil || !strings.Contains(err.Error(), `no capture "none"`) {
		t.Errorf("an unknown capture: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Look(ctx, k, set.Pages("ip"), &Page{Kind: "ip", Value: "10.0.1.10"}, 4); err == nil {
		t.Error("a page that was cancelled is none")
	}
}

func TestStepsNameIt(t *testing.T) {
	found := []findings.Finding{
		{Hunt: "a", Subject: findings.Subject{Src: "10.0.1.1", Dst: "203.0.113.9"}},
		{Hunt: "b", Subject: findings.Subject{Src: "10.0.1.10"}, Reason: "it called 203.0.113.9"},
		{Hunt: "c", Subject: findings.Subject{Src: "10.0.1.10"}},
	}
	if got := Findings(found, "203.0.113.9"); len(got) != 2 || got[0].Hunt != "a" || got[1].Hunt != "b" {
		t.Errorf("%v", got)
	}
	told := &threads.Told{Threads: []*threads.Thread{{Number: 1, Steps: []*threads.Step{
		{Text: "10.0.1.10 does something", Found: []int{3}}, {Text: "a call", Found: []int{1}}, {Text: "to 203.0.113.9:443"},
	}}}}
	if got := Steps(told, found, "203.0.113.9"); len(got) != 2 || got[0].Text != "a call" || got[0].Thread != 1 {
		t.Errorf("%v", got)
	}
	if got := Steps(told, found, "10.0.1.1"); len(got) != 1 {
		t.Errorf("%v", got)
	}
}
