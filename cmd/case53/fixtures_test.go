package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"case53/cases"
	"case53/cmd/case53/cli"
)

// fixtures is the folder with other people's samples; it is no part of this repository.
func fixtures(t *testing.T) string {
	dir := os.Getenv("CASE53_FIXTURES")
	if dir == "" {
		t.Skip("CASE53_FIXTURES is not set")
	}
	return dir
}

// run1 runs the program in this process.
func run1(t *testing.T, args ...string) (code int, stdout string) {
	t.Helper()
	var out, errs strings.Builder
	code = run(t.Context(), args, strings.NewReader(""), &out, &errs)
	if strings.ContainsAny(errs.String(), "\x1b\x07") {
		t.Errorf("case53 %q: control characters in %q", args, errs.String())
	}
	return code, out.String()
}

// loadBalanced loads paths into a fresh case so many times, and gives its counts after checking that they add up.
func loadBalanced(t *testing.T, times int, name string, paths ...string) (target string, got cases.Counts) {
	t.Helper()
	target = filepath.Join(t.TempDir(), "a.case")
	infos := make([]string, times)
	for i := range infos {
		code, _ := run1(t, append([]string{"load", "--quiet", target}, paths...)...)
		if code != cli.Fine && code != cli.Failed && code != cli.Incomplete {
			t.Errorf("%s: exit %d", name, code)
		}
		if code, infos[i] = run1(t, "info", target, "--json"); code != cli.Fine {
			t.Fatalf("%s: info: exit %d", name, code)
		}
	}
	got, err := balanced([]byte(infos[0]))
	if err != nil {
		t.Errorf("%s: %v", name, err)
	}
	if infos[0] != infos[times-1] {
		t.Errorf("%s: loaded again, it is another case:\n%s", name, infos[times-1])
	}
	if code, stdout := run1(t, "query", target, "--json", "--sql", unbalancedSQL); code != cli.Fine || stdout != "[]\n" {
		t.Errorf("%s: objects that do not balance: %s", name, stdout)
	}
	return target, got
}

// TestEveryFixture loads every file of other people's, whatever it is, those of a project into a case, and then all of them, twice.
func TestEveryFixture(t *testing.T) {
	root := fixtures(t)
	projects := map[string][]string{}
	if err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			name, _ := filepath.Rel(root, path)
			parts := strings.Split(name, string(filepath.Separator))
			project := parts[0]
			if !strings.Contains(project, "+") && len(parts) > 2 {
				project = filepath.Join(parts[:2]...)
			}
			projects[project] = append(projects[project], path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for name, files := range projects {
		loadBalanced(t, 1, name, files...)
	}
	loadBalanced(t, 2, "all", root)
}

// TestFixtureRows knows how many records each set of INDEX.md holds.
func TestFixtureRows(t *testing.T) {
	root := fixtures(t)
	for _, c := range []struct {
		path, want string
		args       []string
		first      string // of some direct fields, the first row
		sql        string
	}{
		{
			path: "tests/inputs/cloudwatch-v2.ndjson",
			want: "4 4 0 0 0 0 0 0",
			sql: "SELECT count(*) FILTER (action = 'ACCEPT') AS accept, count(*) FILTER (action = 'REJECT') AS reject, " +
				"count(*) FILTER (log_status = 'NODATA' AND srcaddr IS NULL AND bytes IS NULL AND start IS NOT NULL) AS nodata, " +
				"count(*) FILTER (log_status = 'SKIPDATA') AS skipdata FROM flow",
			first: `{"accept":1,"reject":1,"nodata":1,"skipdata":1}`,
		},
		{path: "testdata/vpcflowlog.log.gz", want: "4 3 1 0 0 0 0 0"},
		{
			path: "route53_public_logs",
			want: "5 5 0 0 0 0 0 0",
			sql: "SELECT count(*) FILTER (edns_client_subnet IS NULL) AS bare, count(*) FILTER (query_type = 'ANY') AS any_queries, " +
				"count(*) FILTER (response_code = 'NXDOMAIN') AS nx FROM zone",
			first: "",
		},
	} {
		path := ""
		filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() && strings.Contains(p, c.path) {
				path = p
			}
			return err
		})
		if path == "" {
			t.Errorf("no fixture …%s", c.path)
			continue
		}
		target, got := loadBalanced(t, 2, c.path, append([]string{path}, c.args...)...)
		if numbers(got) != c.want {
			t.Errorf("%s: %s, want %s", c.path, numbers(got), c.want)
		}
		if c.first != "" {
			if _, stdout := run1(t, "query", target, "-o", "jsonl", "--sql", c.sql); strings.TrimSpace(stdout) != c.first {
				t.Errorf("%s: %s, want %s", c.path, stdout, c.first)
			}
		}
	}
}

// manyKinds are columns whose name is AWS's own in logs that mean different things by it: a protocol is a number in flow logs, a
// word in zone logs; CloudFront's time is text beside its date; a status is a number of HTTP, and a word in coverage. A query says
// itself what it gives.
var manyKinds = []string{"version", "protocol", "time", "status"}

// TestViewColumns walks every column of every view: log types' columns have a comment, its first word is a kind that is
// known, and columns of one name are of one kind.
func TestViewColumns(t *testing.T) {
	known := map[string]bool{}
	for _, kind := range strings.Fields("account bytes capture cidr count domain finding flag hosted_zone instance interface ip json name " +
		"number object port protocol rdata request sha256 stream subnet text time uri url_path vpc") {
		known[kind] = true
	}
	target := filepath.Join(t.TempDir(), "a.case")
	run1(t, "load", "--quiet", target)
	_, stdout := run1(t, "query", target, "--json", "--sql",
		"SELECT table_name, column_name, comment FROM duckdb_columns() WHERE schema_name = 'main' AND database_name = 'case' ORDER BY 1, column_index")
	var columns []struct {
		Table   string `json:"table_name"`
		Column  string `json:"column_name"`
		Comment *string
	}
	if err := json.Unmarshal([]byte(stdout), &columns); err != nil || len(columns) < 100 {
		t.Fatalf("%d columns: %v", len(columns), err)
	}
	kinds := map[string]string{}
	for _, c := range columns {
		where := fmt.Sprintf("%s.%s", c.Table, c.Column)
		if c.Comment == nil {
			switch c.Table {
			case "flow", "dns", "dns_answer", "zone":
				t.Errorf("%s has no comment", where)
			}
			continue
		}
		kind, text, ok := strings.Cut(*c.Comment, ": ")
		if !ok || !known[kind] || text == "" {
			t.Errorf("%s: %q does not begin with a kind", where, *c.Comment)
		}
		if other, ok := kinds[c.Column]; ok && other != kind && !slices.Contains(manyKinds, c.Column) {
			t.Errorf("%s is of kind %s, another column of that name of kind %s", where, kind, other)
		}
		kinds[c.Column] = kind
	}
}
