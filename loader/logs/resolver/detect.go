package resolver

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"case53/loader/logs/field"
)

// The keys that tell a record: a query's name and time, which other DNS logs have too, and one that only the Resolver
// writes.
const (
	hasName = 1 << iota
	hasTime
	hasOwn
	isOther  // of another log: then it is none
	isRecord = hasName | hasTime | hasOwn
)

func tells(key []byte) int {
	switch fieldOf(key) {
	case fName:
		return hasName
	case fTimestamp:
		return hasTime
	case fVPC, fAddr, fAnswers, fSources, fRuleAction:
		return hasOwn
	case unknownKey:
		if other(key) != "" {
			return isOther
		}
	}
	return 0
}

// other says of which other log a key is, however it is spelled; "" for none that is known.
func other(key []byte) string {
	if string(key) == "answer_no" {
		return "of an export of answers, which cannot come back without their queries"
	}
	var buf [64]byte
	if len(key) > len(buf) {
		return ""
	}
	squashed := field.Squash(buf[:0], key)
	for _, word := range [...]string{"hostedzoneid", "edgelocation", "ednsclientsubnet", "resolverip"} {
		if bytes.Contains(squashed, []byte(word)) {
			return "a public zone's: this is no query of the Resolver"
		}
	}
	return ""
}

// detectResolver gives the share of records that are objects with the keys of one; lines under a header are what that says.
func detectResolver(sample [][]byte) int {
	if csvHeader(field.First(sample)) != nil {
		return 100
	}
	var s field.JSON
	return field.Share(sample, func(rec []byte) bool { return hasResolverKeys(&s, rec) })
}

func hasResolverKeys(s *field.JSON, rec []byte) bool {
	s.Reset(rec)
	if s.Space() != '{' || s.Open(1) != nil {
		return false
	}
	have := 0
	for first := true; ; first = false {
		more, err := s.Next(first, '}')
		if err != nil {
			return false
		}
		if !more {
			return have == isRecord
		}
		key, err := s.Key()
		if err != nil {
			return false
		}
		have |= tells(key)
		if _, _, err := s.Skip(1); err != nil {
			return false
		}
	}
}

// csvHeader reads the header of lines of values between commas; nil where the line is none of this log.
func csvHeader(line []byte) *field.CSV {
	c, ok := field.ParseCSV(line)
	if !ok {
		return nil
	}
	have := 0
	for _, name := range c.Names {
		have |= tells([]byte(name))
	}
	if have != isRecord {
		return nil
	}
	return c
}

// ownColumns are the view's columns that are no keys of a record.
var ownColumns = field.OwnColumns(schema, "dns", func(column string) bool { return fieldOf([]byte(column)) != unknownKey })

// otherMember reads a member whose key is none of AWS's.
func (r *record) otherMember(key []byte) (err error) {
	if what := other(key); what != "" {
		return fmt.Errorf("%s is %s", key, what)
	}
	from := len(r.extra)
	if r.extra, err = unknown(&r.json, r.extra, key, 1); err != nil {
		return err
	}
	if r.export.Own[string(key)] {
		at := from + len(key) + len(`"":`)
		if from > len("{") {
			at++
		}
		r.export.Note(key, bytes.Clone(r.extra[at:]), from, len(r.extra))
	}
	return nil
}

// takeOver takes from a row of an export what its columns say beside the record's keys.
func (r *record) takeOver() (err error) {
	if r.extra, err = r.export.Extra(r.extra); err != nil {
		return err
	}
	for column, name := range map[int]string{
		fInstance: "src_instance", fEndpoint: "src_resolver_endpoint", fNetworkInterface: "src_resolver_network_interface",
	} {
		r.context[column] = r.export.Text(name)
	}
	n := r.export.Text("answers_n")
	if n == nil {
		return nil
	}
	count, err := strconv.ParseInt(string(n), 10, 32)
	if err != nil || count < 0 {
		return errors.New("answers_n is no count")
	}
	r.hasAnswers, r.answersN = true, int32(count)
	return nil
}
