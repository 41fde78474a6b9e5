package cwlogs_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/klauspost/compress/gzip"

	"case53/cases"
	"case53/loader/source"
	"case53/loader/source/cwlogs"
	"case53/loader/source/cwlogs/cwfake"
)

const region, account, group = "eu-central-1", "123456789012", "/aws/vpc/flow"

var (
	day    = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	window = cases.Span{From: day, To: day.Add(6 * time.Hour)}
)

// serve starts the server and makes a client of it.
func serve(t testing.TB, fake *cwfake.Server) (string, *cloudwatchlogs.Client) {
	t.Helper()
	fake.Account, fake.Region = account, region
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	return server.URL, clientOf(server.URL)
}

func clientOf(url string) *cloudwatchlogs.Client {
	return cloudwatchlogs.New(cloudwatchlogs.Options{
		Region:       region,
		BaseEndpoint: aws.String(url),
		Credentials:  credentials.NewStaticCredentialsProvider("AKIDTEST", "secret", ""),
	})
}

// quick is a configuration without waits.
func quick(client cwlogs.API) cwlogs.Config {
	return cwlogs.Config{Client: client, Limiter: cwlogs.NewLimiter(1e6), Region: region, Account: account, Group: group, Backoff: time.Millisecond,
		Timeout: 5 * time.Second, SecondCount: cwlogs.CountNone}
}

// fill adds n flow events over the window, ten to a timestamp, over 50 streams, and gives their ids.
func fill(fake *cwfake.Server, n int, w cases.Span) map[string]bool {
	ids := map[string]bool{}
	events := make([]cwfake.Event, 0, n)
	span := w.To.Sub(w.From).Milliseconds()
	for i := range n {
		at := w.From.UnixMilli() + int64(i/10*10)*span/int64(n)
		id := fmt.Sprintf("%056d", i)
		ids[id] = true
		events = append(events, cwfake.Event{ID: id, Stream: fmt.Sprintf("eni-%08x-all", i%50), Timestamp: at, Ingestion: at + 60_000,
			Message: fmt.Sprintf("2 %s eni-%08x 10.0.0.%d 198.51.100.7 %d 443 6 10 840 %d %d ACCEPT OK",
				account, i%50, i%250, 1024+i%60000, at/1000, at/1000+60)})
	}
	rand.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	fake.Add(group, events...)
	return ids
}

// pulled is what a reading of a source has yielded.
type pulled struct {
	ids    map[string]int
	pages  int
	failed []string
	err    error
	slices []source.Slice // settled by objects, by errors, and at the end
}

func pull(t testing.TB, ctx context.Context, s *cwlogs.Source, w cases.Span) pulled {
	t.Helper()
	out := pulled{ids: map[string]int{}}
	for o, err := range s.Objects(ctx, w) {
		var one *source.ObjectError
		switch {
		case errors.As(err, &one):
			out.failed = append(out.failed, one.Error())
			out.slices = append(out.slices, one.Ends...)
			continue
		case err != nil:
			out.err = err
			continue
		}
		out.pages++
		for id := range eventIDs(t, o) {
			out.ids[id]++
		}
		out.slices = append(out.slices, o.(source.Settling).Settles()...)
	}
	out.slices = append(out.slices, s.Slices()...)
	return out
}

// eventIDs reads a page as anybody could: gunzip, and JSON.
func eventIDs(t testing.TB, o source.Object) map[string]bool {
	t.Helper()
	r, err := o.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(r)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	var page struct {
		Events []struct{ EventID, Message string }
	}
	if err := json.NewDecoder(bytes.NewReader(text)).Decode(&page); err != nil {
		t.Fatalf("%s: %v", o.URI(), err)
	}
	ids := map[string]bool{}
	for _, e := range page.Events {
		ids[e.EventID] = true
	}
	return ids
}

func checkIDs(t testing.TB, got map[string]int, want map[string]bool) {
	t.Helper()
	missing, strange := 0, 0
	for id := range want {
		if got[id] == 0 {
			missing++
		}
	}
	for id := range got {
		if !want[id] {
			strange++
		}
	}
	if missing+strange > 0 {
		t.Errorf("%d of %d events are missing, %d were never there", missing, len(want), strange)
	}
}

// checkCovers holds the settled slices to being the whole window, without a gap or an overlap.
func checkCovers(t testing.TB, slices []source.Slice, w cases.Span) {
	t.Helper()
	at := w.From.Add(-cwlogs.PaddingBefore)
	for _, s := range slices {
		if s.State == source.Partial {
			t.Errorf("partial: %s", s.Reason)
		}
		if !s.From.Equal(at) {
			t.Errorf("a slice begins at %s, the one before it ended at %s", s.From, at)
		}
		at = s.To
	}
	if end := w.To.Add(cwlogs.PaddingAfter); !at.Equal(end) {
		t.Errorf("the slices end at %s, not %s", at, end)
	}
}

func TestEveryEventUnderThrottlingAndEmptyPages(t *testing.T) {
	fake := &cwfake.Server{ThrottleEvery: 4, EmptyEvery: 3, PageEvents: 700, Clock: func() time.Time { return time.Now() }}
	want := fill(fake, 100_000, window)
	_, client := serve(t, fake)
	s := cwlogs.New(quick(client))
	got := pull(t, t.Context(), s, window)
	if got.err != nil || len(got.failed) > 0 {
		t.Fatal(got.err, got.failed)
	}
	checkIDs(t, got.ids, want)
	checkCovers(t, got.slices, window)
	if fake.Throttled() < 30 {
		t.Errorf("only %d calls were throttled", fake.Throttled())
	}
	records := int64(0)
	for _, sl := range got.slices {
		records += sl.Records
	}
	if records != int64(len(want)) {
		t.Errorf("the slices count %d events, there are %d", records, len(want))
	}
	t.Logf("%d pages, %d calls, %d slices", got.pages, fake.Calls("FilterLogEvents"), len(got.slices))
}

func TestEndIsInclusive(t *testing.T) {
	fake := &cwfake.Server{}
	var want []string
	for _, at := range []time.Time{
		window.From.Add(-cwlogs.PaddingBefore),
		window.From.Add(15*time.Minute - cwlogs.PaddingBefore),
		window.To.Add(cwlogs.PaddingAfter - time.Millisecond),
	} {
		want = append(want, at.Format(time.RFC3339Nano))
		fake.Add(group, cwfake.Event{ID: want[len(want)-1], Timestamp: at.UnixMilli(), Message: "x"})
	}
	fake.Add(group, cwfake.Event{ID: "late", Timestamp: window.To.Add(cwlogs.PaddingAfter).UnixMilli(), Message: "x"})
	fake.Add(group, cwfake.Event{ID: "early", Timestamp: window.From.Add(-cwlogs.PaddingBefore).UnixMilli() - 1, Message: "x"})
	_, client := serve(t, fake)
	got := pull(t, t.Context(), cwlogs.New(quick(client)), window)
	for _, id := range want {
		if got.ids[id] != 1 {
			t.Errorf("the event at %s was read %d times", id, got.ids[id])
		}
	}
	if len(got.ids) != len(want) {
		t.Errorf("read %v", got.ids)
	}
}

func TestChainsOfManyPagesAreSplit(t *testing.T) {
	fake := &cwfake.Server{PageEvents: 40}
	want := fill(fake, 20_000, cases.Span{From: day.Add(time.Hour), To: day.Add(time.Hour + 10*time.Minute)})
	_, client := serve(t, fake)
	c := quick(client)
	c.MaxPages = 5
	got := pull(t, t.Context(), cwlogs.New(c), window)
	checkIDs(t, got.ids, want)
	checkCovers(t, got.slices, window)
	records := int64(0)
	for _, sl := range got.slices {
		records += sl.Records
	}
	if records != int64(len(want)) {
		t.Errorf("the slices count %d events, there are %d", records, len(want))
	}
}

func TestMoreEventsInOneMillisecondThanPagesAllow(t *testing.T) {
	fake := &cwfake.Server{PageEvents: 10}
	want := map[string]bool{}
	for i := range 300 {
		id := fmt.Sprint(i)
		want[id] = true
		fake.Add(group, cwfake.Event{ID: id, Timestamp: day.Add(time.Hour).UnixMilli(), Message: "same"})
	}
	_, client := serve(t, fake)
	c := quick(client)
	c.MaxPages = 3
	got := pull(t, t.Context(), cwlogs.New(c), window)
	checkIDs(t, got.ids, want)
	checkCovers(t, got.slices, window)
}

func TestSecondCount(t *testing.T) {
	fake := &cwfake.Server{PageEvents: 500}
	want := fill(fake, 5_000, window)
	_, client := serve(t, fake)
	c := quick(client)
	c.SecondCount = cwlogs.CountAll
	got := pull(t, t.Context(), cwlogs.New(c), window)
	checkIDs(t, got.ids, want)
	states := map[source.State]int{}
	for _, s := range got.slices {
		states[s.State]++
	}
	if states[source.Complete] == 0 || states[source.Complete] != states[source.CompleteUnverified] {
		t.Errorf("%v: every slice must be settled once by its pages and once by the second count", states)
	}
	for id, n := range got.ids {
		if n != 1 {
			t.Fatalf("event %s was yielded %d times", id, n)
		}
	}
}

func TestRecountYieldsOnlyWhatIsNew(t *testing.T) {
	fake := &cwfake.Server{PageEvents: 500}
	want := fill(fake, 5_000, window)
	_, client := serve(t, fake)
	first := pull(t, t.Context(), cwlogs.New(quick(client)), window)
	s := cwlogs.New(quick(client))
	s.Recount(first.slices)
	again := pull(t, t.Context(), s, window)
	if again.pages != 0 || len(again.slices) != len(first.slices) {
		t.Fatalf("nothing was new: %d pages, %d slices of %d", again.pages, len(again.slices), len(first.slices))
	}
	for _, sl := range again.slices {
		if sl.State != source.Complete || sl.Reads != 2 {
			t.Errorf("%+v: counted twice, it is complete", sl)
		}
	}
	late := cwfake.Event{ID: "late", Timestamp: day.Add(2 * time.Hour).UnixMilli(), Ingestion: day.Add(50 * time.Hour).UnixMilli(), Message: "late"}
	fake.Add(group, late)
	want["late"] = true
	s = cwlogs.New(quick(client))
	s.Recount(again.slices)
	third := pull(t, t.Context(), s, window)
	if third.ids["late"] != 1 || third.pages == 0 || third.pages >= first.pages {
		t.Errorf("%d pages, late event %d times: only its slice is to be yielded", third.pages, third.ids["late"])
	}
	told := 0
	for _, sl := range third.slices {
		if strings.Contains(sl.Reason, "reading 3 found") && sl.State == source.Complete && sl.Reads == 4 {
			told++
		}
	}
	if told != 1 {
		t.Errorf("no slice says that something came late: %+v", third.slices)
	}
}

func TestSkip(t *testing.T) {
	fake := &cwfake.Server{PageEvents: 500}
	fill(fake, 5_000, window)
	_, client := serve(t, fake)
	all := pull(t, t.Context(), cwlogs.New(quick(client)), window)
	for cut := range all.slices {
		s := cwlogs.New(quick(client))
		s.Skip(all.slices[:cut])
		rest := pull(t, t.Context(), s, window)
		checkCovers(t, append(append([]source.Slice(nil), all.slices[:cut]...), rest.slices...), window)
	}
}

func TestTwoListingsAreTheSame(t *testing.T) {
	fake := &cwfake.Server{PageEvents: 100}
	fill(fake, 9_000, window)
	_, client := serve(t, fake)
	uris := func() (out []string) {
		for o, err := range cwlogs.New(quick(client)).Objects(t.Context(), window) {
			if err != nil {
				t.Fatal(err)
			}
			if len(out) > 0 && o.URI() <= out[len(out)-1] {
				t.Errorf("%s comes after %s", o.URI(), out[len(out)-1])
			}
			out = append(out, o.URI())
		}
		return out
	}
	if a, b := uris(), uris(); len(a) == 0 || fmt.Sprint(a) != fmt.Sprint(b) {
		t.Errorf("%d and %d pages", len(a), len(b))
	}
}

func TestStopsWhenTold(t *testing.T) {
	fake := &cwfake.Server{PageEvents: 100}
	fill(fake, 2_000, window)
	_, client := serve(t, fake)
	for range cwlogs.New(quick(client)).Objects(t.Context(), window) {
		break
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got := pull(t, ctx, cwlogs.New(quick(client)), window); !errors.Is(got.err, context.Canceled) || got.pages > 0 {
		t.Errorf("%+v", got)
	}
	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	n := 0
	var last error
	for _, err := range cwlogs.New(quick(client)).Objects(ctx, window) {
		if n++; n == 3 {
			cancel()
		}
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("cancelled on the way: %v", last)
	}
}

func TestFacts(t *testing.T) {
	fake := &cwfake.Server{}
	fake.Add(group,
		cwfake.Event{ID: "1", Timestamp: day.UnixMilli(), Message: "2 123456789012 eni-1 10.0.0.1 ****** 1 2 6 1 40 1 2 ACCEPT OK"},
		cwfake.Event{Timestamp: day.UnixMilli(), Message: "no id"})
	_, client := serve(t, fake)
	for o, err := range cwlogs.New(quick(client)).Objects(t.Context(), window) {
		if err != nil {
			t.Fatal(err)
		}
		facts := o.(source.Remote).Acquired()
		if facts.Kind != "cwlogs" || facts.LogGroup != "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/vpc/flow" {
			t.Errorf("%+v", facts)
		}
		if !strings.HasPrefix(o.URI(), "cwlogs://eu-central-1/123456789012/%2Faws%2Fvpc%2Fflow?from=2026-") {
			t.Error(o.URI())
		}
		for _, key := range []string{"request_id", "server_date", "clock_skew_ms", "attempts", "body_sha256"} {
			if facts.More[key] == nil {
				t.Errorf("no %s in %v", key, facts.More)
			}
		}
		if facts.More["events"] == 2 && (facts.More["masked_events"] != 1 || facts.More["events_without_id"] != 1) {
			t.Errorf("%v", facts.More)
		}
		text, _ := json.Marshal(facts.More)
		if strings.Contains(string(text), "AKIDTEST") || strings.Contains(string(text), "Signature") {
			t.Errorf("a key in %s", text)
		}
	}
}

func TestARN(t *testing.T) {
	c := quick(nil)
	c.Account, c.Group = "", "arn:aws-us-gov:logs:us-gov-west-1:210987654321:log-group:dns/public:*"
	s := cwlogs.New(c)
	if s.URI() != "cwlogs://us-gov-west-1/210987654321/dns%2Fpublic" ||
		s.LogGroup() != "arn:aws-us-gov:logs:us-gov-west-1:210987654321:log-group:dns/public" {
		t.Error(s.URI(), s.LogGroup())
	}
	c.Group = "plain"
	if s := cwlogs.New(c); s.URI() != "cwlogs://eu-central-1/-/plain" || s.LogGroup() != "plain" {
		t.Error(s.URI(), s.LogGroup())
	}
}

// sdkFolder is where the SDK's module is.
func sdkFolder(t *testing.T) string {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs").Output()
	if err != nil {
		t.Skip("go list: ", err)
	}
	return strings.TrimSpace(string(out))
}
