package s3server

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
)

// home is where the tests began: the server changes the process's folder.
var home, _ = os.Getwd()

// command builds case53 and gives a way to run it against the server, with an environment of its own.
func command(t *testing.T) func(args ...string) (stdout, stderr string, code int) {
	dir := t.TempDir()
	program := filepath.Join(dir, "case53")
	build := exec.Command("go", "build", "-o", program, "./cmd/case53")
	build.Dir = filepath.Join(home, "../../../..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return func(args ...string) (string, string, int) {
		cmd := exec.Command(program, args...)
		cmd.Dir = dir
		cmd.Env = []string{
			"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + dir, "AWS_ACCESS_KEY_ID=test",
			"AWS_SECRET_ACCESS_KEY=secret", "AWS_REGION=eu-central-1", "AWS_ENDPOINT_URL=http://" + address,
		}
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
			t.Fatal(err)
		}
		return out.String(), errs.String(), cmd.ProcessState.ExitCode()
	}
}

// loaded is what info says of x.case, as far as it is looked at here.
type loaded struct {
	Tables  map[string]int64
	Objects int64
	Slices  []struct{ Partial, Complete int64 }
}

func infoOf(t *testing.T, run func(args ...string) (stdout, stderr string, code int)) (out loaded) {
	t.Helper()
	text, errs, code := run("info", "x.case", "--json")
	if err := json.Unmarshal([]byte(text), &out); err != nil || code != 0 {
		t.Fatalf("info: exit %d: %v %s", code, err, errs)
	}
	return out
}

// asksOfWhatIsListed: the question to Athena is of the objects that a dry run lists, and asks nothing.
func asksOfWhatIsListed(t *testing.T, listed string, run func(args ...string) (stdout, stderr string, code int)) {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "question")
	ask := []string{"narrow", "--question", folder, "--s3", "s3://command/", "--results", "s3://answers/x",
		"--address", "203.0.113.66,10.0.0.0/8", "--port", "443"}
	out, errs, code := run(ask...)
	manifest, err := os.ReadFile(filepath.Join(folder, "symlink.txt"))
	if code != 0 || err != nil || !strings.Contains(out, "records with an address of 10.0.0.0/8, 203.0.113.66, and the port 443\n") {
		t.Fatalf("narrow: exit %d: %v: %s %s", code, err, out, errs)
	}
	var want []string
	for _, line := range strings.Split(listed, "\n") {
		if _, uri, ok := strings.Cut(line, "  s3://command/"); ok {
			want = append(want, "s3://command/"+uri)
		}
	}
	slices.Sort(want)
	if got := strings.Fields(string(manifest)); len(want) == 0 || !slices.Equal(got, want) {
		t.Errorf("the manifest has %q, want %q", got, want)
	}
	readme, err := os.ReadFile(filepath.Join(folder, "README.txt"))
	load := "case53 load CASE FILE.csv --narrowed 'address=10.0.0.0/8,203.0.113.66 port=443' --from 2026-11-02T06:00:00Z --to 2026-11-02T08:00:00Z\n"
	if err != nil || !strings.Contains(string(readme), load) {
		t.Errorf("%v: %s", err, readme)
	}
	if _, errs, code = run(ask...); code != 1 || !strings.Contains(errs, "is there already") {
		t.Errorf("the same folder again: exit %d: %s", code, errs)
	}
}

// TestCommand is what a user does: look, estimate, pull, pull again, and see that all of it is there.
func TestCommand(t *testing.T) {
	c := bucket(t, "command", false)
	d := deliver()
	for key, body := range d.objects {
		if strings.Contains(key, "/2026/11/02/") || strings.Contains(key, "day=02") {
			put := key
			if _, err := c.PutObject(t.Context(), &awss3.PutObjectInput{Bucket: new("command"), Key: &put, Body: bytes.NewReader(body)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	run := command(t)
	window := []string{"--from", "2026-11-02T06:00:00Z", "--to", "2026-11-02T08:00:00Z"}
	with := func(args ...string) []string { return append(args, window...) }

	out, errs, code := run(with("sources", "--s3", "s3://command/")...)
	if code != 0 || !strings.Contains(out, "flow  s3://command/AWSLogs/123456789012/vpcflowlogs/eu-central-1/ ") ||
		!strings.Contains(out, "dns   s3://command/AWSLogs/123456789012/vpcdnsquerylogs/vpc-1/ ") {
		t.Errorf("sources: exit %d: %s %s", code, out, errs)
	}
	out, errs, code = run(with("pull", "x.case", "--dry-run", "--s3", "s3://command/")...)
	if code != 0 || !strings.Contains(out, "nothing was fetched") || !strings.Contains(out, ".log.gz") {
		t.Errorf("dry run: exit %d: %s %s", code, out, errs)
	}
	asksOfWhatIsListed(t, out, func(args ...string) (string, string, int) { return run(with(args...)...) })
	out, errs, code = run(with("pull", "x.case", "--s3", "s3://command/")...)
	if code != 0 || !strings.Contains(out, "objects loaded") || strings.Contains(out, " 0 slices complete") {
		t.Fatalf("pull: exit %d: %s %s", code, out, errs)
	}
	t.Log(out, errs)
	tables := func() loaded { t.Helper(); return infoOf(t, run) }
	before := tables()
	if before.Tables["flow"] == 0 || before.Tables["dns"] == 0 || len(before.Slices) == 0 {
		t.Fatalf("%+v", before)
	}
	out, errs, code = run(with("pull", "x.case", "--s3", "s3://command/")...)
	if code != 0 || !strings.Contains(out, "0 objects loaded") {
		t.Errorf("again: exit %d: %s %s", code, out, errs)
	}
	if after := tables(); after.Tables["flow"] != before.Tables["flow"] || after.Objects != before.Objects {
		t.Errorf("%+v became %+v", before, after)
	}
	// An object whose name says that it came twelve hours after the window, with a record of the window.
	late := "AWSLogs/123456789012/vpcdnsquerylogs/vpc-1/2026/11/02/vpc-1_vpcdnsquerylogs_123456789012_20261102T2000Z_0000beef.log.gz"
	var body bytes.Buffer
	z := gzip.NewWriter(&body)
	fmt.Fprintln(z, `{"version":"1.100000","vpc_id":"vpc-1","query_timestamp":"2026-11-02T07:00:00Z","query_name":"late.example.com.","query_type":"A"}`)
	z.Close()
	if _, err := c.PutObject(t.Context(), &awss3.PutObjectInput{Bucket: new("command"), Key: &late, Body: bytes.NewReader(body.Bytes())}); err != nil {
		t.Fatal(err)
	}
	for more, hours := range []string{"5h", "6h"} {
		if out, errs, code = run(with("pull", "x.case", "--s3", "s3://command/", "--late", hours)...); code != 0 {
			t.Errorf("--late %s: exit %d: %s %s", hours, code, out, errs)
		}
		if after := tables(); after.Tables["dns"] != before.Tables["dns"]+int64(more) || after.Tables["flow"] != before.Tables["flow"] {
			t.Errorf("--late %s: %+v became %+v", hours, before, after)
		}
	}
	if _, errs, code = run(with("pull", "x.case", "--s3", "s3://command/", "--late", "-1h")...); code != 2 || !strings.Contains(errs, "--late") {
		t.Errorf("--late below 0: exit %d: %s", code, errs)
	}
	out, errs, code = run(with("pull", "y.case", "--s3", "s3://nobodys-bucket/")...)
	if code == 0 || !strings.Contains(errs, "nobodys-bucket") {
		t.Errorf("no such bucket: exit %d: %s %s", code, out, errs)
	}
}
