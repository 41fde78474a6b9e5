package account

import (
	"testing"
	"time"

	"case53/loader/source/cwlogs"
)

// TestGroupsBegin: a group is looked at from two weeks before it was made, as far as its retention reaches.
func TestGroupsBegin(t *testing.T) {
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		what    string
		created time.Time
		days    int
		want    time.Time
	}{
		{"made today", now.Add(-time.Hour), 0, now.Add(-time.Hour).AddDate(0, 0, -14)},
		{"made today, kept for a week", now.Add(-time.Hour), 7, now.AddDate(0, 0, -7)},
		{"made today, kept for a year", now.Add(-time.Hour), 365, now.Add(-time.Hour).AddDate(0, 0, -14)},
		{"made long ago, kept for a month", now.AddDate(-3, 0, 0), 30, now.AddDate(0, 0, -30)},
		{"nobody knows when", time.Time{}, 0, time.Unix(0, 0)},
		{"nobody knows when, kept for a day", time.Time{}, 1, now.AddDate(0, 0, -1)},
		{"made when the clock began", time.UnixMilli(1), 0, time.Unix(0, 0)},
	} {
		if got := begins(cwlogs.Group{Created: c.created, RetentionDays: c.days}, now); !got.Equal(c.want) {
			t.Errorf("%s: from %v, want %v", c.what, got, c.want)
		}
	}
}
