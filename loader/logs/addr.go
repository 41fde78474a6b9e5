package logs

import "net/netip"

// addr is an IP address as it is stored: IPv4 (IPv4-mapped IPv6 included) in v4, any other in v6.
type addr struct {
	v4 uint32
	v6 [2]uint64
	is uint8 // 4, 6, or 0 for absent
}

// parseAddr reads an address as AWS writes it. A zone ("fe80::1%eth0") is refused: no AWS log has one.
func parseAddr(text []byte) (addr, bool) {
	if v4, ok := parseIPv4(text); ok {
		return addr{v4: v4, is: 4}, true
	}
	a, err := netip.ParseAddr(string(text))
	if err != nil || a.Zone() != "" {
		return addr{}, false
	}
	if a = a.Unmap(); a.Is4() {
		b := a.As4()
		return addr{v4: uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3]), is: 4}, true
	}
	return addr{v6: Key128(a), is: 6}, true
}

// parseIPv4 reads dotted decimal without leading zeros (RFC 6943, 3.1.1: "010" means 8 to some and 10 to others).
func parseIPv4(text []byte) (uint32, bool) {
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
