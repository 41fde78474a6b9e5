//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"case53/cases"
	"case53/cases/writer"
	"case53/cmd/case53/cli"
	"case53/loader"
)

// case53Command is the program with these arguments: the test binary under another name, see TestMain.
func case53Command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return &exec.Cmd{Path: self, Args: append([]string{"case53"}, args...), Env: append(os.Environ(), "XDG_CONFIG_HOME="+t.TempDir())}
}

// case53Run runs the program to its end.
func case53Run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	cmd := case53Command(t, args...)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// writeFlows writes a folder of flow logs.
func writeFlows(t *testing.T, files, lines int) string {
	t.Helper()
	dir := t.TempDir()
	for f := range files {
		b := []byte("version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n")
		for i := range lines {
			at := 1793527200 + f*300 + i%240
			b = fmt.Appendf(b, "2 012345678901 eni-%02d 10.0.%d.%d 198.51.100.%d %d 443 6 %d %d %d %d ACCEPT OK\n",
				i%7, i%5, i%251, i*7%253, 1024+i*31%60000, 1+i%9, 40+i*13%90000, at, at+i%60)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%03d.log", f)), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// tablesSQL is a digest of what a case holds, without what differs from run to run.
const tablesSQL = `SELECT (SELECT count(*) FROM object) AS objects, (SELECT count(*) FROM flow) AS flows,
	(SELECT sum(hash(srcaddr_n, dstaddr_n, srcport, bytes, start, object_id, row_no)) FROM flow) AS flow_sum,
	(SELECT sum(hash(addr_n, peer_n, port, bytes, start, object_id, row_no)) FROM flow_by_addr) AS side_sum,
	(SELECT sum(records) FROM minute) AS minutes, (SELECT count(*) FROM reject) AS rejects`

func tables(t *testing.T, target string) string {
	t.Helper()
	code, stdout, stderr := case53Run(t, "query", target, "--json", "--sql", tablesSQL)
	if code != cli.Fine || stderr != "" {
		t.Fatalf("query %s: exit %d: %s", target, code, stderr)
	}
	return stdout
}

func TestInterrupted(t *testing.T) {
	logs := writeFlows(t, 30, 6000)
	calm := filepath.Join(t.TempDir(), "calm.case")
	start := time.Now()
	if code, _, stderr := case53Run(t, "load", calm, logs); code != cli.Fine {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	whole := time.Since(start)
	interrupted := 0
	for part := time.Duration(1); part <= 5; part += 2 {
		target := filepath.Join(t.TempDir(), "stopped.case")
		cmd := case53Command(t, "load", target, logs)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(whole * part / 8)
		cmd.Process.Signal(os.Interrupt)
		cmd.Wait()
		switch code := cmd.ProcessState.ExitCode(); {
		case code == cli.Interrupted && strings.Contains(stderr.String(), "the same command goes on from there"):
			interrupted++
		case code == -1 && cmd.ProcessState.Sys().(syscall.WaitStatus).Signal() == os.Interrupt:
			// before the program had come to watch for it
		case code != cli.Fine:
			t.Errorf("exit %d: %s", code, stderr.String())
		}
		if code, _, stderr := case53Run(t, "load", target, logs); code != cli.Fine {
			t.Fatalf("resumed: exit %d: %s", code, stderr)
		}
		if got, want := tables(t, target), tables(t, calm); got != want {
			t.Errorf("after %d/8 and a resumption:\n%swant\n%s", part, got, want)
		}
	}
	if interrupted == 0 {
		t.Error("no load was interrupted")
	}
}

// TestInUse opens a case for writing and for reading while another process has it open.
func TestInUse(t *testing.T) {
	target, logs := filepath.Join(t.TempDir(), "a.case"), writeFlows(t, 1, 3)
	if code, _, stderr := case53Run(t, "load", target, logs); code != cli.Fine {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	held := fmt.Sprintf("case is in use: %s is held by process %d\nhint: ", target, os.Getpid())

	w, err := writer.Open(context.Background(), target, loader.Schemas())
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"load", target, logs}, {"info", target}, {"query", target, "captures"}} {
		if code, _, stderr := case53Run(t, args...); code != cli.Failed || !strings.HasPrefix(stderr, "case53: "+held) {
			t.Errorf("case53 %s beside a writer: exit %d: %s", args[0], code, stderr)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}

	r, err := cases.Open(context.Background(), target, loader.Schemas())
	if err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := case53Run(t, "info", target); code != cli.Fine {
		t.Errorf("a reader beside a reader: exit %d: %s", code, stderr)
	}
	if code, _, stderr := case53Run(t, "load", target, logs); code != cli.Failed || !strings.HasPrefix(stderr, "case53: "+held) {
		t.Errorf("a writer beside a reader: exit %d: %s", code, stderr)
	}
	r.Close()
	if code, _, stderr := case53Run(t, "load", target, logs); code != cli.Fine {
		t.Errorf("a writer after all: exit %d: %s", code, stderr)
	}
}

// TestDeriveBesideReader: what is whole is not built, so nobody who looks is in the way, nor any other who builds.
func TestDeriveBesideReader(t *testing.T) {
	target := filepath.Join(t.TempDir(), "a.case")
	if code, _, stderr := case53Run(t, "load", target, writeFlows(t, 1, 3)); code != cli.Fine {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	r, err := cases.Open(t.Context(), target, loader.Schemas())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if code, _, stderr := case53Run(t, "derive", target); code != cli.Fine {
		t.Errorf("exit %d: %s", code, stderr)
	}
}

// TestTwoBuild: two who need what is derived and is not there do not get in each other's way: the second waits, says so, and answers.
// Who asks for records alone is neither kept waiting nor warned.
func TestTwoBuild(t *testing.T) {
	target := filepath.Join(t.TempDir(), "a.case")
	if code, _, stderr := case53Run(t, "load", target, writeFlows(t, 1, 3)); code != cli.Fine {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	if err := os.RemoveAll(filepath.Join(target, "derived")); err != nil {
		t.Fatal(err)
	}
	begun, goOn, done := make(chan bool), make(chan bool), make(chan error, 1)
	var once sync.Once
	go func() { // builds, and looks at what it has built, as a command does
		err := loader.Build(t.Context(), target, func(loader.Progress) {
			once.Do(func() { close(begun); <-goOn })
		})
		if r, errOpen := cases.Open(t.Context(), target, loader.Schemas()); errOpen == nil {
			t.Cleanup(r.Close)
		}
		done <- err
	}()
	<-begun
	if code, stdout, stderr := case53Run(t, "query", target, "--sql", "SELECT count(*) FROM flow"); code != cli.Fine || stderr != "" {
		t.Errorf("records: exit %d: %s%s", code, stdout, stderr)
	}
	second := case53Command(t, "query", target, "--json", "--sql", "SELECT count(*) > 0 AS some FROM derived.flow_session")
	var out strings.Builder
	second.Stdout = &out
	said, err := second.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Start(); err != nil {
		t.Fatal(err)
	}
	defer time.AfterFunc(time.Minute, func() { second.Process.Kill() }).Stop()
	var stderr strings.Builder
	for lines := bufio.NewScanner(said); lines.Scan(); {
		if stderr.WriteString(lines.Text() + "\n"); strings.HasPrefix(lines.Text(), "waiting for the other case53 to finish: ") {
			close(goOn)
		}
	}
	if err := errors.Join(second.Wait(), <-done); err != nil || !strings.Contains(out.String(), "true") || strings.Contains(stderr.String(), "warning") {
		t.Errorf("%v: %s%s", err, out.String(), stderr.String())
	}
}

// onSmallDisk runs a shell script in which $DISK is a disk of so many KiB, of its own.
func onSmallDisk(t *testing.T, kib int, script string, env ...string) string {
	t.Helper()
	bin := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(bin, "case53")); err != nil {
		t.Fatal(err)
	}
	disk := t.TempDir()
	mount := fmt.Sprintf("mount -t tmpfs -o size=%dk none %s", kib, disk)
	if out, err := exec.Command("unshare", "-rm", "sh", "-c", mount).CombinedOutput(); err != nil {
		t.Skipf("no disk of its own can be mounted here: %v: %s", err, out)
	}
	cmd := exec.Command("unshare", "-rm", "sh", "-c", "set -u; "+mount+" || exit 1; "+script)
	cmd.Env = append(append(os.Environ(), "DISK="+disk, "PATH="+bin+":"+os.Getenv("PATH"), "TMPDIR="+t.TempDir()), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

// TestFullDisk loads onto disks that are too small, each of another size: the load fails with a clear error, whenever
// that is, and goes on once there is room, to the same tables.
func TestFullDisk(t *testing.T) {
	logs := writeFlows(t, 12, 4000)
	calm := filepath.Join(t.TempDir(), "calm.case")
	if code, _, stderr := case53Run(t, "load", calm, logs); code != cli.Fine {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	want := tables(t, calm)
	failed := 0
	for _, kib := range []int{64, 800, 1500, 3000, 4500, 6000} {
		out := onSmallDisk(t, kib, `case53 load $DISK/a.case $LOGS; echo "first: exit $?"
			mount -o remount,size=200m $DISK
			case53 load $DISK/a.case $LOGS || echo "second: exit $?"
			case53 load $DISK/a.case || echo "third: exit $?"
			echo "tables:"; case53 query $DISK/a.case --json --sql "$SQL"`, "LOGS="+logs, "SQL="+tablesSQL)
		before, after, _ := strings.Cut(out, "tables:\n")
		switch {
		case strings.Contains(before, "first: exit 0"):
			t.Logf("%d KiB are enough", kib)
		case !strings.Contains(before, "first: exit 1") || !strings.Contains(before, "no space left") && !strings.Contains(before, "No space left"):
			t.Errorf("%d KiB: no clear error:\n%s", kib, before)
		default:
			failed++
		}
		if strings.Contains(before, "second:") || strings.Contains(before, "third:") || after != want {
			t.Errorf("%d KiB, and then enough: %s\ntables %swant %s", kib, before, after, want)
		}
	}
	if failed == 0 {
		t.Error("no disk was too small")
	}
}

// TestReadOnlyDisk looks at a case that nothing can be written to, and tries to write to it.
func TestReadOnlyDisk(t *testing.T) {
	logs := writeFlows(t, 1, 10)
	out := onSmallDisk(t, 100<<10, `case53 load --quiet $DISK/a.case $LOGS || exit 1
		mount -o remount,ro $DISK
		case53 info $DISK/a.case || exit 1
		case53 query $DISK/a.case captures || exit 1
		case53 query $DISK/a.case -o parquet --sql 'FROM flow' | head -c 4; echo
		case53 coverage $DISK/a.case || exit 1
		echo; echo LOAD; case53 load $DISK/a.case $LOGS; echo "exit $?"
		case53 load $DISK/new.case $LOGS; echo "exit $?"`, "LOGS="+logs)
	_, load, _ := strings.Cut(out, "LOAD\n")
	if !strings.Contains(out, "\nPAR1\n") || strings.Count(load, "exit 1\n") != 2 || strings.Count(strings.ToLower(load), "read-only file system") != 2 {
		t.Error(out)
	}
}
