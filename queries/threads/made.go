package threads

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"case53/cases"
	"case53/queries/findings"
)

// What no hunt tells is made of connections. A stay is long enough for a person to do something (any number from one minute to
// an hour gives the same threads on what was labelled); guesses are as many as nobody types by mistake.
const (
	stay        = 300 // seconds
	fewGuesses  = 5
	contactStay = 60      // seconds of a first contact inside that was more than a try,
	contactSize = 100_000 // or its bytes
	reach       = 72 * time.Hour
	slack       = 3 * time.Minute // flow records begin up to a minute late, at two interfaces
)

// adminPorts are those of remote administration: where a short connection is a try to get in, and a long one is somebody.
const adminPorts = "22, 23, 135, 445, 3389, 5900, 5985, 5986"

// mostSessions is how many connections of each kind are taken from a case.
const mostSessions = 100_000

// session is a connection between a caller and a host of ours.
type session struct {
	capture, client, server string
	port                    int64
	from, to                time.Time
	seconds                 float64
	out, in, records        int64
	first                   bool // the earliest of these two on this port
}

func (s session) span() cases.Span { return cases.Span{From: s.from, To: s.to} }

// lasting says whether a connection was more than a try.
func (s session) lasting() bool { return s.seconds >= contactStay || s.out+s.in >= contactSize }

// pairKey is two hosts and a port, of a capture.
type pairKey struct {
	capture, client, server string
	port                    int64
}

func (s session) pair() pairKey { return pairKey{s.capture, s.client, s.server, s.port} }

// sessions reads connections to administration ports that were answered, of one direction; more is what else they must be.
func (s *survey) sessions(direction, more string, args map[string]any) ([]session, error) {
	args["from"], args["to"], args["capture"], args["direction"] = nil, nil, s.capture, direction
	if !s.window.From.IsZero() {
		args["from"] = s.window.From
	}
	if !s.window.To.IsZero() {
		args["to"] = s.window.To
	}
	sql := `WITH answered AS (
		SELECT capture, client_key, server_key, server_port, start, "end", seconds,
			coalesce(bytes_out, 0)::BIGINT AS sent, coalesce(bytes_in, 0)::BIGINT AS got,
			records::BIGINT AS records, start = min(start) OVER (PARTITION BY capture, client_key, server_key, server_port) AS first
		FROM connection_keys
		WHERE direction = $direction AND NOT refused AND bytes_in > 0 AND server_port IN (` + adminPorts + `)
			AND of(capture, $capture) AND within(start, $from::TIMESTAMP, $to::TIMESTAMP)
	)
	SELECT capture, key_text(client_key), key_text(server_key), server_port::BIGINT, start, "end", seconds::DOUBLE, sent, got, records, first
	FROM answered WHERE ` + more + ` ORDER BY start, client_key, server_key, server_port, "end" LIMIT ` + fmt.Sprint(mostSessions)
	var all []session
	err := s.rows(sql, args, func(v []any) {
		all = append(all, session{v[0].(string), v[1].(string), v[2].(string), findings.Integer(v[3]), v[4].(time.Time).UTC(), v[5].(time.Time).UTC(),
			v[6].(float64), findings.Integer(v[7]), findings.Integer(v[8]), findings.Integer(v[9]), v[10].(bool)})
	})
	return all, err
}

// entries are guesses and entries of those who had scanned, looked up or come on a clock before. The clock of short connections
// before one that stayed is the guessing.
func (b *builder) entries(facts []*fact) ([]*fact, error) {
	knocked := map[[3]string]bool{}
	var callers []string
	for _, x := range facts {
		if x.host == "" || x.place == "" || x.replayed || x.phase != "knock" && x.phase != "entry" || x.severity < medium {
			continue
		}
		if !slices.Contains(callers, x.place) {
			callers = append(callers, x.place)
		}
		knocked[[3]string{x.capture, x.place, x.host}] = true
	}
	if len(callers) == 0 {
		return facts, nil
	}
	all, err := b.sessions("in", "list_contains(string_split($callers, ' '), key_text(client_key))", map[string]any{"callers": strings.Join(callers, " ")})
	if err != nil {
		return nil, err
	}
	by := map[pairKey][]session{}
	var order []pairKey
	for _, s := range all {
		if !knocked[[3]string{s.capture, s.client, s.server}] {
			continue
		}
		if by[s.pair()] == nil {
			order = append(order, s.pair())
		}
		by[s.pair()] = append(by[s.pair()], s)
	}
	for _, k := range order {
		facts = append(facts, b.entry(k, by[k], facts)...)
	}
	return slices.DeleteFunc(facts, func(x *fact) bool { return len(x.evidence) == 0 && x.made == nil }), nil
}

// entry parts the connections of a caller to a port into the short ones before the first that stayed, and those that stayed.
func (b *builder) entry(k pairKey, all []session, facts []*fact) (made []*fact) {
	var short, long []session
	for _, s := range all {
		switch {
		case s.seconds >= stay:
			long = append(long, s)
		case len(long) == 0:
			short = append(short, s)
		}
	}
	if len(long) == 0 { // whoever guesses and is not let in has been told of by what he tried
		return nil
	}
	at := slices.IndexFunc(facts, func(x *fact) bool {
		return x.capture == k.capture && x.phase == "entry" && x.place == k.client && x.host == k.server
	})
	entered := ofSessions("entry", k, long)
	if at >= 0 {
		told := facts[at]
		told.sessions, told.made, told.ports = entered.sessions, entered.made, entered.ports
		told.from, told.to = entered.from, entered.to
	} else {
		made = append(made, entered)
	}
	if len(short) < fewGuesses {
		return made
	}
	guess := ofSessions("guess", k, short)
	if at >= 0 { // what came on a clock before it is the guessing
		facts[at].evidence = slices.DeleteFunc(facts[at].evidence, func(e evidence) bool {
			early := e.From.Before(long[0].from) && e.kind == "clock"
			if early {
				guess.evidence = append(guess.evidence, e)
			}
			return early
		})
	}
	return append(made, guess)
}

// ofSessions is a fact of connections of two hosts.
func ofSessions(phase string, k pairKey, all []session) *fact {
	x := &fact{phase: phase, capture: k.capture, host: k.server, place: k.client, severity: medium, ports: []int64{k.port}, addrs: []string{k.server},
		key: strings.Join([]string{k.capture, phase, k.server, k.client, fmt.Sprint(k.port)}, "\x00"), from: all[0].from, made: &contacts{}}
	for _, s := range all {
		if s.to.After(x.to) {
			x.to = s.to
		}
		x.sessions = append(x.sessions, s.span())
		x.made.n++
		x.made.records += s.records
		x.made.longest = max(x.made.longest, s.seconds)
		x.made.toPeer += s.in
		x.made.fromPeer += s.out
	}
	return x
}

// contacts are first contacts inside: connections that were more than a try, of a pair that had none before, from a host that
// somebody had arrived on. A hunt for new pairs compares with a time before; an arrival says from when on a pair is new.
func (b *builder) contacts(facts []*fact) ([]*fact, error) {
	arrived := map[[2]string]time.Time{}
	for _, x := range facts {
		host := [2]string{x.capture, x.host}
		if at, ok := arrived[host]; x.phase == "entry" && (!ok || x.from.Before(at)) {
			arrived[host] = x.from
		}
	}
	if len(arrived) == 0 && !slices.ContainsFunc(facts, func(x *fact) bool { return x.phase == "spread" }) {
		return facts, nil
	}
	var err error
	if b.inner, err = b.sessions("inside", fmt.Sprintf("first OR seconds >= %d OR sent + got >= %d", contactStay, contactSize), map[string]any{}); err != nil {
		return nil, err
	}
	if len(b.inner) == mostSessions {
		b.notes = append(b.notes, fmt.Sprintf("of the connections inside, the first %d were looked at for first contacts", mostSessions))
	}
	order, firsts, by := b.pairs()
	for again := true; again; {
		again = false
		for _, k := range order {
			at, in := arrived[[2]string{k.capture, k.client}]
			big := by[k][0].from
			known, reached := arrived[[2]string{k.capture, k.server}]
			if !in || firsts[k].Before(at.Add(-slack)) || big.After(at.Add(reach)) || reached && !big.Before(known) {
				continue
			}
			arrived[[2]string{k.capture, k.server}], again = big, true
			if !slices.ContainsFunc(facts, func(x *fact) bool {
				return x.phase == "spread" && x.capture == k.capture && x.host == k.client && x.target == k.server
			}) {
				x := ofSessions("spread", k, by[k])
				x.host, x.place, x.target, x.made.first = k.client, "", k.server, true
				x.made.toPeer, x.made.fromPeer = x.made.fromPeer, x.made.toPeer
				facts = append(facts, x)
			}
		}
	}
	b.lasting(facts)
	return facts, nil
}

// pairs are the pairs of hosts inside that had more than tries, by the first such connection; firsts is the first of any.
func (b *builder) pairs() (order []pairKey, firsts map[pairKey]time.Time, by map[pairKey][]session) {
	firsts, by = map[pairKey]time.Time{}, map[pairKey][]session{}
	for _, s := range b.inner {
		if s.first {
			firsts[s.pair()] = s.from
		}
		if !s.lasting() || b.roles[s.capture] == roleReplay || b.roles[s.capture] == roleBaseline {
			continue
		}
		if by[s.pair()] == nil {
			order = append(order, s.pair())
		}
		by[s.pair()] = append(by[s.pair()], s)
	}
	slices.SortStableFunc(order, func(x, y pairKey) int { return by[x][0].from.Compare(by[y][0].from) })
	return order, firsts, by
}

// lasting gives facts of two hosts inside the connections in which somebody could have been there.
func (b *builder) lasting(facts []*fact) {
	for _, x := range facts {
		if x.phase != "spread" {
			continue
		}
		for _, s := range b.inner {
			if s.lasting() && s.capture == x.capture && s.client == x.host && s.server == x.target && !s.from.Before(x.from.Add(-slack)) {
				x.sessions = append(x.sessions, s.span())
			}
		}
	}
}

// arrives says whether somebody is on a host by a fact, and on which. What is only of low severity is nobody's arrival: an ordinary
// caller on a clock would be one of two parties otherwise.
func (f *fact) arrives() (host string, ok bool) {
	switch {
	case f.severity < medium || !f.own(medium):
	case f.phase == "entry":
		return f.host, true
	case f.phase == "spread" && f.target != "":
		return f.target, true
	}
	return "", false
}

// isChannel says whether somebody can act through a fact while it lasts.
func (f *fact) isChannel() bool {
	return f.phase == "home" && f.severity >= medium && len(f.against) == 0 && f.tells(func(e evidence) bool { return e.channel })
}
