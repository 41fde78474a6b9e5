package threads

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"case53/cases"
	"case53/queries"
	"case53/queries/findings"
)

// Severities as numbers.
const (
	info = iota
	low
	medium
	high
)

var severityNames = []string{"info", "low", "medium", "high"}

// evidence is a finding, and what its hunt says of it.
type evidence struct {
	*findings.Finding
	number       int // its place in the list of all, from 1
	severity     int
	phase        string
	kind, weight string
	logs         []string
	channel      bool
	doubts       string // what its hunt says else looks like it
}

// begins is when what a finding tells of began: where it is what came after something, a look-up or a request, when that came. The
// minutes are rounded, and what began did not begin after its end.
func (e evidence) begins() time.Time {
	for _, column := range []string{"looked_at", "request_at"} {
		if before, ok := e.Value(column).(time.Time); ok {
			after := time.Duration(max(0, e.Number("minutes_after")) * float64(time.Minute))
			begun := before.UTC().Add(after).Round(time.Second)
			if e.To.Before(begun) {
				return e.To
			}
			return begun
		}
	}
	return e.From
}

// fact is one thing that happened.
type fact struct {
	id       int
	key      string
	capture  string
	phase    string
	host     string // of ours: who did it; for what comes from outside, to whom
	place    string // outside: a registered domain, else an address
	target   string // another host of ours, where that was the other end
	from, to time.Time
	severity int
	evidence []evidence
	ports    []int64
	names    []string
	addrs    []string     // outside, or of the target
	subnet   string       // recon: the client subnet that the resolver passed on
	looker   string       // knock: the resolver through which a client of the caller's subnet had looked
	sessions []cases.Span // entry and guess: the connections it is made of
	against  []string     // what speaks against its meaning anything
	replayed bool
	hub      bool      // many hosts of ours use the place
	either   []int     // threads that it may belong to, where that is not known
	made     *contacts // of connections, not of a hunt
}

// contacts are what a fact that was made of connections rests on.
type contacts struct {
	n, records       int64
	longest          float64
	toPeer, fromPeer int64 // from the host of ours, and to it; inside: from client to server, and back
	first            bool  // of this pair, in these logs
}

// tells says whether the fact has evidence that holds.
func (f *fact) tells(holds func(evidence) bool) bool { return slices.ContainsFunc(f.evidence, holds) }

// own says whether a finding of at least this severity carries the fact.
func (f *fact) own(severity int) bool {
	return f.made != nil || f.tells(func(e evidence) bool { return e.weight == queries.WeighsOwn && e.severity >= severity })
}

// builder groups findings by what they tell of.
type builder struct {
	*survey
	hunts map[string]*queries.Query
	facts map[string]*fact
	order []*fact
	inner []session // connections inside that could be an arrival
	notes []string
}

// add takes a finding. What is for information only, and what a hunt's front matter gives no phase, is no fact.
func (b *builder) add(number int, f *findings.Finding) {
	q := b.hunts[f.Hunt]
	severity := slices.Index(severityNames, f.Severity)
	if q == nil || severity < low || b.roles[f.Capture] == roleBaseline {
		return
	}
	e := evidence{Finding: f, number: number, severity: severity, kind: q.Hunt.Tells.Kind, logs: q.Hunt.Tells.Logs, doubts: q.Hunt.FalsePositives}
	draft := b.draft(f, &q.Hunt.Tells)
	if draft == nil {
		return
	}
	e.phase, e.weight = draft.phase, draft.weight
	e.channel = q.Hunt.Tells.Channel && severity >= medium && e.weight == queries.WeighsOwn
	x := b.facts[draft.key]
	if x == nil {
		x = &draft.fact
		x.from, x.to = e.begins(), f.To
		b.facts[draft.key] = x
		b.order = append(b.order, x)
	}
	x.take(e, draft.fact)
}

// take adds evidence, and what it knows.
func (f *fact) take(e evidence, from fact) {
	if from := e.begins(); from.Before(f.from) {
		f.from = from
	}
	if e.To.After(f.to) {
		f.to = e.To
	}
	if e.weight != queries.WeighsContext {
		f.severity = max(f.severity, e.severity)
	}
	f.evidence = append(f.evidence, e)
	f.looker = cmp.Or(f.looker, from.looker)
	f.subnet = cmp.Or(f.subnet, from.subnet)
	s := e.Subject
	if s.DstPort != nil && !slices.Contains(f.ports, *s.DstPort) {
		f.ports = append(f.ports, *s.DstPort)
	}
	if s.Name != "" && !slices.Contains(f.names, s.Name) {
		f.names = append(f.names, s.Name)
	}
	if s.Dst != "" && !slices.Contains(f.addrs, s.Dst) {
		f.addrs = append(f.addrs, s.Dst)
	}
}

// draft is a fact as one finding tells it.
type draft struct {
	fact
	weight string
}

// draft says what a finding tells of; nil for nothing.
func (b *builder) draft(f *findings.Finding, t *queries.Tells) *draft {
	s := f.Subject
	who := cmp.Or(s.Src, s.Client)
	inward := s.Src != "" && !b.inside(s.Src)
	switch phase := t.Phase(""); {
	case phase == "silence":
		host := b.owners[[2]string{f.Capture, f.Text("source")}]
		if comesBack, _ := f.Value("comes_back").(bool); host == "" || !comesBack { // that it ends is where the log ends
			return nil
		}
		return b.keyed(f, t, "", fact{host: host}, f.From.String())
	case phase == "door":
		if s.DstPort == nil {
			return nil
		}
		return b.keyed(f, t, "in", fact{host: s.Dst}, fmt.Sprint(*s.DstPort))
	case phase == "recon":
		return b.keyed(f, t, "", fact{place: s.Src, subnet: f.Text("edns_client_subnet")}, t.Kind)
	case inward && (s.Dst == "" || b.inside(s.Dst)):
		x := fact{place: s.Src, host: s.Dst}
		if f.Text("near") == nearSubnet {
			x.looker = f.Text("resolver")
		}
		return b.keyed(f, t, "in", x, t.Phase("in"))
	case inward || who == "":
		return nil
	case s.Dst != "" && b.inside(s.Dst):
		return b.keyed(f, t, "inside", fact{host: who, target: s.Dst}, "")
	case s.Dst != "" || s.RegisteredDomain != "" || s.Name != "":
		return b.keyed(f, t, "out", fact{host: who, place: b.placeOf(s)}, "")
	case t.Phase("inside") == "probe":
		if f.Text("direction") == "out" || !b.sweptInside(f) {
			return nil
		}
		return b.keyed(f, t, "inside", fact{host: who}, "sweep")
	}
	return b.keyed(f, t, "out", fact{host: who}, t.Kind)
}

// nearSubnet is how a hunt says that a caller lies in the client subnet for which a name was looked up.
const nearSubnet = "client subnet"

// keyed gives a fact its phase, by the direction of the finding, and its key.
func (b *builder) keyed(f *findings.Finding, t *queries.Tells, direction string, x fact, more string) *draft {
	x.phase, x.capture = t.Phase(direction), f.Capture
	if x.phase == "" || x.phase == queries.PhaseNone {
		return nil
	}
	if x.replayed = b.roles[f.Capture] == roleReplay; x.replayed {
		if direction != "out" { // what a sealed machine was asked, or has inside, is no more the intruder's
			return nil
		}
		x.phase = "replay"
	}
	kind := direction
	if direction == "" {
		kind = x.phase
	}
	if direction == "inside" && x.phase != "spread" { // a host tries or asks others: one fact for all of them
		kind, x.target = x.phase, ""
	}
	x.key = strings.Join([]string{x.capture, kind, x.host, x.place, x.target, more}, "\x00")
	return &draft{x, t.Weight(direction)}
}

// placeOf is the outside place of a subject: the registered domain of the name, else the domain that another finding of the case
// gives for the address, else the address.
func (b *builder) placeOf(s findings.Subject) string {
	return cmp.Or(s.RegisteredDomain, b.domains[s.Name], s.Name, b.domainOf[s.Dst], s.Dst)
}

// sweptInside says whether targets of a sweep are hosts of ours, as far as any answered; a sweep of outside places is none.
func (b *builder) sweptInside(f *findings.Finding) bool {
	answered := false
	for _, text := range strings.FieldsFunc(f.Text("accepted_targets")+" "+f.Text("answered_contacts"), func(r rune) bool { return r == ',' || r == ' ' }) {
		host := text
		if i := strings.LastIndexByte(text, ':'); i > 0 && strings.Count(text, ":") == 1 {
			host = text[:i]
		}
		switch {
		case b.inside(host):
			return true
		case isAddress(host):
			answered = true
		}
	}
	return !answered
}

// settle names the facts, says what speaks against them, and puts them in order.
func (b *builder) settle() []*fact {
	for _, x := range b.order {
		if x.place != "" && x.phase != "replay" {
			if at := slices.IndexFunc(queries.NamesFact, func(p string) bool {
				return x.tells(func(e evidence) bool { return e.phase == p })
			}); at >= 0 {
				x.phase = queries.NamesFact[at]
			}
		}
		if x.target != "" && x.tells(func(e evidence) bool { return e.phase == "spread" }) {
			x.phase = "spread"
		}
		x.hub = x.place != "" && b.hub(x.place)
		x.against = b.doubts(x)
	}
	return slices.DeleteFunc(b.order, func(x *fact) bool { return x.phase == "context" }) // which is told with another, or not
}

// doubts is what speaks against a fact's meaning anything, out of its findings' columns.
func (b *builder) doubts(x *fact) []string {
	var all []string
	add := func(text string) {
		if !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	if x.hub {
		add("many hosts of ours use it")
	}
	for _, e := range x.evidence {
		if e.phase == "leave" && e.Number("bytes_from_peer") > e.Number("bytes_to_peer") {
			add("more came back than went out")
		}
		if isNew, known := e.Value("is_new").(bool); known && !isNew && e.phase == "leave" {
			add("the like went there before")
		}
		if service := e.Text("service"); service != "" && b.awsOwn[service] && x.place != "" {
			add("AWS's own service")
		}
		if before, _ := e.Value("began_before").(bool); before {
			add("was open before the capture")
		}
	}
	return all
}

func inOrder(facts []*fact) {
	slices.SortFunc(facts, func(a, b *fact) int { return cmp.Or(a.from.Compare(b.from), cmp.Compare(a.key, b.key)) })
	for i, x := range facts {
		x.id = i
	}
}
