package records

import (
	"bytes"
	"strconv"
	"strings"
	"time"
)

// A shipper (logstash, the Beats, Vector, Fluentd, Fluent Bit, functions that feed OpenSearch, steampipe) writes every line
// as a JSON object of its own, with what it knows of the line beside it. Such an object is told from an application's own
// record, which has a message too and stays whole, by one of three things:
//
//   - the line stands where nobody else writes one: "@message", or "original" in "event";
//   - a log group or stream is named, at the top or in one of places, or the Beats' own agent and ecs;
//   - there is nothing beside the line but what shippers put there: carried.

// places are the members in which shippers name the log group and stream, in any depth.
var places = []string{"cloudwatch_logs", "awscloudwatch", "aws.cloudwatch", "aws", "cloudwatch", "metadata", "attributes", "labels"}

// carried are the members that say nothing of the line but how it came here.
var carried = func() map[string]bool {
	names := map[string]bool{}
	for name := range strings.FieldsSeq(`
		@timestamp @version @metadata date time timestamp tags tag type host hostname host.name path file filename filepath file_path
		offset input source sourcetype source_type index fields labels attributes metadata
		agent ecs cloud container kubernetes docker data_stream elastic_agent fileset event.dataset event.module log.file.path log.offset
		log.flags beat prospector service_name
		timestamp_end request_id source_arn source_ip bucket object region port
		_p stream logtag container_id container_name ecs_cluster ecs_task_arn ecs_task_definition ec2_instance_id az
		message_type subscription_filters`) {
		names[name] = true
	}
	return names
}()

// said is what a shipper says of a line's event.
type said struct{ group, stream, owner, id, at, ingested []byte }

// isShipped says whether the object is a line as a shipper wrote it.
func (o *object) isShipped() bool {
	line, sure := o.shippedLine()
	switch {
	case line == nil:
		return false
	case sure, o.told(), opens(o.other("agent"), '{') && opens(o.other("ecs"), '{'):
		return true
	}
	const known = 1<<kOther | 1<<kPassing | 1<<kMessage | 1<<kTimestamp | 1<<kIngestion | 1<<kLog | 1<<kLine | 1<<kEvent
	if o.seen&^known != 0 || o.is(kLine, '"') && o.other("labels") == nil || o.is(kEvent, '"') && o.other("sourcetype") == nil {
		return false
	}
	for _, m := range o.others {
		if !carried[string(m.name)] {
			return false
		}
	}
	return true
}

// told says whether the object names the log group or stream it is from. An embedded metric names a LogGroup as well.
func (o *object) told() bool {
	s := o.said()
	return (s.group != nil || s.stream != nil) && o.other("_aws") == nil
}

func opens(val []byte, c byte) bool { return len(val) > 0 && val[0] == c }

// shippedLine is the value that holds the line, as written: what was kept untouched comes before what a filter may have
// changed. It may be an object, where the shipper has read the line as JSON; nil when there is none. It is sure where
// nobody else writes a line.
func (o *object) shippedLine() (line []byte, sure bool) {
	if o.is(kAtMessage, '"') || o.is(kAtMessage, '{') {
		return o.val(kAtMessage), true
	}
	if o.is(kEvent, '{') {
		var in object
		in.read(o.val(kEvent), false, nil)
		if v := in.other("original"); opens(v, '"') {
			return v, true
		}
	}
	for _, k := range []key{kLog, kMessage, kLine, kEvent} {
		if o.is(k, '"') || k == kMessage && o.is(k, '{') || k == kEvent && o.is(k, '{') && o.other("sourcetype") != nil {
			return o.val(k), false
		}
	}
	return nil, false
}

// said looks up what the object says of the event: its own members, then those of places.
func (o *object) said() said {
	s := said{group: o.val(kGroup), stream: o.val(kStream), owner: o.val(kOwner), id: o.val(kEventID), at: o.val(kTimestamp), ingested: o.val(kIngestion)}
	for _, m := range o.others {
		s.take(m)
	}
	for _, m := range o.others {
		for _, p := range places {
			if opens(m.val, '{') && string(m.name) == p {
				s.within(m.val, 0)
			}
		}
	}
	if o.is(kEvent, '{') && s.id == nil {
		var in object
		in.read(o.val(kEvent), false, nil)
		s.id = in.val(kEventID)
	}
	if !isEventID(s.id) {
		s.id = nil
	}
	return s
}

// isEventID says whether a value is a string of digits, as CloudWatch's event ids are; others number events of their own.
func isEventID(val []byte) bool { return len(val) > 2 && val[0] == '"' && digits(val[1:len(val)-1]) }

func digits(b []byte) bool {
	for _, c := range b {
		if c-'0' > 9 {
			return false
		}
	}
	return len(b) > 0
}

// within looks in an object of one of places.
func (s *said) within(val []byte, depth int) {
	const most = 3
	m := members{b: val, i: 1}
	for {
		name, ok := m.name()
		if !ok {
			return
		}
		v, ok := m.value()
		if !ok {
			return
		}
		if opens(v, '{') && depth < most {
			s.within(v, depth+1)
		}
		if n := plainName(name); n != "id" && n != "timestamp" && n != "time" && n != "date" { // of something else
			s.take(member{name, v})
		}
	}
}

// take takes in a member if its name is one that says something, however it is spelt.
func (s *said) take(m member) {
	if to := s.place(plainName(m.name)); to != nil && *to == nil && !opens(m.val, '{') && !opens(m.val, '[') {
		*to = m.val
	}
}

// place is where the value of a name, spelt by plainName, goes; nil when it says nothing.
func (s *said) place(name string) *[]byte {
	switch {
	case strings.HasSuffix(name, "loggroup"), strings.HasSuffix(name, "loggroupname"), strings.HasSuffix(name, "loggroupidentifier"), name == "@log":
		return &s.group
	case strings.HasSuffix(name, "logstream"), strings.HasSuffix(name, "logstreamname"):
		return &s.stream
	case strings.HasSuffix(name, ".ingestiontime"):
		return &s.ingested
	}
	switch strings.TrimPrefix(name, "@") {
	case "owner", "awscloudwatchowner":
		return &s.owner
	case "id", "eventid", "event.id":
		return &s.id
	case "timestamp", "time", "date":
		return &s.at
	case "ingestiontime":
		return &s.ingested
	}
	return nil
}

// plainName spells a name without what spellings differ in: log_group and logGroup become loggroup.
func plainName(name []byte) string {
	out := make([]byte, 0, len(name))
	for _, c := range name {
		switch {
		case c == '_', c == '-', c == ' ':
		case c >= 'A' && c <= 'Z':
			out = append(out, c+'a'-'A')
		default:
			out = append(out, c)
		}
	}
	return string(out)
}

// giveShipped gives the line of a shipper's object.
func (s *stream) giveShipped(r *Reader, o *object) bool {
	line, _ := o.shippedLine()
	ev := s.toldFacts(r, o)
	if line[0] != '"' {
		return s.message(r, line, ev)
	}
	msg := s.unquote(line)
	if !o.is(kAtMessage, '"') && o.is(kLog, '"') {
		msg = bytes.TrimSuffix(msg, []byte("\n")) // container runtimes keep the line's end
	}
	return s.message(r, msg, ev)
}

// toldFacts is what the wrappers around an object say, and what it says itself. Times are the event's only where it names
// a log group or stream, or has no key but CloudWatch's own: else they are when the shipper read the line.
func (s *stream) toldFacts(r *Reader, o *object) *Event {
	facts := o.said()
	if own := o.seen&^eventKeys == 0 || o.seen&(1<<kAtMessage) != 0; !own && facts.group == nil && facts.stream == nil {
		return s.facts(r)
	}
	r.ev = s.outer
	facts.tell(r, &r.ev)
	return &r.ev
}

// tell sets what is known of an event.
func (s *said) tell(r *Reader, ev *Event) {
	set := func(to *string, val []byte) {
		if t := r.word(val); t != "" {
			*to = t
		}
	}
	set(&ev.Group, s.group)
	set(&ev.Stream, s.stream)
	set(&ev.Owner, s.owner)
	ev.split()
	if len(s.id) > 2 && s.id[0] == '"' {
		ev.ID = string(text(nil, s.id))
	}
	if ms := instant(s.at); ms != 0 {
		ev.Timestamp = ms
	}
	if ms := instant(s.ingested); ms != 0 {
		ev.Ingestion = ms
	}
}

// word is the text of a value as written; "" when it is no string.
func (r *Reader) word(val []byte) string {
	if len(val) < 2 || val[0] != '"' {
		return ""
	}
	return r.text(text(nil, val))
}

// split takes apart the form account:group, in which @log and logGroupIdentifier may name a log group.
func (e *Event) split() {
	const account = 12
	if len(e.Group) <= account || e.Group[account] != ':' {
		return
	}
	for i := range account {
		if e.Group[i]-'0' > 9 {
			return
		}
	}
	e.Owner, e.Group = e.Group[:account], e.Group[account+1:]
}

// instant reads a time, as a JSON value or bare, as ms since 1970; 0 when it is none that is certain. A number is in the
// unit that gives it 10, 13, 16 or 19 digits: those of the years 2001 to 2286. A time in words needs its zone, but for the
// form of CloudWatch Logs Insights, whose times are in UTC.
func instant(val []byte) int64 {
	s := string(val)
	if len(s) > 2 && s[0] == '"' {
		s = string(text(nil, val))
	}
	if n, ok := strings.CutPrefix(s, "/Date("); ok { // Windows PowerShell's ConvertTo-Json
		s = strings.TrimSuffix(n, ")/")
	}
	whole, fraction, _ := strings.Cut(s, ".")
	if n, err := strconv.ParseInt(whole, 10, 64); err == nil {
		switch len(whole) {
		case 10:
			return n*1000 + thousandths(fraction)
		case 13:
			return n
		case 16:
			return n / 1000
		case 19:
			return n / 1_000_000
		}
		return 0
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02 15:04:05.999999999Z07:00", insightsTime} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UnixMilli()
		}
	}
	return 0
}

// insightsTime is how Logs Insights writes @timestamp.
const insightsTime = "2006-01-02 15:04:05.000"

// thousandths reads the digits behind a decimal point as ms.
func thousandths(digits string) int64 {
	n, err := strconv.ParseInt((digits + "000")[:3], 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// giveResult gives the line of one row of aws logs get-query-results: a list of fields and values. A row without @message
// holds only what the query asked for, and is a record as it stands.
func (s *stream) giveResult(r *Reader, row []byte) bool {
	var facts said
	var line []byte
	for i := skipSpace(row, 1); i < len(row) && row[i] == '{'; {
		var cell object
		cell.read(row[i:], false, nil)
		field, value := cell.other("field"), cell.other("value")
		if opens(field, '"') && opens(value, '"') {
			if name := text(nil, field); string(name) == "@message" {
				line = value
			} else {
				facts.take(member{name, value})
			}
		}
		if i = skipSpace(row, i+cell.size); i < len(row) && row[i] == ',' {
			i = skipSpace(row, i+1)
		}
	}
	if line == nil {
		return s.message(r, row, s.facts(r))
	}
	r.ev = s.outer
	facts.tell(r, &r.ev)
	return s.message(r, s.unquote(line), &r.ev)
}

// giveCells gives the line of one element of what aws logs --query 'events[].[timestamp,message]' prints: a list of at least
// one string. Where more than one could be the line, the element is a record as it stands.
func (s *stream) giveCells(r *Reader, row []byte) bool {
	var facts said
	var line []byte
	words := 0
	for i := skipSpace(row, 1); i < len(row) && row[i] != ']'; {
		end, ok := skipValue(row, i)
		cell := row[i:end]
		switch {
		case !ok, cell[0] == '{', cell[0] == '[':
			return s.message(r, row, s.facts(r))
		case isEventID(cell) && len(cell) > 50:
			facts.id = cell
		case len(cell) == len("1760000000000") && instant(cell) != 0 && facts.at == nil:
			facts.at = cell
		case cell[0] != '"':
			return s.message(r, row, s.facts(r))
		case bytes.ContainsAny(cell, " {"):
			words++
			line = cell
		default:
			facts.stream = cell
		}
		if i = skipSpace(row, end); i < len(row) && row[i] == ',' {
			i = skipSpace(row, i+1)
		}
	}
	if line == nil || words > 1 {
		return s.message(r, row, s.facts(r))
	}
	r.ev = s.outer
	facts.tell(r, &r.ev)
	return s.message(r, s.unquote(line), &r.ev)
}
