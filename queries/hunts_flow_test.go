package queries

import (
	"fmt"
	"maps"
	"strings"
	"testing"
)

// The hunts that are mainly about flows: coverage, pictures of a host, doors, and what is new or rare.

// hosts gives hosts 1 to 9 an interface each: contexts 20+k out, 40+k in, 60+k out refused, 80+k in refused, all of vpc-1;
// host 9 is in vpc-7, whose Resolver log is not there.
const hosts = `INSERT INTO store.flow_context
	(context_id, capture, interface_id, instance_id, vpc_id, action, log_status, flow_direction)
	SELECT 20 + 20 * w + k, 'incident', 'eni-' || k, 'i-' || k, CASE WHEN k = 9 THEN 'vpc-7' ELSE 'vpc-1' END,
		CASE WHEN w < 2 THEN 'ACCEPT' ELSE 'REJECT' END, 'OK', CASE WHEN w % 2 = 0 THEN 'egress' ELSE 'ingress' END
	FROM range(4) a(w), range(1, 10) b(k)`

const (
	out     = 20
	in      = 40
	noOut   = 60
	noIn    = 80
	logsDNS = "INSERT INTO derived.minute (log_type, capture, source, status, minute, records) " +
		"SELECT 'dns', 'incident', 'vpc-1', 'NOERROR', TIMESTAMP '2026-11-02' + to_minutes(i), 1 FROM range(0, 4000, 5) t(i)"
	logsFlow = "INSERT INTO derived.minute (log_type, capture, source, status, minute, records) " +
		"SELECT 'flow', 'incident', 'eni-1', 'OK', TIMESTAMP '2026-11-02' + to_minutes(i), 1 FROM range(0, 4000, 5) t(i)"
	resolved = "UPDATE store.dns SET answers_n = 1 WHERE context_id = 1"
	noObject = "DELETE FROM store.object"
)

// skipped makes the minutes [from, to) that AWS skipped.
func skipped(iface string, from, to int) string { return quiet(iface, "SKIPDATA", from, to) }

func quiet(iface, status string, from, to int) string {
	return fmt.Sprintf("INSERT INTO derived.span SELECT 'flow', 'incident', '%s', '%s', TIMESTAMP '2026-11-02' + to_minutes(i) "+
		"FROM range(%d, %d) t(i)", iface, status, from, to)
}

// object makes a source object of zone records that says how many of them it has.
func object(id, read, rows, rejected int, problem string) string {
	return fmt.Sprintf(`INSERT INTO store.object (object_id, sha256, size, source_kind, uri, acquired_at, capture, log_type,
			"read", "rows", headers, blank, outside, duplicate, unread, rejected, problem)
		VALUES (%d, 'aa', 1, 'local', 'file:///e/%d', '2026-11-10', 'incident', 'zone', %d, %d, 0, 0, 0, 0, 0, %d, %s)`,
		id, id, read, rows, rejected, problem)
}

// twelveHosts is twelve hosts that call one place for three days.
var twelveHosts = talk("out", 8, 144, "'10.0.0.' || (1 + i % 12)", "'203.0.113.8'", "443", "1800 * i", 90000)

// answered makes an answer: client was given address for name.
func answered(client, address, name string, second int) string {
	return fmt.Sprintf(`INSERT INTO store.dns_answer SELECT 2, 1000 + (SELECT count(*) FROM store.dns_answer), 1, 1,
		TIMESTAMP '2026-11-02' + to_seconds(%d), '%s', v4('%s'), NULL, '%s', 1, v4('%s'), NULL, false`,
		second, name, client, address, address)
}

// sends is talk with bytes for both directions, from the client and to it.
func sends(direction string, k, n int, client, server, port, second string, there, back int) string {
	return strings.Replace(talk(direction, k, n, client, server, port, second, back), ", 2000, ", fmt.Sprintf(", %d, ", there), 1)
}

// given makes an answer for each i; asks makes the queries.
func given(n int, client, name, address, second string) string {
	return fmt.Sprintf(`INSERT INTO store.dns_answer SELECT 2, 1000 + (SELECT count(*) FROM store.dns_answer) + i, 1, 1,
		TIMESTAMP '2026-11-02' + to_seconds((%s)::BIGINT), %s, v4(%s), NULL, %s, 1, v4(%s), NULL, false FROM range(%d) t(i)`,
		second, name, client, address, address, n)
}

// talk makes n answered connections at the interface of host k, client first, direction in or out.
func talk(direction string, k, n int, client, server, port, second string, back int) string {
	there, again := out+k, in+k
	if direction == "in" {
		there, again = again, there
	}
	return flows(n, there, client, server, "50000 + i", port, second, "2000", "3") + ";\n" +
		flows(n, again, server, client, port, "50000 + i", second, fmt.Sprint(back), "19")
}

// friend is one answered connection between inside hosts.
func friend(k int, client, server, port string, second int) string {
	return talk("out", k, 1, "'"+client+"'", "'"+server+"'", port, fmt.Sprint(second), 90000)
}

// threeDays has a pair talk at the begin and the end of three days, which are the capture's time then.
func threeDays(client, server string, k int) string {
	return talk("out", k, 2, "'"+client+"'", "'"+server+"'", "443", "259200 * i", 900)
}

var flowHunts = map[string]huntCase{
	"coverage-matrix": {
		found:   []string{span("eni-1", 0, 600), span("eni-2", 0, 200), skipped("eni-2", 200, 210), span("eni-2", 300, 500)},
		subject: "severity, source, covered, skipdata, holes, after_last, picture", want: "medium eni-2 40 1 9 10 OOOOOOOOOOS----OOOOOOOOOO.....",
		innocent: []string{span("eni-1", 0, 600), span("eni-2", 100, 500), quiet("eni-3", "NODATA", 0, 600)},
	},
	"import-balance": {
		found:   []string{noObject, object(3, 100, 90, 3, "NULL")},
		subject: "severity, kind, object_id, difference", want: "high object 3 7",
		innocent: []string{noObject, object(3, 100, 97, 3, "NULL")},
	},
	"dns-logging-hole": {
		found: []string{
			hosts,
			logsDNS,
			asks(5, "'10.0.0.2'", "'www.example'", "'www.example'", "i", "1"),
			flows(40, out+1, "'10.0.0.1'", "'203.0.113.' || i", "40000 + i", "443", "3600 + i", "900", "3"),
		},
		subject: "severity, kind, src, connections, places, others_asking", want: "medium host 10.0.0.1 40 40 1",
		innocent: []string{
			hosts,
			logsDNS,
			asks(5, "'10.0.0.2'", "'www.example'", "'www.example'", "i", "1"),
			flows(400, out+2, "'10.0.0.2'", "'203.0.113.' || i % 200", "40000 + i", "443", "3600 + i", "900", "3"), // asks
			flows(40, out+2, "'10.0.0.22'", "'203.0.113.' || i", "40000 + i", "443", "3600 + i", "900", "3"),       // asks by its other address
			flows(19, out+3, "'10.0.0.3'", "'203.0.113.' || i", "40000 + i", "443", "3600 + i", "900", "3"),        // too few
			flows(400, out+4, "'10.0.0.4'", "'203.0.113.9'", "123", "123", "3600 + 640 * i", "76", "0"),            // time
			flows(400, in+5, "'203.0.113.9'", "'10.0.0.5'", "40000 + i", "443", "3600 + i", "900", "3"),            // a server
			flows(400, out+6, "'10.0.0.6'", "'203.0.113.9'", "40000 + i", "443", "900000 + i", "900", "3"),         // after the log's end
			flows(400, out+9, "'10.0.0.9'", "'203.0.113.9'", "40000 + i", "443", "3600 + i", "900", "3"),           // its VPC has no log
		},
	},
	"who-did-it-talk-to": {
		found: []string{
			hosts,
			flows(5, out+1, "'10.0.0.1'", "'203.0.113.9'", "40000 + i", "443", "i", "900000", "3"),
			flows(5, in+1, "'203.0.113.9'", "'10.0.0.1'", "443", "40000 + i", "i", "5000", "19"),
			flows(3, out+1, "'10.0.0.1'", "'10.0.0.2'", "41000 + i", "22", "i", "500", "3"),
			flows(3, in+2, "'10.0.0.1'", "'10.0.0.2'", "41000 + i", "22", "i", "500", "3"),
		},
		subject: "severity, src, connections, peers, bytes_to_peer, bytes_from_peer, interface_id", want: "info 10.0.0.1 8 2 4501500 25000 eni-1",
		// a picture is never more than info
		innocent: []string{hosts, flows(500, out+1, "'10.0.0.1'", "'203.0.113.9'", "40000 + i", "443", "i", "900000", "3")},
	},
	"top-talkers": {
		found: []string{
			hosts,
			flows(5, out+1, "'10.0.0.1'", "'203.0.113.9'", "40000 + i", "443", "i", "900000", "3"),
			flows(5, in+1, "'203.0.113.9'", "'10.0.0.1'", "443", "40000 + i", "i", "5000", "19"),
			flows(3, out+1, "'10.0.0.1'", "'10.0.0.2'", "41000 + i", "22", "i", "1000000", "3"),
			flows(3, in+2, "'10.0.0.1'", "'10.0.0.2'", "41000 + i", "22", "i", "1000000", "3"),
		},
		subject:  "severity, src, dst, dstport, bytes_to_peer, bytes_from_peer, direction, share",
		want:     "info 10.0.0.1 203.0.113.9 443 4500000 25000 out 0.6013",
		innocent: []string{hosts, flows(500, out+1, "'10.0.0.1'", "'203.0.113.9'", "40000 + i", "443", "i", "90000000", "3")},
	},
	"refused-traffic": {
		found: []string{
			hosts,
			flows(200, noOut+1, "'10.0.0.1'", "'203.0.113.9'", "40000 + i", "4444", "300 * i", "60", "2"),
			flows(4000, noIn+1, "'198.51.100.' || i % 250", "'10.0.0.1'", "40000 + i", "i % 600", "i", "60", "2"),
		},
		subject: "severity, direction, src, dst, dstport, tries, let_through", want: "medium out 10.0.0.1 203.0.113.9 4444 200 0",
		innocent: []string{
			hosts,
			// strangers
			flows(9000, noIn+1, "'198.51.100.' || i % 250", "'10.0.0.1'", "40000 + i", "i % 600", "i", "60", "2"),
			// a few tries
			flows(19, noOut+1, "'10.0.0.1'", "'203.0.113.9'", "40000 + i", "4444", "300 * i", "60", "2"),
			// time
			flows(300, noOut+2, "'10.0.0.2'", "'203.0.113.10'", "40000 + i", "123", "300 * i", "76", "0"),
			// let through later
			flows(100, noOut+3, "'10.0.0.3'", "'203.0.113.11'", "40000 + i", "443", "i", "60", "2"),
			flows(9, out+3, "'10.0.0.3'", "'203.0.113.11'", "50000 + i", "443", "9000 + i", "600", "3"),
			flows(9, in+3, "'203.0.113.11'", "'10.0.0.3'", "443", "50000 + i", "9000 + i", "600", "19"),
			// replies refused
			flows(100, in+4, "'203.0.113.12'", "'10.0.0.4'", "40000 + i", "443", "i", "60", "2"),
			flows(100, noOut+4, "'10.0.0.4'", "'203.0.113.12'", "443", "40000 + i", "i", "60", "18"),
		},
	},
	"open-admin-doors": {
		found: []string{
			hosts,
			talk("in", 1, 60, "'100.' || i || '.0.9'", "'10.0.0.1'", "22", "90000 + 60 * i", 3000),
			flows(9, noIn+1, "'101.99.' || i || '.9'", "'10.0.0.1'", "50000 + i", "22", "600 * i", "60", "2"),
		},
		subject: "severity, dst, dstport, connections, networks, opened_at", want: "high 10.0.0.1 22 60 60 2026-11-03 01:00:00",
		innocent: []string{
			hosts,
			talk("in", 1, 60, "'100.7.7.' || i", "'10.0.0.1'", "22", "90000 + 60 * i", 3000),                         // one network: an office
			flows(60, in+2, "'100.' || i || '.0.9'", "'10.0.0.2'", "50000 + i", "3389", "90000 + 60 * i", "60", "2"), // nothing answers
			talk("in", 3, 60, "'100.' || i || '.0.9'", "'10.0.0.3'", "443", "90000 + 60 * i", 3000),                  // meant to be public
			talk("in", 4, 60, "'10.0.1.' || i", "'10.0.0.4'", "22", "90000 + 60 * i", 3000),                          // from inside
			flows(90, noIn+5, "'100.' || i || '.0.9'", "'10.0.0.5'", "50000 + i", "22", "90000 + 60 * i", "60", "2"), // refused
		},
	},
	"long-connections": { // records of one connection, a minute apart, from half an hour after the capture's begin
		found: []string{
			hosts,
			flows(1, out+1, "'10.0.0.1'", "'203.0.113.8'", "30000", "443", "0", "60", "3"),
			flows(300, out+1, "'10.0.0.1'", "'203.0.113.9'", "40000", "443", "1800 + 60 * i", "900", "0"),
			flows(1, out+1, "'10.0.0.1'", "'203.0.113.8'", "30001", "443", "40000", "60", "3"),
		},
		subject: "severity, direction, src, dst, dstport, connections, hours, parts", want: "medium out 10.0.0.1 203.0.113.9 443 1 4.98 1",
		innocent: []string{
			hosts,
			flows(1, out+1, "'10.0.0.1'", "'203.0.113.8'", "30000", "443", "0", "60", "3"),
			// a connection a minute
			flows(300, out+1, "'10.0.0.1'", "'203.0.113.9'", "40000 + i", "443", "1800 + 60 * i", "900", "3"),
			// the port used again, each with a SYN
			flows(30, out+1, "'10.0.0.1'", "'203.0.113.10'", "40000", "443", "1800 + 1200 * i", "900", "3"),
			// not an hour
			flows(50, out+1, "'10.0.0.1'", "'203.0.113.11'", "40000", "443", "1800 + 60 * i", "900", "0"),
			// time
			flows(900, out+1, "'10.0.0.1'", "'203.0.113.12'", "123", "123", "1800 + 64 * i", "76", "0"),
			// a database
			flows(900, out+1, "'10.0.0.1'", "'10.0.0.2'", "40000", "5432", "1800 + 60 * i", "900", "0"),
			// refused
			flows(900, noOut+1, "'10.0.0.1'", "'203.0.113.13'", "40000", "443", "1800 + 60 * i", "60", "2"),
			// named
			answered("10.0.0.3", "203.0.113.14", "push.example", 1700),
			flows(900, out+3, "'10.0.0.3'", "'203.0.113.14'", "40000", "443", "1800 + 60 * i", "900", "0"),
		},
	},
	"new-inside-friends": { // T0 is two hours before the pair first talked
		found: []string{
			hosts,
			threeDays("10.0.2.8", "10.0.3.8", 5),
			friend(1, "10.0.1.1", "10.0.3.1", "443", 100),
			friend(2, "10.0.2.2", "10.0.4.4", "443", 100),
			friend(2, "10.0.2.2", "10.0.4.4", "22", 130000),
		},
		subject: "severity, src, dst, dstport, t0_used, new_between_subnets, new_port_for_client, both_old",
		want:    "high 10.0.2.2 10.0.4.4 22 2026-11-03 10:06:40 true true true",
		innocent: []string{
			hosts,
			threeDays("10.0.2.8", "10.0.3.8", 5),
			// knew each other
			friend(1, "10.0.2.1", "10.0.3.1", "22", 100),
			friend(1, "10.0.2.1", "10.0.3.1", "22", 150000),
			// did so before, at another
			friend(2, "10.0.2.2", "10.0.3.2", "443", 100),
			friend(2, "10.0.2.2", "10.0.3.1", "22", 120),
			friend(2, "10.0.2.2", "10.0.3.2", "22", 130000),
			// a new machine like others
			friend(3, "10.0.2.77", "10.0.3.1", "22", 140000),
			// scaled out
			friend(4, "10.0.2.4", "10.0.4.4", "8080", 100),
			friend(4, "10.0.2.5", "10.0.4.4", "8080", 140000),
			friend(4, "10.0.2.5", "10.0.4.4", "443", 100),
			friend(5, "10.0.2.9", "10.0.3.8", "443", 100),
			// a sweep that nobody answers
			flows(50, out+5, "'10.0.2.9'", "'10.0.6.' || i", "50000 + i", "22", "150000 + i", "60", "2"),
		},
	},
	"rare-outside-place": { // twelve hosts talk for three days
		found:   []string{hosts, twelveHosts, talk("out", 1, 40, "'10.0.0.1'", "'203.0.113.140'", "443", "150000 + 900 * i", 900000)},
		subject: "severity, direction, src, dst, dstport, hosts, all_hosts, hours", want: "medium out 10.0.0.1 203.0.113.140 443 1 12 11",
		innocent: []string{
			hosts,
			twelveHosts,
			// everybody's
			talk("out", 2, 40, "'10.0.0.' || (1 + i % 12)", "'203.0.113.141'", "443", "150000 + 900 * i", 900000),
			// there from the beginning
			talk("out", 3, 40, "'10.0.0.3'", "'203.0.113.142'", "443", "9000 + 900 * i", 900000),
			// once, and hardly a byte
			talk("out", 4, 1, "'10.0.0.4'", "'203.0.113.143'", "443", "150000", 900),
			// time servers
			talk("out", 5, 40, "'10.0.0.5'", "'203.0.113.145'", "123", "150000 + 900 * i", 900000),
			// a public door
			talk("in", 6, 90, "'198.51.100.' || i", "'10.0.0.6'", "443", "150000 + 60 * i", 90000),
			// refused
			flows(40, noOut+7, "'10.0.0.7'", "'203.0.113.144'", "50000 + i", "443", "150000 + 900 * i", "90000", "2"),
		},
	},
	"asked-but-never-called": {
		found: []string{
			hosts,
			logsFlow,
			asks(400, "'10.0.0.1'", "'v' || i || '.c2.example'", "'c2.example'", "60 * i", "1"),
			given(400, "'10.0.0.1'", "'v' || i || '.c2.example'", "'198.51.100.' || i % 90", "60 * i"),
			resolved,
			talk("out", 1, 9, "'10.0.0.1'", "'203.0.113.9'", "443", "900 * i", 900),
		},
		subject: "severity, client, registered_domain, queries, names, addresses, clients", want: "medium 10.0.0.1 c2.example 400 400 90 1",
		innocent: []string{
			hosts,
			logsFlow,
			resolved,
			talk("out", 1, 9, "'10.0.0.1'", "'203.0.113.9'", "443", "900 * i", 900),
			// hardly ever answered
			asks(400, "'10.0.0.1'", "'v' || i || '.gone.example'", "'gone.example'", "60 * i", "2"),
			given(1, "'10.0.0.1'", "'v' || i || '.gone.example'", "'198.51.106.1'", "60"),
			// called once
			asks(400, "'10.0.0.1'", "'v' || i || '.cdn.example'", "'cdn.example'", "60 * i", "1"),
			given(400, "'10.0.0.1'", "'v' || i || '.cdn.example'", "'198.51.101.' || i % 90", "60 * i"),
			talk("out", 1, 1, "'10.0.0.1'", "'198.51.101.7'", "443", "80000", 900),
			// calls it
			asks(400, "'10.0.0.1'", "'v' || i || '.peer.example'", "'peer.example'", "60 * i", "1"),
			given(400, "'10.0.0.1'", "'v' || i || '.peer.example'", "'198.51.102.' || i % 90", "60 * i"),
			talk("in", 1, 1, "'198.51.102.7'", "'10.0.0.1'", "443", "80000", 900),
			// asked ahead
			asks(19, "'10.0.0.1'", "'v' || i || '.few.example'", "'few.example'", "60 * i", "1"),
			given(19, "'10.0.0.1'", "'v' || i || '.few.example'", "'198.51.103.' || i", "60 * i"),
			// no address
			asks(400, "'10.0.0.1'", "'v' || i || '.mail.example'", "'mail.example'", "60 * i", "3"),
			// its flows are not logged
			asks(400, "'10.0.0.8'", "'v' || i || '.far.example'", "'far.example'", "60 * i", "1"),
			given(400, "'10.0.0.8'", "'v' || i || '.far.example'", "'198.51.104.' || i % 90", "60 * i"),
			// when there are no flow logs
			asks(400, "'10.0.0.1'", "'v' || i || '.late.example'", "'late.example'", "900000 + 60 * i", "1"),
			given(400, "'10.0.0.1'", "'v' || i || '.late.example'", "'198.51.105.' || i % 90", "900000 + 60 * i"),
			resolved,
		},
	},
	"mostly-sending": {
		found:   []string{hosts, twelveHosts, sends("out", 1, 6, "'10.0.0.1'", "'203.0.113.140'", "443", "90000 + 500 * i", 700000000, 9000000)},
		subject: "severity, direction, src, dst, dstport, connections, bytes_to_peer, ratio", want: "medium out 10.0.0.1 203.0.113.140 443 6 4200000000 0.975",
		innocent: []string{
			hosts,
			twelveHosts,
			// a good deal comes back
			sends("out", 1, 6, "'10.0.0.1'", "'203.0.113.141'", "443", "90000 + 500 * i", 700000000, 90000000),
			// not much
			sends("out", 2, 9, "'10.0.0.2'", "'203.0.113.142'", "443", "90000 + 500 * i", 1000000, 900),
			// every hour
			sends("out", 3, 70, "'10.0.0.3'", "'203.0.113.143'", "443", "3600 * i", 900000000, 900),
			// a public service
			sends("in", 4, 40, "'198.51.100.' || i", "'10.0.0.4'", "443", "90000 + 500 * i", 9000, 90000000),
			// one way only
			flows(6, out+9, "'10.0.0.9'", "'203.0.113.144'", "40000 + i", "443", "90000 + 500 * i", "700000000", "3"),
			// inside
			sends("out", 5, 6, "'10.0.0.5'", "'10.0.0.6'", "443", "90000 + 500 * i", 700000000, 9000),
		},
	},
}

func init() { maps.Copy(huntCases, flowHunts) }

// What the hunts tell apart, beside the best finding of each: columns of all findings, best first.
var toldApart = []struct {
	hunt, columns, want string
	given               map[string]string
	rows                []string
}{
	{
		hunt:    "coverage-matrix",
		columns: "source, severity, holes, before_first, after_last",
		want:    "eni-1 info 0 0 0 / eni-2 info 0 10 10 / vpc-1 info 0 0 0 / vpc-9 info 0 0 0",
		rows:    []string{span("eni-1", 0, 600), span("eni-2", 100, 500)},
	},
	{
		hunt:    "coverage-matrix",
		columns: "source, covered",
		given:   map[string]string{"from": "2026-11-02", "to": "2026-11-02 01:00"},
		want:    "eni-2 5 / eni-1 6",
		rows:    []string{span("eni-1", 0, 600), span("eni-2", 0, 10), span("eni-2", 20, 600)},
	},
	{
		hunt:    "import-balance",
		columns: "kind, severity, object_id, difference, kept, rejected",
		want:    "object high 4 -1 95 6 / object medium 5 0 9 0 / sheet low -1 194 16",
		rows:    []string{noObject, object(3, 100, 90, 10, "NULL"), object(4, 100, 95, 6, "NULL"), object(5, 9, 9, 0, "'page cut short'")},
	},
	{
		hunt:    "import-balance",
		columns: "kind, severity, rejected",
		want:    "sheet medium 11",
		rows:    []string{noObject, object(3, 100, 89, 11, "NULL")},
	},
	{
		hunt:    "dns-logging-hole",
		columns: "kind, severity, src, hosts",
		want:    "VPC low 10.0.0.9 1",
		rows:    []string{hosts, logsDNS, flows(400, out+9, "'10.0.0.9'", "'203.0.113.9'", "40000 + i", "443", "3600 + i", "900", "3")},
	},
	{
		hunt:    "who-did-it-talk-to",
		columns: "src, dst, dstport, direction, connections, bytes_to_peer, bytes_from_peer, interface_id, name, names",
		given:   map[string]string{"host": "10.0.0.2"},
		want: "10.0.0.1 10.0.0.2 22 inside 3 0 1500 eni-2 / " +
			"10.0.0.2 203.0.113.9 443 out 2 1000 0 eni-2 a.example a.example b.example / " +
			"10.0.0.2 203.0.113.9 443 out 1 500 0 eni-2 b.example a.example b.example",
		rows: []string{
			hosts,
			answered("10.0.0.2", "203.0.113.9", "b.example", 0),
			answered("10.0.0.2", "203.0.113.9", "a.example", 80),
			flows(2, out+2, "'10.0.0.2'", "'203.0.113.9'", "40000 + i", "443", "20 + 200 * i", "500", "3"),
			flows(1, out+2, "'10.0.0.2'", "'203.0.113.9'", "45000", "443", "10", "500", "3"),
			flows(3, out+1, "'10.0.0.1'", "'10.0.0.2'", "41000 + i", "22", "i", "500", "3"),
			flows(3, in+2, "'10.0.0.1'", "'10.0.0.2'", "41000 + i", "22", "i", "500", "3"),
		},
	},
	{
		hunt:    "who-did-it-talk-to",
		columns: "src, connections, regexp_extract(reason, 'host .*')",
		given:   map[string]string{"hosts": "1"},
		want:    "10.0.0.1 5 host 1 of 2 by bytes (1 are shown)",
		rows: []string{
			hosts,
			flows(5, out+1, "'10.0.0.1'", "'203.0.113.9'", "40000 + i", "443", "i", "900", "3"),
			flows(2, out+2, "'10.0.0.2'", "'203.0.113.9'", "40000 + i", "443", "i", "900", "3"),
		},
	},
	{
		hunt:    "refused-traffic",
		columns: "severity, kind, direction, src, dst, tries, sources, ports, let_through",
		want: "medium refused inside 10.0.0.1 10.0.0.2 40 1 40 0 / low refused out 10.0.0.3 203.0.113.11 100 1 1 9 / " +
			"low half refused in 203.0.113.12 10.0.0.4 100 1 1 / info refused in 10.0.0.1 900 250 600",
		rows: refusals,
	},
	{
		hunt:    "open-admin-doors",
		columns: "severity, src, dst, dstport, answered, networks",
		want: "high 203.0.113.9 10.0.0.1 6379 3 1 / medium 203.0.113.9 10.0.0.4 9200 3 1 / medium 10.0.0.2 22 60 60 / " +
			"low 10.0.0.3 3389 0 60 / low 203.0.113.9 10.0.0.5 22 0 1",
		rows: []string{
			hosts,
			talk("in", 1, 3, "'203.0.113.9'", "'10.0.0.1'", "6379", "90000 + 60 * i", 30000),
			talk("in", 4, 3, "'203.0.113.9'", "'10.0.0.4'", "9200", "90000 + 60 * i", 30000),
			flows(2, noIn+4, "'101.' || i || '.0.9'", "'10.0.0.4'", "50000 + i", "9200", "90000 + 60 * i", "60", "2"),
			talk("in", 2, 60, "'100.' || i || '.0.9'", "'10.0.0.2'", "22", "60 * i", 3000),
			flows(9, noIn+5, "'101.99.' || i || '.9'", "'10.0.0.5'", "50000 + i", "22", "600 * i", "60", "2"),
			flows(1, in+5, "'203.0.113.9'", "'10.0.0.5'", "50000", "22", "90000", "60", "2"),
			flows(60, in+3, "'100.' || i || '.0.9'", "'10.0.0.3'", "50000 + i", "3389", "90000 + 60 * i", "60", "2"),
		},
	},
	{
		hunt:    "long-connections",
		columns: "severity, direction, src, dst, dstport, connections, parts, hours",
		want:    "low in 203.0.113.9 10.0.0.1 22 1 1 2.98 / info inside 10.0.0.1 10.0.0.2 5432 2 7 2.5",
		rows: []string{
			hosts,
			flows(180, in+1, "'203.0.113.9'", "'10.0.0.1'", "40000", "22", "60 * i", "900", "0"),
			flows(7, out+1, "'10.0.0.1'", "'10.0.0.2'", "40000", "5432", "1500 * i", "900", "0"),
			flows(7, out+1, "'10.0.0.1'", "'10.0.0.2'", "41000", "5432", "1500 * i", "900", "0"),
		},
	},
	{
		hunt:    "new-inside-friends",
		columns: "severity, src, dst, dstport, t0_given",
		given:   map[string]string{"t0": "2026-11-02 03:00"},
		want:    "info 10.0.2.2 10.0.4.4 22 true / info 10.0.2.8 10.0.3.9 49152 true",
		rows: []string{
			hosts,
			threeDays("10.0.2.8", "10.0.3.8", 5),
			friend(2, "10.0.2.2", "10.0.4.4", "443", 100),
			friend(2, "10.0.2.2", "10.0.4.4", "22", 130000),
			friend(5, "10.0.2.8", "10.0.3.9", "49152", 130000),
			friend(5, "10.0.2.8", "10.0.3.9", "49160", 131000),
			friend(6, "10.0.2.8", "10.0.3.10", "50000", 130),
			friend(6, "10.0.2.8", "10.0.3.10", "50007", 140000),
		},
	},
	{
		hunt:    "new-inside-friends",
		columns: "severity, src, dst, dstport",
		given:   map[string]string{"t0": "2026-11-02 12:00"},
		want:    "high 10.0.2.2 10.0.4.4 22",
		rows: []string{
			hosts,
			threeDays("10.0.2.8", "10.0.3.8", 5),
			friend(2, "10.0.2.2", "10.0.4.4", "443", 100),
			friend(2, "10.0.2.2", "10.0.4.4", "22", 60000),
		},
	},
	{
		hunt:    "rare-outside-place",
		columns: "severity, direction, src, dst, dstport, hosts, hours",
		given:   map[string]string{"t0": "2026-11-03"},
		want:    "low in 198.51.100.2 10.0.0.1 22 2 2",
		rows: []string{
			hosts,
			twelveHosts,
			talk("in", 1, 9, "'198.51.100.1'", "'10.0.0.1'", "22", "9000 * i", 9000),
			talk("in", 1, 2, "'198.51.100.2'", "'10.0.0.1'", "22", "90000 + 3600 * i", 9000),
		},
	},
	{
		hunt:    "rare-outside-place",
		columns: "severity, registered_domain, dst, hosts, connections",
		given:   map[string]string{"t0": "2026-11-03"},
		want:    "low evil.co.uk 203.0.113.51 1 2",
		rows: []string{
			hosts,
			twelveHosts,
			asks(2, "'10.0.0.1'", "['a', 'b'][1 + i] || '.evil.co.uk'", "'evil.co.uk'", "90000", "1"),
			asks(2, "'10.0.0.' || (1 + i)", "['a', 'b'][1 + i] || '.good.example'", "'good.example'", "90000", "1"),
			answered("10.0.0.1", "203.0.113.50", "a.evil.co.uk", 90000),
			answered("10.0.0.1", "203.0.113.51", "b.evil.co.uk", 90000),
			talk("out", 1, 2, "'10.0.0.1'", "'203.0.113.' || (50 + i)", "443", "90060 + i", 900),
			answered("10.0.0.1", "203.0.113.60", "a.good.example", 90000),
			answered("10.0.0.2", "203.0.113.61", "b.good.example", 90000),
			talk("out", 1, 2, "'10.0.0.' || (1 + i)", "'203.0.113.' || (60 + i)", "443", "90060 + i", 900),
		},
	},
	{
		hunt:    "rare-outside-place",
		columns: "severity",
		given:   map[string]string{"t0": "2026-11-02 02:00"},
		want:    "info",
		rows: []string{
			hosts,
			talk("out", 1, 9, "'10.0.0.1'", "'203.0.113.8'", "443", "900 * i", 900),
			talk("out", 1, 9, "'10.0.0.1'", "'203.0.113.9'", "443", "9000 + 900 * i", 900000),
		},
	},
	{
		hunt:    "mostly-sending",
		columns: "severity, direction, src, dst, dstport, bytes_to_peer, bytes_from_peer",
		want:    "medium in 198.51.100.1 10.0.0.4 22 540000000 54000 / low out 10.0.0.3 203.0.113.143 443 630000000 6300000",
		rows: []string{
			hosts,
			twelveHosts,
			sends("in", 4, 6, "'198.51.100.1'", "'10.0.0.4'", "22", "90000 + 500 * i", 9000, 90000000),
			sends("out", 3, 70, "'10.0.0.3'", "'203.0.113.143'", "443", "3600 * i", 9000000, 90000),
		},
	},
}

var refusals = []string{
	hosts,
	flows(40, noOut+1, "'10.0.0.1'", "'10.0.0.2'", "50000", "1 + i", "i", "60", "2"),
	flows(900, noIn+1, "'198.51.100.' || i % 250", "'10.0.0.1'", "40000 + i", "i % 600", "i", "60", "2"),
	flows(100, noOut+3, "'10.0.0.3'", "'203.0.113.11'", "40000 + i", "443", "i", "60", "2"),
	flows(9, out+3, "'10.0.0.3'", "'203.0.113.11'", "50000 + i", "443", "9000 + i", "600", "3"),
	flows(9, in+3, "'203.0.113.11'", "'10.0.0.3'", "443", "50000 + i", "9000 + i", "600", "19"),
	flows(100, in+4, "'203.0.113.12'", "'10.0.0.4'", "40000 + i", "443", "i", "60", "2"),
	flows(100, noOut+4, "'10.0.0.4'", "'203.0.113.12'", "443", "40000 + i", "i", "60", "18"),
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
