package logs

import (
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
)

// fixture reads a file that nobody here wrote, from the folder that CASE53_FIXTURES names.
func fixture(t *testing.T, path string) []byte {
	t.Helper()
	root := os.Getenv("CASE53_FIXTURES")
	if root == "" {
		t.Skip("CASE53_FIXTURES is not set")
	}
	b, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// decodeAll decodes records that must all become rows.
func decodeAll(t *testing.T, typ *Type, recs ...[]byte) (rows []map[string]string, d *decoding) {
	t.Helper()
	d = newDecoding(typ)
	for _, rec := range recs {
		if _, _, _, err := d.decode(rec); err != nil {
			t.Fatalf("%s: %v", rec, err)
		}
	}
	if got := typ.Detect(recs); got != 100 {
		t.Errorf("detected with %d", got)
	}
	return d.rowsOf(typ.Name), d
}

// has compares a row's direct fields with the peer's.
func has(t *testing.T, row, want map[string]string) {
	t.Helper()
	for column, value := range want {
		got := row[column]
		if column == "query_name" && got == "" {
			got = row["name"] + "."
		}
		if got != value {
			t.Errorf("%s is %q, the peer says %q", column, got, value)
		}
	}
}

// TestPantherResolver: seven answers, a hyphen in srcids, many lines.
func TestPantherResolver(t *testing.T) {
	text := string(fixture(t, "panther-labs+panther/internal/log_analysis/log_processor/parsers/awslogs/testdata/vpc_dns_tests.yml"))
	_, text, _ = strings.Cut(text, "input: |\n")
	input, result, ok := strings.Cut(text, "result: |\n")
	if !ok {
		t.Fatal("no input and result")
	}
	var want struct {
		Version, Region, Rcode, Srcaddr, Srcport, Transport string
		AccountID                                           string    `json:"account_id"`
		VPC                                                 string    `json:"vpc_id"`
		Time                                                time.Time `json:"query_timestamp"`
		Name                                                string    `json:"query_name"`
		Type                                                string    `json:"query_type"`
		Class                                               string    `json:"query_class"`
		Answers                                             []struct{ Rdata, Type, Class string }
		Srcids                                              map[string]string
		IPs                                                 []string `json:"p_any_ip_addresses"`
		Domains                                             []string `json:"p_any_domain_names"`
	}
	if err := json.Unmarshal([]byte(result), &want); err != nil {
		t.Fatal(err)
	}
	rows, d := decodeAll(t, Resolver, []byte(input))
	has(t, rows[0], map[string]string{
		"version": want.Version, "region": want.Region, "rcode": want.Rcode, "src4": want.Srcaddr, "srcport": want.Srcport,
		"transport": want.Transport, "account_id": want.AccountID, "vpc_id": want.VPC, "query_name": want.Name,
		"query_timestamp": want.Time.UTC().Format(time.RFC3339Nano), "query_type": want.Type, "query_class": want.Class,
		"src_instance": want.Srcids["instance"], "src_resolver_endpoint": want.Srcids["resolver-endpoint"], "answers_n": "7",
	})
	ips, domains := []string{rows[0]["src4"]}, []string{rows[0]["name"]}
	answers := d.rowsOf("dns_answer")
	for i, answer := range answers {
		has(t, answer, map[string]string{"rdata": want.Answers[i].Rdata, "type": want.Answers[i].Type, "class": want.Answers[i].Class})
		if ip, ok := answer["rdata4"]; ok {
			ips = append(ips, ip)
		}
		if answer["type"] == "CNAME" || answer["type"] == "PTR" {
			domains = append(domains, string(foldName(nil, []byte(answer["rdata"]))))
		}
	}
	for i, name := range want.Domains { // the peer decodes punycode
		want.Domains[i] = strings.Replace(name, "faß.com", "xn--fa-hia.com", 1)
	}
	slices.Sort(domains)
	slices.Sort(want.Domains)
	if len(answers) != len(want.Answers) || !slices.Equal(ips, want.IPs) || !slices.Equal(domains, want.Domains) {
		t.Errorf("%d answers, addresses %v, names %v; want %v, %v", len(answers), ips, domains, want.IPs, want.Domains)
	}
}

// TestOCSFResolver: one record over many lines, mapped by others to five versions of OCSF.
func TestOCSFResolver(t *testing.T) {
	for _, dir := range []string{"markdown/AWS/v1.0.0-rc.2/Route53", "markdown/AWS/v1.1.0/Route53", "markdown/AWS/v1.5.0/Route53", "bloblang/AWS/route53/v1.0.0", "bloblang/AWS/route53/v1.1.0"} {
		rows, d := decodeAll(t, Resolver, fixture(t, "ocsf+examples/mappings/"+dir+"/samples/route53.raw"))
		has(t, rows[0], map[string]string{
			"version": "1.100000", "account_id": "123456789012", "region": "us-east-1", "vpc_id": "vpc-00000000000000000",
			"query_timestamp": "2022-10-13T21:02:36Z", "query_name": "ip-127-0-0-62.alert.firewall.canary.", "query_type": "A",
			"query_class": "IN", "rcode": "NOERROR", "src4": "10.200.21.100", "srcport": "15083", "transport": "UDP",
			"src_resolver_endpoint": "rslvr-in-0000000000000000", "src_resolver_network_interface": "rni-0000000000000000",
			"firewall_rule_action": "ALERT", "firewall_rule_group_id": "rslvr-frg-000000000000000",
			"firewall_domain_list_id": "rslvr-fdl-0000000000000", "answers_n": "1", "extra": "",
		})
		has(t, d.rowsOf("dns_answer")[0], map[string]string{"rdata": "127.0.0.62", "type": "A", "class": "IN", "rdata4": "127.0.0.62"})
	}
	// The peer's own result of the record, where it gives the fields unchanged.
	var ocsf struct {
		Time  int64
		Query struct{ Hostname, Type, Class string }
		Src   struct {
			IP   string
			Port json.Number
		} `json:"src_endpoint"`
		Answers []struct{ Rdata, Type, Class string }
	}
	if err := json.Unmarshal(fixture(t, "ocsf+examples/mappings/markdown/AWS/v1.5.0/Route53/samples/route53.ocsf"), &ocsf); err != nil {
		t.Fatal(err)
	}
	rows, d := decodeAll(t, Resolver, fixture(t, "ocsf+examples/mappings/markdown/AWS/v1.5.0/Route53/samples/route53.raw"))
	has(t, rows[0], map[string]string{
		"query_timestamp": time.UnixMilli(ocsf.Time).UTC().Format(time.RFC3339Nano), "query_name": ocsf.Query.Hostname,
		"query_type": ocsf.Query.Type, "query_class": ocsf.Query.Class, "src4": ocsf.Src.IP, "srcport": ocsf.Src.Port.String(),
	})
	has(t, d.rowsOf("dns_answer")[0], map[string]string{"rdata": ocsf.Answers[0].Rdata, "type": ocsf.Answers[0].Type, "class": ocsf.Answers[0].Class})
}

// dynatrace gives the peer's log entry and expected attributes of a test class.
func dynatrace(t *testing.T, class string) (entry json.RawMessage, attributes map[string]string) {
	t.Helper()
	var all []struct {
		Class      string
		Entry      json.RawMessage   `json:"log_entry"`
		Attributes map[string]string `json:"expected_attributes"`
	}
	b := fixture(t, "dynatrace-oss+dynatrace-aws-s3-log-forwarder/tests/unit/log/processing/rules/test_attribute_extraction.extracted.json")
	// Of other classes, entries may have other shapes.
	var raw []json.RawMessage
	if err := json.Unmarshal(b, &raw); err != nil {
		t.Fatal(err)
	}
	for _, r := range raw {
		if bytes.Contains(r, []byte(class)) {
			if err := json.Unmarshal(append(append([]byte{'['}, r...), ']'), &all); err != nil {
				t.Fatal(err)
			}
			return all[0].Entry, all[0].Attributes
		}
	}
	t.Fatalf("no class %s", class)
	return nil, nil
}

func TestDynatraceResolver(t *testing.T) {
	entry, want := dynatrace(t, "TestVPCDNSquerylogs")
	rows, d := decodeAll(t, Resolver, entry)
	has(t, rows[0], map[string]string{
		"query_timestamp": want["timestamp"], "account_id": want["aws.account.id"], "region": want["aws.region"], "vpc_id": want["aws.resource.id"],
		"src_instance": "i-0db59e1c912332372", "name": "ec2messages.us-east-1.amazonaws.com",
	})
	has(t, d.rowsOf("dns_answer")[0], map[string]string{"rdata4": "5.6.7.8"})
}

// TestDynatraceZone: a real line, whose time has no fraction, with its log stream.
func TestDynatraceZone(t *testing.T) {
	entry, want := dynatrace(t, "test_route53_public_query_logs")
	var event map[string]string
	if err := json.Unmarshal(entry, &event); err != nil {
		t.Fatal(err)
	}
	rows, _ := decodeAll(t, Zone, []byte(event["content"]))
	has(t, rows[0], map[string]string{
		"query_timestamp": want["timestamp"], "hosted_zone_id": want["aws.resource.id"], "edge_location": want["aws.edge_location"],
		"name": "test.ivallho.com", "resolver4": "79.157.104.114", "edns_client_subnet": "",
	})
	if stream := rows[0]["hosted_zone_id"] + "/" + rows[0]["edge_location"]; stream != event["aws.log_stream"] {
		t.Errorf("%s is not the stream %s", stream, event["aws.log_stream"])
	}
}

func TestElasticZone(t *testing.T) {
	b := fixture(t, "elastic+integrations/packages/aws/data_stream/route53_public_logs/_dev/test/pipeline/test-route53.log@53733187")
	rows, _ := decodeAll(t, Zone, bytes.Split(b, []byte("\n"))...)
	want := []map[string]string{
		{"query_timestamp": "2017-12-13T08:16:02.13Z", "name": "example.com", "query_type": "A", "protocol": "UDP", "edge_location": "FRA6", "resolver4": "55.36.5.7", "edns_client_subnet": ""},
		{"query_timestamp": "2017-12-13T08:15:50.235Z", "query_type": "AAAA", "protocol": "TCP", "edge_location": "IAD12", "edns_client_subnet": "192.168.222.0/24"},
		{"query_timestamp": "2017-12-13T08:16:03.983Z", "query_type": "ANY", "resolver4": "", "resolver6": "2001:db8::1234", "edns_client_subnet": "2001:db8:abcd::/48"},
		{"query_timestamp": "2017-12-13T08:15:50.342Z", "name": "bad.example.com", "response_code": "NXDOMAIN", "edns_client_subnet": "192.168.111.0/24"},
		{"query_timestamp": "2017-12-13T08:16:05.744Z", "name": "txt.example.com", "query_type": "TXT", "response_code": "NOERROR", "edge_location": "JFK5"},
	}
	if len(rows) != len(want) {
		t.Fatalf("%d rows", len(rows))
	}
	for i := range want {
		has(t, rows[i], want[i])
		has(t, rows[i], map[string]string{"version": "1.0", "hosted_zone_id": "Z123412341234", "registered_domain": "example.com"})
	}
}

// TestDetectNothingElse: no other file of the fixtures looks like a DNS log, by its lines or as one record.
func TestDetectNothingElse(t *testing.T) {
	root := os.Getenv("CASE53_FIXTURES")
	if root == "" {
		t.Skip("CASE53_FIXTURES is not set")
	}
	files := 0
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if base := entry.Name(); base == "route53.raw" || strings.HasPrefix(base, "test-route53.log") {
			return nil
		}
		files++
		b := head(t, path, 1<<20)
		lines := bytes.Split(b, []byte("\n"))
		lines = lines[:min(len(lines), 50)]
		for _, sample := range [][][]byte{lines, {b}} {
			if dns, zone := Resolver.Detect(sample), Zone.Detect(sample); dns+zone > 0 {
				t.Errorf("%s: dns %d, zone %d", path, dns, zone)
			}
		}
		return nil
	})
	if err != nil || files < 50 {
		t.Errorf("%d files: %v", files, err)
	}
}

// head reads the beginning of a file, unpacked.
func head(t *testing.T, path string, size int64) []byte {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	b, err := io.ReadAll(io.LimitReader(r, size))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return b
}
