// Package safetext makes text that an attacker may have written visible and harmless.
//
// DNS names, user agents and tags are chosen by whoever sends them, so log values may hold terminal control sequences,
// right-to-left overrides, invisible characters or bytes that are no text at all. Every value, and every error message
// that may quote one, passes through [Show] (or [ASCII]) before it reaches a terminal, a clipboard, a report or a log.
//
// Rules:
//   - Printable characters stay as they are. Anything else becomes \xNN (a byte: invalid UTF-8, C0, DEL) or \u{NNNN} (a
//     character), and a backslash becomes \\, so that an escape cannot be faked by text that looks like one.
//   - Nothing is lost: Unshow(Show(s)) == s for every s, valid UTF-8 or not.
//   - The result holds no control, format, bidi, zero-width, line- or paragraph-separator, private-use, unassigned, tag,
//     filler or variation-selector character; a base carries at most 4 combining marks; a mark never comes first.
//   - Text that needs nothing is returned as it is, without an allocation.
//
// The package refuses to strip: deleting what is dangerous would change what the investigator sees of the evidence.
package safetext

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// maxMarks is how many combining marks a base may carry. No living orthography needs more; stacks of them cover
// neighbouring lines.
const maxMarks = 4

// Show returns s with everything escaped that is not plainly printable.
func Show(s string) string { return show(s, false) }

// ASCII is [Show] for devices that know only ASCII: every other character is escaped too.
func ASCII(s string) string { return show(s, true) }

func show(s string, ascii bool) string {
	i := 0
	for i < len(s) && plain(s[i]) {
		i++
	}
	if i == len(s) {
		return s
	}
	var out []byte // nil until something must be escaped
	done := 0      // s[:done] is in out
	marks := -1    // marks on the current base; -1: there is no base to carry one
	if i > 0 {
		marks = 0
	}
	for i < len(s) {
		r, n := utf8.DecodeRuneInString(s[i:])
		keep := !(r == utf8.RuneError && n == 1) && r != '\\' && printable(r) && !(ascii && r >= utf8.RuneSelf)
		if keep && r >= utf8.RuneSelf && unicode.Is(unicode.M, r) {
			if keep = marks >= 0 && marks < maxMarks; keep {
				marks++
			}
		} else if keep {
			marks = 0
		}
		if !keep {
			if out == nil {
				out = make([]byte, 0, len(s)+16)
			}
			out = append(out, s[done:i]...)
			out = escape(out, s[i:i+n], r)
			done = i + n
			if marks < maxMarks { // a mark too many does not end its base
				marks = -1
			}
		}
		i += n
	}
	if out == nil {
		return s
	}
	return string(append(out, s[done:]...))
}

// plain reports whether b is an ASCII character that always stays as it is.
func plain(b byte) bool { return b >= ' ' && b < 0x7f && b != '\\' }

// printable reports whether r is drawn, by itself and the same way everywhere. IsPrint already excludes Cc, Cf, Cn, Co,
// Cs, Zl, Zp and every space but U+0020.
func printable(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= ' ' && r != 0x7f
	}
	switch {
	case !unicode.IsPrint(r):
		return false
	case unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector):
		return false // fillers, joiners and selectors: assigned, printable by category, and invisible
	case r == 0x2800: // the blank Braille pattern
		return false
	case r >= 0x1f1e6 && r <= 0x1f1ff, r >= 0x1f3fb && r <= 0x1f3ff:
		return false // flags and skin tones change the width of their neighbours, each terminal in its own way
	}
	return true
}

func escape(out []byte, s string, r rune) []byte {
	switch {
	case r == '\\':
		return append(out, `\\`...)
	case len(s) == 1:
		const hex = "0123456789abcdef"
		return append(out, '\\', 'x', hex[s[0]>>4], hex[s[0]&15])
	}
	out = append(out, `\u{`...)
	if r < 0x1000 {
		out = append(out, "0000"[:4-len(strconv.FormatInt(int64(r), 16))]...)
	}
	out = strconv.AppendInt(out, int64(r), 16)
	return append(out, '}')
}

// ErrEscape is returned by [Unshow] for text that [Show] did not make.
var ErrEscape = errors.New("not an escape of safetext")

// Unshow turns the escapes of [Show] and [ASCII] back into what they stand for.
func Unshow(s string) (string, error) {
	i := strings.IndexByte(s, '\\')
	if i < 0 {
		return s, nil
	}
	out := make([]byte, 0, len(s))
	for {
		out = append(out, s[:i]...)
		s = s[i:]
		n, b, err := unescape(s)
		if err != nil {
			return "", err
		}
		out = append(out, b...)
		s = s[n:]
		if i = strings.IndexByte(s, '\\'); i < 0 {
			return string(append(out, s...)), nil
		}
	}
}

// unescape reads the escape that s begins with: how long it is and what it stands for.
func unescape(s string) (n int, text string, err error) {
	bad := fmt.Errorf("%w: %q", ErrEscape, s[:min(len(s), 12)])
	switch {
	case strings.HasPrefix(s, `\\`):
		return 2, `\`, nil
	case strings.HasPrefix(s, `\x`) && len(s) >= 4:
		v, err := strconv.ParseUint(s[2:4], 16, 8)
		if err != nil {
			return 0, "", bad
		}
		return 4, string([]byte{byte(v)}), nil
	case strings.HasPrefix(s, `\u{`):
		end := strings.IndexByte(s, '}')
		if end < 4 || end > 9 {
			return 0, "", bad
		}
		v, err := strconv.ParseUint(s[3:end], 16, 32)
		if err != nil || !utf8.ValidRune(rune(v)) {
			return 0, "", bad
		}
		return end + 1, string(rune(v)), nil
	}
	return 0, "", bad
}

// JSON writes whatever could steer a terminal or turn text around as \uXXXX: the same JSON, safe to look at.
func JSON(b []byte) []byte {
	safe := func(r rune) bool {
		return r < 0x80 && r != 0x7f || r >= 0x80 && unicode.IsPrint(r)
	}
	if bytes.IndexFunc(b, func(r rune) bool { return !safe(r) }) < 0 {
		return b
	}
	out := make([]byte, 0, len(b)+64)
	for _, r := range string(b) {
		switch {
		case safe(r):
			out = append(out, string(r)...)
		case r > 0xffff:
			hi, lo := utf16.EncodeRune(r)
			out = fmt.Appendf(out, "\\u%04x\\u%04x", hi, lo)
		default:
			out = fmt.Appendf(out, "\\u%04x", r)
		}
	}
	return out
}
