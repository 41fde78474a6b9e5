// Package delivered has the logs as services deliver them, for tests of what brings them here: in every form that there is, with a
// record for each moment that a test gives. It knows nothing of how they are read.
package delivered

import (
	"fmt"
	"time"
)

// Log is a log in one of its forms. Its records have the times that a test gives, to the second, and are told apart by numbers.
type Log struct {
	Type, Form       string
	Head, Join, Tail string // of an object, around and between its records
	Event            bool   // CloudWatch Logs may have it, a record an event
	Record           func(at time.Time, n int) string
}

const clf = "02/Jan/2006:15:04:05 -0700"

// lines is a log of lines; record is a format for the time in that layout and a number.
func lines(typ, form, head, layout, record string) Log {
	return Log{Type: typ, Form: form, Head: head, Join: "\n", Tail: "\n", Event: head == "", Record: func(at time.Time, n int) string {
		return fmt.Sprintf(record, at.UTC().Format(layout), n)
	}}
}

const cloudFrontFields = "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status x-edge-request-id"

// Forms are the log types in the forms in which services deliver them, one of each type at least.
var Forms = []Log{
	{Type: "flow", Form: "lines", Head: "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n",
		Join: "\n", Tail: "\n", Record: flowRecord},
	{Type: "flow", Form: "events", Join: "\n", Tail: "\n", Event: true, Record: flowRecord},
	lines("dns", "JSON", "", time.RFC3339, `{"version":"1.100000","account_id":"123456789012","region":"eu-central-1","vpc_id":"vpc-1",`+
		`"query_timestamp":"%s","query_name":"n%d.example.com.","query_type":"A","query_class":"IN","rcode":"NXDOMAIN","answers":[],`+
		`"srcaddr":"10.0.0.1","srcport":"5353","transport":"UDP","srcids":{}}`),
	lines("zone", "lines", "", time.RFC3339, "1.0 %s Z0123 n%d.example.com A NOERROR UDP FRA6 192.0.2.1 -"),
	lines("alb", "lines", "", time.RFC3339, `https %[1]s app/web/50dc6c495c0c9188 192.0.2.7:%[2]d 10.0.1.5:80 0.001 0.020 0.000 200 200 300 900 `+
		`"GET https://www.example.com:443/n%[2]d HTTP/1.1" "curl/8" - - arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/web/1 `+
		`"Root=1-58337281-1d84f3d73c47ec4e58577259" "www.example.com" "-" 1 %[1]s "forward" "-" "-" "10.0.1.5:80" "200" "-" "-" TID_1`),
	lines("alb", "JSON", "", time.RFC3339, `{"type":"https","time":"%[1]s","elb":"app/web/50dc6c495c0c9188","client_port":"192.0.2.7:%[2]d",`+
		`"target_port":"10.0.1.5:80","request_line":"GET https://www.example.com:443/n%[2]d HTTP/1.1","elb_status_code":"200",`+
		`"target_status_code":"200","trace_id":"Root=1-58337281-1d84f3d73c47ec4e58577259","request_creation_time":"%[1]s"}`),
	lines("tls", "NLB lines", "", "2006-01-02T15:04:05",
		"tls 2.0 %[1]s net/web/c6e77e28c25b2234 g3d4b5e8bb8464cd 192.0.2.7:%[2]d 10.0.1.9:443 5 2 98 246 - arn - C tlsv13 x www.example.com h2 h2 - %[1]s"),
	lines("tls", "ALB connection lines", "", "2006-01-02T15:04:05.000000Z",
		`%s 192.0.2.7 %d 443 TLSv1.3 TLS_AES_128_GCM_SHA256 0.012 "-" - - - TID_0123456789abcdef`),
	lines("cloudfront", "v1", "#Version: 1.0\n#Fields: "+cloudFrontFields+"\n", "2006-01-02\t15:04:05",
		"%s\tLAX1\t392\t192.0.2.100\tGET\td111111abcdef8.cloudfront.net\t/n%d\t200\tSOX4xwn4XV6Q4rgb7XiVGOHms_BGlTAC4KyHmureZmBNrjGdRLiNIQ=="),
	{Type: "cloudfront", Form: "v2 JSON", Join: "\n", Tail: "\n", Event: true, Record: func(at time.Time, n int) string {
		return fmt.Sprintf(`{"date":%q,"time":%q,"x-edge-location":"LAX1","c-ip":"192.0.2.100","cs-method":"GET","cs-uri-stem":"/n%d","sc-status":"200",`+
			`"x-edge-request-id":"SOX4xwn4=="}`, at.UTC().Format("2006-01-02"), at.UTC().Format("15:04:05"), n)
	}},
	{Type: "waf", Form: "JSON", Join: "\n", Tail: "\n", Event: true, Record: func(at time.Time, n int) string {
		return fmt.Sprintf(`{"timestamp":%d,"formatVersion":1,"webaclId":"arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/web/1",`+
			`"terminatingRuleId":"Default_Action","terminatingRuleType":"REGULAR","action":"ALLOW","httpSourceName":"ALB","httpRequest":{`+
			`"clientIp":"192.0.2.7","headers":[{"name":"Host","value":"www.example.com"}],"uri":"/n%d","args":"","httpMethod":"GET","requestId":"r"}}`,
			at.UnixMilli(), n)
	}},
	lines("s3_access", "lines", "", clf, `79a59df900b949e5 logs [%s] 192.0.2.3 - 3E57427F3EXAMPLE REST.GET.OBJECT n%[2]d "GET /logs/n%[2]d HTTP/1.1" 200 - `+
		`113 113 7 6 "-" "aws-cli/2" - s9lzHYrFp76ZVxRcpX9= SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader logs.s3.eu-central-1.amazonaws.com TLSv1.2 - -`),
	lines("apigw", "JSON", "", clf, `{"requestId":"r%[2]d","ip":"192.0.2.9","requestTime":"%[1]s","httpMethod":"GET","resourcePath":"/n%[2]d","status":"200",`+
		`"protocol":"HTTP/1.1","responseLength":"18"}`),
	lines("httpd", "combined", "", clf, `192.0.2.9 - - [%s] "GET /n%d HTTP/1.1" 200 184 "-" "curl/8"`),
	lines("host_log", "Apache errors", "", "Mon Jan 02 15:04:05.000000 2006",
		"[%s] [core:error] [pid 21902:tid 21964] [client 192.0.2.9:%d] AH00128: File does not exist: /var/www/x"),
	lines("host_log", "RFC 5424", "", time.RFC3339, "<86>1 %s web sshd %d - - Accepted publickey for ops from 192.0.2.9 port 50000 ssh2"),
	{Type: "change", Form: "CloudTrail file", Head: `{"Records":[`, Join: ",", Tail: "]}", Record: changeRecord},
	{Type: "change", Form: "events", Join: "\n", Tail: "\n", Event: true, Record: changeRecord},
	lines("finding", "JSON lines", "", "2006-01-02T15:04:05.000Z", `{"schemaVersion":"2.0","accountId":"123456789012",`+
		`"region":"eu-central-1","partition":"aws","id":"f%[2]d","arn":"arn","type":"Backdoor:EC2/C&CActivity.B","resource":{"resourceType":"Instance",`+
		`"instanceDetails":{"instanceId":"i-1"}},"service":{"serviceName":"guardduty","action":{"actionType":"DNS_REQUEST","dnsRequestAction":{`+
		`"domain":"x.example"}},"count":1},"severity":8,"createdAt":"%[1]s","updatedAt":"%[1]s","title":"t","description":"d"}`),
}

func flowRecord(at time.Time, n int) string {
	return fmt.Sprintf("2 123456789012 eni-0a1b2c3d 10.0.0.1 198.51.100.7 40000 443 6 1 %d %d %d ACCEPT OK", n, at.Unix(), at.Unix())
}

func changeRecord(at time.Time, n int) string {
	return fmt.Sprintf(`{"eventVersion":"1.10","userIdentity":{"type":"IAMUser","accountId":"123456789012","userName":"eve"},"eventTime":%q,`+
		`"eventSource":"ec2.amazonaws.com","eventName":"DeleteFlowLogs","awsRegion":"eu-central-1","sourceIPAddress":"203.0.113.66","userAgent":"aws-cli/2",`+
		`"requestParameters":{},"responseElements":{},"eventID":"e%d","recipientAccountId":"123456789012"}`, at.UTC().Format(time.RFC3339), n)
}
