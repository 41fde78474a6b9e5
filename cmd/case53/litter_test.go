//go:build linux

package main

import (
	"bufio"
	"case53/cmd/case53/cli"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// litterIn is what is in a folder for temporary files.
func litterIn(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// endless starts a query without an end that spills, and comes back once its first row is out.
func endless(t *testing.T, target, temp string) (cmd *exec.Cmd, stop func() error) {
	t.Helper()
	cmd = case53Command(t, "query", target, "-o", "jsonl", "--sql", "FROM range(100000000000)")
	cmd.Env = append(cmd.Environ(), "TMPDIR="+temp)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	return cmd, out.Close
}

// TestNoLitter: however a query ends, its folder for temporary files, which may hold evidence, is gone with it; after a kill with the
// next command. Its worker ends too. The exit code says how.
func TestNoLitter(t *testing.T) {
	target, temp := filepath.Join(t.TempDir(), "a.case"), t.TempDir()
	if code, _, stderr := case53Run(t, "load", target, writeFlows(t, 1, 10)); code != cli.Fine {
		t.Fatal(stderr)
	}
	for _, x := range []struct {
		how    string
		signal syscall.Signal // 0: who reads has enough
		code   int
	}{
		{"SIGHUP", syscall.SIGHUP, cli.Interrupted},
		{"SIGTERM", syscall.SIGTERM, cli.Interrupted},
		{"SIGINT", syscall.SIGINT, cli.Interrupted},
		{"a closed pipe", 0, cli.Unread},
		{"SIGKILL", syscall.SIGKILL, -1},
	} {
		cmd, stop := endless(t, target, temp)
		worker := childOf(t, cmd.Process.Pid)
		if names := litterIn(t, temp); len(names) != 1 {
			t.Fatalf("%s: temporary files before the end: %v", x.how, names)
		}
		if x.signal == 0 {
			if err := stop(); err != nil {
				t.Fatal(err)
			}
		} else if err := cmd.Process.Signal(x.signal); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(500*time.Millisecond, func() { stop() }) // nobody reads on
		var exit *exec.ExitError
		if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != x.code {
			t.Errorf("%s: %v, want exit code %d", x.how, err, x.code)
		}
		if names := litterIn(t, temp); len(names) > 0 && x.signal != syscall.SIGKILL {
			t.Errorf("%s left %v", x.how, names)
		}
		for end := time.Now().Add(10 * time.Second); runs(worker); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%s: the worker goes on", x.how)
			}
		}
	}
	cmd := case53Command(t, "info", target)
	if cmd.Env = append(cmd.Environ(), "TMPDIR="+temp); cmd.Run() != nil {
		t.Error(cmd)
	}
	if names := litterIn(t, temp); len(names) > 0 {
		t.Errorf("after the next command there are %v", names)
	}
}

// runs says whether a process is there, and more than a name that nobody has asked about.
func runs(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

// childOf is the one child of a process.
func childOf(t *testing.T, pid int) int {
	t.Helper()
	all := childrenOf(t, pid)
	if len(all) != 1 {
		t.Fatalf("children of %d: %v", pid, all)
	}
	return all[0]
}

func childrenOf(t *testing.T, pid int) (all []int) {
	t.Helper()
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if _, told := os.Stat("/proc/thread-self/children"); err != nil || told != nil {
		t.Skip("the system does not tell a process's children")
	}
	for _, list := range lists {
		text, _ := os.ReadFile(list) // none where the thread has ended
		for _, field := range strings.Fields(string(text)) {
			child, err := strconv.Atoi(field)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, child)
		}
	}
	return all
}
