package findings

import (
	"strings"
	"testing"
	"time"

	"case53/cases"
)

// TestCausesSayATimeOfAll: of several sources that a call silenced, the time is told in which none of them has a record; what has no
// time in common is told apart.
func TestCausesSayATimeOfAll(t *testing.T) {
	at := func(hour int) time.Time { return time.Date(2026, 11, 1, hour, 0, 0, 0, time.UTC) }
	silent := func(source string, from, to int) cases.Coverage {
		return cases.Coverage{LogType: "one", Capture: "incident", Source: source, Explained: []cases.Explanation{{
			From: at(from), To: at(to), ComesBack: true, Certainty: cases.Possible, EventName: "DeleteLogGroup", EventTime: at(2)}}}
	}
	var said []string
	for _, c := range Causes([]cases.Coverage{silent("a", 1, 5), silent("b", 3, 7), silent("c", 6, 9)}) {
		said = append(said, c.Text(func(t time.Time) string { return t.Format("15") }))
	}
	const because = ", perhaps because of DeleteLogGroup at 02 ()"
	want := []string{"no records of a, b from 03 to 05" + because, "no records of c from 06 to 09" + because}
	if strings.Join(said, "\n") != strings.Join(want, "\n") {
		t.Errorf("%q, want %q", said, want)
	}
}
