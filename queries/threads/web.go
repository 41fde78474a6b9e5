package threads

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"case53/cases"
	"case53/cases/words"
	"case53/queries"
)

// How far apart in time acts may lie. What was labelled gives the same threads for near from 1 to 24 hours, for a reach from one
// day on, and for companions from none to an hour; with close at 8 hours another party's call home 6 hours later is taken in,
// at one hour an act of the same party is lost.
const (
	closeBy     = 2 * time.Hour    // an act after the last session of who was in
	near        = 6 * time.Hour    // two acts of a host, where nobody is known to have arrived
	companion   = 10 * time.Minute // a rare place, beside the first call home
	firstCall   = 15 * time.Minute // a first call home after an arrival is that one's, whoever else is in
	clockBegun  = 2 * time.Minute  // flow records of a session begin up to a minute late, at each of two interfaces
	samePattern = 4                // places of a host that tell the same
	sameSpread  = 2
)

// arrival is somebody's coming to a host: an entry, or a first contact from inside.
type arrival struct {
	*fact
	at       time.Time
	sessions []cases.Span
}

// lag is how long before a moment the last session of an arrival ended; 0 while one is open.
func (a arrival) lag(at time.Time) time.Duration {
	least := time.Duration(1<<62 - 1)
	for _, s := range a.sessions {
		if at.Before(s.From.Add(-clockBegun)) {
			continue
		}
		least = min(least, max(0, at.Sub(s.To)))
	}
	return least
}

// web joins facts into threads.
type web struct {
	*survey
	facts    []*fact
	parent   []int
	arrivals map[string][]arrival
	channels map[string][]*fact
	orphans  map[string][]*fact // acts of hosts of which nobody knows an arrival
	branches []branch
	links    map[int]string // why a fact belongs to what came before it
	perhaps  map[int]int    // an act long after the last session, and the arrival
}

// branch is an act at which several parties were in.
type branch struct {
	fact   int
	owners []int
}

func newWeb(s *survey, facts []*fact) *web {
	w := &web{survey: s, facts: facts, parent: make([]int, len(facts)), arrivals: map[string][]arrival{}, channels: map[string][]*fact{},
		orphans: map[string][]*fact{}, links: map[int]string{}, perhaps: map[int]int{}}
	for i := range w.parent {
		w.parent[i] = i
	}
	return w
}

func (w *web) root(i int) int {
	for w.parent[i] != i {
		w.parent[i] = w.parent[w.parent[i]]
		i = w.parent[i]
	}
	return i
}

func (w *web) join(a, b *fact) {
	x, y := w.root(a.id), w.root(b.id)
	if x != y {
		w.parent[max(x, y)] = min(x, y)
	}
}

func (w *web) same(a, b *fact) bool { return w.root(a.id) == w.root(b.id) }

// link goes through the facts in order of time.
func (w *web) link() {
	w.outsiders()
	w.requested()
	for _, x := range w.facts {
		if host, ok := x.arrives(); ok && host == x.host {
			w.arrivals[x.host] = append(w.arrivals[x.host], arrival{x, x.from, x.sessionsOr()})
		}
	}
	for _, x := range w.facts {
		if !x.replayed && !x.hub && !slices.Contains([]string{"exploit", "recon", "knock", "guess", "entry", "door", "silence"}, x.phase) &&
			(x.severity >= medium || len(x.against) == 0) {
			w.act(x)
		}
	}
	for _, host := range sorted(w.orphans) {
		w.loose(host)
	}
	w.samePlaces()
	w.replay()
}

func (f *fact) sessionsOr() []cases.Span {
	if len(f.sessions) > 0 {
		return f.sessions
	}
	return []cases.Span{{From: f.from, To: f.to}}
}

// outsiders joins what one outside address did, and who called after his subnet had looked us up.
func (w *web) outsiders() {
	last := map[string]*fact{}
	for _, x := range w.facts {
		if x.place == "" || x.replayed || !slices.Contains([]string{"exploit", "recon", "knock", "guess", "entry"}, x.phase) {
			continue
		}
		if before := last[x.place]; before != nil {
			w.join(before, x)
		}
		last[x.place] = x
		for _, y := range w.facts {
			if x.looker != "" && y.phase == "recon" && y.place == x.looker {
				w.join(y, x)
				w.links[x.id] = "after a client of its subnet had looked the name up"
			}
		}
	}
}

// requested joins what a host did for the first time after a request with who had sent the request; of several such first things the
// one that came soonest is told.
func (w *web) requested() {
	for _, x := range w.facts {
		soonest := math.Inf(1)
		for _, e := range x.evidence {
			from := e.Text("request_from")
			at := slices.IndexFunc(w.facts, func(y *fact) bool {
				return y.phase == "exploit" && from != "" && y.place == from && y.host == x.host && y.capture == x.capture && y.own(medium)
			})
			if at < 0 || e.severity < medium || x.replayed || x.hub {
				continue
			}
			w.join(w.facts[at], x)
			if after := e.Number("minutes_after"); after < soonest {
				soonest = after
				w.links[x.id] = fmt.Sprintf("%s after a request of %s to that host", words.Long(math.Round(60*after)), from)
			}
		}
	}
}

// act finds whose an act of a host of ours is.
func (w *web) act(x *fact) {
	at := x.from
	owner, known := w.latest(x, at)
	live := w.live(x)
	if known && x.place != "" && !isResolver(x.place) && w.usedBefore(x.capture, x.place, owner.at.Add(-time.Minute)) {
		x.against = append(x.against, "it was in use before the arrival")
		known = false
	}
	switch {
	case known:
		w.owned(x, owner, live)
	case live != nil:
		w.join(live, x)
		w.links[x.id] = fmt.Sprintf("while it was calling %s", live.place)
	default:
		w.orphans[x.host] = append(w.orphans[x.host], x)
	}
	if x.isChannel() {
		w.channels[x.host] = append(w.channels[x.host], x)
	}
	host, ok := x.arrives()
	if !ok && known && x.phase == "spread" && x.target != "" && owner.lag(x.from) == 0 {
		host, ok = x.target, true // of a weak finding alone it would be nobody's; whoever is in on the caller at that moment goes on
	}
	if ok && x.phase == "spread" {
		w.arrivals[host] = append(w.arrivals[host], arrival{x, x.from, x.sessionsOr()})
		w.followed(x, host)
	}
}

// latest is the arrival on the host of an act that began last before it.
func (w *web) latest(x *fact, at time.Time) (best arrival, ok bool) {
	for _, late := range []time.Duration{0, slack} {
		for _, y := range w.arrivals[x.host] {
			if y.fact == x || y.at.After(at.Add(late)) || at.Sub(y.at) > reach {
				continue
			}
			if !ok || y.at.After(best.at) || y.at.Equal(best.at) && y.id > best.id {
				best, ok = y, true
			}
		}
		if ok {
			break
		}
	}
	return best, ok
}

// live is the channel of the host that began last and lasts; calls home need none.
func (w *web) live(x *fact) (last *fact) {
	if x.phase == "home" {
		return nil
	}
	for _, y := range w.channels[x.host] {
		if !y.from.After(x.from) && !x.from.After(y.to) {
			last = y
		}
	}
	return last
}

// open are the arrivals with a session at the moment of an act, the latest of each party first.
func (w *web) open(x *fact) (owners []arrival) {
	all := slices.Clone(w.arrivals[x.host])
	slices.SortStableFunc(all, func(a, b arrival) int { return b.at.Compare(a.at) })
	for _, y := range all {
		if y.fact == x || y.at.After(x.from) || x.from.Sub(y.at) > reach || y.lag(x.from) > 0 ||
			slices.ContainsFunc(owners, func(z arrival) bool { return w.same(y.fact, z.fact) }) {
			continue
		}
		owners = append(owners, y)
	}
	return owners
}

// during adds to who was in when a probe began, or came last before it, those who came while it lasted: a hunt tells of all that a
// host probed at once, and part of it may be theirs.
func (w *web) during(x *fact, open []arrival, owner arrival) []arrival {
	all := open
	if len(all) == 0 {
		all = []arrival{owner}
	}
	for _, y := range w.arrivals[x.host] {
		if y.at.After(x.from) && y.at.Before(x.to) && !slices.ContainsFunc(all, func(z arrival) bool { return w.same(y.fact, z.fact) }) {
			all = append(all, y)
		}
	}
	if len(all) == 1 {
		return open
	}
	return all
}

// owned gives an act to who was in; to nobody yet, where the last session ended too long before or several were in.
func (w *web) owned(x *fact, owner arrival, live *fact) {
	lag := owner.lag(x.from)
	late := lag > closeBy && isCore(x.phase)
	if late && live != nil {
		w.join(live, x)
		w.links[x.id] = fmt.Sprintf("while it was calling %s", live.place)
		return
	}
	open := w.open(x)
	if x.phase == "probe" && !late {
		open = w.during(x, open, owner)
	}
	switch {
	case late:
		w.orphans[x.host] = append(w.orphans[x.host], x)
		w.perhaps[x.id] = owner.id
		return
	case len(open) > 1 && (x.phase != "home" || x.from.Sub(open[0].at) > firstCall):
		b := branch{fact: x.id}
		for _, y := range open {
			b.owners = append(b.owners, y.id)
		}
		w.branches = append(w.branches, b)
		return
	case len(open) == 1:
		owner = open[0]
	}
	w.join(owner.fact, x)
	from := cmp.Or(owner.place, owner.host)
	if w.links[x.id] != "" { // a request says more
		return
	}
	if owner.lag(x.from) == 0 {
		w.links[x.id] = fmt.Sprintf("while the session from %s was open", from)
	} else {
		w.links[x.id] = fmt.Sprintf("%s after the last session from %s", duration(owner.lag(x.from)), from)
	}
}

// followed: a later session of a pair, begun while a second party is on its client, is an arrival of that party too.
func (w *web) followed(x *fact, host string) {
	for _, s := range x.sessions {
		if !s.From.After(x.from.Add(time.Minute)) {
			continue
		}
		for _, y := range w.arrivals[x.host] {
			if y.fact == x || y.at.After(s.From) || y.lag(s.From) > 0 || w.same(y.fact, x) || w.branchOf(x, y.fact) {
				continue
			}
			w.arrivals[host] = append(w.arrivals[host], arrival{y.fact, s.From, []cases.Span{s}})
		}
	}
}

// branchOf says whether a fact may be of this party already.
func (w *web) branchOf(x, party *fact) bool {
	return slices.ContainsFunc(w.branches, func(b branch) bool {
		return w.root(b.fact) == w.root(x.id) &&
			slices.ContainsFunc(b.owners, func(i int) bool { return w.root(i) == w.root(party.id) })
	})
}

// loose joins acts of a host of which no arrival is known: the same pattern again and again; what was begun in the same hours by
// evidence that carries; rare places in the minutes about its first call home.
func (w *web) loose(host string) {
	all := slices.DeleteFunc(slices.Clone(w.orphans[host]), func(x *fact) bool {
		return slices.Contains(x.against, "it was in use before the arrival")
	})
	patterns := map[string][]*fact{}
	for _, x := range all {
		switch {
		case x.severity < medium:
		case x.phase == "spread":
			patterns["spread"] = append(patterns["spread"], x)
		case (x.phase == "home" || x.phase == "leave") && x.place != "" && len(x.against) == 0:
			patterns[x.phase+" "+x.shape()] = append(patterns[x.phase+" "+x.shape()], x)
		}
	}
	for _, name := range sorted(patterns) {
		least := samePattern
		if name == "spread" {
			least = sameSpread
		}
		if same := patterns[name]; len(same) >= least {
			w.chain(same, "the same again")
		}
	}
	carried := slices.DeleteFunc(slices.Clone(all), func(x *fact) bool { return !x.own(medium) })
	for i := 1; i < len(carried); i++ {
		a, b := carried[i-1], carried[i]
		if b.from.Sub(a.from) <= near && len(a.against)+len(b.against) == 0 && !w.same(a, b) {
			w.join(a, b)
			w.links[b.id] = fmt.Sprintf("begun %s after the act before, on the same host; how anybody came in is not in these logs",
				duration(b.from.Sub(a.from)))
		}
	}
	for _, x := range all {
		if len(x.against) > 0 || x.place == "" || x.phase != "home" || x.own(medium) {
			continue
		}
		for _, y := range w.channels[host] {
			if most, _ := w.users(x.place); most <= 1 && x.from.Sub(y.from).Abs() <= companion {
				w.join(y, x)
				w.links[x.id] = "a place of this host only, in the minutes about its first call home"
				break
			}
		}
	}
}

// shape is what hunts of what kinds tell of a fact.
func (f *fact) shape() string {
	var kinds []string
	for _, e := range f.evidence {
		if e.severity >= medium && !slices.Contains(kinds, e.Hunt) {
			kinds = append(kinds, e.Hunt)
		}
	}
	slices.Sort(kinds)
	return strings.Join(kinds, " ")
}

func (w *web) chain(facts []*fact, why string) {
	for i := 1; i < len(facts); i++ {
		if !w.same(facts[0], facts[i]) {
			w.join(facts[0], facts[i])
			w.links[facts[i].id] = why
		}
	}
}

// samePlaces joins hosts that use the same place, by evidence that carries.
func (w *web) samePlaces() {
	by := map[string][]*fact{}
	for _, x := range w.facts {
		if x.place != "" && !x.hub && !isResolver(x.place) && len(x.against) == 0 && !x.replayed && x.own(medium) {
			by[x.place] = append(by[x.place], x)
		}
	}
	for _, place := range sorted(by) {
		w.chain(by[place], "the same place from another host")
	}
}

// replay joins what a replayed machine calls to the incident that called it. Places that many hosts of the incident use are
// the machine's own updates and agents.
func (w *web) replay() {
	for _, x := range w.facts {
		if !x.replayed || x.hub {
			continue
		}
		for _, y := range w.facts {
			shared := slices.ContainsFunc(x.addrs, func(a string) bool { return !w.inside(a) && slices.Contains(y.addrs, a) })
			if !y.replayed && !y.hub && slices.Contains(queries.NamesFact, y.phase) && (x.place != "" && x.place == y.place || shared) {
				w.join(y, x)
				break
			}
		}
	}
}
