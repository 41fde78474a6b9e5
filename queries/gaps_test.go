package queries

import (
	"fmt"
	"strings"
	"testing"

	"case53/cases"
	"case53/cases/writer"
	"case53/loader/loadertest"
)

// TestGapsAreNotExplainedByOthers: a flow log that was described as another network's is none of this interface's, nor is one of another
// region, which the flow records say themselves; that what was before a call is gone is never more than possible, as there may have
// been nothing.
func TestGapsAreNotExplainedByOthers(t *testing.T) {
	var flows, zone strings.Builder
	fmt.Fprintln(&flows, "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status vpc-id region")
	const begin = 1793527200 // 2026-11-01T10:00:00Z
	for minute := range 20 {
		for i, of := range []string{"eni-0a 10.0.1.1 vpc-1 eu-central-1", "eni-0b 10.0.1.2 vpc-2 eu-central-1", "eni-0c 10.0.1.3 vpc-1 us-west-2"} {
			f := strings.Fields(of)
			fmt.Fprintf(&flows, "5 012345678901 %s %s 198.51.100.7 %d 443 6 10 4200 %d %d ACCEPT OK %s %s\n",
				f[0], f[1], 4000+i, begin+60*minute, begin+60*minute+59, f[2], f[3])
		}
	}
	for minute := range 110 {
		fmt.Fprintf(&zone, "1.0 2026-11-01T%02d:%02d:00Z Z1 www.example.com A NOERROR UDP FRA2-C1 192.0.2.53 -\n", 10+minute/60, minute%60)
	}
	call := func(name, asked string, minute int) string {
		return fmt.Sprintf(`{"eventVersion":"1.10","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::012345678901:user/a","accountId":"012345678901"},`+
			`"eventTime":"2026-11-01T10:%02d:00Z","eventSource":"ec2.amazonaws.com","eventName":%q,"awsRegion":"eu-central-1",`+
			`"sourceIPAddress":"203.0.113.66","userAgent":"x","requestParameters":%s,"responseElements":null,`+
			`"eventID":%q,"eventType":"AwsApiCall","recipientAccountId":"012345678901"}`,
			minute, name, asked, name)
	}
	event := func(i int) string {
		at := begin + 60*(40+i)
		return fmt.Sprintf(`{"id":"%d","timestamp":%d000,"message":"2 012345678901 eni-0d 10.0.1.4 198.51.100.7 4009 443 6 10 4200 %d %d ACCEPT OK"}`,
			i, at, at, at+59)
	}
	files := map[string]string{"flow.log": flows.String(), "zone.log": zone.String(),
		"trail.json": `{"Records":[` + call("DeleteFlowLogs", `{"DeleteFlowLogsRequest":{"FlowLogId":{"content":"fl-01","tag":1}}}`, 20) + "," +
			call("DeleteLogGroup", `{"logGroupName":"/flow"}`, 41) + `]}`,
		"group.json": `{"messageType":"DATA_MESSAGE","owner":"012345678901","logGroup":"/flow","logStream":"eni-0d-all","subscriptionFilters":["all"],` +
			`"logEvents":[` + event(0) + "," + event(1) + "," + event(2) + `]}`}
	k := loadertest.Open(t, loadertest.Case(t, files, func(w *writer.Writer) error {
		return w.Describe(t.Context(), "describe-flow-logs", strings.NewReader("{}"), []cases.FlowLog{{ID: "fl-01", ResourceID: "vpc-1"}}, nil)
	}))
	sql, args, err := builtins(t).Get("explained-gaps").Bind(nil)
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	sql = "SELECT source, event_name, certainty, comes_back FROM (" + sql + ") WHERE log_type = 'flow' ORDER BY ALL"
	err = k.Each(t.Context(), sql, args, func(v []any) error {
		got += fmt.Sprintf("%v %v %v %v; ", v...)
		return nil
	})
	if want := "eni-0a DeleteFlowLogs named false; eni-0d DeleteLogGroup named false; eni-0d DeleteLogGroup possible true; "; err != nil || got != want {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
}
