package main

import (
	"fmt"
	"math"
	"strings"
	"time"

	"case53/cases"
	"case53/cmd/case53/report"
)

// The words of a comparison. Nothing is said here that is not a count, a time or a coverage of the case.

// verdict is what the comparison comes to, in sentences.
func (c *Comparison) verdict() string {
	all := c.total("right", "out", "")
	said := []string{c.headline(all)}
	said = append(said, c.alike()...)
	if n := c.total("only right", "out", "").Places; n > 0 {
		said = append(said, fmt.Sprintf("%s of %s that it called or asked for %s in no call and no query of %s, at any level.", count(n), plural(all.Places, "place", "places"), isAre(n), c.Left.label))
	}
	if t := c.total("match", "inside", ""); t.RightConnections > 0 {
		said = append(said, fmt.Sprintf("It also called %s that %s has too, %s (%s); the same number need not be the same machine.", plural(t.Places, "private address", "private addresses"), c.Left.label, times(t.RightConnections), ofThem(t.RightRefused, t.RightConnections)))
	}
	if t := c.total("right", "in", ""); t.RightConnections > 0 {
		said = append(said, fmt.Sprintf("%s called it, %s (%s).", sentence(plural(t.Addresses, "outside address", "outside addresses")), times(t.RightConnections), ofThem(t.RightRefused, t.RightConnections)))
	}
	said = append(said, c.first(all)...)
	said = append(said, c.setApart()...)
	said = append(said, c.limits(all)...)
	return strings.Join(said, " ")
}

// headline: in which time, how much of it is covered, who, names in both, and attempts.
func (c *Comparison) headline(all Total) string {
	r := &c.Right
	switch {
	case len(r.Logs) == 0:
		return fmt.Sprintf("%s has no records: nothing can be said about it.", sentence(r.label))
	case !r.has("flow") && !r.has("dns"):
		return fmt.Sprintf("%s has neither a flow log nor a Resolver log: nothing can be said of what it called or asked for.", sentence(r.label))
	}
	var did, notes []string
	switch {
	case !r.has("dns"):
		notes = append(notes, fmt.Sprintf("names cannot be compared, as %s has no Resolver log", r.label))
	case all.Names == 0:
		did = append(did, "asked for no name")
	case !c.Left.has("dns"):
		did = append(did, "asked for "+plural(all.Names, "name", "names"))
		notes = append(notes, fmt.Sprintf("names cannot be compared, as %s has no Resolver log", c.Left.label))
	default:
		did = append(did, fmt.Sprintf("asked for %s, %s of which %s has too,", plural(all.Names, "name", "names"), allOf(all.SameNames, all.Names), c.Left.label))
	}
	shared := ""
	if c.Left.has("flow") {
		shared = fmt.Sprintf(", %s of which %s has too", allOf(all.Shared, all.Addresses), c.Left.label)
	}
	switch {
	case !r.has("flow"):
		notes = append(notes, fmt.Sprintf("calls are not known, as %s has no flow log", r.label))
	case all.RightConnections == 0:
		did = append(did, "made no recorded attempt to call an outside address")
	case all.RightRefused == all.RightConnections:
		did = append(did, fmt.Sprintf("made %s (%s) to %s", plural(all.RightConnections, "refused attempt", "refused attempts"), plural(all.RightRecords, "flow record", "flow records"), plural(all.Addresses, "address", "addresses"))+shared)
	default:
		did = append(did, fmt.Sprintf("made %s (%s) to call %s", plural(all.RightConnections, "attempt", "attempts"), plural(all.RightRecords, "flow record", "flow records"), plural(all.Addresses, "outside address", "outside addresses"))+shared+
			fmt.Sprintf(": %s were refused and %s let through", count(all.RightRefused), count(all.RightConnections-all.RightRefused)))
	}
	if len(did) == 0 {
		did = append(did, "left no record that could be compared")
	}
	text := fmt.Sprintf("In %s of %s (%s), %s, %s %s", hours(r.Window), r.label, spanText(r.Window), c.coveredText(), c.who(), strings.Join(did, " and "))
	return strings.Join(append([]string{strings.TrimSuffix(text, ",")}, notes...), "; ") + "."
}

// coveredText is how much of the right side's time is there, by its best log.
func (c *Comparison) coveredText() string {
	r := &c.Right
	if !r.has("flow") {
		sum, sources, _ := r.of("dns")
		return fmt.Sprintf("of which %s of %s minutes have Resolver records of %s (which says nothing of the others)", count(sum.Covered), count(sum.Windows), listed(sources, "VPC", "VPCs"))
	}
	sum, sources, _ := r.of("flow")
	text := fmt.Sprintf("%s covered (%s of %s minutes of %s, %d SKIPDATA)", percent(sum), count(sum.Covered), count(sum.Windows), listed(sources, "interface", "interfaces"), sum.SkipData)
	if absent := sum.Windows - sum.Covered - sum.SkipData; absent > 0 {
		text = strings.TrimSuffix(text, ")") + fmt.Sprintf(", %s absent)", count(absent))
	}
	return text
}

// who did it: the instances of the right side.
func (c *Comparison) who() string {
	switch r := &c.Right; {
	case len(r.Instances) > 0:
		return listed(r.Instances, "instance", "instances")
	case len(r.Interfaces) > 0:
		return "what is at " + listed(r.Interfaces, "interface", "interfaces")
	case len(r.VPCs) > 0:
		return "what is in " + listed(r.VPCs, "VPC", "VPCs")
	}
	return "what it is of"
}

// told is how many of the matches the verdict describes; the list has the others.
const told = 3

// alike describes the matches that stand out most.
func (c *Comparison) alike() []string {
	var said []string
	for _, p := range c.Matches {
		if p.Apart != "" || p.Kind != "out" && p.Kind != "asked" || len(said) == told {
			continue
		}
		said = append(said, c.matchText(p)+".")
	}
	if n := c.total("match", "out", "").Places; n > int64(len(said)) && len(said) > 0 {
		said = append(said, fmt.Sprintf("The other %s less alike.", plural(n-int64(len(said)), "match is", "matches are")))
	}
	return said
}

// matchText is a match in a sentence without its period.
func (c *Comparison) matchText(p Place) string {
	right := "asked for " + times(p.RightQueries)
	if c.Right.has("flow") {
		right += " with no call recorded"
	}
	if p.RightConnections > 0 {
		right = fmt.Sprintf("called %s (%s)", times(p.RightConnections), ofThem(p.RightRefused, p.RightConnections))
		if p.RightQueries > 0 {
			right += fmt.Sprintf(" and asked for %s", times(p.RightQueries))
		}
	}
	left := plural(p.LeftQueries, "query", "queries")
	if p.LeftConnections > 0 {
		left = fmt.Sprintf("%s (%s)", plural(p.LeftConnections, "call", "calls"), ofThem(p.LeftRefused, p.LeftConnections))
	}
	left += " by " + plural(p.LeftClients, "host", "hosts")
	if p.LeftLike != "" {
		left = p.LeftLike + ": " + left
	}
	text := fmt.Sprintf("%s (same %s) was %s, first at %s; in %s: %s", p.title(), p.Level, right, moment(p.RightFirst), c.Left.label, left)
	if p.SameClock != nil {
		same := "another clock"
		if *p.SameClock {
			same = "the same clock"
		}
		text += fmt.Sprintf("; %s every %.0f s in %s and every %.0f s in %s: %s", p.ClockBy, *p.RightPause, c.Right.label, *p.LeftPause, c.Left.label, same)
	}
	if p.SameSize != nil {
		same := "another size"
		if *p.SameSize {
			same = "the same size"
		}
		text += fmt.Sprintf("; %.0f bytes sent in %s and %.0f in %s: %s", *p.RightSize, c.Right.label, *p.LeftSize, c.Left.label, same)
	}
	return text
}

// title names a place.
func (p Place) title() string {
	switch {
	case p.Names > 1:
		return fmt.Sprintf("%s names under %s", count(p.Names), p.RegisteredDomain)
	case p.Name == "":
		return p.Address + ports(p.Ports)
	case p.Address == "":
		return p.Name
	}
	text := p.Name + " at " + p.Address
	if p.Addresses > 1 {
		text += fmt.Sprintf(" and %d more", p.Addresses-1)
	}
	return text + ports(p.Ports)
}

func ports(list string) string {
	switch {
	case list == "":
		return ""
	case strings.Contains(list, ","):
		return " ports " + list
	}
	return " port " + list
}

// first says when the first of it was, after the capture's first record.
func (c *Comparison) first(all Total) []string {
	var begin time.Time
	for _, span := range c.Right.Logs {
		if begin.IsZero() || span.From.Before(begin) {
			begin = span.From
		}
	}
	what, at := "attempt to call", all.FirstCall
	if at.IsZero() {
		what, at = "query", all.RightFirst
	}
	if at.IsZero() {
		return nil
	}
	text := fmt.Sprintf("The first %s was at %s", what, moment(at))
	if !begin.IsZero() && !at.Before(begin) {
		text += fmt.Sprintf(", %s after the capture's first record", hours(cases.Span{From: begin, To: at}))
	}
	return []string{text + "."}
}

// apartTexts are the reasons for which places are set apart.
var apartTexts = []struct{ apart, text string }{
	{"allow", "on an --allow list"}, {"baseline", "what the baseline has too"}, {"AWS", "AWS's own services"}, {"time", "time servers"},
}

func (c *Comparison) setApart() []string {
	var parts []string
	for _, a := range apartTexts {
		if t := c.total("right", "out", a.apart); t.Places > 0 {
			parts = append(parts, fmt.Sprintf("%s (%s, %s, %s refused, %s)", a.text, plural(t.Places, "place", "places"), plural(t.RightConnections, "attempt", "attempts"), count(t.RightRefused), plural(t.RightQueries, "query", "queries")))
		}
	}
	var said []string
	if len(parts) > 0 {
		said = append(said, "Set apart, and not in these counts: "+strings.Join(parts, "; ")+".")
	}
	if c.Baseline == nil {
		said = append(said, "There is no baseline: what any clean machine of the same image does is not told from the rest.")
	}
	return said
}

// limits are what has to be known with it.
func (c *Comparison) limits(all Total) []string {
	var said []string
	if all.Places == 0 && c.Right.has("flow") {
		said = append(said, fmt.Sprintf("That is no call-out recorded in this window; a machine that waits for longer than %s, or looks around first, makes none either.", hours(c.Right.Window)))
	}
	if all.SameNames+all.Shared > 0 {
		said = append(said, "That both have a place says that it was asked for or called in both, and not who answers there or why.")
	}
	if !c.Left.has("flow") {
		said = append(said, fmt.Sprintf("%s has no flow log: its calls are not known.", sentence(c.Left.label)))
	} else if sum, sources, _ := c.Left.of("flow"); sum.Covered < sum.Windows {
		said = append(said, fmt.Sprintf("Of %s, %s of %s minutes of %s are covered, %d SKIPDATA.", c.Left.label, count(sum.Covered), count(sum.Windows), listed(sources, "interface", "interfaces"), sum.SkipData))
	}
	return said
}

// recordedText says that something is in the right capture.
func (c *Comparison) recordedText(s Subjected) string {
	if s.IsName {
		return fmt.Sprintf("%s, or names under it, asked for %s in %s, from %s to %s", s.Subject, times(s.Queries), c.Right.label, moment(s.QueryFirst), moment(s.QueryLast))
	}
	return fmt.Sprintf("%s in %s of %s, %s refused, from %s to %s", s.Subject, plural(s.FlowRecords, "flow record", "flow records"), c.Right.label, count(s.Refused), moment(s.FlowFirst), moment(s.FlowLast))
}

// deny states that something is not in the right capture's log, with how much of its time the log covers. Without
// such a log nothing is stated about it but that.
func (c *Comparison) deny(subject, logType, what, aside string) {
	r := &c.Right
	sum, sources, window := r.of(logType)
	n := Negative{Subject: subject, LogType: logType, Sources: sources, Window: window, Coverage: sum, NotVisible: blindSpotTexts(logType)}
	switch {
	case !r.has(logType):
		name := map[string]string{"flow": "flow log", "dns": "Resolver log"}[logType]
		n.Sources, n.short = []string{}, fmt.Sprintf("nothing can be said of a %s: %s has no %s", what, r.label, name)
	case logType == "dns":
		n.short = fmt.Sprintf("no %s in the Resolver log of %s between %s: %s of %s minutes have records; the others may be quiet, cached or not logged", what, listed(sources, "VPC", "VPCs"), betweenText(window), count(sum.Covered), count(sum.Windows))
	default:
		n.short = fmt.Sprintf("no %s recorded on %s between %s: %s of %s windows covered, %s SKIPDATA", what, listed(sources, "interface", "interfaces"), betweenText(window), count(sum.Covered), count(sum.Windows), count(sum.SkipData))
		if absent := sum.Windows - sum.Covered - sum.SkipData; absent > 0 {
			n.short += fmt.Sprintf(", %s absent", count(absent))
		}
	}
	n.short += aside
	n.Statement = n.short
	if r.has(logType) {
		n.Statement += "; not visible in these logs: " + notVisible(logType)
	}
	c.Negative = append(c.Negative, n)
}

// aside adds what the right side has near a place that it does not have, as far as the log type shows it.
func (c *Comparison) aside(p Place, logType string) string {
	switch {
	case logType == "dns" && p.Level == "registered domain":
		return fmt.Sprintf(" (%s has other names under %s)", c.Right.label, p.RegisteredDomain)
	case logType == "flow" && strings.Contains(p.Levels, "and port"):
		return fmt.Sprintf(" (%s called other addresses of its block on the same port)", c.Right.label)
	}
	return ""
}

func betweenText(s cases.Span) string { return moment(s.From) + " and " + moment(s.To) + " UTC" }

func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }

// hours is the length of a window.
func hours(s cases.Span) string {
	const minute, hour = 60, 3600
	switch d := report.Span(s).Seconds(); {
	case d < 2*minute:
		return fmt.Sprintf("%.0f s", math.Floor(d))
	case d < 2*hour:
		return fmt.Sprintf("%.0f min", math.Floor(d/minute))
	case math.Mod(d, hour) == 0:
		return fmt.Sprintf("%.0f h", d/hour)
	default:
		return fmt.Sprintf("%.1f h", d/hour)
	}
}

// percent rounds to a tenth, but neither up to all nor down to none.
func percent(c Covered) string {
	switch {
	case c.Windows == 0:
		return "nothing"
	case c.Covered == c.Windows:
		return "100%"
	case c.Covered == 0:
		return "0%"
	}
	return fmt.Sprintf("%.1f%%", min(99.9, max(0.1, 100*float64(c.Covered)/float64(c.Windows))))
}

func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + many
}

func times(n int64) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return count(n) + " times"
}

// ofThem says how many were refused; once is all of one.
func ofThem(refused, all int64) string {
	switch refused {
	case 0:
		return "none refused"
	case all:
		return "refused"
	}
	return count(refused) + " of them refused"
}

// allOf is a count that may be all there is.
func allOf(n, all int64) string {
	switch {
	case n == all:
		return "all"
	case n == 0:
		return "none"
	}
	return count(n)
}

func isAre(n int64) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func oneOf(n int64, one, many string) string {
	if n < 2 {
		return ""
	}
	return fmt.Sprintf(", one of %s", plural(n, one, many))
}

// listed names up to three things, or says how many there are.
func listed(all []string, one, many string) string {
	if n := len(all); n == 0 || n > 3 {
		return plural(int64(n), one, many)
	}
	return strings.Join(all, ", ")
}

func sentence(text string) string { return strings.ToUpper(text[:1]) + text[1:] }
