package flow

import (
	"fmt"
	"slices"
	"strings"
)

// flowPreset is a field list that occurs without a header in the wild.
type flowPreset struct {
	title   string
	version int // what the field version holds
	least   int // or down to what
	names   []string
}

// isVersion says whether the field version may hold a value under the preset.
func (p *flowPreset) isVersion(value []byte) bool {
	v, ok := parseUint(value, flowSmall.limit())
	return ok && int(v) <= p.version && int(v) >= p.least
}

// The order in which the console and the samples made with it list the ECS fields. The documentation has another.
const consoleECS = "ecs-cluster-name ecs-cluster-arn ecs-container-instance-id ecs-container-instance-arn ecs-service-name" +
	" ecs-task-definition-arn ecs-task-id ecs-task-arn ecs-container-id ecs-second-container-id"

const transitGateway = "version resource-type account-id tgw-id tgw-attachment-id tgw-src-vpc-account-id tgw-dst-vpc-account-id" +
	" tgw-src-vpc-id tgw-dst-vpc-id tgw-src-subnet-id tgw-dst-subnet-id tgw-src-eni tgw-dst-eni tgw-src-az-id tgw-dst-az-id" +
	" tgw-pair-attachment-id srcaddr dstaddr srcport dstport protocol packets bytes start end log-status type" +
	" packets-lost-no-route packets-lost-blackhole packets-lost-mtu-exceeded packets-lost-ttl-expired tcp-flags region" +
	" flow-direction pkt-src-aws-service pkt-dst-aws-service"

// The custom formats that AWS shows: in the VPC user guide's examples of records (all but the last two, Beats' modules
// have them too), with the command create-flow-logs and the CloudFormation resource, and as what the Landing Zone Accelerator
// chooses where nobody does.
var documented = []flowPreset{
	{"AWS documentation's TCP flags example, version 3", 3, 3, strings.Fields("version vpc-id subnet-id instance-id interface-id account-id" +
		" type srcaddr dstaddr srcport dstport pkt-srcaddr pkt-dstaddr protocol bytes packets start end action tcp-flags log-status")},
	{"AWS documentation's NAT gateway example", 0, 0, strings.Fields("instance-id interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr")},
	{"AWS documentation's transit gateway example, version 3", 3, 3, strings.Fields("version interface-id account-id vpc-id subnet-id" +
		" instance-id srcaddr dstaddr srcport dstport protocol tcp-flags type pkt-srcaddr pkt-dstaddr action log-status")},
	{"AWS documentation's traffic path example, version 5", 5, 5, strings.Fields("version srcaddr dstaddr srcport dstport protocol start end" +
		" type packets bytes account-id vpc-id subnet-id instance-id interface-id region az-id sublocation-type sublocation-id action tcp-flags" +
		" pkt-srcaddr pkt-dstaddr pkt-src-aws-service pkt-dst-aws-service traffic-path flow-direction log-status")},
	{"AWS documentation's create-flow-logs example, version 3", 3, 3, strings.Fields("version vpc-id subnet-id instance-id srcaddr dstaddr" +
		" srcport dstport protocol tcp-flags type pkt-srcaddr pkt-dstaddr")},
	{"AWS Landing Zone Accelerator's order, version 5", 5, 5, strings.Fields("version account-id interface-id srcaddr dstaddr srcport dstport" +
		" protocol packets bytes start end action log-status vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id" +
		" pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path")},
}

// flowPresets are tried on records that come without a header. Their slices are handed out by Resolve as they are:
// that is how a decoder knows an inferred field list from a given one.
var flowPresets = makeFlowPresets()

func makeFlowPresets() []flowPreset {
	var presets []flowPreset
	for _, version := range []int{2, 3, 4, 5, 7, 8, 9, 10, 11} {
		var names []string
		for _, f := range flowFields {
			if f.version <= version && f.version != 6 {
				names = append(names, f.name)
			}
		}
		title := fmt.Sprintf("AWS documentation order, version %d", version)
		if version == 2 {
			title = "AWS default, version 2"
		}
		presets = append(presets, flowPreset{title, version, version, names},
			flowPreset{fmt.Sprintf("alphabetical order, version %d", version), version, version, slices.Sorted(slices.Values(names))})
	}
	byVersion := func(version int) []string {
		i := slices.IndexFunc(presets, func(p flowPreset) bool { return p.version == version })
		return slices.Clone(presets[i].names)
	}
	ecs := func(before []string, fields string) []string { return append(before, strings.Fields(fields)...) }
	gateway := strings.Fields(transitGateway)
	return append(append(presets, documented...),
		flowPreset{"console order, version 7", 7, 7, ecs(slices.Sorted(slices.Values(byVersion(5))), consoleECS)},
		flowPreset{"console order, version 8", 8, 8, ecs(slices.Sorted(slices.Values(append(byVersion(5), "reject-reason"))), consoleECS)},
		flowPreset{"AWS default and ECS in documentation order, version 7", 7, 7, append(byVersion(2), byVersion(7)[len(byVersion(5)):]...)},
		flowPreset{"AWS default and ECS in console order, version 7", 7, 7, ecs(byVersion(2), consoleECS)},
		// Seen in one peer's sample; it differs from the console's in the two container ids and the two container instances.
		flowPreset{"AWS default and ECS with the second container first, version 7", 7, 7, ecs(byVersion(2),
			"ecs-cluster-name ecs-cluster-arn ecs-container-instance-arn ecs-container-instance-id ecs-service-name"+
				" ecs-task-definition-arn ecs-task-id ecs-task-arn ecs-second-container-id ecs-container-id")},
		// Lines of a Transit Gateway are met that say version 2 or 3: its documentation words the field as the VPC's does.
		flowPreset{"Transit Gateway default, version 6", 6, 2, gateway},
		flowPreset{"alphabetical order, Transit Gateway, version 6", 6, 2, slices.Sorted(slices.Values(gateway))})
}

// presetOf finds the preset whose own slice names is; nil for a list from elsewhere, even one of the same names.
func presetOf(names []string) *flowPreset {
	for i := range flowPresets {
		if p := &flowPresets[i]; len(names) == len(p.names) && &names[0] == &p.names[0] {
			return p
		}
	}
	return nil
}
