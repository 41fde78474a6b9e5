package bag_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"case53/cases"
	"case53/cases/bag"
	"case53/cases/duck"
	"case53/cases/duck/ducktest"
	"case53/cases/notes"
	"case53/cases/seal"
	"case53/cases/verify"
	"case53/loader"
	"case53/loader/loadertest"
)

// TestMain lets the test be a duckdb, where there is none: it runs the statements of its standard input on the database that its last
// argument names, and prints rows as -list -noheader does.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "duckdb" {
		if err := standIn(os.Args[len(os.Args)-1], os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func standIn(path string, in io.Reader, out io.Writer) error {
	text, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	db, err := duck.Open(path, nil)
	if err != nil {
		return err
	}
	defer db.Close()
	c, err := db.Connect()
	if err != nil {
		return err
	}
	defer c.Close()
	for _, sql := range strings.SplitAfter(string(text), ";\n") {
		if strings.TrimSpace(sql) == "" {
			continue
		}
		if strings.Contains(sql, "CREATE ") || !strings.Contains(sql, "SELECT") {
			err = c.Exec(context.Background(), sql)
		} else {
			err = c.Each(context.Background(), sql, nil, func(v []any) { fmt.Fprintln(out, cases.CellOf(v[0]).Text) })
		}
		if err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	return nil
}

// withDuckdb is a path that has a duckdb.
func withDuckdb(t testing.TB) string {
	t.Helper()
	if _, err := exec.LookPath("duckdb"); err == nil {
		return os.Getenv("PATH")
	}
	dir := t.TempDir()
	self, err := os.Executable()
	if err == nil {
		err = os.Symlink(self, filepath.Join(dir, "duckdb"))
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir + ":" + os.Getenv("PATH")
}

const hostile = "a\x1b[2J,\"=cmd|' /C calc'!A0\\x41%0a\xff\u202e"

// newCase makes a case with what is hard to hand over.
func newCase(t testing.TB) string {
	t.Helper()
	flow := "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n" +
		"2 123456789012 eni-1 10.0.0.1 198.51.100.7 50000 443 6 3 180 1793534400 1793534430 ACCEPT OK\n" +
		"2 123456789012 eni-1 - - - - - - - 1793534460 1793534520 - NODATA\n" +
		"2 123456789012 eni-1 10.0.0.1 2001:db8::7 50000 443 6 3 180 1793534520 1793534580 REJECT OK\n"
	return loadertest.Case(t, map[string]string{
		"flow.log": flow, "again.log": strings.Replace(flow, "eni-1", "eni-2", 2),
		"zone.log": "1.0 2026-11-01T12:00:00Z Z123412341234 a.example.com A NOERROR UDP FRA6 192.0.2.1 -\n1.0 broken " + hostile + "\n" +
			"1.0 2026-11-01T12:00:01Z Z123412341234 " + strings.ReplaceAll(hostile, " ", "_") + " A NOERROR UDP FRA6 192.0.2.1 203.0.113.0/24\n",
		"dns.json": `{"version":"1.1","account_id":"123456789012","region":"eu-central-1","vpc_id":"vpc-1","query_timestamp":"2026-11-01T11:59:58Z",` +
			`"query_name":"example.com.","query_type":"A","query_class":"IN","rcode":"NOERROR","answers":[{"Rdata":"198.51.100.7","Type":"A","Class":"IN"},` +
			`{"Rdata":"198.51.100.8","Type":"A","Class":"IN"}],"srcaddr":"10.0.0.1","srcport":"40000","transport":"UDP","srcids":{"instance":"i-1"}}` + "\n",
		"waf.json": `{"timestamp":1576280412771,"formatVersion":1,"webaclId":"arn:aws:wafv2:ap-southeast-2:111122223333:regional/webacl/STMTest/1EX",` +
			`"terminatingRuleId":"STMTest_SQLi_XSS","terminatingRuleType":"REGULAR","action":"BLOCK",` +
			`"terminatingRuleMatchDetails":[{"conditionType":"SQL_INJECTION","location":"HEADER","matchedData":["10","AND","1"]}],` +
			`"httpSourceName":"-","httpSourceId":"-",` +
			`"ruleGroupList":[],"rateBasedRuleList":[],"nonTerminatingMatchingRules":[],"httpRequest":{"clientIp":"89.160.20.156","country":"AU","headers":[` +
			`{"name":"Host","value":"LocalHost:1989"},{"name":"User-Agent","value":"curl/7.61.1"},` +
			`{"name":"X-Forwarded-For","value":"10.0.0.1"},{"name":"x-forwarded-for","value":"10.0.0.2"}],` +
			`"uri":"/foo","args":"","httpVersion":"HTTP/1.1","httpMethod":"GET","requestId":"rid"},"labels":[{"name":"value"}]}` + "\n",
		"page.json": `{"events":[{"eventId":"1","timestamp":1793534400000,` +
			`"message":"1.0 2026-11-01T12:00:02Z Z123412341234 c.example.com A NOERROR UDP FRA6 192.0.2.1 -"}]}`,
	})
}

// keepNotes keeps something of a case.
func keepNotes(t testing.TB, dir string) *notes.Book {
	t.Helper()
	b, err := notes.Open(t.Context(), dir, "case53 test")
	if err != nil {
		t.Fatal(err)
	}
	target, err := notes.ValueOf("ip", "198.51.100.7")
	if err == nil {
		_, err = b.Do(t.Context(), notes.Change{Targets: []notes.Target{target}, Tag: []string{"c2"}, Comment: "the first call " + "\u202e"})
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// newKey makes a key, and a file that says whose it is.
func newKey(t testing.TB, seed byte) (key ssh.Signer, signers string) {
	t.Helper()
	key, err := ssh.NewSignerFromKey(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, 32)))
	if err != nil {
		t.Fatal(err)
	}
	signers = filepath.Join(t.TempDir(), "allowed_signers")
	if err := os.WriteFile(signers, append([]byte("examiner "), ssh.MarshalAuthorizedKey(key.PublicKey())...), 0o600); err != nil {
		t.Fatal(err)
	}
	return key, signers
}

// handedOver is a bag of a case.
func handedOver(t testing.TB, dir string, key ssh.Signer) string {
	t.Helper()
	target := filepath.Join(t.TempDir(), "out.bag")
	made, err := bag.Write(t.Context(), loadertest.Open(t, dir), target, bag.Options{
		Program: "case53 test", Schemas: loader.Schemas(), Key: key, More: []bag.File{{Name: "queries/a.sql", Text: []byte("SELECT 1\n")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if !made.Result.OK || made.Result.Checked.Rows < 9 || made.Result.Checked.Objects != 6 {
		t.Fatalf("%+v", made)
	}
	return target
}

// sealedBag is a signed bag of a sealed case.
func sealedBag(t testing.TB, key ssh.Signer) string {
	t.Helper()
	dir := newCase(t)
	keepNotes(t, dir)
	if _, err := seal.Case(t.Context(), dir, loader.Schemas(), key); err != nil {
		t.Fatal(err)
	}
	return handedOver(t, dir, key)
}

// script runs check.sh as somebody does who does not have case53, nor a duckdb.
func script(t testing.TB, dir string, args ...string) (out string, ok bool) {
	t.Helper()
	return scriptIn(t, os.Getenv("PATH"), dir, args...)
}

// scriptIn runs check.sh with the programs of a path.
func scriptIn(t testing.TB, path, dir string, args ...string) (out string, ok bool) {
	t.Helper()
	for _, tool := range []string{"bash", "sha256sum", "ssh-keygen", "find", "sed", "comm"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("no %s", tool)
		}
	}
	cmd := exec.Command("bash", append([]string{filepath.Join(dir, "check.sh")}, args...)...)
	cmd.Env = append(os.Environ(), "PATH="+path)
	text, err := cmd.CombinedOutput()
	return string(text), err == nil
}

// TestBag hands a case over, sealed and not, and checks it with and without us.
func TestBag(t *testing.T) {
	key, signers := newKey(t, 1)
	dir := sealedBag(t, key)
	text, err := bag.CheckScript()
	if err != nil {
		t.Fatal(err)
	}
	r, err := verify.Bag(t.Context(), dir, verify.Options{Signer: key.PublicKey(), Schemas: loader.Schemas(), Texts: map[string][]byte{"check.sh": text}})
	const notLooked = "compared with nothing but the manifest: README.txt, queries (1 file), store/asset.txt (but for the number of rows), " +
		"store/capture.txt, store/custody.txt, store/flow_log.txt"
	if err != nil || !r.OK || r.Seal == nil || r.Bag == nil || len(r.Remarks) != 1 || !strings.HasPrefix(r.Remarks[0], notLooked) {
		t.Errorf("%+v, %v", r, err)
	}
	out, ok := scriptIn(t, withDuckdb(t), dir, "--signers", signers)
	if r.Notes == nil || r.Notes.Lines != 2 || r.Checked.Custody < 5 {
		t.Errorf("notes: %+v", r.Notes)
	}
	for _, want := range []string{
		"well: the notes of examiners: 2 lines, head " + r.Notes.Head, "well: the bag: Good", "well: the seal: Good", "well: the rows of store",
		"head " + r.Head, "all is well",
	} {
		if !ok || !strings.Contains(out, want) {
			t.Errorf("%v, %s\nwant %s", ok, out, want)
		}
	}
	if out, ok := script(t, dir); !ok || strings.Count(out, "well: ") < 8 {
		t.Errorf("%v, %s", ok, out)
	}
	other, others := newKey(t, 2)
	if out, ok := script(t, dir, "--signers", others); ok || strings.Count(out, "ALTERED") != 2 {
		t.Errorf("of another key: %s", out)
	}
	if r, err := verify.Bag(t.Context(), dir, verify.Options{Signer: other.PublicKey()}); err != nil || len(r.Faults) != 2 {
		t.Errorf("of another key: %+v, %v", r, err)
	}
	plain := handedOver(t, newCase(t), nil)
	if r, err := verify.Bag(t.Context(), plain, verify.Options{}); err != nil || !r.OK || len(r.Remarks) != 2 {
		t.Errorf("%+v, %v", r, err)
	}
	if out, ok := script(t, plain); !ok || strings.Count(out, "not checked: ") < 2 {
		t.Errorf("%v, %s", ok, out)
	}
	if out, ok := script(t, plain, "--signers", signers); ok {
		t.Errorf("signed by nobody: %s", out)
	}
	scriptNeedsTools(t, plain)
}

// TestSameBytes: the same case gives the same bag.
func TestSameBytes(t *testing.T) {
	dir := newCase(t)
	key, _ := newKey(t, 1)
	a, b := handedOver(t, dir, key), handedOver(t, dir, key)
	for _, name := range []string{verify.BagTags, verify.BagSignature, verify.BagManifest} {
		one, err := os.ReadFile(filepath.Join(a, name))
		if err != nil {
			t.Fatal(err)
		}
		if two, err := os.ReadFile(filepath.Join(b, name)); err != nil || !bytes.Equal(one, two) {
			t.Errorf("%s: %v\n%s\n%s", name, err, one, two)
		}
	}
	if out, err := exec.Command("grep", "-rlP", `[^\x20-\x7e\t]`, filepath.Join(a, "data/store")).CombinedOutput(); len(out) > 0 {
		t.Errorf("not in ASCII: %s %v", out, err)
	}
}

// TestAlteredNotes: notes that somebody has altered are not handed over, and are told of in a bag that was hashed anew.
func TestAlteredNotes(t *testing.T) {
	dir := newCase(t)
	keepNotes(t, dir)
	bagged := handedOver(t, dir, nil)
	for _, path := range []string{filepath.Join(bagged, "data/notes.jsonl"), cases.NotesFile(dir)} {
		text, err := os.ReadFile(path)
		if err == nil {
			err = os.WriteFile(path, bytes.Replace(text, []byte("format_version"), []byte("Format_version"), 1), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	rehash(t, bagged)
	r, err := verify.Bag(t.Context(), bagged, verify.Options{})
	if err != nil || len(r.Faults) != 1 || r.Faults[0].File != "data/notes.jsonl" {
		t.Errorf("%+v, %v", r, err)
	}
	if out, ok := script(t, bagged); ok || !strings.Contains(out, "ALTERED: notes.jsonl: line 2 does not follow line 1") {
		t.Errorf("%v, %s", ok, out)
	}
	_, err = bag.Write(t.Context(), loadertest.Open(t, dir), filepath.Join(t.TempDir(), "out.bag"), bag.Options{Program: "case53 test"})
	if !errors.Is(err, notes.ErrAltered) {
		t.Error(err)
	}
}

// TestAlteredIsNotHandedOver: what is not what was loaded is not handed over, and nothing is left of it.
func TestAlteredIsNotHandedOver(t *testing.T) {
	dir := newCase(t)
	ducktest.Run(t, cases.DatabaseFile(dir), "UPDATE store.zone SET name = 'd.example.com'")
	parent := t.TempDir()
	_, err := bag.Write(t.Context(), loadertest.Open(t, dir), filepath.Join(parent, "out.bag"), bag.Options{Program: "case53 test"})
	if err == nil || !strings.Contains(err.Error(), "store/zone.txt: store.zone, object") {
		t.Error(err)
	}
	if left, err := os.ReadDir(parent); err != nil || len(left) > 0 {
		t.Error(left, err)
	}
}

// TestLongChain: check.sh names the line that does not follow, wherever it is among hundreds, and starts a program for none of them.
func TestLongChain(t *testing.T) {
	key, _ := newKey(t, 1)
	dir := handedOver(t, newCase(t), key)
	const lines = 1203
	prev, chain := strings.Repeat("0", 64), []string{}
	for n := range lines {
		line := fmt.Sprintf(`{"seq":%d,"prev":"%s","at":"\\ a line %%s"}`, n+1, prev)
		prev, chain = verify.Sum([]byte(line)), append(chain, line)
	}
	whole := strings.Join(chain, "\n") + "\n"
	altered := func(line int) string {
		return strings.Replace(whole, chain[line-1], strings.Replace(chain[line-1], "a line", "A line", 1), 1)
	}
	digests := files(t, dir)["data/digests.txt"]
	runs := filepath.Join(t.TempDir(), "runs")
	tool, err := exec.LookPath("sha256sum")
	if err != nil {
		t.Skip(err)
	}
	bin := t.TempDir()
	counting := fmt.Sprintf("#!/bin/sh\necho >> '%s'\nexec '%s' \"$@\"\n", runs, tool)
	if err := os.WriteFile(filepath.Join(bin, "sha256sum"), []byte(counting), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, text, want string
	}{
		{"notes.jsonl", whole, fmt.Sprintf("well: the notes of examiners: %d lines, head %s\n", lines, prev)},
		{"notes.jsonl", altered(1), "notes.jsonl: line 2 does not follow line 1\n"},
		{"notes.jsonl", altered(500), "notes.jsonl: line 501 does not follow line 500\n"},
		{"notes.jsonl", altered(lines - 1), fmt.Sprintf("notes.jsonl: line %d does not follow line %d\n", lines, lines-1)},
		{"notes.jsonl", strings.TrimSuffix(whole, "\n"), "notes.jsonl: the last line has no end\n"},
		{"notes.jsonl", strings.Replace(whole, "a line", "a\x00line", 1), "notes.jsonl: it has NUL bytes\n"},
		{"digests.txt", string(digests[1:]), "digests.txt: it does not have the digests of the custody log\n"},
	} {
		put(t, dir, map[string][]byte{"data/notes.jsonl": nil, "data/digests.txt": digests})
		put(t, dir, map[string][]byte{"data/" + c.name: []byte(c.text)})
		if out, _ := scriptIn(t, bin+":"+os.Getenv("PATH"), dir); !strings.Contains(out, c.want) {
			t.Errorf("%q is not in\n%s", c.want, out)
		}
		if text, err := os.ReadFile(runs); err != nil || len(text) > 30 || os.Remove(runs) != nil {
			t.Errorf("%d runs of sha256sum for %d lines, %v", len(text), lines, err)
		}
	}
}

// TestUnbuiltIsNotMissing: that something is not derived from the records is no lack of what is sealed and handed over, and says nothing of
// where the case lay.
func TestUnbuiltIsNotMissing(t *testing.T) {
	dir := loadertest.Case(t, map[string]string{
		"flow.log": "2 123456789012 eni-1 10.0.0.1 198.51.100.7 50000 443 6 3 180 1793534400 1793534430 ACCEPT OK\n",
	})
	if err := os.RemoveAll(filepath.Join(dir, "derived")); err != nil {
		t.Fatal(err)
	}
	key, _ := newKey(t, 1)
	sealed, err := seal.Case(t.Context(), dir, loader.Schemas(), key)
	if err != nil || len(sealed.Problems) != 0 {
		t.Errorf("%q, %v", sealed.Problems, err)
	}
	k := loadertest.Open(t, dir)
	if !k.Unbuilt {
		t.Error("it was built to be sealed")
	}
	target := filepath.Join(t.TempDir(), "a.bag")
	if _, err := bag.Write(t.Context(), k, target, bag.Options{Program: "case53 test", Schemas: loader.Schemas()}); err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile(filepath.Join(target, "README.txt"))
	if err != nil || strings.Contains(string(readme), "not built") || strings.Contains(string(readme), dir) {
		t.Errorf("%v\n%s", err, readme)
	}
}
