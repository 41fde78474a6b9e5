package tui

import (
	"strings"
	"testing"
	"time"

	"case53/cases"
	"case53/tui/frame"
)

// A window that is set on one screen holds on all: lists, what is counted, saved queries, hunts and pivots ask with it, and one
// key takes it off again.
func TestWindowHoldsEverywhere(t *testing.T) {
	d := drive(t, 120, 30).keys("3", "w", "'11-01 10:00 to 10:05")
	d.wants("reads as 2026-11-01 10:00:00 UTC to 2026-11-01 10:05:00 UTC, 5 min")
	d.keys("enter")
	d.wants("UTC 11-01 10:00–10:05", "W takes the window off")
	c := d.asked("FROM flow")
	if !strings.Contains(c.sql, "within(\"start\", $keep_1, NULL)") || c.args["keep_1"] != "2026-11-01 10:00:00" || c.args["keep_2"] != "2026-11-01 10:05:00" {
		t.Errorf("the list asked %s with %v", c.sql, c.args)
	}
	d.keys("F")
	if c = d.asked("GROUP BY"); !strings.Contains(c.sql, "within(") {
		t.Errorf("the count asked %s", c.sql)
	}
	d.keys("2", "'rare", "enter", "enter")
	from := time.Date(2026, 11, 1, 10, 0, 0, 0, time.UTC)
	if c = d.asked("FROM rare"); c.args["from"] != from || c.args["to"] != from.Add(5*time.Minute) {
		t.Errorf("the saved query was asked with %v", c.args)
	}
	d.keys(">") // the screen on view asks again by itself
	if c = d.asked("FROM rare"); c.args["from"] != from.Add(150*time.Second) {
		t.Errorf("moved: %v", c.args)
	}
	d.keys("X")
	if d.desk.values["from"] != "" {
		t.Errorf("a hunt without a window was asked with %v", d.desk.values)
	}
	d.wants("all of the case: c2.example.net.")
	d.keys("W").wants("UTC all", "W brings the window back")
	d.keys("backspace")
	if c = d.asked("FROM rare"); c.args["from"] != nil {
		t.Errorf("without a window: %v", c.args)
	}
	d.keys("W").wants("11-01 10:02:30–10:07:30")
}

// A screen that cannot keep to the window says so, and why.
func TestWindowThatDoesNotReach(t *testing.T) {
	d := drive(t, 120, 30).keys("w", "'11-01", "enter")
	d.wants("(not here) 11-01 00:00–11-02 00:00")
	d.keys(";", "'SELECT * FROM flow", "f5").wants("(not here)", "SQL by hand is not narrowed by the window; within(start, $from, $to)")
	d.keys("backspace", "ctrl+x", "'SELECT * FROM flow WHERE within(start, $from, $to)", "f5").lacks("(not here)")
	if c := d.asked("within"); c.args["to"] != time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC) {
		t.Errorf("asked with %v", c.args)
	}
	d.keys("2", "'captures", "enter").lacks("(not here)") // the fake's rows are records
	d.keys("9").wants("(not here)")
	d.keys("2", "'beacon", "enter", "enter").wants("its rows are no records with a time")
	d.keys("F").wants("its rows are no records with a time")
}

// A query that was asked for times of its own is not asked for the window too: half of each would be neither.
func TestOwnTimesBeatTheWindow(t *testing.T) {
	d := drive(t, 120, 30).keys("w", "'11-01", "enter", "2", "'rare", "enter", "enter", "x")
	d.wants("both empty: the window, 11-01 00:00–11-02 00:00")
	d.keys("'2026-11-05", "enter").wants("asked for a from and to of its own", "(not here)")
	if c := d.asked("FROM rare"); c.args["to"] != nil || c.args["from"] != time.Date(2026, 11, 5, 0, 0, 0, 0, time.UTC) {
		t.Errorf("asked with %v", c.args)
	}
}

// The moment under the cursor makes windows and T0; T0 goes to queries that ask what is new.
func TestMomentsMakeWindows(t *testing.T) {
	d := drive(t, 100, 30).keys("3", "j", "o")
	d.wants("Window around 2026-11-01 10:00:01 UTC", "5 min before, 5 min after", "from this moment on")
	d.keys("2").wants("11-01 09:55:01–10:05:01")
	d.keys("z").wants("11-01 09:57:30–10:02:30")
	d.keys("z", "Z", "Z", "<").wants("11-01 09:50–10:00")
	d.keys("W", "3", "T").wants("T0 11-01 10:00")
	d.keys("2", "'since", "enter").wants("2026-11-01 10:00:00 UTC")
	d.keys("enter")
	if c := d.asked("FROM since"); c.args["since"] != time.Date(2026, 11, 1, 10, 0, 0, 0, time.UTC) {
		t.Errorf("asked with %v", c.args)
	}
	d.keys("w", "'T0 to T0+1h", "enter").wants("11-01 10:00–11:00 T0 10:00")
	d.keys("esc", "esc", "T").lacks("T0 1")
	d.keys("1", "o").wants("there is no moment under the cursor")
}

// Zooming out of the case takes the window off, and there is an end to zooming in.
func TestZoomEnds(t *testing.T) {
	d := drive(t, 80, 24).keys("Z")
	d.wants("all of the case already")
	d.keys("z", "Z", "Z").wants("UTC all")
	for range 30 {
		d.keys("z")
	}
	d.wants("a second is the shortest window")
}

// A window is read strictly: what could be read in two ways, or not at all, is refused with what was wanted.
func TestTypedWindow(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip(err)
	}
	d := drive(t, 100, 30, func(o *frame.Options) { o.CaseZone = berlin })
	e := d.app.env
	e.T0 = time.Date(2026, 11, 1, 3, 38, 0, 0, time.UTC)
	for _, c := range []struct{ typed, want string }{
		{"2026-11-01 10:00 to 2026-11-01 11:00", "2026-11-01 10:00:00 to 2026-11-01 11:00:00 UTC"},
		{"11-01 10:00..12:30", "2026-11-01 10:00:00 to 2026-11-01 12:30:00 UTC"},
		{"11-01 3:00 to 11-02", "2026-11-01 03:00:00 to 2026-11-02 00:00:00 UTC"},
		{"11-02", "2026-11-02 00:00:00 to 2026-11-03 00:00:00 UTC"},
		{"within 5m of 11-01 03:44", "2026-11-01 03:39:00 to 2026-11-01 03:49:00 UTC"},
		{"11-01 03:44 ± 1h", "2026-11-01 02:44:00 to 2026-11-01 04:44:00 UTC"},
		{"T0 to T0+1h", "2026-11-01 03:38:00 to 2026-11-01 04:38:00 UTC"},
		{"T0 - 30s to T0", "2026-11-01 03:37:30 to 2026-11-01 03:38:00 UTC"},
		{"before T0", "… to 2026-11-01 03:38:00 UTC"},
		{"from 11-01 03:38 on", "2026-11-01 03:38:00 to … UTC"},
		{"from 11-01 03:38 to 04:00", "2026-11-01 03:38:00 to 2026-11-01 04:00:00 UTC"},
		{"-2h", "2026-11-02 22:00:00 to 2026-11-03 00:00:00 UTC"},
		{"all", "no times"},
		{"10:00 to 11:00", "10:00 of which day? the case has more than one: 11-01 10:00"},
		{"11-01 10:00", "a moment is no window: 10-15 03:00 to 06:00, within 5m of 10-15 03:44, or from 10-15 03:38"},
		{"11-01 10:00 to 09:00", "the window is empty: 2026-11-01 10:00:00 UTC is not before 2026-11-01 09:00:00 UTC"},
		{"05-05", "05-05 is no day of the case, which goes from 2026-11-01 to 2026-11-03: with its year it can be typed all the same"},
		{"yesterday", `"yesterday" is no moment: 2026-10-15 03:38, 10-15 03:38, 03:38, T0+1h`},
		{"11-01 25:00 to 26:00", `"11-01 25:00" is no moment: 2026-10-15 03:38, 10-15 03:38, 03:38, T0+1h`},
		{"03/04/2026", `"03/04/2026" is no moment: 2026-10-15 03:38, 10-15 03:38, 03:38, T0+1h`},
		{"within awhile of 11-01", `"awhile" is no length of time: 90s, 5m, 2h, 1d`},
		{"within 0m of 11-01", "a window of no length holds nothing"},
	} {
		w, err := e.ReadWindow(c.typed)
		got := w.String()
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.typed, got, c.want)
		}
	}
	e.Zone = berlin
	for _, c := range []struct{ typed, want string }{
		{"2026-10-25 02:30 to 05:00", "2026-10-25 02:30:00 comes twice in CET+01:00/CEST+02:00: say CEST or CET behind it"},
		{"2026-10-25 02:30 CET to 05:00", "2026-10-25 01:30:00 to 2026-10-25 04:00:00 UTC"},
		{"2026-10-25 02:30 CEST to 02:30 CET", "2026-10-25 00:30:00 to 2026-10-25 01:30:00 UTC"},
		{"2026-03-29 02:30 to 05:00", "there is no 2026-03-29 02:30:00 in CET+01:00/CEST+02:00: the clocks leave it out"},
		{"2026-10-25", "2026-10-24 22:00:00 to 2026-10-25 23:00:00 UTC"}, // a day of 25 hours
	} {
		w, err := e.ReadWindow(c.typed)
		got := w.String()
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.typed, got, c.want)
		}
	}
}

// What the window line offers as the window of now reads as the same window, in every zone, at every moment.
func FuzzTypedWindow(f *testing.F) {
	for _, s := range []string{"11-01 10:00 to 11:00", "within 5m of 11-01", "T0", "-2h", "all", "from 2026-10-25 02:30 CEST", "before 11-02", "..", "± 5m"} {
		f.Add(s)
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		f.Skip(err)
	}
	f.Fuzz(func(t *testing.T, line string) {
		e := testEnv()
		e.Zone, e.Held = berlin, fakeOverview().Window
		w, err := e.ReadWindow(line)
		if err != nil {
			return
		}
		if !w.From.IsZero() && !w.To.IsZero() && !w.From.Before(w.To) {
			t.Fatalf("%q reads as the empty window %s", line, w)
		}
		e.SetWindow(w)
		again, err := e.ReadWindow(e.TypedWindow())
		if year := w.From.Year(); err != nil && year > 1000 && year < 9000 {
			t.Fatalf("%q, offered for %q, does not read: %v", e.TypedWindow(), line, err)
		}
		if err == nil && !frame.SameSpan(again, e.Within) {
			t.Fatalf("%q became %s, and then %s", line, e.Within, again)
		}
	})
}

// The line of the window begins with the window of now: what is typed takes its place, a key that moves or deletes keeps it.
func TestWindowLineIsTypedOver(t *testing.T) {
	d := drive(t, 100, 30).keys("w", "'11-01 10:00 to 10:05", "enter", "w")
	d.wants("> 2026-11-01 10:00:00 UTC to 2026-11-01 10:05:00 UTC")
	d.keys("'-2h", "enter").wants("11-02 22:00–11-03 00:00")
	d.keys("w", "end", "backspace", "backspace", "backspace", "backspace", "enter").wants("11-02 22:00–11-03 00:00")
	d.keys("w", "left", "'x").wants("UTx")
}

// A window that is made of a moment outside of the one that holds ends after it begins.
func TestWindowFromAMomentOutside(t *testing.T) {
	for _, c := range []struct{ window, key, want string }{
		{"11-01 08:00 to 09:00", "5", "UTC (not here) from 11-01 10:00 "},
		{"11-01 12:00 to 13:00", "6", "UTC (not here) before 11-01 10:00 "},
		{"11-01 08:00 to 10:00", "5", "UTC (not here) from 11-01 10:00 "},
		{"11-01 10:00 to 11:00", "6", "UTC (not here) before 11-01 10:00 "},
		{"11-01 08:00 to 11:00", "5", "UTC (not here) 11-01 10:00–11:00 "},
	} {
		d := drive(t, 120, 30).keys("w", "'"+c.window, "enter", ";", "'SELECT * FROM flow", "f5", "o", c.key)
		d.wants(c.want)
	}
	d := drive(t, 100, 30)
	d.app.env.SetWindow(cases.Span{From: start0, To: start0})
	if d.app.env.Windowed() {
		t.Error("a window of no length was set")
	}
}
