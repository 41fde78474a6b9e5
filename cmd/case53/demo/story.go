package demo

import (
	"net/netip"
	"time"
)

// Story is what happened, as the investigator knows it at the end.
const Story = `Kestrel Freight runs its customer portal in eu-central-1. On 15 October 2026, after a quiet day, somebody guesses
names in the public zone kestrel-freight.example and finds two that nobody should have found: vpn-old and staging.
He has been there before: shortly after midnight a request to the portal's beta pages, which the load balancer hands to
the staging server, was refused by the web firewall; written another way it was let in, and read the instance's
credentials. With them the security group was opened. The staging server's public address is scanned; its SSH port,
open to the world since then, is guessed at until one session stays. From there: a beacon every five minutes to a name that pretends to be a CDN, a walk through
the inside network to the build server, a try with an outside resolver, nearly four hours of DNS tunnel, and in the next
night four gigabytes out of the file server to an address that nobody ever asked a name for.

The web server's log went to CloudWatch until the agent was stopped at 03:52, and CloudTrail has nothing after the trail was
stopped four minutes later: what was asked of the web shell after that is in the load balancer's log alone. Flow logs
have a hole of one hour on the staging server, some windows were skipped by AWS, and sixteen minutes before midnight they end:
the event history of the account, which nobody can stop, has the call that deleted the flow log. Five days later
the staging server's snapshot is started in a sealed VPC for a day: it asks for the same names and knocks at
the same address, again and again, and every packet is refused.`

// The window of each capture, half-open. The first day of the incident is clean: nobody attacks anything.
var (
	IncidentFrom = time.Date(2026, 10, 14, 0, 0, 0, 0, time.UTC)
	CleanTo      = time.Date(2026, 10, 15, 0, 0, 0, 0, time.UTC)
	IncidentTo   = time.Date(2026, 10, 16, 0, 0, 0, 0, time.UTC)
	ReplayFrom   = time.Date(2026, 10, 20, 8, 0, 0, 0, time.UTC)
	ReplayTo     = time.Date(2026, 10, 21, 8, 0, 0, 0, time.UTC)
)

// Accounts, VPCs and the interfaces that the story is about.
const (
	Region = "eu-central-1"

	IncidentAccount = "111122223333"
	IncidentVPC     = "vpc-0d53aa10c4e7f2b91"
	IncidentFlowLog = "fl-0a53e1c97b20d4f68"

	ReplayAccount = "444455556666"
	ReplayVPC     = "vpc-0f4e1190ab37c5d02"
	ReplayFlowLog = "fl-0be2290fd17c6a354"

	StagingInterface, StagingInstance = "eni-0c1fe7a85d3b2964a", "i-0b7d3e95c1a8f4602"
	BuildInterface, BuildInstance     = "eni-08d4b6f1a97c3e250", "i-04f9a2c86e1d7b35c"
	FilesInterface, FilesInstance     = "eni-0e62c9d7b48a1f035", "i-0a1c5e7f93b2d8846"
	QuietInterface, QuietInstance     = "eni-03b7f0a5d2e9c1468", "i-0d86b4e2f7a1c9350"
	NATInterface                      = "eni-0f90a3d1c5b7e2684"
	LoadBalancerInterface             = "eni-0a7c2f4e8b1d60935"
	ReplayInterface, ReplayInstance   = "eni-0d2a84c6f1b3e7950", "i-0c93e5b1d7f2a4608"
)

// Names. None of the registrable domains exists.
const (
	LoadBalancer = "app/kestrel-portal/5c3d2a1f0e9b8d74"
	WebACL       = "arn:aws:wafv2:eu-central-1:111122223333:regional/webacl/kestrel-portal/0d53c1b7-5a20-4c1e-9f53-7be2d86a9c14"
	PortalName   = "portal." + Zone
	ExploitPath  = "/beta/track"
	ShellPath    = "/beta/uploads/track.php"
	StagingRole  = "kestrel-staging"
	Trail        = "kestrel-audit"
	AgentUnit    = "amazon-cloudwatch-agent"

	Zone         = "kestrel-freight.example"
	ZoneID       = "Z05318AF2KESTRELDEMO"
	ZoneLogGroup = "/aws/route53/" + Zone

	BeaconDomain   = "northquay-cdn.example"
	BeaconName     = "cdn-sync." + BeaconDomain
	FallbackName   = "img-sync." + BeaconDomain
	CheckName      = "api.ipcheck.example" // tells a caller its own public address; the implant asks it once per start
	TunnelDomain   = "parcelmetrics.example"
	TunnelParent   = "t." + TunnelDomain
	BackupName     = "kestrel-backup.s3.eu-central-1.amazonaws.com"
	StagingName    = "staging." + Zone
	ForgottenName  = "vpn-old." + Zone
	ReconEDNS      = "203.0.113.0/24"
	FirewallAction = "ALERT"
)

// Addresses. Inside the VPC they are private; outside they come from documentation ranges, except that customers
// and background noise use the benchmarking range 198.18.0.0/15, and 8.8.8.8 is the real public resolver.
var (
	Staging   = netip.MustParseAddr("10.53.0.40")
	Forgotten = netip.MustParseAddr("10.53.0.50")
	Build     = netip.MustParseAddr("10.53.30.41")
	Files     = netip.MustParseAddr("10.53.20.51")
	Quiet     = netip.MustParseAddr("10.53.20.60")
	Database  = netip.MustParseAddr("10.53.20.31")
	NAT       = netip.MustParseAddr("10.53.0.20")
	Replayed  = netip.MustParseAddr("10.99.99.40")

	Intruder      = netip.MustParseAddr("203.0.113.66") // scans, guesses, logs in
	BeaconHost    = netip.MustParseAddr("203.0.113.91") // what BeaconName resolves to
	FallbackHost  = netip.MustParseAddr("203.0.113.92") // what FallbackName resolves to
	CheckHost     = netip.MustParseAddr("198.51.100.241")
	DropHost      = netip.MustParseAddr("203.0.113.140") // takes the upload; no name resolves to it
	OtherResolver = netip.MustParseAddr("8.8.8.8")
	ReconResolver = netip.MustParseAddr("192.0.2.153") // passes on its clients' subnets
)

func on15(hour, minute, second int) time.Time {
	return time.Date(2026, 10, 15, hour, minute, second, 0, time.UTC)
}

// When each act begins and ends.
var (
	BlockedAt      = on15(0, 11, 52) // the first try, which the web firewall refuses
	ExploitAt      = on15(0, 12, 37) // the one that it lets in
	ShellFrom      = on15(0, 14, 10) // a web shell is uploaded
	RuleOpened     = on15(0, 20, 51) // with the instance's credentials
	DoorOpened     = on15(0, 21, 0)  // SSH on the staging server, refused before, is let in
	ReconFrom      = on15(2, 10, 0)
	ReconTo        = on15(2, 50, 0)
	ScanFrom       = on15(3, 2, 0)
	ScanTo         = on15(3, 10, 0)
	GuessFrom      = on15(3, 14, 0)
	EntryAt        = on15(3, 38, 21)
	EntryTo        = EntryAt.Add(96 * time.Minute)
	FetchAt        = on15(3, 41, 37) // the web shell is told to fetch the implant's second half
	AgentStopped   = on15(3, 52, 12)
	TrailStopped   = on15(3, 56, 3)
	WipeAt         = on15(4, 3, 20)
	BeaconFrom     = on15(3, 44, 0)
	BeaconEvery    = 300 * time.Second // ±8%
	SweepFrom      = on15(4, 6, 0)
	SweepTo        = on15(4, 16, 0)
	LateralFrom    = on15(4, 31, 0)
	LateralTo      = on15(5, 41, 0)
	BypassFrom     = on15(5, 1, 0)
	BypassTo       = on15(5, 9, 0)
	TunnelFrom     = on15(5, 10, 0)
	TunnelTo       = on15(8, 47, 0)
	SilenceFrom    = on15(13, 0, 0)
	SilenceTo      = on15(14, 0, 0)
	UploadFrom     = on15(22, 31, 40)
	UploadTo       = on15(23, 38, 0)
	FlowLogDeleted = on15(23, 44, 7)
	SkipStaging    = on15(4, 21, 0) // five windows on the staging server
	SkipNAT        = on15(22, 51, 0)
	SkipBalancer   = time.Date(2026, 10, 14, 15, 40, 0, 0, time.UTC)
	SkipReplay     = time.Date(2026, 10, 20, 19, 31, 0, 0, time.UTC)
)

// UploadBytes is the payload of the upload: what left the file server without headers.
const UploadBytes = 4_200_000_000
