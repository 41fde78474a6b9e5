package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"case53/cases"
	"case53/cases/words"
	"case53/cmd/case53/report"
	"case53/queries"
)

// comparedPlaces is how many places of each list of a comparison a report has; how many more there are is said.
const comparedPlaces = 200

// comparison adds what the incident and its replay have in common. It is of the whole captures, whatever the report's
// window; with --capture there is none.
func (g *gatherer) comparison(ctx context.Context, r *report.Report, info cases.Info) error {
	roles := map[string]int{}
	for _, c := range info.Captures {
		roles[c.Role]++
	}
	asked := slices.ContainsFunc(sides, func(side struct{ name, role string }) bool { return g.sides[side.name] != "" })
	switch {
	case g.capture != "":
		r.NoComparison = "This report is of one capture; nothing is compared."
		return nil
	case !asked && (roles["incident"] == 0 || roles["replay"] == 0):
		r.NoComparison = "The case does not have both a capture with the role incident and one with the role replay; there is nothing to compare."
		return nil
	}
	set, err := queries.Load() // the built-in ones: the words are about them
	if err != nil {
		return err
	}
	m := &comparer{k: g.k, set: set, most: comparedPlaces, allow: g.allow, ioc: g.ioc}
	found, err := m.compare(ctx, g.sides)
	var refused *statusError
	if errors.As(err, &refused) && !asked { // more than one capture of a role
		r.NoComparison = "Nothing is compared: " + strings.ReplaceAll(err.Error(), "\nhint: ", "; ")
		return nil
	}
	if err != nil {
		return err
	}
	r.Comparison = g.compared(found)
	return nil
}

// compared puts a comparison into the report's words.
func (g *gatherer) compared(c *Comparison) *report.Comparison {
	line := []string{"case53", "compare", filepath.Base(g.k.Dir), "--left", c.Left.Capture, "--right", c.Right.Capture}
	out := &report.Comparison{Left: c.Left.Capture, Right: c.Right.Capture, Verdict: []string{c.Verdict}}
	if c.Baseline != nil {
		line = append(line, "--baseline", c.Baseline.Capture)
	}
	for _, l := range g.lists {
		line = append(line, "--"+l.flag, l.path)
	}
	out.Command = words.ShellLine(line...)
	for _, list := range []struct {
		title  string
		places []Place
	}{{"In both", c.Matches}, {"Only in " + c.Right.label, c.OnlyRight}, {"Only in " + c.Left.label, c.OnlyLeft}} {
		out.Tables = append(out.Tables, c.placeTables(list.title, list.places)...)
	}
	for _, s := range c.Subjects {
		out.Positives = append(out.Positives, s.Statement)
	}
	for _, n := range c.Negative {
		out.Negatives = append(out.Negatives, n.short)
	}
	if text := c.unstated(); text != "" {
		out.Negatives = append(out.Negatives, text+"; case53 compare --most N states more.")
	}
	return out
}

// placeTables is a list of places, a table for each of its parts: those that count, and those set apart.
func (c *Comparison) placeTables(title string, places []Place) []report.Table {
	var tables []report.Table
	shown, at := countParts(places), map[part]int{}
	for _, p := range places {
		in := p.part()
		i, ok := at[in]
		if !ok {
			i = len(tables)
			at[in] = i
			name := fmt.Sprintf("%s%s: %s", title, in, words.Plural(p.Of, "place", "places"))
			if shown[in] < p.Of {
				name += fmt.Sprintf(", the first %s", words.Count(shown[in]))
			}
			tables = append(tables, report.Table{Title: name, Head: []string{"Score#", "Place"}})
		}
		text := p.oneSided()
		if p.Found == "match" {
			text = c.matchText(p)
		}
		tables[i].Rows = append(tables[i].Rows, []string{fmt.Sprintf("%.2f", p.Score), text})
	}
	return tables
}
