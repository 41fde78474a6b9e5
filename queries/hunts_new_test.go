package queries

import (
	"maps"
	"slices"
	"testing"
)

// twoWords are domains put together from words.
const (
	twoWords = "['house', 'river', 'paper', 'garden'][1 + i % 4] || i || '.example'"
	hash14   = "substr(md5(i::VARCHAR), 1, 14)"
)

// Cases of the hunts that were added after the catalogue's first.

var newHunts = map[string]huntCase{
	"slow-scan": { // a port of a host every twenty minutes
		found: []string{
			hosts,
			flows(60, out+1, "'10.0.0.1'", "'10.0.9.' || i", "40000 + i", "22", "1200 * i", "60", "2"),
		},
		subject: "severity, direction, src, dstport, contacts, failed, targets", want: "high inside 10.0.0.1 22 60 60 60",
		innocent: []string{
			hosts,
			// let in everywhere
			talk("out", 1, 60, "'10.0.0.1'", "'10.0.9.' || i", "22", "1200 * i", 900),
			// one place, again and again
			flows(900, out+2, "'10.0.0.2'", "'10.0.9.1'", "40000 + i", "22", "60 * i", "60", "2"),
			// what clients do when a line is down
			flows(60, out+3, "'10.0.0.3'", "'203.0.113.' || i", "40000 + i", "443", "1200 * i", "60", "2"),
			// the noise of the internet
			flows(14, noIn+4, "'198.51.100.7'", "'10.0.0.4'", "40000 + i", "1000 + i", "3600 * i", "60", "2"),
			flows(9, out+5, "'10.0.0.5'", "'10.0.9.' || i", "40000 + i", "22", "1200 * i", "60", "2"),
			talk("out", 5, 99, "'10.0.0.5'", "'10.0.8.' || i", "22", "600 * i", 900),
			// port-scan's
			flows(300, noIn+6, "'198.51.100.8'", "'10.0.0.6'", "40000 + i", "1000 + i", "i", "60", "2"),
		},
	},
	"dns-many-domains": {
		found: []string{
			asks(240, "'10.0.0.1'", hash14+" || '.way' || i % 6 || '.example'", "'way' || i % 6 || '.example'", "7 * i", "1"),
			ordinaryNames,
		},
		subject: "severity, client, domains, names, names_each", want: "high 10.0.0.1 6 240 40",
		innocent: []string{
			ordinaryNames,
			// three clients
			asks(240, "'10.0.0.' || i % 3", hash14+" || '.cdn' || i % 6 || '.example'", "'cdn' || i % 6 || '.example'", "7 * i", "1"),
			// few names
			asks(240, "'10.0.0.5'", "'img' || i % 4 || '.shop' || i % 6 || '.example'", "'shop' || i % 6 || '.example'", "7 * i", "1"),
			// two, unlike
			asks(60, "'10.0.0.6'", hash14+" || '.one.example'", "'one.example'", "7 * i", "1"),
			asks(60, "'10.0.0.6'", "'n' || i || '.two.example'", "'two.example'", "7 * i", "1"),
			// begun hours apart
			asks(
				240,
				"'10.0.0.7'",
				hash14+" || '.slow' || i % 6 || '.example'",
				"'slow' || i % 6 || '.example'",
				"7 * i + 3600 * (i % 6)",
				"1",
			),
		},
	},
	"many-nonexistent": {
		found: []string{
			asks(170, "'10.0.0.1'", twoWords, twoWords, "9 * i", "2"),
			ordinaryNames,
		},
		subject: "severity, client, nonexistent_domains, most_in_an_hour", want: "high 10.0.0.1 170 170",
		innocent: []string{
			ordinaryNames,
			// few
			asks(29, "'10.0.0.1'", "'gone' || i || '.example'", "'gone' || i || '.example'", "9 * i", "2"),
			// six an hour
			asks(170, "'10.0.0.2'", "'gone' || i || '.example'", "'gone' || i || '.example'", "600 * i", "2"),
			// most exist
			asks(
				400,
				"'10.0.0.3'",
				"'partner' || i || '.example'",
				"'partner' || i || '.example'",
				"9 * i",
				"CASE WHEN i % 4 = 0 THEN 2 ELSE 1 END",
			),
			// suffixes
			asks(170, "'10.0.0.4'", "'h' || i || '.corp.internal'", "'corp.internal'", "9 * i", "2"),
			// of a domain that exists
			asks(170, "'10.0.0.5'", "'_dmarc.c' || i || '.example'", "'c' || i || '.example'", "9 * i", "2"),
		},
	},
}

func init() { maps.Copy(huntCases, newHunts) }

// TestClockAtAPublicDoor: a health check calls where everybody does; at a door of its own a clock is not told apart from orders.
func TestClockAtAPublicDoor(t *testing.T) {
	db := emptyCase(t)
	run(t, db, "CREATE TEMP MACRO v4(a) AS ((ip(a) - 281470681743360::UHUGEINT)::UINTEGER)")
	staged(t, db, []string{
		hosts,
		flows(200, in+1, "'198.51.100.7'", "'10.0.0.1'", "30000 + i", "443", "300 * i", "1500", "3"),
		flows(12, in+1, "'198.51.101.' || i", "'10.0.0.1'", "30000 + i", "443", "700 * i", "1500", "3"),
		flows(200, in+2, "'198.51.100.8'", "'10.0.0.2'", "30000 + i", "8443", "300 * i", "1500", "3"),
	})
	got := []string{}
	for _, f := range findingsOf(t, db, "beacon", nil) {
		got = append(got, f.severity+" "+f.text("src")+" "+f.text("dst"))
	}
	if want := []string{"medium 198.51.100.7 10.0.0.1", "high 198.51.100.8 10.0.0.2"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}
