package request

import (
	"bytes"

	"case53/loader/logs/field"
)

// months are as the common log format names them, whatever the locale.
var months = []byte("JanFebMarAprMayJunJulAugSepOctNovDec")

// TimeLength is the length of a time in the common log format.
const TimeLength = len("28/Nov/2026:11:20:24 +0900")

// Time reads a time as the common log format has it, 28/Nov/2026:11:20:24 +0900, in µs since 1970. The offset is a part of it: a time
// without one is refused.
func Time(t []byte) (int64, bool) {
	if len(t) != TimeLength || t[2] != '/' || t[6] != '/' || t[11] != ':' || t[20] != ' ' {
		return 0, false
	}
	month := bytes.Index(months, t[3:6])
	if month < 0 || month%3 != 0 {
		return 0, false
	}
	month = month/3 + 1
	var buf [len("2006-01-02T15:04:05+00:00")]byte
	b := append(buf[:0], t[7:11]...)
	b = append(b, '-', byte('0'+month/10), byte('0'+month%10), '-', t[0], t[1], 'T')
	b = append(append(b, t[12:20]...), t[21:24]...)
	return field.Time(append(append(b, ':'), t[24:26]...))
}
