package cases

import (
	"encoding/json"
	"math"
	"time"

	"case53/cases/words"
)

// Span is a stretch of time, half-open, UTC. A zero end is open or unknown, and JSON null. A record may claim any year, and a
// time.Duration ends after 292: lengths are counted in seconds.
type Span struct{ From, To time.Time }

// MarshalJSON writes {"from":…,"to":…}.
func (s Span) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		From *time.Time `json:"from"`
		To   *time.Time `json:"to"`
	}{point(s.From), point(s.To)})
}

// lastMoment stands for the end of a span that ends with the year 9999: JSON's times (RFC 3339) have no later one.
var lastMoment = time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC)

func point(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	if t = t.UTC(); t.After(lastMoment) {
		t = lastMoment
	}
	return &t
}

// String writes it to the second, in UTC; an end that is not known is "…".
func (s Span) String() string {
	if s.From.IsZero() && s.To.IsZero() {
		return "no times"
	}
	return openMoment(s.From) + " to " + openMoment(s.To) + " UTC"
}

// Between writes it for a sentence with "between".
func (s Span) Between() string { return words.Moment(s.From) + " and " + words.Moment(s.To) + " UTC" }

func openMoment(t time.Time) string {
	if t.IsZero() {
		return "…"
	}
	return words.Moment(t)
}

// Seconds is how long it lasts.
func (s Span) Seconds() float64 {
	return float64(s.To.Unix()-s.From.Unix()) + float64(s.To.Nanosecond()-s.From.Nanosecond())/1e9
}

// Bins is how many bins, whole seconds wide, it takes to cover it.
func (s Span) Bins(width time.Duration) int {
	seconds := s.To.Unix() - s.From.Unix()
	if s.To.Nanosecond() > s.From.Nanosecond() {
		seconds++
	}
	wide := int64(width / time.Second)
	return int((seconds + wide - 1) / wide)
}

// Later is the moment so many seconds after another, to the microsecond.
func Later(t time.Time, seconds float64) time.Time {
	whole, part := math.Modf(seconds)
	return time.Unix(t.Unix()+int64(whole), int64(t.Nanosecond())+1000*int64(math.Round(part*1e6))).UTC()
}

// and widens the span to hold [from, to]; zero times are left out.
func (s Span) and(from, to time.Time) Span {
	if !from.IsZero() && (s.From.IsZero() || from.Before(s.From)) {
		s.From = from
	}
	if !to.IsZero() && (s.To.IsZero() || to.After(s.To)) {
		s.To = to
	}
	return s
}
