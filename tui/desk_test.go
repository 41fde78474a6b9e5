package tui

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"case53/queries"
	"case53/queries/compare"
	"case53/queries/export"
	"case53/queries/findings"
	"case53/queries/threads"
	"case53/tui/answers"
	"case53/tui/frame"
	"case53/tui/frame/frametest"
)

// fakeDesk answers with what is made up here. nasty is put behind every text that could be of the evidence.
type fakeDesk struct {
	nasty    string
	fails    error // of Compare, and of the third hunt
	hunted   []string
	values   map[string]string // of the last hunt
	written  []string          // files
	exported call
	there    bool            // the file is there already
	steps    []*threads.Step // of the thread; nil: one
}

var fakeHunts = []*queries.Query{
	{
		ID:     "beacon",
		Group:  "out",
		Title:  "Calls on a clock",
		Doc:    "Who calls the same place on a clock.",
		Cannot: "tell a beacon from an updater.",
		Hunt:   &queries.Hunt{},
		SQL:    "FROM found",
	},
	{ID: "no-rows", Group: "out", Title: "What is never there", Hunt: &queries.Hunt{}, SQL: "SELECT 1"},
	{ID: "zone-guessing", Group: "scout", Title: "Who guesses names", Hunt: &queries.Hunt{}, SQL: "SELECT 2"},
	{ID: "lacking", Group: "scout", Title: "What the case has no log for", Hunt: &queries.Hunt{}, SQL: "SELECT 3"},
}

func (f *fakeDesk) Hunts() []*queries.Query { return append([]*queries.Query{}, fakeHunts...) }

func (f *fakeDesk) Hunt(ctx context.Context, q *queries.Query, values map[string]string) (findings.Outcome, error) {
	if err := ctx.Err(); err != nil {
		return findings.Outcome{}, err
	}
	f.hunted, f.values = append(f.hunted, q.ID), values
	o := findings.Outcome{Query: q}
	switch q.ID {
	case "beacon":
		o.Findings = []findings.Finding{
			{
				Hunt:     q.ID,
				Score:    0.94,
				Severity: "high",
				Subject:  findings.Subject{Name: "c2.example.net." + f.nasty},
				Reason:   "231 calls every 301 s" + f.nasty,
			},
			{Hunt: q.ID, Score: 0.5, Severity: "low", Subject: findings.Subject{Name: "time.example"}},
		}
		o.Beyond = 3
	case "no-rows":
		o.Trace, o.Looked = []string{"90,112 records", "0 calls" + f.nasty}, "looked at 90,112 flow records of all captures"+f.nasty
	case "zone-guessing":
		return o, f.fails
	case "lacking":
		o.Missing = "zone" + f.nasty
	}
	return o, nil
}

func (f *fakeDesk) Draw(_ context.Context, outcomes []findings.Outcome) (*answers.Drawn, error) {
	d := &answers.Drawn{Told: &threads.Told{Threads: []*threads.Thread{{Number: 1, Severity: "high", Steps: []*threads.Step{
		{Time: start0, Severity: "high", Text: "10.0.1.23 → 203.0.113.9:443 every 301 s" + f.nasty, Hunts: []string{"beacon"}},
	}}}}}
	if f.steps != nil {
		d.Told.Threads[0].Steps = f.steps
	}
	for _, o := range outcomes {
		d.Found = append(d.Found, o.Findings...)
	}
	return d, f.fails
}

func (f *fakeDesk) Compare(context.Context) (*compare.Comparison, error) {
	if f.fails != nil {
		return nil, f.fails
	}
	at := time.Date(2026, 11, 2, 8, 2, 6, 0, time.UTC)
	peer := func(name string, score float64) compare.Peer {
		p := compare.Peer{Found: "match", Kind: "out", Level: "name", Levels: "name", Score: score, Name: name, Of: 4, LeftClients: 1, RightClients: 1}
		p.LeftQueries, p.RightQueries, p.RightFirst = 231, 286, at
		return p
	}
	return &compare.Comparison{
		Left: compare.Side{
			Capture: "incident" + f.nasty,
			Role:    "incident",
			Label:   "the incident",
		}, Right: compare.Side{Capture: "replay", Role: "replay", Label: "the replay"},
		Verdict:  "The replay asked for c2.example.net. on the incident's clock." + f.nasty,
		Matches:  []compare.Peer{peer("c2.example.net."+f.nasty, 1), peer("time.example", 0.2)},
		OnlyLeft: []compare.Peer{{Found: "only left", Kind: "out", Address: "203.0.113.9", Of: 1, Score: 0.4}},
		Negative: []compare.Negative{{Short: "no flow to or from 203.0.113.9 recorded on eni-9" + f.nasty}},
	}, nil
}

func (f *fakeDesk) Report(_ context.Context, file string, over bool) (string, error) {
	return f.write(file, over, "12 findings of 4 hunts"+f.nasty)
}

func (f *fakeDesk) Export(_ context.Context, file string, over bool, rows frame.Asked) (string, error) {
	f.exported = call{rows.SQL, rows.Args}
	return f.write(file, over, "RFC 4180")
}

func (f *fakeDesk) write(file string, over bool, said string) (string, error) {
	if f.there && !over {
		return "", fmt.Errorf("%s %w", file, export.ErrThere)
	}
	f.written = append(f.written, file)
	return file + ": " + said, nil
}

// All hunts are run one after another; what they found, what they looked at and what failed is told in a list.
func TestHunts(t *testing.T) {
	d := drive(t, 80, 24)
	d.desk.fails = errors.New("out of memory\nhint: --memory")
	d.keys("X")
	if got := strings.Join(d.desk.hunted, " "); got != "beacon no-rows zone-guessing lacking" {
		t.Errorf("hunted %s", got)
	}
	d.wants(
		"4 of 4 hunts done",
		"1 of 2 found something",
		"H beacon",
		"high   0.94",
		"c2.example.net.",
		"looked at 90,112 flow records",
		"failed",
		"out of memory",
		"the case has no zone records",
	)
	d.wants("231 calls every 301 s", "Calls on a clock")
	d.keys("e").wants("What it cannot tell", "tell a beacon from an updater.")
	d.keys("esc", "enter").wants("beacon") // its rows
	if got := d.asked("FROM found"); got.sql != "FROM found" {
		t.Errorf("asked %q", got.sql)
	}
	d.keys("backspace", "backspace", "X")
	if len(d.desk.hunted) != 4 {
		t.Errorf("coming back ran hunts again: %v", d.desk.hunted)
	}
	if d.keys("r"); len(d.desk.hunted) != 8 {
		t.Errorf("r did not run them again: %v", d.desk.hunted)
	}
	before := len(d.app.env.Trail)
	if d.keys("X"); len(d.app.env.Trail) != before {
		t.Error("X on the hunts put them on the trail once more")
	}
}

// Hunts that are stopped say so, and go on.
func TestHuntsAreStopped(t *testing.T) {
	d := drive(t, 80, 24)
	d.hold = true
	d.keys("X")
	d.wants("0 of 4 hunts done", "runs", "waits")
	d.keys("ctrl+c").wants("stopped; r goes on")
	d.hold, d.held = false, nil
	d.keys("r").wants("4 of 4 hunts done")
}

// The comparison is that of case53 compare, place by place, and leads on from each.
func TestCompare(t *testing.T) {
	d := drive(t, 80, 24).keys("9")
	d.wants(
		"The replay asked for c2.example.net.",
		"In both",
		"4 places",
		"2 more: case53 compare demo.case --most",
		"Only in the incident",
		"Not recorded in the replay",
		"no flow to or from 203.0.113.9",
	)
	for range 20 {
		if d.app.env.Overlays != nil {
			break
		}
		d.keys("j", "enter")
	}
	d.wants("Pivot: name c2.example.net.")
	d.keys("esc", "r")
	d.desk.fails = errors.New("the case has one capture\nhint: a replay is loaded with --role replay")
	d.keys("r").wants("the case has one capture", "hint: a replay")
}

// Rows and reports go to files; what is there is written over only by a key of its own.
func TestFilesAreWritten(t *testing.T) {
	t.Chdir(t.TempDir())
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	d := drive(t, 80, 24).keys("3", "right", ",", "ctrl+e")
	d.wants("Export", "rows.csv", ".parquet")
	d.keys("enter").wants("RFC 4180")
	if want := filepath.Join(here, "rows.csv"); len(d.desk.written) != 1 || d.desk.written[0] != want {
		t.Errorf("wrote %v, want %s", d.desk.written, want)
	}
	if e := d.desk.exported; !strings.Contains(e.sql, "WHERE") || !strings.Contains(e.sql, "ORDER BY") || e.args["keep_1"] == nil {
		t.Errorf("exported %v", e)
	}
	d.keys("enter", "1", "ctrl+e").wants("Report", "report.html")
	d.desk.there = true
	d.keys("enter").wants("is there already", "ctrl+o writes over it")
	if len(d.desk.written) != 1 {
		t.Errorf("wrote over %v", d.desk.written)
	}
	d.keys("ctrl+o").wants("12 findings of 4 hunts")
	if len(d.desk.written) != 2 {
		t.Errorf("wrote %v", d.desk.written)
	}
	d.keys("enter", "ctrl+e", "ctrl+u", "enter").wants("no file to write to")
}

// Rows that a query's limit leaves out are not said to be written.
func TestExportSaysWhatItLeavesOut(t *testing.T) {
	t.Chdir(t.TempDir())
	d := drive(t, 100, 24).keys(";")
	d.send(tea.PasteMsg{Content: "SELECT * FROM flow LIMIT 500"})
	d.keys("f5", "ctrl+e").wants("Not all rows are written: the first 500")
	d.lacks("All rows are written")
	d.keys("enter").wants("not all rows: the first 500")
}

// What the hunts and the comparison say of the evidence is made harmless too.
func TestHostileDesk(t *testing.T) {
	for _, size := range sizes {
		d := drive(t, size[0], size[1])
		d.desk.nasty, d.desk.fails = frametest.Nasty, errors.New(frametest.Nasty)
		look := func() { t.Helper(); frametest.Harmless(t, d.app.View().Content) }
		d.keys("X")
		for range 7 {
			d.keys("j")
			look()
		}
		d.keys("9")
		look()
		d.desk.fails = nil
		d.keys("r")
		for range 20 {
			d.keys("j")
			look()
		}
		d.keys("ctrl+e")
		d.send(tea.PasteMsg{Content: frametest.Nasty})
		look()
		d.keys("enter")
		look()
	}
}
