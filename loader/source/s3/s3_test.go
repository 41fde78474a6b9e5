package s3_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"case53/cases"
	"case53/loader/source"
	"case53/loader/source/s3"
	"case53/loader/source/sourcetest"
)

var _ source.Streaming = (*s3.Source)(nil)
var _ source.Sliced = (*s3.Source)(nil)
var _ source.Active = (*s3.Source)(nil)

func flowKey(stamp time.Time, n int) string {
	return fmt.Sprintf("AWSLogs/123456789012/vpcflowlogs/eu-west-1/%s/123456789012_vpcflowlogs_eu-west-1_fl-0a1b2c3d_%sZ_%08x.log.gz",
		stamp.Format("2006/01/02"), stamp.Format("20060102T1504"), n)
}

func at(s string) time.Time {
	t, err := time.Parse("2006-01-02T15:04", s)
	if err != nil {
		panic(err)
	}
	return t
}

// TestSource holds the source to the rules of all sources, with every way of listing.
func TestSource(t *testing.T) {
	inside := cases.Span{From: at("2026-11-01T00:00"), To: at("2026-11-02T00:00")}
	for _, versions := range []bool{false, true} {
		for _, page := range []int{1, 2, 1000} {
			t.Run(fmt.Sprintf("versions %t, %d keys to a page", versions, page), func(t *testing.T) {
				b := newStub()
				b.pageSize = page
				want := sourcetest.Want{Objects: map[string][]byte{}, Inside: inside}
				for i, key := range []string{
					flowKey(at("2026-11-01T10:00"), 1), flowKey(at("2026-11-01T10:05"), 2), flowKey(at("2026-11-01T23:55"), 3),
					"AWSLogs/123456789012/vpcdnsquerylogs/vpc-1/2026/11/01/" +
						"vpc-1_vpcdnsquerylogs_123456789012_20261101T0000Z_0badf00d.log.gz",
					"a b", "a#b", "a%20b", "a?versionId=v1", "a+b", "ä/ö", "z\x1b[2J", "notes/x/y/z.txt",
					"firehose/2026/11/01/10/s-1-2026-11-01-10-30-00-01234567-89ab-cdef-0123-456789abcdef",
				} {
					body := fmt.Sprintf("body %d of %s", i, key)
					b.put(key, body)
					want.Objects[s3.URI(key)] = []byte(body)
				}
				sourcetest.Run(t, b.source(t, s3.Options{AllVersions: versions}), want)
			})
		}
	}
}

func TestURIsLeadBack(t *testing.T) {
	for _, key := range []string{"", "a", "a/b/", "a b", "a%20b", "100%", "?", "#", "ä", "\xff", "a?versionId=1", "year=2026/x", "\x00\x7f\x9b"} {
		uri := s3.URI(key)
		bucket, prefix, err := s3.ParseURI(uri)
		if err != nil || bucket != "bucket" || prefix != key {
			t.Errorf("%q became %s, which is read as %q %q %v", key, uri, bucket, prefix, err)
		}
		if strings.ContainsFunc(uri, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '?' || r == '#' }) {
			t.Errorf("%q became %q", key, uri)
		}
	}
	for _, bad := range []string{"", "bucket/key", "s3://", "s3:///key", "http://bucket/key", "s3://a b/c", "s3://a@b"} {
		if _, _, err := s3.ParseURI(bad); err == nil {
			t.Errorf("%q is taken for an S3 URI", bad)
		}
	}
}

func listed(t *testing.T, src source.Source, w cases.Span) (keys []string) {
	t.Helper()
	for o, err := range src.Objects(t.Context(), w) {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, strings.TrimPrefix(o.URI(), "s3://bucket/"))
	}
	return keys
}

func TestNeverALogIsPassedOverAndCounted(t *testing.T) {
	b := newStub()
	for key, body := range map[string]string{
		"logs/": "", "logs/full/": "x", "aws-logs-write-test": "Permission Check Successful", "p/.keep": "", "p_$folder$": "",
		"AWSLogs/123456789012/ELBAccessLogTestFile":                                                    "x",
		"AWSLogs/123456789012/CloudTrail/eu-west-1/2026/11/01/a.json.gz":                               "x",
		"AWSLogs/123456789012/CloudTrail-Digest/eu-west-1/2026/11/01/a.json.gz":                        "x",
		"AWSLogs/123456789012/elasticloadbalancing/eu-west-1/2026/11/01/a.log.gz":                      "x",
		"AWSLogs/123456789012/newservice/eu-west-1/2026/11/01/a.log.gz":                                "x",
		"exportedlogs/5d0c1c5e-0000-0000-0000-000000000000/eni-0123456789abcdef0-all/000000.gz":        "x",
		"exportedlogs/5d0c1c5e-0000-0000-0000-000000000000/aws-logs-write-test":                        "x",
		"AWSLogs/210987654321/vpcflowlogs/eu-west-1/2026/11/01/whatever-lies-there.parquet":            "x",
		"AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=eu-west-1/year=2026/x": "x",
	} {
		b.put(key, body)
	}
	all := []string{
		"AWSLogs/123456789012/newservice/eu-west-1/2026/11/01/a.log.gz",
		"AWSLogs/210987654321/vpcflowlogs/eu-west-1/2026/11/01/whatever-lies-there.parquet",
		"AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=eu-west-1/year=2026/x",
		"exportedlogs/5d0c1c5e-0000-0000-0000-000000000000/eni-0123456789abcdef0-all/000000.gz",
		"logs/full/",
	}
	src := b.source(t, s3.Options{})
	for name, w := range map[string]cases.Span{"all": {}, "a day": {From: at("2026-11-01T00:00"), To: at("2026-11-02T00:00")}} {
		if got := listed(t, src, w); !slices.Equal(got, all) {
			t.Errorf("%s: listed\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(all, "\n"))
		}
		skipped := int64(0)
		for _, s := range src.Skipped() {
			skipped += s.Count
		}
		if skipped != 9 {
			t.Errorf("%s: passed over %d: %v", name, skipped, src.Skipped())
		}
	}
	// A prefix that leads there asks for it.
	if got := listed(t, b.source(t, s3.Options{Prefix: "AWSLogs/123456789012/CloudTrail/"}), cases.Span{From: at("2020-01-01T00:00")}); len(got) != 1 {
		t.Errorf("listed %q under a service named by the prefix", got)
	}
	if got := listed(t, b.source(t, s3.Options{Prefix: "aws-logs-write-test"}), cases.Span{}); len(got) != 1 {
		t.Errorf("listed %q for a key named in full", got)
	}
}

func TestAccountsAndRegions(t *testing.T) {
	b := newStub()
	for _, account := range []string{"111111111111", "222222222222"} {
		for _, region := range []string{"eu-west-1", "us-east-1"} {
			b.put(fmt.Sprintf("AWSLogs/o-abc123/%s/vpcflowlogs/%s/2026/11/01/%s_vpcflowlogs_%s_fl-0a_20261101T0000Z_00000000.log.gz",
				account, region, account, region), "x")
		}
	}
	for _, w := range []cases.Span{{}, {From: at("2026-11-01T00:00"), To: at("2026-11-02T00:00")}} {
		src := b.source(t, s3.Options{Accounts: []string{"111111111111"}, Regions: []string{"us-east-1"}})
		if got := listed(t, src, w); len(got) != 1 || !strings.Contains(got[0], "111111111111/vpcflowlogs/us-east-1") {
			t.Errorf("listed %q", got)
		}
		if len(src.Skipped()) != 2 {
			t.Errorf("passed over %v", src.Skipped())
		}
	}
}

// TestADayCostsFewRequests keeps a year's bucket from being listed for an hour.
func TestADayCostsFewRequests(t *testing.T) {
	b := newStub()
	b.pageSize = 100
	for d := at("2025-11-01T00:00"); d.Before(at("2026-11-01T00:00")); d = d.Add(2 * time.Hour) {
		b.put(flowKey(d, 1), "x")
		b.put(fmt.Sprintf("firehose/%s/s-1-%s-01234567-89ab-cdef-0123-456789abcdef.gz", d.Format("2006/01/02/15"), d.Format("2006-01-02-15-04-05")), "x")
	}
	src := b.source(t, s3.Options{})
	got := listed(t, src, cases.Span{From: at("2026-05-05T12:00"), To: at("2026-05-05T13:00")})
	if len(got) != 2+13 { // two flow logs; of Firehose a day more
		t.Errorf("listed\n%s", strings.Join(got, "\n"))
	}
	if n := src.Activity().Requests; n > 140 {
		t.Errorf("%d requests", n)
	} else {
		t.Logf("%d requests, both listings", n)
	}
}

func TestVersions(t *testing.T) {
	for _, twice := range []bool{false, true} {
		for page := 2; page <= 8; page++ {
			b := newStub()
			b.twice, b.pageSize = twice, page
			b.put("kept", "1")
			b.put("overwritten", "old")
			b.put("overwritten", "new")
			b.put("overwritten-not", "1")
			b.put("removed", "was there")
			b.remove("removed")
			b.put("revived", "first")
			b.remove("revived")
			b.put("revived", "second")
			b.remove("never-there")
			want := map[string]string{
				"s3://bucket/kept": "1", "s3://bucket/overwritten": "new", "s3://bucket/overwritten?versionId=v1": "old", "s3://bucket/overwritten-not": "1",
				"s3://bucket/removed?versionId=v1": "was there", "s3://bucket/revived": "second", "s3://bucket/revived?versionId=v1": "first",
			}
			src := b.source(t, s3.Options{AllVersions: true})
			last, n := "", 0
			for o, err := range src.Objects(t.Context(), cases.Span{}) {
				if err != nil {
					t.Fatal(err)
				}
				if n++; o.URI() <= last {
					t.Errorf("%s after %s", o.URI(), last)
				}
				last = o.URI()
				if got := read(t, o); got != want[o.URI()] {
					t.Errorf("%s holds %q", o.URI(), got)
				}
				f := o.(source.Remote).Acquired()
				if f.VersionID == "" || f.VersionID != f.More["version_id"] ||
					(f.More["noncurrent"] == true) != strings.Contains(o.URI(), "versionId") ||
					(f.More["deleted"] != nil) != strings.Contains(o.URI(), "removed") {
					t.Errorf("%s: %+v", o.URI(), f)
				}
			}
			if n != len(want) {
				t.Errorf("%d keys to a page, twice %t: %d objects", page, twice, n)
			}
		}
	}
}

func TestSlices(t *testing.T) {
	day1, day4 := at("2026-11-01T00:00"), at("2026-11-04T00:00")
	window := cases.Span{From: day1, To: day4}
	b := newStub()
	b.put(flowKey(at("2026-11-01T10:00"), 1), "one")
	b.put(flowKey(at("2026-11-03T10:00"), 1), "three")
	states := func(src *s3.Source) string {
		var out []string
		for _, s := range src.Slices() {
			out = append(out, fmt.Sprintf("%s %s %d %d %s", s.From.Format("01-02"), s.State, s.Objects, s.Bytes, s.Reason))
		}
		return strings.Join(out, "\n")
	}

	src := b.source(t, s3.Options{})
	listed(t, src, window)
	if got, want := states(src), "11-01 complete 1 3 \n11-02 complete 0 0 \n11-03 complete 1 5 "; got != want {
		t.Errorf("after two listings:\n%s\nwant\n%s", got, want)
	}

	src = b.source(t, s3.Options{ListOnce: true})
	listed(t, src, window)
	if got := states(src); strings.Count(got, "complete-unverified") != 3 {
		t.Errorf("after one listing:\n%s", got)
	}

	src = b.source(t, s3.Options{})
	for o := range src.Objects(t.Context(), window) {
		if strings.Contains(o.URI(), "20261103") { // the last of the first listing
			b.put(flowKey(at("2026-11-03T10:05"), 2), "late")
			b.put(flowKey(at("2026-11-02T10:05"), 2), "late")
		}
	}
	want := "11-01 complete 1 3 \n" +
		"11-02 partial 0 0 a second listing had 1 objects more: pull again\n" +
		"11-03 partial 1 5 a second listing had 1 objects more: pull again"
	if got := states(src); got != want {
		t.Errorf("with late objects:\n%s\nwant\n%s", got, want)
	}

	b.spoil = refuse("2026/11/03", 403, "AccessDenied", "no")
	src = b.source(t, s3.Options{})
	errs := 0
	for _, err := range src.Objects(t.Context(), window) {
		if err != nil {
			errs++
		}
	}
	if got := states(src); errs != 1 || !strings.Contains(got, "11-03 partial 0 0 access denied") || !strings.Contains(got, "11-01 complete 1") {
		t.Errorf("with a folder that is denied, %d errors:\n%s", errs, got)
	}

	b.spoil = nil
	src = b.source(t, s3.Options{})
	for o, err := range src.Objects(t.Context(), window) {
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(o.URI(), "20261101") {
			b.lose(flowKey(at("2026-11-01T10:00"), 1))
			if _, err := o.Open(t.Context()); err == nil {
				t.Error("opened what is gone")
			}
		}
	}
	if got := states(src); !strings.Contains(got, "11-01 partial 1 3") {
		t.Errorf("with an object that is gone:\n%s", got)
	}
}
