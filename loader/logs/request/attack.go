package request

import (
	"bytes"
	"regexp"
	"unicode/utf8"

	"case53/loader/logs/field"
)

// A request carries its attack encoded, and more than once, so that filters do not see it. What is searched is the text after
// decoding: escapes of the log and of bytes, percent-encoding up to three times, numbers of characters, and the look-ups by
// which log4j's own syntax spells a word.

const (
	percentRounds = 3
	lookupRounds  = 12
	longestText   = 64 << 10 // of what is decoded; a header is at most that
)

// signature is a kind of text that attacks have. It is matched on text in lower case.
type signature struct {
	name  string
	urls  bool     // in path and query alone: in other fields ordinary text looks like it
	marks []string // a text has at least one of these, or the expression is not tried
	in    *regexp.Regexp
}

// signatures are in the order in which they are told.
var signatures = []signature{
	{"log4shell", false, []string{"${"}, regexp.MustCompile(`\$\{\s*jndi\s*:`)},
	{"log4j_lookup", false, []string{"${"}, regexp.MustCompile(`\$\{(env|sys|ctx|java|base64|main|docker|k8s):[^}]*`)},
	{"traversal", true, []string{"../", `..\`, "/.."}, regexp.MustCompile(`(^|[/\\=?&])\.\.[/\\]|[/\\]\.\.([/\\]|$)`)},
	{"passwd_file", false, []string{"/etc/", "boot.ini", "/proc/", "win.ini"},
		regexp.MustCompile(`/etc/(passwd|shadow)\b|\bboot\.ini\b|/proc/self/environ|\bwin\.ini\b`)},
	{"sql_injection", true, []string{"union", "'", "sleep", "benchmark", "extractvalue", "updatexml", "waitfor", "information_schema", ";"},
		regexp.MustCompile(`\bunion\b[\s/*+()]+(all[\s/*+()]+)?select\b|'\s*(or|and)\s+['"(]*\w+['")]*\s*(=|like)` +
			`|\b(sleep|benchmark|pg_sleep|extractvalue|updatexml)\s*\(\s*['"(\d]|\bwaitfor\s+delay\b|\binformation_schema\b` +
			`|;\s*(drop|insert|delete|update)\s+\w+`)},
	{"xss", true, []string{"<", "javascript:"},
		regexp.MustCompile(`<script\b|<(img|svg|iframe|body)\b[^>]*\bon\w+\s*=|javascript:\s*(alert|eval|document)`)},
	{"command", true, []string{";", "|", "&", "`", "$(", "/bin/"},
		regexp.MustCompile("[;|&`]\\s*(cat|id|whoami|uname|wget|curl|nc|ncat|bash|sh|ping|nslookup|python\\d?|perl|chmod)(\\s|;|$|\\|)" +
			`|\$\((cat|id|whoami|wget|curl|bash|sh)\b|/bin/(ba)?sh\b`)},
	{"php_code", true, []string{"php", "allow_url", "auto_prepend"},
		regexp.MustCompile(`php://(input|filter)|\b(allow_url_include|auto_prepend_file)\b|<\?php|\bphpunit\b.*\beval-stdin\.php`)},
	{"web_shell", true, []string{".php", ".jsp", ".asp", ".ashx"},
		regexp.MustCompile(`/(c99|r57|wso|b374k|alfa|cmd|webshell|shell|antsword|china|chopper)\d*\.(php\d?|jspx?|aspx?|ashx)\b`)},
	{"template_injection", false, []string{"{{", "${", "class.module", "t(java"},
		regexp.MustCompile(`\{\{\s*\d+\s*\*\s*\d+\s*\}\}|\$\{\s*\d+\s*\*\s*\d+\s*\}|class\.module\.classloader|t\(java\.lang\.runtime\)`)},
	{"shellshock", false, []string{"() {", "(){"}, regexp.MustCompile(`\(\)\s*\{\s*(:|[^}]{0,3});?\s*\}\s*;`)},
	{"metadata_service", true, []string{"169.254.169.254", "meta-data", "computemetadata"},
		regexp.MustCompile(`\b169\.254\.169\.254\b|latest/meta-data|computemetadata`)},
}

func (g *signature) fits(text []byte) bool {
	for _, mark := range g.marks {
		if bytes.Contains(text, []byte(mark)) {
			return g.in.Match(text)
		}
	}
	return false
}

// Search finds attacks in the texts of one request.
type Search struct {
	buf   []byte
	found uint32 // bit i: signatures[i]
	seen  map[string]uint32
}

// What is remembered of texts that were searched already: so many, of at most so many bytes.
const (
	maxSeen     = 1 << 13
	maxSeenText = 1 << 9
)

// urlBit marks a text that was searched as a part of a URL.
const urlBit = 1 << 31

// Begin begins a request.
func (s *Search) Begin() { s.found = 0 }

// URL searches a part of a URL.
func (s *Search) URL(text []byte) { s.search(text, urlBit) }

// Header searches any other text that the client sent.
func (s *Search) Header(text []byte) { s.search(text, 0) }

func (s *Search) search(text []byte, url uint32) {
	if len(text) < 4 || !worthDecoding(text) {
		return
	}
	text = text[:min(len(text), longestText)]
	if found, ok := s.seen[string(text)]; ok && found&urlBit == url {
		s.found |= found &^ urlBit
		return
	}
	s.buf = resolveLookups(Decode(s.buf[:0], text, url != 0))
	for i, c := range s.buf {
		if c-'A' < 26 {
			s.buf[i] = c | 0x20
		}
	}
	found := uint32(0)
	for i := range signatures {
		if g := &signatures[i]; (url != 0 || !g.urls) && g.fits(s.buf) {
			found |= 1 << i
		}
	}
	s.found |= found
	if len(text) > maxSeenText {
		return
	}
	if s.seen == nil || len(s.seen) >= maxSeen {
		s.seen = map[string]uint32{}
	}
	s.seen[string(text)] = found | url
}

// What a byte says of a text that may have an attack: nothing; that it may; or that one of the words that need no such byte may
// stand about it.
const (
	ordinary = iota
	suspect
	pivotal
)

var bytesOf = func() (table [256]uint8) {
	for _, c := range []byte("${}<>'\"`();|\\%*&+") {
		table[c] = suspect
	}
	for _, c := range []byte("./:_hHmM") {
		table[c] = pivotal
	}
	return table
}()

// worthDecoding says whether a text may have an attack at all: most have no character that one needs, and no plain word. All of a text
// is read once, and a word is looked for about the rarest of its characters.
func worthDecoding(text []byte) bool {
	for i, c := range text {
		switch bytesOf[c] {
		case suspect:
			return true
		case pivotal:
			if plainWord(text[:i], c, text[i+1:]) {
				return true
			}
		}
	}
	return false
}

// plainWord says whether one of the words that have no suspect byte stands about a character, in either case of its letters.
func plainWord(before []byte, c byte, after []byte) bool {
	switch c {
	case '.':
		return begins(after, ".") || endsWord(after, "ini", "jsp", "jspx", "asp", "aspx", "ashx") || ends(before, "169") && begins(after, "254") ||
			ends(before, "class") && begins(after, "module")
	case '/':
		return begins(after, "etc/") || begins(after, "bin/") || begins(after, "proc/")
	case ':':
		return ends(before, "javascript")
	case '_':
		return ends(before, "information") && begins(after, "schema")
	case 'h', 'H':
		return ends(before, "p") && begins(after, "p")
	}
	return begins(after, "etadata") || begins(after, "eta-data")
}

func begins(text []byte, word string) bool {
	return len(text) >= len(word) && same(text[:len(word)], word)
}

func ends(text []byte, word string) bool {
	return len(text) >= len(word) && same(text[len(text)-len(word):], word)
}

// endsWord says whether a text begins with one of these words, and no letter, digit or _ follows.
func endsWord(text []byte, words ...string) bool {
	for _, word := range words {
		if begins(text, word) && (len(text) == len(word) || !inWord(text[len(word)])) {
			return true
		}
	}
	return false
}

func inWord(c byte) bool { return c == '_' || c-'0' < 10 || (c|0x20)-'a' < 26 }

// same compares with a word in lower case, of letters' either case.
func same(text []byte, word string) bool {
	for i, c := range text {
		if c-'A' < 26 {
			c |= 0x20
		}
		if c != word[i] {
			return false
		}
	}
	return true
}

// Names are the signatures that were found, with commas; nil for none.
func (s *Search) Names(dst []byte) []byte {
	for i := range signatures {
		if s.found&(1<<i) != 0 {
			if len(dst) > 0 {
				dst = append(dst, ',')
			}
			dst = append(dst, signatures[i].name...)
		}
	}
	return dst
}

// Decode appends a text as it is searched: \xHH as bytes, percent-encoding undone up to three times, \u00HH and &#NN; as
// characters. plus says that a + in a query is a space: behind the first question mark, or anywhere where there is none.
func Decode(dst, text []byte, plus bool) []byte {
	at := len(dst)
	dst = unescapeBytes(dst, text)
	for range percentRounds {
		var changed bool
		if dst, changed = unpercent(dst, at, plus); !changed {
			break
		}
		plus = false
	}
	return unescapeCharacters(dst, at)
}

// unescapeBytes undoes the escapes of a log: \xHH, \" and \\.
func unescapeBytes(dst, text []byte) []byte {
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) {
			switch c := text[i+1]; {
			case c == 'x' && i+3 < len(text) && field.HexValue(text[i+2]) < 16 && field.HexValue(text[i+3]) < 16:
				dst = append(dst, field.HexValue(text[i+2])<<4|field.HexValue(text[i+3]))
				i += 3
				continue
			case c == '"' || c == '\\':
				dst = append(dst, c)
				i++
				continue
			}
		}
		dst = append(dst, text[i])
	}
	return dst
}

// unpercent undoes percent-encoding once, in place from at on.
func unpercent(b []byte, at int, plus bool) ([]byte, bool) {
	changed := false
	out := b[:at]
	inQuery := bytes.IndexByte(b[at:], '?') < 0
	for i := at; i < len(b); i++ {
		c := b[i]
		switch {
		case c == '%' && i+2 < len(b) && field.HexValue(b[i+1]) < 16 && field.HexValue(b[i+2]) < 16:
			c = field.HexValue(b[i+1])<<4 | field.HexValue(b[i+2])
			i += 2
			changed = true
		case c == '?':
			inQuery = true
		case c == '+' && plus && inQuery:
			c = ' '
		}
		out = append(out, c)
	}
	return out, changed
}

// HexByte is the byte that two hexadecimal digits write.
func HexByte(high, low byte) (byte, bool) {
	return field.HexValue(high)<<4 | field.HexValue(low)&15, field.HexValue(high) < 16 && field.HexValue(low) < 16
}

// unescapeCharacters undoes \u00HH and &#…; in place from at on.
func unescapeCharacters(b []byte, at int) []byte {
	if !bytes.Contains(b[at:], []byte(`\u`)) && !bytes.Contains(b[at:], []byte("&#")) {
		return b
	}
	out := b[:at:at]
	for i := at; i < len(b); {
		if r, n := character(b[i:]); n > 0 {
			out = utf8.AppendRune(out, r)
			i += n
			continue
		}
		out = append(out, b[i])
		i++
	}
	return out
}

// character reads the number of a character that b begins with: \u00e9, &#233; or &#xe9;; n is 0 where it is none.
func character(b []byte) (r rune, n int) {
	switch {
	case len(b) >= 6 && b[0] == '\\' && b[1] == 'u':
		for _, c := range b[2:6] {
			if field.HexValue(c) > 15 {
				return 0, 0
			}
			r = r<<4 | rune(field.HexValue(c))
		}
		return r, 6
	case len(b) >= 4 && b[0] == '&' && b[1] == '#':
		base, i := rune(10), 2
		if b[2]|0x20 == 'x' {
			base, i = 16, 3
		}
		from := i
		for ; i < len(b) && rune(field.HexValue(b[i])) < base && r < utf8.MaxRune; i++ {
			r = r*base + rune(field.HexValue(b[i]))
		}
		if i > from && i < len(b) && b[i] == ';' {
			return r, i + 1
		}
	}
	return 0, 0
}

// lookup is an innermost look-up of log4j: ${…} without another inside.
var lookup = regexp.MustCompile(`\$\{[^${}]*\}`)

// resolveLookups spells what log4j's look-ups spell, innermost first. A look-up that is no spelling stays.
func resolveLookups(b []byte) []byte {
	if !bytes.Contains(b, []byte("${")) {
		return b
	}
	b = bytes.ReplaceAll(b, []byte("ı"), []byte("i"))
	for range lookupRounds {
		changed := false
		b = lookup.ReplaceAllFunc(b, func(l []byte) []byte {
			text, ok := spelled(l[2 : len(l)-1])
			if !ok {
				return l
			}
			changed = true
			return text
		})
		if !changed {
			break
		}
	}
	return b
}

// spelled gives what a look-up spells: a letter put in lower or upper case, a date's quoted text, the default of a variable.
func spelled(inner []byte) ([]byte, bool) {
	name, rest, ok := bytes.Cut(inner, []byte{':'})
	if !ok {
		return nil, false
	}
	switch string(bytes.ToLower(bytes.TrimSpace(name))) {
	case "lower", "upper":
		return rest, true
	case "date":
		if n := len(rest); n >= 2 && rest[0] == '\'' && rest[n-1] == '\'' {
			return rest[1 : n-1], true
		}
	}
	if _, value, ok := bytes.Cut(inner, []byte(":-")); ok && !bytes.HasPrefix(bytes.ToLower(inner), []byte("jndi")) {
		return value, true
	}
	return nil, false
}
