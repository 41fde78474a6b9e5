package loader

import "testing"

func TestOther(t *testing.T) {
	for _, c := range []struct{ record, want string }{
		{"http 2022-09-27T15:28:18.612792Z app/k8s-podinfo/82a34fae168ba1aa 54.25.124.220:63763 192.168.15.219:9898 0.016 0.001 0.000 " +
			"200 200 134 543 \"GET / HTTP/1.1\"", "an ALB access log"},
		{"2024-10-04T17:05:15.514108Z 192.168.131.39 36280 443 TLSv1.2 ECDHE-RSA-AES128-GCM-SHA256 4.036", "an ALB connection log"},
		{"tls 2.0 2022-09-27T17:10:23 net/k8s/809b86b470cfa0ff f0f22c45225e4663", "an NLB access log"},
		{"2022-09-27T22:48:26.330387Z a2e8277e 3.67.7.163:8596 192.168.18.161:32728 0.000042 0.004504 0.000036 404", "a Classic Load Balancer access log"},
		{"#Version: 1.0", "a CloudFront access log"},
		{`{"date":"2024-11-15","x-edge-location":"SOF50-P2"}`, "a CloudFront access log"},
		{`{"timestamp":1576280412771,"webaclId":"arn","httpRequest":{}}`, "an AWS WAF log"},
		{`{"eventSource":"ec2.amazonaws.com","eventName":"RunInstances","userIdentity":{}}`, "a CloudTrail log"},
		{`198.51.100.14 - Jorge [24/Nov/2019:10:49:52 -0700] "GET /index.html HTTP/1.1" 200 2165`, "an Apache or nginx access log"},
		{"dear diary", ""},
		{"", ""},
		{"2 123456789010 eni-1235b8ca 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK", ""},
		{`{"query_name":"a.example.","query_timestamp":"2026-11-01T00:00:00Z"}`, ""},
		{"1.0 2017-12-13T08:16:02.130Z Z123412341234 example.com A NOERROR UDP FRA6 192.168.1.1 -", ""},
	} {
		if got := other([][]byte{[]byte(c.record)}); got != c.want {
			t.Errorf("%.40s: %q, want %q", c.record, got, c.want)
		}
	}
}
