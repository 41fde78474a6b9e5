package tui

import (
	"errors"
	"image/color"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"case53/tui/frame"
)

func windowSize(w, h int) tea.WindowSizeMsg { return tea.WindowSizeMsg{Width: w, Height: h} }

// The way that README shows: from the overview to a Resolver record, to the flows to its answer, to the flow's raw line,
// and back. Each key pressed is on the screen before it is pressed.
func TestStory(t *testing.T) {
	d := drive(t, 80, 24)
	d.wants("4 Resolver records")
	d.keys("4")
	d.wants("Overview › Resolver records", "c2.example.net.", "enter record")
	d.keys("enter")
	d.wants("Record 1:1", "rdata 2", "203.0.113.9  p → ip", `{"version":"1.100000"`, "s3://logs/AWSLogs", "p pivot")
	for !strings.Contains(d.screen(), "▸ rdata 2") {
		d.keys("j")
	}
	d.keys("p")
	d.wants("Pivot: ip 203.0.113.9", "1  The page of it", "2  Flows of this address", "enter choose")
	d.keys("2")
	d.wants("flows-of-address 203.0.113.9", "10.0.1.0", "enter record")
	if got := d.asked("flow_by_addr").args["ip"]; got != "203.0.113.9" {
		t.Errorf("asked with %v", got)
	}
	d.keys("enter")
	d.wants("Record 2:1", "2 123456789012 eni-0a1b 10.0.1.23 203.0.113.9")
	d.keys("esc", "esc")
	d.wants("Record 1:1", "▸ rdata 2")
	d.keys("q", "backspace")
	d.wants("Look at")
	if d.quit {
		t.Error("left too early")
	}
	for _, k := range []string{"q", "esc", "backspace"} {
		if d.keys(k); d.quit {
			t.Errorf("%s on the overview quits without asking", k)
		}
		d.wants("ctrl+c twice leaves the workbench")
	}
	if d.keys("ctrl+c", "ctrl+c"); !d.quit {
		t.Error("ctrl+c twice does not quit")
	}
	if d.fake.opened != d.fake.closed {
		t.Errorf("%d results opened, %d closed", d.fake.opened, d.fake.closed)
	}
}

func TestFilterBySight(t *testing.T) {
	d := drive(t, 120, 30).keys("3", "right", "j", ",")
	c := d.asked("WHERE")
	if !strings.Contains(c.sql, `WHERE ("srcaddr_n" IS NOT DISTINCT FROM ip($keep_1))`) || c.args["keep_1"] != "10.0.1.1" {
		t.Errorf("asked %s with %v", c.sql, c.args)
	}
	d.wants("filter srcaddr=10.0.1.1")
	d.keys("$", "!")
	c = d.asked("WHERE")
	if !strings.Contains(c.sql, `AND ("interface_id" IS DISTINCT FROM CAST($keep_2 AS VARCHAR))`) {
		t.Errorf("asked %s", c.sql)
	}
	d.keys("[")
	if c = d.asked("WHERE"); !strings.HasSuffix(c.sql, `ORDER BY "interface_id" DESC NULLS LAST`) {
		t.Errorf("asked %s", c.sql)
	}
	d.keys("[", "ctrl+x")
	if c = d.fake.calls[len(d.fake.calls)-1]; strings.Contains(c.sql, "WHERE") ||
		!strings.Contains(c.sql, `ORDER BY "start" NULLS LAST, "object_id", "row_no"`) {
		t.Errorf("ctrl+x leaves %s", c.sql)
	}
	d.lacks("filter srcaddr")
}

func TestFrequencyDrillsDown(t *testing.T) {
	d := drive(t, 80, 24).keys("3")
	for range 6 {
		d.keys("right")
	}
	d.keys("F")
	d.wants("action by frequency", "REJECT", "143")
	d.keys("j", "enter")
	d.wants("filter action=REJECT")
	if got := d.asked("WHERE").args["keep_1"]; got != "REJECT" {
		t.Errorf("asked with %v", got)
	}
	d.keys("esc")
	d.wants("action by frequency")
}

func TestTypedFilter(t *testing.T) {
	d := drive(t, 100, 24).keys("3", "/", "'bites>3", "enter")
	d.wants(`no column is called "bites" here`)
	d.keys("ctrl+u", "'srcaddr=10.0.0.0/8 !443", "enter")
	c := d.asked("in_cidr")
	if !strings.Contains(c.sql, `in_cidr("srcaddr_n", $keep_1)`) || c.args["keep_2"] != "%443%" {
		t.Errorf("asked %s with %v", c.sql, c.args)
	}
	d.wants("filter srcaddr=10.0.0.0/8 and !443")
}

func TestMomentAsksHowFar(t *testing.T) {
	d := drive(t, 80, 24).keys("3", "p")
	d.wants("Pivot: time 2026-11-01 10:00:00", "All logs around this moment")
	d.keys("1")
	d.wants("> at time", "  minutes minutes", "5")
	d.keys("down", "backspace", "'30", "enter")
	c := d.asked("BETWEEN")
	if at := c.args["at"].(time.Time); at != time.Date(2026, 11, 1, 10, 0, 0, 0, time.UTC) || c.args["minutes"] != int64(30) {
		t.Errorf("asked with %v", c.args)
	}
}

func TestQueryWithoutItsTableSaysSo(t *testing.T) {
	d := drive(t, 80, 24, func(*frame.Options) {})
	d.app.env.Tables["waf"] = 0
	d.keys("2", "'waf")
	d.wants("(no waf records)")
	d.keys("enter")
	d.wants("the case has no waf records")
}

func TestNumbersChooseInAMenu(t *testing.T) {
	d := drive(t, 80, 24).keys("3", "right", "p", "3")
	d.wants("names-of-address 10.0.1.0")
}

func TestTrailJumpsBack(t *testing.T) {
	d := drive(t, 80, 24).keys("4", "enter", "3", "H")
	d.wants("3  Record 1:1", "4  Flow records")
	d.keys("2")
	d.wants("Overview › Resolver records\n")
	d.keys("H", "1")
	d.wants("Look at")
	if d.fake.opened != d.fake.closed {
		t.Errorf("%d results opened, %d closed", d.fake.opened, d.fake.closed)
	}
}

func TestZone(t *testing.T) {
	d := drive(t, 80, 24).keys("3")
	d.wants("READ-ONLY UTC", "2026-11-01 10:00:00")
	d.keys("ctrl+t")
	d.wants("READ-ONLY CET+01:00", "2026-11-01 11:00:00 CET")
	d.keys("y")
	if d.clip[0] != "2026-11-01T11:00:00+01:00" {
		t.Errorf("copied %q, which does not say its zone", d.clip[0])
	}
	d.keys("enter")
	d.wants("2026-11-01 11:00:00 CET")
	d.keys("ctrl+t")
	d.wants("2026-11-01 10:00:00 UTC")
}

func TestEndReadsTheResult(t *testing.T) {
	d := drive(t, 80, 24).keys("3")
	d.wants("1–19 of ≥ 256")
	d.keys("G")
	d.wants("982–1,000 of 1,000", "2026-11-01 10:16:39")
	d.keys("g", "pgdown", "pgdown")
	d.wants("19–37 of 1,000")
}

// G does not fill the disk with a case of billions of records unless it is told to, again and again.
func TestEndIsReachedInSteps(t *testing.T) {
	d := drive(t, 80, 24)
	d.fake.answer = func(string) *fakeResult { return fakeFlow(2_500_000) }
	d.keys("3", "G")
	d.wants("1,000,257 rows read, and there are more: G reads on", "of ≥ 1,000,448")
	d.keys("G", "G")
	d.wants("2,499,982–2,500,000 of 2,500,000")
}

func TestSQL(t *testing.T) {
	d := drive(t, 80, 24).keys(";", "'SELECT * FROM nosuch", "f5")
	d.wants("Catalog Error: Table with name nosuch")
	d.keys("backspace", "backspace", "backspace", "backspace", "backspace", "backspace", "'flow ", "enter", "'LIMIT 5;", "ctrl+j")
	d.wants("SQL result", "10.0.1.0")
	if got := d.asked("LIMIT").sql; got != "SELECT * FROM flow \nLIMIT 5" {
		t.Errorf("asked %q", got)
	}
	d.keys("esc", "ctrl+r", "ctrl+r")
	d.wants("SELECT * FROM nosuch")
	d.keys("ctrl+s")
	d.wants("LIMIT 5")
	d.keys("ctrl+x")
	d.send(tea.PasteMsg{Content: "SELECT 'a\x1b[2J'\r\nFROM\tflow"})
	d.wants(`SELECT 'a\x1b[2J'`, " FROM    flow")
}

func TestQueryErrorStays(t *testing.T) {
	d := drive(t, 80, 24)
	d.fake.err = errors.New("open spool: no space left on device\nhint: free some space")
	d.keys("3")
	d.wants("no space left on device", "hint: free some space", "r runs it again")
	d.keys("r")
	d.wants("10.0.1.0")
}

func TestCopy(t *testing.T) {
	d := drive(t, 80, 24).keys("3", "right", "y")
	d.wants("srcaddr sent to terminal clipboard")
	if len(d.clip) != 1 || d.clip[0] != "10.0.1.0" {
		t.Errorf("copied %q", d.clip)
	}
}

func TestStartQuery(t *testing.T) {
	d := drive(t, 80, 24, func(o *frame.Options) { o.StartQuery = "top-talkers" })
	d.wants("Overview › top-talkers")
	d = drive(t, 80, 24, func(o *frame.Options) { o.StartQuery = "nosuch" })
	d.wants("no saved query is called nosuch")
}

// The first screen is there before anything was read, with keys that work.
func TestFirstScreenDoesNotWait(t *testing.T) {
	e := testEnv()
	app := &App{env: e, width: 80, height: 24}
	_ = app.Init() // nothing of it is run
	d := &driver{t: t, app: app}
	d.wants("reading the case…", "3 Flow records", "READ-ONLY UTC")
}

// A terminal that turns out to be light gets a light theme, on what is already on the screen too.
func TestThemeFollowsTheTerminal(t *testing.T) {
	d := drive(t, 80, 24, func(o *frame.Options) { o.Theme = "" }).keys("3")
	dark := d.app.View().Content
	d.send(tea.BackgroundColorMsg{Color: color.White})
	if light := d.app.View().Content; light == dark || ansi.Strip(light) != ansi.Strip(dark) {
		t.Error("a light background changes nothing, or more than the colours")
	}
}

// What cannot be fetched is said in its place; the rest of the record stays.
func TestRecordWithoutItsRawLine(t *testing.T) {
	d := drive(t, 80, 24)
	d.fake.lost = errors.New("raw object: 3 bytes were altered")
	d.keys("4", "enter")
	d.wants("cannot be shown: raw object: 3 bytes were altered", "c2.example.net.")
	d.fake.lost = nil
	d.keys("r")
	d.wants(`{"version":"1.100000"`)
	d.keys("esc")
	d.fake.err = nil
	d.hold = true
	d.keys("enter")
	d.wants("fetching…", "c2.example.net.")
	d.keys("ctrl+c")
	d.wants("cancelled: r fetches it")
}

// A row that sums up others has no line of its own, and says so.
func TestSummaryRowHasNoRecord(t *testing.T) {
	d := drive(t, 80, 24).keys(";", "'SELECT action, count(*) AS records FROM flow GROUP BY 1", "f5")
	d.wants("enter row ")
	d.keys("enter")
	d.wants("This row sums up records", "records", "857")
	d.lacks("Raw line")
}

// A record of five megabytes opens, says how much is not drawn, and keys stay quick.
func TestHugeRecord(t *testing.T) {
	d := drive(t, 80, 24)
	d.fake.raw = strings.Repeat("x", 5<<20)
	d.keys("4", "enter", "R")
	d.wants("raw              xxxx")
	began := time.Now()
	d.keys("j")
	d.screen()
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("a key took %v", took)
	}
	d.lacks("(+5226496)")
	n := 0
	for ; n < 40 && !strings.Contains(d.screen(), "(+5226496)"); n++ { // a field taller than the screen is scrolled through
		d.keys("j")
	}
	if n < 10 || n == 40 {
		t.Errorf("%d keys to the end of the line:\n%s", n, d.screen())
	}
	d.keys("j")
	d.wants("▸ object")
}
