package resolver

import (
	"errors"
	"fmt"
	"strconv"

	"case53/loader/logs/field"
)

// The text fields of a record that go into its context, in the order of store.dns_context.
const (
	fVersion = iota
	fAccount
	fRegion
	fVPC
	fQueryType
	fQueryClass
	fRcode
	fTransport
	fInstance
	fEndpoint
	fNetworkInterface
	fRuleAction
	fRuleGroup
	fDomainList
	contextFields

	// the other keys
	fTimestamp = iota - 1
	fName
	fAddr
	fPort
	fAnswers
	fSources
	unknownKey
)

// The fields of an answer.
const (
	aRdata = iota
	aType
	aClass
	answerFields
)

// record is one record, read and checked, but in no batch yet. Its slices live as long as the record's bytes.
type record struct {
	json  field.JSON
	inner field.JSON // of answers and srcids that are texts
	resolverFields
	answers []resolverAnswer
	export  field.Export
	// Keys that case53 does not know: of the record, and as members of objects of their own.
	extra, extraSources, extraAnswers []byte
}

type resolverFields struct {
	have       uint32                // a bit per key already met
	context    [contextFields][]byte // nil is NULL
	time       int64
	zoneless   []byte // the time as it stands there, without a zone
	queryName  []byte
	src        field.Addr
	port       int32 // -1: absent
	hasAnswers bool  // answers is an array, maybe empty
	answersN   int32
	exported   bool // a row of an export
	// escaped says that some text was not Unicode; escapedOutside, that some outside the answers was not.
	escaped, escapedOutside bool
}

type resolverAnswer struct {
	text    [answerFields][]byte // nil is NULL
	addr    field.Addr
	escaped int
}

// read reads a whole record. Keys may stand in any order.
func (r *record) read(b []byte) error {
	r.resolverFields = resolverFields{port: -1}
	r.answers = r.answers[:0]
	r.export.Reset()
	r.extra, r.extraSources, r.extraAnswers = append(r.extra[:0], '{'), r.extraSources[:0], r.extraAnswers[:0]
	s := &r.json
	s.Reset(b)
	if s.Space() != '{' {
		return s.Fail("want an object")
	}
	if err := s.Open(1); err != nil {
		return err
	}
	guess := 0
	for first := true; ; first = false {
		more, err := s.Next(first, '}')
		if err != nil {
			return err
		}
		if !more {
			break
		}
		column, key, err := keyOf(s, usualOrder[guess:], fieldOf)
		if err != nil {
			return err
		}
		if err := r.member(column, key); err != nil {
			return err
		}
		if column < unknownKey {
			guess = usualNext[column]
		}
	}
	if err := s.End(); err != nil {
		return err
	}
	return r.complete()
}

// knownKey is a key in the order that AWS writes: guessing the next one saves most of reading it.
type knownKey struct {
	token  string // with its quotes and colon
	name   []byte
	column int
}

func usual(name string, column int) knownKey {
	return knownKey{`"` + name + `":`, []byte(name), column}
}

var usualOrder = []knownKey{
	usual("version", fVersion), usual("account_id", fAccount), usual("region", fRegion), usual("vpc_id", fVPC),
	usual("query_timestamp", fTimestamp), usual("query_name", fName), usual("query_type", fQueryType),
	usual("query_class", fQueryClass), usual("rcode", fRcode), usual("answers", fAnswers), usual("srcaddr", fAddr),
	usual("srcport", fPort), usual("transport", fTransport), usual("srcids", fSources),
	usual("firewall_rule_action", fRuleAction), usual("firewall_rule_group_id", fRuleGroup),
	usual("firewall_domain_list_id", fDomainList),
}

// usualNext is, by field, the place in usualOrder of the key that follows.
var usualNext = func() (next [unknownKey]int) {
	for i, k := range usualOrder {
		next[k.column] = i + 1
	}
	return next
}()

var answerOrder = []knownKey{usual("Rdata", aRdata), usual("Type", aType), usual("Class", aClass)}

// keyOf reads a key and says which it is: the first of usual, or what find makes of it.
func keyOf(s *field.JSON, usual []knownKey, find func([]byte) int) (column int, key []byte, err error) {
	if len(usual) > 0 && s.Take(usual[0].token) {
		return usual[0].column, usual[0].name, nil
	}
	if key, err = s.Key(); err != nil {
		return unknownKey, nil, err
	}
	return find(key), key, nil
}

// complete checks what a record cannot do without, and puts its unknown keys together.
func (r *record) complete() error {
	r.answersN = int32(len(r.answers))
	if r.exported = r.export.Is(); r.exported {
		if err := r.takeOver(); err != nil {
			return err
		}
	}
	switch {
	case r.have&(1<<fTimestamp) == 0:
		return errors.New("query_timestamp is missing")
	case r.zoneless != nil && !r.exported:
		return fmt.Errorf("query_timestamp %s has no time zone", field.Quoted(r.zoneless))
	case r.queryName == nil && r.context[fQueryType] == nil:
		return errors.New("neither query_name nor query_type is there")
	}
	if len(r.extraSources) > 0 {
		r.extra = append(append(comma(r.extra), `"srcids":{`...), r.extraSources...)
		r.extra = append(r.extra, '}')
	}
	if len(r.extraAnswers) > 0 {
		r.extra = append(append(comma(r.extra), `"answers":{`...), r.extraAnswers...)
		r.extra = append(r.extra, '}')
	}
	r.extra = append(r.extra, '}')
	outside := r.json.Escaped
	for i := range r.answers {
		outside -= r.answers[i].escaped
	}
	flagged := r.exported && r.export.Flag("utf8_escaped")
	r.escaped, r.escapedOutside = r.json.Escaped > 0 || flagged, outside > 0 || flagged
	return nil
}

// comma goes before another member of an object, but not before the first.
func comma(dst []byte) []byte {
	if len(dst) == 0 || dst[len(dst)-1] == '{' {
		return dst
	}
	return append(dst, ',')
}

// fieldOf names a record's key. Keys are AWS's, exactly.
func fieldOf(key []byte) int {
	switch string(key) {
	case "version":
		return fVersion
	case "account_id":
		return fAccount
	case "region":
		return fRegion
	case "vpc_id":
		return fVPC
	case "query_timestamp":
		return fTimestamp
	case "query_name":
		return fName
	case "query_type":
		return fQueryType
	case "query_class":
		return fQueryClass
	case "rcode":
		return fRcode
	case "answers":
		return fAnswers
	case "srcaddr":
		return fAddr
	case "srcport":
		return fPort
	case "transport":
		return fTransport
	case "srcids":
		return fSources
	case "firewall_rule_action":
		return fRuleAction
	case "firewall_rule_group_id":
		return fRuleGroup
	case "firewall_domain_list_id":
		return fDomainList
	}
	return unknownKey
}

// sourceOf names a key of srcids. Both of AWS's spellings are in use.
func sourceOf(key []byte) int {
	switch string(key) {
	case "instance":
		return fInstance
	case "resolver_endpoint", "resolver-endpoint":
		return fEndpoint
	case "resolver_network_interface", "resolver-network-interface":
		return fNetworkInterface
	}
	return unknownKey
}

// answerFieldOf names a key of an answer.
func answerFieldOf(key []byte) int {
	switch string(key) {
	case "Rdata", "rdata":
		return aRdata
	case "Type", "type":
		return aType
	case "Class", "class":
		return aClass
	}
	return unknownKey
}

// met notes a known key; one that comes again, or in its other spelling, is an error.
func (r *record) met(column int, key []byte) error {
	if r.have&(1<<column) != 0 {
		return field.DuplicateKey(key)
	}
	r.have |= 1 << column
	return nil
}

// member reads the value of a record's key.
func (r *record) member(column int, key []byte) (err error) {
	if column == unknownKey {
		return r.otherMember(key)
	}
	if err := r.met(column, key); err != nil {
		return err
	}
	switch column {
	case fAnswers:
		return r.asText("answers", r.readAnswers)
	case fSources:
		return r.asText("srcids", r.readSources)
	}
	value, err := value(&r.json, key)
	if err != nil {
		return err
	}
	if column != fName && len(value) == 1 && value[0] == '-' {
		value = nil
	}
	switch column {
	case fTimestamp:
		return r.setTime(value)
	case fName:
		r.queryName = value
	case fAddr:
		if value == nil {
			return nil
		}
		var ok bool
		if r.src, ok = field.ParseAddr(value); !ok {
			return fmt.Errorf("srcaddr %s is no address", field.Quoted(value))
		}
	case fPort:
		return r.setPort(value)
	case fAccount:
		r.context[column] = field.Account(value)
	default:
		r.context[column] = value
	}
	return nil
}

func (r *record) setTime(value []byte) error {
	if value == nil {
		r.have &^= 1 << fTimestamp
		return nil
	}
	var zoned, ok bool
	if r.time, ok = field.Time(value); ok {
		return nil
	}
	if r.time, zoned, ok = field.TimeText(value); !ok {
		return fmt.Errorf("query_timestamp %s is no RFC 3339 time", field.Quoted(value))
	}
	if !zoned {
		r.zoneless = value
	}
	return nil
}

func (r *record) setPort(value []byte) error {
	if value == nil {
		return nil
	}
	port, err := strconv.ParseUint(string(value), 10, 16)
	if err != nil {
		return fmt.Errorf("srcport %s is no port", field.Quoted(value))
	}
	r.port = int32(port)
	return nil
}

// value reads text: a string, or a number as written; null is nil. Anything else has no place in a text column.
func value(s *field.JSON, key []byte) ([]byte, error) {
	switch c := s.Space(); {
	case c == '"':
		return s.Text()
	case c == '-' || c-'0' < 10:
		return s.Number()
	case c == 'n':
		return nil, s.Literal("null")
	}
	if s.AtEnd() {
		return nil, s.Fail("want a value")
	}
	return nil, fmt.Errorf("%s is neither text nor number", key)
}

// unknown keeps a key that case53 does not know: its name, and its value as written.
func unknown(s *field.JSON, dst, key []byte, depth int) ([]byte, error) {
	if !s.Seen[depth].Add(key) {
		return dst, field.DuplicateKey(key)
	}
	raw, odd, err := s.Skip(depth)
	if err != nil {
		return dst, err
	}
	dst = append(field.AppendQuoted(comma(dst), key), ':')
	return field.AppendJSON(dst, raw, odd), nil
}

// asText reads answers or srcids, which may also be the text of their JSON, as a table's column of text holds them.
func (r *record) asText(key string, read func(*field.JSON) error) error {
	s := &r.json
	switch s.Space() {
	case 'n':
		return s.Literal("null")
	case '"':
	default:
		return read(s)
	}
	text, err := s.Text()
	if err != nil {
		return err
	}
	if len(text) == 0 || field.IsDash(text) || string(text) == "null" {
		return nil
	}
	r.inner.Reset(text)
	r.inner.Space()
	if err = read(&r.inner); err == nil {
		err = r.inner.End()
	}
	if s.Escaped += r.inner.Escaped; err != nil {
		return fmt.Errorf("in the text of %s: %w", key, err)
	}
	return nil
}

func (r *record) readSources(s *field.JSON) error {
	if s.Space() != '{' {
		return s.Fail("want the object of srcids")
	}
	if err := s.Open(2); err != nil {
		return err
	}
	for first := true; ; first = false {
		more, err := s.Next(first, '}')
		if err != nil || !more {
			return err
		}
		key, err := s.Key()
		if err != nil {
			return err
		}
		column := sourceOf(key)
		if column == unknownKey {
			if r.extraSources, err = unknown(s, r.extraSources, key, 2); err != nil {
				return err
			}
			continue
		}
		if err := r.met(column, key); err != nil {
			return err
		}
		value, err := value(s, key)
		if err != nil {
			return err
		}
		if len(value) != 1 || value[0] != '-' {
			r.context[column] = value
		}
	}
}

func (r *record) readAnswers(s *field.JSON) error {
	if s.Space() != '[' {
		return s.Fail("want the array of answers")
	}
	if err := s.Open(2); err != nil {
		return err
	}
	r.hasAnswers = true
	for first := true; ; first = false {
		more, err := s.Next(first, ']')
		if err != nil || !more {
			return err
		}
		if s.Space() != '{' {
			return s.Fail("want the object of an answer")
		}
		if err := r.readAnswer(s); err != nil {
			return err
		}
	}
}

// readAnswer reads an answer. Its keys are AWS's capitalised ones, or the same in lower case.
func (r *record) readAnswer(s *field.JSON) error {
	if err := s.Open(3); err != nil {
		return err
	}
	r.answers = append(r.answers, resolverAnswer{})
	a := &r.answers[len(r.answers)-1]
	escaped, others, have, guess := s.Escaped, false, 0, 0
	for first := true; ; first = false {
		more, err := s.Next(first, '}')
		if err != nil {
			return err
		}
		if !more {
			break
		}
		column, key, err := keyOf(s, answerOrder[guess:], answerFieldOf)
		if err != nil {
			return err
		}
		if column == unknownKey {
			if err := r.unknownOfAnswer(s, key, others); err != nil {
				return err
			}
			others = true
			continue
		}
		if have&(1<<column) != 0 {
			return field.DuplicateKey(key)
		}
		have |= 1 << column
		guess = column + 1
		if a.text[column], err = value(s, key); err != nil {
			return err
		}
	}
	if others {
		r.extraAnswers = append(r.extraAnswers, '}')
	}
	switch string(a.text[aType]) {
	case "A", "AAAA":
		a.addr, _ = field.ParseAddr(a.text[aRdata])
	}
	a.escaped = s.Escaped - escaped
	return nil
}

// unknownOfAnswer keeps a key of the last answer, in an object that it may have to begin.
func (r *record) unknownOfAnswer(s *field.JSON, key []byte, begun bool) (err error) {
	if !begun {
		r.extraAnswers = append(comma(r.extraAnswers), '"')
		r.extraAnswers = strconv.AppendInt(r.extraAnswers, int64(len(r.answers)), 10)
		r.extraAnswers = append(r.extraAnswers, `":{`...)
	}
	r.extraAnswers, err = unknown(s, r.extraAnswers, key, 3)
	return err
}
