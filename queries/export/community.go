package export

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"net/netip"
)

// communityID is the Community ID, version 1, seed 0, of a connection, which other tools give it too
// (https://github.com/corelight/community-id-spec); "" where it has none: it takes both addresses and both ports.
func communityID(src, dst string, srcPort, dstPort int64, protocol byte) string {
	a, errA := netip.ParseAddr(src)
	b, errB := netip.ParseAddr(dst)
	if errA != nil || errB != nil || a.Is4() != b.Is4() {
		return ""
	}
	first, second := a.AsSlice(), b.AsSlice()
	if order := bytes.Compare(first, second); order > 0 || order == 0 && srcPort > dstPort {
		first, second, srcPort, dstPort = second, first, dstPort, srcPort
	}
	text := make([]byte, 2, 40) // the seed
	text = append(append(text, first...), second...)
	text = append(text, protocol, 0)
	text = binary.BigEndian.AppendUint16(text, uint16(srcPort))
	text = binary.BigEndian.AppendUint16(text, uint16(dstPort))
	sum := sha1.Sum(text)
	return "1:" + base64.StdEncoding.EncodeToString(sum[:])
}

// hasPorts says of which protocols' connections a Community ID has the ports: TCP, UDP and SCTP. That of ICMP takes type and code, which
// no flow log has.
func hasPorts(protocol string) (byte, bool) {
	switch protocol {
	case "6":
		return 6, true
	case "17":
		return 17, true
	case "132":
		return 132, true
	}
	return 0, false
}
