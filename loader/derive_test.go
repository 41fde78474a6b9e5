package loader

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"case53/cases"
	"case53/cases/writer"
	"case53/loader/source"
	"case53/loader/source/local"
)

// TestNothingIsBuiltOfNothing: a case without a flow record runs no step that needs one, and is ready; when flows come, they
// are all run.
func TestNothingIsBuiltOfNothing(t *testing.T) {
	dir := t.TempDir()
	target := filepath.Join(dir, "x.case")
	steps := func(event string) (ran []string) {
		path := filepath.Join(t.TempDir(), "page.json")
		if err := os.WriteFile(path, []byte(page([][2]string{{"stream", event}})), 0o600); err != nil {
			t.Fatal(err)
		}
		w, err := writer.Open(t.Context(), target, Schemas())
		if err != nil {
			t.Fatal(err)
		}
		plan := Plan{Sources: []source.Source{local.New(path)}, Capture: "incident", Role: "incident"}
		if _, err := Load(t.Context(), w, plan, func(p Progress) {
			if p.Phase != "" && p.Phase != "load" && !slices.Contains(ran, p.Phase) {
				ran = append(ran, p.Phase)
			}
		}); err != nil {
			t.Fatal(err)
		}
		if err := w.Each(t.Context(), "SELECT name FROM derived.step GROUP BY name HAVING max(upto) < (SELECT max(object_id) FROM store.object)", nil,
			func(v []any) error { t.Errorf("%s is behind", v[0]); return nil }); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return ran
	}
	if ran := steps(resolverEvent); !slices.Equal(ran, []string{"dns_minute", "numbers"}) {
		t.Errorf("of a query without answers: %v", ran)
	}
	if ran := steps(strings.Replace(resolverEvent, "a.example", "b.example", 1)); !slices.Equal(ran, []string{"dns_minute", "numbers"}) {
		t.Errorf("of another: %v", ran)
	}
	if ran := steps(flowEvent); !slices.Contains(ran, "flow_session") || !slices.Contains(ran, "flow_endpoint") || slices.Contains(ran, "flow_name") {
		t.Errorf("of a flow: %v", ran)
	}
	if ran := steps(strings.Replace(resolverEvent, "a.example", "c.example", 1)); !slices.Equal(ran, []string{"dns_minute", "numbers"}) {
		t.Errorf("of a query without answers, beside a flow: %v", ran)
	}
}

// splitFiles are small logs of a few hosts: times in no order, IPv4 and IPv6, answers that name what flowed before.
func splitFiles(r *rand.Rand) (files []string) {
	const begin = 1793527200
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	peers := []string{"203.0.113.1", "203.0.113.2", "2001:db8:9::1", "2001:db8:9::2", "2001:db8:8::3", "10.0.0.2", "2001:db8:1::2"}
	for range 4 + r.IntN(4) {
		var b strings.Builder
		switch r.IntN(5) {
		case 0, 1, 2:
			b.WriteString("version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n")
			for range 1 + r.IntN(40) {
				peer, iface := pick(peers...), 1+r.IntN(2)
				host := fmt.Sprintf("10.0.0.%d", iface)
				if strings.Contains(peer, ":") {
					host = fmt.Sprintf("2001:db8:1::%d", iface)
				}
				src, dst, sport, dport := host, peer, pick("40000", "41000"), pick("443", "40000")
				if r.IntN(2) == 0 {
					src, dst, sport, dport = dst, src, dport, sport
				}
				start := begin + r.IntN(1000)*170
				fmt.Fprintf(&b, "2 123456789012 eni-%d %s %s %s %s 6 %d %d %d %d %s OK\n", iface, src, dst, sport, dport,
					1+r.IntN(9), 100*(1+r.IntN(9)), start, start+r.IntN(120), pick("ACCEPT", "ACCEPT", "REJECT"))
			}
		case 3:
			for i := range 1 + r.IntN(20) {
				peer, kind, host := pick(peers...), "A", fmt.Sprintf("10.0.0.%d", 1+r.IntN(2))
				if strings.Contains(peer, ":") {
					kind, host = "AAAA", fmt.Sprintf("2001:db8:1::%d", 1+r.IntN(2))
				}
				at := time.Unix(int64(begin+r.IntN(1000)*170), 0).UTC().Format(time.RFC3339)
				fmt.Fprintf(&b, `{"version":"1.100000","account_id":"1","region":"eu-central-1","vpc_id":"vpc-1","query_timestamp":"%s",`+
					`"query_name":"n%d.example.","query_type":"%s","query_class":"IN","rcode":"NOERROR",`+
					`"answers":[{"Rdata":"%s","Type":"%s","Class":"IN"}],"srcaddr":"%s","srcport":"%d","transport":"UDP","srcids":{}}`+"\n",
					at, r.IntN(5), kind, peer, kind, host, 1024+i)
			}
		default:
			fmt.Fprintf(&b, "1.0 2026-11-01T09:%02d:00Z Z0ABC w.example A NOERROR UDP FRA2 192.0.2.1 -\n", r.IntN(60))
		}
		files = append(files, b.String())
	}
	return files
}

// TestSplitsAgree: a case that was loaded bit by bit says what a case says that was loaded in one go. CASE53_SPLITS is how many
// are tried.
func TestSplitsAgree(t *testing.T) {
	splits := 2
	if n, err := strconv.Atoi(os.Getenv("CASE53_SPLITS")); err == nil {
		splits = n
	}
	for seed := range uint64(splits) {
		r := rand.New(rand.NewPCG(seed, 11))
		files, dir := splitFiles(r), t.TempDir()
		var paths []string
		for i, text := range files {
			paths = append(paths, filepath.Join(dir, fmt.Sprintf("%02d.log", i)))
			if err := os.WriteFile(paths[i], []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		whole, parts := filepath.Join(dir, "whole.case"), filepath.Join(dir, "parts.case")
		loadPaths(t, whole, paths)
		for rest := paths; len(rest) > 0; {
			n := 1 + r.IntN(len(rest))
			if len(rest) == len(paths) && n == len(paths) {
				n--
			}
			loadPaths(t, parts, rest[:n])
			rest = rest[n:]
		}
		if a, b := saysOf(t, whole), saysOf(t, parts); !maps.Equal(a, b) {
			for view := range a {
				if a[view] != b[view] {
					t.Errorf("seed %d: %s of %d files in one go is %s, bit by bit %s", seed, view, len(files), a[view], b[view])
				}
			}
		}
	}
}

func loadPaths(t *testing.T, target string, paths []string) {
	t.Helper()
	w, err := writer.Open(t.Context(), target, Schemas())
	if err != nil {
		t.Fatal(err)
	}
	plan := Plan{Capture: "incident", Role: "incident"}
	for _, path := range paths {
		plan.Sources = append(plan.Sources, local.New(path))
	}
	if _, err := Load(t.Context(), w, plan, nil); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// saysOf is a digest of every derived view, but for the numbers that hold until the next load.
func saysOf(t *testing.T, target string) map[string]string {
	t.Helper()
	c, err := cases.Open(t.Context(), target, Schemas())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	says := map[string]string{}
	for _, view := range []string{
		"session", "connection", "sighting", "flow_again", "flow_once", "flow_named", "flow_by_addr", "asset", "coverage", "answer_name", "flow_span",
		"resolver_log", "(SELECT * EXCLUDE (pair_id, client_key, server_key) FROM session_keys)",
		"(SELECT * EXCLUDE (pair_id, client_key, server_key) FROM connection_keys)",
	} {
		rows, err := c.Query(t.Context(), "SELECT count(*) || ' rows, ' || coalesce(sum(hash(t)), 0) FROM "+view+" t", nil)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			says[view] = rows.Values()[0].(string)
		}
		if rows.Err() != nil {
			t.Fatal(rows.Err())
		}
		rows.Close()
	}
	return says
}
