package threads

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"case53/cases/words"
	"case53/queries"
	"case53/queries/findings"
)

// Thread is what belongs together, told in order of time.
type Thread struct {
	Number   int       `json:"number"` // its place in the list, from 1
	Title    string    `json:"title"`
	Severity string    `json:"severity"`
	Score    float64   `json:"score"`
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Hosts    []string  `json:"hosts"`   // of ours
	Outside  []string  `json:"outside"` // addresses
	Names    []string  `json:"names"`
	Steps    []*Step   `json:"steps"`
	Findings int       `json:"findings"`
	Perhaps  string    `json:"perhaps,omitempty"` // of which other thread it may be a part, and why it is not taken to be

	facts []*fact
}

// Told is what the findings of a case tell.
type Told struct {
	Threads []*Thread
	Facts   int      // that the findings came to
	Notes   []string // what was not looked at
}

// mostFacts is how many facts are looked at for what joins them; the most serious where there are more.
const mostFacts = 2000

// Draw puts findings together. outcomes are what became of the hunts, and found what they found, with its coverage.
func Draw(ctx context.Context, h *findings.Hunter, outcomes []findings.Outcome, found []findings.Finding) (*Told, error) {
	s, err := newSurvey(ctx, h.Case, found)
	if err != nil {
		return nil, err
	}
	b := &builder{survey: s, hunts: map[string]*queries.Query{}, facts: map[string]*fact{}}
	for _, o := range outcomes {
		b.hunts[o.Query.ID] = o.Query
		s.limit(o.Args)
	}
	for i := range found {
		b.add(i+1, &found[i])
	}
	facts, err := b.gather()
	if err != nil {
		return nil, err
	}
	w := newWeb(s, facts)
	w.link()
	t := &Told{Threads: []*Thread{}, Facts: len(facts), Notes: b.notes}
	for _, scope := range h.Case.Scopes {
		t.Notes = append(t.Notes, scope.String())
	}
	noise := 0
	for _, group := range w.groups() {
		if slices.ContainsFunc(group, func(f *fact) bool { return f.phase != "knock" || f.severity > low }) {
			t.Threads = append(t.Threads, newThread(group))
		} else {
			noise++
		}
	}
	if noise > 0 {
		t.Notes = append(t.Notes, fmt.Sprintf("%s that did no more than try ports, none of it above low, %s told of: the internet does that all day",
			words.Plural(int64(noise), "outside address", "outside addresses"), map[bool]string{true: "is not", false: "are not"}[noise == 1]))
	}
	slices.SortStableFunc(t.Threads, func(a, b *Thread) int {
		return cmp.Or(cmp.Compare(slices.Index(severityNames, b.Severity), slices.Index(severityNames, a.Severity)),
			cmp.Compare(b.Score, a.Score), a.From.Compare(b.From))
	})
	return t, w.tell(t.Threads)
}

// limit takes the window and the capture that hunts were limited to.
func (s *survey) limit(args map[string]any) {
	if from, ok := args["from"].(time.Time); ok {
		s.window.From = from
	}
	if to, ok := args["to"].(time.Time); ok {
		s.window.To = to
	}
	if capture, _ := args["capture"].(string); capture != "" {
		s.capture = capture
	}
}

// gather settles the facts, and adds those that are made of connections.
func (b *builder) gather() ([]*fact, error) {
	if n := len(b.order); n > mostFacts {
		slices.SortStableFunc(b.order, func(x, y *fact) int { return y.severity - x.severity })
		b.order = b.order[:mostFacts]
		b.notes = append(b.notes, fmt.Sprintf("of %s facts, the %s most serious were looked at", words.Count(int64(n)), words.Count(mostFacts)))
	}
	var places []string
	for _, x := range b.order {
		if x.place != "" && !slices.Contains(places, x.place) {
			places = append(places, x.place)
		}
	}
	if err := b.readUse(places); err != nil {
		return nil, err
	}
	facts, err := b.entries(b.settle())
	if err == nil {
		facts, err = b.contacts(facts)
	}
	inOrder(facts)
	return facts, err
}

// newThread weighs and folds the facts of a thread.
func newThread(facts []*fact) *Thread {
	r := rate(facts)
	t := &Thread{Severity: severityNames[r.severity], Score: r.score, facts: facts, Steps: stepsOf(facts),
		Hosts: []string{}, Outside: []string{}, Names: []string{}}
	seen := map[*findings.Finding]bool{}
	for _, f := range facts {
		certain := !f.isCondition() && len(f.either) == 0
		if certain && (t.From.IsZero() || f.from.Before(t.From)) {
			t.From = f.from
		}
		if certain && f.to.After(t.To) {
			t.To = f.to
		}
		for _, e := range f.evidence {
			seen[e.Finding] = true
		}
	}
	if t.From.IsZero() { // nothing in it is certain: all of it, then
		for i, f := range facts {
			if i == 0 || f.from.Before(t.From) {
				t.From = f.from
			}
			if f.to.After(t.To) {
				t.To = f.to
			}
		}
	}
	t.Findings = len(seen)
	return t
}

// tell writes the sentences of the threads, now that they have numbers.
func (w *web) tell(all []*Thread) error {
	number := map[int]int{}
	for i, t := range all {
		t.Number = i + 1
		for _, f := range t.facts {
			if len(f.either) == 0 {
				number[w.root(f.id)] = i + 1
			}
		}
	}
	for _, t := range all {
		for _, step := range t.Steps {
			if err := w.tellStep(t, step, number); err != nil {
				return err
			}
		}
		t.name(w.survey)
		t.Title = w.title(t)
		for _, f := range t.facts {
			owner, ok := w.perhaps[f.id]
			if !ok {
				continue
			}
			if of := number[w.root(owner)]; of != t.Number && of > 0 {
				t.Perhaps = fmt.Sprintf("perhaps part of thread %d: the same host, %s after the last session there", of, w.sinceLast(f, owner))
				break
			}
		}
	}
	return nil
}

// sinceLast is how long before an act the last session of an arrival ended.
func (w *web) sinceLast(f *fact, owner int) string {
	for _, y := range w.arrivals[f.host] {
		if y.id == owner {
			return duration(y.lag(f.from))
		}
	}
	return "some time"
}

func (w *web) tellStep(t *Thread, step *Step, number map[int]int) (err error) {
	step.Text = w.say(step)
	step.Link = w.links[step.facts[0].id]
	for _, f := range step.facts {
		for _, r := range f.either {
			if n := number[r]; n > 0 && !slices.Contains(step.Either, n) {
				step.Either = append(step.Either, n)
			}
		}
	}
	slices.Sort(step.Either)
	step.Rivals, err = w.rivals(step, t.facts)
	return err
}

// name collects who a thread is about.
func (t *Thread) name(s *survey) {
	add := func(list *[]string, text string) {
		if text != "" && !slices.Contains(*list, text) {
			*list = append(*list, text)
		}
	}
	for _, f := range t.facts {
		for _, host := range []string{f.host, f.target} {
			if s.inside(host) {
				add(&t.Hosts, host)
			}
		}
		for _, a := range append([]string{f.place}, f.addrs...) {
			if isAddress(a) && !s.inside(a) {
				add(&t.Outside, a)
			}
		}
		for _, name := range f.names {
			add(&t.Names, name)
		}
		if f.place != "" && !isAddress(f.place) {
			add(&t.Names, f.place)
		}
	}
	slices.Sort(t.Names)
}

// title is the first act of the core, the last, and whether a replay calls the same.
func (w *web) title(t *Thread) string {
	var acts, shared []*Step
	replayed := false
	for _, step := range t.Steps {
		replayed = replayed || step.Phase == "replay"
		switch {
		case isCore(step.Phase) && len(step.Either) > 1:
			shared = append(shared, step)
		case isCore(step.Phase):
			acts = append(acts, step)
		}
	}
	if len(acts) == 0 {
		acts = shared
	}
	if len(acts) == 0 {
		return t.Steps[0].Text
	}
	title := acts[0].act(true)
	if len(acts) > 1 {
		title += " → " + acts[len(acts)-1].act(acts[len(acts)-1].hosts[0] != acts[0].hosts[0])
	}
	if acts[0].Phase == "home" && len(acts) > 1 {
		title += " (how it came in is not in these logs)"
	}
	if replayed {
		title += "; the replay calls the same"
	}
	return title
}

// act is a step in a few words, for a title.
func (s *Step) act(whole bool) string {
	host := ""
	if whole {
		host = few(s.own()) + " "
	}
	at := few(s.places())
	stayed := slices.ContainsFunc(s.facts, func(f *fact) bool {
		return f.made != nil || f.tells(func(e evidence) bool { return e.kind == "duration" })
	})
	if at == "" && s.Phase != "probe" && s.Phase != "spread" || s.Phase == "entry" && !stayed {
		return s.Text
	}
	switch s.Phase {
	case "entry":
		return fmt.Sprintf("%sentered by %s from %s", host, s.port(), at)
	case "home":
		return host + "calls " + at
	case "probe":
		return host + "tries others inside"
	case "spread":
		return host + "connects to " + few(s.targets())
	case "hide":
		return host + "asks " + at
	case "tunnel":
		return host + "asks for names under " + at
	case "abuse":
		return host + "calls the mining pool " + at
	case "leave":
		sent, _ := s.number("bytes_to_peer")
		if whole {
			host += "sends "
		}
		return fmt.Sprintf("%s%s to %s", host, size(sent), at)
	}
	return host + at
}

// HostStep is a step of a host, and the thread that it belongs to.
type HostStep struct {
	*Step
	Thread int    `json:"thread"`
	Title  string `json:"thread_title"`
}

// Of is what a host did or had done to it, over all threads, in order of time.
func (t *Told) Of(host string) []HostStep {
	all := []HostStep{}
	for _, thread := range t.Threads {
		for _, step := range thread.Steps {
			if slices.Contains(step.hosts, host) {
				all = append(all, HostStep{step, thread.Number, thread.Title})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b HostStep) int { return a.Time.Compare(b.Time) })
	return all
}

// At says whether a thread is at least this serious.
func (t *Thread) At(severity string) bool {
	return slices.Index(severityNames, t.Severity) >= slices.Index(severityNames, severity)
}

// Alone says of threads that are not told step by step how many there are, by the hunts behind them.
func Alone(threads []*Thread) string {
	by := map[string]int{}
	for _, t := range threads {
		var hunts []string
		for _, step := range t.Steps {
			for _, name := range step.Hunts {
				if !slices.Contains(hunts, name) {
					hunts = append(hunts, name)
				}
			}
		}
		by[strings.Join(hunts, " + ")]++
	}
	var all []string
	for _, hunts := range sorted(by) {
		all = append(all, fmt.Sprintf("%d of %s", by[hunts], cmp.Or(hunts, "connections")))
	}
	return strings.Join(all, ", ")
}
