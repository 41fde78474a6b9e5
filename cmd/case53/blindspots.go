package main

import "strings"

// BlindSpot is something that a log never shows, however complete it is. Whoever says that something is not in a log
// has to say this with it.
type BlindSpot struct {
	What string `json:"what"` // in a few words, for a list in a sentence
	Why  string `json:"why"`
}

// blindSpots is the one list of them, by log type.
//
// https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-limitations.html
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-query-logs.html
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/query-logs.html
var blindSpots = map[string][]BlindSpot{
	"flow": {
		{"queries to Amazon's DNS server", "traffic to the VPC's own resolver is never recorded, so that a DNS tunnel through it is in no flow log; a flow to port 53 is to another resolver"},
		{"instance metadata and time sync", "169.254.169.254 and 169.254.169.123 are never recorded: credentials taken from the metadata service leave no flow"},
		{"DHCP, ARP, licence activation and the router's reserved address", "AWS leaves them out"},
		{"the source side of mirrored traffic, and traffic from an endpoint's interface to a load balancer's", "AWS leaves them out"},
		{"interfaces without a flow log, other accounts and peer VPCs", "a flow log records the interfaces that it was made for, from some minutes after it was made"},
		{"what a traffic type filter leaves out", "a flow log of accepted or of refused traffic only has no line for the rest"},
		{"SKIPDATA windows", "AWS lost an unknown number of records"},
		{"the program, the user and the content", "a record is addresses, ports and counts of a window; start and end may be up to 60 s late"},
	},
	"dns": {
		{"repeats answered from the cache", "the Resolver logs a query only when it is not answered from its cache: counts are no frequencies, and a host may use a name that it asked for long before"},
		{"names asked of another resolver, DNS over TLS or HTTPS", "only queries that reach Amazon's resolver are logged; ports 53, 853 and 443 in flow logs hint at others"},
		{"hosts files and addresses written into a program", "who needs no name asks for none"},
		{"VPCs without query logging", "a query logging configuration covers the VPCs that it was associated with; there is no NODATA, so that a minute without records may be quiet, cached or not logged"},
		{"the program that asked", "a record names an address and, mostly, an instance; what a DNS Firewall rule blocked may still say NOERROR"},
	},
	"zone": {
		{"most of the queries", "recursive resolvers answer from their caches: a log may have one query of several thousand"},
		{"who asked", "the log names the resolver; the subnet of its client only where that resolver passes it on"},
		{"the answers", "a record has a response code and no data"},
		{"private hosted zones and zones without query logging", "only public hosted zones can log, from when it was switched on"},
	},
}

// blindSpotTexts are the blind spots of a log type in few words.
func blindSpotTexts(logType string) []string {
	var texts []string
	for _, s := range blindSpots[logType] {
		texts = append(texts, s.What)
	}
	return texts
}

// notVisible is the blind spots of a log type for the end of a sentence.
func notVisible(logType string) string { return strings.Join(blindSpotTexts(logType), "; ") }
