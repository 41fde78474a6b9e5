package queries

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// readName brings a DNS name to the form of the columns called name: ASCII lower case, no final dot. Anything in ASCII
// is kept as it is: attackers ask for names that are no host names. A label in Unicode becomes its A-label, which is
// what a resolver was asked for; a name in double quotes is left in Unicode, for logs that hold it so.
func readName(text string) (any, error) {
	asLogged := len(text) > 2 && text[0] == '"' && text[len(text)-1] == '"'
	if asLogged {
		text = text[1 : len(text)-1]
	}
	if text == "" || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		return nil, errShape
	}
	text = withoutFinalDot(text)
	if asLogged {
		return lowerASCII(text), nil
	}
	labels := strings.Split(text, ".")
	for i, label := range labels {
		a, err := aLabel(label)
		if err != nil {
			return nil, err
		}
		labels[i] = a
	}
	return strings.Join(labels, "."), nil
}

// withoutFinalDot leaves a dot that is part of a label: one after an odd number of backslashes (RFC 1035, 5.1).
func withoutFinalDot(name string) string {
	stem, ok := strings.CutSuffix(name, ".")
	if !ok || (len(stem)-len(strings.TrimRight(stem, `\`)))%2 == 1 {
		return name
	}
	return stem
}

func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r | 0x20
		}
		return r
	}, s)
}

// lookup maps as a resolver's client would (UTS 46, non-transitional), but leaves ASCII that is no host name alone.
var lookup = idna.New(idna.MapForLookup(), idna.StrictDomainName(false), idna.Transitional(false))

// aLabel lower-cases a label, and gives the A-label of one that is not ASCII (RFC 5890).
func aLabel(label string) (string, error) {
	if strings.IndexFunc(label, func(r rune) bool { return r >= utf8.RuneSelf }) < 0 {
		return lowerASCII(label), nil
	}
	a, err := lookup.ToASCII(label)
	if err != nil {
		return "", fmt.Errorf("%q has no A-label: %w\nhint: put the name in double quotes to compare it as it is", label, err)
	}
	return a, nil
}
