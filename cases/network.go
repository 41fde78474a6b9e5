package cases

import (
	"net/netip"
	"time"
)

// NetworkFile is a file that says whose addresses are.
type NetworkFile struct {
	Kind, Name, DatabaseType string
	Built                    time.Time
}

// Network is a stretch of addresses, both ends in it, and whose they are. Empty fields are not known.
type Network struct {
	First, Last                netip.Addr
	Country, Subdivision, City string
	ASN                        uint32
	ASOrg                      string
	AWSService, AWSRegion      string
}
