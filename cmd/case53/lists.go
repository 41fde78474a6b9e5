package main

import (
	"bufio"
	"fmt"
	"net/netip"
	"os"
	"strings"
)

// list is addresses, blocks and names from files, for allow lists and indicators. The nil list holds nothing.
type list struct {
	entries []string
	blocks  []netip.Prefix
	names   map[string]bool
}

// readLists reads files with an entry a line. A line that is neither address, block nor name is an error: a list that
// is half read would allow or accuse the wrong ones.
func readLists(files []string) (*list, error) {
	l := &list{names: map[string]bool{}}
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		lines := bufio.NewScanner(f)
		for n := 1; lines.Scan(); n++ {
			text, _, _ := strings.Cut(lines.Text(), "#")
			if text = strings.TrimSpace(text); text == "" {
				continue
			}
			if err := l.add(text); err != nil {
				f.Close()
				return nil, fmt.Errorf("%s:%d: %w", file, n, err)
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

func (l *list) add(text string) error {
	l.entries = append(l.entries, text)
	if a, err := netip.ParseAddr(text); err == nil {
		a = a.Unmap()
		l.blocks = append(l.blocks, netip.PrefixFrom(a, a.BitLen()))
		return nil
	}
	if p, err := netip.ParsePrefix(text); err == nil {
		l.blocks = append(l.blocks, p.Masked())
		return nil
	}
	name := strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(text, "*."), "."))
	if name == "" || strings.ContainsAny(name, " \t/:,*") || !strings.Contains(name, ".") {
		return fmt.Errorf("%q is no address, block or name", text)
	}
	l.names[name] = true
	return nil
}

// empty says whether nothing can be on the list.
func (l *list) empty() bool { return l == nil || len(l.entries) == 0 }

// text is the entries, a line each, for a hunt that takes the list itself.
func (l *list) text() string {
	if l == nil {
		return ""
	}
	return strings.Join(l.entries, "\n")
}

// match says whether any address or name of a subject is on the list, and by which entry.
func (l *list) match(s Subject) (entry string, on bool) {
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
