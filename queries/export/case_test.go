package export_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"case53/cases"
	"case53/cases/writer"
	"case53/cmd/case53/demo"
	"case53/loader"
	"case53/loader/source"
	"case53/loader/source/local"
	"case53/queries/export"
)

// rowsOfATest is how many rows of each log are generated; CASE53_EXPORT_ROWS=100000 is the whole check, with every row of the demo. Every
// test of a form looks at all rows of the case that its form can say.
func rowsOfATest() int {
	if n, err := strconv.Atoi(os.Getenv("CASE53_EXPORT_ROWS")); err == nil {
		return n
	}
	return 1500
}

// hostile are texts that a name or a tag may hold.
var hostile = []string{
	"plain.example", "a\tb", "tab\\t", "quote\"s", "new\nline", "-", "(empty)", "a,b", `\x2c`, "\u202egnp.exe", "\x1b[2J\x07", "<script>alert(1)</script>",
	"=cmd|' /C calc'!A0",
	"naïve.example", "日本.example", "'; DROP TABLE flow; --", "{\"a\":1}", "\u2028", "\x00nul", strings.Repeat("long.", 40) + "example",
	"a|b", "#close", "@timestamp", "..", " ", "%s%n", "\ufeffbom", "e\u0301\u0301\u0301\u0301\u0301", "_index", "null",
}

func pick[T any](r *rand.Rand, of []T) T { return of[r.IntN(len(of))] }

// logsOf writes logs of every type, with what is hard to carry.
func logsOf(t *testing.T, dir string, rows int) {
	t.Helper()
	r := rand.New(rand.NewPCG(53, 53))
	addresses := []string{"10.0.0.1", "10.0.0.2", "203.0.113.9", "198.51.100.7", "2001:db8::1", "2001:db8:0:1::ffff", "fe80::1", "::ffff:192.0.2.1", "-"}
	write := func(name string, lines []string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tag := func() string { return strings.Map(noBlank, pick(r, hostile)) }
	flows := []string{"version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status " +
		"pkt-srcaddr pkt-dstaddr tcp-flags flow-direction traffic-path instance-id vpc-id region az-id pkt-dst-aws-service instance-tag reject-reason"}
	plain := []string{"version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"}
	for i := range rows {
		at := 1760000000 + int64(i)
		start, end := strconv.FormatInt(at, 10), strconv.FormatInt(at+int64(r.IntN(600)), 10)
		ports := fmt.Sprintf("%d %d %s", r.IntN(65536), pick(r, []int{0, 22, 53, 443, 65535}),
			pick(r, []string{"6", "6", "17", "1", "58", "132", "47", "255"}))
		size := pick(r, []string{"1 40", "9 9007199254740993", "9223372036854775807 9223372036854775807", "0 0"})
		between := fmt.Sprintf("%s %s %s %s %s %s %s OK",
			pick(r, addresses), pick(r, addresses), ports, size, start, end, pick(r, []string{"ACCEPT", "REJECT"}))
		if i%50 == 7 {
			between = fmt.Sprintf("- - - - - - - %s %s - %s", start, end, pick(r, []string{"NODATA", "SKIPDATA"}))
		}
		plain = append(plain, fmt.Sprintf("2 123456789012 eni-%d %s", r.IntN(3), between))
		flows = append(flows, fmt.Sprintf("5 123456789012 eni-%d %s %s %s %d %s %s i-1 vpc-1 us-east-1 use1-az1 %s %s %s", r.IntN(3), between,
			pick(r, addresses), pick(r, addresses), r.IntN(64), pick(r, []string{"ingress", "egress", "-"}), pick(r, []string{"1", "8", "-"}),
			pick(r, []string{"S3", "AMAZON", "-"}), tag(), pick(r, []string{"BPA", "-"})))
	}
	write("flow-v5.log", flows)
	write("flow-v2.log", plain)
	write("resolver.log", queriesOf(t, r, rows))
	var zones []string
	for i := range rows {
		zones = append(zones, fmt.Sprintf("1.0 %s Z1 %s %s %s %s FRA6 %s %s",
			time.Unix(1760000000+int64(i), 130e6).UTC().Format("2006-01-02T15:04:05.000Z"),
			tag(), pick(r, []string{"A", "AAAA", "TXT", "-", "TYPE65", "AXFR"}), pick(r, []string{"NOERROR", "NXDOMAIN", "REFUSED", "-"}),
			pick(r, []string{"UDP", "TCP"}), pick(r, []string{"192.0.2.53", "2001:db8::53"}), pick(r, []string{"-", "192.0.2.0/24", "2001:db8::/48"})))
	}
	write("zone.log", zones)
	var requests []string
	for i := range rows {
		requests = append(requests, fmt.Sprintf(`%s - %s [%s] "%s %s HTTP/1.1" %s %d "%s" "%s"`,
			pick(r, []string{"192.0.2.9", "2001:db8::9", "client.example"}),
			pick(r, []string{"-", "frank"}), time.Unix(1760000000+int64(i), 0).UTC().Format("02/Jan/2006:15:04:05 -0700"),
			pick(r, []string{"GET", "POST", "BREW"}), "/"+quotable(tag())+pick(r, []string{"", "?q=%00"}), pick(r, []string{"200", "404", "503"}), r.IntN(1e6),
			quotable(tag()), quotable(tag())))
	}
	write("access.log", requests)
	for name, lines := range webLogsOf(t, r, rows/3) {
		write(name, lines)
	}
}

// queriesOf are Resolver records.
func queriesOf(t *testing.T, r *rand.Rand, rows int) (lines []string) {
	answers := [][2]string{{"192.0.2.1", "A"}, {"2001:db8::9", "AAAA"}, {"cdn.example.", "CNAME"}, {"no address", "A"}}
	for _, text := range hostile {
		answers = append(answers, [2]string{text, "TXT"})
	}
	for i := range rows {
		rec := map[string]any{
			"version": "1.100000", "account_id": "123456789012", "region": "us-east-1", "vpc_id": "vpc-1",
			"query_timestamp": time.Unix(1760000000+int64(i), int64(r.IntN(1e6))*1000).UTC().Format("2006-01-02T15:04:05.999999Z"),
			"query_name":      pick(r, hostile) + pick(r, []string{".", ".example.com.", ""}),
			"query_type":      pick(r, []string{"A", "AAAA", "TXT", "HTTPS", "TYPE0", "*"}),
			"query_class":     pick(r, []string{"IN", "CH", "-"}), "rcode": pick(r, []string{"NOERROR", "NXDOMAIN", "SERVFAIL", "ODD"}),
			"srcaddr": pick(r, []string{"10.0.0.1", "10.0.0.2", "2001:db8::1"}), "srcport": strconv.Itoa(r.IntN(65536)),
			"transport": pick(r, []string{"UDP", "TCP"}),
			"srcids":    map[string]any{"instance": "i-1"}, "new key": pick(r, hostile),
		}
		if i%7 == 0 {
			rec["firewall_rule_action"] = pick(r, []string{"BLOCK", "ALERT"})
			rec["firewall_rule_group_id"] = "rslvr-frg-1"
		}
		if i%11 == 0 {
			delete(rec, "query_type")
			delete(rec, "rcode")
			delete(rec, "transport")
		}
		var list []any
		for range r.IntN(4) {
			a := pick(r, answers)
			list = append(list, map[string]any{"Rdata": a[0], "Type": a[1], "Class": "IN"})
		}
		if list != nil {
			rec["answers"] = list
		}
		line, err := json.Marshal(rec)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, string(line))
	}
	const escaped = "{\"query_timestamp\":\"2025-10-09T08:53:23Z\",\"query_name\":\"A\xff.\",\"query_type\":\"A\",\"srcaddr\":\"10.0.0.1\"}"
	return append(lines, escaped)
}

// quotable is text as Apache quotes it.
func quotable(s string) string { return strings.NewReplacer(`"`, `\"`, `\`, `\\`).Replace(s) }

// noBlank leaves out what would end a field of a log that is parted by blanks, or a line.
func noBlank(r rune) rune {
	if r <= ' ' || r == 0x2028 {
		return '_'
	}
	return r
}

// testCase is a case that all tests of the package look at.
var testCase = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "case53-export-*")
	return filepath.Join(dir, "x.case"), err
})

var loadTestCase sync.Once

// openCase opens the case of generated logs, published samples, and the demo's logs: a sample of them or, for the whole check, all.
func openCase(t *testing.T) *cases.Case {
	t.Helper()
	target, err := testCase()
	if err != nil {
		t.Fatal(err)
	}
	loadTestCase.Do(func() {
		dir := t.TempDir()
		logsOf(t, dir, rowsOfATest())
		load(t, target, dir)
		if published := os.Getenv("CASE53_FIXTURES"); published != "" {
			loadPublished(t, target, filepath.Join(published, "access"))
		}
		loadDemo(t, target, os.Getenv("CASE53_EXPORT_ROWS") != "")
	})
	k, err := cases.Open(t.Context(), target, loader.Schemas())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	return k
}

// loadDemo loads what the demo has: all of it, or the hours of the intrusion and of those files that the demo has many of every sixth.
func loadDemo(t *testing.T, target string, whole bool) {
	t.Helper()
	logs := t.TempDir()
	files, err := demo.Write(logs)
	if err != nil {
		t.Fatal(err)
	}
	for i, file := range files {
		many := strings.Contains(file, "vpcflowlogs") || strings.Contains(file, "vpcdnsquerylogs")
		if !whole && many && i%6 != 0 {
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, c := range demo.Captures() {
		plan := loader.Plan{Sources: []source.Source{local.New(filepath.Join(logs, c.Dir))}, Capture: "demo-" + c.Name, Role: c.Role}
		if !whole && c.Role == "incident" {
			plan.Window = cases.Span{From: demo.CleanTo.Add(3 * time.Hour), To: demo.CleanTo.Add(5 * time.Hour)}
		}
		if report := loadPlan(t, target, plan); len(report.Failures) > 0 || report.Problems > 0 || report.Lines.Rejected > 0 || report.Lines.Rows == 0 {
			t.Fatal(report)
		}
	}
}

func load(t *testing.T, target, folder string) {
	t.Helper()
	if report := loadAny(t, target, folder); len(report.Failures) > 0 || report.Problems > 0 || report.Lines.Rejected > 0 {
		t.Fatal(report)
	}
}

// loadPublished loads samples that others published, among files of other kinds.
func loadPublished(t *testing.T, target, folder string) {
	t.Helper()
	if report := loadAny(t, target, folder); report.Lines.Rows == 0 {
		t.Fatal(report)
	}
}

func loadAny(t *testing.T, target, folder string) loader.Report {
	t.Helper()
	return loadPlan(t, target, loader.Plan{Sources: []source.Source{local.New(folder)}, Capture: "incident", Role: "incident"})
}

func loadPlan(t *testing.T, target string, plan loader.Plan) loader.Report {
	t.Helper()
	w, err := writer.Open(t.Context(), target, loader.Schemas())
	if err != nil {
		t.Fatal(err)
	}
	report, err := loader.Load(t.Context(), w, plan, nil)
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestMain(m *testing.M) {
	code := m.Run()
	if target, err := testCase(); err == nil {
		os.RemoveAll(filepath.Dir(target))
	}
	os.Exit(code)
}

// exported writes an export into a folder of its own.
func exported(t *testing.T, k *cases.Case, tool, name string, req export.Request) (string, *export.Manifest) {
	t.Helper()
	form, ok := export.FindTool(tool)
	if !ok {
		t.Fatalf("no tool %q", tool)
	}
	req.Target, req.Program = filepath.Join(t.TempDir(), name), "case53 test"
	m, err := form.Export(t.Context(), k, req)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range m.Sources {
		left := int64(0)
		for _, o := range s.NotExpressible {
			left += o.Rows
		}
		if s.RowsIn != s.RowsOut+left {
			t.Errorf("%s of %s: %d rows in, %d out, %d left out", tool, s.Rows, s.RowsIn, s.RowsOut, left)
		}
		t.Logf("%s of %s: %d rows in, %d out, %d not expressible", tool, s.Rows, s.RowsIn, s.RowsOut, left)
	}
	return req.Target, m
}

// fixtures is the folder with schemas and other people's samples; it is no part of this repository.
func fixtures(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("CASE53_FIXTURES")
	if dir == "" {
		t.Skip("CASE53_FIXTURES is not set")
	}
	return filepath.Join(dir, "access", "exports")
}

// column gives the values of a query's first column.
func column(t *testing.T, k *cases.Case, sql string) (all []string) {
	t.Helper()
	args := map[string]any{"capture": "", "from": nil, "to": nil}
	if err := k.Each(t.Context(), sql, args, func(v []any) error {
		all = append(all, cases.CellOf(v[0]).Text)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return all
}
