package export_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// webLogsOf gives the lines of the access logs, by file, with what is hard to carry.
func webLogsOf(t *testing.T, r *rand.Rand, rows int) map[string][]string {
	t.Helper()
	logs := map[string][]string{}
	object := func(file string, v any) {
		line, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		logs[file] = append(logs[file], string(line))
	}
	type m = map[string]any
	clients := []string{"192.0.2.7", "203.0.113.66", "2001:db8::7", "10.0.0.9"}
	hosts := []string{"www.example.com", "203.0.113.9", "a_b.example", "bad host", strings.Repeat("x", 80) + ".example"}
	urlText := func() string { return strings.ReplaceAll(strings.Map(noBlank, pick(r, hostile)), `"`, `%22`) }
	for i := range rows {
		at := time.Unix(1760000000+int64(i), int64(r.IntN(1e3))*1e6).UTC()
		moment, client := at.Format("2006-01-02T15:04:05.000000Z"), pick(r, clients)
		object("waf.log", m{
			"timestamp": at.UnixMilli(), "formatVersion": 1, "webaclId": "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/a/b",
			"terminatingRuleId": pick(r, hostile), "terminatingRuleType": "REGULAR",
			"action":         pick(r, []string{"ALLOW", "BLOCK", "COUNT", "CAPTCHA", "CHALLENGE"}),
			"httpSourceName": "ALB", "httpSourceId": "app/web/1", "httpRequest": m{
				"clientIp": client, "country": "AU", "uri": "/" + pick(r, hostile), "args": pick(r, hostile), "httpVersion": "HTTP/1.1",
				"httpMethod": pick(r, []string{"GET", "POST", "BREW"}), "requestId": fmt.Sprint("1-", i), "scheme": pick(r, []string{"https", "http", ""}),
				"headers": []m{{"name": "Host", "value": pick(r, hosts)}, {"name": "User-Agent", "value": pick(r, hostile)},
					{"name": "Referer", "value": pick(r, hostile)}},
			},
		})
		logs["alb.log"] = append(logs["alb.log"], fmt.Sprintf(`https %s app/web/50dc6c495c0c9188 %s:2817 %s 0.086 0.048 0.037 %s %s %d 57 `+
			`"GET https://%s:443/a/%s?q=%s HTTP/1.1" "%s" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 `+
			`arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/web/73e2d6bc24d8a067 "Root=1-58337281-%024d" "www.example.com" "-" 1 %s `+
			`"forward" "-" "-" "10.0.0.1:80" "200" "-" "-"`, moment, bracketed(client), pick(r, []string{"10.0.0.1:80", "-"}),
			pick(r, []string{"200", "404", "502"}), pick(r, []string{"200", "-"}), r.IntN(1e6), pick(r, hosts[:2]), urlText(), urlText(), urlText(), i, moment))
		object("change.log", m{
			"eventVersion": "1.10", "userIdentity": m{"type": "AssumedRole", "arn": pick(r, hostile), "accountId": "123456789012",
				"accessKeyId": "ASIAX"},
			"eventTime": at.Format(time.RFC3339), "eventSource": "ec2.amazonaws.com",
			"eventName": pick(r, []string{"DeleteFlowLogs", "RunInstances", "StopLogging"}),
			"awsRegion": "us-east-1", "sourceIPAddress": pick(r, []string{client, "cloudtrail.amazonaws.com"}),
			"userAgent": pick(r, hostile), "eventID": fmt.Sprint(i),
			"requestParameters": m{"FlowLogId": pick(r, hostile)}, "recipientAccountId": "123456789012", "eventType": "AwsApiCall",
			"errorCode": pick(r, []any{nil, "AccessDenied"}),
		})
		object("finding.json", m{
			"schemaVersion": "2.0", "accountId": "123456789012", "region": "us-east-1", "id": fmt.Sprint("f", i%50), "type": "Backdoor:EC2/C&CActivity.B",
			"severity": pick(r, []float64{1, 2, 5, 8, 8.5, 9.5}), "title": pick(r, hostile), "description": pick(r, hostile),
			"createdAt": moment, "updatedAt": moment,
			"resource": m{"resourceType": "Instance", "instanceDetails": m{"instanceId": "i-1",
				"networkInterfaces": []m{{"networkInterfaceId": "eni-1", "privateIpAddress": "10.0.1.5", "vpcId": "vpc-1"}}}},
			"service": m{"detectorId": "d", "count": r.IntN(9), "eventFirstSeen": moment, "eventLastSeen": moment, "archived": i%2 == 0,
				"resourceRole": "ACTOR",
				"action": pick(r, []m{
					{"actionType": "DNS_REQUEST", "dnsRequestAction": m{"domain": pick(r, hostile), "protocol": "UDP", "blocked": true}},
					{"actionType": "NETWORK_CONNECTION", "networkConnectionAction": m{
						"connectionDirection": pick(r, []string{"INBOUND", "OUTBOUND", "UNKNOWN"}),
						"protocol":            "TCP", "blocked": false,
						"localPortDetails": m{"port": 49152}, "remoteIpDetails": m{"ipAddressV4": "203.0.113.66"},
						"remotePortDetails": m{"port": 443}}},
				})},
		})
		logs["nlb.log"] = append(logs["nlb.log"], fmt.Sprintf("tls 2.0 %s net/web/c6e77e28c25b2234 g3d4b5e8bb8464cd %s:51341 10.0.1.9:443 %s 2 98 246 - "+
			"arn - ECDHE-RSA-AES128-GCM-SHA256 %s - %s h2 h2 - %s", at.Format("2006-01-02T15:04:05"), bracketed(client), pick(r, []string{"5", "-"}),
			pick(r, []string{"tlsv12", "tlsv13", "tlsv1", "TLSv1.1", "sslv3", "odd", "-"}),
			strings.Map(noBlank, pick(r, hosts)), at.Add(-time.Second).Format("2006-01-02T15:04:05")))
		logs["secure.log"] = append(logs["secure.log"], fmt.Sprintf("<86>1 %s web-1 sshd %d - - Failed password for invalid user %s "+
			"from 192.0.2.7 port %d ssh2", at.Format("2006-01-02T15:04:05.000000Z"), 100+i, strings.Map(noBlank, pick(r, hostile)), 1024+r.IntN(60000)))
	}
	return logs
}

// bracketed is an address as it stands before a port.
func bracketed(address string) string {
	if strings.Contains(address, "::") {
		return "[" + address + "]"
	}
	return address
}
