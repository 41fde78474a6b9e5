package tui

import (
	"bytes"
	"context"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"

	"case53/cases"
	"case53/tui/frame"
	"case53/tui/frame/frametest"
)

// terminal is a real terminal device with an emulator at its other end.
type terminal struct {
	t      *testing.T
	screen *vt.SafeEmulator
	keys   io.Writer
	mu     sync.Mutex
	wrote  bytes.Buffer // every byte that the program sent
}

func (x *terminal) Write(p []byte) (int, error) {
	x.mu.Lock()
	x.wrote.Write(p)
	x.mu.Unlock()
	return x.screen.Write(p)
}

func (x *terminal) text() string { return ansi.Strip(x.screen.Render()) }

// until waits for a text on the screen.
func (x *terminal) until(text string) {
	x.t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if strings.Contains(x.text(), text) {
			return
		}
	}
	x.t.Fatalf("the terminal never showed %q:\n%s", text, x.text())
}

func (x *terminal) press(keys string) {
	x.t.Helper()
	if _, err := io.WriteString(x.keys, keys); err != nil {
		x.t.Fatal(err)
	}
}

// onATerminal starts the program on a terminal of 80 columns and 24 lines. What it ends with comes over the channel.
func onATerminal(t *testing.T) (x *terminal, ended <-chan error) {
	t.Helper()
	device, tty, err := pty.Open()
	if err != nil {
		t.Skip("no pseudo terminal here:", err)
	}
	t.Cleanup(func() { device.Close() })
	t.Cleanup(func() { tty.Close() })
	if err := pty.Setsize(device, &pty.Winsize{Rows: 24, Cols: 80}); err != nil {
		t.Fatal(err)
	}
	x = &terminal{t: t, screen: vt.NewSafeEmulator(80, 24), keys: device}
	go io.Copy(x, device)
	go io.Copy(device, x.screen) // what the terminal answers when asked for its colours and modes

	fake := newFake()
	rows := fake.answer
	fake.answer = func(sql string) *fakeResult {
		r := rows(sql)
		if strings.Contains(sql, "FROM zone") {
			r = &fakeResult{n: 2, cols: frametest.Columns("query_name::name"), row: func(int) []cases.Cell { return frametest.Cells(frametest.Nasty) }}
		}
		return r
	}
	app := New(t.Context(), fake, &fakeDesk{}, fakeLibrary{}, frame.Options{CaseName: "demo.case"})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	done := make(chan error, 1)
	go func() {
		_, err := tea.NewProgram(app, tea.WithContext(ctx), tea.WithInput(tty), tea.WithOutput(tty),
			tea.WithEnvironment([]string{"TERM=xterm-256color"}), tea.WithWindowSize(80, 24)).Run()
		done <- err
	}()
	return x, done
}

// The program on a real terminal: the story by its keys, hostile text, and a clean end.
func TestOnATerminal(t *testing.T) {
	x, ended := onATerminal(t)
	x.until("4 Resolver records")
	x.press("4")
	x.until("c2.example.net.")
	x.press("\r")
	x.until(`{"version":"1.100000"`)
	x.until("rdata 2")
	x.press("jjj")
	x.until("▸ rdata 2")
	x.press("p")
	x.until("Flows of this address")
	x.press("2")
	x.until("flows-of-address 203.0.113.9")
	x.until("10.0.1.0")
	x.press("\r")
	x.until("Record 2:1")
	x.until("2 123456789012 eni-0a1b")
	x.press("qqqq")
	x.until("Look at")
	x.press("5")
	x.until(`a\x1b[2J\x1b]52;c;QUJD\x07`)
	x.press("y")
	x.until("sent to terminal clipboard")
	x.press("q")
	x.until("Look at")
	x.press("q")
	x.until("ctrl+c twice leaves the workbench")
	x.press("\x03\x03")
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("ctrl+c twice does not end the program")
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, bad := range []string{
		"\x1b]0;", "\x1b]2;", "QUJD\x07", "\x1b[2Jx", "\x1b]8;", "\u202e", "\u009b", "\x1b[?1000h", "\x1b[?1002h", "\x1b[?1003h",
	} {
		if bytes.Contains(x.wrote.Bytes(), []byte(bad)) {
			t.Errorf("the program sent %q", bad)
		}
	}
}
