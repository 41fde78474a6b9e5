package entities

import (
	"net/netip"
	"slices"
	"strings"

	"case53/cases/notes"
	"case53/queries"
)

// Kinds are the kinds of values that have a page.
func Kinds(set Library) []string {
	return slices.DeleteFunc(queries.Kinds(), func(kind string) bool { return len(set.Pages(kind)) == 0 })
}

// Library is the saved queries that pages are made of; *queries.Set is one.
type Library interface {
	Pages(kind string) []*queries.Query
}

// forms are what a value of a kind begins with, where that tells it from a name.
var forms = []struct{ prefix, kind string }{{"eni-", "interface"}, {"i-", "instance"}, {"vpc-", "vpc"}, {"/", "url_path"}}

// KindOf is the kind of a value by its form alone: an address, an interface, an instance, a path, a hosted zone, else a name.
func KindOf(value string) string {
	if _, err := netip.ParseAddr(value); err == nil {
		return "ip"
	}
	for _, f := range forms {
		if strings.HasPrefix(value, f.prefix) {
			return f.kind
		}
	}
	if _, ok := queries.Accepts("hosted_zone", value); ok && len(value) >= leastZone {
		return "hosted_zone"
	}
	return "name"
}

// leastZone is how long the id of a hosted zone is at least; a shorter word in capitals is a name.
const leastZone = 10

// Check is the kind and the value of a page as they are asked for, spelled in the one way that logs are compared by.
func Check(set Library, kind, value string) (string, string, error) {
	if kind == "" {
		kind = KindOf(value)
	}
	if kind == "rdata" || kind == "domain" {
		kind = map[bool]string{true: "ip", false: "name"}[KindOf(value) == "ip"]
	}
	if len(set.Pages(kind)) == 0 {
		return kind, value, queries.Ask("a value of the kind %s has no page\nhint: %s have", kind, strings.Join(Kinds(set), ", "))
	}
	if accepts, ok := queries.Accepts(kind, value); !ok {
		return kind, value, queries.Ask("%q is not of the kind %s\nhint: %s", value, kind, accepts)
	}
	t, err := notes.ValueOf(kind, value)
	if err != nil {
		return kind, value, &queries.AskError{Err: err}
	}
	return kind, t.Value, nil
}
