package flow

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"

	"case53/loader/logs"
	"case53/loader/logs/field"
	"case53/loader/logs/logstest"
)

// naiveFlow reads a line the slow way, with the standard library: a second opinion on the decoder. It gives what the
// decoder's row holds, by column, or false when the line is to be rejected.
func naiveFlow(names []string, line string) (map[string]string, bool) {
	row := map[string]string{"utf8_escaped": "0"}
	if !utf8.ValidString(line) {
		line, row["utf8_escaped"] = naiveEscape(line), "1"
	}
	tokens := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t\n\v\f\r", r) })
	if len(tokens) != len(names) {
		return nil, false
	}
	var extra []string
	lost := map[string]string{}
	for i, name := range names {
		value := tokens[i]
		if strings.HasPrefix(name, "packets-lost-") && value != "-" {
			if !naiveValue(lost, name, name, value) {
				return nil, false
			}
			continue
		}
		if flowByName[name] == nil {
			extra = append(extra, fmt.Sprintf("%q:%s", name, naiveJSON(value)))
			continue
		}
		if value != "-" && !naiveValue(row, name, strings.ReplaceAll(name, "-", "_"), value) {
			return nil, false
		}
	}
	at := func(name string) string {
		if i := slices.Index(names, name); i >= 0 {
			return tokens[i]
		}
		return "-"
	}
	timed := slices.Contains(names, "start") || slices.Contains(names, "end")
	if quiet := at("log-status") == "NODATA" || at("log-status") == "SKIPDATA"; timed && at("start") == "-" && at("end") == "-" && !quiet {
		return nil, false
	}
	if len(lost) > 0 {
		row["packets_lost"] = strings.Join([]string{cmp.Or(lost["packets-lost-no-route"], "-"), cmp.Or(lost["packets-lost-blackhole"], "-"),
			cmp.Or(lost["packets-lost-mtu-exceeded"], "-"), cmp.Or(lost["packets-lost-ttl-expired"], "-")}, " ")
	}
	if len(extra) > 0 {
		row["extra"] = "{" + strings.Join(extra, ",") + "}"
	}
	return row, true
}

func naiveJSON(s string) string {
	if s == "-" {
		return "null"
	}
	return string(field.AppendQuoted(nil, []byte(s)))
}

func naiveEscape(s string) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '\\':
			b.WriteString(`\\`)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func naiveValue(row map[string]string, name, column, value string) bool {
	limits := map[string]uint64{"version": math.MaxInt16, "traffic-path": math.MaxInt16, "encryption-status": math.MaxInt16,
		"srcport": math.MaxUint16, "dstport": math.MaxUint16, "protocol": math.MaxUint8, "tcp-flags": 511,
		"packets": math.MaxInt64, "bytes": math.MaxInt64}
	limit, integer := limits[name]
	if strings.HasPrefix(name, "packets-lost") {
		limit, integer = math.MaxInt64, true
	}
	switch {
	case integer:
		v, err := strconv.ParseUint(value, 10, 64)
		row[column] = strconv.FormatUint(v, 10)
		return err == nil && v <= limit && value[0] != '+'
	case (name == "start" || name == "end") && strings.Contains(value, "."):
		whole, fraction, _ := strings.Cut(value, ".")
		seconds, err := strconv.ParseUint(whole, 10, 64)
		micros, bad := strconv.ParseUint((fraction + "000000")[:6], 10, 64)
		row[name] = time.Unix(int64(seconds), int64(micros)*1000).UTC().Format(time.RFC3339Nano)
		return err == nil && bad == nil && fraction != "" && strings.Trim(fraction, "0123456789") == "" && seconds <= maxSeconds
	case name == "start" || name == "end":
		v, err := strconv.ParseUint(value, 10, 64)
		at := time.Unix(int64(v), 0)
		if len(value) == 13 {
			at = time.UnixMilli(int64(v))
		}
		row[name] = at.UTC().Format(time.RFC3339Nano)
		return err == nil && at.Year() < 10000 && value[0] != '+'
	case strings.HasSuffix(name, "addr"):
		a, err := netip.ParseAddr(value)
		if a = a.Unmap(); err != nil || a.Zone() != "" {
			return false
		}
		column = strings.TrimSuffix(column, "addr")
		row[column+map[bool]string{true: "4", false: "6"}[a.Is4()]] = a.String()
	case strings.HasSuffix(name, "account-id") && len(value) < 12 && strings.Trim(value, "0123456789") == "":
		row[column] = strings.Repeat("0", 12-len(value)) + value
	default:
		row[column] = value
	}
	return true
}

// decodeRows decodes lines under a header and gives the rows by line, without the columns that only say where from.
func decodeRows(t interface{ Fatalf(string, ...any) }, names []string, lines []string) (rows map[int]map[string]string, rejects int) {
	d := logstest.New(Type)
	d.Dec.(*decoder).header = d.Dec.(*decoder).remember(newFormat(names, fromHeader, false))
	for _, line := range lines {
		o, _, _, err := d.Decode([]byte(line))
		if err != nil {
			rejects++
		} else if o != logs.Row {
			t.Fatalf("%q: outcome %d", line, o)
		}
	}
	rows = map[int]map[string]string{}
	for _, r := range d.All() {
		no := logstest.Atoi(r.Values["row_no"])
		for _, name := range []string{"object_id", "row_no", "context_id", "capture", "log_group", "log_stream"} {
			delete(r.Values, name)
		}
		if r.Table == "flow_plain" {
			r.Values["utf8_escaped"] = "0"
		}
		rows[no-1] = r.Values
	}
	if len(rows)+rejects != len(lines) {
		t.Fatalf("%d lines, %d rows, %d rejects", len(lines), len(rows), rejects)
	}
	return rows, rejects
}

func compareFlow(t interface{ Fatalf(string, ...any) }, names []string, lines []string) {
	rows, _ := decodeRows(t, names, lines)
	for i, line := range lines {
		want, ok := naiveFlow(names, line)
		got, stored := rows[i]
		if ok != stored || ok && !maps.Equal(got, want) {
			t.Fatalf("%v\n%q\ngot  %v %v\nwant %v %v", names, line, stored, got, ok, want)
		}
	}
}

// TestFlowOracle: on lines of any field list, sound and damaged, the decoder and the naive one agree on every column.
func TestFlowOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := append(fieldNames(), "future-one", "Future_two")
		names := rapid.SliceOfNDistinct(rapid.SampledFrom(all), 2, 40, rapid.ID[string]).Draw(t, "names")
		lines := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string { return drawLine(t, names) }), 1, 20).Draw(t, "lines")
		lines = slices.DeleteFunc(lines, func(l string) bool { // surplus, headers and JSON have tests of their own
			_, header := parseHeader(trimSpace([]byte(l)))
			return header || strings.HasPrefix(strings.TrimSpace(l), "{") || len(tokensOf([]byte(l))) > len(names)
		})
		compareFlow(t, names, lines)
	})
}

var oddValues = []string{
	"-", "", "0", "00", "7", "65535", "65536", "255", "256", "511", "512", "32767", "32768",
	"9223372036854775807", "9223372036854775808", "18446744073709551616", "1e3", "+1", "-1", "1.0",
	"12345678", "123456789", "1234567890123456", "12345678901234567",
	"253402300799", "253402300800", "1616729292123", "9999999999", "10000000000", "None",
	"1.2.3.4", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.256", "1.2.3.4444", "255.255.255.255", "0.0.0.0",
	"1..2.3", "..1.2.3", "-.1.2.3", "1.2.3..", ".1.2.3", "1.2.3.", "1.2.3.4:80", "1;2.3.4",
	"::", "::1", "1::", "fe80::1%eth0", "::ffff:1.2.3.4", "::ffff:102:304", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::",
	"1:2:3:4:5:6:7:8:9", "12345::", ":::", "1::2::3", "2001:DB8::aF",
	"caf\u00e9", "caf\xe9", `a\b`, "\x00\x1b", "\xff\xff", "a,b", `"q"`, "\u2028",
}

func drawLine(t *rapid.T, names []string) string {
	var b strings.Builder
	for _, name := range names {
		b.WriteString(rapid.SampledFrom([]string{" ", " ", " ", " ", " ", " ", " ", " ", "  ", "\t"}).Draw(t, "sep"))
		b.WriteString(drawValue(t, name))
	}
	line := b.String()
	if rapid.IntRange(0, 9).Draw(t, "damage") == 0 {
		at := rapid.IntRange(0, len(line)-1).Draw(t, "at")
		switch rapid.IntRange(0, 2).Draw(t, "how") {
		case 0:
			line = line[:at]
		case 1:
			line = line[:at] + line[at+1:]
		default:
			line = line[:at] + string([]byte{rapid.Byte().Draw(t, "byte")}) + line[at+1:]
		}
	}
	return line
}

func drawValue(t *rapid.T, name string) string {
	if rapid.IntRange(0, 30).Draw(t, "odd") == 0 {
		return rapid.SampledFrom(oddValues).Draw(t, "value")
	}
	f := flowByName[name]
	switch {
	case f == nil || f.kind == flowText:
		return rapid.StringMatching(`[a-zA-Z0-9:/%_.-]{1,30}`).Draw(t, name)
	case f.kind == flowTime:
		return strconv.Itoa(rapid.IntRange(0, 2_000_000_000).Draw(t, name))
	case f.kind == flowAddr:
		if rapid.Bool().Draw(t, "v6") {
			return netip.AddrFrom16([16]byte(rapid.SliceOfN(rapid.SampledFrom([]byte{0, 0, 1, 0xff}), 16, 16).Draw(t, name))).String()
		}
		return netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, name))).String()
	}
	digits := bytes.TrimLeft([]byte(strconv.FormatUint(rapid.Uint64Range(0, f.kind.limit()).Draw(t, name), 10)), "")
	return string(digits[:rapid.IntRange(1, len(digits)).Draw(t, "digits")])
}

func FuzzFlowLine(f *testing.F) {
	names := flowPresets[6].names // documentation order, version 5
	for _, v := range oddValues {
		f.Add(strings.Repeat(v+" ", len(names)))
	}
	for _, rec := range flowSample(20, 5) {
		f.Add(string(rec))
	}
	f.Add("5 unknown - - - - - - - - 1431280876 1431280934 - NODATA - - - - - - - - - - - - - - -")
	f.Fuzz(func(t *testing.T, line string) {
		rec := trimSpace([]byte(line))
		_, header := parseHeader(rec)
		if header || len(rec) == 0 || rec[0] == '{' || len(tokensOf(rec)) > len(names) {
			return
		}
		compareFlow(t, names, []string{line})
	})
}

func tokensOf(rec []byte) [][]byte { tokens, _ := splitTokens(nil, rec, false); return tokens }

// FuzzFlowHeader: no first line makes the decoder panic, lose the record after it, or store it twice.
func FuzzFlowHeader(f *testing.F) {
	f.Add("srcaddr dstaddr start end", "1.2.3.4 5.6.7.8 1 2")
	f.Add("srcaddr,dstaddr,new", "1.2.3.4,::1,")
	f.Add("Version SRCADDR surplus", "2 1.2.3.4 x y")
	f.Add(`{"version":2,"srcaddr":"1.2.3.4"}`, `{"version":2,"srcaddr":"1.2.3.4","x":[1]}`)
	f.Fuzz(func(t *testing.T, header, line string) {
		d := logstest.New(Type)
		rows := 0
		for _, rec := range []string{header, line, header, line} {
			if o, _, _, err := d.Decode([]byte(rec)); err == nil && o == logs.Row {
				rows++
			}
		}
		if len(d.All()) != rows {
			t.Fatalf("%d rows, want %d", len(d.Rows), rows)
		}
		for _, r := range d.Rows {
			if e := r.Values["extra"]; e != "" && !jsontext.Value(e).IsValid() {
				t.Fatalf("extra is %q", e)
			}
		}
		Type.Detect([][]byte{[]byte(header), []byte(line)})
		_, _ = Type.Resolve([][]byte{[]byte(header), []byte(line)}, nil)
	})
}

// FuzzFlowFormat: what ParseFlowFormat accepts it accepts again as it words it itself.
func FuzzFlowFormat(f *testing.F) {
	f.Add("${version} ${account-id}")
	f.Add("$${srcaddr},dstaddr\nBYTES")
	f.Fuzz(func(t *testing.T, s string) {
		names, err := ParseFormat(s)
		if err != nil {
			return
		}
		again, err := ParseFormat(asFlag(names))
		if err != nil || !slices.Equal(names, again) {
			t.Fatalf("%q: %v, then %v, %v", s, names, again, err)
		}
		for _, name := range names {
			if flowByName[name] == nil {
				t.Fatalf("%q: unknown name %q", s, name)
			}
		}
	})
}

// FuzzAddr: the addresses read by hand are those that net/netip reads, in a line as well.
func FuzzAddr(f *testing.F) {
	for _, v := range oddValues {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, s string) {
		want, err := netip.ParseAddr(s)
		if want = want.Unmap(); err != nil || want.Zone() != "" {
			want = netip.Addr{}
		}
		got, ok := field.ParseAddr([]byte(s))
		if ok != want.IsValid() || ok && want.Is4() != (got.Known == 4) || ok && want.Is6() && got.V6 != logs.Key128(want) {
			t.Fatalf("%q: %v %v, want %v", s, got, ok, want)
		}
		rec := []byte(s + " 1234567890123456")
		if v4, is := ipv4Field(rec, 0, len(s)); len(s) > 0 && (is != (ok && want.Is4() && !strings.Contains(s, ":")) || is && v4 != got.V4) {
			t.Fatalf("%q in a line: %v %v, want %v", s, v4, is, want)
		}
		if b := want.AsSlice(); ok && want.Is4() && got.V4 != uint32(b[0])<<24|uint32(b[1])<<16|uint32(b[2])<<8|uint32(b[3]) {
			t.Fatalf("%q: %v, want %v", s, got.V4, want)
		}
	})
}

// FuzzDigits: a number read by words is the one read digit by digit.
func FuzzDigits(f *testing.F) {
	for _, v := range oddValues {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) == 0 || len(s) > 16 {
			return
		}
		rec := []byte("0123456789abcdef" + s)
		want, ok := parseUint([]byte(s), math.MaxInt64)
		got, is := longField(rec, len(s), len(rec))
		if len(s) <= 8 {
			got, is = shortField(rec, len(s), len(rec))
		}
		if is != ok || is && got != want {
			t.Fatalf("%q: %d %v, want %d %v", s, got, is, want, ok)
		}
	})
}
