package alb

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"case53/loader/logs/logstest"
)

func TestVectors(t *testing.T) { logstest.Vectors(t, Type, "alb.txtar") }

// TestPanther: what another program's tests want of six lines; one of them has to fail.
func TestPanther(t *testing.T) {
	var all []struct {
		Case, Line string
		Want       map[string]any
	}
	path := "panther-labs+panther/internal/log_analysis/log_processor/parsers/awslogs/alb_test.extracted.json"
	if err := json.Unmarshal(logstest.Fixture(t, path), &all); err != nil {
		t.Fatal(err)
	}
	columns := map[string]string{"Type": "type", "Timestamp": "time", "ELB": "elb", "ClientIP": "client4", "ClientPort": "client_port",
		"TargetIP": "target4", "TargetPort": "target_port", "ELBStatusCode": "elb_status_code", "TargetStatusCode": "target_status_code",
		"ReceivedBytes": "received_bytes", "SentBytes": "sent_bytes", "RequestHTTPMethod": "request_verb", "RequestHTTPVersion": "request_proto",
		"UserAgent": "user_agent", "SSLCipher": "ssl_cipher", "SSLProtocol": "ssl_protocol", "TargetGroupARN": "target_group_arn",
		"TraceID": "trace_id", "DomainName": "domain_name", "ChosenCertARN": "chosen_cert_arn", "MatchedRulePriority": "matched_rule_priority",
		"RedirectURL": "redirect_url", "ErrorReason": "error_reason"}
	for _, c := range all {
		d := logstest.New(Type)
		_, _, _, err := d.Decode([]byte(c.Line))
		if (err != nil) != (len(c.Want) == 0) {
			t.Errorf("%s: %v", c.Case, err)
		}
		for _, row := range d.RowsOf("alb") {
			for theirs, ours := range columns {
				want := ""
				if v := c.Want[theirs]; v != nil {
					want = fmt.Sprint(v)
				}
				if ours == "trace_id" && row[ours] == "" && row["trace_root"] != "" {
					row[ours] = "Root=" + row["trace_root"]
				}
				if row[ours] != want {
					t.Errorf("%s: %s is %q, theirs %q", c.Case, ours, row[ours], want)
				}
			}
		}
	}
}

// TestFixtures: every line of what others have is a row, but for the one that has to fail.
func TestFixtures(t *testing.T) {
	for path, want := range map[string]int{
		"access/awsdocs+elb-application-load-balancers-user-guide/doc_source/load-balancer-access-logs.examples.log": 7,
		"access/awsdocs+elb-classic-load-balancers-user-guide/doc_source/access-log-collection.examples.log":         4,
		"opensearch-project+opensearch-catalog/integrations/observability/amazon_elb/data/raw.log":                   63,
	} {
		recs := bytes.Split(bytes.TrimSpace(logstest.Fixture(t, path)), []byte("\n"))
		rows, d := logstest.DecodeAll(t, Type, recs...)
		if len(rows) != want {
			t.Errorf("%s: %d rows, want %d", path, len(rows), want)
		}
		for _, row := range rows {
			if row["attack"] != "" {
				t.Errorf("%s: %s found in %s?%s", path, row["attack"], row["path"], row["query"])
			}
		}
		if how := d.Dec.Format(); strings.Contains(how, "warning") {
			t.Error(how)
		}
	}
	for path, want := range map[string]int{"alb_log": 5, "elb_log": 5} {
		var samples struct{ Samples []struct{ Line string } }
		b := logstest.Fixture(t, "access/tstack+lnav/src/formats/"+path+".samples.extracted.json")
		if err := json.Unmarshal(b, &samples); err != nil {
			t.Fatal(err)
		}
		var recs [][]byte
		for _, s := range samples.Samples {
			recs = append(recs, []byte(s.Line))
		}
		if rows, _ := logstest.DecodeAll(t, Type, recs...); len(rows) != want {
			t.Errorf("%s: %d rows", path, len(rows))
		}
	}
}

// FuzzLine: whatever a line is, it becomes one row or an error, the text of the row is UTF-8, and its URL comes back.
func FuzzLine(f *testing.F) {
	for _, line := range []string{
		`http 2026-11-02T03:12:00Z app/web/1 192.0.2.9:2817 - -1 -1 -1 400 - 0 272 "GET http://[::1]:80/a?b HTTP/1.1" "-"`,
		`2015-05-13T23:39:43.945958Z lb 192.0.2.9:2817 10.0.0.1:80 0.000073 0.001048 0.000057 200 200 0 29 "- - - " "-" - -`,
		`{"time":"2026-11-02T03:12:00Z","elb":"x","trace_id":"-","request_line":"GET / HTTP/1.1","x":[1]}`, "#Fields: elb trace_id request_line",
		"http 2026-11-02T03:12:00Z 0.1 10.0.0.1:80 g PASS 200 -",
	} {
		f.Add([]byte(line))
	}
	d := logstest.New(Type)
	f.Fuzz(func(t *testing.T, line []byte) {
		d.Rows, d.Notes, d.Contexts = nil, nil, nil
		Type.Detect([][]byte{line})
		o, _, _, err := d.Decode(line)
		rows := len(d.RowsOf("alb", "alb_health"))
		if err != nil && rows != 0 || err == nil && o == 0 && rows != 1 {
			t.Fatalf("%q: %v, outcome %d, %d rows", line, err, o, rows)
		}
	})
}

// TestLinesOfWinebarrel: lines of a Classic Load Balancer in another program's tests, with what it expects of them.
func TestLinesOfWinebarrel(t *testing.T) {
	b := logstest.Fixture(t, "access/winebarrel+fluent-plugin-elb-access-log/spec/in_elb_access_log_clb_spec.rb")
	d, lines := logstest.New(Type), 0
	for line := range bytes.SplitSeq(b, []byte("\n")) {
		if !bytes.HasPrefix(line, []byte("2015-05-2")) || !bytes.Contains(line, []byte("curl/7.30.0")) || bytes.Contains(line, []byte("#{")) {
			continue
		}
		lines++
		if _, _, _, err := d.Decode(line); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
	rows := d.RowsOf("alb")
	if lines < 4 || len(rows) != lines {
		t.Fatalf("%d rows of %d lines", len(rows), lines)
	}
	logstest.Has(t, rows[0], map[string]string{"time": "2015-05-24T19:55:36Z", "client4": "14.14.124.20", "client_port": "57673", "target4": "10.0.199.184",
		"target_port": "80", "elb_status_code": "200", "target_status_code": "200", "received_bytes": "0", "sent_bytes": "3", "request_verb": "GET",
		"host": "hoge-1876938939.ap-northeast-1.elb.amazonaws.com", "path": "/", "user_agent": "curl/7.30.0"})
}
