package logs

import "testing"

func TestResolverVectors(t *testing.T) { testVectors(t, Resolver, "dns.txtar") }
