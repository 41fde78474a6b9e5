package safetext_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"case53/cases/safetext"
)

func TestShow(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"empty", "", ""},
		{"a name", "www.example.com.", "www.example.com."},
		{"spaces and punctuation", `a b "c" <d> 'e' \`, `a b "c" <d> 'e' \\`},
		{"letters of the world", "münchen 東京 αβγ", "münchen 東京 αβγ"},
		{"clear screen", "a\x1b[2Jb", `a\x1b[2Jb`},
		{"clipboard write", "\x1b]52;c;AAAA\x07", `\x1b]52;c;AAAA\x07`},
		{"hyperlink", "\x1b]8;;http://e/\x1b\\x", `\x1b]8;;http://e/\x1b\\x`},
		{"literal escape", `\x1b`, `\\x1b`},
		{"C0", "\x00\x07\b\t\n\r\x7f", `\x00\x07\x08\x09\x0a\x0d\x7f`},
		{"C1 as UTF-8", "\u009b2J\u0085", `\u{009b}2J\u{0085}`},
		{"C1 as a byte", "\x9b2J", `\x9b2J`},
		{"cut UTF-8", "ab\xe2\x82", `ab\xe2\x82`},
		{"surrogate bytes", "\xed\xa0\x80", `\xed\xa0\x80`},
		{"bidi", "good\u202elive", `good\u{202e}live`},
		{"isolates", "\u2066a\u2069", `\u{2066}a\u{2069}`},
		{"zero width", "a\u200bb\u200dc\ufeff", `a\u{200b}b\u{200d}c\u{feff}`},
		{"soft hyphen, no-break space", "a\u00adb\u00a0c", `a\u{00ad}b\u{00a0}c`},
		{"line separators", "a\u2028b\u2029", `a\u{2028}b\u{2029}`},
		{"private use, unassigned", "\ue000\U000e0fff\u0378", `\u{e000}\u{e0fff}\u{0378}`},
		{"tag characters", "a\U000e0041", `a\u{e0041}`},
		{"variation selectors", "a\ufe0f\U000e0100", `a\u{fe0f}\u{e0100}`},
		{"fillers", "\u3164\u115f\u034f\u2800", `\u{3164}\u{115f}\u{034f}\u{2800}`},
		{"flags and skin tones", "\U0001f1e9\U0001f1ea \U0001f44d\U0001f3fd", `\u{1f1e9}\u{1f1ea} 👍\u{1f3fd}`},
		{"replacement character that was logged", "\ufffd", "\ufffd"},
		{"marks", "e\u0301", "e\u0301"},
		{"zalgo", "e" + strings.Repeat("\u0301", 6) + "x", "e" + strings.Repeat("\u0301", 4) + `\u{0301}\u{0301}x`},
		{"a mark first", "\u0301a", `\u{0301}a`},
		{"a mark after an escape", "\x00\u0301", `\x00\u{0301}`},
	} {
		if got := safetext.Show(c.in); got != c.want {
			t.Errorf("%s: Show(%q) = %s, want %s", c.name, c.in, got, c.want)
		}
		check(t, c.in)
	}
}

func TestASCII(t *testing.T) {
	if got, want := safetext.ASCII("mü\\\x1b"), `m\u{00fc}\\\x1b`; got != want {
		t.Errorf("ASCII = %s, want %s", got, want)
	}
}

func TestUnshowRefuses(t *testing.T) {
	for _, s := range []string{`\`, `a\q`, `\x1`, `\xzz`, `\u{}`, `\u{110000}`, `\u{d800}`, `\u{1234`, `\u{000000000041}`} {
		if got, err := safetext.Unshow(s); err == nil {
			t.Errorf("Unshow(%s) = %q, want an error", s, got)
		}
	}
}

func TestShowPlainTextDoesNotAllocate(t *testing.T) {
	for _, s := range []string{"ip-10-0-0-1.eu-west-1.compute.internal.", "münchen.example"} {
		if n := testing.AllocsPerRun(100, func() { safetext.Show(s) }); n != 0 {
			t.Errorf("Show(%q) allocated %v times", s, n)
		}
	}
}

func TestShowProperties(t *testing.T) {
	// Characters that matter are rare in random text, so draw from them too.
	nasty := []string{"\\", "\\x1b", "\\u{41}", "\x1b", "\u009b", "\u202e", "\u0301", "\ufe0f", "\xff", "\xe2\x82", "a", "é", "東", "\u2028", "\U000e0041"}
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOf(rapid.OneOf(rapid.SampledFrom(nasty), rapid.String())).Draw(t, "parts")
		check(t, strings.Join(parts, ""))
	})
}

func FuzzShow(f *testing.F) {
	for _, s := range []string{"", "a.example.", "\x1b]52;c;AA\x07", `\x1b\\`, "e\u0301\u0301\u0301\u0301\u0301", "\xff\xfe", "\u202e"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { check(t, s) })
}

func FuzzUnshow(f *testing.F) {
	for _, s := range []string{`a\x1b`, `\u{41}`, `\\`, `\`, `\u{}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if back, err := safetext.Unshow(s); err == nil {
			check(t, back)
		}
	})
}

type failer interface{ Errorf(string, ...any) }

// check holds Show and ASCII of s against the rules of the package.
func check(t failer, s string) {
	for name, show := range map[string]func(string) string{"Show": safetext.Show, "ASCII": safetext.ASCII} {
		out := show(s)
		if back, err := safetext.Unshow(out); err != nil || back != s {
			t.Errorf("%s(%q) = %s came back as %q, %v", name, s, out, back, err)
		}
		if !utf8.ValidString(out) {
			t.Errorf("%s(%q) is not UTF-8", name, s)
		}
		marks := maxMarksWithoutBase
		for _, r := range out {
			switch {
			case r < 0x20, r >= 0x7f && r <= 0x9f, unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Cs),
				unicode.In(r, unicode.Variation_Selector, unicode.Bidi_Control, unicode.Other_Default_Ignorable_Code_Point),
				!unicode.IsPrint(r), name == "ASCII" && r > 0x7e:
				t.Errorf("%s(%q) lets %U through", name, s, r)
			}
			if !unicode.Is(unicode.M, r) {
				marks = 0
			} else if marks++; marks > 4 {
				t.Errorf("%s(%q) stacks marks or begins with one", name, s)
			}
		}
	}
}

const maxMarksWithoutBase = 4 // so that a leading mark counts as one too many

func BenchmarkShow(b *testing.B) {
	s := "ip-10-0-0-1.eu-west-1.compute.internal."
	b.SetBytes(int64(len(s)))
	for b.Loop() {
		safetext.Show(s)
	}
}
