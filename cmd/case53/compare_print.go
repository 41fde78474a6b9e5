package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"case53/cases"
	"case53/cases/safetext"
	"case53/cases/words"
)

// printComparison writes a comparison for people.
func printComparison(w io.Writer, c *Comparison) {
	line := func(format string, args ...any) { fmt.Fprintln(w, safetext.Show(fmt.Sprintf(format, args...))) }
	for i, s := range []*Side{&c.Left, &c.Right, c.Baseline} {
		if s != nil {
			line("%-9s %s (%s), %s", sides[i].name, s.Capture, s.Role, c.logsText(s))
		}
	}
	fmt.Fprintln(w)
	for _, text := range words.Wrap(safetext.Show(c.Verdict), 110) { // before words are told by spaces: a name may have some
		fmt.Fprintln(w, text)
	}
	printPlaces(line, c, "In both", "match", c.Matches)
	printPlaces(line, c, "Only in "+c.Right.label, "only right", c.OnlyRight)
	printPlaces(line, c, "Only in "+c.Left.label, "only left", c.OnlyLeft)
	if len(c.Subjects) > 0 {
		line("")
		line("Asked about, and recorded in %s", c.Right.label)
	}
	for _, s := range c.Subjects {
		line("  %s", s.Statement)
	}
	if len(c.Negative) > 0 {
		line("")
		line("Not recorded in %s", c.Right.label)
	}
	for _, n := range c.Negative {
		line("  %s", n.short)
	}
	if text := c.unstated(); text != "" {
		line("  %s: --most", text)
	}
	printBlindSpots(w, slices.DeleteFunc(slices.Clone(c.types), func(t cases.LogType) bool { return !c.Right.has(t) }))
}

// logsText says which logs a capture has, and of when.
func (c *Comparison) logsText(s *Side) string {
	var parts []string
	for _, t := range c.types {
		switch span, ok := s.Logs[t.Name]; {
		case ok:
			parts = append(parts, t.Many+" "+span.String())
		case t.Name == c.calls.Name || t.Name == c.names.Name:
			parts = append(parts, "no "+t.Many)
		}
	}
	return strings.Join(parts, "; ")
}

// printPlaces writes a list of places: those that count first, then those set apart, each part with how many there are.
func printPlaces(line func(string, ...any), c *Comparison, title, found string, places []Place) {
	shown, printed := countParts(places), map[part]int64{}
	for _, p := range places {
		in := p.part()
		if printed[in]++; printed[in] == 1 {
			line("")
			line("%s%s: %s", title, in, words.Plural(p.Of, "place", "places"))
		}
		if p.Found == "match" {
			line("  %.2f  %s", p.Score, c.matchText(p))
		} else {
			line("  %.2f  %s", p.Score, p.oneSided())
		}
		if printed[in] == shown[in] && printed[in] < p.Of {
			line("        %s more: --most", words.Count(p.Of-printed[in]))
		}
	}
}

// part is the part of a list that a place stands in: out, in or inside, and what it is set apart for.
type part struct{ direction, apart string }

func (p Place) part() part {
	if p.Kind == "asked" {
		return part{"out", p.Apart}
	}
	return part{p.Kind, p.Apart}
}

func (p part) String() string {
	text := map[string]string{"out": "", "in": ", calling in", "inside": ", private addresses"}[p.direction]
	for _, a := range apartTexts {
		if a.apart == p.apart {
			text += ", set apart: " + a.text
		}
	}
	return text
}

// countParts counts the places of each part.
func countParts(places []Place) map[part]int64 {
	n := map[part]int64{}
	for _, p := range places {
		n[p.part()]++
	}
	return n
}

// cutParts leaves the first of each part, most of them.
func cutParts(places []Place, most int) []Place {
	seen := map[part]int{}
	return slices.DeleteFunc(places, func(p Place) bool {
		seen[p.part()]++
		return seen[p.part()] > most
	})
}

// unstated says of how many places of the left side alone nothing is stated, as the list of them was cut; "" where of none.
func (c *Comparison) unstated() string {
	missing, shown := map[part]int64{}, countParts(c.OnlyLeft)
	for _, p := range c.OnlyLeft {
		if p.Apart == "" {
			missing[p.part()] = p.Of - shown[p.part()]
		}
	}
	n := int64(0)
	for _, more := range missing {
		n += more
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("nothing is stated here of %s only in %s", words.Plural(n, "more place", "more places"), c.Left.label)
}

// oneSided is a place that one side has.
func (p Place) oneSided() string {
	clients, connections, refused, queries, first := p.LeftClients, p.LeftConnections, p.LeftRefused, p.LeftQueries, p.LeftFirst
	if p.Found == "only right" {
		clients, connections, refused, queries, first = p.RightClients, p.RightConnections, p.RightRefused, p.RightQueries, p.RightFirst
	}
	var did []string
	if connections > 0 {
		did = append(did, fmt.Sprintf("called %s (%s)", words.Times(connections), refusedOf(refused, connections)))
	}
	if queries > 0 {
		did = append(did, "asked for "+words.Times(queries))
	}
	hosts := "by " + words.Plural(clients, "host", "hosts")
	if p.Kind == "in" {
		hosts = "at " + words.Plural(clients, "host", "hosts")
	}
	text := fmt.Sprintf("%s: %s %s, first %s", p.title(), strings.Join(did, ", "), hosts, words.Moment(first))
	if p.Level != "" {
		text += fmt.Sprintf("; the other side has the same %s", p.Level)
	}
	return text
}

// printBlindSpots writes what logs of these types never show.
func printBlindSpots(w io.Writer, types []cases.LogType) {
	for _, t := range types {
		fmt.Fprintf(w, "\nNot visible in %s, however complete they are\n", t.Many)
		for _, b := range t.Blind {
			for i, text := range words.Wrap(b.What+": "+b.Why, 106) {
				lead := "    "
				if i == 0 {
					lead = "  - "
				}
				fmt.Fprintln(w, lead+text)
			}
		}
	}
}
