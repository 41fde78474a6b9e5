package entities

import (
	"net/netip"
	"net/url"
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

// KindOf is the kind of a value by its form alone: the one that the notes keep it under.
func KindOf(value string) string { return notes.KindOf(value) }

// Check is the kind and the value of a page as they are asked for, spelled in the one way that logs are compared by. What is not one
// value is refused: a page of a part of it would be an answer to another question.
func Check(set Library, kind, value string) (string, string, error) {
	if kind == "" {
		value = single(value)
		kind = KindOf(value)
		if err := several(kind, value); err != nil {
			return kind, value, err
		}
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

// single is the address of a block that has only one; other values are as they are.
func single(value string) string {
	if p, err := netip.ParsePrefix(value); err == nil && p.IsSingleIP() {
		return p.Addr().String()
	}
	return value
}

// several refuses a value that has no kind of its own but values within, and says which.
func several(kind, value string) error {
	if kind == "cidr" {
		return queries.Ask("%s is a block of addresses, which has no page\nhint: case53 query CASE flows-in-cidr -p cidr=%[1]s", value)
	}
	if kind != "name" {
		return nil
	}
	if at, err := netip.ParseAddrPort(value); err == nil {
		return queries.Ask("%q is an address with a port\nhint: the page is that of the address: %s", value, at.Addr())
	}
	if strings.Contains(value, "://") {
		u, err := url.Parse(value)
		if err != nil || u.Hostname() == "" {
			return queries.Ask("%q is a URL\nhint: its host has a page, and its path", value)
		}
		return queries.Ask("%q is a URL\nhint: its host has a page, %q, and its path, %q", value, u.Hostname(), "/"+strings.TrimPrefix(u.EscapedPath(), "/"))
	}
	if strings.ContainsAny(value, "/: \t") {
		return queries.Ask("%q is no name that one would look up\nhint: a host or a path by itself; --kind name where it is a name", value)
	}
	return nil
}
