package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"

	"case53/cases/writer"
	"case53/cmd/case53/cli"
	"case53/loader"
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
	c := oneFlow(t)
	for _, early := range []bool{false, true} {
		if err := os.RemoveAll(filepath.Join(c, "derived")); err != nil {
			t.Fatal(err)
		}
		cmd, tty, out, read := opened(t, c)
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

// TestOpenWaits: while another process writes records, open says how far that is, and opens when they are in.
func TestOpenWaits(t *testing.T) {
	c := oneFlow(t)
	w, err := writer.Open(t.Context(), c, loader.Schemas())
	if err != nil {
		t.Fatal(err)
	}
	cmd, tty, out, read := opened(t, c)
	out.until(t, "1 object in so far")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	out.until(t, "READ-ONLY")
	for range 3 {
		tty.Write([]byte("\x03"))
		time.Sleep(50 * time.Millisecond)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("left: %v\n%s", err, out.String())
	}
	tty.Close()
	<-read
}

// oneFlow is a case of one flow record.
func oneFlow(t *testing.T) (c string) {
	t.Helper()
	dir := t.TempDir()
	var log string
	c, log = filepath.Join(dir, "a.case"), filepath.Join(dir, "flow.log")
	const flows = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n" +
		"2 012345678901 eni-0a 10.0.1.10 203.0.113.9 40000 443 6 10 4200 1793527200 1793527260 ACCEPT OK\n"
	if err := os.WriteFile(log, []byte(flows), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := case53Run(t, "load", "--quiet", c, log); code != cli.Fine {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	return c
}

// opened is the workbench on a case, on a terminal of its own; read is closed when nothing more comes from it.
func opened(t *testing.T, c string) (cmd *exec.Cmd, tty *os.File, out *shown, read chan struct{}) {
	t.Helper()
	cmd = case53Command(t, "open", c)
	cmd.Env = append(os.Environ(), "TERM=xterm-256color")
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 100})
	if err != nil {
		t.Skip("no pseudo terminal here:", err)
	}
	out, read = &shown{}, make(chan struct{})
	go func() { out.readFrom(tty); close(read) }()
	return cmd, tty, out, read
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
