package s3server

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"case53/cases"
	"case53/loader"
	"case53/loader/source"
	"case53/loader/source/local"
	"case53/loader/source/s3"
)

// BenchmarkPull compares a pull from the server, which shares this machine's cores, with a load of the same files from
// disk: pull/load is the ratio of their speeds, by the clock and without the derived tables, which both build alike.
func BenchmarkPull(b *testing.B) {
	const objects, records = 40, 50_000
	dir := b.TempDir()
	name := fmt.Sprintf("speed-%d", time.Now().UnixNano()) // the function runs again for each -count
	c := bucket(b, name, false)
	rnd := rand.New(rand.NewPCG(1, 2))
	first := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	size := 0
	for i := range objects {
		var out bytes.Buffer
		z := gzip.NewWriter(&out)
		fmt.Fprintln(z, "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status")
		stamp := first.Add(time.Duration(i) * 5 * time.Minute)
		for range records {
			at := stamp.Unix() + int64(rnd.IntN(240))
			fmt.Fprintf(z, "2 123456789012 eni-%017x 10.0.%d.%d %d.%d.%d.%d %d %d 6 %d %d %d %d ACCEPT OK\n",
				rnd.IntN(400), rnd.IntN(4), rnd.IntN(250), 11+rnd.IntN(150), rnd.IntN(256), rnd.IntN(256), rnd.IntN(256),
				1024+rnd.IntN(60000), rnd.IntN(1024), 1+rnd.IntN(40), 40+rnd.IntN(90000), at, at+int64(rnd.IntN(60)))
		}
		z.Close()
		size += out.Len()
		put(b, c, name, plainKey(stamp, i), out.Bytes())
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%03d.log.gz", i)), out.Bytes(), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	took := func(src source.Source) time.Duration {
		target := filepath.Join(b.TempDir(), "x.case")
		report, err := pull(b.Context(), target, src, cases.Span{})
		if err != nil || len(report.Failures) > 0 || report.Lines.Rows != objects*records {
			b.Fatal(err, report.Failures, report.Lines)
		}
		return report.Elapsed
	}
	var fromDisk, fromServer time.Duration
	b.ResetTimer()
	for range b.N {
		for range 3 { // in turns, the best of each: other programs are about
			if d := took(local.New(dir)); fromDisk == 0 || d < fromDisk {
				fromDisk = d
			}
			if d := took(s3.New(c, s3.Options{Places: loader.Places(), Bucket: name})); fromServer == 0 || d < fromServer {
				fromServer = d
			}
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(size)/1e6, "MB")
	b.ReportMetric(fromDisk.Seconds(), "load-s")
	b.ReportMetric(fromServer.Seconds(), "pull-s")
	b.ReportMetric(fromDisk.Seconds()/fromServer.Seconds(), "pull/load")
}
