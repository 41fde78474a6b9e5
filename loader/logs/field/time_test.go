package field

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"case53/loader/logs/logstest"
)

// checkTime compares with package time, which takes everything that RFC 3339 allows, and some more (laxTime).
func checkTime(t rapid.TB, text string) {
	t.Helper()
	got, ok := Time([]byte(text))
	var want time.Time
	err := want.UnmarshalText([]byte(text))
	if ok != (err == nil && !logstest.LaxTime(text)) {
		t.Fatalf("%q: taken %v, package time: %v", text, ok, err)
	}
	// Down to µs, as a reader of the log would do it: towards the past.
	if ok && got != want.Unix()*1_000_000+int64(want.Nanosecond()/1000) {
		t.Fatalf("%q: %d µs, want %v", text, got, want)
	}
}

func TestEveryDay(t *testing.T) {
	for day := time.Date(0, 1, 1, 12, 34, 56, 789_000_000, time.UTC); day.Year() < 10000; day = day.AddDate(0, 0, 1) {
		if got, ok := Time(day.AppendFormat(nil, time.RFC3339Nano)); !ok || got != day.UnixMicro() {
			t.Fatalf("%v: %d, %v", day, got, ok)
		}
	}
	for _, text := range []string{"2000-02-29", "1900-02-29", "2023-02-29", "2024-02-30", "2024-04-31", "2024-00-01", "2024-01-00"} {
		checkTime(t, text+"T00:00:00Z")
	}
	for _, text := range []string{"+23:59", "-23:59", "+24:00", "-24:00", "+00:60", "+99:99"} { // RFC 3339, 5.6: hours to 23, minutes to 59
		checkTime(t, "1970-01-01T04:00:00"+text)
	}
}

func TestTimesAsPackageTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(-62167219200, 253402300799).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns"))
		zone := time.FixedZone("", 60*rapid.IntRange(-1439, 1439).Draw(t, "zone"))
		layout := rapid.SampledFrom([]string{
			time.RFC3339, time.RFC3339Nano, "2006-01-02T15:04:05.000Z07:00", "2006-01-02T15:04:05.000000000Z",
		}).Draw(t, "layout")
		text := []byte(at.In(zone).Format(layout))
		checkTime(t, string(text))
		text[rapid.IntRange(0, len(text)-1).Draw(t, "at")] = rapid.SampledFrom([]byte("0123456789-+:.,TZtz \x00\xff")).Draw(t, "byte")
		checkTime(t, string(text))
		checkTime(t, string(text[:rapid.IntRange(0, len(text)).Draw(t, "cut")]))
	})
}

func TestTimeText(t *testing.T) {
	const at = 1_760_000_000_000_000 // 2025-10-09T08:53:20Z
	for _, c := range []struct {
		text   string
		micros int64
		zoned  bool
		ok     bool
	}{
		{"2025-10-09T08:53:20Z", at, true, true}, {"2025-10-09 08:53:20Z", at, true, true}, {"2025-10-09 08:53:20 UTC", at, true, true},
		{"2025-10-09 08:53:20.123456 UTC", at + 123456, true, true}, {"2025-10-09T08:53:20.123456789+00:00", at + 123456, true, true},
		{"2025-10-09 10:53:20+02", at, true, true}, {"2025-10-09 10:53:20 +0200", at, true, true}, {"2025-10-09 06:53:20-02:00", at, true, true},
		{"2025-10-09 08:53:20", at, false, true}, {"2025-10-09T08:53:20.5", at + 500000, false, true},
		{"2025-10-09", 0, false, false}, {"2025-10-09 08:53", 0, false, false}, {"2025-10-09 08:53:20.", 0, false, false},
		{"2025-10-09 08:53:20 ", 0, false, false}, {"2025-10-09 08:53:20 CET", 0, false, false}, {"2025-10-09 08:53:20 America/New_York", 0, false, false},
		{"2025-10-09 08:53:20+2", 0, false, false}, {"2025-10-09 08:53:20 02", 0, false, false}, {"2025-10-09 08:53:20+99", 0, false, false},
		{"2025-10-09_08:53:20Z", 0, false, false}, {"09/10/2025 08:53:20", 0, false, false}, {"2025-13-09 08:53:20", 0, false, false},
		{"2025-10-09 08:53:20UTCZ", 0, false, false}, {"1760000000", 0, false, false}, {"", 0, false, false},
	} {
		micros, zoned, ok := TimeText([]byte(c.text))
		if ok != c.ok || ok && (micros != c.micros || zoned != c.zoned) {
			t.Errorf("%q: %d, %v, %v", c.text, micros, zoned, ok)
		}
	}
}

func FuzzTimeText(f *testing.F) {
	f.Add("2025-10-09 08:53:20.123 +0200")
	f.Add("2025-10-09T08:53:20")
	f.Fuzz(func(t *testing.T, text string) {
		micros, zoned, ok := TimeText([]byte(text))
		strict, is := Time([]byte(text))
		if is && (!ok || !zoned || strict != micros) {
			t.Fatalf("%q: %d, %v, %v; as RFC 3339 %d", text, micros, zoned, ok, strict)
		}
	})
}
