package queries

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"testing"
	"time"
)

// A site's day as its load balancer, its TLS listeners and its zone log it, and the same with five who do what the hunts look
// for; and a replay of its host.

const (
	taker, programmer, smuggler = "203.0.113.9", "203.0.113.10", "203.0.113.11"
	forger, guesser             = "203.0.113.12", "203.0.113.130"
)

// tierHunts are what each of these hunts is to find.
var tierHunts = map[string]map[string]string{
	"unusual-answers": {"src": webHost, "dst": taker, "path": "/api/export", "bytes_to_peer": "400000000", "page_is_own": "true", "requests": "8"},
	"odd-agents": {"src": programmer, "dst": webHost, "agent": "curl/8.5.0", "agent_kind": "program", "own_path": "/uploads/a.php",
		"requests": "3", "answered": "3"},
	"ambiguous-requests": {"src": smuggler, "dst": webHost, "classification": "Severe", "reasons": "BothTeClPresent GetHeadZeroContentLength",
		"requests": "4", "framing": "3", "handed_on": "4"},
	"failed-tls": {"src": forger, "refused_certificates": "3", "other_certificate": "true", "tls_failures": "3", "let_in_at": "2026-11-02 12:00:04"},
	"looked-up-then-asked": {"src": guesser, "dst": webHost, "name": "staging.corp.example", "near": "client subnet", "asked_before": "0",
		"requests": "2", "minutes_after": "10"},
}

// tierSeverities are those of what they find.
var tierSeverities = map[string]string{"odd-agents": "medium"}

// tierDay is the logs of such a day.
type tierDay struct{ alb, certificates, names, zone bytes.Buffer }

// tierRequest is a request through the load balancer; what is empty is as usual.
type tierRequest struct {
	client, host, method, uri, agent, class, reason string
	size                                            int
	refused                                         bool
}

func (d *tierDay) asked(at time.Time, r tierRequest) {
	target, status, actions := webHost+":80", "200 200", "forward"
	if r.refused {
		target, status, actions = "-", "400 -", "-"
	}
	host, dash := cmp.Or(r.host, "www.corp.example"), "-"
	fmt.Fprintf(&d.alb, `https %s app/web/50dc6c495c0c9188 %s:40000 %s 0.001 0.020 0.000 %s 300 %d "%s https://%s:443%s HTTP/1.1" "%s" - - %s `+
		`"Root=1-%08x-%024x" "%s" "-" 1 %s "%s" "-" "-" "%s" "-" "%s" "%s" TID_%016x "-" "-" "-" %s`+"\n",
		at.Add(22*time.Millisecond).Format(micros), r.client, target, status, r.size, cmp.Or(r.method, "GET"), host, r.uri,
		cmp.Or(r.agent, "Mozilla/5.0 (X11; Linux x86_64)"), "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/web/73e2d6bc24d8a067",
		at.Unix(), d.alb.Len(), host, at.Format(micros), actions, target, cmp.Or(r.class, dash), cmp.Or(r.reason, dash), d.alb.Len(), webNode)
}

// showed is a connection with a client's certificate.
func (d *tierDay) showed(at time.Time, client, subject, serial, verdict string) {
	fmt.Fprintf(&d.certificates, `%s %s 50000 443 TLSv1.3 TLS_AES_128_GCM_SHA256 0.012 "%s" `+
		"NotBefore=2026-01-01T00:00:00Z;NotAfter=2027-01-01T00:00:00Z %s %s TID_%016x\n",
		at.Format(micros), client, subject, serial, verdict, d.certificates.Len())
}

// named is a connection to a Network Load Balancer that asks for a name; alert is what the client said where it failed.
func (d *tierDay) named(at time.Time, client, name, alert string) {
	rest := "5 2 98 246 - arn:aws:acm:us-east-2:123456789012:certificate/1 - C tlsv13 x"
	if alert != "" {
		rest = "- - 0 0 " + alert + " - - - - -"
	}
	fmt.Fprintf(&d.names, "tls 2.0 %s net/web/c6e77e28c25b2234 g3d4b5e8bb8464cd %s:51341 10.0.1.9:443 %s %s - - - %s\n",
		at.Format("2006-01-02T15:04:05"), client, rest, name, at.Format("2006-01-02T15:04:05"))
}

func (d *tierDay) lookedUp(at time.Time, name, code, resolver, subnet string) {
	fmt.Fprintf(&d.zone, "1.0 %s Z0ABC %s A %s UDP FRA6 %s %s\n", at.Format("2006-01-02T15:04:05Z"), name, code, resolver, subnet)
}

func (d *tierDay) files() map[string][]byte {
	return map[string][]byte{"alb.log": d.alb.Bytes(), "certificates.log": d.certificates.Bytes(), "names.log": d.names.Bytes(), "zone.log": d.zone.Bytes()}
}

// quietTier is what happens anyway: customers, of whom some take the catalogue, monitoring, old clients, scanners.
func quietTier() *tierDay {
	d := &tierDay{}
	begin := time.Date(2026, 11, 2, 6, 0, 0, 0, time.UTC)
	for i := range 300 {
		at, client := begin.Add(time.Duration(i)*2*time.Minute), fmt.Sprintf("198.51.100.%d", 1+i%90)
		d.asked(at, tierRequest{client: client, uri: fmt.Sprintf("/item/%d", i%30), size: 4000 + i})
		if i%9 == 0 {
			d.asked(at.Add(time.Second), tierRequest{client: client, uri: "/catalogue.pdf", size: 15_000_000})
		}
		d.asked(at, tierRequest{client: "198.51.100.200", uri: "/health?full=1", agent: "curl/8.1.0", size: 20})
		d.lookedUp(at, []string{"www.corp.example", "mail.corp.example", "ww.corp.example"}[i%3], []string{"NOERROR", "NOERROR", "NXDOMAIN"}[i%3],
			"192.0.2.80", "198.51.100.0/24")
		d.named(at, client, "www.corp.example", "")
		d.showed(at, "198.51.100.210", "CN=partner,O=Partner", "01", "Success")
	}
	d.asked(begin.Add(5*time.Hour), tierRequest{client: "198.51.100.201", uri: "/", agent: "Go-http-client/1.1", size: 4000}) // new, and no more
	d.asked(begin.Add(5*time.Hour), tierRequest{client: "198.51.100.202", uri: "/", agent: "Mozilla/5.0 zgrab/0.x", size: 4000})
	for i := range 4 {
		at := begin.Add(3*time.Hour + time.Duration(i)*time.Minute)
		d.asked(at, tierRequest{client: "198.51.100.203", uri: "/", size: 300, class: "Ambiguous", reason: "GetHeadZeroContentLength"})
		d.asked(at, tierRequest{client: "198.51.100.204", uri: "/", size: 300, class: "Severe", reason: "BothTeClPresent", refused: true})
	}
	for i := range 30 { // an old client, and one that asks by address
		at := begin.Add(2*time.Hour + time.Duration(i)*time.Minute)
		d.named(at, "198.51.100.205", "www.corp.example", "70")
		d.named(at, "198.51.100.206", "10.0.1.9", "")
		d.showed(at, "198.51.100.207", "CN=old,O=Partner", "07", "Failed:ClientCertExpired")
	}
	return d
}

// tierWithGuests is the same with the five.
func tierWithGuests() map[string][]byte {
	d := quietTier()
	at := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	for i := range 8 {
		d.asked(at.Add(time.Duration(i)*time.Minute), tierRequest{client: taker, uri: fmt.Sprintf("/api/export?page=%d", i), size: 50_000_000})
	}
	for i := range 3 {
		d.asked(at.Add(time.Duration(i)*time.Minute), tierRequest{client: programmer, method: "POST", uri: "/uploads/a.php", agent: "curl/8.5.0", size: 90})
		d.asked(at.Add(time.Duration(i)*time.Minute), tierRequest{client: smuggler, method: "POST", uri: "/", size: 300, class: "Severe",
			reason: "BothTeClPresent"})
		d.showed(at.Add(time.Duration(i)*time.Second), forger, "CN=partner,O=Partner", "99", "Failed:ClientCertUntrusted")
	}
	d.asked(at, tierRequest{client: smuggler, uri: "/", size: 300, class: "Ambiguous", reason: "GetHeadZeroContentLength"})
	d.showed(at.Add(4*time.Second), forger, "CN=partner,O=Partner", "01", "Success")
	for i := range 400 {
		name, code := fmt.Sprintf("word%d.corp.example", i), "NXDOMAIN"
		if i == 200 {
			name, code = "staging.corp.example", "NOERROR"
		}
		d.lookedUp(at.Add(time.Duration(i)*time.Second), name, code, "192.0.2.53", "203.0.113.128/25")
	}
	for i := range 2 {
		d.asked(at.Add(200*time.Second+time.Duration(10+i)*time.Minute), tierRequest{client: guesser, host: "staging.corp.example", uri: "/", size: 900})
	}
	return d.files()
}

// plantedTier is how much of the five each hunt finds, as serious as it should say.
func plantedTier(t *testing.T) map[string][2]int {
	db := loaded(t, tierWithGuests())
	of := map[string][2]int{}
	for hunt, about := range tierHunts {
		n := 0
		for _, f := range findingsOf(t, db, hunt, nil) {
			if f.about(about) && f.severity == cmp.Or(tierSeverities[hunt], "high") {
				n = 1
			} else if f.serious() {
				t.Errorf("%s: %s %v: %s", hunt, f.severity, f.row, f.reason)
			} else if *verbose {
				t.Logf("%s: %s %s", hunt, f.severity, f.reason)
			}
		}
		of[hunt] = [2]int{n, 1}
	}
	return of
}

func TestGuestsOfTheWebTierAreFound(t *testing.T) {
	for hunt, n := range plantedTier(t) {
		if n != [2]int{1, 1} {
			t.Errorf("%s: %d of %d", hunt, n[0], n[1])
		}
	}
}

// TestQuietWebTier: what happens anyway is told at low, if at all, and is told.
func TestQuietWebTier(t *testing.T) {
	db := loaded(t, quietTier().files())
	lows := map[string]int{"unusual-answers": 10, "odd-agents": 2, "ambiguous-requests": 2, "failed-tls": 3, "looked-up-then-asked": 0}
	for hunt := range tierHunts {
		all := findingsOf(t, db, hunt, nil)
		for _, f := range all {
			if f.serious() {
				t.Errorf("%s: %s %s", hunt, f.severity, f.reason)
			}
		}
		if len(all) != lows[hunt] {
			t.Errorf("%s: %d findings, want %d", hunt, len(all), lows[hunt])
		}
	}
}

// TestWebTierKeepsToItsWindow: what lies outside it is in no sum; but an agent is new, and a host asked for first, by the whole log.
func TestWebTierKeepsToItsWindow(t *testing.T) {
	db := loaded(t, tierWithGuests())
	after := map[string]string{"from": "2026-11-02 13:00"}
	for hunt := range tierHunts {
		for _, f := range findingsOf(t, db, hunt, after) {
			if f.serious() {
				t.Errorf("%s after it: %s %s", hunt, f.severity, f.reason)
			}
		}
	}
	within := map[string]string{"from": "2026-11-02 12:00", "to": "2026-11-02 12:01"}
	for _, f := range findingsOf(t, db, "odd-agents", within) {
		if f.text("src") == programmer && (f.text("requests") != "1" || f.text("agent_first") != "2026-11-02 12:00:00") {
			t.Errorf("%v", f.row)
		} else if f.text("agent") == "curl/8.1.0" {
			t.Errorf("monitoring is not new: %s", f.reason)
		}
	}
	early := map[string]string{"t0": "2026-11-02 05:00"}
	known := false
	for _, f := range findingsOf(t, db, "odd-agents", early) {
		known = known || f.text("agent") == "curl/8.1.0"
	}
	if !known {
		t.Error("what came after t0 is new")
	}
}

// replayedDay is what a replayed host's logs have: nothing but flow records where it is silent.
func replayedDay(silent bool) map[string][]byte {
	var flow, access bytes.Buffer
	at := time.Date(2026, 11, 9, 8, 0, 0, 0, time.UTC)
	line := "2 123456789012 eni-0replay %s %d %d 6 3 300 %d %d %s OK\n"
	fmt.Fprintf(&flow, line, "10.9.0.5 10.9.0.2", 40000, 53, at.Unix(), at.Unix()+50, "ACCEPT")
	files := map[string][]byte{}
	if !silent {
		for i := range 5 {
			fmt.Fprintf(&flow, line, "10.9.0.5 203.0.113.77", 40001+i, 443, at.Unix()+int64(60*i), at.Unix()+int64(60*i)+5, "REJECT")
			fmt.Fprintf(&access, "%s - - [09/Nov/2026:08:%02d:00 +0000] \"GET /uploads/a.php?c=id HTTP/1.1\" 200 90 \"-\" \"curl/8.5.0\"\n", taker, i)
		}
		stream := webInstance + "/auth.log"
		page, _ := json.Marshal(map[string]any{"searchedLogStreams": []any{}, "events": []map[string]any{
			{"logStreamName": stream, "timestamp": at.UnixMilli(), "ingestionTime": at.UnixMilli() + 1500, "eventId": "1",
				"message": "Nov  9 08:00:00 web sshd[900]: Accepted password for ops from 203.0.113.9 port 50003 ssh2"},
			{"logStreamName": stream, "timestamp": at.UnixMilli(), "ingestionTime": at.UnixMilli() + 1500, "eventId": "2",
				"message": "Nov  9 08:00:01 web CRON[901]: (root) CMD (/tmp/.x)"},
		}})
		files = map[string][]byte{"access.log": access.Bytes(), "host.json": page}
	}
	files["flow.log"] = flow.Bytes()
	return files
}

// TestReplayWasAsked: whoever reaches a machine that is shut in is told, and what its silence rests on.
func TestReplayWasAsked(t *testing.T) {
	for _, silent := range []bool{false, true} {
		db := loadedAs(t, map[string]map[string][]byte{"incident": quietTier().files(), "replay": replayedDay(silent)})
		got := map[string]string{}
		for _, f := range findingsOf(t, db, "replay-was-asked", nil) {
			got[f.text("kind")] = f.severity + " " + f.text("outside") + " " + f.text("answered") + " " + f.text("src") + ": " + f.reason
		}
		want := map[string]string{
			"requests": "high 5 5 203.0.113.9: the replayed machine was asked 5 times, 5 of them from outside, of which 5 were answered with success; " +
				"such as /uploads/a.php?c=id",
			"log-ins": "high 1 1 203.0.113.9: 1 log-in to the replayed machine, 1 of them from outside; such as Accepted password for ops from " +
				"203.0.113.9 port 50003 ssh2",
			"lines": "info 0 0 : the replayed machine wrote 2 lines; the last: (root) CMD (/tmp/.x)",
			"calls": "info 5 0 : the replayed machine called out 5 times, 0 of them let through; such as 203.0.113.77",
		}
		if silent {
			want = map[string]string{"silence": "info 0 0 : nothing was asked of the replayed machine, it wrote no line and called nobody in 1 record " +
				"of its logs (flow)"}
		}
		if !maps.Equal(got, want) {
			t.Errorf("silent %v: got %q", silent, got)
		}
	}
}
