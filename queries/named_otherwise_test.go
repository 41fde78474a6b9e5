package queries

import (
	"fmt"
	"testing"

	"case53/loader/loadertest"
)

// otherwise are records that name a value in another way than its usual one.
var otherwise = map[string]string{
	"access.log": `10.0.9.1 - - [02/Nov/2026:10:00:00 +0000] "GET /login HTTP/1.1" 200 300 "-" "agent/1.0" "203.0.113.7"
10.0.9.1 - - [02/Nov/2026:10:00:01 +0000] "GET /%6cogin HTTP/1.1" 200 300 "-" "agent/1.0" "203.0.113.7, 198.51.100.8"
10.0.9.1 - - [02/Nov/2026:10:00:02 +0000] "GET /login/admin HTTP/1.1" 200 300 "-" "agent/1.0" "203.0.113.70"
`,
	"zone.log": `1.0 2026-11-02T10:00:00Z Z0ABCDEFGH one.example.com A NOERROR UDP FRA2-C1 192.0.2.53 203.0.113.0/24
1.0 2026-11-02T10:00:01Z Z0ABCDEFGH one.example.com A NOERROR UDP FRA2-C1 192.0.2.53 0.0.0.0/0
1.0 2026-11-02T10:00:02Z Z0ABCDEFGH one.example.com A NOERROR UDP FRA2-C1 192.0.2.53 ::/0
`,
}

// TestNamedOtherwise: a client that only X-Forwarded-For names is there, and so is a path that was spelled otherwise; a client subnet
// that is all the internet is no client's.
func TestNamedOtherwise(t *testing.T) {
	k := loadertest.Open(t, loadertest.Case(t, otherwise))
	for _, c := range []struct{ query, param, value, columns, want string }{
		{"address-in-requests", "ip", "203.0.113.7", "what, records", "last in X-Forwarded-For 1; earlier in X-Forwarded-For 1; "},
		{"address-in-requests", "ip", "10.0.9.1", "what, records", "requested 3; "},
		{"paths-of-client", "ip", "203.0.113.7", "path, forwarded", "/%6cogin 1; /login 1; "},
		{"requests-of-client", "ip", "198.51.100.8", "path, x_forwarded_for", "/%6cogin 203.0.113.7, 198.51.100.8; "},
		{"path-in-requests", "path", "/login", "what, records", "was asked for 1; was asked for, spelled otherwise 1; "},
		{"clients-of-path", "path", "/login", "path, requests", "/%6cogin 1; /login 1; "},
		{"requests-for-path", "path", "/login", "path, status", "/login 200; /%6cogin 200; "},
		{"address-in-zone-queries", "ip", "203.0.113.7", "what, records", "asked our zone 1; "},
		{"resolvers-of-name", "name", "one.example.com", "queries, client_subnets", "3 1; "},
	} {
		sql, args, err := builtins(t).Get(c.query).Bind(map[string]string{c.param: c.value})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		err = k.Each(t.Context(), "SELECT "+c.columns+" FROM ("+sql+")", args, func(v []any) error {
			got += fmt.Sprintf("%v %v; ", v...)
			return nil
		})
		if err != nil || got != c.want {
			t.Errorf("%s of %s: %s, %v, want %s", c.query, c.value, got, err, c.want)
		}
	}
}
