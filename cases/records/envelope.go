package records

import (
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
)

func (s shape) String() string {
	return [...]string{"", "events", "filter-log-events", "subscription", "firehose", "kinesis", "awslogs", "array"}[s]
}

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
	kLambda
	kData
	kKinesisData
	keys
)

func keyOf(name []byte) key {
	switch string(name) {
	case "message":
		return kMessage
	case "timestamp":
		return kTimestamp
	case "ingestionTime":
		return kIngestion
	case "eventId", "id":
		return kEventID
	case "logStreamName", "logStream":
		return kStream
	case "logGroupName", "logGroup":
		return kGroup
	case "owner":
		return kOwner
	case "messageType":
		return kMessageType
	case "logEvents":
		return kLogEvents
	case "events":
		return kEvents
	case "records":
		return kFirehose
	case "Records":
		return kKinesis
	case "awslogs":
		return kLambda
	case "data":
		return kData
	case "kinesis":
		return kKinesisData
	case "extractedFields", "nextToken", "nextForwardToken", "nextBackwardToken", "searchedLogStreams":
		return kPassing
	}
	return kOther
}

// object is the members of a JSON object that mean something here.
type object struct {
	b        []byte
	seen     uint32 // a bit per key
	at, end  [keys]int
	others   [][]byte // the names that mean nothing
	repeated string   // a name that came twice
	size     int      // of a whole one, up to and with its brace
}

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
		k := keyOf(name)
		if k == kOther || k == kPassing {
			if o.repeated == "" && slices.ContainsFunc(o.others, func(n []byte) bool { return string(n) == string(name) }) {
				o.repeated = string(name)
			}
			if len(o.others) <= maxOthers {
				o.others = append(o.others, name)
			}
		} else if o.seen&(1<<k) != 0 && o.repeated == "" {
			o.repeated = string(name)
		}
		if o.seen&(1<<k) == 0 {
			o.at[k] = m.i
		}
		o.seen |= 1 << k
		if partial && b[m.i] == '[' && k >= kLogEvents && k <= kKinesis {
			return
		}
		if _, ok := m.value(); !ok {
			return
		}
		if o.end[k] == 0 {
			o.end[k] = m.i
		}
	}
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
	case reached(kFirehose) && o.firstHas(kFirehose, kData, '"'):
		return firehose, o.at[kFirehose] + 1
	case reached(kKinesis) && o.firstHas(kKinesis, kKinesisData, '{'):
		return kinesis, o.at[kKinesis] + 1
	case partial:
		return plain, 0
	case o.is(kLambda, '{') && o.seen == 1<<kLambda:
		var in object
		if in.read(o.val(kLambda), false, nil); in.is(kData, '"') {
			return lambda, 0
		}
	case o.isEvent():
		return event, 0
	}
	return plain, 0
}

// isEvent says whether a bare object is a CloudWatch event and nothing else.
func (o *object) isEvent() bool {
	return o.is(kMessage, '"') && o.seen&^eventKeys == 0 && (o.seen == 1<<kMessage || o.seen&(1<<kTimestamp) != 0) &&
		o.num(kTimestamp) && o.num(kIngestion) && o.str(kEventID) && o.str(kStream) && o.str(kGroup) && o.str(kOwner)
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

func (o *object) empty(list key) bool {
	i := skipSpace(o.b, o.at[list]+1)
	return i < len(o.b) && o.b[i] == ']'
}

// control says whether the object is a control message of a subscription.
func (o *object) control() bool { return string(o.val(kMessageType)) == `"CONTROL_MESSAGE"` }

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
