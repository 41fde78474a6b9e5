package queries

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// Somebody guesses paths, a form's password and an account's: what the hunts are to find of it, and what looks like it.

const (
	pathGuesser, formGuesser, doorGuesser = "203.0.113.9", "203.0.113.10", "203.0.113.66"

	guessedHost, guessedInstance = "10.0.1.5", "i-0a1b2c3d4e5f60718"
)

// guessHunts are what each hunt for guesses is to find.
var guessHunts = map[string]map[string]string{
	"path-guessing":   {"src": pathGuesser, "paths": "44", "requests": "44", "answered_path": "/.git/config"},
	"guessed-then-in": {"src": formGuesser, "path": "/login", "tries": "40", "other_status": "302", "pages_after": "2"},
	"first-log-in":    {"src": doorGuesser, "dst": guessedHost, "refused_before": "12", "way_in": "password"},
}

// guessedDay is the logs of a day with a web server and its auth log.
type guessedDay struct {
	name              string // of a day beside others: an id of an event is of one
	access, waf, flow bytes.Buffer
	events            []map[string]any
}

func (d *guessedDay) asked(at time.Time, client, method, uri string, status, size int) {
	fmt.Fprintf(&d.access, "%s - - [%s] \"%s %s HTTP/1.1\" %d %d \"-\" \"agent/1.0\"\n", client, at.Format("02/Jan/2006:15:04:05 -0700"),
		method, uri, status, size)
}

// guarded is a request that the web firewall has let through: both logs have it.
func (d *guessedDay) guarded(at time.Time, client, uri string, status int) {
	d.asked(at, client, "GET", uri, status, 300)
	d.firewalled(at, client, uri)
}

func (d *guessedDay) firewalled(at time.Time, client, uri string) {
	fmt.Fprintf(&d.waf, `{"timestamp":%d,"webaclId":"arn:aws:wafv2:us-east-2:123456789012:regional/webacl/web/1","terminatingRuleId":"Default_Action",`+
		`"terminatingRuleType":"REGULAR","action":"ALLOW","httpSourceName":"ALB","httpRequest":{"clientIp":%q,"headers":[],"uri":%q,"args":"",`+
		`"httpMethod":"GET","requestId":"r%d"}}`+"\n", at.UnixMilli(), client, uri, at.UnixMilli())
}

func (d *guessedDay) said(at time.Time, message string) {
	d.events = append(d.events, map[string]any{"logStreamName": guessedInstance + "/auth.log", "timestamp": at.UnixMilli(),
		"message": at.Format("Jan _2 15:04:05") + " web sshd[900]: " + message, "ingestionTime": at.UnixMilli() + 1500,
		"eventId": fmt.Sprint(d.name, len(d.events)+1)})
}

func (d *guessedDay) files() map[string][]byte {
	page, _ := json.Marshal(map[string]any{"events": d.events, "searchedLogStreams": []any{}})
	return map[string][]byte{"access.log": d.access.Bytes(), "waf.log": d.waf.Bytes(), "flow.log": d.flow.Bytes(), "host.json": page}
}

// quietDay is what happens anyway: customers, a crawler, a form that is sent often and one that is mistyped, an administrator.
func quietDay(name string) *guessedDay {
	d := &guessedDay{name: name}
	begin := time.Date(2026, 11, 2, 6, 0, 0, 0, time.UTC)
	for i := range 240 {
		at := begin.Add(time.Duration(i) * 3 * time.Minute)
		d.asked(at, fmt.Sprintf("198.51.100.%d", 1+i%90), "GET", fmt.Sprintf("/item/%d", i%30), 200, 4000+i)
		d.asked(at, "198.51.100.200", "POST", "/api/track", 204, 0)
		d.asked(at, "198.51.100.201", "GET", fmt.Sprintf("/page/%d", i), 200, 4000)
	}
	for i := range 30 { // a crawler, and dead links of which no scanner would ask for one
		d.asked(begin.Add(time.Hour+time.Duration(i)*9*time.Second), "198.51.100.202", "GET", fmt.Sprintf("/old/%d.html", i), 404, 300)
	}
	for i := range 4 {
		d.asked(begin.Add(2*time.Hour+time.Duration(i)*9*time.Second), "198.51.100.203", "POST", "/login", []int{401, 401, 401, 302}[i], 300)
	}
	d.said(begin, "Accepted publickey for ops from 198.51.100.20 port 50000 ssh2: ED25519 SHA256:abc")
	d.said(begin.Add(5*time.Hour), "Accepted publickey for ops from 198.51.100.21 port 50001 ssh2: ED25519 SHA256:abc")
	d.said(begin.Add(6*time.Hour), "Failed password for ops from 198.51.100.20 port 50002 ssh2")
	d.said(begin.Add(6*time.Hour), "Accepted password for ops from 198.51.100.20 port 50003 ssh2")
	d.flow.WriteString("version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status vpc-id subnet-id " +
		"instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id sublocation-type sublocation-id " +
		"pkt-src-aws-service pkt-dst-aws-service flow-direction\n")
	return d
}

// guessingDay is the same with the three who guess.
func guessingDay() map[string][]byte {
	d := quietDay("")
	at := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	for i := range 40 {
		d.guarded(at.Add(time.Duration(i)*4*time.Second), pathGuesser, fmt.Sprintf("/try-%d.php", i), 404)
		d.asked(at.Add(time.Duration(i)*7*time.Second), formGuesser, "POST", "/login", 401, 310)
	}
	for i, path := range []string{"/.env", "/wp-login.php", "/phpinfo.php", "/.git/config"} {
		d.guarded(at.Add(3*time.Minute+time.Duration(i)*time.Second), pathGuesser, path, []int{404, 404, 404, 200}[i])
	}
	d.asked(at.Add(5*time.Minute), formGuesser, "POST", "/login", 302, 20)
	d.asked(at.Add(5*time.Minute+time.Second), formGuesser, "GET", "/account", 200, 9000)
	d.asked(at.Add(6*time.Minute), formGuesser, "GET", "/account/export", 200, 90000)
	for i := range 12 {
		d.said(at.Add(time.Duration(i)*10*time.Second), fmt.Sprintf("Failed password for deploy from %s port %d ssh2", doorGuesser, 41000+i))
	}
	d.said(at.Add(3*time.Minute), "Accepted password for deploy from "+doorGuesser+" port 42964 ssh2")
	for i := range 15 {
		for _, side := range []string{doorGuesser + " " + guessedHost + " 42964 22", guessedHost + " " + doorGuesser + " 22 42964"} {
			var src, dst string
			var from, to int
			fmt.Sscan(side, &src, &dst, &from, &to)
			direction := map[string]string{doorGuesser: "ingress", guessedHost: "egress"}[src]
			start := at.Add(3*time.Minute + time.Duration(i)*time.Minute).Unix()
			fmt.Fprintf(&d.flow, "5 123456789012 eni-0web %s %s %d %d 6 20 2000 %d %d ACCEPT OK vpc-0a subnet-0a %s %d IPv4 %s %s - - - - - - %s\n",
				src, dst, from, to, start, start+58, guessedInstance, map[int]int{0: 2}[i], src, dst, direction)
		}
	}
	return d.files()
}

// plantedGuesses is how much of the three each hunt finds, at high.
func plantedGuesses(t *testing.T) map[string][2]int {
	db := loaded(t, guessingDay())
	of := map[string][2]int{}
	for hunt, about := range guessHunts {
		n := 0
		for _, f := range findingsOf(t, db, hunt, nil) {
			if f.about(about) && f.severity == "high" {
				n = 1
			} else {
				t.Logf("%s: %s %s", hunt, f.severity, f.reason)
			}
		}
		of[hunt] = [2]int{n, 1}
	}
	return of
}

func TestGuessesAreFound(t *testing.T) {
	for hunt, n := range plantedGuesses(t) {
		if n != [2]int{1, 1} {
			t.Errorf("%s: %d of %d", hunt, n[0], n[1])
		}
	}
	db := loaded(t, quietDay("").files())
	for hunt := range guessHunts {
		for _, f := range findingsOf(t, db, hunt, nil) {
			if f.serious() {
				t.Errorf("%s on a day without guesses: %s %s", hunt, f.severity, f.reason)
			}
		}
	}
}

// TestGuessesKeepToTheWindow: what lies outside it is in no sum, but a log-in is the first only where it is that of the whole case.
func TestGuessesKeepToTheWindow(t *testing.T) {
	db := loaded(t, guessingDay())
	for _, hunt := range []string{"path-guessing", "guessed-then-in"} {
		for _, f := range findingsOf(t, db, hunt, map[string]string{"from": "2026-11-02 12:04:30"}) {
			t.Errorf("%s after the guesses: %s %s", hunt, f.severity, f.reason)
		}
	}
	for _, f := range findingsOf(t, db, "first-log-in", map[string]string{"from": "2026-11-02 12:04:00"}) {
		t.Errorf("first-log-in after it: %s %s", f.severity, f.reason)
	}
}

// guessedOtherwise are days on which somebody guesses in another way, and what a hunt is to say of it; nothing where severity is empty.
var guessedOtherwise = map[string]struct {
	hunt, client string
	logs         func(*guessedDay, time.Time)
	severity     string
	about        map[string]string
	least        float64 // of the score
}{
	"in, and nothing more": {hunt: "guessed-then-in", client: formGuesser, severity: "medium", least: 0.6,
		about: map[string]string{"tries": "40", "tries_after": "0", "pages_after": "0"},
		logs: func(d *guessedDay, at time.Time) {
			d.posted(at, formGuesser, 401, 40)
			d.posted(at.Add(time.Hour/2), formGuesser, 302, 1)
		}},
	"in, and the form used on": {hunt: "guessed-then-in", client: formGuesser, severity: "medium",
		about: map[string]string{"tries": "40", "tries_after": "0", "rows": "41"},
		logs: func(d *guessedDay, at time.Time) {
			d.posted(at, formGuesser, 401, 40)
			d.posted(at.Add(time.Hour/2), formGuesser, 302, 20)
		}},
	"in, and on with other accounts": {hunt: "guessed-then-in", client: formGuesser, severity: "medium",
		about: map[string]string{"tries": "40", "tries_after": "35", "rows": "76"},
		logs: func(d *guessedDay, at time.Time) {
			for i := range 5 { // five accounts are opened
				d.posted(at.Add(time.Duration(i)*10*time.Minute), formGuesser, 401, map[bool]int{true: 40, false: 7}[i == 0])
				d.posted(at.Add(time.Duration(i)*10*time.Minute+5*time.Minute), formGuesser, 302, 1)
			}
			d.posted(at.Add(55*time.Minute), formGuesser, 401, 7)
		}},
	"a challenge before each answer": {hunt: "guessed-then-in", client: formGuesser, severity: "low",
		logs: func(d *guessedDay, at time.Time) {
			for i := range 60 { // NTLM asks twice
				d.posted(at.Add(time.Duration(i)*time.Minute), formGuesser, 401, 2)
				d.posted(at.Add(time.Duration(i)*time.Minute+30*time.Second), formGuesser, 200, 1)
			}
		}},
	"an interface with two answers": {hunt: "guessed-then-in", client: formGuesser,
		logs: func(d *guessedDay, at time.Time) {
			for i := range 6 {
				d.posted(at.Add(time.Duration(i)*10*time.Minute), formGuesser, 204, 30)
				d.posted(at.Add(time.Duration(i)*10*time.Minute+5*time.Minute), formGuesser, 200, 1)
			}
			d.posted(at.Add(2*time.Hour), formGuesser, 204, 1)
		}},
	"guesses beside many requests in another log": {hunt: "guessed-then-in", client: formGuesser, severity: "high",
		about: map[string]string{"tries": "40", "pages_after": "1"},
		logs: func(d *guessedDay, at time.Time) {
			for i := range 200 {
				d.firewalled(at.Add(time.Duration(i)*time.Second), formGuesser, fmt.Sprint("/", i))
			}
			d.posted(at, formGuesser, 401, 40)
			d.posted(at.Add(time.Hour/2), formGuesser, 302, 1)
			d.asked(at.Add(time.Hour/2+time.Minute), formGuesser, "GET", "/account", 200, 9000)
		}},
	"one path of the list, and it is there": {hunt: "path-guessing", client: pathGuesser, severity: "high",
		about: map[string]string{"answered_path": "/.git/config", "not_there": "30", "listed": "1"},
		logs: func(d *guessedDay, at time.Time) {
			for i := range 30 {
				d.guarded(at.Add(time.Duration(i)*time.Second), pathGuesser, fmt.Sprintf("/try-%d.php", i), 404)
			}
			d.guarded(at.Add(time.Minute), pathGuesser, "/.git/config", 200)
		}},
	"guesses among requests for a page that is there": {hunt: "path-guessing", client: pathGuesser, severity: "low",
		about: map[string]string{"paths": "31", "not_there": "30", "requests": "90"},
		logs: func(d *guessedDay, at time.Time) {
			for i := range 30 {
				d.guarded(at.Add(time.Duration(3*i)*time.Second), pathGuesser, fmt.Sprintf("/try-%d.php", i), 404)
				d.guarded(at.Add(time.Duration(3*i+1)*time.Second), pathGuesser, "/", 200)
				d.guarded(at.Add(time.Duration(3*i+2)*time.Second), pathGuesser, "/", 200)
			}
		}},
	"a server that answers everything": {hunt: "path-guessing", client: pathGuesser, severity: "medium",
		about: map[string]string{"listed": "4", "listed_answered": "4", "not_there": "0"},
		logs: func(d *guessedDay, at time.Time) {
			for i := range 30 {
				d.guarded(at.Add(time.Duration(i)*time.Second), pathGuesser, fmt.Sprintf("/try-%d.php", i), 200)
			}
			for i, path := range []string{"/.env", "/wp-login.php", "/phpinfo.php", "/.git/config"} {
				d.guarded(at.Add(time.Minute+time.Duration(i)*time.Second), pathGuesser, path, 200)
			}
		}},
	"more of it in the web firewall's log": {hunt: "path-guessing", client: pathGuesser, severity: "high",
		about: map[string]string{"paths": "34", "not_there": "33", "answered_path": "/.git/config"},
		logs: func(d *guessedDay, at time.Time) {
			for i := range 30 {
				d.guarded(at.Add(time.Duration(i)*time.Second), pathGuesser, fmt.Sprintf("/try-%d.php", i), 404)
				d.firewalled(at.Add(time.Duration(i)*time.Second), pathGuesser, "/.git/config")
			}
			for i, path := range []string{"/.env", "/wp-login.php", "/phpinfo.php", "/.git/config"} {
				d.guarded(at.Add(time.Minute+time.Duration(i)*time.Second), pathGuesser, path, []int{404, 404, 404, 200}[i])
			}
		}},
	"who came before the log was old enough": {hunt: "first-log-in", client: doorGuesser, severity: "medium",
		about: map[string]string{"outside_before": "2", "refused_before": "0"},
		logs: func(d *guessedDay, at time.Time) { // the quiet day's two: the first of them in its first hours
			d.said(at, "Accepted password for deploy from "+doorGuesser+" port 42964 ssh2")
		}},
	"a try of which there are three lines": {hunt: "first-log-in", client: doorGuesser, severity: "medium",
		about: map[string]string{"outside_before": "2", "refused_before": "2", "rows": "7"},
		logs: func(d *guessedDay, at time.Time) {
			for i := range 2 {
				d.said(at, fmt.Sprintf("Invalid user admin from %s port %d", doorGuesser, 41000+i))
				d.said(at, "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost="+doorGuesser)
				d.said(at, fmt.Sprintf("Failed password for invalid user admin from %s port %d ssh2", doorGuesser, 41000+i))
			}
			d.said(at.Add(time.Minute), "Accepted password for deploy from "+doorGuesser+" port 42964 ssh2")
		}},
	"the second address of a host": {hunt: "first-log-in", client: doorGuesser, severity: "medium",
		about: map[string]string{"dst": "10.0.1.9", "dstport": "22", "connection_minutes": "15"},
		logs: func(d *guessedDay, at time.Time) {
			d.flowed(at, "eni-0one", "198.51.100.30", "10.0.1.5", 40000, 443, 10)
			d.flowed(at, "eni-0two", doorGuesser, "10.0.1.9", 42964, 22, 900)
			d.said(at.Add(10*time.Second), "Accepted password for deploy from "+doorGuesser+" port 42964 ssh2")
		}},
}

// posted is a form that was sent a second apart, with the same answer each time.
func (d *guessedDay) posted(at time.Time, client string, status, times int) {
	for i := range times {
		d.asked(at.Add(time.Duration(i)*time.Second), client, "POST", "/login", status, 310)
	}
}

// flowed is a connection from outside to the guessed host, with its answers.
func (d *guessedDay) flowed(at time.Time, eni, client, server string, from, to, seconds int) {
	for i, side := range []string{client + " " + server, server + " " + client} {
		ports := [2][2]int{{from, to}, {to, from}}[i]
		fmt.Fprintf(&d.flow, "5 123456789012 %s %s %d %d 6 20 2000 %d %d ACCEPT OK vpc-0a subnet-0a %s %d IPv4 %s - - - - - - %s\n",
			eni, side, ports[0], ports[1], at.Unix(), at.Unix()+int64(seconds), guessedInstance, []int{2, 18}[i], side, []string{"ingress", "egress"}[i])
	}
}

// TestGuessesInOtherWays: each is a capture of one case.
func TestGuessesInOtherWays(t *testing.T) {
	captures := map[string]map[string][]byte{}
	capture := func(name string) string { return strings.NewReplacer(" ", "-", ",", "").Replace(name) }
	for name, c := range guessedOtherwise {
		d := quietDay(name)
		c.logs(d, time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC))
		captures[capture(name)] = d.files()
	}
	db := loadedAs(t, captures)
	for name, c := range guessedOtherwise {
		var of []found
		for _, f := range findingsOf(t, db, c.hunt, map[string]string{"capture": capture(name)}) {
			if f.text("src") == c.client {
				of = append(of, f)
			}
		}
		if c.severity == "" {
			if len(of) > 0 {
				t.Errorf("%s: %s %s", name, of[0].severity, of[0].reason)
			}
			continue
		}
		if len(of) != 1 || of[0].severity != c.severity || !of[0].about(c.about) || of[0].score < c.least {
			t.Errorf("%s: %d findings, want one, %s, of at least %v, with %v", name, len(of), c.severity, c.least, c.about)
			for _, f := range of {
				t.Errorf("%s %v %s: %v", f.severity, f.score, f.reason, f.row)
			}
		}
	}
}
