package account

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzDescribed: whatever the file of an aws command is, it is refused with an error that names it, or what it describes can be told.
func FuzzDescribed(f *testing.F) {
	f.Add([]byte(`{"FlowLogs":[{"FlowLogId":"fl-1","LogFormat":"${version} ${srcaddr}",` +
		`"LogDestination":"arn:aws:s3:::b","LogGroupName":"g","ResourceId":"vpc-1"}]}`))
	f.Add([]byte(`{"NetworkInterfaces":[{"NetworkInterfaceId":"eni-1","PrivateIpAddress":"10.0.0.1","PrivateIpAddresses":[{"PrivateIpAddress":"10.0.0.1",` +
		`"Association":{"PublicIp":"203.0.113.9"}}],"Ipv6Addresses":[{"Ipv6Address":"2001:db8::1"}],"TagSet":[{"Key":"Name","Value":"web"}]}]}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(t.TempDir(), "described.json")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if d, err := ReadFlowLogs(path); err == nil {
			if _, _, err := d.Formats([]string{"g"}); err != nil && err.Error() == "" {
				t.Fatal("an error without a word")
			}
		}
		if _, err := ReadInterfaces(path); err != nil && err.Error() == "" {
			t.Fatal("an error without a word")
		}
	})
}
