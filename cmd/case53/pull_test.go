package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"case53/cases/custody"
	"case53/loader/source/cwlogs/cwfake"
)

// The account of the tests. None of these secrets may ever be written anywhere.
const (
	testRegion, testAccount, testGroup = "eu-central-1", "123456789012", "/aws/vpc/flow"
	testKey, testSecret, testToken     = "AKIAIOSFODNN7CANARY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYCANARYKEY", "FwoGZXIvYXdzEGACANARYTOKEN"
)

// testCloud is an AWS account for the tests, and a place for cases.
type testCloud struct {
	t    *testing.T
	fake *cwfake.Server
	url  string
	dir  string
	env  []string
}

func newTestCloud(t *testing.T, fake *cwfake.Server) *testCloud {
	fake.Account, fake.Region = testAccount, testRegion
	if fake.Keys == nil {
		fake.Keys = map[string]bool{testKey: true}
	}
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	dir := t.TempDir()
	env := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Join(dir, "home"), "TMPDIR=" + dir, "TZ=UTC", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_ACCESS_KEY_ID=" + testKey, "AWS_SECRET_ACCESS_KEY=" + testSecret, "AWS_SESSION_TOKEN=" + testToken,
		"AWS_REGION=" + testRegion, "AWS_ENDPOINT_URL=" + server.URL,
	}
	return &testCloud{t: t, fake: fake, url: server.URL, dir: dir, env: env}
}

// command is case53 in a process of its own: this test binary under another name.
func (c *testCloud) command(args ...string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		c.t.Fatal(err)
	}
	return &exec.Cmd{Path: self, Args: append([]string{"case53"}, args...), Env: c.env, Dir: c.dir}
}

// case53 runs the program and gives its exit code.
func (c *testCloud) case53(args ...string) (stdout, stderr string, code int) {
	c.t.Helper()
	cmd := c.command(args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		c.t.Fatal(err)
	}
	c.checkSecrets("stdout", out.Bytes())
	c.checkSecrets("stderr", errs.Bytes())
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// checkSecrets fails where a credential was written.
func (c *testCloud) checkSecrets(where string, text []byte) {
	c.t.Helper()
	for _, secret := range []string{testKey, testSecret, testToken, cwfake.RoleKey, cwfake.RoleSecret, cwfake.RoleToken, "AWS4-HMAC-SHA256", "Signature="} {
		if bytes.Contains(text, []byte(secret)) {
			c.t.Errorf("%s holds %s", where, secret)
		}
	}
}

// checkCase looks for credentials in every file of a case, database included.
func (c *testCloud) checkCase(name string) {
	c.t.Helper()
	filepath.WalkDir(filepath.Join(c.dir, name), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			c.t.Error(err)
		}
		c.checkSecrets(path, text)
		return nil
	})
	if err := custody.Read(filepath.Join(c.dir, name, "custody.jsonl"), func(custody.Entry) error { return nil }); err != nil {
		c.t.Error(err)
	}
}

// rows runs a query.
func (c *testCloud) rows(name, sql string) []map[string]any {
	c.t.Helper()
	out, errs, code := c.case53("query", name, "--json", "--sql", sql)
	if code != 0 {
		c.t.Fatalf("query: %d %s", code, errs)
	}
	var rows []map[string]any
	if err := json.Unmarshal([]byte(out), &rows); err != nil {
		c.t.Fatalf("%v: %s", err, out)
	}
	return rows
}

func (c *testCloud) number(name, sql string) int64 {
	c.t.Helper()
	for _, v := range c.rows(name, sql)[0] {
		return int64(v.(float64))
	}
	return -1
}

var testDay = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// fillFlows adds n flow events over six hours, ten to a timestamp, over 50 streams.
func fillFlows(fake *cwfake.Server, n int) {
	events := make([]cwfake.Event, 0, n)
	for i := range n {
		at := testDay.UnixMilli() + int64(i/10*10)*int64(6*time.Hour/time.Millisecond)/int64(n)
		events = append(events, cwfake.Event{ID: fmt.Sprintf("%056d", i), Stream: fmt.Sprintf("eni-%08x-all", i%50), Timestamp: at, Ingestion: at + 60_000,
			Message: fmt.Sprintf("2 %s eni-%08x 10.0.0.%d 198.51.100.7 %d 443 6 10 840 %d %d ACCEPT OK",
				testAccount, i%50, i%250, 1024+i%60000, at/1000, at/1000+60)})
	}
	rand.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	fake.Add(testGroup, events...)
}

// checkEvents holds a case to having each of n events once.
func (c *testCloud) checkEvents(name string, n int) {
	c.t.Helper()
	got := c.rows(name, fmt.Sprintf(`SELECT count(*) AS n, count(DISTINCT event_id) AS ids,
		count(DISTINCT event_id) FILTER (event_id::HUGEINT BETWEEN 0 AND %d) AS right_ids,
		(SELECT count(*) FROM flow) AS flows FROM event`, n-1))[0]
	for key, v := range got {
		if int(v.(float64)) != n {
			c.t.Errorf("%s is %v, want %d", key, v, n)
		}
	}
	out, _, _ := c.case53("info", name, "--json")
	if _, err := balanced([]byte(out)); err != nil {
		c.t.Error(err)
	}
}

func pullArgs(more ...string) []string {
	return append([]string{"pull", "x.case", "--log-group", testGroup, "--from", "2026-11-01", "--to", "2026-11-01T06:00:00Z", "--rate", "100000"}, more...)
}

func TestPullIsExactUnderThrottling(t *testing.T) {
	fake := &cwfake.Server{ThrottleEvery: 4, EmptyEvery: 3, PageEvents: 4000}
	n := 100_000
	if testing.Short() {
		n = 20_000
	}
	fillFlows(fake, n)
	c := newTestCloud(t, fake)
	out, errs, code := c.case53(pullArgs()...)
	if code != 0 {
		t.Fatalf("exit %d: %s %s", code, out, errs)
	}
	c.checkEvents("x.case", n)
	if partial := c.rows("x.case", "FROM slice WHERE state = 'partial'"); len(partial) > 0 {
		t.Errorf("partial: %v", partial)
	}
	// The same again compares: every slice is complete now, and nothing was added.
	objects := c.number("x.case", "SELECT count(*) FROM object")
	if out, errs, code = c.case53(pullArgs()...); code != 0 || !strings.Contains(out, "0 objects loaded") {
		t.Errorf("exit %d: %s %s", code, out, errs)
	}
	c.checkEvents("x.case", n)
	if now := c.number("x.case", "SELECT count(*) FROM object"); now != objects {
		t.Errorf("%d objects became %d", objects, now)
	}
	if open := c.number("x.case", "SELECT count(*) FROM slice WHERE state <> 'complete'"); open != 0 {
		t.Errorf("%d slices are not complete after a second reading", open)
	}
	// What comes late is all that is new.
	fake.Add(testGroup, cwfake.Event{
		ID:        strconv.Itoa(n),
		Stream:    "eni-1-all",
		Timestamp: testDay.Add(2 * time.Hour).UnixMilli(),
		Ingestion: testDay.Add(48 * time.Hour).UnixMilli(),
		Message:   "2 123456789012 eni-00000001 10.0.0.1 198.51.100.7 1024 443 6 10 840 1793498400 1793498460 ACCEPT OK",
	})
	if out, errs, code = c.case53(pullArgs()...); code != 0 {
		t.Errorf("exit %d: %s %s", code, out, errs)
	}
	c.checkEvents("x.case", n+1)
	c.checkCase("x.case")
	t.Logf("%s", out)
}

func testKills() int {
	if n, err := strconv.Atoi(os.Getenv("CASE53_KILLS")); err == nil {
		return n
	}
	return 4
}

// TestPullKilled kills pulls at random moments and repeats them until they come through.
func TestPullKilled(t *testing.T) {
	fake := &cwfake.Server{ThrottleEvery: 4, EmptyEvery: 3, PageEvents: 1000}
	const n = 100_000
	fillFlows(fake, n)
	c := newTestCloud(t, fake)
	start := time.Now()
	if _, errs, code := c.case53(pullArgs()...); code != 0 {
		t.Fatal(errs)
	}
	whole := time.Since(start)
	kept := 0
	for dealt := 0; dealt < testKills(); {
		os.RemoveAll(filepath.Join(c.dir, "x.case"))
		for {
			cmd := c.command(pullArgs("--quiet")...)
			var errs bytes.Buffer
			cmd.Stderr = &errs
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			timer := time.AfterFunc(rand.N(whole), func() { cmd.Process.Kill() })
			err := cmd.Wait()
			timer.Stop()
			if err == nil {
				break
			}
			if cmd.ProcessState.ExitCode() != -1 {
				t.Fatalf("not killed, but failed: %v: %s", err, errs.String())
			}
			if dealt++; dealt >= testKills() {
				whole = time.Hour // the last one comes through
			}
			if _, err := os.Stat(filepath.Join(c.dir, "x.case", "case.duckdb")); err == nil {
				kept++
			}
		}
		c.checkEvents("x.case", n)
		c.checkCase("x.case")
		// One that was killed after its end, while the pivots were built, is followed by another pull that compares.
		if open := c.number("x.case", "SELECT count(*) FROM pull WHERE ended_at IS NULL"); open != 0 {
			t.Errorf("%d pulls were not gone on with", open)
		}
	}
	t.Logf("a pull takes %s; %d kills with a database", whole, kept)
}

func TestPullWithCredentialsThatExpire(t *testing.T) {
	fake := &cwfake.Server{PageEvents: 500}
	fillFlows(fake, 5_000)
	// They expire on the way: what was read is kept, the message says what to do, and the same command goes on.
	fake.Fault = func(n int, w http.ResponseWriter, _ *http.Request, _ func() []byte) bool {
		if n < 12 {
			return false
		}
		w.WriteHeader(400)
		fmt.Fprintf(w, `{"__type":"ExpiredTokenException","message":"expired: x-amz-security-token:%s"}`, testToken)
		return true
	}
	c := newTestCloud(t, fake)
	_, errs, code := c.case53(pullArgs()...)
	if code != 1 || !strings.Contains(errs, "run the same command again") {
		t.Fatalf("exit %d: %s", code, errs)
	}
	kept := c.number("x.case", "SELECT count(*) FROM object")
	if out, _, _ := c.case53("info", "x.case"); kept == 0 || !strings.Contains(out, "interrupted") {
		t.Errorf("%d objects were kept: %s", kept, out)
	}
	before := fake.Calls("FilterLogEvents")
	fake.Mend()
	if _, errs, code := c.case53(pullArgs()...); code != 0 {
		t.Fatalf("exit %d: %s", code, errs)
	}
	c.checkEvents("x.case", 5_000)
	c.checkCase("x.case")
	t.Logf("%d objects before, %d calls before and %d after", kept, before, fake.Calls("FilterLogEvents")-before)
}

func TestPullFailsByName(t *testing.T) {
	fake := &cwfake.Server{}
	fillFlows(fake, 100)
	fake.Add("/denied").Denied = true
	c := newTestCloud(t, fake)
	for name, want := range map[string]string{
		"/none":   "hint: there is no log group \"/none\" in eu-central-1",
		"/denied": "case53 iam-policy --log-group '/denied'",
	} {
		_, errs, code := c.case53("pull", "f.case", "--log-group", name, "--from", "2026-11-01", "--to", "2026-11-02")
		if code != 1 || !strings.Contains(errs, want) {
			t.Errorf("%s: exit %d: %s", name, code, errs)
		}
	}
	if partial := c.number("f.case", "SELECT count(*) FROM slice WHERE state = 'partial'"); partial != 2 {
		t.Errorf("%d partial slices", partial)
	}
	for _, args := range [][]string{
		{"pull", "f.case"}, {"pull", "f.case", "--log-group", "x"}, {"pull", "f.case", "--log-group", "x", "--from", "2026-11-01"},
		{"pull", "f.case", "--s3", "bucket"}, {"pull", "f.case", "--log-group", "x", "--from", "-2h", "--to", "now", "--rate", "0"},
		{"pull", "f.case", "--log-group", "x", "--from", "-2h", "--to", "now", "--second-count", "some"},
	} {
		if _, errs, code := c.case53(args...); code != 2 {
			t.Errorf("%v: exit %d: %s", args, code, errs)
		}
	}
	c.env = append(c.env, "AWS_ACCESS_KEY_ID=AKIDUNKNOWN")
	if _, errs, code := c.case53(pullArgs()...); code != 1 || !strings.Contains(errs, "does not accept the credentials") {
		t.Errorf("exit %d: %s", code, errs)
	}
}

func TestPullSeesMasking(t *testing.T) {
	fake := &cwfake.Server{}
	for i := range 20 {
		fake.Add("/dns/zone", cwfake.Event{
			ID:        fmt.Sprint(i),
			Timestamp: testDay.UnixMilli(),
			Message:   "1.0 2026-11-01T00:00:00Z Z123412341234 www.example.com A NOERROR UDP FRA2 192.0.2.1 -",
		})
	}
	fake.Add("/dns/zone").Masked = true
	fake.Add("/dns/zone").Retention = 1
	c := newTestCloud(t, fake)
	args := []string{"--log-group", "/dns/zone", "--from", "2026-11-01", "--to", "2026-11-02", "--rate", "1000"}
	_, errs, code := c.case53(append([]string{"pull", "x.case", "--format", "zone"}, args...)...)
	if code != 4 || !strings.Contains(errs, "has a data protection policy") ||
		!strings.Contains(errs, "20 events have runs of asterisks") || !strings.Contains(errs, "keeps events for 1 days") {
		t.Errorf("exit %d: %s", code, errs)
	}
	if masked := c.number("x.case", "SELECT coalesce(sum((provenance->>'masked_events')::BIGINT), 0)::BIGINT FROM object"); masked != 20 {
		t.Errorf("%d masked events were noticed", masked)
	}
	if _, errs, code := c.case53(append([]string{"pull", "plain.case", "--unmask"}, args...)...); code != 0 {
		t.Errorf("exit %d: %s", code, errs)
	}
	if n := c.number("plain.case", "SELECT count(*) FROM zone"); n != 20 {
		t.Errorf("%d rows", n)
	}
}

func TestPullLedger(t *testing.T) {
	fake := &cwfake.Server{}
	fillFlows(fake, 200)
	c := newTestCloud(t, fake)
	out, errs, code := c.case53(pullArgs("--json")...)
	if code != 0 {
		t.Fatalf("exit %d: %s", code, errs)
	}
	seen := map[string]int{}
	for _, line := range strings.Split(strings.TrimSpace(errs), "\n") {
		var event struct{ Event, Phase string }
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Errorf("%v: %s", err, line)
		}
		seen[event.Event+" "+event.Phase]++
	}
	if seen["window "] != 1 || seen["progress load"] == 0 {
		t.Errorf("events: %v", seen)
	}
	var printed struct {
		Listed, Loaded int
		Slices         []struct{ Source, State string }
	}
	if err := json.Unmarshal([]byte(out), &printed); err != nil || printed.Loaded == 0 || len(printed.Slices) == 0 {
		t.Errorf("%v %+v", err, printed)
	}
	actions := map[string]int{}
	err := custody.Read(filepath.Join(c.dir, "x.case", "custody.jsonl"), func(e custody.Entry) error {
		actions[e.Action]++
		if e.Action == "pull.begin" {
			for _, want := range []string{
				`"arn":"arn:aws:iam::123456789012:user/test"`, `"request_id"`, `"server_date"`, `"clock_skew_ms"`,
				`"region":"eu-central-1"`, c.url, `"sdk"`, `"tool"`,
			} {
				if !strings.Contains(string(e.Detail), want) {
					t.Errorf("no %s in %s", want, e.Detail)
				}
			}
		}
		return nil
	})
	if err != nil || actions["pull.begin"] != 1 || actions["pull.end"] != 1 || actions["slice.settle"] == 0 || actions["object.load"] == 0 {
		t.Errorf("%v %v", err, actions)
	}
	row := c.rows("x.case", "SELECT source_kind, provenance FROM object LIMIT 1")[0]
	if row["source_kind"] != "cwlogs" || !strings.Contains(fmt.Sprint(row["provenance"]), "request_id") {
		t.Errorf("%v", row)
	}
	group := c.rows("x.case", "SELECT DISTINCT log_group, log_stream LIKE 'eni-%' AS stream FROM flow")[0]
	if group["log_group"] != "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/vpc/flow" || group["stream"] != true {
		t.Errorf("%v", group)
	}
}

// TestPullsThatOverlap: a wider window is another pull; neither loses what the other knows, and no event comes twice.
func TestPullsThatOverlap(t *testing.T) {
	fake := &cwfake.Server{PageEvents: 300}
	fillFlows(fake, 3_000)
	c := newTestCloud(t, fake)
	narrow := []string{"pull", "x.case", "--log-group", testGroup, "--from", "2026-11-01T01:00:00Z", "--to", "2026-11-01T02:00:00Z", "--rate", "100000"}
	for _, args := range [][]string{narrow, pullArgs()} {
		if _, errs, code := c.case53(args...); code != 0 {
			t.Fatalf("exit %d: %s", code, errs)
		}
	}
	c.checkEvents("x.case", 3_000)
	objects := c.number("x.case", "SELECT count(*) FROM object")
	for _, args := range [][]string{narrow, pullArgs()} {
		if out, errs, code := c.case53(args...); code != 0 || !strings.Contains(out, "0 objects loaded") {
			t.Errorf("exit %d: %s %s", code, out, errs)
		}
	}
	if n := c.number("x.case", "SELECT count(*) FROM object"); n != objects {
		t.Errorf("%d objects became %d", objects, n)
	}
}

// TestPartialIsMadeGood: what a pull could not read is partial, and no longer once the same pull has read it.
func TestPartialIsMadeGood(t *testing.T) {
	fake := &cwfake.Server{PageEvents: 300}
	fillFlows(fake, 3_000)
	fake.Fault = func(n int, w http.ResponseWriter, _ *http.Request, _ func() []byte) bool {
		if n < 15 {
			return false
		}
		w.WriteHeader(400)
		fmt.Fprint(w, `{"__type":"AccessDeniedException","message":"no longer"}`)
		return true
	}
	c := newTestCloud(t, fake)
	_, errs, code := c.case53(pullArgs()...)
	if code != 1 || !strings.Contains(errs, "AccessDenied") || !strings.Contains(errs, "partial:") {
		t.Errorf("exit %d: %s", code, errs)
	}
	if n := c.number("x.case", "SELECT count(*) FROM slice WHERE state = 'partial'"); n != 1 {
		t.Errorf("%d partial slices", n)
	}
	fake.Mend()
	if _, errs, code = c.case53(pullArgs()...); code != 0 {
		t.Errorf("exit %d: %s", code, errs)
	}
	c.checkEvents("x.case", 3_000)
	if n := c.number("x.case", "SELECT count(*) FROM slice WHERE state = 'partial'"); n != 0 {
		t.Errorf("%d partial slices are left", n)
	}
}

func TestPullInterrupted(t *testing.T) {
	fake := &cwfake.Server{PageEvents: 200}
	fillFlows(fake, 5_000)
	reached := make(chan struct{})
	fake.Fault = func(n int, _ http.ResponseWriter, r *http.Request, _ func() []byte) bool {
		if n == 20 {
			close(reached)
		}
		if n >= 20 {
			<-r.Context().Done()
		}
		return n >= 20
	}
	c := newTestCloud(t, fake)
	cmd := c.command(pullArgs()...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-reached
	cmd.Process.Signal(os.Interrupt)
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 130 || !strings.Contains(errs.String(), "the same command goes on from there") {
		t.Errorf("exit %d: %s", code, errs.String())
	}
	fake.Mend()
	if _, errs, code := c.case53(pullArgs()...); code != 0 {
		t.Errorf("exit %d: %s", code, errs)
	}
	c.checkEvents("x.case", 5_000)
	c.checkCase("x.case")
}
