package queries

import (
	"fmt"
	"math"
	"net/netip"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// kind is what a parameter may hold: how its text is read, and what is said when it cannot be.
type kind struct {
	accepts string // what is accepted, for help and hints
	example string
	absent  any // the argument for a parameter that is left out and has no default
	read    func(text string) (any, error)
}

// kinds holds every kind of parameter. A pivot leads from a column to the parameters of the column's kind.
var kinds = map[string]kind{
	"account":     {"12 digits, or unknown", "123456789012", "", matching(`^([0-9]{12}|unknown)$`)},
	"bool":        {"true or false", "true", nil, readBool},
	"capture":     {"the name of a capture; empty for all", "incident", "", readToken},
	"cidr":        {"10.0.0.0/24 or 2001:db8::/32, host bits zero; an address alone is a block of one", "10.0.0.0/24", nil, readCIDR},
	"domain":      {"a domain, with or without the final dot", "example.com", "", readName},
	"finding":     {"the id of a GuardDuty finding", "16b3e6f2d4c1a0b9", "", readText},
	"instance":    {"an instance id, i-…", "i-0123456789abcdef0", "", matching(`^i-[0-9A-Za-z]+$`)},
	"int":         {"a whole number", "20", nil, readInt},
	"interface":   {"an interface id, eni-…", "eni-0123456789abcdef0", "", matching(`^eni-[0-9A-Za-z]+$`)},
	"ip":          {"an IPv4 or IPv6 address", "10.0.1.5", nil, readIP},
	"minutes":     {"a whole number of minutes, 0 to 525600", "5", nil, readMinutes},
	"name":        {"a DNS name, with or without the final dot; Unicode is encoded (xn--…), but not inside \"…\"", "www.example.com", "", readName},
	"number":      {"a number", "3.5", nil, readNumber},
	"request":     {"an id of a request or a connection, as a service gave it", "1-58337281-1d84f3d73c47ec4e58577259", "", readText},
	"stream":      {"a log stream behind its log group and a colon, as the column stream has it", "/web/ec2:i-0123456789abcdef0", "", readText},
	"text":        {"any text", "text", "", readText},
	"time":        {"2026-11-01, 2026-11-01 10:00, 2026-11-01 10:00:05 (all UTC), or RFC 3339 with a zone", "2026-11-01 10:00", nil, readTime},
	"url_path":    {"the path of a URL, as the client sent it", "/login", "", readText},
	"vpc":         {"a VPC id, vpc-…", "vpc-0123456789abcdef0", "", matching(`^vpc-[0-9A-Za-z]+$`)},
	"hosted_zone": {"a hosted zone id, Z…", "Z0123456789ABCDEFGHI", "", matching(`^Z[0-9A-Z]+$`)},
}

func kindOf(name string) kind { return kinds[name] }

// Kinds lists the kinds of parameters.
func Kinds() []string {
	var names []string
	for name := range kinds {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// IsKind says whether a column or a parameter can be of a kind.
func IsKind(kind string) bool {
	_, ok := kinds[kind]
	return ok || slices.Contains(columnKinds, kind)
}

// Accepts reports whether text can be a value of a kind, and says what can; of a kind that has no form any text can.
func Accepts(kind, text string) (accepts string, ok bool) {
	k, known := kinds[kind]
	if !known {
		return "any text", true
	}
	_, err := k.read(text)
	return k.accepts, err == nil
}

// matching accepts text of one shape, as it stands.
func matching(pattern string) func(string) (any, error) {
	re := regexp.MustCompile(pattern)
	return func(text string) (any, error) {
		if len(text) > 128 || !re.MatchString(text) {
			return nil, errShape
		}
		return text, nil
	}
}

var errShape = fmt.Errorf("not of that form")

func readBool(text string) (any, error) {
	switch text {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return nil, errShape
}

func readInt(text string) (any, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil, errShape
	}
	return n, nil
}

func readMinutes(text string) (any, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > 525600 {
		return nil, errShape
	}
	return n, nil
}

func readNumber(text string) (any, error) {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return nil, errShape
	}
	return f, nil
}

func readText(text string) (any, error) {
	if !utf8.ValidString(text) {
		return nil, fmt.Errorf("not valid UTF-8")
	}
	return text, nil
}

func readToken(text string) (any, error) {
	if !utf8.ValidString(text) || len(text) > 128 || strings.ContainsFunc(text, unicode.IsControl) {
		return nil, errShape
	}
	return text, nil
}

// readIP gives the address in its usual form; an IPv4-mapped one as IPv4, as it is stored.
func readIP(text string) (any, error) {
	a, err := netip.ParseAddr(text)
	if err != nil {
		return nil, errShape
	}
	if a.Zone() != "" {
		return nil, fmt.Errorf("an address with a zone is in no AWS log")
	}
	return a.Unmap().String(), nil
}

func readCIDR(text string) (any, error) {
	if a, err := readIP(text); err == nil {
		p := netip.MustParseAddr(a.(string))
		return netip.PrefixFrom(p, p.BitLen()).String(), nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return nil, errShape
	}
	if p.Addr().Is4In6() {
		if p.Bits() < 96 {
			return nil, errShape
		}
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	if m := p.Masked(); m != p {
		return nil, fmt.Errorf("%s is one address of the block %s", p.Addr(), m)
	}
	return p.String(), nil
}

var timeForms = []string{time.RFC3339Nano, "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly}

func readTime(text string) (any, error) {
	for _, form := range timeForms {
		if t, err := time.Parse(form, text); err == nil {
			return t.UTC().Truncate(time.Microsecond), nil
		}
	}
	return nil, errShape
}
