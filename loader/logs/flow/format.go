package flow

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"case53/loader/logs/field"
)

// ParseFormat reads a field list as people have it at hand: AWS's own "${version} ${account-id}", Terraform's
// "$${version}", or plain names; hyphens or underscores; separated by spaces, commas or newlines. It gives AWS's
// names in order. An unknown name is an error: a typo must not load columns under a wrong name.
func ParseFormat(s string) ([]string, error) {
	words := strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(`,;"'`, r) })
	var names, unknown []string
	var buf [maxFlowName]byte
	for _, word := range strings.Fields(strings.ReplaceAll(strings.Join(words, " "), "}$", "} $")) {
		bare := word
		if strings.ContainsAny(word, "${}") {
			inner, ok := strings.CutPrefix(strings.TrimLeft(word, "$"), "{")
			inner, closed := strings.CutSuffix(inner, "}")
			if !ok || !closed || word[0] != '$' {
				return nil, fmt.Errorf("flow log format: %q is not a field, write ${name} or name", word)
			}
			bare = inner
		}
		name, ok := fieldName(buf[:], []byte(bare))
		switch {
		case !ok || flowByName[string(name)] == nil:
			unknown = append(unknown, bare)
		case slices.Contains(names, string(name)):
			return nil, fmt.Errorf("flow log format: %s is named twice", name)
		default:
			names = append(names, string(name))
		}
	}
	if len(unknown) > 0 {
		return nil, fmt.Errorf("flow log format: unknown field %q\n"+
			"hint: names are those of AWS's documentation, e.g. '${version} ${account-id} ${interface-id}'", unknown)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("flow log format: no field named\nhint: e.g. '${version} ${account-id} ${interface-id}'")
	}
	return names, nil
}

// flowOrigin is where a field list comes from.
type flowOrigin uint8

const (
	fromHeader flowOrigin = iota
	fromUser
	fromPreset
)

// flowOp reads one field of a line.
type flowOp struct {
	kind  flowKind
	slot  uint8  // which of the decoder's columns of that kind
	col   uint8  // column of store.flow_full, or of the context
	name  string // for messages, and the key in extra
	class flowClass
}

// needsFull says that store.flow_plain has no column for the field.
func (o *flowOp) needsFull() bool {
	return o.kind == flowExtra || o.kind != flowText && o.kind != flowSmall && o.col >= flowPlainColumns
}

// format is a field list made ready.
type format struct {
	id     uint32 // distinguishes its context keys from those of other formats
	names  []string
	origin flowOrigin
	preset *flowPreset
	comma  bool
	// spelled is, of a header's names, how it spells those that are not AWS's but stand for a field; "" for every other. csv is set
	// for our own export, whose lines are read as objects.
	spelled []string
	csv     *field.CSV
	timed   bool // start or end is a field
	ops     []flowOp
	runs    [][2]int // neighbouring fields of the context, first and last: copied as one piece into a context key
	extras  bool     // some op is flowExtra
	full    bool     // some field has no column in store.flow_plain
	lost    []int    // which ops are flowLost
	addrs   []plainOp[uint32]
	ports   []plainOp[int32]
	small   []plainOp[int16]
	wide    []plainOp[int64]
	where   []int16 // of every known field (index in flowFields), its position; -1 when absent
}

// newFormat compiles a field list. Names that AWS does not know (a header's, or those of a flow log younger than
// this program) are kept as extra.
func newFormat(names []string, origin flowOrigin, comma bool) *format {
	fields := make([]*flowField, len(names))
	for i, name := range names {
		fields[i] = flowByName[name]
	}
	return formatOf(names, fields, origin, comma)
}

// formatOf is newFormat with what the names stand for; nil: for nothing.
func formatOf(names []string, fields []*flowField, origin flowOrigin, comma bool) *format {
	f := &format{names: names, origin: origin, comma: comma, where: make([]int16, len(flowFields))}
	for i := range f.where {
		f.where[i] = -1
	}
	for i, name := range names {
		known := fields[i]
		if known == nil {
			f.ops = append(f.ops, flowOp{kind: flowExtra, name: name})
			f.extras, f.full = true, true
			continue
		}
		for k := range flowFields {
			if &flowFields[k] == known {
				f.where[k] = int16(i)
			}
		}
		f.ops = append(f.ops, flowOp{known.kind, flowSlot(known), uint8(known.column), known.name, known.class})
		f.full = f.full || f.ops[i].needsFull()
		if known.kind == flowText || known.kind == flowSmall {
			if n := len(f.runs); n > 0 && f.runs[n-1][1] == i-1 {
				f.runs[n-1][1] = i
			} else {
				f.runs = append(f.runs, [2]int{i, i})
			}
		}
	}
	f.timed = f.has("start") || f.has("end")
	if origin != fromHeader {
		if f.preset = presetOf(names); f.preset != nil {
			f.origin = fromPreset
		}
	}
	return f
}

// has says whether a field is in the list.
func (f *format) has(name string) bool { return f.where[fieldIndex(name)] >= 0 }

// describe words the format for the case: the fields, where the list comes from, and which names were read as others.
func (f *format) describe() string {
	if f.csv != nil {
		return "rows of case53's own export (header, comma-separated)"
	}
	origin := "header"
	switch f.origin {
	case fromUser:
		origin = "given"
	case fromPreset:
		origin = "inferred: " + f.preset.title
	}
	if f.comma {
		origin += ", comma-separated"
	}
	var read field.Spelling
	names := slices.Clone(f.names)
	for i, spelled := range f.spelled {
		if spelled != "" {
			read.Alias(f.names[i], spelled)
		} else if f.displaced(i) {
			names[i] = "extra:" + names[i]
		}
	}
	return strings.Join(names, " ") + " (" + origin + ")" + read.Read()
}

// displaced says whether a field's own name stands for nothing, because a better one is there.
func (f *format) displaced(i int) bool {
	return f.ops[i].kind == flowExtra && flowByName[f.names[i]] != nil
}

// warnings say what is in no field and which fields are missing that rows cannot do without.
func (f *format) warnings() []string {
	if f.csv != nil {
		return nil
	}
	var unknown field.Spelling
	for i := range f.ops {
		if f.ops[i].kind == flowExtra && !f.displaced(i) {
			unknown.Unknown(f.names[i])
		}
	}
	lacks := missing(f.timed, f.has("srcaddr"), f.has("dstaddr"))
	return append([]string{unknown.Warning()}, lacks[:]...)
}

// missing words which essential fields a log does not have: times, addresses.
func missing(timed, src, dst bool) (warnings [2]string) {
	if !timed {
		warnings[0] = "neither start nor end is a field: its rows have no time and belong to every window"
	}
	switch {
	case !src && !dst:
		warnings[1] = "neither srcaddr nor dstaddr is a field: its rows have no addresses"
	case !src:
		warnings[1] = "srcaddr is no field: its rows have no source address"
	case !dst:
		warnings[1] = "dstaddr is no field: its rows have no destination address"
	}
	return warnings
}

// asFlag words the format as --flow-format takes it.
func asFlag(names []string) string { return "${" + strings.Join(names, "} ${") + "}" }

// isSpace is what stands between the fields of a line, and at its ends.
func isSpace(c byte) bool { return c == ' ' || c-'\t' <= '\r'-'\t' }

// cutToken takes the next field off a line whose fields have white space between them. any is false at the end of the line.
func cutToken(line []byte) (token, rest []byte, any bool) {
	line = bytes.TrimLeftFunc(line, func(r rune) bool { return r < 0x80 && isSpace(byte(r)) })
	if len(line) == 0 {
		return nil, nil, false
	}
	i := 0
	for i < len(line) && !isSpace(line[i]) {
		i++
	}
	return line[:i], line[i:], true
}

func trimSpace(b []byte) []byte {
	for len(b) > 0 && isSpace(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && isSpace(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

// splitTokens splits a line into its fields. It is false for one with commas whose quotes do not close.
func splitTokens(tokens [][]byte, line []byte, comma bool) ([][]byte, bool) {
	if comma {
		return field.AppendCSV(tokens, line)
	}
	for {
		token, rest, any := cutToken(line)
		if !any {
			return tokens, true
		}
		tokens = append(tokens, token)
		line = rest
	}
}
