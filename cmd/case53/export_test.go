package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"case53/cases"
	"case53/cmd/case53/cli"
	"case53/loader"
	"case53/queries/export"
	"case53/tui/answers"
	"case53/tui/frame"
)

// documentedOrders are field lists of AWS's documentation, beside those that are its table's order to some field.
var documentedOrders = []string{
	"version vpc-id subnet-id instance-id interface-id account-id type srcaddr dstaddr srcport dstport " +
		"pkt-srcaddr pkt-dstaddr protocol bytes packets start end action tcp-flags log-status",
	"instance-id interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr",
	"version interface-id account-id vpc-id subnet-id instance-id srcaddr dstaddr srcport dstport " +
		"protocol tcp-flags type pkt-srcaddr pkt-dstaddr action log-status",
	"version vpc-id subnet-id instance-id srcaddr dstaddr srcport dstport protocol tcp-flags type pkt-srcaddr pkt-dstaddr",
	"version resource-type account-id tgw-id tgw-attachment-id srcaddr dstaddr start end log-status " +
		"packets-lost-no-route packets-lost-blackhole packets-lost-mtu-exceeded packets-lost-ttl-expired",
	"srcaddr dstaddr start future-field another_one",
}

// fieldValues are values of a flow log's fields that need care on their way; of a field that is not here "x" will do.
var fieldValues = map[string][]string{
	"version": {"2", "5"}, "account-id": {"000012345678", "unknown"}, "interface-id": {"eni-0a", "-"}, "srcaddr": {"10.0.0.1", "2001:db8::1", "-"},
	"dstaddr": {"198.51.100.7", "::ffff:10.0.0.2"}, "srcport": {"0", "65535"}, "dstport": {"443"}, "protocol": {"6"},
	"packets": {"1", "9223372036854775807"}, "bytes": {"40"}, "start": {"1760000000", "1760000000123"}, "end": {"1760000060", "-"},
	"action": {"ACCEPT", "-"}, "log-status": {"OK", "NODATA"}, "tcp-flags": {"19", "-"},
	"pkt-srcaddr": {"fe80::1", "10.0.0.3"}, "pkt-dstaddr": {"-", "10.0.0.4"},
	"traffic-path": {"8", "-"}, "encryption-status": {"2", "-"},
	"instance-tag": {`a,b"c\d`, "caf\xe9", "ß", "None"}, "future-field": {`{"a":1}`, "-", "\xff\\"},
	"packets-lost-no-route": {"0", "-"}, "packets-lost-blackhole": {"9007199254740993"},
	"packets-lost-mtu-exceeded": {"-"}, "packets-lost-ttl-expired": {"7", "-"},
}

// writeLogs writes logs of every type with what is hard to carry, in all field orders that are documented.
func writeLogs(t *testing.T, dir string, fields []string) {
	t.Helper()
	write := func(name string, lines ...string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	orders := slices.Clone(documentedOrders)
	for _, n := range []int{14, 21, 25, 29, 39, 40, 41, 42, 54, len(fields)} {
		orders = append(orders, strings.Join(fields[:n], " "), strings.Join(slices.Sorted(slices.Values(fields[:n])), " "))
	}
	for i, order := range orders {
		lines := []string{order}
		for n := range 4 {
			var values []string
			for _, name := range strings.Fields(order) {
				of := fieldValues[name]
				if of == nil {
					of = []string{"x", "-"}
				}
				values = append(values, of[n%len(of)])
			}
			lines = append(lines, strings.Join(values, " "))
		}
		write(fmt.Sprintf("flow-%02d.log", i), lines...)
	}
	write("events.json", `{"logGroup":"/g","logStream":"s","messageType":"DATA_MESSAGE","logEvents":[`+
		`{"id":"1","timestamp":1760000000000,"message":"2 123456789012 eni-0a 10.0.0.1 10.0.0.2 1 2 6 1 40 1760000000 1760000060 ACCEPT OK"}]}`)
	write("resolver.log",
		`{"version":"1.100000","account_id":"000012345678","region":"us-east-1","vpc_id":"vpc-1",`+
			`"query_timestamp":"2025-10-09T08:53:20.123456Z","query_name":"WWW.Example.com.",`+
			`"query_type":"A","query_class":"IN","rcode":"NOERROR","answers":[{"Rdata":"192.0.2.1","Type":"A","Class":"IN"},{"Rdata":"x","TTL":1}],`+
			`"srcaddr":"10.0.0.1","srcport":"53",`+
			`"transport":"UDP","srcids":{"instance":"i-1","other":[1.50]},"firewall_rule_action":"ALERT","new key":{"a":"b,c\"d"}}`,
		`{"query_timestamp":"2025-10-09T08:53:21Z","query_name":".","query_type":"NS","vpc_id":"vpc-1","answers":[],`+
			`"srcids":{"resolver-endpoint":"r","resolver_network_interface":"n"}}`,
		`{"query_timestamp":"2025-10-09T08:53:22Z","query_type":"A","srcaddr":"2001:db8::1","answers":null}`,
		"{\"query_timestamp\":\"2025-10-09T08:53:23Z\",\"query_name\":\"A\xff\\\\,\\\"b.\",\"srcaddr\":\"10.0.0.1\",\"k\xfe\":\"v\xfd\"}",
	)
	write("zone.log",
		"1.0 2025-10-09T08:53:20.130Z Z1 WWW.example.com A NOERROR UDP FRA6 192.168.1.1 -",
		"1.1 2025-10-09T08:53:20Z Z1 a,\"b.example.com. - NXDOMAIN UDP ICN54-C1 2001:db8::1 2001:db8:abcd::/48 more \"and\" \xff",
		"1.0 2025-10-09T08:53:21Z - \\052\xff.b ANY - TCP - - 192.0.2.77/24",
		"1.0 2025-10-09T08:53:22Z Z1 . NS REFUSED UDP FRA6 192.168.1.1 0.0.0.0/0",
	)
}

// rowsOf gives the rows of a view in the order of the records, without where they are.
func rowsOf(t *testing.T, target, view string) []map[string]json.RawMessage {
	t.Helper()
	code, stdout := run1(t, "query", target, "-o", "json", "--sql", "SELECT * EXCLUDE (object_id, row_no) FROM "+view+" ORDER BY object_id, row_no")
	var rows []map[string]json.RawMessage
	if err := json.Unmarshal([]byte(stdout), &rows); err != nil || code != cli.Fine {
		t.Fatalf("exit %d, %v: %.300s", code, err, stdout)
	}
	return rows
}

// TestExportsComeBack: what query writes of a type's view loads again to the same rows, in every form and column by column.
func TestExportsComeBack(t *testing.T) {
	dir, first := t.TempDir(), filepath.Join(t.TempDir(), "first.case")
	run1(t, "load", "--quiet", first)
	_, stdout := run1(t, "query", first, "-o", "csv", "--sql", `SELECT column_name FROM duckdb_columns()
		WHERE schema_name = 'main' AND table_name = 'flow' ORDER BY column_index`)
	columns, _, ok := strings.Cut(stdout, "\nextra\n")
	if !ok {
		t.Fatal(stdout)
	}
	writeLogs(t, dir, strings.Fields(strings.ReplaceAll(strings.TrimPrefix(columns, "column_name\n"), "_", "-")))
	var said strings.Builder
	code := run(t.Context(), []string{"load", "--quiet", first, dir}, strings.NewReader(""), &said, &said)
	if code != cli.Fine || !strings.Contains(said.String(), "0 rejected") {
		t.Fatalf("exit %d: %s", code, said.String())
	}
	for _, view := range []string{"flow", "dns", "zone"} {
		want := rowsOf(t, first, view)
		if len(want) < 4 {
			t.Fatalf("%s: %d rows", view, len(want))
		}
		for _, form := range []string{"csv", "json", "jsonl", "parquet"} {
			_, text := run1(t, "query", first, "-o", form, "--sql", "SELECT * FROM "+view+" ORDER BY object_id, row_no")
			file := filepath.Join(t.TempDir(), "export."+form)
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			second := filepath.Join(t.TempDir(), "second.case")
			if code, stdout := run1(t, "load", "--quiet", second, file); code != cli.Fine || !strings.Contains(stdout, "0 rejected") {
				_, rejects := run1(t, "query", second, "rejects")
				t.Errorf("%s as %s: exit %d: %s%s", view, form, code, stdout, rejects)
				continue
			}
			got := rowsOf(t, second, view)
			if len(got) != len(want) {
				t.Errorf("%s as %s: %d rows, want %d", view, form, len(got), len(want))
				continue
			}
			for i := range want {
				for column, value := range want[i] {
					if !bytes.Equal(got[i][column], value) {
						t.Errorf("%s as %s, row %d: %s is %s, want %s", view, form, i, column, got[i][column], value)
					}
				}
			}
		}
	}
	// Answers without their queries are refused, and said to be that.
	_, text := run1(t, "query", first, "-o", "jsonl", "--sql", "SELECT * FROM dns_answer")
	file, second := filepath.Join(t.TempDir(), "answers.jsonl"), filepath.Join(t.TempDir(), "second.case")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _ := run1(t, "load", "--quiet", second, file); code != cli.Incomplete {
		t.Errorf("answers: exit %d", code)
	}
	_, stdout = run1(t, "query", second, "-o", "csv", "--sql", "SELECT format FROM object_part WHERE unread > 0")
	if !strings.Contains(stdout, "export of answers without their queries") {
		t.Errorf("answers: %s", stdout)
	}
}

// TestExportsThatCannotComeBack: a line break in a value is one in CSV too, and a record is a line: such a row is a reject, never another
// row. Its neighbours come back.
func TestExportsThatCannotComeBack(t *testing.T) {
	dir, first, second := t.TempDir(), filepath.Join(t.TempDir(), "first.case"), filepath.Join(t.TempDir(), "second.case")
	if err := os.WriteFile(filepath.Join(dir, "resolver.log"), []byte(`{"query_timestamp":"2025-10-09T08:53:20Z","query_name":"a.","vpc_id":"vpc-1"}
{"query_timestamp":"2025-10-09T08:53:21Z","query_name":"b\nc,d.","vpc_id":"vpc-1"}
{"query_timestamp":"2025-10-09T08:53:22Z","query_name":"e.","vpc_id":"vpc-1"}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	run1(t, "load", "--quiet", first, dir)
	_, text := run1(t, "query", first, "-o", "csv", "--sql", "SELECT * FROM dns ORDER BY row_no")
	file := filepath.Join(t.TempDir(), "export.csv")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _ := run1(t, "load", "--quiet", second, file); code != cli.Incomplete {
		t.Errorf("exit %d", code)
	}
	rows := rowsOf(t, second, "dns")
	if len(rows) != 2 || string(rows[0]["query_name"]) != `"a."` || string(rows[1]["query_name"]) != `"e."` {
		t.Errorf("%v", rows)
	}
}

// TestWorkbenchExports: a file that is named for a tool is written as that tool takes it, with a manifest, and not over another unasked.
func TestWorkbenchExports(t *testing.T) {
	dir, target := t.TempDir(), filepath.Join(t.TempDir(), "a.case")
	const line = `{"query_timestamp":"2025-10-09T08:53:20Z","query_name":"a.example.","srcaddr":"10.0.0.1","vpc_id":"vpc-1"}`
	if err := os.WriteFile(filepath.Join(dir, "resolver.log"), []byte(line+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run1(t, "load", "--quiet", target, dir)
	k, err := cases.Open(t.Context(), target, loader.Schemas())
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	desk := &answers.CaseDesk{Case: k, Tool: "case53 test"}
	file := filepath.Join(dir, "rows.ecs.ndjson")
	said, err := desk.Export(t.Context(), file, false, frame.Asked{SQL: "SELECT * FROM dns"})
	if err != nil || !strings.Contains(said, "for ecs: 1 of 1 rows") {
		t.Errorf("%q, %v", said, err)
	}
	for name, has := range map[string]string{file: `"name":"a.example"`, file + ".manifest.json": `"rows_out": 1`} {
		if text, err := os.ReadFile(name); err != nil || !strings.Contains(string(text), has) {
			t.Errorf("%s: %v: %.200s", name, err, text)
		}
	}
	if _, err := desk.Export(t.Context(), file, false, frame.Asked{SQL: "SELECT * FROM dns"}); !errors.Is(err, export.ErrThere) {
		t.Errorf("over a file that is there: %v", err)
	}
	if _, err := desk.Export(t.Context(), file, true, frame.Asked{SQL: "SELECT * FROM dns"}); err != nil {
		t.Errorf("over it where that was asked for: %v", err)
	}
	if _, err := desk.Export(t.Context(), filepath.Join(dir, "rows.zeek.log"), false, frame.Asked{SQL: "SELECT 1 AS n"}); err == nil {
		t.Error("rows without the columns of a view were written for zeek")
	}
}
