package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/charmbracelet/x/exp/golden"
	"golang.org/x/net/html"

	"case53/cases"
	"case53/queries"
	"case53/queries/compare"
	"case53/queries/findings"
	"case53/queries/repeat"
)

func at(hour, minute int) time.Time { return time.Date(2026, 11, 1, hour, minute, 0, 0, time.UTC) }

// sample has one of everything.
func sample() *Report {
	window, port := cases.Span{From: at(10, 0), To: at(12, 0)}, int64(443)
	return &Report{
		Title: "Report on the case web.case", Author: "R. Kern", Made: "2026-11-02 09:00:00 UTC by kern@desk", Note: "The server was taken off the network at noon.\n\nIts disk is\nin the safe.",
		Scope: []Fact{{"Case", "/cases/web.case"}, {"Hunts", "all 3 hunts"}}, Window: window,
		Captures: []cases.CaptureInfo{
			{
				Name:    "incident",
				Role:    "incident",
				Objects: 2,
				Rows:    map[string]int64{"dns": 40, "flow": 1200},
				Window:  window,
				Lines:   cases.Counts{Read: 1245, Rows: 1240, Headers: 1, Rejected: 4},
			},
			{Name: "replay", Role: "replay"},
		},
		Sources: []cases.SliceInfo{
			{Source: "log group vpc", Complete: 3, Partial: 1, Gaps: []cases.Slice{{From: at(11, 0), To: at(11, 10), Reason: "access denied"}}},
		},
		Objects: []cases.Object{
			{
				ID:         1,
				SHA256:     strings.Repeat("ab", 32),
				Size:       4096,
				Capture:    "incident",
				LogType:    "flow",
				SourceKind: "s3",
				URI:        "s3://logs/a.log.gz",
				VersionID:  "v1",
				AcquiredAt: time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC),
				Counts:     cases.Counts{Read: 1205, Rows: 1200, Headers: 1, Rejected: 4},
			},
			{ID: 2, SHA256: strings.Repeat("cd", 32), Size: 1024, Capture: "incident", LogType: "dns", SourceKind: "file", URI: "dns.jsonl",
				AcquiredAt: time.Date(2026, 11, 2, 8, 0, 1, 0, time.UTC), Problem: "cut in the middle", Counts: cases.Counts{Read: 40, Rows: 40}}},
		Files:   []File{{"aws ec2 describe-flow-logs", strings.Repeat("ef", 32), "812 bytes"}},
		Rejects: []cases.Reason{{Text: "12 fields, want 14", Count: 4}},
		Coverage: []cases.Coverage{
			{
				LogType: "flow",
				Capture: "incident",
				Source:  "eni-1",
				Window:  window,
				Windows: 12,
				Counts:  map[string]int64{"OK": 9, "SKIPDATA": 1, "absent": 2},
				Spans: []cases.CoverageSpan{
					{From: at(10, 0), To: at(11, 30), Status: "OK"},
					{From: at(11, 30), To: at(11, 40), Status: "SKIPDATA"},
					{From: at(11, 40), To: at(12, 0), Status: "absent"},
				},
			},
			{
				LogType: "flow",
				Capture: "incident",
				Source:  "eni-22",
				Window:  window,
				Windows: 12,
				Counts:  map[string]int64{"NODATA": 12},
				Spans:   []cases.CoverageSpan{{From: window.From, To: window.To, Status: "NODATA"}},
			},
		},
		CoverageBin: 10 * time.Minute,
		Timelines: []Timeline{
			{
				Capture: "incident",
				Span:    window,
				Bin:     30 * time.Minute,
				Series:  []Series{{"dns", []int64{10, 0, 20, 10}}, {"flow", []int64{300, 300, 300, 300}}},
				Marks: []Mark{
					{1, "beacon", "10.0.1.10 → 203.0.113.9", "high", cases.Span{From: at(10, 5), To: at(10, 50)}},
					{2, "top-talkers", "10.0.1.10", "info", cases.Span{From: at(10, 0), To: at(11, 59)}},
				},
			},
		},
		Findings: []Finding{
			{
				Finding: findings.Finding{
					Hunt:     "beacon",
					Severity: "high",
					Score:    0.91,
					Subject:  findings.Subject{Src: "10.0.1.10", Dst: "203.0.113.9", Name: "c2.evil.example", DstPort: &port},
					Reason:   "9 calls out, every 300 s",
					Capture:  "incident",
					Rows:     18,
					From:     at(10, 5),
					To:       at(10, 50),
					Coverage: cases.Share{Windows: 46, Covered: 45, SkipData: 1},
					Whose:    []string{"203.0.113.9: AS64500 Example Hosting, NL"},
				},
				Cited: findings.Cited{Command: `case53 query web.case --sql "SELECT object_id FROM flow"`, Total: 18, Records: []findings.Record{
					{
						Record: cases.Record{ObjectID: 1, RowNo: 17, Raw: []byte("2 012345678901 eni-1 10.0.1.10 203.0.113.9")},
						Time:   at(10, 5),
					}, {Record: cases.Record{ObjectID: 1, RowNo: 29, Err: errors.New("raw object altered")}, Time: at(10, 10)}}},
			},
			{
				Finding: findings.Finding{
					Hunt:     "top-talkers",
					Severity: "info",
					Score:    0.1,
					Subject:  findings.Subject{Src: "10.0.1.10"},
					Reason:   "most bytes",
					Rows:     1,
					From:     at(10, 0),
					To:       at(11, 59),
				},
				Cited: findings.Cited{Problem: "the finding names no address."},
			},
		},
		Outcomes: []findings.Outcome{
			{
				Query: &queries.Query{
					ID:     "beacon",
					Title:  "Who calls on a clock",
					Doc:    "Calls are connections.\n\nBoth directions.",
					Cannot: "What is said.",
					Params: []queries.Param{{Name: "sessions"}},
					Hunt: &queries.Hunt{
						Method:         "Bowley skewness.",
						FalsePositives: "Update checks.",
						NotProof:       "Control.",
						Measured:       "rank 1",
						Attack:         []string{"T1071.001"},
					},
				},
				Args:     map[string]any{"sessions": int64(4)},
				Findings: make([]findings.Finding, 1),
				Beyond:   1234,
				Receipt: repeat.Receipt{
					Rows:      1235,
					SHA256:    strings.Repeat("01", 32),
					Command:   "case53 query web.case beacon",
					Statement: "PREPARE q AS COPY (\nSELECT regexp_matches(name, '\\.evil$')\n) TO 'beacon.csv';",
				},
			},
			{
				Query: &queries.Query{
					ID:     "port-scan",
					Title:  "Who tries ports",
					Doc:    "Scans.",
					Cannot: "Slow ones.",
					Hunt:   &queries.Hunt{Method: "Counting.", FalsePositives: "Scanners of one's own.", NotProof: "Entry.", Attack: []string{"T1046"}},
				},
				Trace: []string{
					"1,200 connections",
					"0 pairs with enough ports",
				},
				Allowed: 1,
				Receipt: repeat.Receipt{Rows: 1, SHA256: strings.Repeat("23", 32), Command: "case53 query web.case port-scan", Statement: "EXECUTE q;"},
			},
			{Query: &queries.Query{ID: "zone-guessing", Title: "Who guesses names", Hunt: &queries.Hunt{}}, Missing: "zone"},
		},
		Comparison: &compare.Comparison{
			Left:    compare.Side{Capture: "incident", Label: "the incident"},
			Right:   compare.Side{Capture: "replay", Label: "the replay"},
			Verdict: "In 2 h of replay, 100% covered, eni-9 asked for 1 name of the incident.",
			OnlyLeft: []compare.Peer{
				{
					Found:       "only left",
					Kind:        "out",
					Score:       0.5,
					Name:        "c2.evil.example",
					Of:          1,
					LeftClients: 1,
					LeftFigures: compare.LeftFigures{LeftQueries: 41, LeftFirst: at(10, 5)},
				},
			},
			Subjects: []compare.Subjected{
				{Statement: "203.0.113.9 in 41 flow records of the replay, 41 refused"},
			},
			Negative: []compare.Negative{{Short: "no flow to 198.51.100.7 was recorded"}},
		},
		Compared: "case53 compare web.case --left incident --right replay",
		Custody: Custody{
			Lines:   7,
			Head:    strings.Repeat("45", 32),
			First:   at(8, 0),
			Last:    at(9, 0),
			Actions: []Count{{"case.create", 1}, {"object.load", 2}},
		},
		Limits: []cases.LogType{{Title: "VPC Flow Logs", Blind: []cases.BlindSpot{{What: "instance metadata", Why: "never recorded"}}}},
	}
}

func written(t *testing.T, r *Report, write func(*Report, io.Writer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := write(r, &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestHTML(t *testing.T)     { golden.RequireEqual(t, written(t, sample(), (*Report).HTML)) }
func TestMarkdown(t *testing.T) { golden.RequireEqual(t, written(t, sample(), (*Report).Markdown)) }

func TestOneLineSaysWhenItWasMade(t *testing.T) {
	other := sample()
	other.Made = "2027-01-01 00:00:00 UTC by else@where"
	for _, write := range []func(*Report, io.Writer) error{(*Report).HTML, (*Report).Markdown} {
		a, b := strings.Split(string(written(t, sample(), write)), "\n"), strings.Split(string(written(t, other, write)), "\n")
		if len(a) != len(b) {
			t.Fatalf("%d lines and %d", len(a), len(b))
		}
		var differ []string
		for i := range a {
			if a[i] != b[i] {
				differ = append(differ, a[i])
			}
		}
		if len(differ) != 1 {
			t.Errorf("%d lines differ: %q", len(differ), differ)
		}
	}
}

// evil is what somebody may put into a name, a file's name or a description.
var evil = []string{
	"<script>alert(1)</script>", "</title></style></svg><img src=x onerror=alert(1)>", "\x1b[31mred\x1b]0;owned\x07", "\u202egpj.exe", "a|b\\|c", "**bold** _it_ ~~s~~ `code` ``two``",
	"[click](javascript:alert(1))", "http://evil.example/", "www.evil.example", "mail@evil.example", "<http://evil.example/>", "\n\n# heading\n", "\r\n| x | y |\n", "- item", "1. item", "&lt;b&gt; &#60;",
	"\xff\xfe", "```", "{{.Title}}", "x\u00adsoft\u200bzero", "![p](http://evil.example/p.png)", "$(reboot)", "\u2028line",
}

// spoil puts a text into every string of a value that can be set from here.
func spoil(v reflect.Value, s string) {
	switch v.Kind() {
	case reflect.String:
		if v.CanSet() {
			v.SetString(s)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			spoil(v.Elem(), s)
		}
	case reflect.Interface:
		if err, ok := v.Interface().(error); ok && err != nil && v.CanSet() {
			v.Set(reflect.ValueOf(errors.New(s)))
		}
	case reflect.Struct:
		if v.Type() != reflect.TypeFor[time.Time]() {
			for i := range v.NumField() {
				spoil(v.Field(i), s)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			spoil(v.Index(i), s)
		}
	}
}

// ran gives back what says which hunts were run and which side a place is on: no evidence can set these.
func ran(r *Report) {
	for i, o := range sample().Outcomes {
		if o.Missing == "" {
			r.Outcomes[i].Missing = ""
		}
	}
	r.Comparison.OnlyLeft[0].Found = "only left"
}

// shape is the elements of a page without its text. It fails on what a page must not have.
func shape(t *testing.T, page []byte) string {
	t.Helper()
	var b strings.Builder
	for z := html.NewTokenizer(bytes.NewReader(page)); ; {
		switch z.Next() {
		case html.ErrorToken:
			return b.String()
		case html.StartTagToken, html.SelfClosingTagToken:
			tag := z.Token()
			fmt.Fprintf(&b, "<%s", tag.Data)
			for _, a := range tag.Attr {
				fmt.Fprintf(&b, " %s", a.Key)
				if strings.HasPrefix(a.Key, "on") || a.Key == "src" || a.Key == "style" || a.Key == "href" && !strings.HasPrefix(a.Val, "#") {
					t.Errorf("%s has %s=%q", tag.Data, a.Key, a.Val)
				}
			}
			if tag.Data == "script" || tag.Data == "img" || tag.Data == "iframe" || tag.Data == "link" || tag.Data == "base" {
				t.Errorf("the page has a %s", tag.Data)
			}
		}
	}
}

func TestTextIsNeverMarkup(t *testing.T) {
	tame := sample()
	spoil(reflect.ValueOf(tame), "tame")
	ran(tame)
	wantPage := shape(t, written(t, tame, (*Report).HTML))
	wantLines := markdownShape(t, written(t, tame, (*Report).Markdown))
	for _, s := range append(evil, strings.Join(evil, " ")) {
		t.Run(fmt.Sprintf("%.20q", s), func(t *testing.T) {
			r := sample()
			spoil(reflect.ValueOf(r), s)
			r.Note = "one\n\ntwo" // its paragraphs are its author's
			for i := range r.Outcomes {
				r.Outcomes[i].Query.Doc = s + "\n\n" + s
			}
			ran(r)
			page, md := written(t, r, (*Report).HTML), written(t, r, (*Report).Markdown)
			for name, text := range map[string][]byte{"HTML": page, "Markdown": md} {
				for i, line := range strings.Split(string(text), "\n") {
					if at := strings.IndexFunc(line, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }); at >= 0 {
						t.Fatalf("%s: line %d holds %q", name, i+1, line[at:])
					}
				}
			}
			if got := shape(t, page); stripped(got) != stripped(wantPage) {
				t.Errorf(
					"other elements than with tame text:\n%s",
					firstDifference(strings.ReplaceAll(stripped(got), "<", "\n<"), strings.ReplaceAll(stripped(wantPage), "<", "\n<")),
				)
			}
			if got := markdownShape(t, md); got != wantLines {
				t.Errorf("another shape than with tame text:\n%s", firstDifference(got, wantLines))
			}
		})
	}
}

// firstDifference is the first line in which two texts differ.
func firstDifference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("line %d: %q, want %q", i+1, a[i], b[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(a), len(b))
}

// stripped leaves paragraphs away: there are more or fewer of them where a text has empty lines.
func stripped(shape string) string { return strings.ReplaceAll(shape, "<p", "") }

// withoutCode leaves away code between equal runs of backticks, and what a backslash makes harmless, as CommonMark says.
func withoutCode(line string) string {
	var b strings.Builder
	for line != "" {
		run := len(line) - len(strings.TrimLeft(line, "`"))
		switch {
		case line[0] == '\\' && len(line) > 1 && line[1] < 0x80:
			line = line[2:]
		case run == 0:
			b.WriteByte(line[0])
			line = line[1:]
		default:
			rest, closed := line[run:], -1
			for at := 0; at < len(rest); at++ {
				if n := len(rest[at:]) - len(strings.TrimLeft(rest[at:], "`")); n == run {
					closed = at + n
					break
				} else if n > 0 {
					at += n
				}
			}
			if closed >= 0 {
				rest = rest[closed:]
			}
			line = rest
		}
	}
	return b.String()
}

// markdownShape is the kinds of a document's lines, and of rows the number of cells; it fails on what a reader would take for
// a link or for HTML.
func markdownShape(t *testing.T, md []byte) string {
	t.Helper()
	var b strings.Builder
	fence := ""
	for _, line := range strings.Split(string(md), "\n") {
		switch {
		case fence != "":
			if line == fence {
				fence = ""
			}
			continue
		case strings.HasPrefix(line, "```") && !strings.Contains(strings.TrimLeft(line, "`"), "`"):
			fence = strings.TrimSuffix(line, "text")
			b.WriteString("fence\n")
			continue
		case line == "":
			continue
		}
		bare := withoutCode(line)
		if bad := regexp.MustCompile(`<|://|www\.|@|\]\(|&[a-z#]`).FindString(bare); bad != "" {
			t.Errorf("%q outside code in %q", bad, line)
		}
		switch {
		case strings.HasPrefix(line, "|"):
			fmt.Fprintf(&b, "row of %d\n", strings.Count(strings.NewReplacer(`\\`, "", `\|`, "").Replace(line), "|"))
		case strings.HasPrefix(line, "#"):
			fmt.Fprintf(&b, "heading %d\n", len(line)-len(strings.TrimLeft(line, "#")))
		case strings.HasPrefix(line, "- "):
			b.WriteString("item\n")
		case regexp.MustCompile(`^( {4}|>|\+|=|\d+[.)] )`).MatchString(line):
			t.Errorf("a paragraph that is read as something else: %q", line)
		}
	}
	return b.String()
}

// A command is for copying: its backslashes stay, unless it holds what cannot be seen.
func TestCodeStaysAsItIs(t *testing.T) {
	for in, want := range map[string]string{
		`regexp_matches(name, '\.evil$')`: `regexp_matches(name, '\.evil$')`,
		"SELECT 1\nFROM a":                "SELECT 1\nFROM a",
		"a\\b\x1b[2J":                     `a\\b\x1b[2J`,
	} {
		if got := code(in).String(); got != want {
			t.Errorf("%q is written %q, want %q", in, got, want)
		}
	}
}

func FuzzInline(f *testing.F) {
	for _, s := range evil {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, style := range []string{"", "code", "strong"} {
			cell := inline([]span{{style, text(s)}}, true)
			if strings.ContainsAny(cell, "\r\n") {
				t.Errorf("%q breaks its line: %q", s, cell)
			}
			if strings.Contains(strings.NewReplacer(`\\`, "", `\|`, "").Replace(cell), "|") {
				t.Errorf("%q ends its cell: %q", s, cell)
			}
		}
		shown := text(s).String()
		if span := codeSpan(shown, false); shown != "" {
			fence := span[:len(span)-len(strings.TrimLeft(span, "`"))]
			if !strings.HasSuffix(span, fence) || strings.Contains(strings.Trim(span, "`"), fence) {
				t.Errorf("%q ends its code: %q", s, span)
			}
		}
	})
}
