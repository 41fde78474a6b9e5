package flow

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"

	"case53/loader/logs"
	"case53/loader/logs/logstest"
)

// flowSample makes lines of a version as AWS writes them: many interfaces, 4 % IPv6, a few NODATA.
func flowSample(n, version int) (recs [][]byte) {
	r := rand.New(rand.NewPCG(53, uint64(version)))
	addr := func() string {
		if r.IntN(25) == 0 {
			var b [16]byte
			b[0], b[1], b[2], b[3] = 0x26, 0x00, 0x1f, byte(r.IntN(256))
			for i := 8; i < 16; i++ {
				b[i] = byte(r.IntN(256))
			}
			return netip.AddrFrom16(b).String()
		}
		return fmt.Sprintf("%d.%d.%d.%d", 1+r.IntN(220), r.IntN(256), r.IntN(256), r.IntN(256))
	}
	for range n {
		src, dst := fmt.Sprintf("10.0.%d.%d", r.IntN(40), r.IntN(250)), addr()
		start, packets := 1793000000+r.IntN(172800), 1+r.IntN(100)
		eni := r.IntN(2000)
		line := fmt.Sprintf("%d 123456789012 eni-0%016x %s %s %d %d 6 %d %d %d %d %s OK", version, eni*7919, src, dst,
			1024+r.IntN(60000), []int{443, 80, 22, 5432}[r.IntN(4)], packets, 40*packets+r.IntN(100000), start, start+r.IntN(60),
			[]string{"ACCEPT", "ACCEPT", "REJECT"}[r.IntN(3)])
		if version == 5 { // what repeats goes with the interface and the direction
			out := r.IntN(2)
			line += fmt.Sprintf(" vpc-0%016x subnet-0%016x i-0%016x %d IPv4 %s %s eu-west-1 euw1-az%d - - - %s %s %s", 77, eni%9, eni,
				[]int{2, 18, 19, 0}[r.IntN(4)], src, dst, 1+eni%3, []string{"-", "S3", "AMAZON"}[eni%3],
				[]string{"ingress", "egress"}[out], []string{"-", "8"}[out])
		}
		recs = append(recs, []byte(line))
	}
	return recs
}

func BenchmarkFlowDecode(b *testing.B) {
	for _, version := range []int{2, 5} {
		b.Run(fmt.Sprintf("v%d", version), func(b *testing.B) {
			recs := flowSample(20000, version)
			formats, err := Type.Resolve(recs, nil)
			if err != nil {
				b.Fatal(err)
			}
			typ := *Type
			typ.New = func(o logs.Options) logs.Decoder { o.Formats = formats; return Type.New(o) }
			logstest.Decode(b, &typ, recs)
		})
	}
}
