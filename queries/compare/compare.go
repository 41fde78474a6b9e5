package compare

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"case53/cases"
	"case53/queries"
	"case53/queries/findings"
)

// Options are what is compared, and how much of it is told.
type Options struct {
	Left, Right, Baseline string          // captures; "" for those that their roles stand for
	Most                  int             // places of each list
	Allow                 *findings.Lists // what is known to be good is set apart
	Subjects              *findings.Lists // what is stated about, found or not
}

// Asked says whether captures were named.
func (o Options) Asked() bool { return o.Left+o.Right+o.Baseline != "" }

// Captures compares two captures of a case.
func Captures(ctx context.Context, k *cases.Case, o Options) (*Comparison, error) {
	set, err := queries.Load() // the built-in ones: the words are about them
	if err != nil {
		return nil, err
	}
	m := &comparer{k: k, set: set, Options: o}
	return m.compare(ctx, map[string]string{"left": o.Left, "right": o.Right, "baseline": o.Baseline})
}

// comparer makes a comparison.
type comparer struct {
	Options
	k   *cases.Case
	set *queries.Set
}

// sides are the flags that name captures, with the role that stands for each.
var sides = []struct{ name, role string }{{"left", "incident"}, {"right", "replay"}, {"baseline", "baseline"}}

// compare makes the comparison of the captures given by side; "" for those that their roles stand for.
func (m *comparer) compare(ctx context.Context, given map[string]string) (*Comparison, error) {
	chosen, err := m.captures(ctx, given)
	if err != nil {
		return nil, err
	}
	out := &Comparison{
		Matches:   []Peer{},
		OnlyLeft:  []Peer{},
		OnlyRight: []Peer{},
		Totals:    []Total{},
		Subjects:  []Subjected{},
		Negative:  []Negative{},
		Coverage:  map[string][]SideCovered{},
		Blind:     map[string][]cases.BlindSpot{},
		calls:     m.k.Shaped(cases.ShapeTraffic),
		names:     m.k.Shaped(cases.ShapeQuery),
		logTypes:  m.k.LogTypes(),
	}
	if err := m.refuseNarrowed(chosen, out.calls, out.names); err != nil {
		return nil, err
	}
	covered, err := m.k.Coverage(ctx, time.Minute)
	if err != nil {
		return nil, err
	}
	for i, side := range sides {
		if chosen[i] == nil {
			continue
		}
		if err := m.logs(ctx, chosen[i], covered); err != nil {
			return nil, err
		}
		out.Coverage[side.name] = chosen[i].covered
		for logType := range chosen[i].Logs {
			t, _ := m.k.LogType(logType)
			out.Blind[logType] = t.Blind
		}
	}
	out.Left, out.Right, out.Baseline = *chosen[0], *chosen[1], chosen[2]
	if err := m.places(ctx, out); err != nil {
		return nil, err
	}
	out.Verdict = out.verdict()
	for _, places := range []*[]Peer{&out.Matches, &out.OnlyLeft, &out.OnlyRight} { // the verdict may have been told more
		*places = cutParts(*places, m.Most)
	}
	return out, m.statements(ctx, out)
}

// refuseNarrowed refuses logs of which records were left out: what a side does not show would be said of those too.
func (m *comparer) refuseNarrowed(chosen [3]*Side, logs ...cases.LogType) error {
	for _, side := range chosen {
		for _, log := range logs {
			if side == nil {
				continue
			}
			for _, s := range m.k.Narrowed(log.Name, side.Capture) {
				return queries.Ask("captures cannot be compared by records of which some were left out: %s\n"+
					"hint: a comparison needs all flow and Resolver records of both captures", s)
			}
		}
	}
	return nil
}

// captures finds the three captures; the third is nil where there is no baseline.
func (m *comparer) captures(ctx context.Context, given map[string]string) ([3]*Side, error) {
	var chosen [3]*Side
	var all []Side
	err := m.rows(ctx, "SELECT name AS capture, role FROM capture ORDER BY name", nil, func(row []byte) error {
		var s Side
		err := json.Unmarshal(row, &s)
		all = append(all, s)
		return err
	})
	if err != nil {
		return chosen, err
	}
	var names []string
	for _, s := range all {
		names = append(names, fmt.Sprintf("%s (%s)", s.Capture, s.Role))
	}
	hint := "\nhint: the case has the captures " + strings.Join(names, ", ")
	for i, side := range sides {
		fits := slices.DeleteFunc(slices.Clone(all), func(s Side) bool {
			if given[side.name] != "" {
				return s.Capture != given[side.name]
			}
			return s.Role != side.role || i == 2 && (s.Capture == chosen[0].Capture || s.Capture == chosen[1].Capture)
		})
		switch {
		case len(fits) == 1:
			chosen[i] = &fits[0]
		case given[side.name] != "":
			return chosen, queries.Ask("--%s: no capture %q%s", side.name, given[side.name], hint)
		case len(fits) > 1:
			return chosen, queries.Ask("%d captures have the role %s: say --%s%s", len(fits), side.role, side.name, hint)
		case i < 2:
			return chosen, queries.Ask("no capture has the role %s: say --%s%s", side.role, side.name, hint)
		}
	}
	for i, a := range chosen {
		for _, b := range chosen[:i] {
			if a != nil && a.Capture == b.Capture {
				return chosen, queries.Ask("the capture %q cannot be compared with itself%s", a.Capture, hint)
			}
		}
	}
	for _, s := range chosen {
		if s != nil {
			s.Label = "the " + s.Role
			if slices.ContainsFunc(chosen[:], func(o *Side) bool { return o != nil && o != s && o.Role == s.Role }) {
				s.Label = fmt.Sprintf("the capture %q", s.Capture)
			}
		}
	}
	return chosen, nil
}
