package s3server

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"case53/cases"
	"case53/loader"
	logs "case53/loader/logs/logstest/delivered"
	"case53/loader/source/s3"
)

// layout is how a service, or who set it up, names the objects of a log.
type layout struct {
	typ, form string
	key       string        // layout of a key, for the stamp; # is a number
	lag, span time.Duration // the records of an object begin so long before its stamp, and go on so long
	whole     bool          // nothing in the key says of which time it is: all are fetched
}

// layouts are those of AWS's documentation, and some that users choose.
var layouts = []layout{
	{"flow", "lines", "AWSLogs/123456789012/vpcflowlogs/eu-central-1/2006/01/02/123456789012_vpcflowlogs_eu-central-1_fl-0a1b_20060102T1504Z_#.log.gz",
		0, 5 * time.Minute, false},
	{"dns", "JSON", "AWSLogs/123456789012/vpcdnsquerylogs/vpc-1/2006/01/02/vpc-1_vpcdnsquerylogs_123456789012_20060102T1504Z_#.log.gz",
		5 * time.Minute, 10 * time.Minute, false},
	{"zone", "lines", "zone/2006/01/02/15/zone-1-2006-01-02-15-04-05-00000000-0000-4000-8000-00000000####", 10 * time.Minute, 10 * time.Minute, false},
	{"alb", "lines", "p/AWSLogs/123456789012/elasticloadbalancing/eu-central-1/2006/01/02/" +
		"123456789012_elasticloadbalancing_eu-central-1_app.web.50dc6c495c0c9188_20060102T1504Z_10.0.0.10_#.log.gz", 5 * time.Minute, 5 * time.Minute, false},
	{"alb", "JSON", "web-logs/eu/2006-01-02/15/#.json.gz", 30 * time.Minute, 30 * time.Minute, true},
	{"tls", "NLB lines", "AWSLogs/123456789012/elasticloadbalancing/eu-central-1/2006/01/02/" +
		"123456789012_elasticloadbalancing_eu-central-1_net.web.c6e77e28c25b2234_20060102T1504Z_#.log.gz", 5 * time.Minute, 5 * time.Minute, false},
	{"tls", "ALB connection lines", "AWSLogs/123456789012/elasticloadbalancing/eu-central-1/2006/01/02/" +
		"conn_log.123456789012_elasticloadbalancing_eu-central-1_app.web.50dc6c495c0c9188_20060102T1504Z_10.0.0.10_#.log.gz", 5 * time.Minute, 5 * time.Minute,
		false},
	{"waf", "JSON", "AWSLogs/123456789012/WAFLogs/eu-central-1/web/2006/01/02/15/04/123456789012_waflogs_eu-central-1_web_20060102T1504Z_#.log.gz",
		5 * time.Minute, 10 * time.Minute, false},
	{"cloudfront", "v1", "cf/EABCDEF123456.2006-01-02-15.#.gz", 0, time.Hour, false},
	{"cloudfront", "v2 JSON", "AWSLogs/123456789012/CloudFront/EABCDEF123456/15/2006-01-02-#.gz", 0, time.Hour, true},
	{"s3_access", "lines", "access/2006-01-02-15-04-05-0123456789AB####", 6 * time.Hour, time.Hour, false},
	{"s3_access", "lines", "parts/123456789012/eu-central-1/logs/2006/01/02/2006-01-02-15-04-05-0123456789AB####", 6 * time.Hour, time.Hour, false},
	{"apigw", "JSON", "api/2006/01/02/15/api-1-2006-01-02-15-04-05-00000000-0000-4000-8000-00000000####.gz", 10 * time.Minute, 10 * time.Minute, false},
	{"httpd", "combined", "exported/0f9a4c/i-0123456789abcdef0-access/#.gz", 30 * time.Minute, 30 * time.Minute, true},
	{"host_log", "RFC 5424", "hosts/web/auth.log.#", 30 * time.Minute, 30 * time.Minute, true},
	{"change", "CloudTrail file", "AWSLogs/o-0a1b2c/123456789012/CloudTrail/eu-central-1/2006/01/02/" +
		"123456789012_CloudTrail_eu-central-1_20060102T1505Z_#.json.gz",
		5 * time.Minute, 5 * time.Minute, false},
	{"finding", "JSON lines", "AWSLogs/123456789012/GuardDuty/eu-central-1/2006/01/02/00000000-0000-4000-8000-00000000####.jsonl.gz",
		3 * time.Hour, time.Hour, true},
}

// name is the key of the n-th object, of a stamp.
func (l layout) name(stamp time.Time, n int) string {
	if strings.Contains(l.key, "####") {
		return strings.Replace(stamp.Format(strings.Replace(l.key, "####", "@", 1)), "@", fmt.Sprintf("%04d", n), 1)
	}
	return strings.Replace(stamp.Format(l.key), "#", fmt.Sprintf("%08x", 0x5a5a0000+n), 1)
}

// perLayout is how many objects there are of a layout: one every four hours of three days.
const perLayout = 18

// deliverTypes makes them, and gives the layout of each object, and the times that each type has within the window.
func deliverTypes(t *testing.T) (objects map[string][]byte, of map[string]int, times map[string][]int64) {
	t.Helper()
	objects, of, times = map[string][]byte{}, map[string]int{}, map[string][]int64{}
	for k, l := range layouts {
		at := slices.IndexFunc(logs.Forms, func(d logs.Log) bool { return d.Type == l.typ && d.Form == l.form })
		if at < 0 {
			t.Fatalf("no form %s, %s", l.typ, l.form)
		}
		for i := range perLayout {
			stamp := time.Date(2026, 11, 1, 4*i+1, 0, 0, 0, time.UTC)
			var records []time.Time
			for j := range 3 {
				when := stamp.Add(-l.lag).Add(l.span * time.Duration(j) / 3).Add(time.Duration(k) * time.Second).Truncate(time.Second)
				records = append(records, when)
				if !when.Before(window.From) && when.Before(window.To) {
					times[l.typ] = append(times[l.typ], when.UnixMicro())
				}
			}
			text := []byte(objectOf(logs.Forms[at], records, 1000+3*i))
			key := l.name(stamp, len(objects))
			if strings.HasSuffix(key, ".gz") {
				text = packed(string(text))
			}
			objects[key], of[key] = text, k
		}
	}
	for _, all := range times {
		slices.Sort(all)
	}
	return objects, of, times
}

// TestPullOfEveryType: a bucket with the logs of every type that services put there, in the layouts that they and users give them, is
// pulled to the records of the window and no other; and where a name says of which time an object is, not all are fetched.
func TestPullOfEveryType(t *testing.T) {
	const name = "every-type"
	objects, of, times := deliverTypes(t)
	c := bucket(t, name, false)
	putAll(t, c, name, objects)
	target := filepath.Join(t.TempDir(), "x.case")
	src := &counted{Source: s3.New(c, s3.Options{Places: loader.Places(), Bucket: name})}
	report, err := pull(t.Context(), target, src, window)
	if err != nil || len(report.Failures) > 0 || report.Lines.Rejected+report.Lines.Unread > 0 {
		t.Fatal(err, report.Failures, report.Lines)
	}
	checkTypes(t, target, times)
	fetched := map[int]int{}
	for _, uri := range src.opened {
		fetched[of[strings.TrimPrefix(uri, "s3://"+name+"/")]]++
	}
	for i, l := range layouts {
		if n := fetched[i]; n < 5 || (n == perLayout) != l.whole {
			t.Errorf("%s, %s: %d of %d fetched, all: %t", l.typ, l.form, n, perLayout, l.whole)
		}
	}
	again := &counted{Source: s3.New(c, s3.Options{Places: loader.Places(), Bucket: name})}
	if report, err = pull(t.Context(), target, again, window); err != nil || len(again.opened) > 0 || report.Lines.Rows > 0 {
		t.Errorf("again: %d fetched, %+v: %v", len(again.opened), report.Lines, err)
	}
}

// checkTypes holds the times of every type's records against those that were delivered.
func checkTypes(t *testing.T, target string, times map[string][]int64) {
	t.Helper()
	k, err := cases.Open(t.Context(), target, loader.Schemas())
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	for _, typ := range loader.Types() {
		var got []int64
		text := fmt.Sprintf(`SELECT epoch_us(%q) AS moment FROM %s ORDER BY moment`, typ.Time, typ.View)
		if err := k.Each(t.Context(), text, nil, func(row []any) error { got = append(got, row[0].(int64)); return nil }); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, times[typ.Name]) {
			t.Errorf("%s: %d rows, want %d", typ.Name, len(got), len(times[typ.Name]))
		}
		if len(got) == 0 {
			t.Errorf("%s: nothing was delivered", typ.Name)
		}
	}
}

// objectOf is an object with a record for each time.
func objectOf(l logs.Log, times []time.Time, n int) string {
	var all []string
	for i, at := range times {
		all = append(all, l.Record(at, n+i))
	}
	return l.Head + strings.Join(all, l.Join) + l.Tail
}
