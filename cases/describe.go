package cases

import "time"

// FlowLog is a flow log as aws ec2 describe-flow-logs gives it.
type FlowLog struct {
	ID, ResourceID, TrafficType, DestinationType, LogGroup, Destination string
	Format                                                              string // ${version} ${account-id} …
	MaxAggregation                                                      int64  // seconds
	Created                                                             time.Time
	Status, DeliverStatus, DeliverError                                 string
}

// Asset is an address of a network interface as aws ec2 describe-network-interfaces gives it.
type Asset struct {
	InterfaceID, Address                                                   string
	Primary                                                                bool
	PublicAddress, PrivateName, InstanceID, AccountID, VPCID, SubnetID     string
	AZ, InterfaceType, MAC, Status, Description, SecurityGroups, Requester string
	Attached                                                               time.Time
	Name                                                                   string
}
