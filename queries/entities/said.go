package entities

import (
	"net/netip"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"case53/cases/notes"
	"case53/queries/findings"
	"case53/queries/threads"
)

// Step is a step of a thread.
type Step struct {
	Thread   int    `json:"thread"`
	Severity string `json:"severity"` // of the thread
	*threads.Step
}

// Findings are those that name a value, in the order given.
func Findings(all []findings.Finding, value string) []findings.Finding {
	named := []findings.Finding{}
	for i := range all {
		if names(&all[i], value) {
			named = append(named, all[i])
		}
	}
	return named
}

// names reports whether a finding names a value, in its subject or its reason.
func names(f *findings.Finding, value string) bool {
	s := f.Subject
	for _, text := range []string{s.Src, s.Dst, s.Client, s.Name, s.RegisteredDomain, s.InterfaceID, f.Reason} {
		if Names(text, value) {
			return true
		}
	}
	return false
}

// Steps are those of threads that name a value, or rest on a finding that does. all are the findings that the threads were
// drawn from.
func Steps(told *threads.Told, all []findings.Finding, value string) []Step {
	named := []Step{}
	for _, t := range told.Threads {
		for _, s := range t.Steps {
			found := slices.ContainsFunc(s.Found, func(i int) bool { return i >= 1 && i <= len(all) && names(&all[i-1], value) })
			if found || Names(s.Text, value) || Names(s.Link, value) {
				named = append(named, Step{t.Number, t.Severity, s})
			}
		}
	}
	return named
}

// Names reports whether a text names a value as a whole: not as a part of a longer address, name, path or id. An address is named
// however it is spelled.
func Names(text, value string) bool {
	if value == "" {
		return false
	}
	if a, err := netip.ParseAddr(value); err == nil {
		return namesAddress(text, a.Unmap())
	}
	if strings.HasPrefix(value, "/") {
		return namesPath(text, value)
	}
	text, value = strings.ToLower(text), strings.ToLower(value)
	return stands(text, value, func(before, after string) bool { return !goesOn(before, true) && !goesOn(after, false) })
}

// stands reports whether a value is in a text at a place where what is before it and after it allows it.
func stands(text, value string, holds func(before, after string) bool) bool {
	for at := 0; ; {
		i := strings.Index(text[at:], value)
		if i < 0 {
			return false
		}
		if from := at + i; holds(text[:from], text[from+len(value):]) {
			return true
		}
		at += i + 1
	}
}

// namesAddress reads the words of a text that are addresses; a port may stand behind one.
func namesAddress(text string, value netip.Addr) bool {
	apart := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(".:-_", r)
	}
	return slices.ContainsFunc(strings.FieldsFunc(text, apart), func(word string) bool {
		word = strings.TrimRight(word, ".")
		for _, spelled := range []string{word, strings.TrimRight(word, ":"), strings.TrimLeft(word, ":")} {
			if a, err := netip.ParseAddr(spelled); err == nil && a.Unmap() == value {
				return true
			}
		}
		at, err := netip.ParseAddrPort(word)
		return err == nil && at.Addr().Unmap() == value
	})
}

// namesPath reports whether a path stands by itself, or in a URL: after its host, before its query. A path may hold nearly anything, and
// one begins with another.
func namesPath(text, path string) bool {
	return stands(text, path, func(before, after string) bool {
		if r, _ := utf8.DecodeLastRuneInString(before); before != "" && !unicode.IsSpace(r) && !strings.ContainsRune(`("'=`, r) {
			word := before[strings.LastIndexFunc(before, unicode.IsSpace)+1:]
			if _, host, ok := strings.Cut(word, "://"); !ok || host == "" || strings.Contains(host, "/") {
				return false
			}
		}
		after = strings.TrimLeft(after, ".,:")
		r, _ := utf8.DecodeRuneInString(after)
		return after == "" || unicode.IsSpace(r) || strings.ContainsRune(`?#;)"'`, r)
	})
}

// goesOn reports whether a word goes on over the edge of a text: at its end, where it stands before a value, or at its beginning.
// A full stop, colon or slash goes on where a letter or digit follows: an address may end a sentence, or have a port behind it.
func goesOn(text string, before bool) bool {
	next := func(s string) (rune, string) {
		if before {
			r, n := utf8.DecodeLastRuneInString(s)
			return r, s[:len(s)-n]
		}
		r, n := utf8.DecodeRuneInString(s)
		return r, s[n:]
	}
	in := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_' }
	if text == "" {
		return false
	}
	r, rest := next(text)
	if in(r) {
		return true
	}
	if rest == "" || r != '.' && (r != ':' || !before) {
		return false
	}
	r, _ = next(rest)
	return in(r)
}

// Kept is what the notes have of a value.
type Kept struct {
	Note *notes.Note `json:"note"` // nil: none
	Sets []string    `json:"sets"` // named ones that it is in
}

// KeptOf reads it.
func KeptOf(b *notes.Book, kind, value string) Kept {
	k := Kept{Sets: []string{}}
	t, err := notes.ValueOf(kind, value)
	if err != nil {
		return k
	}
	for _, n := range b.Notes() {
		if n.Key() == t.Key() {
			k.Note = &n
		}
	}
	for _, s := range b.Sets() {
		if slices.ContainsFunc(s.Values, func(v notes.Target) bool { return v.Key() == t.Key() }) {
			k.Sets = append(k.Sets, s.Name)
		}
	}
	return k
}
