package queries

import (
	"fmt"
	"strings"
	"testing"
)

// The hunts that are mainly about flows: coverage, pictures of a host, doors, and what is new or rare.

// hosts gives hosts 1 to 9 an interface each: contexts 20+k out, 40+k in, 60+k out refused, 80+k in refused, all of vpc-1;
// host 9 is in vpc-7, whose Resolver log is not there.
const hosts = `INSERT INTO store.flow_context (context_id, capture, interface_id, instance_id, vpc_id, action, log_status, flow_direction)
	SELECT 20 + 20 * w + k, 'incident', 'eni-' || k, 'i-' || k, CASE WHEN k = 9 THEN 'vpc-7' ELSE 'vpc-1' END, CASE WHEN w < 2 THEN 'ACCEPT' ELSE 'REJECT' END, 'OK', CASE WHEN w % 2 = 0 THEN 'egress' ELSE 'ingress' END
	FROM range(4) a(w), range(1, 10) b(k)`

const (
	out      = 20
	in       = 40
	noOut    = 60
	noIn     = 80
	logsDNS  = "INSERT INTO store.minute (log_type, capture, source, status, minute, records) SELECT 'dns', 'incident', 'vpc-1', 'NOERROR', TIMESTAMP '2026-11-02' + to_minutes(i), 1 FROM range(0, 4000, 5) t(i)"
	noObject = "DELETE FROM store.object"
)

// skipped makes the minutes [from, to) that AWS skipped.
func skipped(iface string, from, to int) string { return quiet(iface, "SKIPDATA", from, to) }

func quiet(iface, status string, from, to int) string {
	return fmt.Sprintf("INSERT INTO store.flow_span SELECT 'incident', '%s', '%s', TIMESTAMP '2026-11-02' + to_minutes(i) FROM range(%d, %d) t(i)", iface, status, from, to)
}

// object makes a source object of zone records that says how many of them it has.
func object(id, read, rows, rejected int, problem string) string {
	return fmt.Sprintf(`INSERT INTO store.object (object_id, sha256, size, source_kind, uri, acquired_at, capture, log_type, "read", "rows", headers, blank, outside, duplicate, rejected, problem)
		VALUES (%d, 'aa', 1, 'local', 'file:///e/%d', '2026-11-10', 'incident', 'zone', %d, %d, 0, 0, 0, 0, %d, %s)`, id, id, read, rows, rejected, problem)
}

func init() {
	for id, c := range map[string]huntCase{
		"coverage-matrix": {
			found:   []string{span("eni-1", 0, 600), span("eni-2", 0, 200), skipped("eni-2", 200, 210), span("eni-2", 300, 500)},
			subject: "severity, source, covered, skipdata, holes, after_last, picture", want: "medium eni-2 40 1 9 10 OOOOOOOOOOS----OOOOOOOOOO.....",
			innocent: []string{span("eni-1", 0, 600), span("eni-2", 100, 500), quiet("eni-3", "NODATA", 0, 600)},
		},
		"import-balance": { // guesses are rows of object 3
			found:   []string{noObject, object(3, 100, 90, 3, "NULL"), guesses(90, "'www.corp.example'", "i", "1")},
			subject: "severity, kind, object_id, difference, lost", want: "high object 3 7 0",
			innocent: []string{noObject, object(3, 100, 97, 3, "NULL"), guesses(97, "'www.corp.example'", "i", "1")},
		},
		"dns-logging-hole": {
			found: []string{hosts, logsDNS, asks(5, "'10.0.0.2'", "'www.example'", "'www.example'", "i", "1"),
				flows(40, out+1, "'10.0.0.1'", "'203.0.113.' || i", "40000 + i", "443", "3600 + i", "900", "3")},
			subject: "severity, kind, src, connections, places, others_asking", want: "medium host 10.0.0.1 40 40 1",
			innocent: []string{hosts, logsDNS, asks(5, "'10.0.0.2'", "'www.example'", "'www.example'", "i", "1"),
				flows(400, out+2, "'10.0.0.2'", "'203.0.113.' || i % 200", "40000 + i", "443", "3600 + i", "900", "3"), // asks
				flows(40, out+2, "'10.0.0.22'", "'203.0.113.' || i", "40000 + i", "443", "3600 + i", "900", "3"),       // asks by its other address
				flows(19, out+3, "'10.0.0.3'", "'203.0.113.' || i", "40000 + i", "443", "3600 + i", "900", "3"),        // too few
				flows(400, out+4, "'10.0.0.4'", "'203.0.113.9'", "123", "123", "3600 + 640 * i", "76", "0"),            // time
				flows(400, in+5, "'203.0.113.9'", "'10.0.0.5'", "40000 + i", "443", "3600 + i", "900", "3"),            // a server
				flows(400, out+6, "'10.0.0.6'", "'203.0.113.9'", "40000 + i", "443", "900000 + i", "900", "3"),         // after the log's end
				flows(400, out+9, "'10.0.0.9'", "'203.0.113.9'", "40000 + i", "443", "3600 + i", "900", "3")},          // its VPC has no log
		},
	} {
		huntCases[id] = c
	}
}

// What the hunts tell apart, beside the best finding of each: columns of all findings, best first.
var toldApart = []struct {
	hunt, columns, want string
	given               map[string]string
	rows                []string
}{
	{hunt: "coverage-matrix", columns: "source, severity, holes, before_first, after_last", want: "eni-1 info 0 0 0 / eni-2 info 0 10 10 / vpc-1 info 0 0 0 / vpc-9 info 0 0 0",
		rows: []string{span("eni-1", 0, 600), span("eni-2", 100, 500)}},
	{hunt: "coverage-matrix", columns: "source, covered", want: "eni-2 5 / eni-1 6", given: map[string]string{"from": "2026-11-02", "to": "2026-11-02 01:00"},
		rows: []string{span("eni-1", 0, 600), span("eni-2", 0, 10), span("eni-2", 20, 600)}},
	{hunt: "import-balance", columns: "kind, severity, difference, lost", want: "object high 0 2 / sheet medium 0 2",
		rows: []string{noObject, object(3, 100, 90, 10, "NULL"), guesses(88, "'www.corp.example'", "i", "1")}},
	{hunt: "import-balance", columns: "kind, severity, object_id", want: "object medium 3 / sheet info",
		rows: []string{noObject, object(3, 9, 9, 0, "'page cut short'"), guesses(9, "'www.corp.example'", "i", "1")}},
	{hunt: "dns-logging-hole", columns: "kind, severity, src, hosts", want: "VPC low 10.0.0.9 1",
		rows: []string{hosts, logsDNS, flows(400, out+9, "'10.0.0.9'", "'203.0.113.9'", "40000 + i", "443", "3600 + i", "900", "3")}},
}

func TestFlowHuntsTellApart(t *testing.T) {
	set := builtins(t)
	db := emptyCase(t)
	run(t, db, "CREATE TEMP MACRO v4(a) AS ((ip(a) - 281470681743360::UHUGEINT)::UINTEGER)")
	for _, c := range toldApart {
		t.Run(c.hunt, func(t *testing.T) {
			staged(t, db, c.rows)
			text, args, err := set.Get(c.hunt).Bind(c.given)
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Split(strings.TrimSpace(answer(t, db, "SELECT concat_ws(' ', "+c.columns+") AS finding FROM ("+text+")", args)), "\n")[1:]
			if strings.Join(got, " / ") != c.want {
				t.Errorf("got %s\nwant %s", strings.Join(got, " / "), c.want)
			}
		})
	}
}
