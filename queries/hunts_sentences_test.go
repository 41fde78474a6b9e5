package queries

import (
	"fmt"
	"strings"
	"testing"
)

// resets makes n calls at the interface of host k that a reset answers: nothing but headers comes back.
func resets(k, n int, client, server, port, second string) string {
	return flows(n, out+k, client, server, "50000 + i", port, second, "600", "2") + ";\n" +
		flows(n, in+k, server, client, port, "50000 + i", second, "400", "4")
}

// What a finding says must rest on the records. Each of these has a case in which a sentence must not be said, and what is said
// instead.
var unsaid = []struct {
	name, hunt string
	given      map[string]string
	about      map[string]string
	rows       []string
	severity   string
	said       []string
	never      []string
}{
	{
		name: "a reset is no answer", hunt: "port-scan", about: map[string]string{"dst": "10.0.0.9"}, severity: "high",
		rows:  []string{hosts, resets(1, 300, "'10.0.0.1'", "'10.0.0.9'", "1000 + i", "i")},
		said:  []string{"300 reset"},
		never: []string{"all answered", "answered: 1"},
	},
	{
		name: "nor at a door", hunt: "open-admin-doors", about: map[string]string{"dst": "10.0.0.1"}, severity: "low",
		rows: []string{
			hosts,
			flows(60, in+1, "'198.51.100.' || i", "'10.0.0.1'", "50000 + i", "22", "1000 * i", "600", "2"),
			flows(60, out+1, "'10.0.0.1'", "'198.51.100.' || i", "22", "50000 + i", "1000 * i", "400", "4"),
		},
		said:  []string{"0 answered, 60 reset", "nothing answered"},
		never: []string{"60 answered"},
	},
	{
		name: "a record or two is not going on", hunt: "sudden-silence", about: map[string]string{"interface_id": "eni-1"}, severity: "medium",
		rows: []string{
			hosts, span("eni-1", 0, 300), span("eni-1", 500, 800), span("eni-2", 0, 302), span("eni-2", 495, 800),
			span("eni-3", 0, 800),
		},
		said:  []string{"1 of 2 other sources went on", "1 had a few records in it"},
		never: []string{"2 of 2"},
	},
	{
		name: "three queries of the finder, none of anybody else", hunt: "what-they-found", about: map[string]string{"name": "staging.corp.example"},
		severity: "medium",
		rows: []string{
			guesses(400, "CASE i WHEN 77 THEN 'staging' ELSE 'word' || i END || '.corp.example'", "2 * i", "CASE i WHEN 77 THEN 2 ELSE 1 END"),
			from("192.0.2.53", "192.0.2.0/24", after(1000, guesses(3, "'staging.corp.example'", "90000 + i", "2"))),
		},
		said:  []string{"asked for 1 time by the asker that found it first, 0 of them after", "3 times otherwise"},
		never: []string{"4 times"},
	},
	{
		name: "a day of which two hours are known", hunt: "unusual-upload", about: map[string]string{"dst": "203.0.113.140"}, severity: "medium",
		rows: []string{
			hosts,
			flows(2, out+1, "'10.0.0.1'", "'203.0.113.9'", "30000 + i", "443", "3600 * i", "90000", "3"),
			flows(6, out+1, "'10.0.0.1'", "'203.0.113.140'", "40000 + i", "443", "72000 + 500 * i", "70000000", "3"),
		},
		said:  []string{"in 2 other hours of its records"},
		never: []string{"another day", "20 other hours"},
	},
	{
		name: "one record of a Resolver log", hunt: "no-dns-answer", about: map[string]string{"dst": "203.0.113.9"}, severity: "low",
		rows: []string{
			hosts, asks(1, "'10.0.0.1'", "'www.example'", "'example'", "0", "1"), "DELETE FROM derived.minute",
			"INSERT INTO derived.minute (log_type, capture, source, status, minute, records) VALUES " +
				"('dns', 'incident', 'vpc-1', 'NOERROR', '2026-11-02', 1)",
			flows(40, out+1, "'10.0.0.1'", "'203.0.113.9'", "30000 + i", "443", "7200 + i", "9000000", "3"),
		},
		said:  []string{"records of 0.2 of the 24 hours before"},
		never: []string{"no answer of the 24 hours before"},
	},
	{
		name: "what is first depends on what is known", hunt: "looked-then-knocked", about: map[string]string{"src": "198.51.100.99"}, severity: "high",
		rows: []string{
			from("192.0.2.53", "198.51.100.0/24", guesses(400, "CASE i WHEN 77 THEN 'staging' ELSE 'word' || i END || '.corp.example'",
				"10000 + 2 * i", "CASE WHEN i = 77 THEN 2 ELSE 1 END")),
			answers(1, "'10.0.0.5'", "'staging.corp.example'", "5", "A", "'10.0.0.1'"),
			span("eni-1", 140, 240),
			flows(60, 3, "'198.51.100.99'", "'10.0.0.1'", "50000", "1000 + i", "12000 + i", "40", "2"),
		},
		said:  []string{"for the first time in the 1.0 hours of which its interface has records before"},
		never: []string{"first call ever"},
	},
	{
		name: "both ends of what came from outside", hunt: "long-connections", about: map[string]string{"src": "198.51.100.7"}, severity: "low",
		rows: []string{
			hosts,
			flows(200, in+1, "'198.51.100.7'", "'10.0.0.1'", "50000", "22", "1800 + 60 * i", "2000", "0"),
			flows(200, out+1, "'10.0.0.1'", "'198.51.100.7'", "22", "50000", "1800 + 60 * i", "34000", "0"),
		},
		said:  []string{"0.4 MB went from 198.51.100.7 to 10.0.0.1, 6.8 MB back"},
		never: []string{"MB out", "MB in,"},
	},
}

func TestSentencesThatMustNotBeSaid(t *testing.T) {
	db := emptyCase(t)
	run(t, db, "CREATE TEMP MACRO v4(a) AS ((ip(a) - 281470681743360::UHUGEINT)::UINTEGER)")
	for _, c := range unsaid {
		t.Run(c.hunt+": "+c.name, func(t *testing.T) {
			staged(t, db, c.rows)
			told := []string{}
			for _, f := range findingsOf(t, db, c.hunt, c.given) {
				told = append(told, fmt.Sprintf("%s %.3f %v: %s", f.severity, f.score, f.row, f.reason))
				for _, words := range c.never {
					if strings.Contains(f.reason, words) {
						t.Errorf("said %q: %s", words, f.reason)
					}
				}
				if !f.about(c.about) {
					continue
				}
				for _, words := range c.said {
					if !strings.Contains(f.reason, words) {
						t.Errorf("not said %q: %s", words, f.reason)
					}
				}
				if f.severity != c.severity {
					t.Errorf("%s: %s", f.severity, f.reason)
				}
				return
			}
			t.Errorf("no such finding: %s", strings.Join(told, "\n"))
		})
	}
}
