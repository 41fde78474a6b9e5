// Package words puts numbers, times and lists into English, for screens, reports and errors alike.
//
// Rules:
//   - A number of things is never abbreviated or rounded; its thousands are marked.
//   - A time is UTC. The zero time is unknown, and shown so.
//   - Nothing here decides what is said; it only says it. Text from evidence passes safetext where it is shown.
//
// The package is a leaf: it imports nothing of ours.
package words

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Count is a number with its thousands marked: 1,234,567.
func Count(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Plural is a number of things: 1 row, 2 rows.
func Plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Count(n) + " " + many
}

// Times is how often something was: once, twice, 3 times.
func Times(n int64) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return Count(n) + " times"
}

// AllOf is a count that may be all there is: all, none, or the count.
func AllOf(n, all int64) string {
	switch {
	case n == all:
		return "all"
	case n == 0:
		return "none"
	}
	return Count(n)
}

// IsAre is the verb for so many.
func IsAre(n int64) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// OneOf says that what was named is one of several; "" where it is the only one.
func OneOf(n int64, one, many string) string {
	if n < 2 {
		return ""
	}
	return ", one of " + Plural(n, one, many)
}

// Listed names up to three things, or says how many there are.
func Listed(all []string, one, many string) string {
	if n := len(all); n == 0 || n > 3 {
		return Plural(int64(n), one, many)
	}
	return strings.Join(all, ", ")
}

// Sentence begins with a capital letter.
func Sentence(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

// Bytes is a size in binary units: 1.5 MiB.
func Bytes(n int64) string {
	const units = "KMGTPE"
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	f, i := float64(n)/1024, 0
	for f >= 1024 && i < len(units)-1 {
		f, i = f/1024, i+1
	}
	return fmt.Sprintf("%.1f %ciB", f, units[i])
}

// Moment is a time to the second, UTC.
func Moment(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format("2006-01-02 15:04:05")
}

// Long is a length of time given in seconds: 90 s, 12 min, 3 h, 30.5 h. It is never rounded up.
func Long(seconds float64) string {
	const minute, hour = 60, 3600
	switch {
	case seconds < 2*minute:
		return fmt.Sprintf("%.0f s", math.Floor(seconds))
	case seconds < 2*hour:
		return fmt.Sprintf("%.0f min", math.Floor(seconds/minute))
	case math.Mod(seconds, hour) == 0:
		return fmt.Sprintf("%.0f h", seconds/hour)
	default:
		return fmt.Sprintf("%.1f h", seconds/hour)
	}
}

// Width is the width of a window, in the largest unit that it is a whole number of: 10m, 1h, 2d.
func Width(d time.Duration) string {
	switch {
	case d%(24*time.Hour) == 0:
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	case d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return fmt.Sprintf("%dm", d/time.Minute)
}

// Wrap breaks text at spaces into lines of at most width characters; a longer word has a line of its own.
func Wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len([]rune(line))+1+len([]rune(word)) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
