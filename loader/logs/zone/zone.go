// Package zone reads Route 53 public hosted-zone query logs: ten tokens between runs of spaces,
//
//	1.0 2017-12-13T08:16:02.130Z Z123412341234 example.com A NOERROR UDP FRA6 192.168.1.1 -
//
// with what a later version 1.x may add behind them kept in extra as {"surplus": […]}. The byte behind the version says what
// separates them: tabs, as copies have them, or spaces.
//
// The same record may be a JSON object, or a line of values between commas under a header: AWS writes neither, but people
// and their tools save it so, and so does our own export (field.Export). A field is found by its name in the view, or by one
// that plainly means it (aliases); other members are kept in extra. A record without a hosted zone is no query of one.
//
//   - The query name is what a stranger asked for: opaque bytes, with or without a final dot.
//   - Fewer than ten tokens, a major version other than 1, a time that is not RFC 3339, a resolver that is no
//     address, an EDNS client subnet that is no prefix: errors. "-" is NULL, but not as the time.
//   - edns_first and edns_last are the ends of the client subnet, IPv4 as IPv4-mapped IPv6.
//
// The package refuses a line of which a field could be another.
package zone

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"case53/loader/logs"
	"case53/loader/logs/field"
)

//go:embed zone.sql
var schema string

//go:embed second.sql
var second string

// Type is the log type.
var Type = &logs.Type{
	Schema: logs.Define("zone.sql", schema),
	Second: second,
	Detect: detectZone,
	Enough: func(sample [][]byte) bool { return detectZone(sample) == 100 },
	New:    newDecoder,
}

// The tokens of a line.
const (
	zVersion = iota
	zTime
	zZone
	zName
	zType
	zRcode
	zProtocol
	zEdge
	zResolver
	zSubnet
	zoneTokens
)

// detectZone gives the share of records that have ten tokens of the right looks, or are objects with the names of one; lines under
// a header are what that says.
func detectZone(sample [][]byte) int {
	if header(field.First(sample)) != nil {
		return 100
	}
	var s field.JSON
	return field.Share(sample, func(rec []byte) bool {
		return looksLikeZone(rec) || bytes.IndexByte(rec, '{') >= 0 && looksLikeObject(&s, rec)
	})
}

func looksLikeZone(rec []byte) bool {
	t, _, ok := zoneFields(rec)
	if !ok || t[zTime][len(t[zTime])-1] != 'Z' || len(t[zZone]) < 2 || t[zZone][0] != 'Z' {
		return false
	}
	for _, c := range t[zZone] {
		if c-'A' >= 26 && c-'0' >= 10 {
			return false
		}
	}
	_, versionOK := majorVersion(t[zVersion])
	_, timeOK := field.Time(t[zTime])
	_, resolverOK := field.ParseAddr(t[zResolver])
	return versionOK && timeOK && (resolverOK || field.IsDash(t[zResolver]))
}

// zoneFields splits a line: its ten tokens, and what follows them.
func zoneFields(line []byte) (t [zoneTokens][]byte, rest []byte, ok bool) {
	between := separator(line)
	if between == '\t' {
		line = bytes.TrimRight(line, " ")
	}
	for i := range t {
		t[i], line = nextToken(line, between)
		if len(t[i]) == 0 {
			return t, nil, false
		}
	}
	return t, line, true
}

// separator is the byte behind the version: a space, or a tab. A name may hold the other one.
func separator(line []byte) byte {
	i := 0
	for i < len(line) && (line[i] == ' ' || line[i] == '\t') {
		i++
	}
	for i < len(line) && (line[i]-'0' < 10 || line[i] == '.') {
		i++
	}
	if i < len(line) && line[i] == '\t' {
		return '\t'
	}
	return ' '
}

// nextToken cuts the first token off a line; it is empty where there is none.
func nextToken(line []byte, between byte) (token, rest []byte) {
	start := 0
	for start < len(line) && line[start] == between {
		start++
	}
	line = line[start:]
	if end := bytes.IndexByte(line, between); end >= 0 {
		return line[:end], line[end:]
	}
	return line, nil
}

// majorVersion reads digits, a dot and digits, and gives the first digits.
func majorVersion(token []byte) (major []byte, ok bool) {
	major, minor, ok := bytes.Cut(token, []byte{'.'})
	return major, ok && field.AllDigits(major) && field.AllDigits(minor)
}

// record is one line, read and checked, but in no batch yet.
type record struct {
	tokens      [zoneTokens][]byte // as text; nil is NULL
	time        int64
	resolver    field.Addr
	hasSubnet   bool
	first, last [2]uint64
	surplus     []byte // JSON
	escaped     bool
}

func (r *record) read(line []byte) error {
	*r = record{surplus: r.surplus[:0]}
	tokens, rest, ok := zoneFields(line)
	if !ok {
		n := 0
		for n < zoneTokens && len(tokens[n]) > 0 {
			n++
		}
		return fmt.Errorf("%d fields, want %d", n, zoneTokens)
	}
	if _, ok := majorVersion(tokens[zVersion]); !ok {
		return fmt.Errorf("%s is no version", field.Quoted(tokens[zVersion]))
	}
	for i, token := range tokens {
		if !field.IsDash(token) {
			r.tokens[i] = r.text(token)
		}
	}
	if err := r.check(false); err != nil {
		return err
	}
	r.keepSurplus(rest, separator(line))
	return nil
}

// check reads the fields that are more than text. own says that the record is a row of an export, whose times are UTC
// where they do not say so.
func (r *record) check(own bool) error {
	if token := r.tokens[zVersion]; token != nil {
		major, ok := majorVersion(token)
		if !ok && field.AllDigits(token) { // 1.0 on its way through a number
			major, ok = token, true
		}
		if !ok {
			return fmt.Errorf("%s is no version", field.Quoted(token))
		}
		if string(major) != "1" {
			return fmt.Errorf("version %s: only 1.x is known", field.Quoted(token))
		}
	}
	if err := r.setTime(own); err != nil {
		return err
	}
	if token := r.tokens[zResolver]; token != nil {
		var ok bool
		if r.resolver, ok = field.ParseAddr(token); !ok {
			return fmt.Errorf("resolver %s is no address", field.Quoted(token))
		}
	}
	if token := r.tokens[zSubnet]; token != nil {
		var err error
		if r.first, r.last, err = subnet(token); err != nil {
			return fmt.Errorf("EDNS client subnet %s: %w", field.Quoted(token), err)
		}
		r.hasSubnet = true
	}
	return nil
}

func (r *record) setTime(own bool) error {
	text := r.tokens[zTime]
	if text == nil {
		return errors.New("query timestamp is missing")
	}
	var zoned, ok bool
	if r.time, ok = field.Time(text); ok {
		return nil
	}
	switch r.time, zoned, ok = field.TimeText(text); {
	case !ok:
		return fmt.Errorf("query timestamp %s is no RFC 3339 time", field.Quoted(text))
	case !zoned && !own:
		return fmt.Errorf("query timestamp %s has no time zone", field.Quoted(text))
	}
	return nil
}

// text gives a token as valid UTF-8.
func (r *record) text(token []byte) []byte {
	text, escaped := field.ValidText(token)
	r.escaped = r.escaped || escaped
	return text
}

// keepSurplus puts the tokens after the tenth into a JSON object.
func (r *record) keepSurplus(rest []byte, between byte) {
	for {
		var token []byte
		if token, rest = nextToken(rest, between); len(token) == 0 {
			break
		}
		if len(r.surplus) == 0 {
			r.surplus = append(r.surplus, `{"surplus":[`...)
		} else {
			r.surplus = append(r.surplus, ',')
		}
		r.surplus = field.AppendQuoted(r.surplus, r.text(token))
	}
	if len(r.surplus) > 0 {
		r.surplus = append(r.surplus, "]}"...)
	}
}

// subnet gives the first and the last address of a prefix; bits after the prefix do not matter.
func subnet(token []byte) (first, last [2]uint64, err error) {
	p, err := netip.ParsePrefix(string(token))
	if err != nil {
		return first, last, errors.New("not an address and a prefix length")
	}
	n := p.Bits()
	if p.Addr().Is4() {
		n += 96
	}
	host := [2]uint64{^uint64(0), ^uint64(0)} // the bits after the prefix, low word first; shifts of 64 give 0
	if n >= 64 {
		host = [2]uint64{^uint64(0) >> (n - 64), 0}
	} else {
		host[1] >>= n
	}
	a := logs.Key128(p.Addr())
	for w := range a {
		first[w], last[w] = a[w]&^host[w], a[w]|host[w]
	}
	return first, last, nil
}

// decoder decodes hosted-zone lines.
type decoder struct {
	opt    logs.Options
	prefix field.Context
	record record
	names  field.Names
	name   []byte // scratch
	key    []byte // scratch
	query  *columns

	csv      *field.CSV // the header in force
	object   object
	spelling field.Spelling
	used     []string // the forms of the records, in order of first use
}

// The forms of a record.
const (
	lines   = "version timestamp zone name type rcode protocol edge resolver edns-client-subnet"
	objects = "JSON objects"
	values  = "comma-separated values under a header"
)

func newDecoder(opt logs.Options) logs.Decoder {
	return &decoder{opt: opt, prefix: field.Context{Capture: opt.Capture}, query: newColumns()}
}

// use notes the form of a record.
func (d *decoder) use(how string) {
	if !slices.Contains(d.used, how) {
		d.used = append(d.used, how)
	}
}

func (d *decoder) Format() string {
	if len(d.used) == 0 {
		return lines
	}
	return field.Warned(strings.Join(d.used, " | ")+d.spelling.Read(), d.spelling.Warning())
}

func (d *decoder) Batches() []*logs.Batch { return []*logs.Batch{&d.query.Batch} }

func (d *decoder) Decode(rec []byte, meta logs.Meta) (logs.Outcome, int64, int64, error) {
	if len(rec) > 0 && (rec[0] == '"' || rec[0]|0x20-'a' < 26) {
		if c := header(rec); c != nil {
			d.csv = c
			return logs.Header, logs.NoTime, logs.NoTime, nil
		}
	}
	r, how := &d.record, lines
	var err error
	switch {
	case d.csv != nil && bytes.IndexByte(rec, ',') >= 0:
		how = values
		if rec, err = d.csv.Object(rec); err == nil {
			err = d.decodeObject(rec, how)
		}
	case bytes.HasPrefix(bytes.TrimLeft(rec, " \t\r\n"), []byte("{")):
		how = objects
		err = d.decodeObject(rec, how)
	default:
		if err = r.read(rec); err == nil {
			d.use(how)
		}
	}
	if err != nil {
		return logs.Row, 0, 0, err
	}
	if d.opt.Admit != nil {
		if o := d.opt.Admit(r.time, r.time); o != logs.Row {
			return o, r.time, r.time, nil
		}
	}
	return logs.Row, r.time, r.time, d.write(d.origin(meta, how))
}

// write puts the record into the batch.
func (d *decoder) write(meta logs.Meta) error {
	r := &d.record
	if err := field.MakeRoom(&d.query.Batch, d.opt.Flush); err != nil {
		return err
	}
	key := append(d.key[:0], d.prefix.Key(meta)...)
	for _, i := range [...]int{zVersion, zZone, zType, zRcode, zProtocol, zEdge} {
		if r.tokens[i] == nil {
			key = logs.AppendNull(key)
		} else {
			key = logs.AppendText(key, r.tokens[i])
		}
	}
	d.key = key
	var f field.Facts
	if r.tokens[zName] != nil {
		d.name = field.Fold(d.name[:0], r.tokens[zName])
		f = d.names.Facts(d.name)
	}
	d.query.add(meta, d.opt.Intern("zone_context", key), r, d.name, f)
	return nil
}

// columns is a batch of store.zone.
type columns struct {
	logs.Batch
	objectID, rowNo, context []uint32
	time                     []int64
	name                     field.NameColumns
	resolver                 field.AddrColumns
	subnet, extra            [][]byte
	first, last              [][2]uint64
	subnetOK, extraOK        []uint64
	firstOK, lastOK          []uint64
	escaped                  []uint8
}

func newColumns() *columns {
	c := &columns{
		objectID: make([]uint32, logs.BatchSize), rowNo: make([]uint32, logs.BatchSize), context: make([]uint32, logs.BatchSize),
		time: make([]int64, logs.BatchSize), name: field.NewNameColumns(), resolver: field.NewAddrColumns(),
		subnet: make([][]byte, logs.BatchSize), extra: make([][]byte, logs.BatchSize),
		first: make([][2]uint64, logs.BatchSize), last: make([][2]uint64, logs.BatchSize),
		subnetOK: logs.NewMask(), extraOK: logs.NewMask(), firstOK: logs.NewMask(), lastOK: logs.NewMask(),
		escaped: make([]uint8, logs.BatchSize),
	}
	c.Table = "zone"
	c.Cols = append([]any{c.objectID, c.rowNo, c.context, c.time}, c.name.Cols()...)
	c.Cols = append(c.Cols, c.resolver.V4, c.resolver.V6, c.subnet, c.first, c.last, c.extra, c.escaped)
	c.Valid = append([][]uint64{nil, nil, nil, nil}, c.name.Valid()...)
	c.Valid = append(c.Valid, c.resolver.V4OK, c.resolver.V6OK, c.subnetOK, c.firstOK, c.lastOK, c.extraOK, nil)
	return c
}

func (c *columns) add(meta logs.Meta, context uint32, r *record, name []byte, f field.Facts) {
	i := c.N
	c.N++
	c.objectID[i], c.rowNo[i], c.context[i], c.time[i] = meta.ObjectID, meta.RowNo, context, r.time
	if logged := r.tokens[zName]; logged != nil {
		if string(logged) == string(name) {
			logged = nil
		}
		c.name.Add(&c.Batch, i, name, logged, f)
	}
	c.resolver.Add(i, r.resolver)
	if r.hasSubnet {
		c.subnet[i] = c.Keep(r.tokens[zSubnet])
		c.first[i], c.last[i] = r.first, r.last
		logs.SetBit(c.subnetOK, i)
		logs.SetBit(c.firstOK, i)
		logs.SetBit(c.lastOK, i)
	}
	if len(r.surplus) > 0 {
		c.extra[i] = c.Keep(r.surplus)
		logs.SetBit(c.extraOK, i)
	}
	c.escaped[i] = field.Flag(r.escaped)
}
