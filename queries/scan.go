package queries

import (
	"fmt"
	"strings"
)

// scanned is what the scanner sees of a statement without understanding it.
type scanned struct {
	params    []usedParam
	firstWord string // in lower case
	first     int    // where it is
	end       int    // where the statement ends: before its semicolon
	last      int    // where the SELECT that is in no parentheses begins: what is before are its WITH steps
	line      int    // lines passed
}

type usedParam struct {
	name string
	line int // counted from 0
}

// scanSQL finds the parameters and the end of one statement; strings, quoted names and comments are stepped over.
func scanSQL(sql string) (scanned, error) {
	s := scanned{end: len(sql)}
	ended, depth := false, 0
	for i := 0; i < len(sql); {
		n := token(sql[i:])
		if n < 0 {
			return s, fmt.Errorf("a %c is opened and not closed", sql[i])
		}
		text := sql[i : i+n]
		switch c := text[0]; {
		case c == ' ' || c == '\t' || c == '\r' || c == '\n' || strings.HasPrefix(text, "--") || strings.HasPrefix(text, "/*"):
		case c == ';':
			if !ended {
				s.end = i
			}
			ended = true
		case ended:
			return s, fmt.Errorf("more than one statement")
		case c == '?':
			return s, fmt.Errorf("a parameter without a name\nhint: write $name")
		case c == '$' && n > 1 && text[n-1] != '$':
			if !identForm.MatchString(text[1:]) {
				return s, fmt.Errorf("%s is not a parameter's name: lower-case letters, digits and _", text)
			}
			s.params = append(s.params, usedParam{text[1:], s.line})
		}
		switch {
		case text == "(":
			depth++
		case text == ")":
			depth--
		case depth == 0 && !ended && s.last == 0 && strings.EqualFold(text, "select"):
			s.last = i
		}
		if s.firstWord == "" && isWord(text[0]) {
			s.firstWord, s.first = strings.ToLower(text), i
		}
		s.line += strings.Count(text, "\n")
		i += n
	}
	if s.firstWord == "" {
		return s, fmt.Errorf("no SQL after the comments")
	}
	return s, nil
}

// token is the length of the token at the front of sql; -1 when it is not closed.
func token(sql string) int {
	switch c := sql[0]; {
	case c == '\'' || c == '"':
		return quoted(sql, c)
	case strings.HasPrefix(sql, "--"):
		if i := strings.IndexByte(sql, '\n'); i >= 0 {
			return i
		}
		return len(sql)
	case strings.HasPrefix(sql, "/*"):
		return closed(sql, 2, "*/")
	case c == '$':
		n := 1 + wordLen(sql[1:])
		if n < len(sql) && sql[n] == '$' { // $$ … $$ or $tag$ … $tag$
			return closed(sql, n+1, sql[:n+1])
		}
		return n
	case (c == 'e' || c == 'E') && len(sql) > 1 && sql[1] == '\'':
		return escaped(sql)
	case isWord(c):
		return wordLen(sql)
	}
	return 1
}

// quoted: a doubled quote stands for one, and so needs no care here beyond starting again.
func quoted(sql string, quote byte) int {
	if i := strings.IndexByte(sql[1:], quote); i >= 0 {
		return i + 2
	}
	return -1
}

// escaped is E'…', in which a backslash hides the quote after it.
func escaped(sql string) int {
	for i := 2; i < len(sql); i++ {
		switch sql[i] {
		case '\\':
			i++
		case '\'':
			return i + 1
		}
	}
	return -1
}

func closed(sql string, from int, mark string) int {
	if i := strings.Index(sql[from:], mark); i >= 0 {
		return from + i + len(mark)
	}
	return -1
}

func wordLen(s string) int {
	n := 0
	for n < len(s) && isWord(s[n]) {
		n++
	}
	return n
}

func isWord(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= 0x80
}
