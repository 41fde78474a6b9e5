package predicate

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// A line of a log as text, in lower case, is looked at by regular expressions that RE2, Java and Trino read alike. They find every
// line that holds a record which the predicate selects, whichever of its fields that is in and however a value may be spelled there,
// and others too: what is too much, the decoder and the condition leave out. What escapes of JSON may hide is found whole.
const (
	hidden = `\\u[0-9a-f]{4}` // a character of JSON, escaped
	before = `(^|[^0-9a-f])`
	after  = `($|[^0-9a-f])`
)

// Lines are regular expressions of which each finds something in every line, in lower case, that may hold a selected record.
func (p Predicate) Lines() []string {
	var some []string
	for _, block := range p.Addresses {
		some = append(some, lineOfBlock(block)...)
	}
	for _, n := range p.Names {
		some = append(some, `(^|[^0-9a-z_-])`+regexp.QuoteMeta(n)+`($|[^0-9a-z_-])`)
	}
	if p.Names != nil {
		some = append(some, `//[^/ "]*%`) // the host of a URL, encoded
	}
	if slices.ContainsFunc(p.Addresses, func(b netip.Prefix) bool { return b.Addr().Is4() }) {
		some = append(some, `ffff:[0-9a-f]{1,4}:[0-9a-f]{1,4}`) // an IPv4-mapped address in hexadecimal digits
	}
	for _, id := range p.Requests {
		some = append(some, regexp.QuoteMeta(strings.ToLower(id)))
	}
	var all []string
	if some != nil {
		all = append(all, strings.Join(append(some, hidden), "|"))
	}
	if _, ports := p.texts(); ports != nil {
		all = append(all, `(^|[^0-9])0*(`+strings.Join(ports, "|")+`)($|[^0-9])|`+hidden)
	}
	return all
}

// lineOfBlock finds the spellings of the addresses of a block.
func lineOfBlock(block netip.Prefix) []string {
	bytes := block.Addr().AsSlice()
	if block.Addr().Is4() {
		return []string{`(^|[^0-9])` + dotted(bytes, block.Bits()) + `($|[^0-9])`}
	}
	var groups []uint16
	whole := min(block.Bits(), 96) // what is behind them may be written as an IPv4 address
	for i := 0; i+16 <= whole; i += 16 {
		groups = append(groups, uint16(bytes[i/8])<<8|uint16(bytes[i/8+1]))
	}
	if block.IsSingleIP() {
		all := append(groups, uint16(bytes[12])<<8|uint16(bytes[13]), uint16(bytes[14])<<8|uint16(bytes[15]))
		return []string{before + groupsText(all, "") + after, before + groupsText(groups, dotted(bytes[12:], 32)) + after}
	}
	for len(groups) > 0 && groups[len(groups)-1] == 0 {
		groups = groups[:len(groups)-1] // one :: may stand for more than these
	}
	if len(groups) == 0 {
		return []string{`[0-9a-f]*:[0-9a-f]*:`}
	}
	return []string{before + groupsText(groups, "") + `:`}
}

// dotted finds four numbers of which the first bits are given.
func dotted(bytes []byte, bits int) string {
	var parts []string
	for i, b := range bytes {
		switch free := 8*(i+1) - bits; {
		case free <= 0:
			parts = append(parts, number(b))
		case free >= 8:
			parts = append(parts, `[0-9]+`)
		default:
			var some []string
			for n := int(b); n < int(b)+1<<free; n++ {
				some = append(some, number(byte(n)))
			}
			parts = append(parts, "("+strings.Join(some, "|")+")")
		}
	}
	return strings.Join(parts, `\.`)
}

// number finds a number with zeros before it or without.
func number(b byte) string {
	if b == 0 {
		return "0+"
	}
	return fmt.Sprintf("0*%d", b)
}

// groupsText finds groups of an IPv6 address, in whatever way its zeros are left out, and what comes behind them.
func groupsText(groups []uint16, tail string) string {
	var text strings.Builder
	zeros := false
	next := func(part string) {
		if zeros {
			text.WriteString(`[0:]*:`)
		} else if text.Len() > 0 {
			text.WriteString(`:`)
		}
		text.WriteString(part)
		zeros = false
	}
	for _, g := range groups {
		if g == 0 {
			if !zeros && text.Len() > 0 {
				text.WriteString(`:`)
			}
			zeros = true
			continue
		}
		next(fmt.Sprintf("0*%x", g))
	}
	if tail != "" {
		next(tail)
	} else if zeros {
		text.WriteString(`[0:]*`)
	}
	return text.String()
}
