package queries

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"case53/loader/logs/flow"
)

// answers makes one answer for each i.
func answers(n int, client, name, second, kind, rdata string) string {
	return fmt.Sprintf(`INSERT INTO store.dns_answer SELECT 2, (SELECT count(*) FROM store.dns_answer) + i, 1, 1,
		TIMESTAMP '2026-11-02' + to_seconds((%s)::BIGINT), %s, v4(%s), NULL, %s,
		(SELECT context_id FROM store.dns_answer_context WHERE type = '%s'),
		CASE '%s' WHEN 'A' THEN v4(%s) END, NULL, false FROM range(%d) t(i)`, second, name, client, rdata, kind, kind, rdata, n)
}

// dnsKind makes a context of Resolver records beside those of the stage.
func dnsKind(id int, queryType, rcode, action string) string {
	return fmt.Sprintf(`INSERT INTO store.dns_context
		(context_id, capture, vpc_id, query_type, rcode, firewall_rule_action, firewall_domain_list_id)
		VALUES (%d, 'incident', 'vpc-1', '%s', '%s', nullif('%s', ''), 'rslvr-fdl-1')`, id, queryType, rcode, action)
}

// zoneKind makes a context of zone records beside those of the stage.
func zoneKind(id int, queryType, rcode string) string {
	return fmt.Sprintf(`INSERT INTO store.zone_context (context_id, capture, hosted_zone_id, query_type, response_code)
		VALUES (%d, 'incident', 'Z1', '%s', '%s')`, id, queryType, rcode)
}

// after numbers the rows of guesses from n on, beside those that are there.
func after(n int, guesses string) string {
	return strings.Replace(guesses, "SELECT 3, i", fmt.Sprintf("SELECT 3, %d + i", n), 1)
}

// from is guesses of another resolver, and with the client subnet that it passed on.
func from(resolver, subnet, guesses string) string {
	guesses = strings.Replace(guesses, "'198.51.100.7'", "'"+resolver+"'", 1)
	guesses = strings.Replace(guesses, "resolver4, utf8_escaped", "resolver4, edns_client_subnet, edns_first, edns_last, utf8_escaped", 1)
	return strings.Replace(guesses, ", false FROM", fmt.Sprintf(", '%s', cidr_first('%s'), cidr_last('%s'), false FROM", subnet, subnet, subnet), 1)
}

// endpoints makes the rows by address from the flow records that are there.
func endpoints() []string {
	made := []string{"DELETE FROM derived.flow_endpoint"}
	for _, s := range statements(sectionOf(flow.Type.SQL, "derived")) {
		if strings.Contains(s, "INTO derived.flow_endpoint") {
			made = append(made, strings.NewReplacer("$after", "0", "$upto", "4294967295", "$parts", "1", "$part", "0").Replace(s))
		}
	}
	return made
}

// ordinaryNames is ordinary queries of twenty clients for a hundred domains, over two days.
var ordinaryNames = asks(4000, "'10.0.2.' || i % 20", "'www.site' || i % 100 || '.example'", "'site' || i % 100 || '.example'", "43 * i", "1")

// listed is what the sweep looks for in its test: an address, a block, a name, and what cannot be read.
const listed = "203.0.113.9 # command and control\n198.51.100.0/24\n*.Evil.example.\nnot/an/entry\n"

var dnsHunts = map[string]huntCase{
	"information-heavy-hitters": {
		found: []string{
			asks(600, "'10.0.0.1'", "md5(i::VARCHAR) || md5(i::VARCHAR || 'b') || '.t.evil.example'", "'evil.example'", "i", "1"),
			ordinaryNames,
		},
		subject: "severity, client, registered_domain, names, information_bytes", want: "high 10.0.0.1 evil.example 600 39000",
		innocent: []string{
			// the same names again and again
			asks(90000, "'10.0.0.1'", "'d' || i % 300 || '.cdn.example'", "'cdn.example'", "i", "1"),
			// many short ones
			asks(600, "'10.0.0.1'", "'edge-' || i || '.cdn2.example'", "'cdn2.example'", "i", "1"),
			// below the least: a hash or two now and then
			asks(600, "'10.0.0.1'", "md5(i::VARCHAR) || md5(i::VARCHAR || 'b') || '.slow.example'", "'slow.example'", "3600 * (i // 20)", "1"),
			// addresses backwards
			asks(600, "'10.0.0.1'", "i || '.' || i % 200 || '.168.192.in-addr.arpa'", "'168.192.in-addr.arpa'", "i", "1"),
		},
	},
	"record-types-for-hiding": {
		found: []string{
			dnsKind(5, "NULL", "NOERROR", ""),
			asks(900, "'10.0.0.1'", "md5(i::VARCHAR) || '.t.evil.example'", "'evil.example'", "i", "CASE WHEN i % 9 = 0 THEN 5 ELSE 3 END"),
			asks(100, "'10.0.0.1'", "'www.evil.example'", "'evil.example'", "i", "1"),
		},
		subject: "severity, client, registered_domain, hiding, types", want: "high 10.0.0.1 evil.example 900 TXT 800, NULL 100",
		innocent: []string{
			dnsKind(6, "TYPE65", "NOERROR", ""),
			dnsKind(7, "SRV", "NOERROR", ""),
			dnsKind(8, "ANY", "NOERROR", ""),
			asks(900, "'10.0.0.1'", "'_dmarc.mail' || i || '.shop.example'", "'shop.example'", "i", "3"),
			asks(900, "'10.0.0.1'", "'sel' || i || '._domainkey.shop.example'", "'shop.example'", "i", "3"),
			asks(900, "'10.0.0.1'", "'www' || i || '.web.example'", "'web.example'", "i", "6"),
			asks(900, "'10.0.0.1'", "'_ldap._tcp.dc' || i || '.ad.example'", "'ad.example'", "i", "7"),
			asks(199, "'10.0.0.1'", "'n' || i || '.any.example'", "'any.example'", "i", "8"),
			asks(49, "'10.0.0.1'", "'n' || i || '.few.example'", "'few.example'", "i", "3"),
			asks(60, "'10.0.0.1'", "'n' || i || '.part.example'", "'part.example'", "i", "3"),
			asks(600, "'10.0.0.1'", "'www.part.example'", "'part.example'", "i", "1"),
		},
	},
	"new-names-since-t0": {
		given: map[string]string{"t0": "2026-11-03"},
		found: []string{
			ordinaryNames,
			asks(40, "'10.0.0.1'", "'c2.evil.example'", "'evil.example'", "90000 + 1800 * i", "1"),
			answers(40, "'10.0.0.1'", "'c2.evil.example'", "90000 + 1800 * i", "A", "'203.0.113.9'"),
			flows(40, 1, "'10.0.0.1'", "'203.0.113.9'", "40000 + i", "443", "90010 + 1800 * i", "9000000", "3"),
		},
		subject: "severity, client, registered_domain, connections, bytes_to_peer", want: "high 10.0.0.1 evil.example 40 360000000",
		innocent: []string{
			ordinaryNames,
			// before as well
			asks(20, "'10.0.0.1'", "'www.old.example'", "'old.example'", "3600 * i", "1"),
			asks(20, "'10.0.0.1'", "'www.old.example'", "'old.example'", "90000 + 3600 * i", "1"),
			// everybody does
			asks(40, "'10.0.2.' || i % 20", "'cdn.update.example'", "'update.example'", "90000 + 1800 * i", "1"),
		},
	},
	"name-pointing-inside": {
		found: []string{
			answers(2, "'10.0.0.1'", "'x.evil.example'", "100 + i", "A", "'169.254.169.254'"),
			answers(2, "'10.0.0.1'", "'r.evil.example'", "60 * i", "A", "['203.0.113.9', '10.0.0.9'][1 + i]"),
		},
		// the metadata first, the name that changes second
		subject: "severity, client, name, dst, meaning", want: "high 10.0.0.1 x.evil.example 169.254.169.254 instance metadata",
		innocent: []string{
			answers(50, "'10.0.0.' || i", "'db.corp.internal'", "i", "A", "'10.0.0.9'"),
			answers(50, "'10.0.0.' || i", "'ec2-1-2-3-4.compute.amazonaws.com'", "i", "A", "'10.0.0.9'"),
			answers(50, "'10.0.0.' || i", "'10-0-0-9.nip.example'", "i", "A", "'10.0.0.9'"),
			answers(50, "'10.0.0.' || i", "'ads.example'", "i", "A", "'0.0.0.0'"),
			answers(50, "'10.0.0.' || i", "'www.corp.example'", "i", "A", "'10.0.0.10'"),
			guesses(1, "'www.corp.example'", "1", "2"), // of our own zone
			answers(50, "'10.0.0.' || i", "'www.example'", "i", "A", "'203.0.113.9'"),
		},
	},
	"ioc-sweep": {
		given: map[string]string{"ioc": listed},
		found: append([]string{
			flows(3, 1, "'10.0.0.1'", "'203.0.113.9'", "40000 + i", "443", "60 + i", "900", "3"),
			flows(20, 3, "'198.51.100.7'", "'10.0.0.1'", "40000 + i", "22", "i", "40", "2"),
			asks(2, "'10.0.0.1'", "'a.b.evil.example'", "'evil.example'", "50 + i", "1"),
			answers(1, "'10.0.0.1'", "'www.good.example'", "70", "CNAME", "'edge.evil.example.'"),
			guesses(2, "'x.corp.example'", "i", "1"),
		}, endpoints()...),
		subject: "severity, entry, source, hits, src, dst, dstport, first_hit",
		want:    "high 203.0.113.9 flow 3 10.0.0.1 203.0.113.9 443 2026-11-02 00:01:00",
		innocent: append([]string{
			flows(3, 1, "'10.0.0.1'", "'203.0.113.90'", "40000 + i", "443", "60 + i", "900", "3"),
			asks(2, "'10.0.0.1'", "'notevil.example'", "'notevil.example'", "50 + i", "1"),
			asks(2, "'10.0.0.1'", "'evil.example.good.example'", "'good.example'", "50 + i", "1"),
			answers(1, "'10.0.0.1'", "'www.good.example'", "70", "A", "'203.0.113.8'"),
			from("192.0.2.53", "198.51.101.0/24", guesses(2, "'x.corp.example'", "i", "1")),
		}, endpoints()...),
	},
	"mining-pools": {
		found: []string{
			asks(4, "'10.0.0.1'", "'pool.supportxmr.com'", "'supportxmr.com'", "3600 * i", "1"),
			answers(4, "'10.0.0.1'", "'pool.supportxmr.com'", "3600 * i", "A", "'203.0.113.9'"),
			flows(300, 1, "'10.0.0.1'", "'203.0.113.9'", "40000", "443", "60 * i", "700", "0"),
		},
		subject: "severity, kind, src, dst, dstport, registered_domain, connections", want: "high name 10.0.0.1 203.0.113.9 443 supportxmr.com 1",
		innocent: []string{
			asks(4, "'10.0.0.1'", "'www.notsupportxmr.com'", "'notsupportxmr.com'", "i", "1"),
			asks(4, "'10.0.0.1'", "'supportxmr.com.example'", "'supportxmr.com.example'", "i", "1"),
			// inside
			flows(300, 1, "'10.0.0.1'", "'10.0.0.9'", "40000", "3333", "60 * i", "700", "0"),
			// short; refused
			flows(300, 1, "'10.0.0.1'", "'203.0.113.7'", "40000 + i", "3333", "60 * i", "700", "3"),
			flows(9, 5, "'10.0.0.1'", "'203.0.113.8'", "40000", "3333", "60 * i", "700", "2"),
		},
	},
	"call-back-test-domains": {
		found: []string{
			asks(3, "'10.0.0.1'", "'root.' || 'c23b2la0kl1krjcrdj10cndmnioyyyyyn' || '.oast.pro'", "'oast.pro'", "i", "1"),
			asks(1, "'10.0.0.2'", "'webhook.site'", "'webhook.site'", "i", "1"),
			answers(1, "'10.0.0.3'", "'cdn.shop.example'", "70", "CNAME", "'k9x2.dnslog.cn.'"),
		},
		subject: "severity, client, domain, token, data, queries", want: "high 10.0.0.1 oast.pro c23b2la0kl1krjcrdj10cndmnioyyyyyn root 3",
		innocent: []string{
			asks(3, "'10.0.0.1'", "'www.roast.pro'", "'roast.pro'", "i", "1"),
			asks(3, "'10.0.0.1'", "'oast.pro.example'", "'oast.pro.example'", "i", "1"),
			asks(3, "'10.0.0.1'", "'www.webhook.site'", "'webhook.site'", "i", "1"),
		},
	},
	"firewall-said-no": {
		found: []string{
			ordinaryNames,
			dnsKind(5, "A", "NXDOMAIN", "BLOCK"),
			dnsKind(6, "A", "NOERROR", "ALERT"),
			asks(200, "'10.0.0.1'", "'n' || i || '.evil.example'", "'evil.example'", "i", "5"),
			asks(5, "'10.0.2.1'", "'ads.example'", "'ads.example'", "i", "6"),
		},
		subject: "severity, client, registered_domain, action, queries, clients", want: "high 10.0.0.1 evil.example BLOCK 200 1",
		innocent: []string{
			ordinaryNames,
			dnsKind(6, "A", "NOERROR", "ALERT"),
			dnsKind(7, "A", "NOERROR", "ALLOW"),
			asks(9, "'10.0.2.' || i % 20", "'ads.example'", "'ads.example'", "i", "6"),
			asks(900, "'10.0.2.1'", "'x' || i || '.good.example'", "'good.example'", "i", "7"),
		},
	},
	"walk-transfer-any": {
		found: []string{
			zoneKind(3, "AXFR", "REFUSED"),
			zoneKind(4, "ANY", "NOERROR"),
			guesses(60, "CASE WHEN i = 0 THEN 'corp.example' WHEN i < 25 THEN 'www.corp.example' ELSE 'word' || i || '.corp.example' END",
				"i", "CASE WHEN i = 0 THEN 3 WHEN i < 25 THEN 4 ELSE 1 END"),
		},
		subject: "severity, src, registered_domain, transfers, anys, guesses, codes", want: "high 198.51.100.7 corp.example 1 24 35 NOERROR REFUSED",
		innocent: []string{
			zoneKind(4, "ANY", "NOERROR"),
			zoneKind(5, "TXT", "NOERROR"),
			zoneKind(6, "DNSKEY", "NOERROR"),
			guesses(19, "'www.corp.example'", "i", "4"),
			after(1000, guesses(300, "'s' || i || '._domainkey.corp.example'", "i", "5")),
			after(2000, guesses(300, "'corp.example'", "i", "6")),
		},
	},
	"what-they-found": {
		found: []string{
			guesses(400, "CASE i WHEN 77 THEN 'staging' WHEN 80 THEN 'www' ELSE 'word' || i END || '.corp.example'",
				"2 * i", "CASE WHEN i IN (77, 80) THEN 2 ELSE 1 END"),
			after(1000, guesses(2, "'staging.corp.example'", "90000 + i", "2")),
			from("192.0.2.53", "192.0.2.0/24",
				after(2000, guesses(50, "'www.corp.example'", "600 * i", "2"))),
		},
		subject: "severity, src, name, asked_by_guesser, asked_otherwise, came_back", want: "high 198.51.100.7 staging.corp.example 3 0 2",
		innocent: []string{
			guesses(29, "'word' || i || '.corp.example'", "i", "CASE WHEN i < 14 THEN 2 ELSE 1 END"),
			after(1000, guesses(400, "'real' || i || '.corp.example'", "20000 + 2 * i", "2")),
		},
	},
	"looked-then-knocked": {
		found: []string{
			from("192.0.2.53", "198.51.100.0/24",
				guesses(400, "CASE i WHEN 77 THEN 'staging' ELSE 'word' || i END || '.corp.example'",
					"10000 + 2 * i", "CASE WHEN i = 77 THEN 2 ELSE 1 END")),
			answers(1, "'10.0.0.5'", "'staging.corp.example'", "5", "A", "'10.0.0.1'"),
			flows(60, 3, "'198.51.100.99'", "'10.0.0.1'", "50000", "1000 + i", "12000 + i", "40", "2"),
			flows(3, 2, "'198.51.100.99'", "'10.0.0.1'", "50001", "443", "13000 + i", "4000", "3"),
			flows(5, 3, "'203.0.113.66'", "'10.0.0.1'", "50000", "1000 + i", "12000 + i", "40", "2"),
		},
		subject: "severity, src, dst, name, ports, near", want: "high 198.51.100.99 10.0.0.1 staging.corp.example 61 client subnet",
		innocent: []string{
			from("192.0.2.53", "198.51.100.0/24",
				guesses(400, "CASE i WHEN 77 THEN 'staging' ELSE 'word' || i END || '.corp.example'",
					"10000 + 2 * i", "CASE WHEN i = 77 THEN 2 ELSE 1 END")),
			answers(1, "'10.0.0.5'", "'staging.corp.example'", "5", "A", "'10.0.0.1'"),
			flows(60, 3, "'198.51.100.99'", "'10.0.0.1'", "50000", "1000 + i", "9000 + 100 * i", "40", "2"), // it came before
			flows(60, 3, "'198.51.100.98'", "'10.0.0.1'", "50000", "1000 + i", "110000 + i", "40", "2"),     // days later
			flows(60, 3, "'198.51.100.97'", "'10.0.0.2'", "50000", "1000 + i", "12000 + i", "40", "2"),      // another host
			flows(5, 3, "'203.0.113.66'", "'10.0.0.1'", "50000", "1000 + i", "12000 + 60 * i", "40", "2"),   // from anywhere
			flows(3, 2, "'203.0.113.67'", "'10.0.0.1'", "50000 + i", "443", "12000 + 60 * i", "4000", "3"),
		},
	},
}

func init() { maps.Copy(huntCases, dnsHunts) }

// TestSweepShowsEverySource: what an indicator can appear in, each with its first hit and count.
func TestSweepShowsEverySource(t *testing.T) {
	db := emptyCase(t)
	run(t, db, "CREATE TEMP MACRO v4(a) AS ((ip(a) - 281470681743360::UHUGEINT)::UINTEGER)")
	c := huntCases["ioc-sweep"]
	staged(t, db, append(append([]string{}, c.found...),
		answers(4, "'10.0.0.1'", "'www.good.example'", "80 + i", "A", "'203.0.113.9'"),
		from("198.51.100.53", "192.0.2.0/24", after(100, guesses(3, "'y.corp.example'", "i", "1"))),
		from("192.0.2.53", "198.51.100.128/25", after(200, guesses(5, "'y.corp.example'", "i", "1")))))
	text, args, err := builtins(t).Get("ioc-sweep").Bind(c.given)
	if err != nil {
		t.Fatal(err)
	}
	got := answer(t, db, "SELECT entry, source, hits, strftime(first_hit, '%H:%M:%S') AS first_hit, severity FROM ("+text+") ORDER BY source, entry", args)
	want := `entry | source | hits | first_hit | severity
*.Evil.example. | answer | 1 | 00:01:10 | high
203.0.113.9 | answer | 4 | 00:01:20 | high
198.51.100.0/24 | flow | 20 | 00:00:00 | medium
203.0.113.9 | flow | 3 | 00:01:00 | high
*.Evil.example. | query | 2 | 00:00:50 | high
198.51.100.0/24 | zone client subnet | 5 | 00:00:00 | medium
198.51.100.0/24 | zone resolver | 5 | 00:00:00 | medium
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestListsCanBeReplaced: domains of one's own beside the list, and instead of it.
func TestListsCanBeReplaced(t *testing.T) {
	db := emptyCase(t)
	run(t, db, "CREATE TEMP MACRO v4(a) AS ((ip(a) - 281470681743360::UHUGEINT)::UINTEGER)")
	staged(t, db, []string{
		asks(1, "'10.0.0.1'", "'a.supportxmr.com'", "'supportxmr.com'", "1", "1"),
		asks(1, "'10.0.0.1'", "'a.mine.example'", "'mine.example'", "2", "1"),
		asks(1, "'10.0.0.1'", "'a.oast.pro'", "'oast.pro'", "1", "1"),
		asks(1, "'10.0.0.1'", "'a.hole.example'", "'hole.example'", "2", "1"),
	})
	for _, c := range []struct{ hunt, param, value, want string }{
		{"mining-pools", "more", "x.example, *.Mine.example.", "mine.example supportxmr.com"},
		{"mining-pools", "instead", "mine.example", "mine.example"},
		{"mining-pools", "more", "", "supportxmr.com"},
		{"call-back-test-domains", "more", "hole.example", "hole.example oast.pro"},
		{"call-back-test-domains", "instead", "hole.example", "hole.example"},
	} {
		text, args, err := builtins(t).Get(c.hunt).Bind(map[string]string{c.param: c.value})
		if err != nil {
			t.Fatal(err)
		}
		column := map[string]string{"mining-pools": "registered_domain", "call-back-test-domains": "domain"}[c.hunt]
		if got := answer(t, db, "SELECT string_agg("+column+", ' ' ORDER BY "+column+") AS d FROM ("+text+")", args); got != "d\n"+c.want+"\n" {
			t.Errorf("%s %s=%s: %q, want %q", c.hunt, c.param, c.value, got, c.want)
		}
	}
}

// TestT0LeftOut: the log is cut in the middle then, and nothing is said with certainty.
func TestT0LeftOut(t *testing.T) {
	db := emptyCase(t)
	run(t, db, "CREATE TEMP MACRO v4(a) AS ((ip(a) - 281470681743360::UHUGEINT)::UINTEGER)")
	staged(t, db, huntCases["new-names-since-t0"].found)
	text, args, err := builtins(t).Get("new-names-since-t0").Bind(nil)
	if err != nil {
		t.Fatal(err)
	}
	got := answer(t, db, "SELECT severity, registered_domain, contains(reason, 'as no t0 was given') AS said FROM ("+text+")", args)
	want := "severity | registered_domain | said\nmedium | evil.example | true\n"
	if !strings.HasPrefix(got, want) || strings.Count(got, "medium") > 1 {
		t.Errorf("got %q", got)
	}
}
