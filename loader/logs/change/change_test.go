package change

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"case53/loader/logs"
	"case53/loader/logs/logstest"
)

func TestChangeVectors(t *testing.T) { logstest.Vectors(t, Type, "change.txtar") }

// TestStratus: real events of detonated attacks, in a list each: what they did, to what, and who did it.
func TestStratus(t *testing.T) {
	want := map[string]map[string]string{
		"aws.defense-evasion.cloudtrail-delete": {
			"event_name": "DeleteTrail", "effect": stops, "resource": "stratus-red-team-cloudtraild-trail-kvrwohmiai",
			"event_time": "2024-07-31T12:46:41Z", "recipient_account_id": "847129010505", "user_identity_user_name": "christophe",
			"user_identity_arn": "arn:aws:iam::847129010505:user/christophe", "source_ip_address": "08.1.250.216", "source4": "",
			"event_id": "ee73c230-44bc-4492-8542-cfb189eae287", "user_identity_access_key_id": "AKIAFBJ48BV9CGRBRKGM",
		},
		"aws.defense-evasion.cloudtrail-event-selectors": {
			"event_name": "PutEventSelectors", "effect": changes, "resource": "stratus-red-team-ctes-trail-khlvciwdor",
		},
		"aws.defense-evasion.cloudtrail-stop": {
			"event_name": "StopLogging", "effect": stops, "resource": "stratus-red-team-ct-stop-trail-buykxbqejv",
		},
		"aws.defense-evasion.vpc-remove-flow-logs": {"event_name": "DeleteFlowLogs", "effect": stops, "resource": "fl-0e17aa62a21d4bbfe"},
		"aws.exfiltration.ec2-security-group-open-port-22-ingress": {
			"event_name": "AuthorizeSecurityGroupIngress", "effect": opens, "resource": "sg-003dc7f1f1c686164",
		},
		"aws.exfiltration.ec2-share-ebs-snapshot": {"event_name": "ModifySnapshotAttribute", "effect": opens, "resource": "snap-041993b54a9b3af6f"},
	}
	const folder = "access/DataDog+stratus-red-team/docs/detonation-logs"
	files := logstest.FindFixtures(t, folder)
	if len(files) != len(want) {
		t.Fatalf("%d files", len(files))
	}
	for _, path := range files {
		var calls []json.RawMessage
		if err := json.Unmarshal(logstest.Head(t, path, 1<<20), &calls); err != nil || len(calls) != 1 {
			t.Fatalf("%s: %d calls, %v", path, len(calls), err)
		}
		rows, _ := logstest.DecodeAll(t, Type, calls[0])
		logstest.Has(t, rows[0], want[strings.TrimSuffix(filepath.Base(path), ".json")])
	}
}

// TestNotKept: a call of no interest is readable, and neither a row nor an error; nor does it leave a context.
func TestNotKept(t *testing.T) {
	d := logstest.New(Type)
	o, first, _, err := d.Decode([]byte(`{"eventVersion":"1.10","eventTime":"2026-11-01T00:00:00Z","eventSource":"ec2.amazonaws.com",` +
		`"eventName":"DescribeInstances","userIdentity":{"type":"Root"}}`))
	if o != logs.NotKept || first != logs.NoTime || err != nil || len(d.All())+len(d.Contexts) > 0 {
		t.Errorf("%d, %d, %v: %v", o, first, err, d.Contexts)
	}
}

// TestDetectCalls: what has some of a call's members is none.
func TestDetectCalls(t *testing.T) {
	for text, want := range map[string]int{
		`{"eventVersion":"1.10","eventTime":"x","eventSource":"ec2.amazonaws.com","eventName":"X","userIdentity":{}}`:                            100,
		`{"detail-type":"AWS API Call via CloudTrail","detail":{"eventTime":"x","eventSource":"s3.amazonaws.com","eventName":"X","eventID":""}}`: 100,
		`{"eventVersion":"2.1","eventSource":"aws:s3","eventTime":"x","eventName":"ObjectCreated:Put","userIdentity":{},"s3":{}}`:                0,
		`{"eventSource":"ec2.amazonaws.com","eventName":"X"}`:                                                                                    0,
		`{"detail-type":"x","detail":null}`:            0,
		"eventSource eventName eventTime userIdentity": 0,
	} {
		if got := Type.Detect([][]byte{[]byte(text)}); got != want {
			t.Errorf("%s: %d", text, got)
		}
	}
}

func TestChangeErrorsSayWhat(t *testing.T) {
	const head = `{"eventSource":"ec2.amazonaws.com","eventName":"DeleteFlowLogs",`
	for text, want := range map[string]string{
		head + `"eventTime":"yesterday"}`:                                 `eventTime "yesterday" is no time`,
		head + `"eventTime":"2026-11-01T00:00:00"}`:                       "is no time in UTC",
		head + `"userIdentity":{}}`:                                       "eventTime is missing",
		head + `"eventTime":"2026-11-01T00:00:00Z","userIdentity":"me"}`:  "userIdentity is no object",
		head + `"eventTime":"2026-11-01T00:00:00Z","eventName":"another"`: `"eventName" is there twice`,
		`{"eventTime":"2026-11-01T00:00:00Z"}`:                            "this is no call",
		head + `"eventTime":"2026-11-01T00:00:00Z","eventID":{}}`:         "eventID is neither text nor number",
	} {
		if _, _, _, err := logstest.New(Type).Decode([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// FuzzChange: any bytes are a row, not kept, or an error; what becomes a row is one of the calls.
func FuzzChange(f *testing.F) {
	f.Add(`{"eventVersion":"1.10","eventTime":"2026-11-01T00:00:00Z","eventSource":"ec2.amazonaws.com","eventName":"DeleteFlowLogs",` +
		`"userIdentity":{"sessionContext":{"sessionIssuer":{"userName":"r"}}},"requestParameters":{"a":[{"FlowLogId":{"content":"fl-1"}}]}}`)
	f.Add(`{"detail-type":"x","detail":{"eventName":"StopLogging","eventSource":"a","eventTime":"2026-11-01T00:00:00Z"}}`)
	f.Add("{\"eventName\":\"\xff\"}")
	d := logstest.New(Type)
	f.Fuzz(func(t *testing.T, text string) {
		d.Rows, d.Notes, d.Contexts = nil, nil, nil
		Type.Detect([][]byte{[]byte(text)})
		o, _, _, err := d.Decode([]byte(text))
		rows := d.RowsOf("change")
		if (err == nil && o == logs.Row) != (len(rows) == 1) {
			t.Fatalf("%q: %d, %v, rows %v", text, o, err, rows)
		}
		if len(rows) == 1 && (rows[0]["effect"] == "" || !strings.Contains(text, "event")) {
			t.Fatalf("%q: %v", text, rows[0])
		}
	})
}

// TestNothingOfTheRecordIsKept: a caller may reuse the record's bytes.
func TestNothingOfTheRecordIsKept(t *testing.T) {
	d := logstest.New(Type)
	rec := fmt.Appendf(nil, `{"eventTime":"2026-11-01T00:00:00Z","eventSource":"ec2.amazonaws.com","eventName":"StopLogging",`+
		`"requestParameters":{"name":"a"},"x":1}`)
	d.Decode(rec)
	for i := range rec {
		rec[i] = '#'
	}
	if text := d.Render(t); bytes.ContainsRune([]byte(text), '#') || !strings.Contains(text, "resource=a") {
		t.Error(text)
	}
}
