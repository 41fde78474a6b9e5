package threads

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"case53/cases"
	"case53/queries"
)

// Step is what happened, in a sentence.
type Step struct {
	Time     time.Time    `json:"time"`
	To       time.Time    `json:"to"`
	Phase    string       `json:"phase"`
	Text     string       `json:"text"`
	Link     string       `json:"link,omitempty"` // why it belongs to what came before
	Hunts    []string     `json:"hunts"`          // that tell of it; none where it was made of connections
	Rows     int64        `json:"rows"`
	Severity string       `json:"severity"`
	Coverage *cases.Share `json:"coverage,omitempty"` // of the time of the best finding of what it is about, of those that say
	Against  []string     `json:"against,omitempty"`  // what speaks against its meaning anything
	Either   []int        `json:"either,omitempty"`   // the numbers of the threads it may belong to, where that is not known
	Rivals   []Rival      `json:"rivals,omitempty"`   // what else it may be

	Found []int `json:"-"` // its findings, by their places in the list of all, from 1

	hosts []string // of ours, that it is about
	facts []*fact
}

// More than so many alike are one step.
const fewAlike = 4

// stepsOf folds the facts of a thread into steps, in order of time.
func stepsOf(facts []*fact) []*Step {
	by := map[string]*Step{}
	var steps []*Step
	for _, f := range facts {
		key := stepKey(f, facts)
		s := by[key]
		if s == nil {
			s = &Step{Phase: f.phase}
			by[key] = s
			steps = append(steps, s)
		}
		s.facts = append(s.facts, f)
	}
	for _, s := range steps {
		s.fill()
	}
	slices.SortStableFunc(steps, func(a, b *Step) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(slices.Index(queries.Phases, a.Phase), slices.Index(queries.Phases, b.Phase)))
	})
	return steps
}

// stepKey is the same for facts that one sentence tells. What may be of another thread is told apart from what is not: in one sentence
// the one would be as certain as the other.
func stepKey(f *fact, all []*fact) string {
	alike := func(same func(*fact) bool, of func(*fact) string) int {
		var seen []string
		for _, y := range all {
			if y.phase == f.phase && f.asSure(y) && same(y) && !slices.Contains(seen, of(y)) {
				seen = append(seen, of(y))
			}
		}
		return len(seen)
	}
	onHost := func(y *fact) bool { return y.host == f.host }
	at := func(y *fact) bool { return y.place == f.place }
	key := func(parts ...string) string {
		return fmt.Sprint(f.phase, f.either) + "\x00" + strings.Join(parts, "\x00")
	}
	if with := f.toldWith(all); with != nil {
		return stepKey(with, all)
	}
	switch {
	case f.phase == "exploit" && f.refused(): // before any host of ours: told with what the same client sent the one that it reached
		if hosts := f.reached(all); len(hosts) == 1 {
			return key(hosts[0], f.place)
		}
		return key("", f.place, "refused")
	case f.phase == "recon":
		return key()
	case f.phase == "knock":
		return key(f.place)
	case f.endsLog():
		return key(f.host, "log")
	case f.replayed, f.phase == "probe":
		return key(f.capture, f.host)
	case f.place != "" && slices.Contains(queries.NamesFact, f.phase) && alike(at, func(y *fact) string { return y.host }) > fewAlike:
		return key(f.place, "hosts")
	case f.phase == "spread" && alike(onHost, func(y *fact) string { return y.target }) > fewAlike:
		return key(f.host)
	case f.phase == "spread":
		return key(f.host, f.target)
	case f.phase != "door" && f.phase != "silence" && alike(onHost, func(y *fact) string { return y.place }) > fewAlike:
		return key(f.host)
	case f.phase == "silence":
		return key(f.host, f.from.String())
	case f.phase == "door":
		return key(f.host, f.key)
	}
	return key(f.host, f.place)
}

// refused says whether requests reached no host: no log names one, and none of the findings says that one was answered or failed, or
// that any was handed to a host whose address no log has.
func (f *fact) refused() bool {
	return f.host == "" && !f.tells(func(e evidence) bool {
		answered, _ := e.answered()
		handed := e.Value("kept_off") != nil && e.Number("kept_off") < e.Number("requests")
		return answered || handed || e.Number("failed") > 0
	})
}

// reached are the hosts that the client of an exploit sent others to.
func (f *fact) reached(all []*fact) (hosts []string) {
	for _, y := range all {
		if y.phase == f.phase && y.place == f.place && y.capture == f.capture && f.asSure(y) && y.host != "" && !slices.Contains(hosts, y.host) {
			hosts = append(hosts, y.host)
		}
	}
	return hosts
}

// toldWith is the fact in whose step this one is told: a door that was opened soon after an answered exploit of its host, and the end
// of a host's logs while somebody's session was open on it.
func (f *fact) toldWith(all []*fact) *fact {
	for _, y := range all {
		switch {
		case y.host != f.host || y.capture != f.capture || y.from.After(f.from) || !y.own(medium) || !f.asSure(y):
		case f.phase == "door" && y.phase == "exploit" && f.from.Sub(y.from) <= closeBy,
			f.endsLog() && y.phase == "entry" && slices.ContainsFunc(y.sessionsOr(), func(s cases.Span) bool {
				return !f.from.Before(s.From) && f.from.Before(s.To)
			}):
			return y
		}
	}
	return nil
}

// asSure says whether two facts of a thread are as certainly of it: both, or both of the same threads perhaps.
func (f *fact) asSure(y *fact) bool { return slices.Equal(f.either, y.either) }

// endsLog says whether a fact is that a host's own log ended, or lacks what another has.
func (f *fact) endsLog() bool {
	return f.phase == "hide" && f.place == "" && f.tells(func(e evidence) bool { return e.kind == "log-end" })
}

// fill takes what the facts of a step have.
func (s *Step) fill() {
	s.Time, s.Hunts = s.facts[0].from, []string{}
	severity := low
	for _, f := range s.facts {
		if f.from.Before(s.Time) {
			s.Time = f.from
		}
		if f.phase == s.Phase && f.to.After(s.To) { // what is told with it may last
			s.To = f.to
		}
		severity = max(severity, f.severity)
		s.Rows += f.rows()
		for _, e := range f.evidence {
			s.Found = append(s.Found, e.number)
			if !slices.Contains(s.Hunts, e.Hunt) {
				s.Hunts = append(s.Hunts, e.Hunt)
			}
		}
		for _, text := range f.against {
			if !slices.Contains(s.Against, text) {
				s.Against = append(s.Against, text)
			}
		}
		for _, host := range []string{f.host, f.target} {
			if host != "" && !slices.Contains(s.hosts, host) {
				s.hosts = append(s.hosts, host)
			}
		}
	}
	slices.Sort(s.Hunts)
	slices.Sort(s.Found)
	s.Severity = severityNames[severity]
	if best := s.strongest(func(e evidence) bool { return e.Coverage.Windows > 0 }); best != nil {
		s.Coverage = &best.Coverage
	}
}

// strongest is the evidence of a step that says most, of that which holds: of what the step is about, and only where it has none of
// what is told with it.
func (s *Step) strongest(holds func(evidence) bool) *evidence {
	var best, beside *evidence
	for _, f := range s.facts {
		most := &beside
		if f.phase == s.Phase {
			most = &best
		}
		for i, e := range f.evidence {
			if holds(e) && (*most == nil || e.severity > (*most).severity || e.severity == (*most).severity && e.Score > (*most).Score) {
				*most = &f.evidence[i]
			}
		}
	}
	if best == nil {
		return beside
	}
	return best
}

// rows is how many records a fact rests on. Findings that rest on the same logs rest on the same records: the most of them.
func (f *fact) rows() (n int64) {
	switch {
	case f.phase == "silence":
		return 0
	case f.made != nil:
		n = f.made.records
	}
	by := map[string]int64{}
	for _, e := range f.evidence {
		key := strings.Join(e.logs, " ")
		by[key] = max(by[key], e.Rows)
	}
	sum := int64(0)
	for _, rows := range by {
		sum += rows
	}
	return max(n, sum)
}
