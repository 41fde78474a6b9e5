// Package flow reads VPC Flow Logs, versions 2 to 11, and Transit Gateway flow logs: lines of fields whose order each flow log
// chooses for itself, or JSON objects of the same fields.
//
// The field list is the header line's (of each object, and again of each header inside it: files get joined), else
// one that was given, else one of the presets that Resolve finds to be the only fit: the orders that AWS documents. A record with
// fewer fields than the list is an error. One with more is stored under a header or a given list if everything else about it
// is in order, with the surplus kept in extra; under an inferred list it is an error, as is one whose numbers no record of AWS's
// has together (more packets than bytes, an end before the start).
//
// A header or an object may name a field as Athena's tables, SIEMs and collectors do (names.go): what was read as what stands in the
// object's format. A name that means nothing is kept in extra, and the format warns of it, as it does where there are no times
// or no addresses.
//
// A time is Unix seconds, with a fraction or not, milliseconds, or RFC 3339; with another zone or without the T it is read
// too, but not without a zone, except from our own export, whose times are UTC. Account ids that lost their leading zeros get them
// back. A row of our own export comes back as field.Export says.
//
// NODATA and SKIPDATA are rows. A record's own time is from start to end. Where a log has neither, its records belong to every
// window: Admit is not asked, and first and last are NoTime. In a log that has times, one record without any is an error, but
// for NODATA and SKIPDATA, which tell of no traffic.
//
// The package refuses to pad a short line, to shift fields, and to choose between two field lists that both fit.
package flow

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"case53/loader/logs"
	"case53/loader/logs/field"
	"case53/loader/source"
)

//go:embed flow.sql
var schema string

//go:embed second.sql
var second string

// Type is the log type.
var Type = &logs.Type{
	Schema:  logs.Define("flow.sql", schema),
	Second:  second,
	Detect:  detectFlow,
	Resolve: resolveFlow,
	Enough:  beginsWithHeader,
	// A record may end 660 s after it started, and may come an hour late. One template is known to name the folder vpc.
	Option: "flow-format",
	Places: []source.Place{{
		Services: []string{"vpcflowlogs", "vpc"},
		Region:   true,
		Name:     regexp.MustCompile(`_vpcflowlogs_[a-z0-9-]+_fl-[0-9a-zA-Z]+_(\d{8}T\d{4})Z`),
		Stamp:    "20060102T1504",
		After:    660*time.Second + time.Hour,
		Step:     5 * time.Minute,
	}},
	New: func(o logs.Options) logs.Decoder { return newDecoder(o) },
}

// What a decoder remembers at most: field lists, bytes of contexts, and room for the fields of a line.
const (
	maxFlowFormats = 64
	maxFlowKeys    = 8 << 20
	maxFlowTokens  = 1 << 12
)

type decoder struct {
	opt     logs.Options
	given   []*format
	header  *format // the last header's
	known   []*format
	formats uint32   // how many there were
	used    []string // descriptions, in order of first use
	warned  []string // and what is to be known of them
	last    *format

	flowRows          // where records are read to: the batch of plain rows
	full     flowRows // rows that store.flow_plain has no columns for
	// The row's field list has a field that store.flow_plain has no column for: a log's rows stay together, those too that
	// have no value there (NODATA, SKIPDATA).
	needsFull bool

	line      lineMap
	tokens    [][]byte
	extraJSON []byte                // what extra will hold: an object still open at its end; empty for NULL
	lostNow   [len(lostNames)]int64 // the row's packets-lost-…; -1 for NULL
	dateless  int                   // rows without a time in a log that has times
	names     flowContexts
	json      flowJSON
}

// lostNames are the fields of the column packets_lost, in its order.
var lostNames = [4]string{"packets-lost-no-route", "packets-lost-blackhole", "packets-lost-mtu-exceeded", "packets-lost-ttl-expired"}

func newDecoder(o logs.Options) *decoder {
	d := &decoder{opt: o, flowRows: newFlowRows("flow_plain", flowPlainColumns), full: newFlowRows("flow_full", flowColumns)}
	d.names.init(o)
	for _, names := range o.Formats {
		if f := d.remember(newFormat(names, fromUser, false)); !slices.Contains(d.given, f) {
			d.given = append(d.given, f)
		}
	}
	return d
}

// remember numbers a format, and plans how its lines are read.
func (d *decoder) remember(f *format) *format {
	for _, k := range d.known {
		if k.origin == f.origin && k.comma == f.comma && slices.Equal(k.names, f.names) && slices.Equal(k.spelled, f.spelled) {
			return k
		}
	}
	if len(d.known) == maxFlowFormats {
		d.known = nil
	}
	f.id = d.formats
	d.formats++
	d.known = append(d.known, f)
	d.plan(f)
	return f
}

func (d *decoder) Batches() []*logs.Batch { return []*logs.Batch{d.batch, d.full.batch} }

func (d *decoder) Format() string {
	used, warned := slices.Clone(d.used), slices.Clone(d.warned)
	if d.json.records > 0 {
		used = append(used, d.json.describe())
		warned = append(warned, d.json.warnings()...)
	}
	if d.dateless > 0 {
		warned = append(warned, "records of NODATA or SKIPDATA without start and end: they speak about no time, and belong to every window")
	}
	return field.Warned(strings.Join(used, " | "), slices.Compact(warned)...)
}

// use notes that a record was read in a format.
func (d *decoder) use(f *format) {
	if f == d.last {
		return
	}
	d.last = f
	d.describe(f.describe())
	for _, w := range f.warnings() {
		if w != "" && len(d.warned) < mostUsed && !slices.Contains(d.warned, w) {
			d.warned = append(d.warned, w)
		}
	}
}

// mostUsed bounds what is told of how an object was read.
const mostUsed = 16

func (d *decoder) describe(text string) {
	if len(d.used) < mostUsed && !slices.Contains(d.used, text) {
		d.used = append(d.used, text)
	}
	if len(d.used) == mostUsed {
		d.used = append(d.used, "…")
	}
}

func (d *decoder) Decode(rec []byte, meta logs.Meta) (logs.Outcome, int64, int64, error) {
	rec = trimSpace(rec)
	if len(rec) == 0 {
		return logs.Row, logs.NoTime, logs.NoTime, errors.New("empty record")
	}
	if c := rec[0] | 0x20; isLower(c) || c == '"' || c == '@'|0x20 {
		if is, err := d.readHeader(rec); is || err != nil {
			return logs.Header, logs.NoTime, logs.NoTime, err
		}
	}
	for _, b := range [2]*logs.Batch{d.batch, d.full.batch} {
		if b.N == logs.BatchSize {
			if err := d.opt.Flush(b); err != nil {
				return logs.Row, logs.NoTime, logs.NoTime, err
			}
		}
	}
	n := d.batch.N
	o, first, last, err := d.decodeRow(rec, meta, n)
	if err != nil || o != logs.Row {
		d.clear(n)
		return o, first, last, err
	}
	d.object[n], d.rowNo[n] = meta.ObjectID, meta.RowNo
	if !d.needsFull && d.isPlain(n) {
		d.batch.N = n + 1
	} else {
		d.full.add(&d.flowRows, n)
		d.clear(n)
	}
	return logs.Row, first, last, nil
}

// decodeRow fills row n, all but its place. Unless it succeeds with Row, the caller clears what it set.
func (d *decoder) decodeRow(rec []byte, meta logs.Meta, n int) (logs.Outcome, int64, int64, error) {
	d.forgetRest()
	if cap(d.tokens) > maxFlowTokens {
		d.tokens = nil
	}
	if rec[0] == '{' {
		return d.decodeJSON(rec, meta, n, false)
	}
	if d.header != nil && d.header.csv != nil {
		object, err := d.header.csv.Object(rec)
		if err != nil {
			return logs.Row, logs.NoTime, logs.NoTime, err
		}
		return d.decodeJSON(object, meta, n, true)
	}
	d.escaped[n] = 0
	plain := d.line.scan(rec)
	if !plain && !utf8.Valid(rec) {
		// Escaped as a whole, so that a backslash means the same in every field of the row.
		rec, _ = field.ValidText(rec)
		d.escaped[n] = 1
	}
	f, err := d.formatOf(rec, plain)
	if err != nil {
		return logs.Row, logs.NoTime, logs.NoTime, err
	}
	d.needsFull = f.full
	if plain = plain && !f.comma; plain {
		err = d.readLine(f, rec, n)
	}
	if !plain || err != nil && f.isSeparated(rec) {
		plain = false
		err = d.readValues(f, rec, f.isSeparated(rec), n)
	}
	if err == nil && f.preset != nil && !d.plausible(n) {
		err = d.contradiction(n)
	}
	if err != nil {
		return logs.Row, logs.NoTime, logs.NoTime, err
	}
	first, last, o := d.admit(n)
	if o != logs.Row {
		return o, first, last, nil
	}
	if first == logs.NoTime && f.timed {
		if err := d.timeless(d.status(f, rec, plain)); err != nil {
			return logs.Row, logs.NoTime, logs.NoTime, err
		}
	}
	if plain {
		d.context[n], err = d.lineContext(f, rec, meta)
	} else {
		d.context[n] = d.names.intern(meta)
	}
	if err != nil {
		return logs.Row, logs.NoTime, logs.NoTime, err
	}
	d.keepRest(n)
	d.use(f)
	return logs.Row, first, last, nil
}

// isSeparated says whether commas stand between the values of a line. A list without a header does not say.
func (f *format) isSeparated(rec []byte) bool {
	if f.origin == fromHeader {
		return f.comma
	}
	return !bytes.ContainsFunc(rec, func(r rune) bool { return r < 0x80 && isSpace(byte(r)) }) && bytes.IndexByte(rec, ',') >= 0
}

// status is the value of log-status in a line; nil where that is no field.
func (d *decoder) status(f *format, rec []byte, plain bool) []byte {
	switch at := int(f.where[flowStatusField]); {
	case at < 0:
		return nil
	case plain:
		return d.line.field(rec, at)
	default:
		return d.tokens[at]
	}
}

// timeless judges a record without a time in a log that has times: it could be of any window, so only one that tells of no
// traffic is a row.
func (d *decoder) timeless(status []byte) error {
	if !oneOf(status, "NODATA", "SKIPDATA") {
		return errors.New("neither start nor end has a value")
	}
	d.dateless++
	return nil
}

// The first second that an inferred field list takes for a time: of 2001. There are flow logs since 2015.
const firstSecond = 1e9

// plausible says that nothing is wrong with the numbers of row n, whatever of them is NULL; false says that contradiction must look.
func (d *decoder) plausible(n int) bool {
	n &= logs.BatchSize - 1
	start := d.times[0][n]
	return start >= firstSecond*1e6 && d.times[1][n] >= start && d.counts[0][n] <= d.counts[1][n]
}

// contradiction says which numbers of row n cannot be what an inferred field list says: no record of AWS's has them.
func (d *decoder) contradiction(n int) error {
	start, end := d.has(flowStart, n), d.has(flowEnd, n)
	switch {
	case start && d.times[0][n] < firstSecond*1e6:
		return errors.New("start is before 2001, which contradicts the inferred field list")
	case end && d.times[1][n] < firstSecond*1e6:
		return errors.New("end is before 2001, which contradicts the inferred field list")
	case start && end && d.times[1][n] < d.times[0][n]:
		return errors.New("end is before start, which contradicts the inferred field list")
	case d.has(flowPackets, n) && d.has(flowBytes, n) && d.counts[0][n] > d.counts[1][n]:
		return fmt.Errorf("%d packets of %d bytes in all contradict the inferred field list", d.counts[0][n], d.counts[1][n])
	}
	return nil
}

// admit asks what is to become of row n, by its own time. A record whose end is before its start spans from the one
// to the other all the same.
func (d *decoder) admit(n int) (first, last int64, o logs.Outcome) {
	hasStart, hasEnd := d.has(flowStart, n), d.has(flowEnd, n)
	switch {
	case hasStart && hasEnd:
		first, last = d.times[0][n], d.times[1][n]
		first, last = min(first, last), max(first, last)
	case hasStart:
		first, last = d.times[0][n], d.times[0][n]
	case hasEnd:
		first, last = d.times[1][n], d.times[1][n]
	default:
		return logs.NoTime, logs.NoTime, logs.Row
	}
	if d.opt.Admit == nil {
		return first, last, logs.Row
	}
	return first, last, d.opt.Admit(first, last)
}

// readHeader takes a header line. A line that only looks like one, because its values are field names, stays a
// record: it is read by the list in force wherever that is possible.
func (d *decoder) readHeader(rec []byte) (bool, error) {
	h, ok := parseHeader(rec)
	if !ok {
		return false, nil
	}
	if d.header != nil && h.comma == d.header.comma && slices.Equal(h.names, d.header.names) {
		return true, nil
	}
	if d.header != nil && d.header.reads(rec) {
		return false, nil
	}
	if name := h.twice(); name != "" {
		return false, fmt.Errorf("header names %s twice", name)
	}
	f := formatOf(h.names, h.fields, fromHeader, h.comma)
	f.spelled = h.spelled
	if h.isExport() {
		f.csv, _ = field.ParseCSV(rec)
	}
	d.header = d.remember(f)
	d.use(d.header)
	return true, nil
}

// reads says whether a line can be a record of this format.
func (f *format) reads(rec []byte) bool {
	tokens, _ := splitTokens(nil, rec, f.comma)
	return len(tokens) == len(f.ops) && f.misfit(tokens, true) < 0
}

// formatOf finds the field list for a line.
func (d *decoder) formatOf(rec []byte, plain bool) (*format, error) {
	switch {
	case d.header != nil:
		return d.header, nil
	case len(d.given) == 1:
		return d.given[0], nil
	case len(d.given) == 0:
		return nil, errors.New("no header before this record, and no format given")
	}
	if plain { // mostly, one list alone has as many fields
		var only *format
		n := 0
		for _, f := range d.given {
			if len(f.ops) == d.line.fields {
				only, n = f, n+1
			}
		}
		if n == 1 {
			return only, nil
		}
	}
	return d.choose(rec)
}

// choose picks one of several field lists for a line: by the number of fields, then by the form of the values.
func (d *decoder) choose(rec []byte) (*format, error) {
	d.tokens = splitLine(d.tokens[:0], rec)
	var sized []*format
	for _, f := range d.given {
		if n := len(f.ops); n == len(d.tokens) || n < len(d.tokens) && f.origin == fromUser {
			if len(sized) > 0 && n > len(sized[0].ops) {
				sized = sized[:0] // surplus fields only when no list has more
			}
			if len(sized) == 0 || n == len(sized[0].ops) {
				sized = append(sized, f)
			}
		}
	}
	if len(sized) == 0 {
		return nil, fmt.Errorf("%d fields, want %s", len(d.tokens), counts(d.given))
	}
	tokens := d.tokens[:len(sized[0].ops)]
	fit := fitting(sized, tokens, false)
	if len(fit) == 0 {
		fit = fitting(sized, tokens, true)
	}
	if len(fit) == 0 {
		at := sized[0].misfit(tokens, true)
		return nil, fmt.Errorf("no format of %d fields fits: in one, %s is %s", len(tokens), sized[0].names[at], field.Quoted(tokens[at]))
	}
	if one, other := differ(fit, tokens); one != nil {
		return nil, fmt.Errorf("two formats fit and mean different things: %s; %s", asFlag(one.names), asFlag(other.names))
	}
	return fit[0], nil
}

// counts lists how many fields formats have: 14, 21 or 29.
func counts(formats []*format) string {
	var all []int
	for _, f := range formats {
		all = append(all, len(f.ops))
	}
	slices.Sort(all)
	text := ""
	all = slices.Compact(all)
	for i, n := range all {
		switch {
		case i == 0:
		case i == len(all)-1:
			text += " or "
		default:
			text += ", "
		}
		text += strconv.Itoa(n)
	}
	return text
}
