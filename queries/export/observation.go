package export

import (
	"strings"
	"time"

	"case53/cases"
	"case53/cases/duck"
)

// observation is a record as the mappings of STIX and MISP give it: when something was seen, and its addresses, name, URL and traffic, of
// which some are there.
type observation struct {
	at     map[string]int
	values []any
}

// columns tells it where its values are.
func (o *observation) columns(columns []cases.Column) {
	o.at = map[string]int{}
	for i, c := range columns {
		o.at[c.Name] = i
	}
}

// value is one of its values; nil where the mapping has none of that name, too.
func (o *observation) value(name string) any {
	if i, ok := o.at[name]; ok {
		return o.values[i]
	}
	return nil
}

// text is one of them that is text; "" where it is not there.
func (o *observation) text(name string) string {
	text, _ := o.value(name).(string)
	return text
}

// span is when it was seen, first and last; false where RFC 3339 has not such times.
func (o *observation) span() (first, last time.Time, ok bool) {
	first, okFirst := o.value("first_observed").(time.Time)
	last, okLast := o.value("last_observed").(time.Time)
	return first, last, okFirst && okLast && timeFits(first) && timeFits(last)
}

// addresses are those that its name was resolved to.
func (o *observation) addresses() (all []string) {
	list, _ := o.value("addresses").(duck.List)
	for _, v := range list {
		if text, ok := v.(string); ok {
			all = append(all, text)
		}
	}
	return all
}

// isIPv6 says of the text of an address which version it has.
func isIPv6(address string) bool { return strings.Contains(address, ":") }
