package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"case53/cases"
	"case53/cases/words"
)

// Covered says how much of the time of a finding is really there, in minutes of every source concerned. Windows that
// are neither covered nor SKIPDATA are absent, or, in Resolver and zone logs, without a record.
type Covered struct {
	Windows  int64 `json:"windows"`
	Covered  int64 `json:"covered"`
	SkipData int64 `json:"skipdata"`
}

func (c Covered) String() string {
	if c.Windows == 0 {
		return "no source to tell its coverage by"
	}
	return fmt.Sprintf("%s of %s minutes covered, %d SKIPDATA", words.Count(c.Covered), words.Count(c.Windows), c.SkipData)
}

// cover fills in the coverage of findings. The sources are the finding's interface, else the interfaces of its inside
// address, its VPC or zone; where none can be told, every source of the log type in its capture.
func (h *hunter) cover(ctx context.Context, findings []Finding) error {
	if len(findings) == 0 {
		return nil
	}
	all, err := h.k.Coverage(ctx, time.Minute)
	if err != nil {
		return err
	}
	interfaces, err := h.interfaces(ctx)
	if err != nil {
		return err
	}
	for i := range findings {
		f := &findings[i]
		logType, sources := f.sources(h.k, interfaces)
		for _, c := range all {
			if c.LogType == logType && (f.Capture == "" || f.Capture == c.Capture) && (sources == nil || slices.Contains(sources, c.Source)) {
				f.Coverage.add(c, f.From, f.To)
			}
		}
	}
	return nil
}

// interfaces maps capture and address to the interfaces that have it.
func (h *hunter) interfaces(ctx context.Context) (map[[2]string][]string, error) {
	rows, err := h.k.Query(ctx, "SELECT DISTINCT capture, address, interface_id FROM asset WHERE capture IS NOT NULL", nil)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := map[[2]string][]string{}
	for rows.Next() {
		v := rows.Values()
		key := [2]string{v[0].(string), v[1].(string)}
		found[key] = append(found[key], v[2].(string))
	}
	return found, rows.Err()
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

// add counts the minutes of [from, to] in a source's coverage.
func (c *Covered) add(source cases.Coverage, from, to time.Time) {
	from = from.Truncate(time.Minute)
	to = to.Add(time.Minute - 1).Truncate(time.Minute)
	if !to.After(from) {
		to = from.Add(time.Minute)
	}
	c.Windows += minutes(from, to)
	for _, span := range source.Spans {
		start, end := span.From, span.To
		if start.Before(from) {
			start = from
		}
		if end.After(to) {
			end = to
		}
		if !end.After(start) {
			continue
		}
		n := minutes(start, end)
		switch span.Status {
		case cases.StatusOK, cases.StatusNoData, cases.StatusRecords:
			c.Covered += n
		case cases.StatusSkipData:
			c.SkipData += n
		}
	}
}

// minutes counts the whole minutes between two times. A time.Duration would end at 292 years, and a record may say any.
func minutes(from, to time.Time) int64 { return (to.Unix() - from.Unix()) / 60 }
