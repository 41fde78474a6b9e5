package cwlogs_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"case53/cases"
	"case53/loader/source"
	"case53/loader/source/cwlogs"
	"case53/loader/source/cwlogs/cwfake"
)

// answerTo lets a fault spoil what the server would have said. It says whether it has answered.
type answerTo func(w http.ResponseWriter, r *http.Request, answer func() []byte) bool

// everyThird spoils each third call.
func everyThird(spoil answerTo) func(int, http.ResponseWriter, *http.Request, func() []byte) bool {
	return func(n int, w http.ResponseWriter, r *http.Request, answer func() []byte) bool {
		return n%3 == 0 && spoil(w, r, answer)
	}
}

func always(spoil answerTo) func(int, http.ResponseWriter, *http.Request, func() []byte) bool {
	return func(_ int, w http.ResponseWriter, r *http.Request, answer func() []byte) bool {
		return spoil(w, r, answer)
	}
}

// says answers with an error of the service.
func says(status int, code, message string) answerTo {
	return func(w http.ResponseWriter, _ *http.Request, _ func() []byte) bool {
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"__type":%q,"message":%q}`, code, message)
		return true
	}
}

// text answers with something else.
func text(status int, body string) answerTo {
	return func(w http.ResponseWriter, _ *http.Request, _ func() []byte) bool {
		w.WriteHeader(status)
		io.WriteString(w, body)
		return true
	}
}

// cut sends a part of the answer and drops the connection.
func cut(declare bool) answerTo {
	return func(w http.ResponseWriter, _ *http.Request, answer func() []byte) bool {
		body := answer()
		if declare {
			w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		}
		w.Write(body[:len(body)/2])
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
}

// short sends a part of the answer as if it were all.
func short(w http.ResponseWriter, _ *http.Request, answer func() []byte) bool {
	body := answer()
	w.Write(body[:len(body)*2/3])
	return true
}

// stall sends a part and then nothing.
func stall(w http.ResponseWriter, r *http.Request, answer func() []byte) bool {
	body := answer()
	w.Write(body[:len(body)/2])
	w.(http.Flusher).Flush()
	<-r.Context().Done()
	return true
}

const elsewhere = `{"events":[{"eventId":"not asked for","timestamp":1,"ingestionTime":1,"message":"x"}]}`

// fault is one that a group is read under.
type fault struct {
	name  string
	spoil func(int, http.ResponseWriter, *http.Request, func() []byte) bool
	set   func(*cwfake.Server, *cwlogs.Config)
	named string // the failure that it must end in; "": everything is read
	calls int    // how often the service was asked at most; 0: any number
}

var expired = says(400, "ExpiredTokenException", "The security token included in the request is expired")

// passing faults are overcome.
func passing() []fault {
	hasty := func(_ *cwfake.Server, c *cwlogs.Config) { c.Timeout = 100 * time.Millisecond }
	var renewals atomic.Int32
	return []fault{
		{name: "503", spoil: everyThird(says(503, "ServiceUnavailableException", "busy"))},
		{name: "503 without a body", spoil: everyThird(text(503, ""))},
		{name: "500", spoil: everyThird(says(500, "InternalFailure", "oops"))},
		{name: "429", spoil: everyThird(text(429, "slow"))},
		{name: "throttled by another name", spoil: everyThird(says(400, "LimitExceededException", "Rate exceeded"))},
		{name: "reset in the middle", spoil: everyThird(cut(false))},
		{name: "cut, with a length", spoil: everyThird(cut(true))},
		{name: "cut, without a length", spoil: everyThird(short)},
		{name: "stalled", spoil: everyThird(stall), set: hasty},
		{name: "a web page", spoil: everyThird(text(200, "<html>please log in</html>"))},
		{name: "nothing", spoil: everyThird(text(200, ""))},
		{name: "an answer without events", spoil: everyThird(text(200, "{}"))},
		{name: "events that were not asked for", spoil: everyThird(text(200, elsewhere))},
		{name: "two documents", spoil: everyThird(text(200, `{"events":[]}{"events":[]}`))},
		{name: "a clock 20 minutes behind", set: func(f *cwfake.Server, _ *cwlogs.Config) {
			f.Clock = func() time.Time { return time.Now().Add(20 * time.Minute) }
		}},
		{name: "a clock a day ahead", set: func(f *cwfake.Server, _ *cwlogs.Config) {
			f.Clock = func() time.Time { return time.Now().Add(-24 * time.Hour) }
		}},
		{name: "the same token a few times", set: func(f *cwfake.Server, _ *cwlogs.Config) { f.RepeatToken = 3 }},
		{name: "credentials that are renewed", set: func(f *cwfake.Server, c *cwlogs.Config) {
			f.Fault = func(_ int, w http.ResponseWriter, r *http.Request, answer func() []byte) bool {
				return renewals.Load() == 0 && expired(w, r, answer)
			}
			c.Renew = func() bool { renewals.Add(1); return true }
		}},
		{name: "tokens that grow too old on the way", set: func(f *cwfake.Server, _ *cwlogs.Config) {
			f.TokenLife = time.Hour
			calls := atomic.Int32{} // after the 20th call it is two hours later
			f.Clock = func() time.Time { return time.Now().Add(time.Duration(calls.Load()/20) * 2 * time.Hour) }
			f.Fault = func(_ int, _ http.ResponseWriter, _ *http.Request, _ func() []byte) bool {
				calls.Store(min(calls.Load()+1, 20))
				return false
			}
		}},
	}
}

// lasting faults end in a failure.
func lasting() []fault {
	impatient := func(_ *cwfake.Server, c *cwlogs.Config) { c.Patience = 50 * time.Millisecond }
	return []fault{
		{name: "throttled for good", spoil: always(says(400, "ThrottlingException", "Rate exceeded")), set: impatient,
			named: "Rate exceeded"},
		{name: "down for good", spoil: always(text(503, "")), set: impatient, named: "no answer for"},
		{name: "the same token for ever", set: func(f *cwfake.Server, c *cwlogs.Config) { f.RepeatToken, c.Repeats = -1, 20 },
			named: "the same token came 20 times"},
		{name: "credentials have expired", spoil: everyThird(expired), named: "run the same command again"},
		{name: "credentials are unknown", set: func(f *cwfake.Server, _ *cwlogs.Config) { f.Keys = map[string]bool{} },
			named: "does not accept the credentials", calls: 12},
		{name: "no such group", set: func(_ *cwfake.Server, c *cwlogs.Config) { c.Group = "/none" },
			named: "us-east-1", calls: 30},
		{name: "denied", set: func(f *cwfake.Server, _ *cwlogs.Config) { f.Add(group).Denied = true },
			named: "case53 iam-policy", calls: 30},
		{name: "tokens are refused for ever", set: func(f *cwfake.Server, _ *cwlogs.Config) { f.TokenLife = -time.Second },
			named: "refused or grew too old"},
	}
}

func TestFaults(t *testing.T) {
	for _, f := range append(passing(), lasting()...) {
		t.Run(f.name, func(t *testing.T) {
			fake := &cwfake.Server{PageEvents: 100, Fault: f.spoil}
			want := fill(fake, 3_000, window)
			_, client := serve(t, fake)
			c := quick(client)
			c.Limiter = cwlogs.NewLimiter(1e6)
			if f.set != nil {
				f.set(fake, &c)
			}
			got := pull(t, t.Context(), cwlogs.New(c), window)
			failures := strings.Join(got.failed, "\n")
			if got.err != nil {
				failures += got.err.Error()
			}
			if f.calls > 0 && fake.Calls("FilterLogEvents") > f.calls {
				t.Errorf("asked %d times for what asking cannot change", fake.Calls("FilterLogEvents"))
			}
			if f.named == "" {
				if failures != "" {
					t.Fatal(failures)
				}
				checkIDs(t, got.ids, want)
				checkCovers(t, got.slices, window)
				return
			}
			if !strings.Contains(failures, f.named) {
				t.Fatalf("failed with %q, which does not say %q", failures, f.named)
			}
			for id := range got.ids {
				if !want[id] {
					t.Errorf("%s was never there", id)
				}
			}
			if got.err == nil {
				if f.set != nil && len(got.failed) > 1 && !strings.Contains(f.name, "ever") {
					t.Errorf("%d failures of one group: %q", len(got.failed), got.failed)
				}
				checkPartial(t, got.slices, len(want)-len(got.ids))
			}
		})
	}
}

// checkPartial: what was not read is said to be partial, slice by slice.
func checkPartial(t *testing.T, slices []source.Slice, missing int) {
	t.Helper()
	partial := 0
	for _, s := range slices {
		if s.State == source.Partial {
			partial++
			if s.Reason == "" {
				t.Error("partial without a reason")
			}
		}
	}
	if missing > 0 && partial == 0 {
		t.Errorf("%d events are missing, and no slice says so", missing)
	}
}

func TestAServerThatIsGone(t *testing.T) {
	c := quick(clientOf("http://127.0.0.1:1"))
	c.Patience = 30 * time.Millisecond
	got := pull(t, t.Context(), cwlogs.New(c), window)
	if len(got.failed) == 0 || !strings.Contains(got.failed[0], "no answer for") {
		t.Errorf("%v %v", got.failed, got.err)
	}
}

// TestBigEvents: an event may have 1 MB, so that a page holds one, and 1 MB may be written in JSON as six.
func TestBigEvents(t *testing.T) {
	fake := &cwfake.Server{}
	want := map[string]bool{}
	for i := range 6 {
		id := fmt.Sprint("big", i)
		want[id] = true
		fake.Add(group, cwfake.Event{ID: id, Timestamp: day.UnixMilli(), Message: strings.Repeat("\x01", 1<<20)})
	}
	_, client := serve(t, fake)
	c := quick(client)
	c.Timeout = 30 * time.Second
	got := pull(t, t.Context(), cwlogs.New(c), window)
	if len(got.failed) > 0 || got.err != nil {
		t.Fatal(got.failed, got.err)
	}
	checkIDs(t, got.ids, want)
}

// TestSnapshots replays the answers that ship with the SDK: they are not by us.
func TestSnapshots(t *testing.T) {
	dir := sdkFolder(t)
	for name, check := range map[string]func(got pulled){
		"FilterLogEvents.response.snap": func(got pulled) {
			if got.ids["__EventId__"] == 0 && len(got.failed) == 0 {
				t.Errorf("%+v", got)
			}
		},
		"ThrottlingException.error.snap": func(got pulled) {
			if len(got.failed) == 0 || !strings.Contains(got.failed[0], "ThrottlingException") {
				t.Errorf("%+v", got)
			}
		},
		"ResourceNotFoundException.error.snap": func(got pulled) {
			if len(got.failed) == 0 || !strings.Contains(got.failed[0], "us-east-1") {
				t.Errorf("%+v", got)
			}
		},
		"InvalidParameterException.error.snap": func(got pulled) {
			if len(got.failed) == 0 || !strings.Contains(got.failed[0], "InvalidParameterException") {
				t.Errorf("%+v", got)
			}
		},
	} {
		snap, err := os.ReadFile(filepath.Join(dir, "response_snapshot", name))
		if err != nil {
			t.Log(err) // not every error of the service has one
			continue
		}
		head, body, _ := bytes.Cut(snap, []byte("\n\n"))
		var status int
		fmt.Sscan(string(head), &status)
		calls := atomic.Int32{}
		fake := &cwfake.Server{Fault: func(_ int, w http.ResponseWriter, _ *http.Request, _ func() []byte) bool {
			if calls.Add(1) > 1 && status == 200 {
				io.WriteString(w, `{"events":[]}`)
				return true
			}
			w.WriteHeader(status)
			w.Write(body)
			return true
		}}
		_, client := serve(t, fake)
		c := quick(client)
		c.Patience, c.Workers, c.Slice = 20*time.Millisecond, 1, time.Hour
		w := cases.Span{From: time.UnixMilli(0), To: time.UnixMilli(60_000)}
		check(pull(t, t.Context(), cwlogs.New(c), w))
	}
}

// TestBodiesAreKeptAsReturned compares what is stored with what went over the wire. Chains overlap, so that what is sent
// first need not be yielded first: the two are compared as sets of bodies.
func TestBodiesAreKeptAsReturned(t *testing.T) {
	var mu sync.Mutex
	sent := map[string]int{}
	fake := &cwfake.Server{PageEvents: 50}
	fake.Fault = func(_ int, w http.ResponseWriter, _ *http.Request, answer func() []byte) bool {
		body := append(answer(), " \n"...) // whatever it is, to the last byte
		mu.Lock()
		sent[string(body)]++
		mu.Unlock()
		w.Write(body)
		return true
	}
	fill(fake, 500, window)
	_, client := serve(t, fake)
	n := 0
	for o, err := range cwlogs.New(quick(client)).Objects(t.Context(), window) {
		if err != nil {
			t.Fatal(err)
		}
		r, _ := o.Open(t.Context())
		z, err := gzip.NewReader(r)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := io.ReadAll(z)
		mu.Lock()
		if sent[string(got)]--; sent[string(got)] < 0 {
			t.Errorf("page %d: its %d bytes were not sent", n, len(got))
		}
		mu.Unlock()
		n++
	}
	if n < 10 {
		t.Errorf("%d pages of 500 events, 50 to a page", n)
	}
	for body, left := range sent {
		if left > 0 {
			t.Errorf("%d bytes were sent %d times more than kept", len(body), left)
		}
	}
}
