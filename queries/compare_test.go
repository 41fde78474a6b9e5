package queries

import (
	"database/sql"
	"flag"
	"fmt"
	"math/big"
	"net/netip"
	"slices"
	"sort"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// captures-compared must agree with what one would do by hand, slowly. Small cases have names and addresses of their own,
// so that one run of the query answers many of them.

// use is a call or a question in one capture.
type use struct {
	side    int // 0 left, 1 right, 2 baseline
	name    int // 0: none
	address int // 0: only asked for the name
	port    int
}

type comparedCase []use

func drawCompared(t *rapid.T) comparedCase {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) use {
		u := use{
			side:    rapid.SampledFrom([]int{0, 0, 1, 1, 2}).Draw(t, "side"),
			name:    rapid.IntRange(0, 5).Draw(t, "name"),
			address: rapid.IntRange(0, 6).Draw(t, "address"),
			port:    rapid.SampledFrom([]int{80, 443, 443, 123}).Draw(t, "port"),
		}
		if u.name == 0 && u.address == 0 {
			u.address = 1
		}
		return u
	}), 1, 7).Draw(t, "uses")
}

// nameOf and addressOf give the names and addresses of a small case: two names of one domain, two that are alone, and one of
// AWS's; three addresses of IPv4 and three of IPv6, the first two of each in one block.
func nameOf(i, n int) (name, domain string) {
	domain = fmt.Sprintf("d%d-%d.example", i, max(0, n-2))
	name = fmt.Sprintf("h%d.%s", n, domain)
	if n == 5 {
		domain = fmt.Sprintf("amz%d", i)
		name = fmt.Sprintf("svc%d.eu-central-1.amazonaws.com", i)
	}
	return name, domain
}

func addressOf(i, n int) (text, block string) {
	all := [][2]string{{fmt.Sprintf("20.%d.0.1", i), "a"}, {fmt.Sprintf("20.%d.0.2", i), "a"}, {fmt.Sprintf("20.%d.1.1", i), "b"},
		{fmt.Sprintf("2a00:%x::1", i+1), "c"}, {fmt.Sprintf("2a00:%x::2", i+1), "c"}, {fmt.Sprintf("2a00:%x:0:1::1", i+1), "d"}}
	return all[n-1][0], all[n-1][1]
}

// sides are those of captures-compared that have something.
type sides [3]bool

func (s sides) both() bool { return s[0] && s[1] }

func mark[K comparable](in map[K]sides, key K, side int) {
	had := in[key]
	had[side] = true
	in[key] = had
}

type spot struct {
	block string
	port  int
}

// place is a name, or an address that has none, with the addresses and spots it was called at.
type place struct {
	name, domain string
	addresses    []string
	spots        []spot
	sides        sides
}

// seen is what a small case has.
type seen struct {
	names, domains, addresses map[string]sides
	bareAddresses             map[string]sides // those that were called without a name
	spots                     map[spot]sides
	places                    map[string]*place
}

// seen looks through the case.
func (c comparedCase) seen(i int) *seen {
	s := &seen{map[string]sides{}, map[string]sides{}, map[string]sides{}, map[string]sides{}, map[spot]sides{}, map[string]*place{}}
	for _, u := range c {
		p := &place{}
		key := ""
		if u.name > 0 {
			p.name, p.domain = nameOf(i, u.name)
			key = p.name
			mark(s.names, p.name, u.side)
			mark(s.domains, p.domain, u.side)
		}
		address, block := "", ""
		if u.address > 0 {
			address, block = addressOf(i, u.address)
			mark(s.addresses, address, u.side)
			if u.name == 0 {
				key = address
				mark(s.bareAddresses, address, u.side)
			}
			mark(s.spots, spot{block, u.port}, u.side)
		}
		if s.places[key] == nil {
			s.places[key] = p
		}
		p = s.places[key]
		p.sides[u.side] = true
		if u.address > 0 && u.side < 2 {
			p.addresses = append(p.addresses, address)
			p.spots = append(p.spots, spot{block, u.port})
		}
	}
	return s
}

// levels are those at which both sides have a place.
func (s *seen) levels(p *place) []string {
	var levels []string
	if p.name != "" && p.sides.both() {
		levels = append(levels, "name")
	}
	if slices.ContainsFunc(p.addresses, func(a string) bool { return s.addresses[a].both() }) {
		levels = append(levels, "address")
	}
	if p.name != "" && s.domains[p.domain].both() {
		levels = append(levels, "registered domain")
	}
	if slices.ContainsFunc(p.spots, func(at spot) bool { return s.spots[at].both() }) {
		levels = append(levels, "block and port")
	}
	return levels
}

// apart is why a place is set apart, or "-".
func (s *seen) apart(p *place) string {
	clean := len(p.addresses) > 0
	for _, a := range p.addresses {
		clean = clean && s.addresses[a][2] && (p.name == "" || s.bareAddresses[a][2])
	}
	switch {
	case p.name != "" && s.names[p.name][2] || clean:
		return "baseline"
	case strings.HasSuffix(p.name, ".amazonaws.com"):
		return "AWS"
	case len(p.spots) > 0 && !slices.ContainsFunc(p.spots, func(at spot) bool { return at.port != 123 }):
		return "time"
	}
	return "-"
}

// places are what captures-compared should say of a small case, as text.
func (c comparedCase) places(i int) []string {
	s := c.seen(i)
	var out []string
	for key, p := range s.places {
		if !p.sides[0] && !p.sides[1] {
			continue
		}
		levels := s.levels(p)
		found := "only right"
		switch {
		case !p.sides[1] && p.name == "" && slices.Contains(levels, "address"):
			continue // part of the match that the right side has
		case !p.sides[1]:
			found = "only left"
		case len(levels) > 0:
			found = "match"
		}
		out = append(out, fmt.Sprintf("%s, %s, %s: %s", key, found, s.apart(p), strings.Join(levels, ", ")))
	}
	sort.Strings(out)
	return out
}

// loadCompared puts small cases into three captures. Each use has a client of its own.
func loadCompared(t *rapid.T, db *sql.DB, all []comparedCase) {
	for _, table := range []string{
		"capture", "flow_context", "dns_context", "dns_answer_context", "flow_plain", "flow_full", "dns", "dns_answer", "minute",
	} {
		must(t, db, "DELETE FROM "+inSchema(table))
	}
	must(t, db, "INSERT INTO store.dns_answer_context VALUES (1, 'A', 'IN')")
	must(t, db, "INSERT INTO store.capture VALUES ('c0', 'incident', '2026-11-10'), ('c1', 'replay', '2026-11-10'), ('c2', 'baseline', '2026-11-10')")
	must(t, db, "INSERT INTO store.flow_context (context_id, capture, interface_id, action, flow_direction) "+
		"SELECT i, 'c' || i, 'eni-' || i, 'ACCEPT', 'egress' FROM range(3) t(i)")
	must(t, db, "INSERT INTO store.dns_context (context_id, capture, vpc_id) SELECT i, 'c' || i, 'vpc-' || i FROM range(3) t(i)")
	var flows, dns, answers []string
	client := 10 << 24
	for i, c := range all {
		for _, u := range c {
			client++
			address := "NULL, NULL"
			if u.address > 0 {
				text, _ := addressOf(i, u.address)
				a := netip.MustParseAddr(text)
				if address = fmt.Sprintf("%s, NULL", new(big.Int).SetBytes(a.AsSlice())); a.Is6() {
					address = fmt.Sprintf("NULL, %s::UHUGEINT", new(big.Int).SetBytes(a.AsSlice()))
				}
				flows = append(flows, fmt.Sprintf("(1, %d, %d, TIMESTAMP '2026-11-02 10:01:00', TIMESTAMP '2026-11-02 10:01:01', "+
					"%d, %s, 40000, %d, 6, 2, false)", client, u.side, client, address, u.port))
			}
			if u.name > 0 {
				name, domain := nameOf(i, u.name)
				dns = append(dns, fmt.Sprintf("(2, %d, %d, TIMESTAMP '2026-11-02 10:00:00', '%s', '%s', %d, false)", client, u.side, name, domain, client))
				if u.address > 0 {
					answers = append(answers, fmt.Sprintf("(2, %d, 1, %d, TIMESTAMP '2026-11-02 10:00:00', "+
						"'%s', %d, NULL, 'x', 1, %s, false)", client, u.side, name, client, address))
				}
			}
		}
	}
	for into, rows := range map[string][]string{
		`flow_full (object_id, row_no, context_id, start, "end",
			src4, dst4, dst6, srcport, dstport, protocol, tcp_flags, utf8_escaped)`: flows,
		"dns (object_id, row_no, context_id, query_timestamp, name, registered_domain, src4, utf8_escaped)": dns,
		`dns_answer (object_id, row_no, answer_no, context_id, query_timestamp,
			name, src4, src6, rdata, answer_context_id, rdata4, rdata6, utf8_escaped)`: answers,
	} {
		if len(rows) > 0 {
			must(t, db, "INSERT INTO "+inSchema(into)+" VALUES "+strings.Join(rows, ", "))
		}
	}
}

// TestComparedAgreesWithTheSlowWay: parts, levels and what is set apart, on a thousand small cases.
func TestComparedAgreesWithTheSlowWay(t *testing.T) {
	if checks := flag.Lookup("rapid.checks"); checks.Value.String() == checks.DefValue {
		checks.Value.Set("10") // of 100 cases; -rapid.checks=100 looks at 10,000
		defer checks.Value.Set(checks.DefValue)
	}
	db := emptyCase(t)
	derived := acrossDerived(t)
	text, args, err := builtins(t).Get("captures-compared").Bind(map[string]string{"most": "1000000"})
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(rapid.Custom(drawCompared), 100, 100).Draw(t, "cases")
		loadCompared(t, db, all)
		buildAcross(t, db, derived, 1)
		var want, got []string
		for i, c := range all {
			want = append(want, c.places(i)...)
		}
		rows, err := db.Query(`SELECT coalesce(name, address) || ', ' || found_in || ', ' || coalesce(apart, '-') || ': ' ||
			regexp_replace(levels, '/(24|64) and', 'block and') FROM (`+text+`) WHERE what = 'place'`, named(args)...)
		if err != nil {
			t.Fatal(short(err))
		}
		defer rows.Close()
		for rows.Next() {
			var line string
			if err := rows.Scan(&line); err != nil {
				t.Fatal(err)
			}
			got = append(got, line)
		}
		sort.Strings(want)
		sort.Strings(got)
		for i := range max(len(want), len(got)) {
			if i >= len(want) || i >= len(got) || want[i] != got[i] {
				t.Fatalf("got\n%s\nwant\n%s",
					strings.Join(got[min(i, len(got)):min(i+3, len(got))], "\n"),
					strings.Join(want[min(i, len(want)):min(i+3, len(want))], "\n"))
			}
		}
	})
}
