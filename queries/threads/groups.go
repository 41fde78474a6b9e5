package threads

import (
	"maps"
	"slices"

	"case53/queries"
)

// sorted are the keys of a map, in order.
func sorted[K ~string | ~int, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// groups are the facts of each thread, each in order of time.
func (w *web) groups() [][]*fact {
	by := map[int][]*fact{}
	for _, x := range w.facts {
		roots := []int{w.root(x.id)}
		if x.phase == "door" || x.phase == "silence" {
			if of := w.conditionOf(x); len(of) > 0 {
				roots = of
			}
		}
		for _, r := range roots {
			by[r] = append(by[r], x)
		}
	}
	w.divide(by)
	var all [][]*fact
	for _, r := range sorted(by) {
		facts := by[r]
		slices.SortFunc(facts, func(a, b *fact) int { return a.id - b.id })
		all = append(all, facts)
	}
	return all
}

// conditionOf are the threads that an open door or a silence is told in: those that came through the port, or were on the host.
func (w *web) conditionOf(x *fact) (roots []int) {
	add := func(y *fact) {
		if r := w.root(y.id); !slices.Contains(roots, r) {
			roots = append(roots, r)
		}
	}
	if x.phase == "silence" {
		for _, y := range w.arrivals[x.host] {
			if !y.at.After(x.from) && w.counts(y.fact) {
				add(y.fact)
			}
		}
		return roots
	}
	for _, y := range w.facts {
		through := slices.ContainsFunc(y.ports, func(p int64) bool { return slices.Contains(x.ports, p) })
		if (y.phase == "entry" || y.phase == "guess") && y.host == x.host && through {
			add(y)
		}
	}
	return roots
}

// counts says whether an arrival is somebody's from outside, or of a party that came from there.
func (w *web) counts(x *fact) bool {
	return slices.ContainsFunc(w.facts, func(y *fact) bool { return w.same(x, y) && (y.phase == "entry" || y.isChannel()) })
}

// divide puts acts at which several parties were in, and all that hangs on them, into the threads of each.
func (w *web) divide(by map[int][]*fact) {
	owners := map[int][]int{}
	for _, b := range w.branches {
		r := w.root(b.fact)
		for _, i := range b.owners {
			if o := w.root(i); o != r && !slices.Contains(owners[r], o) {
				owners[r] = append(owners[r], o)
			}
		}
	}
	for _, r := range sorted(owners) {
		own := w.ends(r, owners)
		if len(own) == 0 {
			continue
		}
		for _, x := range by[r] {
			if len(own) > 1 {
				x.either = own
			}
			for _, o := range own {
				if !slices.Contains(by[o], x) {
					by[o] = append(by[o], x)
				}
			}
		}
		delete(by, r)
	}
}

// ends are the threads that the owners of a branch lead to, where these are branches themselves.
func (w *web) ends(r int, owners map[int][]int) (own []int) {
	seen := map[int]bool{r: true}
	queue := slices.Clone(owners[r])
	for len(queue) > 0 {
		o := queue[0]
		queue = queue[1:]
		if seen[o] {
			continue
		}
		seen[o] = true
		if next, ok := owners[o]; ok {
			queue = append(queue, next...)
		} else {
			own = append(own, o)
		}
	}
	slices.Sort(own)
	return own
}

// core are the phases in which something happens on or from a host of ours. A probe of other hosts is one: hosts of ours do not
// try each other's doors by chance.
var core = []string{"entry", "home", "probe", "spread", "hide", "tunnel", "abuse", "leave"}

func isCore(phase string) bool { return slices.Contains(core, phase) }

// isCondition says whether a fact is of how things stood, and scores nothing.
func (f *fact) isCondition() bool { return f.phase == "door" || f.phase == "silence" }

// kindsOf are the kinds of evidence for a fact, with the best score of each by severity. What was made of connections is
// evidence of its own.
func (f *fact) kindsOf() map[string]float64 {
	kinds := map[string]float64{}
	for _, e := range f.evidence {
		if e.severity >= low && e.weight != queries.WeighsContext {
			kinds[e.kind] = max(kinds[e.kind], e.Score*severityWeight[e.severity])
		}
	}
	if f.made != nil && len(f.evidence) == 0 {
		kinds["connections "+f.phase] = madeScore * severityWeight[f.severity]
	}
	return kinds
}
