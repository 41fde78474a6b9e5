package cases_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"iter"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"case53/cases"
	"case53/cases/bag"
	"case53/cases/custody"
	"case53/cases/duck"
	"case53/cases/duck/ducktest"
	"case53/cases/verify"
	"case53/cases/writer"
	"case53/loader"
	"case53/loader/intake"
	"case53/loader/source"
	"case53/loader/source/local"
)

// The logs of formatCase. Flow records come first in the order of their objects.
const (
	formatFlow = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n" +
		"2 123456789012 eni-1 10.0.0.1 198.51.100.7 50000 443 6 3 180 1793534400 1793534430 ACCEPT OK\n" +
		"2 123456789012 eni-1 - - - - - - - 1793534460 1793534520 - NODATA\n"
	formatDNS = `{"version":"1.1","account_id":"123456789012","region":"eu-central-1","vpc_id":"vpc-1","query_timestamp":"2026-11-01T11:59:58Z",` +
		`"query_name":"example.com.","query_type":"A","query_class":"IN","rcode":"NOERROR","answers":[{"Rdata":"198.51.100.7","Type":"A","Class":"IN"}],` +
		`"srcaddr":"10.0.0.1","srcport":"40000","transport":"UDP","srcids":{"instance":"i-1"}}` + "\n"
	formatZone  = "1.0 2026-11-01T12:00:00Z Z123412341234 a.example.com A NOERROR UDP FRA6 192.0.2.1 -\n1.0 broken\n\n"
	formatEvent = "1.0 2026-11-01T12:00:01Z Z123412341234 c.example.com A NOERROR UDP FRA6 192.0.2.1 -"
	formatPage  = `{"events":[{"eventId":"1","timestamp":1793534400000,"message":"` + formatEvent + ` x"},` +
		`{"eventId":"2","timestamp":1793534401000,"message":"` + formatEvent + `"}]}`
)

// TestFormatOfACase compares a small case with FORMAT.md and runs the recipes of that on it.
func TestFormatOfACase(t *testing.T) {
	d, dir := readFormat(t), formatCase(t)
	for name, check := range map[string]func(*testing.T, *formatDoc, string){"words": formatWords, "custody": formatCustody, "raw": formatRaw,
		"missing": formatMissing, "chain": formatChain, "sql": formatSQL, "line": formatLine, "open": formatOpen, "derived": formatDerived,
		"digests": formatDigests, "seal": formatSeal} {
		t.Run(name, func(t *testing.T) { check(t, d, dir) })
	}
}

// formatCase is a small case whose custody log has every action.
func formatCase(t *testing.T) string {
	t.Helper()
	dir, logs := filepath.Join(t.TempDir(), "a.case"), t.TempDir()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write([]byte(formatFlow))
	z.Close()
	for name, text := range map[string]string{"a/flow.log.gz": packed.String(), "a/dns.json": formatDNS, "b/zone.log": formatZone,
		"c/page.json": formatPage, "c/short.log": "2 123456789012 eni-1 10.0.0.1\n"} {
		path := filepath.Join(logs, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	nothing := func(*writer.Writer) {}
	run := func(pull *loader.Pull, folder string, before func(*writer.Writer), progress func(loader.Progress)) {
		w, err := writer.Open(t.Context(), dir, loader.Schemas())
		if err != nil {
			t.Fatal(err)
		}
		before(w)
		plan := loader.Plan{Sources: []source.Source{local.New(filepath.Join(logs, folder))}, Capture: "incident", Role: "incident", Pull: pull}
		if _, err := loader.Load(t.Context(), w, plan, progress); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	run(nil, "a", nothing, nil)
	dir = takenOver(t, dir)
	killed := filepath.Join(t.TempDir(), "a.case")
	run(nil, "b", nothing, func(p loader.Progress) {
		if _, err := os.Stat(killed); err != nil && p.Done > 0 { // its records are in, and not written down
			if err := os.CopyFS(killed, os.DirFS(dir)); err != nil {
				t.Error(err)
			}
		}
	})
	// As after a kill: the log knows nothing of what the second load has committed, and has a line without an end.
	dir = killed
	log, err := os.ReadFile(cases.CustodyFile(dir))
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(log, []byte("\n"))
	last := len(lines) - 1
	for ; !bytes.Contains(lines[last], []byte(`"action":"load.begin"`)); last-- {
	}
	if err := os.WriteFile(cases.CustodyFile(dir), append(bytes.Join(lines[:last+1], nil), `{"seq`...), 0o600); err != nil {
		t.Fatal(err)
	}
	run(&loader.Pull{Provenance: map[string]any{"tool": "test"}}, "c", func(w *writer.Writer) { takeIn(t, w) }, nil)
	return dir
}

// takenOver is a case made of a bag of another: its database is built again.
func takenOver(t *testing.T, dir string) string {
	t.Helper()
	k, err := cases.Open(t.Context(), dir, loader.Schemas())
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	from, to := filepath.Join(t.TempDir(), "a.bag"), filepath.Join(t.TempDir(), "a.case")
	if _, err := bag.Write(t.Context(), k, from, bag.Options{Program: "case53 test"}); err != nil {
		t.Fatal(err)
	}
	if r, err := intake.Bag(t.Context(), from, to, verify.Options{}); err != nil || !r.OK {
		t.Fatalf("%+v, %v", r, err)
	}
	return to
}

// takeIn adds what is no log: output of AWS, networks, a slice.
func takeIn(t *testing.T, w *writer.Writer) {
	t.Helper()
	ctx := t.Context()
	assets := []cases.Asset{{InterfaceID: "eni-1", Address: "10.0.0.1", Primary: true}}
	if err := w.Describe(ctx, "aws ec2 describe-network-interfaces", strings.NewReader("{}"), nil, assets); err != nil {
		t.Fatal(err)
	}
	a := netip.MustParseAddr("198.51.100.7")
	var networks iter.Seq2[cases.Network, error] = func(yield func(cases.Network, error) bool) {
		yield(cases.Network{First: a, Last: a, Country: "DE"}, nil)
	}
	file := cases.NetworkFile{Kind: "mmdb", Name: "a.mmdb", DatabaseType: "test", Built: noon}
	if _, _, err := w.AddNetworks(ctx, file, []byte("networks"), networks); err != nil {
		t.Fatal(err)
	}
	tx, err := w.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	tx.Slice(cases.Slice{PullID: 1, Source: "s3://bucket/", State: "partial", Records: -1, SettleAt: noon})
	if err := tx.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Announce(ctx, "load of file:///e", "{}", time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Accept(ctx); err != nil {
		t.Fatal(err)
	}
}

// jsonKeys are the keys of a JSON object, in their order.
func jsonKeys(t *testing.T, text []byte) (keys []string) {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(text))
	if _, err := dec.Token(); err != nil {
		t.Fatal(err)
	}
	for dec.More() {
		key, err := dec.Token()
		var value json.RawMessage
		if err == nil {
			err = dec.Decode(&value)
		}
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		keys = append(keys, key.(string))
	}
	return keys
}

// recipe gives a shell recipe of FORMAT.md, to be run in a case; the test is skipped where a tool is missing.
func recipe(t *testing.T, d *formatDoc, name string, tools ...string) func(dir string, env ...string) (out string, fine bool) {
	t.Helper()
	for _, tool := range append(tools, "sh") {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("no %s", tool)
		}
	}
	i := slices.IndexFunc(d.fences, func(f formatFence) bool { return f.recipe == name && f.language == "sh" })
	if i < 0 {
		t.Fatalf("FORMAT.md has no recipe %s", name)
	}
	return func(dir string, env ...string) (string, bool) {
		cmd := exec.Command("sh", "-c", d.fences[i].text)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
		out, err := cmd.CombinedOutput()
		return string(out), err == nil
	}
}

// TestFormatFences knows every block of code in FORMAT.md: one that no test runs fails here.
func TestFormatFences(t *testing.T) {
	known := []string{"raw", "custody", "missing", "open", "line", "event", "digests", "logged", "seal"}
	for _, f := range readFormat(t).fences {
		if f.language != "sql" && (f.language != "sh" || !slices.Contains(known, f.recipe)) {
			t.Errorf("in %q: a block that is not tested:\n%s", f.section, f.text)
		}
	}
}

// rawFiles are the stored objects of a case.
func rawFiles(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "raw", "??", "*"))
	if err != nil || len(files) < 6 {
		t.Fatalf("%v, %v", files, err)
	}
	return files
}

// altered runs check while a file holds other bytes; nil: while it is gone. The file itself comes back.
func altered(t *testing.T, path string, text []byte, check func()) {
	t.Helper()
	kept := path + ".kept"
	if strings.Contains(path, "/raw/") {
		kept = filepath.Join(t.TempDir(), "kept")
	}
	if err := os.Rename(path, kept); err != nil {
		t.Fatal(err)
	}
	if text != nil {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	check()
	if err := os.Rename(kept, path); err != nil {
		t.Fatal(err)
	}
}

// formatRaw alters, moves and adds files of raw/.
func formatRaw(t *testing.T, d *formatDoc, dir string) {
	check := recipe(t, d, "raw", "find", "grep", "sed", "sha256sum")
	fine := func(what string) {
		t.Helper()
		if out, ok := check(dir); !ok || out != "" {
			t.Errorf("%s: %v, %s", what, ok, out)
		}
	}
	seen := func(what, name string) {
		t.Helper()
		if out, ok := check(dir); ok || !strings.Contains(out, name) {
			t.Errorf("%s: %v, %q", what, ok, out)
		}
	}
	fine("as made")
	for _, path := range rawFiles(t, dir) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(path)
		for _, at := range []int{0, len(text) / 2, len(text) - 1} {
			other := bytes.Clone(text)
			other[at] ^= 1
			altered(t, path, other, func() { seen("a bit", name) })
		}
		altered(t, path, text[:len(text)-1], func() { seen("cut", name) })
		altered(t, path, append(bytes.Clone(text), 0), func() { seen("longer", name) })
	}
	fine("as it was")
	for _, name := range []string{"more", "ab/more", ".incoming-1", "00/" + strings.Repeat("1", 64), "00/" + strings.Repeat("0", 63)} {
		path := filepath.Join(dir, "raw", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(rawFiles(t, dir)[0], path); err != nil {
			t.Fatal(err)
		}
		seen("a link", name)
		os.Remove(path)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		seen("a file too many", name)
		os.Remove(path)
	}
	fine("as it was")
}

// formatMissing takes away files that the custody log names.
func formatMissing(t *testing.T, d *formatDoc, dir string) {
	check := recipe(t, d, "missing", "grep", "cut", "sort", "sed")
	if out, ok := check(dir); !ok || out != "" {
		t.Errorf("as made: %v, %s", ok, out)
	}
	log, err := os.ReadFile(cases.CustodyFile(dir))
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, path := range rawFiles(t, dir) {
		if !bytes.Contains(log, []byte(filepath.Base(path))) {
			continue // stored and not loaded
		}
		named++
		altered(t, path, nil, func() {
			if out, ok := check(dir); ok || out != "missing: "+strings.TrimPrefix(path, dir+"/")+"\n" {
				t.Errorf("%v, %s", ok, out)
			}
		})
	}
	if named < 5 {
		t.Errorf("%d files are named", named)
	}
}

// formatChain alters the custody log in every way; of its last line only the head tells.
func formatChain(t *testing.T, d *formatDoc, dir string) {
	check := recipe(t, d, "custody", "sha256sum", "tr", "wc")
	path := cases.CustodyFile(dir)
	log, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	n := bytes.Count(log, []byte("\n"))
	head, err := custody.Head(path, n)
	if err != nil {
		t.Fatal(err)
	}
	whole := fmt.Sprintf("%d lines, head %s\n", n, head)
	if out, ok := check(dir); !ok || out != whole {
		t.Fatalf("%v, %q, want %q", ok, out, whole)
	}
	broken := func(what string, text []byte) {
		t.Helper()
		altered(t, path, text, func() {
			if out, ok := check(dir); ok {
				t.Errorf("%s: not seen: %s", what, out)
			}
		})
	}
	lines := bytes.SplitAfter(log, []byte("\n"))[:n]
	last := len(log) - len(lines[n-1])
	for at := 0; at < last; at += last/16 + 1 {
		for _, b := range []byte{log[at] ^ 1, 0, '\n', 0xff} {
			if b != log[at] {
				broken(fmt.Sprintf("byte %d is %q", at, b), slices.Concat(log[:at], []byte{b}, log[at+1:]))
			}
		}
		broken(fmt.Sprintf("a NUL before byte %d", at), slices.Concat(log[:at], []byte{0}, log[at:]))
		broken(fmt.Sprintf("no byte %d", at), slices.Concat(log[:at], log[at+1:]))
	}
	broken("no first line", bytes.Join(lines[1:], nil))
	broken("a line is gone", slices.Concat(bytes.Join(lines[:3], nil), bytes.Join(lines[4:], nil)))
	broken("two lines changed places", slices.Concat(bytes.Join(lines[:3], nil), lines[4], lines[3], bytes.Join(lines[5:], nil)))
	broken("a line twice", slices.Concat(log, lines[n-1]))
	broken("no end", log[:len(log)-1])
	for what, text := range map[string][]byte{"last line": bytes.Replace(log, []byte(`"failed":`), []byte(`"fa1led":`), -1), "tail cut off": log[:last]} {
		if what == "last line" {
			text = slices.Concat(log[:last], text[last:])
		}
		altered(t, path, text, func() {
			if out, ok := check(dir); !ok || out == whole {
				t.Errorf("%s: %v, the head is the same: %s", what, ok, out)
			}
		})
	}
}

// statement is one statement of the SQL in FORMAT.md.
var statement = regexp.MustCompile(`(?s)[^;]+;\n`)

// openStock opens a case as a stock duckdb does, and runs the statements that FORMAT.md asks for first.
func openStock(t *testing.T, d *formatDoc, dir string) *duck.Conn {
	t.Helper()
	c := ducktest.Connect(t, filepath.Join(dir, "case.duckdb"), map[string]string{"access_mode": "READ_ONLY"})
	i := slices.IndexFunc(d.fences, func(f formatFence) bool { return strings.HasPrefix(f.text, "SET ") })
	if err := c.Exec(t.Context(), d.fences[i].text); err != nil {
		t.Fatal(err)
	}
	return c
}

// rowsOf runs a statement.
func rowsOf(t *testing.T, c *duck.Conn, sql string) (out [][]any) {
	t.Helper()
	rows, err := c.Query(t.Context(), sql, nil)
	if err != nil {
		t.Fatalf("%s\n%v", sql, err)
	}
	defer rows.Close()
	for rows.Next() {
		out = append(out, slices.Clone(rows.Values()))
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s\n%v", sql, err)
	}
	return out
}

// formatSQL runs the SQL of FORMAT.md: of the counts no statement gives a row, and all of them do when a count is changed.
func formatSQL(t *testing.T, d *formatDoc, dir string) {
	c := openStock(t, d, dir)
	wrong := filepath.Join(t.TempDir(), "wrong.case")
	if err := os.CopyFS(wrong, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	ducktest.Run(t, cases.DatabaseFile(wrong), "UPDATE store.object SET rows = rows + 1, rejected = rejected + 1")
	altered := openStock(t, d, wrong)
	counts := 0
	for _, f := range d.fences {
		if f.language != "sql" || strings.HasPrefix(f.text, "SET ") || strings.HasPrefix(f.text, "ATTACH ") {
			continue
		}
		for _, sql := range statement.FindAllString(f.text, -1) {
			got := rowsOf(t, c, sql)
			if !strings.HasPrefix(f.section, "5.") {
				if len(got) == 0 {
					t.Errorf("no row: %s", sql)
				}
				continue
			}
			counts++
			if len(got) > 0 || len(rowsOf(t, altered, sql)) == 0 {
				t.Errorf("%d rows as made: %s", len(got), sql)
			}
		}
	}
	if counts != 3 {
		t.Errorf("%d statements on counts", counts)
	}
}

// formatLine goes from a row to its raw line, and to a CloudWatch event.
func formatLine(t *testing.T, d *formatDoc, dir string) {
	line := recipe(t, d, "line", "sha256sum", "gzip", "sed")
	c := openStock(t, d, dir)
	i := slices.IndexFunc(d.fences, func(f formatFence) bool { return strings.HasPrefix(f.section, "10.") && f.language == "sql" })
	found := rowsOf(t, c, d.fences[i].text)[0]
	sha, row := found[5].(string), fmt.Sprint(found[4])
	env := []string{"sha=" + sha, "row=" + row}
	if out, ok := line(dir, env...); !ok || out != strings.SplitAfter(formatFlow, "\n")[1] || row != "2" || found[6] != "gzip" {
		t.Errorf("%v, %q, %v", ok, out, found)
	}
	path := filepath.Join(dir, "raw", sha[:2], sha)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	altered(t, path, append(text, 0), func() {
		if out, ok := line(dir, env...); ok || strings.Contains(out, "eni-1") {
			t.Errorf("a line of other bytes: %s", out)
		}
	})
	event := recipe(t, d, "event", "gzip", "jq")
	found = rowsOf(t, c, "SELECT sha256, row_no FROM zone JOIN object USING (object_id) WHERE envelope = 'filter-log-events' ORDER BY row_no DESC")[0]
	out, ok := event(dir, fmt.Sprint("sha=", found[0]), fmt.Sprint("row=", found[1]))
	if !ok || out != formatEvent+"\n" {
		t.Errorf("%v, %q", ok, out)
	}
}

// formatOpen runs where there is a stock duckdb.
func formatOpen(t *testing.T, d *formatDoc, dir string) {
	open := recipe(t, d, "open", "duckdb")
	if out, ok := open(dir); !ok || !strings.Contains(out, "incident") {
		t.Errorf("%v, %s", ok, out)
	}
}

// formatDerived attaches a case and what is derived from it as FORMAT.md says, to a plain DuckDB in memory: there every view says what
// it says in case53, without macros and views of what is not attached.
func formatDerived(t *testing.T, d *formatDoc, dir string) {
	db, err := duck.Open("", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	stock, err := db.Connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stock.Close)
	i := slices.IndexFunc(d.fences, func(f formatFence) bool { return strings.HasPrefix(f.text, "ATTACH ") })
	if err := stock.Exec(t.Context(), strings.ReplaceAll(d.fences[i].text, "ATTACH '", "ATTACH '"+dir+"/")); err != nil {
		t.Fatal(err)
	}
	c := openCaseOf(t, dir, loader.Schemas())
	derived := 0
	for _, view := range texts(t, c, "SELECT view_name FROM duckdb_views() WHERE schema_name = 'main' AND NOT internal AND comment LIKE '%derived:%'") {
		sql := "SELECT count(*), sha256(coalesce(string_agg(v::VARCHAR, chr(10) ORDER BY v::VARCHAR), '')) FROM " + view + " v"
		var ours []any
		if err := c.Each(t.Context(), sql, nil, func(v []any) error { ours = slices.Clone(v); return nil }); err != nil {
			t.Fatal(err)
		}
		if rows := rowsOf(t, stock, sql); !slices.Equal(rows[0], ours) {
			t.Errorf("%s has %v in a stock duckdb, %v in case53", view, rows[0], ours)
		}
		if ours[0] != int64(0) {
			derived++
		}
	}
	if derived < 5 {
		t.Errorf("%d views of what is derived have rows", derived)
	}
}
