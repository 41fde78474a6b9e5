package httpd

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"case53/loader/logs"
	"case53/loader/logs/logstest"
)

func TestVectors(t *testing.T) { logstest.Vectors(t, Type, "httpd.txtar") }

// sent are the requests that were sent to both servers, of which the logs were made: the truth.
type sent struct{ line, agent, referer, forwarded string }

// requestsSent reads the program that sent them.
func requestsSent(t *testing.T) (out []sent) {
	literal := regexp.MustCompile(`b'((?:[^'\\]|\\.)*)'`)
	text := string(logstest.Fixture(t, "access/measured+debian12/requests.py.txt"))
	_, text, _ = strings.Cut(text, "R=[")
	for _, m := range literal.FindAllStringSubmatch(text, -1) {
		raw, err := strconv.Unquote(`"` + strings.ReplaceAll(m[1], `"`, `\"`) + `"`)
		if err != nil {
			t.Fatal(err)
		}
		line, headers, _ := strings.Cut(raw, "\r\n")
		header := func(name string) string {
			_, value, _ := strings.Cut(headers, name+": ")
			value, _, _ = strings.Cut(value, "\r\n")
			return value
		}
		out = append(out, sent{line, header("User-Agent"), header("Referer"), header("X-Forwarded-For")})
	}
	if len(out) != 13 {
		t.Fatalf("%d requests", len(out))
	}
	return out
}

// bytesOf undoes what is escaped where a row has text that is not UTF-8.
func bytesOf(row map[string]string, column string) string {
	text := row[column]
	if row["utf8_escaped"] != "1" || strings.Trim(text, " -~") != "" && !strings.Contains(text, `\x`) && !strings.Contains(text, `\\`) {
		return text
	}
	if b := string(unescape(nil, []byte(text))); strings.ToValidUTF8(b, "") != b {
		return b // this field is the escaped one
	}
	return text
}

// requestOf is the request line as the view has it.
func requestOf(row map[string]string) string {
	if whole, ok := row["request"]; ok {
		return bytesOf(row, "request")
	} else if whole != "" {
		return whole
	}
	url := bytesOf(row, "url")
	if url == "" {
		url = bytesOf(row, "path")
		if query, ok := row["query"]; ok {
			url += "?" + query
		}
	}
	var parts []string
	for _, part := range []string{row["method"], url, row["protocol"]} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, " ")
}

// TestMeasured: 13 hostile requests, sent to a real Apache and a real nginx, come back byte for byte out of what these logged. What
// the servers themselves cut off or leave out is named.
func TestMeasured(t *testing.T) {
	all := requestsSent(t)
	apache := func(i int) (string, bool) {
		switch line := all[i].line; i {
		case 2:
			return line[:strings.LastIndex(line, " HTTP")], true // Apache logs no protocol of a line with a space too many
		case 5:
			return line[:4], true // cut at the NUL
		case 7, 10:
			return "", false // no line
		default:
			return line, true
		}
	}
	nginx := func(i int) (string, bool) { return all[i].line, i != 10 }
	js := `{"time":"$time_iso8601","remote_addr":"$remote_addr","request":"$request","status":"$status","ua":"$http_user_agent"}`
	for _, c := range []struct {
		file, format     string
		logged           func(int) (string, bool)
		agent, forwarded bool
	}{
		{"apache-2.4.71.combined", "", apache, true, false}, {"apache-2.4.71.common", "", apache, false, false},
		{"apache-2.4.71.vhost_combined", "", apache, true, false}, {"nginx-1.22.1.combined", "", nginx, true, false},
		{"nginx-1.22.1.main", "", nginx, true, true}, {"nginx-1.22.1.escape-json", js, nginx, true, false},
		{"apache-2.4.71.vhost_combined", `%v:%p %h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\"`, apache, true, false},
	} {
		t.Run(c.file, func(t *testing.T) {
			lines := bytes.Split(bytes.TrimSpace(logstest.Fixture(t, "access/measured+debian12/"+c.file+".log")), []byte("\n"))
			d := logstest.New(Type)
			if c.format != "" {
				d = logstest.NewWith(Type, logs.Options{Formats: [][]string{{c.format}}})
			}
			for _, line := range lines {
				if _, _, _, err := d.Decode(line); err != nil {
					t.Errorf("%s: %v", line, err)
				}
			}
			compare(t, all, d.RowsOf("httpd"), c.logged, c.agent, c.forwarded)
		})
	}
}

// compare holds rows against the requests that were sent.
func compare(t *testing.T, all []sent, rows []map[string]string, logged func(int) (string, bool), hasAgent, hasForwarded bool) {
	at := 0
	for i := range all {
		want, ok := logged(i)
		if !ok {
			continue
		}
		if at >= len(rows) {
			t.Fatalf("%d rows", len(rows))
		}
		row := rows[at]
		at++
		if got := requestOf(row); got != want {
			t.Errorf("request %d is %q, sent %q", i, got, want)
		}
		if !strings.HasPrefix(row["time"], "2026-11-28T02:20:") {
			t.Errorf("request %d at %s", i, row["time"])
		}
		// Both servers answer 400 before they have read the headers.
		if agent := bytesOf(row, "user_agent"); hasAgent && agent != all[i].agent && row["status"] != "400" {
			t.Errorf("user agent of %d is %q, sent %q", i, agent, all[i].agent)
		}
		if hasForwarded && row["x_forwarded_for"] != all[i].forwarded {
			t.Errorf("X-Forwarded-For of %d is %q", i, row["x_forwarded_for"])
		}
		if i == 4 && row["attack"] != "log4shell" || i == 8 && !strings.Contains(row["attack"], "traversal") {
			t.Errorf("request %d: attack %q", i, row["attack"])
		}
	}
	if at != len(rows) {
		t.Errorf("%d rows, want %d", len(rows), at)
	}
}

// TestFixtures: rows and rejects of what others have; ordinary lines have no attack but what is one.
func TestFixtures(t *testing.T) {
	for _, c := range []struct {
		file          string
		rows, rejects int
	}{
		{"access/tstack+lnav/test/logfile_access_log.0", 3, 0}, {"access/tstack+lnav/test/logfile_access_log.1", 1, 0},
		{"access/tstack+lnav/test/logfile_bad_access_log.0", 2, 1}, {"access/tstack+lnav/test/logfile_regexp_access_log.0", 2, 0},
		{"access/tstack+lnav/test/logfile_shop_access_log.0.gz", 1000, 0},
	} {
		b := logstest.Head(t, logstest.FixturePath(t, c.file), 1<<24)
		d := logstest.New(Type)
		rejects, attacks := 0, 0
		for line := range bytes.SplitSeq(bytes.TrimSpace(b), []byte("\n")) {
			if _, _, _, err := d.Decode(line); err != nil {
				rejects++
			}
		}
		rows := d.RowsOf("httpd")
		for _, row := range rows {
			if row["attack"] != "" {
				attacks++
				t.Logf("%s: %s %s?%s", row["attack"], row["method"], row["path"], row["query"])
			}
		}
		if len(rows) != c.rows || rejects != c.rejects || attacks > 0 {
			t.Errorf("%s: %d rows, %d rejects, %d attacks", c.file, len(rows), rejects, attacks)
		}
	}
}

// TestSekoia: the direct fields of another program's tests, of the lines that are in a usual format.
func TestSekoia(t *testing.T) {
	files, _ := filepath.Glob(logstest.FixturePath(t, "access/SEKOIA-IO+intake-formats/Apache/apache/tests/*.json"))
	compared := 0
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var c struct {
			Input    struct{ Message string }
			Expected struct {
				HTTP struct {
					Request  struct{ Method, Referrer string }
					Response struct {
						Bytes  *int
						Status *int `json:"status_code"`
					}
				}
				Source struct{ IP string }
				URL    struct{ Original, Path string }
				User   struct{ Name string }
				Agent  struct{ Original string } `json:"user_agent"`
			}
		}
		if err := json.Unmarshal(b, &c); err != nil {
			t.Fatal(err)
		}
		d := logstest.New(Type)
		if _, _, _, err := d.Decode([]byte(c.Input.Message)); err != nil {
			continue // an error log, or a format of its own
		}
		row, want := d.RowsOf("httpd")[0], c.Expected
		compared++
		url := row["url"]
		if url == "" {
			url = row["path"]
			if q, ok := row["query"]; ok {
				url += "?" + q
			}
		}
		pairs := map[string][2]string{"client": {row["client4"] + row["client6"], want.Source.IP}, "method": {row["method"], want.HTTP.Request.Method},
			"url": {url, want.URL.Original}, "user": {row["remote_user"], want.User.Name}, "agent": {row["user_agent"], want.Agent.Original}}
		for what, pair := range pairs {
			if pair[0] != pair[1] && pair[1] != "" {
				t.Errorf("%s: %s is %q, theirs %q", filepath.Base(file), what, pair[0], pair[1])
			}
		}
	}
	if compared < 8 {
		t.Errorf("%d compared", compared)
	}
}

// TestFormats: formats that cannot be read say why.
func TestFormats(t *testing.T) {
	for format, want := range map[string]string{
		"%h %r":            "no time in it",
		"%h %t":            "no request in it",
		"%h%u %t %r":       "nothing between %h and %u",
		"%h %{Referer":     "has no }",
		"%h %t \"%r\" %>":  "ends in its middle",
		"$remote_addr [x]": "no time in it",
	} {
		if _, err := parseFormat(format); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", format, err, want)
		}
	}
}

// FuzzLine: a line becomes one row or an error, in the usual formats and in one that is given.
func FuzzLine(f *testing.F) {
	for _, line := range []string{
		`127.0.0.1 - a b [28/Nov/2026:11:20:24 +0900] "GET /a\"b?q=\\x HTTP/1.1" 404 236 "http://x/\"q\"" "\xff" 12`,
		`web:80 host - - [28/Nov/2026:11:20:24 +0900] "\x16\x03" - -`, `- [] ""`,
	} {
		f.Add([]byte(line), `%h %l %u %t "%r" %>s %b %{X}i %D`)
	}
	f.Fuzz(func(t *testing.T, line []byte, format string) {
		Type.Detect([][]byte{line})
		for _, formats := range [][][]string{nil, {{format}}} {
			if formats != nil {
				if _, err := parseFormat(format); err != nil {
					continue
				}
			}
			d := logstest.NewWith(Type, logs.Options{Formats: formats})
			_, _, _, err := d.Decode(line)
			if rows := len(d.RowsOf("httpd")); (err == nil) != (rows == 1) {
				t.Fatalf("%q: %v, %d rows", line, err, rows)
			}
		}
	})
}

// TestLinesOfPanther: the lines of another program's tests, with what stands in them.
func TestLinesOfPanther(t *testing.T) {
	const combined, common, nginx = "apachelogs/access_combined", "apachelogs/access_common", "nginxlogs/access"
	for file, want := range map[string][]map[string]string{
		combined: {{"client4": "127.0.0.1", "remote_user": "frank", "time": "2000-10-10T20:55:36Z", "method": "GET", "path": "/apache_pb.gif", "status": "200",
			"bytes_out": "2326", "referer": "http://www.example.com/start.html", "user_agent": "Mozilla/4.08 [en] (Win98; I ;Nav)"}},
		common: {{"client4": "127.0.0.1", "remote_user": "frank", "path": "/apache_pb.gif", "status": "200", "bytes_out": "2326", "user_agent": ""},
			{"client4": "127.0.0.1", "status": "200", "bytes_out": ""}},
		nginx: {{"client4": "180.76.15.143", "time": "2019-02-06T00:00:38Z", "path": "/", "status": "301", "bytes_out": "193",
			"referer": "https://domain1.com/?p=1", "remote_user": ""}, {"client4": "180.76.15.143", "status": "301", "referer": ""}},
	} {
		var literals struct {
			All []string `json:"raw_string_literals"`
		}
		b := logstest.Fixture(t, "access/panther-labs+panther/internal/log_analysis/log_processor/parsers/"+file+"_test.extracted.json")
		if err := json.Unmarshal(b, &literals); err != nil {
			t.Fatal(err)
		}
		d := logstest.New(Type)
		for _, line := range literals.All {
			if strings.Contains(line, `"GET `) {
				if _, _, _, err := d.Decode([]byte(line)); err != nil {
					t.Errorf("%s: %v", line, err)
				}
			}
		}
		rows := d.RowsOf("httpd")
		if len(rows) != len(want) {
			t.Fatalf("%s: %d rows, want %d", file, len(rows), len(want))
		}
		for i, row := range rows {
			logstest.Has(t, row, want[i])
		}
	}
}
