package cwlogs

import (
	"context"
	"math"
	"sync"

	"golang.org/x/time/rate"
)

// quotas are how many FilterLogEvents calls an account may make in a region in a second; elsewhere it is 10.
var quotas = map[string]float64{
	"us-east-1": 25, "ap-northeast-3": 5, "ap-southeast-3": 5, "ca-west-1": 5, "eu-central-1": 5, "il-central-1": 5,
}

// quota is the number of FilterLogEvents calls that an account may make in a region in a second.
func quota(region string) float64 {
	if q, ok := quotas[region]; ok {
		return q
	}
	return 10
}

// DefaultRate leaves the larger part of a region's quota to whoever else needs it.
func DefaultRate(region string) float64 { return 0.4 * quota(region) }

// Limiter bounds the requests of all sources of a region. Throttling slows it down, success makes it recover.
type Limiter struct {
	most float64
	mu   sync.Mutex
	l    *rate.Limiter
}

// NewLimiter allows so many requests in a second.
func NewLimiter(perSecond float64) *Limiter {
	return &Limiter{most: perSecond, l: rate.NewLimiter(rate.Limit(perSecond), max(1, int(math.Ceil(perSecond/2))))}
}

// Wait returns when the next request may be made.
func (l *Limiter) Wait(ctx context.Context) error { return l.l.Wait(ctx) }

// Rate is the present number of requests in a second.
func (l *Limiter) Rate() float64 { return float64(l.l.Limit()) }

// Throttled is called when the service has refused a request for its rate.
func (l *Limiter) Throttled() { l.change(func(now float64) float64 { return max(now*0.8, l.most/10) }) }

// Answered is called when the service has answered.
func (l *Limiter) Answered() {
	l.change(func(now float64) float64 { return min(now+l.most/25, l.most) })
}

func (l *Limiter) change(to func(float64) float64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := float64(l.l.Limit()); to(now) != now {
		l.l.SetLimit(rate.Limit(to(now)))
	}
}
