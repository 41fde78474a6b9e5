package flow

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"
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

// flowPreset is a field list that occurs without a header in the wild.
type flowPreset struct {
	title   string
	version int // what the field version holds
	names   []string
}

// The order in which the console and the samples made with it list the ECS fields. The documentation has another.
const consoleECS = "ecs-cluster-name ecs-cluster-arn ecs-container-instance-id ecs-container-instance-arn ecs-service-name" +
	" ecs-task-definition-arn ecs-task-id ecs-task-arn ecs-container-id ecs-second-container-id"

const transitGateway = "version resource-type account-id tgw-id tgw-attachment-id tgw-src-vpc-account-id tgw-dst-vpc-account-id" +
	" tgw-src-vpc-id tgw-dst-vpc-id tgw-src-subnet-id tgw-dst-subnet-id tgw-src-eni tgw-dst-eni tgw-src-az-id tgw-dst-az-id" +
	" tgw-pair-attachment-id srcaddr dstaddr srcport dstport protocol packets bytes start end log-status type" +
	" packets-lost-no-route packets-lost-blackhole packets-lost-mtu-exceeded packets-lost-ttl-expired tcp-flags region" +
	" flow-direction pkt-src-aws-service pkt-dst-aws-service"

// flowPresets are tried on records that come without a header. Their slices are handed out by Resolve as they are:
// that is how a decoder knows an inferred field list from a given one.
var flowPresets = makeFlowPresets()

func makeFlowPresets() []flowPreset {
	var presets []flowPreset
	for _, version := range []int{2, 3, 4, 5, 7, 8, 9, 10, 11} {
		var names []string
		for _, f := range flowFields {
			if f.version <= version && f.version != 6 {
				names = append(names, f.name)
			}
		}
		title := fmt.Sprintf("AWS documentation order, version %d", version)
		if version == 2 {
			title = "AWS default, version 2"
		}
		presets = append(presets, flowPreset{title, version, names},
			flowPreset{fmt.Sprintf("alphabetical order, version %d", version), version, slices.Sorted(slices.Values(names))})
	}
	byVersion := func(version int) []string {
		i := slices.IndexFunc(presets, func(p flowPreset) bool { return p.version == version })
		return slices.Clone(presets[i].names)
	}
	selected := append(byVersion(5), "reject-reason")
	slices.Sort(selected)
	return append(presets,
		flowPreset{"console order, version 8", 8, append(selected, strings.Fields(consoleECS)...)},
		flowPreset{"AWS default and ECS in console order, version 7", 7, append(byVersion(2), strings.Fields(consoleECS)...)},
		// Seen in one peer's sample; it differs from the console's in the two container ids and the two container instances.
		flowPreset{"AWS default and ECS with the second container first, version 7", 7, append(byVersion(2), strings.Fields(
			"ecs-cluster-name ecs-cluster-arn ecs-container-instance-arn ecs-container-instance-id ecs-service-name"+
				" ecs-task-definition-arn ecs-task-id ecs-task-arn ecs-second-container-id ecs-container-id")...)},
		flowPreset{"Transit Gateway default, version 6", 6, strings.Fields(transitGateway)})
}

// presetOf finds the preset whose own slice names is; nil for a list from elsewhere, even one of the same names.
func presetOf(names []string) *flowPreset {
	for i := range flowPresets {
		if p := &flowPresets[i]; len(names) == len(p.names) && &names[0] == &p.names[0] {
			return p
		}
	}
	return nil
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
	ops    []flowOp
	runs   [][2]int // neighbouring fields of the context, first and last: copied as one piece into a context key
	extras bool     // some op is flowExtra
	full   bool     // some field has no column in store.flow_plain
	lost   []int    // which ops are flowLost
	addrs  []plainOp[uint32]
	ports  []plainOp[int32]
	small  []plainOp[int16]
	wide   []plainOp[int64]
	where  []int16 // of every known field (index in flowFields), its position; -1 when absent
}

// newFormat compiles a field list. Names that AWS does not know (a header's, or those of a flow log younger than
// this program) are kept as extra.
func newFormat(names []string, origin flowOrigin, comma bool) *format {
	f := &format{names: names, origin: origin, comma: comma, where: make([]int16, len(flowFields))}
	for i := range f.where {
		f.where[i] = -1
	}
	for i, name := range names {
		field := flowByName[name]
		if field == nil {
			f.ops = append(f.ops, flowOp{kind: flowExtra, name: name})
			f.extras, f.full = true, true
			continue
		}
		for k := range flowFields {
			if &flowFields[k] == field {
				f.where[k] = int16(i)
			}
		}
		f.ops = append(f.ops, flowOp{field.kind, flowSlot(field), uint8(field.column), field.name, field.class})
		f.full = f.full || f.ops[i].needsFull()
		if field.kind == flowText || field.kind == flowSmall {
			if n := len(f.runs); n > 0 && f.runs[n-1][1] == i-1 {
				f.runs[n-1][1] = i
			} else {
				f.runs = append(f.runs, [2]int{i, i})
			}
		}
	}
	if origin != fromHeader {
		if f.preset = presetOf(names); f.preset != nil {
			f.origin = fromPreset
		}
	}
	return f
}

// describe words the format for the case: the fields and where the list comes from.
func (f *format) describe() string {
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
	return strings.Join(f.names, " ") + " (" + origin + ")"
}

// asFlag words the format as --flow-format takes it.
func asFlag(names []string) string { return "${" + strings.Join(names, "} ${") + "}" }

// parseHeader reads a header line: names only, at least half of them (and two) AWS's. It allocates only for a header.
// known says that every name is AWS's.
func parseHeader(rec []byte) (names []string, comma, known, ok bool) {
	if len(rec) == 0 || !isAlnum(rec[0]) && rec[0] != '"' || isDigit(rec[0]) {
		return nil, false, false, false
	}
	comma = bytes.IndexByte(rec, ',') >= 0
	var buf [maxFlowName]byte
	total, found := 0, 0
	for rest := rec; ; total++ {
		token, more, any := cutToken(rest, comma)
		if !any {
			break
		}
		rest = more
		name, isName := fieldName(buf[:], token)
		if !isName {
			return nil, false, false, false
		}
		if flowByName[string(name)] != nil {
			found++
		}
	}
	if 2*found < total || found < min(2, total) || total == 0 {
		return nil, false, false, false
	}
	for rest := rec; ; {
		token, more, any := cutToken(rest, comma)
		if !any {
			return names, comma, found == total, true
		}
		rest = more
		name, _ := fieldName(buf[:], token)
		if flowByName[string(name)] == nil {
			name = token // as the header spells it
		}
		names = append(names, string(name))
	}
}

// isSpace is what stands between the fields of a line, and at its ends.
func isSpace(c byte) bool { return c == ' ' || c-'\t' <= '\r'-'\t' }

// cutToken takes the next field off a line. any is false at the end of the line. In the comma-separated form spaces
// around a value, and one pair of quotes, are not part of it; rest is nil after the last value.
func cutToken(line []byte, comma bool) (token, rest []byte, any bool) {
	if !comma {
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
	if line == nil {
		return nil, nil, false
	}
	token, rest, found := bytes.Cut(line, []byte(","))
	if !found {
		rest = nil
	} else if rest == nil {
		rest = []byte{}
	}
	token = trimSpace(token)
	if n := len(token); n >= 2 && token[0] == '"' && token[n-1] == '"' {
		token = token[1 : n-1]
	}
	return token, rest, true
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

// appendTokens splits a line into its fields.
func appendTokens(tokens [][]byte, line []byte, comma bool) [][]byte {
	for {
		token, rest, any := cutToken(line, comma)
		if !any {
			return tokens
		}
		tokens = append(tokens, token)
		line = rest
	}
}
