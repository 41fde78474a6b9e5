package flow

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"case53/loader/logs/field"
)

const flowHint = "\nhint: pass --flow-format '${version} ${account-id} …'"

// unknownFormatError says that the field list of an object is not known, or that the one given cannot be its.
type unknownFormatError struct {
	Tokens  int    // fields of the example
	Example []byte // a record that does not fit, as it was read
	Why     string // what speaks against the given format; "" when none was given
	Alike   bool   // none was given, and the record looks like a flow log's
}

func (e *unknownFormatError) Error() string {
	if e.Why != "" {
		return fmt.Sprintf("the flow log format given does not fit: %s, in the record of %d fields %s%s", e.Why, e.Tokens, excerpt(e.Example), flowHint)
	}
	if e.Alike {
		return fmt.Sprintf("looks like a flow log with an unknown field list, pass --flow-format: "+
			"no header, and no known list fits a record of %d fields: %s%s",
			e.Tokens, excerpt(e.Example), flowHint)
	}
	return fmt.Sprintf("no header, and no known field list fits a record of %d fields: %s%s", e.Tokens, excerpt(e.Example), flowHint)
}

// ambiguousError says that several field lists fit and would store different things.
type ambiguousError struct {
	Candidates []string // as --flow-format takes them
	Tokens     int
	Example    []byte // a record that tells them apart
}

func (e *ambiguousError) Error() string {
	return fmt.Sprintf("no header, and %d field lists fit records of %d fields but mean different things, e.g. %s\n  %s%s",
		len(e.Candidates), e.Tokens, excerpt(e.Example), strings.Join(e.Candidates, "\n  "), flowHint)
}

// excerpt shows a record in a message.
func excerpt(rec []byte) string {
	const most = 400
	if len(rec) > most {
		return string(rec[:most]) + "…"
	}
	return string(rec)
}

// maxFlowSample bounds the records that field lists are tried on.
const maxFlowSample = 5000

// flowLine is a sampled record.
type flowLine struct {
	rec    []byte
	tokens [][]byte
}

// headerless gives the sampled lines up to the first header, by their number of fields, in order of appearance.
// header says whether a header ended them.
func headerless(sample [][]byte) (groups [][]flowLine, header bool) {
	if len(sample) > maxFlowSample {
		sample = sample[:maxFlowSample]
	}
	at := map[int]int{}
	for _, rec := range sample {
		rec = trimSpace(rec)
		if len(rec) == 0 || rec[0] == '{' {
			continue
		}
		if _, is := parseHeader(rec); is {
			return groups, true
		}
		tokens := splitLine(nil, rec)
		i, ok := at[len(tokens)]
		if !ok {
			i = len(groups)
			at[len(tokens)] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], flowLine{rec, tokens})
	}
	return groups, false
}

// splitLine splits a line without a header, which may be comma-separated when it has no space at all.
func splitLine(tokens [][]byte, line []byte) [][]byte {
	at := len(tokens)
	tokens, _ = splitTokens(tokens, line, false)
	if len(tokens) == at+1 && bytes.IndexByte(line, ',') >= 0 {
		if values, ok := splitTokens(tokens[:at], line, true); ok {
			return values
		}
	}
	return tokens
}

// enough says whether so many of a sample's lines fit that the others are damage: 99 %, and half of a sample
// in which one line is more than a hundredth.
func enough(fit, of int) bool {
	if of < 100 {
		return fit > 0 && 2*fit >= of
	}
	return 100*fit >= 99*of
}

// stray says whether so few of a sample's lines have a number of fields that they are no second flow log in the same stream: what
// one line in four looks like is not what all of them are.
func stray(n, of int) bool { return n < 3 && 3*n < of }

// beginsWithHeader: what AWS delivers to S3 does, and needs no inference.
func beginsWithHeader(sample [][]byte) bool {
	if len(sample) == 0 {
		return false
	}
	_, ok := parseHeader(trimSpace(sample[0]))
	return ok
}

// resolveFlow settles the field lists of an object. Given ones are checked against the sample. Without any, presets are
// tried on every number of fields that occurs (one log group may hold two flow logs): exactly one must fit, or
// several that mean the same as far as the sample tells; of those the decoder decides line by line.
func resolveFlow(sample [][]byte, given [][]string) ([][]string, error) {
	groups, header := headerless(sample)
	if len(given) > 0 {
		if len(groups) == 0 && !header && len(sample) > 0 && !slices.ContainsFunc(sample, hasFlowKeys) {
			return given, &unknownFormatError{Tokens: 1, Example: sample[0], Why: "it is no line, nor an object with the fields of one"}
		}
		return given, checkGiven(groups, given)
	}
	formats, err := inferFlow(groups)
	if header && err != nil {
		return nil, nil // the lines before the header are rejected one by one
	}
	return formats, err
}

func inferFlow(groups [][]flowLine) ([][]string, error) {
	var formats [][]string
	var unknown *unknownFormatError
	total, settled, worst := 0, 0, 0
	for _, lines := range groups {
		total += len(lines)
	}
	for _, lines := range groups {
		found, err := inferGroup(lines)
		if stray(len(lines), total) { // then its lines are rejected one by one, with both numbers of fields
			err = &unknownFormatError{Tokens: len(lines[0].tokens), Example: lines[0].rec, Alike: err == nil || looksLikeFlow(lines[0].tokens)}
		}
		if miss := (*unknownFormatError)(nil); errors.As(err, &miss) {
			if len(lines) > worst {
				unknown, worst = miss, len(lines)
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		formats = append(formats, found...)
		settled += len(lines)
	}
	if unknown != nil && !enough(settled, total) {
		return nil, unknown
	}
	return formats, nil
}

// inferGroup finds the presets of lines with the same number of fields.
func inferGroup(lines []flowLine) ([][]string, error) {
	var found []*format
	example := lines[0].rec
	for i := range flowPresets {
		if len(flowPresets[i].names) != len(lines[0].tokens) {
			continue
		}
		f := newFormat(flowPresets[i].names, fromPreset, false)
		fit, miss := 0, []byte(nil)
		for _, l := range lines {
			if f.misfit(l.tokens, false) < 0 {
				fit++
			} else if miss == nil {
				miss = l.rec
			}
		}
		if enough(fit, len(lines)) {
			found = append(found, f)
		} else {
			example = miss
		}
	}
	if len(found) == 0 {
		return nil, &unknownFormatError{Tokens: len(lines[0].tokens), Example: example, Alike: looksLikeFlow(splitLine(nil, example))}
	}
	for _, l := range lines {
		if one, other := differ(fitting(found, l.tokens, false), l.tokens); one != nil {
			return nil, &ambiguousError{Tokens: len(l.tokens), Example: l.rec, Candidates: []string{
				one.preset.title + ": " + asFlag(one.names), other.preset.title + ": " + asFlag(other.names)}}
		}
	}
	var names [][]string
	for _, f := range found {
		names = append(names, f.names)
	}
	return names, nil
}

// fitting keeps the formats that a line of as many fields fits.
func fitting(formats []*format, tokens [][]byte, firm bool) []*format {
	var fit []*format
	for _, f := range formats {
		if f.misfit(tokens, firm) < 0 {
			fit = append(fit, f)
		}
	}
	return fit
}

// differ finds two formats that would store a line differently; nil when there are none.
func differ(formats []*format, tokens [][]byte) (one, other *format) {
	for i, a := range formats {
		for _, b := range formats[i+1:] {
			if !a.says(b, tokens) || !b.says(a, tokens) {
				return a, b
			}
		}
	}
	return nil, nil
}

// says reports whether every value that f finds in a line is found under the same name by other.
func (f *format) says(other *format, tokens [][]byte) bool {
	for i, op := range f.ops {
		if field.IsDash(tokens[i]) {
			continue
		}
		at := slices.Index(other.names, f.names[i])
		if op.kind != flowExtra {
			at = int(other.where[fieldIndex(op.name)])
		}
		if at < 0 || !bytes.Equal(tokens[at], tokens[i]) {
			return false
		}
	}
	return true
}

// misfit tries a format on a line of as many fields: the position of the first value of another form, -1 when all fit.
// firm looks only at numbers, addresses and ids, not at words that AWS may add to.
func (f *format) misfit(tokens [][]byte, firm bool) int {
	quiet := true // without a log-status nobody knows why a value is absent
	if at := f.where[flowStatusField]; at >= 0 {
		quiet = oneOf(tokens[at], "NODATA", "SKIPDATA")
	}
	for i := range f.ops {
		op := &f.ops[i]
		value := tokens[i]
		switch {
		case field.IsDash(value):
			if !quiet && op.always() {
				return i
			}
		case len(value) == 0:
			return i
		case !op.kind.reads(value) || (op.class.firm() || !firm) && !op.class.has(value):
			return i
		case op.class == classVersion && f.preset != nil && !f.preset.isVersion(value):
			return i
		}
	}
	if f.preset != nil {
		return f.contradiction(tokens)
	}
	return -1
}

// contradiction finds numbers in a line that no record of AWS's has together, where the field list is only inferred: the position of
// one of them, else -1. A decoder asks the same of every row.
func (f *format) contradiction(tokens [][]byte) int {
	number := func(field int, parse func([]byte) (int64, bool)) (int64, bool) {
		at := f.where[field]
		if at < 0 {
			return 0, false
		}
		return parse(tokens[at])
	}
	count := func(text []byte) (int64, bool) { v, ok := parseUint(text, flowCount.limit()); return int64(v), ok }
	start, hasStart := number(flowStartField, parseFlowTime)
	end, hasEnd := number(flowEndField, parseFlowTime)
	packets, hasPackets := number(flowPacketsField, count)
	bytes, hasBytes := number(flowBytesField, count)
	switch {
	case hasStart && start < firstSecond*1e6:
		return int(f.where[flowStartField])
	case hasEnd && end < firstSecond*1e6, hasStart && hasEnd && end < start:
		return int(f.where[flowEndField])
	case hasPackets && hasBytes && packets > bytes:
		return int(f.where[flowBytesField])
	}
	return -1
}

// always says that a field has a value wherever there was traffic.
func (op *flowOp) always() bool {
	switch op.name {
	case "version", "account-id", "srcaddr", "dstaddr", "protocol", "start", "end", "log-status":
		return true
	}
	return false
}

func fieldIndex(name string) int {
	return slices.IndexFunc(flowFields, func(f flowField) bool { return f.name == name })
}

var (
	flowStatusField  = fieldIndex("log-status")
	flowStartField   = fieldIndex("start")
	flowEndField     = fieldIndex("end")
	flowPacketsField = fieldIndex("packets")
	flowBytesField   = fieldIndex("bytes")
)

// checkGiven refuses given formats that most of the sample contradicts: the user meant another object.
func checkGiven(groups [][]flowLine, given [][]string) error {
	var formats []*format
	for _, names := range given {
		formats = append(formats, newFormat(names, fromUser, false))
	}
	total, fit := 0, 0
	var miss *unknownFormatError
	for _, lines := range groups {
		for _, l := range lines {
			total++
			why := speaksAgainst(formats, l.tokens)
			if why == "" {
				fit++
			} else if miss == nil {
				miss = &unknownFormatError{Tokens: len(l.tokens), Example: l.rec, Why: why}
			}
		}
	}
	if miss != nil && 2*fit < total {
		return miss
	}
	return nil
}

// speaksAgainst says why none of the given formats can be a line's; "" when one can.
func speaksAgainst(formats []*format, tokens [][]byte) string {
	var why string
	for _, f := range formats {
		if len(tokens) < len(f.ops) {
			if why == "" {
				why = fmt.Sprintf("it has %d fields", len(f.ops))
			}
			continue
		}
		at := f.misfit(tokens[:len(f.ops)], true)
		if at < 0 {
			return ""
		}
		why = fmt.Sprintf("field %d, %s, is %s", at+1, f.names[at], field.Quoted(tokens[at]))
	}
	return why
}
