package threads

import (
	"cmp"
	"math"
	"slices"

	"case53/queries"
)

// What evidence counts in a thread. What several hunts tell of the same records is not independent: the best counts whole, the
// others less and less.
const (
	madeScore   = 0.6 // of a fact that was made of connections, as of a middling finding
	doubted     = 0.4 // with something that speaks against it
	halved      = 0.5 // where it may be another party's
	perLog      = 0.5 // for each log type beyond the first
	perPhase    = 0.7 // for each phase beyond the first, in an order that does not go back
	halfWay     = 4.0 // points at which a score is 0.63
	carries     = 1.5 // points of at least three kinds that make a thread medium
	broad       = 8   // places of a host by one kind of evidence,
	broadest    = 0.8 // which count up to so much
	chainOfHigh = 3
)

var (
	severityWeight = []float64{info: 0, low: 0.4, medium: 0.8, high: 1}
	dependent      = []float64{1, 0.6, 0.4, 0.25}
	// order ranks phases: a thread that goes on from rank to rank tells more than one that stays. What an intruder does inside
	// comes in any order.
	order = map[string]int{"exploit": 0, "recon": 0, "knock": 1, "guess": 1, "entry": 2,
		"home": 3, "abuse": 3, "probe": 3, "spread": 3, "hide": 3, "tunnel": 3, "leave": 4, "replay": 5}
)

// rating is how serious a thread is, and by what.
type rating struct {
	severity int
	score    float64
}

// rate weighs the facts of a thread.
func rate(facts []*fact) rating {
	points, kinds := pointsOf(facts)
	chain, inCore := chainOf(facts), coreOf(facts)
	s := points + perLog*float64(max(0, logsOf(facts)-1)) + perPhase*float64(max(0, chain-1))
	serious := slices.ContainsFunc(facts, func(f *fact) bool { return f.severity == high && isCore(f.phase) && len(f.against) == 0 && f.own(high) })
	replayed := slices.ContainsFunc(facts, func(f *fact) bool { return f.replayed })
	r := rating{low, math.Round(1000*(1-math.Exp(-s/halfWay))) / 1000}
	open := slices.ContainsFunc(facts, func(f *fact) bool {
		return f.phase == "exploit" && f.severity == high && len(f.against) == 0 && f.own(high)
	})
	switch {
	case len(inCore) == 0 && open:
		r.severity = medium
	case len(inCore) == 0:
	case serious && (len(inCore) >= 2 && chain >= chainOfHigh || replayed):
		r.severity = high
	case serious, hopsOf(facts) >= 2, points >= carries && kinds >= 3, replayed && points >= 1:
		r.severity = medium
	}
	return r
}

// pointsOf sums the evidence, each kind by its best fact, and how many kinds there are.
func pointsOf(facts []*fact) (points float64, kinds int) {
	best := map[string]float64{}
	for _, f := range facts {
		if f.isCondition() {
			continue
		}
		of := f.kindsOf()
		ranked := sorted(of)
		slices.SortStableFunc(ranked, func(a, b string) int { return cmp.Compare(of[b], of[a]) })
		for i, kind := range ranked {
			n := of[kind] * dependent[min(i, len(dependent)-1)]
			switch {
			case len(f.against) > 0:
				n *= doubted
			case len(f.either) > 0:
				n *= halved
			}
			best[kind] = max(best[kind], n)
		}
	}
	if n := breadthOf(facts); n >= broad {
		best["breadth"] = min(broadest, 0.15*math.Log2(float64(n)/4))
	}
	for _, kind := range sorted(best) {
		points += best[kind]
	}
	return points, len(best)
}

// breadthOf is how many places a host called, by one kind of evidence that carries.
func breadthOf(facts []*fact) (most int) {
	places := map[string]int{}
	for _, f := range facts {
		if len(f.against) > 0 || f.phase != "home" && f.phase != "hide" {
			continue
		}
		seen := map[string]bool{}
		for _, e := range f.evidence {
			key := f.host + " " + f.phase + " " + e.kind
			if e.severity >= medium && e.weight == queries.WeighsOwn && !seen[key] {
				seen[key] = true
				places[key]++
				most = max(most, places[key])
			}
		}
	}
	return most
}

// logsOf is how many log types have a finding of medium severity or more.
func logsOf(facts []*fact) int {
	logs := map[string]bool{}
	for _, f := range facts {
		for _, e := range f.evidence {
			if e.severity >= medium {
				for _, name := range e.logs {
					logs[name] = true
				}
			}
		}
	}
	return len(logs)
}

// coreOf are the core phases of a thread that hold.
func coreOf(facts []*fact) (phases []string) {
	for _, f := range facts {
		if isCore(f.phase) && len(f.against) == 0 && f.severity >= medium && f.own(medium) && !slices.Contains(phases, f.phase) {
			phases = append(phases, f.phase)
		}
	}
	return phases
}

// chainOf is the most different phases in an order that does not go back, by when they begin.
func chainOf(facts []*fact) (best int) {
	var in []*fact
	var sets []map[string]bool
	for _, f := range facts {
		rank, ranked := order[f.phase]
		if !ranked || f.severity < medium || len(f.against) > 0 {
			continue
		}
		set := map[string]bool{}
		for j, before := range in {
			if order[before.phase] <= rank && longer(sets[j], f.phase) > longer(set, f.phase) {
				set = sets[j]
			}
		}
		with := map[string]bool{f.phase: true}
		for phase := range set {
			with[phase] = true
		}
		in, sets = append(in, f), append(sets, with)
		best = max(best, len(with))
	}
	return best
}

func longer(set map[string]bool, phase string) int {
	if set[phase] {
		return len(set)
	}
	return len(set) + 1
}

// hopsOf is how many hosts lie one behind the other, each reached from the one before for the first time.
func hopsOf(facts []*fact) (most int) {
	depth := map[string]int{}
	for _, f := range facts {
		if f.phase == "spread" && f.target != "" && f.severity >= medium && f.own(medium) {
			depth[f.target] = max(depth[f.target], depth[f.host]+1)
			most = max(most, depth[f.target])
		}
	}
	return most
}
