package cases_test

import (
	"strings"
	"testing"
	"time"

	"case53/cases"
)

// TestPercentIsNeverRoundedToAll: what is lacking stays visible.
func TestPercentIsNeverRoundedToAll(t *testing.T) {
	for want, c := range map[string]cases.Share{
		"99.9%":   {Windows: 1_000_000, Covered: 999_999, SkipData: 0},
		"100%":    {Windows: 7, Covered: 7, SkipData: 0},
		"0.1%":    {Windows: 1_000_000, Covered: 1, SkipData: 0},
		"0%":      {Windows: 5, Covered: 0, SkipData: 5},
		"50.0%":   {Windows: 4, Covered: 2, SkipData: 0},
		"nothing": {},
	} {
		if got := c.Percent(); got != want {
			t.Errorf("%+v: %s, want %s", c, got, want)
		}
	}
}

// TestBarLiesOnTheTimeAxis: a hole is where it was, and one bad window of many still shows.
func TestBarLiesOnTheTimeAxis(t *testing.T) {
	from := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	at := func(windows int) time.Time { return from.Add(time.Duration(windows) * time.Minute) }
	c := cases.Coverage{Bin: time.Minute, Window: cases.Span{From: from, To: at(8)}, Windows: 8, Spans: []cases.CoverageSpan{
		{From: from, To: at(2), Status: cases.StatusOK},
		{From: at(2), To: at(4), Status: cases.StatusAbsent},
		{From: at(4), To: at(7), Status: cases.StatusNoData},
		{From: at(7), To: at(8), Status: cases.StatusSkipData},
	}}
	for width, want := range map[int]string{4: "OK absent NODATA SKIPDATA", 100: "OK OK absent absent NODATA NODATA NODATA SKIPDATA", 1: "SKIPDATA", 0: ""} {
		if got := strings.Join(c.Bar(width), " "); got != want {
			t.Errorf("in %d: %s, want %s", width, got, want)
		}
	}
}

// TestShareOfAnyTimes: a record may claim a time thousands of years off; what is covered and what is not still add up.
func TestShareOfAnyTimes(t *testing.T) {
	from, to := time.Unix(0, 0).UTC(), time.Date(5138, 1, 1, 0, 0, 0, 0, time.UTC)
	middle := time.Date(4000, 1, 1, 0, 0, 0, 0, time.UTC)
	var c cases.Share
	c.Add(cases.Coverage{Spans: []cases.CoverageSpan{
		{From: from, To: middle, Status: cases.StatusOK},
		{From: middle, To: to, Status: cases.StatusSkipData},
	}}, cases.Span{From: from, To: to})
	if c.Windows != c.Covered+c.SkipData || c.Windows != to.Unix()/60 {
		t.Errorf("%+v", c)
	}
}
