package tls

import (
	"bytes"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"

	"case53/loader/logs/logstest"
)

func TestTLSVectors(t *testing.T) { logstest.Vectors(t, Type, "tls.txtar") }

// TestLinesOfOthers: AWS's own examples, with and without the time of creation, and lines of connection logs.
func TestLinesOfOthers(t *testing.T) {
	lines := bytes.Split(bytes.TrimSpace(logstest.Fixture(t,
		"access/awsdocs+elb-network-load-balancers-user-guide/doc_source/load-balancer-access-logs.examples.log")), []byte("\n"))
	z, err := gzip.NewReader(bytes.NewReader(logstest.Fixture(t, "grafana+lambda-promtail/testdata/nlbaccesslog.log.gz")))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := b.ReadFrom(z); err != nil {
		t.Fatal(err)
	}
	lines = append(lines, bytes.Split(bytes.TrimSpace(b.Bytes()), []byte("\n"))...)
	rows, _ := logstest.DecodeAll(t, Type, lines...)
	for i, began := range []string{"", "", "2018-12-20T02:59:30Z", "2020-04-01T08:51:20Z"} {
		logstest.Has(t, rows[i], map[string]string{"format": "nlb", "client4": "72.21.218.154", "client_port": "51341", "destination4": "172.100.100.185",
			"destination_port": "443", "connection_us": "5000", "tls_handshake_us": "2000", "received_bytes": "98", "sent_bytes": "246",
			"tls_cipher": "ECDHE-RSA-AES128-SHA", "tls_protocol": "tlsv12", "tls_connection_creation_time": began,
			"elb": "net/my-network-loadbalancer/c6e77e28c25b2234", "domain_name": "my-network-loadbalancer-c6e77e28c25b2234.elb.us-east-2.amazonaws.com"})
	}
	logstest.Has(t, rows[1], map[string]string{"time": "2020-04-01T08:51:42Z", "alpn_client_preference_list": `"h2","http/1.1"`, "alpn_fe_protocol": "h2"})

	lines = bytes.Split(bytes.TrimSpace(logstest.Fixture(t,
		"access/elastic+integrations/packages/aws/data_stream/elb_logs/_dev/test/pipeline/test-alb.connection-lines.log")), []byte("\n"))
	rows, _ = logstest.DecodeAll(t, Type, lines...)
	for i, want := range []map[string]string{
		{"time": "2024-10-04T17:05:15.514108Z", "client4": "192.168.131.39", "client_port": "36280", "destination_port": "443", "tls_protocol": "TLSv1.2",
			"tls_handshake_us": "4036000", "leaf_client_cert_subject": "CN=amazondomains.com,O=endEntity,L=Seattle,ST=Washington,C=US",
			"tls_verify_status": "Success"},
		{"tls_verify_status": "Failed:ClientCertUntrusted", "tls_handshake_us": ""},
		{"conn_trace_id": "TID_16132ed0b4112148", "tls_protocol": "", "leaf_client_cert_subject": "", "tls_verify_status": ""},
	} {
		logstest.Has(t, rows[i], want)
	}
}

func TestTLSErrorsSayWhat(t *testing.T) {
	for text, want := range map[string]string{
		"tls 2.0 2018-12-20T02:59:40 net/a/b c 1.1.1.1:1 2.2.2.2:443 5 2 98":                         "10 fields, want at least 21",
		"tls 2.0 2018-12-20T02:59:40 net/a/b c me:1 2.2.2.2:443 5 2 98 246 - - - - - - - - - -":      `"me" is no address`,
		"tls 2.0 2018-13-20T02:59:40 net/a/b c 1.1.1.1:1 2.2.2.2:443 5 2 98 246 - - - - - - - - - -": "is no time",
		"tls 2.0 2018-12-20T02:59:40 net/a/b c 1.1.1.1:1 2.2.2.2:443 x 2 98 246 - - - - - - - - - -": "connection_time \"x\" is no duration",
		`2024-10-04T17:05:15.514108Z 192.168.131.39 36280 443 TLSv1.2 C 4.036 "CN=a`:                 "8 fields, want at least 11",
		"dear diary": "no connection of a load balancer",
		`{"eventTimestamp":"-","distributionId":"E1","connectionId":"c"}`: "has no time",
		`{"a":1}`: "has not the names of a connection",
	} {
		if _, _, _, err := logstest.New(Type).Decode([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// FuzzTLS: any bytes are a row or an error.
func FuzzTLS(f *testing.F) {
	f.Add("tls 2.0 2018-12-20T02:59:40 net/a/b c 1.1.1.1:1 2.2.2.2:443 - - 98 246 - - - - - - - - - - 2018-12-20T02:59:40 more")
	f.Add(`2024-10-04T17:05:15.514108Z ::1 36280 443 - - - "a\"b" - - - TID_1`)
	f.Add(`{"eventTimestamp":1760000000000,"distributionId":"E1","connectionId":"c","timestamp":"x","new":{"a":1}}`)
	d := logstest.New(Type)
	f.Fuzz(func(t *testing.T, text string) {
		d.Rows, d.Notes, d.Contexts = nil, nil, nil
		Type.Detect([][]byte{[]byte(text)})
		_, _, _, err := d.Decode([]byte(text))
		if rows := d.RowsOf("tls"); (err == nil) != (len(rows) == 1) {
			t.Fatalf("%q: %v, rows %v", text, err, rows)
		}
	})
}
