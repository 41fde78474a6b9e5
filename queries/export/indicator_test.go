package export_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"case53/cases"
	"case53/loader"
	"case53/queries/export"
)

// hiddenLogs have what an indicator may be found by beside the two ends of a record: the hops of an answer, the client subnet that a
// resolver passed on, and the addresses that a proxy wrote into a request.
var hiddenLogs = map[string][]any{
	"resolver.log": {
		map[string]any{"version": "1.100000", "account_id": "123456789012", "region": "us-east-1", "vpc_id": "vpc-1", "query_timestamp": "2026-11-01T10:00:00Z",
			"query_name": "images.good.example.", "query_type": "A", "query_class": "IN", "rcode": "NOERROR", "srcaddr": "10.0.0.1", "srcport": "4000",
			"transport": "UDP", "srcids": map[string]any{"instance": "i-1"}, "answers": []any{
				map[string]any{"Rdata": "Hop.Evil.Example.", "Type": "CNAME", "Class": "IN"},
				map[string]any{"Rdata": "10 mail.evil.example.", "Type": "MX", "Class": "IN"},
				map[string]any{"Rdata": "192.0.2.80", "Type": "A", "Class": "IN"},
			}},
	},
	"zone.log": {
		"1.0 2026-11-01T10:00:01.000Z Z1 www.good.example A NOERROR UDP FRA6 192.0.2.53 198.51.100.0/24",
		"1.0 2026-11-01T10:00:02.000Z Z1 www.good.example A NOERROR UDP FRA6 192.0.2.53 -",
	},
	"waf.log": {
		map[string]any{"timestamp": 1793527200000, "formatVersion": 1, "webaclId": "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/a/b",
			"terminatingRuleId": "Default_Action", "terminatingRuleType": "REGULAR", "action": "ALLOW", "httpSourceName": "ALB", "httpSourceId": "app/web/1",
			"httpRequest": map[string]any{"clientIp": "203.0.113.1", "country": "AU", "uri": "/", "args": "", "httpVersion": "HTTP/1.1",
				"httpMethod": "GET", "requestId": "1-1", "scheme": "https", "headers": []any{
					map[string]any{"name": "Host", "value": "www.good.example"},
					map[string]any{"name": "X-Forwarded-For", "value": "unknown, 203.0.113.200:4711, [2001:db8::7]"},
				}}},
	},
}

// hiddenIn are indicators and how many records show each.
var hiddenIn = []struct {
	entry   string
	records int64
}{
	{"hop.evil.example", 1}, {"mail.evil.example", 1}, {"evil.example", 1}, {"198.51.100.77", 1}, {"198.51.100.128/25", 1}, {"198.51.0.0/16", 1},
	{"203.0.113.200", 1}, {"2001:db8::/32", 1}, {"192.0.2.80", 1}, {"198.51.101.1", 0}, {"vil.example", 0}, {"203.0.113.2", 0},
}

func openHidden(t *testing.T) *cases.Case {
	t.Helper()
	dir := t.TempDir()
	for name, lines := range hiddenLogs {
		var text strings.Builder
		for _, line := range lines {
			if s, ok := line.(string); ok {
				text.WriteString(s + "\n")
			} else if b, err := json.Marshal(line); err != nil {
				t.Fatal(err)
			} else {
				text.Write(append(b, '\n'))
			}
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	target := filepath.Join(t.TempDir(), "x.case")
	load(t, target, dir)
	k, err := cases.Open(t.Context(), target, loader.Schemas())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	return k
}

// TestIndicatorsWhereverTheyAre: an indicator is found in all that a record says, and told as no more than that: of a client there may be
// only a subnet.
func TestIndicatorsWhereverTheyAre(t *testing.T) {
	k := openHidden(t)
	var list []string
	for _, h := range hiddenIn {
		list = append(list, h.entry)
	}
	req := export.Request{Indicators: list, Views: []string{"dns", "zone", "http"}}
	for _, tool := range []string{"stix", "misp"} {
		_, m := exported(t, k, tool, "out.json", req)
		for i, h := range hiddenIn {
			if got := m.Indicators[i]; got.Records != h.records {
				t.Errorf("%s: %d records show %s, want %d", tool, got.Records, h.entry, h.records)
			}
		}
		if m.Files[0].Records != 3 {
			t.Errorf("%s: %d records, want those that show one", tool, m.Files[0].Records)
		}
	}
}

// TestWhatAnIndicatorWasFoundBy: what shows an indicator goes out with the record.
func TestWhatAnIndicatorWasFoundBy(t *testing.T) {
	k := openHidden(t)
	target, _ := exported(t, k, "stix", "out.json", export.Request{Indicators: []string{"198.51.100.77", "hop.evil.example", "203.0.113.200"}})
	text, err := os.ReadFile(target)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := stixObjects(stixSchemas(t), string(text))
	if err != nil {
		t.Fatal(err)
	}
	var values, perhaps []string
	resolves := 0
	for _, o := range objects {
		switch o["type"] {
		case "domain-name", "ipv4-addr", "ipv6-addr":
			values = append(values, fmt.Sprint(o["value"]))
		case "relationship":
			resolves++
		case "sighting":
			if o["description"] != nil {
				perhaps = append(perhaps, fmt.Sprint(o["description"]))
			}
		}
	}
	for _, want := range []string{"hop.evil.example", "mail.evil.example", "198.51.100.0/24", "203.0.113.200", "2001:db8::7"} {
		if !slices.Contains(values, want) {
			t.Errorf("no %s among %q", want, values)
		}
	}
	if resolves != 2 || strings.Join(perhaps, "|") != "perhaps: of the client there is only the subnet 198.51.100.0/24" {
		t.Errorf("%d names and addresses that a name resolves to, sightings that may be none %q", resolves, perhaps)
	}
	c := newMISPChecker(t)
	target, _ = exported(t, k, "misp", "out.json", export.Request{})
	if text, err = os.ReadFile(target); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"cname-record","type":"domain","category":"Network activity","value":"hop.evil.example"`, `"mx-record"`,
		`"X-Forwarded-For: unknown, 203.0.113.200:4711, [2001:db8::7]"`, `for the client subnet 198.51.100.0/24`, `"domain-ip"`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %s", want)
		}
	}
	if _, _, err := c.event(string(text)); err != nil {
		t.Error(err)
	}
}
