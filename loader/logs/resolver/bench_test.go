package resolver

import (
	"testing"

	"case53/loader/logs/logstest"
)

func BenchmarkResolverDecode(b *testing.B) { logstest.Decode(b, Type, logstest.ResolverSample(20000)) }
