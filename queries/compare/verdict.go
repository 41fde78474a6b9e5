package compare

import (
	"fmt"
	"strings"
	"time"

	"case53/cases"
	"case53/cases/words"
)

// The words of a comparison. Nothing is said here that is not a count, a time or a coverage of the case.

// verdict is what the comparison comes to, in sentences.
func (c *Comparison) verdict() string {
	all := c.total("right", "out", "")
	said := append([]string{c.headline(all)}, c.order()...)
	if len(c.Right.Logs) == 0 || c.unseen() {
		return strings.Join(said, " ")
	}
	said = append(said, c.alike()...)
	if n := c.total("only right", "out", "").Places; n > 0 {
		said = append(said, fmt.Sprintf("%s of %s that it called or asked for %s in no call and no query of %s, at any level.",
			words.Count(n), words.Plural(all.Places, "place", "places"), words.IsAre(n), c.Left.Label))
	}
	if t := c.total("match", "inside", ""); t.RightConnections > 0 {
		said = append(said, fmt.Sprintf("It also called %s that %s has too, %s (%s); the same number need not be the same machine.",
			words.Plural(t.Places, "private address", "private addresses"), c.Left.Label, words.Times(t.RightConnections),
			refusedOf(t.RightRefused, t.RightConnections)))
	}
	if t := c.total("right", "in", ""); t.RightConnections > 0 {
		said = append(said, fmt.Sprintf("%s called it, %s (%s).",
			words.Sentence(words.Plural(t.Addresses, "outside address", "outside addresses")), words.Times(t.RightConnections),
			refusedOf(t.RightRefused, t.RightConnections)))
	}
	said = append(said, c.kept()...)
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
		return fmt.Sprintf("%s has no records: nothing can be said about it.", words.Sentence(r.Label))
	case !r.has(c.calls) && !r.has(c.names):
		return fmt.Sprintf("%s has neither a flow log nor a Resolver log: nothing can be said of what it called or asked for.",
			words.Sentence(r.Label))
	case c.unseen():
		return fmt.Sprintf("Of %s nothing can be said: its flow log %s.", r.Label, r.uncovered(c.calls))
	}
	var did, notes []string
	for _, part := range []func(Total) (did, note string){c.asked, c.called} {
		text, note := part(all)
		if text != "" {
			did = append(did, text)
		}
		if note != "" {
			notes = append(notes, note)
		}
	}
	if len(did) == 0 {
		did = append(did, "left no record that could be compared")
	}
	text := fmt.Sprintf("In %s, %s %s", c.coveredText(), c.who(), strings.Join(did, " and "))
	return strings.Join(append([]string{strings.TrimSuffix(text, ",")}, notes...), "; ") + "."
}

// asked is which names the right side asked for, and why no more can be said of them.
func (c *Comparison) asked(all Total) (did, note string) {
	switch {
	case !c.Right.has(c.names):
		return "", fmt.Sprintf("names cannot be compared, as %s has no Resolver log", c.Right.Label)
	case all.Names == 0:
		return "asked for no name", ""
	case !c.Left.has(c.names):
		return "asked for " + words.Plural(all.Names, "name", "names"),
			fmt.Sprintf("names cannot be compared, as %s has no Resolver log", c.Left.Label)
	}
	return fmt.Sprintf("asked for %s, %s of which %s has too,",
		words.Plural(all.Names, "name", "names"), words.AllOf(all.SameNames, all.Names), c.Left.Label), ""
}

// called is what the right side tried to call, and why that is not known.
func (c *Comparison) called(all Total) (did, note string) {
	shared := ""
	if c.Left.has(c.calls) {
		shared = fmt.Sprintf(", %s of which %s has too", words.AllOf(all.Shared, all.Addresses), c.Left.Label)
	}
	records := words.Plural(all.RightRecords, "flow record", "flow records")
	switch {
	case !c.Right.has(c.calls):
		return "", fmt.Sprintf("calls are not known, as %s has no flow log", c.Right.Label)
	case all.RightConnections == 0 && !c.Right.covers(c.calls):
		return "", "nothing can be said of its calls, as its flow log " + c.Right.uncovered(c.calls)
	case all.RightConnections == 0:
		return "made no recorded attempt to call an outside address", ""
	case all.RightRefused == all.RightConnections:
		return fmt.Sprintf("made %s (%s) to %s%s", words.Plural(all.RightConnections, "refused attempt", "refused attempts"),
			records, words.Plural(all.Addresses, "address", "addresses"), shared), ""
	}
	return fmt.Sprintf("made %s (%s) to call %s%s: %s were refused and %s let through",
		words.Plural(all.RightConnections, "attempt", "attempts"), records,
		words.Plural(all.Addresses, "outside address", "outside addresses"), shared,
		words.Count(all.RightRefused), words.Count(all.RightConnections-all.RightRefused)), ""
}

// who did it: the instances of the right side.
func (c *Comparison) who() string {
	switch r := &c.Right; {
	case len(r.Instances) > 0:
		return words.Listed(r.Instances, "instance", "instances")
	case len(r.Interfaces) > 0:
		return "what is at " + words.Listed(r.Interfaces, "interface", "interfaces")
	case len(r.VPCs) > 0:
		return "what is in " + words.Listed(r.VPCs, "VPC", "VPCs")
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
		said = append(said, fmt.Sprintf("The other %s less alike.", words.Plural(n-int64(len(said)), "match is", "matches are")))
	}
	return said
}

// matchText is a match in a sentence without its period.
func (c *Comparison) matchText(p Peer) string {
	right := "asked for " + words.Times(p.RightQueries)
	if c.Right.covers(c.calls) {
		right += " with no call recorded"
	}
	if p.RightConnections > 0 {
		right = fmt.Sprintf("called %s (%s)", words.Times(p.RightConnections), refusedOf(p.RightRefused, p.RightConnections))
		if p.RightQueries > 0 {
			right += fmt.Sprintf(" and asked for %s", words.Times(p.RightQueries))
		}
	}
	left := words.Plural(p.LeftQueries, "query", "queries")
	if p.LeftConnections > 0 {
		left = fmt.Sprintf("%s (%s)", words.Plural(p.LeftConnections, "call", "calls"), refusedOf(p.LeftRefused, p.LeftConnections))
	}
	if p.RightConnections > 0 && p.LeftConnections > 0 && p.LeftLike == "" && p.LeftPorts != p.RightPorts {
		left += onPorts(p.LeftPorts)
	}
	left += " by " + words.Plural(p.LeftClients, "host", "hosts")
	if p.LeftLike != "" {
		left = p.LeftLike + ": " + left
	}
	text := fmt.Sprintf("%s (same %s) was %s, first at %s; in %s: %s", p.title(), p.Level, right, words.Moment(p.RightFirst), c.Left.Label, left)
	if p.SameClock != nil {
		same := "another clock"
		if *p.SameClock {
			same = "the same clock"
		}
		text += fmt.Sprintf("; %s every %.0f s in %s and every %.0f s in %s: %s", p.ClockBy, *p.RightPause, c.Right.Label, *p.LeftPause, c.Left.Label, same)
	}
	if p.SameSize != nil {
		same := "another size"
		if *p.SameSize {
			same = "the same size"
		}
		text += fmt.Sprintf("; %.0f bytes sent in %s and %.0f in %s: %s", *p.RightSize, c.Right.Label, *p.LeftSize, c.Left.Label, same)
	}
	return text
}

// title names a place, with the ports of the side whose calls are told first: a count never stands with ports of other calls.
func (p Peer) title() string {
	at := p.RightPorts
	if p.RightConnections == 0 {
		at = p.LeftPorts
	}
	switch {
	case p.Names > 1:
		return fmt.Sprintf("%s names under %s", words.Count(p.Names), p.RegisteredDomain)
	case p.Name == "":
		return p.Address + onPorts(at)
	case p.Address == "":
		return p.Name
	}
	text := p.Name + " at " + p.Address
	if p.Addresses > 1 {
		text += fmt.Sprintf(" and %d more", p.Addresses-1)
	}
	return text + onPorts(at)
}

// onPorts writes a list of ports, and of protocols that have none.
func onPorts(list string) string {
	var numbers, protocols []string
	for _, part := range strings.Split(list, ", ") {
		switch {
		case part == "":
		case part[0] >= '0' && part[0] <= '9':
			numbers = append(numbers, part)
		default:
			protocols = append(protocols, part)
		}
	}
	var parts []string
	switch {
	case len(numbers) > 1 || len(numbers) == 1 && strings.Contains(numbers[0], " "):
		parts = append(parts, "ports "+strings.Join(numbers, ", "))
	case len(numbers) == 1:
		parts = append(parts, "port "+numbers[0])
	}
	if parts = append(parts, protocols...); len(parts) == 0 {
		return ""
	}
	return " " + strings.Join(parts, " and ")
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
	text := fmt.Sprintf("The first %s was at %s", what, words.Moment(at))
	if !begin.IsZero() && !at.Before(begin) {
		text += fmt.Sprintf(", %s after the capture's first record", words.Long(cases.Span{From: begin, To: at}.Seconds()))
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
			parts = append(parts, fmt.Sprintf("%s (%s, %s, %s refused, %s)",
				a.text, words.Plural(t.Places, "place", "places"), words.Plural(t.RightConnections, "attempt", "attempts"),
				words.Count(t.RightRefused), words.Plural(t.RightQueries, "query", "queries")))
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
	if longest := c.Right.longest(c.calls); all.Places == 0 && longest > 0 {
		said = append(said, fmt.Sprintf("That is no call-out recorded in the minutes that are covered; "+
			"a machine that waits for longer than %s, or looks around first, makes none either.", words.Plural(longest, "minute", "minutes")))
	}
	if all.SameNames+all.Shared > 0 {
		said = append(said, "That both have a place says that it was asked for or called in both, and not who answers there or why.")
	}
	return append(append(said, c.leftCovered()), c.asking()...)
}

// recordedText says that something is in the right capture.
func (c *Comparison) recordedText(s Subjected) string {
	if s.IsName {
		return fmt.Sprintf("%s, or names under it, asked for %s in %s, from %s to %s",
			s.Subject, words.Times(s.Queries), c.Right.Label, words.Moment(s.QueryFirst), words.Moment(s.QueryLast))
	}
	return fmt.Sprintf("%s in %s of %s, %s refused, from %s to %s",
		s.Subject, words.Plural(s.FlowRecords, "flow record", "flow records"), c.Right.Label, words.Count(s.Refused),
		words.Moment(s.FlowFirst), words.Moment(s.FlowLast))
}

// deny states that something is not in the right capture's log, with how much of its time the log covers. Without
// such a log nothing is stated about it but that.
func (c *Comparison) deny(subject string, log cases.LogType, what, aside string) {
	r := &c.Right
	sum, sources, window := r.of(log)
	n := Negative{Subject: subject, LogType: log.Name, Sources: sources, Window: window, Coverage: sum, NotVisible: log.BlindTexts()}
	switch {
	case !r.has(log):
		n.Sources, n.Short = []string{}, fmt.Sprintf("nothing can be said of a %s: %s has no %s", what, r.Label, log.One)
	case sum.Covered == 0:
		n.Short = fmt.Sprintf("nothing can be said of a %s: the %s of %s %s", what, log.One, r.Label, r.uncovered(log))
	case log.Silence == cases.StatusNone:
		n.Short = fmt.Sprintf("no %s in the Resolver log of %s between %s: %s of %s minutes have records; "+
			"the others may be quiet, cached or not logged",
			what, words.Listed(sources, "VPC", "VPCs"), window.Between(), words.Count(sum.Covered), words.Count(sum.Windows))
	default:
		n.Short = fmt.Sprintf("no %s recorded on %s between %s: %s of %s windows covered, %s SKIPDATA",
			what, words.Listed(sources, "interface", "interfaces"), window.Between(), words.Count(sum.Covered), words.Count(sum.Windows),
			words.Count(sum.SkipData))
		if absent := sum.Windows - sum.Covered - sum.SkipData; absent > 0 {
			n.Short += fmt.Sprintf(", %s absent", words.Count(absent))
		}
		n.Short += r.keptShort()
	}
	n.Short += aside
	n.Statement = n.Short
	if r.has(log) {
		n.Statement += "; not visible in these logs: " + strings.Join(log.BlindTexts(), "; ")
	}
	c.Negative = append(c.Negative, n)
}

// aside adds what the right side has near a place that it does not have, as far as the log type shows it.
func (c *Comparison) aside(p Peer, log cases.LogType) string {
	switch {
	case log.Has(cases.ShapeQuery) && p.Level == "registered domain":
		return fmt.Sprintf(" (%s has other names under %s)", c.Right.Label, p.RegisteredDomain)
	case log.Has(cases.ShapeTraffic) && strings.Contains(p.Levels, "and port"):
		return fmt.Sprintf(" (%s called other addresses of its block on the same port)", c.Right.Label)
	}
	return ""
}

// refusedOf says how many were refused; once is all of one.
func refusedOf(refused, all int64) string {
	switch refused {
	case 0:
		return "none refused"
	case all:
		return "refused"
	}
	return words.Count(refused) + " of them refused"
}
