package logstest

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"case53/loader/logs"
)

// ResolverSample makes compact records as AWS writes them, about 470 bytes with 1.5 answers, over few hot names and
// many cold ones.
func ResolverSample(n int) (recs [][]byte) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		name := fmt.Sprintf("service-%d.us-east-1.internal.example.com.", int(20*rnd.ExpFloat64()))
		if rnd.IntN(20) == 0 {
			name = fmt.Sprintf("%016x.cdn.example.net.", rnd.Uint64())
		}
		answers := fmt.Sprintf(`{"Rdata":"10.%d.%d.%d","Type":"A","Class":"IN"}`, rnd.IntN(256), rnd.IntN(256), rnd.IntN(256))
		if rnd.IntN(2) == 0 {
			answers = fmt.Sprintf(`{"Rdata":"edge-%d.example.org.","Type":"CNAME","Class":"IN"},`, rnd.IntN(50)) + answers
		}
		recs = append(recs, fmt.Appendf(nil, `{"version":"1.100000","account_id":"123456789012","region":"us-east-1",`+
			`"vpc_id":"vpc-0123456789abcdef0","query_timestamp":"2026-11-01T%02d:%02d:%02dZ","query_name":"%s","query_type":"A",`+
			`"query_class":"IN","rcode":"NOERROR","answers":[%s],"srcaddr":"10.0.%d.%d","srcport":"%d","transport":"UDP",`+
			`"srcids":{"instance":"i-%017x"}}`,
			i/3600%24, i/60%60, i%60, name, answers, rnd.IntN(4), rnd.IntN(50), 1024+rnd.IntN(60000), rnd.IntN(200)))
	}
	return recs
}

func Decode(b *testing.B, typ *logs.Type, recs [][]byte) {
	contexts := map[string]uint32{}
	rows := 0
	dec := typ.New(logs.Options{
		Capture: "incident",
		Admit:   func(int64, int64) logs.Outcome { return logs.Row },
		Intern: func(_ string, key []byte) uint32 {
			if n, ok := contexts[string(key)]; ok {
				return n
			}
			n := uint32(len(contexts))
			contexts[string(key)] = n
			return n
		},
		Flush: func(batch *logs.Batch) error {
			rows += batch.N
			batch.Reset()
			return nil
		},
	})
	size := 0
	for _, rec := range recs {
		size += len(rec)
	}
	b.SetBytes(int64(size / len(recs)))
	b.ReportAllocs()
	meta := logs.Meta{ObjectID: 1}
	begun := used()
	for b.Loop() {
		rec := recs[int(meta.RowNo)%len(recs)]
		meta.RowNo++
		if _, _, _, err := dec.Decode(rec, meta); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(meta.RowNo)/b.Elapsed().Seconds(), "rec/s")
	b.ReportMetric(float64(used()-begun)/float64(meta.RowNo), "cpu-ns/rec")
}

// Floor is what nobody can do without to read such records: they are unpacked, and read once as each says.
func Floor(b *testing.B, recs [][]byte, read func(rec []byte) error) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	for range 2000 {
		for _, rec := range recs {
			z.Write(rec)
			z.Write([]byte{'\n'})
		}
	}
	z.Close()
	n, begun := 0, used()
	for b.Loop() {
		unpacked, err := gzip.NewReader(bytes.NewReader(packed.Bytes()))
		if err != nil {
			b.Fatal(err)
		}
		for lines := bufio.NewScanner(unpacked); lines.Scan(); n++ {
			if err := read(lines.Bytes()); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(used()-begun)/float64(n), "cpu-ns/rec")
}

// used is the CPU time of this program: a clock on the wall runs for other programs too.
func used() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
