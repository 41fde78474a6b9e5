package field

// Time reads a time as RFC 3339 has it ("2021-12-11T22:46:26.123Z"), in µs since 1970: up to nine digits of a
// second, cut to six; Z or an offset. A leap second is refused, as Go and DuckDB refuse it.
func Time(t []byte) (int64, bool) {
	if len(t) < len("2006-01-02T15:04:05Z") ||
		t[4] != '-' || t[7] != '-' || t[10] != 'T' || t[13] != ':' || t[16] != ':' {
		return 0, false
	}
	year1, year2, month, day := two(t), two(t[2:]), two(t[5:]), two(t[8:])
	hour, minute, second := two(t[11:]), two(t[14:]), two(t[17:])
	year := year1*100 + year2
	if year1 < 0 || year2 < 0 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) ||
		hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 {
		return 0, false
	}
	micros, t := int64(0), t[19:]
	if t[0] == '.' {
		n := 1
		for unit := int64(100_000); n < len(t) && t[n]-'0' < 10; n++ {
			micros += int64(t[n]-'0') * unit
			unit /= 10
		}
		if n < 2 || n > 10 {
			return 0, false
		}
		t = t[n:]
	}
	offset, ok := parseOffset(t)
	seconds := daysSince1970(year, month, day)*86400 + int64(hour*3600+minute*60+second-offset)
	return seconds*1_000_000 + micros, ok
}

// TimeText reads a time as programs write it that copy a log: as Time does, or with a space for the T, and with a zone of Z,
// UTC, ±hh, ±hhmm or ±hh:mm, which a space may stand before. zoned says whether there is a zone: without one micros is as
// in UTC, and it is for the caller to know whether it is. A zone of any other name is refused.
func TimeText(t []byte) (micros int64, zoned, ok bool) {
	const most = 64
	at := len("2006-01-02T15:04:05")
	if len(t) < at || len(t) > most || t[10] != 'T' && t[10] != ' ' {
		return 0, false, false
	}
	if at < len(t) && t[at] == '.' {
		for at++; at < len(t) && t[at]-'0' < 10; at++ {
		}
	}
	var buf [most + len("+00:00")]byte
	b := append(buf[:0], t[:at]...)
	b[10] = 'T'
	zone := t[at:]
	if len(zone) > 1 && zone[0] == ' ' {
		zone = zone[1:]
	}
	switch {
	case len(zone) == 0 || string(zone) == "UTC":
		b = append(b, 'Z')
	case len(zone) == len("+00") && zone[0] != 'Z':
		b = append(append(b, zone...), ":00"...)
	case len(zone) == len("+0000"):
		b = append(append(append(b, zone[:3]...), ':'), zone[3:]...)
	default:
		b = append(b, zone...)
	}
	micros, ok = Time(b)
	return micros, len(zone) > 0, ok
}

// parseOffset reads Z or ±hh:mm, in seconds east of UTC.
func parseOffset(t []byte) (int, bool) {
	if len(t) == 1 && t[0] == 'Z' {
		return 0, true
	}
	if len(t) != len("+00:00") || t[0] != '+' && t[0] != '-' || t[3] != ':' {
		return 0, false
	}
	hours, minutes := two(t[1:]), two(t[4:])
	if hours < 0 || hours > 23 || minutes < 0 || minutes > 59 {
		return 0, false
	}
	if t[0] == '-' {
		return -(hours*3600 + minutes*60), true
	}
	return hours*3600 + minutes*60, true
}

// two reads two digits; it is negative where they are none.
func two(t []byte) int {
	tens, ones := t[0]-'0', t[1]-'0'
	if tens > 9 || ones > 9 {
		return -1
	}
	return int(tens)*10 + int(ones)
}

func daysIn(year, month int) int {
	switch {
	case month == 2 && year%4 == 0 && (year%100 != 0 || year%400 == 0):
		return 29
	case month == 2:
		return 28
	case month == 4 || month == 6 || month == 9 || month == 11:
		return 30
	}
	return 31
}

// daysSince1970 counts in the Gregorian calendar, with years that begin in March so that the leap day comes last.
func daysSince1970(year, month, day int) int64 {
	if month < 3 {
		year, month = year-1, month+12
	}
	// Year 0 begins in March too, so January and February of 0000 lie in year -1: shift by one cycle of 400.
	year += 400
	return int64(365*year+year/4-year/100+year/400+(153*(month-3)+2)/5+day-1) - 719468 - 146097
}
