package flow

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"case53/loader/logs"
	"case53/loader/logs/field"
)

// flowJSON reads records that are JSON objects: the fields by name, in any order. Values are strings or numbers;
// whole floats ("40.0", 4e1) are integers, as some exporters make them; "-", "None" and null are NULL.
type flowJSON struct {
	dec   *jsontext.Decoder
	src   bytes.Reader
	ops   []flowOp // by index in flowFields
	index map[string]int
	seen  []bool
	plain []byte // the text of strings
}

// minFlowKeys is how many fields make an object a flow log record.
const minFlowKeys = 2

func (j *flowJSON) init() {
	f := newFormat(fieldNames(), fromHeader, false)
	j.ops, j.seen = f.ops, make([]bool, len(f.ops))
	j.index = make(map[string]int, len(f.names))
	for i, name := range f.names {
		j.index[name] = i
	}
}

func fieldNames() []string {
	names := make([]string, len(flowFields))
	for i, f := range flowFields {
		names[i] = f.name
	}
	return names
}

// decodeJSON fills row n from an object.
func (d *decoder) decodeJSON(rec []byte, meta logs.Meta, n int) (logs.Outcome, int64, int64, error) {
	d.escaped[n] = 0
	if !utf8.Valid(rec) {
		rec = escapeJSON(rec)
		d.escaped[n] = 1
	}
	if d.json.ops == nil {
		d.json.init()
	}
	d.names.reset()
	d.needsFull = false
	if err := d.readObject(rec, n); err != nil {
		return logs.Row, logs.NoTime, logs.NoTime, err
	}
	first, last, o := d.admit(n)
	if o != logs.Row {
		return o, first, last, nil
	}
	d.context[n] = d.names.intern(meta)
	d.keepRest(n)
	d.last = nil
	d.describe("JSON objects")
	return logs.Row, first, last, nil
}

func (d *decoder) readObject(rec []byte, n int) error {
	j := &d.json
	j.src.Reset(rec)
	if j.dec == nil {
		j.dec = jsontext.NewDecoder(&j.src)
	} else {
		j.dec.Reset(&j.src)
	}
	clear(j.seen)
	j.plain = j.plain[:0]
	if tok, err := j.dec.ReadToken(); err != nil || tok.Kind() != '{' {
		return fmt.Errorf("not a JSON object: %w", err)
	}
	known := 0
	for j.dec.PeekKind() != '}' {
		key, err := j.dec.ReadToken()
		if err != nil {
			return fmt.Errorf("not a JSON object: %w", err)
		}
		name := key.String()
		value, err := j.dec.ReadValue()
		if err != nil {
			return fmt.Errorf("not a JSON object: %w", err)
		}
		is, err := d.setMember(name, value, n)
		if err != nil {
			return err
		}
		if is {
			known++
		}
	}
	if _, err := j.dec.ReadToken(); err != nil {
		return fmt.Errorf("not a JSON object: %w", err)
	}
	if rest := trimSpace(rec[j.dec.InputOffset():]); len(rest) > 0 {
		return fmt.Errorf("text after the JSON object: %s", field.Quoted(rest))
	}
	if known < minFlowKeys {
		return errors.New("not a flow log record: its keys are not fields of one")
	}
	return nil
}

// setMember stores one member; known says that its name is a field's.
func (d *decoder) setMember(name string, value jsontext.Value, n int) (known bool, err error) {
	j := &d.json
	var buf [maxFlowName]byte
	at, known := 0, false
	if spelled, ok := fieldName(buf[:], []byte(name)); ok {
		at, known = j.index[string(spelled)]
	}
	if !known {
		if len(d.extraJSON) == 0 {
			d.openExtra()
		}
		d.addKey(name)
		d.extraJSON = append(d.extraJSON, value...)
		return false, nil
	}
	op := &j.ops[at]
	if j.seen[at] {
		return true, fmt.Errorf("%s: named twice", op.name)
	}
	j.seen[at] = true
	d.needsFull = d.needsFull || op.needsFull()
	from := len(j.plain)
	switch value.Kind() {
	case 'n':
		return true, nil
	case '"':
		if j.plain, err = jsontext.AppendUnquote(j.plain, value); err != nil {
			return true, fmt.Errorf("%s: %w", op.name, err)
		}
	case '0':
		j.plain = append(j.plain, value...)
	default:
		return true, fmt.Errorf("%s: want a string or a number, not %s", op.name, field.Quoted(value))
	}
	text := j.plain[from:len(j.plain):len(j.plain)]
	if string(text) == "None" {
		return true, nil
	}
	if op.kind != flowAddr && (value.Kind() == '0' || op.kind != flowText) {
		if whole, ok := wholeNumber(text); ok {
			text = whole
		}
	}
	return true, d.set(op, n, text)
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

// isFlowJSON says whether an object has the keys of a flow log record, and not those of a DNS query.
func isFlowJSON(rec []byte) bool {
	known, ends, query := flowKeys(rec)
	return known >= 4 && ends && !query
}

// hasFlowKeys is isFlowJSON for an object of few fields.
func hasFlowKeys(rec []byte) bool {
	known, ends, query := flowKeys(rec)
	return known >= minFlowKeys && ends && !query
}

// flowKeys counts the members of an object that are named like fields. ends says that both addresses or an interface are
// among them, query that a DNS query's name is.
func flowKeys(rec []byte) (known int, ends, query bool) {
	dec := jsontext.NewDecoder(bytes.NewReader(rec))
	if tok, err := dec.ReadToken(); err != nil || tok.Kind() != '{' {
		return 0, false, false
	}
	var buf [maxFlowName]byte
	has := map[string]bool{}
	for dec.PeekKind() == '"' {
		key, err := dec.ReadToken()
		if err != nil {
			return 0, false, false
		}
		if name, ok := fieldName(buf[:], []byte(key.String())); ok {
			has[string(name)] = true
		}
		if dec.SkipValue() != nil {
			return 0, false, false
		}
	}
	for name := range has {
		if flowByName[name] != nil {
			known++
		}
	}
	return known, has["srcaddr"] && has["dstaddr"] || has["interface-id"] || has["tgw-id"], has["query-name"]
}
