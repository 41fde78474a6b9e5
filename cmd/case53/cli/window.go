package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"case53/cases"
	"case53/cmd/case53/progress"
)

// layouts without a zone, read in --tz.
var layouts = []string{"2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02"}

const timeForms = "RFC 3339 (2026-11-01T10:00:00Z), 2026-11-01, '2026-11-01 10:00' (in --tz), -24h, now"

// AddWindowFlags gives a command --from, --to and --tz.
func AddWindowFlags(c *cobra.Command) {
	c.Flags().String("from", "", "keep records from this time on: "+timeForms+", or both ends as A..B")
	c.Flags().String("to", "", "keep records before this time")
	c.Flags().String("tz", "UTC", "zone of times that name none, e.g. Europe/Berlin")
}

// Window reads the flags of addWindowFlags and says on stderr what they come to in UTC.
func Window(c *cobra.Command, now time.Time) (cases.Span, error) {
	from, _ := c.Flags().GetString("from")
	to, _ := c.Flags().GetString("to")
	tz, _ := c.Flags().GetString("tz")
	w, err := parseWindow(from, to, tz, now)
	if err != nil {
		return w, &Status{Code: Misused, Err: err}
	}
	switch {
	case from == "" && to == "":
	case WantsEvents(c):
		progress.Event(c.ErrOrStderr(), "window", map[string]any{"window": cases.Span{From: w.From, To: w.To}})
	default:
		echoWindow(c.ErrOrStderr(), w)
	}
	return w, nil
}

func echoWindow(stderr io.Writer, w cases.Span) {
	text := func(t time.Time, open string) string {
		if t.IsZero() {
			return open
		}
		return t.UTC().Format(time.RFC3339)
	}
	fmt.Fprintf(stderr, "window: from %s to before %s\n", text(w.From, "the beginning"), text(w.To, "the end"))
}

// parseWindow reads a half-open window.
func parseWindow(from, to, tz string, now time.Time) (cases.Span, error) {
	var w cases.Span
	zone, err := time.LoadLocation(tz)
	if err != nil {
		return w, fmt.Errorf("--tz %q: %w\nhint: a name such as UTC or Europe/Berlin", tz, err)
	}
	if a, b, ok := strings.Cut(from, ".."); ok {
		if to != "" {
			return w, fmt.Errorf("--from %q names both ends, and --to is given too", from)
		}
		from, to = a, b
	}
	if w.From, err = parseTime(from, zone, now); err != nil {
		return w, fmt.Errorf("--from: %w", err)
	}
	if w.To, err = parseTime(to, zone, now); err != nil {
		return w, fmt.Errorf("--to: %w", err)
	}
	if !w.From.IsZero() && !w.To.IsZero() && !w.From.Before(w.To) {
		return w, fmt.Errorf("the window is empty: %s is not before %s", w.From.Format(time.RFC3339), w.To.Format(time.RFC3339))
	}
	return w, nil
}

// parseTime reads one time, "" as none. It is strict: what could be read in two ways is refused.
func parseTime(text string, zone *time.Location, now time.Time) (time.Time, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return time.Time{}, nil
	case text == "now":
		return now.UTC(), nil
	case strings.HasPrefix(text, "-"):
		d, err := time.ParseDuration(text[1:])
		if err != nil || d < 0 {
			return time.Time{}, fmt.Errorf("%q is no span\nhint: such as -24h or -90m", text)
		}
		return now.Add(-d).UTC(), nil
	}
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return t.UTC(), nil
	}
	for _, layout := range layouts {
		t, err := time.ParseInLocation(layout, text, zone)
		if err != nil {
			continue
		}
		// A clock that is set forward skips an hour; Go then answers with another hour than was written.
		if t.Format(layout) != text {
			return time.Time{}, fmt.Errorf("%q does not exist in %s: the clock was set forward over it", text, zone)
		}
		if other := twin(t); !other.IsZero() {
			if other.Before(t) {
				t, other = other, t
			}
			return time.Time{}, fmt.Errorf("%q comes twice in %s: the clock was set back\nhint: say which: %s or %s",
				text, zone, t.Format(time.RFC3339), other.Format(time.RFC3339))
		}
		return t.UTC(), nil
	}
	return time.Time{}, fmt.Errorf("%q is no time\nhint: %s", text, timeForms)
}

// twin is the other moment that a clock in t's zone shows as it shows t, where it was set back; else the zero time.
func twin(t time.Time) time.Time {
	_, here := t.Zone()
	for _, near := range []time.Duration{-12 * time.Hour, 12 * time.Hour} {
		_, there := t.Add(near).Zone()
		other := t.Add(time.Duration(here-there) * time.Second)
		if _, offset := other.Zone(); offset == there && there != here {
			return other
		}
	}
	return time.Time{}
}
