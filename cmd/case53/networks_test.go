package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"case53/cases"
	"case53/cmd/case53/cli"
	"case53/loader"
	"case53/loader/networks/networkstest"
	"case53/queries/findings"
)

const placesFlow = `version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status
2 012345678901 eni-1 10.0.1.10 203.0.113.66 40000 443 6 10 4200 1793527200 1793527259 ACCEPT OK
2 012345678901 eni-1 203.0.113.66 10.0.1.10 443 40000 6 10 900 1793527200 1793527259 ACCEPT OK
2 012345678901 eni-1 10.0.1.10 198.51.100.7 40001 443 6 10 700 1793527200 1793527259 ACCEPT OK
`

// placesCase is a case with a flow log, and the folder it is in.
func placesCase(t *testing.T) (dir, target string) {
	t.Helper()
	dir = t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(dir, "config"))
	file := filepath.Join(dir, "flow.log")
	if err := os.WriteFile(file, []byte(placesFlow), 0o600); err != nil {
		t.Fatal(err)
	}
	target = filepath.Join(dir, "a.case")
	command(t, "load", target, file)
	return dir, target
}

func put(t *testing.T, dir, name string, text []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestPlaces: the files that a user supplies say of findings, queries and reports whose the outside addresses are.
func TestPlaces(t *testing.T) {
	dir, target := placesCase(t)
	older, newer := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 10, 28, 0, 0, 0, 0, time.UTC)
	city := func(country string) []networkstest.Entry {
		return []networkstest.Entry{
			{Network: "203.0.113.0/24", Data: networkstest.City(country, "", "Delft")},
			{Network: "2001:db8::/32", Data: networkstest.City("DE", "", "")},
		}
	}
	old := put(t, dir, "old.mmdb", networkstest.MMDB("GeoLite2-City", older, city("BE")))
	current := put(t, dir, "new.mmdb", networkstest.MMDB("GeoLite2-City", newer, city("NL")))
	asn := put(t, dir, "asn.mmdb", networkstest.MMDB("GeoLite2-ASN", newer, []networkstest.Entry{
		{Network: "203.0.113.64/26", Data: networkstest.ASN(64500, "Example Hosting")},
	}))
	ranges := put(t, dir, "ip-ranges.json", []byte(`{"syncToken": "1793145600", "prefixes": [`+
		`{"ip_prefix": "198.51.100.0/24", "region": "eu-west-1", "service": "S3"}, `+
		`{"ip_prefix": "198.51.0.0/16", "region": "eu-west-1", "service": "AMAZON"}]}`))
	command(t, "load", target, "--mmdb", old, "--mmdb", current, "--mmdb", asn, "--ip-ranges", ranges)

	found := hunted(t, target, "top-talkers")
	notes := map[string]bool{}
	for _, f := range found {
		for _, note := range f.Whose {
			notes[note] = true
		}
	}
	for _, want := range []string{
		"203.0.113.66: AS64500 Example Hosting, Delft NL (GeoLite2-ASN of 2026-10-28, GeoLite2-City of 2026-10-28)",
		"198.51.100.7: AWS S3 eu-west-1 (AWS ip-ranges of 2026-10-28)",
	} {
		if !notes[want] {
			t.Errorf("no finding says %q: %v", want, notes)
		}
	}
	csv := string(command(t, "query", target, "places-of-addresses", "-o", "csv"))
	for _, want := range []string{
		"country,NL,1,1,0,4200,900,",
		"AS,AS64500 Example Hosting,1,1,0,4200,900,",
		"AWS service,S3 eu-west-1,1,1,0,700,",
		"country,unknown,1,1,0,700,",
	} {
		if !strings.Contains(csv, "\n"+want) {
			t.Errorf("no row %q in\n%s", want, csv)
		}
	}
	if got := string(command(t, "query", target, "networks-of-address", "-p", "ip=203.0.113.66", "-o", "csv")); strings.Count(got, "\n") != 4 {
		t.Errorf("networks of an address:\n%s", got)
	}
	md := filepath.Join(dir, "r.md")
	command(t, "report", target, "-o", md, "--hunt", "top-talkers")
	text, err := os.ReadFile(md)
	appendix, failed := os.ReadFile(filepath.Join(dir, "r-appendix.md"))
	if err = errors.Join(err, failed); err != nil {
		t.Fatal(err)
	}
	text = append(text, appendix...)
	for _, want := range []string{
		"Whose addresses: 203.0.113.66: AS64500 Example Hosting, Delft NL",
		"| GeoLite2-ASN | `asn.mmdb`, made 2026-10-28 00:00:00 UTC, 1 networks, kept ",
	} {
		if !bytes.Contains(text, []byte(want)) {
			t.Errorf("the report does not say %q", want)
		}
	}
	if tables := string(command(t, "info", target, "--json")); strings.Contains(tables, `"network"`) {
		t.Errorf("networks count as records: %s", tables)
	}
}

// TestPlacesOfManyAddresses: many addresses are found by another join than few, and the same is said of them.
func TestPlacesOfManyAddresses(t *testing.T) {
	dir, target := placesCase(t)
	var entries []networkstest.Entry
	for i := range 100 {
		entries = append(entries, networkstest.Entry{Network: fmt.Sprintf("203.0.%d.0/25", i), Data: networkstest.ASN(uint32(64500+i), "")})
	}
	command(t, "load", target, "--mmdb", put(t, dir, "asn.mmdb", networkstest.MMDB("GeoLite2-ASN", time.Unix(1793145600, 0), entries)))
	k, err := cases.Open(context.Background(), target, loader.Schemas())
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	var all []netip.Addr
	for i := range 100 {
		for _, last := range []byte{0, 127, 128} {
			a := netip.AddrFrom4([4]byte{203, 0, byte(i), last})
			all = append(all, a)
		}
	}
	notes, err := findings.Whose(context.Background(), k, all)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		note := notes[a]
		b := a.As4()
		want := ""
		if b[3] < 128 {
			want = fmt.Sprintf("AS%d (GeoLite2-ASN of 2026-10-28)", 64500+int(b[2]))
		}
		if b[3] == 127 && b[2]%10 == 0 {
			if one, err := findings.Whose(context.Background(), k, []netip.Addr{a}); err != nil || one[a] != note {
				t.Errorf("%s alone is %q, among others %q (%v)", a, one[a], note, err)
			}
		}
		if note != want {
			t.Errorf("%s is %q, want %q", a, note, want)
		}
	}
}

// TestDamagedPlaces: a file that cannot be read whole changes nothing; one that is there already is not taken twice.
func TestDamagedPlaces(t *testing.T) {
	dir, target := placesCase(t)
	whole := networkstest.MMDB("GeoLite2-City", time.Unix(1793145600, 0), []networkstest.Entry{
		{Network: "203.0.113.0/24", Data: networkstest.City("NL", "", "")},
		{Network: "203.0.114.0/24", Data: networkstest.City("DE", "", "")},
	})
	bad := bytes.Clone(whole)
	at := bytes.LastIndex(bad, []byte("DE"))
	bad[at-1] = 0x5d // the text claims to be longer than the file: seen only when the second network is read
	fails := func(fault string, args ...string) {
		t.Helper()
		before := tree(t, target)
		var stdout, stderr bytes.Buffer
		if code := run(context.Background(), args, strings.NewReader(""), &stdout, &stderr); code != cli.Failed || !strings.Contains(stderr.String(), fault) {
			t.Errorf("exit code %d: %s", code, stderr.String())
		}
		if after := tree(t, target); after != before {
			t.Errorf("the case changed:\n%s\nwas\n%s", after, before)
		}
	}
	fails("damaged MaxMind DB", "load", target, "--mmdb", put(t, dir, "bad.mmdb", bad))
	fails("not a whole MaxMind DB", "load", target, "--mmdb", put(t, dir, "cut.mmdb", whole[:len(whole)/2]))
	fails("not AWS's ip-ranges.json", "load", target, "--ip-ranges", put(t, dir, "x.json", []byte("{}")))
	good := put(t, dir, "good.mmdb", whole)
	command(t, "load", target, "--mmdb", good)
	once := tree(t, target)
	command(t, "load", target, "--mmdb", good)
	if again := tree(t, target); again != once {
		t.Errorf("taken twice:\n%s\nwas\n%s", again, once)
	}
}

// tree is the raw files of a case, how many imports its custody log has, and its networks.
func tree(t *testing.T, target string) string {
	t.Helper()
	var b strings.Builder
	files, err := filepath.Glob(filepath.Join(target, "raw", "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		fmt.Fprintln(&b, filepath.Base(f))
	}
	log, err := os.ReadFile(filepath.Join(target, "custody.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(&b, bytes.Count(log, []byte(`"network.import"`)), "imports")
	b.Write(command(t, "query", target, "--sql", "SELECT file, first_address, country FROM network ORDER BY ALL", "-o", "csv"))
	return b.String()
}
