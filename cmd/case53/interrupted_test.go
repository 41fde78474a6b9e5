//go:build linux

package main

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"case53/cmd/case53/cli"
	"case53/cmd/case53/demo"
)

// told is what the hunts and a report say of a case, or why they say nothing.
type told struct {
	code                  int
	hunts, report, stderr string
}

// toldParts is what differs between two loads of the same logs: the numbers of objects, folders, moments.
var toldParts = regexp.MustCompile(`object \d+|/\S+\.case|/\S+/replay/`)

// tell asks for all hunts, and for a report where these answer.
func tell(t *testing.T, target string) told {
	t.Helper()
	var v told
	v.code, v.hunts, v.stderr = case53Run(t, "hunt", target, "--json")
	if v.code == cli.Fine {
		file := filepath.Join(t.TempDir(), "report.md")
		code, _, stderr := case53Run(t, "report", target, "--cite", "0", "-o", file)
		text, err := os.ReadFile(file)
		if err != nil || code != cli.Fine {
			t.Fatalf("hunts answer, the report does not: exit %d: %s", code, stderr)
		}
		_, report, _ := strings.Cut(string(text), "\n## What happened\n")
		story, report, _ := strings.Cut(report, "\n## Scope\n") // which says when the case was made
		_, report, _ = strings.Cut(report, "\n## Coverage\n")
		covered, _, _ := strings.Cut(report, "\n## Custody\n")
		v.report = sameTold(story + covered)
	}
	v.hunts, v.stderr = sameTold(v.hunts), sameTold(v.stderr)
	return v
}

// sameTold is what is told without what differs between two loads, and without the line that says that what an interruption has left
// unbuilt is built first: after it the answers are those of the undisturbed case.
func sameTold(text string) string {
	text = strings.TrimPrefix(text, "building what is missing of connections, names and counts\n")
	return toldParts.ReplaceAllString(text, "…")
}

// toldNothing is what is said of a case to which the load had not come.
var toldNothing = regexp.MustCompile("not a case|nothing has been loaded")

// lessWithoutAWord says how what is told of a case after an interruption is neither what is told of the undisturbed one nor a
// refusal that says why, nor an answer that is said to lack something; "" where it is one of them.
func lessWithoutAWord(got, want told) string {
	switch {
	case got == want:
		return ""
	case got.code == cli.Failed && strings.Contains(got.stderr, "the case is not ready"):
		return ""
	case got.code == cli.Failed && toldNothing.MatchString(got.stderr):
		return ""
	case got.code == cli.Fine && strings.Contains(got.stderr, "and the case taken as it stood at"):
		return ""
	}
	for _, v := range [][2]string{{got.stderr, want.stderr}, {got.hunts, want.hunts}, {got.report, want.report}} {
		lines, wanted := strings.Split(v[0], "\n"), strings.Split(v[1], "\n")
		for i := range min(len(lines), len(wanted)) {
			if lines[i] != wanted[i] {
				return fmt.Sprintf("exit %d, %d lines, want %d; first\n%s\nwant\n%s", got.code, len(lines), len(wanted), lines[i], wanted[i])
			}
		}
	}
	return fmt.Sprintf("exit %d, want %d: %s", got.code, want.code, got.stderr)
}

// interruptions is how many loads and derivations are cut short; .ci/run asks for a hundred, with the disks.
func interruptions() int {
	if n, err := strconv.Atoi(os.Getenv("CASE53_INTERRUPTIONS")); err == nil {
		return n
	}
	return 4
}

// replayLogs are six hours of the demo's replay.
func replayLogs(t *testing.T, dir string) string {
	t.Helper()
	if _, err := demo.Write(dir); err != nil {
		t.Fatal(err)
	}
	logs, files := filepath.Join(dir, "replay"), 0
	if err := filepath.WalkDir(logs, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if hour := delivered.FindStringSubmatch(d.Name()); hour == nil || hour[1] < "20261020T08" || hour[1] > "20261020T13" {
			return os.Remove(path)
		}
		files++
		return nil
	}); err != nil || files < 50 {
		t.Fatalf("%d files, %v", files, err)
	}
	return logs
}

// delivered is the hour in the name of a file.
var delivered = regexp.MustCompile(`_(\d{8}T\d\d)\d\dZ_`)

// TestInterruptedAnswers interrupts loads and derivations at random moments, by kill -9, by ^C and by a disk that is full: after
// each of them every hunt and the report say what they say of the undisturbed case, or refuse and say why.
func TestInterruptedAnswers(t *testing.T) {
	dir := t.TempDir()
	logs, calm := replayLogs(t, dir), filepath.Join(dir, "a.case")
	load := func(target string) []string {
		return []string{"load", "--quiet", "--capture", "replay", "--role", "replay", target, logs}
	}
	start := time.Now()
	if code, _, stderr := case53Run(t, load(calm)...); code != cli.Fine {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	whole, want := time.Since(start), tell(t, calm)
	if want.code != cli.Fine || !strings.Contains(want.hunts, `"hunt": "called-out"`) {
		t.Fatalf("undisturbed: %+v", want)
	}
	for i := range interruptions() {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			target := filepath.Join(t.TempDir(), "a.case")
			how := []os.Signal{syscall.SIGKILL, os.Interrupt}[i%2]
			cutShort(t, how, rand.N(whole), load(target)...)
			after := "load"
			if i%3 == 1 {
				cutShort(t, how, rand.N(whole/3), "derive", "--quiet", target)
				after = "load and derive"
			}
			if wrong := lessWithoutAWord(tell(t, target), want); wrong != "" {
				t.Errorf("%s, in %s: %s", how, after, wrong)
			}
			if i%10 != 0 {
				return
			}
			if code, _, stderr := case53Run(t, load(target)...); code != cli.Fine {
				t.Errorf("resumed: exit %d: %s", code, stderr)
			}
			if got := tell(t, target); got != want {
				t.Errorf("%s, and resumed: %s", how, lessWithoutAWord(got, want))
			}
		})
	}
}

// cutShort runs the program and sends it a signal after a while. It may have come to its end before.
func cutShort(t *testing.T, how os.Signal, after time.Duration, args ...string) {
	t.Helper()
	cmd := case53Command(t, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(after, func() { cmd.Process.Signal(how) })
	defer timer.Stop()
	cmd.Wait()
}

// TestFullDiskAnswers loads onto disks of random sizes.
func TestFullDiskAnswers(t *testing.T) {
	dir := t.TempDir()
	logs, calm := replayLogs(t, dir), filepath.Join(dir, "a.case")
	if code, _, stderr := case53Run(t, "load", "--quiet", "--capture", "replay", "--role", "replay", calm, logs); code != cli.Fine {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	want := tell(t, calm)
	const script = `case53 load --quiet --capture replay --role replay $DISK/a.case $LOGS >/dev/null 2>&1
		mount -o remount,size=400m $DISK
		case53 hunt $DISK/a.case --json >$OUT/stdout 2>$OUT/stderr; echo $? >$OUT/code`
	for range max(1, interruptions()/4) {
		out, kib := t.TempDir(), 200+rand.N(16_000)
		onSmallDisk(t, kib, script, "LOGS="+logs, "OUT="+out)
		read := func(name string) string {
			text, err := os.ReadFile(filepath.Join(out, name))
			if err != nil {
				t.Fatal(err)
			}
			return sameTold(string(text))
		}
		got := told{hunts: read("stdout"), report: want.report, stderr: read("stderr")}
		fmt.Sscan(read("code"), &got.code)
		if wrong := lessWithoutAWord(got, want); wrong != "" {
			t.Errorf("%d KiB: %s", kib, wrong)
		}
	}
}
