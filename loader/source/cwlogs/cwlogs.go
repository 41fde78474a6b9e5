// Package cwlogs reads a window of a CloudWatch Logs group with FilterLogEvents.
//
// CloudWatch Logs has no objects. What is taken for one is a page: the body of one answer, as the API returned it,
// compressed with gzip. A window is read in slices of time, each a chain of pages, several chains at a time; pages are
// yielded in the order of the slices.
//
// Rules:
//   - A slice has been read to its end when an answer came without a next token, and only then. Empty pages and short
//     ones are followed like full ones.
//   - FilterLogEvents takes its end time as inclusive: the slice [a, b) asks for a … b-1ms.
//   - No stream is left out by what DescribeLogStreams says of its last event: that figure is late by hours.
//   - An answer that is cut, is no JSON, has no list of events, or has events outside the time asked for, is not an
//     answer; it is asked for again.
//   - A chain of more than MaxPages goes on as several, where the pages came in order of time.
//   - One limiter bounds all requests. Throttling makes it slower, never gives up; only Patience without any answer does.
//   - "complete" means that two readings of a slice found the same number of events with the same ids. What was read
//     once is "complete-unverified".
//
// The package refuses to go on with credentials that the service refuses: the listing ends with a *CredentialsError. It
// asks for what it was told to and changes nothing: FilterLogEvents and DescribeLogGroups are all it calls.
package cwlogs

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"case53/loader/source"
)

// API is what is called of the service.
type API interface {
	FilterLogEvents(context.Context, *cloudwatchlogs.FilterLogEventsInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.FilterLogEventsOutput, error)
}

// Padding is how far a slice of a window reaches beyond it: a flow log's event has the time at which its aggregation
// interval of at most 11 minutes began, and a DNS log's may differ from its record's by minutes.
const PaddingBefore, PaddingAfter = 660 * time.Second, 5 * time.Minute

// SecondCount is what is read twice.
type SecondCount string

const (
	CountNone     SecondCount = "none"
	CountLastHour SecondCount = "last-hour" // slices that end in the last hour of the window, where events come late
	CountAll      SecondCount = "all"
)

// Config is what to read and how. A zero field has its default.
type Config struct {
	Client      API
	Limiter     *Limiter // shared by all sources of a region
	Region      string
	Account     string // of the group; "" when unknown
	Group       string // name or ARN
	Endpoint    string // recorded
	Unmask      bool
	SecondCount SecondCount // CountLastHour

	Workers  int           // slices at a time; 6
	Slice    time.Duration // to begin with; 15 minutes
	MaxPages int           // of a chain before it is split; 50
	Repeats  int           // pages with the same token and no event before the slice is given up; 100
	Patience time.Duration // without any answer before a slice is given up; 15 minutes
	Timeout  time.Duration // of one request; 60 seconds
	Backoff  time.Duration // before the first repetition; 200 milliseconds
	// Renew is called when the service refuses the credentials; true: there may be others now. Nil: there are none.
	Renew func() bool
	Now   func() time.Time
}

func (c Config) withDefaults() Config {
	set := func(d *time.Duration, to time.Duration) {
		if *d <= 0 {
			*d = to
		}
	}
	count := func(n *int, to int) {
		if *n <= 0 {
			*n = to
		}
	}
	set(&c.Slice, 15*time.Minute)
	set(&c.Patience, 15*time.Minute)
	set(&c.Timeout, time.Minute)
	set(&c.Backoff, 200*time.Millisecond)
	count(&c.Workers, 6)
	count(&c.MaxPages, 50)
	count(&c.Repeats, 100)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.SecondCount == "" {
		c.SecondCount = CountLastHour
	}
	if c.Limiter == nil {
		c.Limiter = NewLimiter(DefaultRate(c.Region))
	}
	return c
}

// Source is a log group. It is read by one Objects at a time.
type Source struct {
	Config
	uri, arn, name string

	skip, earlier []source.Slice

	mu       sync.Mutex
	requests int64
	total    time.Duration // of the window
	read     time.Duration
	backing  int       // requests that wait for the service to recover
	answered time.Time // the last answer
	settled  []source.Slice
	masked   int64 // events that look masked
}

// New makes a source of a log group.
func New(c Config) *Source {
	s := &Source{Config: c.withDefaults()}
	s.name = c.Group
	if arn, ok := ParseARN(c.Group); ok {
		s.Region, s.Account, s.name = arn.Region, arn.Account, arn.Group
		s.arn = arn.String()
	} else if s.Account != "" {
		s.arn = ARN{Partition: partition(s.Region), Region: s.Region, Account: s.Account, Group: s.name}.String()
	}
	account := s.Account
	if account == "" {
		account = "-"
	}
	s.uri = fmt.Sprintf("cwlogs://%s/%s/%s", s.Region, account, url.PathEscape(s.name))
	return s
}

// URI names the group: cwlogs://REGION/ACCOUNT/LOG%2FGROUP, with - for an account that is not known.
func (s *Source) URI() string { return s.uri }

// Fetchers is how many pages are stored at a time; they are in memory by then.
func (s *Source) Fetchers() int { return 2 }

// Skip leaves out slices that the case has.
func (s *Source) Skip(done []source.Slice) { s.skip = done }

// Recount gives the slices to compare with.
func (s *Source) Recount(earlier []source.Slice) { s.earlier = earlier }

// Slices gives the slices that were compared, as they stand now.
func (s *Source) Slices() []source.Slice {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.settled
}

// Activity says how far the source has been read.
func (s *Source) Activity() source.Activity {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := source.Activity{Requests: s.requests, Fraction: -1}
	if s.total > 0 {
		a.Fraction = min(1, float64(s.read)/float64(s.total))
	}
	if s.backing > 0 {
		a.Waiting = fmt.Sprintf("throttled, %.1f requests/s", s.Limiter.Rate())
	}
	return a
}

// LogGroup is the group as an ARN, or its name where the account is not known.
func (s *Source) LogGroup() string {
	if s.arn != "" {
		return s.arn
	}
	return s.name
}

// ARN is a log group's.
type ARN struct{ Partition, Region, Account, Group string }

// ParseARN reads arn:aws:logs:REGION:ACCOUNT:log-group:NAME, with or without :* behind it.
func ParseARN(text string) (ARN, bool) {
	parts := strings.SplitN(text, ":", 7)
	if len(parts) != 7 || parts[0] != "arn" || parts[2] != "logs" || parts[5] != "log-group" || parts[3] == "" || parts[6] == "" {
		return ARN{}, false
	}
	return ARN{parts[1], parts[3], parts[4], strings.TrimSuffix(parts[6], ":*")}, true
}

func (a ARN) String() string {
	return fmt.Sprintf("arn:%s:logs:%s:%s:log-group:%s", a.Partition, a.Region, a.Account, a.Group)
}

// partition is the one that a region is in.
func partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	case strings.HasPrefix(region, "eusc-"):
		return "aws-eusc"
	}
	return "aws"
}

// Name is the group's name.
func (s *Source) Name() string { return s.name }

// Remarks says what looks as if a data protection policy had masked it.
func (s *Source) Remarks() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.masked == 0 || s.Unmask {
		return nil
	}
	return []string{
		fmt.Sprintf("%s: %d events have runs of asterisks, as a data protection policy writes them; "+
			"--unmask reads them plain where logs:Unmask is allowed", s.uri, s.masked),
	}
}
