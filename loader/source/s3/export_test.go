package s3

import (
	"context"
	"slices"
	"time"

	"case53/cases"
	"case53/loader/logs/flow"
	"case53/loader/logs/resolver"
)

// Places are those of the log types.
var Places = slices.Concat(flow.Type.Places, resolver.Type.Places)

// NoWaiting makes a source that asks again at once.
func NoWaiting(s *Source) {
	s.sleep = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
}

// MayHold is what a key says of a window.
func MayHold(k string, w cases.Span) bool {
	parsed := parse(k, Places)
	return parsed.mayHold(w)
}

// Parsed is a key taken apart.
type Parsed struct {
	Account, Service, Region string
	Day, Stamp               time.Time
}

func Parse(s string) Parsed {
	k := parse(s, Places)
	return Parsed{k.account, k.service, k.region, k.date.from, k.stamp}
}

// URI is a key's URI in the tests' bucket.
func URI(key string) string { return New(nil, Options{Bucket: "bucket"}).uri(key) }
