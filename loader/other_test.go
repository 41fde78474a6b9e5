package loader

import "testing"

func TestOther(t *testing.T) {
	for _, c := range []struct{ record, want string }{
		{
			`{"query_timestamp":"2026-11-01T00:00:00Z","query_name":"a.","answer_no":1,"rdata":"x","object_id":1}`,
			"case53's own export of answers without their queries",
		},
		{"query_timestamp,query_name,answer_no,rdata,type,class", "case53's own export of answers without their queries"},
		{`{"metadata":{"version":"1.1.0"},"class_uid":4001,"activity_id":6,"time":1}`, "OCSF (Security Lake)"},
		{`{"awsAccountId":"1","digestStartTime":"2026-03-01T10:00:00Z","digestS3Bucket":"b"}`, "a CloudTrail digest, which proves logs and holds none"},
		{`{"firewall_name":"f","availability_zone":"a","event_timestamp":"1","event":{}}`, "an AWS Network Firewall log"},
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
