package loader

import "testing"

func TestOther(t *testing.T) {
	for _, c := range []struct{ record, want string }{
		{"http 2022-09-27T15:28:18.612792Z app/k8s-podinfo/82a34fae168ba1aa 54.25.124.220:63763 192.168.15.219:9898 0.016 0.001 0.000 " +
			"200 200 134 543 \"GET / HTTP/1.1\"", "an ALB access log"},
		{"2022-09-27T22:48:26.330387Z a2e8277e 3.67.7.163:8596 192.168.18.161:32728 0.000042 0.004504 0.000036 404", "a Classic Load Balancer access log"},
		{"#Version: 1.0", "a CloudFront access log"},
		{`{"date":"2024-11-15","x-edge-location":"SOF50-P2"}`, "a CloudFront access log"},
		{`198.51.100.14 - Jorge [24/Nov/2019:10:49:52 -0700] "GET /index.html HTTP/1.1" 200 2165`, "an Apache or nginx access log"},
		{
			`{"query_timestamp":"2026-11-01T00:00:00Z","query_name":"a.","answer_no":1,"rdata":"x","object_id":1}`,
			"case53's own export of answers without their queries",
		},
		{"query_timestamp,query_name,answer_no,rdata,type,class", "case53's own export of answers without their queries"},
		{`{"metadata":{"version":"1.1.0"},"class_uid":4001,"activity_id":6,"time":1}`, "OCSF (Security Lake)"},
		{`{"awsAccountId":"1","digestStartTime":"2026-03-01T10:00:00Z","digestS3Bucket":"b"}`, "a CloudTrail digest, which proves logs and holds none"},
		{`{"firewall_name":"f","availability_zone":"a","event_timestamp":"1","event":{}}`, "an AWS Network Firewall log"},
		{`79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be b [06/Feb/2019:00:00:38 +0000] 192.0.2.3 - 3E57`, "an S3 server access log"},
		{`{"resourceLogs":[{"scopeLogs":[]}]}`, "OpenTelemetry log data"},
		{`{"took":1,"timed_out":false,"_shards":{},"hits":{"hits":[]}}`, "an answer of OpenSearch or Elasticsearch"},
		{`{"count(*)":"7","@ptr":"Cp8B"}`, "rows of Logs Insights without @message"},
		{"[\n  {\n    \"field\": \"count\", \"value\": \"7\"}]", "rows of Logs Insights without @message"},
		{"|   FilterLogEvents   |", "a table of aws logs --output table, drawn for eyes"},
		{"{'events': [{'message': 'x'}]}", "what Python's print makes of an answer, not JSON"},
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
