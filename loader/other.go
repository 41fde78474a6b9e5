package loader

import (
	"bytes"
	"regexp"
)

// otherLog is a kind of log that has no type here, by what its first record looks like.
type otherLog struct {
	what  string
	match func(record []byte) bool
}

func matching(expr string) func([]byte) bool { return regexp.MustCompile(expr).Match }

// having matches a JSON object that has all of these keys.
func having(keys ...string) func([]byte) bool {
	return func(record []byte) bool {
		if record = bytes.TrimLeft(record, " \t\r\n"); len(record) == 0 || record[0] != '{' {
			return false
		}
		for _, k := range keys {
			if !bytes.Contains(record, []byte(`"`+k+`"`)) {
				return false
			}
		}
		return true
	}
}

var otherLogs = []otherLog{
	{"an ALB access log", matching(`^(https?|h2|grpcs|wss?) \d{4}-\d\d-\d\dT\S+Z app/`)},
	{"an ALB connection log", matching(`^\d{4}-\d\d-\d\dT\S+Z \S+ \d+ \d+ (TLSv|-)`)},
	{"an NLB access log", matching(`^tls \d\.\d \d{4}-`)},
	{"a Classic Load Balancer access log", matching(`^\d{4}-\d\d-\d\dT\S+Z \S+ \S+:\d+ \S+ -?[\d.]+ -?[\d.]+ `)},
	{"a CloudFront access log", matching(`^#(Version|Fields): `)},
	{"a CloudFront access log", having("x-edge-location")},
	{"an AWS WAF log", having("webaclId", "httpRequest")},
	{"an S3 event notification", having("s3SchemaVersion")},
	{"a CloudTrail log", having("eventSource", "eventName", "userIdentity")},
	{"an API Gateway access log", having("requestId", "httpMethod", "requestTime")},
	{"an Apache or nginx access log", matching(`^\S+ \S+ \S+ \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "`)},
	{"a Zeek log", matching(`^#separator `)},
	{"case53's own export of answers without their queries", having("answer_no", "rdata", "object_id")},
	{"case53's own export of answers without their queries", matching(`^query_timestamp,query_name,answer_no,rdata,`)},
}

// other names the kind of log that a record is from when it has no type here, as "an ALB access log"; "" when it looks
// like nothing that is known. It is for messages: nothing is decoded by it.
func other(sample [][]byte) string {
	for _, record := range sample[:min(len(sample), 3)] {
		for _, o := range otherLogs {
			if o.match(record) {
				return o.what
			}
		}
	}
	return ""
}
