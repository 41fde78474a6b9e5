package queries

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// Clocks: programs that call the same place again and again, in captures of many lengths.

// clock is one of them.
type clock struct {
	every, jitter float64 // seconds, and the share of it by which a pause differs at most
	from, hours   float64 // hours of the capture
	only          bool    // a SYN that nothing answers
}

const clockClient, clockServer = "10.0.1.5", "203.0.113.66"

// clockDay is a capture of so many hours in which one machine keeps a clock, others are idle or call at random.
func clockDay(hours float64, clocks ...clock) map[string][]byte {
	o := newOrdinary(uint64(hours*10), []string{clockClient, "10.0.1.6", "10.0.1.7"})
	o.until = hours * 3600
	for i := range int(hours * 8) {
		at := o.rng.Float64() * o.until
		o.make(call{client: "10.0.1.6", server: address("site", i%40), port: 443, at: at, seconds: 3, sent: int64(o.some(4000)), received: int64(o.some(40000))})
		o.make(call{client: clockClient, server: address("site", i%50), port: 443, at: at, seconds: 3, sent: int64(o.some(4000)), received: int64(o.some(40000))})
	}
	o.make(call{client: "10.0.1.7", server: "10.0.1.6", port: 22, at: 0, seconds: o.until, sent: 90000, received: 90000})
	for i, c := range clocks {
		o.clock(c, fmt.Sprintf("203.0.113.%d", 66+i))
	}
	return map[string][]byte{"flow.log": o.flow.Bytes()}
}

// clock makes the calls of a clock.
func (o *ordinary) clock(c clock, server string) {
	rng := rand.New(rand.NewPCG(7, uint64(c.every)))
	for at := c.from*3600 + c.every*rng.Float64(); at < (c.from+c.hours)*3600; at += c.every * (1 + c.jitter*(2*rng.Float64()-1)) {
		o.make(call{client: clockClient, server: server, port: 8443, at: at, seconds: 1, sent: 700 + rng.Int64N(60), received: 5000 + rng.Int64N(900), silent: c.only})
	}
}

// beaconScore is the score and the severity of the best finding about a server; 0 where there is none.
func beaconScore(t *testing.T, logs map[string][]byte, server string) (score float64, severity string) {
	t.Helper()
	for _, f := range findingsOf(t, loaded(t, logs), "beacon", nil) {
		if f.text("dst") == server && f.text("outcome") == "beacon" {
			return f.score, f.severity
		}
	}
	return 0, ""
}

// TestClockWhateverTheCapture: a clock is found in a capture of any length that holds enough of it, and its score hardly
// depends on where the capture ends.
func TestClockWhateverTheCapture(t *testing.T) {
	if testing.Short() {
		t.Skip("loads twenty captures")
	}
	for _, jitter := range []float64{0, 0.1} {
		lowest, highest := 1.0, 0.0
		for _, hours := range []float64{2, 4, 6, 8, 11, 12, 24, 25, 30, 36} {
			score, severity := beaconScore(t, clockDay(hours, clock{every: 300, jitter: jitter, hours: hours}), clockServer)
			t.Logf("300 s ±%.0f%% in %g h: %.3f %s", 100*jitter, hours, score, severity)
			if score < 0.7 {
				t.Errorf("300 s ±%.0f%% in %g h: score %.3f", 100*jitter, hours, score)
			}
			if hours >= 12 {
				lowest, highest = min(lowest, score), max(highest, score)
			}
		}
		if highest-lowest > 0.05 {
			t.Errorf("±%.0f%%: from 12 to 36 hours the score is %.3f to %.3f", 100*jitter, lowest, highest)
		}
	}
}

// otherClocks are clocks of other kinds, each with the hours of its capture.
var otherClocks = []struct {
	name  string
	hours float64
	clock
}{
	{"±30%", 12, clock{every: 300, jitter: 0.3, hours: 12}}, {"±50%", 12, clock{every: 300, jitter: 0.5, hours: 12}}, {"±50% of a minute", 24, clock{every: 60, jitter: 0.5, hours: 24}},
	{"every 5 s for 3.8 h", 4, clock{every: 5, jitter: 0.1, hours: 3.8}}, {"SYN only, every 23 s, 46 minutes", 0.8, clock{every: 23, jitter: 0.02, hours: 0.77, only: true}},
	{"100 calls in a week", 168, clock{every: 204.5, jitter: 0.017, from: 60, hours: 5.7}}, {"hourly for two days", 48, clock{every: 3600, jitter: 0.05, hours: 48}},
	{"half of a day", 24, clock{every: 120, jitter: 0.2, from: 9, hours: 12}},
}

func TestOtherClocks(t *testing.T) {
	if testing.Short() {
		t.Skip("loads captures")
	}
	for _, c := range otherClocks {
		score, severity := beaconScore(t, clockDay(c.hours, c.clock), clockServer)
		t.Logf("%s: %.3f %s", c.name, score, severity)
		if score < 0.7 {
			t.Errorf("%s: score %.3f", c.name, score)
		}
	}
}
