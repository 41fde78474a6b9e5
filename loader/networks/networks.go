// Package networks reads the files that say whose addresses are: MaxMind DB files (.mmdb: GeoLite2, GeoIP2, DB-IP, IPinfo
// and the like) and AWS's ip-ranges.json, as the user supplies them.
//
// A file becomes [cases.Network]s: stretches of addresses, in order, none over another, IPv4 before IPv6. Of a MaxMind DB every
// network that has data is one, as it stands in the file. The prefixes of ip-ranges.json lie inside one another; they are
// cut where one begins or ends, and each piece has all the services of the prefixes over it.
//
// The package refuses a file that is damaged anywhere, one that says nothing about country, city or AS, and prefixes that
// are none; it never reads half a file.
package networks

import (
	"bytes"
	"fmt"
	"iter"
	"net/netip"
	"path/filepath"
	"strings"
	"time"

	"case53/cases"
)

// Kinds of files.
const (
	kindMMDB   = "mmdb"
	kindRanges = "ip-ranges"
)

// File is a file that was opened.
type File struct {
	Kind, Name   string
	DatabaseType string // what a MaxMind DB says it is; for ip-ranges.json "AWS ip-ranges"
	Built        time.Time
	Bytes        []byte
	networks     iter.Seq2[cases.Network, error]
}

// Networks gives every network of the file, in order. An error is the last that it gives.
func (f *File) Networks() iter.Seq2[cases.Network, error] { return f.networks }

// Case is what a case keeps of the file.
func (f *File) Case() cases.NetworkFile {
	return cases.NetworkFile{Kind: f.Kind, Name: clean(f.Name), DatabaseType: f.DatabaseType, Built: f.Built}
}

// Open opens the bytes of a file of this kind.
func Open(kind, path string, text []byte) (*File, error) {
	switch kind {
	case kindMMDB:
		return MMDB(path, text)
	case kindRanges:
		return Ranges(path, text)
	}
	return nil, fmt.Errorf("%s: files of the kind %q are not read", path, kind)
}

// MMDB opens the bytes of a MaxMind DB file.
func MMDB(path string, text []byte) (*File, error) {
	f, err := openMMDB(text)
	if err != nil {
		return nil, fmt.Errorf("%s: not a whole MaxMind DB: %w\nhint: download it again, and unpack .tar.gz or .zip first", path, err)
	}
	f.Name = filepath.Base(path)
	return f, nil
}

// Ranges opens the bytes of AWS's ip-ranges.json.
func Ranges(path string, text []byte) (*File, error) {
	f, err := openRanges(text)
	if err != nil {
		return nil, fmt.Errorf("%s: not AWS's ip-ranges.json: %w\nhint: https://ip-ranges.amazonaws.com/ip-ranges.json", path, err)
	}
	f.Name = filepath.Base(path)
	return f, nil
}

// clean makes text that a database takes.
func clean(s string) string { return strings.ToValidUTF8(s, "\ufffd") }

// after is the address after a; false where there is none.
func after(a netip.Addr) (netip.Addr, bool) {
	next := a.Next()
	return next, next.IsValid()
}

// last is the last address of a prefix.
func last(p netip.Prefix) netip.Addr {
	a := p.Masked().Addr().AsSlice()
	for i := p.Bits(); i < len(a)*8; i++ {
		a[i/8] |= 0x80 >> (i % 8)
	}
	addr, _ := netip.AddrFromSlice(a)
	return addr
}

// compare puts IPv4 before IPv6.
func compare(a, b netip.Addr) int {
	if a.Is4() != b.Is4() {
		if a.Is4() {
			return -1
		}
		return 1
	}
	return bytes.Compare(a.AsSlice(), b.AsSlice())
}
