package loader

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"case53/loader/logs"
	"case53/loader/logs/change"
	"case53/loader/logs/finding"
	"case53/loader/logs/host"
	"case53/loader/logs/logstest"
	"case53/loader/logs/resolver"
	"case53/loader/logs/tls"
	"case53/loader/logs/waf"
	"case53/loader/logs/zone"
)

// What a file holds by its bytes, whatever a type says: a Resolver's record, a line or an object of a public zone's log.
var (
	resolverRecord = regexp.MustCompile(`"query_timestamp"[^\0]*"(srcids|srcaddr|vpc_id)"|"(srcids|srcaddr|vpc_id)"[^\0]*"query_timestamp"`)
	zoneRecord     = regexp.MustCompile(`(?m)^1\.\d+\s\d{4}-\d\d-\d\dT\S+\sZ|"hosted_zone_id"`)
)

// TestDetectNothingElse: of the fixtures only what is a DNS log looks like one, by its lines or as one record, and never like the
// other one.
func TestDetectNothingElse(t *testing.T) {
	root := os.Getenv("CASE53_FIXTURES")
	if root == "" {
		t.Skip("CASE53_FIXTURES is not set")
	}
	files, found := 0, 0
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files++
		b := logstest.Head(t, path, 1<<20)
		lines := bytes.Split(b, []byte("\n"))
		lines = lines[:min(len(lines), 50)]
		isZone := zoneRecord.Match(b)
		isResolver := !isZone && resolverRecord.Match(b)
		for _, sample := range [][][]byte{lines, {b}} {
			dns, zone := resolver.Type.Detect(sample), zone.Type.Detect(sample)
			if dns > 0 && !isResolver || zone > 0 && !isZone {
				t.Errorf("%s: dns %d, zone %d", path, dns, zone)
			}
			found += min(1, dns+zone)
		}
		return nil
	})
	if err != nil || files < 50 || found < 50 {
		t.Errorf("%d files, %d DNS logs: %v", files, found, err)
	}
}

// hostTier are the types round the requests, each with what a line or object of it has, whatever a decoder says.
var hostTier = []struct {
	typ *logs.Type
	has *regexp.Regexp
}{
	{change.Type, regexp.MustCompile(`"eventSource"\s*:\s*"[a-z0-9-]+\.amazonaws\.com`)},
	{host.Type, regexp.MustCompile(`(?m)^(<\d+>1? ?)?([A-Z][a-z]{2} [ \d]?\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\S+) \S+ [^\s:\[]+(\[\d+\])?: ` +
		`|^\[[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d [\d:.]+ \d{4}\] \[|^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[[a-z]+\] \d+#\d+: `)},
	{waf.Type, regexp.MustCompile(`"webaclId"`)},
	{tls.Type, regexp.MustCompile(`(?m)^tls \d\.\d \d{4}-|^\d{4}-\d\d-\d\dT[\d:.]+Z [\da-f.:]+ \d+ \d+ `)},
	{finding.Type, regexp.MustCompile(`"schemaVersion"(?s:.*)"service"`)},
}

// TestHostTierIsNothingElse: of all fixtures these types take only what is theirs, line by line, file by file, and as one record; and
// nothing that another type takes as well.
func TestHostTierIsNothingElse(t *testing.T) {
	found := map[string]int{}
	for _, path := range logstest.FindFixtures(t, "") {
		b := logstest.Head(t, path, 1<<18)
		lines := bytes.Split(b, []byte("\n"))
		samples := [][][]byte{lines[:min(len(lines), 50)], {b}}
		for _, line := range lines[:min(len(lines), 200)] {
			samples = append(samples, [][]byte{line})
		}
		for i, sample := range samples {
			var takes []string
			for _, typ := range Types() {
				if typ.Detect(sample) > 0 {
					takes = append(takes, typ.Name)
				}
			}
			for _, of := range hostTier {
				if !slices.Contains(takes, of.typ.Name) {
					continue
				}
				found[of.typ.Name]++
				if !of.has.Match(b) || i > 1 && len(takes) > 1 {
					t.Errorf("%s: %.120q is taken by %v", path, sample[0], takes)
				}
			}
		}
	}
	for _, typ := range []*logs.Type{host.Type, waf.Type, tls.Type} { // the fixtures of the others are in lists, or inside a test
		if found[typ.Name] == 0 {
			t.Errorf("%s: nothing was found", typ.Name)
		}
	}
}

// dnsTypes are the two types with a record of each that takes a time.
var dnsTypes = []struct {
	typ    *logs.Type
	record string
}{
	{resolver.Type, `{"query_timestamp":"%s","query_name":"A.example.com.","answers":[{"Rdata":"192.0.2.1","Type":"A","Class":"IN"},{}]}`},
	{zone.Type, `1.0 %s Z0123 A.example.com A NOERROR UDP FRA6 192.0.2.1 192.0.2.0/24`},
}

// TestWindow: what the loader does not admit leaves no trace, in no table and no dictionary, but tells its time.
func TestWindow(t *testing.T) {
	const at = 1_700_000_000_123_000
	for _, of := range dnsTypes {
		for _, want := range []logs.Outcome{logs.Outside, logs.Duplicate, logs.Row} {
			d := logstest.New(of.typ)
			d.Admit = func(first, last int64) logs.Outcome {
				if first != at || last != at {
					t.Errorf("%s: asked for %d, %d", of.typ.Name, first, last)
				}
				return want
			}
			o, first, last, err := d.Decode(fmt.Appendf(nil, of.record, "2023-11-14T22:13:20.123Z"))
			if o != want || first != at || last != at || err != nil {
				t.Errorf("%s: %d, %d, %d, %v", of.typ.Name, o, first, last, err)
			}
			if want != logs.Row && len(d.Contexts)+len(d.All()) > 0 {
				t.Errorf("%s: outcome %d left %v, %v", of.typ.Name, want, d.Contexts, d.Rows)
			}
		}
		// Nobody to ask: everything is in.
		dec := of.typ.New(logs.Options{Intern: func(string, []byte) uint32 { return 0 }})
		if o, _, _, err := dec.Decode(fmt.Appendf(nil, of.record, "2023-11-14T22:13:20.123Z"), logs.Meta{}); o != logs.Row || err != nil {
			t.Errorf("%s: %d, %v", of.typ.Name, o, err)
		}
	}
}

// TestContextFollowsTheStream: rows carry the log group and stream of their own event, NULL where there is none.
func TestContextFollowsTheStream(t *testing.T) {
	for _, of := range dnsTypes {
		d := logstest.New(of.typ)
		streams := [][2]string{{"g", "s"}, {"g", "s2"}, {"g2", "s2"}, {"", ""}, {"g2", ""}, {"g", "s"}}
		for _, s := range streams {
			d.Meta.LogGroup, d.Meta.LogStream = s[0], s[1]
			d.Decode(fmt.Appendf(nil, of.record, "2023-11-14T22:13:20Z"))
		}
		for i, row := range d.RowsOf(of.typ.Name) {
			want := map[string]string{"capture": "incident"}
			for n, column := range []string{"log_group", "log_stream"} {
				if streams[i][n] != "" {
					want[column] = streams[i][n]
				}
			}
			if got := logstest.Pick(row, "capture", "log_group", "log_stream"); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s: %v, want %v", of.typ.Name, got, want)
			}
		}
	}
}

// TestBatches: rows and their order survive any number of flushes, also in the middle of a record.
func TestBatches(t *testing.T) {
	d := logstest.New(resolver.Type)
	many := strings.Repeat(`{"Rdata":"192.0.2.1","Type":"A"},`, 3*logs.BatchSize)
	for i := range logs.BatchSize + 10 {
		rec := fmt.Sprintf(`{"query_timestamp":"2023-11-14T22:13:20Z","query_name":"h%d.example.com.","answers":[{"Rdata":"a"}]}`, i)
		if i == 1000 {
			rec = `{"query_timestamp":"2023-11-14T22:13:20Z","query_name":"many.example.com.","answers":[` + many[:len(many)-1] + `]}`
		}
		if _, _, _, err := d.Decode([]byte(rec)); err != nil {
			t.Fatal(err)
		}
	}
	queries, answers := d.RowsOf("dns"), d.RowsOf("dns_answer")
	if len(queries) != logs.BatchSize+10 || len(answers) != logs.BatchSize+9+3*logs.BatchSize || d.Flushes < 5 {
		t.Fatalf("%d queries, %d answers, %d flushes", len(queries), len(answers), d.Flushes)
	}
	for i, q := range queries {
		if q["row_no"] != strconv.Itoa(i+1) || i != 1000 && q["name"] != fmt.Sprintf("h%d.example.com", i) || q["registered_domain"] != "example.com" {
			t.Fatalf("row %d: %v", i, q)
		}
	}
	for i := range 3 * logs.BatchSize {
		if a := answers[1000+i]; a["answer_no"] != strconv.Itoa(i+1) || a["row_no"] != "1001" || a["name"] != "many.example.com" {
			t.Fatalf("answer %d: %v", i, a)
		}
	}
	if len(d.Dec.Batches()) != 2 || d.Dec.Batches()[0].Table != "dns" || d.Dec.Batches()[1].Table != "dns_answer" {
		t.Error("parent first")
	}
}

// TestFlushFails: the loader learns of it.
func TestFlushFails(t *testing.T) {
	full := errors.New("disk full")
	for _, of := range dnsTypes {
		dec := of.typ.New(logs.Options{
			Intern: func(string, []byte) uint32 { return 0 },
			Flush:  func(*logs.Batch) error { return full },
		})
		var err error
		for range logs.BatchSize + 1 {
			_, _, _, err = dec.Decode(fmt.Appendf(nil, of.record, "2023-11-14T22:13:20Z"), logs.Meta{})
		}
		if !errors.Is(err, full) {
			t.Errorf("%s: %v", of.typ.Name, err)
		}
	}
}

// TestNothingOfTheRecordIsKept: a caller may reuse the record's bytes.
func TestNothingOfTheRecordIsKept(t *testing.T) {
	for _, of := range dnsTypes {
		d := logstest.New(of.typ)
		rec := fmt.Appendf(nil, of.record, "2023-11-14T22:13:20Z")
		d.Decode(rec)
		for i := range rec {
			rec[i] = '#'
		}
		if text := d.Render(t); strings.Contains(text, "#") || !strings.Contains(text, "query_name=A.example.com") {
			t.Errorf("%s: %s", of.typ.Name, text)
		}
	}
}

// TestNoAllocation: the common record costs the collector nothing.
func TestNoAllocation(t *testing.T) {
	recs := logstest.ResolverSample(500)
	dec := resolver.Type.New(logs.Options{
		Capture: "incident",
		Intern:  func(string, []byte) uint32 { return 0 },
		Flush:   func(b *logs.Batch) error { b.Reset(); return nil },
	})
	decode := func() {
		for i := range 3 * logs.BatchSize {
			if _, _, _, err := dec.Decode(recs[i%len(recs)], logs.Meta{LogGroup: "group", LogStream: "stream"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	decode() // the batches and caches find their sizes
	decode()
	if n := testing.AllocsPerRun(3, decode); n > 0 {
		t.Errorf("%.0f allocations in %d records", n, 3*logs.BatchSize)
	}
}

func TestDetectDNS(t *testing.T) {
	record := func(of int, at string) []byte { return fmt.Appendf(nil, dnsTypes[of].record, at) }
	for _, tt := range []struct {
		what      string
		sample    []string
		dns, zone int
	}{
		{"nothing", nil, 0, 0},
		{"blank", []string{"", " \n"}, 0, 0},
		{"Resolver", []string{string(record(0, "2023-11-14T22:13:20Z"))}, 100, 0},
		{"Resolver over many lines", []string{"{\n \"query_name\" : null,\n\"query_timestamp\": 5,\n\"vpc_id\":\"\" }\n"}, 100, 0},
		{"a query of no log in particular", []string{`{"query_name":"a.","query_timestamp":"2023-11-14T22:13:20Z","query_type":"A","rcode":"NOERROR"}`}, 0, 0},
		{"zone as an object", []string{`{"query_name":"a.","query_timestamp":"2023-11-14T22:13:20Z","hosted_zone_id":"Z1","rcode":"NOERROR"}`}, 0, 100},
		{
			"zone as an object with a source address",
			[]string{`{"timestamp":"x","query_name":"a.","query_timestamp":"x","hostedZoneId":"Z1","edge_location":"FRA6","srcaddr":"10.0.0.1"}`}, 0, 100,
		},
		{"zone with tabs", []string{strings.ReplaceAll(string(record(1, "2023-11-14T22:13:20Z")), " ", "\t")}, 0, 100},
		{"zone under a header", []string{"", "query_timestamp,hosted_zone_id,query_name,response_code", "2023-11-14T22:13:20Z,Z1,a.,NOERROR"}, 0, 100},
		{"Resolver under a header", []string{"query_timestamp,query_name,srcaddr", "2023-11-14T22:13:20Z,a.,10.0.0.1"}, 100, 0},
		{"answers of an export", []string{`{"query_timestamp":"2023-11-14T22:13:20Z","query_name":"a.","answer_no":1,"srcaddr":"10.0.0.1"}`}, 0, 0},
		{"answers of an export, under a header", []string{"query_timestamp,query_name,answer_no,rdata,srcaddr", "2023-11-14T22:13:20Z,a.,1,x,10.0.0.1"}, 0, 0},
		{"Resolver with a bad time, still Resolver", []string{string(record(0, "2020-11-10T19:20:177Z"))}, 100, 0},
		{"a broken record among four", []string{string(record(0, "x")), "{", string(record(0, "x")), string(record(0, "x"))}, 75, 0},
		{"one key is not enough", []string{`{"query_name":"a."}`, `{"query_timestamp":"2023-11-14T22:13:20Z"}`}, 0, 0},
		{"the keys deeper inside", []string{`{"x":{"query_name":"a.","query_timestamp":"2023-11-14T22:13:20Z"}}`, `["query_name","query_timestamp"]`}, 0, 0},
		{"zone", []string{string(record(1, "2023-11-14T22:13:20.123Z"))}, 0, 100},
		{"zone of a later format", []string{"2.0 2023-11-14T22:13:20Z Z0123 a.b A NOERROR UDP FRA6 - - more"}, 0, 100},
		{"nine tokens", []string{"1.0 2023-11-14T22:13:20Z Z0123 a.b A NOERROR UDP FRA6 192.0.2.1"}, 0, 0},
		{"no zone id", []string{"1.0 2023-11-14T22:13:20Z z0123 a.b A NOERROR UDP FRA6 192.0.2.1 -"}, 0, 0},
		{"an account in between", []string{"1.0 2023-11-14T22:13:20Z 123456789012 Z0123 a.b A NOERROR UDP FRA6 192.0.2.1 -"}, 0, 0},
		{"API Gateway", []string{`{"requestId":"48752d0f","ip":"1.128.0.0","requestTime":"10/Jun/2023:15:36:28 +0000","httpMethod":"GET"}`}, 0, 0},
		{"flow", []string{"2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK"}, 0, 0},
		{"BIND", []string{"2022-04-01T13:27:12.135Z info: client @0x7fa25400f190 192.168.0.30#41533 (a.b): query: a.b IN KEY + (192.168.0.10)"}, 0, 0},
		{"syslog", []string{"<34>1 2003-10-11T22:14:15.003Z host.example.com su - ID47 - BOM 'su root' failed for x on /dev/pts/8"}, 0, 0},
		{"CLF", []string{`198.51.100.14 - Jorge [24/Nov/2019:10:49:52 -0700] "GET /index.html HTTP/1.1" 200 2165`}, 0, 0},
	} {
		var sample [][]byte
		for _, s := range tt.sample {
			sample = append(sample, []byte(s))
		}
		if dns, zone := resolver.Type.Detect(sample), zone.Type.Detect(sample); dns != tt.dns || zone != tt.zone {
			t.Errorf("%s: dns %d, zone %d; want %d, %d", tt.what, dns, zone, tt.dns, tt.zone)
		}
	}
}
