package s3access

import (
	"encoding/json"
	"strings"
	"testing"

	"case53/loader/logs/logstest"
)

func TestVectors(t *testing.T) { logstest.Vectors(t, Type, "s3access.txtar") }

// TestFixtures: the lines of other programs' tests are rows, none of them ambiguous.
func TestFixtures(t *testing.T) {
	var panther struct {
		Lines []string `json:"raw_string_literals"`
	}
	path := "access/panther-labs+panther/internal/log_analysis/log_processor/parsers/awslogs/s3_server_access_test.extracted.json"
	if err := json.Unmarshal(logstest.Fixture(t, path), &panther); err != nil {
		t.Fatal(err)
	}
	var lnav struct{ Samples []struct{ Line string } }
	if err := json.Unmarshal(logstest.Fixture(t, "access/tstack+lnav/src/formats/s3_log.samples.extracted.json"), &lnav); err != nil {
		t.Fatal(err)
	}
	lines := panther.Lines
	for _, s := range lnav.Samples {
		lines = append(lines, s.Line)
	}
	for _, line := range lines {
		rows, _ := logstest.DecodeAll(t, Type, []byte(line))
		row := rows[0]
		if row["ambiguous"] != "" || row["operation"] == "" || !strings.Contains(line, row["bucket"]) {
			t.Errorf("%s: %v", line, row)
		}
	}
	if len(lines) < 6 {
		t.Errorf("%d lines", len(lines))
	}
}

// FuzzLine: a line becomes one row or an error.
func FuzzLine(f *testing.F) {
	f.Add([]byte(`79a5 b [06/Feb/2019:00:00:38 +0000] 192.0.2.3 - 3E5 REST.GET.OBJECT k "GET /" 200 - 1 1 1 1 "-" "a" b" 200 - 1 1 1 1 "-" "x" -`))
	f.Add([]byte(`{"bucket_name":"b","request_time":"2026-11-02T03:12:00Z","operation":"x","request_uri":"-"}`))
	d := logstest.New(Type)
	f.Fuzz(func(t *testing.T, line []byte) {
		d.Rows, d.Notes, d.Contexts = nil, nil, nil
		Type.Detect([][]byte{line})
		_, _, _, err := d.Decode(line)
		if rows := len(d.RowsOf("s3_access")); (err == nil) != (rows == 1) {
			t.Fatalf("%q: %v, %d rows", line, err, rows)
		}
	})
}
