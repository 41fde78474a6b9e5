package loader

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"case53/cases"
	"case53/cases/duck/ducktest"
	"case53/cases/predicate"
	"case53/cases/verify"
	"case53/cases/writer"
	"case53/loader/source"
	"case53/loader/source/local"
)

// said is what one line of a log says, as whoever reads it by eye would list it.
type said struct {
	line      string
	addresses []string
	names     []string
	ports     []uint16
}

// some values that lie near one another: under a name and beside it, in a block and next to it.
var (
	someAddresses = []string{"10.0.0.1", "10.0.0.2", "10.0.1.1", "203.0.113.66", "2001:db8::1", "2001:db8::2", "2001:db8:1::1"}
	someNames     = []string{"example.com", "www.example.com", "badexample.com", "a.b.example.org", "b.example.org", "org"}
	somePorts     = []uint16{22, 53, 443, 44300}
)

// saidBy makes lines of the flow log and of the Resolver log.
func saidBy(flows, queries int) (flow, dns []said) {
	for i := range flows {
		a, b := someAddresses[i%len(someAddresses)], someAddresses[(i/7+1)%len(someAddresses)]
		p, q := somePorts[i%len(somePorts)], somePorts[(i/5)%len(somePorts)]
		flow = append(flow, said{addresses: []string{a, b}, ports: []uint16{p, q},
			line: fmt.Sprintf("2 111122223333 eni-1 %s %s %d %d 6 1 40 %d %d ACCEPT OK", a, b, p, q, 1793500000+i, 1793500010+i)})
	}
	for i := range queries {
		asker, name := someAddresses[i%4], someNames[i%len(someNames)]
		answer, alias := someAddresses[(i/3)%len(someAddresses)], someNames[(i/2+1)%len(someNames)]
		kind := "A"
		if strings.Contains(answer, ":") {
			kind = "AAAA"
		}
		port := 1024 + uint16(i)
		dns = append(dns, said{addresses: []string{asker, answer}, names: []string{name, alias}, ports: []uint16{port},
			line: fmt.Sprintf(`{"version":"1.1","account_id":"1","region":"r","vpc_id":"vpc-1","query_timestamp":"2026-11-01T10:%02d:00Z",`+
				`"query_name":"%s.","query_type":"%s","query_class":"IN","rcode":"NOERROR","answers":[{"Rdata":"%s.","Type":"CNAME","Class":"IN"},`+
				`{"Rdata":"%s","Type":"%s","Class":"IN"}],"srcaddr":"%s","srcport":"%d","transport":"UDP","srcids":{}}`,
				i%60, strings.ToUpper(name), kind, alias, answer, kind, asker, port)})
	}
	return flow, dns
}

// selects is a predicate as the words of it say.
func (s said) selects(p predicate.Predicate) bool {
	is := len(p.Addresses)+len(p.Names)+len(p.Requests) == 0
	for _, a := range s.addresses {
		is = is || slices.ContainsFunc(p.Addresses, func(b netip.Prefix) bool { return b.Contains(netip.MustParseAddr(a)) })
	}
	for _, n := range s.names {
		is = is || slices.ContainsFunc(p.Names, func(of string) bool { return n == of || strings.HasSuffix(n, "."+of) })
	}
	return is && (len(p.Ports) == 0 || slices.ContainsFunc(s.ports, func(n uint16) bool { return slices.Contains(p.Ports, n) }))
}

// narrowedCase loads lines that are said to be narrowed to something.
func narrowedCase(t *testing.T, to string, files map[string][]said) *cases.Case {
	t.Helper()
	dir, logs := filepath.Join(t.TempDir(), "n.case"), t.TempDir()
	for name, lines := range files {
		var text strings.Builder
		for _, l := range lines {
			text.WriteString(l.line + "\n")
		}
		if err := os.WriteFile(filepath.Join(logs, name), []byte(text.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w, err := writer.Open(t.Context(), dir, Schemas())
	if err != nil {
		t.Fatal(err)
	}
	plan := Plan{Sources: []source.Source{local.New(logs)}, Capture: "incident", Role: "incident", Narrowed: to}
	if _, err := Load(t.Context(), w, plan, nil); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	k, err := cases.Open(t.Context(), dir, Schemas())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	return k
}

// TestPredicatesSelectWhatTheySay: of records as they were decoded, the condition of a predicate selects those that its words name.
func TestPredicatesSelectWhatTheySay(t *testing.T) {
	flow, dns := saidBy(300, 300)
	k := narrowedCase(t, "port=1", map[string][]said{"flow.log": flow, "dns.log": dns})
	address, rdata, name, port := "ip", "rdata", "name", "port"
	logs := []struct {
		lines             []said
		records, children predicate.Table
	}{
		{flow, predicate.Table{View: "flow", Columns: map[string]string{"srcaddr": address, "dstaddr": address, "srcport": port, "dstport": port}},
			predicate.Table{}},
		{dns, predicate.Table{View: "dns", Columns: map[string]string{"srcaddr": address, "query_name": name, "srcport": port}},
			predicate.Table{View: "dns_answer", Columns: map[string]string{"rdata": rdata}}},
	}
	value := rapid.OneOf(
		rapid.Map(rapid.SampledFrom(someAddresses), func(a string) string { return "address=" + a }),
		rapid.SampledFrom([]string{"address=10.0.0.0/24", "address=10.0.0.0/23", "address=2001:db8::/48", "address=0.0.0.0/0", "address=192.0.2.1"}),
		rapid.Map(rapid.SampledFrom(someNames), func(n string) string { return "name=" + n }),
		rapid.SampledFrom([]string{"name=com", "name=xample.com", "name=nowhere.example", "request=1-2", "port=22", "port=443,53", "port=1030", "port=9"}),
	)
	for seed := range 20 {
		p, err := predicate.Parse(rapid.SliceOfN(value, 1, 3).Example(seed)...)
		if err != nil {
			t.Fatal(err)
		}
		for _, log := range logs {
			var got, want []int64
			err := k.Each(t.Context(), fmt.Sprintf(`SELECT row_no FROM main."%s" r WHERE %s ORDER BY 1`, log.records.View,
				p.Condition(log.records, log.children)), nil, func(v []any) error {
				got = append(got, v[0].(int64))
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			for i, line := range log.lines {
				if line.selects(p) {
					want = append(want, int64(i+1))
				}
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%s: %q selects %v, and says that it selects %v", log.records.View, p, got, want)
			}
		}
	}
}

// TestNarrowedThatIsLostIsFoundOut: a database that has forgotten it, or says something else, is not what the custody log says.
func TestNarrowedThatIsLostIsFoundOut(t *testing.T) {
	flow, _ := saidBy(9, 0)
	k := narrowedCase(t, "port=22", map[string][]said{"flow.log": flow})
	k.Close()
	for _, now := range []string{"NULL", "'port=80'"} {
		ducktest.Run(t, filepath.Join(k.Dir, "case.duckdb"), "UPDATE store.object SET narrowed = "+now)
		r, err := verify.Case(t.Context(), k.Dir, verify.Options{Schemas: Schemas()})
		if err != nil || !slices.ContainsFunc(r.Faults, func(f verify.Fault) bool { return strings.Contains(f.What, "narrowed") }) {
			t.Errorf("narrowed %s: %v, %+v", now, err, r.Faults)
		}
	}
}

// TestRowsThatAreNotAmongThem: where rows are not what they are said to have been narrowed to, the case says how many.
func TestRowsThatAreNotAmongThem(t *testing.T) {
	flow, dns := saidBy(300, 300)
	to := "address=203.0.113.66 name=example.com port=443,1024,1030"
	p, err := predicate.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	only := func(lines []said) []said {
		return slices.DeleteFunc(slices.Clone(lines), func(s said) bool { return !s.selects(p) })
	}
	for _, c := range []struct {
		name      string
		flow, dns []said
	}{{"as said", only(flow), only(dns)}, {"flow records too many", flow, only(dns)}} {
		t.Run(c.name, func(t *testing.T) {
			info, err := narrowedCase(t, p.String(), map[string][]said{"flow.log": c.flow, "dns.log": c.dns}).Info(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for log, lines := range map[string][]said{"the Resolver log": c.dns, "the flow log": c.flow} {
				if n := len(lines) - len(only(lines)); n > 0 {
					want = append(want, fmt.Sprintf("%s of the capture incident is said to have only %s (narrowed-unchecked), "+
						"and %d of its %d rows are not among them: what it was narrowed to is something else", log, p.Words(), n, len(lines)))
				}
			}
			slices.Sort(want)
			got := slices.DeleteFunc(slices.Clone(info.Problems), func(s string) bool { return !strings.Contains(s, "narrowed") })
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("says\n%s\nnot\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			if len(info.Narrowed) != 2 || info.Narrowed[0].To != p.String() || info.Narrowed[0].State != cases.NarrowedUnchecked {
				t.Errorf("narrowed: %+v", info.Narrowed)
			}
		})
	}
}
