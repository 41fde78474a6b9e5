package main

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"case53/cmd/case53/demo"
)

// What the web tier leaves behind. All of it went to CloudWatch Logs; the investigator has what filter-log-events printed of
// each log group, and of CloudTrail the files from S3; of the time after the trail was stopped what the console's event history,
// which nobody can stop, gave for the call that deletes flow logs.

// request writes a request into the load balancer's log, and into the firewall's where that refused it: its logging filter
// drops what was let in.
func (l *webTier) request(q webRequest) {
	target, status, times, actions := "-", "-", "-1 -1 -1", "waf"
	group, cert, sni := "-", "-", "-"
	switch {
	case q.target.IsValid():
		target, status, times = q.target.String()+":80", fmt.Sprint(q.status), fmt.Sprintf("0.001 %.3f 0.000", q.took.Seconds())
		actions, group = "waf,forward", "arn:aws:elasticloadbalancing:"+demo.Region+":"+l.w.account+":targetgroup/portal/2c3d4e5f60718293"
	case q.rule == "" && q.status == 301:
		actions = "waf,redirect"
	case q.rule == "":
		actions = "waf,fixed-response"
	}
	if q.target == demo.Staging {
		group = strings.Replace(group, "/portal/", "/beta/", 1)
	}
	host, port := q.node.addr.String(), 80
	if q.client.Addr().Is6() || q.target.IsValid() || q.rule != "" && strings.HasPrefix(q.uri, "/beta") {
		host = demo.PortalName
	}
	tls := "- -"
	if q.scheme == "https" {
		port, tls = 443, "ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2"
		cert = "arn:aws:acm:" + demo.Region + ":" + l.w.account + ":certificate/53c0ffee-5a20-4c1e-9f53-7be2d86a9c14"
		if host == demo.PortalName {
			sni = host
		}
	}
	trace := fmt.Sprintf("1-%08x-%016x%08x", q.at.Unix(), l.ids.Uint64(), l.ids.Uint32())
	done := q.at.Add(q.took + time.Millisecond)
	line := fmt.Sprintf(`%s %s %s %s %s %s %d %s %d %d "%s %s://%s:%d%s HTTP/1.1" "%s" %s %s "Root=%s" "%s" "%s" 10 %s `+
		`"%s" "-" "-" "%s" "%s" "-" "-" TID_%016x "-" "-" "-" %s`,
		q.scheme, done.Format("2006-01-02T15:04:05.000000Z"), demo.LoadBalancer, spaced(q.client), target, times, q.status, status, q.out, q.in,
		q.method, q.scheme, host, port, q.uri, q.ua, tls, group, trace, sni, cert, q.at.Format("2006-01-02T15:04:05.000000Z"), actions,
		target, status, l.ids.Uint64(), q.node.addr)
	l.alb = append(l.alb, logged{done, demo.LoadBalancer, line})
	if q.rule != "" {
		l.waf = append(l.waf, logged{q.at, demo.Region + "_kestrel-portal_0", l.refusal(q, host, trace)})
	}
}

// spaced is an address and port as the load balancer writes it: IPv6 without brackets.
func spaced(a netip.AddrPort) string { return fmt.Sprintf("%s:%d", a.Addr(), a.Port()) }

// refusal is the firewall's record of a request that it refused.
func (l *webTier) refusal(q webRequest, host, trace string) string {
	uri, args, _ := strings.Cut(q.uri, "?")
	return fmt.Sprintf(`{"timestamp":%d,"formatVersion":1,"webaclId":%q,"terminatingRuleId":%q,"terminatingRuleType":"MANAGED_RULE_GROUP","action":"BLOCK",`+
		`"terminatingRuleMatchDetails":[],"httpSourceName":"ALB","httpSourceId":%q,"ruleGroupList":[],"rateBasedRuleList":[],`+
		`"nonTerminatingMatchingRules":[],"requestHeadersInserted":null,"responseCodeSent":null,"httpRequest":{"clientIp":%q,"country":"-",`+
		`"headers":[{"name":"Host","value":%q},{"name":"User-Agent","value":%q}],"uri":%q,"args":%q,"httpVersion":"HTTP/1.1",`+
		`"httpMethod":%q,"requestId":%q}}`, q.at.UnixMilli(), demo.WebACL, q.rule, l.w.account+"-"+demo.LoadBalancer, q.client.Addr(), host, q.ua, uri, args,
		q.method, trace)
}

// apache writes a request as the staging server's Apache has it: the other end, and whom that says it speaks for.
func (l *webTier) apache(at time.Time, peer, forwarded netip.Addr, method, uri, agent string, status int, bytes int64) {
	client := "-"
	if forwarded.IsValid() {
		client = forwarded.String()
	}
	l.ship(logged{at, "access_log", fmt.Sprintf(`%s - - [%s] "%s %s HTTP/1.1" %d %d "-" "%s" "%s"`, peer, at.Format("02/Jan/2006:15:04:05 -0700"), method, uri,
		status, bytes, agent, client)})
}

// auth writes a line of the staging server's auth.log.
func (l *webTier) auth(at time.Time, program, message string) {
	if program == "sshd" {
		program = fmt.Sprintf("sshd[%d]", 1_000+at.Unix()%30_000)
	}
	l.ship(logged{at, "auth.log", fmt.Sprintf("%s staging %s: %s", at.Format("Jan _2 15:04:05"), program, message)})
}

// ship hands a line to the agent: what is written after it was stopped stays on the disk, where the intruder removed it.
func (l *webTier) ship(line logged) {
	if line.at.Before(demo.AgentStopped) {
		line.stream = demo.StagingInstance + "/" + line.stream
		l.host = append(l.host, line)
	}
}

func (l *webTier) members() []member {
	var m []member
	for _, group := range []struct {
		name   string
		events []logged
	}{{"alb-kestrel-portal", l.alb}, {"aws-waf-logs-kestrel-portal", l.waf}, {"web-staging", l.host}} {
		m = append(m, pagesOf(group.name, group.events)...)
	}
	return m
}

// pagesOf writes the events of a log group as pages of filter-log-events.
func pagesOf(group string, events []logged) []member {
	slices.SortStableFunc(events, func(a, b logged) int { return a.at.Compare(b.at) })
	r := seeded("event ids of " + group)
	var m []member
	for page := 1; len(events) > 0; page++ {
		n := min(pageEvents, len(events))
		var b bytes.Buffer
		b.WriteString(`{"events":[`)
		for i, e := range events[:n] {
			if i > 0 {
				b.WriteByte(',')
			}
			ms := e.at.UnixMilli()
			fmt.Fprintf(&b, `{"logStreamName":%q,"timestamp":%d,"message":%q,"ingestionTime":%d,"eventId":%q}`,
				e.stream, ms, e.message, ms+900+r.Int64N(4_000), eventID(ms, r))
		}
		b.WriteString(`],"searchedLogStreams":[]`)
		if len(events) > n {
			fmt.Fprintf(&b, `,"nextToken":"Bxkq6kVGFtq2y_MoigeqscPOdhXVbhiVtLoAmXb5jCrI7fXLrCUjkclzYr%016x"`, r.Uint64())
		}
		b.WriteString("}\n")
		m = append(m, member{fmt.Sprintf("cloudwatch/%s/%s/page-%04d.json", demo.Region, group, page), b.Bytes()})
		events = events[n:]
	}
	return m
}

// call is a call to AWS, as CloudTrail has it.
type call struct {
	at                       time.Time
	service, name, arguments string
}

// byRole is a call with the credentials of the staging server's role, from outside.
func (w *world) byRole(at time.Time, service, name, arguments string) {
	w.trail = append(w.trail, call{at, service, name, arguments})
}

func (w *world) trailMembers() []member {
	r := seeded("trail")
	var m []member
	for _, c := range w.trail {
		session := "AROA53KESTREL53STAGE:" + demo.StagingInstance
		text := fmt.Sprintf(`{"Records":[{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","principalId":%q,`+
			`"arn":"arn:aws:sts::%s:assumed-role/%s/%s",`+
			`"accountId":%q,"accessKeyId":"ASIA53KESTREL53DEMO0","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROA53KESTREL53STAGE",`+
			`"arn":"arn:aws:iam::%s:role/%s","accountId":%q,"userName":%q},"attributes":{"creationDate":"2026-10-15T00:02:11Z","mfaAuthenticated":"false"},`+
			`"ec2RoleDelivery":"1.0"}},"eventTime":%q,"eventSource":%q,"eventName":%q,"awsRegion":%q,"sourceIPAddress":%q,`+
			`"userAgent":"aws-cli/2.31.9","requestParameters":%s,"responseElements":null,"requestID":"%016x","eventID":"%08x-53aa-4be0-9d15-%012x",`+
			`"readOnly":false,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":%q,"eventCategory":"Management"}]}`,
			session, w.account, demo.StagingRole, demo.StagingInstance, w.account, w.account, demo.StagingRole, w.account, demo.StagingRole,
			c.at.Format(time.RFC3339), c.service, c.name, demo.Region, demo.Intruder, c.arguments, r.Uint64(), r.Uint32(), r.Uint64()>>16, w.account)
		if c.at.After(demo.TrailStopped) {
			m = append(m, member{"event_history.json", []byte(text)})
			continue
		}
		slot := c.at.Truncate(5 * time.Minute).Add(5 * time.Minute)
		m = append(m, member{fmt.Sprintf("AWSLogs/%s/CloudTrail/%s/%s/%s_CloudTrail_%s_%sZ_%s%s.json.gz", w.account, demo.Region, c.at.Format("2006/01/02"),
			w.account, demo.Region, slot.Format("20060102T1504"), hash8([]byte(text)), hash8([]byte(c.name))), []byte(text)})
	}
	return m
}
