package flow

import "bytes"

// flowClass is the form that the values of a field have. It tells field lists apart; it does not judge evidence: a
// value of another form is stored as it is wherever the field list is known from a header or was given.
type flowClass uint8

const (
	classAny    flowClass = iota
	classNumber           // whatever its kind reads: a number, a time, an address
	classAction
	classStatus
	classType
	classDirection
	classRegion
	classZone
	classSublocation
	classService
	classPath
	classEncryption
	classWord // letters and underscores
	className // anything but an ARN

	// From here on a value of another form contradicts an inferred field list.
	classVersion
	classAccount
	classInterface
	classVPC
	classSubnet
	classInstance
	classGateway
	classAttachment
	classClusterARN
	classContainerARN
	classDefinitionARN
	classTaskARN
)

// firm says that AWS's values of this class have had one form since there are flow logs.
func (c flowClass) firm() bool { return c >= classVersion }

// has says whether a value has the form of the class.
func (c flowClass) has(value []byte) bool {
	switch c {
	case classAction:
		return oneOf(value, "ACCEPT", "REJECT")
	case classStatus:
		return oneOf(value, "OK", "NODATA", "SKIPDATA")
	case classType:
		return oneOf(value, "IPv4", "IPv6", "EFA")
	case classDirection:
		return oneOf(value, "ingress", "egress")
	case classSublocation:
		return oneOf(value, "wavelength", "outpost", "localzone")
	case classRegion:
		return isRegion(value)
	case classZone:
		return isZone(value)
	case classService:
		return value[0] >= 'A' && value[0] <= 'Z' && only(value, isUpper)
	case classPath:
		return len(value) == 1 && value[0] >= '1' && value[0] <= '8'
	case classEncryption:
		return len(value) == 1 && value[0] >= '0' && value[0] <= '3'
	case classWord:
		return only(value, isWord)
	case className:
		return !bytes.HasPrefix(value, []byte("arn:"))
	case classVersion:
		return only(value, isDigit)
	case classAccount:
		return len(value) == 12 && only(value, isDigit) || string(value) == "unknown"
	case classInterface:
		return isID(value, "eni-")
	case classVPC:
		return isID(value, "vpc-")
	case classSubnet:
		return isID(value, "subnet-")
	case classInstance:
		return isID(value, "i-")
	case classGateway:
		return isID(value, "tgw-")
	case classAttachment:
		return isID(value, "tgw-attach-")
	case classClusterARN:
		return isARN(value, ":cluster/")
	case classContainerARN:
		return isARN(value, ":container-instance/")
	case classDefinitionARN:
		return isARN(value, ":task-definition/")
	case classTaskARN:
		return isARN(value, ":task/")
	}
	return true
}

func oneOf(value []byte, words ...string) bool {
	for _, w := range words {
		if string(value) == w {
			return true
		}
	}
	return false
}

func only(value []byte, in func(byte) bool) bool {
	for _, c := range value {
		if !in(c) {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isLower(c byte) bool { return c >= 'a' && c <= 'z' }
func isUpper(c byte) bool { return c >= 'A' && c <= 'Z' || isDigit(c) || c == '_' }
func isWord(c byte) bool  { return c >= 'A' && c <= 'Z' || isLower(c) || c == '_' }
func isAlnum(c byte) bool { return c >= 'A' && c <= 'Z' || isLower(c) || isDigit(c) }

// isID knows an id by its prefix. How many digits follow has changed once (8 to 17) and is not looked at.
func isID(value []byte, prefix string) bool {
	rest, ok := bytes.CutPrefix(value, []byte(prefix))
	return ok && len(rest) > 0 && only(rest, isAlnum)
}

func isARN(value []byte, kind string) bool {
	return bytes.HasPrefix(value, []byte("arn:")) && bytes.Contains(value, []byte(kind))
}

// isRegion knows us-east-1, us-gov-west-1, eusc-de-east-1.
func isRegion(value []byte) bool {
	parts := bytes.Split(value, []byte("-"))
	last := len(parts) - 1
	if last < 2 || len(parts[last]) != 1 || !isDigit(parts[last][0]) || len(parts[0]) < 2 {
		return false
	}
	for _, p := range parts[:last] {
		if len(p) == 0 || !only(p, isLower) {
			return false
		}
	}
	return true
}

// isZone knows use2-az2, usw2-lax1-az1.
func isZone(value []byte) bool {
	at := bytes.LastIndex(value, []byte("-az"))
	if at < 3 || at+3 == len(value) || !only(value[at+3:], isDigit) {
		return false
	}
	return isLower(value[0]) && only(value[:at], func(c byte) bool { return isLower(c) || isDigit(c) || c == '-' })
}
