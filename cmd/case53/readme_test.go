package main

import (
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"case53/cases"
	"case53/cases/notes"
	"case53/cmd/case53/cli"
	"case53/loader"
	"case53/tui"
	"case53/tui/answers"
	"case53/tui/frame"
)

var updateReadme = flag.Bool("update-readme", false, "write the picture of the README anew")

// settled takes messages until the workbench waits for keys.
func settled(app tea.Model, cmd tea.Cmd) tea.Model {
	if cmd == nil {
		return app
	}
	msg := cmd()
	if all, ok := msg.(tea.BatchMsg); ok {
		for _, one := range all {
			app = settled(app, one)
		}
		return app
	}
	if msg == nil {
		return app
	}
	app, cmd = app.Update(msg)
	return settled(app, cmd)
}

// TestReadmePicture: the README's picture is the first screen of the demo, as a terminal of 80 × 24 shows it.
func TestReadmePicture(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	path, err := filepath.Abs("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	here := t.TempDir()
	t.Chdir(here)
	if code, _ := run1(t, "demo", "--no-open", "--quiet"); code != cli.Fine {
		t.Fatalf("exit %d", code)
	}
	k, err := cases.Open(t.Context(), filepath.Join("case53-demo", "incident.case"), loader.Schemas())
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	set, err := cli.Library(k.Dir, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	book, err := notes.Open(t.Context(), k.Dir, "test")
	if err != nil {
		t.Fatal(err)
	}
	app := tea.Model(tui.New(t.Context(), frame.CaseReader{Case: k}, &answers.CaseDesk{Case: k, Set: set}, set, frame.Options{
		CaseName: filepath.Base(k.Dir), Theme: "dark", Notes: book,
		Tick: func(time.Duration, func(time.Time) tea.Msg) tea.Cmd { return nil },
	}))
	app = settled(app, func() tea.Msg { return tea.WindowSizeMsg{Width: 80, Height: 24} })
	app = settled(app, app.Init())
	var lines []string
	for line := range strings.SplitSeq(ansi.Strip(app.View().Content), "\n") {
		lines = append(lines, strings.TrimRight(line, " "))
	}
	picture := strings.TrimRight(strings.Join(lines, "\n"), "\n") + "\n"
	picture = strings.Replace(picture, here, "/home/you", 1)

	const begin, end = "```text\n", "```\n"
	readme, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(readme), begin)
	shown, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatal("the README has no picture")
	}
	if *updateReadme {
		if err := os.WriteFile(path, []byte(before+begin+picture+end+after), 0o600); err != nil {
			t.Fatal(err)
		}
	} else if shown != picture {
		t.Errorf("the README shows\n%s\nthe screen is\n%s\n-update-readme writes it", shown, picture)
	}
}
