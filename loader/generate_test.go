package loader_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
)

// The load that the benchmarks measure: one day of a busy account. A quarter of the flows is scanning from random
// addresses, the rest a skewed conversation of 400 interfaces; 4% of the outside addresses are IPv6. The same hosts ask for
// the names of the same peers, so that most of the conversation has names.

// perObject is the number of records in a generated object.
const flowsPerObject, queriesPerObject, zonePerObject = 100_000, 40_000, 100_000

var genStart = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC).Unix()

// world is what the records are about.
type world struct {
	rnd   *rand.Rand
	hosts []string
	enis  []string
	peers []string
	zipf  *rand.Zipf
}

func newWorld(seed uint64) *world {
	fixed := rand.New(rand.NewPCG(7, 7)) // the same hosts and peers for every object
	w := &world{rnd: rand.New(rand.NewPCG(seed, 53))}
	for i := range 400 {
		w.hosts = append(w.hosts, fmt.Sprintf("10.%d.%d.%d", 20+i/200, i%200, 4+fixed.IntN(240)))
		w.enis = append(w.enis, fmt.Sprintf("eni-%017x", fixed.Uint64()))
	}
	for range 50_000 {
		w.peers = append(w.peers, outside(fixed))
	}
	w.zipf = rand.NewZipf(w.rnd, 1.2, 8, uint64(len(w.peers)-1))
	return w
}

// outside is an address of the internet, one in 25 IPv6.
func outside(r *rand.Rand) string {
	if r.IntN(25) == 0 {
		return fmt.Sprintf("2001:db8:%x:%x::%x", r.IntN(1<<16), r.IntN(1<<16), 1+r.IntN(1<<16-1))
	}
	return fmt.Sprintf("%d.%d.%d.%d", 11+r.IntN(150), r.IntN(256), r.IntN(256), 1+r.IntN(254))
}

// flowLine appends a default version 2 record at about second at of the day.
func (w *world) flowLine(b []byte, at int64) []byte {
	i := w.rnd.IntN(len(w.hosts))
	host, peer := w.hosts[i], w.peers[w.zipf.Uint64()]
	port, proto, action := []int{443, 443, 443, 80, 22, 5432, 53}[w.rnd.IntN(7)], 6, "ACCEPT"
	if w.rnd.IntN(100) < 24 {
		peer, port, action = outside(w.rnd), 1+w.rnd.IntN(10000), "REJECT"
	} else if port == 53 {
		proto = 17
	}
	start := genStart + at + w.rnd.Int64N(60)
	src, dst, sport, dport := host, peer, 1024+w.rnd.IntN(64000), port
	if w.rnd.IntN(2) == 0 || action == "REJECT" {
		src, dst = peer, host
	}
	packets := 1 + w.rnd.ExpFloat64()*12
	b = append(b, "2 123456789012 "...)
	b = append(append(b, w.enis[i]...), ' ')
	b = append(append(b, src...), ' ')
	b = append(append(b, dst...), ' ')
	for _, n := range []int64{
		int64(sport), int64(dport), int64(proto), int64(packets), int64(packets * (60 + w.rnd.Float64()*1200)),
		start, start + w.rnd.Int64N(60),
	} {
		b = append(strconv.AppendInt(b, n, 10), ' ')
	}
	return append(append(b, action...), " OK\n"...)
}

const flowHeader = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n"

// resolverLine appends a Resolver record. Three in four ask for a name of one of the peers that flows go to, which has two,
// and the rest for names that hardly anybody asks for; a quarter of these has no answer.
func (w *world) resolverLine(b []byte, at int64) []byte {
	i, k := w.rnd.IntN(len(w.hosts)), w.zipf.Uint64()
	rdata, kind, rcode := w.peers[k], "A", "NOERROR"
	if strings.Contains(rdata, ":") {
		kind = "AAAA"
	}
	name := fmt.Sprintf("host-%d.service-%d.example-%d.com.", k%97, k%401, (k+w.rnd.Uint64N(2))%20011)
	if w.rnd.IntN(4) == 0 {
		name = fmt.Sprintf("host-%d.service-%d.example-%d.com.", w.zipf.Uint64()%97, w.zipf.Uint64()%401, w.zipf.Uint64()%20011)
		if w.rnd.IntN(4) == 0 {
			kind, rdata = "TXT", "v=spf1 -all"
		}
		rcode = []string{"NOERROR", "NOERROR", "NOERROR", "NXDOMAIN"}[w.rnd.IntN(4)]
	}
	when := time.Unix(genStart+at+w.rnd.Int64N(60), 0).UTC().Format(time.RFC3339)
	b = fmt.Appendf(b, `{"version":"1.100000","account_id":"123456789012","region":"eu-central-1","vpc_id":"vpc-%017x",`+
		`"query_timestamp":"%s","query_name":"%s","query_type":"%s","query_class":"IN","rcode":"%s","answers":[`,
		i%4, when, name, kind, rcode)
	if rcode == "NOERROR" {
		if w.rnd.IntN(2) == 0 {
			b = fmt.Appendf(b, `{"Rdata":"edge-%d.cdn.example.net.","Type":"CNAME","Class":"IN"},`, k%997)
		}
		b = fmt.Appendf(b, `{"Rdata":"%s","Type":"%s","Class":"IN"}`, rdata, kind)
	}
	b = fmt.Appendf(b, `],"srcaddr":"%s","srcport":"%d","transport":"UDP","srcids":{"instance":"i-%017x"}}`, w.hosts[i], 1024+w.rnd.IntN(64000), i)
	return append(b, '\n')
}

// zoneLine appends a public zone record.
func (w *world) zoneLine(b []byte, at int64) []byte {
	when := time.UnixMilli((genStart+at)*1000 + w.rnd.Int64N(60_000)).UTC().Format("2006-01-02T15:04:05.000Z")
	ecs := "-"
	if w.rnd.IntN(3) == 0 {
		ecs = fmt.Sprintf("%d.%d.%d.0/24", 11+w.rnd.IntN(150), w.rnd.IntN(256), w.rnd.IntN(256))
	}
	return fmt.Appendf(b, "1.0 %s Z0123456789ABCDEFGHIJ w%d.example.com %s %s UDP FRA%d-C1 %s %s\n", when, w.zipf.Uint64(),
		[]string{"A", "AAAA", "TXT", "NS"}[w.rnd.IntN(4)], []string{"NOERROR", "NXDOMAIN"}[w.rnd.IntN(2)], 50+w.rnd.IntN(6), w.peers[w.zipf.Uint64()], ecs)
}

// generate writes n records as gzip objects into a folder under root, once per root, and gives the folder.
func generate(tb testing.TB, root, kind string, n int) string {
	tb.Helper()
	dir := filepath.Join(root, fmt.Sprintf("%s-%d", kind, n))
	if _, err := os.Stat(dir); err == nil {
		return dir
	}
	per := map[string]int{"flow": flowsPerObject, "real": (n + slicesOfDay - 1) / slicesOfDay, "dns": queriesPerObject, "zone": zonePerObject,
		"flow-more": n, "real-more": n}[kind]
	if err := os.MkdirAll(dir+".tmp", 0o700); err != nil {
		tb.Fatal(err)
	}
	objects := (n + per - 1) / per
	next, wg := make(chan int), sync.WaitGroup{}
	for range 2 {
		wg.Go(func() {
			for i := range next {
				if err := generateObject(filepath.Join(dir+".tmp", fmt.Sprintf("%06d.log.gz", i)), kind, i, objects, min(per, n-i*per)); err != nil {
					tb.Error(err)
				}
			}
		})
	}
	for i := range objects {
		next <- i
	}
	close(next)
	wg.Wait()
	if err := os.Rename(dir+".tmp", dir); err != nil {
		tb.Fatal(err)
	}
	return dir
}

func generateObject(path, kind string, i, objects, n int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	z := gzip.NewWriter(f)
	out := bufio.NewWriterSize(z, 1<<20)
	w := newWorld(uint64(i))
	seed := uint64(0)
	kind, more := strings.CutSuffix(kind, "-more") // what comes to a case that is there
	if more {
		seed, i, objects = 1<<41, slicesOfDay/2, slicesOfDay
		w = newWorld(seed)
	}
	if kind == "flow" || kind == "real" {
		out.WriteString(flowHeader)
	}
	if kind == "real" {
		for _, text := range realLines(seed, i, n) {
			out.WriteString(text)
		}
		n = 0
	}
	var line []byte
	for k := range n {
		at := (int64(i)*86400 + int64(k)*86400/int64(n)) / int64(objects)
		switch kind {
		case "flow":
			line = w.flowLine(line[:0], at)
		case "dns":
			line = w.resolverLine(line[:0], at)
		case "zone":
			line = w.zoneLine(line[:0], at)
		}
		out.Write(line)
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return z.Close()
}
