package s3_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"case53/cases"
	"case53/loader/source/s3"
)

// delivery is an object as a service writes it: where it lies, and when its records are from.
type delivery struct {
	key         string
	first, last time.Time // records' times: start of the first, end of the last
}

// layouts are where AWS puts what: each takes the time that names the object, and a number. The folder may be that of
// some minutes later, when the object was written.
var layouts = map[string]func(stamp time.Time, n int) string{
	"flow": func(t time.Time, n int) string {
		return "logs/AWSLogs/123456789012/vpcflowlogs/eu-west-1/" + written(t, n).Format("2006/01/02/") + flowFile(t, n)
	},
	"flow by hour": func(t time.Time, n int) string {
		return "AWSLogs/123456789012/vpcflowlogs/eu-west-1/" + written(t, n).Format("2006/01/02/15/") + flowFile(t, n)
	},
	"flow of an organization": func(t time.Time, n int) string {
		return "AWSLogs/o-abc123def4/123456789012/vpcflowlogs/eu-west-1/" + written(t, n).Format("2006/01/02/") + flowFile(t, n)
	},
	"flow, Hive": func(t time.Time, n int) string {
		return "AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=eu-west-1/" +
			written(t, n).Format("year=2006/month=01/day=02/") + flowFile(t, n)
	},
	"flow, Hive by hour": func(t time.Time, n int) string {
		return "x/AWSLogs/aws-account-id=123456789012/aws-service=vpc/aws-region=eu-west-1/" +
			written(t, n).Format("year=2006/month=01/day=02/hour=15/") + flowFile(t, n)
	},
	"flow, copied": func(t time.Time, n int) string { return "copies/" + flowFile(t, n) },
	"resolver": func(t time.Time, n int) string {
		return "AWSLogs/123456789012/vpcdnsquerylogs/vpc-0a1b/" + written(t, n).Format("2006/01/02/") +
			fmt.Sprintf("vpc-0a1b_vpcdnsquerylogs_123456789012_%sZ_%08x.log.gz", t.Format("20060102T1504"), n)
	},
	"firehose": func(t time.Time, n int) string {
		return "fh/" + t.Format("2006/01/02/15/") + fmt.Sprintf("stream-1-%s-01234567-89ab-cdef-0123-%012x", t.Format("2006-01-02-15-04-05"), n)
	},
	"firehose, Hive": func(t time.Time, n int) string {
		return "fh2/" + t.Format("year=2006/month=01/day=02/hour=15/") +
			fmt.Sprintf("stream-1-%s-01234567-89ab-cdef-0123-%012x.gz", t.Format("2006-01-02-15-04-05"), n)
	},
	"firehose, by the service's prefix": func(t time.Time, n int) string {
		return t.Format("2006/01/02/15/") + fmt.Sprintf("stream-1-%s-01234567-89ab-cdef-0123-%012x.gz", t.Format("2006-01-02-15-04-05"), n)
	},
	"export":  func(_ time.Time, n int) string { return fmt.Sprintf("exportedlogs/task/eni-%x-all/%06d.gz", n%7, n) },
	"unknown": func(t time.Time, n int) string { return fmt.Sprintf("backup/%s/%d.log", t.Format("2006/01/02"), n) },
	"deep":    func(t time.Time, n int) string { return fmt.Sprintf("a/b/c/d/e/f/g/%d/h/%d.log", n%3, n) },
}

func written(t time.Time, n int) time.Time { return t.Add(time.Duration(n%4) * 5 * time.Minute) }

func flowFile(t time.Time, n int) string {
	return fmt.Sprintf("123456789012_vpcflowlogs_eu-west-1_fl-%08x_%sZ_%08x.log.gz", n%5, t.Format("20060102T1504"), n)
}

// deliver draws an object and the times of its records, within what the services document: a flow log's records end in
// the five minutes of its stamp, or up to an hour earlier when they came late, and start up to 660 s before; a Resolver
// log's lie about its stamp or some hours before; what came through Firehose came before the hour of its folder ended, and may have been
// on its way for a day.
func deliver(t *rapid.T, base time.Time, n int) delivery {
	layout := rapid.SampledFrom(slices.Sorted(maps.Keys(layouts))).Draw(t, "layout")
	stamp := base.Add(time.Duration(rapid.IntRange(-3*24*60, 3*24*60).Draw(t, "minute")) * time.Minute)
	var d delivery
	late := time.Duration(rapid.SampledFrom([]int{0, 60, 1800, 3600, 6 * 3600, 24 * 3600}).Draw(t, "late")) * time.Second
	switch {
	case strings.HasPrefix(layout, "flow"):
		stamp = stamp.Truncate(5 * time.Minute)
		d.last = stamp.Add(time.Duration(rapid.SampledFrom([]int{0, 299}).Draw(t, "end"))*time.Second - min(late, time.Hour))
		d.first = d.last.Add(-time.Duration(rapid.SampledFrom([]int{0, 60, 660}).Draw(t, "length")) * time.Second)
	case layout == "resolver":
		stamp = stamp.Truncate(5 * time.Minute)
		d.last = stamp.Add(15*time.Minute - min(late, 6*time.Hour+15*time.Minute))
		d.first = d.last
	case strings.HasPrefix(layout, "firehose"):
		d.last = stamp.Add(time.Hour - min(2*late, 25*time.Hour))
		d.first = d.last
	default:
		d.last = base.Add(time.Duration(rapid.IntRange(-9999, 9999).Draw(t, "any")) * time.Hour)
		d.first = d.last
	}
	d.key = layouts[layout](stamp, n)
	return d
}

func drawWindow(t *rapid.T, base time.Time) cases.Span {
	from := base.Add(time.Duration(rapid.IntRange(-2*24*3600, 2*24*3600).Draw(t, "from")) * time.Second)
	w := cases.Span{From: from, To: from.Add(time.Duration(rapid.IntRange(1, 2*24*3600).Draw(t, "length")) * time.Second)}
	switch rapid.IntRange(0, 9).Draw(t, "open") {
	case 0:
		w.From = time.Time{}
	case 1:
		w.To = time.Time{}
	}
	return w
}

func base(t *rapid.T) time.Time {
	return rapid.SampledFrom([]time.Time{at("2026-11-02T12:00"), at("2026-01-01T00:00"), at("2028-02-29T23:59")}).Draw(t, "base")
}

// TestNeverTooNarrow: an object with a record in the window is listed, whatever its layout. A record is in the window
// as it is kept: its end not before, its start before the end.
func TestNeverTooNarrow(t *testing.T) {
	client := newStub()
	serving := client.serve(t)
	rapid.Check(t, func(rt *rapid.T) {
		base := base(rt)
		w := drawWindow(rt, base)
		client.versions = map[string][]version{}
		client.pageSize = rapid.SampledFrom([]int{2, 7, 1000}).Draw(rt, "page")
		want := map[string]bool{}
		for n := range rapid.IntRange(0, 40).Draw(rt, "objects") {
			d := deliver(rt, base, n)
			client.put(d.key, "x")
			if (w.From.IsZero() || !d.last.Before(w.From)) && (w.To.IsZero() || d.first.Before(w.To)) {
				want["s3://bucket/"+d.key] = true
			}
		}
		opt := s3.Options{Places: s3.Places, Bucket: "bucket", ListOnce: true, AllVersions: rapid.Bool().Draw(rt, "versions")}
		got := map[string]bool{}
		for o, err := range s3.New(serving, opt).Objects(t.Context(), w) {
			if err != nil {
				rt.Fatal(err)
			}
			got[o.URI()] = true
		}
		for uri := range want {
			if !got[uri] {
				rt.Errorf("%s holds records of %v and is not listed", uri, w)
			}
		}
	})
}

var (
	naiveStamp    = regexp.MustCompile(`_(\d{8}T\d{4})Z_`)
	naiveFirehose = regexp.MustCompile(`stream-1-(\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d)`)
)

// naive is the table of formats.md §9 read once more, with what may come later than that: what of a bucket that is listed whole a
// window selects.
func naive(key string, w cases.Span, late time.Duration) bool {
	if !w.To.IsZero() {
		w.To = w.To.Add(late)
	}
	in := func(t time.Time, before, after time.Duration) bool {
		return (w.From.IsZero() || !t.Before(w.From.Add(-before))) && (w.To.IsZero() || !t.After(w.To.Add(after)))
	}
	if m := naiveFirehose.FindStringSubmatch(key); m != nil {
		t, _ := time.Parse("2006-01-02-15-04-05", m[1])
		hour := t.Truncate(time.Hour)
		return in(t, time.Hour, 24*time.Hour+15*time.Minute) || in(hour, 2*time.Hour-1, 24*time.Hour+15*time.Minute)
	}
	m := naiveStamp.FindStringSubmatch(key)
	if m == nil {
		return true
	}
	t, _ := time.Parse("20060102T1504", m[1])
	if strings.Contains(key, "vpcdnsquerylogs") {
		return in(t, 15*time.Minute, 6*time.Hour)
	}
	return in(t, 5*time.Minute-1, 71*time.Minute)
}

// TestWalkingSelectsTheSame: walking the folders lists what listing everything would have.
func TestWalkingSelectsTheSame(t *testing.T) {
	client := newStub()
	serving := client.serve(t)
	rapid.Check(t, func(rt *rapid.T) {
		base := base(rt)
		w := drawWindow(rt, base)
		client.versions = map[string][]version{}
		prefix := rapid.SampledFrom([]string{"", "", "AWSLogs/", "AWS", "fh/20", "AWSLogs/123456789012/vpcflowlogs/eu-west-1/2026/11/0"}).Draw(rt, "prefix")
		late := rapid.SampledFrom([]time.Duration{0, 0, time.Hour, 40 * time.Hour}).Draw(rt, "late")
		var want []string
		for n := range rapid.IntRange(0, 40).Draw(rt, "objects") {
			key := deliver(rt, base, n).key
			client.put(key, "x")
			if strings.HasPrefix(key, prefix) && naive(key, w, late) {
				want = append(want, "s3://bucket/"+key)
			}
		}
		slices.Sort(want)
		var got []string
		for o, err := range s3.New(serving, s3.Options{Places: s3.Places, Bucket: "bucket", Prefix: prefix, Late: late}).Objects(t.Context(), w) {
			if err != nil {
				rt.Fatal(err)
			}
			got = append(got, o.URI())
		}
		if !slices.Equal(got, want) {
			rt.Errorf("window %v, late %v\nlisted %s\nwant   %s", w, late, strings.Join(got, "\n       "), strings.Join(want, "\n       "))
		}
	})
}

// TestManyFolders lists a bucket of a thousand streams at once rather than one by one.
func TestManyFolders(t *testing.T) {
	b := newStub()
	for i := range 1000 {
		b.put(fmt.Sprintf("exportedlogs/task/eni-%04d-all/000000.gz", i), "x")
	}
	src := b.source(t, s3.Options{ListOnce: true})
	if got := listed(t, src, cases.Span{From: at("2026-11-01T00:00"), To: at("2026-11-02T00:00")}); len(got) != 1000 {
		t.Errorf("%d objects", len(got))
	}
	if n := src.Activity().Requests; n > 5 {
		t.Errorf("%d requests", n)
	}
}

// TestKeysOfServices reads the key shapes that a log shipper is tested with.
func TestKeysOfServices(t *testing.T) {
	dir := os.Getenv("CASE53_FIXTURES")
	if dir == "" {
		t.Skip("CASE53_FIXTURES is not set")
	}
	text, err := os.ReadFile(filepath.Join(dir, "grafana+lambda-promtail/pkg/s3_keys.extracted.json"))
	if err != nil {
		t.Fatal(err)
	}
	var shapes []struct {
		Case, Key string
		Want      map[string]string
	}
	if err := json.Unmarshal(text, &shapes); err != nil {
		t.Fatal(err)
	}
	for _, shape := range shapes {
		key, _ := url.QueryUnescape(shape.Key) // they are encoded as in events
		got := s3.Parse(key)
		if !strings.Contains(key, "AWSLogs/") {
			if got.Account != "" || got.Service != "" {
				t.Errorf("%s: %+v", shape.Case, got)
			}
			continue
		}
		if got.Account != shape.Want["account_id"] {
			t.Errorf("%s: account %q, want %q", shape.Case, got.Account, shape.Want["account_id"])
		}
		if flow := shape.Want["type"] == "FlowLogType"; flow && (got.Region != shape.Want["region"] || got.Service != "vpcflowlogs" || got.Stamp.IsZero()) {
			t.Errorf("%s: %+v", shape.Case, got)
		}
		want := shape.Want["year"] + "-" + shape.Want["month"] + "-" + shape.Want["day"]
		if got.Service != "KafkaBrokerLogs" && got.Day.Format(time.DateOnly) != want {
			t.Errorf("%s: day %s, want %s", shape.Case, got.Day, want)
		}
	}
}

// FuzzKey: no key is read in a way that hides it from the window that its own stamp is in.
func FuzzKey(f *testing.F) {
	for _, make := range layouts {
		f.Add(make(at("2026-11-02T12:00"), 1))
	}
	f.Add("AWSLogs/123456789012/vpcflowlogs/eu-west-1/2026/02/30/x")
	f.Add("AWSLogs//AWSLogs/o-x/")
	f.Fuzz(func(t *testing.T, key string) {
		p := s3.Parse(key)
		if !s3.MayHold(key, cases.Span{}) {
			t.Errorf("%q is hidden from all of time", key)
		}
		uri := s3.URI(key)
		if _, back, err := s3.ParseURI(uri); err != nil || back != key {
			t.Errorf("%q: %s leads to %q, %v", key, uri, back, err)
		}
		if !p.Stamp.IsZero() && p.Day.IsZero() && !s3.MayHold(key, cases.Span{From: p.Stamp, To: p.Stamp.Add(time.Second)}) {
			t.Errorf("%q is hidden from its own stamp", key)
		}
	})
}

// TestFolderOfEitherDay: a log that is written about midnight may lie in the folder of either day.
func TestFolderOfEitherDay(t *testing.T) {
	for _, c := range []struct{ stamp, folder, from, to string }{
		{"2026-11-01T23:50", "2026/11/02", "2026-11-01T22:00", "2026-11-01T22:40"},
		{"2026-11-02T00:00", "2026/11/01", "2026-11-02T00:00", "2026-11-02T00:05"},
	} {
		w := cases.Span{From: at(c.from), To: at(c.to)}
		b := newStub()
		b.put("AWSLogs/123456789012/vpcflowlogs/eu-west-1/"+c.folder+"/"+flowFile(at(c.stamp), 1), "x")
		if got := listed(t, b.source(t, s3.Options{}), w); len(got) != 1 {
			t.Errorf("%+v: not listed", c)
		}
	}
}
