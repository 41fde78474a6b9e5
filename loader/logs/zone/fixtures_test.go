package zone

import (
	"bytes"
	"encoding/json"
	"testing"

	"case53/loader/logs/logstest"
)

// TestDynatraceZone: a real line, whose time has no fraction, with its log stream.
func TestDynatraceZone(t *testing.T) {
	entry, want := logstest.Dynatrace(t, "test_route53_public_query_logs")
	var event map[string]string
	if err := json.Unmarshal(entry, &event); err != nil {
		t.Fatal(err)
	}
	rows, _ := logstest.DecodeAll(t, Type, []byte(event["content"]))
	logstest.Has(t, rows[0], map[string]string{
		"query_timestamp": want["timestamp"], "hosted_zone_id": want["aws.resource.id"], "edge_location": want["aws.edge_location"],
		"name": "test.ivallho.com", "resolver4": "79.157.104.114", "edns_client_subnet": "",
	})
	if stream := rows[0]["hosted_zone_id"] + "/" + rows[0]["edge_location"]; stream != event["aws.log_stream"] {
		t.Errorf("%s is not the stream %s", stream, event["aws.log_stream"])
	}
}

func TestElasticZone(t *testing.T) {
	b := logstest.Fixture(t, "elastic+integrations/packages/aws/data_stream/route53_public_logs/_dev/test/pipeline/test-route53.log@53733187")
	rows, _ := logstest.DecodeAll(t, Type, bytes.Split(b, []byte("\n"))...)
	want := []map[string]string{
		{
			"query_timestamp":    "2017-12-13T08:16:02.13Z",
			"name":               "example.com",
			"query_type":         "A",
			"protocol":           "UDP",
			"edge_location":      "FRA6",
			"resolver4":          "55.36.5.7",
			"edns_client_subnet": "",
		},
		{
			"query_timestamp":    "2017-12-13T08:15:50.235Z",
			"query_type":         "AAAA",
			"protocol":           "TCP",
			"edge_location":      "IAD12",
			"edns_client_subnet": "192.168.222.0/24",
		},
		{
			"query_timestamp":    "2017-12-13T08:16:03.983Z",
			"query_type":         "ANY",
			"resolver4":          "",
			"resolver6":          "2001:db8::1234",
			"edns_client_subnet": "2001:db8:abcd::/48",
		},
		{"query_timestamp": "2017-12-13T08:15:50.342Z", "name": "bad.example.com", "response_code": "NXDOMAIN", "edns_client_subnet": "192.168.111.0/24"},
		{"query_timestamp": "2017-12-13T08:16:05.744Z", "name": "txt.example.com", "query_type": "TXT", "response_code": "NOERROR", "edge_location": "JFK5"},
	}
	if len(rows) != len(want) {
		t.Fatalf("%d rows", len(rows))
	}
	for i := range want {
		logstest.Has(t, rows[i], want[i])
		logstest.Has(t, rows[i], map[string]string{"version": "1.0", "hosted_zone_id": "Z123412341234", "registered_domain": "example.com"})
	}
}
