package loader

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"case53/cases"
	"case53/cases/writer"
	"case53/loader/source"
	"case53/loader/source/local"
)

// page writes a page of CloudWatch events, a stream and its message each, as aws logs filter-log-events prints it.
func page(events [][2]string) string {
	var all []string
	for i, e := range events {
		all = append(all, fmt.Sprintf(`{"logStreamName":%q,"timestamp":%d,"message":%q,"ingestionTime":%d,"eventId":"%056d"}`,
			e[0], 1760000000000+i*1000, e[1], 1760000005000+i*1000, i))
	}
	return `{"events":[` + strings.Join(all, ",") + `]}`
}

const (
	flowEvent     = "2 123456789012 eni-0a1b 10.0.1.5 203.0.113.9 49152 443 6 10 840 1760000000 1760000060 ACCEPT OK"
	resolverEvent = `{"version":"1.1","account_id":"123456789012","region":"eu-central-1","vpc_id":"vpc-1","query_timestamp":"2025-10-09T08:53:20Z",` +
		`"query_name":"a.example.","query_type":"A","query_class":"IN","rcode":"NOERROR","answers":[],` +
		`"srcaddr":"10.0.1.5","srcport":"5353","transport":"UDP","srcids":{}}`
	accessEvent = `198.51.100.14 - - [24/Nov/2025:10:49:52 +0000] "GET /index.html HTTP/1.1" 200 2165`
	errorEvent  = "something went wrong, and this is of no log type"
)

func loadText(t *testing.T, name, text string, plan Plan) (Report, *cases.Case) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	w, err := writer.Open(t.Context(), filepath.Join(dir, "x.case"), Schemas())
	if err != nil {
		t.Fatal(err)
	}
	plan.Sources, plan.Capture, plan.Role = []source.Source{local.New(path)}, "incident", "incident"
	report, err := Load(t.Context(), w, plan, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	k, err := cases.Open(t.Context(), w.Dir, Schemas())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	return report, k
}

// TestStreamsHaveTypesOfTheirOwn: a page of a group that mixes logs loads in full, each stream as what it is.
func TestStreamsHaveTypesOfTheirOwn(t *testing.T) {
	var events [][2]string
	for range 4 {
		events = append(events, [2]string{"eni-0a1b-all", flowEvent}, [2]string{"i-1/access", accessEvent})
	}
	for range 3 {
		events = append(events, [2]string{"vpc-1_resolver", resolverEvent}, [2]string{"i-1/error", errorEvent})
	}
	report, k := loadText(t, "page.json", page(events), Plan{})
	if got, want := report.Lines, (cases.Counts{Read: 14, Rows: 11, Unread: 3}); got != want {
		t.Errorf("lines %+v, want %+v", got, want)
	}
	info, err := k.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if info.Tables["flow"] != 4 || info.Tables["dns"] != 3 || info.Tables["httpd"] != 4 ||
		info.Captures[0].Rows["flow"] != 4 || info.Captures[0].Rows["dns"] != 3 {
		t.Errorf("tables %v, rows %v", info.Tables, info.Captures[0].Rows)
	}
	if len(info.Unread) != 1 || info.Unread[0].LogStream != "i-1/error" {
		t.Errorf("unread: %+v", info.Unread)
	}
	for text, want := range map[string]string{
		"SELECT string_agg(DISTINCT log_stream, ' ') FROM flow":              "eni-0a1b-all",
		"SELECT string_agg(DISTINCT log_stream, ' ') FROM dns":               "vpc-1_resolver",
		"SELECT log_type FROM object":                                        "mixed",
		"SELECT count(*) FROM event":                                         "11",
		"SELECT count(DISTINCT log_type) FROM object_part":                   "4",
		"SELECT sum(\"read\" - rows - unread)::BIGINT FROM object_part":      "0",
		"SELECT string_agg(row_no, ' ' ORDER BY row_no) FROM flow":           "1 3 5 7",
		"SELECT count(*) FROM reject":                                        "0",
		"SELECT count(*) FROM object WHERE problem IS NOT NULL AND rows > 0": "0",
	} {
		if got := answerOf(t, k, text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func answerOf(t *testing.T, k *cases.Case, sql string) (got string) {
	t.Helper()
	if err := k.Each(t.Context(), sql, nil, func(v []any) error { got = cases.CellOf(v[0]).Text; return nil }); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return got
}

// TestHostLogsThroughTheAgent: a syslog line without a year is in the last one in which CloudWatch can have taken it in; a file's
// in the last before it was changed.
func TestHostLogsThroughTheAgent(t *testing.T) {
	const line = "Nov 24 10:49:52 web-1 sshd[812]: Accepted publickey for ec2-user from 198.51.100.7 port 40022 ssh2"
	const flags = "SELECT concat_ws(' ', year(time), client_ip, client_port, year_assumed, zone_assumed, instance_id) FROM host_log"
	_, k := loadText(t, "page.json", page([][2]string{{"i-0123456789abcdef0", line}}), Plan{})
	if got := answerOf(t, k, flags); got != "2024 198.51.100.7 40022 true true i-0123456789abcdef0" {
		t.Error(got)
	}
	if got := answerOf(t, k, "SELECT h.time <= e.ingestion_time + INTERVAL 14 HOUR FROM host_log h JOIN event e USING (object_id, row_no)"); got != "true" {
		t.Error("the line is later than it was taken in")
	}
	report, k := loadText(t, "secure", line+"\n", Plan{Zone: time.FixedZone("", 9*3600)})
	const assumed = "SELECT concat_ws(' ', strftime(time, '%m-%d %H:%M'), year_assumed, zone_assumed) FROM host_log"
	if got := answerOf(t, k, assumed); got != "11-24 01:49 true false" {
		t.Error(got)
	}
	if len(report.Formats) != 1 {
		t.Errorf("%v", report.Formats)
	}
}

// TestUnreadIsNoReject: what no type reads is counted as unread and named; it is no reject of a type that it is not of.
func TestUnreadIsNoReject(t *testing.T) {
	for text, want := range map[string]string{
		"#separator \\x09\n#path\tconn\n": "a Zeek log",
		"dear diary\nthis is no log\n":    "no log type fits its content",
	} {
		report, k := loadText(t, "some.log", text, Plan{})
		if got, want := report.Lines, (cases.Counts{Read: 2, Unread: 2}); got != want {
			t.Errorf("%q: lines %+v, want %+v", text, got, want)
		}
		if got := answerOf(t, k, "SELECT problem FROM object"); !strings.Contains(got, want) || report.Problems != 1 {
			t.Errorf("%q: %d problems, %q", text, report.Problems, got)
		}
	}
}

// TestAStreamThatCannotBeToldRefusesItsObject: nothing of an object is loaded half; the message names the stream.
func TestAStreamThatCannotBeToldRefusesItsObject(t *testing.T) {
	odd := "443 49152 203.0.113.9 10.0.1.5 eni-0a1b 6 ACCEPT"
	report, k := loadText(t, "page.json", page([][2]string{{"eni-0a1b-all", flowEvent}, {"eni-0a1b-odd", odd}, {"eni-0a1b-odd", odd}}), Plan{})
	if len(report.Failures) != 1 || !strings.Contains(report.Failures[0].Err.Error(), "eni-0a1b-odd") || answerOf(t, k, "SELECT count(*) FROM flow") != "0" {
		t.Errorf("%+v", report)
	}
}
