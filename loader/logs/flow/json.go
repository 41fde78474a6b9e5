package flow

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"case53/loader/logs"
	"case53/loader/logs/field"
)

// flowJSON reads records that are JSON objects: the fields by name, in any order, as a header may name them (lookUp). Values are
// strings or numbers; whole floats ("40.0", 4e1) are integers, as some exporters make them; "-", "None" and null are NULL, and
// "nan" where the field is no text (our own export writes neither for NULL).
type flowJSON struct {
	json    field.JSON
	members []field.Member
	ops     map[*flowField]*flowOp
	export  field.Export

	names  [][]byte // of the last record, and what they stand for
	fields []*flowField

	spelling         field.Spelling
	records          int  // read as objects
	timed, src, dst  bool // some record had the field
	exported, values bool // the record is a row of an export; it was a line under a header
	reading          bool // an object is being read
}

// minFlowKeys is how many fields make an object a flow log record.
const minFlowKeys = 2

func (j *flowJSON) init() {
	f := newFormat(fieldNames(), fromHeader, false)
	j.ops = make(map[*flowField]*flowOp, len(f.ops))
	for i := range f.ops {
		j.ops[flowByName[f.names[i]]] = &f.ops[i]
	}
	j.export.Own = ownColumns
}

func fieldNames() []string {
	names := make([]string, len(flowFields))
	for i, f := range flowFields {
		names[i] = f.name
	}
	return names
}

func (j *flowJSON) describe() string { return "JSON objects" + j.spelling.Read() }

func (j *flowJSON) warnings() []string {
	lacks := missing(j.timed, j.src, j.dst)
	return append([]string{j.spelling.Warning()}, lacks[:]...)
}

// decodeJSON fills row n from an object, which may have been made of a line of our own export.
func (d *decoder) decodeJSON(rec []byte, meta logs.Meta, n int, values bool) (logs.Outcome, int64, int64, error) {
	d.escaped[n] = 0
	if !utf8.Valid(rec) {
		rec = escapeJSON(rec)
		d.escaped[n] = 1
	}
	if d.json.ops == nil {
		d.json.init()
	}
	d.names.reset()
	d.needsFull, d.json.values = false, values
	d.json.reading = true
	err := d.readObject(rec, n)
	if d.json.reading = false; err != nil {
		return logs.Row, logs.NoTime, logs.NoTime, err
	}
	first, last, o := d.admit(n)
	if o != logs.Row {
		return o, first, last, nil
	}
	if d.json.exported {
		meta.LogGroup, meta.LogStream = string(d.json.export.Text("log_group")), string(d.json.export.Text("log_stream"))
	}
	d.context[n] = d.names.intern(meta)
	d.keepRest(n)
	if !values {
		d.last = nil
		d.json.records++
	}
	return logs.Row, first, last, nil
}

func (d *decoder) readObject(rec []byte, n int) (err error) {
	j := &d.json
	if j.members, err = j.json.Object(rec, j.members[:0]); err != nil {
		return fmt.Errorf("not a JSON object: %w", err)
	}
	if err := j.settle(); err != nil {
		return err
	}
	j.export.Reset()
	d.openExtra()
	known := 0
	for i, m := range j.members {
		f := j.fields[i]
		if f == nil {
			d.keepMember(m)
			continue
		}
		known++
		if err := d.setMember(j.ops[f], m, n); err != nil {
			return err
		}
	}
	if j.exported {
		if d.extraJSON, err = j.export.Extra(d.extraJSON); err != nil {
			return err
		}
		d.escaped[n] |= field.Flag(j.export.Flag("utf8_escaped"))
	}
	if j.json.Escaped > 0 {
		d.escaped[n] = 1
	}
	if known < minFlowKeys {
		return errors.New("not a flow log record: its keys are not fields of one")
	}
	d.tell()
	if j.timed && !j.exported && !d.has(flowStart, n) && !d.has(flowEnd, n) {
		return d.timeless(d.names.values[flowByName["log-status"].column])
	}
	return nil
}

// settle finds what the members stand for: most objects have the names of the one before.
func (j *flowJSON) settle() error {
	same := len(j.names) == len(j.members)
	for i := 0; same && i < len(j.names); i++ {
		same = bytes.Equal(j.names[i], j.members[i].Name)
	}
	if same {
		return nil
	}
	j.names = j.names[:0]
	for _, m := range j.members {
		j.names = append(j.names, bytes.Clone(m.Name))
	}
	if at := slices.IndexFunc(j.names, isForeign); at >= 0 {
		what := string(j.names[at])
		j.names = j.names[:0]
		return fmt.Errorf("not a flow log record: it has %s", what)
	}
	j.exported = field.IsExport(j.names)
	j.fields = settle(j.names, j.fields)
	for i, f := range j.fields {
		for k := range i {
			if f != nil && j.fields[k] == f {
				j.names = j.names[:0]
				return fmt.Errorf("%s: named twice", f.name)
			}
		}
	}
	return nil
}

// tell notes how the record names its fields.
func (d *decoder) tell() {
	j := &d.json
	for i, f := range j.fields {
		if f == nil {
			if name := string(j.members[i].Name); !j.exported || !ownColumns[name] {
				j.spelling.Unknown(name)
			}
			continue
		}
		if _, how := lookUp(j.members[i].Name); how != ownName {
			j.spelling.Alias(f.name, string(j.members[i].Name))
		}
		j.timed = j.timed || f.kind == flowTime
		j.src, j.dst = j.src || f.name == "srcaddr", j.dst || f.name == "dstaddr"
	}
}

// keepMember puts a member that is no field's into extra.
func (d *decoder) keepMember(m field.Member) {
	from := len(d.extraJSON)
	d.addKey(string(m.Name))
	d.extraJSON = field.AppendJSON(d.extraJSON, m.Value, m.Odd)
	d.json.export.Note(m.Name, m.Value, from, len(d.extraJSON))
}

// setMember stores a member that is a field's.
func (d *decoder) setMember(op *flowOp, m field.Member, n int) error {
	d.needsFull = d.needsFull || op.needsFull()
	text, number := m.Text, false
	switch c := m.Value[0]; {
	case c == 'n':
		return nil
	case c == '-' || isDigit(c):
		text, number = m.Value, true
	case text == nil:
		return fmt.Errorf("%s: want a string or a number, not %s", op.name, field.Quoted(m.Value))
	}
	if !d.json.exported && (string(text) == "None" || op.kind != flowText && oneOf(text, "nan", "NaN")) {
		return nil
	}
	if op.kind != flowAddr && (number || op.kind != flowText) {
		if whole, ok := wholeNumber(text); ok {
			text = whole
		}
	}
	return d.set(op, n, text)
}

// wholeNumber gives a decimal number without fraction as plain digits: 40.0, 4e1 and 4.0E+1 are 40. Not ok when it has
// a fraction, a sign, or more digits than any field.
func wholeNumber(text []byte) ([]byte, bool) {
	mantissa, exponent := text, 0
	if i := bytes.IndexAny(text, "eE"); i >= 0 {
		e, ok := parseUint(bytes.TrimPrefix(text[i+1:], []byte("+")), 30)
		if !ok {
			return nil, false
		}
		mantissa, exponent = text[:i], int(e)
	} else if bytes.IndexByte(text, '.') < 0 {
		return text, true
	}
	whole, fraction, _ := bytes.Cut(mantissa, []byte("."))
	if len(whole) == 0 || !only(whole, isDigit) || !only(fraction, isDigit) {
		return nil, false
	}
	digits := append(bytes.Clone(whole), fraction...)
	point := len(whole) + exponent
	for len(digits) < point {
		digits = append(digits, '0')
	}
	if len(bytes.Trim(digits[point:], "0")) > 0 {
		return nil, false
	}
	if digits = bytes.TrimLeft(digits[:point], "0"); len(digits) == 0 {
		digits = []byte("0")
	}
	return digits, true
}

// escapeJSON is validText for JSON: in the strings that come out of it, every bad byte is \xNN and every backslash doubled.
func escapeJSON(rec []byte) []byte {
	out := make([]byte, 0, len(rec)+16)
	for len(rec) > 0 {
		r, n := utf8.DecodeRune(rec)
		switch {
		case r == utf8.RuneError && n == 1:
			out = append(out, '\\', '\\', 'x', field.HexDigits[rec[0]>>4], field.HexDigits[rec[0]&15])
		case r == '\\' && len(rec) > 1 && rec[1] == '\\':
			n = 2
			out = append(out, `\\\\`...)
		case r == '\\' && len(rec) > 5 && bytes.EqualFold(rec[1:6], []byte("u005c")):
			n = 6
			out = append(out, `\\\\`...)
		case r == '\\' && len(rec) > 1:
			n = 2
			out = append(out, rec[:2]...)
		default:
			out = append(out, rec[:n]...)
		}
		rec = rec[n:]
	}
	return out
}

// isFlowJSON says whether an object has the keys of a flow log record, and not those of another one.
func isFlowJSON(rec []byte) bool { return flowKeys(rec) >= 4 }

// hasFlowKeys is isFlowJSON for an object of few fields.
func hasFlowKeys(rec []byte) bool { return flowKeys(rec) >= minFlowKeys }

// flowKeys counts the members of an object that are named like fields; 0 where neither both addresses nor an interface or a gateway
// are among them, where a name is foreign, and where names are only like AWS's and could be of any record of traffic.
func flowKeys(rec []byte) int {
	var s field.JSON
	members, err := s.Object(rec, nil)
	if err != nil {
		return 0
	}
	own, alike, only := 0, 0, false
	has := map[string]bool{}
	for _, m := range members {
		if isForeign(m.Name) {
			return 0
		}
		f, how := lookUp(m.Name)
		if f == nil {
			continue
		}
		if has[f.name] = true; how == ownName {
			own++
		} else {
			alike++
		}
		only = only || slices.Contains(onlyFlow, f.name)
	}
	if !(has["srcaddr"] && has["dstaddr"] || has["interface-id"] || has["tgw-id"]) {
		return 0
	}
	if alike > own && !only {
		return own
	}
	return own + alike
}
