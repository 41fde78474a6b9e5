package records

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// FuzzReader: whatever the bytes are, reading ends, records are numbered without a gap, bounds hold, and of plain
// text every line is one record, word for word.
func FuzzReader(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.txtar")
	for _, file := range files {
		ar, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, in := range ar.Files {
			if strings.HasSuffix(in.Name, ".in") {
				f.Add(in.Data)
				f.Add(gz(in.Data))
			}
		}
	}
	f.Add(append(gz([]byte("one\ntwo")), zs([]byte("x"))...))
	o := Options{MaxRecord: 300, MaxKept: 50, MaxDecoded: 1 << 20, MaxRatio: 200, RatioFrom: 10 << 10}
	f.Fuzz(func(t *testing.T, stored []byte) {
		recs, err := read(t, o, bytes.NewReader(stored))
		var d *DamageError
		refused := recs == nil && err != nil
		if err != io.EOF && !errors.As(err, &d) && !refused {
			t.Fatalf("ended with %v", err)
		}
		for _, r := range recs {
			if len(r.Data) > o.MaxRecord || r.Kind == Broken && len(r.Data) > o.MaxKept || r.Size < int64(len(r.Data)) {
				t.Fatalf("record %d (%v): %d bytes kept of %d", r.No, r.Kind, len(r.Data), r.Size)
			}
			if (r.Kind == Broken) != (r.Err != nil) {
				t.Fatalf("record %d is %v with error %v", r.No, r.Kind, r.Err)
			}
		}
		if refused || err != io.EOF {
			return
		}
		if isText(stored) && envelope(t, stored, o) == "plain" {
			sameLines(t, stored, recs, o)
		}
		sameBytes(t, stored, recs, o)
	})
}

// isText says whether the input is lines of text and nothing else, by a rule that is not the reader's.
func isText(b []byte) bool {
	return !bytes.ContainsAny(b, "{[\x1f\x28\xef\xff\xfe") && !bytes.Contains(b, []byte("Z "))
}

func sameLines(t *testing.T, stored []byte, recs []Record, o Options) {
	lines := strings.Split(strings.TrimSuffix(string(stored), "\n"), "\n")
	if len(recs) != len(lines) {
		t.Fatalf("%d records of %d lines", len(recs), len(lines))
	}
	for i, r := range recs {
		line := lines[i]
		if i < len(lines)-1 || strings.HasSuffix(string(stored), "\n") {
			line = strings.TrimSuffix(line, "\r")
		}
		switch {
		case len(lines[i]) > o.MaxRecord:
			if r.Kind != Broken || !strings.HasPrefix(line, string(r.Data)) {
				t.Fatalf("line %d of %d bytes: %v", i+1, len(line), r.Kind)
			}
		case string(r.Data) != line, (r.Kind == Blank) != (strings.Trim(line, " \t\r") == ""):
			t.Fatalf("line %d %q became %v %q", i+1, line, r.Kind, r.Data)
		}
	}
}

func envelope(t *testing.T, stored []byte, o Options) string {
	r, err := o.NewReader(bytes.NewReader(stored))
	for err == nil {
		_, err = r.Next()
	}
	return r.Envelope()
}

// sameBytes: where nothing was unwrapped or shortened, the records are the input, but for what may stand between them.
func sameBytes(t *testing.T, stored []byte, recs []Record, o Options) {
	if envelope(t, stored, o) != "plain" {
		return
	}
	var all []byte
	for _, rec := range recs {
		if rec.Size != int64(len(rec.Data)) {
			return
		}
		all = append(all, rec.Data...)
	}
	drop := func(b []byte) string {
		return strings.NewReplacer(" ", "", "\t", "", "\r", "", "\n", "", "|", "").Replace(string(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))))
	}
	if got, want := drop(all), drop(stored); got != want {
		t.Fatalf("records hold %q of %q", got, want)
	}
}

// fixture is what is known of a file: the records, what they are wrapped in, and how the first begins.
type fixture struct {
	records  int
	envelope string
	first    string
}

var fixtures = map[string]fixture{
	"tenzir+library/amazon/tests/inputs/cloudwatch-v2.ndjson": {
		4, "events", "2 123456789010 eni-1235b8ca123456789 172.31.16.139",
	},
	"tenzir+library/amazon/tests/inputs/cloudwatch-v7-ecs.ndjson":                                                    {4, "events", "7 471731794787"},
	"grafana+lambda-promtail/testdata/vpcflowlog.log.gz":                                                             {4, "gzip", "version account-id"},
	"grafana+lambda-promtail/testdata/albaccesslog.log.gz":                                                           {2, "gzip", "h"},
	"grafana+lambda-promtail/testdata/waflog.log.gz":                                                                 {1, "gzip", "{"},
	"grafana+lambda-promtail/testdata/cloudfront.log.gz":                                                             {4, "gzip", "#Version"},
	"grafana+lambda-promtail/testdata/events/kinesis-event.json":                                                     {2, "kinesis", "Hello World"},
	"grafana+lambda-promtail/testdata/events/s3-event.json":                                                          {1, "Records", "{"},
	"ocsf+examples/mappings/markdown/AWS/v1.1.0/Route53/samples/route53.raw":                                         {1, "plain", "{"},
	"ocsf+examples/mappings/dataprepper/AWS/v1.1.0/VPC Flow/samples/vpcflowlog.raw":                                  {1, "array", "{"},
	"ocsf+examples/mappings/markdown/AWS/v1.1.0/VPC Flowlogs/samples/vpcflowlog.raw":                                 {2, "plain", "account_id,"},
	"elastic+integrations/packages/aws/data_stream/route53_public_logs/_dev/test/pipeline/test-route53.log@53733187": {5, "plain", "1.0 2017"},
	"panther-labs+panther/internal/log_analysis/log_processor/parsers/awslogs/vpc_flow_test.extracted.json":          {3, "array", "{"},
	"opensearch-project+opensearch-catalog/integrations/observability/aws_waf/data/raw.log":                          {38, "plain", "{"},
	"opensearch-project+opensearch-catalog/integrations/observability/amazon_elb/data/raw.log":                       {63, "plain", "h"},
	"activecm+rita/test_data/proxy/conn.log":                                                                         {0, "plain", "#separator"},
	"brimdata+zed-sample-data/zeek-default/dns.log.gz":                                                               {0, "gzip", "#separator"},
}

// Nobody here wrote the fixtures: they must all be read or refused, and the ones whose contents are known must count right.
func TestFixtures(t *testing.T) {
	dir := os.Getenv("CASE53_FIXTURES")
	if dir == "" {
		t.Skip("CASE53_FIXTURES is not set")
	}
	known := maps.Clone(fixtures)
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		stored, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		r, err := NewReader(bytes.NewReader(stored))
		if err != nil {
			if !slices.ContainsFunc([]error{ErrArchive, ErrBinary, ErrEmpty, ErrParquet}, func(why error) bool { return errors.Is(err, why) }) {
				t.Errorf("%s: %v", rel, err)
			}
			return nil
		}
		n, first := countRecords(t, rel, r)
		if w, ok := known[filepath.ToSlash(rel)]; ok {
			delete(known, filepath.ToSlash(rel))
			if w.records > 0 && n != w.records || r.Envelope() != w.envelope || !strings.HasPrefix(first, w.first) {
				t.Errorf("%s: %d records in %s, the first %.40q; want %+v", rel, n, r.Envelope(), first, w)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for rel := range known {
		t.Errorf("%s is not there", rel)
	}
}

// countRecords reads them all, and tells what the first is.
func countRecords(t *testing.T, rel string, r *Reader) (n int, first string) {
	t.Helper()
	for {
		rec, err := r.Next()
		if err != nil {
			if err != io.EOF {
				t.Errorf("%s: %v", rel, err)
			}
			break
		}
		if n++; n == 1 {
			first = string(rec.Data)
		}
		if rec.Kind == Broken {
			t.Errorf("%s: record %d: %v", rel, rec.No, rec.Err)
		}
	}
	return n, first
}
