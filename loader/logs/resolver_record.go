package logs

import (
	"errors"
	"fmt"
	"strconv"
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

// resolverRecord is one record, read and checked, but in no batch yet. Its slices live as long as the record's bytes.
type resolverRecord struct {
	json scanner
	resolverFields
	answers []resolverAnswer
	// Keys that case53 does not know: of the record, and as members of objects of their own.
	extra, extraSources, extraAnswers []byte
}

type resolverFields struct {
	have       uint32                // a bit per key already met
	context    [contextFields][]byte // nil is NULL
	time       int64
	queryName  []byte
	src        addr
	port       int32 // -1: absent
	hasAnswers bool  // answers is an array, maybe empty
	// escaped says that some text was not Unicode; escapedOutside, that some outside the answers was not.
	escaped, escapedOutside bool
}

type resolverAnswer struct {
	rdata, kind, class []byte
	addr               addr
	escaped            int
}

// read reads a whole record. Keys may stand in any order.
func (r *resolverRecord) read(b []byte) error {
	r.resolverFields = resolverFields{port: -1}
	r.answers = r.answers[:0]
	r.extra, r.extraSources, r.extraAnswers = append(r.extra[:0], '{'), r.extraSources[:0], r.extraAnswers[:0]
	s := &r.json
	s.reset(b)
	if s.space() != '{' {
		return s.fail("want an object")
	}
	if err := s.open(1); err != nil {
		return err
	}
	for first := true; ; first = false {
		more, err := s.next(first, '}')
		if err != nil {
			return err
		}
		if !more {
			break
		}
		key, err := s.key()
		if err != nil {
			return err
		}
		if err := r.member(key); err != nil {
			return err
		}
	}
	if err := s.end(); err != nil {
		return err
	}
	return r.complete()
}

// complete checks what a record cannot do without, and puts its unknown keys together.
func (r *resolverRecord) complete() error {
	switch {
	case r.have&(1<<fTimestamp) == 0:
		return errors.New("query_timestamp is missing")
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
	outside := r.json.escaped
	for i := range r.answers {
		outside -= r.answers[i].escaped
	}
	r.escaped, r.escapedOutside = r.json.escaped > 0, outside > 0
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

// met notes a known key; one that comes again, or in its other spelling, is an error.
func (r *resolverRecord) met(field int, key []byte) error {
	if r.have&(1<<field) != 0 {
		return duplicateKey(key)
	}
	r.have |= 1 << field
	return nil
}

// member reads the value of a record's key.
func (r *resolverRecord) member(key []byte) (err error) {
	field := fieldOf(key)
	if field == unknownKey {
		r.extra, err = r.unknown(r.extra, key, 1)
		return err
	}
	if err := r.met(field, key); err != nil {
		return err
	}
	switch field {
	case fAnswers:
		return r.readAnswers()
	case fSources:
		return r.readSources()
	}
	value, err := r.value(key)
	if err != nil {
		return err
	}
	if field != fName && len(value) == 1 && value[0] == '-' {
		value = nil
	}
	switch field {
	case fTimestamp:
		return r.setTime(value)
	case fName:
		r.queryName = value
	case fAddr:
		if value == nil {
			return nil
		}
		var ok bool
		if r.src, ok = parseAddr(value); !ok {
			return fmt.Errorf("srcaddr %s is no address", quoted(value))
		}
	case fPort:
		return r.setPort(value)
	default:
		r.context[field] = value
	}
	return nil
}

func (r *resolverRecord) setTime(value []byte) error {
	if value == nil {
		r.have &^= 1 << fTimestamp
		return nil
	}
	var ok bool
	if r.time, ok = parseTime(value); !ok {
		return fmt.Errorf("query_timestamp %s is no RFC 3339 time", quoted(value))
	}
	return nil
}

func (r *resolverRecord) setPort(value []byte) error {
	if value == nil {
		return nil
	}
	port, err := strconv.ParseUint(string(value), 10, 16)
	if err != nil {
		return fmt.Errorf("srcport %s is no port", quoted(value))
	}
	r.port = int32(port)
	return nil
}

// value reads text: a string, or a number as written; null is nil. Anything else has no place in a text column.
func (r *resolverRecord) value(key []byte) ([]byte, error) {
	s := &r.json
	switch c := s.space(); {
	case c == '"':
		return s.str()
	case c == '-' || c-'0' < 10:
		return s.number()
	case c == 'n':
		return nil, s.literal("null")
	}
	if s.i >= len(s.b) {
		return nil, s.fail("want a value")
	}
	return nil, fmt.Errorf("%s is neither text nor number", key)
}

// unknown keeps a key that case53 does not know: its name, and its value as written.
func (r *resolverRecord) unknown(dst, key []byte, depth int) ([]byte, error) {
	if !r.json.seen[depth].add(key) {
		return dst, duplicateKey(key)
	}
	raw, odd, err := r.json.skip(depth)
	if err != nil {
		return dst, err
	}
	dst = append(appendQuoted(comma(dst), key), ':')
	return appendJSON(dst, raw, odd), nil
}

// isNull skips a null.
func (r *resolverRecord) isNull() (bool, error) {
	if r.json.space() != 'n' {
		return false, nil
	}
	return true, r.json.literal("null")
}

func (r *resolverRecord) readSources() error {
	if null, err := r.isNull(); null {
		return err
	}
	s := &r.json
	if s.space() != '{' {
		return s.fail("want the object of srcids")
	}
	if err := s.open(2); err != nil {
		return err
	}
	for first := true; ; first = false {
		more, err := s.next(first, '}')
		if err != nil || !more {
			return err
		}
		key, err := s.key()
		if err != nil {
			return err
		}
		field := sourceOf(key)
		if field == unknownKey {
			if r.extraSources, err = r.unknown(r.extraSources, key, 2); err != nil {
				return err
			}
			continue
		}
		if err := r.met(field, key); err != nil {
			return err
		}
		value, err := r.value(key)
		if err != nil {
			return err
		}
		if len(value) != 1 || value[0] != '-' {
			r.context[field] = value
		}
	}
}

func (r *resolverRecord) readAnswers() error {
	if null, err := r.isNull(); null {
		return err
	}
	s := &r.json
	if s.space() != '[' {
		return s.fail("want the array of answers")
	}
	if err := s.open(2); err != nil {
		return err
	}
	r.hasAnswers = true
	for first := true; ; first = false {
		more, err := s.next(first, ']')
		if err != nil || !more {
			return err
		}
		if s.space() != '{' {
			return s.fail("want the object of an answer")
		}
		if err := r.readAnswer(); err != nil {
			return err
		}
	}
}

// readAnswer reads an answer. Its keys are AWS's capitalised ones, or the same in lower case.
func (r *resolverRecord) readAnswer() error {
	s := &r.json
	if err := s.open(3); err != nil {
		return err
	}
	var a resolverAnswer
	escaped, unknown, have := s.escaped, false, 0
	for first := true; ; first = false {
		more, err := s.next(first, '}')
		if err != nil {
			return err
		}
		if !more {
			break
		}
		key, err := s.key()
		if err != nil {
			return err
		}
		var column *[]byte
		bit := 0
		switch string(key) {
		case "Rdata", "rdata":
			column, bit = &a.rdata, 1
		case "Type", "type":
			column, bit = &a.kind, 2
		case "Class", "class":
			column, bit = &a.class, 4
		default:
			if !unknown {
				unknown = true
				r.extraAnswers = append(comma(r.extraAnswers), '"')
				r.extraAnswers = strconv.AppendInt(r.extraAnswers, int64(len(r.answers)+1), 10)
				r.extraAnswers = append(r.extraAnswers, `":{`...)
			}
			if r.extraAnswers, err = r.unknown(r.extraAnswers, key, 3); err != nil {
				return err
			}
			continue
		}
		if have&bit != 0 {
			return duplicateKey(key)
		}
		have |= bit
		if *column, err = r.value(key); err != nil {
			return err
		}
	}
	if unknown {
		r.extraAnswers = append(r.extraAnswers, '}')
	}
	switch string(a.kind) {
	case "A", "AAAA":
		a.addr, _ = parseAddr(a.rdata)
	}
	a.escaped = s.escaped - escaped
	r.answers = append(r.answers, a)
	return nil
}
