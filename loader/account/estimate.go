package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"case53/cases"
	"case53/cases/words"
	"case53/loader/source"
	"case53/loader/source/cwlogs"
)

// Prices in US dollars, of us-east-1 and from memory of 2025: good for an order of magnitude, and said to be no more.
const (
	priceOfListing = 0.005 / 1000
	priceOfGet     = 0.0004 / 1000
	priceOfGB      = 0.09 // out to the internet
)

// likely are what estimates rest on where nothing is known: a page is at most 1 MB of messages, which compress to a tenth.
const (
	pageBytes      = 1 << 20
	logCompression = 10
	s3Throughput   = 20 << 20 // bytes a second
)

// Estimate is what a pull would come to.
type Estimate struct {
	Source   string  `json:"source"`
	Objects  int64   `json:"objects"`
	Bytes    int64   `json:"bytes"`
	Requests int64   `json:"requests"`
	Seconds  float64 `json:"seconds"`
	Dollars  float64 `json:"dollars"`
	Basis    string  `json:"basis"`
	Failed   string  `json:"failed,omitempty"`
}

// Estimates says what reading would come to. Of a bucket it lists the objects, and tells each; of a log group there is
// nothing to list, so it is judged by its size and age.
func (f Found) Estimates(ctx context.Context, w cases.Span, each func(source.Object)) ([]Estimate, error) {
	var all []Estimate
	for _, s := range f.Sources {
		if group, ok := s.(*cwlogs.Source); ok {
			all = append(all, f.estimateGroup(group, w))
			continue
		}
		e, err := estimateBucket(ctx, s, w, each)
		if err != nil {
			return all, err
		}
		all = append(all, e)
	}
	return all, nil
}

// estimateGroup judges a log group by what DescribeLogGroups says of it.
func (f Found) estimateGroup(group *cwlogs.Source, w cases.Span) Estimate {
	span := w.To.Sub(w.From) + cwlogs.PaddingBefore + cwlogs.PaddingAfter
	slices := int64(span/(15*time.Minute)) + 1
	e := Estimate{Source: group.URI(), Requests: slices, Objects: slices, Basis: "one request for each quarter of an hour; the group's size is not known"}
	for _, look := range f.looks {
		if look.Name != group.Name() || look.StoredBytes == 0 || look.Created.IsZero() {
			continue
		}
		life := time.Since(look.Created)
		if kept := time.Duration(look.RetentionDays) * 24 * time.Hour; kept > 0 && kept < life {
			life = kept
		}
		raw := float64(look.StoredBytes) * logCompression * min(1, float64(span)/float64(max(life, time.Hour)))
		e.Requests += int64(raw / pageBytes)
		e.Objects, e.Bytes = e.Requests, int64(raw/logCompression)
		e.Dollars = raw / 1e9 * priceOfGB
		e.Basis = fmt.Sprintf("%s stored in %d days, as if evenly; %.1f requests/s",
			words.Bytes(look.StoredBytes), int(life.Hours()/24), group.Limiter.Rate())
	}
	e.Seconds = float64(e.Requests) / group.Limiter.Rate()
	return e
}

// estimateBucket lists what would be fetched.
func estimateBucket(ctx context.Context, s source.Source, w cases.Span, each func(source.Object)) (Estimate, error) {
	e := Estimate{Source: s.URI(), Basis: "as listed"}
	failures := 0
	for o, err := range s.Objects(ctx, w) {
		var one *source.ObjectError
		if errors.As(err, &one) {
			failures++
			e.Failed = fmt.Sprintf("%d could not be listed, the last: %s", failures, reasonOf(one))
			continue
		}
		if err != nil {
			return e, err
		}
		e.Objects++
		e.Bytes += max(0, o.Size())
		each(o)
	}
	listings := e.Objects/1000 + 1
	if active, ok := s.(source.Active); ok {
		listings = max(listings, active.Activity().Requests)
	}
	e.Requests = listings + e.Objects
	e.Seconds = float64(e.Bytes)/s3Throughput + float64(e.Requests)*0.05/8
	e.Dollars = float64(listings)*priceOfListing + float64(e.Objects)*priceOfGet + float64(e.Bytes)/1e9*priceOfGB
	return e, nil
}
