package field

import (
	"math"
	"net/netip"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// Names are opaque: attackers write them. A name is compared in ASCII lower case and without its final dot; nothing
// else is normalised, no label is decoded, and none is refused. A backslash takes the byte after it into the label
// (RFC 1035, 5.1: "\." is a dot inside a label), wherever the log got it from. What is said of a name is said of the
// text that is stored: of the escaped one, where the bytes were not UTF-8.

// maxName is the longest name that facts are worked out for. DNS allows 255 bytes, or some 1020 when every one is
// written \DDD; what is longer is kept as text, with NULL facts.
const maxName = 4096

// maxCachedNames bounds a decoder's memory: at 80 bytes a name, a few MB.
const maxCachedNames = 1 << 14

// Facts is what case53 works out from a name.
type Facts struct {
	known   bool  // false: longer than maxName
	labels  int16 // parts between dots, empty ones included; 0 for the root
	longest int16 // bytes of the longest label, as written
	domain  int16 // where the registered domain begins in the name; -1: it has none
	// entropy is Shannon's, in bits per byte, of what stands before the registered domain (the whole name where
	// there is none) with the dots left out; NaN where nothing does.
	entropy float32
}

// Names remembers the facts of names already seen: logs repeat them far more often than not.
type Names struct{ seen map[string]Facts }

// Facts gives the facts of a name made by foldName.
func (n *Names) Facts(name []byte) Facts {
	if f, ok := n.seen[string(name)]; ok {
		return f
	}
	if len(name) > maxName {
		return Facts{}
	}
	if n.seen == nil {
		n.seen = make(map[string]Facts)
	}
	if len(n.seen) >= maxCachedNames {
		clear(n.seen)
	}
	key := string(name)
	f := factsOf(key)
	n.seen[key] = f
	return f
}

// Fold appends a logged name as it is compared: ASCII lower case, one final dot stripped unless it is escaped.
func Fold(dst, logged []byte) []byte {
	logged = logged[:len(logged)-finalDot(logged)]
	at := len(dst)
	dst = append(dst, logged...)
	for i, c := range dst[at:] {
		if c-'A' < 26 {
			dst[at+i] = c | 0x20
		}
	}
	return dst
}

// finalDot is 1 where a name ends in a dot that ends a label, else 0.
func finalDot(name []byte) int {
	last := len(name) - 1
	if last < 0 || name[last] != '.' {
		return 0
	}
	slashes := 0
	for last-1-slashes >= 0 && name[last-1-slashes] == '\\' {
		slashes++
	}
	return 1 - slashes&1
}

func factsOf(name string) Facts {
	f := Facts{known: true, domain: -1}
	split := hideEscapedDots(name)
	for start := 0; name != "" && start <= len(split); {
		end := strings.IndexByte(split[start:], '.')
		if end < 0 {
			end = len(split) - start
		}
		f.labels++
		f.longest = max(f.longest, int16(end))
		start += end + 1
	}
	before := name
	if at := registeredDomain(split); at >= 0 {
		f.domain, before = int16(at), name[:at]
	}
	f.entropy = entropy(before)
	return f
}

// hideEscapedDots gives the name with every dot that is part of a label overwritten, so that the dots left are the
// ones between labels, at the same places.
func hideEscapedDots(name string) string {
	if strings.IndexByte(name, '\\') < 0 {
		return name
	}
	b := []byte(name)
	for i := 0; i+1 < len(b); i++ {
		if b[i] == '\\' {
			if i++; b[i] == '.' {
				b[i] = '_'
			}
		}
	}
	return string(b)
}

// registeredDomain is where the public suffix and one label more begin in a name, -1 where there is no such thing:
// a single label, an ICANN suffix, an address. The list's private section counts (so x.github.io is registered);
// a name that is a private suffix itself (s3.amazonaws.com) belongs to the domain registered under ICANN's.
func registeredDomain(name string) int {
	if _, err := netip.ParseAddr(name); err == nil {
		return -1
	}
	suffix, icann := publicsuffix.PublicSuffix(name)
	for whole := len(suffix) == len(name); whole && !icann; {
		dot := strings.IndexByte(suffix, '.')
		if dot < 0 {
			return -1
		}
		suffix, icann = publicsuffix.PublicSuffix(suffix[dot+1:])
	}
	dot := len(name) - len(suffix) - 1 // between the suffix and the label before it
	if suffix == "" || dot < 0 {
		return -1
	}
	at := strings.LastIndexByte(name[:dot], '.') + 1
	if at == dot { // the label is empty
		return -1
	}
	return at
}

// xlog2x holds x·log2(x) for the counts that names have; more are computed.
var xlog2x = func() (table [256]float64) {
	for x := 1; x < len(table); x++ {
		table[x] = float64(x) * math.Log2(float64(x))
	}
	return table
}()

// entropy gives (n·log2(n) − Σ c·log2(c))/n over the counts c of the n bytes that are not dots: 0 exactly where they
// are all the same.
func entropy(text string) float32 {
	xlog := func(x uint16) float64 {
		if int(x) < len(xlog2x) {
			return xlog2x[x]
		}
		return float64(x) * math.Log2(float64(x))
	}
	var counts [256]uint16
	n := uint16(0)
	for i := 0; i < len(text); i++ {
		if text[i] != '.' {
			counts[text[i]]++
			n++
		}
	}
	if n == 0 {
		return float32(math.NaN())
	}
	sum := 0.0
	for i := 0; i < len(text); i++ {
		if text[i] != '.' {
			sum += xlog(counts[text[i]])
			counts[text[i]] = 0
		}
	}
	return float32((xlog(n) - sum) / float64(n))
}
