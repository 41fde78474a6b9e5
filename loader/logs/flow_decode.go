package logs

import (
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
)

func tooFew(got, want int) error { return fmt.Errorf("%d fields, want %d", got, want) }

// readLine reads a space-separated line into row n: once over its bytes, numbers and IPv4 addresses while they are
// scanned. Whatever is not plain ("-", IPv6, milliseconds, errors) goes the long way through set.
func (d *flowDecoder) readLine(f *flowFormat, rec []byte, n int) error {
	n &= BatchSize - 1
	w, bit := n>>6, uint64(1)<<(n&63)
	i := 0
	for k := range f.ops {
		for i < len(rec) && isSpace(rec[i]) {
			i++
		}
		if i == len(rec) {
			return tooFew(k, len(f.ops))
		}
		op := &f.ops[k]
		from, number := i, uint64(0)
		switch op.kind {
		case flowText, flowSmall, flowExtra:
			i = tokenEnd(rec, i)
			d.spans[k] = span{from, i}
			continue
		case flowAddr:
			number, i = scanIPv4(rec, i)
		default:
			number, i = scanUint(rec, i)
		}
		if i <= from || i < len(rec) && !isSpace(rec[i]) || !d.setNumber(op, n, number, i-from) {
			i = tokenEnd(rec, max(i, from))
			if err := d.set(op, n, rec[from:i]); err != nil {
				return err
			}
			continue
		}
		d.mask[op.col][w] |= bit
	}
	for i < len(rec) && isSpace(rec[i]) {
		i++
	}
	if f.extras {
		d.openExtra()
		for k := range f.ops {
			if f.ops[k].kind == flowExtra {
				d.addText(f.ops[k].name, rec[d.spans[k].from:d.spans[k].to])
			}
		}
	}
	if i < len(rec) {
		return d.surplus(f, appendTokens(d.tokens[:0], rec, false))
	}
	return nil
}

func tokenEnd(rec []byte, i int) int {
	for i < len(rec) && !isSpace(rec[i]) {
		i++
	}
	return i
}

// scanUint reads digits, at most 18 of them (more may not fit); end is where they stop.
func scanUint(rec []byte, i int) (v uint64, end int) {
	most := min(len(rec), i+18)
	for ; i < most; i++ {
		c := rec[i] - '0'
		if c > 9 {
			break
		}
		v = v*10 + uint64(c)
	}
	return v, i
}

// scanIPv4 reads dotted decimal as parseIPv4 does; end is where it stops, -1 when it is none.
func scanIPv4(rec []byte, i int) (v uint64, end int) {
	for octet := 0; ; octet++ {
		from, part := i, uint64(0)
		for i < len(rec) && i-from < 3 {
			c := rec[i] - '0'
			if c > 9 {
				break
			}
			part = part*10 + uint64(c)
			i++
		}
		if i == from || part > 255 || rec[from] == '0' && i-from > 1 {
			return 0, -1
		}
		v = v<<8 | part
		if octet == 3 {
			return v, i
		}
		if i == len(rec) || rec[i] != '.' {
			return 0, -1
		}
		i++
	}
}

// setNumber stores a plain number of so many digits; false when it is not one for this field.
func (d *flowDecoder) setNumber(op *flowOp, n int, v uint64, digits int) bool {
	switch op.kind {
	case flowTime:
		if digits > 10 {
			return false
		}
		d.times[op.slot&1][n] = int64(v) * 1e6
	case flowAddr:
		d.v4[op.slot&3][n] = uint32(v)
	case flowPort:
		if v > 1<<16-1 {
			return false
		}
		d.ports[op.slot&1][n] = int32(v)
	case flowProtocol, flowFlags:
		if v > op.kind.limit() {
			return false
		}
		d.smalls[op.slot&1][n] = int16(v)
	case flowCount:
		d.counts[op.slot][n] = int64(v)
	default:
		return false
	}
	return true
}

// set stores any value of row n: a column of store.flow, a column of the context (in d.names.values), or a key of
// extra. "-" leaves NULL.
func (d *flowDecoder) set(op *flowOp, n int, value []byte) error {
	if isDash(value) {
		if op.kind == flowExtra {
			d.addNull(op.name)
		}
		return nil
	}
	col := int(op.col)
	switch op.kind {
	case flowText:
		d.names.values[op.col] = value
		return nil
	case flowExtra:
		d.addText(op.name, value)
		return nil
	case flowSmall:
		v, ok := parseUint(value, op.kind.limit())
		if !ok {
			return valueError(op.name, op.kind, value)
		}
		d.names.setSmall(col, v)
		return nil
	case flowAddr:
		a, ok := parseAddr(value)
		if !ok {
			return valueError(op.name, op.kind, value)
		}
		if d.v4[op.slot][n], d.v6[op.slot][n] = a.v4, a.v6; a.is == 6 {
			col++
		}
	case flowTime:
		v, ok := parseFlowTime(value)
		if !ok {
			return valueError(op.name, op.kind, value)
		}
		d.times[op.slot][n] = v
	default:
		v, ok := parseUint(value, op.kind.limit())
		if !ok || !d.setNumber(op, n, v, 0) {
			return valueError(op.name, op.kind, value)
		}
	}
	set(d.mask[col][:], n)
	return nil
}

// readValues reads a comma-separated line into row n. Nothing between two commas is NULL, as "-" is.
func (d *flowDecoder) readValues(f *flowFormat, rec []byte, n int) error {
	d.clear(n)
	d.names.reset()
	d.tokens = appendTokens(d.tokens[:0], rec, true)
	if len(d.tokens) < len(f.ops) {
		return tooFew(len(d.tokens), len(f.ops))
	}
	if f.extras {
		d.openExtra()
	}
	for k := range f.ops {
		value := d.tokens[k]
		if len(value) == 0 {
			value = dash
		}
		if err := d.set(&f.ops[k], n, value); err != nil {
			return err
		}
	}
	if err := d.names.contradicts(f, func(k int) []byte { return d.tokens[k] }); err != nil {
		return err
	}
	if len(d.tokens) > len(f.ops) {
		return d.surplus(f, d.tokens)
	}
	return nil
}

var dash = []byte("-")

// surplusKey is the key in extra of the fields after the last one of the field list.
const surplusKey = "surplus"

// surplus keeps the fields beyond the list, if all before them are what the list says.
func (d *flowDecoder) surplus(f *flowFormat, tokens [][]byte) error {
	d.tokens = tokens
	if f.origin == fromPreset {
		return fmt.Errorf("%d fields, want %d (the field list is inferred)", len(tokens), len(f.ops))
	}
	if at := f.misfit(tokens[:len(f.ops)], false); at >= 0 {
		return fmt.Errorf("%d fields, want %d, and %s is %s", len(tokens), len(f.ops), f.names[at], quoted(tokens[at]))
	}
	for _, op := range f.ops {
		if op.kind == flowExtra && op.name == surplusKey {
			return fmt.Errorf("%d fields, want %d", len(tokens), len(f.ops))
		}
	}
	if len(d.extraJSON) == 0 {
		d.openExtra()
	}
	d.addKey(surplusKey)
	for i, t := range tokens[len(f.ops):] {
		d.extraJSON = append(d.extraJSON, "[,"[min(i, 1)])
		d.extraJSON = quote(d.extraJSON, t)
	}
	d.extraJSON = append(d.extraJSON, ']')
	return nil
}

func (d *flowDecoder) openExtra() { d.extraJSON = append(d.extraJSON[:0], '{') }

func (d *flowDecoder) addKey(name string) {
	if len(d.extraJSON) > 1 {
		d.extraJSON = append(d.extraJSON, ',')
	}
	d.extraJSON = append(quote(d.extraJSON, []byte(name)), ':')
}

func (d *flowDecoder) addText(name string, value []byte) {
	if isDash(value) {
		d.addNull(name)
		return
	}
	d.addKey(name)
	d.extraJSON = quote(d.extraJSON, value)
}

func (d *flowDecoder) addNull(name string) {
	d.addKey(name)
	d.extraJSON = append(d.extraJSON, "null"...)
}

// quote appends text, which is valid UTF-8, as a JSON string.
func quote(dst, text []byte) []byte {
	dst, _ = jsontext.AppendQuote(dst, text)
	return dst
}

// keepExtra stores what was gathered for extra in row n.
func (d *flowDecoder) keepExtra(n int) {
	if len(d.extraJSON) > 1 {
		d.extra[n] = d.batch.Keep(append(d.extraJSON, '}'))
		set(d.mask[flowExtraJSON][:], n)
	}
}
