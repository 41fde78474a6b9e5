package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"case53/cases"
	"case53/queries"
)

func newCompare() *cobra.Command {
	c := &cobra.Command{
		Use:   "compare CASE [--left CAPTURE] [--right CAPTURE]",
		Short: "Compare two captures, such as an incident and the replay of its snapshot, and say what they share",
		Long: `Places – names, and addresses that were called without one – are matched at four levels: the name, the address, the
registered domain, and the /24 (IPv6: /64) with its port; the clock and the size of calls are compared too. What a
baseline capture has, what is a service of AWS's own and what is on an --allow list is set apart and counted. The
verdict is made of counts and coverage alone, and what the right capture does not show is stated with the time that
its logs cover, and with what such logs never show.

The right capture is the one that is asked about: left, right and baseline are the captures with the roles incident,
replay and baseline where there is one of each. The saved query captures-compared has the method.`,
		Args: exactly(1),
		RunE: runCompare,
	}
	c.Flags().String("left", "", "the capture to compare with (default: the one with the role incident)")
	c.Flags().String("right", "", "the capture that is asked about (default: the one with the role replay)")
	c.Flags().String("baseline", "", "a capture of a clean machine (default: the one with the role baseline, if any)")
	c.Flags().StringArray("allow", nil, "a file of addresses, blocks and names that are known to be good; may be repeated")
	c.Flags().StringArray("ioc", nil, "a file of addresses, blocks and names to state about, found or not; may be repeated")
	c.Flags().StringArray("subject", nil, "an address, block or name to state about, found or not; may be repeated")
	c.Flags().Int("most", 20, "at most so many places of each list; how many are left out is said")
	return c
}

// Comparison is two captures compared. Lists are cut to --most places; Totals are of all.
type Comparison struct {
	Left      Side                         `json:"left"`
	Right     Side                         `json:"right"`
	Baseline  *Side                        `json:"baseline"`
	Verdict   string                       `json:"verdict"`
	Totals    []Total                      `json:"totals"`
	Matches   []Place                      `json:"matches"`
	OnlyLeft  []Place                      `json:"only_left"`
	OnlyRight []Place                      `json:"only_right"`
	Subjects  []Subjected                  `json:"subjects"`
	Negative  []Negative                   `json:"negative"`
	Coverage  map[string][]SideCovered     `json:"coverage"` // by left, right, baseline
	Blind     map[string][]cases.BlindSpot `json:"blind_spots"`

	calls, names cases.LogType   // the logs that show who was called, and which names were asked for
	types        []cases.LogType // of the case
}

// Side is one capture of a comparison, and what it has.
type Side struct {
	Capture    string                `json:"capture"`
	Role       string                `json:"role"`
	Logs       map[string]cases.Span `json:"logs"` // first and last record, by log type
	Window     cases.Span            `json:"window"`
	Interfaces []string              `json:"interfaces"`
	VPCs       []string              `json:"vpcs"` // of the Resolver log
	Instances  []string              `json:"instances"`

	covered []SideCovered
	label   string // "the replay"
}

// SideCovered is how much of a source's time is there, in minutes.
type SideCovered struct {
	LogType string     `json:"log_type"`
	Source  string     `json:"source"`
	Window  cases.Span `json:"window"`
	Covered
}

// Place is a name, or an address without one, and what each side has of it. Found says where: match, only left, only right.
type Place struct {
	Found            string  `json:"found_in"`
	Kind             string  `json:"kind"`            // out (called), asked (for its name only), in (it called), inside
	Apart            string  `json:"apart,omitempty"` // what it is set apart for
	Level            string  `json:"level,omitempty"` // the most specific of Levels
	Levels           string  `json:"levels,omitempty"`
	Score            float64 `json:"score"`
	Name             string  `json:"name,omitempty"`
	RegisteredDomain string  `json:"registered_domain,omitempty"`
	Names            int64   `json:"names"` // more than one: names under the registered domain, taken together
	Address          string  `json:"address,omitempty"`
	Addresses        int64   `json:"addresses"`
	Ports            string  `json:"ports,omitempty"`
	LeftLike         string  `json:"left_like,omitempty"` // what the left figures are of, where the name is not the same
	LeftClients      int64   `json:"left_clients"`
	RightClients     int64   `json:"right_clients"`
	LeftFigures
	RightFigures
	ClockBy    string   `json:"clock_by,omitempty"` // calls or queries
	SameClock  *bool    `json:"same_clock"`         // null: too few to tell
	LeftPause  *float64 `json:"left_pause"`         // median, seconds
	RightPause *float64 `json:"right_pause"`
	SameSize   *bool    `json:"same_size"`
	LeftSize   *float64 `json:"left_size"`
	RightSize  *float64 `json:"right_size"`
	Of         int64    `json:"of_rows"`
}

// LeftFigures are the counts of the left side.
type LeftFigures struct {
	LeftConnections int64     `json:"left_connections"`
	LeftRefused     int64     `json:"left_refused"`
	LeftQueries     int64     `json:"left_queries"`
	LeftBytes       int64     `json:"left_bytes"`
	LeftFirst       time.Time `json:"left_first,omitzero"`
	LeftLast        time.Time `json:"left_last,omitzero"`
}

// RightFigures are the counts of the right side.
type RightFigures struct {
	RightConnections int64     `json:"right_connections"`
	RightRefused     int64     `json:"right_refused"`
	RightRecords     int64     `json:"right_records"`
	RightQueries     int64     `json:"right_queries"`
	RightBytes       int64     `json:"right_bytes"`
	RightFirst       time.Time `json:"right_first,omitzero"`
	RightLast        time.Time `json:"right_last,omitzero"`
}

// Total sums up a part of the places: match, only left, only right, or right (all that the right side has).
type Total struct {
	Found     string    `json:"found_in"`
	Kind      string    `json:"kind"` // out (called or asked for), in, inside
	Apart     string    `json:"apart,omitempty"`
	Places    int64     `json:"of_rows"`
	Names     int64     `json:"names"`      // that were asked for
	SameNames int64     `json:"same_names"` // that the other side has too
	Addresses int64     `json:"addresses"`
	Refused   int64     `json:"refused_addresses"`
	Shared    int64     `json:"shared_addresses"`    // that the other side has too
	FirstCall time.Time `json:"first_call,omitzero"` // of the right side; of the left, where only that has them
	LeftFigures
	RightFigures
}

// comparer makes a comparison.
type comparer struct {
	k     *cases.Case
	set   *queries.Set
	most  int
	allow *list
	ioc   *list
}

func runCompare(c *cobra.Command, args []string) error {
	m := &comparer{}
	var err error
	if m.most, err = c.Flags().GetInt("most"); err != nil || m.most < 1 {
		return usage("--most takes a number from 1 on")
	}
	if m.allow, m.ioc, err = listFlags(c); err != nil {
		return err
	}
	subjects, _ := c.Flags().GetStringArray("subject")
	for _, s := range subjects {
		if err := m.ioc.add(s); err != nil {
			return usage("--subject: %v", err)
		}
	}
	if m.k, err = openCase(c.Context(), args[0], c.ErrOrStderr()); err != nil {
		return err
	}
	defer m.k.Close()
	if m.k.Stale != nil {
		return m.k.Stale
	}
	if m.set, err = queries.Load(); err != nil { // the built-in ones: the words below are about them
		return err
	}
	given := map[string]string{}
	for _, side := range sides {
		given[side.name], _ = c.Flags().GetString(side.name)
	}
	found, err := m.compare(c.Context(), given)
	if err != nil {
		return err
	}
	if wantsJSON(c) {
		return printJSON(c.OutOrStdout(), found)
	}
	printComparison(c.OutOrStdout(), found)
	return nil
}

// sides are the flags that name captures, with the role that stands for each.
var sides = []struct{ name, role string }{{"left", "incident"}, {"right", "replay"}, {"baseline", "baseline"}}

// compare makes the comparison of the captures given by side; "" for those that their roles stand for.
func (m *comparer) compare(ctx context.Context, given map[string]string) (*Comparison, error) {
	chosen, err := m.captures(ctx, given)
	if err != nil {
		return nil, err
	}
	out := &Comparison{Matches: []Place{}, OnlyLeft: []Place{}, OnlyRight: []Place{}, Totals: []Total{}, Subjects: []Subjected{}, Negative: []Negative{}, Coverage: map[string][]SideCovered{}, Blind: map[string][]cases.BlindSpot{},
		calls: m.k.Shaped(cases.ShapeTraffic), names: m.k.Shaped(cases.ShapeQuery), types: m.k.LogTypes()}
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
	for _, places := range []*[]Place{&out.Matches, &out.OnlyLeft, &out.OnlyRight} { // the verdict may have been told more
		*places = cutParts(*places, m.most)
	}
	return out, m.statements(ctx, out)
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
			return chosen, usage("--%s: no capture %q%s", side.name, given[side.name], hint)
		case len(fits) > 1:
			return chosen, usage("%d captures have the role %s: say --%s%s", len(fits), side.role, side.name, hint)
		case i < 2:
			return chosen, usage("no capture has the role %s: say --%s%s", side.role, side.name, hint)
		}
	}
	for i, a := range chosen {
		for _, b := range chosen[:i] {
			if a != nil && a.Capture == b.Capture {
				return chosen, usage("the capture %q cannot be compared with itself%s", a.Capture, hint)
			}
		}
	}
	for _, s := range chosen {
		if s != nil {
			s.label = "the " + s.Role
			if slices.ContainsFunc(chosen[:], func(o *Side) bool { return o != nil && o != s && o.Role == s.Role }) {
				s.label = fmt.Sprintf("the capture %q", s.Capture)
			}
		}
	}
	return chosen, nil
}
