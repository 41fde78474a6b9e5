package progress

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	bars "charm.land/bubbles/v2/progress"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"

	"case53/cases"
	"case53/loader"
	"case53/loader/source"
)

func somewhere() loader.Progress {
	return loader.Progress{
		Phase:     "load",
		Objects:   40,
		Done:      30,
		BytesDone: 3 << 20,
		Lines:     cases.Counts{Rows: 123_456, Rejected: 7},
		Elapsed:   10 * time.Second,
		Sources: []loader.SourceProgress{
			{
				URI:          "cwlogs://eu-central-1/1/flow",
				Remote:       true,
				Found:        30,
				Fetched:      29,
				BytesFetched: 2 << 20,
				Rows:         100_000,
				Activity:     source.Activity{Fraction: 0.5, Waiting: "throttled, 2.0 requests/s"},
			},
			{
				URI:          "s3://logs/AWSLogs\x1b[31m/",
				Remote:       true,
				Found:        10,
				Fetched:      9,
				BytesFetched: 1 << 20,
				Rows:         23_456,
				Rejected:     7,
				Failed:       1,
				Activity:     source.Activity{Fraction: -1},
			},
		},
	}
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
	bar := bars.New(bars.WithWidth(20))
	v := &View{w: &out, bar: &bar, width: func() int { return 60 }}
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
	v.End()
	if left := show(); left != "" {
		t.Errorf("left on the terminal: %q", left)
	}
}

// TestProgressNamesThePhaseThatRuns: in plain lines a load of a second says nothing; once a load has gone on for a while a
// phase is named when it begins, and a phase that begins early and goes on is named as soon as the load is no longer short.
func TestProgressNamesThePhaseThatRuns(t *testing.T) {
	type step struct {
		phase string
		lasts time.Duration
	}
	for _, c := range []struct {
		name  string
		steps []step
		want  string
	}{
		{"short", []step{{"load", 400 * time.Millisecond}, {"flow_name", 300 * time.Millisecond}, {"flow_session", 300 * time.Millisecond}}, ""},
		{"long", []step{
			{"load", 2 * time.Second}, {"load", 4 * time.Second},
			{"flow_name", time.Second}, {"flow_session", time.Minute}, {"minute", time.Millisecond},
		}, "5 load, 6 flow_name, 7 flow_session, 67 minute"},
		{"long phase in a short load", []step{{"load", time.Second}, {"flow_name", time.Second}, {"flow_session", time.Minute}}, "5 flow_session"},
		{"steady", slices.Repeat([]step{{"load", time.Second}}, 12), "5 load, 10 load"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				var said []string
				v := &View{w: linesTo(func(line string) {
					phase := "load"
					if _, name, ok := strings.Cut(strings.TrimSpace(line), "building "); ok {
						phase = name
					}
					said = append(said, fmt.Sprintf("%.0f %s", time.Since(begin).Seconds(), phase))
				})}
				for _, s := range c.steps {
					v.Update(loader.Progress{Phase: s.phase, Elapsed: time.Since(begin)})
					time.Sleep(s.lasts)
				}
				v.End()
				time.Sleep(time.Minute)
				if got := strings.Join(said, ", "); got != c.want {
					t.Errorf("%s, want %s", got, c.want)
				}
			})
		})
	}
}

type linesTo func(string)

func (w linesTo) Write(p []byte) (int, error) {
	w(string(p))
	return len(p), nil
}
