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
)

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
func TestAppendixHTML(t *testing.T) {
	golden.RequireEqual(t, written(t, sample(), (*Report).AppendixHTML))
}
func TestAppendixMarkdown(t *testing.T) {
	golden.RequireEqual(t, written(t, sample(), (*Report).AppendixMarkdown))
}

// wholeHTML and wholeMarkdown write a report and its appendix into one.
func wholeHTML(r *Report, w io.Writer) error { return errors.Join(r.HTML(w), r.AppendixHTML(w)) }

func wholeMarkdown(r *Report, w io.Writer) error {
	return errors.Join(r.Markdown(w), r.AppendixMarkdown(w))
}

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
	"<script>alert(1)</script>", "</title></style></svg><img src=x onerror=alert(1)>", "\x1b[31mred\x1b]0;owned\x07",
	"\u202egpj.exe", "a|b\\|c", "**bold** _it_ ~~s~~ `code` ``two``",
	"[click](javascript:alert(1))", "http://evil.example/", "www.evil.example", "mail@evil.example", "<http://evil.example/>",
	"\n\n# heading\n", "\r\n| x | y |\n", "- item", "1. item", "&lt;b&gt; &#60;",
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

// ran gives back what says which hunts were run, which side a place is on and how serious a thread is: no evidence can set these.
func ran(r *Report) {
	for i, o := range sample().Outcomes {
		if o.Missing == "" {
			r.Outcomes[i].Missing = ""
		}
	}
	r.Comparison.OnlyLeft[0].Found = "only left"
	r.Threads[0].Severity = "high"
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
	wantPage := shape(t, written(t, tame, wholeHTML))
	wantLines := markdownShape(t, written(t, tame, wholeMarkdown))
	for _, s := range append(evil, strings.Join(evil, " ")) {
		t.Run(fmt.Sprintf("%.20q", s), func(t *testing.T) {
			r := sample()
			spoil(reflect.ValueOf(r), s)
			r.Note = "one\n\ntwo" // its paragraphs are its author's
			for i := range r.Outcomes {
				r.Outcomes[i].Query.Doc = s + "\n\n" + s
			}
			ran(r)
			page, md := written(t, r, wholeHTML), written(t, r, wholeMarkdown)
			for name, text := range map[string][]byte{"HTML": page, "Markdown": md} {
				for i, line := range strings.Split(string(text), "\n") {
					if at := strings.IndexFunc(line, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }); at >= 0 {
						t.Fatalf("%s: line %d holds %q", name, i+1, line[at:])
					}
				}
			}
			if got := shape(t, page); stripped(got) != stripped(wantPage) {
				t.Errorf("other elements than with tame text:\n%s",
					firstDifference(strings.ReplaceAll(stripped(got), "<", "\n<"), strings.ReplaceAll(stripped(wantPage), "<", "\n<")))
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
