package flow

import (
	"bytes"
	"fmt"
	"strconv"

	"case53/loader/logs/field"
)

// The last second of the year 9999, and the number of digits of milliseconds from 2001 to 2286.
const (
	maxSeconds  = 253402300799
	milliDigits = 13
)

// parseUint reads decimal digits up to max. No sign, no space, no fraction.
func parseUint(text []byte, max uint64) (uint64, bool) {
	var v uint64
	if len(text) == 0 {
		return 0, false
	}
	for _, c := range text {
		c -= '0'
		if c > 9 || v > (max-uint64(c))/10 || uint64(c) > max {
			return 0, false
		}
		v = v*10 + uint64(c)
	}
	return v, true
}

// parseFlowTime reads Unix seconds, to the year 9999, as microseconds. Thirteen digits are milliseconds: some
// exporters write them, and as seconds they would be past any calendar.
func parseFlowTime(text []byte) (micros int64, ok bool) {
	if len(text) == milliDigits {
		v, ok := parseUint(text, 1<<62)
		return int64(v) * 1e3, ok
	}
	v, ok := parseUint(text, maxSeconds)
	return int64(v) * 1e6, ok
}

// readTime reads a time that is not plain seconds: milliseconds, seconds with a fraction, or as people write it with a zone. One
// without a zone is an error but in a row of our own export, which writes UTC.
func (d *decoder) readTime(op *flowOp, value []byte) (micros int64, err error) {
	if v, ok := parseFlowTime(value); ok {
		return v, nil
	}
	if v, ok := parseFraction(value); ok {
		return v, nil
	}
	v, zoned, ok := field.TimeText(value)
	switch {
	case !ok:
		return 0, valueError(op.name, op.kind, value)
	case !zoned && !(d.json.reading && d.json.exported):
		return 0, fmt.Errorf("%s: %s has no time zone", op.name, field.Quoted(value))
	}
	return v, nil
}

// parseFraction reads Unix seconds with a fraction, cut to microseconds.
func parseFraction(text []byte) (micros int64, ok bool) {
	whole, fraction, found := bytes.Cut(text, []byte("."))
	seconds, ok := parseUint(whole, maxSeconds)
	if !found || !ok || len(fraction) == 0 || !only(fraction, isDigit) {
		return 0, false
	}
	unit := int64(100_000)
	for _, c := range fraction {
		micros += int64(c-'0') * unit
		unit /= 10
	}
	return int64(seconds)*1e6 + micros, true
}

// limit is the largest value of a kind of number, and 0 for what is not a number.
func (k flowKind) limit() uint64 {
	switch k {
	case flowSmall:
		return 1<<15 - 1
	case flowPort:
		return 1<<16 - 1
	case flowProtocol:
		return 1<<8 - 1
	case flowFlags:
		return 1<<9 - 1
	case flowCount, flowLost:
		return 1<<63 - 1
	}
	return 0
}

// reads says whether a value can be stored in a column of its kind.
func (k flowKind) reads(value []byte) bool {
	switch k {
	case flowText, flowExtra:
		return true
	case flowTime:
		_, ok := parseFlowTime(value)
		return ok
	case flowAddr:
		_, ok := field.ParseAddr(value)
		return ok
	}
	_, ok := parseUint(value, k.limit())
	return ok
}

// want words what a kind of field holds.
func (k flowKind) want() string {
	switch k {
	case flowTime:
		return "a time in Unix seconds or milliseconds, or RFC 3339"
	case flowAddr:
		return "an IP address"
	}
	return "an integer from 0 to " + strconv.FormatUint(k.limit(), 10)
}

// valueError is the reason why a field of a record cannot be stored.
func valueError(name string, kind flowKind, value []byte) error {
	return fmt.Errorf("%s: want %s, not %s", name, kind.want(), field.Quoted(value))
}
