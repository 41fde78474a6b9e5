package networks

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/oschwald/maxminddb-golang/v2"

	"case53/cases"
)

// openMMDB opens a MaxMind DB. https://maxmind.github.io/MaxMind-DB/ has the format.
func openMMDB(text []byte) (*File, error) {
	db, err := maxminddb.OpenBytes(text)
	if err != nil {
		return nil, err
	}
	f := &File{Kind: kindMMDB, DatabaseType: clean(db.Metadata.DatabaseType), Built: db.Metadata.BuildTime().UTC(), Bytes: text}
	f.networks = func(yield func(cases.Network, error) bool) {
		known := map[uintptr]cases.Network{} // networks share their data
		said := false
		for result := range db.Networks() {
			n, err := networkOf(result, known)
			if err != nil {
				yield(cases.Network{}, fmt.Errorf("damaged MaxMind DB: %w", err))
				return
			}
			said = said || n.Country != "" || n.ASN != 0 || n.ASOrg != "" || n.City != "" || n.Subdivision != ""
			if !yield(n, nil) {
				return
			}
		}
		if !said {
			yield(cases.Network{}, fmt.Errorf("the database (%s) says nothing about country, city or AS", f.DatabaseType))
		}
	}
	return f, nil
}

// networkOf reads the data of one network.
func networkOf(r maxminddb.Result, known map[uintptr]cases.Network) (cases.Network, error) {
	if err := r.Err(); err != nil {
		return cases.Network{}, err
	}
	n, ok := known[r.Offset()]
	if !ok {
		var record map[string]any
		if err := r.Decode(&record); err != nil {
			return n, err
		}
		n = fields(record)
		known[r.Offset()] = n
	}
	p := r.Prefix()
	if !p.IsValid() {
		return n, errors.New("a network without an address")
	}
	if p.Addr().Is4In6() {
		p = netip.PrefixFrom(p.Addr().Unmap(), max(0, p.Bits()-96))
	}
	n.First, n.Last = p.Masked().Addr(), last(p)
	return n, nil
}

// fields finds what is read in a record: MaxMind's own names (which DB-IP uses too), and IPinfo's.
func fields(record map[string]any) cases.Network {
	n := cases.Network{
		Country: first(text(record, "country", "iso_code"), text(record, "country_code"),
			short(text(record, "country")), text(record, "registered_country", "iso_code")),
		Subdivision: first(text(record, "subdivisions", "0", "names", "en"), text(record, "subdivisions", "0", "iso_code"), text(record, "region")),
		City:        first(text(record, "city", "names", "en"), text(record, "city")),
		ASOrg: first(text(record, "autonomous_system_organization"), text(record, "traits", "autonomous_system_organization"),
			text(record, "as_name"), text(record, "asn_org")),
	}
	asn := first(text(record, "autonomous_system_number"), text(record, "traits", "autonomous_system_number"), text(record, "asn"))
	if number, err := strconv.ParseUint(strings.TrimPrefix(asn, "AS"), 10, 32); err == nil {
		n.ASN = uint32(number)
	}
	return n
}

// short is a country's code; a longer text is its name.
func short(s string) string {
	if len(s) != 2 {
		return ""
	}
	return s
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// text follows a path through maps and lists to a text or a number; "" where it leads nowhere.
func text(v any, path ...string) string {
	for _, key := range path {
		switch at := v.(type) {
		case map[string]any:
			v = at[key]
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i >= len(at) {
				return ""
			}
			v = at[i]
		default:
			return ""
		}
	}
	switch v := v.(type) {
	case string:
		return clean(v)
	case uint64, uint32, uint16, int32, int:
		return fmt.Sprint(v)
	}
	return ""
}
