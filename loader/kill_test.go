package loader

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"case53/cases"
	"case53/cases/custody"
)

// kills is how many kill -9 TestKill deals out; .ci/run asks for 50.
func kills() int {
	if n, err := strconv.Atoi(os.Getenv("CASE53_KILLS")); err == nil {
		return n
	}
	return 6
}

// TestKill kills loads at random moments and repeats them until they come through: the tables must be those of a load
// that was left alone, object by object.
func TestKill(t *testing.T) {
	logs := writeKillLogs(t)
	calm := filepath.Join(t.TempDir(), "calm.case")
	start := time.Now()
	if err := loadSmallBatches(calm, logs); err != nil {
		t.Fatal(err)
	}
	whole := time.Since(start)
	want := digests(t, calm)
	if len(want) < 100 {
		t.Fatalf("only %d digests", len(want))
	}
	rnd := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
	dealt, cut := 0, 0
	for dealt < kills() {
		target := filepath.Join(t.TempDir(), "killed.case")
		for {
			cmd := exec.Command(os.Args[0], "load-and-be-killed", target, logs)
			var stderr strings.Builder
			cmd.Stderr = &stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			after := time.Duration(rnd.Int64N(int64(whole) * 2 / 3))
			timer := time.AfterFunc(after, func() { cmd.Process.Kill() })
			err := cmd.Wait()
			timer.Stop()
			if err == nil {
				break
			}
			if cmd.ProcessState.ExitCode() != -1 {
				t.Fatalf("not killed, but failed: %v: %s", err, stderr.String())
			}
			dealt++
			if _, err := os.Stat(filepath.Join(target, "case.duckdb")); err == nil {
				cut++
			}
		}
		compareDigests(t, want, digests(t, target))
		if err := custody.Read(filepath.Join(target, "custody.jsonl"), func(custody.Entry) error { return nil }); err != nil {
			t.Error(err)
		}
	}
	t.Logf("a load takes %s; %d kills, %d of them after the database was there", whole, dealt, cut)
}

// writeKillLogs writes a folder of all three types: flow logs, Resolver records, zone lines as CloudWatch events of
// which a third stand in two files, a copy of a file, damaged files, and files that are no logs.
func writeKillLogs(t *testing.T) string {
	dir := t.TempDir()
	write := func(name string, text []byte) {
		if strings.HasSuffix(name, ".gz") {
			var b strings.Builder
			z := gzip.NewWriter(&b)
			z.Write(text)
			z.Close()
			text = []byte(b.String())
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	rnd := rand.New(rand.NewPCG(53, 1))
	for i := range 60 {
		flow := []byte("version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n")
		for range 400 {
			at := 1760000000 + i*300 + rnd.IntN(240)
			flow = fmt.Appendf(flow, "2 123456789012 eni-%08x 10.0.%d.%d 198.51.100.%d %d 443 6 %d %d %d %d ACCEPT OK\n",
				rnd.IntN(9), rnd.IntN(4), rnd.IntN(250), rnd.IntN(250), 1024+rnd.IntN(60000), 1+rnd.IntN(9), 40+rnd.IntN(9000),
				at, at+rnd.IntN(60))
		}
		write(fmt.Sprintf("flow-%03d.log.gz", i), flow)
		var dns []byte
		for k := range 60 {
			dns = fmt.Appendf(dns, `{"version":"1.100000","account_id":"123456789012","region":"eu-central-1","vpc_id":"vpc-1",`+
				`"query_timestamp":"2026-10-14T%02d:%02d:%02dZ","query_name":"n%d.example.com.","query_type":"A","query_class":"IN",`+
				`"rcode":"NOERROR","answers":[{"Rdata":"198.51.100.%d","Type":"A","Class":"IN"}],"srcaddr":"10.0.0.%d","srcport":"5353",`+
				`"transport":"UDP","srcids":{}}`+"\n", i%24, i%60, k%60, rnd.IntN(999), rnd.IntN(250), rnd.IntN(250))
		}
		write(fmt.Sprintf("dns-%03d.log.gz", i), dns)
		var zone []byte
		for k := range 90 {
			id := i*60 + k // the last 30 are the next file's first
			zone = fmt.Appendf(zone, `{"eventId":"%056d","timestamp":%d,"ingestionTime":%d,"logStreamName":"Z1/FRA2",`+
				`"message":"1.0 2026-10-14T08:%02d:%02dZ Z123412341234 n%d.example.com A NXDOMAIN UDP FRA2 192.0.2.%d -"}`+"\n",
				id, 1760000000000+int64(id)*1000, 1760000005000+int64(id)*1000, id/60%60, id%60, id, id%250)
		}
		write(fmt.Sprintf("zone-%03d.jsonl", i), zone)
	}
	write("flow-copy.log.gz", mustRead(t, filepath.Join(dir, "flow-007.log.gz"), true))
	write("broken.log", []byte("version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action "+
		"log-status\n2 123\n\nxyz\n"))
	write("cut.log.gz", nil)
	whole := mustRead(t, filepath.Join(dir, "flow-001.log.gz"), false)
	if err := os.WriteFile(filepath.Join(dir, "cut.log.gz"), whole[:len(whole)*2/3], 0o600); err != nil {
		t.Fatal(err)
	}
	write("empty.log", nil)
	write("notes.txt", []byte("dear diary\nthis is no log\n"))
	write("image.bin", []byte{0x89, 'P', 'N', 'G', 0, 0, 0, 1, 2, 3})
	return dir
}

func mustRead(t *testing.T, path string, unpack bool) []byte {
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if unpack {
		z, err := gzip.NewReader(strings.NewReader(string(b)))
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		if _, err := z.WriteTo(&out); err != nil {
			t.Fatal(err)
		}
		return []byte(out.String())
	}
	return b
}

// digests gives a digest for each object of each table, and one for each table that is derived. When an object was
// acquired is not part of it, nor where the case is.
func digests(t *testing.T, dir string) map[string]string {
	t.Helper()
	c, err := cases.Open(context.Background(), dir, Schemas())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if c.NotReady != nil {
		t.Fatal(c.NotReady)
	}
	out := map[string]string{}
	sum := func(table, sql string) {
		rows, err := c.Query(context.Background(), sql, nil)
		if err != nil {
			t.Fatalf("%s: %v", table, err)
		}
		defer rows.Close()
		for rows.Next() {
			v := rows.Values()
			out[fmt.Sprintf("%s/%v", table, v[0])] = fmt.Sprintf("%v rows %v", v[1], v[2])
		}
		if err := rows.Err(); err != nil {
			t.Fatalf("%s: %v", table, err)
		}
	}
	for _, table := range []string{"flow", "dns", "dns_answer", "zone", "reject", "event"} {
		sum(table, "SELECT object_id, count(*), sha256(string_agg(t::VARCHAR, chr(10) ORDER BY row_no, t::VARCHAR)) FROM "+table+" t GROUP BY 1")
	}
	sum("object", "SELECT object_id, count(*), sha256(string_agg(t::VARCHAR, chr(10))) FROM (SELECT * EXCLUDE (acquired_at) FROM object) t GROUP BY 1")
	for _, table := range []string{"flow_by_addr", "minute", "(SELECT DISTINCT * FROM flow_span)"} {
		sum(table, "SELECT 'all', count(*), sha256(string_agg(t::VARCHAR, chr(10) ORDER BY t::VARCHAR)) FROM "+table+" t")
	}
	return out
}

func compareDigests(t *testing.T, want, got map[string]string) {
	t.Helper()
	for key, digest := range want {
		if got[key] != digest {
			t.Errorf("%s: %q after kills, %q without", key, got[key], digest)
		}
	}
	for key := range got {
		if _, ok := want[key]; !ok {
			t.Errorf("%s: only there after kills", key)
		}
	}
}
