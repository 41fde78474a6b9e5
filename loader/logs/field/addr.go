package field

import (
	"net/netip"

	"case53/loader/logs"
)

// Addr is an IP address as it is stored: IPv4 (IPv4-mapped IPv6 included) in v4, any other in v6.
type Addr struct {
	V4    uint32
	V6    [2]uint64
	Known uint8 // 4, 6, or 0 for absent
}

// ParseAddr reads an address as AWS writes it. A zone ("fe80::1%eth0") is refused: no AWS log has one.
func ParseAddr(text []byte) (Addr, bool) {
	if v4, ok := ParseIPv4(text); ok {
		return Addr{V4: v4, Known: 4}, true
	}
	if v6, ok := parseIPv6(text); ok && !(v6[1] == 0 && v6[0]>>32 == 0xffff) {
		return Addr{V6: v6, Known: 6}, true
	}
	a, err := netip.ParseAddr(string(text))
	if err != nil || a.Zone() != "" {
		return Addr{}, false
	}
	if a = a.Unmap(); a.Is4() {
		b := a.As4()
		return Addr{V4: uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3]), Known: 4}, true
	}
	return Addr{V6: logs.Key128(a), Known: 6}, true
}

// ParseIPv4 reads dotted decimal without leading zeros (RFC 6943, 3.1.1: "010" means 8 to some and 10 to others).
func ParseIPv4(text []byte) (uint32, bool) {
	if len(text) < 7 || len(text) > 15 {
		return 0, false
	}
	var whole, octet uint32
	dots, digits := 0, 0
	for _, c := range text {
		switch {
		case c >= '0' && c <= '9':
			if digits > 0 && octet == 0 {
				return 0, false
			}
			octet = octet*10 + uint32(c-'0')
			if digits++; octet > 255 {
				return 0, false
			}
		case c == '.' && digits > 0 && dots < 3:
			whole = whole<<8 | octet
			octet, digits = 0, 0
			dots++
		default:
			return 0, false
		}
	}
	return whole<<8 | octet, dots == 3 && digits > 0
}

// parseIPv6 reads the plain forms, hexadecimal groups with or without "::", as netip.ParseAddr does but without its
// copy of the text. What it refuses may still be an address: one that ends in an IPv4 address.
func parseIPv6(text []byte) (v6 [2]uint64, ok bool) {
	var groups [8]uint64
	n, gap, i := 0, -1, 0
	if len(text) >= 2 && text[0] == ':' && text[1] == ':' {
		gap, i = 0, 2
	}
	for i < len(text) && n < 8 {
		from := i
		for i < len(text) && i-from <= 4 && text[i] != ':' {
			digit := HexValue(text[i])
			if digit > 15 {
				return v6, false
			}
			groups[n] = groups[n]<<4 | uint64(digit)
			i++
		}
		if i == from || i-from > 4 {
			return v6, false
		}
		n++
		if i == len(text) {
			break
		}
		i++ // the colon
		if i < len(text) && text[i] == ':' {
			if gap >= 0 {
				return v6, false
			}
			gap = n
			i++
		} else if i == len(text) {
			return v6, false
		}
	}
	if i < len(text) || n < 8 && gap < 0 || n == 8 && gap >= 0 {
		return v6, false
	}
	if gap >= 0 {
		copy(groups[gap+8-n:], groups[gap:n])
		clear(groups[gap : gap+8-n])
	}
	return [2]uint64{groups[4]<<48 | groups[5]<<32 | groups[6]<<16 | groups[7], groups[0]<<48 | groups[1]<<32 | groups[2]<<16 | groups[3]}, true
}

// HexValue is the value of a hexadecimal digit, 255 for any other byte.
func HexValue(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return 255
}
