package s3

import (
	"context"
	"time"

	"case53/cases"
)

// NoWaiting makes a source that asks again at once.
func NoWaiting(s *Source) {
	s.sleep = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
}

// MayHold is what a key says of a window.
func MayHold(k string, w cases.Span) bool {
	parsed := parse(k)
	return parsed.mayHold(w)
}

// Parsed is a key taken apart.
type Parsed struct {
	Account, Service, Region string
	Day, Stamp               time.Time
}

func Parse(s string) Parsed {
	k := parse(s)
	return Parsed{k.account, k.service, k.region, k.date.from, k.stamp}
}

// URI is a key's URI in the tests' bucket.
func URI(key string) string { return New(nil, Options{Bucket: "bucket"}).uri(key) }
