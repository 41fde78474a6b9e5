package flow

// flowKind says how the value of a field is read and where it is stored.
type flowKind uint8

const (
	flowText     flowKind = iota // text of the context
	flowSmall                    // a small integer of the context
	flowTime                     // Unix seconds
	flowAddr                     // an IP address
	flowPort                     // 0–65535
	flowProtocol                 // 0–255
	flowFlags                    // the nine flag bits of TCP
	flowCount                    // 0 … 2^63-1
	flowLost                     // a count that only Transit Gateways have: four of them in one column
	flowExtra                    // a field that only a header knows: kept in the column extra
)

// The columns of store.flow_full, in the order of its CREATE TABLE; store.flow_plain has those before flowTCPFlags.
const (
	flowObjectID = iota
	flowRowNo
	flowContextID
	flowStart
	flowEnd
	flowSrc4
	flowDst4
	flowSrcPort
	flowDstPort
	flowProto
	flowPackets
	flowBytes
	flowTCPFlags
	flowSrc6
	flowDst6
	flowPktSrc4
	flowPktSrc6
	flowPktDst4
	flowPktDst6
	flowPacketsLost
	flowExtraJSON
	flowEscaped
	flowColumns
	flowPlainColumns = flowTCPFlags
)

// flowAddr6 are the columns of the four addresses that are not IPv4, by slot.
var flowAddr6 = [4]int{flowSrc6, flowDst6, flowPktSrc6, flowPktDst6}

// flowField is a field AWS knows.
type flowField struct {
	name    string
	version int // the flow log version that brought it
	kind    flowKind
	class   flowClass
	// column of store.flow_full (of an address the one for IPv4); for text and small integers the column of
	// store.flow_context after context_id.
	column int
}

// The first columns of store.flow_context after context_id: not fields of the record.
const flowContextFirst = 3 // capture, log_group, log_stream

// flowFields is every field of versions 2 to 11 in the order of AWS's documentation, then those that only Transit
// Gateway flow logs (version 6) have. The fields of the context stand in the order of store.flow_context.
var flowFields = inContextOrder([]flowField{
	{"version", 2, flowSmall, classVersion, 0},
	{"account-id", 2, flowText, classAccount, 0},
	{"interface-id", 2, flowText, classInterface, 0},
	{"srcaddr", 2, flowAddr, classNumber, flowSrc4},
	{"dstaddr", 2, flowAddr, classNumber, flowDst4},
	{"srcport", 2, flowPort, classNumber, flowSrcPort},
	{"dstport", 2, flowPort, classNumber, flowDstPort},
	{"protocol", 2, flowProtocol, classNumber, flowProto},
	{"packets", 2, flowCount, classNumber, flowPackets},
	{"bytes", 2, flowCount, classNumber, flowBytes},
	{"start", 2, flowTime, classNumber, flowStart},
	{"end", 2, flowTime, classNumber, flowEnd},
	{"action", 2, flowText, classAction, 0},
	{"log-status", 2, flowText, classStatus, 0},

	{"vpc-id", 3, flowText, classVPC, 0},
	{"subnet-id", 3, flowText, classSubnet, 0},
	{"instance-id", 3, flowText, classInstance, 0},
	{"tcp-flags", 3, flowFlags, classNumber, flowTCPFlags},
	{"type", 3, flowText, classType, 0},
	{"pkt-srcaddr", 3, flowAddr, classNumber, flowPktSrc4},
	{"pkt-dstaddr", 3, flowAddr, classNumber, flowPktDst4},

	{"region", 4, flowText, classRegion, 0},
	{"az-id", 4, flowText, classZone, 0},
	{"sublocation-type", 4, flowText, classSublocation, 0},
	{"sublocation-id", 4, flowText, classAny, 0},

	{"pkt-src-aws-service", 5, flowText, classService, 0},
	{"pkt-dst-aws-service", 5, flowText, classService, 0},
	{"flow-direction", 5, flowText, classDirection, 0},
	{"traffic-path", 5, flowSmall, classPath, 0},

	{"ecs-cluster-arn", 7, flowText, classClusterARN, 0},
	{"ecs-cluster-name", 7, flowText, className, 0},
	{"ecs-container-instance-arn", 7, flowText, classContainerARN, 0},
	{"ecs-container-instance-id", 7, flowText, className, 0},
	{"ecs-container-id", 7, flowText, className, 0},
	{"ecs-second-container-id", 7, flowText, className, 0},
	{"ecs-service-name", 7, flowText, className, 0},
	{"ecs-task-definition-arn", 7, flowText, classDefinitionARN, 0},
	{"ecs-task-arn", 7, flowText, classTaskARN, 0},
	{"ecs-task-id", 7, flowText, className, 0},

	{"reject-reason", 8, flowText, classWord, 0},
	{"resource-id", 9, flowText, className, 0},
	{"encryption-status", 10, flowSmall, classEncryption, 0},

	{"instance-tag", 11, flowText, classAny, 0},
	{"instance-tag-2", 11, flowText, classAny, 0},
	{"interface-tag", 11, flowText, classAny, 0},
	{"interface-tag-2", 11, flowText, classAny, 0},
	{"asg-tag", 11, flowText, classAny, 0},
	{"asg-tag-2", 11, flowText, classAny, 0},
	{"interface-type", 11, flowText, classWord, 0},
	{"next-hop-interface-id", 11, flowText, classInterface, 0},
	{"next-hop-subnet-id", 11, flowText, classSubnet, 0},
	{"next-hop-az-id", 11, flowText, classZone, 0},
	{"next-hop-vpc-id", 11, flowText, classVPC, 0},
	{"next-hop-interface-type", 11, flowText, classWord, 0},

	{"resource-type", 6, flowText, classWord, 0},
	{"tgw-id", 6, flowText, classGateway, 0},
	{"tgw-attachment-id", 6, flowText, classAttachment, 0},
	{"tgw-src-vpc-account-id", 6, flowText, classAccount, 0},
	{"tgw-dst-vpc-account-id", 6, flowText, classAccount, 0},
	{"tgw-src-vpc-id", 6, flowText, classVPC, 0},
	{"tgw-dst-vpc-id", 6, flowText, classVPC, 0},
	{"tgw-src-subnet-id", 6, flowText, classSubnet, 0},
	{"tgw-dst-subnet-id", 6, flowText, classSubnet, 0},
	{"tgw-src-eni", 6, flowText, classInterface, 0},
	{"tgw-dst-eni", 6, flowText, classInterface, 0},
	{"tgw-src-az-id", 6, flowText, classZone, 0},
	{"tgw-dst-az-id", 6, flowText, classZone, 0},
	{"tgw-pair-attachment-id", 6, flowText, classAttachment, 0},
	{"packets-lost-no-route", 6, flowLost, classNumber, flowPacketsLost},
	{"packets-lost-blackhole", 6, flowLost, classNumber, flowPacketsLost},
	{"packets-lost-mtu-exceeded", 6, flowLost, classNumber, flowPacketsLost},
	{"packets-lost-ttl-expired", 6, flowLost, classNumber, flowPacketsLost},
})

// inContextOrder numbers the context's columns.
func inContextOrder(fields []flowField) []flowField {
	next := flowContextFirst
	for i := range fields {
		if k := fields[i].kind; k == flowText || k == flowSmall {
			fields[i].column = next
			next++
		}
	}
	return fields
}

// flowContextColumns is the number of columns of store.flow_context after context_id.
var flowContextColumns = func() int {
	n := flowContextFirst
	for _, f := range flowFields {
		if f.kind == flowText || f.kind == flowSmall {
			n++
		}
	}
	return n
}()

// flowByName finds a field by AWS's name.
var flowByName = func() map[string]*flowField {
	m := make(map[string]*flowField, len(flowFields))
	for i := range flowFields {
		m[flowFields[i].name] = &flowFields[i]
	}
	return m
}()

// maxFlowName bounds what can be a field's name.
const maxFlowName = 64

// fieldName gives a token as AWS spells a field's name: lower case, with hyphens. ok is false when the token cannot
// be a name. buf is overwritten.
func fieldName(buf, token []byte) (name []byte, ok bool) {
	if len(token) == 0 || len(token) > maxFlowName {
		return nil, false
	}
	name = buf[:0]
	for i, c := range token {
		switch {
		case c >= 'a' && c <= 'z':
		case c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
		case i > 0 && c >= '0' && c <= '9', i > 0 && c == '-':
		case i > 0 && c == '_':
			c = '-'
		default:
			return nil, false
		}
		name = append(name, c)
	}
	return name, true
}
