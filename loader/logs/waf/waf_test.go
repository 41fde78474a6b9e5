package waf

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"

	"case53/loader/logs"
	"case53/loader/logs/field"
	"case53/loader/logs/logstest"
)

func TestWAFVectors(t *testing.T) { logstest.Vectors(t, Type, "waf.txtar") }

// peer is what of a record its maker's JSON says, to compare with.
type peer struct {
	Timestamp   int64
	Action      string
	WebACL      string `json:"webaclId"`
	Rule        string `json:"terminatingRuleId"`
	HTTPRequest struct {
		ClientIP  string `json:"clientIp"`
		Country   string
		URI       string
		Args      string
		Method    string `json:"httpMethod"`
		RequestID string `json:"requestId"`
		Headers   []struct{ Name, Value string }
	} `json:"httpRequest"`
}

// holdAgainst decodes a record and compares its columns with encoding/json.
func holdAgainst(t *testing.T, rec []byte) {
	t.Helper()
	var p peer
	if err := json.Unmarshal(rec, &p); err != nil {
		t.Fatal(err)
	}
	rows, d := logstest.DecodeAll(t, Type, rec)
	none := func(s string) string {
		if s == "-" {
			return ""
		}
		return s
	}
	row, q := rows[0], p.HTTPRequest
	logstest.Has(t, row, map[string]string{"action": p.Action, "web_acl_id": p.WebACL, "terminating_rule_id": p.Rule, "country": none(q.Country), "path": q.URI,
		"query": none(q.Args), "http_method": q.Method, "request_id": none(q.RequestID)})
	if got := row["client4"] + row["client6"]; got != q.ClientIP {
		t.Errorf("client %s, want %s", got, q.ClientIP)
	}
	headers := d.RowsOf("waf_header")
	if len(headers) != len(q.Headers) {
		t.Fatalf("%d headers, want %d", len(headers), len(q.Headers))
	}
	for i, h := range q.Headers {
		logstest.Has(t, headers[i], map[string]string{"header": strings.ToLower(h.Name), "value": h.Value})
	}
}

// TestPeersRecords: records that others keep for their own programs say the same here.
func TestPeersRecords(t *testing.T) {
	n := 0
	raw := logstest.Fixture(t, "opensearch-project+opensearch-catalog/integrations/observability/aws_waf/data/raw.log")
	for line := range bytes.SplitSeq(raw, []byte("\n")) {
		if len(bytes.TrimSpace(line)) > 0 {
			holdAgainst(t, line)
			n++
		}
	}
	for _, path := range logstest.FindFixtures(t, "SEKOIA-IO+intake-formats/AWS/aws-waf/tests") {
		var test struct{ Input struct{ Message string } }
		if err := json.Unmarshal(logstest.Head(t, path, 1<<20), &test); err != nil {
			t.Fatalf("%s: %v", filepath.Base(path), err)
		}
		holdAgainst(t, []byte(test.Input.Message))
		n++
	}
	z, err := gzip.NewReader(bytes.NewReader(logstest.Fixture(t, "grafana+lambda-promtail/testdata/waflog.log.gz")))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := b.ReadFrom(z); err != nil {
		t.Fatal(err)
	}
	holdAgainst(t, bytes.TrimSpace(b.Bytes()))
	if n+1 != 49 {
		t.Errorf("%d records", n+1)
	}
}

func TestWAFErrorsSayWhat(t *testing.T) {
	for text, want := range map[string]string{
		`{"webaclId":"a","httpRequest":{}}`:                                              "timestamp is missing",
		`{"timestamp":"soon","webaclId":"a","httpRequest":{}}`:                           `timestamp "soon" is no time`,
		`{"timestamp":1,"webaclId":"a"}`:                                                 "httpRequest is missing",
		`{"timestamp":1,"httpRequest":{"clientIp":"me"}}`:                                `"me" is no address`,
		`{"timestamp":1,"httpRequest":{"headers":{}}}`:                                   "headers: ",
		`{"timestamp":1,"httpRequest":{"headers":[{"name":"a"}]}}`:                       "headers: it has no value",
		`{"timestamp":1,"ruleGroupList":"x","httpRequest":{}}`:                           "ruleGroupList is no list",
		`{"timestamp":1,"ruleGroupList":[{"excludedRules":1}],"httpRequest":{}}`:         "excludedRules",
		`{"timestamp":1,"timestamp":2,"httpRequest":{}}`:                                 `"timestamp" is there twice`,
		`{"timestamp":1,"httpRequest":{"uri":"/","uri":"/"}}`:                            `"uri" is there twice`,
		`{"timestamp":1,"nonTerminatingMatchingRules":[{"ruleId":{}}],"httpRequest":{}}`: "ruleId is neither text nor number",
	} {
		if _, _, _, err := logstest.New(Type).Decode([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// FuzzWAF: any bytes are a row or an error; of an error no child row is left.
func FuzzWAF(f *testing.F) {
	f.Add(`{"timestamp":1576280412771,"webaclId":"a","action":"BLOCK",` +
		`"terminatingRuleId":"r","ruleGroupList":[{"ruleGroupId":"g","terminatingRule":{"ruleId":"x"},` +
		`"excludedRules":[{"ruleId":"y","exclusionType":"EXCLUDED_AS_COUNT"}]}],` +
		`"httpRequest":{"clientIp":"::1","headers":[{"name":"Host","value":"a:1"}],"uri":"/%2e","x":1}}`)
	f.Add(`{"timestamp":1,"httpRequest":{"headers":[{"name":null,"value":"\ud800"}]}}`)
	d := logstest.New(Type)
	f.Fuzz(func(t *testing.T, text string) {
		d.Rows, d.Notes, d.Contexts = nil, nil, nil
		Type.Detect([][]byte{[]byte(text)})
		o, _, _, err := d.Decode([]byte(text))
		rows := d.All()
		if (err == nil && o == logs.Row) != (len(rows) > 0) {
			t.Fatalf("%q: %v, rows %v", text, err, rows)
		}
	})
}

// usual is a record of the usual size.
const usual = `{"timestamp":1693457862729,"formatVersion":1,"webaclId":"arn:aws:wafv2:ap-southeast-2:111111111111:regional/webacl/T/7",` +
	`"terminatingRuleId":"Default_Action",` +
	`"terminatingRuleType":"REGULAR","action":"ALLOW","terminatingRuleMatchDetails":[],` +
	`"httpSourceName":"ALB","httpSourceId":"944071908078-app/test-alb/6a1939d39ac9ef3c",` +
	`"ruleGroupList":[{"ruleGroupId":"AWS#Core","terminatingRule":null,"nonTerminatingMatchingRules":[],"excludedRules":null}],"rateBasedRuleList":[],` +
	`"nonTerminatingMatchingRules":[],"httpRequest":{"clientIp":"192.0.2.7","country":"AU",` +
	`"headers":[{"name":"Host","value":"t.example"},{"name":"accept","value":"*/*"},` +
	`{"name":"user-agent","value":"curl/8.1.2"},{"name":"Connection","value":"Keep-Alive"}],` +
	`"uri":"/a","args":"b=c","httpVersion":"HTTP/1.1","httpMethod":"GET","requestId":"1-64f01dc6-7d"}}`

func BenchmarkWAFDecode(b *testing.B) { logstest.Decode(b, Type, [][]byte{[]byte(usual)}) }

// BenchmarkWAFFloor: the record, the request in it and each header are read once, strictly.
func BenchmarkWAFFloor(b *testing.B) {
	var outer, inner, header field.Members
	logstest.Floor(b, [][]byte{[]byte(usual)}, func(rec []byte) error {
		if err := outer.Read(rec); err != nil {
			return err
		}
		if err := inner.Read(outer.Take("httpRequest").Value); err != nil {
			return err
		}
		return field.Elements(inner.Take("headers").Value, header.Read)
	})
}
