package s3server

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"case53/cases"
	"case53/loader"
	"case53/loader/source"
	"case53/loader/source/s3"
)

func packed(text string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(text))
	z.Close()
	return b.Bytes()
}

// The window of the pulls here: most of the second of three days.
var window = cases.Span{From: time.Date(2026, 11, 2, 3, 17, 0, 0, time.UTC), To: time.Date(2026, 11, 2, 21, 43, 0, 0, time.UTC)}

// delivered is a bucket's content, and the records that a pull of the window must give, by their number.
type delivered struct {
	objects  map[string][]byte
	flow     map[int]bool
	resolver map[int]bool
	n        int
	rnd      *rand.Rand
}

// deliver makes three days of flow logs in two layouts and of Resolver logs: 2,500 objects, 50 of them late.
func deliver() *delivered {
	d := &delivered{objects: map[string][]byte{}, flow: map[int]bool{}, resolver: map[int]bool{}, rnd: rand.New(rand.NewPCG(53, 3))}
	first := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for i := range 864 {
		stamp := first.Add(time.Duration(i) * 5 * time.Minute)
		d.flowObject(plainKey, stamp, 0)
		d.flowObject(hiveKey, stamp, 0)
		if i < 722 {
			d.resolverObject(stamp)
		}
	}
	for i := range 50 {
		stamp := first.Add(24 * time.Hour).Add(time.Duration(i*36) * time.Minute).Truncate(5 * time.Minute)
		d.flowObject(plainKey, stamp, time.Duration(d.rnd.IntN(55*60))*time.Second)
	}
	return d
}

func plainKey(stamp time.Time, n int) string {
	return fmt.Sprintf("AWSLogs/123456789012/vpcflowlogs/eu-central-1/%s/"+
		"123456789012_vpcflowlogs_eu-central-1_fl-0a1b2c3d4e5f_%sZ_%08x.log.gz",
		stamp.Format("2006/01/02"), stamp.Format("20060102T1504"), n)
}

func hiveKey(stamp time.Time, n int) string {
	return fmt.Sprintf("AWSLogs/aws-account-id=210987654321/aws-service=vpcflowlogs/aws-region=us-east-1/%s/"+
		"210987654321_vpcflowlogs_us-east-1_fl-0a1b2c3d4e5f_%sZ_%08x.log.gz",
		stamp.Format("year=2006/month=01/day=02/hour=15"), stamp.Format("20060102T1504"), n)
}

// flowObject adds an object whose records end in its five minutes, or earlier when they came late.
func (d *delivered) flowObject(key func(time.Time, int) string, stamp time.Time, late time.Duration) string {
	text := "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n"
	for range 20 {
		end := stamp.Add(time.Duration(d.rnd.IntN(300))*time.Second - late)
		start := end.Add(-time.Duration(d.rnd.IntN(600)) * time.Second)
		d.n++
		text += fmt.Sprintf("2 123456789012 eni-0a1b2c3d 10.0.0.%d 198.51.100.%d 40000 443 6 1 %d %d %d ACCEPT OK\n",
			d.rnd.IntN(250), d.rnd.IntN(250), d.n, start.Unix(), end.Unix())
		if !end.Before(window.From) && start.Before(window.To) {
			d.flow[d.n] = true
		}
	}
	k := key(stamp, d.n)
	d.objects[k] = packed(text)
	return k
}

func (d *delivered) resolverObject(stamp time.Time) {
	text := ""
	for range 10 {
		at := stamp.Add(time.Duration(d.rnd.IntN(10*60)-5*60) * time.Second)
		d.n++
		text += fmt.Sprintf(`{"version":"1.100000","account_id":"123456789012","region":"eu-central-1","vpc_id":"vpc-1",`+
			`"query_timestamp":"%s","query_name":"n%d.example.com.","query_type":"A","query_class":"IN","rcode":"NXDOMAIN","answers":[],`+
			`"srcaddr":"10.0.0.1","srcport":"5353","transport":"UDP","srcids":{}}`+"\n", at.Format(time.RFC3339), d.n)
		if !at.Before(window.From) && at.Before(window.To) {
			d.resolver[d.n] = true
		}
	}
	key := fmt.Sprintf("AWSLogs/123456789012/vpcdnsquerylogs/vpc-1/%s/vpc-1_vpcdnsquerylogs_123456789012_%sZ_%08x.log.gz",
		stamp.Format("2006/01/02"), stamp.Format("20060102T1504"), d.n)
	d.objects[key] = packed(text)
}

// put2500 makes a bucket with the three days, once.
func put2500(t *testing.T, name string, versioned bool) (*awss3.Client, *delivered) {
	t.Helper()
	if deliveries[name] == nil {
		d := deliver()
		if len(d.objects) != 2500 {
			t.Fatalf("%d objects", len(d.objects))
		}
		putAll(t, bucket(t, name, versioned), name, d.objects)
		deliveries[name] = d
	}
	return client(address), deliveries[name]
}

// check holds a case's records against what was delivered.
func (d *delivered) check(t *testing.T, target string) {
	t.Helper()
	c, err := cases.Open(t.Context(), target, loader.Schemas())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for sql, want := range map[string]map[int]bool{
		"SELECT bytes::VARCHAR FROM flow":                           d.flow,
		"SELECT substr(split_part(query_name, '.', 1), 2) FROM dns": d.resolver,
	} {
		rows, err := c.Query(t.Context(), sql, nil)
		if err != nil {
			t.Fatal(err)
		}
		got := map[int]bool{}
		for rows.Next() {
			n, err := strconv.Atoi(fmt.Sprint(rows.Values()[0]))
			if err != nil || got[n] {
				t.Errorf("%v twice, or %v", rows.Values(), err)
			}
			got[n] = true
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		rows.Close()
		if !maps.Equal(got, want) {
			t.Errorf("%s: %d rows, want %d", sql, len(got), len(want))
		}
	}
}

func TestPullIsExactlyTheWindow(t *testing.T) {
	for _, versioned := range []bool{false, true} {
		t.Run(fmt.Sprintf("versioned %t", versioned), func(t *testing.T) {
			name := fmt.Sprintf("window-%t", versioned)
			c, d := put2500(t, name, versioned)
			target := filepath.Join(t.TempDir(), "x.case")
			src := &counted{Source: s3.New(c, s3.Options{Places: loader.Places(), Bucket: name})}
			report, err := pull(t.Context(), target, src, window)
			if err != nil || len(report.Failures) > 0 {
				t.Fatal(err, report.Failures)
			}
			d.check(t, target)
			t.Logf("%d of 2500 objects fetched, %d requests, slices %v", len(src.opened), src.Activity().Requests, states(src.Source))
			if len(src.opened) > 820 { // those of the window, what of either log may be late, and the late ones
				t.Errorf("%d objects fetched", len(src.opened))
			}
			if s := states(src.Source); s[source.Complete] == 0 || len(s) != 1 {
				t.Errorf("slices %v", src.Slices())
			}

			// Again: nothing is fetched, nothing is added.
			src = &counted{Source: s3.New(c, s3.Options{Places: loader.Places(), Bucket: name})}
			report, err = pull(t.Context(), target, src, window)
			if err != nil || len(src.opened) > 0 || report.Lines.Rows > 0 {
				t.Errorf("a second pull fetched %d objects and added %d rows: %v", len(src.opened), report.Lines.Rows, err)
			}
			d.check(t, target)

			// Objects that come late are added, and nothing else is fetched.
			late := map[string][]byte{}
			for i := range 3 {
				k := d.flowObject(plainKey, window.To.Truncate(5*time.Minute).Add(time.Duration(i)*5*time.Minute), 40*time.Minute)
				late[k] = d.objects[k]
			}
			putAll(t, c, name, late)
			src = &counted{Source: s3.New(c, s3.Options{Places: loader.Places(), Bucket: name})}
			if _, err = pull(t.Context(), target, src, window); err != nil || len(src.opened) != len(late) {
				t.Errorf("%d late objects, %d fetched: %v", len(late), len(src.opened), err)
			}
			d.check(t, target)
		})
	}
}

// TestTamperedIsNotStored: an object that was changed on the server's disk fails by name, and none of its bytes get
// into the case.
func TestTamperedIsNotStored(t *testing.T) {
	d := deliver()
	c := bucket(t, "tampered", false)
	few := map[string][]byte{}
	for _, k := range slices.Sorted(maps.Keys(d.objects)) {
		if strings.Contains(k, "20261102T12") {
			few[k] = d.objects[k]
		}
	}
	putAll(t, c, "tampered", few)
	victim := slices.Sorted(maps.Keys(few))[7]
	path := filepath.Join(root, "tampered", victim)
	b := slices.Clone(few[victim])
	b[len(b)/2] ^= 4
	file, err := os.OpenFile(path, os.O_WRONLY, 0) // in place: the server's own attributes stay
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Write(b); err != nil {
		t.Fatal(err)
	}
	file.Close()
	target := filepath.Join(t.TempDir(), "x.case")
	report, err := pull(t.Context(), target, s3.New(c, s3.Options{Places: loader.Places(), Bucket: "tampered"}), window)
	if err != nil || len(report.Failures) != 1 || !strings.HasSuffix(report.Failures[0].URI, victim) ||
		!strings.Contains(report.Failures[0].Err.Error(), "checksum") {
		t.Fatalf("%v %v", report.Failures, err)
	}
	t.Log(report.Failures[0].Err)
	stored := 0
	filepath.WalkDir(filepath.Join(target, "raw"), func(_ string, e os.DirEntry, _ error) error {
		if !e.IsDir() {
			stored++
		}
		return nil
	})
	if stored != len(few)-1 {
		t.Errorf("%d raw objects of %d", stored, len(few)-1)
	}
}

// pullAndBeKilled is the program that TestKilledPulls kills.
func pullAndBeKilled(args []string) int {
	report, err := pull(context.Background(), args[2], s3.New(client(args[0]), s3.Options{Places: loader.Places(), Bucket: args[1]}), window)
	if err != nil || len(report.Failures) > 0 {
		fmt.Fprintln(os.Stderr, err, report.Failures)
		return 1
	}
	return 0
}

// TestKilledPulls kills pulls at random moments; the case that comes through in the end holds exactly the window.
// CASE53_KILLS says how many; .ci/run asks for more.
func TestKilledPulls(t *testing.T) {
	kills, err := strconv.Atoi(os.Getenv("CASE53_KILLS"))
	if err != nil {
		kills = 3
	}
	_, d := put2500(t, "window-false", false)
	run := func(target string, after time.Duration) (killed bool) {
		cmd := exec.Command(os.Args[0], "pull-and-be-killed", address, "window-false", target)
		var stderr strings.Builder
		cmd.Stderr = &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(after, func() { cmd.Process.Kill() })
		defer timer.Stop()
		if err := cmd.Wait(); err != nil && cmd.ProcessState.ExitCode() != -1 {
			t.Fatalf("failed: %v %s", err, stderr.String())
		} else {
			killed = err != nil
		}
		return killed
	}
	start := time.Now()
	run(filepath.Join(t.TempDir(), "calm.case"), time.Hour)
	whole := time.Since(start)
	for dealt, round := 0, 0; dealt < kills; round++ {
		target := filepath.Join(t.TempDir(), fmt.Sprintf("%d.case", round))
		for run(target, time.Duration(rand.Int64N(int64(whole)))) {
			dealt++
		}
		d.check(t, target)
	}
	t.Logf("%d kills of pulls that take %s", kills, whole)
}

// TestDeletedLogs: logs that somebody deleted or overwrote come back with --all-versions, marked, and once.
func TestDeletedLogs(t *testing.T) {
	d := &delivered{objects: map[string][]byte{}, flow: map[int]bool{}, resolver: map[int]bool{}, rnd: rand.New(rand.NewPCG(1, 1))}
	c := bucket(t, "deleted", true)
	name := "deleted"
	noon := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	kept := d.flowObject(plainKey, noon, 0)
	deleted := d.flowObject(plainKey, noon.Add(5*time.Minute), 0)
	replaced := d.flowObject(plainKey, noon.Add(10*time.Minute), 0)
	for _, k := range []string{kept, deleted, replaced} {
		put(t, c, name, k, d.objects[k])
	}
	if _, err := c.DeleteObject(t.Context(), &awss3.DeleteObjectInput{Bucket: &name, Key: &deleted}); err != nil {
		t.Fatal(err)
	}
	put(t, c, name, replaced, packed("version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n"))
	target := filepath.Join(t.TempDir(), "x.case")
	for round := range 2 {
		src := &counted{Source: s3.New(c, s3.Options{Places: loader.Places(), Bucket: name, AllVersions: true})}
		report, err := pull(t.Context(), target, src, window)
		if err != nil || len(report.Failures) > 0 || len(src.opened) != 4*(1-round) {
			t.Fatalf("round %d: %d fetched, %v %v", round, len(src.opened), err, report.Failures)
		}
		d.check(t, target)
	}
	k, err := cases.Open(t.Context(), target, loader.Schemas())
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	marked := 0
	err = k.Objects(t.Context(), func(o cases.Object) error {
		gone := strings.Contains(o.URI, deleted) && strings.Contains(o.URI, "?versionId=") && strings.Contains(o.Provenance, "delete_marker")
		old := strings.Contains(o.URI, replaced+"?versionId=") && strings.Contains(o.Provenance, "noncurrent")
		if gone || old {
			marked++
		}
		if o.VersionID == "" || o.SourceKind != "s3" || !strings.Contains(o.Provenance, `"checksum_verified":"full"`) {
			t.Errorf("%+v", o)
		}
		return nil
	})
	if err != nil || marked != 2 {
		t.Errorf("%d marked, %v", marked, err)
	}
}
