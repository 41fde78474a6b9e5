package export

import (
	"strings"

	"case53/cases"
	"case53/cases/duck"
)

func ocsfTool() Tool {
	return Tool{
		Name:     "ocsf",
		Title:    "SIEMs on the Open Cybersecurity Schema Framework: an event a line; --format-version 1.5.0 for the older schema",
		Loses:    "windows of NODATA and SKIPDATA; microseconds of a time, beside metadata.original_time; AWS fields without a place are under unmapped",
		Versions: []string{"1.8.0", "1.5.0"},
		begin:    newOCSF,
	}
}

// observables are the attributes whose values an event lists as observables, by the end of their paths, with their types.
var observables = []struct {
	end  string
	kind int64
}{{"_endpoint.ip", 2}, {"query.hostname", 1}, {"_endpoint.instance_uid", 10}, {"_endpoint.interface_uid", 10}, {"url.url_string", 6}}

// newOCSF makes events, with what is in them for a search named in observables.
func newOCSF(r *run) (recordWriter, error) {
	l, err := newLines(r)
	if err != nil {
		return nil, err
	}
	l.prefix = "unmapped.case53."
	l.set = []constant{{"metadata.version", `"` + r.Version + `"`}}
	l.made = []cases.Column{{Name: "metadata.uid", Type: "VARCHAR"}, {Name: "observables", Type: "LIST"}}
	type observed struct {
		at   int
		name string
		kind int64
	}
	var seen []observed
	l.rows = func(columns []cases.Column) {
		seen = nil
		for i, c := range columns {
			for _, o := range observables {
				if strings.HasSuffix(c.Name, o.end) {
					seen = append(seen, observed{i, c.Name, o.kind})
				}
			}
		}
	}
	l.makes = func(values []any, rec *record) ([]any, string) {
		var list duck.List
		for _, o := range seen {
			if text, ok := values[o.at].(string); ok {
				list = append(list, duck.Struct{{Name: "name", Value: o.name}, {Name: "type_id", Value: o.kind}, {Name: "value", Value: text}})
			}
		}
		return []any{rec.hexID(), list}, ""
	}
	return l, nil
}
