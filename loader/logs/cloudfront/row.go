package cloudfront

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"case53/loader/logs/field"
	"case53/loader/logs/request"
)

// kind is how a field is read.
type kind uint8

const (
	unknown kind = iota
	plain        // a column, as it is
	dateText
	timeText
	epochText  // seconds since 1970, or RFC 3339
	millisText // milliseconds since 1970
	stemText
	queryText
	hostText
	agentText
	refererText
	forwardedText
	cookieText
)

// place is where a field goes.
type place struct {
	kind   kind
	column int
}

// special are the fields that are more than a column.
var special = map[string]kind{"date": dateText, "time": timeText, "timestamp": epochText, "timestamp_ms": millisText, "cs_uri_stem": stemText,
	"cs_uri_query": queryText, "x_host_header": hostText, "cs_user_agent": agentText, "cs_referer": refererText,
	"x_forwarded_for": forwardedText, "cs_cookie": cookieText}

// worked are the columns that are worked out.
var worked = map[string]bool{"host": true, "path": true,
	"query": true, "user_agent": true, "referer": true, "path_decoded": true, "attack": true, "extra": true}

// ownColumns are the view's columns that are no field of a log.
var ownColumns = func() map[string]bool {
	r := newRow("")
	return field.OwnColumns(schema, "cloudfront", func(column string) bool { return r.place(column, false).kind != unknown })
}()

// row is the row of store.cloudfront under way.
type row struct {
	table        *field.Table
	columns      *request.Columns
	at           map[kind]int
	timestamp    int
	agent        int
	referer      int
	extra        int
	client       int
	headers      int
	distribution int

	date, clock       []byte
	stem, query       []byte
	hasStem, hasQuery bool
	swapped           bool
	host              []byte
	buf, dateAndTime  []byte
}

func newRow(capture string) *row {
	t := field.NewTable(schema, "cloudfront", capture)
	r := &row{table: t, columns: request.NewColumns(t), at: map[kind]int{}}
	for name, k := range special {
		if c := t.Column(name); c >= 0 {
			r.at[k] = c
		}
	}
	r.timestamp, r.agent, r.referer = t.MustColumn("timestamp"), t.MustColumn("user_agent"), t.MustColumn("referer")
	r.extra, r.client = t.MustColumn("extra"), t.MustColumn("c")
	r.headers, r.distribution = t.MustColumn("cs_headers"), t.MustColumn("cs_host")
	return r
}

// normal is a field's name as a column's: cs(User-Agent) is cs_user_agent.
func normal(name string) string {
	var b strings.Builder
	for _, c := range []byte(strings.ToLower(name)) {
		if c-'a' < 26 || c-'0' < 10 {
			b.WriteByte(c)
		} else if b.Len() > 0 {
			b.WriteByte('_')
		}
	}
	return strings.Trim(strings.ReplaceAll(b.String(), "__", "_"), "_")
}

// place finds where a field goes. swapped: the two names of the host mean the opposite, and the stem has the query in it.
func (r *row) place(name string, swapped bool) place {
	r.swapped = swapped
	name = normal(name)
	if swapped {
		switch name {
		case "cs_host":
			name = "x_host_header"
		case "x_host_header":
			name = "cs_host"
		}
	}
	if k := special[name]; k != unknown {
		return place{kind: k}
	}
	if name == "c_ip" {
		return place{plain, r.client}
	}
	if c := r.table.Column(name); c >= 0 && !worked[name] {
		return place{plain, c}
	}
	if c := r.table.Column(name + "_us"); c >= 0 {
		return place{plain, c}
	}
	return place{}
}

func (r *row) begin() {
	r.table.Begin()
	r.columns.Begin()
	r.date, r.clock, r.stem, r.query, r.host = nil, nil, nil, nil, nil
	r.hasStem, r.hasQuery, r.buf = false, false, r.buf[:0]
}

// viewers gives what the viewer sent; it holds until the next record.
func (r *row) viewers(text []byte) []byte {
	if bytes.IndexByte(text, '%') < 0 && bytes.IndexByte(text, '\\') < 0 {
		return text
	}
	at := len(r.buf)
	r.buf = undo(r.buf, text)
	return r.buf[at:len(r.buf):len(r.buf)]
}

func (r *row) set(at place, text []byte) error {
	if len(text) == 0 || field.IsDash(text) {
		return nil
	}
	switch at.kind {
	case plain:
		return r.table.Set(at.column, text)
	case dateText:
		r.date = text
	case timeText:
		r.clock = text
	case epochText, millisText:
		return r.setEpoch(at.kind, text)
	case stemText:
		r.stem, r.hasStem = text, true
	case queryText:
		r.query, r.hasQuery = text, true
	case hostText:
		r.table.SetText(r.at[hostText], text)
		r.host = text
	case agentText, refererText:
		r.table.SetText(r.at[at.kind], text)
		if at.kind == agentText {
			r.table.SetText(r.agent, r.viewers(text))
		} else {
			r.table.SetText(r.referer, r.viewers(text))
		}
	case forwardedText, cookieText:
		r.table.SetText(r.at[at.kind], r.viewers(text))
	}
	return nil
}

// setEpoch reads a time that is a number, or one in words.
func (r *row) setEpoch(k kind, text []byte) error {
	if at, zoned, ok := field.TimeText(text); ok {
		_ = zoned // CloudFront's times are UTC
		r.table.SetNumber(r.timestamp, at)
		return nil
	}
	whole, fraction, _ := strings.Cut(string(text), ".")
	power := 6
	if k == millisText || len(whole) >= len("1000000000000") {
		power = 3
	}
	fraction = fraction[:min(len(fraction), power)]
	n, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", power-len(fraction)), 10, 64)
	if err != nil || len(whole) < 9 {
		return fmt.Errorf("timestamp %s is no time", field.Quoted(text))
	}
	r.table.SetNumber(r.timestamp, n)
	return nil
}

var errNoTime = errors.New("no time: neither date and time, nor timestamp")

// setTime settles when the record was.
func (r *row) setTime() (int64, error) {
	if at, ok := r.table.Number(r.timestamp); ok {
		return at, nil
	}
	if r.date == nil || r.clock == nil {
		return 0, errNoTime
	}
	r.dateAndTime = append(append(append(append(r.dateAndTime[:0], r.date...), 'T'), r.clock...), 'Z')
	at, ok := field.Time(r.dateAndTime)
	if !ok {
		return 0, fmt.Errorf("date and time %s are none", field.Quoted(r.dateAndTime))
	}
	r.table.SetNumber(r.timestamp, at)
	return at, nil
}

// end settles what several fields say together.
func (r *row) end() (int64, error) {
	at, err := r.setTime()
	if err != nil {
		return 0, err
	}
	if r.hasStem {
		r.setURL()
	}
	if r.host == nil {
		r.host = r.table.Text(r.distribution)
	}
	if r.host != nil {
		host, _ := request.CutHost(r.viewers(r.host))
		r.columns.SetHost(host)
	}
	r.columns.Search(r.table.Text(r.agent), r.table.Text(r.referer), r.table.Text(r.at[forwardedText]), r.table.Text(r.at[cookieText]),
		r.table.Text(r.headers), r.host)
	r.columns.End()
	return at, nil
}

// setURL sets path and query as the viewer sent them, and as logged where that is another text.
func (r *row) setURL() {
	path, query, has := r.viewers(r.stem), []byte(nil), r.hasQuery
	if has {
		query = r.viewers(r.query)
	}
	if r.swapped {
		if before, after, found := bytes.Cut(path, []byte{'?'}); found {
			path = before
			if !has {
				query, has = after, true
			}
		}
	}
	if !has {
		query = nil
	}
	r.columns.SetPath(path, query)
	if !bytes.Equal(path, r.stem) {
		r.table.SetText(r.at[stemText], r.stem)
	}
	if r.hasQuery && !bytes.Equal(query, r.query) {
		r.table.SetText(r.at[queryText], r.query)
	}
}
