package resolver

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"case53/loader/logs/field"
	"case53/loader/logs/logstest"
)

// TestPantherResolver: seven answers, a hyphen in srcids, many lines.
func TestPantherResolver(t *testing.T) {
	text := string(logstest.Fixture(t, "panther-labs+panther/internal/log_analysis/log_processor/parsers/awslogs/testdata/vpc_dns_tests.yml"))
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
	rows, d := logstest.DecodeAll(t, Type, []byte(input))
	logstest.Has(t, rows[0], map[string]string{
		"version": want.Version, "region": want.Region, "rcode": want.Rcode, "src4": want.Srcaddr, "srcport": want.Srcport,
		"transport": want.Transport, "account_id": want.AccountID, "vpc_id": want.VPC, "query_name": want.Name,
		"query_timestamp": want.Time.UTC().Format(time.RFC3339Nano), "query_type": want.Type, "query_class": want.Class,
		"src_instance": want.Srcids["instance"], "src_resolver_endpoint": want.Srcids["resolver-endpoint"], "answers_n": "7",
	})
	ips, domains := []string{rows[0]["src4"]}, []string{rows[0]["name"]}
	answers := d.RowsOf("dns_answer")
	for i, answer := range answers {
		logstest.Has(t, answer, map[string]string{"rdata": want.Answers[i].Rdata, "type": want.Answers[i].Type, "class": want.Answers[i].Class})
		if ip, ok := answer["rdata4"]; ok {
			ips = append(ips, ip)
		}
		if answer["type"] == "CNAME" || answer["type"] == "PTR" {
			domains = append(domains, string(field.Fold(nil, []byte(answer["rdata"]))))
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
	for _, dir := range []string{
		"markdown/AWS/v1.0.0-rc.2/Route53", "markdown/AWS/v1.1.0/Route53", "markdown/AWS/v1.5.0/Route53",
		"bloblang/AWS/route53/v1.0.0", "bloblang/AWS/route53/v1.1.0",
	} {
		rows, d := logstest.DecodeAll(t, Type, logstest.Fixture(t, "ocsf+examples/mappings/"+dir+"/samples/route53.raw"))
		logstest.Has(t, rows[0], map[string]string{
			"version": "1.100000", "account_id": "123456789012", "region": "us-east-1", "vpc_id": "vpc-00000000000000000",
			"query_timestamp": "2022-10-13T21:02:36Z", "query_name": "ip-127-0-0-62.alert.firewall.canary.", "query_type": "A",
			"query_class": "IN", "rcode": "NOERROR", "src4": "10.200.21.100", "srcport": "15083", "transport": "UDP",
			"src_resolver_endpoint": "rslvr-in-0000000000000000", "src_resolver_network_interface": "rni-0000000000000000",
			"firewall_rule_action": "ALERT", "firewall_rule_group_id": "rslvr-frg-000000000000000",
			"firewall_domain_list_id": "rslvr-fdl-0000000000000", "answers_n": "1", "extra": "",
		})
		logstest.Has(t, d.RowsOf("dns_answer")[0], map[string]string{"rdata": "127.0.0.62", "type": "A", "class": "IN", "rdata4": "127.0.0.62"})
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
	if err := json.Unmarshal(logstest.Fixture(t, "ocsf+examples/mappings/markdown/AWS/v1.5.0/Route53/samples/route53.ocsf"), &ocsf); err != nil {
		t.Fatal(err)
	}
	rows, d := logstest.DecodeAll(t, Type, logstest.Fixture(t, "ocsf+examples/mappings/markdown/AWS/v1.5.0/Route53/samples/route53.raw"))
	logstest.Has(t, rows[0], map[string]string{
		"query_timestamp": time.UnixMilli(ocsf.Time).UTC().Format(time.RFC3339Nano), "query_name": ocsf.Query.Hostname,
		"query_type": ocsf.Query.Type, "query_class": ocsf.Query.Class, "src4": ocsf.Src.IP, "srcport": ocsf.Src.Port.String(),
	})
	logstest.Has(t, d.RowsOf("dns_answer")[0], map[string]string{
		"rdata": ocsf.Answers[0].Rdata,
		"type":  ocsf.Answers[0].Type,
		"class": ocsf.Answers[0].Class,
	})
}

func TestDynatraceResolver(t *testing.T) {
	entry, want := logstest.Dynatrace(t, "TestVPCDNSquerylogs")
	rows, d := logstest.DecodeAll(t, Type, entry)
	logstest.Has(t, rows[0], map[string]string{
		"query_timestamp": want["timestamp"], "account_id": want["aws.account.id"], "region": want["aws.region"], "vpc_id": want["aws.resource.id"],
		"src_instance": "i-0db59e1c912332372", "name": "ec2messages.us-east-1.amazonaws.com",
	})
	logstest.Has(t, d.RowsOf("dns_answer")[0], map[string]string{"rdata4": "5.6.7.8"})
}
