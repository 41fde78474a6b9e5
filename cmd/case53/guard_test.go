package main

import (
	"bytes"
	"strings"
	"syscall"
	"testing"
	"time"

	"case53/cmd/case53/cli"
)

// TestVerifyOutlivesItsDatabase: what ends the process that reads a case is told as what it is, with the code of what is altered.
func TestVerifyOutlivesItsDatabase(t *testing.T) {
	c := oneFlow(t)
	cmd := case53Command(t, "verify", c)
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { cmd.Wait(); close(ended) }()
	for over := false; !over; { // the first child may be one by which Go tries what the system can do
		for _, child := range childrenOf(t, cmd.Process.Pid) {
			syscall.Kill(child, syscall.SIGKILL)
		}
		select {
		case <-ended:
			over = true
		case <-time.After(time.Millisecond):
		}
	}
	if code := cmd.ProcessState.ExitCode(); code != cli.Altered || out.Len() > 0 || !strings.Contains(stderr.String(), cli.ErrDied.Error()) ||
		!strings.Contains(stderr.String(), "\nhint: case53 rebuild ") {
		t.Errorf("exit %d: %s%s", code, &out, &stderr)
	}
	if code, stdout, stderr := case53Run(t, "verify", c); code != cli.Fine || !strings.Contains(stdout, "as it was loaded") {
		t.Errorf("left alone: exit %d: %s%s", code, stdout, stderr)
	}
	if code, _, stderr := case53Run(t, "verify", c, "--expect-head", strings.Repeat("0", 64)); code != cli.Altered {
		t.Errorf("another head: exit %d: %s", code, stderr)
	}
	if code, _, stderr := case53Run(t, "verify", c, "--expect-head", "x"); code != cli.Misused {
		t.Errorf("no head: exit %d: %s", code, stderr)
	}
}
