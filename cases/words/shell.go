package words

import (
	"fmt"
	"strings"
	"unicode"
)

// ShellLine writes words as a POSIX shell takes them; what cannot be seen is written $'\xNN', which bash, zsh and ksh take.
func ShellLine(words ...string) string {
	out := make([]string, len(words))
	for i, word := range words {
		out[i] = shellWord(word)
	}
	return strings.Join(out, " ")
}

func shellWord(s string) string {
	plain := func(r rune) bool {
		return r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_=./:,@%+", r))
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	visible := strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) < 0
	switch {
	case visible && strings.Contains(s, "'") && !strings.ContainsAny(s, "\"$`\\!"):
		return `"` + s + `"`
	case visible:
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	var b strings.Builder
	b.WriteString("$'")
	for _, c := range []byte(s) {
		switch {
		case c == '\'' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c > '~':
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String() + "'"
}
