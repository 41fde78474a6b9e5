package resolver

import (
	"testing"

	"case53/loader/logs/logstest"
)

func TestResolverVectors(t *testing.T) { logstest.Vectors(t, Type, "dns.txtar") }
