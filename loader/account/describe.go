package account

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"case53/cases"
	"case53/cases/writer"
	"case53/loader/logs/flow"
)

// Described is the output of an AWS command that describes the account.
type Described struct {
	what     string
	text     []byte
	flowLogs []cases.FlowLog
	assets   []cases.Asset
}

// Store keeps it in a case.
func (d Described) Store(ctx context.Context, w *writer.Writer) error {
	return w.Describe(ctx, d.what, bytes.NewReader(d.text), d.flowLogs, d.assets)
}

// What is described, by the command that does it.
const (
	describesFlowLogs   = "aws ec2 describe-flow-logs"
	describesInterfaces = "aws ec2 describe-network-interfaces"
)

// ReadFlowLogs reads the output of aws ec2 describe-flow-logs.
func ReadFlowLogs(path string) (Described, error) { return readFile(path, describesFlowLogs) }

// ReadInterfaces reads the output of aws ec2 describe-network-interfaces.
func ReadInterfaces(path string) (Described, error) { return readFile(path, describesInterfaces) }

func readFile(path, what string) (Described, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Described{}, err
	}
	return Read(path, what, text)
}

// Read reads the output of the command what, which came from path.
func Read(path, what string, text []byte) (Described, error) {
	d := Described{what: what, text: text}
	switch what {
	case describesFlowLogs:
		return d.readFlowLogs(path)
	case describesInterfaces:
		return d.readInterfaces(path)
	}
	return d, fmt.Errorf("%s: output of %q, which is not read", path, what)
}

func (d Described) readFlowLogs(path string) (Described, error) {
	var in struct {
		FlowLogs []struct {
			FlowLogID, ResourceID, TrafficType, LogDestinationType, LogDestination, LogGroupName, LogFormat string
			FlowLogStatus, DeliverLogsStatus, DeliverLogsErrorMessage                                       string
			MaxAggregationInterval                                                                          int64
			CreationTime                                                                                    time.Time
		}
	}
	if err := d.read(path, "FlowLogs", &in); err != nil {
		return d, err
	}
	for _, f := range in.FlowLogs {
		if f.FlowLogID == "" {
			return d, fmt.Errorf("%s: a flow log without FlowLogId", path)
		}
		d.flowLogs = append(d.flowLogs, cases.FlowLog{
			ID:              f.FlowLogID,
			ResourceID:      f.ResourceID,
			TrafficType:     f.TrafficType,
			DestinationType: f.LogDestinationType,
			LogGroup:        f.LogGroupName,
			Destination:     f.LogDestination,
			Format:          f.LogFormat,
			MaxAggregation:  f.MaxAggregationInterval,
			Created:         f.CreationTime,
			Status:          f.FlowLogStatus,
			DeliverStatus:   f.DeliverLogsStatus,
			DeliverError:    f.DeliverLogsErrorMessage,
		})
	}
	return d, nil
}

// read reads a file that is a JSON object with the member.
func (d *Described) read(path, member string, into any) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(d.text, &members); err != nil {
		return fmt.Errorf("%s: not the output of %s: %w\nhint: %s --output json > %s", path, d.what, err, d.what, path)
	}
	if members[member] == nil {
		return fmt.Errorf("%s: not the output of %s: it has no %s\nhint: %s --output json > %s", path, d.what, member, d.what, path)
	}
	if err := json.Unmarshal(d.text, into); err != nil {
		return fmt.Errorf("%s: not the output of %s: %w", path, d.what, err)
	}
	return nil
}

// Formats gives the field orders of flow logs in one of the log groups, or in any where none is named; and what of them
// is to be known.
func (d Described) Formats(groups []string) (formats [][]string, warnings []string, err error) {
	seen := map[string]bool{}
	for _, f := range d.flowLogs {
		mine := len(groups) == 0
		for _, g := range groups {
			mine = mine || f.LogGroup == g || strings.HasSuffix(f.Destination, ":log-group:"+g) || strings.HasSuffix(f.Destination, ":log-group:"+g+":*")
		}
		if !mine {
			continue
		}
		if f.DeliverStatus == "FAILED" {
			warnings = append(warnings, fmt.Sprintf("flow log %s of %s: delivery has failed (%s): records are missing", f.ID, f.ResourceID, f.DeliverError))
		}
		if f.TrafficType != "" && f.TrafficType != "ALL" {
			warnings = append(warnings, fmt.Sprintf("flow log %s of %s holds %s traffic only", f.ID, f.ResourceID, f.TrafficType))
		}
		if f.Format == "" || seen[f.Format] || f.DestinationType == "s3" {
			continue // objects in S3 carry a header
		}
		seen[f.Format] = true
		fields, err := flow.ParseFormat(f.Format)
		if err != nil {
			return nil, nil, fmt.Errorf("format of flow log %s: %w", f.ID, err)
		}
		formats = append(formats, fields)
	}
	return formats, warnings, nil
}

// networkInterface is what is read of an interface.
type networkInterface struct {
	NetworkInterfaceID, OwnerID, VpcID, SubnetID, AvailabilityZone, InterfaceType, MacAddress, Status, Description, RequesterID string
	Attachment                                                                                                                  *struct {
		InstanceID, InstanceOwnerID string
		AttachTime                  time.Time
	}
	Association *struct{ PublicIP string }
	Groups      []struct{ GroupID, GroupName string }
	TagSet      []struct{ Key, Value string }

	PrivateIPAddress   string
	PrivateIPAddresses []struct {
		PrivateIPAddress, PrivateDNSName string
		Primary                          bool
		Association                      *struct{ PublicIP string }
	}
	Ipv6Addresses []struct {
		Ipv6Address   string
		IsPrimaryIpv6 bool
	}
}

func (d Described) readInterfaces(path string) (Described, error) {
	var in struct{ NetworkInterfaces []networkInterface }
	if err := d.read(path, "NetworkInterfaces", &in); err != nil {
		return d, err
	}
	for _, n := range in.NetworkInterfaces {
		if n.NetworkInterfaceID == "" {
			return d, fmt.Errorf("%s: an interface without NetworkInterfaceId", path)
		}
		d.assets = append(d.assets, n.assets()...)
	}
	return d, nil
}

// assets are the interface's addresses.
func (n networkInterface) assets() []cases.Asset {
	base := cases.Asset{InterfaceID: n.NetworkInterfaceID, AccountID: n.OwnerID, VPCID: n.VpcID, SubnetID: n.SubnetID, AZ: n.AvailabilityZone,
		InterfaceType: n.InterfaceType, MAC: n.MacAddress, Status: n.Status, Description: n.Description, Requester: n.RequesterID}
	if n.Attachment != nil {
		base.InstanceID, base.Attached = n.Attachment.InstanceID, n.Attachment.AttachTime
	}
	var groups []string
	for _, g := range n.Groups {
		groups = append(groups, strings.TrimSpace(g.GroupID+" "+g.GroupName))
	}
	base.SecurityGroups = strings.Join(groups, ", ")
	for _, tag := range n.TagSet {
		if tag.Key == "Name" {
			base.Name = tag.Value
		}
	}
	var out []cases.Asset
	for _, p := range n.PrivateIPAddresses {
		a := base
		a.Address, a.PrivateName, a.Primary = p.PrivateIPAddress, p.PrivateDNSName, p.Primary
		if p.Association != nil {
			a.PublicAddress = p.Association.PublicIP
		}
		out = append(out, a)
	}
	if len(out) == 0 && n.PrivateIPAddress != "" {
		a := base
		a.Address, a.Primary = n.PrivateIPAddress, true
		if n.Association != nil {
			a.PublicAddress = n.Association.PublicIP
		}
		out = append(out, a)
	}
	for _, p := range n.Ipv6Addresses {
		a := base
		a.Address, a.Primary = p.Ipv6Address, p.IsPrimaryIpv6
		out = append(out, a)
	}
	return out
}
