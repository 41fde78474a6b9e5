package records

import (
	"bytes"
	"math"
	"slices"
	"strconv"
)

// shape is what an object turns out to be.
type shape uint8

const (
	plain        shape = iota // a record of its own
	event                     // one event: {"message":…}
	dump                      // {"events":[…]}
	subscription              // {"messageType":…,"logEvents":[…]}
	firehose                  // {"records":[{"data":…}]}
	kinesis                   // {"Records":[{"kinesis":{"data":…}}]}
	lambda                    // {"awslogs":{"data":…}}
	array                     // […]
	trail                     // {"Records":[{…}]}, CloudTrail's list of records
	lookup                    // {"Events":[{"CloudTrailEvent":…}]}, the output of aws cloudtrail lookup-events
	insights                  // {"results":[[{"field":…,"value":…}]]}, the output of aws logs get-query-results
	shipped                   // one line as a shipper wrote it, see shipper.go
	document                  // {"_source":{…}}, a document of OpenSearch or Elasticsearch, and {"logRecord":{…}}
	failed                    // {"rawData":…}, a record that Firehose could not process
	told                      // a record of its own that a shipper added the log group's name to
)

func (s shape) String() string {
	return [...]string{
		"", "events", "filter-log-events", "subscription", "firehose", "kinesis", "awslogs", "array",
		"Records", "lookup-events", "get-query-results", "shipper", "document", "firehose-failed", "",
	}[s]
}

// single says whether what has this shape wraps one record.
func (s shape) single() bool { return s == event || s == shipped || s == document || s == failed }

// key numbers the keys that mean something in an envelope or an event.
type key uint8

const (
	kOther key = iota
	kMessage
	kTimestamp
	kIngestion
	kEventID
	kStream
	kGroup
	kOwner
	kPassing // of an event or a list, but of no use here
	kMessageType
	kLogEvents
	kEvents
	kFirehose
	kKinesis
	kResults
	kLambda
	kData
	kKinesisData
	kTrail
	kSource
	kLogRecord
	kRaw
	kAtMessage
	kLog
	kLine
	kEvent
	keys
)

// keyOf tells a key. The spellings with a capital are those of CloudWatch's .NET classes, as PowerShell's ConvertTo-Json
// writes them.
func keyOf(name []byte) key {
	switch string(name) {
	case "message", "Message":
		return kMessage
	case "timestamp", "Timestamp":
		return kTimestamp
	case "ingestionTime", "IngestionTime":
		return kIngestion
	case "eventId", "id", "EventId":
		return kEventID
	case "logStreamName", "logStream", "LogStreamName":
		return kStream
	case "logGroupName", "logGroup", "LogGroupName", "logGroupIdentifier":
		return kGroup
	case "owner":
		return kOwner
	case "messageType":
		return kMessageType
	case "logEvents":
		return kLogEvents
	case "events", "Events", "sessionResults":
		return kEvents
	case "records":
		return kFirehose
	case "Records":
		return kKinesis
	case "results":
		return kResults
	case "awslogs":
		return kLambda
	case "data":
		return kData
	case "kinesis":
		return kKinesisData
	case "CloudTrailEvent":
		return kTrail
	case "_source":
		return kSource
	case "logRecord":
		return kLogRecord
	case "rawData":
		return kRaw
	case "@message":
		return kAtMessage
	case "log":
		return kLog
	case "line":
		return kLine
	case "event":
		return kEvent
	case "extractedFields", "nextToken", "nextForwardToken", "nextBackwardToken", "searchedLogStreams",
		"NextToken", "NextForwardToken", "NextBackwardToken", "SearchedLogStreams":
		return kPassing
	}
	return kOther
}

// object is the members of a JSON object that mean something here.
type object struct {
	b        []byte
	seen     uint32 // a bit per key
	at, end  [keys]int
	others   []member // those whose names mean nothing
	repeated string   // a name that came twice, with different values
	size     int      // of a whole one, up to and with its brace
}

// member is a key and its value as written.
type member struct{ name, val []byte }

// maxOthers is how many unknown keys an object may have before it is no envelope of any kind.
const maxOthers = 64

// read takes in the members of the object at b[0]. With partial, b may end or turn bad at any point: reading stops
// there, or at the first list that an envelope might have, with the list's end unknown (0).
//
// The parts of b that at knows, if it is given, are not read through.
func (o *object) read(b []byte, partial bool, at *spans) {
	*o = object{b: b, others: o.others[:0]}
	m := members{b: b, i: 1, spans: at}
	for {
		name, ok := m.name()
		if !ok {
			o.size = skipSpace(b, m.i) + 1
			return
		}
		k, start := keyOf(name), m.i
		if partial && b[start] == '[' && k >= kLogEvents && k <= kResults {
			if o.seen&(1<<k) != 0 && o.repeated == "" {
				o.repeated = string(name)
			}
			o.at[k], o.end[k] = start, 0
			o.seen |= 1 << k
			return
		}
		val, ok := m.value()
		o.add(k, name, val, start)
		if !ok {
			return
		}
		if o.end[k] == 0 {
			o.end[k] = m.i
		}
	}
}

// add takes in one member; its end is for read to note.
func (o *object) add(k key, name, val []byte, start int) {
	switch {
	case k == kOther || k == kPassing:
		if o.repeated == "" && slices.ContainsFunc(o.others, func(n member) bool { return string(n.name) == string(name) && !bytes.Equal(n.val, val) }) {
			o.repeated = string(name)
		}
		if len(o.others) <= maxOthers {
			o.others = append(o.others, member{name, val})
		}
	case o.seen&(1<<k) == 0:
		o.at[k] = start
	case o.repeated == "" && !bytes.Equal(o.val(k), val):
		o.repeated = string(name)
	}
	o.seen |= 1 << k
}

// is says whether key k is there with a value that begins with c.
func (o *object) is(k key, c byte) bool { return o.seen&(1<<k) != 0 && o.b[o.at[k]] == c }

// val is the value of key k as written; nil when absent or unfinished.
func (o *object) val(k key) []byte {
	if o.end[k] == 0 {
		return nil
	}
	return o.b[o.at[k]:o.end[k]]
}

// str says whether key k is absent or a whole string.
func (o *object) str(k key) bool {
	return o.seen&(1<<k) == 0 || o.is(k, '"') && o.end[k] != 0
}

func (o *object) num(k key) bool {
	if o.seen&(1<<k) == 0 {
		return true
	}
	c := o.b[o.at[k]]
	return c == '-' || c >= '0' && c <= '9'
}

const (
	eventKeys = 1<<kMessage | 1<<kTimestamp | 1<<kIngestion | 1<<kEventID | 1<<kStream | 1<<kGroup | 1<<kOwner | 1<<kPassing
	listKeys  = 1<<kEvents | 1<<kPassing
)

// shape says what the object is, and for one with a list where the first element is. A partial object is of a shape
// only when its list has been reached.
func (o *object) shape(partial bool) (s shape, list int) {
	if len(o.others) > maxOthers {
		return plain, 0
	}
	reached := func(k key) bool { return o.is(k, '[') && (!partial || o.end[k] == 0) }
	switch {
	case reached(kLogEvents) && (o.is(kMessageType, '"') || partial && o.firstIsEvent(kLogEvents)):
		return subscription, o.at[kLogEvents] + 1
	case reached(kEvents) && (o.firstIsEvent(kEvents) || o.empty(kEvents) && o.seen&^listKeys == 0):
		return dump, o.at[kEvents] + 1
	case reached(kEvents) && o.firstHas(kEvents, kTrail, '"'):
		return lookup, o.at[kEvents] + 1
	case reached(kFirehose) && o.firstHas(kFirehose, kData, '"'):
		return firehose, o.at[kFirehose] + 1
	case reached(kKinesis) && o.firstHas(kKinesis, kKinesisData, '{'):
		return kinesis, o.at[kKinesis] + 1
	case reached(kKinesis) && o.seen == 1<<kKinesis && (o.first(kKinesis) == '{' || o.first(kKinesis) == ']'):
		return trail, o.at[kKinesis] + 1
	case reached(kResults) && (o.firstIsResult() || o.first(kResults) == ']' && o.other("statistics") != nil):
		return insights, o.at[kResults] + 1
	case partial:
		return plain, 0
	case o.is(kLambda, '{') && o.seen == 1<<kLambda:
		var in object
		if in.read(o.val(kLambda), false, nil); in.is(kData, '"') {
			return lambda, 0
		}
	case o.is(kSource, '{') && o.other("_index") != nil, o.is(kLogRecord, '{') && o.seen == 1<<kLogRecord:
		return document, 0
	case o.is(kRaw, '"') && o.other("errorCode") != nil && o.other("attemptsMade") != nil:
		return failed, 0
	case o.isEvent():
		return event, 0
	case o.isShipped():
		return shipped, 0
	case o.told():
		return told, 0
	}
	return plain, 0
}

// isEvent says whether a bare object is a CloudWatch event and nothing else.
func (o *object) isEvent() bool {
	return o.is(kMessage, '"') && o.seen&^eventKeys == 0 && (o.seen == 1<<kMessage || o.seen&(1<<kTimestamp) != 0) &&
		o.num(kTimestamp) && o.num(kIngestion) && o.str(kEventID) && o.str(kStream) && o.str(kGroup) && o.str(kOwner)
}

// other is the value of a member whose name means nothing; nil when there is none.
func (o *object) other(name string) []byte {
	for _, m := range o.others {
		if string(m.name) == name {
			return m.val
		}
	}
	return nil
}

func (o *object) firstIsEvent(list key) bool { return o.firstHas(list, kMessage, '"') }

// firstHas says whether the first element of a list is an object with key k, whose value begins with c.
func (o *object) firstHas(list, k key, c byte) bool {
	i := skipSpace(o.b, o.at[list]+1)
	if i >= len(o.b) || o.b[i] != '{' {
		return false
	}
	var first object
	first.read(o.b[i:], false, nil)
	return first.is(k, c)
}

func (o *object) empty(list key) bool { return o.first(list) == ']' }

// first is the byte that the first element of a list begins with; that of its end when there is none.
func (o *object) first(list key) byte {
	if i := skipSpace(o.b, o.at[list]+1); i < len(o.b) {
		return o.b[i]
	}
	return 0
}

// firstIsResult says whether the first element of results is a list of fields and values.
func (o *object) firstIsResult() bool {
	i := skipSpace(o.b, o.at[kResults]+1)
	if i >= len(o.b) || o.b[i] != '[' {
		return false
	}
	if i = skipSpace(o.b, i+1); i >= len(o.b) || o.b[i] != '{' {
		return false
	}
	var cell object
	cell.read(o.b[i:], false, nil)
	return cell.other("field") != nil && cell.other("value") != nil
}

// control says whether the object is a control message of a subscription.
func (o *object) control() bool { return string(o.val(kMessageType)) == `"CONTROL_MESSAGE"` }

// millis reads the time of key k, in ms where it is a number; 0 when it is none.
func (o *object) millis(k key) int64 {
	val := o.val(k)
	if opens(val, '"') {
		return instant(val)
	}
	return millis(val)
}

// millis reads a time in ms as JSON writes numbers; 0 when it is none.
func millis(val []byte) int64 {
	if n, err := strconv.ParseInt(string(val), 10, 64); err == nil {
		return n
	}
	f, err := strconv.ParseFloat(string(val), 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0
	}
	return int64(f)
}
