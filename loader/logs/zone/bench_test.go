package zone

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"case53/loader/logs/logstest"
)

func BenchmarkZoneDecode(b *testing.B) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var recs [][]byte
	for i := range 20000 {
		recs = append(recs, fmt.Appendf(nil, "1.0 2026-11-01T%02d:%02d:%02dZ Z0855848ZMRIQ3P4AX3P host-%d.example.com A NOERROR "+
			"UDP ICN54-C1 192.0.2.%d 198.51.%d.0/24", i/3600%24, i/60%60, i%60, int(50*rnd.ExpFloat64()), rnd.IntN(250), rnd.IntN(250)))
	}
	logstest.Decode(b, Type, recs)
}
