package tui

import (
	"strings"
	"testing"

	"case53/cases"
	"case53/tui/frame/frametest"
)

// counted makes the fake answer how many rows each way of a pivot has.
func counted(n int) func(string) *fakeResult {
	return func(sql string) *fakeResult {
		if strings.HasPrefix(sql, "SELECT count(*) AS n") {
			rows := n
			if strings.Contains(sql, "dns_answer") {
				rows = 0
			}
			return &fakeResult{cols: frametest.Columns("n:BIGINT"), n: 1, row: func(int) []cases.Cell { return frametest.Cells(rows) }}
		}
		return fakeAnswer(sql)
	}
}

// The ways of a value say how many rows each has, before one is gone; what is left is not counted on.
func TestPivotCounts(t *testing.T) {
	d := drive(t, 100, 30)
	d.fake.answer = counted(31097)
	d.keys("3", "right")
	d.hold = true
	d.keys("p").wants("1  The page of it", "2  Flows of this address", "…")
	d.step()
	d.wants("31,097")
	d.release()
	d.wants("31,097  flows-of-address", "     0  names-of-address")
	if c := d.asked("SELECT count(*) AS n FROM (\nSELECT * FROM flow_by_addr"); c.args["rows"] != int64(1<<40) || c.args["ip"] != "10.0.1.0" {
		t.Errorf("counted with %v: a limit would count only itself", c.args)
	}
	d.keys("2")
	if c := d.asked("SELECT * FROM flow_by_addr"); c.args["rows"] != int64(1000) {
		t.Errorf("went with %v", c.args)
	}
	d.keys("backspace", "w", "'11-01", "enter", "right", "p")
	d.keys("esc")
	calls := len(d.fake.calls)
	d.hold = true
	d.keys("p", "esc")
	d.release()
	if n := len(d.fake.calls) - calls; n > 1 || len(d.app.env.Waiting) > 0 {
		t.Errorf("%d ways were counted after the menu was left", n)
	}
}

// What is typed leaves the ways that have it; digits choose as long as nothing is.
func TestPivotIsTypedInto(t *testing.T) {
	d := drive(t, 100, 30).keys("3", "right", "p", "'names")
	d.wants("Names that resolved", "> names")
	d.lacks("Flows of this address")
	d.keys("enter").wants("names-of-address 10.0.1.0")
	d.keys("backspace", "p", "'nothing of it").wants("no way has this in its name")
}

// A row that sums up others leads to them where it is known which they are, and says so where it is not.
func TestPivotOnSums(t *testing.T) {
	d := drive(t, 120, 30).keys("3", "right", "right", "right", "right", "right", "right", "F", "p")
	d.wants("1  The rows with this value")
	d.keys("1").wants("filter action=ACCEPT")
	d.keys("2", "'beacon", "enter", "enter", "p").wants("1  The records of this finding")
	d.keys("enter").wants("records of beacon")
	d.keys(";", "'SELECT count(*) FROM flow GROUP BY 1", "f5", "right", "p").wants("This row sums up records and does not say which")
	d.keys("enter").wants("This row sums up") // it leads nowhere
}

// Back is followed by forward: what was left is there again, with its filters and where the cursor stood.
func TestForward(t *testing.T) {
	d := drive(t, 100, 30).keys("L")
	d.wants("there is no screen ahead")
	d.keys("3", "right", ",", "j", "j", "enter").wants("Record 2:3")
	d.keys("1").wants("Look at")
	d.keys("L").wants("filter srcaddr=10.0.1.0", ">10.0.1.2")
	d.keys("L").wants("Record 2:3")
	d.keys("1", "H").wants("Trail", "ahead", "Record 2:3")
	d.keys("3").wants("Overview › Flow records › Record 2:3\n")
	d.keys("esc").wants("filter srcaddr=10.0.1.0", ">10.0.1.2")
	d.keys("4", "backspace", "backspace", "2", "esc", "L").wants("Overview › Queries\n") // a new way leaves nothing ahead but itself
	d.keys("esc", "1", "esc")
	if d.fake.opened != d.fake.closed {
		t.Errorf("%d results opened, %d closed", d.fake.opened, d.fake.closed)
	}
}
