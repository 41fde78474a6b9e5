package host

import (
	"errors"
	"fmt"
	"time"
)

// local is a time as a host writes it: in its own zone, which the line mostly does not say, and in syslog without a year.
type local struct {
	year                      int // 0: none
	month                     time.Month
	day, hour, minute, second int
	micros                    int
}

// check says whether there is such a time in some year.
func (l local) check() bool {
	return l.month >= 1 && l.month <= 12 && l.day >= 1 && l.day <= 31 && l.hour < 24 && l.minute < 60 && l.second < 60
}

// in is the time in a zone, the earlier one where it was there twice. ambiguous says that it was, or that it was not there at all,
// as clocks were changed. ok is false where the year has no such day.
func (l local) in(year int, zone *time.Location) (at time.Time, ambiguous, ok bool) {
	at = time.Date(year, l.month, l.day, l.hour, l.minute, l.second, l.micros*1000, zone)
	if at.Day() != l.day && at.Month() != l.month {
		return at, false, false
	}
	if zone == time.UTC {
		return at, false, true
	}
	if at.Hour() != l.hour || at.Minute() != l.minute {
		return at, true, true
	}
	for _, shift := range [...]time.Duration{time.Hour, 30 * time.Minute} {
		if other := at.Add(-shift); other.Hour() == l.hour && other.Minute() == l.minute {
			return other, true, true
		}
		if other := at.Add(shift); other.Hour() == l.hour && other.Minute() == l.minute {
			return at, true, true
		}
	}
	return at, false, true
}

// clock settles the times of lines.
type clock struct {
	zone *time.Location // nil: none was given
}

// flags say what was assumed of a time.
type flags struct{ year, zone, ambiguous bool }

// How far the local times of the earth's zones are from UTC: a line whose zone is not known may seem to be so much later than
// the moment at which it was taken in.
const farthestZone = 14 * time.Hour

// resolve gives the time in UTC, in µs. seen is when the line is known to have been there, in µs: 0 for not known.
func (c clock) resolve(l local, seen int64) (micros int64, f flags, err error) {
	if !l.check() {
		return 0, f, errors.New("no such time")
	}
	zone := c.zone
	if zone == nil {
		zone, f.zone = time.UTC, true
	}
	if l.year > 0 {
		at, ambiguous, ok := l.in(l.year, zone)
		if !ok {
			return 0, f, fmt.Errorf("no day %d-%02d-%02d", l.year, l.month, l.day)
		}
		f.ambiguous = ambiguous
		return at.UnixMicro(), f, nil
	}
	if seen == 0 {
		return 0, f, errors.New("the line has no year, and nothing says when it was taken in")
	}
	f.year = true
	latest := time.UnixMicro(seen).Add(time.Minute) // clocks differ
	if f.zone {
		latest = latest.Add(farthestZone)
	}
	const leap = 8 // February 29 may be so many years back
	for year := latest.In(zone).Year(); year > latest.Year()-leap-2; year-- {
		at, ambiguous, ok := l.in(year, zone)
		if ok && !at.After(latest) {
			f.ambiguous = ambiguous
			return at.UnixMicro(), f, nil
		}
	}
	return 0, f, fmt.Errorf("no year has a day %02d-%02d", l.month, l.day)
}

var months = map[string]time.Month{"Jan": 1, "Feb": 2, "Mar": 3, "Apr": 4, "May": 5, "Jun": 6, "Jul": 7, "Aug": 8, "Sep": 9, "Oct": 10, "Nov": 11, "Dec": 12}

// number reads one to nine digits that text begins with.
func number(text []byte) (n int, rest []byte, ok bool) {
	i := 0
	for i < len(text) && i < 9 && text[i]-'0' < 10 {
		n = n*10 + int(text[i]-'0')
		i++
	}
	return n, text[i:], i > 0
}

// clockTime reads hh:mm:ss, and a fraction where there is one.
func (l *local) clockTime(text []byte) (rest []byte, ok bool) {
	if len(text) < len("00:00:00") || text[2] != ':' || text[5] != ':' {
		return text, false
	}
	var ok1, ok2, ok3 bool
	l.hour, _, ok1 = number(text[:2])
	l.minute, _, ok2 = number(text[3:5])
	l.second, _, ok3 = number(text[6:8])
	rest = text[8:]
	if len(rest) > 1 && rest[0] == '.' && rest[1]-'0' < 10 {
		i := 1
		for unit := 100_000; i < len(rest) && rest[i]-'0' < 10; i++ {
			l.micros += int(rest[i]-'0') * unit
			unit /= 10
		}
		rest = rest[i:]
	}
	return rest, ok1 && ok2 && ok3
}

// monthDay reads "Nov  3 ".
func (l *local) monthDay(text []byte) (rest []byte, ok bool) {
	if len(text) < len("Nov 3 ") || text[3] != ' ' {
		return text, false
	}
	if l.month, ok = months[string(text[:3])]; !ok {
		return text, false
	}
	rest = text[4:]
	for len(rest) > 0 && rest[0] == ' ' {
		rest = rest[1:]
	}
	if l.day, rest, ok = number(rest); !ok || len(rest) == 0 || rest[0] != ' ' {
		return text, false
	}
	return rest[1:], true
}
