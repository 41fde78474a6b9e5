package cloudfront

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"case53/loader/logs"
	"case53/loader/logs/logstest"
)

func TestVectors(t *testing.T) { logstest.Vectors(t, Type, "cloudfront.txtar") }

// TestFixtures: rows of what others have, with the fields that stand in the lines.
func TestFixtures(t *testing.T) {
	for path, want := range map[string]int{
		"access/awsdocs+amazon-cloudfront-developer-guide/doc_source/AccessLogs.example.log": 6,
		"grafana+lambda-promtail/testdata/cloudfront.log.gz":                                 2,
	} {
		b := logstest.Head(t, logstest.FixturePath(t, path), 1<<20)
		d := logstest.New(Type)
		for line := range bytes.SplitSeq(bytes.TrimSpace(b), []byte("\n")) {
			if _, _, _, err := d.Decode(line); err != nil {
				t.Errorf("%s: %v", line, err)
			}
		}
		rows := d.RowsOf("cloudfront")
		if len(rows) != want {
			t.Errorf("%s: %d rows", path, len(rows))
		}
		for _, row := range rows {
			if row["attack"] != "" || row["c4"] == "" || row["path"] == "" || row["x_edge_request_id"] == "" || row["sc_status"] == "" {
				t.Errorf("%v", row)
			}
		}
	}
}

// TestGivenFields: a real-time log of a user's own fields is read with the list that is given.
func TestGivenFields(t *testing.T) {
	list := [][]string{{"#Fields: timestamp c-ip sc-status cs-host cs-uri-stem"}}
	line := []byte("1793589120.123\t192.0.2.100\t200\twww.example.com\t/a?x")
	formats, err := resolve([][]byte{line}, list)
	if err != nil {
		t.Fatal(err)
	}
	d := logstest.NewWith(Type, logs.Options{Formats: formats})
	if _, _, _, err := d.Decode(line); err != nil {
		t.Fatal(err)
	}
	row := d.RowsOf("cloudfront")[0]
	if row["host"] != "www.example.com" || row["path"] != "/a" || row["query"] != "x" || row["sc_status"] != "200" {
		t.Errorf("%v", row)
	}
	if _, err := resolve([][]byte{[]byte("some text")}, list); err == nil {
		t.Error("text without tabs taken for CloudFront's")
	}
}

// FuzzLine: a line becomes one row, a header or an error.
func FuzzLine(f *testing.F) {
	for _, line := range []string{"#Fields: date time cs-uri-stem",
		"2026-11-02\t03:12:00\tLAX1\t392\t192.0.2.100\tGET\td\t/%25", `{"cs-uri-stem":"/","timestamp":"1"}`,
		"1793589120\t::1\t"} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		d := logstest.New(Type)
		Type.Detect([][]byte{line})
		o, _, _, err := d.Decode(line)
		if rows := len(d.RowsOf("cloudfront")); err == nil && o == logs.Row && rows != 1 || err != nil && rows != 0 {
			t.Fatalf("%q: %v, %d rows", line, err, rows)
		}
	})
}

// TestSumsOfSekoia: records that somebody summed up, without the time of any request, are refused and not given one.
func TestSumsOfSekoia(t *testing.T) {
	for _, path := range logstest.FindFixtures(t, "access/SEKOIA-IO+intake-formats/AWS/aws-cloudfront/tests") {
		var c struct{ Input struct{ Message string } }
		if err := json.Unmarshal(logstest.Head(t, path, 1<<20), &c); err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(c.Input.Message, `"_"`, `"-"`) // what was taken out of it
		if _, _, _, err := logstest.New(Type).Decode([]byte(text)); err == nil || !strings.Contains(err.Error(), "time") {
			t.Errorf("%s: %v", path, err)
		}
	}
}
