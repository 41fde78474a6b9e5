package compare

import (
	"fmt"
	"slices"
	"strings"

	"case53/cases/words"
)

// LogsText says which logs a capture has, and of when.
func (c *Comparison) LogsText(s *Side) string {
	var parts []string
	for _, t := range c.logTypes {
		switch span, ok := s.Logs[t.Name]; {
		case ok:
			parts = append(parts, t.Many+" "+span.String())
		case t.Name == c.calls.Name || t.Name == c.names.Name:
			parts = append(parts, "no "+t.Many)
		}
	}
	return strings.Join(parts, "; ")
}

// List is a part of the places of a comparison: which, how many there are, and the first of them.
type List struct {
	Title string
	Of    int64
	Lines []ListLine
}

// ListLine is a place in a list.
type ListLine struct {
	Score         float64
	Text          string
	Name, Address string // what the place is; one of them, or both
}

// More is how many places the list leaves out.
func (l List) More() int64 { return l.Of - int64(len(l.Lines)) }

// Lists are the places in words: what is in both, then what one side alone has; those that count first, then those set apart.
func (c *Comparison) Lists() []List {
	var lists []List
	for _, from := range []struct {
		title  string
		places []Peer
	}{{"In both", c.Matches}, {"Only in " + c.Right.Label, c.OnlyRight}, {"Only in " + c.Left.Label, c.OnlyLeft}} {
		at := map[part]int{}
		for _, p := range from.places {
			i, ok := at[p.part()]
			if !ok {
				i = len(lists)
				at[p.part()] = i
				lists = append(lists, List{Title: from.title + p.part().String(), Of: p.Of})
			}
			text := p.oneSided()
			if p.Found == "match" {
				text = c.matchText(p)
			}
			lists[i].Lines = append(lists[i].Lines, ListLine{p.Score, text, p.Name, p.Address})
		}
	}
	return lists
}

// part is the part of a list that a place stands in: out, in or inside, and what it is set apart for.
type part struct{ direction, apart string }

func (p Peer) part() part {
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
func countParts(places []Peer) map[part]int64 {
	n := map[part]int64{}
	for _, p := range places {
		n[p.part()]++
	}
	return n
}

// cutParts leaves the first of each part, most of them.
func cutParts(places []Peer, most int) []Peer {
	seen := map[part]int{}
	return slices.DeleteFunc(places, func(p Peer) bool {
		seen[p.part()]++
		return seen[p.part()] > most
	})
}

// Unstated says of how many places of the left side alone nothing is stated, as the list of them was cut; "" where of none.
func (c *Comparison) Unstated() string {
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
	return fmt.Sprintf("nothing is stated here of %s only in %s", words.Plural(n, "more place", "more places"), c.Left.Label)
}

// oneSided is a place that one side has.
func (p Peer) oneSided() string {
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
