package cli

import (
	"testing"
	"time"
)

func TestParseWindow(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct{ from, to, tz, want string }{
		{"2026-11-01T10:00:00Z", "2026-11-01T12:00:00+01:00", "UTC", "2026-11-01T10:00:00Z 2026-11-01T11:00:00Z"},
		{"2026-11-01", "2026-11-02", "UTC", "2026-11-01T00:00:00Z 2026-11-02T00:00:00Z"},
		{"2026-11-01", "2026-11-01 10:00", "Europe/Berlin", "2026-10-31T23:00:00Z 2026-11-01T09:00:00Z"},
		{"2026-11-01..2026-11-03", "", "UTC", "2026-11-01T00:00:00Z 2026-11-03T00:00:00Z"},
		{"-24h..now", "", "UTC", "2026-11-20T12:00:00Z 2026-11-21T12:00:00Z"},
		{"..2026-11-03", "", "UTC", "- 2026-11-03T00:00:00Z"},
		{"-90m", "", "Asia/Tokyo", "2026-11-21T10:30:00Z -"},
		{"", "", "UTC", "- -"},
		// The clock goes from 02:00 to 03:00 on 29 March, and from 03:00 to 02:00 on 25 October.
		{"2026-03-29 01:59:59", "2026-03-29 03:00", "Europe/Berlin", "2026-03-29T00:59:59Z 2026-03-29T01:00:00Z"},
		{"2026-03-29 02:30", "", "Europe/Berlin", `--from: "2026-03-29 02:30" does not exist in Europe/Berlin: the clock was set forward over it`},
		{"2026-10-25 02:30", "", "Europe/Berlin", `--from: "2026-10-25 02:30" comes twice in Europe/Berlin: the clock was set back` + "\n" +
			"hint: say which: 2026-10-25T02:30:00+02:00 or 2026-10-25T02:30:00+01:00"},
		{"2026-10-25 01:59:59", "2026-10-25 03:00", "Europe/Berlin", "2026-10-24T23:59:59Z 2026-10-25T02:00:00Z"},
		// What could mean two things, or nothing, is refused.
		{"2026-11-02", "2026-11-01", "UTC", "the window is empty: 2026-11-02T00:00:00Z is not before 2026-11-01T00:00:00Z"},
		{"2026-11-01", "2026-11-01", "UTC", "the window is empty: 2026-11-01T00:00:00Z is not before 2026-11-01T00:00:00Z"},
		{"01/11/2026", "", "UTC", "--from: \"01/11/2026\" is no time\nhint: " + timeForms},
		{"2026-02-29", "", "UTC", "--from: \"2026-02-29\" is no time\nhint: " + timeForms},
		{"-1d", "", "UTC", "--from: \"-1d\" is no span\nhint: such as -24h or -90m"},
		{"--1h", "", "UTC", "--from: \"--1h\" is no span\nhint: such as -24h or -90m"},
		{"2026-11-01..2026-11-02", "2026-11-03", "UTC", `--from "2026-11-01..2026-11-02" names both ends, and --to is given too`},
		{"2026-11-01", "", "Mars/Olympus", "--tz \"Mars/Olympus\": unknown time zone Mars/Olympus\nhint: a name such as UTC or Europe/Berlin"},
	} {
		w, err := parseWindow(c.from, c.to, c.tz, now)
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			for i, end := range []time.Time{w.From, w.To} {
				if i == 1 {
					got += " "
				}
				if end.IsZero() {
					got += "-"
				} else {
					got += end.Format(time.RFC3339Nano)
				}
			}
		}
		if got != c.want {
			t.Errorf("--from %q --to %q --tz %s:\n%s, want\n%s", c.from, c.to, c.tz, got, c.want)
		}
	}
}
