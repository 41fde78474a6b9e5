package host

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"case53/loader/logs"
	"case53/loader/logs/logstest"
)

func TestHostVectors(t *testing.T) {
	logstest.Vectors(t, Type, "host.txtar", func(d *logstest.Decoding) {
		d.Meta.Seen = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC).UnixMicro()
		d.Meta.EventTime = time.Date(2026, 11, 28, 11, 59, 58, 0, time.UTC).UnixMicro()
		d.Meta.LogGroup, d.Meta.LogStream = "/web/ec2", "i-0123456789abcdef0/ip-10-0-1-5"
	})
}

// decoded decodes lines with a zone, as taken in at a moment.
func decoded(t *testing.T, zone string, seen time.Time, lines ...string) ([]map[string]string, *logstest.Decoding) {
	t.Helper()
	var z *time.Location
	if zone != "" {
		var err error
		if z, err = time.LoadLocation(zone); err != nil {
			t.Fatal(err)
		}
	}
	d := logstest.NewWith(Type, logs.Options{Zone: z})
	d.Meta.Seen = seen.UnixMicro()
	for _, line := range lines {
		if _, _, _, err := d.Decode([]byte(line)); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	return d.RowsOf("host_log"), d
}

// TestMeasured: error lines that Apache and nginx wrote in Tokyo about hostile requests: every line is a row, at the time at which
// the requests were sent, and what was sent is there byte for byte.
func TestMeasured(t *testing.T) {
	for file, want := range map[string]struct {
		rows  int
		lines map[int]map[string]string
	}{
		"apache-2.4.71.error.log": {11, map[int]map[string]string{
			0: {"format": "apache_error", "program": "mpm_event", "severity": "notice", "action": "started", "code": "AH00489",
				"time": "2026-11-28T02:20:16.833196Z"},
			3:  {"client4": "127.0.0.1", "client_port": "59272", "code": "AH00128", "action": "not found", "referer": `http://x/"q"`, "pid": "21902"},
			6:  {"action": "invalid path", "message": "AH10244: invalid URI path (/cgi-bin/.%2e/.%2e/.%2e/bin/sh)"},
			10: {"action": "stopped"},
		}},
		"nginx-1.22.1.error.log": {20, map[int]map[string]string{
			6: {"time": "2026-11-28T02:20:18Z", "client4": "127.0.0.1", "request": `GET /a"b?q=\x HTTP/1.1`, "referer": `http://x/"q"`, "action": "not found"},
			8: {"request": "GET /caf\u00e9 HTTP/1.1"},
		}},
	} {
		lines := strings.Split(strings.TrimSpace(string(logstest.Fixture(t, "access/measured+debian12/"+file))), "\n")
		rows, _ := decoded(t, "Asia/Tokyo", time.Now(), lines...)
		if len(rows) != want.rows {
			t.Errorf("%s: %d rows", file, len(rows))
		}
		for i, columns := range want.lines {
			logstest.Has(t, rows[i], columns)
			logstest.Has(t, rows[i], map[string]string{"zone_assumed": "false", "year_assumed": "false"})
		}
	}
}

// TestLnav: syslog of machines that nobody here has: lines, and what goes on from them.
func TestLnav(t *testing.T) {
	seen := time.Date(2013, 12, 1, 0, 0, 0, 0, time.UTC)
	for file, continued := range map[string]int{
		"logfile_syslog.0": 0, "logfile_syslog_with_access_log.0": 0, "logfile_syslog_with_mixed_times.0": 0, "logfile_syslog.3": 1,
	} {
		b := logstest.Fixture(t, "access/tstack+lnav/test/"+file)
		lines := strings.Split(strings.TrimRight(string(b), "\n"), "\n")
		rows, _ := decoded(t, "", seen, lines...)
		goOn := 0
		for _, row := range rows {
			if row["continues"] != "" {
				goOn++
			}
			if row["year_assumed"] != "true" || row["zone_assumed"] != "true" || !strings.HasPrefix(row["time"], "2013-") {
				t.Fatalf("%s: %v", file, row)
			}
		}
		if len(rows) != len(lines) || (goOn > 0) != (continued > 0) {
			t.Errorf("%s: %d lines, %d rows, %d go on", file, len(lines), len(rows), goOn)
		}
	}
}

// TestYear: a line without a year is never later than it was taken in.
func TestYear(t *testing.T) {
	at := func(text string) time.Time {
		moment, err := time.Parse(time.DateTime, text)
		if err != nil {
			t.Fatal(err)
		}
		return moment
	}
	for _, c := range []struct{ zone, line, seen, want string }{
		{"UTC", "Nov 28 11:00:00 h a: x", "2026-11-28 11:00:01", "2026-11-28T11:00:00Z"},
		{"UTC", "Dec 31 23:59:59 h a: x", "2026-01-01 00:00:03", "2025-12-31T23:59:59Z"},
		{"UTC", "Nov 28 11:05:00 h a: x", "2026-11-28 11:00:00", "2025-11-28T11:05:00Z"},
		{"", "Nov 28 20:00:00 h a: x", "2026-11-28 11:00:05", "2026-11-28T20:00:00Z"}, // Tokyo's, perhaps
		{"Asia/Tokyo", "Jan  1 08:59:00 h a: x", "2026-01-01 00:00:00", "2025-12-31T23:59:00Z"},
		{"UTC", "Feb 29 00:00:00 h a: x", "2027-03-01 00:00:00", "2024-02-29T00:00:00Z"},
		{"UTC", "Feb 29 00:00:00 h a: x", "2104-02-01 00:00:00", "2096-02-29T00:00:00Z"},
		{"Europe/Berlin", "Oct 25 02:30:00 h a: x", "2026-11-01 00:00:00", "2026-10-25T00:30:00Z"}, // twice: the earlier
		{"Europe/Berlin", "Oct 25 03:30:00 h a: x", "2026-11-01 00:00:00", "2026-10-25T02:30:00Z"},
	} {
		rows, d := decoded(t, c.zone, at(c.seen), c.line)
		twice := strings.Contains(c.line, "02:30")
		if rows[0]["time"] != c.want || rows[0]["year_assumed"] != "true" || rows[0]["zone_ambiguous"] == "true" != twice {
			t.Errorf("%s, taken in %s: %v, want %s", c.line, c.seen, rows[0], c.want)
		}
		if format := d.Dec.Format(); !strings.Contains(format, "have no year") || strings.Contains(format, "no time zone") != (c.zone == "") {
			t.Errorf("%s: %s", c.line, format)
		}
	}
	for line, want := range map[string]string{
		"Nov 28 11:00:00 h a: x":                               "nothing says when it was taken in",
		"Feb 30 11:00:00 h a: x":                               "nothing says when it was taken in",
		"[Sat Feb 30 11:20:27 2026] [error] x":                 "no day 2026-02-30",
		"2026/13/01 11:20:18 [error] 1#1: x":                   "no such time",
		"(48752d0f-c99d-4cfa-a5a7-f3c6834d19e5) Method x":      "the line has no time",
		"\tgoes on from nothing":                               "begins in none of the forms",
		"dear diary":                                           "begins in none of the forms",
		"<34>1 - host su - ID47 - 'su root' failed":            "the line has no time",
		"<34>1 2003-10-11T22:14:15.003Z h su - ID47 [open 'x'": "begins in none of the forms",
	} {
		d := logstest.New(Type)
		d.Meta.Seen, d.Meta.EventTime = 0, 0
		if _, _, _, err := d.Decode([]byte(line)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// TestWhoIsNotForged: a user's name, a path or a referer that holds what a program writes itself changes nothing.
func TestWhoIsNotForged(t *testing.T) {
	for line, want := range map[string]map[string]string{
		"Nov 28 11:00:00 h sshd[1]: Failed password for invalid user a from 1.1.1.1 port 1 ssh2 from 203.0.113.9 port 40022 ssh2": {
			"user": "a from 1.1.1.1 port 1 ssh2", "client4": "203.0.113.9", "client_port": "40022", "action": "failed"},
		"Nov 28 11:00:00 h sshd[1]: Invalid user ${jndi:ldap://x/a} from 203.0.113.9 port 7": {"user": "${jndi:ldap://x/a}", "client_port": "7"},
		`2026/11/28 11:00:00 [error] 1#1: *2 open() "/x, client: 9.9.9.9" failed (2: No such file or directory), client: 203.0.113.9, server: w, ` +
			`request: "GET /x,%20client:%209.9.9.9 HTTP/1.1", host: "web-1"`: {
			"client4": "203.0.113.9", "extra": `{"tid":"1","ambiguous":"client","server":"w","host":"web-1"}`,
		},
		"Nov 28 11:00:00 h cron[1]: Accepted publickey for root from 1.1.1.1 port 1 ssh2": {"user": "", "action": "", "client4": ""},
	} {
		rows, _ := decoded(t, "UTC", time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), line)
		logstest.Has(t, rows[0], want)
	}
}

// TestDetectHostLogs: other logs that begin with a time or a bracket are none.
func TestDetectHostLogs(t *testing.T) {
	for text, want := range map[string]int{
		"Nov  3 09:23:38 veridian automount[7998]: lookup(file): lookup for foobar failed":                          100,
		"2026-03-01T10:00:00.123456+00:00 host sshd[1]: a message":                                                  100,
		"<34>1 2003-10-11T22:14:15.003Z host.example.com su - ID47 - 'su root' failed":                              100,
		"[Thu Jan 17 02:42:49 2013] [notice] Digest: generating secret":                                             100,
		"2026/11/28 11:20:16 [notice] 21894#21894: using the \"epoll\" event method":                                100,
		"(48752d0f-c99d-4cfa-a5a7-f3c6834d19e5) Starting execution for request: 48752d0f":                           100,
		"Mar 24 14:26:01 --- last message repeated 2 times ---":                                                     100,
		"Mar 24 14:26:01 dear diary":                                                                                0,
		"2024-10-04T17:05:15.514108Z 192.168.131.39 36280 443 TLSv1.2 ECDHE-RSA-AES128-GCM-SHA256 4.036":            0,
		"2022-09-27T22:48:26.330387Z a2e8277e 3.67.7.163:8596 192.168.18.161:32728 0.000042 0.004504 0.000036 404":  0,
		"2022-04-01T13:27:12.135Z info: client @0x7fa25400f190 192.168.0.30#41533 (a.b): query: a.b IN KEY":         0,
		`198.51.100.14 - Jorge [24/Nov/2019:10:49:52 -0700] "GET /index.html HTTP/1.1" 200 2165`:                    0,
		"[security2:error] [pid 11852:tid 4036848496] [client 1.1.1.1:35323] ModSecurity: Warning.":                 0,
		"2 123456789010 eni-1235b8ca 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK": 0,
		"": 0,
	} {
		if got := Type.Detect([][]byte{[]byte(text)}); got != want {
			t.Errorf("%s: %d", text, got)
		}
	}
}

// FuzzHost: any bytes are a row or an error, and nothing of the record is lost on the way to the message.
func FuzzHost(f *testing.F) {
	for _, line := range []string{
		"Nov 28 11:00:00 h sshd[1]: Failed password for a from 1.1.1.1 port 1 ssh2", "<13>1 2003-10-11T22:14:15.003Z h a 1 m [x y=\"\\]\"] t\nu",
		"[Sat Nov 28 11:20:27.292666 2026] [core:error] [pid 1:tid 2] [client ::1:5] AH10244: x, referer: y", "(48752d0f-c99d-4cfa-a5a7-f3c6834d19e5) x",
		"2026/11/28 11:20:18 [error] 1#1: *2 x, client: 1.1.1.1, server: , request: \"GET /\xff\", host: \"h\"", "\t x",
		"Mar 24 14:26:01 --- last message repeated 2 times ---",
	} {
		f.Add(line)
	}
	d := logstest.New(Type)
	f.Fuzz(func(t *testing.T, text string) {
		d.Rows, d.Notes, d.Contexts = nil, nil, nil
		d.Meta.Seen = 1_800_000_000_000_000
		Type.Detect([][]byte{[]byte(text)})
		_, _, _, err := d.Decode([]byte(text))
		rows := d.RowsOf("host_log")
		if (err == nil) != (len(rows) == 1) {
			t.Fatalf("%q: %v, rows %v", text, err, rows)
		}
		if err != nil {
			return
		}
		if message, odd := rows[0]["message"], rows[0]["utf8_escaped"] == "1"; !odd &&
			!bytes.HasSuffix(bytes.TrimRight([]byte(text), "\r\n"), []byte(message)) {
			t.Fatalf("%q: message %q", text, message)
		}
	})
}
