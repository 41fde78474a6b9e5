package zone

import (
	"errors"
	"fmt"

	"case53/loader/logs"
	"case53/loader/logs/field"
)

// columnNames are the fields as the view names them, in the order of a line's tokens.
var columnNames = [zoneTokens]string{"version", "query_timestamp", "hosted_zone_id", "query_name", "query_type", "response_code", "protocol",
	"edge_location", "resolver_ip", "edns_client_subnet"}

// aliases are other names of the fields, squashed. AWS itself has no names in this log, only words for them.
var aliases = map[string]int{
	// The words of AWS's documentation.
	"logformatversion": zVersion, "layer4protocol": zProtocol, "route53edgelocation": zEdge, "resolveripaddress": zResolver,
	// What patterns of metric filters, parsers and dashboards call them.
	"timestamp": zTime, "querytime": zTime, "zoneid": zZone, "queryresponsecode": zRcode, "rcode": zRcode, "transport": zProtocol,
	"resolveraddress": zResolver, "clientsubnet": zSubnet,
	// Elastic's.
	"awsroute53hostedzoneid": zZone, "awsroute53edgelocation": zEdge, "awsroute53ednsclientsubnet": zSubnet,
	"dnsquestionname": zName, "dnsquestiontype": zType, "dnsresponsecode": zRcode, "networktransport": zProtocol, "sourceip": zResolver,
}

// exact are the fields by their names, squashed: query_timestamp, queryTimestamp.
var exact = func() map[string]int {
	m := map[string]int{}
	for i, name := range columnNames {
		m[string(field.Squash(nil, []byte(name)))] = i
	}
	return m
}()

// fieldOf finds a field by a name; alias says that it is not AWS's word nor the view's.
func fieldOf(name []byte) (column int, alias, ok bool) {
	var buf [64]byte
	if len(name) > len(buf) {
		return 0, false, false
	}
	squashed := field.Squash(buf[:0], name)
	if column, ok = exact[string(squashed)]; ok {
		return column, false, true
	}
	column, ok = aliases[string(squashed)]
	return column, true, ok
}

// marks says whether the names are those of such a log: the zone and the name, the time, and what came of it.
func marks(have [zoneTokens]bool) bool {
	return have[zZone] && have[zName] && have[zTime] && (have[zRcode] || have[zEdge] || have[zResolver])
}

// looksLikeObject says whether a record is an object with such names.
func looksLikeObject(s *field.JSON, rec []byte) bool {
	s.Reset(rec)
	members, err := s.Object(rec, nil)
	if err != nil {
		return false
	}
	var have [zoneTokens]bool
	for _, m := range members {
		if column, _, ok := fieldOf(m.Name); ok {
			have[column] = true
		}
	}
	return marks(have)
}

// header reads the header of lines of values between commas; nil where the line is none of this log.
func header(line []byte) *field.CSV {
	c, ok := field.ParseCSV(line)
	if !ok {
		return nil
	}
	var have [zoneTokens]bool
	for _, name := range c.Names {
		if column, _, ok := fieldOf([]byte(name)); ok {
			have[column] = true
		}
	}
	if !marks(have) {
		return nil
	}
	return c
}

// ownColumns are the view's columns that are worked out.
var ownColumns = field.OwnColumns(schema, "zone", func(column string) bool {
	_, logged := exact[string(field.Squash(nil, []byte(column)))]
	return logged
})

// object is what reading records that are objects needs.
type object struct {
	json    field.JSON
	members []field.Member
	export  field.Export
}

// readObject reads a record that is an object. Each field may have its own name or an alias; where both are there the
// alias is kept in extra, as is every name that is no field's. Values are strings or numbers.
func (r *record) readObject(o *object, rec []byte, spelling *field.Spelling) error {
	*r = record{surplus: append(r.surplus[:0], '{')}
	var err error
	if o.members, err = o.json.Object(rec, o.members[:0]); err != nil {
		return err
	}
	o.export.Own = ownColumns
	o.export.Reset()
	var at [zoneTokens]int // the member that holds a field, from 1
	for i, m := range o.members {
		column, alias, ok := fieldOf(m.Name)
		if ok && (at[column] == 0 || !alias) {
			at[column] = i + 1
		}
	}
	for i, m := range o.members {
		column, alias, ok := fieldOf(m.Name)
		if !ok || at[column] != i+1 {
			r.keep(o, m, spelling)
			continue
		}
		if err := r.setMember(column, m); err != nil {
			return err
		}
		if alias {
			spelling.Alias(columnNames[column], string(m.Name))
		}
	}
	own := o.export.Is()
	if own {
		if r.surplus, err = o.export.Extra(r.surplus); err != nil {
			return err
		}
		r.escaped = r.escaped || o.export.Flag("utf8_escaped")
	}
	if len(r.surplus) > 1 {
		r.surplus = append(r.surplus, '}')
	} else {
		r.surplus = r.surplus[:0]
	}
	if at[zZone] == 0 && !own {
		return errors.New("hosted_zone_id is missing: this is no query of a public zone")
	}
	return r.check(own)
}

// keep puts a member into extra.
func (r *record) keep(o *object, m field.Member, spelling *field.Spelling) {
	from := len(r.surplus)
	if from > 1 {
		r.surplus = append(r.surplus, ',')
	}
	r.surplus = append(field.AppendQuoted(r.surplus, m.Name), ':')
	r.surplus = field.AppendJSON(r.surplus, m.Value, m.Odd)
	r.escaped = r.escaped || m.Odd
	o.export.Note(m.Name, m.Value, from, len(r.surplus))
	if !ownColumns[string(m.Name)] {
		spelling.Unknown(string(m.Name))
	}
}

func (r *record) setMember(column int, m field.Member) error {
	text := m.Text
	switch c := m.Value[0]; {
	case c == 'n':
		return nil
	case c == '-' || c-'0' < 10:
		text = m.Value
	case text == nil:
		return fmt.Errorf("%s is neither text nor number", columnNames[column])
	}
	r.escaped = r.escaped || m.Odd
	if !field.IsDash(text) {
		r.tokens[column] = text
	}
	return nil
}

// decodeObject reads a record that is an object, or the line that was made one, into d.record.
func (d *decoder) decodeObject(rec []byte, how string) error {
	if err := d.record.readObject(&d.object, rec, &d.spelling); err != nil {
		return err
	}
	d.use(how)
	return nil
}

// origin is where a record comes from: of a row of an export what that says.
func (d *decoder) origin(meta logs.Meta, how string) logs.Meta {
	if how != lines && d.object.export.Is() {
		meta.LogGroup, meta.LogStream = string(d.object.export.Text("log_group")), string(d.object.export.Text("log_stream"))
	}
	return meta
}
