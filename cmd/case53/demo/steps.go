package demo

import (
	"net/netip"
	"time"
)

// Step is one thing to find in the demo.
type Step struct {
	ID    string // stable, kebab case
	Hunt  string // the hunt that is to rank it first; "" where no hunt with a fixed name is meant for it
	Title string
	Text  string // what it tells, and what it does not
	// Where: the records of Log in Capture whose time (flow: start) is in [From, To) and that match Match.
	Capture, Log string // Log is a log type: flow, dns, zone, or one of the web tier's, of which Match.Text is looked for in the line
	From, To     time.Time
	Match        Match
	Rows         int   // how many records that is
	Bytes        int64 // and, for flows where it matters, the sum of their bytes
}

// Match selects records by the fields that are set.
type Match struct {
	Interface, Instance string // flow: interface_id, instance_id; dns: src_instance
	Src, Dst            netip.Addr
	DstPort             int
	Action, Status      string     // flow: action, log_status
	Client              netip.Addr // dns: srcaddr
	Name, Domain        string     // dns, zone: the name without its final dot; its registered domain
	Type, Rcode         string
	Resolver            netip.Addr // zone: resolver_ip
	Subnet              string     // zone: edns_client_subnet
	Firewall            string     // dns: firewall_rule_action
	Text                string     // alb, waf, httpd, host_log, change: what the line has in it
}

// Steps are what an investigator will find, in the order of the story.
func Steps() []Step {
	return append(append(append(requests(), arrival()...), departure()...), aftermath()...)
}

// requests: what the web tier saw, from the first try to the last call of the web shell.
func requests() []Step {
	web := func(id, log, title, text string, rows int, find string) Step {
		return Step{ID: id, Title: title, Text: text, Capture: "incident", Log: log, From: CleanTo, To: IncidentTo, Match: Match{Text: find}, Rows: rows}
	}
	late := web("after-the-log", "httpd", "The web server's log has nothing after the agent was stopped",
		"The load balancer has three more calls of the web shell, the first of which removes the file.", 0, "GET")
	late.From = AgentStopped
	return []Step{
		web("refused-request", "waf", "The web firewall refuses a request",
			"The beta page's number ends in a command that reads /etc/passwd.", 1, "/etc/passwd"),
		web("exploit", "alb", "The same again is let in",
			"Encoded twice, so that the firewall does not see it: the page runs a command that reads the instance's credentials. "+
				"The load balancer handed it to the staging server, which answered 200.", 1, "meta-data/iam"),
		web("web-shell", "alb", "A script that nobody else asks for", "Uploaded two minutes later, called six times by one client.", 6, ShellPath),
		web("web-shell-shipped", "httpd", "Half of that is in the web server's own log", "What was asked before the agent was stopped.", 3, ShellPath),
		web("rule-opened", "change", "SSH is opened to the world with the instance's credentials",
			"From the intruder's address, nine seconds before the port that was refused all day is let in.", 1, "AuthorizeSecurityGroupIngress"),
		web("agent-stopped", "host_log", "The CloudWatch agent is stopped",
			"The last line that came is the command that did it.", 1, "systemctl stop "+AgentUnit),
		web("trail-stopped", "change", "The trail is stopped", "What was called after that is in no log.", 1, "StopLogging"),
		late,
	}
}

// arrival: from the first guess to the session that stays.
func arrival() []Step {
	return []Step{
		{ID: "guessed-names", Hunt: "zone-guessing", Title: "Names are guessed in the public zone",
			Text:    "One resolver passes on the subnet of one client, which asks for a word list with ten endings. Nearly all of it is NXDOMAIN.",
			Capture: "incident", Log: "zone", From: ReconFrom, To: ReconTo,
			Match: Match{Resolver: ReconResolver, Subnet: ReconEDNS, Rcode: "NXDOMAIN"}, Rows: 1512},
		{ID: "found-staging", Title: "The guessing finds staging", Text: "It answers, and hardly anybody asks for it otherwise.",
			Capture: "incident", Log: "zone", From: ReconFrom, To: ReconTo,
			Match: Match{Subnet: ReconEDNS, Name: StagingName, Rcode: "NOERROR"}, Rows: 6},
		{ID: "found-forgotten", Title: "The guessing finds vpn-old", Text: "As quiet as staging; its host is tried later and refuses everything.",
			Capture: "incident", Log: "zone", From: ReconFrom, To: ReconTo,
			Match: Match{Subnet: ReconEDNS, Name: ForgottenName, Rcode: "NOERROR"}, Rows: 6},
		{ID: "zone-transfer", Title: "A zone transfer is asked for and refused",
			Text:    "It is asked of the name server directly, so that the resolver field is the intruder's own address: the link to the flows.",
			Capture: "incident", Log: "zone", From: ReconFrom, To: ReconTo,
			Match: Match{Resolver: Intruder, Type: "AXFR", Rcode: "REFUSED"}, Rows: 3},
		{ID: "scan-refused", Hunt: "port-scan", Title: "The staging server's ports are tried",
			Text:    "Eight minutes, hundreds of ports, one address. Four ports are let in.",
			Capture: "incident", Log: "flow", From: ScanFrom, To: ScanTo,
			Match: Match{Interface: StagingInterface, Src: Intruder, Dst: Staging, Action: "REJECT"}, Rows: 416},
		{ID: "scan-accepted", Title: "What the scan found open", Text: "22, 80, 443 and 8443.",
			Capture: "incident", Log: "flow", From: ScanFrom, To: ScanTo,
			Match: Match{Interface: StagingInterface, Src: Intruder, Dst: Staging, Action: "ACCEPT"}, Rows: 4},
		{ID: "door-closed", Title: "SSH on the staging server is refused until 00:21",
			Text:    "The background noise of the internet shows when a rule changed: REJECT before, ACCEPT after.",
			Capture: "incident", Log: "flow", From: IncidentFrom, To: DoorOpened,
			Match: Match{Interface: StagingInterface, Dst: Staging, DstPort: 22, Action: "REJECT"}, Rows: 53},
		{ID: "guessed-passwords", Title: "SSH on the staging server is guessed at",
			Text:    "Short sessions of one size. Flow logs cannot show whether a password was right; the next session can.",
			Capture: "incident", Log: "flow", From: GuessFrom, To: EntryAt,
			Match: Match{Interface: StagingInterface, Src: Intruder, Dst: Staging, DstPort: 22, Action: "ACCEPT"}, Rows: 160},
		{ID: "caller-looked-up", Title: "The staging server asks who is calling",
			Text: "Its sshd looks up the guesser's address: the Resolver log has it, written backwards. " +
				"Once a minute, for the rest came from the cache.",
			Capture: "incident", Log: "dns", From: GuessFrom, To: EntryAt,
			Match: Match{Client: Staging, Name: "66.113.0.203.in-addr.arpa", Rcode: "NXDOMAIN"}, Rows: 23},
		{ID: "entry", Title: "One SSH session stays", Text: "From 03:38:21 for 96 minutes, from the address that scanned.",
			Capture: "incident", Log: "flow", From: EntryAt, To: EntryTo,
			Match: Match{Interface: StagingInterface, Src: Intruder, Dst: Staging, DstPort: 22, Action: "ACCEPT"}, Rows: 91},
	}
}

// departure: what left, and how.
func departure() []Step {
	return []Step{
		{ID: "address-check", Title: "The staging server asks for its own public address",
			Text:    "A service that no host here uses. The DNS Firewall saw it, with a rule that only alerts.",
			Capture: "incident", Log: "dns", From: EntryAt, To: IncidentTo,
			Match: Match{Client: Staging, Name: CheckName, Type: "A", Firewall: FirewallAction}, Rows: 1},
		{ID: "beacon-name", Title: "A name is asked for every five minutes",
			Text:    "Its lifetime is shorter than the pause, so that every call is logged – also in the hour without flow logs.",
			Capture: "incident", Log: "dns", From: BeaconFrom, To: IncidentTo, Match: Match{Client: Staging, Name: BeaconName, Type: "A"}, Rows: 243},
		{ID: "beacon", Hunt: "beacon", Title: "The staging server calls the same address every five minutes",
			Text:    "300 s, 8% more or less, new source port each time, sizes nearly alike. Missing calls lie in the hole and in skipped windows.",
			Capture: "incident", Log: "flow", From: BeaconFrom, To: IncidentTo,
			Match: Match{Interface: StagingInterface, Instance: StagingInstance, Src: Staging, Dst: BeaconHost, DstPort: 443, Action: "ACCEPT"},
			Rows:  232},
		{ID: "sweep", Hunt: "port-sweep", Title: "SSH is tried all over the inside network",
			Text:    "One port, more than a hundred addresses, ten minutes.",
			Capture: "incident", Log: "flow", From: SweepFrom, To: SweepTo.Add(2 * time.Minute),
			Match: Match{Interface: StagingInterface, Src: Staging, DstPort: 22}, Rows: 135},
		{ID: "to-build", Title: "SSH from the staging server to the build server", Text: "A pair that never talked in this direction before.",
			Capture: "incident", Log: "flow", From: LateralFrom, To: IncidentTo,
			Match: Match{Interface: BuildInterface, Src: Staging, Dst: Build, DstPort: 22, Action: "ACCEPT"}, Rows: 157},
		{ID: "to-files", Title: "SSH from the build server to the file server", Text: "A pair that never talked before.",
			Capture: "incident", Log: "flow", From: LateralFrom, To: IncidentTo,
			Match: Match{Interface: FilesInterface, Src: Build, Dst: Files, DstPort: 22, Action: "ACCEPT"}, Rows: 106},
		{ID: "bypass", Hunt: "other-resolver", Title: "The build server asks 8.8.8.8",
			Text: "Traffic to Amazon's resolver is never in flow logs; a flow to port 53 therefore is to another one. " +
				"What was asked is not recorded anywhere.",
			Capture: "incident", Log: "flow", From: BypassFrom, To: IncidentTo,
			Match: Match{Interface: BuildInterface, Src: Build, Dst: OtherResolver, DstPort: 53}, Rows: 65},
		{ID: "tunnel", Hunt: "dns-tunnel", Title: "The build server sends data in names",
			Text:    "Thousands of names, none twice, 88 to 120 characters before the domain; TXT, NULL and CNAME. No flow log shows any of it.",
			Capture: "incident", Log: "dns", From: TunnelFrom, To: TunnelTo,
			Match: Match{Client: Build, Instance: BuildInstance, Domain: TunnelDomain}, Rows: 5202},
		{ID: "upload", Hunt: "unusual-upload", Title: "The file server sends four gigabytes out",
			Text:    "At night, in six connections, to one address. Seen again at the NAT gateway: count it at one interface only.",
			Capture: "incident", Log: "flow", From: UploadFrom, To: UploadTo.Add(time.Minute),
			Match: Match{Interface: FilesInterface, Instance: FilesInstance, Src: Files, Dst: DropHost, DstPort: 443, Action: "ACCEPT"},
			Rows:  72, Bytes: 4_350_886_264},
		{ID: "no-name", Hunt: "no-dns-answer", Title: "No name ever led to that address",
			Text:    "Every other outside address that an instance calls, 8.8.8.8 apart, was in an answer to it shortly before.",
			Capture: "incident", Log: "flow", From: UploadFrom, To: IncidentTo,
			Match: Match{Interface: FilesInterface, Src: Files, Dst: DropHost}, Rows: 72, Bytes: 4_350_886_264},
	}
}

// aftermath: what the logs do not have, and the replay.
func aftermath() []Step {
	return []Step{
		{ID: "silence", Hunt: "sudden-silence", Title: "An hour of the staging server is missing",
			Text: "Not even NODATA, while every other interface has records: absence here is no proof of quiet. " +
				"The Resolver log has the beacon's name in it.",
			Capture: "incident", Log: "flow", From: SilenceFrom, To: SilenceTo, Match: Match{Interface: StagingInterface}},
		{ID: "flow-log-deleted", Title: "The flow log is deleted, and nothing of the VPC is seen any more",
			Text:    "Six minutes after the upload, with the same credentials: the trail was stopped, the account's event history has it.",
			Capture: "incident", Log: "change", From: FlowLogDeleted, To: IncidentTo, Match: Match{Text: "DeleteFlowLogs"}, Rows: 1},
		{ID: "skipped", Title: "Windows that AWS skipped on the staging server", Text: "SKIPDATA stands for an unknown number of records.",
			Capture: "incident", Log: "flow", From: IncidentFrom, To: IncidentTo,
			Match: Match{Interface: StagingInterface, Status: "SKIPDATA"}, Rows: 5},
		{ID: "quiet", Title: "An interface with nothing to say", Text: "NODATA is evidence that there was no traffic.",
			Capture: "incident", Log: "flow", From: IncidentFrom, To: IncidentTo,
			Match: Match{Interface: QuietInterface, Instance: QuietInstance, Status: "NODATA"}, Rows: 2859},
		{ID: "called-out", Hunt: "called-out", Title: "The replayed snapshot calls the same address",
			Text:    "On the same clock, refused every time; each try is one or two records of SYNs.",
			Capture: "replay", Log: "flow", From: ReplayFrom, To: ReplayTo,
			Match: Match{Interface: ReplayInterface, Instance: ReplayInstance, Src: Replayed, Dst: BeaconHost, DstPort: 443, Action: "REJECT"},
			Rows:  363},
		{ID: "called-fallback", Title: "It tries the other host after every third failure", Text: "In the incident that host was called three times.",
			Capture: "replay", Log: "flow", From: ReplayFrom, To: ReplayTo,
			Match: Match{Interface: ReplayInterface, Src: Replayed, Dst: FallbackHost, DstPort: 443, Action: "REJECT"}, Rows: 120},
		{ID: "same-name", Title: "It asks for the same name", Text: "The VPC's resolver answers whatever the security group says.",
			Capture: "replay", Log: "dns", From: ReplayFrom, To: ReplayTo, Match: Match{Client: Replayed, Name: BeaconName, Type: "A"}, Rows: 287},
		{ID: "nothing-left", Title: "Nothing left the replay", Text: "Not one accepted flow in either direction.",
			Capture: "replay", Log: "flow", From: ReplayFrom, To: ReplayTo, Match: Match{Interface: ReplayInterface, Action: "ACCEPT"}},
		{ID: "replay-skipped", Title: "Two windows of the replay were skipped", Text: "Any sentence about the replay has to say so.",
			Capture: "replay", Log: "flow", From: ReplayFrom, To: ReplayTo, Match: Match{Interface: ReplayInterface, Status: "SKIPDATA"}, Rows: 2},
	}
}
