package logs

import "bytes"

// Resolver is the type of Route 53 Resolver query logs: one JSON object per record, compact or over many lines.
//
//   - Keys are AWS's, exactly; they may stand in any order. The keys of an answer may also be in lower case, the
//     Resolver endpoint's keys in srcids have a hyphen or an underscore. A key that is there twice condemns the
//     record: readers disagree on which one counts.
//   - Other keys are kept in extra with their values as written: {"key": …, "srcids": {…}, "answers": {"2": {…}}}, where
//     2 is the number of the answer that had them.
//   - Text may be a JSON string or a number, which is kept as written. null, "-" (but not as name or rdata) and an absent key are
//     NULL; answers_n is NULL without an array of answers, and 0 for an empty one.
//   - A record without query_timestamp is an error, and one with neither query_name nor query_type. So is a time that
//     is not RFC 3339, a srcaddr that is no address, a srcport that is no port.
//   - Text that is not Unicode, be it bytes or lone surrogates (taken as the three bytes they would be), is escaped.
//   - An rdata is an address (rdata4, rdata6) only in an answer of type A or AAAA, and if it reads as one.
var Resolver = &Type{
	Schema: schema("dns.sql"),
	Detect: detectResolver,
	Enough: func(sample [][]byte) bool { return detectResolver(sample) == 100 },
	New:    newResolver,
}

// detectResolver gives the share of records that are objects with a query_name and a query_timestamp.
func detectResolver(sample [][]byte) int {
	var s scanner
	return share(sample, func(rec []byte) bool { return hasResolverKeys(&s, rec) })
}

// share is how many of the records that are not blank fit, in percent; 0 only for none of them.
func share(sample [][]byte, fits func(rec []byte) bool) int {
	fit, all := 0, 0
	for _, rec := range sample {
		if len(bytes.TrimSpace(rec)) == 0 {
			continue
		}
		all++
		if fits(rec) {
			fit++
		}
	}
	if fit == 0 {
		return 0
	}
	return max(1, 100*fit/all)
}

func hasResolverKeys(s *scanner, rec []byte) bool {
	s.reset(rec)
	if s.space() != '{' || s.open(1) != nil {
		return false
	}
	have := 0
	for first := true; ; first = false {
		more, err := s.next(first, '}')
		if err != nil {
			return false
		}
		if !more {
			return have == 3
		}
		key, err := s.key()
		if err != nil {
			return false
		}
		switch fieldOf(key) {
		case fName:
			have |= 1
		case fTimestamp:
			have |= 2
		}
		if _, _, err := s.skip(1); err != nil {
			return false
		}
	}
}

// resolver decodes Resolver records.
type resolver struct {
	opt    Options
	prefix contextPrefix
	record resolverRecord
	names  nameFacts
	name   []byte // scratch
	key    []byte // scratch
	query  *queryColumns
	answer *answerColumns

	kinds    [8]answerKind // types and classes seen last
	nextKind int
}

// answerKind is the number of a type and class of answers.
type answerKind struct {
	key string
	id  uint32
}

func newResolver(opt Options) Decoder {
	return &resolver{opt: opt, prefix: contextPrefix{capture: opt.Capture}, query: newQueryColumns(), answer: newAnswerColumns()}
}

func (d *resolver) Format() string { return "one JSON object per record" }

func (d *resolver) Batches() []*Batch { return []*Batch{&d.query.Batch, &d.answer.Batch} }

func (d *resolver) Decode(rec []byte, meta Meta) (Outcome, int64, int64, error) {
	r := &d.record
	if err := r.read(rec); err != nil {
		return Row, 0, 0, err
	}
	if d.opt.Admit != nil {
		if o := d.opt.Admit(r.time, r.time); o != Row {
			return o, r.time, r.time, nil
		}
	}
	return Row, r.time, r.time, d.write(meta)
}

// write puts the record into the batches.
func (d *resolver) write(meta Meta) error {
	r := &d.record
	if err := makeRoom(&d.query.Batch, d.opt.Flush); err != nil {
		return err
	}
	context := d.context(meta)
	var f facts
	if r.queryName != nil {
		d.name = foldName(d.name[:0], r.queryName)
		f = d.names.of(d.name)
	}
	d.query.add(meta, context, r, d.name, f)
	for i := range r.answers {
		if err := makeRoom(&d.answer.Batch, d.opt.Flush); err != nil {
			return err
		}
		d.answer.add(meta, context, d.answerContext(&r.answers[i]), r, d.name, i)
	}
	return nil
}

// context gives the number of what repeats from record to record.
func (d *resolver) context(meta Meta) uint32 {
	d.key = appendValues(append(d.key[:0], d.prefix.of(meta)...), d.record.context[:])
	return d.opt.Intern("dns_context", d.key)
}

// answerContext gives the number of an answer's type and class, of which there are few.
func (d *resolver) answerContext(a *resolverAnswer) uint32 {
	d.key = appendValues(d.key[:0], a.text[aType:aClass+1])
	for i := range d.kinds {
		if k := &d.kinds[i]; k.key == string(d.key) {
			return k.id
		}
	}
	k := answerKind{string(d.key), d.opt.Intern("dns_answer_context", d.key)}
	d.kinds[d.nextKind] = k
	d.nextKind = (d.nextKind + 1) % len(d.kinds)
	return k.id
}

// appendValues adds values to a context key; nil is NULL.
func appendValues(key []byte, values [][]byte) []byte {
	for _, value := range values {
		if value == nil {
			key = AppendNull(key)
		} else {
			key = AppendText(key, value)
		}
	}
	return key
}
