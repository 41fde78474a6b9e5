package findings

import (
	"bufio"
	"fmt"
	"net/netip"
	"os"
	"strings"
)

// Lists is addresses, blocks and names from files, for allow lists and indicators. The nil list holds nothing.
type Lists struct {
	Entries []string // as they were written, each once
	seen    map[string]bool
	blocks  []netip.Prefix
	names   map[string]bool
}

// ReadLists reads files with an entry a line. A line that is neither address, block nor name is an error: a list that
// is half read would allow or accuse the wrong ones. Besides, values are put on the list as they are.
func ReadLists(files []string, values ...string) (*Lists, error) {
	l := &Lists{seen: map[string]bool{}, names: map[string]bool{}}
	for _, text := range values {
		if err := l.Add(text); err != nil {
			return nil, err
		}
	}
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		lines := bufio.NewScanner(f)
		for n := 1; lines.Scan(); n++ {
			text, _, _ := strings.Cut(strings.TrimPrefix(lines.Text(), "\ufeff"), "#")
			if text = strings.TrimSpace(text); text == "" {
				continue
			}
			if err := l.Add(text); err != nil {
				f.Close()
				return nil, fmt.Errorf("%s:%d: %w\n"+
					"hint: an address, a block such as 203.0.113.0/24 or a name such as example.com a line; # begins a comment",
					file, n, err)
			}
		}
		err = lines.Err()
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	return l, nil
}

// Add puts an entry on the list, as it was written; once, however often it is given.
func (l *Lists) Add(text string) error {
	if l.seen[text] {
		return nil
	}
	block, isBlock := blockOf(text)
	name, isName := nameOf(text)
	switch {
	case isBlock:
		l.blocks = append(l.blocks, block)
	case isName:
		l.names[name] = true
	default:
		return fmt.Errorf("%q is no address, block or name", text)
	}
	l.Entries, l.seen[text] = append(l.Entries, text), true
	return nil
}

// blockOf reads an address or a block. One with a zone (fe80::1%eth0) is none: logs have no zones.
func blockOf(text string) (netip.Prefix, bool) {
	p, err := netip.ParsePrefix(text)
	if err != nil {
		a, err := netip.ParseAddr(text)
		if err != nil || a.Zone() != "" {
			return netip.Prefix{}, false
		}
		p = netip.PrefixFrom(a, a.BitLen())
	}
	if a := p.Addr(); a.Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
	}
	return p.Masked(), true
}

// nameOf reads a name as logs have it: of printable ASCII, with a dot, and not ending in a number, as no name does.
func nameOf(text string) (string, bool) {
	name := strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(text, "*."), "."))
	last := name[strings.LastIndexByte(name, '.')+1:]
	if last == name || strings.Trim(last, "0123456789") == "" ||
		strings.ContainsAny(name, "/:,*") || strings.HasPrefix(name, ".") || strings.Contains(name, "..") {
		return "", false
	}
	for _, c := range []byte(name) {
		if c <= ' ' || c > '~' {
			return "", false
		}
	}
	return name, true
}

// empty says whether nothing can be on the list.
func (l *Lists) empty() bool { return l == nil || len(l.Entries) == 0 }

// Text is the entries, a line each, for a hunt that takes the list itself.
func (l *Lists) Text() string {
	if l == nil {
		return ""
	}
	return strings.Join(l.Entries, "\n")
}

// match says whether any address or name of a subject is on the list, and by which entry.
func (l *Lists) match(s Subject) (entry string, on bool) {
	if l == nil {
		return "", false
	}
	for _, text := range []string{s.Src, s.Dst, s.Client} {
		a, err := netip.ParseAddr(text)
		if err != nil {
			continue
		}
		for _, p := range l.blocks {
			if p.Contains(a.Unmap()) {
				return p.String(), true
			}
		}
	}
	for _, name := range []string{s.Name, s.RegisteredDomain} {
		for rest := strings.ToLower(name); rest != ""; _, rest, _ = strings.Cut(rest, ".") {
			if l.names[rest] {
				return rest, true
			}
		}
	}
	return "", false
}
