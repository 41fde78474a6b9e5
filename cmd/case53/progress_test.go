package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"charm.land/bubbles/v2/progress"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"

	"case53/cases"
	"case53/loader"
	"case53/loader/source"
)

func somewhere() loader.Progress {
	return loader.Progress{Phase: "load", Objects: 40, Done: 30, BytesDone: 3 << 20, Lines: cases.Counts{Rows: 123_456, Rejected: 7}, Elapsed: 10 * time.Second,
		Sources: []loader.SourceProgress{
			{URI: "cwlogs://eu-central-1/1/flow", Remote: true, Found: 30, Fetched: 29, BytesFetched: 2 << 20, Rows: 100_000, Activity: source.Activity{Fraction: 0.5, Waiting: "throttled, 2.0 requests/s"}},
			{URI: "s3://logs/AWSLogs\x1b[31m/", Remote: true, Found: 10, Fetched: 9, BytesFetched: 1 << 20, Rows: 23_456, Rejected: 7, Failed: 1, Activity: source.Activity{Fraction: -1}},
		}}
}

func TestProgressOfASource(t *testing.T) {
	p := somewhere()
	for i, want := range []string{
		"cwlogs://eu-central-1/1/flow: 30 found, 29 fetched, 2.0 MiB, 100,000 rows, 0 rejected, 204.8 KiB/s, throttled, 2.0 requests/s, 10s left",
		`s3://logs/AWSLogs\x1b[31m/: 10 found, 9 fetched, 1.0 MiB, 23,456 rows, 7 rejected, 1 failed, 102.4 KiB/s`,
	} {
		if got := sourceLine(p.Sources[i], p.Elapsed); got != want {
			t.Errorf("%s\nwant\n%s", got, want)
		}
	}
	if f := fraction(p); f != 0.25 {
		t.Errorf("of two sources one has read half: %v", f)
	}
}

// TestProgressIsRedrawnInPlace draws into a terminal: what is left of two drawings is one, and of its end nothing.
func TestProgressIsRedrawnInPlace(t *testing.T) {
	screen := vt.NewEmulator(60, 8)
	var out bytes.Buffer
	bar := progress.New(progress.WithWidth(20))
	v := &progressView{w: &out, bar: &bar, width: func() int { return 60 }}
	show := func() string {
		screen.WriteString(strings.ReplaceAll(out.String(), "\n", "\r\n"))
		out.Reset()
		return strings.TrimSpace(ansi.Strip(screen.Render()))
	}
	v.draw(somewhere())
	first := show()
	v.draw(somewhere())
	if second := show(); second != first || strings.Count(second, "cwlogs://") != 1 || len(strings.Split(second, "\n")) != 3 {
		t.Errorf("first\n%s\nthen\n%s", first, second)
	}
	v.shown = time.Now()
	v.end()
	if left := show(); left != "" {
		t.Errorf("left on the terminal: %q", left)
	}
}
