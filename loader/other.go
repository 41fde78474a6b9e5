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
	{"OCSF (Security Lake)", having("class_uid", "metadata", "activity_id")},
	{"OCSF (Security Lake)", having("class_uid", "metadata", "category_uid")},
	{"an S3 event notification", having("s3SchemaVersion")},
	{"a CloudTrail digest, which proves logs and holds none", having("digestStartTime", "digestS3Bucket")},
	{"a Zeek log", matching(`^#separator `)},
	{"case53's own export of answers without their queries", having("answer_no", "rdata", "object_id")},
	{"case53's own export of answers without their queries", matching(`^query_timestamp,query_name,answer_no,rdata,`)},
	{"an AWS Network Firewall log", having("firewall_name", "event_timestamp")},
	{"an AWS Config item", having("configurationItemStatus", "resourceType")},
	{"OpenTelemetry log data", having("resourceLogs", "scopeLogs")},
	{"an answer of OpenSearch or Elasticsearch", having("took", "hits", "_shards")},
	{"rows of Logs Insights without @message", having("@ptr")},
	{"rows of Logs Insights without @message", matching(`^\[\s*\{\s*"field":`)},
	{"a table of aws logs --output table, drawn for eyes", matching(`^\|\s*(FilterLogEvents|GetLogEvents|GetQueryResults)\s*\|`)},
	{"what Python's print makes of an answer, not JSON", matching(`^\{'(events|results|ResponseMetadata)': `)},
}

// other names the kind of log that a record is from when it has no type here, as "an AWS WAF log"; "" when it looks
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
