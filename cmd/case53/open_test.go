package main

import (
	"bytes"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"

	"case53/cmd/case53/cli"
)

// shown is what a program has written to its terminal.
type shown struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *shown) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *shown) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// TestOpenBuilds: the workbench opens on a case of which nothing is derived yet, has it built beside, and goes on with it; left before
// that, it leaves no process behind, and a case that can be built.
func TestOpenBuilds(t *testing.T) {
	dir := t.TempDir()
	c, log := filepath.Join(dir, "a.case"), filepath.Join(dir, "flow.log")
	const flows = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n" +
		"2 012345678901 eni-0a 10.0.1.10 203.0.113.9 40000 443 6 10 4200 1793527200 1793527260 ACCEPT OK\n"
	if err := os.WriteFile(log, []byte(flows), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := case53Run(t, "load", "--quiet", c, log); code != cli.Fine {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	for _, early := range []bool{false, true} {
		if err := os.RemoveAll(filepath.Join(c, "derived")); err != nil {
			t.Fatal(err)
		}
		cmd := case53Command(t, "open", c)
		cmd.Env = append(os.Environ(), "TERM=xterm-256color")
		tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 80})
		if err != nil {
			t.Skip("no pseudo terminal here:", err)
		}
		var out shown
		read := make(chan struct{})
		go func() { out.readFrom(tty); close(read) }()
		out.until(t, "building")
		if !early {
			out.until(t, "are built")
		}
		for range 3 { // one may cancel the reading of the case
			tty.Write([]byte("\x03"))
			time.Sleep(50 * time.Millisecond)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("left: %v\n%s", err, out.String())
		}
		tty.Close()
		<-read
		code, stdout, stderr := case53Run(t, "query", c, "--sql", "SELECT count(*) AS n FROM connection", "-o", "csv")
		if code != cli.Fine || stdout != "n\n1\n" {
			t.Errorf("exit %d: %s%s", code, stdout, stderr)
		} else if !early && stderr != "" {
			t.Errorf("it is built, and yet: %s", stderr)
		}
	}
}

// readFrom copies until the terminal is closed.
func (s *shown) readFrom(tty *os.File) {
	b := make([]byte, 4096)
	for {
		n, err := tty.Read(b)
		s.Write(b[:n])
		if err != nil {
			return
		}
	}
}

func (s *shown) until(t *testing.T, text string) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if bytes.Contains([]byte(s.String()), []byte(text)) {
			return
		}
	}
	t.Fatalf("%q is never shown:\n%q", text, s.String())
}
