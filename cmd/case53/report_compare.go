package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"case53/cases"
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
	asked := g.sides["left"] != "" || g.sides["right"] != ""
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
	words := []string{"case53", "compare", filepath.Base(g.k.Dir), "--left", c.Left.Capture, "--right", c.Right.Capture}
	out := &report.Comparison{Left: c.Left.Capture, Right: c.Right.Capture, Verdict: []string{c.Verdict}}
	if c.Baseline != nil {
		words = append(words, "--baseline", c.Baseline.Capture)
	}
	for _, l := range g.lists {
		words = append(words, "--"+l.flag, l.path)
	}
	out.Command = shellLine(words)
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
	return out
}

// placeTables is a list of places, a table for each of its parts: those that count, and those set apart.
func (c *Comparison) placeTables(title string, places []Place) []report.Table {
	var tables []report.Table
	at := map[[2]string]int{}
	for _, p := range places {
		part := [2]string{p.direction(), p.Apart}
		i, ok := at[part]
		if !ok {
			i = len(tables)
			at[part] = i
			name := fmt.Sprintf("%s%s: %s", title, partText(part), plural(p.Of, "place", "places"))
			if shown := p.cut(places); shown < p.Of {
				name += fmt.Sprintf(", the first %s", count(shown))
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
