package queries

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"case53/cases/writer"
	"case53/loader"
	"case53/loader/source"
	"case53/loader/source/local"
)

// The hunts on data that others labelled, through the loader and the tables of a real case. What a hunt's front matter says
// as measured is what these tests ask for. The files are read from the folder named by CASE53_FIXTURES.

func fixture(t *testing.T, name string) string {
	t.Helper()
	root := os.Getenv("CASE53_FIXTURES")
	if root == "" {
		t.Skip("CASE53_FIXTURES is not set")
	}
	return filepath.Join(root, filepath.FromSlash(name))
}

// lines reads the lines of a file, which may be compressed.
func lines(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(file, ".gz") {
		r, err := gzip.NewReader(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if text, err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	return strings.Split(strings.TrimRight(string(text), "\n"), "\n")
}

// loaded makes a case of files with these texts, as case53 load does, and opens it.
func loaded(t *testing.T, texts map[string][]byte) *sql.DB {
	t.Helper()
	return loadedAs(t, map[string]map[string][]byte{"incident": texts})
}

// loadedApart loads the logs of several captures, act-0 and on, into one case.
func loadedApart(t *testing.T, n int, logs func(i int) map[string][]byte) *sql.DB {
	t.Helper()
	captures := map[string]map[string][]byte{}
	for i := range n {
		captures[fmt.Sprint("act-", i)] = logs(i)
	}
	return loadedAs(t, captures)
}

// loadedAs loads the logs of captures into one case; the one called replay is one.
func loadedAs(t *testing.T, captures map[string]map[string][]byte) *sql.DB {
	t.Helper()
	dir := t.TempDir()
	w, err := writer.Open(context.Background(), filepath.Join(dir, "x.case"), loader.Schemas())
	if err != nil {
		t.Fatal(err)
	}
	for _, capture := range slices.Sorted(maps.Keys(captures)) {
		logs := filepath.Join(dir, capture)
		if err := os.MkdirAll(logs, 0o755); err != nil {
			t.Fatal(err)
		}
		for name, text := range captures[capture] {
			if err := os.WriteFile(filepath.Join(logs, name), text, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		role := "incident"
		if capture == "replay" {
			role = capture
		}
		plan := loader.Plan{Sources: []source.Source{local.New(logs)}, Capture: capture, Role: role}
		report, err := loader.Load(context.Background(), w, plan, nil)
		if err != nil || len(report.Failures) > 0 {
			t.Fatal(err, report.Failures)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("duckdb", filepath.Join(dir, "x.case", "case.duckdb")+
		"?access_mode=READ_ONLY&threads=2&autoinstall_known_extensions=false&autoload_known_extensions=false")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	run(t, db, "SET TimeZone = 'UTC'")
	run(t, db, "ATTACH '"+filepath.Join(dir, "x.case", "derived", "derived.duckdb")+"' AS derived (READ_ONLY)")
	return db
}

// question is a DNS query of a data set.
type question struct {
	at              time.Time
	client          netip.Addr
	port            int
	transport, name string
	kind, rcode     string
	answers         []string
}

// record is the question as the Resolver would have logged it.
func (q question) record(b *bytes.Buffer) {
	type answer struct{ Rdata, Type, Class string }
	answers := []answer{}
	for _, a := range q.answers {
		kind := "CNAME"
		if ip, err := netip.ParseAddr(a); err == nil && ip.Is4() {
			kind = "A"
		} else if err == nil {
			kind = "AAAA"
		} else if strings.Contains(a, " ") {
			kind = "TXT"
		} else {
			a += "."
		}
		answers = append(answers, answer{a, kind, "IN"})
	}
	text, err := json.Marshal(map[string]any{
		"version": "1.100000", "account_id": "123456789012", "region": "us-east-1", "vpc_id": "vpc-1",
		"query_timestamp": q.at.UTC().Format("2006-01-02T15:04:05.000Z"), "query_name": q.name + ".",
		"query_type": q.kind, "query_class": "IN", "rcode": q.rcode, "answers": answers,
		"srcaddr": q.client.String(), "srcport": strconv.Itoa(q.port), "transport": q.transport, "srcids": map[string]string{},
	})
	if err != nil {
		panic(err)
	}
	b.Write(text)
	b.WriteByte('\n')
}

// zeekSeconds is a time of Zeek: seconds since 1970.
func zeekSeconds(text string) time.Time {
	seconds, _ := strconv.ParseFloat(text, 64)
	return time.UnixMicro(int64(seconds * 1e6)).UTC()
}

// wrccdc is 53,606 queries of a student competition in 2018 (nine without a name are left out): no labels, but no tunnel is known in it.
func wrccdc(t *testing.T) []question {
	t.Helper()
	var all []question
	for _, line := range lines(t, fixture(t, "brimdata+zed-sample-data/zeek-default/dns.log.gz")) {
		f := strings.Split(line, "\t")
		if strings.HasPrefix(line, "#") || f[9] == "-" || f[13] == "-" {
			continue
		}
		q := question{
			at:        zeekSeconds(f[0]),
			client:    netip.MustParseAddr(f[2]),
			transport: strings.ToUpper(f[6]),
			name:      f[9],
			kind:      strings.Replace(f[13], "*", "ANY", 1),
			rcode:     strings.Replace(f[15], "-", "NOERROR", 1),
		}
		q.port, _ = strconv.Atoi(f[3])
		if f[21] != "-" {
			q.answers = strings.Split(f[21], ",")
		}
		all = append(all, q)
	}
	return all
}

var bindLine = regexp.MustCompile(`^(\S+) .*client \S+ ([0-9.]+)#([0-9]+) .*: query: (\S+) IN (\S+)`)

// tunnel is a BIND query log of the tunnel data set.
func tunnel(t *testing.T, file string) []question {
	t.Helper()
	var all []question
	for _, line := range lines(t, file) {
		m := bindLine.FindStringSubmatch(line)
		if m == nil {
			t.Fatalf("%s: %q", file, line)
		}
		at, err := time.Parse(time.RFC3339, m[1])
		if err != nil {
			t.Fatal(err)
		}
		port, _ := strconv.Atoi(m[3])
		all = append(all, question{at: at, client: netip.MustParseAddr(m[2]), port: port, transport: "UDP", name: m[4], kind: m[5], rcode: "NOERROR"})
	}
	return all
}

// mixed is a tunnel's queries, asked by the busiest client of the benign set from its first second on, among at least twenty
// times as many benign ones. Where one benign set is too small it is repeated, each time a day later and by other clients.
func mixed(benign, attack []question) (text []byte, copies int) {
	var b bytes.Buffer
	start := benign[0].at
	for copies*len(benign) < 20*len(attack) || copies == 0 {
		for _, q := range benign {
			q.at = q.at.Add(time.Duration(copies) * 24 * time.Hour)
			if a := q.client.As4(); q.client.Is4() {
				a[0] += byte(copies)
				q.client = netip.AddrFrom4(a)
			}
			q.record(&b)
		}
		copies++
	}
	for _, q := range attack {
		q.at, q.client = start.Add(q.at.Sub(attack[0].at)), netip.MustParseAddr("10.47.2.100")
		q.record(&b)
	}
	return b.Bytes(), copies
}

// ranking is what a hunt found, best first: a finding a line.
func ranking(t *testing.T, db *sql.DB, hunt, columns string, given map[string]string) []string {
	t.Helper()
	text, args, err := builtins(t).Get(hunt).Bind(given)
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Split(strings.TrimSuffix(answer(t, db, "SELECT concat_ws(' ', "+columns+") AS finding FROM ("+text+")", args), "\n"), "\n")
	return all[1:]
}

// TestTunnels: in each of the fourteen sets, mixed with twenty times as many benign queries, the tunnel ranks first in three
// hunts, and is all that they find.
func TestTunnels(t *testing.T) {
	scanner := bufio.NewScanner(strings.NewReader(strings.Join(lines(t, fixture(t, "Korving-F+dns-tunnel-dataset/LABELS.bind9.tsv")), "\n")))
	benign := wrccdc(t)
	sets := 0
	for scanner.Scan() {
		label := strings.Split(scanner.Text(), "\t")
		if strings.HasPrefix(label[0], "#") {
			continue
		}
		sets++
		t.Run(strings.Join(label[1:len(label)-3], " "), func(t *testing.T) {
			attack := tunnel(t, fixture(t, "Korving-F+dns-tunnel-dataset/"+label[0]))
			text, copies := mixed(benign, attack)
			if copies*len(benign) < 20*len(attack) {
				t.Fatalf("%d benign queries for %d", copies*len(benign), len(attack))
			}
			db := loaded(t, map[string][]byte{"resolver.json": text})
			for _, hunt := range []string{"dns-tunnel", "information-heavy-hitters", "record-types-for-hiding"} {
				found := ranking(t, db, hunt, "registered_domain, client, severity, round(score, 3)", nil)
				t.Logf("%s: %q; %d queries among %d", hunt, found, len(attack), copies*len(benign))
				if len(found) == 0 || !strings.HasPrefix(found[0], "example.attack 10.47.2.100 ") {
					t.Errorf("%s: the tunnel is not first: %q", hunt, found)
				}
				if len(found) > 1 {
					t.Errorf("%s: findings that are no tunnel: %q", hunt, found[1:])
				}
			}
		})
	}
	if sets != 14 {
		t.Errorf("%d sets", sets)
	}
}

// domains reads a list of domains, one a line or in the first column. Labels without a suffix, which one list has, get one.
func domains(t *testing.T, file string) []string {
	t.Helper()
	var all []string
	for _, line := range lines(t, fixture(t, "andrewaeva+DGA/"+file)) {
		first, _, _ := strings.Cut(line, ",")
		name := strings.ToLower(strings.Trim(first, "\" \r\t"))
		if name != "" && !strings.Contains(name, ".") {
			name += ".com"
		}
		if name != "" {
			all = append(all, name)
		}
	}
	return all
}

// looksGenerated asks the hunt's own step which of these names look generated.
func looksGenerated(t *testing.T, names []string) map[string]bool {
	t.Helper()
	var b bytes.Buffer
	for i, name := range names {
		question{
			at:        time.Date(2026, 11, 2, 0, 0, i%86400, 0, time.UTC),
			client:    netip.MustParseAddr("10.0.0.1"),
			transport: "UDP",
			name:      name,
			kind:      "A",
			rcode:     "NXDOMAIN",
		}.record(&b)
	}
	db := loaded(t, map[string][]byte{"resolver.json": b.Bytes()})
	q := builtins(t).Get("dga-names")
	_, args, err := q.Bind(nil)
	if err != nil {
		t.Fatal(err)
	}
	args = map[string]any{"bits": args["bits"], "from": args["from"], "to": args["to"], "capture": args["capture"], "names": args["names"]}
	looks := map[string]bool{}
	found := answer(t, db, q.Hunt.prefix+"\nSELECT DISTINCT name FROM dns SEMI JOIN generated USING (registered_domain)", args)
	for _, line := range strings.Split(found, "\n")[1:] {
		looks[line] = true
	}
	return looks
}

// TestGeneratedNames: names of benign lists and of families, each judged by the hunt's own step. Words put together from a
// list (matsnu, rovnix) and syllables (pushdo) are not found: the hunt says so.
func TestGeneratedNames(t *testing.T) {
	lists := []struct {
		file  string
		least float64 // percent that must be found
	}{
		{"help/1000domains/alexa_1000.txt", 0},
		{"dga_wordlists/opendns-top-domains.txt", 0},
		{"dga_wordlists/opendns-random-domains.txt", 0},
		{"dga_wordlists/goz.txt", 99},
		{"dga_wordlists/new_goz.txt", 99},
		{"dga_wordlists/others_dga.txt", 50},
		{"dga_wordlists/dds-malicious-domains.csv", 92},
		{"help/1000domains/conficker_1000.txt", 30},
		{"help/1000domains/cryptolocker_1000.txt", 78},
		{"help/1000domains/matsnu_1000.txt", 0},
		{"help/1000domains/pushdo_1000.txt", 0},
		{"help/1000domains/ramdo_1000.txt", 80},
		{"help/1000domains/rovnix_1000.txt", 0},
		{"help/1000domains/tinba_1000.txt", 70},
		{"help/1000domains/zeus_1000.txt", 99},
	}
	var all []string
	for _, list := range lists {
		all = append(all, domains(t, list.file)...)
	}
	looks := looksGenerated(t, all)
	var wrong, benign, found, generated int
	for i, list := range lists {
		names, n := domains(t, list.file), 0
		for _, name := range names {
			if looks[name] {
				n++
			}
		}
		share := 100 * float64(n) / float64(len(names))
		t.Logf("%s: %d of %d, %.2f%%", list.file, n, len(names), share)
		if share < list.least {
			t.Errorf("%s: %.2f%%, want %.0f%%", list.file, share, list.least)
		}
		if i < 3 {
			wrong, benign = wrong+n, benign+len(names)
		} else {
			found, generated = found+n, generated+len(names)
		}
	}
	t.Logf("benign: %d of %d, %.2f%%; generated: %d of %d, %.2f%%",
		wrong, benign, 100*float64(wrong)/float64(benign), found, generated, 100*float64(found)/float64(generated))
	if 100*wrong > benign {
		t.Errorf("%d of %d benign names, more than 1%%", wrong, benign)
	}
}

// TestInfectedClients: a client for each family, which asks for 200 of its names among the queries of the benign set.
func TestInfectedClients(t *testing.T) {
	var b bytes.Buffer
	benign := wrccdc(t)
	for _, q := range benign {
		q.record(&b)
	}
	families := map[string]string{}
	for i, file := range []string{
		"dga_wordlists/goz.txt", "dga_wordlists/new_goz.txt",
		"help/1000domains/zeus_1000.txt", "help/1000domains/cryptolocker_1000.txt", "help/1000domains/conficker_1000.txt",
		"help/1000domains/ramdo_1000.txt", "help/1000domains/tinba_1000.txt", "help/1000domains/pushdo_1000.txt",
		"help/1000domains/matsnu_1000.txt", "help/1000domains/rovnix_1000.txt",
	} {
		client := netip.AddrFrom4([4]byte{10, 99, 0, byte(i + 1)})
		families[client.String()] = file
		for n, name := range domains(t, file)[:200] {
			question{
				at:        benign[0].at.Add(time.Duration(n) * time.Second),
				client:    client,
				transport: "UDP",
				name:      name,
				kind:      "A",
				rcode:     "NXDOMAIN",
			}.record(&b)
		}
	}
	found := ranking(t, loaded(t, map[string][]byte{"resolver.json": b.Bytes()}), "dga-names", "client, severity, score, generated_domains", nil)
	right := 0
	for _, f := range found {
		client, _, _ := strings.Cut(f, " ")
		t.Log(f, families[client])
		if families[client] != "" {
			right++
		}
	}
	if right != 7 || len(found) != 7 {
		t.Errorf("%d of 10 families, %d findings, want 7 and 7", right, len(found))
	}
}
