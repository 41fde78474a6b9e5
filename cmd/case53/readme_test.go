package main

import (
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
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
	"case53/tui/frame/frametest"
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

// inDemo makes the demo in a folder of its own, goes there, and gives a workbench over it that has shown its first screen.
func inDemo(t *testing.T) (here string, app tea.Model) {
	t.Helper()
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	here = t.TempDir()
	t.Chdir(here)
	if code, _ := run1(t, "demo", "--no-open", "--quiet"); code != cli.Fine {
		t.Fatalf("exit %d", code)
	}
	return here, workbench(t, filepath.Join("case53-demo", "incident.case"))
}

// workbench is one over a case, on a terminal of 80 × 24.
func workbench(t *testing.T, dir string) tea.Model {
	t.Helper()
	k, err := cases.Open(t.Context(), dir, loader.Schemas())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
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
	return settled(app, app.Init())
}

// TestReadme: the README's picture is the first screen of the demo, as a terminal of 80 × 24 shows it, and its five minutes say what is on
// the screen, key by key.
func TestReadme(t *testing.T) {
	path, err := filepath.Abs("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	here, app := inDemo(t)
	t.Run("Picture", func(t *testing.T) { picture(t, path, here, app) })
	t.Run("FiveMinutes", func(t *testing.T) { fiveMinutes(t, path, app) })
}

// picture compares the README's picture with the screen, or writes it.
func picture(t *testing.T, path, here string, app tea.Model) {
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

// played are the signs in the steps of the five minutes: keys are **bold**, what is typed is *italic*, what is on the screen then is `code`.
var (
	step   = regexp.MustCompile(`(?m)^([0-9]+)\. (.*(?:\n   .*)*)`)
	played = regexp.MustCompile("\\*\\*([^*]+)\\*\\*|\\*([^*]+)\\*|`([^`]+)`")
)

// fiveMinutes presses what the README says is pressed, and looks for what it says is seen.
func fiveMinutes(t *testing.T, path string, app tea.Model) {
	readme, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(readme), "## Five minutes with the demo")
	text, _, _ = strings.Cut(text, "\n## ")
	press := func(msg tea.Msg) {
		app2, cmd := app.Update(msg)
		app = settled(app2, cmd)
	}
	keys, seen := 0, 0
	steps := step.FindAllStringSubmatch(text, -1)
	for _, s := range steps {
		for _, m := range played.FindAllStringSubmatch(s[2], -1) {
			switch {
			case m[1] != "":
				for _, key := range strings.Fields(m[1]) {
					press(frametest.Press(key))
					keys++
				}
			case m[2] != "":
				for _, r := range strings.Join(strings.Fields(m[2]), " ") {
					press(tea.KeyPressMsg{Code: r, Text: string(r)})
				}
			default:
				seen++
				screen := ansi.Strip(app.View().Content)
				if !strings.Contains(strings.Join(strings.Fields(screen), " "), strings.Join(strings.Fields(m[3]), " ")) {
					t.Errorf("step %s: %q is not on the screen:\n%s", s[1], m[3], screen)
				}
			}
		}
	}
	if len(steps) < 9 || keys < 60 || seen < 30 {
		t.Errorf("%d steps, %d keys, %d things seen: the README is read wrongly", len(steps), keys, seen)
	}
}
