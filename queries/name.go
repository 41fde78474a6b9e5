package queries

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
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

// aLabel lower-cases a label and encodes it when it is not ASCII. Only letters and digits that stand for themselves
// are taken; what IDNA would have to map or compose first is refused rather than mapped in a way of our own.
func aLabel(label string) (string, error) {
	if strings.IndexFunc(label, func(r rune) bool { return r >= utf8.RuneSelf }) < 0 {
		return lowerASCII(label), nil
	}
	for _, r := range label {
		lower := unicode.ToLower(r)
		plain := r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r)
		if !plain || unicode.In(r, compatible...) || (lower < utf8.RuneSelf) != (r < utf8.RuneSelf) {
			return "", fmt.Errorf("%q in %q cannot be encoded here\nhint: write the label in its ASCII form, xn--…, or the whole name in double quotes to find it as it was logged", r, label)
		}
	}
	label = strings.ToLower(label)
	return "xn--" + punycode([]rune(label)), nil
}

// compatible are the blocks of letters that IDNA replaces by others.
var compatible = []*unicode.RangeTable{{R16: []unicode.Range16{
	{Lo: 0x017F, Hi: 0x017F, Stride: 1}, {Lo: 0x02B0, Hi: 0x02FF, Stride: 1}, {Lo: 0x1D2C, Hi: 0x1DBF, Stride: 1},
	{Lo: 0x2000, Hi: 0x24FF, Stride: 1}, {Lo: 0x2E80, Hi: 0x2FDF, Stride: 1}, {Lo: 0x3130, Hi: 0x33FF, Stride: 1},
	{Lo: 0xF900, Hi: 0xFDFF, Stride: 1}, {Lo: 0xFE70, Hi: 0xFFEF, Stride: 1},
}, R32: []unicode.Range32{{Lo: 0x1D400, Hi: 0x1D7FF, Stride: 1}, {Lo: 0x2F800, Hi: 0x2FA1F, Stride: 1}}}}

// punycode encodes a label that holds at least one rune outside ASCII (RFC 3492, 6.3).
func punycode(label []rune) string {
	const base, tMin, tMax, firstN = 36, 1, 26, 128
	var out strings.Builder
	for _, r := range label {
		if r < firstN {
			out.WriteRune(r)
		}
	}
	basic := out.Len()
	if basic > 0 {
		out.WriteByte('-')
	}
	n, delta, bias := rune(firstN), 0, 72
	for done := basic; done < len(label); n++ {
		next := rune(unicode.MaxRune)
		for _, r := range label {
			if r >= n && r < next {
				next = r
			}
		}
		delta += int(next-n) * (done + 1)
		n = next
		for _, r := range label {
			if r < n {
				delta++
			}
			if r != n {
				continue
			}
			q := delta
			for k := base; ; k += base {
				t := min(max(k-bias, tMin), tMax)
				if q < t {
					out.WriteByte(digit(q))
					break
				}
				out.WriteByte(digit(t + (q-t)%(base-t)))
				q = (q - t) / (base - t)
			}
			bias = adapt(delta, done+1, done == basic)
			delta = 0
			done++
		}
		delta++
	}
	return out.String()
}

func digit(d int) byte {
	if d < 26 {
		return byte('a' + d)
	}
	return byte('0' + d - 26)
}

// adapt is RFC 3492, 6.1.
func adapt(delta, points int, first bool) int {
	const base, tMin, tMax, skew, damp = 36, 1, 26, 38, 700
	if first {
		delta /= damp
	} else {
		delta /= 2
	}
	delta += delta / points
	k := 0
	for ; delta > (base-tMin)*tMax/2; k += base {
		delta /= base - tMin
	}
	return k + (base-tMin+1)*delta/(delta+skew)
}
