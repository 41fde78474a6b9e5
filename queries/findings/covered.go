package findings

import (
	"context"
	"slices"
	"time"

	"case53/cases"
)

// Cover fills in the coverage of findings. The sources are the finding's interface, else the interfaces of its inside
// address, its VPC or zone; where none can be told, every source of the log type in its capture.
func (h *Hunter) Cover(ctx context.Context, findings []Finding) error {
	if len(findings) == 0 {
		return nil
	}
	all, err := h.coverage(ctx)
	if err != nil {
		return err
	}
	interfaces, err := h.interfaces(ctx)
	if err != nil {
		return err
	}
	for i := range findings {
		f := &findings[i]
		logType, sources := f.sources(h.Case, interfaces)
		for _, c := range all {
			if c.LogType == logType && (f.Capture == "" || f.Capture == c.Capture) && (sources == nil || slices.Contains(sources, c.Source)) {
				f.Coverage.Add(c, cases.Span{From: f.From, To: f.To})
			}
		}
	}
	return nil
}

// coverage is that of the case, in minutes, with the calls that explain what is missing.
func (h *Hunter) coverage(ctx context.Context) (all []cases.Coverage, err error) {
	if h.there != nil {
		return h.there, nil
	}
	if all, err = h.Case.Coverage(ctx, time.Minute); err == nil {
		err = Explain(ctx, h.Case, all)
	}
	if err == nil {
		h.there = all
	}
	return all, err
}

// interfaces maps capture and address to the interfaces that have it.
func (h *Hunter) interfaces(ctx context.Context) (map[[2]string][]string, error) {
	if h.owners != nil {
		return h.owners, nil
	}
	found := map[[2]string][]string{}
	err := h.rows(ctx, "SELECT DISTINCT capture, address, interface_id FROM asset WHERE capture IS NOT NULL", nil, func(v []any) {
		key := [2]string{v[0].(string), v[1].(string)}
		found[key] = append(found[key], v[2].(string))
	})
	if err == nil {
		h.owners = found
	}
	return found, err
}

// sources are the log type that a finding speaks about and its sources; nil for all of them.
func (f *Finding) sources(k *cases.Case, interfaces map[[2]string][]string) (logType string, sources []string) {
	text := func(name string) string { s, _ := f.values[name].(string); return s }
	calls, names := k.Shaped(cases.ShapeTraffic).Name, k.Shaped(cases.ShapeQuery).Name
	s := f.Subject
	switch {
	case text("log_type") != "":
		return text("log_type"), []string{text("source")}
	case s.InterfaceID != "":
		return calls, []string{s.InterfaceID}
	}
	for _, t := range k.LogTypes() {
		if source := text(t.Source); source != "" && (s.Client != "" || !t.Has(cases.ShapeQuery)) {
			return t.Name, []string{source}
		}
	}
	if s.Client != "" && s.Dst == "" {
		return names, nil
	}
	for _, address := range []string{s.Src, s.Dst, s.Client} {
		if own := interfaces[[2]string{f.Capture, address}]; own != nil {
			return calls, own
		}
	}
	if s.Name != "" && s.Dst == "" {
		return names, nil
	}
	return calls, nil
}
