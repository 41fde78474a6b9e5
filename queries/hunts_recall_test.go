package queries

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// What the hunts find of what others labelled, and of what is planted in an ordinary day.

var (
	table   = flag.Bool("table", false, "measure without asking whether it is what the front matter says")
	verbose = flag.Bool("findings", false, "show every false finding, and whatever is not found")
)

// recall is data with something to be found, and how much of it each hunt finds.
type recall struct {
	name    string
	measure func(t *testing.T) map[string][2]int
}

var recalls = []recall{
	{"planted acts", plantedActs},
	{"scanned targets of nmap-lan", scannedTargets},
	{"ports called open in nmap-lan that are", openPorts},
	{"NjRAT", func(t *testing.T) map[string][2]int {
		n := 0
		for _, f := range findingsOf(t, loaded(t, truth(t, "njrat-ctu230/flow-v2.log.gz")), "beacon", nil) {
			if f.text("dst") == "41.108.179.197" && f.text("outcome") == "beacon" && f.score >= 0.7 {
				n = 1
			}
		}
		return map[string][2]int{"beacon": {n, 1}}
	}},
	{"captures of channels in names", channelsInNames},
	{"families of 170 names", func(t *testing.T) map[string][2]int { return infectedFamilies(t, 170) }},
	{"families of 40 names", func(t *testing.T) map[string][2]int { return infectedFamilies(t, 40) }},
	{"clocks", func(t *testing.T) map[string][2]int {
		n, of := clocksFound(t)
		return map[string][2]int{"beacon": {n, of}}
	}},
	{"scanners of ctu-normal", slowScanners},
	{"planted requests", plantedRequests},
	{"spellings of jndi", obfuscated},
	{"planted guesses", plantedGuesses},
	{"planted guests", plantedTier},
}

// has says whether there is such a hunt: the table is made with hunts of before, too.
func has(t *testing.T, hunt string) bool { return builtins(t).Get(hunt) != nil }

// plantedActs is for each hunt how many of its acts it finds at high or medium.
func plantedActs(t *testing.T) map[string][2]int {
	db := loaded(t, badDay())
	of := map[string][2]int{}
	for _, a := range acts {
		count := of[a.hunt]
		count[1]++
		rank := 0
		if has(t, a.hunt) {
			for i, f := range findingsOf(t, db, a.hunt, nil) {
				if f.about(a.about) && f.serious() {
					rank = i + 1
					count[0]++
					t.Logf("%s: %s: rank %d, %s %.3f: %s", a.hunt, a.name, rank, f.severity, f.score, f.reason)
					break
				}
			}
		}
		if rank == 0 {
			t.Logf("%s: %s: NOT FOUND", a.hunt, a.name)
		}
		of[a.hunt] = count
	}
	return of
}

// nmapLabels is what is true of each port of each target: open, closed or silent.
func nmapLabels(t *testing.T) map[string]string {
	labels := map[string]string{}
	for _, line := range lines(t, fixture(t, "truth/nmap-lan/LABELS.tsv.gz"))[1:] {
		f := strings.Split(line, "\t")
		labels[f[0]+" "+f[1]] = f[2]
	}
	return labels
}

// scannedTargets counts the targets with more than thirty ports tried, and those told at medium or higher.
func scannedTargets(t *testing.T) map[string][2]int {
	tried, told := map[string]int{}, map[string]bool{}
	for key := range nmapLabels(t) {
		target, _, _ := strings.Cut(key, " ")
		tried[target]++
	}
	for _, f := range findingsOf(t, loaded(t, truth(t, "nmap-lan/flow-v2.log.gz")), "port-scan", nil) {
		if f.serious() {
			told[f.text("dst")] = true
		}
	}
	n, of := 0, 0
	for target, ports := range tried {
		if ports > 30 {
			of++
			if told[target] {
				n++
			}
		}
	}
	return map[string][2]int{"port-scan": {n, of}}
}

// openPorts is how many of the host and port that a hunt calls open are.
func openPorts(t *testing.T) map[string][2]int {
	labels := nmapLabels(t)
	db := loaded(t, truth(t, "nmap-lan/flow-v2.log.gz"))
	counts := map[string][2]int{}
	told := func(hunt, target, port string) {
		if truth, known := labels[target+" "+port]; known {
			count := counts[hunt]
			count[1]++
			if truth == "open" {
				count[0]++
			} else {
				t.Logf("%s: port %s of %s is %s", hunt, port, target, truth)
			}
			counts[hunt] = count
		}
	}
	for _, f := range findingsOf(t, db, "port-scan", nil) {
		for _, port := range strings.Fields(f.text("accepted_ports")) {
			told("port-scan", f.text("dst"), port)
		}
	}
	for _, f := range findingsOf(t, db, "port-sweep", nil) {
		for _, target := range strings.Fields(f.text("accepted_targets")) {
			told("port-sweep", target, f.text("dstport"))
		}
	}
	return counts
}

// slowScanners are the outside addresses that knocked at most of all in ctu-normal: at least fifteen ports of a host.
func slowScanners(t *testing.T) map[string][2]int {
	ports := map[string]map[string]bool{}
	for _, line := range lines(t, fixture(t, "truth/ctu-normal/LABELS.tsv.gz"))[1:] {
		f := strings.Split(line, "\t")
		if f[3] == "Malicious" {
			key := f[0]
			if ports[key] == nil {
				ports[key] = map[string]bool{}
			}
			ports[key][f[1]+" "+f[2]] = true
		}
	}
	db := loaded(t, truth(t, "ctu-normal/flow-v2.log.gz"))
	counts := map[string][2]int{}
	told := map[string]bool{}
	for _, hunt := range []string{"port-scan", "slow-scan"} {
		if !has(t, hunt) {
			continue
		}
		for _, f := range findingsOf(t, db, hunt, nil) {
			if f.serious() {
				told[f.text("src")] = true
			}
		}
	}
	n, of := 0, 0
	for src, p := range ports {
		if len(p) >= 15 {
			of++
			if told[src] {
				n++
			} else if *verbose {
				t.Logf("%s: %d ports, not told", src, len(p))
			}
		}
	}
	if has(t, "slow-scan") {
		counts["slow-scan"] = [2]int{n, of}
	} else {
		counts["port-scan"] = [2]int{n, of}
	}
	return counts
}

// nameHunts are the hunts that look for data in names.
var nameHunts = strings.Fields("dns-tunnel dns-many-domains information-heavy-hitters record-types-for-hiding dga-names many-nonexistent")

// channelsInNames is how many captures with at least 30 queries are found by some hunt at medium or higher; each capture is
// loaded alone, as every hunt looks at one client at a time.
func channelsInNames(t *testing.T) map[string][2]int {
	var all []struct {
		File    string
		Family  string
		Queries int
		Domains [][2]any
	}
	text, err := os.ReadFile(fixture(t, "truth/TUNNELS.json"))
	if err == nil {
		err = json.Unmarshal(text, &all)
	}
	if err != nil {
		t.Fatal(err)
	}
	n, of, families := 0, 0, map[string][2]int{}
	for _, c := range all {
		if c.Queries < 30 {
			continue
		}
		var domains []string
		for _, d := range c.Domains {
			domains = append(domains, fmt.Sprint(d[0]))
		}
		by := tunnelFoundBy(t, loaded(t, truth(t, c.File)), domains)
		of++
		count := families[c.Family]
		count[1]++
		if by != "" {
			n++
			count[0]++
		} else if *verbose {
			t.Logf("%s: %d queries: not found", c.File, c.Queries)
		}
		families[c.Family] = count
	}
	t.Log(families)
	return map[string][2]int{"dns-tunnel": {n, of}}
}

func tunnelFoundBy(t *testing.T, db *sql.DB, domains []string) string {
	for _, hunt := range nameHunts {
		if !has(t, hunt) {
			continue
		}
		for _, f := range findingsOf(t, db, hunt, nil) {
			domain := f.text("registered_domain")
			if f.serious() && (domain == "" || slices.ContainsFunc(domains, func(d string) bool {
				return d == domain || strings.HasSuffix(d, "."+domain) || strings.HasSuffix(domain, "."+d)
			})) {
				return hunt
			}
		}
	}
	return ""
}

// infectedFamilies: a client for each family of names, which asks for so many that do not exist, among ordinary queries.
func infectedFamilies(t *testing.T, names int) map[string][2]int {
	families := map[string][]string{}
	for _, line := range lines(t, fixture(t, "truth/names/chrmor_dga_sample.csv.gz")) {
		if f := strings.Split(line, ","); f[0] == "dga" {
			families[f[1]] = append(families[f[1]], f[2])
		}
	}
	var b bytes.Buffer
	benign := wrccdc(t)
	for _, q := range benign {
		q.record(&b)
	}
	clients := map[string]string{}
	for i, family := range slices.Sorted(func(yield func(string) bool) {
		for f := range families {
			if !yield(f) {
				return
			}
		}
	}) {
		client := netip.AddrFrom4([4]byte{10, 99, 0, byte(i + 1)})
		clients[client.String()] = family
		for n, name := range families[family][:min(names, len(families[family]))] {
			q := question{at: benign[0].at.Add(time.Duration(n) * time.Second), client: client, transport: "UDP", name: name, kind: "A", rcode: "NXDOMAIN"}
			q.record(&b)
		}
	}
	db := loaded(t, map[string][]byte{"resolver.json": b.Bytes()})
	counts, told := map[string][2]int{}, map[string]bool{}
	for _, hunt := range []string{"dga-names", "many-nonexistent"} {
		if !has(t, hunt) {
			continue
		}
		n := 0
		for _, f := range findingsOf(t, db, hunt, nil) {
			if clients[f.text("client")] != "" && f.serious() && !told[hunt+f.text("client")] {
				told[hunt+f.text("client")] = true
				n++
			} else if f.serious() {
				t.Logf("%s: benign client %s: %s", hunt, f.text("client"), f.reason)
			}
		}
		counts[hunt] = [2]int{n, len(clients)}
	}
	return counts
}
