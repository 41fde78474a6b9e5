package compare

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"case53/cases"
	"case53/cases/words"
)

// rows runs SQL and hands over each row as a JSON object by column.
func (m *comparer) rows(ctx context.Context, sql string, args map[string]any, each func(row []byte) error) error {
	rows, err := m.k.Query(ctx, sql, args)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		object := map[string]any{}
		for i, column := range rows.Columns() {
			object[column.Name] = cases.JSONValue(rows.Values()[i])
		}
		text, err := cases.JSON(object)
		if err == nil {
			err = each(text)
		}
		if err != nil {
			return err
		}
	}
	return rows.Err()
}

// saved runs a saved query.
func (m *comparer) saved(ctx context.Context, id string, values map[string]string, each func(row []byte) error) error {
	sql, args, err := m.set.Get(id).Bind(values)
	if err == nil {
		err = m.rows(ctx, sql, args, each)
	}
	if err != nil {
		return fmt.Errorf("query %s: %w", id, err)
	}
	return nil
}

// logs reads which logs a capture has, of which sources, and how much of their time is covered.
func (m *comparer) logs(ctx context.Context, s *Side, all []cases.Coverage) error {
	s.Logs, s.Interfaces, s.VPCs, s.Instances, s.covered = map[string]cases.Span{}, []string{}, []string{}, []string{}, []SideCovered{}
	s.TrafficTypes = []string{}
	err := m.saved(ctx, "logs-of-captures", map[string]string{"capture": s.Capture}, func(row []byte) error {
		var r struct {
			LogType   string `json:"log_type"`
			Source    string
			Instances string
			First     time.Time `json:"first_record"`
			Last      time.Time `json:"last_record"`
			Accepted  int64
			Refused   int64
			NoData    int64
			Traffic   string `json:"traffic_type"`
		}
		if err := json.Unmarshal(row, &r); err != nil {
			return err
		}
		s.Logs[r.LogType] = cases.Span{From: r.First, To: r.Last}
		s.Accepted, s.Refused, s.NoData = s.Accepted+r.Accepted, s.Refused+r.Refused, s.NoData+r.NoData
		if r.Traffic != "" {
			s.TrafficTypes = append(s.TrafficTypes, strings.Split(r.Traffic, ", ")...)
		}
		if r.Instances != "" {
			s.Instances = append(s.Instances, strings.Split(r.Instances, ", ")...)
		}
		switch {
		case r.LogType == m.k.Shaped(cases.ShapeTraffic).Name && r.Source != "":
			s.Interfaces = append(s.Interfaces, r.Source)
		case r.LogType == m.k.Shaped(cases.ShapeQuery).Name && r.Source != "":
			s.VPCs = append(s.VPCs, r.Source)
		}
		return nil
	})
	for _, list := range []*[]string{&s.Instances, &s.TrafficTypes} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	for _, c := range all {
		if c.Capture != s.Capture {
			continue
		}
		covered := SideCovered{LogType: c.LogType, Source: c.Source, Window: c.Window}
		covered.Add(c, c.Window)
		s.covered = append(s.covered, covered)
		if s.Window.From.IsZero() || c.Window.From.Before(s.Window.From) {
			s.Window.From = c.Window.From
		}
		if c.Window.To.After(s.Window.To) {
			s.Window.To = c.Window.To
		}
	}
	return err
}

// has says whether the capture has any record of a log type.
func (s *Side) has(log cases.LogType) bool {
	_, ok := s.Logs[log.Name]
	return ok
}

// Recorded are the log types that the capture has records of.
func (s *Side) Recorded(c *Comparison) []cases.LogType {
	return slices.DeleteFunc(slices.Clone(c.logTypes), func(t cases.LogType) bool { return !s.has(t) })
}

// of sums up the coverage of a log type.
func (s *Side) of(log cases.LogType) (sum cases.Share, sources []string, window cases.Span) {
	for _, c := range s.covered {
		if c.LogType == log.Name {
			sum.Windows += c.Windows
			sum.Covered += c.Share.Covered
			sum.SkipData += c.SkipData
			sources, window = append(sources, c.Source), c.Window // the same for all sources of a log type
		}
	}
	return sum, sources, window
}

// places reads the places and their sums.
func (m *comparer) places(ctx context.Context, out *Comparison) error {
	values := map[string]string{"left": out.Left.Capture, "right": out.Right.Capture, "allow": m.Allow.Text(), "most": fmt.Sprint(max(m.Most, told))}
	if out.Baseline != nil {
		values["baseline"] = out.Baseline.Capture
	}
	return m.saved(ctx, "captures-compared", values, func(row []byte) error {
		var what struct{ What string }
		if err := json.Unmarshal(row, &what); err != nil {
			return err
		}
		if what.What == "total" {
			var t Total
			err := json.Unmarshal(row, &t)
			out.Totals = append(out.Totals, t)
			return err
		}
		var p Peer
		if err := json.Unmarshal(row, &p); err != nil {
			return err
		}
		into := map[string]*[]Peer{"match": &out.Matches, "only left": &out.OnlyLeft, "only right": &out.OnlyRight}[p.Found]
		*into = append(*into, p)
		return nil
	})
}

// total is the sum of a part; zero where there is none.
func (c *Comparison) total(found, kind, apart string) Total {
	for _, t := range c.Totals {
		if t.Found == found && t.Kind == kind && t.Apart == apart {
			return t
		}
	}
	return Total{}
}

// Subjected is what the right side has of what --ioc or --subject names.
type Subjected struct {
	Subject     string    `json:"subject"`
	IsName      bool      `json:"is_name"`
	FlowRecords int64     `json:"flow_records"`
	Refused     int64     `json:"refused"`
	FlowFirst   time.Time `json:"flow_first,omitzero"`
	FlowLast    time.Time `json:"flow_last,omitzero"`
	Queries     int64     `json:"queries"`
	QueryFirst  time.Time `json:"query_first,omitzero"`
	QueryLast   time.Time `json:"query_last,omitzero"`
	Statement   string    `json:"statement"`
}

// Negative is a statement that something is not in the right capture's logs.
type Negative struct {
	Subject    string      `json:"subject"`
	LogType    string      `json:"log_type"`
	Sources    []string    `json:"sources"` // interfaces or VPCs
	Window     cases.Span  `json:"window"`
	Coverage   cases.Share `json:"coverage"`
	NotVisible []string    `json:"not_visible"`
	Statement  string      `json:"statement"`

	Short string // the statement without what is not visible, which is the same for all
}

// recorded counts what a capture has of addresses, blocks and names, from its records and not from what was built on them.
func (m *comparer) recorded(ctx context.Context, capture string, places []string) (map[string]Subjected, error) {
	found := map[string]Subjected{}
	if len(places) == 0 {
		return found, nil
	}
	err := m.saved(ctx, "places-in-capture", map[string]string{"capture": capture, "places": strings.Join(places, "\n")}, func(row []byte) error {
		var r struct {
			Place string
			Subjected
		}
		err := json.Unmarshal(row, &r)
		r.Subject = r.Place
		found[r.Place] = r.Subjected
		return err
	})
	return found, err
}

// statements says, of each subject and each place that only the left side shows, what the right side's logs say about it.
func (m *comparer) statements(ctx context.Context, out *Comparison) error {
	var subjects, addresses []string
	if m.Subjects != nil {
		subjects = slices.Clone(m.Subjects.Entries)
	}
	for _, p := range out.OnlyLeft {
		if p.Apart == "" && p.Address != "" {
			addresses = append(addresses, p.Address)
		}
	}
	found, err := m.recorded(ctx, out.Right.Capture, append(slices.Clone(subjects), addresses...))
	if err != nil {
		return err
	}
	for _, s := range subjects {
		r := found[s]
		if r.FlowRecords+r.Queries > 0 {
			r.Statement = out.recordedText(r)
			out.Subjects = append(out.Subjects, r)
			continue
		}
		log, what := out.calls, "flow to or from "+s
		if r.IsName {
			log, what = out.names, "query for "+s+" or a name under it"
		}
		out.deny(s, log, what, "")
	}
	for _, p := range out.OnlyLeft {
		if p.Apart != "" || slices.Contains(subjects, cmp.Or(p.Name, p.Address)) {
			continue
		}
		switch {
		case p.Name != "":
			out.deny(p.Name, out.names, "query for "+p.Name, out.aside(p, out.names))
		case p.Names > 1:
			what := fmt.Sprintf("query for one of the %s names under %s that %s has", words.Count(p.Names), p.RegisteredDomain, out.Left.Label)
			out.deny(p.RegisteredDomain, out.names, what, out.aside(p, out.names))
		}
		if p.Address != "" && found[p.Address].FlowRecords == 0 {
			what := "flow to or from " + p.Address
			if p.Name != "" {
				what += fmt.Sprintf(" (%s in %s%s)", p.Name, out.Left.Label, words.OneOf(p.Addresses, "address", "addresses"))
			}
			out.deny(cmp.Or(p.Name, p.Address), out.calls, what, out.aside(p, out.calls))
		}
	}
	return nil
}
