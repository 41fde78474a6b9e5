package compare

import (
	"fmt"
	"slices"
	"strings"

	"case53/cases"
	"case53/cases/words"
)

// What a comparison says of the time that its logs speak about: always the minutes that they cover, never the hours between
// their first record and their last.

// covers says whether a log of the side covers any minute.
func (s *Side) covers(log cases.LogType) bool {
	sum, _, _ := s.of(log)
	return s.has(log) && sum.Covered > 0
}

// longest is how many minutes of one source a log covers, of the source of which it covers most.
func (s *Side) longest(log cases.LogType) (minutes int64) {
	for _, c := range s.covered {
		if c.LogType == log.Name {
			minutes = max(minutes, c.Share.Covered)
		}
	}
	return minutes
}

// uncovered continues "its flow log" where that covers nothing.
func (s *Side) uncovered(log cases.LogType) string {
	sum, sources, window := s.of(log)
	if sum.Windows == 0 {
		return "does not tell of when it is"
	}
	return fmt.Sprintf("covers none of %s%s between %s (%s)",
		words.Plural(sum.Windows, "minute", "minutes"), ofSources(sources, "interface", "interfaces"), window.Between(), missing(sum))
}

// ofSources names whose minutes were counted; those of several are a sum.
func ofSources(sources []string, one, many string) string {
	text := words.Listed(sources, one, many)
	if len(sources) > 1 {
		return " summed over " + text
	}
	return " of " + text
}

// missing says what the minutes are that are not covered.
func missing(sum cases.Share) string {
	text := words.Count(sum.SkipData) + " SKIPDATA"
	if absent := sum.Windows - sum.Covered - sum.SkipData; absent > 0 {
		text += fmt.Sprintf(", %s absent", words.Count(absent))
	}
	return text
}

// unseen says whether the right side has a flow log that covers nothing, and no record of anything either.
func (c *Comparison) unseen() bool {
	r := &c.Right
	if !r.has(c.calls) || r.covers(c.calls) || r.has(c.names) {
		return false
	}
	return !slices.ContainsFunc(c.Totals, func(t Total) bool { return t.Found == "right" && t.RightConnections > 0 })
}

// coveredText is how much of the right side's time is there, by its best log.
func (c *Comparison) coveredText() string {
	r := &c.Right
	if !r.covers(c.calls) {
		sum, sources, window := r.of(c.names)
		if sum.Windows == 0 { // records of minutes that the flow log says are lost
			return fmt.Sprintf("%s, whose flow log %s", r.Label, r.uncovered(c.calls))
		}
		return fmt.Sprintf("the %s of %s that %s Resolver records of %s (of %s between %s; of the others they say nothing)",
			words.Plural(sum.Covered, "minute", "minutes"), r.Label, hasHave(sum.Covered), words.Listed(sources, "VPC", "VPCs"),
			words.Count(sum.Windows), window.Between())
	}
	sum, sources, window := r.of(c.calls)
	return fmt.Sprintf("the %s of %s that %s covered (%s of %s%s between %s, %s)",
		words.Plural(sum.Covered, "minute", "minutes"), r.Label, words.IsAre(sum.Covered), sum.Percent(), words.Count(sum.Windows),
		ofSources(sources, "interface", "interfaces"), window.Between(), missing(sum))
}

func hasHave(n int64) string {
	if n == 1 {
		return "has"
	}
	return "have"
}

// leftCovered says how much of the left side's time is there.
func (c *Comparison) leftCovered() string {
	l := &c.Left
	sum, sources, window := l.of(c.calls)
	switch {
	case !l.has(c.calls):
		return fmt.Sprintf("%s has no flow log: its calls are not known.", words.Sentence(l.Label))
	case sum.Covered == 0:
		return fmt.Sprintf("The flow log of %s %s: nothing can be said of what it did not call.", l.Label, l.uncovered(c.calls))
	}
	return fmt.Sprintf("Of %s, %s of %s%s are covered (%s between %s, %s).", l.Label, words.Count(sum.Covered),
		words.Plural(sum.Windows, "minute", "minutes"), ofSources(sources, "interface", "interfaces"),
		sum.Percent(), window.Between(), missing(sum))
}

// asking says in how many minutes the Resolver logs have records: of the others they say nothing.
func (c *Comparison) asking() []string {
	var parts []string
	for _, s := range []*Side{&c.Right, &c.Left} {
		if s == &c.Right && !s.covers(c.calls) {
			continue // said already
		}
		if sum, sources, _ := s.of(c.names); s.has(c.names) {
			parts = append(parts, fmt.Sprintf("of %s in %s of %s%s", s.Label, words.Count(sum.Covered),
				words.Plural(sum.Windows, "minute", "minutes"), ofSources(sources, "VPC", "VPCs")))
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return []string{"There are Resolver records " + strings.Join(parts, " and ") + "; of the other minutes they say nothing."}
}

// order remarks on a replay that by its records was before the incident that it is a replay of.
func (c *Comparison) order() []string {
	incident, replay := &c.Left, &c.Right
	if incident.Role == "replay" && replay.Role == "incident" {
		incident, replay = replay, incident
	}
	switch before, after := replay.Window, incident.Window; {
	case replay.Role != "replay" || incident.Role != "incident" || before.From.IsZero() || after.From.IsZero():
		return nil
	case !before.To.After(after.From):
		return []string{fmt.Sprintf("By its records %s (%s) was before %s (%s): a replay cannot be. "+
			"Either a clock is wrong, or the captures are not what their roles say.", replay.Label, before, incident.Label, after)}
	case before.From.Before(after.From):
		return []string{fmt.Sprintf("By its records %s (from %s UTC) began before %s (from %s UTC): a replay cannot. "+
			"Either a clock is wrong, or the captures are not what their roles say.",
			replay.Label, words.Moment(before.From), incident.Label, words.Moment(after.From))}
	}
	return nil
}

// keepsOnly is ACCEPT or REJECT where the flow log of a side has nothing of the other, and "" where it has both, or is known to
// keep both. described says that its description says so.
func (s *Side) keepsOnly() (action string, described bool) {
	switch {
	case slices.Contains(s.TrafficTypes, "ALL"):
		return "", false
	case len(s.TrafficTypes) == 1 && s.Accepted*s.Refused == 0:
		return s.TrafficTypes[0], true
	case s.Accepted > 0 && s.Refused == 0:
		return "ACCEPT", false
	case s.Refused > 0 && s.Accepted == 0:
		return "REJECT", false
	}
	return "", false
}

// kept names what the flow logs may never have had: one that keeps one action only, or, of the right side, shows no traffic at
// all, is the same whether or not anything happened.
func (c *Comparison) kept() []string {
	r := &c.Right
	if !r.covers(c.calls) {
		return nil
	}
	only, _ := r.keepsOnly()
	var said []string
	if r.Accepted+r.Refused == 0 {
		text := fmt.Sprintf("The flow log of %s has no record of any traffic, NODATA only", r.Label)
		switch ran, unsure := r.has(c.names), !slices.Contains(r.TrafficTypes, "ALL") && only == ""; {
		case !ran && unsure:
			text += ": a machine that never ran looks the same, and so does a flow log of ACCEPT only where all was refused"
		case !ran:
			text += ": a machine that never ran looks the same"
		case unsure:
			text += ": a flow log of ACCEPT only where all was refused looks the same"
		}
		said = append(said, text+".")
	}
	for _, s := range []*Side{r, &c.Left} {
		if text := s.keptText(); text != "" && s.covers(c.calls) {
			said = append(said, text)
		}
	}
	return said
}

// keptText is a sentence where the flow log of a side has records of one action only.
func (s *Side) keptText() string {
	only, described := s.keepsOnly()
	other := map[string]string{"ACCEPT": "refused", "REJECT": "let through"}[only]
	switch {
	case other == "":
		return ""
	case described:
		return fmt.Sprintf("The flow log of %s keeps %s only, as its description says: a call that was %s is not in it.", s.Label, only, other)
	}
	return fmt.Sprintf("The flow log of %s has %s records only (%s): a log that keeps %s only looks the same, "+
		"and then a call that was %s is not in it.", s.Label, only, words.Count(max(s.Accepted, s.Refused)), only, other)
}

// keptShort is the same, for the end of a statement that something is not there.
func (s *Side) keptShort() string {
	switch only, _ := s.keepsOnly(); {
	case only != "":
		return fmt.Sprintf(" (the flow log has %s records only)", only)
	case s.Accepted+s.Refused == 0:
		return " (the flow log has no record of any traffic, NODATA only)"
	}
	return ""
}
