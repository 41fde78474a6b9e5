package main

import (
	"archive/zip"
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"case53/cases"
	"case53/cases/verify"
	"case53/cmd/case53/cli"
	"case53/loader"
	"case53/loader/networks/networkstest"
	"case53/loader/rebuild"
	"case53/loader/source/cwlogs/cwfake"
)

// smallBucket is an S3 bucket of a few objects, by key.
type smallBucket map[string]string

func (b smallBucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	tag := func(text string) string { sum := md5.Sum([]byte(text)); return `"` + hex.EncodeToString(sum[:]) + `"` }
	_, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch q := r.URL.Query(); {
	case key == "" && r.Method == http.MethodHead:
		w.Header().Set("x-amz-bucket-region", testRegion)
	case key == "":
		prefix, delimiter, folders := q.Get("prefix"), q.Get("delimiter"), map[string]bool{}
		fmt.Fprint(w, "<ListBucketResult><IsTruncated>false</IsTruncated>")
		for _, k := range slices.Sorted(maps.Keys(b)) {
			rest, ok := strings.CutPrefix(k, prefix)
			if folder, _, deeper := strings.Cut(rest, "/"); ok && deeper && delimiter != "" {
				folders[prefix+folder+"/"] = true
			} else if ok {
				fmt.Fprintf(w, "<Contents><Key>%s</Key><LastModified>2026-11-01T05:00:00.000Z</LastModified><ETag>%s</ETag><Size>%d</Size>"+
					"<StorageClass>STANDARD</StorageClass></Contents>", k, tag(b[k]), len(b[k]))
			}
		}
		for folder := range folders {
			fmt.Fprintf(w, "<CommonPrefixes><Prefix>%s</Prefix></CommonPrefixes>", folder)
		}
		fmt.Fprint(w, "</ListBucketResult>")
	case b[key] == "":
		w.WriteHeader(http.StatusNotFound)
	default:
		w.Header().Set("ETag", tag(b[key]))
		w.Header().Set("Last-Modified", testDay.Format(http.TimeFormat))
		w.Write([]byte(b[key]))
	}
}

// zipped is a zip archive.
func zipped(t *testing.T, members map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, name := range slices.Sorted(maps.Keys(members)) {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte(members[name]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

const (
	rebuildFlow = "2 123456789012 eni-1 10.0.0.%d 198.51.100.7 5%04d 443 6 3 180 %d %d ACCEPT OK\n"
	rebuildDNS  = `{"version":"1.100000","account_id":"123456789012","region":"eu-central-1","vpc_id":"vpc-1","query_timestamp":"2026-11-01T00:00:%02dZ",` +
		`"query_name":"a.example.com.","query_type":"A","query_class":"IN","rcode":"NOERROR","answers":[{"Rdata":"198.51.100.7","Type":"A","Class":"IN"}],` +
		`"srcaddr":"10.0.0.1","srcport":"5353","transport":"UDP","srcids":{"instance":"i-1"}}` + "\n"
	rebuildZone = "1.0 2026-11-01T00:00:0%dZ Z123412341234 www.example.com A NOERROR UDP IAD12 192.0.2.53 -\n"

	rebuildInterfaces = `{"NetworkInterfaces":[{"NetworkInterfaceId":"eni-1","VpcId":"vpc-1","PrivateIpAddresses":[` +
		`{"PrivateIpAddress":"10.0.0.1","Primary":true}]}]}`
	rebuildRanges = `{"syncToken":"1","createDate":"2026-10-28-00-00-00","prefixes":[` +
		`{"ip_prefix":"203.0.113.0/24","region":"eu-west-1","service":"S3"}],"ipv6_prefixes":[]}`
)

// everyKind is a case with what the program can load, in every way that it can: with windows, formats and zones, from archives and
// folders, the same bytes from elsewhere and with a wider window, pulled, pulled again wider, and with what describes the account.
func everyKind(t *testing.T) *testCloud {
	t.Helper()
	fake := &cwfake.Server{PageEvents: 100}
	fillFlows(fake, 1_000)
	c := newTestCloud(t, fake)
	flows := ""
	for i := range 40 {
		at := testDay.Unix() + int64(i)*60
		flows += fmt.Sprintf(rebuildFlow, i%9, i, at, at+59)
	}
	header := "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n"
	bucket := smallBucket{"AWSLogs/123456789012/vpcflowlogs/eu-central-1/2026/11/01/" +
		"123456789012_vpcflowlogs_eu-central-1_fl-0123456789abcdef0_20261101T0000Z_01234567.log": header + flows}
	server := httptest.NewServer(bucket)
	t.Cleanup(server.Close)
	c.env = append(c.env, "AWS_ENDPOINT_URL_S3="+server.URL)
	dns := fmt.Sprintf(rebuildDNS, 1) + fmt.Sprintf(rebuildDNS, 2) + "{\n"
	archive := string(zipped(t, map[string]string{"dns.json": dns, "z/zone.log": fmt.Sprintf(rebuildZone, 1)}))
	places := networkstest.MMDB("GeoLite2-City", testDay, []networkstest.Entry{{Network: "198.51.100.0/24", Data: networkstest.City("BE", "", "Delft")}})
	for name, text := range map[string]string{
		"flow.log":      header + flows + "2 not a record\n",
		"bare.log":      flows,
		"copies/a.log":  header + flows + "2 not a record\n",
		"access.log":    "10.0.0.1|2026-11-01T00:00:00+00:00|GET /a?b=%27 HTTP/1.1|200|12\n",
		"clock.log":     "Nov  1 09:00:00 host sshd[1]: Failed password for root from 198.51.100.7 port 22 ssh2\n",
		"empty.log":     "",
		"noise.bin":     "\x00\x01\x02 nothing that is known",
		"logs.zip":      archive,
		"ip.mmdb":       string(places),
		"interfaces":    rebuildInterfaces,
		"ranges.json":   rebuildRanges,
		"replay/fl.log": header + flows,
	} {
		path := filepath.Join(c.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		put(t, c.dir, name, []byte(text))
	}
	narrow := []string{"--from", "2026-11-01T01:00:00Z", "--to", "2026-11-01T02:00:00Z", "--rate", "100000"}
	for i, args := range [][]string{
		{"load", "x.case", "flow.log", "empty.log", "noise.bin", "--from", "2026-11-01", "--to", "2026-11-01T00:10:00Z",
			"--mmdb", "ip.mmdb", "--ip-ranges", "ranges.json"},
		{"load", "x.case", "flow.log", "copies", "logs.zip"},
		{"load", "x.case", "copies", "--from", "2026-11-01", "--to", "2026-11-01T00:20:00Z"},
		{"load", "x.case", "bare.log", "--flow-format", "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} " +
			"${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}"},
		{"load", "x.case", "access.log", "--access-format", "%a|%{%Y-%m-%dT%H:%M:%S%z}t|%r|%>s|%b"},
		{"load", "x.case", "clock.log", "--log-timezone", "+09:00"},
		{"load", "x.case", "replay", "--capture", "again", "--role", "replay", "--format", "flow"},
		append([]string{"pull", "x.case", "--log-group", testGroup, "--describe-network-interfaces", "interfaces"}, narrow...),
		pullArgs(),
		{"pull", "x.case", "--s3", "s3://bucket/", "--from", "2026-11-01", "--to", "2026-11-01T06:00:00Z"},
	} {
		if _, errs, code := c.case53(args...); code != cli.Fine && code != cli.Incomplete {
			t.Fatalf("%d: exit %d: %s", i, code, errs)
		}
	}
	return c
}

// viewRows are the rows of every view, and of the tables of schema store that no view shows, in an order of their own.
func viewRows(t *testing.T, dir string) map[string][]string {
	t.Helper()
	c, err := cases.Open(t.Context(), dir, loader.Schemas())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	names := []string{"store.capture", "store.pull", "store.slice", "store.unfinished", "store.digest", "store.meta", "store.event",
		"store.network_file", "store.network"}
	if err := c.Each(t.Context(), "SELECT view_name FROM duckdb_views() WHERE NOT internal AND schema_name = 'main'", nil, func(v []any) error {
		names = append(names, v[0].(string))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for _, name := range names {
		all[name] = nil
		if err := c.Each(t.Context(), "SELECT to_json(t)::VARCHAR FROM "+name+" t", nil, func(v []any) error {
			all[name] = append(all[name], fmt.Sprint(v[0]))
			return nil
		}); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		slices.Sort(all[name])
	}
	return all
}

// rebuilt runs case53 rebuild.
func (c *testCloud) rebuilt(want int) rebuild.Result {
	c.t.Helper()
	out, errs, code := c.case53("rebuild", "x.case", "--json")
	var result rebuild.Result
	if err := json.Unmarshal([]byte(out), &result); code != want || err != nil && code != cli.Failed {
		c.t.Fatalf("rebuild: exit %d, %v: %s %s", code, err, out, errs)
	}
	return result
}

// TestRebuild: whatever was loaded, and whatever has become of the database, it comes out of raw/ and the custody log as it was.
func TestRebuild(t *testing.T) {
	c := everyKind(t)
	dir := filepath.Join(c.dir, "x.case")
	want := viewRows(t, dir)
	for _, kinds := range []string{"flow", "dns", "dns_answer", "zone", "httpd", "host_log", "reject", "asset", "slice", "capture",
		"store.network", "store.event", "store.pull"} {
		if len(want[kinds]) == 0 {
			t.Errorf("the case has no %s", kinds)
		}
	}
	database := cases.DatabaseFile(dir)
	for name, spoil := range map[string]func() error{
		"missing": func() error { return os.Remove(database) },
		"garbage, with a log": func() error {
			text := bytes.Repeat([]byte("not a database "), 1000)
			return errors.Join(os.WriteFile(database, text, 0o600), os.WriteFile(database+".wal", text, 0o600))
		},
	} {
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		result := c.rebuilt(cli.Fine)
		if !result.OK || result.Objects != int64(len(want["object"])) || len(result.Faults) != 0 {
			t.Errorf("%s: %+v", name, result)
		}
		got := viewRows(t, dir)
		for _, rows := range []map[string][]string{want, got} { // what is derived is bound to one database, and this is another
			rows["store.meta"] = slices.DeleteFunc(rows["store.meta"], func(row string) bool { return strings.Contains(row, `"key":"database_id"`) })
		}
		for view := range want {
			if !slices.Equal(got[view], want[view]) {
				t.Errorf("%s: %s differs:\n%.2000s\nwant\n%.2000s", name, view, strings.Join(got[view], "\n"), strings.Join(want[view], "\n"))
			}
		}
		if _, err := os.Lstat(filepath.Join(dir, "tmp")); err == nil {
			t.Errorf("%s: tmp/ is left", name)
		}
	}
	checked, err := verify.Case(t.Context(), dir, verify.Options{Schemas: loader.Schemas()})
	if err != nil || !checked.OK {
		t.Errorf("%v %+v", err, checked)
	}
	if out, errs, code := c.case53(pullArgs()...); code != cli.Fine || !strings.Contains(out, "0 objects loaded") {
		t.Errorf("what was pulled is not known any more: %d %s %s", code, out, errs)
	}
}

// zoneObject is the object of a case that zone.log became.
func zoneObject(t *testing.T, dir string) cases.Object {
	t.Helper()
	var object cases.Object
	k, err := cases.Open(t.Context(), dir, loader.Schemas())
	if err != nil {
		t.Fatal(err)
	}
	err = cases.ReadObjects(t.Context(), k, func(o cases.Object) error {
		if strings.HasSuffix(o.URI, "zone.log") {
			object = o
		}
		return nil
	})
	k.Close()
	if err != nil || object.ID == 0 {
		t.Fatal(err, object)
	}
	return object
}

// noHead is the head of no log.
var noHead = strings.Repeat("0", 64)

// TestRebuildRefuses: where raw/ does not come to what the log says, it is named, and the old database stays.
func TestRebuildRefuses(t *testing.T) {
	c := newTestCloud(t, &cwfake.Server{})
	dir := filepath.Join(c.dir, "x.case")
	put(t, c.dir, "zone.log", fmt.Appendf(nil, rebuildZone, 1))
	put(t, c.dir, "dns.json", fmt.Appendf(nil, rebuildDNS, 1))
	if _, errs, code := c.case53("load", "x.case", "dns.json", "zone.log"); code != cli.Fine {
		t.Fatal(errs)
	}
	database := cases.DatabaseFile(dir)
	before, err := os.ReadFile(database)
	if err != nil {
		t.Fatal(err)
	}
	object := zoneObject(t, dir)
	path := filepath.Join(dir, "raw", object.SHA256[:2], object.SHA256)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	same := func(what string) {
		t.Helper()
		if now, err := os.ReadFile(database); err != nil || !bytes.Equal(now, before) {
			t.Errorf("%s: the old database is not as it was: %v", what, err)
		}
	}
	change := func(text []byte) {
		os.Chmod(path, 0o600)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	change(bytes.Replace(text, []byte("www"), []byte("wwx"), 1))
	if r := c.rebuilt(cli.Altered); len(r.Faults) != 1 || *r.Faults[0].Object != object.ID ||
		!strings.HasSuffix(r.Faults[0].File, object.SHA256) {
		t.Errorf("%+v", r)
	}
	same("a byte")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if r := c.rebuilt(cli.Altered); len(r.Faults) != 1 || *r.Faults[0].Object != object.ID {
		t.Errorf("%+v", r)
	}
	same("an object gone")
	change(text)
	log, err := os.ReadFile(cases.CustodyFile(dir))
	if err != nil {
		t.Fatal(err)
	}
	put(t, dir, "custody.jsonl", bytes.Replace(log, []byte("zone.log"), []byte("zone.lot"), 1))
	if _, errs, code := c.case53("rebuild", "x.case"); code != cli.Altered || !strings.Contains(errs, "does not follow line") {
		t.Errorf("exit %d: %s", code, errs)
	}
	same("a line of the log")
	put(t, dir, "custody.jsonl", log)
	if _, errs, code := c.case53("rebuild", "x.case", "--expect-head", noHead); code != cli.Altered || !strings.Contains(errs, "no line of it has") {
		t.Errorf("exit %d: %s", code, errs)
	}
	killMidway(t, c.command("rebuild", "x.case"), dir)
	same("killed")
	if r := c.rebuilt(cli.Fine); !r.OK {
		t.Errorf("%+v", r)
	}
}

// killMidway kills a command that makes the database in dir again, when the new one is begun.
func killMidway(t *testing.T, cmd *exec.Cmd, dir string) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	begun := errors.New("not begun")
	for end := time.Now().Add(20 * time.Second); begun != nil && time.Now().Before(end); time.Sleep(time.Millisecond) {
		_, begun = os.Stat(filepath.Join(dir, "tmp", "case.duckdb"))
	}
	if begun != nil {
		t.Error("no new database is begun:", begun)
	}
	cmd.Process.Kill()
	cmd.Wait()
}
