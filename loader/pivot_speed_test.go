package loader_test

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"case53/cases"
	"case53/loader"
)

// pivotSQL is the saved query flows-of-address: both directions, the oldest first.
const pivotSQL = `SELECT * FROM flows_of($ip_n::UHUGEINT, $ip_n::UHUGEINT, $from::TIMESTAMP, $to::TIMESTAMP, $capture)
	ORDER BY start, object_id, row_no, side`

// BenchmarkPivot measures, on a case of CASE53_BENCH_SCALE million flows, how long the flows of one address take: of
// addresses drawn by their share of the traffic, of rare ones, and of the busiest.
func BenchmarkPivot(b *testing.B) {
	root := benchDir(b)
	target := filepath.Join(root, "flow.case")
	if _, err := os.Stat(target); err != nil {
		loadFolder(b, generate(b, root, "flow", scale()*1_000_000), target)
	}
	start := time.Now()
	c, err := cases.Open(context.Background(), target, loader.Schemas())
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	opened := time.Since(start)
	if _, err := c.Info(context.Background()); err != nil {
		b.Fatal(err)
	}
	overview := time.Since(start)
	addresses := column(b, c, "SELECT addr_n FROM flow_by_addr USING SAMPLE 40 ROWS (reservoir, 53)")
	busiest := column(b, c, "SELECT addr FROM derived.flow_endpoint GROUP BY addr ORDER BY count(*) DESC LIMIT 5")
	for range b.N {
		report := func(name string, addrs []string) {
			var warm []float64
			for range 3 {
				rand.Shuffle(len(addrs), func(i, j int) { addrs[i], addrs[j] = addrs[j], addrs[i] })
				for _, n := range addrs {
					at := time.Now()
					rows(b, c, pivotSQL, map[string]any{"ip_n": n, "from": nil, "to": nil, "capture": ""})
					warm = append(warm, float64(time.Since(at).Microseconds())/1000)
				}
			}
			warm = warm[len(addrs):] // the first round warms up
			slices.Sort(warm)
			b.ReportMetric(warm[len(warm)/2], name+"-p50-ms")
			b.ReportMetric(warm[len(warm)*95/100], name+"-p95-ms")
		}
		report("any", addresses)
		report("busiest", busiest)
		b.ReportMetric(float64(opened.Milliseconds()), "open-ms")
		b.ReportMetric(float64(overview.Milliseconds()), "open+info-ms")
		b.ReportMetric(0, "ns/op")
	}
}

func rows(b *testing.B, c *cases.Case, sql string, args map[string]any) (first []string) {
	b.Helper()
	r, err := c.Query(context.Background(), sql, args)
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	for r.Next() {
		first = append(first, cases.CellOf(r.Values()[0]).Text)
	}
	if r.Err() != nil {
		b.Fatal(r.Err())
	}
	return first
}

func column(b *testing.B, c *cases.Case, sql string) []string { return rows(b, c, sql, nil) }
