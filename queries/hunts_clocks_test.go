package queries

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// Clocks: programs that call the same place again and again, in captures of many lengths.

// clock is one of them.
type clock struct {
	every, jitter float64 // seconds, and the share of it by which a pause differs at most
	from, hours   float64 // hours of the capture
	only          bool    // a SYN that nothing answers
}

const clockClient = "10.0.1.5"

// clockServer is the place of a clock of a capture.
func clockServer(n int) string { return fmt.Sprintf("203.0.113.%d", 66+n) }

// clockDay is a capture of so many hours in which a machine keeps clocks, and others are idle or call at random.
func clockDay(hours float64, clocks ...clock) map[string][]byte {
	o := newOrdinary(uint64(hours*10), []string{clockClient, "10.0.1.6", "10.0.1.7"})
	o.until = hours * 3600
	for i := range int(hours * 8) {
		for n, client := range []string{clockClient, "10.0.1.6"} {
			at := o.rng.Float64() * o.until
			site := address("site", i%(40+10*n))
			o.make(call{client: client, server: site, port: 443, at: at, seconds: 3, sent: int64(o.some(4000)), received: int64(o.some(40000))})
		}
	}
	o.make(call{client: "10.0.1.7", server: "10.0.1.6", port: 22, at: 0, seconds: o.until, sent: 90000, received: 90000})
	for i, c := range clocks {
		o.clock(c, clockServer(i))
	}
	return map[string][]byte{"flow.log": o.flow.Bytes()}
}

// clock makes the calls of a clock.
func (o *ordinary) clock(c clock, server string) {
	rng := rand.New(rand.NewPCG(7, uint64(c.every)))
	for at := c.from*3600 + c.every*rng.Float64(); at < (c.from+c.hours)*3600; at += c.every * (1 + c.jitter*(2*rng.Float64()-1)) {
		o.make(call{
			client: clockClient, server: server, port: 8443, at: at, seconds: 1,
			sent: 700 + rng.Int64N(60), received: 5000 + rng.Int64N(900), silent: c.only,
		})
	}
}

// beacon is the finding about a server; one without a score where there is none.
func beacon(t *testing.T, db *sql.DB, server string, given map[string]string) found {
	t.Helper()
	for _, f := range findingsOf(t, db, "beacon", given) {
		if f.text("dst") == server && f.text("outcome") == "beacon" {
			return f
		}
	}
	return found{}
}

// TestClockWhateverTheCapture: a clock is found in a capture of any length that holds enough of it, and its score hardly
// depends on where the capture ends.
func TestClockWhateverTheCapture(t *testing.T) {
	db := loaded(t, clockDay(36, clock{every: 300, hours: 36}, clock{every: 300, jitter: 0.1, hours: 36}))
	for n, name := range []string{"exact", "±10%"} {
		lowest, highest := 1.0, 0.0
		for _, hours := range []int{2, 4, 6, 8, 11, 12, 24, 25, 30, 36} {
			end := firstDay.Add(time.Duration(hours) * time.Hour).Format(time.RFC3339)
			f := beacon(t, db, clockServer(n), map[string]string{"to": end})
			t.Logf("300 s %s in %d h: %.3f %s", name, hours, f.score, f.severity)
			if f.score < 0.7 {
				t.Errorf("300 s %s in %d h: score %.3f", name, hours, f.score)
			}
			if hours >= 12 {
				lowest, highest = min(lowest, f.score), max(highest, f.score)
			}
		}
		if highest-lowest > 0.05 {
			t.Errorf("%s: from 12 to 36 hours the score is %.3f to %.3f", name, lowest, highest)
		}
	}
}

// TestTooFewCalls: twelve calls of a clock are shown with what is missing, and a capture with hardly a call says how many
// channels were too short.
func TestTooFewCalls(t *testing.T) {
	db := loaded(t, clockDay(1, clock{every: 300, hours: 1}))
	f := beacon(t, db, clockServer(0), nil)
	if f.severity != "low" || !strings.Contains(f.reason, "too few calls to be told from chance: 18 like these would pass 0.70") {
		t.Errorf("%.3f %s: %s", f.score, f.severity, f.reason)
	}
	q := builtins(t).Get("beacon")
	_, args, err := q.Bind(map[string]string{"to": firstDay.Add(40 * time.Minute).Format(time.RFC3339)})
	if err != nil {
		t.Fatal(err)
	}
	if trace := answer(t, db, q.Hunt.Trace(), args); !strings.HasSuffix(trace, "| 1 | 1 | 0\n") {
		t.Errorf("steps: %s", trace)
	}
}

// otherClocks are clocks of other kinds, by the hours of their capture.
var otherClocks = map[float64][]struct {
	name string
	clock
}{
	24: {
		{"±30%", clock{every: 300, jitter: 0.3, hours: 12}},
		{"±50%", clock{every: 300, jitter: 0.5, hours: 12}},
		{"±50% of a minute", clock{every: 60, jitter: 0.5, hours: 24}},
		{"every 5 s for 3.8 h", clock{every: 5, jitter: 0.1, hours: 3.8}},
		{"SYN only, every 23 s, 46 minutes", clock{every: 23, jitter: 0.02, hours: 0.77, only: true}},
		{"half of a day", clock{every: 120, jitter: 0.2, from: 9, hours: 12}},
	},
	168: {
		{"100 calls in a week", clock{every: 204.5, jitter: 0.017, from: 60, hours: 5.7}},
		{"hourly for two days", clock{every: 3600, jitter: 0.05, from: 30, hours: 48}},
	},
}

// clocksFound is how many of the other clocks have a score of 0.7.
func clocksFound(t *testing.T) (n, of int) {
	for hours, all := range otherClocks {
		var clocks []clock
		for _, c := range all {
			clocks = append(clocks, c.clock)
		}
		db := loaded(t, clockDay(hours, clocks...))
		for i, c := range all {
			f := beacon(t, db, clockServer(i), nil)
			t.Logf("%s: %.3f %s", c.name, f.score, f.severity)
			if of++; f.score >= 0.7 {
				n++
			}
		}
	}
	return n, of
}

func TestOtherClocks(t *testing.T) {
	if n, of := clocksFound(t); n != of {
		t.Errorf("%d of %d", n, of)
	}
}
