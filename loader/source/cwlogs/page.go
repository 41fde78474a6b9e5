package cwlogs

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"math/bits"
	"time"

	"github.com/klauspost/compress/gzip"

	"case53/loader/source"
)

// page is one answer as an object.
type page struct {
	uri     string
	packed  []byte
	facts   source.Facts
	settles []source.Slice
}

func (p *page) URI() string             { return p.uri }
func (p *page) Size() int64             { return int64(len(p.packed)) }
func (p *page) ModTime() time.Time      { return time.Time{} }
func (p *page) Listed() source.Facts    { return source.Facts{} } // an answer cannot be told before it is there
func (p *page) Acquired() source.Facts  { return p.facts }
func (p *page) Settles() []source.Slice { return p.settles }
func (p *page) Open(ctx context.Context) (io.ReadCloser, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return io.NopCloser(bytes.NewReader(p.packed)), nil
}

// pack compresses a body; the same body gives the same bytes.
func pack(body []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	z.Write(body)
	z.Close()
	return out.Bytes()
}

// tally counts events so that two readings can be compared: their number, and a digest in no order.
type tally struct {
	events int64
	sum    [2]uint64
}

// add counts an event by its id; one without is told by its other parts.
func (t *tally) add(key string) {
	h := sha256.Sum256([]byte(key))
	t.events++
	var carry uint64
	t.sum[0], carry = bits.Add64(t.sum[0], binary.LittleEndian.Uint64(h[:8]), 0)
	t.sum[1], _ = bits.Add64(t.sum[1], binary.LittleEndian.Uint64(h[8:16]), carry)
}

// minus is the tally without events that are in it.
func (t tally) minus(other tally) tally {
	out := tally{events: t.events - other.events}
	var borrow uint64
	out.sum[0], borrow = bits.Sub64(t.sum[0], other.sum[0], 0)
	out.sum[1], _ = bits.Sub64(t.sum[1], other.sum[1], borrow)
	return out
}

// digest is the tally as text.
func (t *tally) digest() string { return fmt.Sprintf("%016x%016x", t.sum[1], t.sum[0]) }

// newPage makes an object of an answer.
func (s *Source) newPage(sp span, no, reading int, a *answer) *page {
	p := &page{uri: s.pageURI(sp, no, reading), packed: pack(a.body)}
	body := sha256.Sum256(a.body)
	more := map[string]any{
		"operation":   "FilterLogEvents",
		"region":      s.Region,
		"account":     s.Account,
		"log_group":   s.name,
		"start_ms":    sp.from,
		"end_ms":      sp.to - 1,
		"page":        no,
		"events":      len(a.Events),
		"body_bytes":  len(a.body),
		"body_sha256": hex.EncodeToString(body[:]),
		"body":        "as returned by the API, then compressed",
		"request_id":  a.id,
		"http_status": a.status,
		"attempts":    a.attempts,
		"unmask":      s.Unmask,
	}
	if s.Endpoint != "" {
		more["endpoint"] = s.Endpoint
	}
	if a.waited > 0 {
		more["waited_ms"] = a.waited.Milliseconds()
	}
	if !a.date.IsZero() {
		more["server_date"] = a.date.UTC().Format(time.RFC3339)
		more["clock_skew_ms"] = a.date.Sub(a.received.Truncate(time.Second)).Milliseconds()
	}
	if a.NextToken != nil {
		token := sha256.Sum256([]byte(*a.NextToken))
		more["next_token_sha256"] = hex.EncodeToString(token[:])
	}
	first, last, masked, nameless := ingestion(a)
	if first > 0 {
		more["ingested_first_ms"], more["ingested_last_ms"] = first, last
	}
	if masked > 0 {
		s.mu.Lock()
		s.masked += int64(masked)
		s.mu.Unlock()
		more["masked_events"] = masked
	}
	if nameless > 0 {
		more["events_without_id"] = nameless
	}
	p.facts = source.Facts{Kind: "cwlogs", LogGroup: s.LogGroup(), More: more}
	return p
}

// ingestion sums up what is special about a page's events.
func ingestion(a *answer) (first, last int64, masked, nameless int) {
	for _, e := range a.Events {
		if e.IngestionTime != nil {
			if first == 0 || *e.IngestionTime < first {
				first = *e.IngestionTime
			}
			last = max(last, *e.IngestionTime)
		}
		if e.EventId == nil || *e.EventId == "" {
			nameless++
		}
		if e.Message != nil && looksMasked(*e.Message) {
			masked++
		}
	}
	return first, last, masked, nameless
}

// looksMasked says whether a message looks like one that a data protection policy has masked: a run of asterisks where AWS's
// own logs have none.
func looksMasked(message string) bool {
	run := 0
	for i := range len(message) {
		if message[i] != '*' {
			run = 0
		} else if run++; run == 4 {
			return true
		}
	}
	return false
}

// pageURI names a page of a slice.
func (s *Source) pageURI(sp span, no, reading int) string {
	uri := fmt.Sprintf("%s&page=%06d", s.sliceURI(sp), no)
	if reading > 1 {
		uri += fmt.Sprintf("&reading=%d", reading)
	}
	return uri
}

// sliceURI names a slice.
func (s *Source) sliceURI(sp span) string {
	const layout = "2006-01-02T15:04:05.000Z"
	return fmt.Sprintf("%s?from=%s&to=%s", s.uri, sp.start().Format(layout), sp.end().Format(layout))
}
