package tui

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"case53/cases"
	"case53/cases/words"
	"case53/tui/frame"
	"case53/tui/frame/frametest"
)

// newYork shows times of New York, of a day in November.
func newYork(t *testing.T) func(*frame.Options) {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Skip(err)
	}
	return func(o *frame.Options) { o.Local = zone }
}

// millis answers with times of which some have fractions, on both sides of the end of summer time.
func millis(string) *fakeResult {
	times := []string{"2026-11-01 05:30:00.28", "2026-11-01 05:30:01", "2026-11-01 06:30:00.5", "-"}
	return &fakeResult{cols: frametest.Columns("query_timestamp:TIMESTAMP:time name object_id:UINTEGER row_no:UINTEGER"), n: len(times),
		row: func(i int) []cases.Cell { return frametest.Cells(times[i], fmt.Sprintf("name%d", i), 1, i+1) }}
}

// Times below each other have the same digits, and each row the zone of its own moment.
func TestTimesAlign(t *testing.T) {
	d := drive(t, 80, 24, newYork(t))
	d.fake.answer = millis
	d.keys("4")
	d.wants("2026-11-01 05:30:00.280 name0", "2026-11-01 05:30:01.000 name1", "2026-11-01 06:30:00.500 name2")
	d.keys("ctrl+t")
	d.wants("2026-11-01 01:30:00.280 EDT name0", "2026-11-01 01:30:00.500 EST name2", "READ-ONLY EST-05:00/EDT-04:00")
}

// What is typed is read in the zone on view, and the screen says how it was read.
func TestTypedTimeOnTheScreen(t *testing.T) {
	d := drive(t, 100, 24, newYork(t)).keys("3", "ctrl+t", "/")
	d.wants("is read in EST-05:00/EDT-04:00, the zone on view")
	d.keys("'time>=2026-10-15 03:38", "enter")
	if got := d.asked("WHERE").args["keep_1"]; got != "2026-10-15 07:38:00" {
		t.Errorf("asked with %v", got)
	}
	d.wants("filter start>=2026-10-15 03:38:00 EDT")
	d.keys("g", "p", "1") // a form is filled in with a moment that says its zone, and reads one so
	d.wants("2026-11-01 05:00:00 EST", "read in EST-05:00/EDT-04:00")
	d.keys("ctrl+u", "'2026-11-01 06:00", "enter")
	if at := d.asked("BETWEEN").args["at"].(time.Time); at != time.Date(2026, 11, 1, 11, 0, 0, 0, time.UTC) {
		t.Errorf("asked around %v", at)
	}
}

func TestSQLSaysItsZone(t *testing.T) {
	d := drive(t, 100, 24, newYork(t)).keys(";")
	d.lacks("a time in SQL is in UTC")
	d.keys("ctrl+t")
	d.wants("a time in SQL is in UTC; results are shown in EST-05:00/EDT-04:00")
}

func TestImpossibleValueIsAnError(t *testing.T) {
	d := drive(t, 120, 24).keys("3", "/")
	calls := len(d.fake.calls)
	d.keys("'srcaddr=999", "enter")
	d.wants(`srcaddr holds addresses, and "999" is none`)
	if len(d.fake.calls) != calls {
		t.Error("it was asked all the same")
	}
}

// From the moment that a filter is set no row of the former one is on the screen, nor led to by a key.
func TestNoOldRowsUnderANewFilter(t *testing.T) {
	for _, wait := range []string{"columns", "rows"} {
		d := drive(t, 80, 24).keys("3")
		d.wants("10.0.1.0")
		d.hold = true
		d.keys("right", ",")
		if wait == "rows" { // the columns are known, the first rows are not
			d.step()
		}
		d.wants("looking for rows with srcaddr=10.0.1.0")
		d.lacks("ACCEPT")
		d.lacks("1–19")
		for _, k := range []string{"enter", "p", "F", "[", ",", "y", "-", "C", "."} {
			d.keys(k)
			d.wants("there are no rows yet")
		}
		if len(d.app.env.Trail) != 2 || len(d.app.env.Overlays) > 0 {
			t.Errorf("a key acted on a row that is not on the screen")
		}
		d.release()
		d.wants("filter srcaddr=10.0.1.0", "10.0.1.0")
	}
}

// Every filter that holds is on the screen, or counted there and on the filter line; esc takes them off one by one.
func TestFiltersAreSeenAndTakenOff(t *testing.T) {
	d := drive(t, 80, 24).keys("3", "/")
	d.keys("'srcaddr=10.0.0.0/8 dstaddr=203.0.113.9 action=REJECT bytes>=1000 dstport=443 protocol=6 srcport>1023 !beacon interface_id~eni", "enter")
	d.wants("filter srcaddr=10.0.0.0/8 and dstaddr=203.0.113.9 and action=REJECT")
	d.wants("       bytes>=1000 and dstport=443 and protocol=6 and +3 more: / lists them\n")
	d.keys("/")
	d.wants("[x] srcaddr=10.0.0.0/8", "[x] !beacon", "[x] interface_id~eni")
	d.keys("esc", "esc")
	d.wants("no more interface_id~eni", "and protocol=6 and +2 more: / lists them\n")
	for range 7 {
		d.keys("esc")
	}
	d.wants("filter srcaddr=10.0.0.0/8\n")
	d.keys("q")
	d.wants("no more srcaddr=10.0.0.0/8; esc again leaves", "Overview › Flow records")
	d.lacks("filter srcaddr")
	d.keys("esc")
	d.wants("Look at")
	d.keys("3", "right", ",", "backspace") // past the filter
	d.wants("Look at")
	if d.fake.opened != d.fake.closed {
		t.Errorf("%d results opened, %d closed", d.fake.opened, d.fake.closed)
	}
}

// The word of other programs for leaving leaves; it does not run the query that is most like it.
func TestColonQ(t *testing.T) {
	d := drive(t, 80, 24).keys(":", "'q")
	d.wants("q  quit: leave the workbench", "enter do it")
	if d.keys("enter"); !d.quit {
		t.Error(":q does not quit")
	}
}

// A hole in the records is where it was, with the signs of case53 coverage.
func TestCoverageLiesOnTheTimeAxis(t *testing.T) {
	d := drive(t, 200, 60)
	d.wants("░ NODATA", "flow, capture incident: 2026-11-01 00:00 → 2026-11-03 00:00 UTC")
	bar := strings.Repeat("█", 33) + strings.Repeat("░", 4) + strings.Repeat("█", 19) + strings.Repeat("·", 3) + strings.Repeat("█", 16) + "S"
	d.wants("  eni-0a1b2c3d4e5f60718 " + bar + "█")
	for _, c := range fakeOverview().Coverage {
		if got := len(c.Bar(96)); got != 96 {
			t.Errorf("%s: %d cells", c.Source, got)
		}
	}
}

func hunt(t *testing.T, width int) *driver {
	return drive(t, width, 24).keys("2", "'beacon", "enter", "'9", "enter")
}

// The subjects of a finding can be followed, and the finding leads to the records that it names, or says that it names none.
func TestFindingLeadsOn(t *testing.T) {
	d := hunt(t, 118).keys("right", "right", "p")
	d.wants("Pivot: ip 10.0.1.23", "Flows of this address")
	d.keys("esc")
	d.wants("enter records")
	d.keys("enter")
	d.wants("records of beacon", "Records with the addresses, names and time of the finding: every 300 s for a day", "10.0.1.0")
	if got := d.asked("flow_by_addr").sql; !strings.Contains(got, "10.0.1.23") {
		t.Errorf("asked %s", got)
	}
	d.keys("esc", "j", "enter")
	d.wants("the finding names no address, name or interface", "beacon")
	d.keys(".")
	d.wants("This row sums up records; enter on it in the list shows", "nothing named")
}

// A number of 32 bits has the digits that it has.
func TestShortNumbers(t *testing.T) {
	d := hunt(t, 118)
	d.wants("3.0849626")
	d.lacks("3.08496260")
	d.keys("right", "right", "right", "right", ",")
	d.wants("filter entropy=3.0849626\n")
}

func TestInternalNamesStayInside(t *testing.T) {
	d := drive(t, 100, 24)
	d.fake.overview.Problem = "not built yet: answer_name, flow_side"
	d.keys("r")
	d.wants("not built yet: 2 tables for pivots and sums")
	d.lacks("answer_name")
	for text, want := range map[string]string{
		"not built yet: flow_side":             "not built yet: 1 table for pivots and sums",
		"a.case: not built yet: a, b\nhint: x": "a.case: not built yet: 2 tables for pivots and sums\nhint: x",
		"interrupted; not built yet: there is no d.duckdb\nhint: x": "interrupted; what pivots and sums rest on is not built yet: " +
			"there is no d.duckdb\nhint: x",
	} {
		if got := frame.Told(text); got != want {
			t.Errorf("%q is told as %q", text, got)
		}
	}
}

// Reasons that are not listed are counted.
func TestRejectsAddUp(t *testing.T) {
	d := drive(t, 100, 60)
	d.lacks("for other reasons")
	d.fake.overview.Lines.Rejected += 5
	d.keys("r")
	d.wants("5 rejected  for other reasons: reject-reasons has them all")
}

// Columns are as wide as the screen lets them be, at its present size and for the rows read since.
func TestWidthsFollowTheScreen(t *testing.T) {
	d := drive(t, 60, 24)
	long := "a-name-of-thirty-six-characters.test"
	d.fake.answer = func(string) *fakeResult {
		return &fakeResult{cols: frametest.Columns("name n:BIGINT"), n: 600, row: func(i int) []cases.Cell {
			if i == 0 || i == 599 {
				return frametest.Cells(strings.Repeat(long, 1+i/599)[:36+3*(i/599)], i)
			}
			return frametest.Cells("short", i)
		}}
	}
	d.keys(";", "'SELECT 1", "f5")
	d.lacks(long)
	d.send(windowSize(120, 24))
	d.wants(long)
	d.keys("G")
	d.wants(long + "a-n")
	d.send(windowSize(60, 24))
	d.lacks(long)
}

// A list that ends early says so where its rows are counted, whatever is done to it.
func TestLimitedListSaysSo(t *testing.T) {
	d := drive(t, 100, 24)
	d.fake.answer = func(sql string) *fakeResult {
		if strings.Contains(sql, "GROUP BY 1") {
			return fakeAnswer(sql)
		}
		r := fakeFlow(1000)
		if strings.Contains(sql, "WHERE (") {
			r = fakeFlow(37)
		}
		row := r.row
		r.cols = append(r.cols, frametest.Columns("of_rows:BIGINT")...)
		r.row = func(i int) []cases.Cell { return append(row(i), frametest.Cells(31097)...) }
		return r
	}
	d.keys("2", "'flows-of", "enter", "'10.0.1.5", "enter")
	d.wants("of first 1,000 of 31,097 |", " the first 1,000 of 31,097 rows: filters and counts are of these; x for more")
	d.keys("right", ",")
	d.wants("of 37 in the first 1,000 of 31,097 |", " the first 1,000 of 31,097 rows")
	d.keys("F")
	d.wants("of 2 in the first 1,000 of 31,097 |")
	d.keys("esc", "x")
	d.wants("  rows int", "1000")
}

func TestLimitThatDoesNotSay(t *testing.T) {
	d := drive(t, 100, 24).keys("2", "'beacon", "enter", "enter") // at most 2 findings, and 2 there are
	d.wants("1–2 of first 2 (top)")
	d.keys("x", "ctrl+u", "'3", "enter")
	d.wants("1–2 of 2 |")
	d.lacks("the first")
	d.keys(";", "'SELECT * FROM flow limit 1000", "f5", "G")
	d.wants("of first 1,000 (LIMIT) |", " the first 1,000 (LIMIT) rows")
}

// Logs come in the order of time, as far as somebody looks; another order is named.
func TestLogsAreInOrderOfTime(t *testing.T) {
	d := drive(t, 80, 24).keys("3")
	c := d.asked("FROM flow")
	if !strings.HasSuffix(c.sql, "ORDER BY \"start\" NULLS LAST, \"object_id\", \"row_no\"\nLIMIT $step_rows") || c.args["step_rows"] != int64(4096) {
		t.Errorf("asked %s with %v", c.sql, c.args)
	}
	d.keys("6")
	if c = d.asked("dns_answer"); !strings.Contains(c.sql, `ORDER BY "query_timestamp" NULLS LAST, "object_id", "row_no", "answer_no"`) {
		t.Errorf("asked %s", c.sql)
	}
	d.keys("esc", "right", "]")
	d.wants("in order of srcaddr, smallest first")
	d.keys("]")
	d.lacks("in order of")
}

// An id with hyphens is not broken at them.
func TestIdsAreNotBroken(t *testing.T) {
	got := frame.Wrap("no records of eni-01a2c4e6b8d0f3579 and fl-0a53e1c97b20d4f68 since", 24)
	want := []string{"no records of", "eni-01a2c4e6b8d0f3579", "and fl-0a53e1c97b20d4f68", "since"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if got := frame.Wrap("arn:aws:sts::1:assumed-role/x", 12); strings.Join(got, "") != "arn:aws:sts::1:assumed-role/x" {
		t.Errorf("%q", got)
	}
}

// An order of many columns is told on a few lines, and those that have no room are counted.
func TestOrderHasRoom(t *testing.T) {
	d := drive(t, 60, 24).keys("3", "right", "[", "right", "(", "right", "(")
	d.wants(" in order of srcaddr, largest first, then of srcport,", " largest first, then of dstaddr, largest first")
	d.keys("right", ")", "right", ")")
	d.wants(" in order of srcaddr, largest first, then of srcport,", " largest first, then of 3 more")
}

func TestUnknownKeyWhereTextIsTyped(t *testing.T) {
	d := drive(t, 80, 24).keys("3", "/", "ctrl+y")
	d.wants("no such key here; f1 shows keys")
	d.keys("ctrl+l", "esc", "C", "3")
	d.wants("not from here; ? shows keys")
}

// A sealed case is said to be sealed, on the overview and on every screen after it.
func TestSealedIsSaid(t *testing.T) {
	d := drive(t, 80, 24)
	d.wants("not sealed", "READ-ONLY")
	d.fake.overview.Sealed = true
	d.keys("r")
	d.wants("184 objects, sealed", "SEALED")
	d.lacks("READ-ONLY")
	d.keys("3").wants("SEALED")
}

// A case that is not all there says so wherever something may be missing for it: the overview with the reason before the path and what
// to do, a list above its rows, an answer without rows with all of the reason.
func TestCaseThatIsNotAllThere(t *testing.T) {
	d := drive(t, 80, 24)
	d.lacks("not all there")
	d.fake.overview.Problem = "the load that began at 2026-11-20T09:12:44Z was interrupted; not built yet: flow_endpoint, flow_side"
	d.fake.overview.Remedy = "repeat the command that was interrupted, it goes on where it stopped; or " +
		"case53 derive /home/analyst/cases/2026/a-folder-with-a-very-long-name/incident.case builds what is missing"
	d.keys("r").wants("! Not all there: the load that began at 2026-11-20T09:12:44Z was interrupted;\n",
		"   not built yet: 2 tables for pivots and sums\n", "   repeat the command that was interrupted",
		" /home/analyst/cases/2026/a-folder-with-a-very-long-name/incident.case")
	d.keys("3").wants(" the case is not all there: the load that began at 2026-11-20T09:12:44Z was int…")
	d.keys("2", "'empty", "enter").wants("No rows.", "The case is not all there, and what is missing may be what was asked for: the", "not built yet: 2\n")
}

// The table of captures has whole columns only, at every width: what does not fit stands in rows of its own below.
func TestCapturesHaveWholeColumns(t *testing.T) {
	d := drive(t, 80, 24)
	o := &d.fake.overview
	for i, n := range []string{"alb", "httpd", "change", "host_log", "waf", "waf_rule", "a_table_with_a_long_name"} {
		o.Tables[n] = int64(1_234_567 * (i + 1))
		o.Captures[0].Rows[n] = o.Tables[n]
	}
	d.keys("r")
	for width := 40; width <= 240; width++ {
		d.send(windowSize(width, 60))
		head, _, _ := strings.Cut(d.screen(), "Look at")
		_, table, _ := strings.Cut(head, "Capture ")
		cells := strings.Fields(table)
		for _, c := range o.Captures {
			for n, rows := range c.Rows {
				if !slices.Contains(cells, n) || !slices.Contains(cells, words.Count(rows)) {
					t.Fatalf("%d columns: %s %s is not whole in\n%s", width, n, words.Count(rows), table)
				}
			}
		}
		if strings.Contains(table, "…") || !strings.Contains(table, "2026-11-09") {
			t.Fatalf("%d columns: a column is cut, or lacks, in\n%s", width, table)
		}
	}
}

// Of a window what is exported says so, as it says which filters hold; the form of a query gives no hints for a command line; a list under
// a window says that what it has may have begun before it.
func TestWordsUnderAWindow(t *testing.T) {
	d := drive(t, 100, 30)
	d.keys("3", "ctrl+e").wants("All rows are written, not only those on the screen.")
	d.keys("esc", "w", "'11-01 10:00 to 10:05", "enter", "right", ",", "ctrl+e")
	d.wants("All rows of the window 11-01 10:00–10:05 UTC with srcaddr=10.0.1.0 are written", "and no others")
	d.keys("enter").wants("; only rows of the window 11-01 10:00–10:05 UTC with")
	d.keys("enter", "F", "ctrl+e").wants("All rows of the window 11-01 10:00–10:05 UTC with srcaddr=10.0.1.0 are written")
	d.keys("esc", "2", "'flows-of", "enter", "enter").wants("parameter ip is missing: the address", "hint: for example 1")
	d.lacks("-p ip")
	d.keys("esc", "ctrl+u", "'top-talkers").wants("| 1 query ")
	d.fake.answer = func(string) *fakeResult {
		return &fakeResult{n: 1, cols: frametest.Columns("start:TIMESTAMP end:TIMESTAMP object_id:UINTEGER row_no:UINTEGER"), row: func(int) []cases.Cell {
			return frametest.Cells("2026-11-01 09:59:00", "2026-11-01 10:01:00", 1, 1)
		}}
	}
	d.keys("esc", "1", "3").wants("what touches the window: a record may have begun before it")
	d.keys("W").lacks("what touches the window")
}

// The help of the filter line is whole on a narrow screen too.
func TestFilterHelpIsWhole(t *testing.T) {
	d := drive(t, 60, 24).keys("3", "/")
	d.wants("field=.example.org", "port=1..1023 · bytes>5MB", "the zone on view")
}

// Of queries whose names hold what was typed, the one that is called so is the first.
func TestNameThatWasTypedIsFirst(t *testing.T) {
	names := []string{"address-in-changes", "changes-at", "changes", "what-a-change-is"}
	got := frame.Matches("Changes", len(names), func(i int) string { return names[i] })
	if !slices.Equal(got, []int{2, 1, 0, 3}) {
		t.Errorf("%v", got)
	}
}
