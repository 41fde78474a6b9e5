// Package placestest writes small MaxMind DB files for tests, so that none has to be kept in the repository.
//
// It writes what https://maxmind.github.io/MaxMind-DB/ (format 2.0) asks for and no more: a binary search tree of 24-bit
// records over 128-bit addresses, 16 bytes of zeros, the data section, and the metadata after its marker. It refuses
// networks inside one another.
package networkstest

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// Entry is a network and its data: maps of text to maps, lists, text and uint32.
type Entry struct {
	Network string
	Data    map[string]any
}

// MMDB writes a database.
func MMDB(databaseType string, built time.Time, entries []Entry) []byte {
	type node [2]int // index of the next node, -1 for nothing, -2-n for entry n
	nodes := []node{{-1, -1}}
	for i, e := range entries {
		p := netip.MustParsePrefix(e.Network)
		address, bits := p.Addr().As16(), p.Bits()
		if p.Addr().Is4() { // IPv4 lies under ::/96
			four := p.Addr().As4()
			address, bits = [16]byte{}, bits+96
			copy(address[12:], four[:])
		}
		at := 0
		for bit := range bits {
			side := address[bit/8] >> (7 - bit%8) & 1
			next := nodes[at][side]
			switch {
			case bit == bits-1 && next == -1:
				nodes[at][side] = -2 - i
			case bit == bits-1 || next < -1:
				panic(fmt.Sprintf("%s lies in another network", e.Network))
			case next == -1:
				nodes = append(nodes, node{-1, -1})
				nodes[at][side] = len(nodes) - 1
				at = len(nodes) - 1
			default:
				at = next
			}
		}
	}
	var data []byte
	offsets := make([]int, len(entries))
	for i, e := range entries {
		offsets[i] = len(data)
		data = value(data, e.Data)
	}
	var out []byte
	for _, n := range nodes {
		for _, next := range n {
			record := next
			switch {
			case next == -1: // the number of nodes: nothing
				record = len(nodes)
			case next < -1: // a place in the data section lies 16 further
				record = len(nodes) + 16 + offsets[-2-next]
			}
			out = append(out, byte(record>>16), byte(record>>8), byte(record))
		}
	}
	out = append(out, make([]byte, 16)...)
	out = append(out, data...)
	out = append(out, "\xab\xcd\xefMaxMind.com"...)
	return value(out, map[string]any{
		"binary_format_major_version": uint16(2),
		"binary_format_minor_version": uint16(0),
		"build_epoch":                 uint64(built.Unix()),
		"database_type":               databaseType,
		"description":                 map[string]any{"en": "made by a test"},
		"ip_version":                  uint16(6),
		"languages":                   []any{"en"},
		"node_count":                  uint32(len(nodes)),
		"record_size":                 uint16(24),
	})
}

// value writes a value: a control byte with its type and size, then its bytes. Types above 7 have a byte of their own.
func value(out []byte, v any) []byte {
	head := func(kind, size int) {
		lead := kind << 5
		if kind > 7 {
			lead = 0
		}
		long := size - 29 // sizes from 29 to 284 take another byte; tests need no longer ones
		out = append(out, byte(lead|min(size, 29)))
		if kind > 7 {
			out = append(out, byte(kind-7))
		}
		if long >= 0 {
			out = append(out, byte(long))
		}
	}
	number := func(kind int, n uint64) {
		b := binary.BigEndian.AppendUint64(nil, n)
		for len(b) > 0 && b[0] == 0 {
			b = b[1:]
		}
		head(kind, len(b))
		out = append(out, b...)
	}
	switch v := v.(type) {
	case string:
		head(2, len(v))
		out = append(out, v...)
	case uint16:
		number(5, uint64(v))
	case uint32:
		number(6, uint64(v))
	case uint64:
		number(9, v)
	case []any:
		head(11, len(v))
		for _, e := range v {
			out = value(out, e)
		}
	case map[string]any:
		var keys []string
		for k := range v {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		head(7, len(v))
		for _, k := range keys {
			out = value(value(out, k), v[k])
		}
	default:
		panic(fmt.Sprintf("a %T cannot be written", v))
	}
	return out
}

// City is data as GeoLite2-City has it.
func City(country, subdivision, city string) map[string]any {
	return map[string]any{
		"country":      map[string]any{"iso_code": country},
		"subdivisions": []any{map[string]any{"names": map[string]any{"en": subdivision}}},
		"city":         map[string]any{"names": map[string]any{"en": city}},
	}
}

// ASN is data as GeoLite2-ASN has it.
func ASN(number uint32, organization string) map[string]any {
	return map[string]any{"autonomous_system_number": number, "autonomous_system_organization": organization}
}
