package narrow_test

import (
	"context"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"case53/cases"
	"case53/cases/duck/ducktest"
	"case53/cases/predicate"
	"case53/cases/writer"
	"case53/loader"
	"case53/loader/narrow"
	"case53/loader/source"
	"case53/loader/source/local"
)

// listed is an object of a bucket as it was listed.
type listed struct {
	uri, class string
	size       int64
	more       map[string]any
}

func (o listed) URI() string        { return o.uri }
func (o listed) Size() int64        { return o.size }
func (o listed) ModTime() time.Time { return time.Time{} }
func (o listed) Listed() source.Facts {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(o.uri, "s3://"), "/")
	facts := source.Facts{Kind: "s3", ETag: "e", More: map[string]any{"bucket": bucket, "key": key, "storage_class": o.class}}
	for name, value := range o.more {
		facts.More[name] = value
	}
	return facts
}
func (o listed) Acquired() source.Facts                      { return o.Listed() }
func (o listed) Open(context.Context) (io.ReadCloser, error) { return nil, os.ErrPermission }

// bucket lists objects.
type bucket []source.Object

func (bucket) URI() string { return "s3://logs/" }
func (b bucket) Objects(context.Context, cases.Span) iter.Seq2[source.Object, error] {
	return func(yield func(source.Object, error) bool) {
		for _, o := range b {
			if o == nil {
				yield(nil, &source.ObjectError{URI: "s3://logs/no/", Err: os.ErrPermission})
			} else if !yield(o, nil) {
				return
			}
		}
	}
}

func parse(t *testing.T, texts ...string) predicate.Predicate {
	t.Helper()
	p, err := predicate.Parse(texts...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// question writes the question to a bucket, and gives its files.
func question(t *testing.T, to predicate.Predicate, b bucket) (q *narrow.Question, file func(string) string) {
	t.Helper()
	q, err := narrow.New(to, "s3://results/narrow/")
	if err == nil {
		err = q.List(t.Context(), []source.Source{b}, cases.Span{})
	}
	dir := filepath.Join(t.TempDir(), "q")
	if err == nil {
		err = q.Write(dir)
	}
	if err != nil {
		t.Fatal(err)
	}
	return q, func(name string) string {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
}

// TestWhatIsLeftOut: what Athena would pass over in silence or cannot read is in no manifest, and is named.
func TestWhatIsLeftOut(t *testing.T) {
	q, file := question(t, parse(t, "address=203.0.113.66"), bucket{
		listed{uri: "s3://logs/b.log.gz", size: 7}, listed{uri: "s3://logs/a.log.gz", size: 5, class: "STANDARD_IA"},
		listed{uri: "s3://logs/c.log.gz", size: 9, class: "GLACIER"}, listed{uri: "s3://logs/d.log.gz", class: "DEEP_ARCHIVE"},
		listed{uri: "s3://logs/e.log.gz", class: "GLACIER"}, listed{uri: "s3://logs/f.gz.parquet"}, listed{uri: "s3://logs/g.zip"},
		listed{uri: "s3://logs/h.log", more: map[string]any{"noncurrent": true}}, listed{uri: "s3://logs/i\n.log"}, nil,
	})
	if got := file("symlink.txt"); got != "s3://logs/a.log.gz\ns3://logs/b.log.gz\n" {
		t.Errorf("manifest %q", got)
	}
	var left []string
	for _, l := range q.Left {
		left = append(left, fmt.Sprintf("%d %s", l.Objects, l.Why))
	}
	want := []string{
		"2 in the storage class GLACIER: Athena passes over what is archived", "1 in the storage class DEEP_ARCHIVE: Athena passes over what is archived",
		"1 in Parquet: it has no lines", "1 in an archive: Athena opens none", "1 an older version, or deleted: Athena reads the newest version alone",
		"1 under a name that cannot stand in a manifest", "1 not listed: permission denied",
	}
	if q.Objects != 2 || q.Bytes != 12 || q.Unlisted != 1 || !slices.Equal(left, want) {
		t.Errorf("%+v, left out\n%s", q, strings.Join(left, "\n"))
	}
	if table := file("1-table.sql"); !strings.Contains(table, "LOCATION 's3://results/narrow/case53_"+q.Listing[:16]+"/'") {
		t.Error(table)
	}
	empty, err := narrow.New(q.To, "s3://results")
	if err == nil {
		err = empty.List(t.Context(), []source.Source{bucket{listed{uri: "s3://logs/g.zip"}}}, cases.Span{})
	}
	if err == nil || !strings.HasSuffix(err.Error(), "could read; left out: 1 object in an archive: Athena opens none") {
		t.Error(err)
	}
	for _, results := range []string{"", "results", "s3://results/it's", "s3://results/a b"} {
		if _, err := narrow.New(q.To, results); err == nil {
			t.Errorf("%q was taken", results)
		}
	}
}

// TestQuestionIsNotTooLong: what Athena would refuse is refused before.
func TestQuestionIsNotTooLong(t *testing.T) {
	var names []string
	for i := range 6000 {
		names = append(names, fmt.Sprintf("name=a-name-of-more-than-a-few-letters-%d.example", i))
	}
	if _, err := narrow.New(parse(t, names...), "s3://results"); err == nil || !strings.Contains(err.Error(), "and Athena takes 262,144") {
		t.Error(err)
	}
}

// logs are a few objects of a bucket, by key: two flow logs with different orders of fields, a Resolver log and a load balancer's.
func logs() map[string][]string {
	addresses := []string{"10.0.0.1", "203.0.113.66", "10.0.1.1", "2001:db8::1", "198.51.100.7"}
	names := []string{"example.com", "www.example.com", "badexample.com", "b.example.org"}
	all := map[string][]string{
		"a.log": {"version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"},
		"b.log": {"dstaddr srcaddr dstport srcport protocol start end packets bytes action log-status interface-id"},
	}
	for i := range 60 {
		a, b, n := addresses[i%5], addresses[(i/5+1)%5], names[i%4]
		at, port := 1793527200+i, []int{22, 443, 44300}[i%3]
		stamp := time.Unix(int64(at), 0).UTC().Format("2006-01-02T15:04:05.000000Z")
		all["a.log"] = append(all["a.log"], fmt.Sprintf("2 1 eni-1 %s %s %d %d 6 1 40 %d %d ACCEPT OK", a, b, 50000+i, port, at, at+5))
		all["b.log"] = append(all["b.log"], fmt.Sprintf("%s %s %d %d 6 %d %d 1 40 ACCEPT OK eni-2", b, a, port, 40000+i, at, at+5))
		all["c.log"] = append(all["c.log"], fmt.Sprintf(`{"version":"1.1","account_id":"1","region":"r","vpc_id":"vpc-1","query_timestamp":"%s",`+
			`"query_name":"%s.","query_type":"A","query_class":"IN","rcode":"NOERROR","answers":[{"Rdata":"%s","Type":"A","Class":"IN"}],`+
			`"srcaddr":"10.0.0.1","srcport":"%d","transport":"UDP","srcids":{}}`, stamp,
			strings.ToUpper(n), strings.Replace(b, "2001:db8::1", "10.9.9.9", 1), 1024+i))
		all["d.log"] = append(all["d.log"], fmt.Sprintf(`http %s app/lb/50dc6c495c0c9188 %s:%d 10.0.1.1:80 0.000 0.001 0.000 200 200 34 366 `+
			`"GET http://%s:80/%d HTTP/1.1" "curl" - - arn:aws:elasticloadbalancing:us-east-2:1:targetgroup/t/73e2d6bc24d8a067 `+
			`"Root=1-58337262-36d228ad5d99923122bbe3%02d" "-" "-" 0 %[1]s "forward" "-" "-" "10.0.1.1:80" "200" "-" "-"`,
			stamp, strings.Replace(a, "2001:db8::1", "192.0.2.1", 1), 2000+i, n, i, i))
	}
	return all
}

// load makes a case of files by name.
func load(t *testing.T, files map[string]string, narrowed string) *cases.Case {
	t.Helper()
	dir, in := filepath.Join(t.TempDir(), "a.case"), t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(in, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w, err := writer.Open(t.Context(), dir, loader.Schemas())
	if err != nil {
		t.Fatal(err)
	}
	plan := loader.Plan{Sources: []source.Source{local.New(in)}, Capture: "incident", Role: "incident", Narrowed: narrowed}
	report, err := loader.Load(t.Context(), w, plan, nil)
	if err != nil {
		t.Fatal(err)
	}
	if report.Lines.Rejected+report.Lines.Unread > 0 {
		t.Fatalf("%+v: %v", report.Lines, report.Unread)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	k, err := cases.Open(t.Context(), dir, loader.Schemas())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	return k
}

// athena answers a query over lines by object: DuckDB runs the same text. It has the functions of Trino that a question uses, and
// refuses what it does not know.
func athena(t *testing.T, table string, lines map[string][]string, sql string) (rows [][]any) {
	t.Helper()
	c := ducktest.Connect(t, "", nil)
	run := func(sql string) {
		if err := c.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	run(`CREATE MACRO regexp_like(text, expression) AS regexp_matches(text, expression)`)
	run(fmt.Sprintf(`CREATE TABLE %s ("$path" VARCHAR, line VARCHAR)`, table))
	for key, of := range lines {
		var values []string
		for _, line := range of {
			values = append(values, fmt.Sprintf("('s3://logs/%s', '%s')", key, line))
		}
		run("INSERT INTO " + table + " VALUES " + strings.Join(values, ", "))
	}
	found, err := c.Query(t.Context(), strings.TrimSuffix(sql, ";\n"), nil)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	defer found.Close()
	for found.Next() {
		rows = append(rows, slices.Clone(found.Values()))
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	return rows
}

var tableName = regexp.MustCompile(`(?m)^FROM (\w+)$`)

// selected are the rows of the logs that a predicate selects, as the case shows them, without what says where they were loaded from.
func selected(t *testing.T, k *cases.Case, p predicate.Predicate) (rows []string) {
	t.Helper()
	ip, name, port := "ip", "name", "port"
	for _, of := range []struct {
		records, children predicate.Table
	}{
		{records: predicate.Table{View: "flow", Columns: map[string]string{"srcaddr": ip, "dstaddr": ip, "srcport": port, "dstport": port}}},
		{predicate.Table{View: "dns", Columns: map[string]string{"srcaddr": ip, "query_name": name, "srcport": port}},
			predicate.Table{View: "dns_answer", Columns: map[string]string{"rdata": "rdata"}}},
		{records: predicate.Table{View: "alb", Columns: map[string]string{"client_ip": ip, "target_ip": ip, "host": name, "client_port": port,
			"target_port": port, "trace_root": "request", "url_port": port}}},
	} {
		sql := fmt.Sprintf(`SELECT to_json(x)::VARCHAR FROM (SELECT * EXCLUDE (object_id, row_no, log_stream) FROM main."%s" r WHERE %s) x ORDER BY 1`,
			of.records.View, p.Condition(of.records, of.children))
		if err := k.Each(t.Context(), sql, nil, func(v []any) error {
			rows = append(rows, of.records.View+" "+v[0].(string))
			return nil
		}); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	return rows
}

// TestAnswerHasWhatAFullLoadHas: of what a predicate selects, a case of the answer has the same rows as one of all logs.
func TestAnswerHasWhatAFullLoadHas(t *testing.T) {
	lines, files, objects := logs(), map[string]string{}, bucket{}
	for key, of := range lines {
		files[key] = strings.Join(of, "\n") + "\n"
		objects = append(objects, listed{uri: "s3://logs/" + key, size: int64(len(files[key]))})
	}
	whole := load(t, files, "")
	for _, to := range []string{
		"address=203.0.113.66,2001:db8::/32 port=443", "name=example.com address=10.0.1.0/24", "request=1-58337262-36d228ad5d99923122bbe307",
	} {
		p := parse(t, strings.Fields(to)...)
		_, file := question(t, p, objects)
		sql := file("3-records.sql")
		table := tableName.FindStringSubmatch(sql)[1]
		answer := athena(t, table, lines, sql)
		text := "\"@logStream\",\"@message\"\n" // as Athena writes a result: every value in quotes
		for _, row := range answer {
			text += `"` + row[0].(string) + `","` + strings.ReplaceAll(row[1].(string), `"`, `""`) + "\"\n"
		}
		want, got := selected(t, whole, p), selected(t, load(t, map[string]string{"answer.csv": text}, p.String()), p)
		if len(want) == 0 || !slices.Equal(got, want) {
			t.Errorf("%s: %d rows, want %d\n%s\n\n%s", to, len(got), len(want), strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		var counted, matches int64
		count := "SELECT object, lines, matches::BIGINT FROM (" + strings.TrimSuffix(file("2-count.sql"), ";\n") + ")"
		for _, row := range athena(t, table, lines, count) {
			key := strings.TrimPrefix(row[0].(string), "s3://logs/")
			if row[1] != int64(len(lines[key])) {
				t.Errorf("%s has %v lines, want %d", key, row[1], len(lines[key]))
			}
			counted, matches = counted+1, matches+row[2].(int64)
		}
		if counted != int64(len(lines)) || matches > int64(len(answer)) || matches < int64(len(want)) {
			t.Errorf("%s: %d objects counted, %d matches for %d rows of %d lines", to, counted, matches, len(want), len(answer))
		}
	}
}
