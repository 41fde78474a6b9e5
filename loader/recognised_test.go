package loader

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"case53/loader/logs/logstest"
)

// looks are the shapes of the lines and records of each log type that requests come in, as AWS documents and servers write them: held
// against what the types themselves take.
var looks = map[string]*regexp.Regexp{
	"alb": regexp.MustCompile(`^(https?|h2|grpcs?|wss?) \d{4}-\d\d-\d\dT\S+ \S+ \S+:\d+ (-|\S+:\d+) |` +
		`^\d{4}-\d\d-\d\dT\S+Z \S+ \S+:\d+ (-|\S+:\d+) (-?[\d.]+ ){3}(-|\d{3}) |"request_line"`),
	"httpd":      regexp.MustCompile(`^(\S+:\d+ )?\S+ \S+ \S.*? ?\[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] +"`),
	"cloudfront": regexp.MustCompile(`^#(Version|Fields)|x-edge-(location|request-id)|^\d{4}-\d\d-\d\d\t\d\d:\d\d:\d\d\t[A-Z]{3}`),
	"s3_access":  regexp.MustCompile(`^[0-9a-f]{2,64} \S+ \[\d\d/\w{3}/\d{4}:\S+ [+-]\d{4}\] .*(REST|SOAP|WEBSITE|BATCH|S3)\.|"request_uri"`),
	"apigw":      regexp.MustCompile(`"(requestId|extendedRequestId)"`),
}

// TestNoLineIsOfAWrongType: over all fixtures, no line and no file of one record is taken by two types, nor by one of requests whose
// lines do not look like that.
func TestNoLineIsOfAWrongType(t *testing.T) {
	root := os.Getenv("CASE53_FIXTURES")
	if root == "" {
		t.Skip("CASE53_FIXTURES is not set")
	}
	taken, wrong := map[string]int{}, 0
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		b := logstest.Head(t, path, 1<<18)
		samples := [][]byte{b}
		lines := bytes.Split(b, []byte("\n"))
		samples = append(samples, lines[:min(len(lines), 100)]...)
		for _, rec := range samples {
			var by []string
			for _, typ := range Types() {
				if typ.Detect([][]byte{rec}) > 0 {
					by = append(by, typ.Name)
				}
			}
			if len(by) == 0 {
				continue
			}
			taken[by[0]]++
			look := looks[by[0]]
			if len(by) > 1 || look != nil && !look.Match(rec) {
				if wrong++; wrong < 20 {
					t.Errorf("%s: %v takes %.150q", path, by, rec)
				}
			}
		}
		return nil
	})
	if err != nil || wrong > 0 {
		t.Errorf("%d taken by a wrong type: %v", wrong, err)
	}
	for name := range looks {
		if taken[name] == 0 {
			t.Errorf("no record of %s among the fixtures", name)
		}
	}
	t.Log(taken)
}
