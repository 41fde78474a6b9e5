package queries

import (
	"fmt"
	"testing"

	"case53/loader/loadertest"
)

// whoseFlows are records that say which side is the interface's, of a NAT gateway and of an interface with a second address, and one of
// the oldest form, which does not say.
const (
	whoseFlows = "version interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr srcport dstport protocol packets bytes start end " +
		`flow-direction instance-id action
5 eni-0nat 10.0.9.9 203.0.113.9 10.0.1.5 203.0.113.9 61000 443 6 10 4200 1793527200 1793527260 egress - ACCEPT
5 eni-0web 10.0.1.5 203.0.113.9 10.0.1.5 203.0.113.9 40000 443 6 10 4200 1793527200 1793527260 egress i-0one ACCEPT
5 eni-0web 10.0.1.5 203.0.113.9 10.0.1.5 203.0.113.9 40000 443 6 10 4200 1793534400 1793534460 egress i-0two ACCEPT
5 eni-0web 10.0.1.5 203.0.113.9 10.0.1.6 203.0.113.9 40001 443 6 10 4200 1793527200 1793527260 egress i-0one ACCEPT
`
	whoseOldFlows = `version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status
2 012345678901 eni-0old 10.0.3.3 203.0.113.9 40000 443 6 10 4200 1793527200 1793527260 ACCEPT OK
2 012345678901 eni-0old 203.0.113.8 10.0.3.3 443 40000 6 10 4200 1793527200 1793527260 ACCEPT OK
`
)

// TestWhoseAddressItWas: an interface that carries another's packets is not the one whose address it was, and says so; records that do
// not say which side is the interface's count where the address is in most of them; an interface that moved has a row for each instance.
func TestWhoseAddressItWas(t *testing.T) {
	k := loadertest.Open(t, loadertest.Case(t, map[string]string{"flow.log": whoseFlows, "old.log": whoseOldFlows}))
	for _, c := range []struct{ ip, from, want string }{
		{"10.0.1.5", "", "eni-0web own side i-0one 2; eni-0nat packets only - 1; eni-0web own side i-0two 1; "},
		{"10.0.1.5", "2026-11-01 11:00", "eni-0web own side i-0two 1; "},
		{"10.0.1.6", "", "eni-0web packets only i-0one 1; "},
		{"10.0.3.3", "", "eni-0old most records - 2; "},
		{"203.0.113.9", "", ""},
	} {
		sql, args, err := builtins(t).Get("interfaces-of-address").Bind(map[string]string{"ip": c.ip, "from": c.from})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		err = k.Each(t.Context(), "SELECT interface, basis, coalesce(instance_id, '-'), records FROM ("+sql+")", args, func(v []any) error {
			got += fmt.Sprintf("%v %v %v %v; ", v...)
			return nil
		})
		if err != nil || got != c.want {
			t.Errorf("%s: %s, %v, want %s", c.ip, got, err, c.want)
		}
	}
}
