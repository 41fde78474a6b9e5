package change

import (
	"bytes"

	"case53/loader/logs/field"
)

// The effects of calls.
const (
	stops   = "stops a log"
	starts  = "starts a log"
	changes = "changes a log"
	deletes = "deletes records"
	opens   = "changes a host or a way in"
)

// effects are the calls that become rows, with what they do.
var effects = map[string]string{
	"DeleteFlowLogs": stops, "CreateFlowLogs": starts,
	"DeleteResolverQueryLogConfig": stops, "DisassociateResolverQueryLogConfig": stops,
	"CreateResolverQueryLogConfig": starts, "AssociateResolverQueryLogConfig": starts,
	"DeleteQueryLoggingConfig": stops, "CreateQueryLoggingConfig": starts,
	"StopLogging": stops, "DeleteTrail": stops, "UpdateTrail": changes, "PutEventSelectors": changes,
	"ModifyLoadBalancerAttributes": changes, "UpdateDistribution": changes, "UpdateStage": changes, "UpdateLoggingConfiguration": changes,
	"DeleteLoggingConfiguration": stops, "PutLoggingConfiguration": starts,
	"DeleteLogGroup": deletes, "DeleteLogStream": deletes, "PutRetentionPolicy": deletes, "PutDataProtectionPolicy": changes,
	"DeleteDelivery": stops, "DeleteDeliverySource": stops, "DeleteDeliveryDestination": stops,
	"PutBucketLogging": changes, "PutBucketLifecycle": deletes, "PutBucketLifecycleConfiguration": deletes, "DeleteBucketLifecycle": changes,
	"PutBucketVersioning": changes, "DeleteBucket": deletes, "DeleteObject": deletes, "DeleteObjects": deletes,
	"DeleteDetector": stops, "UpdateDetector": changes, "ArchiveFindings": changes, "CreateFilter": changes,
	"AuthorizeSecurityGroupIngress": opens, "RevokeSecurityGroupIngress": opens, "ReplaceNetworkAclEntry": opens,
	"CreateSnapshot": opens, "ModifySnapshotAttribute": opens, "CreateImage": opens,
	"RunInstances": opens, "StopInstances": opens, "TerminateInstances": opens, "StartSession": opens, "SendCommand": opens,
	"DeleteFirewallRule": opens, "DisassociateFirewallRuleGroup": opens,
}

// effectOf gives what a call does; "" where it is none that is kept. A service may write its interface's date behind the name:
// UpdateDistribution2020_05_31.
func effectOf(name []byte) string {
	return effects[string(bytes.TrimRight(name, "0123456789_"))]
}

// identifiers are the parameters that say what a call is about, squashed, the surest first.
var identifiers = []string{
	"flowlogid", "resolverquerylogconfigid", "trailname", "loadbalancerarn", "detectorid", "snapshotid", "instanceid", "groupid",
	"networkaclid", "resourcearn", "loggroupname", "loggroupidentifier", "bucketname", "firewallruleid", "firewallrulegroupassociationid",
	"deliverysourcename", "deliverydestinationname", "distributionid", "restapiid", "apiid", "firewallname", "firewallarn",
	"target", "name", "id", "resourceid", "imageid",
}

// most is how deep requestParameters are searched.
const most = 6

// find gives the identifier in requestParameters: the surest, wherever it stands; where it is there several times, as in a call
// about several flow logs, all of them between spaces.
func (r *record) find(parameters []byte) []byte {
	const longest = 1024
	best, found := len(identifiers), []byte(nil)
	search(parameters, most, func(name, value []byte) {
		var buf [64]byte
		if len(name) > len(buf) {
			return
		}
		squashed := string(field.Squash(buf[:0], name))
		for i, id := range identifiers[:min(best+1, len(identifiers))] {
			switch {
			case squashed != id:
			case i < best:
				best, found = i, append(found[:0], value...)
			case len(found)+len(value) < longest:
				found = append(append(found, ' '), value...)
			}
		}
	})
	return found
}

// search gives every member of an object that is text, however deep. Where a member is {"content": TEXT, …}, as the XML of
// EC2 becomes, the text is the member's own; the texts of a list are members named like the list, without its final s.
func search(raw []byte, depth int, each func(name, value []byte)) {
	var o field.Members
	if depth == 0 || o.Read(raw) != nil {
		return
	}
	o.Each(func(m *field.Member) {
		switch m.Value[0] {
		case '"', '{':
			searchValue(m.Name, m.Value, depth, each)
		case '[':
			name := bytes.TrimSuffix(m.Name, []byte("s"))
			_ = field.Elements(m.Value, func(element []byte) error { // checked when the record was read
				searchValue(name, element, depth, each)
				return nil
			})
		}
	})
}

func searchValue(name, value []byte, depth int, each func(name, value []byte)) {
	switch value[0] {
	case '"':
		var s field.JSON
		s.Reset(value)
		if text, err := s.Text(); err == nil && len(text) > 0 {
			each(name, text)
		}
	case '{':
		var inner field.Members
		if inner.Read(value) == nil {
			if m := inner.Take("content"); m != nil && len(m.Text) > 0 {
				each(name, m.Text)
			}
		}
		search(value, depth-1, each)
	}
}
