package flow

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"case53/loader/logs"
	"case53/loader/logs/field"
)

// plainOp reads a number of a plain line into its column.
type plainOp[T int16 | int32 | int64 | uint32] struct {
	at    int // which field
	most  uint64
	times uint64
	col   *[logs.BatchSize]T
	mask  *[logs.MaskWords]uint64
	op    *flowOp
}

// plan sorts a format's numbers and addresses by the type of their columns. Text is not looked at until a context is new.
func (d *decoder) plan(f *format) {
	for k := range f.ops {
		op := &f.ops[k]
		switch op.kind {
		case flowLost:
			f.lost = append(f.lost, k)
			continue
		case flowText, flowSmall, flowExtra:
			continue
		}
		mask := d.mask[op.col]
		switch op.kind {
		case flowAddr:
			f.addrs = append(f.addrs, plainOp[uint32]{k, 0, 1, d.v4[op.slot], mask, op})
		case flowTime:
			f.wide = append(f.wide, plainOp[int64]{k, 1e10 - 1, 1e6, d.times[op.slot], mask, op})
		case flowCount:
			f.wide = append(f.wide, plainOp[int64]{k, op.kind.limit(), 1, d.counts[op.slot], mask, op})
		case flowPort:
			f.ports = append(f.ports, plainOp[int32]{k, op.kind.limit(), 1, d.ports[op.slot], mask, op})
		default:
			f.small = append(f.small, plainOp[int16]{k, op.kind.limit(), 1, d.smalls[op.slot], mask, op})
		}
	}
}

// readLine reads a plain line, mapped by d.line, into row n.
func (d *decoder) readLine(f *format, rec []byte, n int) error {
	if d.line.fields != len(f.ops) {
		d.tokens, _ = splitTokens(d.tokens[:0], rec, false)
		if err := f.takes(d.tokens); err != nil {
			return err
		}
	}
	if err := d.readAddrs(f.addrs, rec, n); err != nil {
		return err
	}
	if err := readInts(d, f.ports, rec, n); err != nil {
		return err
	}
	if err := readInts(d, f.small, rec, n); err != nil {
		return err
	}
	if err := readInts(d, f.wide, rec, n); err != nil {
		return err
	}
	for _, k := range f.lost {
		if err := d.set(&f.ops[k], n, d.line.field(rec, k)); err != nil {
			return err
		}
	}
	if f.extras {
		d.openExtra()
		for k := range f.ops {
			if f.ops[k].kind == flowExtra {
				d.addText(f.ops[k].name, d.line.field(rec, k))
			}
		}
	}
	if d.line.fields > len(f.ops) {
		d.addSurplus(len(f.ops))
	}
	return nil
}

// readInts reads numbers. What is not a plain one ("-", milliseconds, errors) goes the long way through set.
func readInts[T int16 | int32 | int64](d *decoder, ops []plainOp[T], rec []byte, n int) error {
	n &= logs.BatchSize - 1
	bit := uint64(1) << (n & 63)
	for i := range ops {
		o := &ops[i]
		to := int(d.line.ends[o.at+1])
		length := to - int(d.line.ends[o.at]) - 1
		var v uint64
		var ok bool
		if length <= 8 && to >= 8 {
			v, ok = shortField(rec, length, to)
		} else {
			v, ok = longField(rec, length, to)
		}
		if ok && v <= o.most {
			o.col[n] = T(v * o.times)
			o.mask[n>>6] |= bit
		} else if err := d.set(o.op, n, d.line.field(rec, o.at)); err != nil {
			return err
		}
	}
	return nil
}

// readAddrs reads addresses: IPv4 here, others through set.
func (d *decoder) readAddrs(ops []plainOp[uint32], rec []byte, n int) error {
	n &= logs.BatchSize - 1
	bit := uint64(1) << (n & 63)
	for i := range ops {
		o := &ops[i]
		v, ok := ipv4Field(rec, int(d.line.ends[o.at]+1), int(d.line.ends[o.at+1]))
		if ok {
			o.col[n] = v
			o.mask[n>>6] |= bit
		} else if err := d.set(o.op, n, d.line.field(rec, o.at)); err != nil {
			return err
		}
	}
	return nil
}

// set stores any value of row n: a column of the row, a column of the context (in d.names.values), or a key of
// extra. "-" leaves NULL.
func (d *decoder) set(op *flowOp, n int, value []byte) error {
	if field.IsDash(value) {
		if op.kind == flowExtra {
			d.addNull(op.name)
		}
		return nil
	}
	col := int(op.col)
	switch op.kind {
	case flowText:
		if op.class == classAccount {
			value = field.Account(value)
		}
		d.names.values[op.col] = value
		return nil
	case flowExtra:
		d.addText(op.name, value)
		return nil
	case flowSmall, flowLost:
		v, ok := parseUint(value, op.kind.limit())
		if !ok {
			return valueError(op.name, op.kind, value)
		}
		if op.kind == flowLost {
			d.lostNow[op.slot] = int64(v)
		} else {
			d.names.setSmall(col, v)
		}
		return nil
	case flowAddr:
		a, ok := field.ParseAddr(value)
		if !ok {
			return valueError(op.name, op.kind, value)
		}
		if d.v4[op.slot][n], d.v6[op.slot][n] = a.V4, a.V6; a.Known == 6 {
			col = flowAddr6[op.slot]
		}
	case flowTime:
		v, err := d.readTime(op, value)
		if err != nil {
			return err
		}
		d.times[op.slot][n] = v
	default:
		v, ok := parseUint(value, op.kind.limit())
		if !ok {
			return valueError(op.name, op.kind, value)
		}
		d.setInteger(op, n, v)
	}
	logs.SetBit(d.mask[col][:], n)
	return nil
}

func (d *decoder) setInteger(op *flowOp, n int, v uint64) {
	switch op.kind {
	case flowPort:
		d.ports[op.slot][n] = int32(v)
	case flowCount:
		d.counts[op.slot][n] = int64(v)
	default:
		d.smalls[op.slot][n] = int16(v)
	}
}

// readValues reads a line of any kind into row n, field by field. Between two commas nothing is NULL, as "-" is, and as
// programs that made a table of the log write it; a whole number may have become a float there.
func (d *decoder) readValues(f *format, rec []byte, comma bool, n int) error {
	d.clear(n)
	d.names.reset()
	d.forgetRest()
	var ok bool
	if d.tokens, ok = splitTokens(d.tokens[:0], rec, comma); !ok {
		return errors.New("a quote is not closed before the end of the line, or more follows it than a comma")
	}
	if len(d.tokens) != len(f.ops) {
		if err := f.takes(d.tokens); err != nil {
			return err
		}
	}
	if f.extras {
		d.openExtra()
	}
	for k := range f.ops {
		value := d.tokens[k]
		switch {
		case len(value) == 0:
			value = dash
		case comma && f.origin != fromPreset:
			value = tabled(&f.ops[k], value)
		}
		if err := d.set(&f.ops[k], n, value); err != nil {
			return err
		}
	}
	if err := d.names.contradicts(f, func(k int) []byte { return d.tokens[k] }); err != nil {
		return err
	}
	if len(d.tokens) > len(f.ops) {
		d.addSurplus(len(f.ops))
	}
	return nil
}

// tabled undoes what a table makes of a field that is no text: None and nan for NULL, 40.0 for 40.
func tabled(op *flowOp, value []byte) []byte {
	switch {
	case op.kind == flowText || op.kind == flowExtra:
		return value
	case oneOf(value, "None", "nan", "NaN"):
		return dash
	case op.kind != flowAddr:
		if whole, ok := wholeNumber(value); ok {
			return whole
		}
	}
	return value
}

var dash = []byte("-")

// surplusKey is the key in extra of the fields after the last one of the field list.
const surplusKey = "surplus"

// takes says why a line of another number of fields than the list's cannot be one of the format; nil when it can: then it
// has more, and all of the list's are what the list says.
func (f *format) takes(tokens [][]byte) error {
	n := len(f.ops)
	switch {
	case len(tokens) < n:
		return fmt.Errorf("%d fields, want %d", len(tokens), n)
	case f.origin == fromPreset:
		return fmt.Errorf("%d fields, want %d (the field list is inferred)", len(tokens), n)
	}
	if at := f.misfit(tokens[:n], false); at >= 0 {
		return fmt.Errorf("%d fields, want %d, and %s is %s", len(tokens), n, f.names[at], field.Quoted(tokens[at]))
	}
	for _, op := range f.ops {
		if op.kind == flowExtra && op.name == surplusKey {
			return fmt.Errorf("%d fields, want %d", len(tokens), n)
		}
	}
	return nil
}

// addSurplus keeps the fields in d.tokens from n on.
func (d *decoder) addSurplus(n int) {
	if len(d.extraJSON) == 0 {
		d.openExtra()
	}
	d.addKey(surplusKey)
	for i, t := range d.tokens[n:] {
		d.extraJSON = append(d.extraJSON, "[,"[min(i, 1)])
		d.extraJSON = field.AppendQuoted(d.extraJSON, t)
	}
	d.extraJSON = append(d.extraJSON, ']')
}

func (d *decoder) openExtra() { d.extraJSON = append(d.extraJSON[:0], '{') }

func (d *decoder) addKey(name string) {
	if len(d.extraJSON) > 1 {
		d.extraJSON = append(d.extraJSON, ',')
	}
	d.extraJSON = append(field.AppendQuoted(d.extraJSON, []byte(name)), ':')
}

func (d *decoder) addText(name string, value []byte) {
	if field.IsDash(value) {
		d.addNull(name)
		return
	}
	d.addKey(name)
	d.extraJSON = field.AppendQuoted(d.extraJSON, value)
}

func (d *decoder) addNull(name string) {
	d.addKey(name)
	d.extraJSON = append(d.extraJSON, "null"...)
}

// forgetRest forgets what was gathered for packets_lost and extra.
func (d *decoder) forgetRest() {
	d.extraJSON = d.extraJSON[:0]
	d.lostNow = [len(lostNames)]int64{-1, -1, -1, -1}
}

// keepRest stores what was gathered for packets_lost and extra in row n.
func (d *decoder) keepRest(n int) {
	if slices.Max(d.lostNow[:]) >= 0 {
		var text [len(lostNames) * 20]byte
		d.lost[n] = d.full.batch.Keep(appendLost(text[:0], d.lostNow))
		logs.SetBit(d.mask[flowPacketsLost][:], n)
	}
	if len(d.extraJSON) > 1 {
		d.extra[n] = d.full.batch.Keep(append(d.extraJSON, '}'))
		logs.SetBit(d.mask[flowExtraJSON][:], n)
	}
}

// appendLost writes the counts of lost packets as packets_lost holds them: four numbers or "-", a space between them.
func appendLost(text []byte, lost [len(lostNames)]int64) []byte {
	for i, v := range lost {
		if i > 0 {
			text = append(text, ' ')
		}
		if v < 0 {
			text = append(text, '-')
		} else {
			text = strconv.AppendInt(text, v, 10)
		}
	}
	return text
}
