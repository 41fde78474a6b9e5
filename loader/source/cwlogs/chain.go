package cwlogs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"case53/loader/source"
)

// tokenLife is how long a chain goes on before it begins anew; a token lives for 24 hours.
const tokenLife = 23 * time.Hour

// readings is how often a span is read at most until two readings agree.
const readings = 3

// item is a page of a chain, or why it ends.
type item struct {
	page *page
	err  error
}

// chain is the reading of one span: answers that lead from one to the next.
type chain struct {
	s     *Source
	work  work
	items chan item
	// What is known at its end; to be read when items is closed.
	pages int
	rest  *span         // what is left to be read by others
	state *source.Slice // of a span that was compared
}

func (s *Source) newChain(w work) *chain { return &chain{s: s, work: w, items: make(chan item, 64)} }

// run reads the span and closes items.
func (c *chain) run(ctx context.Context) {
	defer close(c.items)
	var err error
	if c.work.before == nil {
		err = c.first(ctx)
	} else {
		err = c.compare(ctx)
	}
	if err == nil || ctx.Err() != nil {
		return
	}
	c.send(ctx, item{err: err})
}

// ended is the slice as it stands when its reading has failed. What was read before and could not be compared is no
// less complete for that.
func (c *chain) ended(err error) source.Slice {
	if before := c.work.before; before != nil {
		same := *before
		same.State, same.Reason = source.CompleteUnverified, join(before.Reason, "a second count failed: "+oneLine(err))
		return same
	}
	return source.Slice{
		Source:  c.s.uri,
		From:    c.work.start(),
		To:      c.work.end(),
		State:   source.Partial,
		Reason:  oneLine(err),
		Objects: int64(c.pages),
		Records: -1,
	}
}

func oneLine(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n")
	return text
}

func (c *chain) send(ctx context.Context, i item) error {
	select {
	case c.items <- i:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// reading is what one pass over a span has found.
type reading struct {
	tally
	pages, bytes int64
	rest         *span // a part that it has left to others
}

// slice is the reading as a slice of its span.
func (c *chain) slice(sp span, r reading, state source.State, reads int) source.Slice {
	out := source.Slice{
		Source:  c.s.uri,
		From:    sp.start(),
		To:      sp.end(),
		State:   state,
		Objects: r.pages,
		Records: r.events,
		Bytes:   r.bytes,
		Digest:  r.digest(),
		Reads:   reads,
	}
	if now := c.s.Now().UTC(); out.To.After(now) {
		out.Reason = "read at " + now.Format(time.RFC3339) + ", before its end"
	}
	return out
}

// first reads a span that was never read, and yields its pages as they come. The last one settles it.
func (c *chain) first(ctx context.Context) error {
	r, err := c.read(ctx, 1, true, func(p *page, end *span, r reading) error {
		if end != nil {
			p.settles = []source.Slice{c.slice(*end, r, source.CompleteUnverified, 1)}
		}
		return c.send(ctx, item{page: p})
	})
	c.rest = r.rest
	return err
}

// compare reads a span again. Where it finds what was found before the span is complete; else the pages are yielded,
// and it is read once more.
func (c *chain) compare(ctx context.Context) error {
	before := *c.work.before
	for n := 1; ; n++ {
		var pages []*page
		r, err := c.read(ctx, before.Reads+1, false, func(p *page, _ *span, _ reading) error {
			pages = append(pages, p)
			return nil
		})
		if err != nil {
			return err
		}
		agrees := before.Digest == r.digest() && before.Records == r.events
		if !agrees {
			for _, p := range pages {
				if err := c.send(ctx, item{page: p}); err != nil {
					return err
				}
			}
		}
		state := source.CompleteUnverified
		if agrees {
			state = source.Complete
		}
		now := c.slice(c.work.span, r, state, before.Reads+1)
		if agrees {
			now.Objects, now.Bytes = before.Objects, before.Bytes
			now.Reason = join(before.Reason, now.Reason)
			c.state = &now
			return nil
		}
		now.Objects, now.Bytes = before.Objects+r.pages, before.Bytes+r.bytes
		now.Reason = join(now.Reason, fmt.Sprintf("reading %d found %d events where there were %d before; all were loaded",
			now.Reads, r.events, before.Records))
		before = now
		if n == readings {
			c.state = &now
			return nil
		}
	}
}

// join puts two remarks into one.
func join(a, b string) string {
	switch {
	case a == "" || a == b:
		return b
	case b == "":
		return a
	}
	return a + "; " + b
}

// front is how far a reading has come in time.
type front struct {
	newest  int64
	ordered bool  // no event came after a newer one
	events  tally // of the newest time so far
}

func (f *front) add(at int64, name string) {
	if at != f.newest {
		f.ordered = f.ordered && at > f.newest
		f.newest, f.events = max(f.newest, at), tally{}
	}
	f.events.add(name)
}

// read asks for every page of the span. end is set with the last page of what the reading covers: the span, or the part
// of it that is not left to others, which split allows.
func (c *chain) read(ctx context.Context, no int, split bool, each func(p *page, end *span, r reading) error) (reading, error) {
	var r reading
	sp := c.work.span
	in := c.s.question(sp)
	begun, restarts, idle, empty, page := c.s.Now(), 0, 0, 0, 0
	at := front{newest: sp.from, ordered: true}
	restart := func() error {
		if restarts++; restarts > 5 {
			return fmt.Errorf("its token was refused or grew too old %d times", restarts)
		}
		in.NextToken, begun, idle = nil, c.s.Now(), 0
		r.tally, at.newest, at.events = tally{}, sp.from, tally{}
		return nil
	}
	for {
		if in.NextToken != nil && c.s.Now().Sub(begun) > tokenLife {
			if err := restart(); err != nil {
				return r, err
			}
		}
		a, err := c.s.ask(ctx, in)
		if err != nil {
			if in.NextToken == nil || !badToken(err) {
				return r, err
			}
			if again := restart(); again != nil {
				return r, errors.Join(err, again)
			}
			continue
		}
		page++
		c.pages = page
		for i := range a.Events {
			e := &a.Events[i]
			name := eventName(e.EventId, e.LogStreamName, e.Timestamp, e.Message)
			r.add(name)
			at.add(aws.ToInt64(e.Timestamp), name)
		}
		p := c.s.newPage(sp, page, no, a)
		r.pages, r.bytes = r.pages+1, r.bytes+p.Size()
		var end *span
		switch token := aws.ToString(a.NextToken); {
		case a.NextToken == nil:
			end = &sp
		case token == aws.ToString(in.NextToken) && len(a.Events) == 0:
			if idle++; idle >= c.s.Repeats {
				return r, fmt.Errorf("the same token came %d times without any event: the service does not go on", idle)
			}
		case len(a.Events) > 0:
			idle, empty = 0, 0
		default:
			if empty++; empty >= 100*c.s.Repeats {
				return r, fmt.Errorf("%d empty pages one after the other: the service does not come to an end", empty)
			}
		}
		// The newest events may go on over the page's end: they are read again by whoever reads the rest.
		if end == nil && split && page >= c.s.MaxPages && at.ordered && at.newest > sp.from && restarts == 0 {
			end = &span{sp.from, at.newest}
			r.rest = &span{at.newest, sp.to}
			r.tally = r.minus(at.events)
		}
		if err := each(p, end, r); err != nil || end != nil {
			return r, err
		}
		in.NextToken = a.NextToken
	}
}

// question is what is asked for a span, whose end the service takes as inclusive.
func (s *Source) question(sp span) *cloudwatchlogs.FilterLogEventsInput {
	in := &cloudwatchlogs.FilterLogEventsInput{StartTime: aws.Int64(sp.from), EndTime: aws.Int64(sp.to - 1), Limit: aws.Int32(10_000), Unmask: s.Unmask}
	if _, isARN := ParseARN(s.Group); isARN {
		in.LogGroupIdentifier = aws.String(s.arn)
	} else {
		in.LogGroupName = aws.String(s.name)
	}
	return in
}

// eventName is what an event is counted by: its id, which is all that tells it from others; without one, all there is.
func eventName(id, stream *string, at *int64, message *string) string {
	if id != nil && *id != "" {
		return *id
	}
	return fmt.Sprintf("%s\x00%d\x00%s", aws.ToString(stream), aws.ToInt64(at), aws.ToString(message))
}
