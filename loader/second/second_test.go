package second_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"case53/cases"
	"case53/cases/duck/ducktest"
	"case53/cases/verify"
	"case53/loader/loadertest"
	"case53/loader/second"
)

const fullHeader = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status " +
	"vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr flow-direction\n"

// logLines are logs of the kinds that are read twice, with what tells readings apart.
func logLines() map[string]string {
	var flows, plain, zone, dns strings.Builder
	flows.WriteString(fullHeader)
	for i := range 60 {
		at := 1793534400 + i*7
		fmt.Fprintf(&flows, "5 123456789012 eni-%d 2001:db8::%x:1 ::ffff:198.51.100.%d %d 443 6 %d %d %d %d ACCEPT OK "+
			"vpc-1 subnet-%d i-0 %d IPv6 2001:db8::1 - ingress\n",
			i%3, i+1, i, 1024+i, i+1, 100*i+40, at, at+59, i%2, i%64)
		fmt.Fprintf(&plain, "2 123456789012 eni-%d 10.0.%d.1 198.51.100.7 %d 443 6 %d %d %d %d %s OK\n", i%3, i, 1024+i, i+1, 100*i+40, at, at+59,
			[]string{"ACCEPT", "REJECT"}[i%2])
		fmt.Fprintf(&zone, "1.0 2026-11-01T00:00:%02d.%03dZ Z123412341234 Www%d.Example.com %s NOERROR UDP IAD12-C1 192.0.2.%d %s\n",
			i, i, i, []string{"A", "AAAA"}[i%2], i, []string{"-", "198.51.100.0/24"}[i%2])
		fmt.Fprintf(&dns, `{"version":"1.100000","account_id":"123456789012","region":"eu-central-1","vpc_id":"vpc-1",`+
			`"query_timestamp":"2026-11-01T00:00:%02dZ","query_name":"Say\"%d\".example.com.","query_type":"A","query_class":"IN",`+
			`"rcode":"NOERROR","answers":[{"Rdata":"198.51.100.%d","Type":"A","Class":"IN"},`+
			`{"Rdata":"a\\b.example.","Type":"CNAME","Class":"IN"}],"srcaddr":"10.0.0.%d","srcport":"%d","transport":"UDP",`+
			`"srcids":{"instance":"i-%d"}}`+"\n",
			i, i, i, i, 5000+i, i%4)
	}
	plain.WriteString("2 123456789012 eni-1 - - - - - - - 1793534460 1793534520 - NODATA\n\n")
	return map[string]string{"flow.log": flows.String(), "plain.log": plain.String(), "zone.log": zone.String(), "dns.log": dns.String()}
}

func TestReadingsAgree(t *testing.T) {
	r, err := second.Check(t.Context(), loadertest.Case(t, logLines()), verify.Result{}, nil)
	if err != nil || !r.OK || len(r.Faults)+len(r.Remarks) != 0 || r.Second.Objects != 4 || r.Second.Rows != 60+61+60+60+120 {
		t.Errorf("%v %+v %+v", err, r, r.Second)
	}
}

// bug is what a decoder with a bug would have stored: a view as it is, but for some columns.
type bug struct {
	*cases.Case
	view, columns string
}

func (b bug) Each(ctx context.Context, sql string, args map[string]any, row func([]any) error) error {
	from := fmt.Sprintf("FROM (%s)", strings.ReplaceAll(b.columns, "VIEW", b.view))
	return b.Case.Each(ctx, strings.Replace(sql, "FROM "+b.view, from, 1), args, row)
}

// bugs are the kinds that decoders have.
var bugs = map[string]struct{ file, view, sql string }{
	"fields swapped":             {"plain.log", "flow", "SELECT * REPLACE (dstport AS srcport, srcport AS dstport) FROM VIEW"},
	"addresses swapped":          {"plain.log", "flow", "SELECT * REPLACE (dstaddr_n AS srcaddr_n, srcaddr_n AS dstaddr_n) FROM VIEW"},
	"packets for bytes":          {"plain.log", "flow", "SELECT * REPLACE (packets AS bytes) FROM VIEW"},
	"milliseconds for seconds":   {"plain.log", "flow", `SELECT * REPLACE (epoch_ms(epoch(start)::BIGINT) AS start) FROM VIEW`},
	"end for start":              {"plain.log", "flow", `SELECT * REPLACE ("end" AS start) FROM VIEW`},
	"a row dropped":              {"plain.log", "flow", "SELECT * FROM VIEW WHERE row_no <> 30"},
	"a row twice":                {"plain.log", "flow", "FROM VIEW UNION ALL SELECT * REPLACE (row_no + 100 AS row_no) FROM VIEW WHERE row_no = 30"},
	"rows numbered from 0":       {"plain.log", "flow", "SELECT * REPLACE (row_no - 1 AS row_no) FROM VIEW"},
	"a trailing space":           {"plain.log", "flow", "SELECT * REPLACE (action || ' ' AS action) FROM VIEW"},
	"case folded":                {"plain.log", "flow", "SELECT * REPLACE (lower(log_status) AS log_status) FROM VIEW"},
	"a dash kept":                {"plain.log", "flow", "SELECT * REPLACE (coalesce(action, '-') AS action) FROM VIEW"},
	"0 for nothing":              {"plain.log", "flow", "SELECT * REPLACE (coalesce(bytes, 0) AS bytes) FROM VIEW"},
	"ports cut to a sign":        {"plain.log", "flow", "SELECT * REPLACE (if(srcport > 1080, srcport - 65536, srcport) AS srcport) FROM VIEW"},
	"IPv6 cut to 64 bits":        {"flow.log", "flow", "SELECT * REPLACE (srcaddr_n & 18446744073709551615::UHUGEINT AS srcaddr_n) FROM VIEW"},
	"mapped IPv4 as IPv6":        {"flow.log", "flow", "SELECT * REPLACE (dstaddr_n - 281470681743360::UHUGEINT AS dstaddr_n) FROM VIEW"},
	"the context of another row": {"flow.log", "flow", "SELECT * REPLACE (if(row_no = 9, 'eni-9', interface_id) AS interface_id) FROM VIEW"},
	"flags forgotten":            {"flow.log", "flow", "SELECT * REPLACE (NULL::SMALLINT AS tcp_flags) FROM VIEW"},
	"a fraction cut off":         {"zone.log", "zone", "SELECT * REPLACE (date_trunc('second', query_timestamp) AS query_timestamp) FROM VIEW"},
	"local time":                 {"zone.log", "zone", "SELECT * REPLACE (query_timestamp + INTERVAL 9 HOUR AS query_timestamp) FROM VIEW"},
	"a name folded":              {"zone.log", "zone", "SELECT * REPLACE (lower(query_name) AS query_name) FROM VIEW"},
	"one type for another":       {"zone.log", "zone", "SELECT * REPLACE ('A' AS query_type) FROM VIEW"},
	"an escaped quote":           {"dns.log", "dns", `SELECT * REPLACE (replace(query_name, '"', '\"') AS query_name) FROM VIEW`},
	"the last dot":               {"dns.log", "dns", "SELECT * REPLACE (rtrim(query_name, '.') AS query_name) FROM VIEW"},
	"an answer too few":          {"dns.log", "dns_answer", "SELECT * FROM VIEW WHERE row_no <> 7 OR answer_no = 1"},
	"a backslash taken off":      {"dns.log", "dns_answer", `SELECT * REPLACE (replace(rdata, '\', '') AS rdata) FROM VIEW`},
	"answers in another order":   {"dns.log", "dns_answer", "SELECT * REPLACE (3 - answer_no AS answer_no) FROM VIEW"},
}

// TestBugsAreFound: the kinds of bugs that decoders have, one at a time, in one row of many.
func TestBugsAreFound(t *testing.T) {
	c := loadertest.Open(t, loadertest.Case(t, logLines()))
	objects := map[string]cases.Object{}
	if err := c.Objects(t.Context(), func(o cases.Object) error { objects[o.URI[strings.LastIndex(o.URI, "/")+1:]] = o; return nil }); err != nil {
		t.Fatal(err)
	}
	conn := ducktest.Connect(t, "", nil)
	for what, b := range bugs {
		o := objects[b.file]
		if err := second.ReadLines(t.Context(), conn, c, o); err != nil {
			t.Fatal(err)
		}
		for _, reading := range second.Readings(o.LogType) {
			if reading.View != b.view {
				continue
			}
			for planted, viewed := range map[bool]second.Viewed{false: c, true: bug{c, b.view, b.sql}} {
				d, err := second.Compare(t.Context(), viewed, conn, []cases.Object{o}, reading)
				if err != nil {
					t.Fatalf("%s: %v", what, err)
				}
				if told := d[o.ID].Told(reading.View); (len(told) > 0) != planted {
					t.Errorf("%s, planted %t: %q", what, planted, told)
				}
			}
		}
	}
}

// TestOneOfMany: of objects that are read together one cannot be read by the second reading, and one was altered; each is told as if there
// were no others.
func TestOneOfMany(t *testing.T) {
	files := map[string]string{}
	for i := range 5 {
		files[fmt.Sprintf("%d.log", i)] = fmt.Sprintf("1.0 2026-11-01T00:00:0%[1]d.000Z Z123412341234 n%[1]d.example.com A NOERROR UDP IAD12-C1 192.0.2.1 -\n"+
			"1.0 2026-11-01T00:00:1%[1]d.000Z Z123412341234 m.example.com A NOERROR UDP IAD12-C1 192.0.2.1 -\n", i)
	}
	files["odd.log"] = "1.0 2026-11-01T00:00:09Z Z123412341234 odd.example.com A NOERROR UDP IAD12-C1 192.0.2.2 -\n1.0 \xff broken\n"
	dir := loadertest.Case(t, files)
	var altered uint32
	c := loadertest.Open(t, dir)
	if err := c.Objects(t.Context(), func(o cases.Object) error {
		if strings.HasSuffix(o.URI, "/3.log") {
			altered = o.ID
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	c.Close()
	ducktest.Run(t, cases.DatabaseFile(dir),
		fmt.Sprintf("UPDATE store.zone SET name = 'other.example.com' WHERE object_id = %d AND row_no = 2", altered))
	r, err := second.Check(t.Context(), dir, verify.Result{}, nil)
	if err != nil || len(r.Faults) != 1 || *r.Faults[0].Object != altered ||
		!strings.Contains(r.Faults[0].What, "query_name has another value in 1 row, the first with row_no [2]") {
		t.Errorf("%v %+v", err, r.Faults)
	}
	const unread = "1 object not read by plain SQL: its lines are not read"
	if r.Second.Objects != 5 || r.Second.Rows != 10 || len(r.Remarks) != 1 || !strings.Contains(r.Remarks[0], unread) {
		t.Errorf("%+v %q", r.Second, r.Remarks)
	}
}
